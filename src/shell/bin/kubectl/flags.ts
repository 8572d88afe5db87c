/**
 * Flags as pflag 1.0 parses them: `--flag=value`, `--flag value`, clusters of shorthands, `-owide`, and its
 * words for what is wrong. It knows no command.
 */
import { parseDuration } from './time.ts';

export type FlagType = 'bool' | 'string' | 'int' | 'duration' | 'strings' | 'array';

export interface Flag {
  readonly name: string; readonly short: string; readonly type: FlagType; readonly def: string;
  /** The value of a flag given without one. */
  readonly noOpt: string | null;
  readonly help: string;
  readonly hidden: boolean;
}

const ROW = /^(!?)([\w-]+)(?:,(\w))? (bool|string|int|duration|strings|array)(?:=(\S*))?(?:\?(\S+))?(?: (.*))?$/;

/**
 * A table of flags, one a line: `name,n type=default?value-if-bare description`; a leading ! hides one.
 */
export function flagTable(text: string): readonly Flag[] {
  return text.split('\n').filter((line) => line.trim()).map((line) => {
    const m = ROW.exec(line.trim());
    if (!m) throw new Error(`no flag: ${line}`);
    const type = m[4] as FlagType;
    const def = m[5] ?? (type === 'bool' ? 'false' : type === 'int' ? '0' : type === 'duration' ? '0s' : '');
    return { name: m[2]!, short: m[3] ?? '', type, def, noOpt: m[6] ?? (type === 'bool' ? 'true' : null), help: m[7] ?? '', hidden: m[1] === '!' };
  });
}

export class Flags {
  private readonly values = new Map<string, string[]>();
  /** Arguments that are no flags, and how many of them stood before `--` (-1: there was none). */
  readonly args: string[] = [];
  dash = -1;

  constructor(readonly specs: readonly Flag[]) {}

  set(name: string, value: string, add: boolean): void {
    const before = add ? this.values.get(name) : undefined;
    this.values.set(name, before ? [...before, value] : [value]);
  }
  /** As if these had not been given. */
  without(names: readonly string[]): Flags {
    const rest = new Flags(this.specs);
    for (const [name, values] of this.values) if (!names.includes(name)) rest.values.set(name, values);
    return rest;
  }
  changed(name: string): boolean { return this.values.has(name); }
  has(name: string): boolean { return this.specs.some((flag) => flag.name === name); }
  str(name: string): string { return this.values.get(name)?.at(-1) ?? this.specs.find((flag) => flag.name === name)?.def ?? ''; }
  bool(name: string): boolean { return TRUE.has(this.str(name)); }
  int(name: string): number { return Number(this.str(name) || 0); }
  /** Microseconds. */
  us(name: string): number {
    const parsed = parseDuration(this.str(name) || '0');
    return 'us' in parsed ? parsed.us : 0;
  }
  list(name: string): readonly string[] {
    const given = this.values.get(name);
    if (!given) return [];
    return this.specs.find((flag) => flag.name === name)?.type === 'array' ? given : given.flatMap(csv);
  }
}

const TRUE = new Set(['1', 't', 'T', 'true', 'TRUE', 'True']);
const FALSE = new Set(['0', 'f', 'F', 'false', 'FALSE', 'False']);

/** One record of encoding/csv: fields in double quotes may hold commas. */
function csv(text: string): string[] {
  if (!text.includes('"')) return text === '' ? [] : text.split(',');
  const out: string[] = [];
  for (const m of text.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/g)) out.push(m[1] !== undefined ? m[1].replaceAll('""', '"') : m[2]!);
  return out;
}

export type FlagsParsed = { ok: true; flags: Flags } | { ok: false; error: string; help?: boolean };

class HelpAsked {}
class BadFlag { constructor(readonly message: string) {} }

/** `specs` holds the command's flags and all that it inherits. */
export function parseFlags(words: readonly string[], specs: readonly Flag[]): FlagsParsed {
  const flags = new Flags(specs);
  try {
    for (let i = 0; i < words.length; i++) {
      const word = words[i]!;
      if (!word.startsWith('-') || word === '-') { flags.args.push(word); continue; }
      if (word === '--') {
        flags.dash = flags.args.length;
        flags.args.push(...words.slice(i + 1));
        break;
      }
      const next = (): string | undefined => words[++i];
      if (word.startsWith('--')) long(word, flags, next); else shorthands(word, flags, next);
    }
    return { ok: true, flags };
  } catch (error) {
    if (error instanceof HelpAsked) return { ok: false, error: '', help: true };
    if (error instanceof BadFlag) return { ok: false, error: error.message };
    throw error;
  }
}

