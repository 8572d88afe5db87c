/**
 * The command line of iproute2 4.9: global options, keywords that may be shortened, arguments in any
 * order. A usage error is thrown as Usage and printed by ip.ts.
 */
import { parsePrefix } from '../../../../sim/net/address.ts';
import { TABLE } from '../../../../sim/net/state.ts';

export class Usage extends Error {
  constructor(message: string, readonly status: number) { super(message); }
}

export interface Options { family: 0 | 4 | 6; stats: number; details: boolean; oneline: boolean; brief: boolean; netns: string | undefined; numeric: boolean; resolve: boolean }

export class Words {
  private at = 0;
  constructor(readonly list: readonly string[]) {}
  get done(): boolean { return this.at >= this.list.length; }
  peek(): string | undefined { return this.list[this.at]; }
  next(): string { return this.list[this.at++]!; }
  rest(): string[] { const rest = this.list.slice(this.at); this.at = this.list.length; return rest; }
  /** The argument of a keyword. */
  value(): string {
    if (this.done) throw new Usage('Command line is not complete. Try option "help"\n', 255);
    return this.next();
  }
}

/** iproute2's matches(): a non-empty prefix. */
export const matches = (word: string, keyword: string): boolean => word !== '' && keyword.startsWith(word);
export const oneOf = (word: string, ...keywords: readonly string[]): boolean => keywords.some((keyword) => matches(word, keyword));

export const invalid = (what: string, word: string): Usage => new Usage(`Error: argument "${word}" is wrong: ${what}\n`, 255);

export function number(word: string, what: string): number {
  if (!/^(0x[0-9a-f]+|\d+)$/i.test(word)) throw invalid(what, word);
  return Number(word);
}

/** An inet prefix; iproute2's own words when it is none. */
export function prefix(word: string): { ip: string; prefix: number; given: boolean } {
  const found = parsePrefix(word);
  if (!found) throw new Usage(`Error: an inet prefix is expected rather than "${word}".\n`, 1);
  return found;
}
export function address(word: string): string {
  const found = word.includes('/') ? null : parsePrefix(word);
  if (!found) throw new Usage(`Error: an inet address is expected rather than "${word}".\n`, 1);
  return found.ip;
}

const TABLES: Readonly<Record<string, number>> = { ...TABLE, all: 0, unspec: 0 };
export function table(word: string): number {
  if (TABLES[word] !== undefined) return TABLES[word]!;
  if (!/^\d+$/.test(word)) throw invalid('"table" value is invalid\n'.trim(), word);
  return Number(word);
}
export const tableName = (n: number): string => Object.entries(TABLE).find(([, id]) => id === n)?.[0] ?? String(n);

const PROTOS: Readonly<Record<number, string>> = { 0: 'none', 1: 'redirect', 2: 'kernel', 3: 'boot', 4: 'static', 8: 'gated', 9: 'ra', 10: 'mrt', 11: 'zebra', 12: 'bird', 16: 'dhcp' };
export function routeProto(word: string): string {
  if (/^\d+$/.test(word)) return PROTOS[Number(word)] ?? word;
  if (!Object.values(PROTOS).includes(word)) throw invalid('"protocol" value is invalid', word);
  return word;
}

export function scope(word: string): 'global' | 'link' | 'host' {
  const names: Readonly<Record<string, 'global' | 'link' | 'host'>> = { global: 'global', link: 'link', host: 'host', 0: 'global', 253: 'link', 254: 'host' };
  const found = names[word];
  if (!found) throw invalid('invalid "scope" value', word);
  return found;
}

export const onOff = (word: string, what: string): boolean => {
  if (word !== 'on' && word !== 'off') throw new Usage(`Error: argument of "${what}" must be "on" or "off", not "${word}"\n`, 255);
  return word === 'on';
};
