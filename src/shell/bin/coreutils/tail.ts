/**
 * tail of GNU coreutils 8.22/8.26: the last lines or bytes, and what is added later. It follows by looking
 * at each file once a second (as tail does without inotify), starting again from its memory each time.
 */
import type { Json, Sys } from '../../../sim/proc/program.ts';
import { readAll, strerror } from '../../../sim/proc/libc.ts';
import { call, type Stat } from '../../../sim/proc/syscalls.ts';
import { byteLength, fromBytes, toBytes } from '../../../sim/proc/text.ts';
import { parseSize } from './human.ts';
import { readOperand } from './input.ts';
import { quoteAlways } from './quote.ts';
import { PACKAGES, type Task, tool } from './tool.ts';

interface Wanted { unit: 'lines' | 'bytes'; count: number; fromStart: boolean; end: string }
/** A file followed: where reading stands, in bytes and in characters, and which inode that was. null: not there now. */
interface Followed { path: string; at: { size: number; chars: number; ino: number; dev: string } | null; lost: boolean }
interface Memory { files: Followed[]; shown: string | null; status: number }

export const tail = tool({
  name: 'tail', package: PACKAGES.coreutils, usage: ['[OPTION]... [FILE]...'],
  about: 'Print the last 10 lines of each FILE to standard output.\n'
    + 'With more than one FILE, precede each with a header giving the file name.\n\n'
    + 'With no FILE, or when FILE is -, read standard input.',
  authors: 'Paul Rubin, David MacKenzie, Ian Lance Taylor,\nand Jim Meyering',
  options: [
    '-c, --bytes=NUM  print the last NUM bytes; with +NUM, from byte NUM on',
    '-f, --follow[=HOW]  print what is added as the file grows; HOW is name or descriptor',
    '-F  the same as --follow=name --retry',
    '-n, --lines=NUM  print the last NUM lines; with +NUM, from line NUM on',
    '!--max-unchanged-stats=N',
    '--pid=PID  with -f, end when process PID has ended',
    '-q, --quiet, --silent  never print headers',
    '--retry  keep trying to open a file that is not accessible',
    '-s, --sleep-interval=N  with -f, look about every N seconds (1.0)',
    '-v, --verbose  always print headers',
    '-z, --zero-terminated  lines end with NUL, not newline',
  ],
  rewrite: oldForm,
  run: printTails,
});

/** `tail -5`, `tail +5`, `tail -5f`. A short -f never takes a value. */
function oldForm(words: readonly string[]): readonly string[] {
  const m = /^([-+])(\d*)([bcl]?)(f?)$/.exec(words[0] ?? '');
  if (!m || (m[2] === '' && m[3] === '') || m[0] === '-c' || (m[1] === '+' && words.length > 2)) {
    return words.flatMap((word) => (/^-[a-zA-Z]*f[a-zA-Z0-9]+$/.test(word) ? splitFollow(word) : [word]));
  }
  const [, sign, count = '', unit, follow] = m;
  const sized = unit === 'b' ? `${count || 10}b` : count || '10';
  return [unit === 'c' || unit === 'b' ? '-c' : '-n', (sign === '+' ? '+' : '') + sized, ...(follow ? ['-f'] : []), ...words.slice(1)];
}

/** `-fn20` is `-f -n20`: only the long form of --follow takes a value. */
function splitFollow(word: string): string[] {
  const at = word.indexOf('f');
  const before = word.slice(1, at);
  if (/[cns]/.test(before)) return [word];
  return [...(before ? [`-${before}`] : []), '-f', `-${word.slice(at + 1)}`];
}

const isName = (task: Task): boolean => task.has('F') || task.value('f') === 'name';

function* printTails(task: Task): Sys<number | void> {
  const follow = task.has('f') || task.has('F');
  const memory = task.start.mem as Memory | null;
  if (memory) return yield* followOn(task, memory);
  const unit = task.last('c', 'n') === 'c' ? 'bytes' : 'lines';
  const typed = task.value(unit === 'bytes' ? 'c' : 'n') ?? '10';
  const count = parseSize(typed.replace(/^[-+]/, ''));
  if (count === null) return yield* refuse(task, `invalid number of ${unit}: ${task.quote(typed)}`);
  const how = task.value('f');
  if (how !== undefined && how !== 'name' && how !== 'descriptor') {
    return yield* task.misuse(`invalid argument ${task.quote(how)} for ${task.quote('--follow')}\n`
      + `Valid arguments are:\n  - ${task.quote('descriptor')}\n  - ${task.quote('name')}`);
  }
  const interval = task.value('s');
  if (interval !== undefined && !(Number(interval) >= 0)) {
    return yield* refuse(task, `invalid number of seconds: ${task.quote(interval)}`);
  }
  const pid = task.value('pid');
  if (pid !== undefined && !/^\d+$/.test(pid)) return yield* refuse(task, `invalid PID: ${task.quote(pid)}`);
  const wanted: Wanted = { unit, count, fromStart: typed.startsWith('+'), end: task.has('z') ? '\0' : '\n' };
  const files = task.operands.length ? task.operands : ['-'];
  const followed: Followed[] = [];
  let shown: string | null = null;
  for (const path of files) {
    const got = yield* printTail(task, path, wanted, shown === null);
    if (got.printed) shown = path;
    if (got.followed) followed.push(got.followed);
  }
  if (!follow) return task.status;
  return yield* followOn(task, { files: followed, shown, status: task.status });
}

function* refuse(task: Task, text: string): Sys<number> {
  yield* task.error(text);
  return 1;
}

const headers = (task: Task): boolean => {
  const last = task.last('q', 'v');
  return last ? last === 'v' : task.operands.length > 1;
};

