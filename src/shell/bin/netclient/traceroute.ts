/** traceroute 2.x for Linux: UDP probes by default, ICMP echo with -I; three to a hop, each hop in turn. */
import { seconds, type Us } from '../../../sim/engine/time.ts';
import { fail, out } from '../../../sim/proc/libc.ts';
import type { Json, Start, Sys } from '../../../sim/proc/program.ts';
import { call, type IcmpReply } from '../../../sim/proc/syscalls.ts';
import { gaiError, isIp, lookup, mono, reverse } from './lookup.ts';

const WITH_VALUE = 'fmNpqrsitwzgO';
const FLAGS = 'nIUTFdVAe46';
const USAGE = 'Usage:\n  traceroute [ -46dFITnreAUDV ] [ -f first_ttl ] [ -g gate,... ] [ -i device ] [ -m max_ttl ] [ -N squeries ] [ -p port ] [ -t tos ] [ -l flow_label ] [ -w MAX,HERE,NEAR ] [ -q nqueries ] [ -s src_addr ] [ -z sendwait ] [ --fwmark=num ] host [ packetlen ]\n';

interface Plan { address: string; name: string; first: number; max: number; queries: number; waitUs: Us; numeric: boolean; icmp: boolean; port: number; size: number }

function parse(words: readonly string[]): { o: Record<string, string>; rest: string[] } | { text: string; status: number } {
  const o: Record<string, string> = {};
  const rest: string[] = [];
  for (let i = 0; i < words.length; i++) {
    const word = words[i]!;
    if (word === '--help') return { text: USAGE, status: 0 };
    if (word.startsWith('--')) return { text: `Bad option \`${word}' (argc ${i + 1})\n`, status: 2 };
    if (!word.startsWith('-') || word === '-') { rest.push(word); continue; }
    for (let k = 1; k < word.length; k++) {
      const c = word[k]!;
      if (FLAGS.includes(c)) { o[c] = 'yes'; continue; }
      if (!WITH_VALUE.includes(c)) return { text: `Bad option \`${word}' (argc ${i + 1})\n`, status: 2 };
      const value = word.slice(k + 1) || words[++i];
      if (value === undefined) return { text: `Option \`-${c}' (argc ${i}) requires an argument\n`, status: 2 };
      o[c] = value;
      break;
    }
  }
  return { o, rest };
}

function* main(start: Start): Sys<number> {
  const parsed = parse(start.argv.slice(1));
  if ('text' in parsed) {
    if (parsed.status) return yield* fail(parsed.text, parsed.status);
    yield* out(parsed.text);
    return 0;
  }
  const { o, rest } = parsed;
  if (o['V']) { yield* out('Modern traceroute for Linux, version 2.0.22\n'); return 0; }
  const [target, length] = rest;
  if (target === undefined) return yield* fail(`${USAGE}`, 2);
  for (const c of ['m', 'q', 'f', 'p']) if (o[c] !== undefined && !/^\d+$/.test(o[c]!)) return yield* fail(`Cannot handle "-${c}" option with arg \`${o[c]}' (argc ${start.argv.indexOf(`-${c}`)})\n`, 2);
  if (o['w'] !== undefined && !/^\d+(\.\d+)?(,.*)?$/.test(o['w'])) return yield* fail(`Cannot handle "-w" option with arg \`${o['w']}'\n`, 2);
  const max = Number(o['m'] ?? 30);
  if (max < 1 || max > 255) return yield* fail('max hops cannot be more than 255\n', 2);
  if (Number(o['q'] ?? 3) > 10) return yield* fail('no more than 10 probes per hop\n', 2);
  if (o['T']) return yield* fail('The specified type of tracerouting is allowed for superuser only\n', 1);
  const found = yield* lookup(target);
  if (!found.ok) return yield* fail(`${target}: ${gaiError(found.reason)}\nCannot handle "host" cmdline arg \`${target}' on position 1 (argc ${start.argv.length - 1})\n`, 2);
  const plan: Plan = { address: found.addresses[0]!, name: isIp(target) ? target : found.name, first: Number(o['f'] ?? 1), max, queries: Number(o['q'] ?? 3), waitUs: seconds(parseFloat(o['w'] ?? '5')), numeric: o['n'] !== undefined, icmp: o['I'] !== undefined, port: Number(o['p'] ?? 33_434), size: Number(length ?? 60) };
  yield* out(`traceroute to ${plan.name} (${plan.address}), ${plan.max} hops max, ${plan.size} byte packets\n`);
  return yield* trace(plan);
}

