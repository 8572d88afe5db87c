/** Programs that cut files up or change their length: split, csplit, truncate, fallocate, dd (coreutils 8.22/8.26). */
import type { Sys } from '../../../sim/proc/program.ts';
import { strerror } from '../../../sim/proc/libc.ts';
import { call } from '../../../sim/proc/syscalls.ts';
import { byteLength, fromBytes, toBytes } from '../../../sim/proc/text.ts';
import type { Command } from '../../command.ts';
import { compileRegex } from '../text/regex/compile.ts';
import { formatNumber, type Conversion, parseFormat } from './format.ts';
import { human, parseSize } from './human.ts';
import { readOperand } from './input.ts';
import { quoteAlways, quoteIfNeeded } from './quote.ts';
import { PACKAGES, type Task, tool } from './tool.ts';

export const split = tool({
  name: 'split', package: PACKAGES.coreutils, usage: ['[OPTION]... [FILE [PREFIX]]'],
  about: "Output pieces of FILE to PREFIXaa, PREFIXab, ...;\ndefault size is 1000 lines, and default PREFIX is 'x'.\n\nWith no FILE, or when FILE is -, read standard input.",
  authors: 'Torbjorn Granlund and Richard M. Stallman',
  options: [
    '-a, --suffix-length=N  suffixes of length N (default 2)', '--additional-suffix=SUFFIX  add SUFFIX to file names', '-b, --bytes=SIZE  SIZE bytes in each file',
    '-C, --line-bytes=SIZE  at most SIZE bytes of lines in each file', '-d  numeric suffixes from 0', '--numeric-suffixes[=FROM]  numeric suffixes, from FROM',
    '-e, --elide-empty-files  make no empty files with -n', '-l, --lines=NUMBER  NUMBER lines in each file', '-n, --number=CHUNKS  CHUNKS files; l/N without splitting lines',
    '-t, --separator=SEP  SEP ends lines', '--verbose  say what is made',
  ],
  rewrite: (words) => words.map((word) => (/^-\d+$/.test(word) ? `-l${word.slice(1)}` : word)),
  run: splitFile,
});

const suffixAt = (n: number, length: number, numeric: boolean, from: number): string | null => {
  const base = numeric ? 10 : 26;
  let rest = n + from;
  let out = '';
  for (let i = 0; i < length; i++) {
    out = (numeric ? String(rest % base) : String.fromCharCode(97 + (rest % base))) + out;
    rest = Math.floor(rest / base);
  }
  return rest ? null : out;
};

