/** Programs that set files side by side: paste, join, comm (coreutils 8.22/8.26). */
import type { Sys } from '../../../sim/proc/program.ts';
import { byCode } from './collate.ts';
import { slurp, splitLines } from './input.ts';
import { quoteIfNeeded } from './quote.ts';
import { PACKAGES, type Task, tool } from './tool.ts';

export const paste = tool({
  name: 'paste', package: PACKAGES.coreutils, usage: ['[OPTION]... [FILE]...'],
  about: 'Write lines consisting of the sequentially corresponding lines from\neach FILE, separated by TABs, to standard output.\n\n'
    + 'With no FILE, or when FILE is -, read standard input.',
  authors: 'David M. Ihnat and David MacKenzie',
  options: ['-d, --delimiters=LIST  take characters of LIST in turn instead of TABs', '-s, --serial  one file after the other', '-z, --zero-terminated  lines end with NUL, not newline'],
  *run(task) {
    const end = task.has('z') ? '\0' : '\n';
    const delimiters = readDelimiters(task.value('d') ?? '\t');
    if (delimiters === null) {
      yield* task.error(`delimiter list ends with an unescaped backslash: ${task.value('d')}`);
      return 1;
    }
    const names = task.operands.length ? task.operands : ['-'];
    const columns: string[][] = [];
    const stdin = names.includes('-') ? splitLines((yield* slurp(task, '-')) ?? '', end) : [];
    for (const path of names) {
      if (path === '-') {
        columns.push(stdin);
        continue;
      }
      const text = yield* slurp(task, path);
      if (text !== null) columns.push(splitLines(text, end));
      else if (!task.has('s')) return 1;
    }
    task.print(task.has('s') ? serial(columns, delimiters, end, stdin) : parallel(columns, delimiters, end, stdin));
    return task.status;
  },
});

function readDelimiters(typed: string): string[] | null {
  const out: string[] = [];
  const known: Readonly<Record<string, string>> = { n: '\n', t: '\t', b: '\b', f: '\f', r: '\r', v: '\v', '0': '', '\\': '\\' };
  const chars = [...typed];
  for (let i = 0; i < chars.length; i++) {
    if (chars[i] !== '\\') out.push(chars[i]!);
    else if (i + 1 === chars.length) return null;
    else out.push(known[chars[++i]!] ?? chars[i]!);
  }
  return out.length ? out : [''];
}

function serial(columns: readonly string[][], delimiters: readonly string[], end: string, stdin: string[]): string {
  return columns.map((lines) => {
    const taken = lines === stdin ? stdin.splice(0) : lines;
    return taken.map((line, i) => line + (i + 1 < taken.length ? delimiters[i % delimiters.length] : '')).join('') + end;
  }).join('');
}

function parallel(columns: readonly string[][], delimiters: readonly string[], end: string, stdin: string[]): string {
  const at = columns.map(() => 0);
  let out = '';
  for (;;) {
    let any = false;
    const row = columns.map((lines, i) => {
      const line = lines === stdin ? stdin.shift() : lines[at[i]!++];
      if (line !== undefined) any = true;
      return line ?? '';
    });
    if (!any) return out;
    out += row.map((cell, i) => cell + (i + 1 < row.length ? delimiters[i % delimiters.length] : '')).join('') + end;
  }
}

export const comm = tool({
  name: 'comm', package: PACKAGES.coreutils, usage: ['[OPTION]... FILE1 FILE2'],
  about: 'Compare sorted files FILE1 and FILE2 line by line.\n\nWhen FILE1 or FILE2 (not both) is -, read standard input.\n\n'
    + 'With no options, produce three-column output.  Column one contains\nlines unique to FILE1, column two contains lines unique to FILE2,\nand column three contains lines common to both files.',
  authors: 'Richard M. Stallman and David MacKenzie',
  options: [
    '-1  suppress column 1', '-2  suppress column 2', '-3  suppress column 3', '--check-order  check that the input is sorted',
    '--nocheck-order  do not check that the input is sorted', '--output-delimiter=STR  separate columns with STR', '--total  print a summary',
    '-z, --zero-terminated  lines end with NUL, not newline',
  ],
  run: compareSorted,
});

