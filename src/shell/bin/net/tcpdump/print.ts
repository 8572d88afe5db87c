/**
 * A packet as tcpdump 4.9 prints it: TCP, UDP with DNS, ICMP, ARP, and vxlan on port 8472, which the
 * program takes for OTV.
 */
import { protocolName, serviceName } from '../../../../sim/net/protocols.ts';
import type { Packet } from '../../../../sim/net/state.ts';
import type { Json } from '../../../../sim/proc/program.ts';
import type { DnsAnswer, DnsQuestion } from '../../../../sim/proc/resolver.ts';

export interface Look {
  /** -n: addresses and ports as numbers. */
  numeric: boolean;
  verbose: number; ethernet: boolean; quiet: boolean; absolute: boolean; ascii: boolean; hex: boolean;
  names: Readonly<Record<string, string>>;
  /** First sequence number seen of each direction of each flow, for relative numbers. */
  first: Record<string, number>;
}

const host = (ip: string, look: Look): string => (look.numeric ? ip : look.names[ip] ?? ip);
const port = (n: number, proto: string, look: Look): string => (look.numeric ? String(n) : serviceName(n, proto) ?? String(n));

const HTTP_PORTS = [80, 8080, 3128];

function http(data: Json): string | null {
  if (typeof data === 'string') return /^[A-Z]+ \S+ HTTP|^HTTP\//.test(data) ? data.split('\r')[0]!.split('\n')[0]! : null;
  if (typeof data !== 'object' || data === null) return null;
  const record = data as { readonly [key: string]: Json | undefined };
  if (record['tls']) return null;
  if (typeof record['method'] === 'string' && typeof record['path'] === 'string') return `${record['method']} ${record['path']} HTTP/1.1`;
  if (typeof record['status'] === 'number') return `HTTP/1.1 ${record['status']} ${REASONS[record['status']] ?? ''}`.trimEnd();
  return null;
}
const REASONS: Readonly<Record<number, string>> = { 200: 'OK', 201: 'Created', 204: 'No Content', 301: 'Moved Permanently', 302: 'Found', 400: 'Bad Request', 401: 'Unauthorized', 403: 'Forbidden', 404: 'Not Found', 500: 'Internal Server Error', 502: 'Bad Gateway', 503: 'Service Unavailable' };

function tcp(p: Packet, look: Look): string {
  const t = p.tcp!;
  const syn = t.flags.includes('S'), header = syn ? 60 : t.flags.includes('R') ? 40 : 52;
  const length = Math.max(0, p.size - header);
  if (look.quiet) return `tcp ${length}`;
  const key = `${p.src}:${p.sport}>${p.dst}:${p.dport}`, back = `${p.dst}:${p.dport}>${p.src}:${p.sport}`;
  const relative = (n: number, flow: string): number => (look.absolute || look.first[flow] === undefined ? n : n - look.first[flow]!);
  if (syn) look.first[key] = t.seq;
  const letters = ['S', 'F', 'R', 'P'].filter((letter) => t.flags.includes(letter)).join('') + (t.flags.includes('A') ? '.' : '');
  let text = `Flags [${letters}]`;
  if (syn) text += `, seq ${t.seq}`;
  else if (length || t.flags.includes('F') || t.flags.includes('R')) {
    look.first[key] ??= t.seq - 1;
    const from = relative(t.seq, key);
    text += length ? `, seq ${from}:${from + length}` : `, seq ${from}`;
  }
  if (t.flags.includes('A')) {
    if (!syn) look.first[back] ??= t.ack - 1;
    text += `, ack ${syn ? t.ack : relative(t.ack, back)}`;
  }
  text += `, win ${t.flags.includes('R') ? 0 : syn ? 29_200 : 229}`;
  const stamp = p.id % 0x7fffffff;
  if (syn) text += `, options [mss ${t.mss ?? 1460},sackOK,TS val ${stamp} ecr 0,nop,wscale 7]`;
  else if (!t.flags.includes('R')) text += `, options [nop,nop,TS val ${stamp} ecr ${stamp}]`;
  const line = length && HTTP_PORTS.some((n) => n === p.sport || n === p.dport) ? http(p.payload) : null;
  return `${text}, length ${length}${line ? `: HTTP: ${line}` : ''}`;
}

