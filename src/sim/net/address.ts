/**
 * IPv4 and MAC addresses as text and number. Parsing is remembered: the same few hundred addresses cross
 * a world millions of times.
 */
import type { Ip, Mac } from './state.ts';

const numbers = new Map<string, number>();
const texts = new Map<number, string>();
const REMEMBERED = 50_000;

/** The 32 bits of a well-formed dotted quad; NaN otherwise. */
export function ipNumber(ip: Ip): number {
  const known = numbers.get(ip);
  if (known !== undefined) return known;
  const n = parseQuad(ip);
  if (numbers.size > REMEMBERED) numbers.clear();
  numbers.set(ip, n);
  return n;
}

function parseQuad(ip: string): number {
  const parts = ip.split('.');
  if (parts.length !== 4) return NaN;
  let n = 0;
  for (const part of parts) {
    if (!/^\d{1,3}$/.test(part) || Number(part) > 255) return NaN;
    n = n * 256 + Number(part);
  }
  return n;
}

export const isIp = (text: string): boolean => !Number.isNaN(ipNumber(text));

export function ipText(n: number): Ip {
  const known = texts.get(n);
  if (known !== undefined) return known;
  const text = `${n >>> 24}.${(n >>> 16) & 255}.${(n >>> 8) & 255}.${n & 255}`;
  if (texts.size > REMEMBERED) texts.clear();
  texts.set(n, text);
  return text;
}

export const prefixMask = (prefix: number): number => (prefix <= 0 ? 0 : (0xffffffff << (32 - prefix)) >>> 0);
/** The prefix length of a contiguous mask, or null. */
export function maskPrefix(mask: number): number | null {
  for (let prefix = 0; prefix <= 32; prefix++) if (prefixMask(prefix) === mask) return prefix;
  return null;
}
export const network = (ip: Ip, prefix: number): Ip => ipText((ipNumber(ip) & prefixMask(prefix)) >>> 0);
export const broadcast = (ip: Ip, prefix: number): Ip => ipText((ipNumber(ip) | ~prefixMask(prefix)) >>> 0);
export const inNet = (ip: Ip, net: Ip, prefix: number): boolean => ((ipNumber(ip) ^ ipNumber(net)) & prefixMask(prefix)) === 0;

export const isMulticast = (n: number): boolean => n >>> 28 === 14;
export const isLoopback = (n: number): boolean => n >>> 24 === 127;

/** `10.0.0.0/8`, `10.1.2.3`, `default`, `10.1` (ip's short form: 10.1.0.0). null when it is none. */
export function parsePrefix(text: string): { ip: Ip; prefix: number; given: boolean } | null {
  if (text === 'default' || text === 'any' || text === 'all') return { ip: '0.0.0.0', prefix: 0, given: true };
  const slash = text.indexOf('/');
  const head = slash < 0 ? text : text.slice(0, slash);
  const parts = head.split('.');
  while (parts.length < 4 && slash >= 0) parts.push('0');
  const ip = parts.join('.');
  if (!isIp(ip)) return null;
  if (slash < 0) return { ip, prefix: 32, given: false };
  const tail = text.slice(slash + 1);
  if (/^\d+$/.test(tail)) return Number(tail) <= 32 ? { ip, prefix: Number(tail), given: true } : null;
  const prefix = isIp(tail) ? maskPrefix(ipNumber(tail)) : null;
  return prefix === null ? null : { ip, prefix, given: true };
}

export const BROADCAST_MAC: Mac = 'ff:ff:ff:ff:ff:ff';
export const ZERO_MAC: Mac = '00:00:00:00:00:00';
export const isMac = (text: string): boolean => /^([0-9a-f]{1,2}:){5}[0-9a-f]{1,2}$/i.test(text);
export const normalMac = (text: string): Mac => text.toLowerCase().split(':').map((part) => part.padStart(2, '0')).join(':');
const hex = (n: number): string => n.toString(16).padStart(2, '0');
/** The bridge CNI plugin's address of a pod: 0a:58 and the IP. */
export const macOfIp = (ip: Ip): Mac => `0a:58:${ip.split('.').map((part) => hex(Number(part))).join(':')}`;
/** The link-local IPv6 address made from a MAC (EUI-64). */
export function linkLocal6(mac: Mac): string {
  const b = mac.split(':').map((part) => parseInt(part, 16));
  const words = [((b[0]! ^ 2) << 8) | b[1]!, (b[2]! << 8) | 0xff, (0xfe << 8) | b[3]!, (b[4]! << 8) | b[5]!];
  return `fe80::${words.map((word) => word.toString(16)).join(':')}`;
}
