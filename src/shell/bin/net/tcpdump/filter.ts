/**
 * pcap-filter(7), as far as packets here have what it asks for: hosts, nets, ports, protocols, sizes,
 * TCP flags and ICMP types, joined by and, or, not. A filter looks at the outer packet only.
 */
import { inNet, ipNumber, isIp, isMac, isMulticast, maskPrefix, normalMac } from '../../../../sim/net/address.ts';
import { protocolNumber, servicePort } from '../../../../sim/net/protocols.ts';
import type { Packet } from '../../../../sim/net/state.ts';

export type Test = (p: Packet) => boolean;
export type Names = (host: string) => string | null;

interface Qualifiers { dir: 'src' | 'dst' | 'or' | 'and'; proto: string | null; type: 'host' | 'net' | 'port' | 'portrange' | null }

const BITS: Readonly<Record<string, number>> = { F: 1, S: 2, R: 4, P: 8, A: 16 };
const VALUES: Readonly<Record<string, number>> = {
  'tcp-fin': 1, 'tcp-syn': 2, 'tcp-rst': 4, 'tcp-push': 8, 'tcp-ack': 16, 'tcp-urg': 32, 'icmp-echoreply': 0, 'icmp-unreach': 3, 'icmp-redirect': 5, 'icmp-echo': 8, 'icmp-timxceed': 11,
};
const NUMBER: Readonly<Record<string, number>> = { tcp: 6, udp: 17, icmp: 1 };

const flags = (p: Packet): number => [...(p.tcp?.flags ?? '')].reduce((n, letter) => n | (BITS[letter] ?? 0), 0);

/** The values that an index expression can ask for. */
const FIELDS: Readonly<Record<string, (p: Packet) => number | null>> = {
  'tcp[tcpflags]': (p) => (p.tcp ? flags(p) : null), 'tcp[13]': (p) => (p.tcp ? flags(p) : null),
  'icmp[icmptype]': (p) => p.icmp?.type ?? null, 'icmp[0]': (p) => p.icmp?.type ?? null, 'icmp[icmpcode]': (p) => p.icmp?.code ?? null, 'icmp[1]': (p) => p.icmp?.code ?? null,
  'ip[8]': (p) => (p.proto === 'arp' ? null : p.ttl), 'ip[1]': (p) => (p.proto === 'arp' ? null : p.tos), 'ip[9]': (p) => NUMBER[p.proto] ?? null,
  'ip[2:2]': (p) => (p.proto === 'arp' ? null : p.size), 'udp[4:2]': (p) => (p.proto === 'udp' ? p.size - 20 : null),
};

class Reader {
  private at = 0;
  private last: Qualifiers = { dir: 'or', proto: null, type: null };
  constructor(private readonly words: readonly string[], private readonly names: Names) {}

  whole(): Test | null {
    const test = this.or();
    return test && this.at >= this.words.length ? test : null;
  }
  private or(): Test | null {
    let left = this.and();
    while (left && /^(or|\|\|)$/.test(this.words[this.at] ?? '')) {
      this.at++;
      const a = left, b = this.and();
      left = b && ((p) => a(p) || b(p));
    }
    return left;
  }
  private and(): Test | null {
    let left = this.not();
    while (left && /^(and|&&)$/.test(this.words[this.at] ?? '')) {
      this.at++;
      const a = left, b = this.not();
      left = b && ((p) => a(p) && b(p));
    }
    return left;
  }
  private not(): Test | null {
    const word = this.words[this.at];
    if (word === 'not' || word === '!') { this.at++; const inner = this.not(); return inner && ((p) => !inner(p)); }
    if (word === '(') { this.at++; const inner = this.or(); return this.words[this.at++] === ')' ? inner : null; }
    return this.primitive();
  }

  private index(): Test | null | undefined {
    const field = FIELDS[this.words[this.at] ?? ''];
    if (!field) return undefined;
    this.at++;
    let mask = 0xffffffff;
    if (this.words[this.at] === '&') { const m = this.mask(); if (m === null) return null; mask = m; }
    const op = this.words[this.at++] ?? '', wanted = this.mask(true);
    if (wanted === null) return null;
    const compare: Readonly<Record<string, (n: number) => boolean>> = { '=': (n) => n === wanted, '==': (n) => n === wanted, '!=': (n) => n !== wanted, '>': (n) => n > wanted, '<': (n) => n < wanted, '>=': (n) => n >= wanted, '<=': (n) => n <= wanted };
    const test = compare[op];
    return test ? (p) => { const value = field(p); return value !== null && test(value & mask); } : null;
  }
  /** A number, or names of flags joined by |, maybe in parentheses. */
  private mask(here = false): number | null {
    if (!here) this.at++;
    const open = this.words[this.at] === '(';
    if (open) this.at++;
    let value = 0;
    for (;;) {
      const word = this.words[this.at++] ?? '';
      const n = VALUES[word] ?? (/^(0x[0-9a-f]+|\d+)$/i.test(word) ? Number(word) : null);
      if (n === null) return null;
      value |= n;
      if (this.words[this.at] !== '|') break;
      this.at++;
    }
    if (open && this.words[this.at++] !== ')') return null;
    return value;
  }