const RCODES: Readonly<Record<string, string>> = { NXDOMAIN: ' NXDomain', SERVFAIL: ' ServFail', REFUSED: ' Refused', NOTIMP: ' NotImp', FORMERR: ' FormErr' };
const isQuestion = (data: unknown): data is DnsQuestion => typeof data === 'object' && data !== null && 'name' in data && 'type' in data && 'id' in data;
const isAnswer = (data: unknown): data is DnsAnswer => typeof data === 'object' && data !== null && 'rcode' in data && 'answers' in data;

/** null: no DNS message. */
function dns(p: Packet): string | null {
  const size = p.size - 28;
  const data: unknown = p.payload;
  if (isAnswer(data)) {
    const edns = (data.question as DnsQuestion & { edns?: boolean } | undefined)?.edns ? 1 : 0;
    const flags = `${RCODES[data.rcode] ?? ''}${data.authoritative ? '*' : ''}${data.recursionAvailable ? '' : '-'}`;
    const list = data.answers.map((r) => ` ${r.type} ${r.type === 'CNAME' || r.type === 'PTR' || r.type === 'NS' ? dotted(r.data) : r.data}`).join(',');
    return `${data.id}${flags} ${data.answers.length}/${data.authority.length}/${edns}${list} (${size})`;
  }
  if (isQuestion(data)) return `${data.id}${data.recursive ? '+' : ''}${(data as DnsQuestion & { edns?: boolean }).edns ? ' [1au]' : ''} ${data.type}? ${dotted(data.name)} (${size})`;
  return null;
}
const dotted = (name: string): string => (name.endsWith('.') ? name : `${name}.`);

function udp(p: Packet, look: Look): string {
  if (p.vxlan) {
    const head = p.dport === 8472 ? `OTV, flags [I] (0x08), overlay 0, instance ${p.vxlan.id}` : p.dport === 4789 ? `VXLAN, flags [I] (0x08), vni ${p.vxlan.id}` : null;
    if (head) return `${head}\n${look.ethernet ? `${link(p.vxlan.inner)}: ` : ''}${body(p.vxlan.inner, look, look.ethernet)}`;
  }
  const message = p.sport === 53 || p.dport === 53 ? dns(p) : null;
  return message ?? `UDP, length ${p.size - 28}`;
}

function icmp(p: Packet, look: Look): string {
  const { type, code, id, seq, about, mtu } = p.icmp!;
  const length = `length ${p.size - 20}`;
  if (type === 8 || type === 0) return `ICMP echo ${type === 8 ? 'request' : 'reply'}, id ${id}, seq ${seq}, ${length}`;
  if (type === 11) return `ICMP time exceeded ${code === 0 ? 'in-transit' : 'during reassembly'}, ${length}`;
  if (type !== 3 || !about) return `ICMP type-#${type}, ${length}`;
  const dst = host(about.dst, look);
  const words: Readonly<Record<number, string>> = {
    0: `net ${dst} unreachable`, 1: `host ${dst} unreachable`, 2: `${dst} protocol ${about.proto} unreachable`,
    3: about.proto === 'icmp' ? `${dst} protocol 1 port 0 unreachable` : `${dst} ${about.proto} port ${port(about.dport, about.proto, look)} unreachable`,
    4: `${dst} unreachable - need to frag${mtu ? ` (mtu ${mtu})` : ''}`, 9: `net ${dst} unreachable - admin prohibited`,
    10: `host ${dst} unreachable - admin prohibited`, 13: `host ${dst} unreachable - admin prohibited filter`,
  };
  const quoted = look.verbose ? `\n\t${header(about)}\n    ${flow(about, look)}` : '';
  return `ICMP ${words[code] ?? `#${code} ${dst} unreachable`}, ${length}${quoted}`;
}