function* printTail(task: Task, path: string, wanted: Wanted, first: boolean): Sys<{ printed: boolean; followed: Followed | null }> {
  const retry = task.has('F') || task.has('retry');
  const got = yield* readOperand(path);
  if (!got.ok && got.errno !== 'EISDIR') {
    yield* task.error(`cannot open ${quoteAlways(path)} for reading: ${strerror(got.errno)}`);
    return { printed: false, followed: retry ? { path, at: null, lost: true } : null };
  }
  if (headers(task)) task.print(`${first ? '' : '\n'}==> ${path === '-' ? 'standard input' : path} <==\n`);
  if (!got.ok) {
    yield* task.error(`error reading ${quoteAlways(path)}: ${strerror(got.errno)}`);
    if (task.has('f') || task.has('F')) yield* task.error(`${path}: cannot follow end of this type of file; giving up on this name`);
    return { printed: true, followed: null };
  }
  task.print(lastPart(got.value, wanted));
  if (!task.has('f') && !task.has('F')) return { printed: true, followed: null };
  const stat = path === '-' ? yield* call('fstat', { fd: 0 }) : yield* call('stat', { path });
  // The end of a pipe is final: -f has nothing to wait for.
  if (!stat.ok || (stat.value.type !== 'file' && path === '-')) return { printed: true, followed: null };
  return { printed: true, followed: { path, at: position(stat.value, got.value), lost: false } };
}

const position = (stat: Stat, read: string): NonNullable<Followed['at']> =>
  ({ size: byteLength(read), chars: read.length, ino: stat.ino, dev: stat.dev });

/** What is wanted of a whole text. */
export function lastPart(text: string, wanted: Wanted): string {
  if (wanted.unit === 'bytes') {
    const bytes = toBytes(text);
    const from = wanted.fromStart ? Math.max(0, wanted.count - 1) : Math.max(0, bytes.length - wanted.count);
    return fromBytes(bytes.slice(from));
  }
  if (wanted.fromStart) {
    let at = 0;
    for (let n = 1; n < wanted.count; n++) {
      const next = text.indexOf(wanted.end, at);
      if (next < 0) return '';
      at = next + 1;
    }
    return text.slice(at);
  }
  if (wanted.count === 0) return '';
  let at = text.endsWith(wanted.end) ? text.length - 1 : text.length;
  for (let n = 0; n < wanted.count; n++) {
    at = at === 0 ? -1 : text.lastIndexOf(wanted.end, at - 1);
    if (at < 0) return text;
  }
  return text.slice(at + 1);
}

/** One look at every file, then the wait, then again from the start. */
function* followOn(task: Task, memory: Memory): Sys<number> {
  task.status = Math.max(task.status, memory.status);
  if (memory.files.length === 0) {
    if (task.status !== 0) yield* task.error('no files remaining');
    return task.status;
  }
  const now: Memory = { files: [], shown: memory.shown, status: task.status };
  for (const file of task.start.mem === null ? [] : memory.files) {
    const next = yield* look(task, file, now);
    if (next) now.files.push(next);
  }
  if (task.start.mem === null) now.files = memory.files;
  yield* task.flush();
  if (task.broken) return task.status;
  if (now.files.length === 0) {
    yield* task.error('no files remaining');
    return 1;
  }
  const pid = task.value('pid');
  if (pid !== undefined) {
    const alive = yield* call('kill', { pid: Number(pid), signal: '0' });
    if (!alive.ok && alive.errno === 'ESRCH') return task.status;
  }
  yield* call('sleep', { us: Math.max(1_000, Math.round(Number(task.value('s') ?? 1) * 1_000_000)) });
  yield* call('become', { mem: { ...now, status: task.status } as unknown as Json });
  return task.status;
}

function* look(task: Task, file: Followed, now: Memory): Sys<Followed | null> {
  const { path } = file;
  const stat = path === '-' ? yield* call('fstat', { fd: 0 }) : yield* call('stat', { path });
  const name = quoteAlways(path);
  if (!stat.ok) {
    if (!isName(task)) return file; // the descriptor still holds the removed file
    if (!file.lost) yield* task.error(`${name} has become inaccessible: ${strerror(stat.errno)}`);
    return task.has('F') || task.has('retry') ? { path, at: null, lost: true } : null;
  }
  let at = file.at;
  const same = at !== null && at.ino === stat.value.ino && at.dev === stat.value.dev;
  if (!same) {
    if (at !== null && !isName(task)) return file;
    const word = file.lost ? 'has appeared;  following new file' : 'has been replaced;  following new file';
    yield* task.error(`${name} ${word}`, 0);
    at = position(stat.value, '');
  }
  if (at!.size > stat.value.size) {
    yield* task.error(`${path}: file truncated`, 0);
    at = position(stat.value, '');
  }
  if (stat.value.size === at!.size) return { path, at, lost: false };
  const added = yield* readFrom(path, at!.chars);
  if (added !== '' && headers(task) && now.shown !== path) task.print(`\n==> ${path} <==\n`);
  if (added !== '') now.shown = path;
  task.print(added);
  return { path, at: { ...at!, size: at!.size + byteLength(added), chars: at!.chars + added.length }, lost: false };
}

function* readFrom(path: string, offset: number): Sys<string> {
  const opened = path === '-' ? yield* call('dup', { fd: 0 }) : yield* call('open', { path, flags: { read: true } });
  if (!opened.ok) return '';
  yield* call('seek', { fd: opened.value, to: offset, from: 'start' });
  const text = yield* readAll(opened.value);
  yield* call('close', { fd: opened.value });
  return text.ok ? text.value : '';
}
