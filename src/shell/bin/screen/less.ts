/** less 458 (CentOS 7) and 481 (Debian stretch); `more` is beside it. In a pipe it is cat. */
import { readAll, strerror } from '../../../sim/proc/libc.ts';
import type { Json, Start, Sys } from '../../../sim/proc/program.ts';
import { call } from '../../../sim/proc/syscalls.ts';
import type { Command } from '../../command.ts';
import { onDebian } from '../coreutils/tool.ts';
import { Canvas, PLAIN, REVERSE } from './canvas.ts';
import { pressKey, type LessWish } from './less/keys.ts';
import { readOptions } from './less/options.ts';
import { fillPrompt, PROTOTYPES } from './less/prompt.ts';
import { Screenful } from './less/screenful.ts';
import { type LessState, Text } from './less/state.ts';

const FOLLOW_US = 1_000_000;

export const less: Command = {
  name: 'less',
  *main(start: Start): Sys<number> {
    const words = start.argv.slice(1);
    if (words.some((word) => word === '--version' || word === '-V')) {
      const version = (yield* onDebian()) ? '481' : '458';
      yield* call('write', { fd: 1, text: `less ${version} (GNU regular expressions)\n` });
      return 0;
    }
    const read = readOptions(words[0] === '--help' || words[0] === '-?' ? [] : words, start.env['LESS']);
    if (typeof read === 'string') {
      yield* call('write', { fd: 2, text: `${read}\n` });
      return 1;
    }
    const output = yield* call('tty', { fd: 1 });
    if (!output.ok) return yield* copyAll(read.files);
    const input = yield* call('tty', { fd: 0 });
    const wantsHelp = words[0] === '--help' || words[0] === '-?';
    if (read.files.length === 0 && input.ok && !wantsHelp) {
      yield* call('write', { fd: 2, text: 'Missing filename ("less --help" for help)\n' });
      return 1;
    }
    const remembered = start.mem === null ? null : (JSON.parse(JSON.stringify(start.mem)) as LessState);
    const state: LessState = remembered ?? {
      options: read.options, files: read.files.length ? read.files : ['-'], index: 0, piped: '', pipeEnded: false, top: { line: 0, row: 0 }, shift: 0, fresh: true, message: '',
      typing: null, count: '', pattern: '', forward: true, filter: '', highlight: true, following: false, marks: {}, help: wantsHelp, status: 0,
    };
    return yield* view(start, state, remembered !== null, output.value.rows);
  },
};

function* copyAll(files: readonly string[]): Sys<number> {
  let status = 0;
  for (const path of files.length ? files : ['-']) {
    const text = path === '-' ? yield* readAll(0) : yield* call('readFile', { path });
    if (text.ok) yield* call('write', { fd: 1, text: text.value });
    else {
      status = 1;
      yield* call('write', { fd: 2, text: text.errno === 'EISDIR' ? `${path} is a directory\n` : `${path}: ${strerror(text.errno)}\n` });
    }
  }
  return status;
}

function* view(start: Start, state: LessState, resumed: boolean, rows: number): Sys<number> {
  const text = new Text();
  const wrong = yield* openCurrent(state, text, rows);
  if (wrong !== null && !resumed && !(yield* skipBad(state, text, wrong, rows))) return 1;
  if (!resumed && state.options.quitIfOne && (yield* fitsOnce(state, text, rows))) return 0;
  const canvas = yield* Canvas.open(start, resumed, !state.options.noInit);
  if (!canvas) return yield* copyAll(state.files);
  if (!resumed && state.options.noInit) yield* call('write', { fd: 1, text: '\n'.repeat(canvas.size.rows) });
  const page = new Screenful(state, text, canvas);
  if (!resumed) yield* firstCommands(state, page, text, canvas);
  for (;;) {
    yield* fill(state, text, page.needed(canvas.size.rows));
    yield* canvas.draw(page.picture(promptOf(state, page, text)));
    const keys = yield* canvas.read(state.following ? FOLLOW_US : undefined);
    if (keys === null) break;
    if (keys.length === 0 && state.following) {
      yield* openCurrent(state, text, canvas.size.rows);
      page.toEnd();
    }
    for (const key of keys) {
      const wish = pressKey(state, key, page);
      if (wish && !(yield* grant(start, state, text, page, canvas, wish))) {
        yield* canvas.close(!state.options.noInit, state.options.noInit ? `\x1b[${canvas.size.rows};1H\x1b[K` : '');
        return state.status;
      }
    }
    if (canvas.tired) yield* call('become', { mem: state as unknown as Json });
  }
  yield* canvas.close(!state.options.noInit);
  return 1;
}

/** Loads the current file, or what has come through the pipe. */
function* openCurrent(state: LessState, text: Text, rows: number): Sys<string | null> {
  const path = state.files[state.index]!;
  if (path !== '-') return yield* text.load(path);
  text.take(state.piped, state.pipeEnded);
  yield* fill(state, text, rows);
  return null;
}

/** Reads on from a pipe until that many lines are there. */
function* fill(state: LessState, text: Text, lines: number): Sys<void> {
  if (state.files[state.index] !== '-') return;
  while (!state.pipeEnded && text.lines.length < lines) {
    const part = yield* call('read', { fd: 0 });
    if (!part.ok || part.value === '') state.pipeEnded = true;
    else state.piped += part.value;
    text.take(state.piped, state.pipeEnded);
  }
}

