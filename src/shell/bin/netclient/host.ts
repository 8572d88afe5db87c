/** host 9.10 (bind): asks A, AAAA and MX unless a type is given; uses the search list. */
import { seconds } from '../../../sim/engine/time.ts';
import { err, out } from '../../../sim/proc/libc.ts';
import type { Start, Sys } from '../../../sim/proc/program.ts';
import { candidates, type DnsAnswer, type DnsQuestion, type DnsRecord } from '../../../sim/proc/resolver.ts';
import { arpa, ask, DEFAULT_TIMEOUT_US, full, isType, recordLine, unreached } from './dns.ts';
import { isIp, lookup, resolverConf } from './lookup.ts';

const USAGE = `Usage: host [-aCdilrTvVw] [-c class] [-N ndots] [-t type] [-W time]
            [-R number] [-m flag] hostname [server]
       -a is equivalent to -v -t ANY
       -c specifies query class for non-IN data
       -C compares SOA records on authoritative nameservers
       -d is equivalent to -v
       -l lists all hosts in a domain, using AXFR
       -i IP6.INT reverse lookups
       -N changes the number of dots allowed before root lookup is done
       -r disables recursive processing
       -R specifies number of retries for UDP packets
       -s a SERVFAIL response should stop query
       -t specifies the query type
       -T enables TCP/IP mode
       -v enables verbose output
       -w specifies to wait forever for a reply
       -W specifies how long to wait for a reply
       -4 use IPv4 query transport only
       -6 use IPv6 query transport only
       -m set memory debugging flag (trace|record|usage)
       -V print version number and exit
`;
const WITH_VALUE = 'cNtWRm';
const NUMBERS: Readonly<Record<DnsAnswer['rcode'], number>> = { NOERROR: 0, FORMERR: 1, SERVFAIL: 2, NXDOMAIN: 3, NOTIMP: 4, REFUSED: 5 };

function* main(start: Start): Sys<number> {
  const o: Record<string, string> = {};
  const rest: string[] = [];
  const words = start.argv.slice(1);
  for (let i = 0; i < words.length; i++) {
    const word = words[i]!;
    if (!word.startsWith('-') || word === '-') { rest.push(word); continue; }
    for (let k = 1; k < word.length; k++) {
      const c = word[k]!;
      if (WITH_VALUE.includes(c)) {
        const value = word.slice(k + 1) || words[++i];
        if (value === undefined) { yield* err(`host: option requires an argument -- '${c}'\n${USAGE}`); return 1; }
        o[c] = value;
        break;
      }
      if (!'aCdilrsTvVw46'.includes(c)) { yield* err(`host: invalid option -- '${c}'\n${USAGE}`); return 1; }
      o[c] = 'yes';
    }
  }
  if (o['V']) { yield* err('host 9.10.3-P4-Debian\n'); return 0; }
  const [name, server] = rest;
  if (name === undefined) { yield* err(USAGE); return 1; }
  if (o['t'] !== undefined && !isType(o['t'])) { yield* err(`host: invalid type: ${o['t']}\n`); return 1; }
  return yield* run(name, server, o);
}

function* run(name: string, server: string | undefined, o: Record<string, string>): Sys<number> {
  const conf = yield* resolverConf();
  let servers: readonly string[] = conf.nameservers;
  if (server !== undefined) {
    const found = yield* lookup(server);
    if (!found.ok) { yield* err(`host: couldn't get address for '${server}': ${found.reason === 'unknown' ? 'not found' : 'failure'}\n`); return 1; }
    servers = [found.addresses[0]!];
  }
  const reverse = isIp(name) && o['t'] === undefined;
  if (o['N'] !== undefined) conf.ndots = Number(o['N']) || 1;
  const names = reverse ? [arpa(name)] : candidates(name, conf);
  const verbose = Boolean(o['v'] || o['d'] || o['a']);
  const types = reverse ? ['PTR'] : o['a'] ? ['ANY'] : o['t'] ? [o['t'].toUpperCase()] : ['A', 'AAAA', 'MX'];
  const how = { servers, port: 53, timeoutUs: o['W'] ? seconds(Math.max(1, Number(o['W']) || 1)) : o['w'] ? seconds(3_600) : DEFAULT_TIMEOUT_US, tries: (o['R'] ? Math.max(0, Number(o['R']) || 0) : 1) + 1, tcp: Boolean(o['T']), recurse: !o['r'] };
  let chosen: string | null = null;
  let status = 0;
  let told = false;
  for (const [n, type] of types.entries()) {
    for (const [i, candidate] of (chosen === null ? names : [chosen]).entries()) {
      const got = yield* ask(candidate, type as DnsQuestion['type'], how);
      if (!got.ok) { yield* out(unreached(got, 53, candidate)); return 1; }
      if (server !== undefined && !told) { told = true; yield* out(`Using domain server:\nName: ${server}\nAddress: ${got.server}#53\nAliases: \n\n`); }
      const { answer } = got;
      if (answer.rcode === 'NXDOMAIN' && chosen === null && i < names.length - 1) continue;
      chosen = candidate;
      if (answer.rcode !== 'NOERROR') {
        yield* out(`Host ${chosen === null || names.length > 1 && answer.rcode === 'NXDOMAIN' && n === 0 ? name : candidate}${reverse ? '.' : ''} not found: ${NUMBERS[answer.rcode]}(${answer.rcode})\n`);
        if (n === 0) return 1;
        status = 1;
        break;
      }
      if (verbose) yield* out(`Trying "${candidate}"\n${answer.answers.map((record) => `${recordLine(record)}\n`).join('')}\n`);
      else if (answer.answers.length) yield* out(answer.answers.map(line).join(''));
      else if (o['t'] !== undefined) yield* out(`${candidate} has no ${type} record\n`);
      break;
    }
  }
  return status;
}

function line(record: DnsRecord): string {
  switch (record.type) {
    case 'A': return `${record.name} has address ${record.data}\n`;
    case 'AAAA': return `${record.name} has IPv6 address ${record.data}\n`;
    case 'CNAME': return `${record.name} is an alias for ${full(record.data)}\n`;
    case 'PTR': return `${record.name} domain name pointer ${full(record.data)}\n`;
    case 'MX': return `${record.name} mail is handled by ${record.data}\n`;
    case 'NS': return `${record.name} name server ${full(record.data)}\n`;
    case 'TXT': return `${record.name} descriptive text ${record.data}\n`;
    case 'SRV': return `${record.name} has SRV record ${record.data}\n`;
    case 'SOA': return `${record.name} has SOA record ${record.data}\n`;
    default: return `${record.name} has ${record.type} record ${record.data}\n`;
  }
}

export const host = { name: 'host', main };
