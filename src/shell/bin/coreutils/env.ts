/**
 * Programs that run another one in a changed setting, or do nothing for a while: env, printenv, nohup,
 * nice, stdbuf, timeout, sleep, yes, true, false, sync (coreutils 8.22/8.26). Niceness and buffering are
 * taken as asked; the model has neither.
 */
import type { Json, Signal, Start, Sys } from '../../../sim/proc/program.ts';
import { strerror } from '../../../sim/proc/libc.ts';
import { call } from '../../../sim/proc/syscalls.ts';
import type { Command } from '../../command.ts';
import { quoteAlways, quoteIfNeeded } from './quote.ts';
import { execute, launch, parseSignal, signalNumber } from './run.ts';
import { PACKAGES, type Task, tool } from './tool.ts';

const RUNS = { stopAtOperand: true } as const;

/** Becomes the program or says why not: 127 not found, 126 otherwise. */
function* become(task: Task, words: readonly string[], env: Readonly<Record<string, string>>, extra: Parameters<typeof execute>[2] = {}): Sys<number> {
  yield* task.flush();
  const errno = yield* execute(words, env, extra);
  const named: Readonly<Record<string, string>> = {
    nohup: `failed to run command ${quoteAlways(words[0]!)}`, stdbuf: `failed to run command ${task.quote(words[0]!)}`,
  };
  yield* task.error(`${named[task.tool.name] ?? task.quote(words[0]!)}: ${strerror(errno)}`);
  return errno === 'ENOENT' ? 127 : 126;
}

export const env = tool({
  name: 'env', package: PACKAGES.coreutils, usage: ['[OPTION]... [-] [NAME=VALUE]... [COMMAND [ARG]...]'],
  about: 'Set each NAME to VALUE in the environment and run COMMAND.', authors: 'Richard Mlynarik, David MacKenzie, and Assaf Gordon', style: RUNS, trouble: 125,
  options: [
    '-i, --ignore-environment  start with an empty environment',
    '-0, --null  end each line with NUL, not newline',
    '-u, --unset=NAME  remove NAME from the environment',
    '-C, --chdir=DIR  change to DIR first',
  ],
  notes: 'A mere - implies -i. If no COMMAND, print the resulting environment.',
  *run(task) {
    const words = [...task.operands];
    let clean = task.has('i');
    if (words[0] === '-') {
      clean = true;
      words.shift();
    }
    const settings: Record<string, string> = clean ? {} : { ...task.start.env };
    for (const name of task.values('u')) {
      if (name === '' || name.includes('=')) {
        yield* task.error(`cannot unset ${task.quote(name)}: Invalid argument`);
        return 125;
      }
      delete settings[name];
    }
    while (words[0]?.includes('=')) {
      const [name = '', ...value] = words.shift()!.split('=');
      settings[name] = value.join('=');
    }
    if (words.length === 0) {
      const end = task.has('0') ? '\0' : '\n';
      task.print(Object.entries(settings).map(([name, value]) => `${name}=${value}${end}`).join(''));
      return 0;
    }
    if (task.has('0')) return yield* task.misuse('cannot specify --null (-0) with command');
    const dir = task.value('C');
    if (dir !== undefined) {
      const moved = yield* call('chdir', { path: dir });
      if (!moved.ok) {
        yield* task.error(`cannot change directory to ${task.quote(dir)}: ${strerror(moved.errno)}`);
        return 125;
      }
    }
    return yield* become(task, words, settings);
  },
});

export const printenv = tool({
  name: 'printenv', package: PACKAGES.coreutils, usage: ['[OPTION]... [VARIABLE]...'],
  about: 'Print the values of the specified environment VARIABLE(s).\nIf no VARIABLE is specified, print name and value pairs for them all.',
  authors: 'David MacKenzie and Richard Mlynarik', style: RUNS, trouble: 2, options: ['-0, --null  end each line with NUL, not newline'],
  *run(task) {
    const end = task.has('0') ? '\0' : '\n';
    const all = task.start.env;
    if (task.operands.length === 0) {
      task.print(Object.entries(all).map(([name, value]) => `${name}=${value}${end}`).join(''));
      return 0;
    }
    const found = task.operands.filter((name) => name in all);
    task.print(found.map((name) => all[name] + end).join(''));
    return found.length === task.operands.length ? 0 : 1;
  },
});

