/**
 * What a fault is, and the one way to strike with it. A fault edits what a hand, a disk or a wire could;
 * every symptom follows from the model.
 */
import type { Kernel } from '../kernel/kernel.ts';
import type { Json } from '../proc/program.ts';
import { catalogue } from './catalogue.ts';

export interface FaultArg { type: 'node' | 'string' | 'number'; default?: string | number; about: string }
export type FaultArgs = Readonly<Record<string, string | number>>;

export interface Fault {
  readonly name: string;
  readonly title: string;
  readonly args: Readonly<Record<string, FaultArg>>;
  /** Edits the world. May not script a symptom. Returns why it cannot be done, or nothing. */
  readonly strike: (k: Kernel, args: FaultArgs) => string | void;
}

/** Checks the arguments and strikes. Returns an error text, or null. */
export function strike(k: Kernel, name: string, args: Json): string | null {
  const fault = catalogue.get(name);
  if (!fault) return `unknown fault ${name}`;
  if (typeof args !== 'object' || args === null || Array.isArray(args)) return `fault ${name}: args must be an object`;
  const given = args as Readonly<Record<string, unknown>>;
  for (const key of Object.keys(given)) if (!Object.hasOwn(fault.args, key)) return `fault ${name}: unknown argument ${key}`;
  const checked: Record<string, string | number> = {};
  for (const [key, spec] of Object.entries(fault.args)) {
    const value = Object.hasOwn(given, key) ? given[key] : spec.default;
    if (value === undefined) return `fault ${name}: argument ${key} is missing`;
    if (typeof value !== (spec.type === 'number' ? 'number' : 'string')) return `fault ${name}: argument ${key} must be a ${spec.type}`;
    if (spec.type === 'node' && !Object.hasOwn(k.world.hosts, value as string)) return `fault ${name}: unknown node ${String(value)}`;
    checked[key] = value as string | number;
  }
  const refusal = fault.strike(k, checked);
  if (refusal) return `fault ${name}: ${refusal}`;
  k.disturb();
  return null;
}
