/**
 * What each target of a rule does, compiled once for each rule. Imitates the x_tables targets of Linux
 * 3.10 to 4.x. DNAT and its kind only bind the connection: conntrack.ts rewrites the packet.
 */
import { own } from '../../engine/cow.ts';
import { ipNumber, ipText } from '../address.ts';
import { bindNat, type NatRange } from '../conntrack.ts';
import { sendError, sendReset } from '../icmp.ts';
import type { Skb } from '../ground.ts';
import { selectSource } from '../route.ts';
import type { Conn, Extension } from '../state.ts';
import type { Scene } from './match.ts';

export type Verdict = 'ACCEPT' | 'DROP' | 'RETURN' | 'CONTINUE';
export type Act = (skb: Skb, scene: Scene) => Verdict;

type Opts = Readonly<Record<string, never>>;
const opt = <T>(e: Extension, key: string): T => (e.opts as Opts)[key] as T;

/** ICMP type 3's codes of --reject-with. */
export const REJECT_CODES: Readonly<Record<string, number>> = {
  'icmp-net-unreachable': 0, 'icmp-host-unreachable': 1, 'icmp-proto-unreachable': 2, 'icmp-port-unreachable': 3,
  'icmp-net-prohibited': 9, 'icmp-host-prohibited': 10, 'icmp-admin-prohibited': 13,
};

function reject(e: Extension): Act {
  const how = opt<string>(e, 'with');
  const code = REJECT_CODES[how];
  return (skb, scene) => {
    if (code !== undefined) sendError(scene.g, scene.ns, skb, 3, code);
    else if (how === 'tcp-reset') sendReset(scene.g, scene.ns, skb);
    return 'DROP';
  };
}

function log(e: Extension): Act {
  const prefix = opt<string>(e, 'prefix');
  return (skb, { g }) => {
    const { p } = skb;
    const dev = `IN=${skb.in} OUT=${skb.out}${skb.physIn ? ` PHYSIN=${skb.physIn}` : ''}${skb.physOut ? ` PHYSOUT=${skb.physOut}` : ''}`;
    const mac = skb.in && p.dmac && skb.in !== 'lo' ? `MAC=${p.dmac}:${p.smac ?? ''}:08:00 ` : '';
    const head = `SRC=${p.src} DST=${p.dst} LEN=${p.size} TOS=0x${p.tos.toString(16).padStart(2, '0').toUpperCase()} PREC=0x00 TTL=${p.ttl} ID=${p.id % 65_536} ${p.df ? 'DF ' : ''}PROTO=${p.proto.toUpperCase()} `;
    const ports = p.proto === 'icmp' ? `TYPE=${p.icmp!.type} CODE=${p.icmp!.code} ID=${p.icmp!.id} SEQ=${p.icmp!.seq} `
      : `SPT=${p.sport} DPT=${p.dport} ${p.proto === 'udp' ? `LEN=${p.size - 20} ` : `WINDOW=29200 RES=0x00 ${flagWords(p.tcp!.flags)}URGP=0 `}`;
    g.log(`${prefix}${dev} ${mac}${head}${ports}${p.mark ? `MARK=0x${p.mark.toString(16)} ` : ''}`);
    return 'CONTINUE';
  };
}

const WORDS: readonly (readonly [string, string])[] = [['A', 'ACK'], ['P', 'PSH'], ['R', 'RST'], ['S', 'SYN'], ['F', 'FIN']];
const flagWords = (flags: string): string => WORDS.filter(([letter]) => flags.includes(letter)).map(([, word]) => `${word} `).join('');

function mark(e: Extension): Act {
  const [value, mask] = opt<readonly [number, number]>(e, 'mark');
  return (skb) => { skb.p.mark = ((skb.p.mark & ~mask) ^ value) >>> 0; return 'CONTINUE'; };
}

function ownedConn(skb: Skb, { ns }: Scene): Conn | null {
  const conn = skb.conn;
  if (!conn || skb.fresh || Object.isExtensible(conn)) return conn;
  const ct = own(ns, 'conntrack');
  const key = Object.keys(ct.conns).find((k) => ct.conns[k] === conn);
  return key === undefined ? conn : (skb.conn = own(own(ct, 'conns'), key));
}