function* splitFile(task: Task): Sys<number | void> {
  if (task.operands.length > 2) return yield* task.misuse(`extra operand ${task.quote(task.operands[2]!)}`);
  const modes = ['b', 'C', 'l', 'n'].filter((key) => task.has(key));
  if (modes.length > 1) return yield* task.misuse('cannot split in more than one way');
  const mode = modes[0] ?? 'l';
  const typed = task.value(mode) ?? '1000';
  const count = parseSize(typed.replace(/^l\//, ''));
  if (!count) {
    const what = mode === 'l' ? 'lines' : mode === 'n' ? 'chunks' : 'bytes';
    yield* task.error(`invalid number of ${what}: ${task.quote(typed)}`);
    return 1;
  }
  const [path = '-', prefix = 'x'] = task.operands;
  const got = yield* readOperand(path);
  if (!got.ok) {
    yield* task.error(`cannot open ${quoteAlways(path)} for reading: ${strerror(got.errno)}`);
    return 1;
  }
  const separator = task.value('t') ?? '\n';
  const lines = got.value.split(separator).map((line, i, all) => (i + 1 < all.length ? line + separator : line)).filter((line) => line !== '');
  const parts = mode === 'b' ? byBytes(got.value, count) : mode === 'C' ? byLineBytes(lines, count) : mode === 'l' ? byLines(lines, count)
    : inChunks(got.value, lines, count, typed.startsWith('l/')).filter((part) => part !== '' || !task.has('e'));
  const numeric = task.has('d') || task.has('numeric-suffixes');
  const from = Number(task.value('numeric-suffixes') ?? 0);
  const length = Number(task.value('a') ?? (mode === 'n' ? Math.max(2, suffixDigits(parts.length, numeric)) : Math.max(2, autoLength(parts.length, numeric))));
  for (const [i, text] of parts.entries()) {
    const suffix = suffixAt(i, length, numeric, from);
    if (suffix === null) {
      yield* task.error('output file suffixes exhausted');
      return 1;
    }
    const name = prefix + suffix + (task.value('additional-suffix') ?? '');
    const wrote = yield* call('writeFile', { path: name, text, mode: 0o666 });
    if (!wrote.ok) {
      yield* task.error(`${quoteIfNeeded(name)}: ${strerror(wrote.errno)}`);
      return 1;
    }
    if (task.has('verbose')) task.print(`creating file ${quoteAlways(name)}\n`);
  }
  return task.status;
}

const suffixDigits = (count: number, numeric: boolean): number => Math.ceil(Math.log(Math.max(2, count)) / Math.log(numeric ? 10 : 26) - 1e-9);
/** With the default length, names grow when they run out; the model makes them long enough from the start. */
const autoLength = (count: number, numeric: boolean): number => (count <= (numeric ? 100 : 676) ? 2 : suffixDigits(count, numeric));

function byBytes(text: string, size: number): string[] {
  const bytes = toBytes(text);
  return Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) => fromBytes(bytes.slice(i * size, (i + 1) * size)));
}
const byLines = (lines: readonly string[], count: number): string[] =>
  Array.from({ length: Math.ceil(lines.length / count) }, (_, i) => lines.slice(i * count, (i + 1) * count).join(''));

function byLineBytes(lines: readonly string[], size: number): string[] {
  const out: string[] = [];
  let part = '';
  for (const line of lines) {
    if (part !== '' && byteLength(part) + byteLength(line) > size) {
      out.push(part);
      part = '';
    }
    if (byteLength(line) > size) {
      const cut = byBytes(line, size);
      part = cut.pop()!;
      out.push(...cut);
    } else part += line;
  }
  return part === '' ? out : [...out, part];
}

function inChunks(text: string, lines: readonly string[], count: number, whole: boolean): string[] {
  const size = byteLength(text);
  const each = Math.floor(size / count);
  if (!whole) {
    const bytes = toBytes(text);
    return Array.from({ length: count }, (_, i) => fromBytes(bytes.slice(i * each, i + 1 === count ? undefined : (i + 1) * each)));
  }
  const out = new Array<string>(count).fill('');
  let at = 0;
  for (const line of lines) {
    out[Math.min(count - 1, each ? Math.floor(at / each) : count - 1)] += line;
    at += byteLength(line);
  }
  return out;
}

export const csplit = tool({
  name: 'csplit', package: PACKAGES.coreutils, usage: ['[OPTION]... FILE PATTERN...'],
  about: "Output pieces of FILE separated by PATTERN(s) to files 'xx00', 'xx01', ...,\nand output byte counts of each piece to standard output.\n\nRead standard input if FILE is -",
  authors: 'Stuart Kemp and David MacKenzie',
  options: [
    '-b, --suffix-format=FORMAT  use FORMAT of sprintf, not %02d', '-f, --prefix=PREFIX  use PREFIX, not xx', '-k, --keep-files  keep files after errors',
    '--suppress-matched  leave out the lines that match', '-n, --digits=DIGITS  use DIGITS digits, not 2', '-s, --quiet, --silent  do not print sizes',
    '-z, --elide-empty-files  make no empty files',
  ],
  run: csplitFile,
});

interface Cutting { lines: string[]; at: number; parts: string[] }

