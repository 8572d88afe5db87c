/** What dig, nslookup and host share: asking a server as bind's tools do, and showing records. */
import { seconds, type Us } from '../../../sim/engine/time.ts';
import type { Json, Sys } from '../../../sim/proc/program.ts';
import type { DnsAnswer, DnsQuestion, DnsRecord } from '../../../sim/proc/resolver.ts';
import { call } from '../../../sim/proc/syscalls.ts';
import { mono } from './lookup.ts';

export const TYPES = ['A', 'AAAA', 'PTR', 'SRV', 'TXT', 'SOA', 'NS', 'HINFO', 'ANY', 'CNAME', 'MX'] as const;
export const isType = (word: string): word is DnsQuestion['type'] => (TYPES as readonly string[]).includes(word.toUpperCase());

export interface Ask { servers: readonly string[]; port: number; timeoutUs: Us; tries: number; tcp: boolean; recurse: boolean }
export type Replied = { ok: true; answer: DnsAnswer; server: string; tookUs: Us } | { ok: false; /** Each attempt that failed, in order. */ failures: readonly { server: string; why: Why; /** What went wrong: the exchange, or setting it up. */ at: 'udp' | 'tcp' | null }[] };

/** Asks the servers in turn, so many times round, until one answers. */
export function* ask(name: string, type: DnsQuestion['type'], how: Ask): Sys<Replied> {
  const drawn = yield* call('random', { below: 65_536 });
  const question: DnsQuestion = { id: drawn.ok ? drawn.value : 0, name: name.replace(/\.$/, '') || '.', type, recursive: how.recurse };
  const failures: Extract<Replied, { ok: false }>['failures'][number][] = [];
  for (let n = 0; n < how.tries; n++) {
    for (const server of how.servers) {
      const started = yield* mono();
      const got = yield* once(server, question, how);
      if (typeof got === 'object') return { ok: true, answer: got, server, tookUs: (yield* mono()) - started };
      failures.push({ server, why: got, at: how.tcp ? 'tcp' : got === 'network unreachable' ? 'udp' : null });
    }
  }
  return { ok: false, failures };
}

type Why = 'timed out' | 'connection refused' | 'host unreachable' | 'network unreachable';
const WHY: Readonly<Record<string, Why>> = { ECONNREFUSED: 'connection refused', EHOSTUNREACH: 'host unreachable', ENETUNREACH: 'network unreachable' };

function* once(server: string, question: DnsQuestion, how: Ask): Sys<DnsAnswer | Why> {
  if (how.tcp) {
    const fd = yield* call('connect', { proto: 'tcp', addr: server, port: how.port, timeoutUs: how.timeoutUs });
    if (!fd.ok) return WHY[fd.errno] ?? 'timed out';
    yield* call('send', { fd: fd.value, data: question as unknown as Json, size: question.name.length + 31 });
    const got = yield* call('recv', { fd: fd.value, timeoutUs: how.timeoutUs });
    yield* call('close', { fd: fd.value });
    return got.ok && got.value ? (got.value.data as unknown as DnsAnswer) : 'timed out';
  }
  const socket = yield* call('udp', {});
  if (!socket.ok) return 'timed out';
  const fd = socket.value;
  const connected = yield* call('udpConnect', { fd, addr: server, port: how.port });
  const sent = connected.ok ? yield* call('sendto', { fd, data: question as unknown as Json, size: question.name.length + 29 }) : connected;
  const got = sent.ok ? yield* call('recvfrom', { fd, timeoutUs: how.timeoutUs }) : sent;
  yield* call('close', { fd });
  return got.ok ? (got.value.data as unknown as DnsAnswer) : WHY[got.errno] ?? 'timed out';
}

/** What is said when no attempt came to anything: silence in bind 9.10's words, what else there was in those of later ones. */
export function unreached({ failures }: Extract<Replied, { ok: false }>, port: number, name: string): string {
  if (failures.every(({ why, at }) => why === 'timed out' && at === null)) return ';; connection timed out; no servers could be reached\n';
  const lines = failures.map(({ server, why, at }) =>
    (at ? `;; ${at === 'tcp' ? 'Connection to' : 'UDP setup with'} ${server}#${port}(${server}) for ${name} failed: ${why}.\n` : `;; communications error to ${server}#${port}: ${why}\n`));
  return `${lines.join('')};; no servers could be reached\n`;
}

/** A reverse name. */
export const arpa = (ip: string): string => `${ip.split('.').reverse().join('.')}.in-addr.arpa`;

/** With its final dot. */
export const full = (name: string): string => (name.endsWith('.') ? name : `${name}.`);

/** Moves to a column by tabs, or one blank when it is already past. */
function toColumn(line: string, column: number): string {
  let width = 0;
  for (const c of line) width = c === '\t' ? (Math.floor(width / 8) + 1) * 8 : width + 1;
  if (width >= column) return `${line} `;
  let out = line;
  for (; width < column; width = (Math.floor(width / 8) + 1) * 8) out += '\t';
  return out;
}

const dotted = (record: DnsRecord): string => (['CNAME', 'PTR', 'NS'].includes(record.type) ? full(record.data) : record.data);

/** A record as dig lines it up: columns 24, 32, 40, 48. */
export const recordLine = (record: DnsRecord, ttl = true): string => {
  let line = toColumn(full(record.name), 24);
  if (ttl) line = toColumn(line + record.ttl, 32);
  return `${toColumn(toColumn(`${line}IN`, 40) + record.type, 48)}${dotted(record)}`;
};

export const questionLine = (question: Pick<DnsQuestion, 'name' | 'type'>): string =>
  `${toColumn(toColumn(`;${full(question.name)}`, 24) === `;${full(question.name)} ` ? `;${full(question.name)}\t` : toColumn(`;${full(question.name)}`, 24), 32).replace(/ $/, '')}IN\t${question.type}`;

export const sizeOf = (answer: DnsAnswer): number =>
  12 + answer.question.name.length + 6 + 11 + [...answer.answers, ...answer.authority].reduce((sum, record) => sum + 12 + (record.type === 'A' ? 4 : record.data.length + 2), 0);

export const DEFAULT_TIMEOUT_US = seconds(5);