function connmark(e: Extension): Act {
  const mode = opt<string>(e, 'mode');
  const [value, mask] = opt<readonly [number, number]>(e, 'mark');
  return (skb, scene) => {
    const conn = ownedConn(skb, scene);
    if (!conn) return 'CONTINUE';
    if (mode === 'save') conn.mark = ((conn.mark & ~mask) | (skb.p.mark & mask)) >>> 0;
    else if (mode === 'restore') skb.p.mark = ((skb.p.mark & ~mask) | (conn.mark & mask)) >>> 0;
    else conn.mark = ((conn.mark & ~mask) ^ value) >>> 0;
    return 'CONTINUE';
  };
}

function pick(range: NatRange, scene: Scene): string {
  const low = ipNumber(range.from), high = ipNumber(range.to);
  return low === high ? range.from : ipText(low + scene.g.random(`${scene.g.host}/nat`, Math.min(high - low + 1, 1 << 20)));
}

const nat = (kind: 'snat' | 'dnat') => (e: Extension): Act => {
  const range = opt<unknown>(e, 'to') as NatRange;
  return (skb, scene) => {
    const conn = skb.conn!;
    const ip = range.from === '' ? (kind === 'dnat' ? conn.reply.src : conn.reply.dst) : pick(range, scene);
    bindNat(scene.g, scene.ns, skb, kind, ip, range.minPort, range.maxPort);
    return 'ACCEPT';
  };
};

function masquerade(e: Extension): Act {
  const ports = opt<readonly [number, number] | undefined>(e, 'ports');
  return (skb, scene) => {
    const ip = selectSource(scene.ns, skb.out, null);
    if (ip === null) return 'DROP';
    bindNat(scene.g, scene.ns, skb, 'snat', ip, ports?.[0] ?? null, ports?.[1] ?? null);
    return 'ACCEPT';
  };
}

function redirect(e: Extension): Act {
  const ports = opt<readonly [number, number] | undefined>(e, 'ports');
  return (skb, scene) => {
    const ip = scene.hook === 'OUTPUT' ? '127.0.0.1' : scene.ns.links[skb.in]?.addrs[0]?.ip;
    if (!ip) return 'DROP';
    bindNat(scene.g, scene.ns, skb, 'dnat', ip, ports?.[0] ?? null, ports?.[1] ?? null);
    return 'ACCEPT';
  };
}

function tcpmss(e: Extension): Act {
  const fixed = opt<number | undefined>(e, 'mss');
  return (skb, { ns }) => {
    const { tcp } = skb.p;
    if (!tcp?.flags.includes('S') || tcp.mss === undefined) return 'CONTINUE';
    const outMtu = ns.links[skb.out]?.mtu ?? 1500, inMtu = ns.links[skb.in]?.mtu ?? outMtu;
    const mss = fixed ?? Math.min(outMtu, inMtu) - 40;
    if (mss < tcp.mss) skb.p.tcp = { ...tcp, mss };
    return 'CONTINUE';
  };
}

const untrack: Act = (skb) => {
  if (!skb.conn) skb.info = 'UNTRACKED';
  skb.asked = 4; // nothing more is asked of it: conntrack sees that it is marked
  return 'CONTINUE';
};

const ACTS: Readonly<Record<string, (e: Extension) => Act>> = {
  ACCEPT: () => () => 'ACCEPT', DROP: () => () => 'DROP', RETURN: () => () => 'RETURN', QUEUE: () => () => 'DROP',
  REJECT: reject, LOG: log, MARK: mark, CONNMARK: connmark, SNAT: nat('snat'), DNAT: nat('dnat'), MASQUERADE: masquerade, REDIRECT: redirect,
  TCPMSS: tcpmss, NOTRACK: () => untrack,
  CT: (e) => (opt<boolean>(e, 'notrack') ? untrack : () => 'CONTINUE'),
  // Read by user space only.
  NFLOG: () => () => 'CONTINUE', TRACE: () => () => 'CONTINUE',
  TTL: (e) => { const [how, value] = opt<readonly [string, number]>(e, 'ttl'); return (skb) => { skb.p.ttl = Math.max(0, Math.min(255, how === 'set' ? value : how === 'inc' ? skb.p.ttl + value : skb.p.ttl - value)); return 'CONTINUE'; }; },
  TOS: (e) => { const [value, mask] = opt<readonly [number, number]>(e, 'tos'); return (skb) => { skb.p.tos = (skb.p.tos & ~mask) ^ value; return 'CONTINUE'; }; },
};

export const hasTarget = (name: string): boolean => name in ACTS;
export const compileTarget = (e: Extension): Act => ACTS[e.name]!(e);
