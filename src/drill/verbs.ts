/**
 * What a line of a `sim` block does to a world: a fault strikes, time passes, a command runs. Set-ups, lessons
 * and questions share these words.
 */
import { catalogue } from '../sim/faults/catalogue.ts';
import { checkArgs } from '../sim/faults/strike.ts';
import { seconds } from '../sim/engine/time.ts';
import type { Session } from './session.ts';

export type SimVerb =
  | { verb: 'fault'; name: string; args: Record<string, string | number | boolean>; line: number }
  | { verb: 'advance'; seconds: number; line: number }
  | { verb: 'run'; node: string; command: string; line: number };

const LINE_SECONDS = 900;

/** Does what a line of a `sim` block says. */
export function applyVerb(session: Session, verb: SimVerb): void { for (const _ of applying(session, verb, () => false)) continue; }

/** The same in slices: yields whenever `enough` says that others must have their turn. */
export function* applying(session: Session, verb: SimVerb, enough: () => boolean): Generator<void, void> {
  switch (verb.verb) {
    case 'fault': session.fault(verb.name, verb.args); break;
    case 'run': yield* session.executing(verb.node, verb.command, enough, { wait: LINE_SECONDS }); break;
    case 'advance': {
      const until = session.now + seconds(verb.seconds);
      while (session.sim.runUntil(until, enough)) yield;
    }
  }
}

/** Reads one line; null when it is none, and `fail` has heard why. */
export function readVerb(row: string, line: number, nodes: readonly string[], fail: (reason: string) => void): SimVerb | null {
  const [verb, ...words] = row.split(/\s+/);
  switch (verb) {
    case 'advance': {
      const m = words.length === 1 ? /^(\d+(?:\.\d+)?)(s|m|h)$/.exec(words[0]!) : null;
      if (m) return { verb, seconds: Number(m[1]) * { s: 1, m: 60, h: 3600 }[m[2] as 's' | 'm' | 'h'], line };
      fail('advance needs a duration such as 90s, 5m or 1h');
      return null;
    }
    case 'fault': return readFault(words, line, nodes, fail);
    case 'run': {
      const m = /^run\s+(\S+)\s+(.+)$/.exec(row);
      if (!m) fail('run needs a node and a command');
      else if (!nodes.includes(m[1]!)) fail(`unknown node ${m[1]}; known are ${nodes.join(', ')}`);
      else return { verb, node: m[1]!, command: m[2]!, line };
      return null;
    }
    default: fail(`unknown verb ${verb}; known are fault, advance, run`); return null;
  }
}

function readFault([name = '', ...words]: string[], line: number, nodes: readonly string[], fail: (reason: string) => void): SimVerb | null {
  const fault = catalogue.get(name);
  if (!fault) { fail(`unknown fault ${name}; known are ${[...catalogue.keys()].join(', ')}`); return null; }
  const args: Record<string, string | number> = {};
  for (const word of words) {
    const eq = word.indexOf('=');
    if (eq < 1) { fail(`fault arguments are written name=value, not ${word}`); return null; }
    const value = word.slice(eq + 1), key = word.slice(0, eq);
    args[key] = Object.hasOwn(fault.args, key) && fault.args[key]!.type === 'number' && /^-?\d+(\.\d+)?$/.test(value) ? Number(value) : value;
  }
  const checked = checkArgs(fault, args, nodes);
  if (checked.ok) return { verb: 'fault', name, args, line };
  fail(checked.error);
  return null;
}