  private primitive(): Test | null {
    const indexed = this.index();
    if (indexed !== undefined) return indexed;
    const q: Qualifiers = { dir: 'or', proto: null, type: null };
    let qualified = false;
    for (;;) {
      const word = this.words[this.at];
      if (word === undefined) break;
      if (/^(ip|arp|rarp|tcp|udp|icmp|ip6|ether|icmp6|sctp)$/.test(word)) q.proto = word;
      else if (word === 'src' || word === 'dst') {
        q.dir = word;
        const joined = this.words[this.at + 1], other = this.words[this.at + 2];
        if ((joined === 'or' || joined === 'and') && (other === 'dst' || other === 'src') && other !== word) { q.dir = joined; this.at += 2; }
      } else if (word === 'host' || word === 'net' || word === 'port' || word === 'portrange') q.type = word;
      else if (word === 'proto' && q.proto === 'ip') { this.at++; return this.protocol(); }
      else break;
      this.at++;
      qualified = true;
    }
    const word = this.words[this.at];
    if (word === 'broadcast' || word === 'multicast') { this.at++; return word === 'broadcast' ? (p) => p.dmac === 'ff:ff:ff:ff:ff:ff' || p.dst === '255.255.255.255' : (p) => isMulticast(ipNumber(p.dst)); }
    if (word === 'less' || word === 'greater' || word === 'len') return this.size(word);
    if (word === 'vxlan') { this.at++; return (p) => p.vxlan !== undefined; }
    if (qualified && q.type === null && (word === undefined || /^(and|or|not|&&|\|\||\)|!)$/.test(word))) return q.dir === 'or' ? ofProto(q.proto) : null;
    if (word === undefined || /^(and|or|\)|&&|\|\|)$/.test(word)) return null;
    this.at++;
    const full = qualified ? { ...q, type: q.type ?? 'host' as const } : { ...this.last, type: this.last.type ?? 'host' as const };
    this.last = full;
    const inner = this.byType(full, word);
    const proto = full.proto === 'ether' ? null : ofProto(full.proto);
    return inner && (proto ? (p) => proto(p) && inner(p) : inner);
  }
  private protocol(): Test | null {
    const word = this.words[this.at++]?.replace('\\', '') ?? '';
    const n = protocolNumber(word);
    return n === null ? null : (p) => NUMBER[p.proto] === n;
  }
  private size(word: string): Test | null {
    this.at++;
    let op = word === 'less' ? '<=' : '>=';
    if (word === 'len') op = this.words[this.at++] ?? '';
    const n = Number(this.words[this.at++]);
    if (!Number.isInteger(n)) return null;
    return op === '<=' ? (p) => p.size + 14 <= n : op === '>=' ? (p) => p.size + 14 >= n : op === '<' ? (p) => p.size + 14 < n : op === '>' ? (p) => p.size + 14 > n : null;
  }

  private byType(q: Qualifiers, word: string): Test | null {
    const sides = <T>(of: (p: Packet, side: 'src' | 'dst') => T, test: (value: T) => boolean): Test => {
      if (q.dir === 'src' || q.dir === 'dst') { const side = q.dir; return (p) => test(of(p, side)); }
      return q.dir === 'and' ? (p) => test(of(p, 'src')) && test(of(p, 'dst')) : (p) => test(of(p, 'src')) || test(of(p, 'dst'));
    };
    if (q.proto === 'ether' && isMac(word)) { const mac = normalMac(word); return sides((p, side) => (side === 'src' ? p.smac : p.dmac), (value) => value === mac); }
    if (q.type === 'port' || q.type === 'portrange') {
      const [low, high] = word.split('-');
      const from = portNumber(low!, q.proto), to = high === undefined ? from : portNumber(high, q.proto);
      if (from === null || to === null || q.type === 'port' && high !== undefined && !servicePort(word, 'any')) return null;
      return sides((p, side) => (p.proto === 'tcp' || p.proto === 'udp' ? (side === 'src' ? p.sport : p.dport) : -1), (n) => n >= from && n <= to);
    }
    if (q.type === 'net') {
      const [net, bits] = word.split('/');
      const parts = net!.split('.');
      const given = parts.length;
      while (parts.length < 4) parts.push('0');
      let prefix = bits === undefined ? given * 8 : Number(bits);
      if (this.words[this.at] === 'mask') { this.at++; prefix = maskPrefix(ipNumber(this.words[this.at++] ?? '')) ?? 32; }
      const base = parts.join('.');
      if (!isIp(base) || !(prefix >= 0 && prefix <= 32)) return null;
      return sides((p, side) => p[side], (ip) => inNet(ip, base, prefix));
    }
    const ip = isIp(word) ? word : this.names(word);
    return ip === null ? null : sides((p, side) => p[side], (value) => value === ip);
  }
}

function ofProto(proto: string | null): Test {
  switch (proto) {
    case null: case 'ether': return () => true;
    case 'ip': return (p) => p.proto !== 'arp';
    case 'arp': case 'tcp': case 'udp': case 'icmp': return (p) => p.proto === proto;
    default: return () => false;
  }
}

const portNumber = (text: string, proto: string | null): number | null =>
  (/^\d+$/.test(text) ? (Number(text) <= 65_535 ? Number(text) : null) : servicePort(text, proto === 'tcp' || proto === 'udp' ? proto : 'any'));

/** The words of an expression: operators stand alone. */
const split = (text: string): string[] => text.match(/\w+\[[^\]]*\]|&&|\|\||[!=<>]=|[()!|&<>=]|[^\s()!|&<>=]+/g) ?? [];

/** null: not an expression that it knows. '' is everything. */
export function compile(text: string, names: Names): Test | null {
  const words = split(text);
  return words.length ? new Reader(words, names).whole() : () => true;
}
