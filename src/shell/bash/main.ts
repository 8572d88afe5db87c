/**
 * The program `bash`: starts a shell, or goes on where its memory says. An interactive shell begins anew
 * at every prompt, a script between commands when its reply log has grown, a loop between its turns.
 */
import type { Node } from '../grammar/ast.ts';
import type { Json, Start, Sys } from '../../sim/proc/program.ts';
import type { Command } from '../command.ts';
import { setOption } from './builtins/settings.ts';
import { exec } from './exec.ts';
import { interactive, lineAgain } from './interactive.ts';
import { parseFor, runCommand, syntaxError, told } from './run.ts';
import type { Session } from './session.ts';
import { Failure, Shell, Unwind, type Frame } from './shell.ts';
import { applyOptions, createSession, importFunctions, inherited, loadHistory, parseInvocation, scriptText,
  startupFiles, type Invocation } from './startup.ts';
import { readInput } from './input.ts';
import { exitTrap } from './traps.ts';

/** What a process's memory says of the shell in it. */
type Memory =
  | { k: 'sub'; s: Session; nodes: readonly Node[]; line: number; nested: number; substituted?: boolean;
    at?: number; frames?: readonly Frame[] }
  | { k: 'script'; s: Session; text: string; firstLine: number; at: number; frames: readonly Frame[];
    rest: boolean }
  | { k: 'prompt'; s: Session }
  | { k: 'line'; s: Session; text: string; at: number; frames: readonly Frame[] };

/** So many calls, and a script begins a new reply log between two commands. */
const CALLS_MAX = 600;

export function* main(start: Start): Sys<number> {
  const mem = start.mem as unknown as Memory | null;
  if (mem === null) return yield* fresh(start);
  const sh = new Shell(mem.s, start);
  switch (mem.k) {
    case 'sub': return yield* ending(sh, mem.frames ? subAgain(sh, mem) : sub(sh, mem));
    case 'script': return yield* ending(sh, script(sh, mem));
    case 'prompt': return yield* ending(sh, interactive(sh));
    case 'line': return yield* ending(sh, lineAgain(sh, mem.text, mem.at, mem.frames));
  }
}

/** The way out: the EXIT trap, and what a broken-off script leaves as status. */
function* ending(sh: Shell, run: Sys<number>): Sys<number> {
  let status: number;
  try {
    status = yield* run;
  } catch (error) {
    if (error instanceof Failure) yield* told(sh, error);
    else if (!(error instanceof Unwind)) throw error;
    status = error instanceof Failure ? error.status : error.value;
  }
  sh.frames.length = 0;
  sh.comeBack = null;
  const left = (yield* exitTrap(sh, status & 255)) & 255;
  if (sh.death) {
    yield* sh.call('sigaction', { signal: sh.death, action: 'default' });
    yield* sh.call('kill', { pid: sh.start.pid, signal: sh.death });
  }
  return left;
}

// ---- a part of a shell

function sub(sh: Shell, mem: Memory & { k: 'sub' }): Sys<number> {
  const { s } = sh;
  s.subshell++;
  s.ended = [];
  const fds: Record<number, number> = {};
  for (const key of Object.keys(s.fds)) fds[Number(key)] = Number(key);
  s.fds = fds;
  s.opened = {};
  const traps: Record<string, string> = {};
  s.outerTraps = s.traps;
  for (const [name, text] of Object.entries(s.traps)) if (text === '') traps[name] = '';
  s.traps = traps;
  if (s.options['monitor']) setOption(sh, 'monitor', false);
  if (mem.substituted && s.options['errexit'] && !sh.shopt('inherit_errexit'))
    setOption(sh, 'errexit', false);
  // The parent's stream of random numbers stays its own.
  s.seed = (s.seed * 48_271 + sh.start.pid) % 0x7fffffff;
  return subAgain(sh, { ...mem, at: 0, frames: [] });
}

