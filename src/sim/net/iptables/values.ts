/**
 * Values of iptables' options: ports, marks, addresses, rates, lists; read, and written as
 * iptables-save and -L write them (libxtables 1.4.21 and 1.6). A wrong value is a Problem in its words.
 */
import { ipNumber, ipText, isIp, maskPrefix, prefixMask } from '../address.ts';
import { serviceName, servicePort } from '../protocols.ts';

/** A message and exit status that ends the command (xtables_error). */
export class Problem extends Error {
  constructor(message: string, readonly status: 1 | 2 | 3 = 2, /** Printed as it stands, without the program's name. */ readonly bare = false) { super(message); }
}

export const isNumber = (text: string): boolean => /^(0[xX][0-9a-fA-F]+|\d+)$/.test(text);
/** strtoul with base 0: decimal, 0x hexadecimal, leading 0 octal. */
export const number = (text: string): number => (/^0[xX]/.test(text) ? parseInt(text, 16) : /^0[0-7]+$/.test(text) ? parseInt(text, 8) : Number(text));
export const hex = (n: number): string => `0x${(n >>> 0).toString(16)}`;

export function port(text: string, proto: string): number {
  if (/^(0x[0-9a-f]+|\d+)$/i.test(text) && number(text) <= 65_535) return number(text);
  const named = servicePort(text, proto);
  if (named === null) throw new Problem(`invalid port/service \`${text}' specified`);
  return named;
}

export function portRange(text: string, proto: string): readonly [number, number] {
  const colon = text.indexOf(':');
  if (colon < 0) { const one = port(text, proto); return [one, one]; }
  const low = text.slice(0, colon), high = text.slice(colon + 1);
  const range = [low ? port(low, proto) : 0, high ? port(high, proto) : 65_535] as const;
  if (range[0] > range[1]) throw new Problem('invalid portrange (min > max)');
  return range;
}

export const saveRange = ([low, high]: readonly [number, number, ...unknown[]]): string => (low === high ? String(low) : `${low}:${high}`);

export const portName = (n: number, proto: string, numeric: boolean): string => (numeric ? String(n) : serviceName(n, proto) ?? String(n));

/** value[/mask] of MARK, mark, connmark. */
export function mark(text: string, option: string): readonly [number, number] {
  const [value, mask, ...rest] = text.split('/');
  if (rest.length || !isNumber(value ?? '') || mask !== undefined && !isNumber(mask)) throw new Problem(`Bad ${option} value "${text}"`);
  return [number(value!) >>> 0, mask === undefined ? 0xffffffff : number(mask) >>> 0];
}
export const saveMark = (value: number, mask: number): string => (mask === 0xffffffff ? hex(value) : `${hex(value)}/${hex(mask)}`);

/** An address with an optional mask, for -s and -d: network bits kept. `10.1` is 10.1.0.0 and a host, as the tool reads it. */
export function addressMask(text: string): { ip: number; mask: number } {
  const slash = text.indexOf('/');
  const head = slash < 0 ? text : text.slice(0, slash), tail = slash < 0 ? null : text.slice(slash + 1);
  const ip = shortAddress(head);
  const mask = tail === null ? 0xffffffff : maskOf(tail);
  if (ip === null) throw new Problem(`host/network \`${head}' not found`);
  return { ip: (ip & mask) >>> 0, mask };
}

function maskOf(text: string): number {
  if (isIp(text)) return ipNumber(text);
  if (!/^\d+$/.test(text) || Number(text) > 32) throw new Problem(`invalid mask \`${text}' specified`);
  return prefixMask(Number(text));
}

function shortAddress(text: string): number | null {
  if (!/^\d{1,3}(\.\d{1,3}){0,3}$/.test(text)) return null;
  const parts = text.split('.');
  while (parts.length < 4) parts.push('0');
  return isIp(parts.join('.')) ? ipNumber(parts.join('.')) : null;
}

/** As -S writes it: always with a prefix or mask. */
export function saveAddress(ip: number, mask: number): string {
  const prefix = maskPrefix(mask);
  return `${ipText(ip)}/${prefix ?? ipText(mask)}`;
}
/** As -L writes it. */
export function printAddress(ip: number, mask: number, numeric: boolean, name: (ip: string) => string): string {
  if (mask === 0 && !numeric) return 'anywhere';
  const text = ipText(ip);
  const prefix = maskPrefix(mask);
  if (prefix === 32) return numeric ? text : name(text);
  return `${text}/${prefix ?? ipText(mask)}`;
}

const PLAIN = /^[A-Za-z0-9_-]+$/;
/** xtables_save_string: quoted unless plain. */
export const saveString = (text: string): string => (PLAIN.test(text) ? text : `"${text.replace(/["\\']/g, '\\$&')}"`);

/** Rates of limit and hashlimit, in microseconds for one packet. */
const UNITS: readonly (readonly [string, number])[] = [['second', 1_000_000], ['minute', 60_000_000], ['hour', 3_600_000_000], ['day', 86_400_000_000]];
export function rate(text: string): number | null {
  const m = /^(\d+)(?:\/(\w+))?$/.exec(text);
  const unit = m?.[2] === undefined ? UNITS[0] : UNITS.find(([name]) => name.startsWith(m[2]!.toLowerCase()));
  return m && unit && Number(m[1]) > 0 ? unit[1] / Number(m[1]) : null;
}
const SHORT = ['sec', 'min', 'hour', 'day'];
export function printRate(everyUs: number): string {
  // The largest unit in which the rate is a whole number is the one that was given, as a rule.
  for (let i = 0; i < UNITS.length; i++) {
    const per = UNITS[i]![1] / everyUs;
    if (per >= 1 && Math.abs(per - Math.round(per)) < 0.001) return `${Math.round(per)}/${SHORT[i]}`;
  }
  return `${Math.max(1, Math.round(UNITS[0]![1] / everyUs))}/sec`;
}
