/**
 * dd (coreutils 8.22/8.26): block by block from input to output, as fast as the slower of both gives or takes. It can
 * be ended at any moment and then tells how far it came; on an endless input it starts again from a short memory.
 */
import { strerror } from '../../../sim/proc/libc.ts';
import { Interrupted, type Json, type Sys } from '../../../sim/proc/program.ts';
import { call, type Fd } from '../../../sim/proc/syscalls.ts';
import { byteLength, fromBytes, toBytes } from '../../../sim/proc/text.ts';
import type { Command } from '../../command.ts';
import { formatNumber, type Conversion, parseFormat } from './format.ts';
import { parseSize } from './human.ts';
import { quoteAlways } from './quote.ts';
import { PACKAGES, type Task, tool } from './tool.ts';

const WORDS = ['if', 'of', 'bs', 'ibs', 'obs', 'cbs', 'count', 'skip', 'seek', 'conv', 'iflag', 'oflag', 'status'];
const CONVERSIONS = ['lcase', 'ucase', 'swab', 'sync', 'noerror', 'notrunc', 'nocreat', 'excl', 'fsync', 'fdatasync', 'sparse'];
/** What a disk takes in a second, what Linux 3.10 makes of random bytes, what memory moves; and what a record costs besides. */
const DISK_BYTES_S = 420_000_000, RANDOM_BYTES_S = 13_000_000, MEMORY_BYTES_S = 5_000_000_000, RECORD_US = 1;
/** Bytes a turn, and turns before the program starts again, so that its log of replies stays short. */
const TURN = 65_536, TURNS_MAX = 400;
const NUL = '\0';

const ddTool = tool({
  name: 'dd', package: PACKAGES.coreutils, usage: ['[OPERAND]...', 'OPTION'], about: 'Copy a file, converting and formatting according to the operands.',
  authors: 'Paul Rubin, David MacKenzie, and Stuart Kemp', options: [],
  notes: 'Operands: if=FILE of=FILE bs=BYTES ibs=BYTES obs=BYTES count=N skip=N seek=N status=LEVEL iflag=FLAGS oflag=FLAGS\n'
    + 'conv=CONVS: lcase ucase swab sync notrunc nocreat excl noerror fsync fdatasync',
  run: copy,
});
export const dd: Command = ddTool;

interface Settings { words: Record<string, string>; bs: number; obs: number | null; count: number; skip: number; seek: number; conv: string[]; flags: string[] }

function readSettings(task: Task): Settings | string {
  const words: Record<string, string> = {};
  const numbers: Record<string, number> = {};
  for (const operand of task.operands) {
    const equals = operand.indexOf('=');
    const key = equals < 0 ? '' : operand.slice(0, equals);
    if (!WORDS.includes(key)) return `unrecognized operand ${task.quote(operand)}`;
    words[key] = operand.slice(equals + 1);
  }
  for (const key of ['bs', 'ibs', 'obs', 'count', 'skip', 'seek']) {
    const typed = words[key];
    if (typed === undefined) continue;
    const size = typed.split('x').map(parseSize).reduce<number | null>((product, part) => (product === null || part === null ? null : product * part), 1);
    if (size === null || (size === 0 && key.endsWith('bs'))) return `invalid number: ${task.quote(typed)}`;
    numbers[key] = size;
  }
  const conv = (words['conv'] ?? '').split(',').filter(Boolean);
  const bad = conv.find((word) => !CONVERSIONS.includes(word));
  if (bad !== undefined) return `invalid conversion: ${task.quote(bad)}`;
  const { status } = words;
  if (status !== undefined && !['none', 'noxfer', 'progress'].includes(status)) return `invalid status level: ${task.quote(status)}`;
  const bs = numbers['bs'] ?? numbers['ibs'] ?? 512;
  const flags = [...(words['iflag'] ?? '').split(','), ...(words['oflag'] ?? '').split(',')];
  return {
    words, bs, conv, flags, obs: numbers['bs'] === undefined && (numbers['obs'] !== undefined || numbers['ibs'] !== undefined) ? numbers['obs'] ?? 512 : null,
    count: (numbers['count'] ?? Infinity) * (flags.includes('count_bytes') ? 1 : bs), skip: (numbers['skip'] ?? 0) * (flags.includes('skip_bytes') ? 1 : bs),
    seek: (numbers['seek'] ?? 0) * (flags.includes('seek_bytes') ? 1 : numbers['bs'] ?? numbers['obs'] ?? 512),
  };
}

/** How far it has come: plain data, which its next life takes over. */
interface Progress {
  input: Fd; output: Fd; startedAt: number; toldAt: number;
  /** Bytes still to be left out, and read so far. */
  toSkip: number; taken: number;
  full: number; partial: number; written: number; lost: boolean;
}