function* subAgain(sh: Shell, mem: Memory & { k: 'sub' }): Sys<number> {
  sh.line = mem.line;
  sh.nested = mem.nested;
  sh.resume = [...mem.frames ?? []];
  for (let at = mem.at ?? 0; at < mem.nodes.length; at++) {
    const node = mem.nodes[at]!;
    sh.comeBack = (frames) =>
      ({ ...mem, s: sh.share(), at, frames: frames.map((f) => ({ ...f })), line: sh.line });
    sh.tail = node.k === 'simple' && at === mem.nodes.length - 1 && Object.keys(sh.s.traps).length === 0;
    // A subshell in a process of its own needs no second one.
    const run = node.k === 'subshell' ? { ...node, k: 'group' as const } : node;
    yield* runCommand(sh, () => exec(sh, run));
    sh.tail = false;
  }
  return sh.s.status;
}

// ---- scripts

function* script(sh: Shell, mem: Memory & { k: 'script' }): Sys<number> {
  let { text, firstLine } = mem;
  sh.resume = [...mem.frames];
  for (let start = mem.at; ;) {
    const made = `${sh.shopt('extglob')} ${sh.shopt('expand_aliases')} ${sh.shopt('expand_aliases')
      ? Object.keys(sh.s.aliases).join() : ''}`;
    const parsed = parseFor(sh, text, firstLine);
    let again: number | null = null;
    for (let at = start; at < parsed.commands.length; at++) {
      const { node, end } = parsed.commands[at]!;
      const last = at === parsed.commands.length - 1;
      if (last && parsed.openDocument) yield* documentWarning(sh, parsed.openDocument);
      if (sh.option('verbose')) yield* sh.write(2, text.slice(at ? parsed.commands[at - 1]!.end : 0, end));
      if (sh.option('noexec')) continue;
      const from = { text, firstLine };
      sh.comeBack = (frames) =>
        ({ k: 'script', s: sh.share(), ...from, at, frames: frames.map((f) => ({ ...f })), rest: mem.rest });
      sh.tail = node.k === 'simple' && last && !parsed.problem && !mem.rest && sh.s.input === '-c'
        && parsed.commands.length === 1 && Object.keys(sh.s.traps).length === 0;
      yield* runCommand(sh, () => exec(sh, node));
      sh.tail = false;
      if (sh.option('onecmd')) return sh.s.status;
      const now = `${sh.shopt('extglob')} ${sh.shopt('expand_aliases')} ${sh.shopt('expand_aliases')
        ? Object.keys(sh.s.aliases).join() : ''}`;
      if (now !== made && (!last || parsed.problem)) { again = end; break; }
      if (sh.calls > CALLS_MAX && !last)
        yield* sh.call('become', { mem: { ...(sh.comeBack([]) as object), at: at + 1 } as unknown as Json });
    }
    if (again !== null) {
      const whole = parsed.text ?? text;
      firstLine += whole.slice(0, again).split('\n').length - 1;
      text = whole.slice(again);
      start = 0;
      continue;
    }
    if (parsed.problem) {
      yield* syntaxError(sh, parsed, sh.s.input === '-c' ? '-c' : sh.s.name);
      if (parsed.problem.status !== 0) sh.s.status = parsed.problem.status;
    }
    return sh.s.status;
  }
}

function* documentWarning(sh: Shell, open: { delimiter: string; line: number; last: number }): Sys<void> {
  const shell = sh.s.interactive ? sh.prefix() : `${sh.s.name}: line ${open.last}: `;
  yield* sh.write(2, `${shell}warning: here-document at line ${open.line} delimited by end-of-file (wanted \`${open.delimiter}')\n`);
}