function* csplitFile(task: Task): Sys<number | void> {
  const [path, ...patterns] = task.operands;
  if (path === undefined) return yield* task.misuse('missing operand');
  if (patterns.length === 0) return yield* task.misuse(`missing operand after ${task.quote(path)}`);
  const got = yield* readOperand(path);
  if (!got.ok) {
    yield* task.error(`cannot open ${quoteAlways(path)} for reading: ${strerror(got.errno)}`);
    return 1;
  }
  const cutting: Cutting = { lines: got.value.split(/(?<=\n)/).filter(Boolean), at: 0, parts: [] };
  let wrong: string | null = null;
  for (let i = 0; i < patterns.length && wrong === null; i++) {
    const repeat = /^\{(\d+|\*)\}$/.exec(patterns[i + 1] ?? '');
    const times = repeat ? (repeat[1] === '*' ? Infinity : Number(repeat[1]) + 1) : 1;
    for (let n = 0; n < times && wrong === null; n++) {
      wrong = cutAt(cutting, patterns[i]!, n, task);
      if (wrong !== null && times === Infinity && n > 0) { wrong = null; break; }
    }
    if (repeat) i++;
  }
  if (wrong === null) cutting.parts.push(cutting.lines.slice(cutting.at).join(''));
  const format = parseFormat(task.value('b') ?? `%0${task.value('n') ?? 2}d`);
  const names: string[] = [];
  for (const text of cutting.parts.filter((part) => part !== '' || !task.has('z'))) {
    const name = (task.value('f') ?? 'xx') + format.map((part) => (typeof part === 'string' ? part : formatNumber({ ...part, letter: 'f', precision: 0 } as Conversion, names.length))).join('');
    names.push(name);
    const wrote = yield* call('writeFile', { path: name, text, mode: 0o666 });
    if (!wrote.ok) yield* task.fileError(name, wrote.errno);
    if (!task.has('s')) task.print(`${byteLength(text)}\n`);
  }
  if (wrong === null) return task.status;
  yield* task.error(wrong);
  if (!task.has('k')) for (const name of names) yield* call('unlink', { path: name });
  return 1;
}

/** Cuts once; null, or what is wrong. */
function cutAt(cutting: Cutting, pattern: string, n: number, task: Task): string | null {
  const m = /^([/%])(.*)\1([-+]\d+)?$/s.exec(pattern);
  if (!m) {
    if (!/^[1-9]\d*$/.test(pattern)) return pattern === '0' ? '0: line number must be greater than zero' : `${task.quote(pattern)}: invalid pattern`.replace(/[‘’]/g, "'").replace(/^'(.*)'/, '$1');
    const line = Number(pattern) * (n + 1) - 1;
    if (line > cutting.lines.length) return `${task.quote(pattern)}: line number out of range${n ? ` on repetition ${n}` : ''}`;
    cutting.parts.push(cutting.lines.slice(cutting.at, line).join(''));
    cutting.at = line;
    return null;
  }
  const regex = compileRegex(m[2]!, { extended: false });
  if (!regex.ok) return `${task.quote(pattern)}: invalid regular expression: ${regex.message}`;
  const from = cutting.at + (n > 0 || cutting.parts.length > 0 ? 1 : 0);
  const found = cutting.lines.findIndex((line, i) => i >= from && regex.regex.test(line.replace(/\n$/, '')));
  if (found < 0) {
    if (m[1] === '/') cutting.parts.push(cutting.lines.slice(cutting.at).join(''));
    return `${task.quote(pattern)}: match not found${n ? ` on repetition ${n}` : ''}`;
  }
  const to = found + Number(m[3] ?? 0);
  if (to < cutting.at || to > cutting.lines.length) return `${task.quote(pattern)}: line number out of range`;
  if (m[1] === '/') cutting.parts.push(cutting.lines.slice(cutting.at, to).join(''));
  cutting.at = to;
  return null;
}

