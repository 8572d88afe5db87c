/**
 * What every command of gravity is given: how it was called, which release the binary is, colours.
 */
import { complain, paintFor } from '../../../sim/gravity/console.ts';
import type { Paint } from '../../../sim/gravity/status.ts';
import type { Release } from '../../../sim/gravity/versions.ts';
import { out } from '../../../sim/proc/libc.ts';
import type { Start, Sys } from '../../../sim/proc/program.ts';
import { call } from '../../../sim/proc/syscalls.ts';
import type { Parsed } from './kingpin.ts';

export interface Invocation {
  readonly start: Start; readonly release: Release; readonly paint: Paint; readonly parsed: Parsed; readonly quiet: boolean;
}

export type Command = (it: Invocation) => Sys<number>;

export function* invocation(start: Start, release: Release, parsed: Parsed): Sys<Invocation> {
  return { start, release, parsed, paint: yield* paintFor(start), quiet: parsed.flags['quiet'] === true };
}

export const text = (it: Invocation, flag: string): string => {
  const value = it.parsed.flags[flag];
  return typeof value === 'string' ? value : '';
};
export const on = (it: Invocation, flag: string): boolean => it.parsed.flags[flag] === true;
export const argument = (it: Invocation, name: string): string => {
  const value = it.parsed.args[name];
  return typeof value === 'string' ? value : '';
};
export const rest = (it: Invocation, name: string): readonly string[] => {
  const value = it.parsed.args[name];
  return Array.isArray(value) ? (value as readonly string[]) : [];
};

export const failWith = (it: Invocation, message: string): Sys<number> => complain(it.start, message);

export function* say(it: Invocation, message: string): Sys<void> {
  if (!it.quiet) yield* out(message);
}

/** The host that this is, by its name and its addresses. */
export function* myself(): Sys<{ readonly hostname: string; readonly addresses: readonly string[] }> {
  const info = yield* call('sysinfo', {});
  const links = yield* call('netRead', { what: { kind: 'links' } });
  const list = links.ok ? (links.value as unknown as readonly { name: string; kind: string; addrs: readonly { ip: string }[] }[]) : [];
  const addresses = list.filter((link) => link.kind === 'ether').flatMap((link) => link.addrs.map((addr) => addr.ip));
  return { hostname: info.ok ? info.value.hostname : '', addresses };
}
