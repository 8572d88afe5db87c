/**
 * Names to addresses as glibc's resolver does it: /etc/hosts, then the servers of /etc/resolv.conf with
 * its search list, ndots, timeout and attempts (glibc 2.24, resolv.conf(5)). DNS messages are values.
 */
import { seconds } from '../engine/time.ts';
import type { Json, Sys } from './program.ts';
import { call } from './syscalls.ts';

export interface DnsQuestion { id: number; name: string; type: 'A' | 'AAAA' | 'PTR' | 'SRV' | 'TXT' | 'SOA' | 'NS' | 'HINFO' | 'ANY' | 'CNAME' | 'MX'; recursive: boolean }
export interface DnsRecord { name: string; ttl: number; type: string; data: string }
export interface DnsAnswer {
  id: number; rcode: 'NOERROR' | 'NXDOMAIN' | 'SERVFAIL' | 'REFUSED' | 'NOTIMP' | 'FORMERR'; authoritative: boolean; recursionAvailable: boolean;
  question: DnsQuestion; answers: readonly DnsRecord[]; authority: readonly DnsRecord[];
}

export interface ResolvConf { nameservers: string[]; search: string[]; ndots: number; timeoutUs: number; attempts: number }

/** resolv.conf(5), last `search` wins, at most three servers. */
export function parseResolvConf(text: string): ResolvConf {
  const conf: ResolvConf = { nameservers: [], search: [], ndots: 1, timeoutUs: seconds(5), attempts: 2 };
  for (const line of text.split('\n')) {
    const [word, ...rest] = line.trim().split(/\s+/);
    if (word === 'nameserver' && rest[0] && conf.nameservers.length < 3) conf.nameservers.push(rest[0]);
    else if (word === 'search' || word === 'domain') conf.search = word === 'domain' ? rest.slice(0, 1) : rest;
    else if (word === 'options') {
      for (const option of rest) {
        const [key, value] = option.split(':');
        if (key === 'ndots') conf.ndots = Math.min(15, Number(value) || 0);
        if (key === 'timeout') conf.timeoutUs = seconds(Math.min(30, Number(value) || 5));
        if (key === 'attempts') conf.attempts = Math.min(5, Number(value) || 2);
      }
    }
  }
  if (!conf.nameservers.length) conf.nameservers.push('127.0.0.1');
  return conf;
}

export type Resolved = { ok: true; addresses: readonly string[] } | { ok: false; server: string; reason: 'no such host' | 'i/o timeout' | 'server misbehaving' | 'connection refused' };

const isAddress = (text: string): boolean => /^\d{1,3}(\.\d{1,3}){3}$/.test(text) && text.split('.').every((part) => Number(part) < 256);

/** IPv4 addresses of a host name. */
export function* resolve(name: string): Sys<Resolved> {
  if (isAddress(name)) return { ok: true, addresses: [name] };
  const hosts = yield* call('readFile', { path: '/etc/hosts' });
  if (hosts.ok) {
    for (const line of hosts.value.split('\n')) {
      const [address, ...names] = line.replace(/#.*/, '').trim().split(/\s+/);
      if (address && names.includes(name) && /^[\d.]+$/.test(address)) return { ok: true, addresses: [address] };
    }
  }
  const file = yield* call('readFile', { path: '/etc/resolv.conf' });
  const conf = parseResolvConf(file.ok ? file.value : '');
  let failure: Resolved = { ok: false, server: `${conf.nameservers[0]}:53`, reason: 'no such host' };
  for (const candidate of candidates(name, conf)) {
    const answer = yield* ask(candidate, 'A', conf);
    if (!answer.ok) {
      failure = answer;
      if (answer.reason !== 'no such host') return failure; // no server answers: further names would not fare better
      continue;
    }
    const addresses = answer.answer.answers.filter((record) => record.type === 'A').map((record) => record.data);
    if (addresses.length) return { ok: true, addresses };
  }
  return failure;
}

/** The names to try, in order. */
export function candidates(name: string, conf: ResolvConf): string[] {
  if (name.endsWith('.')) return [name.slice(0, -1)];
  const searched = conf.search.map((domain) => `${name}.${domain}`);
  const dots = name.split('.').length - 1;
  return dots >= conf.ndots ? [name, ...searched] : [...searched, name];
}

export type Asked = { ok: true; answer: DnsAnswer; server: string } | { ok: false; server: string; reason: 'no such host' | 'i/o timeout' | 'server misbehaving' | 'connection refused' };

/** One question to each server in turn, `attempts` times round. NXDOMAIN is final. */
export function* ask(name: string, type: DnsQuestion['type'], conf: ResolvConf): Sys<Asked> {
  let last: Asked = { ok: false, server: `${conf.nameservers[0]}:53`, reason: 'i/o timeout' };
  for (let attempt = 0; attempt < conf.attempts; attempt++) {
    for (const server of conf.nameservers) {
      last = yield* query(server, 53, name, type, conf.timeoutUs);
      if (last.ok || last.reason === 'no such host') return last;
    }
  }
  return last;
}

/** One question to one server. */
export function* query(server: string, port: number, name: string, type: DnsQuestion['type'], timeoutUs: number): Sys<Asked> {
  return (yield* queryAll(server, port, name, [type], timeoutUs))[0]!;
}

/** Questions of several types about one name, from one socket, as getaddrinfo(3) asks for both families. */
export function* queryAll(server: string, port: number, name: string, types: readonly DnsQuestion['type'][], timeoutUs: number): Sys<Asked[]> {
  const where = `${server}:${port}`;
  const failed = (reason: 'i/o timeout' | 'connection refused'): Asked => ({ ok: false, server: where, reason });
  const socket = yield* call('udp', {});
  if (!socket.ok) return types.map(() => failed('i/o timeout'));
  const fd = socket.value;
  yield* call('udpConnect', { fd, addr: server, port });
  const said = new Map<number, Asked>();
  const ids: number[] = [];
  let broken: Asked | null = null;
  for (const type of types) {
    const id = yield* call('random', { below: 65_536 });
    const question: DnsQuestion = { id: id.ok ? id.value : 0, name, type, recursive: true };
    ids.push(question.id);
    const sent = yield* call('sendto', { fd, data: question as unknown as Json, size: name.length + 18 });
    if (sent.ok) continue;
    broken = failed(sent.errno === 'ECONNREFUSED' ? 'connection refused' : 'i/o timeout');
    break;
  }
  while (!broken && said.size < new Set(ids).size) {
    const got = yield* call('recvfrom', { fd, timeoutUs });
    if (!got.ok) broken = failed(got.errno === 'ECONNREFUSED' ? 'connection refused' : 'i/o timeout');
    else {
      const answer = got.value.data as unknown as DnsAnswer;
      if (ids.includes(answer.id)) said.set(answer.id, asAsked(answer, where));
    }
  }
  yield* call('close', { fd });
  return types.map((_, i) => said.get(ids[i]!) ?? broken ?? failed('i/o timeout'));
}

function asAsked(answer: DnsAnswer, where: string): Asked {
  if (answer.rcode === 'NXDOMAIN') return { ok: false, server: where, reason: 'no such host' };
  if (answer.rcode !== 'NOERROR') return { ok: false, server: where, reason: 'server misbehaving' };
  return { ok: true, answer, server: where };
}