export const truncate = tool({
  name: 'truncate', package: PACKAGES.coreutils, usage: ['OPTION... FILE...'], about: 'Shrink or extend the size of each FILE to the specified size.',
  authors: 'Padraig Brady',
  options: ['-c, --no-create  do not create any files', '-o, --io-blocks  SIZE is in blocks of the file system', '-r, --reference=RFILE  use the size of RFILE', '-s, --size=SIZE  set or adjust the size: + - < > / % may come before it'],
  *run(task) {
    const typed = task.value('s');
    const reference = task.value('r');
    if (typed === undefined && reference === undefined) return yield* task.misuse(`you must specify either ${task.quote('--size')} or ${task.quote('--reference')}`);
    const m = typed === undefined ? null : /^\s*([-+<>/%]?)\s*(.*)$/.exec(typed);
    const amount = m ? parseSize(m[2]!) : 0;
    if (amount === null || (amount === 0 && /[/%]/.test(m?.[1] ?? ''))) {
      yield* task.error(amount === 0 ? 'division by zero' : `Invalid number: ${task.quote(m![2]!)}`);
      return 1;
    }
    if (reference !== undefined && typed !== undefined && m![1] === '') return yield* task.misuse(`you must specify a relative ${task.quote('--size')} with ${task.quote('--reference')}`);
    if (task.operands.length === 0) return yield* task.misuse('missing file operand');
    let base: number | null = null;
    if (reference !== undefined) {
      const stat = yield* call('stat', { path: reference });
      if (!stat.ok) {
        yield* task.error(`cannot stat ${quoteAlways(reference)}: ${strerror(stat.errno)}`);
        return 1;
      }
      base = stat.value.size;
    }
    const blocks = amount * (task.has('o') ? 4_096 : 1);
    for (const path of task.operands) yield* truncateOne(task, path, (size) => resized(base ?? size, m?.[1] ?? '+', blocks));
    return task.status;
  },
});

function resized(size: number, sign: string, amount: number): number {
  switch (sign) {
    case '+': return size + amount;
    case '-': return Math.max(0, size - amount);
    case '<': return Math.min(size, amount);
    case '>': return Math.max(size, amount);
    case '/': return Math.floor(size / amount) * amount;
    case '%': return Math.ceil(size / amount) * amount;
    default: return amount;
  }
}

function* truncateOne(task: Task, path: string, size: (now: number) => number): Sys<void> {
  let stat = yield* call('stat', { path });
  if (!stat.ok && stat.errno === 'ENOENT') {
    if (task.has('c')) return;
    const made = yield* call('writeFile', { path, text: '', mode: 0o666 });
    if (!made.ok) return yield* task.error(`cannot open ${quoteAlways(path)} for writing: ${strerror(made.errno)}`);
    stat = yield* call('stat', { path });
  }
  if (!stat.ok) return yield* task.error(`cannot open ${quoteAlways(path)} for writing: ${strerror(stat.errno)}`);
  if (stat.value.type === 'dir') return yield* task.error(`cannot open ${quoteAlways(path)} for writing: ${strerror('EISDIR')}`);
  const done = yield* call('truncate', { path, size: size(stat.value.size) });
  if (!done.ok) {
    const what = done.errno === 'EACCES' || done.errno === 'EPERM' ? `cannot open ${quoteAlways(path)} for writing` : `failed to truncate ${quoteAlways(path)} at ${size(stat.value.size)} bytes`;
    yield* task.error(`${what}: ${strerror(done.errno)}`);
  }
}

export const fallocate = tool({
  name: 'fallocate', package: PACKAGES.utilLinux, usage: ['[options] <filename>'], about: 'Preallocate space to, or deallocate space from a file.',
  options: ['-l, --length=NUM  length for range operations, in bytes', '-n, --keep-size  maintain the apparent size of the file', '-o, --offset=NUM  offset for range operations, in bytes', '-v, --verbose  verbose mode'],
  *run(task) {
    const path = task.operands[0];
    const length = task.value('l');
    if (length === undefined) {
      yield* task.error('no length argument specified');
      return 1;
    }
    if (path === undefined) {
      yield* task.error('no filename specified');
      return 1;
    }
    const [size, offset] = [parseSize(length), parseSize(task.value('o') ?? '0')];
    if (!size) {
      yield* task.error(size === 0 ? 'invalid length value specified' : 'failed to parse length');
      return 1;
    }
    const stat = yield* call('stat', { path });
    const now = stat.ok ? stat.value.size : 0;
    if (!stat.ok) {
      const made = yield* call('writeFile', { path, text: '', mode: 0o666 });
      if (!made.ok) {
        yield* task.error(`cannot open ${path}: ${strerror(made.errno)}`);
        return 1;
      }
    }
    if (!task.has('n') && size + (offset ?? 0) > now) {
      const grown = yield* call('truncate', { path, size: size + (offset ?? 0) });
      if (!grown.ok) yield* task.error(`fallocate failed: ${strerror(grown.errno)}`);
    }
    if (task.has('v') && !task.status) task.print(`${path}: ${human(size).replace(/([KMGT])$/, ' $1iB').replace('.0', '')} (${size} bytes) allocated.\n`);
    return task.status;
  },
});

