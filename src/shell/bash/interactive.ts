/**
 * The shell that a person types at: prompt, line editor, history, then the command; then the process
 * begins anew with its session. While a command runs the terminal is the command's.
 */
import type { Json, Sys } from '../../sim/proc/program.ts';
import { parse } from '../grammar/parse.ts';
import type { Node } from '../grammar/ast.ts';
import { heldByJobs } from './builtins/flow.ts';
import { columns, common, complete } from './complete.ts';
import { exec } from './exec.ts';
import { tick } from './expand.ts';
import { addLine, expandHistory, historyFile, lineAt, wanted } from './history.ts';
import { tell } from './jobs.ts';
import { promptText, shown } from './prompt.ts';
import { again, leave, redraw } from './readline-screen.ts';
import { completed, newEditor, press, type Editor } from './readline.ts';
import { parseFor, runCommand, runText, syntaxError } from './run.ts';
import { Unwind, type Frame, type Shell } from './shell.ts';
import { get } from './table.ts';
import { runTraps } from './traps.ts';
import { assign, elements, value } from './variables.ts';

/** One prompt and its command; then `become`. The result is the shell's status. */
export function* interactive(sh: Shell): Sys<number> {
  yield* tell(sh);
  yield* promptCommand(sh);
  const text = yield* commandLine(sh);
  if (typeof text === 'number') return text;
  if (text !== null) yield* runLine(sh, text, 0, []);
  return yield* next(sh);
}

function* next(sh: Shell): Sys<number> {
  yield* sh.call('become', { mem: { k: 'prompt', s: sh.share() } as unknown as Json });
  return 0;
}

/** A line that goes on in the middle of a loop. */
export function* lineAgain(sh: Shell, text: string, at: number, frames: readonly Frame[]): Sys<number> {
  yield* runLine(sh, text, at, frames);
  return yield* next(sh);
}

function* promptCommand(sh: Shell): Sys<void> {
  const commands = elements(sh, 'PROMPT_COMMAND')?.values ?? [];
  for (const command of commands) {
    if (command === '') continue;
    const { status, pipestatus, lastArg } = sh.s;
    yield* runCommand(sh, () => runText(sh, command, 'PROMPT_COMMAND'));
    Object.assign(sh.s, { status, pipestatus, lastArg });
  }
}

// ---- running

/** Commands that neither start a process nor wait nor read: the terminal may stay as it is. */
const QUICK: ReadonlySet<string> =
  new Set(['echo', 'printf', 'cd', 'pwd', 'export', 'alias', 'unalias', 'set', 'shopt', 'type', 'true',
    'false', ':', 'history', 'dirs', 'pushd',
  'popd', 'unset', 'test', '[', 'umask', 'jobs', 'hash', 'help']);

function isQuick(sh: Shell, node: Node): boolean {
  if (node.k !== 'simple' || node.redirs.length) return false;
  if (![...node.words, ...node.assigns].every((w) =>
    ('src' in w ? w.pure === true : 'src' in w.value && w.value.pure === true))) return false;
  const head = node.words[0];
  if (!head) return true;
  return 'src' in head && head.lit !== undefined && QUICK.has(head.lit)
    && get(sh.s.functions, head.lit) === undefined && sh.s.traps['DEBUG'] === undefined;
}

/** A pipeline of programs makes the terminal its own when it starts. */
const cooksItself = (node: Node): boolean => node.k === 'simple' || node.k === 'pipe';

function* runLine(sh: Shell, text: string, from: number, frames: readonly Frame[]): Sys<void> {
  const parsed = parseFor(sh, text);
  sh.resume = [...frames];
  sh.s.exitWarned = sh.s.exitWarned && /^\s*(?:exit|logout)\b/.test(text);
  try {
    for (let at = from; at < parsed.commands.length; at++) {
      const { node } = parsed.commands[at]!;
      if (sh.raw && !isQuick(sh, node) && (!cooksItself(node) || usesTerminal(sh, node))) yield* cooked(sh);
      sh.comeBack = (now) => ({ k: 'line', s: sh.share(), text, at, frames: now.map((f) => ({ ...f })) });
      yield* runCommand(sh, () => exec(sh, node));
      sh.s.commandCount++;
    }
    if (parsed.problem) {
      yield* syntaxError(sh, parsed, '');
      // What is wrong inside [[ ]] leaves the status as it was.
      if (parsed.problem.status !== 0) sh.s.status = 2;
    }
  } catch (error) {
    if (!(error instanceof Unwind) || error.kind !== 'interrupt') throw error;
    sh.s.status = error.value;
    sh.s.pipestatus = [error.value];
    yield* sh.call('tcsetpgrp', { fd: 0, pgid: sh.s.pid });
    if (sh.signals.length) yield* runTraps(sh);
    if (!error.silent) yield* sh.write(2, '\n');
  }
}

