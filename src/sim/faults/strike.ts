/**
 * What a fault is, and the one way to strike with it. A fault edits what a hand, a disk or a wire could;
 * every symptom follows from the model.
 */
import type { Kernel } from '../kernel/kernel.ts';
import type { Json } from '../proc/program.ts';
import { catalogue } from './catalogue.ts';

/** The schema of one argument. `from`: the texts it may be. `least`, `most`: the numbers. */
export interface FaultArg { type: 'node' | 'string' | 'number'; default?: string | number; about: string; from?: readonly string[]; least?: number; most?: number }
export type FaultArgs = Readonly<Record<string, string | number>>;

/** What a person sees once the fault has struck: a command whose output then matches, within so many seconds. */
export interface Symptom { on: string; run: string; user?: 'root'; match?: string; not?: string; exit?: number; within: number }
/** Shell lines that put it right; `fault`: a hand that is no shell (the power button, the network team). */
export type Repair = readonly ({ on: string; run: string } | { fault: string; args: Readonly<Record<string, Json>> } | { advance: number })[];

export interface Fault {
  readonly name: string;
  readonly title: string;
  readonly args: Readonly<Record<string, FaultArg>>;
  /** With the default arguments on three masters: what shows, and what repairs; neither for what is itself a repair. */
  readonly symptoms?: readonly Symptom[];
  readonly repair?: Repair;
  /** Edits the world. May not script a symptom. Returns why it cannot be done, or nothing. */
  readonly strike: (k: Kernel, args: FaultArgs) => string | void;
}

/** The arguments with their defaults, or what is wrong with them. */
export function checkArgs(fault: Fault, args: Json, nodes: readonly string[]): { ok: true; args: FaultArgs } | { ok: false; error: string } {
  const wrong = (reason: string): { ok: false; error: string } => ({ ok: false, error: `fault ${fault.name}: ${reason}` });
  if (typeof args !== 'object' || args === null || Array.isArray(args)) return wrong('args must be an object');
  const given = args as Readonly<Record<string, unknown>>;
  for (const key of Object.keys(given)) if (!Object.hasOwn(fault.args, key)) return wrong(`unknown argument ${key}`);
  const checked: Record<string, string | number> = {};
  for (const [key, spec] of Object.entries(fault.args)) {
    const value = Object.hasOwn(given, key) ? given[key] : spec.default;
    if (value === undefined) return wrong(`argument ${key} is missing`);
    const reason = reasonAgainst(spec, value, nodes);
    if (reason) return wrong(reason.startsWith('unknown node') ? reason : `argument ${key} ${reason}`);
    checked[key] = value as string | number;
  }
  return { ok: true, args: checked };
}

function reasonAgainst({ type, from, least, most }: FaultArg, value: unknown, nodes: readonly string[]): string | null {
  if (typeof value !== (type === 'number' ? 'number' : 'string')) return `must be a ${type}`;
  if (type === 'node' && !nodes.includes(value as string)) return `unknown node ${String(value)}`;
  if (from && !from.includes(value as string)) return `must be one of ${from.join(', ')}`;
  if (least !== undefined && (value as number) < least) return `must be at least ${least}`;
  if (most !== undefined && (value as number) > most) return `must be at most ${most}`;
  return null;
}

/** Checks the arguments and strikes. Returns an error text, or null. */
export function strike(k: Kernel, name: string, args: Json): string | null {
  const fault = catalogue.get(name);
  if (!fault) return `unknown fault ${name}`;
  const checked = checkArgs(fault, args, Object.keys(k.world.hosts));
  if (!checked.ok) return checked.error;
  const refusal = fault.strike(k, checked.args);
  if (refusal) return `fault ${name}: ${refusal}`;
  k.disturb();
  return null;
}
