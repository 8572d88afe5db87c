/** vi, vim and view: vim 7.4 (CentOS 7) and 8.0 (Debian stretch) in compatible habits of a plain installation. */
import { readAll, strerror } from '../../../sim/proc/libc.ts';
import type { Json, Start, Sys } from '../../../sim/proc/program.ts';
import { call } from '../../../sim/proc/syscalls.ts';
import { byteLength } from '../../../sim/proc/text.ts';
import type { Command } from '../../command.ts';
import { onDebian } from '../coreutils/tool.ts';
import { bufferOf, replaceLines } from './buffer.ts';
import { Canvas } from './canvas.ts';
import { executeLine, type Job } from './vi/ex.ts';
import { clamp, pressVi } from './vi/keys.ts';
import { settleWindow, viPicture } from './vi/picture.ts';
import { freshVi, type ViState } from './vi/state.ts';

interface Wanted { files: string[]; commands: string[]; readonly: boolean }

/** The command line; what is wrong with it as text. */
function readWords(words: readonly string[]): Wanted | string {
  const wanted: Wanted = { files: [], commands: [], readonly: false };
  const queue = [...words];
  for (let word = queue.shift(); word !== undefined; word = queue.shift()) {
    if (word === '--') { wanted.files.push(...queue); break; }
    if (word.startsWith('+')) wanted.commands.push(word === '+' ? '$' : word.slice(1));
    else if (word === '-c' || word === '--cmd') wanted.commands.push(queue.shift() ?? '');
    else if (word === '-R' || word === '-M') wanted.readonly = true;
    else if (['-u', '-i', '-T', '-U', '-w', '-W', '-s', '-t'].includes(word)) queue.shift();
    else if (/^-(n|N|C|b|e|v|y|o\d*|O\d*|p\d*|Z|m|d|l|f|X|x)$/.test(word) || word === '-') continue;
    else if (word.startsWith('-')) return `Unknown option argument: "${word}"\nMore info with: "vim -h"`;
    else wanted.files.push(word);
  }
  return wanted;
}

