/** od of GNU coreutils 8.22/8.26, and xxd (vim) and hexdump (util-linux) beside it: bytes shown as numbers. */
import type { Sys } from '../../../sim/proc/program.ts';
import { fromBytes, toBytes } from '../../../sim/proc/text.ts';
import { strerror } from '../../../sim/proc/libc.ts';
import { call } from '../../../sim/proc/syscalls.ts';
import type { Command } from '../../command.ts';
import { formatNumber, parseFormat, type Conversion } from './format.ts';
import { parseSize } from './human.ts';
import { readOperand } from './input.ts';
import { PACKAGES, type Task, tool } from './tool.ts';

/** How one element of a line is shown. */
interface Kind { readonly letter: string; readonly size: number; readonly width: number; readonly printable: boolean; readonly show: (bytes: readonly number[]) => string }

const NAMED = ['nul', 'soh', 'stx', 'etx', 'eot', 'enq', 'ack', 'bel', 'bs', 'ht', 'nl', 'vt', 'ff', 'cr', 'so', 'si', 'dle', 'dc1', 'dc2', 'dc3',
  'dc4', 'nak', 'syn', 'etb', 'can', 'em', 'sub', 'esc', 'fs', 'gs', 'rs', 'us', 'sp'];
const C_ESCAPES: Readonly<Record<number, string>> = { 0: '\\0', 7: '\\a', 8: '\\b', 9: '\\t', 10: '\\n', 11: '\\v', 12: '\\f', 13: '\\r' };

/** Little-endian, as on x86. */
const unsigned = (bytes: readonly number[]): bigint => bytes.reduceRight((value, byte) => (value << 8n) | BigInt(byte), 0n);
const signed = (bytes: readonly number[]): bigint => BigInt.asIntN(bytes.length * 8, unsigned(bytes));

function float(bytes: readonly number[]): string {
  const view = new DataView(new ArrayBuffer(8));
  bytes.forEach((byte, i) => view.setUint8(i, byte));
  const value = bytes.length === 4 ? view.getFloat32(0, true) : view.getFloat64(0, true);
  for (let digits = bytes.length === 4 ? 6 : 15; ; digits++) {
    const text = formatNumber(parseFormat(`%.${digits}g`)[0] as Conversion, value);
    if ((bytes.length === 4 ? Math.fround(Number(text)) : Number(text)) === value || digits >= 17) return text;
  }
}

const byteC = (byte: number): string => C_ESCAPES[byte] ?? (byte >= 32 && byte < 127 ? String.fromCharCode(byte) : byte.toString(8).padStart(3, '0'));
const byteA = (byte: number): string => { const c = byte & 127; return NAMED[c] ?? (c === 127 ? 'del' : String.fromCharCode(c)); };

const DECIMAL_WIDTHS: Readonly<Record<number, number>> = { 1: 3, 2: 5, 4: 10, 8: 20 };

function kindOf(letter: string, size: number, printable: boolean): Kind {
  const digits = { o: Math.ceil((size * 8) / 3), x: size * 2, u: DECIMAL_WIDTHS[size]!, d: DECIMAL_WIDTHS[size]! + (size === 8 ? 0 : 1), f: size === 4 ? 15 : 24, c: 3, a: 3 }[letter]!;
  const show = (bytes: readonly number[]): string => {
    switch (letter) {
      case 'o': return unsigned(bytes).toString(8).padStart(digits, '0');
      case 'x': return unsigned(bytes).toString(16).padStart(digits, '0');
      case 'u': return String(unsigned(bytes));
      case 'd': return String(signed(bytes));
      case 'f': return float(bytes);
      case 'c': return byteC(bytes[0]!);
      default: return byteA(bytes[0]!);
    }
  };
  return { letter, size, width: digits, printable, show };
}

const SIZES: Readonly<Record<string, number>> = { C: 1, S: 2, I: 4, L: 8, F: 4, D: 8 };

