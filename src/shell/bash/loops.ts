/** Loops. Each turn hears signals, and leaves a long reply log behind. */
import type { For, ForArith, Node, While } from '../grammar/ast.ts';
import type { Sys } from '../../sim/proc/program.ts';
import { arith, exec, take, tested, walled } from './exec.ts';
import { expandWords } from './expand.ts';
import { selectLoop } from './select.ts';
import { Unwind, type Shell } from './shell.ts';
import { trace } from './trace.ts';
import { runTraps } from './traps.ts';
import { assign, NAME } from './variables.ts';

/** So many calls in the reply log, and a loop begins a new one. */
const CALLS_MAX = 1500;

/** The turn of a loop: signals are heard, and a long log is left behind. */
function* turn(sh: Shell, count: number, callsBefore: number): Sys<void> {
  // A loop of builtins alone makes no call at which it could be interrupted.
  if (sh.calls === callsBefore || (count & 15) === 15) yield* sh.call('sleep', { us: 0 });
  if (sh.signals.length) yield* runTraps(sh);
  if (sh.calls < CALLS_MAX || !sh.comeBack || sh.frames.some((f) => f.k === 'wall')) return;
  sh.calls = 0;
  yield* sh.call('become', { mem: sh.comeBack(sh.frames) as never });
}

/** Runs a loop's body. False: the loop is over. */
function* body(sh: Shell, node: Node): Sys<boolean> {
  const depth = sh.frames.length, { conditions, level } = sh;
  sh.loops++;
  try {
    yield* exec(sh, node);
    return true;
  } catch (error) {
    if (!(error instanceof Unwind) || (error.kind !== 'break' && error.kind !== 'continue')) throw error;
    sh.frames.length = depth;
    sh.conditions = conditions;
    sh.level = level;
    if (error.value > 1) throw new Unwind(error.kind, error.value - 1);
    return error.kind === 'continue';
  } finally { sh.loops--; }
}

export function* whileLoop(sh: Shell, n: While): Sys<number> {
  const from = take(sh, 'while');
  const frame = { k: 'while' as const, at: from?.at ?? 0, status: from?.status ?? 0 };
  sh.frames.push(frame);
  // Resumed inside the body: the test has been passed.
  let inBody = sh.resume.length > 0;
  for (;;) {
    const calls = sh.calls;
    if (!inBody) {
      let status = 0;
      const { level } = sh;
      sh.loops++;
      try { status = yield* tested(sh, n.test); } catch (error) {
        if (!(error instanceof Unwind) || (error.kind !== 'break' && error.kind !== 'continue')) throw error;
        if (error.value > 1) throw new Unwind(error.kind, error.value - 1);
        sh.level = level;
        if (error.kind === 'break') break;
        yield* turn(sh, frame.at, calls);
        continue;
      } finally { sh.loops--; }
      if ((status === 0) === (n.until === true)) { sh.s.status = frame.status; break; }
    }
    inBody = false;
    if (!(yield* body(sh, n.body))) break;
    frame.status = sh.s.status;
    frame.at++;
    yield* turn(sh, frame.at, calls);
  }
  sh.frames.pop();
  return sh.s.status;
}

export function* forLoop(sh: Shell, n: For): Sys<number> {
  if (!NAME.test(n.name)) {
    yield* sh.warn(`\`${n.name}': not a valid identifier`);
    return (sh.s.status = 1);
  }
  const from = take(sh, 'for');
  const items = from?.items ?? (n.words ? yield* expandWords(sh, n.words) : [...sh.s.args]);
  const frame = { k: 'for' as const, at: from?.at ?? 0, items };
  sh.frames.push(frame);
  if (!items.length) sh.s.status = 0;
  let resumed = sh.resume.length > 0;
  for (; frame.at < items.length; frame.at++) {
    const calls = sh.calls;
    if (!resumed) {
      yield* trace(sh, () => `for ${n.name} in ${(n.words ?? []).map((w) => w.src).join(' ') || '"$@"'}`);
      assign(sh, n.name, items[frame.at]!);
    }
    resumed = false;
    if (!(yield* body(sh, n.body))) break;
    if (frame.at + 1 < items.length
      && (sh.calls === calls || (frame.at & 15) === 15 || sh.signals.length || sh.calls >= CALLS_MAX)) {
      frame.at++;
      yield* turn(sh, frame.at, calls);
      frame.at--;
    }
  }
  sh.frames.pop();
  return sh.s.status;
}

export function* forArith(sh: Shell, n: ForArith): Sys<number> {
  const from = take(sh, 'forarith');
  const frame = { k: 'forarith' as const, at: from?.at ?? 0 };
  const step = function* (word: ForArith['init'], empty: bigint): Sys<bigint | null> {
    if (word.src.trim() === '') return empty;
    yield* trace(sh, () => `(( ${word.src.trim()} ))`);
    return yield* arith(sh, word.parts, '((');
  };
  if (!from && (yield* step(n.init, 1n)) === null) return (sh.s.status = 1);
  sh.frames.push(frame);
  sh.s.status = 0;
  let inBody = sh.resume.length > 0;
  for (;; frame.at++) {
    const calls = sh.calls;
    if (!inBody) {
      const go = yield* step(n.test, 1n);
      if (go === null) { sh.s.status = 1; break; }
      if (go === 0n) break;
    }
    inBody = false;
    if (!(yield* body(sh, n.body))) break;
    if ((yield* step(n.step, 1n)) === null) { sh.s.status = 1; break; }
    yield* turn(sh, frame.at, calls);
  }
  sh.frames.pop();
  return sh.s.status;
}

export function* select(sh: Shell, n: For): Sys<number> {
  const items = n.words ? yield* expandWords(sh, n.words) : [...sh.s.args];
  sh.s.status = 0;
  if (!items.length) return 0;
  return yield* walled(sh, selectLoop(sh, n.name, items, () => body(sh, n.body)));
}
