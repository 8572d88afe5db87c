/**
 * cat and tee of GNU coreutils 8.22/8.26: both hand on what comes, as it comes. On an endless pipe they
 * start again from a short memory now and then.
 */
import { strerror } from '../../../sim/proc/libc.ts';
import type { Json, Sys } from '../../../sim/proc/program.ts';
import { call, type Fd, type Stat } from '../../../sim/proc/syscalls.ts';
import { nextPiece, openSource, type Source } from './input.ts';
import { quoteIfNeeded } from './quote.ts';
import { PACKAGES, type Task, tool } from './tool.ts';

/** Reads before the program starts again, so that its log of replies stays short. */
const READS_MAX = 1_000;

interface Memory { operand: number; fd: Fd | null; line: number; lineStart: boolean; blanks: number; status: number }

interface Style { numbers: 'all' | 'filled' | null; ends: boolean; tabs: boolean; marks: boolean; squeeze: boolean }

export const cat = tool({
  name: 'cat', package: PACKAGES.coreutils, usage: ['[OPTION]... [FILE]...'],
  about: 'Concatenate FILE(s) to standard output.\n\nWith no FILE, or when FILE is -, read standard input.',
  authors: 'Torbjorn Granlund and Richard M. Stallman',
  options: [
    '-A, --show-all  the same as -vET',
    '-b, --number-nonblank  number lines that are not empty; overrides -n',
    '-e  the same as -vE',
    '-E, --show-ends  show $ where a line ends',
    '-n, --number  number all lines',
    '-s, --squeeze-blank  show several empty lines as one',
    '-t  the same as -vT',
    '-T, --show-tabs  show tabs as ^I',
    '-u  (ignored)',
    '-v, --show-nonprinting  show control characters with ^ and M-, but not LFD and TAB',
  ],
  run: concatenate,
});

function* concatenate(task: Task): Sys<void> {
  const all = task.has('A');
  const style: Style = {
    numbers: task.has('b') ? 'filled' : task.has('n') ? 'all' : null,
    ends: all || task.has('e') || task.has('E'),
    tabs: all || task.has('t') || task.has('T'),
    marks: all || task.has('e') || task.has('t') || task.has('v'),
    squeeze: task.has('s'),
  };
  const plain = !style.numbers && !style.ends && !style.tabs && !style.marks && !style.squeeze;
  const files = task.operands.length ? task.operands : ['-'];
  const memory = (task.start.mem as Memory | null) ?? { operand: 0, fd: null, line: 0, lineStart: true, blanks: 0, status: 0 };
  const now: Memory = { ...memory };
  task.status = now.status;
  const target = yield* call('fstat', { fd: 1 });
  let reads = 0;
  for (; now.operand < files.length && !task.broken; now.operand++) {
    const path = files[now.operand]!;
    const source = yield* opened(task, path, now.fd);
    now.fd = null;
    if (!source) continue;
    if (target.ok && target.value.type === 'file' && (yield* isTarget(path, target.value))) {
      yield* task.error(`${quoteIfNeeded(path)}: input file is output file`);
      continue;
    }
    for (;;) {
      const piece = yield* nextPiece(source);
      if (piece !== null && typeof piece !== 'string') yield* task.fileError(path, piece.errno);
      if (typeof piece !== 'string') break;
      task.print(plain ? piece : dressed(piece, style, now));
      yield* task.flush();
      if (task.broken) return;
      if (++reads < READS_MAX) continue;
      yield* call('become', { mem: { ...now, fd: source.fd, status: task.status } as unknown as Json });
    }
  }
}

function* opened(task: Task, path: string, fd: Fd | null): Sys<Source | null> {
  if (fd !== null) return { fd, text: null, ended: false };
  const source = yield* openSource(path);
  if (source.ok) return source.value;
  yield* task.fileError(path, source.errno);
  return null;
}

/** Whether the operand is the file that is written to: then it would never end. */
function* isTarget(path: string, target: Stat): Sys<boolean> {
  const source = path === '-' ? yield* call('fstat', { fd: 0 }) : yield* call('stat', { path });
  return source.ok && source.value.type === 'file' && source.value.ino === target.ino && source.value.mtime === target.mtime
    && source.value.size === target.size && target.size > 0;
}

