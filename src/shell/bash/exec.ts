/**
 * Runs commands: lists, conditions, loops, groups. Each nested command keeps a frame, so that a loop that
 * turns for ever can start its process anew where it stands (`become`) and its reply log stays short.
 */
import type { AndOr, Case, For, ForArith, Group, If, List, Node, Subshell, Test,
  While } from '../grammar/ast.ts';
import type { Sys } from '../../sim/proc/program.ts';
import { evaluateParts, expandPattern, expandText } from './expand.ts';
import { forArith, forLoop, select, whileLoop } from './loops.ts';
import { condition } from './conditional.ts';
import { simple } from './command.ts';
import { background, foreground, pipeline } from './pipeline.ts';
import { matches } from './pattern.ts';
import { redirect, restore, type Undo } from './redirect.ts';
import { quoteTrace } from './quote.ts';
import { Failure, Unwind, type Frame, type Shell } from './shell.ts';
import { set } from './table.ts';
import { trace } from './trace.ts';
import { trapOn } from './traps.ts';

/** Commands inside commands, calls and evaluations included, that the stack of every engine can bear. */
const LEVEL_MAX = 400;

export function* exec(sh: Shell, n: Node): Sys<number> {
  if (sh.level >= LEVEL_MAX) {
    yield* sh.warn(`maximum nesting level exceeded (${LEVEL_MAX})`);
    throw new Unwind('discard', 1);
  }
  sh.level++;
  const status = yield* run(sh, n);
  sh.level--;
  return status;
}

function* run(sh: Shell, n: Node): Sys<number> {
  switch (n.k) {
    case 'simple': return yield* simple(sh, n);
    case 'list': return yield* list(sh, n);
    case 'andor': return yield* andor(sh, n);
    case 'pipe': return yield* pipeline(sh, n);
    case 'function': return define(sh, n.name, n.body, n.line);
    default:
      sh.line = n.line;
      if (n.redirs.length) return yield* redirected(sh, n);
      return yield* compound(sh, n);
  }
}

type Compound = Exclude<Node, { k: 'simple' | 'list' | 'andor' | 'pipe' | 'function' }>;

function* redirected(sh: Shell, n: Compound): Sys<number> {
  const from = take(sh, 'redir');
  let undo: Undo | null = from ? { saved: { ...from.saved }, opened: [...from.opened] } : null;
  if (!undo) {
    try { undo = yield* redirect(sh, n.redirs); } catch (error) {
      if (!(error instanceof Failure) || error.fatal) throw error;
      yield* sh.warn(error.message);
    }
    if (!undo) { sh.s.status = 1; yield* failed(sh); return 1; }
  }
  sh.frames.push({ k: 'redir', saved: undo.saved, opened: undo.opened });
  const depth = sh.frames.length;
  try {
    return yield* compound(sh, n);
  } finally {
    sh.frames.length = depth - 1;
    yield* restore(sh, undo);
  }
}

function* compound(sh: Shell, n: Compound): Sys<number> {
  switch (n.k) {
    case 'group': return yield* exec(sh, (n as Group).body);
    case 'subshell': return yield* subshell(sh, n as Subshell);
    case 'if': return yield* branches(sh, n as If);
    case 'while': return yield* whileLoop(sh, n as While);
    case 'for': return yield* forLoop(sh, n as For);
    case 'select': return yield* select(sh, n as For);
    case 'forarith': return yield* forArith(sh, n as ForArith);
    case 'case': return yield* caseOf(sh, n as Case);
    case 'arith': {
      yield* trace(sh, () => `(( ${n.expr.src.trim()} ))`);
      const ok = yield* arith(sh, n.expr.parts, '((');
      return yield* settle(sh, ok === null ? 1 : ok !== 0n ? 0 : 1);
    }
    case 'cond': return yield* settle(sh, yield* conditional(sh, n.expr));
  }
}

/** Sets `$?` and lets a failure have its consequences (`set -e`, the ERR trap). */
export function* settle(sh: Shell, status: number): Sys<number> {
  sh.s.status = status;
  sh.s.pipestatus = [status];
  if (status !== 0) yield* failed(sh);
  return status;
}

export function* failed(sh: Shell): Sys<void> {
  if (sh.conditions > 0) return;
  yield* trapOn(sh, 'ERR');
  if (sh.option('errexit')) throw new Unwind('exit', sh.s.status);
}

// ---- frames

export function take<K extends Frame['k']>(sh: Shell, k: K): (Frame & { k: K }) | null {
  if (!sh.resume.length) return null;
  const next = sh.resume[0]!;
  if (next.k !== k) { sh.resume.length = 0; return null; }
  sh.resume.shift();
  return next as Frame & { k: K };
}

/** Runs what must not be left half-way. */
export function* walled<T>(sh: Shell, run: Sys<T>): Sys<T> {
  sh.frames.push({ k: 'wall' });
  const depth = sh.frames.length;
  try { return yield* run; } finally { sh.frames.length = depth - 1; }
}

