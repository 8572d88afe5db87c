/**
 * What was entered into a world since it began: each input with its moment. Kept by the session as a chain that
 * forks share, so that whoever finds something wrong can tell how it came about and live it again. It knows
 * no outputs.
 */
import { seconds, type Us } from '../sim/engine/time.ts';
import type { Json } from '../sim/proc/program.ts';
import type { ExecOptions, Session } from './session.ts';

export type Entry =
  | { kind: 'open'; terminal: string; node: string; cols: number; rows: number }
  | { kind: 'keys'; terminal: string; data: string }
  | { kind: 'resize'; terminal: string; cols: number; rows: number }
  | { kind: 'exec'; node: string; text: string; options: ExecOptions }
  | { kind: 'write'; node: string; path: string; content: string; mode: number }
  | { kind: 'fault'; name: string; args: Json };
export interface Entered { readonly at: Us; readonly entry: Entry }

/** The newest first: a fork's chain goes on from its origin's. */
export interface Chain { readonly before: Chain | null; readonly entered: Entered }

export function entriesOf(chain: Chain | null): Entered[] {
  const list: Entered[] = [];
  for (let at = chain; at; at = at.before) list.push(at.entered);
  return list.reverse();
}

/** Enters it now. What the world refuses (a node that is down by now) is left out: time has gone another way. */
export function enter(session: Session, entry: Entry): void {
  const { world } = session.sim;
  switch (entry.kind) {
    case 'open': if (world.hosts[entry.node]?.up) session.open(entry.terminal, entry.node, entry.cols, entry.rows); break;
    case 'keys': if (world.ttys[entry.terminal]) session.keys(entry.terminal, entry.data, 0); break;
    case 'resize': if (world.ttys[entry.terminal]) session.resize(entry.terminal, entry.cols, entry.rows); break;
    case 'exec': if (world.hosts[entry.node]?.up) session.exec(entry.node, entry.text, entry.options); break;
    case 'write': if (world.hosts[entry.node]?.up) session.write(entry.node, entry.path, entry.content, entry.mode); break;
    case 'fault': if (session.sim.fork().apply({ kind: 'fault', name: entry.name, args: entry.args }).ok) session.fault(entry.name, entry.args); break;
  }
}

/** Lives the same again on a world, each input at its moment or as soon as the one before has ended. */
export function reenact(session: Session, list: readonly Entered[], until: Us): void {
  for (const { at, entry } of list) {
    session.sim.runUntil(at);
    enter(session, entry);
  }
  session.sim.runUntil(until);
}

const quoted = (value: Json): string => JSON.stringify(value);

/** One input as a line, with the seconds since the world began. */
export function lineOf({ at, entry }: Entered, began: Us): string {
  const time = ((at - began) / seconds(1)).toFixed(3).padStart(10);
  switch (entry.kind) {
    case 'open': return `${time}  a terminal ${quoted(entry.terminal)} on ${entry.node}`;
    case 'keys': return `${time}  ${entry.terminal}: ${quoted(entry.data)}`;
    case 'resize': return `${time}  ${entry.terminal}: ${entry.cols}x${entry.rows}`;
    case 'exec': return `${time}  ${entry.node}${entry.options.user === 'root' ? '#' : '$'} ${entry.text}`;
    case 'write': return `${time}  ${entry.node}: ${entry.path} is written`;
    case 'fault': return `${time}  fault ${entry.name} ${quoted(entry.args)}`;
  }
}

/**
 * The fewest of these inputs after which `fails` still holds: whole halves are left out first, then single ones.
 * `fails` is asked at most `patience` times, of worlds that have lived what is left.
 */
export function shrink(list: readonly Entered[], fails: (left: readonly Entered[]) => boolean, patience = 40): readonly Entered[] {
  let left = list;
  let asked = 0;
  for (let size = Math.ceil(left.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let from = 0; from < left.length && asked < patience;) {
      const without = [...left.slice(0, from), ...left.slice(from + size)];
      asked++;
      if (fails(without)) left = without; else from += size;
    }
  }
  return left;
}