/** Files that cannot be shown are named; the first that can is taken. */
function* skipBad(state: LessState, text: Text, first: string, rows: number): Sys<boolean> {
  let wrong: string | null = first;
  while (wrong !== null) {
    yield* call('write', { fd: 2, text: `${wrong}\n` });
    state.status = 1;
    state.files.splice(state.index, 1);
    if (state.index >= state.files.length) return false;
    wrong = yield* openCurrent(state, text, rows);
  }
  return true;
}

/** -F: what fits on one screen is only printed. */
function* fitsOnce(state: LessState, text: Text, rows: number): Sys<boolean> {
  yield* fill(state, text, rows + 1);
  if (state.files.length > 1 || !text.ended || text.lines.length >= rows) return false;
  const screen = yield* call('tty', { fd: 1 });
  const page = new Screenful(state, text, { size: { cols: screen.ok ? screen.value.cols : 80, rows } });
  const all = page.everything();
  if (all.length >= rows) return false;
  yield* call('write', { fd: 1, text: all.map((row) => `${row}\n`).join('') });
  return true;
}

/** `+G`, `+F`, `+/pattern`, `+100`. */
function* firstCommands(state: LessState, page: Screenful, text: Text, canvas: Canvas): Sys<void> {
  for (const command of state.options.first.splice(0)) {
    const wishes: (LessWish | null)[] = [];
    if (/^[/?]/.test(command)) for (const key of [...command, 'enter']) wishes.push(pressKey(state, key, page));
    else if (/^\d+$/.test(command)) for (const key of [...command, 'g']) wishes.push(pressKey(state, key, page));
    else for (const key of command) wishes.push(pressKey(state, key, page));
    for (const wish of wishes) if (wish) yield* serve(state, text, page, canvas, wish);
    state.fresh = true;
  }
}

/** What needs the text beyond what is read: the end, a search. True if the wish was one of these. */
function* serve(state: LessState, text: Text, page: Screenful, canvas: Canvas, wish: LessWish): Sys<boolean> {
  switch (wish.want) {
    case 'all':
      yield* fill(state, text, Infinity);
      wish.then(page);
      return true;
    case 'lines':
      yield* fill(state, text, wish.count);
      wish.then(page);
      return true;
    case 'bell': yield* canvas.bell(); return true;
    case 'repaint':
      canvas.forget();
      yield* call('write', { fd: 1, text: '\x1b[2J' });
      return true;
    default: return false;
  }
}

/** Does what a key asked of the outside; false when less is to end. */
function* grant(start: Start, state: LessState, text: Text, page: Screenful, canvas: Canvas, wish: LessWish): Sys<boolean> {
  if (yield* serve(state, text, page, canvas, wish)) return true;
  if (wish.want === 'quit') return false;
  if (wish.want === 'file') {
    const before = { index: state.index, files: [...state.files] };
    if (wish.path !== undefined) state.files.splice(state.index + 1, 0, wish.path);
    state.index = wish.path !== undefined ? state.index + 1 : state.index + (wish.by ?? 0);
    if (state.files[state.index] === undefined) {
      Object.assign(state, before, { message: `No ${(wish.by ?? 1) > 0 ? 'next' : 'previous'} file` });
      return true;
    }
    const wrong = yield* openCurrent(state, text, canvas.size.rows);
    if (wrong !== null) {
      Object.assign(state, before, { message: wrong });
      yield* openCurrent(state, text, canvas.size.rows);
      return true;
    }
    Object.assign(state, { top: { line: 0, row: 0 }, fresh: true, shift: 0 });
    return true;
  }
  if (wish.want === 'run') yield* runOther(start, state, text, canvas, wish.words);
  return true;
}

/** Another program on the terminal: an editor, a shell command. */
function* runOther(start: Start, state: LessState, text: Text, canvas: Canvas, words: readonly string[]): Sys<void> {
  yield* canvas.close();
  const child = yield* call('spawn', { path: '/bin/sh', argv: ['sh', '-c', words.join(' ')], env: start.env, fds: { 0: canvas.keys, 1: 1, 2: 2 } });
  if (child.ok) yield* call('wait', { pid: child.value });
  yield* call('ttyMode', { fd: canvas.keys, raw: true, echo: false });
  yield* call('write', { fd: 1, text: '\x1b[?1049h\x1b[2J' });
  canvas.forget();
  yield* openCurrent(state, text, canvas.size.rows);
}

function promptOf(state: LessState, page: Screenful, text: Text): string {
  if (state.typing) return state.typing.lead + state.typing.text;
  if (state.message !== '') return `${REVERSE}${state.message}${/press RETURN\)$/.test(state.message) ? '' : '  (press RETURN)'}${PLAIN}`;
  if (state.following) return `${REVERSE}Waiting for data... (interrupt to abort)${PLAIN}`;
  if (state.help) return `${REVERSE}HELP -- ${page.atEnd ? 'END -- Press g to see it again, or q when done' : 'Press RETURN for more, or q when done'}${PLAIN}`;
  if (state.count !== '') return `:${state.count}`;
  const letter = state.options.prompt === 'long' ? 'M' : state.options.prompt === 'medium' ? 'm' : 's';
  const path = state.files[state.index]!;
  const filled = fillPrompt(state.options.prototypes[letter] ?? PROTOTYPES[letter]!, {
    file: path === '-' ? '' : path, fresh: state.fresh, index: state.index, count: state.files.length, next: page.atEnd ? state.files[state.index + 1] ?? null : null,
    atEnd: page.atEnd, first: page.firstLine, last: page.lastLine, total: text.ended ? text.lines.length : null, byte: page.bottomByte, size: text.ended ? text.size : null,
  });
  return filled === '' ? ':' : `${REVERSE}${filled}${PLAIN}`;
}
