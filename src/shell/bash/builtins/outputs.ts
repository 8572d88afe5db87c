/** echo, printf, test and `[`, and the two that do nothing. */
import { decode } from '../../grammar/ansi.ts';
import { strerror } from '../../../sim/proc/libc.ts';
import type { Sys } from '../../../sim/proc/program.ts';
import { test, TestError } from '../conditional.ts';
import { format, needsClock } from '../printf.ts';
import { tick } from '../expand.ts';
import type { Shell } from '../shell.ts';
import { assign, assignElement, NAME } from '../variables.ts';
import type { Builtin } from './index.ts';
import { invalid, usage } from './options.ts';

/** Writes a builtin's output; a status and a message when that fails. */
export function* emit(sh: Shell, text: string, status = 0): Sys<number> {
  if (yield* sh.out(text)) return status;
  yield* sh.complain(`write error: ${strerror(sh.s.fds[1] === undefined ? 'EBADF' : sh.writeErrno)}`);
  return 1;
}

const ECHO_OPTIONS = /^-[neE]+$/;

const echo: Builtin = function* (sh, args) {
  let i = 0, newline = true, escapes = sh.shopt('xpg_echo');
  for (; i < args.length && ECHO_OPTIONS.test(args[i]!); i++) {
    if (args[i]!.includes('n')) newline = false;
    if (/[eE]/.test(args[i]!)) escapes = args[i]!.lastIndexOf('e') > args[i]!.lastIndexOf('E');
  }
  let text = i === 0 ? args.join(' ') : args.slice(i).join(' ');
  if (escapes) {
    const decoded = decode(text, 'echo');
    text = decoded.text;
    if (decoded.stopped) newline = false;
  }
  return yield* emit(sh, newline ? `${text}\n` : text);
};

const printf: Builtin = function* (sh, args) {
  let into: string | null = null;
  if (args[0] === '-v') {
    if (args[1] === undefined) {
      yield* sh.complain('-v: option requires an argument');
      return yield* usage(sh);
    }
    into = args[1];
    if (!/^[A-Za-z_]\w*(?:\[.*\])?$/s.test(into)) {
      yield* sh.complain(`\`${into}': not a valid identifier`);
      return 2;
    }
    args = args.slice(2);
  } else if (args[0] !== undefined && args[0].length > 1 && args[0][0] === '-' && args[0] !== '--'
    && /^-[a-zA-Z]/.test(args[0])) {
    return yield* invalid(sh, args[0].slice(0, 2));
  }
  if (args[0] === '--') args = args.slice(1);
  if (!args.length) return yield* usage(sh);
  if (needsClock(args[0]!)) yield* tick(sh);
  const { text, errors } = format(args[0]!, args.slice(1), { nowUs: sh.clockUs, startUs: sh.s.secondsFrom });
  for (const error of errors) yield* sh.complain(error);
  const status = errors.some((error) => !error.startsWith('warning: ')) ? 1 : 0;
  if (into === null) return yield* emit(sh, text, status);
  const element = /^(\w+)\[(.*)\]$/s.exec(into);
  if (element) assignElement(sh, element[1]!, element[2]!, text);
  else if (NAME.test(into)) assign(sh, into, text);
  return status;
};

const testBuiltin: Builtin = function* (sh, args) {
  try {
    return (yield* test(sh, args)) ? 0 : 1;
  } catch (error) {
    if (!(error instanceof TestError)) throw error;
    yield* sh.complain(error.message);
    return 2;
  }
};

const bracket: Builtin = function* (sh, args) {
  if (args[args.length - 1] !== ']') { yield* sh.complain("missing `]'"); return 2; }
  return yield* testBuiltin(sh, args.slice(0, -1));
};

const always = (status: number): Builtin => function* () { return status; };

export const outputs: Record<string, Builtin> = {
  echo, printf, test: testBuiltin, '[': bracket, ':': always(0), true: always(0), false: always(1),
};
