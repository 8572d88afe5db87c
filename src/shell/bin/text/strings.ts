/** strings of GNU binutils 2.27/2.28: runs of printable characters in files. It reads whole files only, as `-a` does. */
import type { Sys } from '../../../sim/proc/program.ts';
import { strerror } from '../../../sim/proc/libc.ts';
import { fromBytes, toBytes } from '../../../sim/proc/text.ts';
import { readOperand } from '../coreutils/input.ts';
import { PACKAGES, type Task, tool } from '../coreutils/tool.ts';
import { call } from '../../../sim/proc/syscalls.ts';

export const strings = tool({
  name: 'strings', package: PACKAGES.binutils, usage: ['[option(s)] [file(s)]'],
  about: ' Display printable strings in [file(s)] (stdin by default)',
  options: [
    '-a, --all  Scan the entire file, not just the data section',
    '-d, --data  Only scan the data sections in the file',
    '-f, --print-file-name  Print the name of the file before each string',
    '-n, --bytes=[number]  Locate & print any NUL-terminated sequence of at',
    '-t, --radix={o,d,x}  Print the location of the string in base 8, 10 or 16',
    '-w, --include-all-whitespace  Include all whitespace as valid string characters',
    '!-o',
    '-s, --output-separator=<string>  String used to separate strings in output.',
  ],
  style: { digits: true }, run: showStrings,
});

const RADIX: Readonly<Record<string, number>> = { o: 8, d: 10, x: 16 };

function* showStrings(task: Task): Sys<number | void> {
  const digits = task.given.filter(({ key }) => key === '#').map(({ as }) => as.slice(1)).join('');
  const typed = task.value('n') ?? (digits || '4');
  const least = Number(typed);
  if (!Number.isInteger(least)) return yield* refuse(task, `invalid integer argument ${typed}`);
  if (least < 1) return yield* refuse(task, `invalid minimum string length ${least}`);
  const radix = task.has('o') ? 8 : task.value('t') === undefined ? 0 : RADIX[task.value('t')!];
  if (radix === undefined) return yield* task.misuse();
  for (const path of task.operands.length ? task.operands : ['-']) {
    const stat = path === '-' ? null : yield* call('stat', { path });
    if (stat && !stat.ok) { yield* refuse(task, `'${path}': ${stat.errno === 'ENOENT' ? 'No such file' : strerror(stat.errno)}`); continue; }
    if (stat?.ok && stat.value.type === 'dir') { yield* task.error(`Warning: '${path}' is a directory`); continue; }
    const text = yield* readOperand(path);
    if (!text.ok) { yield* refuse(task, `${path}: ${strerror(text.errno)}`); continue; }
    const name = task.has('f') ? `${path === '-' ? '{standard input}' : path}: ` : '';
    const separator = task.value('s') ?? '\n';
    for (const [at, run] of printable(toBytes(text.value), least, task.has('w'))) {
      const place = radix ? `${at.toString(radix).padStart(7)} ` : '';
      task.print(`${name}${place}${run}${separator}`);
    }
  }
}

function* refuse(task: Task, text: string): Sys<number> {
  yield* task.error(text);
  return 1;
}

function* printable(bytes: readonly number[], least: number, whitespace: boolean): Generator<[number, string]> {
  const good = (byte: number): boolean => (byte >= 32 && byte < 127) || byte === 9 || (whitespace && byte >= 10 && byte <= 13);
  for (let at = 0; at < bytes.length;) {
    let end = at;
    while (end < bytes.length && good(bytes[end]!)) end++;
    if (end - at >= least) yield [at, fromBytes(bytes.slice(at, end))];
    at = end + 1;
  }
}
