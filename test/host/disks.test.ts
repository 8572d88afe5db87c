import { describe, expect, it } from 'vitest';
import { programs } from '../../src/shell/bin/registry.ts';
import { centosTree, debianTree } from '../../src/sim/host/images/index.ts';
import { IMAGES } from '../../src/sim/services/docker/images/index.ts';
import type { Tree } from '../../src/sim/host/fs.ts';

const trees: Record<string, Tree> = {
  'a CentOS host': centosTree, Planet: debianTree,
  ...Object.fromEntries(IMAGES.map((image) => [`${image.name}:${image.tag}`, image.tree])),
};

describe.each(Object.entries(trees))('the disk of %s', (_name, tree) => {
  it('holds no executable that is none', () => {
    const lies = Object.entries(tree).filter(([, entry]) => typeof entry === 'object' && 'program' in entry && !programs[entry.program]).map(([path]) => path);
    expect(lies).toEqual([]);
  });
});