/** Builtins that read or wait, and whatever is not known to be harmless. */
function usesTerminal(sh: Shell, node: Node): boolean {
  if (node.k !== 'simple') return node.k !== 'pipe';
  const head = node.words[0];
  if (!head || !('src' in head) || head.lit === undefined) return true;
  return !node.words.every((w) => 'src' in w && w.pure) || get(sh.s.functions, head.lit) !== undefined
    || WAITING.has(head.lit);
}
const WAITING: ReadonlySet<string> =
  new Set(['read', 'wait', 'fg', 'eval', '.', 'source', 'mapfile', 'readarray', 'command', 'builtin', 'kill',
    'exec', 'suspend', 'exit', 'logout']);

function* cooked(sh: Shell): Sys<void> {
  sh.raw = false;
  yield* sh.call('ttyMode', { fd: 0, raw: false, echo: true });
}

// ---- reading

/** A whole command's text, however many lines; null when there is none; a status when the shell ends. */
function* commandLine(sh: Shell): Sys<string | null | number> {
  const mode = yield* sh.call('ttyMode', { fd: 0, raw: true, echo: false });
  sh.raw = mode.ok;
  if (value(sh, 'LINES') === undefined) { // as readline does before its first prompt
    const tty = yield* sh.call('tty', { fd: 0 });
    if (tty.ok) resize(sh, tty.value.cols, tty.value.rows);
  }
  let text = '', entry = '';
  for (;;) {
    const ps = text === '' ? 1 : 2;
    const prompt = yield* promptText(sh, value(sh, ps === 1 ? 'PS1' : 'PS2') ?? '');
    const line = yield* readLine(sh, prompt, ps);
    if (line === 'interrupt') { sh.s.status = 130; sh.s.pipestatus = [130]; return null; }
    if (line === null) {
      if (text !== '') return yield* cutShort(sh, text);
      const status = yield* leaveShell(sh);
      return status;
    }
    const expanded = sh.option('histexpand') ? expandHistory(sh, line)
      : { text: line, changed: false, printOnly: false };
    if ('error' in expanded) {
      yield* sh.write(2, `${sh.prefix()}${expanded.error}\n`);
      if (text !== '') continue;
      return null;
    }
    if (expanded.changed) yield* sh.write(2, `${expanded.text}\n`);
    if (expanded.printOnly) { yield* remember(sh, expanded.text); return null; }
    entry = text === '' ? expanded.text : joined(sh, entry, text, expanded.text);
    text = text === '' ? expanded.text : `${text}\n${expanded.text}`;
    if (unfinished(sh, text)) continue;
    if (text.trim() === '') return null;
    yield* remember(sh, entry);
    return text;
  }
}

function unfinished(sh: Shell, text: string): boolean {
  if (/(?:^|[^\\])(?:\\\\)*\\$/.test(text) && !inSingleQuotes(text)) return true;
  const parsed = parse(text, { extglob: sh.shopt('extglob') });
  return parsed.openDocument !== null
    || (parsed.problem?.kind === 'unfinished' && parseFor(sh, text).problem?.kind === 'unfinished');
}

const inSingleQuotes = (text: string): boolean => parse(text).problem?.messages[0]?.endsWith("`''") === true;