function* compareSorted(task: Task): Sys<number | void> {
  const [first, second, extra] = task.operands;
  if (first === undefined) return yield* task.misuse('missing operand');
  if (second === undefined) return yield* task.misuse(`missing operand after ${task.quote(first)}`);
  if (extra !== undefined) return yield* task.misuse(`extra operand ${task.quote(extra)}`);
  const end = task.has('z') ? '\0' : '\n';
  const texts: string[][] = [];
  for (const path of [first, second]) {
    const text = yield* slurp(task, path);
    if (text === null) return 1;
    texts.push(splitLines(text, end));
  }
  const [a, b] = texts as [string[], string[]];
  const glue = task.value('output-delimiter') ?? '\t';
  const lead = ['', task.has('1') ? '' : glue, (task.has('1') ? '' : glue) + (task.has('2') ? '' : glue)];
  const counts = [0, 0, 0];
  const emit = (column: number, line: string): void => {
    counts[column]!++;
    if (!task.has(String(column + 1))) task.print(lead[column] + line + end);
  };
  const wrong = task.has('nocheck-order') ? null : [outOfOrder(a), outOfOrder(b)];
  let i = 0;
  let j = 0;
  let unpaired = false;
  while (i < a.length || j < b.length) {
    const order = i >= a.length ? 1 : j >= b.length ? -1 : byCode(a[i]!, b[j]!);
    unpaired ||= order !== 0;
    if (order < 0) emit(0, a[i++]!);
    else if (order > 0) emit(1, b[j++]!);
    else {
      emit(2, a[i++]!);
      j++;
    }
    // A file out of order is told when it is read that far.
    for (const [n, at] of [[0, i], [1, j]] as const) {
      if (!wrong || wrong[n] === null || at < wrong[n]! || !(unpaired || task.has('check-order'))) continue;
      wrong[n] = null;
      yield* task.error(`file ${n + 1} is not in sorted order`);
      if (task.has('check-order')) return 1;
    }
  }
  if (task.has('total')) task.print(`${counts.join(glue)}${glue}total${end}`);
  if (task.status && wrong) yield* task.error('input is not in sorted order');
  return task.status;
}

/** The index of the first line that should stand earlier, or null. */
function outOfOrder(lines: readonly string[]): number | null {
  const at = lines.findIndex((line, i) => i > 0 && byCode(lines[i - 1]!, line) > 0);
  return at < 0 ? null : at;
}

export const join = tool({
  name: 'join', package: PACKAGES.coreutils, usage: ['[OPTION]... FILE1 FILE2'],
  about: 'For each pair of input lines with identical join fields, write a line to\nstandard output.  The default join field is the first, delimited by blanks.\n\n'
    + 'When FILE1 or FILE2 (not both) is -, read standard input.',
  authors: 'Mike Haertel',
  options: [
    '-a FILENUM  also print lines of file FILENUM (1 or 2) that cannot be paired',
    '-e EMPTY  replace missing fields with EMPTY',
    '-i, --ignore-case  ignore differences in case',
    '-j FIELD  the same as -1 FIELD -2 FIELD',
    '-o FORMAT  build output lines by FORMAT',
    '-t CHAR  CHAR separates fields',
    '-v FILENUM  like -a FILENUM, but without the joined lines',
    '-1 FIELD  join on this field of file 1',
    '-2 FIELD  join on this field of file 2',
    '--check-order  check that the input is sorted',
    '--nocheck-order  do not check that the input is sorted',
    '--header  treat the first line of each file as headers',
    '-z, --zero-terminated  lines end with NUL, not newline',
  ],
  run: joinFiles,
});

interface Row { readonly key: string; readonly fields: readonly string[]; readonly line: string }
interface JoinStyle { fields: readonly [number, number]; separator: string | null; format: readonly (readonly [file: number, field: number])[] | 'auto' | null; empty: string; fold: boolean }

function* joinFiles(task: Task): Sys<number | void> {
  const [first, second, extra] = task.operands;
  if (first === undefined) return yield* task.misuse('missing operand');
  if (second === undefined) return yield* task.misuse(`missing operand after ${task.quote(first)}`);
  if (extra !== undefined) return yield* task.misuse(`extra operand ${task.quote(extra)}`);
  const style = readJoinStyle(task);
  if (typeof style === 'string') {
    yield* task.error(style);
    return 1;
  }
  const end = task.has('z') ? '\0' : '\n';
  const sides: Row[][] = [];
  for (const [i, path] of [first, second].entries()) {
    const text = yield* slurp(task, path);
    if (text === null) return 1;
    sides.push(splitLines(text, end).map((line) => rowOf(line, style, i)));
  }
  yield* pairUp(task, sides as [Row[], Row[]], [first, second], style, end);
  return task.status;
}

function readJoinStyle(task: Task): JoinStyle | string {
  const typed = task.value('t');
  if (typed !== undefined && [...typed].length > 1 && typed !== '\\0') return `multi-character tab ${task.quote(typed)}`;
  const field = (key: string): number | string => {
    const text = task.value(key) ?? task.value('j') ?? '1';
    return /^[1-9]\d*$/.test(text) ? Number(text) : `invalid field number: ${task.quote(text)}`;
  };
  const [one, two] = [field('1'), field('2')];
  if (typeof one === 'string') return one;
  if (typeof two === 'string') return two;
  for (const key of ['a', 'v']) for (const n of task.values(key)) if (n !== '1' && n !== '2') return `invalid file number: ${task.quote(n)}`;
  const spec = task.values('o').join(' ').trim();
  let format: JoinStyle['format'] = null;
  if (spec === 'auto') format = 'auto';
  else if (spec !== '') {
    const items: [number, number][] = [];
    for (const item of spec.split(/[, ]+/)) {
      const m = /^([12])\.([1-9]\d*)$/.exec(item);
      if (item !== '0' && !m) return /^[12]\./.test(item) ? `invalid field number: ${task.quote(item.slice(2))}` : `invalid field specifier: ${task.quote(item)}`;
      items.push(m ? [Number(m[1]), Number(m[2])] : [0, 0]);
    }
    format = items;
  }
  return { fields: [one, two], separator: typed === undefined ? null : typed === '\\0' ? '\0' : typed, format, empty: task.value('e') ?? '', fold: task.has('i') };
}