/** What kind of thing a descriptor stands for decides how fast it is and whether reads may be short. */
type Kind = 'zero' | 'random' | 'null' | 'file' | 'stream';
function kindOf(path: string | undefined, type: string): Kind {
  if (type === 'file' || type === 'block') return 'file';
  const device = /^\/dev\/(zero|full|u?random|null)$/.exec(path ?? '')?.[1];
  return device === undefined ? 'stream' : device === 'null' ? 'null' : device === 'zero' || device === 'full' ? 'zero' : 'random';
}

function* kinds(p: Progress, words: Settings['words']): Sys<{ from: Kind; to: Kind }> {
  const a = yield* call('fstat', { fd: p.input });
  const b = yield* call('fstat', { fd: p.output });
  return { from: kindOf(words['if'], a.ok ? a.value.type : ''), to: kindOf(words['of'], b.ok ? b.value.type : '') };
}

function* begin(task: Task, s: Settings): Sys<Progress | null> {
  const now = yield* call('now', {});
  const startedAt = now.ok ? now.value.mono : 0;
  const { words, conv, flags, seek } = s;
  let input: Fd = 0, output: Fd = 1;
  if (words['if'] !== undefined) {
    const opened = yield* call('open', { path: words['if'], flags: { read: true } });
    if (!opened.ok) { yield* task.error(`failed to open ${quoteAlways(words['if'])}: ${strerror(opened.errno)}`); return null; }
    input = opened.value;
  }
  if (words['of'] !== undefined) {
    const how = { write: true, create: !conv.includes('nocreat'), trunc: !conv.includes('notrunc') && seek === 0, append: flags.includes('append'), excl: conv.includes('excl') };
    const opened = yield* call('open', { path: words['of'], flags: how, mode: 0o666 });
    if (!opened.ok) { yield* task.error(`failed to open ${quoteAlways(words['of'])}: ${strerror(opened.errno)}`); return null; }
    output = opened.value;
    if (seek > 0) {
      if (!conv.includes('notrunc')) yield* call('truncate', { path: words['of'], size: seek });
      yield* call('seek', { fd: output, to: seek, from: 'start' });
    }
  }
  return { input, output, startedAt, toldAt: startedAt, toSkip: s.skip, taken: 0, full: 0, partial: 0, written: 0, lost: false };
}

function* copy(task: Task): Sys<number | void> {
  const settings = readSettings(task);
  if (typeof settings === 'string') {
    if (!settings.startsWith('invalid number')) return yield* task.misuse(settings);
    yield* task.error(settings);
    return 1;
  }
  for (const signal of ['INT', 'USR1'] as const) yield* call('sigaction', { signal, action: 'catch' });
  const resumed = task.start.mem as Progress | null;
  const p = resumed ? { ...resumed } : yield* begin(task, settings);
  if (p === null) return 1;
  const { from, to } = yield* kinds(p, settings.words);
  let ended = false;
  for (let turns = 0; !ended;) {
    try {
      ended = from === 'zero' && to === 'file' && settings.words['of'] !== undefined ? yield* zeros(task, settings, p) : yield* turn(task, settings, p, from, to);
      if (!ended && ++turns >= TURNS_MAX) yield* call('become', { mem: { ...p } as unknown as Json });
    } catch (signal) {
      if (!(signal instanceof Interrupted)) throw signal;
      if (signal.signal === 'INT') yield* die(task, settings, p);
      yield* report(settings, p);
    }
  }
  if (settings.conv.includes('fsync') || settings.conv.includes('fdatasync')) yield* call('fsync', { path: settings.words['of'] ?? '/' });
  yield* report(settings, p);
  return task.status;
}

/** Ctrl-C: the sum, then the death that everybody expects. */
function* die(task: Task, s: Settings, p: Progress): Sys<void> {
  yield* report(s, p);
  yield* call('sigaction', { signal: 'INT', action: 'default' });
  yield* call('kill', { pid: task.start.pid, signal: 'INT' });
}

