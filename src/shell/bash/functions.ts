/**
 * Function calls: a scope for locals, the positional parameters, `return`. A call keeps a frame, so that a
 * loop inside a function can begin a new reply log too.
 */
import type { Node } from '../grammar/ast.ts';
import type { Sys } from '../../sim/proc/program.ts';
import { exec, failed } from './exec.ts';
import { restore, type Undo } from './redirect.ts';
import type { Fn, Var } from './session.ts';
import { Failure, Unwind, type Frame, type Shell } from './shell.ts';
import { names, type Table } from './table.ts';
import { trapOn } from './traps.ts';
import { value } from './variables.ts';

/** Calls inside calls, where a real bash would run out of stack. */
const DEPTH_MAX = 500;

type Call = Frame & { k: 'call' };

/** `undo`: the call's own redirections, which the caller takes back; undefined when it must not be resumed. */
export function* callFunction(sh: Shell, name: string, fn: Fn, args: readonly string[], vars: Table<Var | null>,
  undo?: Undo | null): Sys<number> {
  const limit = Number(value(sh, 'FUNCNEST') ?? 0) || DEPTH_MAX;
  if (sh.depth >= limit) {
    yield* sh.warn(`${name}: maximum function nesting level exceeded (${limit})`);
    throw new Unwind('discard', 1);
  }
  const scopes = sh.s.scopes.length, { line } = sh;
  sh.own('scopes').push({ name, vars, args: sh.s.args, line, source: fn.source });
  if (names(vars).length) sh.s.env = null;
  sh.s.args = args;
  // Names of process substitutions hold only while this process does.
  const resumable = undo !== undefined && sh.substitutions.length === 0;
  return yield* inside(sh, fn.body, scopes, line, resumable ? { k: 'call', body: fn.body, scopes, line, undo } : { k: 'wall' });
}

/** Goes on in the middle of a function's body. */
export function* resumeCall(sh: Shell, call: Call): Sys<number> {
  try {
    return yield* inside(sh, call.body, call.scopes, call.line, { ...call });
  } finally {
    if (call.undo) yield* restore(sh, { saved: { ...call.undo.saved }, opened: [...call.undo.opened] });
  }
}

function* inside(sh: Shell, body: Node, scopes: number, line: number, frame: Frame): Sys<number> {
  const frames = sh.frames.length, { conditions, loops, builtin, depth, level } = sh;
  sh.depth++;
  sh.loops = 0;
  sh.builtin = '';
  sh.frames.push(frame);
  try {
    yield* exec(sh, body);
    yield* trapOn(sh, 'RETURN');
  } catch (error) {
    if (error instanceof Failure) error.prefix ??= sh.prefix();
    if (!(error instanceof Unwind) || error.kind !== 'return') throw error;
    sh.s.status = error.value;
    sh.conditions = conditions;
    if (error.value !== 0) {
      leave(sh, scopes);
      yield* failed(sh);
    }
  } finally {
    if (sh.s.scopes.length > scopes) leave(sh, scopes);
    sh.depth = depth;
    sh.level = level;
    sh.loops = loops;
    sh.builtin = builtin;
    sh.line = line;
    sh.frames.length = frames;
  }
  return sh.s.status;
}

/** Leaves scopes; exported locals change the environment. */
function leave(sh: Shell, to: number): void {
  const scopes = sh.own('scopes');
  for (const scope of scopes.splice(to).reverse()) {
    if (scope.args) sh.s.args = scope.args;
    if (names(scope.vars).length) sh.s.env = null;
  }
}