function rowOf(line: string, style: JoinStyle, side: number): Row {
  const fields = style.separator === null ? line.trim().split(/[ \t]+/) : style.separator === '' ? [line] : line.split(style.separator);
  const key = fields[style.fields[side as 0 | 1] - 1] ?? '';
  return { key: style.fold ? key.toLowerCase() : key, fields, line };
}

/** Reads lines of one side in turn and notes the first that stands before its predecessor. */
class Side {
  at: number;
  private told = false;

  constructor(readonly rows: readonly Row[], private readonly name: string, private readonly start: number, private readonly tell: (text: string) => void) {
    this.at = start;
  }

  get row(): Row | undefined { return this.rows[this.at]; }

  next(checked: boolean): void {
    const [before, now] = [this.row, this.rows[++this.at]];
    if (!checked || this.told || !before || !now || this.at <= this.start || byCode(before.key, now.key) <= 0) return;
    this.told = true;
    this.tell(`${quoteIfNeeded(this.name)}:${this.at + 1}: is not sorted: ${now.line}`);
  }

  /** All rows with the key of the current one. */
  group(checked: boolean): Row[] {
    const { key } = this.row!;
    const from = this.at;
    while (this.row?.key === key) this.next(checked);
    return this.rows.slice(from, this.at);
  }
}

function* pairUp(task: Task, [a, b]: [Row[], Row[]], names: readonly [string, string], style: JoinStyle, end: string): Sys<void> {
  const counts: [number, number] = [a[0]?.fields.length ?? 0, b[0]?.fields.length ?? 0];
  const emit = (x: Row | null, y: Row | null): void => task.print(joined(x, y, style, counts) + end);
  const shows = (n: '1' | '2'): boolean => task.values('a').includes(n) || task.values('v').includes(n);
  const complaints: string[] = [];
  const start = task.has('header') ? 1 : 0;
  if (start && (a.length || b.length)) emit(a[0] ?? null, b[0] ?? null);
  const [left, right] = [new Side(a, names[0], start, (text) => complaints.push(text)), new Side(b, names[1], start, (text) => complaints.push(text))];
  // Order matters only once a line has found no partner, unless it is to be checked anyway.
  let checked = task.has('check-order');
  const unpaired = (): void => { checked ||= !task.has('nocheck-order'); };
  while (left.row && right.row) {
    const order = byCode(left.row.key, right.row.key);
    if (order === 0) {
      const [xs, ys] = [left.group(checked), right.group(checked)];
      if (!task.has('v')) for (const x of xs) for (const y of ys) emit(x, y);
      continue;
    }
    const side = order < 0 ? left : right;
    if (shows(order < 0 ? '1' : '2')) emit(order < 0 ? side.row! : null, order < 0 ? null : side.row!);
    unpaired();
    side.next(checked);
  }
  if (left.row || right.row) unpaired();
  for (; left.row; left.next(checked)) if (shows('1')) emit(left.row, null);
  for (; right.row; right.next(checked)) if (shows('2')) emit(null, right.row);
  for (const text of task.has('check-order') ? complaints.slice(0, 1) : complaints) yield* task.error(text);
  if (task.status && !task.has('check-order')) yield* task.error('input is not in sorted order');
}

function joined(x: Row | null, y: Row | null, style: JoinStyle, counts: readonly [number, number]): string {
  const glue = style.separator === null || style.separator === '' ? ' ' : style.separator;
  const [fx, fy] = style.fields;
  const key = x ? x.fields[fx - 1] ?? '' : y?.fields[fy - 1] ?? '';
  const rest = (row: Row | null, field: number, count: number | null): string[] =>
    Array.from({ length: count ?? row?.fields.length ?? 0 }, (_, i) => row?.fields[i] ?? '').filter((_, i) => i !== field - 1);
  const or = (text: string | undefined): string => text || style.empty;
  if (style.format === null) return [key, ...rest(x, fx, null), ...rest(y, fy, null)].map((text, i) => (i ? or(text) : text)).join(glue);
  if (style.format === 'auto') return [key, ...rest(x, fx, counts[0]), ...rest(y, fy, counts[1])].map(or).join(glue);
  return style.format.map(([file, field]) => or(file === 0 ? key : (file === 1 ? x : y)?.fields[field - 1])).join(glue);
}