/** A type string such as `x1z` or `d4`; or what is wrong. */
function parseTypes(text: string, quoted: (text: string) => string): Kind[] | string {
  const kinds: Kind[] = [];
  let rest = text;
  while (rest !== '') {
    const m = /^([acdfoux])(\d+|[CSILFD])?(z?)/.exec(rest);
    if (!m) return `invalid character '${rest[0]}' in type string ${quoted(text)}`;
    const letter = m[1]!;
    const typed = m[2] === undefined ? (letter === 'f' ? 8 : 4) : SIZES[m[2]] ?? Number(m[2]);
    const size = letter === 'a' || letter === 'c' ? 1 : typed;
    if (![1, 2, 4, 8].includes(size) || (letter === 'f' && size < 4)) {
      return `invalid type string ${quoted(text)};\nthis system doesn't provide a ${size}-byte ${letter === 'f' ? 'floating point' : 'integral'} type`;
    }
    kinds.push(kindOf(letter, size, m[3] === 'z'));
    rest = rest.slice(m[0].length);
  }
  return kinds;
}

const OLD_FORMS: Readonly<Record<string, string>> = { a: 'a', b: 'o1', c: 'c', d: 'u2', f: 'f4', i: 'd4', l: 'd8', o: 'o2', s: 'd2', x: 'x2', e: 'f8' };

export const od = tool({
  name: 'od', package: PACKAGES.coreutils, usage: ['[OPTION]... [FILE]...', '[-abcdfilosx]... [FILE] [[+]OFFSET[.][b]]'],
  about: 'Write an unambiguous representation, octal bytes by default,\nof FILE to standard output.  With more than one FILE argument,\nconcatenate them in the listed order to form the input.\n\n'
    + 'With no FILE, or when FILE is -, read standard input.',
  authors: 'Jim Meyering',
  options: [
    '-A, --address-radix=RADIX  d, o, x or n, for none', '-j, --skip-bytes=BYTES  skip BYTES first', '-N, --read-bytes=BYTES  show at most BYTES',
    '-S, --strings[=BYTES]  show strings of at least BYTES printable characters', '-t, --format=TYPE  choose formats', '-v, --output-duplicates  do not use * for lines that repeat',
    '-w, --width[=BYTES]  BYTES on each line', '-a  same as -t a', '-b  same as -t o1', '-c  same as -t c', '-d  same as -t u2', '-e  same as -t f8', '-f  same as -t fF',
    '-i  same as -t dI', '-l  same as -t dL', '-o  same as -t o2', '-s  same as -t d2', '-x  same as -t x2',
  ],
  notes: 'TYPE is made up of a, c, d[SIZE], f[SIZE], o[SIZE], u[SIZE] and x[SIZE]; z after it shows the characters too.',
  run: dumpAll,
});

/** Null if nothing could be read at all. */
function* readBytes(task: Task, paths: readonly string[]): Sys<number[] | null> {
  let bytes: number[] | null = null;
  for (const path of paths.length ? paths : ['-']) {
    const got = yield* readOperand(path);
    if (got.ok) bytes = [...(bytes ?? []), ...toBytes(got.value)];
    else yield* task.fileError(path, got.errno);
  }
  return bytes;
}

function* dumpAll(task: Task): Sys<number | void> {
  const kinds: Kind[] = [];
  for (const { key, value } of task.given) {
    const parsed = key === 't' ? parseTypes(value ?? '', (text) => task.quote(text)) : OLD_FORMS[key] ? parseTypes(OLD_FORMS[key], String) : [];
    if (typeof parsed === 'string') {
      yield* task.error(parsed);
      return 1;
    }
    kinds.push(...parsed);
  }
  if (kinds.length === 0) kinds.push(kindOf('o', 2, false));
  const radix = task.value('A') ?? 'o';
  if (!/^[doxn]$/.test(radix)) {
    yield* task.error(`invalid output address radix '${radix}'; it must be one character from [doxn]`);
    return 1;
  }
  const amount = (key: string): number | null => (task.has(key) && task.value(key) !== undefined ? (/^0x/i.test(task.value(key)!) ? Number(task.value(key)) : parseSize(task.value(key)!)) : 0);
  for (const [key, long] of [['j', '-j'], ['N', '-N'], ['w', '-w']] as const) {
    if (amount(key) !== null) continue;
    yield* task.error(`invalid ${long} argument ${task.quote(task.value(key)!)}`);
    return 1;
  }
  const skip = amount('j')!;
  const all = yield* readBytes(task, task.operands);
  if (!all) return 1;
  if (skip > all.length) {
    yield* task.error('cannot skip past end of combined input');
    return 1;
  }
  const bytes = all.slice(skip, task.has('N') ? skip + amount('N')! : undefined);
  const width = task.has('w') ? amount('w') || 32 : 16;
  task.print(dumpLines(bytes, { kinds, width, radix, skip, duplicates: task.has('v') }));
  return task.status;
}

