/** Programs that cut files up or change their length: split, csplit, truncate, fallocate (coreutils 8.22/8.26). */
import type { Sys } from '../../../sim/proc/program.ts';
import { strerror } from '../../../sim/proc/libc.ts';
import { call } from '../../../sim/proc/syscalls.ts';
import { byteLength, fromBytes, toBytes } from '../../../sim/proc/text.ts';
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
    '-b, --suffix-format=FORMAT  use FORMAT of sprintf, not %02d', '-f, --prefix=PREFIX  use PREFIX, not xx', '-k, --keep-files  keep files after errors', '-n, --digits=DIGITS  use DIGITS digits, not 2', '-s, --quiet, --silent  do not print sizes',
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
