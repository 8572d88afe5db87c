/** nano of GNU nano 2.3.1 (CentOS 7) and 2.7.4 (Debian stretch). Its keys are in nano/edit.ts, its looks in nano/picture.ts. */
import { strerror } from '../../../sim/proc/libc.ts';
import type { Json, Sys } from '../../../sim/proc/program.ts';
import { call } from '../../../sim/proc/syscalls.ts';
import { onDebian, type Package, type Task, tool } from '../coreutils/tool.ts';
import { textOf } from './buffer.ts';
import { Canvas } from './canvas.ts';
import { press, settle, type Wish } from './nano/edit.ts';
import { pictureOf } from './nano/picture.ts';
import { freshState, type NanoState } from './nano/state.ts';

const NANO: Package = { title: 'GNU nano', centos: '2.3.1', debian: '2.7.4', year: '2017' };

export const nano = tool({
  name: 'nano', package: NANO, usage: ['[OPTIONS] [[+LINE,COLUMN] FILE]...'], about: 'A small editor.',
  options: [
    '-h, --help  show this help text and exit', '-V  print version information', '-B, --backup  save backups of existing files', '-E, --tabstospaces  convert typed tabs to spaces',
    '-I, --ignorercfiles  do not look at nanorc files', '-L, --nonewlines  do not add newlines to the ends of files',
    '-S, --smooth  scroll by line instead of half-screen', '-T, --tabsize=NUMBER  set width of a tab', '-c, --constantshow  constantly show cursor position', '-i, --autoindent  indent new lines',
    '-l, --linenumbers  show line numbers', '-m, --mouse  use the mouse', '-t, --tempfile  save on exit without asking', '-v, --view  view only', '-w, --nowrap  do not wrap long lines',
    '-x, --nohelp  do not show the two help lines',
  ],
  *run(task) {
    const version = (yield* onDebian()) ? NANO.debian : NANO.centos;
    if (task.has('V')) {
      task.print(` GNU nano, version ${version}\n`);
      return 0;
    }
    const canvas = yield* Canvas.open(task.start, task.start.mem !== null);
    if (!canvas) {
      yield* call('write', { fd: 2, text: 'Standard input is not a terminal\n' });
      return 1;
    }
    let state = task.start.mem === null ? yield* openFirst(task) : copyOf(task.start.mem);
    settle(state, canvas.size);
    for (;;) {
      yield* canvas.draw(pictureOf(state, canvas.size, version));
      const keys = yield* canvas.read();
      if (keys === null) return yield* saveAndDie(task, canvas, state);
      for (const key of keys) {
        const wish = press(state, key, canvas.size);
        if (wish) yield* grant(task, state, wish);
        settle(state, canvas.size);
        if (!state.done) continue;
        const next = state.rest.shift();
        if (next === undefined) {
          yield* canvas.close();
          return 0;
        }
        state = yield* openFile(task, next, state.rest);
      }
      if (canvas.tired) yield* call('become', { mem: state as unknown as Json });
    }
  },
});

/** What was remembered is frozen: the editor works on a copy. */
const copyOf = (mem: Json): NanoState => JSON.parse(JSON.stringify(mem)) as NanoState;

function* openFirst(task: Task): Sys<NanoState> {
  const words = [...task.operands];
  let at: string | null = null;
  if (words[0]?.startsWith('+')) at = words.shift()!.slice(1);
  const [file = '', ...rest] = words;
  const state = yield* openFile(task, file, rest.filter((word) => !word.startsWith('+')));
  if (at !== null) {
    const [line, column] = at.split(',').map(Number);
    state.buffer.y = Math.max(0, (line || 1) - 1);
    state.buffer.x = Math.max(0, (column || 1) - 1);
  }
  return state;
}

