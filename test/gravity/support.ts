/** What a trainee types and sees, for the tests of operations. */
import { expect } from 'vitest';
import type { Session } from '../../src/firedrill.ts';

const opened = new WeakMap<Session, Set<string>>();
export const strip = (text: string): string => text.replace(/\r/g, '').replace(/\x1b\[[0-9;]*m/g, '');

/** Types a line on a terminal ("node-1", "node-1:2") and gives what came, with blanks run together. */
export function type(world: Session, terminal: string, text: string, wait = 1_800): string {
  const known = opened.get(world) ?? new Set<string>();
  opened.set(world, known);
  if (!known.has(terminal)) { world.open(terminal, terminal.split(':')[0]!, 200, 50); known.add(terminal); }
  return strip(world.line(terminal, text, wait).output).replace(/[ \t]+/g, ' ');
}

/** A command as root, which must succeed. */
export function root(world: Session, node: string, text: string, wait = 600): string {
  const got = world.exec(node, text, { user: 'root', wait });
  expect([text, got.exit, got.stderr]).toEqual([text, 0, got.stderr]);
  return got.stdout;
}

export const advance = (world: Session, seconds: number): void => { world.sim.runUntil(world.sim.now + seconds * 1_000_000); };
