/** dig 9.10.3 (Debian): queries, +options, several in one line; prints whole messages or what is asked of them. */
import { seconds } from '../../../sim/engine/time.ts';
import { err, out } from '../../../sim/proc/libc.ts';
import type { Start, Sys } from '../../../sim/proc/program.ts';
import type { DnsAnswer, DnsQuestion } from '../../../sim/proc/resolver.ts';
import { ctimeUtc } from '../../../sim/services/etcd/calendar.ts';
import { arpa, ask, DEFAULT_TIMEOUT_US, full, isType, questionLine, recordLine, type Replied, sizeOf, unreached } from './dns.ts';
import { isIp, lookup, real, resolverConf } from './lookup.ts';

const VERSION = '9.10.3-P4-Debian';
const USAGE = 'Usage:  dig [@global-server] [domain] [q-type] [q-class] {q-opt}\n            {global-d-opt} host [@local-server] {local-d-opt}\n            [ host [@local-server] {local-d-opt} [...]]\n\nUse "dig -h" (or "dig -h | more") for complete list of options\n';

interface Shown { cmd: boolean; comments: boolean; question: boolean; answer: boolean; authority: boolean; additional: boolean; stats: boolean; short: boolean; ttl: boolean }
interface Query {
  name: string | null; type: DnsQuestion['type']; reverse: boolean; server: string | null; port: number; tcp: boolean; tries: number; timeoutUs: number;
  recurse: boolean; edns: boolean; search: boolean; shown: Shown;
}

const fresh = (): Query => ({
  name: null, type: 'A', reverse: false, server: null, port: 53, tcp: false, tries: 3, timeoutUs: DEFAULT_TIMEOUT_US, recurse: true, edns: true, search: false,
  shown: { cmd: true, comments: true, question: true, answer: true, authority: true, additional: true, stats: true, short: false, ttl: true },
});

/** Options that change nothing that can be seen here. */
const INERT = new Set(['adflag', 'cdflag', 'aaflag', 'aaonly', 'ad', 'cd', 'dnssec', 'do', 'fail', 'ignore', 'identify', 'multiline', 'nssearch', 'onesoa', 'qr', 'rrcomments', 'split', 'trace', 'besteffort', 'sigchase', 'topdown', 'cl', 'class', 'keepopen', 'zflag', 'sit', 'cookie', 'nsid', 'expire', 'subnet', 'bufsize', 'domain', 'ndots', 'ednsflags', 'crypto', 'showsearch', 'idnout', 'opcode']);
const REFUSED_HERE = new Set(['trace', 'nssearch', 'sigchase', 'multiline', 'dnssec', 'do']);

/** false: no such option. */
function plus(q: Query, word: string): boolean | string {
  const m = /^\+(no)?([a-z]+)(?:=(.*))?$/i.exec(word);
  if (!m) return false;
  const on = !m[1];
  const name = m[2]!.toLowerCase();
  const { shown } = q;
  const is = (full_: string, least: number): boolean => name.length >= least && full_.startsWith(name);
  if (is('short', 2)) { shown.short = on; return true; }
  if (is('all', 2)) { Object.assign(shown, { comments: on, question: on, answer: on, authority: on, additional: on, stats: on, cmd: on }); return true; }
  if (is('cmd', 2)) { shown.cmd = on; return true; }
  if (is('comments', 2)) { shown.comments = on; return true; }
  if (is('question', 1)) { shown.question = on; return true; }
  if (is('answer', 2)) { shown.answer = on; return true; }
  if (is('authority', 2)) { shown.authority = on; return true; }
  if (is('additional', 3)) { shown.additional = on; return true; }
  if (is('stats', 2)) { shown.stats = on; return true; }
  if (is('ttlid', 2)) { shown.ttl = on; return true; }
  if (is('recurse', 2) || name === 'rdflag') { q.recurse = on; return true; }
  if (is('tcp', 2) || is('vc', 1)) { q.tcp = on; return true; }
  if (is('edns', 2)) { q.edns = on; return true; }
  if (is('search', 3) || is('defname', 3)) { q.search = on; return true; }
  if (is('time', 3)) { q.timeoutUs = seconds(Math.max(1, Number(m[3] ?? 5) || 1)); return true; }
  if (is('tries', 3)) { q.tries = Math.max(1, Number(m[3] ?? 3) || 1); return true; }
  if (is('retry', 3)) { q.tries = Math.max(0, Number(m[3] ?? 2) || 0) + 1; return true; }
  if (REFUSED_HERE.has(name) && on) return `dig: +${name} is not available here\n`;
  return INERT.has(name);
}

