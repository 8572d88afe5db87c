/** kill and trap. kill.def, trap.def. */
import { strerror } from '../../../sim/proc/libc.ts';
import type { Signal, Sys } from '../../../sim/proc/program.ts';
import { findJob } from '../jobs.ts';
import { FATAL, type Shell } from '../shell.ts';
import { get, has, remove, set, sorted } from '../table.ts';
import { runTraps, signalName, signalNumber, SIGNAL_NAMES } from '../traps.ts';
import { singleQuote } from '../quote.ts';
import type { Builtin } from './index.ts';
import { noSuchJob } from './jobs.ts';
import { emit } from './outputs.ts';
import { invalid, isNumber, usage } from './options.ts';

/** Signals that a shell can receive in this world. */
const REAL: ReadonlySet<string> =
  new Set(['HUP', 'INT', 'QUIT', 'ILL', 'TRAP', 'ABRT', 'KILL', 'USR1', 'USR2', 'SEGV', 'PIPE', 'ALRM',
    'TERM', 'CHLD',
  'CONT', 'STOP', 'TSTP', 'TTIN', 'TTOU', 'WINCH']);

const kill: Builtin = function* (sh, args) {
  if (!args.length) return yield* usage(sh);
  if (args[0] === '-l' || args[0] === '-L') return yield* listSignals(sh, args.slice(1));
  let signal = 15, i = 0;
  const first = args[0]!;
  if (first === '-s' || first === '-n') {
    if (args[1] === undefined) { yield* sh.complain(`${first}: option requires an argument`); return 1; }
    signal = signalNumber(args[1]);
    if (signal < 0) { yield* sh.complain(`${args[1]}: invalid signal specification`); return 1; }
    i = 2;
  } else if (first !== '--' && first[0] === '-' && first.length > 1) {
    signal = signalNumber(first.slice(1));
    if (signal < 0) { yield* sh.complain(`${first.slice(1)}: invalid signal specification`); return 1; }
    i = 1;
  }
  if (args[i] === '--') i++;
  if (i >= args.length) return yield* usage(sh);
  let status = 1, bad = false;
  for (const target of args.slice(i)) { if (yield* killOne(sh, target, signal)) status = 0; else bad = true; }
  return bad && args.length - i === 1 ? 1 : status;
};

function* killOne(sh: Shell, target: string, number: number): Sys<boolean> {
  const name = signalName(number);
  const signal = number === 0 ? '0' : name as Signal;
  let pid: number, stopped = false;
  if (target[0] === '%') {
    const job = findJob(sh, target);
    if (!job || job === 'ambiguous') { yield* noSuchJob(sh, target); return false; }
    pid = job.control ? -job.pgid : job.last;
    stopped = job.state === 'stopped';
  } else if (isNumber(target)) pid = Number(target);
  else { yield* sh.complain(`${target}: arguments must be process or job IDs`); return false; }
  if (number !== 0 && !REAL.has(name!)) {
    // Signals that nothing here distinguishes end a process as SIGTERM would, but for those Linux ignores.
    const known = yield* sh.call('kill', { pid, signal: '0' });
    if (!known.ok) { yield* sh.complain(`(${target[0] === '%' ? Math.abs(pid) : pid}) - ${strerror(known.errno)}`); return false; }
    if (name === 'URG') return true;
    yield* sh.call('kill', { pid, signal: 'TERM' });
    return true;
  }
  const done = yield* sh.call('kill', { pid, signal });
  if (!done.ok) { yield* sh.complain(`(${target[0] === '%' ? Math.abs(pid) : pid}) - ${strerror(done.errno)}`); return false; }
  if (stopped && (signal === 'TERM' || signal === 'HUP')) yield* sh.call('kill', { pid, signal: 'CONT' });
  // A signal to oneself is felt before anything else happens.
  if (pid === sh.start.pid || pid === 0) yield* sh.call('sleep', { us: 0 });
  if (sh.signals.length) yield* runTraps(sh);
  return true;
}

