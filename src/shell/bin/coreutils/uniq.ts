/** uniq of GNU coreutils 8.22/8.26: neighbours that are alike. */
import type { Sys } from '../../../sim/proc/program.ts';
import { strerror } from '../../../sim/proc/libc.ts';
import { call } from '../../../sim/proc/syscalls.ts';
import { readOperand, splitLines } from './input.ts';
import { quoteIfNeeded } from './quote.ts';
import { PACKAGES, type Task, tool } from './tool.ts';

export const uniq = tool({
  name: 'uniq', package: PACKAGES.coreutils, usage: ['[OPTION]... [INPUT [OUTPUT]]'],
  about: 'Filter adjacent matching lines from INPUT (or standard input),\nwriting to OUTPUT (or standard output).\n\n'
    + 'With no options, matching lines are merged to the first occurrence.',
  authors: 'Richard M. Stallman and David MacKenzie',
  options: [
    '-c, --count  put the number of occurrences before each line',
    '-d, --repeated  print only lines that are repeated, one of each group',
    '-D  print all lines that are repeated',
    '--all-repeated[=METHOD]  like -D, with an empty line between groups: none, prepend, separate',
    '-f, --skip-fields=N  do not compare the first N fields',
    '--group[=METHOD]  print all lines, an empty line between groups:\nseparate, prepend, append, both',
    '-i, --ignore-case  ignore differences in case',
    '-s, --skip-chars=N  do not compare the first N characters',
    '-u, --unique  print only lines that are not repeated',
    '-z, --zero-terminated  lines end with NUL, not newline',
    '-w, --check-chars=N  compare no more than N characters',
  ],
  // The old forms -N and +N skip fields and characters.
  rewrite: (words) => words.map((word) => (/^-\d+$/.test(word) ? `-f${word.slice(1)}` : word)),
  run: filter,
});

const GROUPINGS = ['prepend', 'append', 'separate', 'both'];
const REPEATS = ['none', 'prepend', 'separate'];
const COUNTS = { f: 'fields to skip', s: 'bytes to skip', w: 'bytes to compare' } as const;

function* filter(task: Task): Sys<number | void> {
  for (const key of ['f', 's', 'w'] as const) {
    const typed = task.value(key);
    if (typed === undefined || /^\d+$/.test(typed)) continue;
    yield* task.error(`${typed}: invalid number of ${COUNTS[key]}`);
    return 1;
  }
  if (task.operands.length > 2) return yield* task.misuse(`extra operand ${task.quote(task.operands[2]!)}`);
  const grouping = task.has('group') ? task.value('group') ?? 'separate' : null;
  const repeats = task.has('all-repeated') ? task.value('all-repeated') ?? 'none' : task.has('D') ? 'none' : null;
  if (grouping !== null && !GROUPINGS.includes(grouping)) return yield* task.badWord(grouping, task.quote('--group'), GROUPINGS);
  if (repeats !== null && !REPEATS.includes(repeats)) return yield* task.badWord(repeats, task.quote('--all-repeated'), REPEATS);
  if (grouping !== null && ['c', 'd', 'D', 'u', 'all-repeated'].some((key) => task.has(key))) {
    return yield* task.misuse('--group is mutually exclusive with -c/-d/-D/-u');
  }
  if (repeats !== null && task.has('c')) {
    return yield* task.misuse('printing all duplicated lines and repeat counts is meaningless');
  }
  const end = task.has('z') ? '\0' : '\n';
  const path = task.operands[0] ?? '-';
  const got = yield* readOperand(path);
  if (!got.ok) {
    const what = got.errno === 'EISDIR' ? `error reading ${task.quote(path)}` : quoteIfNeeded(path);
    yield* task.error(`${what}: ${strerror(got.errno)}`);
    return 1;
  }
  const groups = group(splitLines(got.value, end), comparedPart(task));
  const text = grouping !== null ? grouped(groups, grouping, end) : repeats !== null ? repeated(groups, repeats, end)
    : merged(groups, task, end);
  const target = task.operands[1];
  if (target === undefined || target === '-') {
    task.print(text);
    return;
  }
  const wrote = yield* call('writeFile', { path: target, text, mode: 0o666 });
  if (!wrote.ok) yield* task.fileError(target, wrote.errno);
}

/** The part of a line that counts. */
function comparedPart(task: Task): (line: string) => string {
  const fields = Number(task.value('f') ?? 0);
  const chars = Number(task.value('s') ?? 0);
  const width = task.has('w') ? Number(task.value('w')) : Infinity;
  const fold = task.has('i');
  return (line) => {
    let at = 0;
    for (let n = 0; n < fields && at < line.length; n++) {
      while (at < line.length && /\s/.test(line[at]!)) at++;
      while (at < line.length && !/\s/.test(line[at]!)) at++;
    }
    const part = line.slice(at + chars, at + chars + width);
    return fold ? part.toUpperCase() : part;
  };
}

function group(lines: readonly string[], part: (line: string) => string): string[][] {
  const groups: string[][] = [];
  let before: string | null = null;
  for (const line of lines) {
    const key = part(line);
    if (key === before) groups.at(-1)!.push(line);
    else groups.push([line]);
    before = key;
  }
  return groups;
}

function merged(groups: readonly string[][], task: Task, end: string): string {
  const kept = groups.filter((lines) => (!task.has('d') || lines.length > 1) && (!task.has('u') || lines.length === 1));
  const count = (lines: string[]): string => (task.has('c') ? `${String(lines.length).padStart(7)} ` : '');
  return kept.map((lines) => `${count(lines)}${lines[0]}${end}`).join('');
}

function repeated(groups: readonly string[][], method: string, end: string): string {
  const kept = groups.filter((lines) => lines.length > 1).map((lines) => lines.map((line) => line + end).join(''));
  return method === 'none' ? kept.join('') : (method === 'prepend' && kept.length ? end : '') + kept.join(end);
}

function grouped(groups: readonly string[][], method: string, end: string): string {
  const kept = groups.map((lines) => lines.map((line) => line + end).join(''));
  if (kept.length === 0) return '';
  const before = method === 'prepend' || method === 'both' ? end : '';
  return before + kept.join(end) + (method === 'append' || method === 'both' ? end : '');
}