export const nohup = tool({
  name: 'nohup', package: PACKAGES.coreutils, usage: ['COMMAND [ARG]...', 'OPTION'], about: 'Run COMMAND, ignoring hangup signals.',
  authors: 'Jim Meyering', style: RUNS, trouble: 125, options: [],
  *run(task) {
    if (task.operands.length === 0) return yield* task.misuse('missing operand');
    const [input, output, errors] = [yield* call('tty', { fd: 0 }), yield* call('tty', { fd: 1 }), yield* call('tty', { fd: 2 })];
    if (input.ok) {
      const nothing = yield* call('open', { path: '/dev/null', flags: { write: true } });
      if (nothing.ok) yield* call('dup', { fd: nothing.value, to: 0 });
    }
    if (output.ok) {
      const home = task.start.env['HOME'];
      const flags = { write: true, create: true, append: true };
      let path = 'nohup.out';
      let opened = yield* call('open', { path, flags, mode: 0o600 });
      if (!opened.ok && home) {
        path = `${home}/nohup.out`;
        opened = yield* call('open', { path, flags, mode: 0o600 });
      }
      if (!opened.ok) {
        yield* task.error(`failed to open ${quoteAlways(path)}: ${strerror(opened.errno)}`);
        return 125;
      }
      yield* task.error(`${input.ok ? 'ignoring input and ' : ''}appending output to ${quoteAlways(path)}`, 0);
      yield* call('dup', { fd: opened.value, to: 1 });
    } else if (input.ok) yield* task.error(`ignoring input${errors.ok ? ' and redirecting stderr to stdout' : ''}`, 0);
    if (errors.ok) yield* call('dup', { fd: 1, to: 2 });
    return yield* become(task, task.operands, task.start.env, { ignore: ['HUP'] });
  },
});

export const nice = tool({
  name: 'nice', package: PACKAGES.coreutils, usage: ['[OPTION] [COMMAND [ARG]...]'],
  about: 'Run COMMAND with an adjusted niceness, which affects process scheduling.\nWith no COMMAND, print the current niceness.',
  authors: 'David MacKenzie', style: { ...RUNS, digits: true }, trouble: 125,
  options: ['-n, --adjustment=N  add integer N to the niceness (default 10)'],
  *run(task) {
    const typed = task.value('n');
    if (typed !== undefined && !/^[-+]?\d+$/.test(typed)) {
      yield* task.error(`invalid adjustment ${task.quote(typed)}`);
      return 125;
    }
    if (task.operands.length) return yield* become(task, task.operands, task.start.env);
    if (typed !== undefined || task.has('#')) return yield* task.misuse('a command must be given with an adjustment');
    task.print('0\n');
  },
});

export const stdbuf = tool({
  name: 'stdbuf', package: PACKAGES.coreutils, usage: ['OPTION... COMMAND'],
  about: 'Run COMMAND, with modified buffering operations for its standard streams.', authors: 'Padraig Brady', style: RUNS, trouble: 125,
  options: ['-i, --input=MODE  buffering of standard input', '-o, --output=MODE  buffering of standard output', '-e, --error=MODE  buffering of standard error'],
  *run(task) {
    if (task.operands.length === 0) return yield* task.misuse('missing operand');
    if (task.given.length === 0) return yield* task.misuse('you must specify a buffering mode option');
    for (const { key, value } of task.given) {
      if (key === 'i' && value === 'L') return yield* task.misuse('line buffering stdin is meaningless');
      if (value !== 'L' && !/^\d+[kKMGT]?B?$/.test(value ?? '')) {
        yield* task.error(`invalid mode ${task.quote(value ?? '')}`);
        return 125;
      }
    }
    return yield* become(task, task.operands, task.start.env);
  },
});

