/**
 * Booted worlds kept on disk, so that the next driver starts in a moment. A kept world is the booted one to
 * the byte (test/sim/kept.test.ts), and belongs to the sources it was booted from. Nothing depends on it:
 * a folder that cannot be read or written only costs the boot.
 */
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { seal } from '../sim/engine/cow.ts';
import { pack, unpack } from '../sim/engine/pack.ts';
import type { World } from '../sim/world.ts';
import { bootFresh, type Boot } from './boot.ts';

/** Worlds of other sources that stay around: several work trees may share the folder. */
const STRANGERS_MAX = 12;

const attempt = <T>(work: () => T): T | null => { try { return work(); } catch { return null; } };

const newestFirst = (folder: string): string[] => (attempt(() => readdirSync(folder)) ?? [])
  .map((name) => ({ name, at: attempt(() => statSync(join(folder, name)).mtimeMs) ?? 0 }))
  .sort((a, b) => b.at - a.at).map(({ name }) => name);

/**
 * Boots from `folder` or into it. `stamp` names the sources. `stale`: any world of this topology and seed
 * will do, for who works on a command and knows that the boot does not need it.
 */
export const bootKept = (folder: string, stamp: string, stale: boolean): Boot => (topology, seed) => {
  const prefix = `${topology}-${seed}-`;
  const name = (stale ? newestFirst(folder).find((other) => other.startsWith(prefix) && other.endsWith('.json')) : null) ?? `${prefix}${stamp}.json`;
  const text = attempt(() => readFileSync(join(folder, name), 'utf8'));
  const kept = text === null ? null : attempt(() => unpack(text) as World);
  if (kept) return seal(kept);
  const world = bootFresh(topology, seed);
  attempt(() => {
    mkdirSync(folder, { recursive: true });
    // Written beside and renamed: several drivers may start at once.
    const temporary = join(folder, `${name}.${process.pid}`);
    writeFileSync(temporary, pack(world));
    renameSync(temporary, join(folder, name));
    for (const old of newestFirst(folder).slice(STRANGERS_MAX)) rmSync(join(folder, old), { force: true });
  });
  return world;
};
