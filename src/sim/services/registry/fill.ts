/**
 * A master's registry store as an application's export leaves it on disk: every image of this cluster,
 * by tag. It knows neither who writes it nor when (an installation's /export, a join, the maker of worlds).
 */
import type { Tree } from '../../host/fs.ts';
import { IMAGES } from '../docker/images/index.ts';
import { imageId } from '../docker/containers.ts';
import { storeTree } from './index.ts';

/** Where the store lies on the host; Planet has it mounted as /ext/registry. */
const STORE_ON_HOST = '/var/lib/gravity/planet/registry';

export const exportedImages: Tree = storeTree(STORE_ON_HOST, IMAGES.map(({ name, tag }) => ({ name, tag, digest: `sha256:${imageId(`${name}:${tag}`)}` })));