const UNITS: Readonly<Record<string, number>> = { '': 1, s: 1, m: 60, h: 3_600, d: 86_400 };

/** `5`, `0.1`, `2m`, `infinity` as microseconds, or null. */
export function parseDuration(text: string): number | null {
  const m = /^\+?(\d+\.?\d*(?:e[-+]?\d+)?|\.\d+|inf(?:inity)?)([smhd]?)$/i.exec(text);
  if (!m) return null;
  const number = /^inf/i.test(m[1]!) ? Infinity : Number(m[1]);
  return Math.min(Number.MAX_SAFE_INTEGER / 4, Math.round(number * UNITS[m[2]!]! * 1_000_000));
}

export const sleep = tool({
  name: 'sleep', package: PACKAGES.coreutils, usage: ['NUMBER[SUFFIX]...', 'OPTION'],
  about: "Pause for NUMBER seconds.  SUFFIX may be 's' for seconds (the default),\n'm' for minutes, 'h' for hours or 'd' for days.\n"
    + 'Given two or more arguments, pause for the amount of time\nspecified by the sum of their values.',
  authors: 'Jim Meyering and Paul Eggert', options: [],
  *run(task) {
    if (task.operands.length === 0) return yield* task.misuse('missing operand');
    let us = 0;
    for (const word of task.operands) {
      const one = parseDuration(word);
      if (one === null) yield* task.error(`invalid time interval ${task.quote(word)}`);
      else us += one;
    }
    if (task.status) return yield* task.misuse();
    yield* call('sleep', { us });
  },
});

const DEADLINE = 'deadline';

const timeoutTool = tool({
  name: 'timeout', package: PACKAGES.coreutils, usage: ['[OPTION] DURATION COMMAND [ARG]...', '[OPTION]'],
  about: 'Start COMMAND, and kill it if still running after DURATION.', authors: 'Padraig Brady', style: RUNS, trouble: 125,
  options: [
    '--preserve-status  exit with the status of COMMAND even when it ran out of time',
    '--foreground  let COMMAND read from the terminal',
    '-k, --kill-after=DURATION  send a KILL signal if it still runs that long after',
    '-s, --signal=SIGNAL  send this signal, not TERM',
    '-v, --verbose  say on stderr when a signal is sent',
  ],
  run: runWithLimit,
});

/** The limit is a timer of this process; its thread sends the signal. */
export const timeout: Command = {
  ...timeoutTool,
  entries: {
    *[DEADLINE](start: Start): Sys<void> {
      const noted = yield* call('memGet', { key: 'child' });
      const child = noted.ok ? (noted.value as { pid: number; signal: string; verbose: boolean; name: string; word: string } | null) : null;
      if (!child) return;
      const event = start.event as { timer?: string; signal?: string };
      const signal = (event.signal ?? (event.timer === 'kill' ? 'KILL' : child.signal)) as Signal;
      if (event.timer) yield* call('memSet', { key: 'expired', value: signal });
      if (child.verbose) yield* call('write', { fd: 2, text: `${child.name}: sending signal ${signal} to command ${child.word}\n` });
      yield* call('kill', { pid: child.pid, signal });
      if (signal !== 'KILL') yield* call('kill', { pid: child.pid, signal: 'CONT' });
    },
  },
};

