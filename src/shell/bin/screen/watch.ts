/**
 * watch of procps-ng 3.3: a command again and again on a clear screen, until Ctrl-C. It starts anew with its memory
 * after each run, so that an hour of watching costs no more than a minute.
 */
import { readAll, err, strerror, terminal } from '../../../sim/proc/libc.ts';
import { Interrupted, type Json, type Start, type Sys } from '../../../sim/proc/program.ts';
import { call } from '../../../sim/proc/syscalls.ts';
import type { Command } from '../../command.ts';
import { getopt, has, valueOf, type Given, type Spec } from '../host/getopt.ts';
import { ctime } from '../host/ctime.ts';
import { launch } from '../coreutils/run.ts';
import { expandLine, PLAIN, REVERSE } from './canvas.ts';

const SPEC: Spec = {
  short: '+bced::ghn:pvtx',
  long: { beep: ['none', 'b'], color: ['none', 'c'], differences: ['optional', 'd'], errexit: ['none', 'e'], chgexit: ['none', 'g'], help: ['none', 'h'], interval: ['required', 'n'], precise: ['none', 'p'], 'no-title': ['none', 't'], exec: ['none', 'x'], version: ['none', 'v'] },
};
const USAGE = `
Usage:
 watch [options] command

Options:
  -b, --beep             beep if command has a non-zero exit
  -c, --color            interpret ANSI color sequences
  -d, --differences[=<permanent>]
                         highlight changes between updates
  -e, --errexit          exit if command has a non-zero exit
  -g, --chgexit          exit when output from command changes
  -n, --interval <secs>  seconds to wait between updates
  -p, --precise          attempt run command in precise intervals
  -t, --no-title         turn off header
  -x, --exec             pass command to exec instead of "sh -c"

 -h, --help     display this help and exit
 -v, --version  output version information and exit

For more details see watch(1).
`;

interface Memory { before: readonly string[] }

/** The command's output, both streams, and its status. */
function* runOnce(start: Start, given: Given): Sys<{ text: string; status: number }> {
  const pipe = yield* call('pipe', {});
  if (!pipe.ok) return { text: strerror(pipe.errno), status: 1 };
  const words = has(given, 'x') ? given.operands : ['sh', '-c', given.operands.join(' ')];
  const child = yield* launch(words, start.env, { fds: { 0: 0, 1: pipe.value.write, 2: pipe.value.write } });
  yield* call('close', { fd: pipe.value.write });
  if (!child.ok) { yield* call('close', { fd: pipe.value.read }); return { text: `watch: unable to execute '${words[0]}': ${strerror(child.errno)}\n`, status: 4 }; }
  const text = yield* readAll(pipe.value.read);
  yield* call('close', { fd: pipe.value.read });
  const end = yield* call('wait', { pid: child.value });
  return { text: text.ok ? text.value : '', status: end.ok ? end.value.status : 1 };
}

/** Rows of the window: lines folded at its width, colours out. */
function fold(text: string, cols: number, rows: number): string[] {
  const all: string[] = [];
  for (const line of text.replace(/\x1b\[[0-9;]*[A-Za-z]/g, '').replace(/\n$/, '').split('\n')) {
    const shown = expandLine(line);
    for (let at = 0; at === 0 || at < shown.length; at += cols) all.push(shown.slice(at, at + cols));
    if (all.length >= rows) break;
  }
  return all.slice(0, rows);
}

/** A row with what differs from the row before in reverse. */
function marked(row: string, before: string | undefined): string {
  if (before === undefined || row === before) return row;
  let out = '';
  let lit = false;
  for (let i = 0; i < row.length; i++) {
    const differs = row[i] !== (before[i] ?? ' ');
    if (differs !== lit) out += differs ? REVERSE : PLAIN;
    lit = differs;
    out += row[i];
  }
  return lit ? out + PLAIN : out;
}

function* header(given: Given, cols: number, seconds: number): Sys<string> {
  const now = yield* call('now', {});
  const info = yield* call('sysinfo', {});
  const left = `Every ${seconds.toFixed(1)}s: `;
  const command = given.operands.join(' ');
  const right = `${info.ok ? info.value.hostname : 'localhost'}: ${ctime(now.ok ? now.value.real : 0)}`;
  const room = cols - left.length - right.length - 1;
  const shown = command.length <= room ? command : room >= 4 ? `${command.slice(0, room - 3)}...` : '';
  return `${left}${shown}`.padEnd(cols - right.length) + right;
}

function* round(start: Start, given: Given, seconds: number): Sys<number> {
  const screen = (yield* terminal(1)) ?? { cols: 80, rows: 24 };
  const memory = start.mem as unknown as Memory | null;
  const { text, status } = yield* runOnce(start, given);
  const head = has(given, 't') ? [] : [yield* header(given, screen.cols, seconds), ''];
  const rows = fold(text, screen.cols, screen.rows - head.length);
  const before = memory?.before;
  const body = has(given, 'd') && before ? rows.map((row, i) => marked(row, before[i] ?? '')) : rows;
  if (has(given, 'g') && before && before.join('\n') !== rows.join('\n')) return 0;
  const bell = status !== 0 && has(given, 'b') ? '\x07' : '';
  yield* call('write', { fd: 1, text: `\x1b[H\x1b[2J${[...head, ...body].join('\r\n')}${bell}` });
  if (status !== 0 && has(given, 'e')) {
    yield* call('write', { fd: 1, text: `\x1b[${screen.rows};1H${REVERSE}command exit with a non-zero status, press a key to exit${PLAIN}` });
    yield* call('ttyMode', { fd: 0, raw: true, echo: false });
    yield* call('read', { fd: 0 });
    return 8;
  }
  yield* call('sleep', { us: Math.round(seconds * 1_000_000) });
  yield* call('become', { mem: { before: has(given, 'd') && valueOf(given, 'd') && before ? before : rows } as unknown as Json });
  return 0;
}

export const watch: Command = {
  name: 'watch',
  *main(start) {
    const got = getopt('watch', start.argv.slice(1), SPEC);
    if (!got.ok) { yield* err(`${got.error}\n${USAGE}`); return 1; }
    const { given } = got;
    if (has(given, 'h')) { yield* call('write', { fd: 1, text: USAGE }); return 0; }
    if (has(given, 'v')) { yield* call('write', { fd: 1, text: 'watch from procps-ng 3.3.10\n' }); return 0; }
    const asked = valueOf(given, 'n') ?? '2';
    if (!/^\d*[.,]?\d+$/.test(asked)) { yield* err(`watch: failed to parse argument: '${asked}'\n`); return 1; }
    const seconds = Math.min(4_294_967, Math.max(0.1, Number(asked.replace(',', '.'))));
    if (!given.operands.length) { yield* err(USAGE); return 1; }
    const screen = yield* call('tty', { fd: 1 });
    if (!screen.ok) { yield* err('Error opening terminal: unknown.\n'); return 1; }
    for (const signal of ['INT', 'TERM', 'HUP'] as const) yield* call('sigaction', { signal, action: 'catch' });
    if (start.mem === null) yield* call('write', { fd: 1, text: '\x1b[?1049h' });
    yield* call('ttyMode', { fd: 0, raw: false, echo: false });
    let status = 0;
    try { status = yield* round(start, given, seconds); } catch (error) { if (!(error instanceof Interrupted)) throw error; }
    yield* call('write', { fd: 1, text: `\x1b[${screen.value.rows};1H\x1b[?1049l` });
    yield* call('ttyMode', { fd: 0, raw: false, echo: true });
    return status;
  },
};