function long(word: string, flags: Flags, next: () => string | undefined): void {
  const body = word.slice(2);
  if (body.startsWith('-') || body.startsWith('=')) throw new BadFlag(`bad flag syntax: ${word}`);
  const at = body.indexOf('=');
  // pflag takes _ for -, as kubectl's normaliser has it.
  const name = (at < 0 ? body : body.slice(0, at)).replaceAll('_', '-');
  const flag = flags.specs.find((spec) => spec.name === name);
  if (!flag) {
    if (name === 'help') throw new HelpAsked();
    throw new BadFlag(`unknown flag: --${at < 0 ? body : body.slice(0, at)}`);
  }
  if (at >= 0) { assign(flag, body.slice(at + 1), flags); return; }
  if (flag.noOpt !== null) { assign(flag, flag.noOpt, flags); return; }
  const value = next();
  if (value === undefined) throw new BadFlag(`flag needs an argument: ${word}`);
  assign(flag, value, flags);
}

function shorthands(word: string, flags: Flags, next: () => string | undefined): void {
  let rest = word.slice(1);
  while (rest) {
    const c = rest[0]!;
    const flag = flags.specs.find((spec) => spec.short === c);
    if (!flag) {
      if (c === 'h') throw new HelpAsked();
      throw new BadFlag(`unknown shorthand flag: ${JSON.stringify(c).replace(/^"|"$/g, "'")} in -${rest}`);
    }
    if (rest.length > 2 && rest[1] === '=') { assign(flag, rest.slice(2), flags); return; }
    if (flag.noOpt !== null) { assign(flag, flag.noOpt, flags); rest = rest.slice(1); continue; }
    if (rest.length > 1) { assign(flag, rest.slice(1), flags); return; }
    const value = next();
    if (value === undefined) throw new BadFlag(`flag needs an argument: ${JSON.stringify(c).replace(/^"|"$/g, "'")} in -${rest}`);
    assign(flag, value, flags);
    return;
  }
}

function assign(flag: Flag, value: string, flags: Flags): void {
  const complaint = checkValue(flag.type, value);
  if (complaint !== null) {
    const shown = flag.short ? `-${flag.short}, --${flag.name}` : `--${flag.name}`;
    throw new BadFlag(`invalid argument ${JSON.stringify(value)} for ${JSON.stringify(shown)} flag: ${complaint}`);
  }
  flags.set(flag.name, value, flag.type === 'strings' || flag.type === 'array');
}

function checkValue(type: FlagType, value: string): string | null {
  if (type === 'bool') return TRUE.has(value) || FALSE.has(value) ? null : `strconv.ParseBool: parsing ${JSON.stringify(value)}: invalid syntax`;
  if (type === 'int') return /^[+-]?(0[xX][0-9a-fA-F]+|\d+)$/.test(value) ? null : `strconv.ParseInt: parsing ${JSON.stringify(value)}: invalid syntax`;
  if (type === 'duration') {
    const parsed = parseDuration(value);
    return 'us' in parsed ? null : parsed.error;
  }
  return null;
}

/** Which words are commands, as cobra strips flags before it knows the command: [index of each word]. */
export function commandWords(words: readonly string[], specs: readonly Flag[]): number[] {
  const out: number[] = [];
  for (let i = 0; i < words.length; i++) {
    const word = words[i]!;
    if (word === '--') break;
    if (word.startsWith('--')) {
      if (!word.includes('=') && (specs.find((flag) => flag.name === word.slice(2))?.noOpt ?? null) === null && word !== '--help') i++;
    } else if (word.startsWith('-') && word !== '-') {
      if (!word.includes('=') && word.length === 2 && (specs.find((flag) => flag.short === word[1])?.noOpt ?? null) === null && word !== '-h') i++;
    } else if (word !== '') out.push(i);
  }
  return out;
}