/** The piece with the marks that were asked for. */
function dressed(piece: string, style: Style, now: Memory): string {
  let out = '';
  for (const line of piece.split(/(?<=\n)/)) {
    const ended = line.endsWith('\n');
    const body = ended ? line.slice(0, -1) : line;
    if (now.lineStart && body === '' && ended) {
      now.blanks++;
      if (style.squeeze && now.blanks > 1) continue;
    } else now.blanks = 0;
    const numbered = now.lineStart && (style.numbers === 'all' || (style.numbers === 'filled' && body !== ''));
    if (numbered) out += `${String(++now.line).padStart(6)}\t`;
    out += shown(body, style) + (ended ? (style.ends ? '$\n' : '\n') : '');
    now.lineStart = ended;
  }
  return out;
}

function shown(body: string, style: Style): string {
  if (!style.marks) return style.tabs ? body.replaceAll('\t', '^I') : body;
  let out = '';
  for (const c of body) {
    const code = c.charCodeAt(0);
    if (c === '\t') out += style.tabs ? '^I' : '\t';
    else if (code < 0x80) out += caret(code);
    else for (const byte of bytesOf(c)) out += `M-${caret(byte - 0x80)}`;
  }
  return out;
}

const caret = (code: number): string =>
  (code < 0x20 ? `^${String.fromCharCode(code + 64)}` : code === 0x7f ? '^?' : String.fromCharCode(code));

function bytesOf(c: string): number[] {
  const code = c.codePointAt(0)!;
  if (code >= 0xdc80 && code <= 0xdcff) return [code - 0xdc00];
  if (code < 0x800) return [0xc0 | (code >> 6), 0x80 | (code & 63)];
  if (code < 0x10000) return [0xe0 | (code >> 12), 0x80 | ((code >> 6) & 63), 0x80 | (code & 63)];
  return [0xf0 | (code >> 18), 0x80 | ((code >> 12) & 63), 0x80 | ((code >> 6) & 63), 0x80 | (code & 63)];
}

export const tee = tool({
  name: 'tee', package: PACKAGES.coreutils, usage: ['[OPTION]... [FILE]...'],
  about: 'Copy standard input to each FILE, and also to standard output.',
  authors: 'Mike Parker, Richard M. Stallman, and David MacKenzie',
  options: [
    '-a, --append  append to the given FILEs, do not overwrite',
    '-i, --ignore-interrupts  ignore interrupt signals',
    '-p, --output-error[=MODE]  what to do when a write fails (warn, warn-nopipe, exit, exit-nopipe)',
  ],
  *run(task) {
    const mode = task.has('p') ? task.value('p') ?? 'warn-nopipe' : 'warn-nopipe';
    if (!['warn', 'warn-nopipe', 'exit', 'exit-nopipe'].includes(mode)) {
      return yield* task.misuse(`invalid argument ${task.quote(mode)} for '--output-error'`);
    }
    if (task.has('i')) yield* call('sigaction', { signal: 'INT', action: 'ignore' });
    if (task.has('p')) yield* call('sigaction', { signal: 'PIPE', action: 'ignore' });
    const memory = task.start.mem as { fds: (Fd | null)[]; status: number } | null;
    const fds = memory ? [...memory.fds] : yield* openTargets(task);
    task.status = Math.max(task.status, memory?.status ?? 0);
    for (let reads = 0; reads < READS_MAX; reads++) {
      const part = yield* call('read', { fd: 0 });
      if (!part.ok) yield* task.error(`read error: ${strerror(part.errno)}`);
      if (!part.ok || part.value === '') return task.status;
      for (let i = 0; i < fds.length; i++) {
        const fd = fds[i];
        if (fd === null || fd === undefined) continue;
        const wrote = yield* call('write', { fd, text: part.value });
        if (wrote.ok) continue;
        fds[i] = null;
        if (wrote.errno === 'EPIPE' && mode.endsWith('nopipe')) continue;
        yield* task.error(`${i === 0 ? "'standard output'" : quoteIfNeeded(task.operands[i - 1]!)}: ${strerror(wrote.errno)}`);
        if (mode.startsWith('exit')) return task.status;
      }
      if (fds.every((fd) => fd === null)) return task.status;
    }
    yield* call('become', { mem: { fds, status: task.status } });
    return task.status;
  },
});

function* openTargets(task: Task): Sys<(Fd | null)[]> {
  const fds: (Fd | null)[] = [1];
  for (const path of task.operands) {
    const flags = task.has('a') ? { write: true, create: true, append: true } : { write: true, create: true, trunc: true };
    const opened = yield* call('open', { path, flags, mode: 0o666 });
    if (!opened.ok) yield* task.fileError(path, opened.errno);
    fds.push(opened.ok ? opened.value : null);
  }
  return fds;
}