interface Probe { from: string; rttUs: Us; mark: string; last: boolean }

const MARKS: Readonly<Record<number, string>> = { 0: '!N', 1: '!H', 2: '!P', 4: '!F', 5: '!S', 9: '!X', 10: '!X', 13: '!X', 14: '!V', 15: '!C' };

function* trace(plan: Plan): Sys<number> {
  const icmp = yield* call('icmp', {});
  const udp = plan.icmp ? null : yield* call('udp', { port: 0 });
  if (!icmp.ok || (udp && !udp.ok)) return yield* fail('socket: Operation not permitted\n', 1);
  let n = 0;
  for (let ttl = plan.first; ttl <= plan.max; ttl++) {
    let line = `${String(ttl).padStart(2)} `;
    let shown = '';
    let done = false;
    for (let q = 0; q < plan.queries; q++) {
      const port = plan.port + n++;
      const started = yield* mono();
      const sent = plan.icmp ? yield* call('icmpSend', { fd: icmp.value, addr: plan.address, data: { seq: n } as unknown as Json, size: plan.size - 28, ttl })
        : yield* call('sendto', { fd: udp!.ok ? udp!.value : -1, addr: plan.address, port, data: '', size: plan.size - 28, ttl });
      if (!sent.ok) {
        const words: Readonly<Record<string, string>> = { ENETUNREACH: 'Network is unreachable', EHOSTUNREACH: 'No route to host', EPERM: 'Operation not permitted' };
        return yield* fail(`${plan.icmp ? 'send' : 'connect'}: ${words[sent.errno] ?? sent.errno}\n`, 1);
      }
      const probe = yield* hear(icmp.value, plan, plan.icmp ? n : port, started);
      if (!probe) { line += ' *'; continue; }
      if (probe.from !== shown) line += ` ${plan.numeric ? probe.from : yield* named(probe.from)}`;
      shown = probe.from;
      line += `  ${(probe.rttUs / 1_000).toFixed(3)} ms${probe.mark ? ` ${probe.mark}` : ''}`;
      done ||= probe.last;
    }
    yield* out(`${line}\n`);
    if (done) break;
  }
  return 0;
}

function* named(ip: string): Sys<string> {
  return ` ${(yield* reverse(ip)) ?? ip} (${ip})`.trimStart();
}

/** The answer to one probe, null when none comes in time. */
function* hear(fd: number, plan: Plan, id: number, started: Us): Sys<Probe | null> {
  for (;;) {
    const left = started + plan.waitUs - (yield* mono());
    if (left <= 0) return null;
    const got = yield* call('icmpRecv', { fd, timeoutUs: left });
    if (!got.ok) return null;
    const reply = got.value as IcmpReply & { about?: { dport?: number; data: Json } };
    const about = reply.about;
    const seq = ((about ? about.data : reply.data) as { seq?: number } | null)?.seq;
    const mine = plan.icmp ? seq === id : about?.dport === id;
    if (!mine) continue;
    const rttUs = (yield* mono()) - started;
    if (reply.type === 11) return { from: reply.from, rttUs, mark: '', last: false };
    if (reply.type === 0) return { from: reply.from, rttUs, mark: '', last: true };
    const arrived = !plan.icmp && reply.code === 3 && reply.from === plan.address;
    return { from: reply.from, rttUs, mark: arrived || reply.code === 3 ? '' : MARKS[reply.code] ?? `!<${reply.code}>`, last: true };
  }
}

export const traceroute = { name: 'traceroute', main };
