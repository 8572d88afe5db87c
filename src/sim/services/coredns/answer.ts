/**
 * A question's way through a server's plugins, in CoreDNS's order: log, errors, chaos, loadbalance, cache,
 * rewrite, template, hosts, kubernetes, loop, forward, erratic, whoami. Each either answers or hands on.
 */
import { ms, seconds } from '../../engine/time.ts';
import type { Sys } from '../../proc/program.ts';
import type { DnsAnswer, DnsQuestion, DnsRecord } from '../../proc/resolver.ts';
import { call } from '../../proc/syscalls.ts';
import { type KubernetesConf, normalize, type RewriteRule, type Server, type TemplateRule, through, zoneOf } from './config.ts';
import { forward, forwards } from './forward.ts';
import { lookupHosts } from './hosts.ts';
import { cluster, modified, synced } from './kube.ts';
import { getNumber, getRunning, getStored, mono, note, say, setNumber, setStored } from './memory.ts';
import { answer as kubernetesAnswer } from './names.ts';

export interface Client { addr: string; port: number; tcp: boolean; /** The address that was asked. */ own: string }
/** What a plugin says: an answer in parts, or a failure with the words that `errors` logs. */
export interface Said { rcode: DnsAnswer['rcode']; answers: readonly DnsRecord[]; authority: readonly DnsRecord[]; aa: boolean; ra: boolean; error?: string; drop?: boolean }

const said = (rcode: DnsAnswer['rcode'], answers: readonly DnsRecord[] = [], authority: readonly DnsRecord[] = [], aa = true): Said => ({ rcode, answers, authority, aa, ra: false });
const failure = (error: string): Said => ({ rcode: 'SERVFAIL', answers: [], authority: [], aa: false, ra: false, error });

/** The answer to a question, or null to stay silent. */
export function* respond(servers: readonly Server[], question: DnsQuestion, client: Client): Sys<DnsAnswer | null> {
  const name = normalize(question.name === '' ? '.' : question.name);
  const zone = zoneOf(servers.map((server) => server.zone), name);
  const server = servers.find((each) => each.zone === zone);
  const wrap = (s: Said): DnsAnswer => ({ id: question.id, rcode: s.rcode, authoritative: s.aa, recursionAvailable: s.ra, question, answers: s.answers.map(plain), authority: s.authority.map(plain) });
  if (!server) return wrap(said('REFUSED', [], [], false));
  const started = yield* mono();
  const got = yield* balanced(server, { ...question, name }, client);
  if (got.drop) return null;
  if (got.error && server.errors) yield* say('ERROR', `plugin/errors: ${RCODES[got.rcode]} ${name} ${question.type}: ${got.error}`);
  const rule = server.log.find((each) => zoneOf([each.zone], name) !== null);
  if (rule) yield* logQuery(question, name, client, got, (yield* mono()) - started);
  return wrap(got);
}

/** Names in answers have no final dot for those who read them as values. */
const plain = (record: DnsRecord): DnsRecord => ({ ...record, name: record.name === '.' ? '.' : record.name.replace(/\.$/, '') });

const RCODES: Readonly<Record<DnsAnswer['rcode'], number>> = { NOERROR: 0, FORMERR: 1, SERVFAIL: 2, NXDOMAIN: 3, NOTIMP: 4, REFUSED: 5 };

export const sizeOfAnswer = (answer: Pick<DnsAnswer, 'question' | 'answers' | 'authority'>): number =>
  12 + answer.question.name.length + 6 + [...answer.answers, ...answer.authority].reduce((sum, record) => sum + record.name.length + 12 + (record.type === 'A' ? 4 : record.data.length + 2), 0);

function* logQuery(question: DnsQuestion, name: string, client: Client, got: Said, tookUs: number): Sys<void> {
  const flags = ['qr', ...(got.aa ? ['aa'] : []), ...(question.recursive ? ['rd'] : []), ...(got.ra ? ['ra'] : [])].join(',');
  const sent = got.error ? '- 0' : `${flags} ${sizeOfAnswer({ question: { ...question, name }, answers: got.answers, authority: got.authority })}`;
  yield* note('INFO', `${client.addr}:${client.port} - ${question.id} "${question.type} IN ${name} ${client.tcp ? 'tcp' : 'udp'} ${name.length + 17} false ${client.tcp ? 65535 : 512}" ${got.rcode} ${sent} ${(tookUs / 1_000_000).toFixed(9)}s`);
}

/** loadbalance: addresses in an order of chance. */
function* balanced(server: Server, question: DnsQuestion, client: Client): Sys<Said> {
  if (server.chaos && question.type === 'TXT' && /^(version|authors|hostname|id)\.(bind|server)\.$/.test(question.name)) {
    return said('NOERROR', [{ name: question.name, ttl: 0, type: 'TXT', data: `"${server.chaos[0] ?? 'CoreDNS'}"` }]);
  }
  const got = yield* remembered(server, question, client);
  if (!server.loadbalance || got.answers.length < 2) return got;
  const addresses = got.answers.filter((record) => record.type === 'A');
  const drawn = yield* call('random', { below: Math.max(1, addresses.length) });
  const turn = drawn.ok ? drawn.value : 0;
  return { ...got, answers: [...got.answers.filter((record) => record.type !== 'A'), ...addresses.slice(turn), ...addresses.slice(0, turn)] };
}

