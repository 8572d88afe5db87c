/** Base file trees by name, for whoever makes file systems from them. */
import { emptyFs, plant, type Fs, type Tree } from '../fs.ts';
import type { Us } from '../../engine/time.ts';

export { centosTree, CENTOS_KERNEL, CENTOS_KERNEL_BUILD, firewalldForCluster, nodeFiles, type NodePlace } from './centos.ts';
export { debianTree } from './debian.ts';
export { firewalldEnabled } from './units-centos.ts';

/** A file system with these trees laid one over the other. */
export function makeFs(image: string, mtime: Us, ...trees: readonly Tree[]): Fs {
  const fs = emptyFs(image, mtime);
  for (const tree of trees) plant(fs, tree, mtime);
  return fs;
}
