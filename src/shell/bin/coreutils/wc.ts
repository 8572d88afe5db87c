/** wc of GNU coreutils 8.22/8.26: counts, in columns as wide as the sizes of the files let it guess. */
import type { Sys } from '../../../sim/proc/program.ts';
import { call } from '../../../sim/proc/syscalls.ts';
import { byteLength } from '../../../sim/proc/text.ts';
import { readOperand } from './input.ts';
import { quoteIfNeeded } from './quote.ts';
import { PACKAGES, type Task, tool } from './tool.ts';
import { displayWidth } from './width.ts';

interface Counts { l: number; w: number; m: number; c: number; L: number }
const ORDER = ['l', 'w', 'm', 'c', 'L'] as const;

export const wc = tool({
  name: 'wc', package: PACKAGES.coreutils, usage: ['[OPTION]... [FILE]...', '[OPTION]... --files0-from=F'],
  about: 'Print newline, word, and byte counts for each FILE, and a total line if\nmore than one FILE is specified.\n\n'
    + 'With no FILE, or when FILE is -, read standard input.',
  authors: 'Paul Rubin and David MacKenzie',
  options: [
    '-c, --bytes  print the byte counts',
    '-m, --chars  print the character counts',
    '-l, --lines  print the newline counts',
    '--files0-from=F  read the names of the files, each ended by NUL, from F',
    '-L, --max-line-length  print the greatest width of a line',
    '-w, --words  print the word counts',
  ],
  run: countFiles,
});

export function countText(text: string): Counts {
  const lines = text.split('\n');
  const words = text.match(/[^\s]+/gu)?.length ?? 0;
  const counts = { l: lines.length - 1, w: words, m: 0, c: byteLength(text), L: 0 };
  counts.m = counts.c === text.length ? text.length : [...text].filter((c) => !/[\udc80-\udcff]/.test(c)).length;
  for (const line of lines) counts.L = Math.max(counts.L, displayWidth(line));
  return counts;
}

function* countFiles(task: Task): Sys<number | void> {
  let files: readonly string[] = task.operands.length ? task.operands : ['-'];
  const from = task.value('files0-from');
  if (from !== undefined) {
    if (task.operands.length) {
      return yield* task.misuse(`extra operand '${task.operands[0]!}'\nfile operands cannot be combined with --files0-from`);
    }
    const list = yield* readOperand(from);
    if (!list.ok) {
      yield* task.cannot('cannot open', from, list.errno);
      return 1;
    }
    files = list.value.split('\0').filter(Boolean);
  }
  const asked = ORDER.filter((key) => task.has(key));
  const columns = asked.length ? asked : (['l', 'w', 'c'] as const);
  const width = yield* columnWidth(files, columns.length);
  const total: Counts = { l: 0, w: 0, m: 0, c: 0, L: 0 };
  const row = (counts: Counts, name: string): string =>
    `${columns.map((key) => String(counts[key]).padStart(width)).join(' ')}${name === '' ? '' : ` ${name}`}\n`;
  for (const path of files) {
    const got = yield* readOperand(path);
    if (!got.ok) yield* task.fileError(path, got.errno);
    if (!got.ok && got.errno !== 'EISDIR') continue;
    const counts = countText(got.ok ? got.value : '');
    for (const key of ORDER) total[key] = key === 'L' ? Math.max(total.L, counts.L) : total[key] + counts[key];
    task.print(row(counts, path === '-' && !task.operands.length ? '' : path.includes('\n') ? quoteIfNeeded(path) : path));
  }
  if (files.length > 1) task.print(row(total, 'total'));
}

/** As wide as the sum of sizes needs; 7 if something is no regular file; 1 for a single number. */
function* columnWidth(files: readonly string[], columns: number): Sys<number> {
  if (files.length === 1 && columns === 1) return 1;
  let least = 1;
  let sum = 0;
  for (const path of files) {
    const stat = path === '-' ? yield* call('fstat', { fd: 0 }) : yield* call('stat', { path });
    if (!stat.ok) continue;
    if (stat.value.type === 'file') sum += stat.value.size;
    else least = 7;
  }
  return Math.max(least, String(sum).length);
}