export function* tested(sh: Shell, node: Node): Sys<number> {
  sh.conditions++;
  try { return yield* walled(sh, exec(sh, node)); } finally { sh.conditions--; }
}

// ---- lists

function* list(sh: Shell, n: List): Sys<number> {
  const frame = { k: 'list' as const, at: take(sh, 'list')?.at ?? 0 };
  sh.frames.push(frame);
  for (; frame.at < n.items.length; frame.at++) {
    const item = n.items[frame.at]!;
    if (item.bg) yield* background(sh, item.node); else yield* exec(sh, item.node);
  }
  sh.frames.pop();
  return sh.s.status;
}

function* andor(sh: Shell, n: AndOr): Sys<number> {
  const frame = { k: 'andor' as const, at: take(sh, 'andor')?.at ?? -1 };
  sh.frames.push(frame);
  const last = n.rest.length - 1;
  if (frame.at < 0) yield* part(sh, n.first, false);
  else yield* part(sh, n.rest[frame.at]!.node, frame.at === last);
  while (frame.at < last) {
    frame.at++;
    const { op, node } = n.rest[frame.at]!;
    if ((op === '&&') === (sh.s.status === 0)) yield* part(sh, node, frame.at === last);
  }
  sh.frames.pop();
  return sh.s.status;
}

function* part(sh: Shell, node: Node, last: boolean): Sys<void> {
  if (last) { yield* exec(sh, node); return; }
  sh.conditions++;
  try { yield* exec(sh, node); } finally { sh.conditions--; }
}

// ---- branches

function* branches(sh: Shell, n: If): Sys<number> {
  const frame = { k: 'branch' as const, at: take(sh, 'branch')?.at ?? -1 };
  if (frame.at < 0) {
    frame.at = n.tests.length;
    for (let i = 0; i < n.tests.length; i++) {
      if ((yield* tested(sh, n.tests[i]!.test)) === 0) { frame.at = i; break; }
    }
  }
  const body = frame.at < n.tests.length ? n.tests[frame.at]!.then : n.otherwise;
  if (!body) { sh.s.status = 0; return 0; }
  sh.frames.push(frame);
  const status = yield* exec(sh, body);
  sh.frames.pop();
  return status;
}

function* caseOf(sh: Shell, n: Case): Sys<number> {
  const from = take(sh, 'branch');
  const word = from ? '' : yield* expandText(sh, n.word);
  if (!from) yield* trace(sh, () => `case ${quoteTrace(word)} in`);
  const frame = { k: 'branch' as const, at: from?.at ?? 0 };
  let run = from !== null, matched = false;
  for (; frame.at < n.items.length; frame.at++) {
    const item = n.items[frame.at]!;
    if (!run && !(yield* anyMatch(sh, word, item.patterns))) continue;
    matched = true;
    if (item.body) {
      sh.frames.push(frame);
      yield* exec(sh, item.body);
      sh.frames.pop();
    } else sh.s.status = 0;
    if (item.end === ';;') return sh.s.status;
    run = item.end === ';&';
  }
  if (!matched) sh.s.status = 0;
  return sh.s.status;
}

function* anyMatch(sh: Shell, word: string, patterns: Case['items'][number]['patterns']): Sys<boolean> {
  const style = { extglob: sh.shopt('extglob'), ignoreCase: sh.shopt('nocasematch') };
  for (const pattern of patterns) if (matches(word, yield* expandPattern(sh, pattern), style)) return true;
  return false;
}

// ---- the rest

function* subshell(sh: Shell, n: Subshell): Sys<number> {
  return yield* foreground(sh, n);
}

function define(sh: Shell, name: string, body: Node, line: number): number {
  const inFile = sh.s.scopes.findLast((scope) => scope.name === 'source');
  const source = inFile ? inFile.source : sh.s.input === '-c' ? 'environment' : sh.s.interactive ? 'main'
    : currentSource(sh);
  set(sh.own('functions'), name, { body, source, line });
  return (sh.s.status = 0);
}

/** The file that commands come from now. */
function currentSource(sh: Shell): string {
  const { scopes } = sh.s;
  for (let i = scopes.length - 1; i >= 0; i--) if (scopes[i]!.name) return scopes[i]!.source;
  return sh.s.name;
}

/** Evaluates `(( ))`; null after a message. */
export function* arith(sh: Shell, parts: Parameters<typeof evaluateParts>[1],
  who: string): Sys<bigint | null> {
  try {
    return yield* evaluateParts(sh, parts);
  } catch (error) {
    if (!(error instanceof Failure) || error.fatal) throw error;
    yield* sh.warn(`${who}: ${error.message}`);
    return null;
  }
}

function* conditional(sh: Shell, test: Test): Sys<number> {
  try {
    return (yield* condition(sh, test)) ? 0 : 1;
  } catch (error) {
    if (!(error instanceof Failure) || error.fatal) throw error;
    yield* sh.warn(error.bare ? error.message : `[[: ${error.message}`);
    return error.bare ? 2 : 1;
  }
}