/** Commands from standard input, one at a time: what they read themselves is the text after them. */
function* fromStdin(sh: Shell): Sys<number> {
  let line = 1;
  for (;;) {
    let text = '', ended = false;
    for (;;) {
      const part = yield* readInput(sh, 0, { delimiter: '\n' });
      if (!part || part.text === '') { ended = true; break; }
      text += part.text;
      if (part.ended) ended = true;
      const parsed = parseFor(sh, text, line);
      if (ended || (parsed.problem?.kind !== 'unfinished' && !parsed.openDocument && !/\\\n$/.test(text)))
        break;
    }
    if (text !== '') {
      const parsed = parseFor(sh, text, line);
      if (ended && parsed.openDocument) yield* documentWarning(sh, parsed.openDocument);
      if (sh.option('verbose')) yield* sh.write(2, text);
      if (!sh.option('noexec'))
        for (const { node } of parsed.commands) yield* runCommand(sh, () => exec(sh, node));
      if (parsed.problem) { yield* syntaxError(sh, parsed, sh.s.name); sh.s.status = 2; return 2; }
      line += text.split('\n').length - 1;
    }
    if (ended) return sh.s.status;
  }
}

// ---- starting

function* isTerminal(start: Start, inv: Invocation, sh: Shell): Sys<boolean> {
  if (inv.command !== null || inv.script !== null || start.argv.length < 1) return false;
  return (yield* sh.call('tty', { fd: 0 })).ok && (yield* sh.call('tty', { fd: 2 })).ok;
}

function* fresh(start: Start): Sys<number> {
  const inv = parseInvocation(start.argv);
  const session = yield* createSession(start, inv, false);
  const sh = new Shell(session, start);
  if (inv.print) { yield* sh.write(inv.print.fd, inv.print.text); return inv.print.status; }
  for (const [name] of inv.options) if (!Object.hasOwn(KNOWN, name)) {
    yield* sh.write(2, `${inv.name}: line 0: set: ${name}: invalid option name\n`);
    return 2;
  }
  sh.s.interactive = inv.interactive === true || (yield* isTerminal(start, inv, sh));
  if (sh.s.interactive) sh.s = { ...yield* createSession(start, inv, true), interactive: true };
  yield* inherited(sh);
  importFunctions(sh, start.env);
  applyOptions(sh, inv, setOption);
  return yield* ending(sh, begin(sh, inv));
}
const KNOWN: Readonly<Record<string, true>> =
  Object.fromEntries(['allexport', 'notify', 'errexit', 'noglob', 'hashall', 'keyword', 'monitor', 'noexec',
    'privileged',
  'onecmd', 'nounset', 'verbose', 'xtrace', 'braceexpand', 'noclobber', 'errtrace', 'histexpand', 'physical',
  'functrace', 'emacs', 'history', 'ignoreeof',
  'interactive-comments', 'nolog', 'pipefail', 'posix', 'vi'].map((name) => [name, true]));

function* begin(sh: Shell, inv: Invocation): Sys<number> {
  const atTerminal = sh.s.interactive && inv.command === null && inv.script === null;
  if (atTerminal) yield* takeTerminal(sh);
  yield* runCommand(sh, function* () { yield* startupFiles(sh, inv); return 0; });
  sh.s.status = 0;
  sh.s.pipestatus = [0];
  if (inv.command !== null)
    return yield* script(sh,
      { k: 'script', s: sh.s, text: inv.command, firstLine: 1, at: 0, frames: [], rest: false });
  if (inv.script !== null) {
    const text = yield* scriptText(sh, inv.script);
    if (typeof text === 'number') return text;
    return yield* script(sh, { k: 'script', s: sh.s, text, firstLine: 1, at: 0, frames: [], rest: false });
  }
  if (!atTerminal) return yield* fromStdin(sh);
  yield* loadHistory(sh);
  return yield* interactive(sh);
}

/** Job control: a process group of one's own that has the terminal, and signals meant for the commands. */
function* takeTerminal(sh: Shell): Sys<void> {
  const tty = yield* sh.call('tty', { fd: 0 });
  if (tty.ok) {
    yield* sh.call('setpgid', { pid: 0, pgid: 0 });
    yield* sh.call('tcsetpgrp', { fd: 0, pgid: sh.start.pid });
    setOption(sh, 'monitor', true);
  }
  for (const signal of ['INT', 'TERM', 'QUIT', 'TSTP'] as const)
    yield* sh.call('sigaction', { signal, action: 'catch' });
}

export const bash: Command = { name: 'bash', main };
export const sh: Command = { name: 'sh', main };