function* openFile(task: Task, file: string, rest: readonly string[]): Sys<NanoState> {
  const got = file === '' ? null : yield* call('readFile', { path: file });
  const state = freshState(got && !got.ok && got.errno === 'EISDIR' ? '' : file, got?.ok ? got.value : '', rest);
  Object.assign(state, {
    viewOnly: task.has('v'), noHelp: task.has('x'), numbers: task.has('l'), constantPosition: task.has('c'), smooth: task.has('S'), spaces: task.has('E'), indent: task.has('i'), saveUnasked: task.has('t'), tabSize: Math.max(1, Number(task.value('T') ?? 8) || 8),
  });
  if (got === null) return state;
  if (!got.ok) {
    state.message = got.errno === 'ENOENT' ? 'New File' : got.errno === 'EISDIR' ? `"${file}" is a directory` : `Error reading ${file}: ${strerror(got.errno)}`;
    return state;
  }
  const count = got.value === '' ? 0 : state.buffer.lines.length;
  const writable = yield* call('access', { path: file, mode: 'w' });
  state.message = `Read ${count} line${count === 1 ? '' : 's'}${writable.ok ? '' : ' (Warning: No write permission)'}`;
  return state;
}

function* grant(task: Task, state: NanoState, wish: Wish): Sys<void> {
  if ('read' in wish) return yield* insertFile(state, wish.read);
  const path = wish.write;
  const there = wish.overwrite ? null : yield* call('stat', { path });
  if (there?.ok) {
    state.prompt = { about: 'overwrite', label: 'File exists, OVERWRITE ? ', text: '', x: 0, file: path };
    return;
  }
  if (task.has('B') && path === state.file) {
    const old = yield* call('readFile', { path });
    if (old.ok) yield* call('writeFile', { path: `${path}~`, text: old.value, mode: 0o666 });
  }
  const text = task.has('L') ? textOf(state.buffer).replace(/\n$/, '') : textOf(state.buffer);
  const wrote = yield* call('writeFile', { path, text, mode: 0o666 });
  if (!wrote.ok) {
    state.message = `Error writing ${path}: ${strerror(wrote.errno)}`;
    state.leaving = false;
    return;
  }
  const count = text === '' ? 0 : state.buffer.lines.length;
  state.file = path;
  state.buffer.modified = false;
  state.message = `Wrote ${count} line${count === 1 ? '' : 's'}`;
  if (state.leaving) state.done = true;
}

function* insertFile(state: NanoState, path: string): Sys<void> {
  const got = yield* call('readFile', { path });
  if (!got.ok) {
    state.message = got.errno === 'ENOENT' ? `"${path}" not found` : got.errno === 'EISDIR' ? `"${path}" is a directory` : `Error reading ${path}: ${strerror(got.errno)}`;
    return;
  }
  const { buffer } = state;
  const lines = got.value.split('\n');
  const line = buffer.lines[buffer.y] ?? '';
  buffer.lines.splice(buffer.y, 1, ...(line.slice(0, buffer.x) + got.value + line.slice(buffer.x)).split('\n'));
  buffer.y += lines.length - 1;
  buffer.x = lines.at(-1)!.length + (lines.length === 1 ? buffer.x : 0);
  buffer.undo = [];
  buffer.modified = true;
  const count = got.value.endsWith('\n') ? lines.length - 1 : lines.length;
  state.message = `Read ${count} line${count === 1 ? '' : 's'}`;
}

/** The terminal is gone or a signal came: what was modified is kept beside the file. */
function* saveAndDie(task: Task, canvas: Canvas, state: NanoState): Sys<number> {
  yield* canvas.close();
  if (!state.buffer.modified) return 1;
  const path = `${state.file || `nano.${task.start.pid}`}.save`;
  const wrote = yield* call('writeFile', { path, text: textOf(state.buffer), mode: 0o666 });
  yield* call('write', { fd: 2, text: wrote.ok ? `\nBuffer written to ${path}\n` : `\nBuffer not written to ${path}: ${strerror(wrote.errno)}\n` });
  return 1;
}
