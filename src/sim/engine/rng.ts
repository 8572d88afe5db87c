/**
 * Named random streams. Each name has its own state, seeded from the world's seed and the name, so a new
 * consumer shifts nobody else's numbers. Algorithm: mulberry32 (public domain, Tommy Ettinger), one
 * uint32 of state. No floats leave this file.
 */
import { own } from './cow.ts';

export interface Randomness { seed: number; rng: Record<string, number> }

/** FNV-1a, 32 bits: stable, and good enough to tell stream names apart. */
export function hash32(text: string, start = 0x811c9dc5): number {
  let h = start;
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193);
  return h >>> 0;
}

/** An integer in [0, below). Advances the stream `name` of an owned world. */
export function draw(world: Randomness, name: string, below: number): number {
  const rng = own(world, 'rng');
  let state = (rng[name] ?? hash32(name, (world.seed ^ 0x9e3779b9) >>> 0)) + 0x6d2b79f5 | 0;
  rng[name] = state >>> 0;
  state = Math.imul(state ^ (state >>> 15), state | 1);
  state ^= state + Math.imul(state ^ (state >>> 7), state | 61);
  const word = (state ^ (state >>> 14)) >>> 0;
  return Math.floor((word / 0x1_0000_0000) * below); // exact: word < 2^32, below < 2^21 in practice
}

/** `length` hexadecimal digits of a stream. */
export function drawHex(world: Randomness, name: string, length: number): string {
  let text = '';
  while (text.length < length) text += draw(world, name, 16).toString(16);
  return text;
}