function* runWithLimit(task: Task): Sys<number> {
  const [limit, ...words] = task.operands;
  if (limit === undefined || words.length === 0) return yield* task.misuse();
  const us = parseDuration(limit);
  const killAfter = task.value('k') === undefined ? 0 : parseDuration(task.value('k')!);
  for (const [typed, parsed] of [[limit, us], [task.value('k'), killAfter]] as const) {
    if (parsed === null) return yield* task.misuse(`invalid time interval ${task.quote(typed!)}`);
  }
  const signal = parseSignal(task.value('s') ?? 'TERM');
  if (!signal) return yield* task.misuse(`${task.quote(task.value('s')!)}: invalid signal`);
  const child = yield* launch(words, task.start.env);
  if (!child.ok) {
    yield* task.error(`failed to run command ${task.quote(words[0]!)}: ${strerror(child.errno)}`);
    return child.errno === 'ENOENT' ? 127 : 126;
  }
  const note = { pid: child.value, signal, verbose: task.has('v'), name: task.name, word: task.quote(words[0]!) };
  yield* call('memSet', { key: 'child', value: note as unknown as Json });
  for (const forwarded of ['INT', 'TERM', 'HUP', 'QUIT'] as const) yield* call('onSignal', { signal: forwarded, entry: DEADLINE });
  if (us! > 0) yield* call('timer', { name: 'limit', entry: DEADLINE, afterUs: us! });
  if (us! > 0 && killAfter) yield* call('timer', { name: 'kill', entry: DEADLINE, afterUs: us! + killAfter });
  const end = yield* call('wait', { pid: child.value });
  const expired = yield* call('memGet', { key: 'expired' });
  if (!end.ok) return 125;
  const status = end.value.signal === null ? end.value.status : 128 + signalNumber(end.value.signal);
  if (!expired.ok || expired.value === null || task.has('preserve-status')) return status;
  return end.value.signal === 'KILL' ? 137 : 124;
}

/** Writes between two starts of an endless program. */
const WRITES_MAX = 1_000;
const CHUNK = 8_192;

export const yes = tool({
  name: 'yes', package: PACKAGES.coreutils, usage: ['[STRING]...', 'OPTION'], about: "Repeatedly output a line with all specified STRING(s), or 'y'.",
  authors: 'David MacKenzie', options: [], style: RUNS,
  *run(task) {
    const line = `${task.operands.length ? task.operands.join(' ') : 'y'}\n`;
    const text = line.repeat(Math.max(1, Math.floor(CHUNK / line.length)));
    for (let n = 0; n < WRITES_MAX; n++) {
      task.print(text);
      yield* task.flush();
      if (task.broken) return 1;
    }
    yield* call('become', { mem: null });
  },
});

const constant = (name: string, status: number): Command => {
  const about = tool({
    name, package: PACKAGES.coreutils, usage: ['[ignored command line arguments]', 'OPTION'],
    about: `Exit with a status code indicating ${status === 0 ? 'success' : 'failure'}.`, authors: 'Jim Meyering', options: [],
    *run() { return status; },
  });
  return {
    name,
    *main(start: Start): Sys<number> {
      const [, word, more] = start.argv;
      if (more !== undefined || (word !== '--help' && word !== '--version')) return status;
      yield* about.main(start);
      return status;
    },
  };
};

const trueProgram = constant('true', 0);
const falseProgram = constant('false', 1);
export { trueProgram as true, falseProgram as false };

export const sync = tool({
  name: 'sync', package: PACKAGES.coreutils, usage: ['[OPTION] [FILE]...'], about: 'Synchronize cached writes to persistent storage.',
  authors: 'Jim Meyering and Giuseppe Scrivano',
  options: ['-d, --data  sync only file data, no unneeded metadata', '-f, --file-system  sync the file systems that contain the files'],
  *run(task) {
    if (task.has('d') && task.has('f')) {
      yield* task.error('cannot specify both --data and --file-system');
      return 1;
    }
    if (task.has('d') && task.operands.length === 0) {
      yield* task.error('--data needs at least one argument');
      return 1;
    }
    for (const path of task.operands.length ? task.operands : ['/']) {
      const done = yield* call('fsync', { path });
      if (!done.ok && task.operands.length) yield* task.error(`error opening ${quoteIfNeeded(path)}: ${strerror(done.errno)}`);
    }
    return task.status;
  },
});