function* listSignals(sh: Shell, args: readonly string[]): Sys<number> {
  if (!args.length) {
    let text = '', column = 0;
    for (let n = 1; n <= 64; n++) {
      const name = signalName(n);
      if (name === undefined) continue;
      text += `${String(n).padStart(2)}) SIG${name}`;
      text += ++column % 5 === 0 ? '\n' : '\t';
    }
    return yield* emit(sh,
      text.endsWith('\n') ? text : `${text.replace(/\t$/, '')}\t\n`.replace(/\t\n$/, '\t\n'));
  }
  let status = 0;
  for (const arg of args) {
    if (/^\d+$/.test(arg)) {
      const n = Number(arg), name = signalName(n > 128 ? n - 128 : n);
      if (name === undefined) {
        yield* sh.complain(`${arg}: invalid signal specification`);
        status = 1;
      } else yield* sh.out(`${name}\n`);
    } else {
      const n = signalNumber(arg);
      if (n < 0) {
        yield* sh.complain(`${arg}: invalid signal specification`);
        status = 1;
      } else yield* sh.out(`${n}\n`);
    }
  }
  return status;
}

// ---- trap

/** Names that are no signals. */
const PSEUDO = ['EXIT', 'DEBUG', 'ERR', 'RETURN'];

function trapName(spec: string): string | null {
  const name = spec.toUpperCase().replace(/^SIG/, '');
  if (PSEUDO.includes(name)) return name;
  const n = signalNumber(spec);
  return n < 0 ? null : n === 0 ? 'EXIT' : signalName(n) ?? null;
}

const shownTrap = (name: string,
  text: string): string => `trap -- ${singleQuote(text)} ${PSEUDO.includes(name) ? name : `SIG${name}`}\n`;

const trapOrder = (name: string): number =>
  (PSEUDO.includes(name) ? (name === 'EXIT' ? 0 : 100 + PSEUDO.indexOf(name)) : SIGNAL_NAMES.indexOf(name));

const trap: Builtin = function* (sh, args) {
  let list = args, print = false;
  while (list[0]?.[0] === '-' && list[0].length > 1) {
    if (list[0] === '--') { list = list.slice(1); break; }
    if (list[0] === '-l') return yield* listSignals(sh, []);
    if (list[0] !== '-p') return yield* invalid(sh, list[0].slice(0, 2));
    print = true;
    list = list.slice(1);
  }
  if (print || !list.length) {
    const wanted = print && list.length ? list.map(trapName) : null;
    const shown = sh.s.outerTraps ?? sh.s.traps;
    const all = sorted(shown).filter((name) => wanted === null || wanted.includes(name)).sort((a,
      b) => trapOrder(a) - trapOrder(b));
    return yield* emit(sh, all.map((name) => shownTrap(name, get(shown, name)!)).join(''));
  }
  const reset = list[0] === '-' || (list.length === 1 && trapName(list[0]!) !== null)
    || /^\d+$/.test(list[0]!);
  const text = reset ? null : list[0]!;
  const specs = list[0] === '-' || !reset ? list.slice(1) : list;
  if (!specs.length) return yield* usage(sh);
  let status = 0;
  sh.s.outerTraps = null;
  for (const spec of specs) {
    const name = trapName(spec);
    if (name === null) { yield* sh.complain(`${spec}: invalid signal specification`); status = 1; continue; }
    if (text === null) remove(sh.own('traps'), name); else set(sh.own('traps'), name, text);
    if (name === 'EXIT') yield* beforeExit(sh);
    if (REAL.has(name) && name !== 'KILL' && name !== 'STOP') yield* disposition(sh, name as Signal, text);
  }
  return status;
};

/** What an interactive shell itself catches, so as not to be ended by it. */
const KEPT: ReadonlySet<string> = new Set(['INT', 'TERM', 'QUIT', 'TSTP']);

/** What would end a script is caught while it has an EXIT trap: that runs first. */
function* beforeExit(sh: Shell): Sys<void> {
  if (sh.atPrompt) return;
  for (const signal of FATAL.keys()) if (!has(sh.s.traps, signal)) yield* disposition(sh, signal, null);
}

function* disposition(sh: Shell, signal: Signal, text: string | null): Sys<void> {
  const kept = sh.atPrompt ? KEPT.has(signal) : FATAL.has(signal) && has(sh.s.traps, 'EXIT');
  const action = text === null ? (kept ? 'catch' : 'default') : text === '' ? (kept ? 'catch' : 'ignore')
    : 'catch';
  yield* sh.call('sigaction', { signal, action });
}

export const signalBuiltins: Record<string, Builtin> = { kill, trap };
