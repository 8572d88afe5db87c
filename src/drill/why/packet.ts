/**
 * A packet's way in a person's words: the stations of the engine's trace that decide something, each with the
 * command that shows what it read there. The first bad one, if any, is the last of the list.
 */
import { entries } from '../../sim/engine/pages.ts';
import type { Hop } from '../../sim/net/trace.ts';
import { followPacket, type Question } from '../../sim/trace.ts';
import type { Session } from '../session.ts';
import { literal, proved, quoted, reason, type Reason } from './reason.ts';

const BAD: readonly Hop['verdict'][] = ['drop', 'reject'];

/** Where it goes and where it ends. An empty list: nothing is known of such a packet. */
export function packetReasons(session: Session, question: Question): Reason[] {
  const trace = followPacket(session.sim, question);
  if ('error' in trace) return [];
  const there = followed(session, trace.hops, trace.delivered, `to ${question.to}`);
  if (!trace.delivered || trace.answered) return there;
  return [...there, ...followed(session, trace.back, false, 'back')];
}

function followed(session: Session, hops: readonly Hop[], arrived: boolean, where: string): Reason[] {
  const reasons: Reason[] = [];
  for (const [i, hop] of hops.entries()) {
    const said = station(session, hop, hops[i + 1]);
    if (said && !reasons.some(({ text }) => text === said.text)) reasons.push(said);
    if (BAD.includes(hop.verdict)) break;
  }
  const known = proved(session, reasons);
  if (arrived || known.some(({ bad }) => bad)) return known;
  const last = hops.at(-1);
  if (!last) return known;
  const dst = destination(last);
  if (BAD.includes(last.verdict)) return [...known, { text: `${last.host}, ${last.at}: ${last.by}`, proof: null, bad: true }];
  return [...known, ...proved(session, [reason(`${last.host}: nobody answers for ${dst}, so the packet ${where} waits and is given up`, last.host, `ping -c1 -W1 ${dst}`, '100% packet loss', true)])];
}

const destination = ({ packet }: Hop): string => /> ([\d.]+)/.exec(packet)?.[1] ?? '';

/** How a command is run where the packet is: a pod's namespace is entered by one of its processes. */
function inside(session: Session, { host, ns }: Hop, command: string): string {
  if (ns === 'host') return command;
  const proc = entries(session.sim.world.hosts[host]!.procs).find((each) => each.netns === ns && !each.exit);
  return proc ? `sudo nsenter -t ${proc.pid} -n ${command}` : command;
}

/** What a station says, and what proves it; null for those that decide nothing. */
function station(session: Session, hop: Hop, next: Hop | undefined): Reason | null {
  const { host, at, by, verdict } = hop;
  const bad = BAD.includes(verdict);
  const place = hop.ns === 'host' ? host : `${host}, in the pod`;
  const tell = (text: string, run: string, what: string): Reason => reason(`${place}: ${text}`, host, run, what, bad);
  const dst = destination(hop);
  const table = /^(raw|mangle|nat|filter|security) /.exec(at)?.[1];
  if (table) return chain(tell, table, by, bad, verdict, next);
  switch (at) {
    case 'route': return route(tell, by, dst, bad, (command) => inside(session, hop, command));
    case 'vxlan': return overlay(tell, by, bad);
    case 'wire': return wire(session, tell, hop, dst, bad);
    case 'link': {
      const dev = by.split(' ')[0]!;
      return bad ? tell(by, inside(session, hop, `ip link show ${dev}`), 'state DOWN|does not exist') : null;
    }
    case 'neighbour': return tell(by, inside(session, hop, `ping -c1 -W1 ${dst}`), '100% packet loss|Unreachable');
    case 'socket': return socket(session, tell, hop, bad);
    case 'kernel': return hop.ns === 'host' ? tell(by, `ping -c1 -W1 ${dst}`, '1 received') : tell(by, inside(session, hop, `ip -o addr`), literal(dst));
    default: return bad ? { text: `${place}, ${at}: ${by}`, proof: null, bad } : null;
  }
}

type Tell = (text: string, run: string, shows: string) => Reason;

