/**
 * The file trees that containers are made from, by the name that a runtime gives the kernel: Planet's root
 * file system, and `image:NAME:TAG` for each image of the registry. Each is planted once, when first asked for.
 */
import { EPOCH_MS } from './engine/time.ts';
import { seal } from './engine/cow.ts';
import { planetPrograms } from './gravity/layout/planet-files.ts';
import type { Fs, Tree } from './host/fs.ts';
import { debianTree, makeFs } from './host/images/index.ts';
import { IMAGES, rootImage } from './services/docker/images/index.ts';

const trees: Readonly<Record<string, readonly Tree[]>> = {
  planet: [debianTree, planetPrograms],
  ...Object.fromEntries(IMAGES.map((image) => [rootImage(`${image.name}:${image.tag}`), [image.tree]])),
};

/** Built in April 2019, as the packages of the release were. */
const BUILT_US = EPOCH_MS * 1000 - 7 * 86_400_000_000;

export const images: Readonly<Record<string, Fs>> = Object.defineProperties({}, Object.fromEntries(Object.entries(trees).map(([name, layers]) => {
  let fs: Fs | null = null;
  return [name, { enumerable: true, get: (): Fs => (fs ??= seal(makeFs(name, BUILT_US, ...layers))) }];
}))) as Record<string, Fs>;