const DD_WORDS = ['if', 'of', 'bs', 'ibs', 'obs', 'cbs', 'count', 'skip', 'seek', 'conv', 'iflag', 'oflag', 'status'];
const DD_CONVERSIONS = ['lcase', 'ucase', 'swab', 'sync', 'noerror', 'notrunc', 'nocreat', 'excl', 'fsync', 'fdatasync', 'sparse'];

const ddTool = tool({
  name: 'dd', package: PACKAGES.coreutils, usage: ['[OPERAND]...', 'OPTION'], about: 'Copy a file, converting and formatting according to the operands.',
  authors: 'Paul Rubin, David MacKenzie, and Stuart Kemp', options: [],
  notes: 'Operands: if=FILE of=FILE bs=BYTES ibs=BYTES obs=BYTES count=N skip=N seek=N status=LEVEL iflag=FLAGS oflag=FLAGS\n'
    + 'conv=CONVS: lcase ucase swab sync notrunc nocreat excl noerror fsync fdatasync',
  run: copyBlocks,
});
export const dd: Command = ddTool;

interface DdSettings { words: Record<string, string>; numbers: Record<string, number>; conv: string[]; flags: string[] }

function readDd(task: Task): DdSettings | string {
  const words: Record<string, string> = {};
  const numbers: Record<string, number> = { bs: 512, count: Infinity, skip: 0, seek: 0 };
  for (const operand of task.operands) {
    const equals = operand.indexOf('=');
    const key = equals < 0 ? '' : operand.slice(0, equals);
    if (!DD_WORDS.includes(key)) return `unrecognized operand ${task.quote(operand)}`;
    words[key] = operand.slice(equals + 1);
  }
  for (const key of ['bs', 'ibs', 'obs', 'count', 'skip', 'seek']) {
    const typed = words[key];
    if (typed === undefined) continue;
    const size = typed.split('x').map(parseSize).reduce<number | null>((product, part) => (product === null || part === null ? null : product * part), 1);
    if (size === null || (size === 0 && key.endsWith('bs'))) return `invalid number: ${task.quote(typed)}`;
    numbers[key === 'ibs' ? 'bs' : key] = size;
  }
  const conv = (words['conv'] ?? '').split(',').filter(Boolean);
  const bad = conv.find((word) => !DD_CONVERSIONS.includes(word));
  if (bad !== undefined) return `invalid conversion: ${task.quote(bad)}`;
  const status = words['status'];
  if (status !== undefined && !['none', 'noxfer', 'progress'].includes(status)) return `invalid status level: ${task.quote(status)}`;
  return { words, numbers, conv, flags: [...(words['iflag'] ?? '').split(','), ...(words['oflag'] ?? '').split(',')] };
}