/** cache: what was said lately, with its time to live running down; what is said now, kept if it may be. */
function* remembered(server: Server, question: DnsQuestion, client: Client): Sys<Said> {
  const conf = server.cache;
  if (!conf || zoneOf(conf.zones, question.name) === null) return yield* rewritten(server, question, client);
  const key = `${server.zone}:${server.port} ${question.name} ${question.type}`;
  const now = yield* mono();
  const kept = yield* getStored(key);
  if (kept && now - kept.at < seconds(kept.ttl)) {
    const left = kept.ttl - Math.floor((now - kept.at) / 1_000_000);
    const aged = (list: readonly DnsRecord[]): DnsRecord[] => list.map((record) => ({ ...record, ttl: left }));
    return { rcode: kept.rcode as Said['rcode'], answers: aged(kept.answers), authority: aged(kept.authority), aa: kept.authoritative, ra: kept.recursionAvailable };
  }
  const got = yield* rewritten(server, question, client);
  const denied = got.rcode === 'NXDOMAIN' || (got.rcode === 'NOERROR' && !got.answers.length);
  if (got.error || got.drop || (got.rcode !== 'NOERROR' && got.rcode !== 'NXDOMAIN')) return got;
  const records = denied ? got.authority : got.answers;
  const least = records.length ? Math.min(...records.map((record) => record.ttl)) : 5;
  const ttl = Math.max(5, Math.min(least, (denied ? conf.negativeUs : conf.positiveUs) / 1_000_000));
  const capped = (list: readonly DnsRecord[]): DnsRecord[] => list.map((record) => ({ ...record, ttl }));
  const out = { ...got, answers: capped(got.answers), authority: capped(got.authority) };
  yield* setStored(key, { rcode: out.rcode, answers: out.answers, authority: out.authority, authoritative: out.aa, recursionAvailable: out.ra, at: now, ttl });
  return out;
}

function* rewritten(server: Server, question: DnsQuestion, client: Client): Sys<Said> {
  let asked = question;
  for (const rule of server.rewrite) {
    const next = rewrite(rule, asked);
    if (!next) continue;
    asked = next;
    if (rule.stop) break;
  }
  return yield* found(server, asked, client);
}

/** The question as a rule makes it, null when the rule does not apply. */
export function rewrite(rule: RewriteRule, question: DnsQuestion): DnsQuestion | null {
  if (rule.type === 'type') return question.type === rule.from ? { ...question, type: rule.to as DnsQuestion['type'] } : null;
  const { name } = question;
  switch (rule.match) {
    case 'exact': return name === rule.from ? { ...question, name: rule.to } : null;
    case 'prefix': return name.startsWith(rule.from) ? { ...question, name: rule.to + name.slice(rule.from.length) } : null;
    case 'suffix': return name.endsWith(rule.from) ? { ...question, name: name.slice(0, -rule.from.length) + rule.to } : null;
    case 'substring': return name.includes(rule.from) ? { ...question, name: name.replace(rule.from, rule.to) } : null;
    case 'regex': {
      const m = matching(rule.from, name);
      return m ? { ...question, name: normalize(rule.to.replace(/\{(\d+)\}/g, (_, n: string) => m[Number(n)] ?? '')) } : null;
    }
  }
}

function matching(pattern: string, text: string): RegExpExecArray | null {
  try { return new RegExp(pattern).exec(text); } catch { return null; }
}

function* found(server: Server, question: DnsQuestion, client: Client): Sys<Said> {
  for (const rule of server.template) {
    const got = template(rule, question);
    if (got) return got;
  }
  if (server.hostsFile) {
    const conf = server.hostsFile;
    const got = yield* lookupHosts(conf, question);
    if (got === 'none') {
      if (zoneOf(conf.zones, question.name) !== null && question.type !== 'PTR' && !through(conf.fall, question.name)) return said('NXDOMAIN', [], [], false);
    } else if (got.length || !through(conf.fall, question.name)) return yield* authoritative(said('NOERROR', got));
  }
  if (server.kubernetes) {
    const got = yield* kubernetes(server.kubernetes, question, client);
    if (got) return got;
  }
  if (server.loop) yield* countLoop(server, question);
  if (server.forward && forwards(server.forward, question.name)) return yield* upstream(server, question, client);
  if (server.erratic) return yield* erratic(server.erratic, question);
  if (server.whoami) return said('NOERROR', question.type === 'A' ? [] : []);
  const last = server.loop ? 'loop' : server.kubernetes ? 'kubernetes' : server.hostsFile ? 'hosts' : server.cache ? 'cache' : server.errors ? 'errors' : '';
  return last ? failure(`plugin/${last}: no next plugin found`) : said('REFUSED', [], [], false);
}

