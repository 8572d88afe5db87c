/** nslookup 9.10 (bind): one question on the command line, or a prompt of its own. It uses the search list. */
import { seconds } from '../../../sim/engine/time.ts';
import { err, lineReader, out, readLine } from '../../../sim/proc/libc.ts';
import type { Start, Sys } from '../../../sim/proc/program.ts';
import { candidates, type DnsAnswer, type DnsQuestion } from '../../../sim/proc/resolver.ts';
import { arpa, ask, DEFAULT_TIMEOUT_US, isType, unreached } from './dns.ts';
import { isIp, lookup, resolverConf } from './lookup.ts';

interface Settings { server: string | null; type: DnsQuestion['type'] | null; port: number; timeoutUs: number; retries: number; tcp: boolean; recurse: boolean; search: boolean }

/** null: no such setting. */
function set(s: Settings, word: string): string | null {
  const [name = '', value = ''] = word.split('=');
  switch (name) {
    case 'type': case 'querytype': case 'query': case 'q': case 'ty':
      if (!isType(value)) return `unknown query type: ${value}\n`;
      s.type = value.toUpperCase() as DnsQuestion['type'];
      return '';
    case 'port': s.port = Number(value) || 53; return '';
    case 'timeout': case 't': s.timeoutUs = seconds(Math.max(1, Number(value) || 1)); return '';
    case 'retry': case 'ret': s.retries = Math.max(0, Number(value) || 0); return '';
    case 'vc': s.tcp = true; return '';
    case 'novc': s.tcp = false; return '';
    case 'recurse': s.recurse = true; return '';
    case 'norecurse': s.recurse = false; return '';
    case 'search': s.search = true; return '';
    case 'nosearch': s.search = false; return '';
    case 'debug': case 'nodebug': case 'd2': case 'nod2': case 'all': case 'class': case 'cl': case 'fail': case 'nofail': return '';
    default: return null;
  }
}

function* main(start: Start): Sys<number> {
  const s: Settings = { server: null, type: null, port: 53, timeoutUs: DEFAULT_TIMEOUT_US, retries: 1, tcp: false, recurse: true, search: true };
  const words: string[] = [];
  for (const word of start.argv.slice(1)) {
    if (word.startsWith('-') && word.length > 1) {
      const problem = set(s, word.slice(1));
      if (problem === null) yield* out(`*** Invalid option: ${word.slice(1)}\n`);
      else if (problem) yield* err(problem);
    } else words.push(word);
  }
  const [name, server] = words;
  if (server !== undefined) s.server = server;
  if (name === undefined || name === '-') return yield* interactive(s);
  const bad = yield* fix(s);
  if (bad) { yield* err(bad); return 1; }
  return yield* answer(name, s);
}

/** The server as an address. */
function* fix(s: Settings): Sys<string | null> {
  if (s.server === null || isIp(s.server)) return null;
  const found = yield* lookup(s.server);
  if (!found.ok) return `nslookup: couldn't get address for '${s.server}': ${found.reason === 'unknown' ? 'not found' : 'failure'}\n`;
  s.server = found.addresses[0]!;
  return null;
}

function* answer(name: string, s: Settings): Sys<number> {
  const conf = yield* resolverConf();
  const servers = s.server === null ? conf.nameservers : [s.server];
  const reverse = isIp(name) && (s.type === null || s.type === 'PTR');
  const names = reverse ? [arpa(name)] : s.search ? candidates(name, conf) : [name];
  const types: DnsQuestion['type'][] = reverse ? ['PTR'] : [s.type ?? 'A'];
  for (const [i, candidate] of names.entries()) {
    const got = yield* ask(candidate, types[0]!, { servers, port: s.port, timeoutUs: s.timeoutUs, tries: s.retries + 1, tcp: s.tcp, recurse: s.recurse });
    if (!got.ok) {
      yield* out(`${unreached(got, s.port, candidate)}\n`);
      return 1;
    }
    const { rcode } = got.answer;
    if (rcode === 'NXDOMAIN' && i < names.length - 1) continue;
    yield* out(`Server:\t\t${got.server}\nAddress:\t${got.server}#${s.port}\n\n`);
    if (rcode !== 'NOERROR') {
      yield* out(`** server can't find ${rcode === 'NXDOMAIN' ? (names.length > 1 ? name : candidate) : candidate}: ${rcode}\n\n`);
      return 1;
    }
    yield* out(`${show(got.answer, candidate)}\n`);
    return got.answer.answers.length ? 0 : 1;
  }
  return 1;
}

function show(got: DnsAnswer, name: string): string {
  const head = got.authoritative ? '' : 'Non-authoritative answer:\n';
  if (!got.answers.length) return `${head}*** Can't find ${name}: No answer\n`;
  const line = (record: DnsAnswer['answers'][number]): string => {
    switch (record.type) {
      case 'A': case 'AAAA': return `Name:\t${record.name}\nAddress: ${record.data}\n`;
      case 'CNAME': return `${record.name}\tcanonical name = ${record.data}\n`;
      case 'PTR': return `${record.name}\tname = ${record.data}\n`;
      case 'NS': return `${record.name}\tnameserver = ${record.data}\n`;
      case 'MX': return `${record.name}\tmail exchanger = ${record.data}\n`;
      case 'TXT': return `${record.name}\ttext = ${record.data}\n`;
      case 'SRV': return `${record.name}\tservice = ${record.data}\n`;
      case 'SOA': {
        const [origin, mail, serial, refresh, retry, expire, minimum] = record.data.split(' ');
        return `${record.name}\n\torigin = ${origin}\n\tmail addr = ${mail}\n\tserial = ${serial}\n\trefresh = ${refresh}\n\tretry = ${retry}\n\texpire = ${expire}\n\tminimum = ${minimum}\n`;
      }
      default: return `${record.name}\trdata_${record.type} = ${record.data}\n`;
    }
  };
  return head + got.answers.map(line).join('');
}

function* interactive(s: Settings): Sys<number> {
  const reader = lineReader(0);
  const bad = yield* fix(s);
  if (bad) yield* err(bad);
  for (;;) {
    yield* out('> ');
    const line = yield* readLine(reader);
    if (line === null) { yield* out('\n'); return 0; }
    const [word = '', second] = line.trim().split(/\s+/);
    if (word === 'exit') return 0;
    if (word === '') continue;
    if (word === 'set' && second !== undefined) {
      const problem = set(s, second);
      if (problem === null) yield* out(`*** Invalid option: ${second}\n`);
      else if (problem) yield* err(problem);
    } else if ((word === 'server' || word === 'lserver') && second !== undefined) {
      const before = s.server;
      s.server = second;
      const problem = yield* fix(s);
      if (problem) { yield* err(problem); s.server = before; } else yield* out(`Default server: ${second}\nAddress: ${s.server}#${s.port}\n`);
    } else yield* answer(word, s);
  }
}

export const nslookup = { name: 'nslookup', main };