function* copyBlocks(task: Task): Sys<number | void> {
  const settings = readDd(task);
  if (typeof settings === 'string') {
    if (!settings.startsWith('invalid number')) return yield* task.misuse(settings);
    yield* task.error(settings);
    return 1;
  }
  const { words, numbers, conv, flags } = settings;
  const started = yield* call('now', {});
  if (words['if'] === '/dev/zero' && words['of'] !== undefined && !flags.includes('append')) {
    const there = yield* call('stat', { path: words['of'] });
    if (!there.ok || there.value.type === 'file') return yield* fillWithZeros(task, words['of'], settings, started.ok ? started.value.mono : 0);
  }
  if (words['of'] === undefined && numbers['count'] === Infinity && /^\/dev\/(zero|u?random|full)$/.test(words['if'] ?? '')) return yield* endlessly(words['if']!);
  const input = yield* ddInput(task, settings);
  if (input === null) return 1;
  const { bytes, blocks, partial } = input;
  const converted = conv.includes('ucase') ? toBytes(fromBytes(bytes).toUpperCase()) : conv.includes('lcase') ? toBytes(fromBytes(bytes).toLowerCase())
    : conv.includes('swab') ? bytes.map((_, i) => bytes[i % 2 === 0 ? (i + 1 < bytes.length ? i + 1 : i) : i - 1]!) : bytes;
  const seek = numbers['seek']! * (flags.includes('seek_bytes') ? 1 : numbers['obs'] ?? numbers['bs']!);
  if (!(yield* ddOutput(task, words['of'], fromBytes(converted), seek, settings))) return 1;
  if (words['status'] === 'none') return task.status;
  const ended = yield* call('now', {});
  const us = started.ok && ended.ok ? Math.max(1, ended.value.mono - started.value.mono) : 1;
  const counts = `${blocks}+${partial} records in\n${blocks}+${partial} records out\n`;
  yield* task.flush();
  yield* call('write', { fd: 2, text: words['status'] === 'noxfer' ? counts : counts + transferred(converted.length, us) });
  return task.status;
}

/** What a disk takes in a second. */
const DISK_BYTES_S = 420_000_000;

/** Zeros into a file: it grows by as many, in no more steps than one; a full disk ends it early. */
function* fillWithZeros(task: Task, path: string, settings: DdSettings, started: number): Sys<number | void> {
  const { words, numbers, conv, flags } = settings;
  const bs = numbers['bs']!;
  const seek = numbers['seek']! * (flags.includes('seek_bytes') ? 1 : numbers['obs'] ?? bs);
  const limit = flags.includes('count_bytes') ? numbers['count']! : numbers['count']! * bs;
  const opened = yield* call('open', { path, flags: { write: true, create: !conv.includes('nocreat'), trunc: !conv.includes('notrunc') && seek === 0, excl: conv.includes('excl') }, mode: 0o666 });
  if (!opened.ok) { yield* task.error(`failed to open ${quoteAlways(path)}: ${strerror(opened.errno)}`); return 1; }
  yield* call('close', { fd: opened.value });
  const stat = yield* call('stat', { path });
  const room = yield* call('statfs', { path });
  const have = stat.ok ? stat.value.size : 0;
  const most = have + (room.ok ? room.value.available : 0);
  const written = Math.max(0, Math.min(limit, most - seek));
  if (seek + written > have || !conv.includes('notrunc')) yield* call('truncate', { path, size: Math.max(conv.includes('notrunc') ? have : 0, seek + written) });
  yield* call('sleep', { us: Math.round((written / DISK_BYTES_S) * 1_000_000) });
  if (conv.includes('fsync') || conv.includes('fdatasync')) yield* call('fsync', { path });
  const full = written < limit;
  if (full) yield* task.error(`error writing ${quoteAlways(path)}: ${strerror('ENOSPC')}`);
  if (words['status'] === 'none') return task.status;
  const blocks = Math.floor(written / bs);
  const partial = written % bs ? 1 : 0;
  const counts = `${blocks + (full ? 1 : 0)}+${full ? 0 : partial} records in\n${blocks}+${full ? 0 : partial} records out\n`;
  const ended = yield* call('now', {});
  const us = Math.max(1, (ended.ok ? ended.value.mono : 0) - started);
  yield* task.flush();
  yield* call('write', { fd: 2, text: words['status'] === 'noxfer' ? counts : counts + transferred(written, us) });
  return task.status;
}

/** A device without end to a reader: block by block until somebody ends it. */
function* endlessly(path: string): Sys<number> {
  const opened = yield* call('open', { path, flags: { read: true } });
  if (!opened.ok) return 1;
  const part = yield* call('read', { fd: opened.value, max: 65_536 });
  for (;;) {
    const wrote = yield* call('write', { fd: 1, text: part.ok ? part.value : '' });
    if (!wrote.ok) return 1;
  }
}