/** How a command of several lines stands in the history (cmdhist): one line where that means the same. */
function joined(sh: Shell, entry: string, before: string, line: string): string {
  if (sh.shopt('lithist') || !sh.shopt('cmdhist')) return `${entry}\n${line}`;
  const parsed = parse(before);
  if (parsed.openDocument || /matching `['"]'/.test(parsed.problem?.messages[0] ?? ''))
    return `${entry}\n${line}`;
  if (/(?:^|[^\\])(?:\\\\)*\\$/.test(entry)) return entry.slice(0, -1) + line;
  const noSeparator = entry.trim() === ''
    || /(?:^|[\s;&|])(?:then|do|else|elif|if|while|until|in|\{|!)\s*$|[;&|({]\s*$|\)\s*$/.test(entry)
      || /^\s*$/.test(line);
  return noSeparator ? `${entry} ${line}`.trimStart() : `${entry}; ${line}`;
}

/** Ctrl-D in the middle of a command. */
function* cutShort(sh: Shell, text: string): Sys<null> {
  const parsed = parseFor(sh, text);
  if (parsed.problem) {
    const first = parsed.problem.messages[0]!;
    const name = sh.prefix();
    yield* sh.write(2, first.startsWith('syntax error') ? `${name}${first}\n`
      : `${name}${first}\n${name}syntax error: unexpected end of file\n`);
    sh.s.status = 2;
    return null;
  }
  yield* remember(sh, text);
  yield* runLine(sh, text, 0, []);
  return null;
}

function* leaveShell(sh: Shell): Sys<number | null> {
  if (sh.option('ignoreeof')) {
    yield* sh.write(2, `Use "${sh.s.login ? 'logout' : 'exit'}" to leave the shell.\n`);
    return null;
  }
  yield* sh.write(2, sh.s.login ? 'logout\n' : 'exit\n');
  if (yield* heldByJobs(sh)) return null;
  yield* cooked(sh);
  return sh.s.status;
}

/** Into the history, and into its file at once, so that other shells and a cut wire find it there. */
function* remember(sh: Shell, line: string): Sys<void> {
  if (line.trim() === '' || !sh.option('history') || !wanted(sh, line)) return;
  yield* tick(sh);
  addLine(sh, line);
  const path = historyFile(sh);
  if (path === null) return;
  const stamp = value(sh, 'HISTTIMEFORMAT') === undefined ? '' : `#${Math.floor(sh.clockUs / 1e6)}\n`;
  yield* sh.call('writeFile', { path, text: `${stamp}${line}\n`, append: true, mode: 0o600 });
}

/** One line from the editor; null at the end of the input. */
function* readLine(sh: Shell, prompt: string, ps: 1 | 2): Sys<string | null | 'interrupt'> {
  let s: Editor = newEditor(prompt, 0, []);
  yield* sh.call('write', { fd: 2, text: shown(prompt), edit: true });
  const first = yield* keysFor(sh, prompt, ps);
  if (first === null) return null;
  // Most lines come whole: only one that must be edited needs to know the terminal's size.
  let cols = 0, keys: string = first;
  const history = (back: number): string | undefined => lineAt(sh, sh.s.history.length - back);
  for (;;) {
    if (cols === 0 && (keys.length + prompt.length > 60 || /[^ -~\r]/.test(keys) || s.text !== '')) {
      const tty = yield* sh.call('tty', { fd: 0 });
      cols = tty.ok ? tty.value.cols : 80;
      resize(sh, cols, tty.ok ? tty.value.rows : 24);
    }
    s = { ...s, cols: cols || 80 };
    const step = press(s, keys, history);
    s = step.state;
    if (step.output) yield* sh.call('write', { fd: 2, text: step.output, edit: true });
    keys = step.rest;
    if (step.action) {
      switch (step.action.do) {
        case 'accept': return step.action.line;
        case 'interrupt': return 'interrupt';
        case 'eof': return null;
        case 'complete': s = yield* tab(sh, s, step.action.before, step.action.list, cols || 80);
      }
      if (keys !== '') continue;
    }
    const more = yield* keysFor(sh, prompt, ps);
    if (more === null) return s.text === '' ? null : s.text;
    keys = more;
  }
}

function resize(sh: Shell, cols: number, rows: number): void {
  if (value(sh, 'COLUMNS') !== String(cols)) assign(sh, 'COLUMNS', String(cols));
  if (value(sh, 'LINES') !== String(rows)) assign(sh, 'LINES', String(rows));
}

function* keysFor(sh: Shell, prompt: string, ps: 1 | 2): Sys<string | null> {
  for (;;) {
    const keys = yield* sh.call('read', { fd: 0, prompt: { ps, text: shown(prompt), status: sh.s.status } });
    if (!keys.ok && keys.errno === 'EINTR') {
      if (sh.signals.length) yield* runCommand(sh, function* () { return sh.s.status; });
      continue;
    }
    return keys.ok && keys.value !== '' ? keys.value : null;
  }
}

function* tab(sh: Shell, s: Editor, before: string, list: boolean, cols: number): Sys<Editor> {
  const found = yield* complete(sh, before);
  const put = function* (text: string): Sys<void> { yield* sh.call('write', { fd: 2, text, edit: true }); };
  if (!found.words.length) { yield* put('\x07'); return s; }
  const only = found.words.length === 1;
  const prefix = common(found.words);
  let quoteEnd = '';
  if (only && found.suffix === ' ' && /^["']/.test(prefix)) quoteEnd = prefix[0]!;
  const text = only ? `${prefix}${quoteEnd}${found.suffix}` : prefix;
  if (only || text.length > before.length - found.start) {
    const next = completed(s, found.start, text);
    yield* put(redraw(s, next) + (only ? '' : '\x07'));
    return only ? { ...next, last: '' } : next;
  }
  if (!list) { yield* put('\x07'); return s; }
  const unique = [...new Set(found.shown)];
  yield* put(`${leave(s)}${columns(unique, cols)}${again(s)}`);
  return s;
}