/** Rules speak only where they refuse or translate: a hundred that let pass explain nothing. */
function chain(tell: Tell, table: string, by: string, bad: boolean, verdict: Hop['verdict'], next: Hop | undefined): Reason | null {
  const name = /^-A (\S+)/.exec(by)?.[1];
  if (bad && name) return tell(`the ${table} table refuses it: ${by}`, `sudo iptables -t ${table} -S ${name}`, literal(by));
  const policy = /^policy (\w+)/.exec(by)?.[1];
  if (bad && policy) return tell(`no rule takes it, and the policy is ${policy}`, `sudo iptables -t ${table} -S | grep '^-P'`, `-P \\w+ ${policy}`);
  const to = next && /> ([\d.]+:\d+)/.exec(next.packet)?.[1];
  return verdict === 'change' && to ? tell(`the service’s rules send it to ${to}`, `sudo iptables -t nat -S | grep -F -- '--to-destination ${to}'`, literal(to)) : null;
}

function route(tell: Tell, by: string, dst: string, bad: boolean, within: (command: string) => string): Reason | null {
  if (by.startsWith('net.ipv4.ip_forward')) return tell('the kernel forwards nothing: net.ipv4.ip_forward is 0', 'sysctl net.ipv4.ip_forward', '= 0');
  if (bad) return tell(by, `${within(`ip route get ${dst}`)} 2>&1`, 'unreachable|Invalid argument|blackhole|prohibit|RTNETLINK');
  if (by.endsWith('is an address of this host')) return tell(`${dst} is its own address`, within('ip -o addr'), literal(dst));
  const dev = / dev (\S+)/.exec(by)?.[1];
  return dev ? tell(`the route to ${dst} is ${by}`, within(`ip route get ${dst}`), `dev ${literal(dev)}`) : null;
}

function overlay(tell: Tell, by: string, bad: boolean): Reason | null {
  const [, dev, what = ''] = /^(\S+): (.*)$/.exec(by) ?? [];
  const peer = /wrapped for ([\d.]+)/.exec(what)?.[1];
  if (dev && peer) return tell(`${dev} wraps it for ${peer}`, `bridge fdb show dev ${dev}`, literal(peer));
  const mac = /no forwarding entry for (\S+)/.exec(what)?.[1];
  if (dev && mac) return tell(`${dev} does not know behind which node ${mac} is`, `bridge fdb show dev ${dev} | grep -c ${mac}`, '^0$');
  return bad ? tell(by, 'ip -d link show type vxlan', '^(?![\\s\\S]*flannel)|vxlan') : null;
}

function wire(session: Session, tell: Tell, { host, by, packet }: Hop, dst: string, bad: boolean): Reason | null {
  const dev = session.sim.world.wire.cables[host]?.dev ?? 'eth0';
  if (!bad) return tell(`it leaves by ${dev}`, `ip link show ${dev}`, 'state UP');
  if (by.includes('unplugged')) return tell(`nothing is plugged in at ${dev}`, `ip link show ${dev}`, 'NO-CARRIER');
  if (by.includes('knows no way')) return tell(`it knows no route of its own to ${dst}, and ${by}`, `ip route get ${dst}`, `via ${literal(session.sim.world.wire.gateway.address)}`);
  const port = />[^:]*:(\d+)/.exec(packet)?.[1];
  const other = Object.values(session.sim.world.hosts).find(({ address }) => address === dst);
  if (by.includes('takes udp port') && port && other) return reason(`Between ${host} and ${other.name}: ${by}. Listen at the other end: it never comes`, other.name, `sudo timeout 2 tcpdump -n -i eth0 -c 1 udp port ${port} and src host ${session.sim.world.hosts[host]!.address} 2>&1`, '0 packets captured', true);
  return tell(by, `ping -c1 -W1 ${dst}`, '100% packet loss');
}

function socket(session: Session, tell: Tell, hop: Hop, bad: boolean): Reason | null {
  const port = /port (\d+)/.exec(hop.by)?.[1] ?? '';
  const list = `sudo ${inside(session, hop, 'ss -lntu').replace(/^sudo /, '')} | grep -c ${quoted(`:${port} `)}`;
  if (hop.by.includes('answer is back')) return null;
  return bad ? tell(hop.by, list, '^0$') : tell(`it arrives: ${hop.by}`, list, '^[1-9]');
}