interface DumpStyle { kinds: readonly Kind[]; width: number; radix: string; skip: number; duplicates: boolean }

const address = (at: number, radix: string): string =>
  (radix === 'n' ? '' : radix === 'x' ? at.toString(16).padStart(6, '0') : at.toString(radix === 'd' ? 10 : 8).padStart(7, '0'));

function dumpLines(bytes: readonly number[], style: DumpStyle): string {
  const { kinds, width, radix, skip } = style;
  // Every format is as wide as the widest needs for the same bytes.
  const perByte = Math.max(...kinds.map((kind) => (kind.width + 1) / kind.size));
  let out = '';
  let before = '';
  let starred = false;
  for (let at = 0; at < bytes.length; at += width) {
    const line = bytes.slice(at, at + width);
    const key = line.join();
    if (!style.duplicates && at > 0 && key === before && line.length === width && at + width < bytes.length + (bytes.length % width ? 0 : 1)) {
      if (!starred) out += '*\n';
      starred = true;
      continue;
    }
    before = key;
    starred = false;
    kinds.forEach((kind, i) => {
      out += (i === 0 ? address(at + skip, radix) : ' '.repeat(radix === 'n' ? 0 : address(0, radix).length)) + dumpLine(line, kind, width, perByte);
    });
  }
  return out + (radix === 'n' ? '' : `${address(bytes.length + skip, radix)}\n`);
}

function dumpLine(line: readonly number[], kind: Kind, width: number, perByte: number): string {
  const count = Math.ceil(line.length / kind.size);
  const total = Math.round(perByte * width);
  const slots = width / kind.size;
  let out = '';
  let used = 0;
  for (let i = 0; i < count; i++) {
    const bytes = Array.from({ length: kind.size }, (_, k) => line[i * kind.size + k] ?? 0);
    const end = Math.floor((total * (i + 1)) / slots);
    out += kind.show(bytes).padStart(end - used);
    used = end;
  }
  if (!kind.printable) return `${out}\n`;
  const shown = line.map((byte) => (byte >= 32 && byte < 127 ? String.fromCharCode(byte) : '.')).join('');
  return `${out}${' '.repeat(total - used)}  >${shown}<\n`;
}

const printable = (byte: number): string => (byte >= 32 && byte < 127 ? String.fromCharCode(byte) : '.');
const hex2 = (byte: number): string => byte.toString(16).padStart(2, '0');

export const hexdump = tool({
  name: 'hexdump', package: PACKAGES.utilLinux, usage: ['[options] <file>...'], about: 'Display file contents in hexadecimal, decimal, octal, or ascii.',
  options: [
    '-b, --one-byte-octal  one-byte octal display', '-c, --one-byte-char  one-byte character display', '-C, --canonical  canonical hex+ASCII display',
    '-d, --two-bytes-decimal  two-byte decimal display', '-o, --two-bytes-octal  two-byte octal display', '-x, --two-bytes-hex  two-byte hexadecimal display',
    '-n, --length=LENGTH  interpret only LENGTH bytes of input', '-s, --skip=OFFSET  skip OFFSET bytes from the beginning', '-v, --no-squeezing  output identical lines',
  ],
  run: hexdumpAll,
});

