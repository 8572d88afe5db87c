/**
 * What a release brings into the masters' registries: every image of its applications, by tag. It knows
 * neither who writes it nor when (an installation's /export, a join, an upload, the maker of worlds).
 */
import type { Tree } from '../../host/fs.ts';
import { appVersion, type Release } from '../../gravity/versions.ts';
import { IMAGES, type Image } from '../docker/images/index.ts';
import { imageId } from '../docker/containers.ts';
import { storeTree } from './index.ts';

/** Where the store lies on the host; Planet has it mounted as /ext/registry. */
const STORE_ON_HOST = '/var/lib/gravity/planet/registry';

/** Images whose tag follows the release; all others are in every release. */
function isOf(release: Release, { name, tag }: Image): boolean {
  if (name === 'gravity-site') return tag === release.gravity;
  if (name.startsWith('monitoring-')) return tag === appVersion(release, 'monitoring-app');
  return name.endsWith('/tiller') ? tag === `v${release.tiller}` : true;
}

export interface Exported { readonly name: string; readonly tag: string; readonly digest: string }

export const imagesOf = (release: Release): readonly Exported[] =>
  IMAGES.filter((image) => isOf(release, image)).map(({ name, tag }) => ({ name, tag, digest: `sha256:${imageId(`${name}:${tag}`)}` }));

export const exportedImages = (release: Release): Tree => storeTree(STORE_ON_HOST, imagesOf(release));