function* main(start: Start): Sys<number> {
  const words = start.argv.slice(1);
  if (words.includes('-v')) { yield* err(`DiG ${VERSION}\n`); return 0; }
  if (words.includes('-h')) { yield* out(USAGE); return 0; }
  const global = fresh();
  const queries: Query[] = [];
  let current: Query = global;
  for (let i = 0; i < words.length; i++) {
    const word = words[i]!;
    if (word.startsWith('@')) { current.server = word.slice(1); continue; }
    if (word.startsWith('+')) {
      const known = plus(current, word);
      if (known === true) continue;
      yield* err(typeof known === 'string' ? known : `Invalid option: ${word}\n${USAGE}`);
      return 1;
    }
    if (word.startsWith('-')) {
      const flag = word[1]!;
      if (flag === '4' || flag === 'u' || flag === 'r') continue;
      const value = word.slice(2) || words[++i];
      if (!'xtcpqbyki'.includes(flag) || value === undefined) {
        yield* err(`Invalid option: ${word}\n${USAGE}`);
        return 1;
      }
      if (flag === 'p') current.port = Number(value);
      else if (flag === 't') {
        if (!isType(value)) { yield* err(`;; Warning, ignoring invalid type ${value}\n`); continue; }
        current.type = value.toUpperCase() as DnsQuestion['type'];
      } else if (flag === 'x' || flag === 'q') {
        current = { ...global, shown: { ...global.shown }, name: flag === 'x' ? arpa(value) : value, type: flag === 'x' ? 'PTR' : global.type };
        queries.push(current);
      }
      continue;
    }
    if (isType(word) && (queries.length || words.length > 1) && (current.name !== null || word === word.toUpperCase())) { current.type = word.toUpperCase() as DnsQuestion['type']; continue; }
    if (/^(IN|CH|HS|ANY)$/i.test(word) && current.name !== null) continue;
    current = { ...global, shown: { ...global.shown }, name: word };
    queries.push(current);
  }
  if (!queries.length) queries.push({ ...global, name: '.', type: 'NS' });
  let status = 0;
  for (const [i, query] of queries.entries()) {
    if (query.server === null) query.server = global.server;
    status = yield* run(query, words, i === 0);
  }
  return status;
}

function* run(q: Query, words: readonly string[], first: boolean): Sys<number> {
  const conf = yield* resolverConf();
  let servers: readonly string[] = conf.nameservers;
  if (q.server !== null) {
    const found = isIp(q.server) ? null : yield* lookup(q.server);
    if (found && !found.ok) {
      yield* err(`dig: couldn't get address for '${q.server}': ${found.reason === 'unknown' ? 'not found' : 'failure'}\n`);
      return 1;
    }
    servers = found?.ok ? found.addresses : [q.server];
  }
  const names = q.search && !q.name!.endsWith('.') && q.name!.split('.').length - 1 < conf.ndots ? [...conf.search.map((domain) => `${q.name}.${domain}`), q.name!] : [q.name!];
  let got: Replied = { ok: false, failures: [] };
  for (const name of names) {
    got = yield* ask(name, q.type, { servers, port: q.port, timeoutUs: q.timeoutUs, tries: q.tries, tcp: q.tcp, recurse: q.recurse });
    if (!got.ok || got.answer.rcode === 'NOERROR') break;
  }
  const banner = q.shown.cmd && !q.shown.short ? `\n; <<>> DiG ${VERSION} <<>> ${words.join(' ')}\n${q.server !== null ? '; (1 server found)\n' : ''};; global options: +cmd\n` : '';
  if (!got.ok) {
    yield* out(`${first ? banner : ''}${unreached(got, q.port, names[names.length - 1]!)}`);
    return 9;
  }
  yield* out((first ? banner : '') + (q.shown.short ? short(got.answer) : whole(q, got.answer) + (q.shown.stats ? yield* stats(got, q) : q.shown.comments ? '\n' : '')));
  return 0;
}

const short = (answer: DnsAnswer): string => answer.answers.map((record) => `${['CNAME', 'PTR', 'NS'].includes(record.type) ? full(record.data) : record.data}\n`).join('');

function whole(q: Query, answer: DnsAnswer): string {
  const { shown } = q;
  const flags = ['qr', ...(answer.authoritative ? ['aa'] : []), ...(q.recurse ? ['rd'] : []), ...(answer.recursionAvailable ? ['ra'] : [])].join(' ');
  let text = '';
  if (shown.comments) {
    text += `;; Got answer:\n;; ->>HEADER<<- opcode: QUERY, status: ${answer.rcode}, id: ${answer.id}\n;; flags: ${flags}; QUERY: 1, ANSWER: ${answer.answers.length}, AUTHORITY: ${answer.authority.length}, ADDITIONAL: ${q.edns ? 1 : 0}\n`;
    if (q.recurse && !answer.recursionAvailable) text += ';; WARNING: recursion requested but not available\n';
    text += '\n';
    if (q.edns) text += ';; OPT PSEUDOSECTION:\n; EDNS: version: 0, flags:; udp: 4096\n';
  }
  if (shown.question) text += `${shown.comments ? ';; QUESTION SECTION:\n' : ''}${questionLine(answer.question)}\n${shown.comments ? '\n' : ''}`;
  const section = (title: string, list: DnsAnswer['answers'], on: boolean): string =>
    (!on || !list.length ? '' : `${shown.comments ? `;; ${title} SECTION:\n` : ''}${list.map((record) => `${recordLine(record, shown.ttl)}\n`).join('')}${shown.comments ? '\n' : ''}`);
  return text + section('ANSWER', answer.answers, shown.answer) + section('AUTHORITY', answer.authority, shown.authority);
}

function* stats(got: Extract<Replied, { ok: true }>, q: Query): Sys<string> {
  return `;; Query time: ${Math.round(got.tookUs / 1_000)} msec\n;; SERVER: ${got.server}#${q.port}(${q.server ?? got.server})\n;; WHEN: ${ctimeUtc(yield* real())}\n;; MSG SIZE  rcvd: ${sizeOf(got.answer)}\n\n`;
}

export const dig = { name: 'dig', main };
