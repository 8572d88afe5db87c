/**
 * Names and addresses as getaddrinfo(3) and getnameinfo(3) give them: /etc/hosts, then DNS with the search
 * list, in time or not at all.
 */
import { seconds, type Us } from '../../../sim/engine/time.ts';
import type { Sys } from '../../../sim/proc/program.ts';
import { candidates, parseResolvConf, queryAll, type ResolvConf } from '../../../sim/proc/resolver.ts';
import { call } from '../../../sim/proc/syscalls.ts';

/** `late`: the caller's patience ended first. */
export type Looked = { ok: true; name: string; addresses: readonly string[] } | { ok: false; reason: 'unknown' | 'again' | 'late' };

export const isIp = (text: string): boolean => /^\d{1,3}(\.\d{1,3}){3}$/.test(text) && text.split('.').every((part) => Number(part) < 256);

export function* mono(): Sys<Us> {
  const now = yield* call('now', {});
  return now.ok ? now.value.mono : 0;
}
export function* real(): Sys<Us> {
  const now = yield* call('now', {});
  return now.ok ? now.value.real : 0;
}

function* hostsLines(): Sys<string[][]> {
  const text = yield* call('readFile', { path: '/etc/hosts' });
  return (text.ok ? text.value : '').split('\n').map((line) => line.replace(/#.*/, '').trim().split(/\s+/)).filter((words) => words.length > 1 && isIp(words[0]!));
}

export function* resolverConf(): Sys<ResolvConf> {
  const text = yield* call('readFile', { path: '/etc/resolv.conf' });
  return parseResolvConf(text.ok ? text.value : '');
}

/** Both families are asked for, from one socket; only IPv4 addresses are of use here. */
const BOTH = ['A', 'AAAA'] as const;

/** IPv4 addresses of a name. `until`: monotonic time at which patience ends; `types`: gethostbyname(3) asks for A alone. */
export function* lookup(name: string, until = Infinity, types: readonly ('A' | 'AAAA')[] = BOTH): Sys<Looked> {
  if (isIp(name)) return { ok: true, name, addresses: [name] };
  for (const [address, ...names] of yield* hostsLines()) if (names.includes(name)) return { ok: true, name: names[0]!, addresses: [address!] };
  const conf = yield* resolverConf();
  let reason: 'unknown' | 'again' = 'unknown';
  for (const candidate of candidates(name, conf)) {
    const got = yield* askInTime(candidate, types, conf, until);
    if (got === 'late') return { ok: false, reason: 'late' };
    if (typeof got === 'object') {
      if (got.length) return { ok: true, name: candidate, addresses: got };
      continue; // the name is there, without addresses
    }
    if (got === 'again') reason = 'again';
    if (got === 'dead') return { ok: false, reason: 'again' };
  }
  return { ok: false, reason };
}

/** Data of the records of the first type; 'no': no such name; 'again': a server failed; 'dead': none answers. */
function* askInTime(name: string, types: readonly ('A' | 'AAAA' | 'PTR')[], conf: ResolvConf, until: Us): Sys<string[] | 'no' | 'again' | 'dead' | 'late'> {
  let answered = false;
  for (let attempt = 0; attempt < conf.attempts; attempt++) {
    for (const server of conf.nameservers) {
      const left = until - (yield* mono());
      if (left <= 0) return 'late';
      const [got, ...others] = yield* queryAll(server, 53, name, types, Math.min(conf.timeoutUs, left));
      if (got!.ok) return got!.answer.answers.filter((record) => record.type === types[0]).map((record) => record.data);
      if (others.some((other) => other.ok)) return [];
      if (got!.reason === 'no such host') return 'no';
      answered ||= got!.reason === 'server misbehaving';
    }
  }
  if (until - (yield* mono()) <= 0) return 'late';
  return answered ? 'again' : 'dead';
}

/** The name of an address, null when it has none. */
export function* reverse(ip: string): Sys<string | null> {
  for (const [address, ...names] of yield* hostsLines()) if (address === ip) return names[0]!;
  const got = yield* askInTime(`${ip.split('.').reverse().join('.')}.in-addr.arpa`, ['PTR'], yield* resolverConf(), (yield* mono()) + seconds(10));
  return Array.isArray(got) && got[0] !== undefined ? got[0].replace(/\.$/, '') : null;
}

/** gai_strerror(3). */
export const gaiError = (reason: 'unknown' | 'again' | 'late'): string => (reason === 'unknown' ? 'Name or service not known' : 'Temporary failure in name resolution');