/** One turn: some blocks read, converted and written. True: that was all. */
function* turn(task: Task, s: Settings, p: Progress, from: Kind, to: Kind): Sys<boolean> {
  const left = s.count - p.taken;
  if (left <= 0) return true;
  const stream = from === 'stream' && !s.flags.includes('fullblock');
  const most = stream ? Math.min(s.bs, TURN) : Math.max(1, Math.floor(TURN / s.bs)) * s.bs;
  const part = yield* call('read', { fd: p.input, max: Math.min(most, TURN, left + p.toSkip) });
  if (!part.ok) { yield* task.error(`error reading ${quoteAlways(s.words['if'] ?? 'standard input')}: ${strerror(part.errno)}`); task.status = 1; return true; }
  if (part.value === '') return true;
  const got = taken(part.value, s, p, left);
  if (got.size === 0) return false;
  p.taken += got.size;
  if (stream) {
    if (got.size === s.bs) p.full++; else p.partial++;
  } else { p.full = Math.floor(p.taken / s.bs); p.partial = p.taken % s.bs ? 1 : 0; }
  const short = got.size % s.bs;
  const pad = short && s.conv.includes('sync') ? s.bs - short : 0;
  const wrote = yield* call('write', { fd: p.output, text: got.text + NUL.repeat(pad) });
  if (!wrote.ok) {
    yield* task.error(`error writing ${quoteAlways(s.words['of'] ?? 'standard output')}: ${strerror(wrote.errno)}`);
    task.status = 1;
    p.lost = true;
    return true;
  }
  const size = got.size + pad;
  p.written += size;
  const rate = from === 'random' ? RANDOM_BYTES_S : to === 'file' || from === 'file' ? DISK_BYTES_S : MEMORY_BYTES_S;
  // A small copy is over before anybody could look: only what takes time takes it.
  if (p.taken > TURN / 2) yield* call('sleep', { us: Math.ceil(size / rate * 1e6 + got.size / s.bs * RECORD_US) });
  yield* tell(s, p);
  return false;
}

/** What counts of what was read: without what is left out, converted. */
function taken(text: string, s: Settings, p: Progress, left: number): { text: string; size: number } {
  const size = byteLength(text);
  const plain = !s.conv.some((word) => ['lcase', 'ucase', 'swab'].includes(word));
  if (plain && p.toSkip === 0 && size <= left) return { text, size };
  const all = toBytes(text);
  const gone = Math.min(p.toSkip, all.length);
  p.toSkip -= gone;
  const bytes = all.slice(gone, gone + left);
  return { text: fromBytes(converted(bytes, s.conv)), size: bytes.length };
}

function converted(bytes: number[], conv: readonly string[]): number[] {
  if (conv.includes('ucase')) return toBytes(fromBytes(bytes).toUpperCase());
  if (conv.includes('lcase')) return toBytes(fromBytes(bytes).toLowerCase());
  if (conv.includes('swab')) return bytes.map((_, i) => bytes[i % 2 === 0 ? (i + 1 < bytes.length ? i + 1 : i) : i - 1]!);
  return bytes;
}

/** A quarter of a second of zeros into a file, which only counts them; a full disk ends it early. */
function* zeros(task: Task, s: Settings, p: Progress): Sys<boolean> {
  const path = s.words['of']!;
  const stat = yield* call('stat', { path });
  const room = yield* call('statfs', { path });
  const have = stat.ok ? stat.value.size : 0;
  const at = s.flags.includes('append') ? have : s.seek + p.written;
  const wanted = Math.min(DISK_BYTES_S / 4, s.count - p.taken);
  const fits = Math.max(0, Math.min(wanted, have + (room.ok ? room.value.available : 0) - at));
  if (at + fits > have) yield* call('truncate', { path, size: at + fits });
  p.taken += fits;
  p.written += fits;
  p.full = Math.floor(p.taken / s.bs);
  p.partial = p.taken % s.bs ? 1 : 0;
  yield* call('sleep', { us: Math.round(fits / DISK_BYTES_S * 1e6) });
  if (fits < wanted) {
    yield* task.error(`error writing ${quoteAlways(path)}: ${strerror('ENOSPC')}`);
    task.status = 1;
    p.full++;
    p.partial = 0;
    p.lost = true;
    return true;
  }
  yield* tell(s, p);
  return p.taken >= s.count;
}

/** status=progress: once a second, on one line. */
function* tell(s: Settings, p: Progress): Sys<void> {
  if (s.words['status'] !== 'progress') return;
  const now = yield* call('now', {});
  const at = now.ok ? now.value.mono : 0;
  if (at - p.toldAt < 1_000_000) return;
  p.toldAt = at;
  yield* call('write', { fd: 2, text: `\r${transferred(p.written, at - p.startedAt).trimEnd()}` });
}

function* report(s: Settings, p: Progress): Sys<void> {
  const status = s.words['status'];
  if (status === 'none') return;
  const now = yield* call('now', {});
  const us = Math.max(1, (now.ok ? now.value.mono : 0) - p.startedAt);
  const size = s.obs;
  // What was read and could not be written is missing from the second sum.
  const whole = p.lost ? p.full - 1 : p.full;
  const out = size !== null ? `${Math.floor(p.written / size)}+${p.written % size ? 1 : 0}` : s.conv.includes('sync') ? `${whole + p.partial}+0` : `${whole}+${p.partial}`;
  const counts = `${p.full}+${p.partial} records in\n${out} records out\n`;
  yield* call('write', { fd: 2, text: (p.toldAt > p.startedAt ? '\n' : '') + (status === 'noxfer' ? counts : counts + transferred(p.written, us)) });
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