const HEXDUMP: Readonly<Record<string, (line: readonly number[]) => string>> = {
  b: (line) => line.map((byte) => ` ${byte.toString(8).padStart(3, '0')}`).join(''),
  c: (line) => line.map((byte) => byteC(byte).padStart(4)).join(''),
  d: (line) => words(line).map((word) => `   ${String(word).padStart(5, '0')}`).join(''),
  o: (line) => words(line).map((word) => `  ${word.toString(8).padStart(6, '0')}`).join(''),
  x: (line) => words(line).map((word) => `    ${word.toString(16).padStart(4, '0')}`).join(''),
  '': (line) => words(line).map((word) => ` ${word.toString(16).padStart(4, '0')}`).join(''),
};
const FULL: Readonly<Record<string, number>> = { b: 64, c: 64, d: 64, o: 64, x: 64, '': 40 };
const words = (line: readonly number[]): number[] => Array.from({ length: Math.ceil(line.length / 2) }, (_, i) => line[2 * i]! | ((line[2 * i + 1] ?? 0) << 8));

function canonicalLine(line: readonly number[]): string {
  const cells = Array.from({ length: 16 }, (_, i) => `${i % 8 === 0 ? ' ' : ''} ${i < line.length ? hex2(line[i]!) : '  '}`).join('');
  return `${cells}  |${line.map(printable).join('')}|`;
}

function* hexdumpAll(task: Task): Sys<number | void> {
  const amount = (key: string): number => {
    const typed = task.value(key);
    return typed === undefined ? (key === 'n' ? Infinity : 0) : /^0x/i.test(typed) ? Number(typed) : parseSize(typed) ?? NaN;
  };
  for (const key of ['n', 's']) {
    if (!Number.isNaN(amount(key))) continue;
    yield* task.error(`failed to parse ${key === 'n' ? 'length' : 'offset'}: '${task.value(key)!}'`);
    return 1;
  }
  const skip = amount('s');
  const all = yield* readBytes(task, task.operands);
  if (!all) return 1;
  const bytes = all.slice(skip, skip + amount('n'));
  const mode = task.last('b', 'c', 'C', 'd', 'o', 'x') ?? '';
  const width = mode === 'C' ? 8 : 7;
  let before = '';
  let starred = false;
  for (let at = 0; at < bytes.length; at += 16) {
    const line = bytes.slice(at, at + 16);
    const key = line.join();
    if (!task.has('v') && at > 0 && key === before && line.length === 16) {
      if (!starred) task.print('*\n');
      starred = true;
      continue;
    }
    before = key;
    starred = false;
    const body = mode === 'C' ? canonicalLine(line) : HEXDUMP[mode]!(line).padEnd(FULL[mode]!);
    task.print(`${(at + skip).toString(16).padStart(width, '0')}${body}\n`);
  }
  if (bytes.length) task.print(`${(bytes.length + skip).toString(16).padStart(width, '0')}\n`);
  return task.status;
}

export const xxd: Command = tool({
  name: 'xxd', package: PACKAGES.utilLinux, usage: ['[options] [infile [outfile]]', '-r [-s [-]offset] [-c cols] [-ps] [infile [outfile]]'],
  about: 'Make a hexdump or do the reverse.',
  options: [
    '-a  toggle autoskip: a * replaces lines of nul', '-b  binary digit dump', '-c COLS  COLS octets a line', '-e  little-endian dump', '-g BYTES  octets in a group',
    '-i  output in C include file style', '-l LEN  stop after LEN octets', '-p  plain hexdump style', '-r  reverse: convert hexdump into binary',
    '-s SEEK  start at SEEK bytes', '-u  use upper case hex letters',
  ],
  rewrite: (list) => list.map((word) => ({ '-ps': '-p', '-plain': '-p', '-postscript': '-p', '-bits': '-b', '-cols': '-c', '-groupsize': '-g', '-include': '-i', '-len': '-l', '-revert': '-r', '-seek': '-s' }[word] ?? word)),
  run: xxdAll,
});