function arp(p: Packet, look: Look): string {
  const a = p.arp!;
  if (a.op === 'request') return `ARP, Request who-has ${host(p.dst, look)}${a.tha === '00:00:00:00:00:00' ? '' : ` (${a.tha})`} tell ${host(p.src, look)}, length 28`;
  return `ARP, Reply ${host(p.src, look)} is-at ${a.sha}, length 28`;
}

const NUMBERS: Readonly<Record<string, number>> = { tcp: 6, udp: 17, icmp: 1 };
const header = (p: Packet): string =>
  `IP (tos 0x${p.tos.toString(16)}, ttl ${p.ttl}, id ${p.id % 65_536}, offset 0, flags [${p.df ? 'DF' : 'none'}], proto ${protocolName(NUMBERS[p.proto] ?? 0).toUpperCase()} (${NUMBERS[p.proto] ?? 0}), length ${p.size})`;

function flow(p: Packet, look: Look): string {
  if (p.proto === 'icmp') return `${host(p.src, look)} > ${host(p.dst, look)}: ${icmp(p, look)}`;
  const ends = `${host(p.src, look)}.${port(p.sport, p.proto, look)} > ${host(p.dst, look)}.${port(p.dport, p.proto, look)}: `;
  return ends + (p.proto === 'tcp' ? tcp(p, look) : udp(p, look));
}

/** What follows the time. `bare`: the protocol is named by what precedes (-e). */
function body(p: Packet, look: Look, bare: boolean): string {
  if (p.proto === 'arp') {
    const text = arp(p, look);
    return look.verbose ? text.replace('ARP, ', `${bare ? '' : 'ARP, '}Ethernet (len 6), IPv4 (len 4), `) : bare ? text.replace('ARP, ', '') : text;
  }
  if (look.verbose) return `${bare ? header(p).slice(3) : header(p)}\n    ${flow(p, look)}`;
  return `${bare ? '' : 'IP '}${flow(p, look)}`;
}

const ethertype = (p: Packet): string => (p.proto === 'arp' ? 'ARP (0x0806)' : 'IPv4 (0x0800)');
const link = (p: Packet): string => `${p.smac ?? '00:00:00:00:00:00'} > ${p.dmac === 'ff:ff:ff:ff:ff:ff' ? 'Broadcast' : p.dmac ?? '00:00:00:00:00:00'}, ethertype ${ethertype(p)}, length ${p.size + 14}`;
const cooked = (p: Packet, direction: 'In' | 'Out'): string =>
  `${direction === 'Out' ? 'Out' : p.dmac === 'ff:ff:ff:ff:ff:ff' ? '  B' : ' In'} ${p.smac ?? '00:00:00:00:00:00'} ethertype ${ethertype(p)}, length ${p.size + 16}`;

const text = (data: Json): string => (typeof data === 'string' ? data : data === null ? '' : JSON.stringify(data));

/** The line or lines of one packet, without the time. */
export function printPacket(p: Packet, direction: 'In' | 'Out', any: boolean, look: Look): string {
  const lead = look.ethernet ? `${any ? cooked(p, direction) : link(p)}: ` : '';
  let line = lead + body(p, look, look.ethernet);
  if (look.ascii || look.hex) line += `\n${dump(text(p.payload), look.hex)}`;
  return line;
}

function dump(data: string, hex: boolean): string {
  if (!hex) return data.replace(/[^\x20-\x7e\n\t]/g, '.');
  const rows: string[] = [];
  for (let at = 0; at < data.length; at += 16) {
    const piece = data.slice(at, at + 16);
    const codes = [...piece].map((c) => (c.charCodeAt(0) & 255).toString(16).padStart(2, '0'));
    const words = Array.from({ length: Math.ceil(codes.length / 2) }, (_, i) => codes.slice(2 * i, 2 * i + 2).join('')).join(' ');
    rows.push(`\t0x${at.toString(16).padStart(4, '0')}:  ${words.padEnd(39)}  ${piece.replace(/[^\x20-\x7e]/g, '.')}`);
  }
  return rows.join('\n');
}