/** 1.2.6 says of its own answers that recursion is available, 1.3.1 does not. */
function* authoritative(s: Said): Sys<Said> {
  const running = yield* getRunning();
  return { ...s, ra: running?.version === '1.2.6' };
}

export const soa = (zone: string, serial: number): DnsRecord =>
  ({ name: zone, ttl: 30, type: 'SOA', data: `ns.dns.${zone === '.' ? '' : zone} hostmaster.${zone === '.' ? '' : zone} ${serial} 7200 1800 86400 30` });

/** null: not mine, or handed on. */
function* kubernetes(conf: KubernetesConf, question: DnsQuestion, client: Client): Sys<Said | null> {
  const zone = zoneOf(conf.zones, question.name);
  if (zone === null) return null;
  if (question.type === 'SOA') return yield* authoritative(said('NOERROR', [soa(zone, yield* modified())]));
  const own = client.own;
  const records = kubernetesAnswer(conf, yield* cluster(), zone, question.name, question.type, own);
  if (records === null) {
    if (through(conf.fall, question.name)) return null;
    const rcode = (yield* synced(conf)) ? 'NXDOMAIN' : 'SERVFAIL';
    return yield* authoritative(said(rcode, [], [soa(zone, yield* modified())]));
  }
  return yield* authoritative(said('NOERROR', records, records.length ? [] : [soa(zone, yield* modified())]));
}

/** A probe of our own that comes in for the third time has been round in a circle. */
function* countLoop(server: Server, question: DnsQuestion): Sys<void> {
  if (question.type !== 'HINFO') return;
  const key = `loop:${question.name}`;
  const seen = yield* getNumber(key);
  if (seen === 0) return;
  yield* setNumber(key, seen + 1);
  if (seen + 1 <= 3) return;
  yield* say('FATAL', `plugin/loop: Forwarding loop detected in "${server.zone}" zone. Exiting. See https://coredns.io/plugins/loop#troubleshooting. Probe query: "HINFO ${question.name}".`);
  yield* call('unpark', { channel: 'exit', value: 1 });
}

function* upstream(server: Server, question: DnsQuestion, client: Client): Sys<Said> {
  const got = yield* forward(server.forward!, { ...question, name: question.name === '.' ? '.' : question.name.replace(/\.$/, '') }, client.tcp);
  if (!got.ok) {
    const running = yield* getRunning();
    // who forwards offers recursion, also where it fails: the training text's capture has no sign that it does not
    return { ...failure(running?.version === '1.2.6' ? `unreachable backend: ${got.error}` : got.error), ra: true };
  }
  const { answer } = got;
  const dotted = (list: readonly DnsRecord[]): DnsRecord[] => list.map((record) => ({ ...record, name: record.name.endsWith('.') ? record.name : `${record.name}.` }));
  return { rcode: answer.rcode, answers: dotted(answer.answers), authority: dotted(answer.authority), aa: answer.authoritative, ra: answer.recursionAvailable };
}

function* erratic(conf: NonNullable<Server['erratic']>, question: DnsQuestion): Sys<Said> {
  const n = (yield* getNumber('erratic')) + 1;
  yield* setNumber('erratic', n);
  if (conf.delay > 0 && n % conf.delay === 0) yield* call('sleep', { us: conf.delayUs || ms(100) });
  if (conf.drop > 0 && n % conf.drop === 0) return { ...said('NOERROR'), drop: true };
  return said('NOERROR', question.type === 'A' ? [{ name: question.name, ttl: 0, type: 'A', data: '192.0.2.53' }] : []);
}

/** A template's answer: {{ .Name }}, {{ .Type }} and groups of the match are filled in. */
function template(rule: TemplateRule, question: DnsQuestion): Said | null {
  if (rule.type !== 'ANY' && rule.type !== question.type) return null;
  if (zoneOf(rule.zones, question.name) === null) return null;
  const m = (rule.match.length ? rule.match : ['.*']).map((pattern) => matching(pattern, question.name)).find((each) => each !== null);
  if (!m) return null;
  const fill = (text: string): DnsRecord => {
    const filled = text.replace(/\{\{\s*\.(Name|Type|Zone|Class)\s*\}\}/g, (_, field: string) => ({ Name: question.name, Type: question.type, Zone: zoneOf(rule.zones, question.name) ?? '', Class: 'IN' })[field]!)
      .replace(/\{\{\s*\.Group\.(\w+)\s*\}\}/g, (_, group: string) => m.groups?.[group] ?? '').replace(/\{\{\s*index \.Match (\d+)\s*\}\}/g, (_, n: string) => m[Number(n)] ?? '');
    const words = filled.trim().split(/\s+/);
    const at = words.findIndex((word) => word === 'IN');
    const ttl = Number(words[1]);
    return { name: words[0]!, ttl: Number.isNaN(ttl) ? 3600 : ttl, type: words[at + 1] ?? question.type, data: words.slice(at + 2).join(' ') };
  };
  return said(rule.rcode as Said['rcode'], rule.answers.map(fill), rule.authority.map(fill));
}