function* xxdAll(task: Task): Sys<number | void> {
  const [path = '-', target] = task.operands;
  const got = yield* readOperand(path);
  if (!got.ok) {
    yield* task.error(`${path}: ${strerror(got.errno)}`);
    return 2;
  }
  const number = (key: string, fallback: number): number => (task.value(key) === undefined ? fallback : Number(task.value(key)));
  let text: string;
  if (task.has('r')) text = fromBytes(undump(got.value, task.has('p')));
  else {
    const seek = number('s', 0);
    const all = toBytes(got.value);
    const from = seek < 0 ? Math.max(0, all.length + seek) : seek;
    const bytes = all.slice(from, from + number('l', Infinity));
    text = task.has('i') ? cArray(bytes, path) : task.has('p') ? plainDump(bytes, number('c', 30)) : xxdLines(task, bytes, from, number);
  }
  if (task.has('u')) text = task.has('p') ? text.toUpperCase() : text.replace(/(?<=: )[0-9a-f ]+(?=  )/g, (hex) => hex.toUpperCase());
  if (target === undefined || target === '-') {
    task.print(text);
    return 0;
  }
  const wrote = yield* call('writeFile', { path: target, text, mode: 0o666 });
  if (!wrote.ok) {
    yield* task.error(`${target}: ${strerror(wrote.errno)}`);
    return 3;
  }
  return 0;
}

function xxdLines(task: Task, bytes: readonly number[], from: number, number: (key: string, fallback: number) => number): string {
  const bits = task.has('b');
  const little = task.has('e');
  const width = number('c', bits ? 6 : 16);
  const group = number('g', bits ? 1 : little ? 4 : 2) || width;
  const cell = (byte: number): string => (bits ? byte.toString(2).padStart(8, '0') : hex2(byte));
  const cellWidth = bits ? 8 : 2;
  const full = width * cellWidth + Math.ceil(width / group);
  let out = '';
  for (let at = 0; at < bytes.length; at += width) {
    const line = bytes.slice(at, at + width);
    let body = '';
    for (let i = 0; i < line.length; i += group) {
      const cells = line.slice(i, i + group).map(cell);
      body += `${(little ? cells.reverse().join('').padStart(group * cellWidth) : cells.join(''))} `;
    }
    out += `${(at + from).toString(16).padStart(8, '0')}: ${body.padEnd(full)} ${line.map(printable).join('')}\n`;
  }
  return out;
}

function plainDump(bytes: readonly number[], width: number): string {
  let out = '';
  for (let at = 0; at < bytes.length; at += width) out += `${bytes.slice(at, at + width).map(hex2).join('')}\n`;
  return out;
}

function cArray(bytes: readonly number[], path: string): string {
  const lines: string[] = [];
  for (let at = 0; at < bytes.length; at += 12) lines.push(`  ${bytes.slice(at, at + 12).map((byte) => `0x${hex2(byte)}`).join(', ')}`);
  const body = lines.join(',\n');
  if (path === '-') return `${body}\n`;
  const name = path.replace(/[^A-Za-z0-9_]/g, '_').replace(/^(?=\d)/, '__');
  return `unsigned char ${name}[] = {\n${body}\n};\nunsigned int ${name}_len = ${bytes.length};\n`;
}

function undump(text: string, plain: boolean): number[] {
  const out: number[] = [];
  const digits = (hex: string): number[] => (hex.match(/[0-9a-fA-F]{2}/g) ?? []).map((pair) => parseInt(pair, 16));
  if (plain) return digits(text.replace(/\s/g, ''));
  for (const line of text.split('\n')) {
    const m = /^\s*([0-9a-fA-F]+):\s?((?:[0-9a-fA-F]{2,}\s?)*)/.exec(line);
    if (!m) continue;
    const at = parseInt(m[1]!, 16);
    while (out.length < at) out.push(0);
    const body = m[2]!.split('  ')[0]!;
    digits(body.replace(/\s/g, '')).forEach((byte, i) => { out[at + i] = byte; });
  }
  return out;
}
