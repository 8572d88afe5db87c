/** What tools print in place of an address when nobody says -n. */
import type { Sys } from '../../../sim/proc/program.ts';
import { call } from '../../../sim/proc/syscalls.ts';

/** Addresses with a name in /etc/hosts, by address: no reverse zone holds others. */
export function* hostNames(): Sys<Record<string, string>> {
  const file = yield* call('readFile', { path: '/etc/hosts' });
  const names: Record<string, string> = {};
  for (const line of file.ok ? file.value.split('\n') : []) {
    const [ip, name] = line.replace(/#.*/, '').trim().split(/\s+/);
    if (ip && name && /^[\d.]+$/.test(ip)) names[ip] ??= name;
  }
  return names;
}