const viNamed = (name: string): Command => ({
  name,
  *main(start: Start): Sys<number> {
    const words = start.argv.slice(1);
    const version = (yield* onDebian()) ? '8.0 (2016 Sep 12' : '7.4 (2013 Aug 10';
    if (words.includes('--version')) {
      yield* call('write', { fd: 1, text: `VIM - Vi IMproved ${version})\n` });
      return 0;
    }
    const wanted = readWords(words);
    if (typeof wanted === 'string') {
      yield* call('write', { fd: 2, text: `VIM - Vi IMproved ${version})\n${wanted}\n` });
      return 1;
    }
    const called = (start.argv[0] ?? 'vi').replace(/^.*\//, '');
    const canvas = yield* Canvas.open(start, start.mem !== null);
    if (!canvas) {
      yield* call('write', { fd: 2, text: 'Vim: Warning: Output is not to a terminal\n' });
      return 1;
    }
    let state: ViState;
    if (start.mem !== null) state = JSON.parse(JSON.stringify(start.mem)) as ViState;
    else {
      state = freshVi(wanted.files);
      yield* load(state, state.file);
      state.readonly ||= wanted.readonly || called === 'view';
      for (const line of wanted.commands) yield* carryOut(start, state, canvas, `:${line}`);
    }
    return yield* loop(start, state, canvas);
  },
});

export const vim = viNamed('vim');
export const vi = viNamed('vi');
export const view = viNamed('view');

function* loop(start: Start, state: ViState, canvas: Canvas): Sys<number> {
  while (state.done === null) {
    settleWindow(state, canvas.size);
    yield* canvas.draw(viPicture(state, canvas.size));
    const keys = yield* canvas.read();
    if (keys === null) {
      yield* canvas.close();
      if (state.buffer.modified) yield* call('write', { fd: 2, text: 'Vim: Caught deadly signal TERM\nVim: preserving files...\nVim: Finished.\n' });
      return 1;
    }
    for (const key of splitMeta(keys)) {
      const wish = pressVi(state, key, canvas.size);
      if (wish && 'suspend' in wish) yield* canvas.suspend();
      else if (wish) yield* carryOut(start, state, canvas, wish.line);
      settleWindow(state, canvas.size);
      if (state.done !== null) break;
    }
    if (state.done === null && canvas.tired) yield* call('become', { mem: state as unknown as Json });
  }
  yield* canvas.close();
  return state.done;
}

/** Esc and then a key quickly is two keys for vi. */
const splitMeta = (keys: readonly string[]): string[] => keys.flatMap((key) => (/^M-./s.test(key) ? ['esc', key.slice(2)] : [key]));

/** Reads a file into the buffer and says so. */
function* load(state: ViState, path: string): Sys<void> {
  Object.assign(state, { file: path, buffer: bufferOf(''), top: 0, column: 0, isNew: false, readonly: false, error: false, message: '', marks: {} });
  if (path === '') return;
  const got = yield* call('readFile', { path });
  if (!got.ok) {
    state.isNew = got.errno === 'ENOENT';
    state.error = !state.isNew && got.errno !== 'EISDIR';
    state.message = state.isNew ? `"${path}" [New File]` : got.errno === 'EISDIR' ? `"${path}" is a directory` : `"${path}" [${got.errno === 'EACCES' ? 'Permission Denied' : strerror(got.errno)}]`;
    return;
  }
  const writable = yield* call('access', { path, mode: 'w' });
  state.readonly = !writable.ok;
  state.buffer = bufferOf(got.value);
  state.message = `"${path}" ${state.readonly ? '[readonly] ' : ''}${size(got.value)}`;
}

/** `3L, 108C`, as vim 7 and 8.0 count. */
function size(text: string): string {
  const lines = text === '' ? 0 : text.split('\n').length - (text.endsWith('\n') ? 1 : 0);
  return `${text !== '' && !text.endsWith('\n') ? '[noeol] ' : ''}${lines}L, ${byteLength(text)}C`;
}

function* carryOut(start: Start, state: ViState, canvas: Canvas, line: string): Sys<void> {
  const job = executeLine(state, line);
  if (job) yield* perform(start, state, canvas, job);
  clamp(state);
}

const problem = (state: ViState, message: string): void => { Object.assign(state, { message, error: true }); };

function* perform(start: Start, state: ViState, canvas: Canvas, job: Job): Sys<void> {
  switch (job.job) {
    case 'quit': return yield* leave(state, job.status);
    case 'write': return yield* save(state, job);
    case 'edit': return yield* load(state, job.path);
    case 'read': return yield* insertFile(state, job.path, job.after);
    case 'shell': return yield* shell(start, state, canvas, job);
    case 'next': {
      if (state.buffer.modified && !job.force) return problem(state, 'E37: No write since last change (add ! to override)');
      const next = state.files[state.index + job.by];
      if (next === undefined) return problem(state, job.by > 0 ? 'E165: Cannot go beyond last file' : 'E164: Cannot go before first file');
      state.index += job.by;
      return yield* load(state, next);
    }
  }
}

function* leave(state: ViState, status: number): Sys<void> { state.done = status; }

function* save(state: ViState, job: Job & { job: 'write' }): Sys<void> {
  const { path, append } = job;
  const there = yield* call('stat', { path });
  if (there.ok && path !== state.file && !job.force && !append) return problem(state, 'E13: File exists (add ! to override)');
  if (there.ok && there.value.type === 'dir') return problem(state, `"${path}" E502: is a directory`);
  const lines = state.buffer.lines.slice(job.from, job.to + 1);
  const text = state.buffer.lines.length === 1 && state.buffer.lines[0] === '' && !there.ok ? '' : lines.length === 1 && lines[0] === '' && state.buffer.lines.length === 1 ? '' : `${lines.join('\n')}\n`;
  const wrote = yield* call('writeFile', { path, text, append, mode: 0o666 });
  if (!wrote.ok) return problem(state, `"${path}" E212: Can't open file for writing`);
  if (path === state.file || state.file === '') {
    state.file = path;
    if (job.whole) state.buffer.modified = false;
  }
  state.message = `"${path}" ${there.ok ? '' : '[New] '}${size(text)} ${append ? 'appended' : 'written'}`;
  state.isNew = false;
  if (job.then === 'quit') yield* leave(state, 0);
}

function* insertFile(state: ViState, path: string, after: number): Sys<void> {
  const got = yield* call('readFile', { path });
  if (!got.ok) return problem(state, `E484: Can't open file ${path}`);
  const lines = got.value.replace(/\n$/, '').split('\n');
  replaceLines(state.buffer, after + 1, 0, lines, 'read');
  state.buffer.y = after + 1;
  state.message = `"${path}" ${size(got.value)}`;
}

/** `:!cmd`, `:r !cmd`, and lines through a filter. */
function* shell(start: Start, state: ViState, canvas: Canvas, job: Job & { job: 'shell' }): Sys<void> {
  const { buffer } = state;
  if (job.filter === null && job.read === null) {
    yield* canvas.close();
    const child = yield* call('spawn', { path: '/bin/sh', argv: ['sh', '-c', job.command], env: start.env, fds: { 0: canvas.keys, 1: 1, 2: 2 } });
    const end = child.ok ? yield* call('wait', { pid: child.value }) : null;
    if (end?.ok && end.value.status) yield* call('write', { fd: 1, text: `\nshell returned ${end.value.status}\n` });
    yield* call('write', { fd: 1, text: '\nPress ENTER or type command to continue' });
    yield* call('ttyMode', { fd: canvas.keys, raw: true, echo: false });
    yield* canvas.read();
    yield* call('write', { fd: 1, text: '\x1b[?1049h\x1b[2J' });
    canvas.forget();
    return;
  }
  const [input, output] = [yield* call('pipe', {}), yield* call('pipe', {})];
  if (!input.ok || !output.ok) return;
  const child = yield* call('spawn', { path: '/bin/sh', argv: ['sh', '-c', job.command], env: start.env, fds: { 0: input.value.read, 1: output.value.write, 2: output.value.write } });
  yield* call('close', { fd: input.value.read });
  yield* call('close', { fd: output.value.write });
  const lines = job.filter ? buffer.lines.slice(job.filter[0], job.filter[1] + 1) : [];
  if (lines.length) yield* call('write', { fd: input.value.write, text: `${lines.join('\n')}\n` });
  yield* call('close', { fd: input.value.write });
  const text = yield* readAll(output.value.read);
  yield* call('close', { fd: output.value.read });
  if (child.ok) yield* call('wait', { pid: child.value });
  const made = text.ok && text.value !== '' ? text.value.replace(/\n$/, '').split('\n') : [];
  if (job.filter) {
    replaceLines(buffer, job.filter[0], lines.length, made, 'filter');
    state.message = lines.length > 2 ? `${lines.length} lines filtered` : '';
  } else {
    replaceLines(buffer, job.read! + 1, 0, made, 'read');
    buffer.y = job.read! + Math.max(1, made.length);
  }
}