function transferred(size: number, us: number): string {
  const seconds = us / 1_000_000;
  const unit = (n: number, base: number): string => {
    const letters = ['', base === 1000 ? 'k' : 'Ki', base === 1000 ? 'M' : 'Mi', base === 1000 ? 'G' : 'Gi', base === 1000 ? 'T' : 'Ti'];
    let power = 0;
    let value = n;
    while (value >= base && power < 4) { value /= base; power++; }
    return `${value < 10 && power > 0 ? value.toFixed(1) : value.toFixed(0)} ${letters[power]}B`;
  };
  const sizes = size < 1000 ? '' : size < 1024 ? ` (${unit(size, 1000)})` : ` (${unit(size, 1000)}, ${unit(size, 1024)})`;
  const shown = formatNumber(parseFormat('%g')[0] as Conversion, seconds);
  return `${size} byte${size === 1 ? '' : 's'}${sizes} copied, ${shown} s, ${unit(size / seconds, 1000)}/s\n`;
}

function* ddInput(task: Task, { words, numbers, conv, flags }: DdSettings): Sys<{ bytes: number[]; blocks: number; partial: number } | null> {
  const bs = numbers['bs']!;
  const skip = numbers['skip']! * (flags.includes('skip_bytes') ? 1 : bs);
  const limit = flags.includes('count_bytes') ? numbers['count']! : numbers['count']! * bs;
  const path = words['if'];
  let fd = 0;
  if (path !== undefined) {
    const opened = yield* call('open', { path, flags: { read: true } });
    if (!opened.ok) {
      yield* task.error(`failed to open ${quoteAlways(path)}: ${strerror(opened.errno)}`);
      return null;
    }
    fd = opened.value;
  }
  let bytes: number[] = [];
  let partial = 0;
  while (bytes.length < skip + limit) {
    const max = Math.min(skip + limit - bytes.length, Math.max(bs, 65_536));
    const part = yield* call('read', { fd, max: Number.isFinite(max) ? max : 65_536 });
    if (!part.ok) yield* task.error(`error reading ${quoteAlways(path ?? 'standard input')}: ${strerror(part.errno)}`);
    if (!part.ok || part.value === '') break;
    bytes = bytes.concat(toBytes(part.value));
  }
  if (fd !== 0) yield* call('close', { fd });
  bytes = bytes.slice(skip, skip + limit);
  const blocks = Math.floor(bytes.length / bs);
  partial = bytes.length % bs ? 1 : 0;
  if (partial && conv.includes('sync')) bytes = [...bytes, ...new Array<number>(bs - (bytes.length % bs)).fill(0)];
  return { bytes, blocks, partial };
}

function* ddOutput(task: Task, path: string | undefined, text: string, seek: number, { conv, flags }: DdSettings): Sys<boolean> {
  if (path === undefined) {
    task.print(text);
    yield* task.flush();
    return !task.broken;
  }
  const open = { write: true, create: !conv.includes('nocreat'), trunc: !conv.includes('notrunc') && seek === 0, append: flags.includes('append'), excl: conv.includes('excl') };
  const opened = yield* call('open', { path, flags: open, mode: 0o666 });
  if (!opened.ok) {
    yield* task.error(`failed to open ${quoteAlways(path)}: ${strerror(opened.errno)}`);
    return false;
  }
  if (seek > 0) {
    if (!conv.includes('notrunc')) yield* call('truncate', { path, size: seek });
    yield* call('seek', { fd: opened.value, to: seek, from: 'start' });
  }
  const wrote = text === '' ? { ok: true as const } : yield* call('write', { fd: opened.value, text });
  if (!wrote.ok) yield* task.error(`error writing ${quoteAlways(path)}: ${strerror(wrote.errno)}`);
  if (conv.includes('fsync') || conv.includes('fdatasync')) yield* call('fsync', { path });
  yield* call('close', { fd: opened.value });
  return wrote.ok;
}
