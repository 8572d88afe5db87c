/** cut of GNU coreutils 8.22/8.26. Characters are characters, as in the build of CentOS. */
import type { Sys } from '../../../sim/proc/program.ts';
import { fromBytes, toBytes } from '../../../sim/proc/text.ts';
import { eachBatch } from './input.ts';
import { PACKAGES, type Task, tool } from './tool.ts';

type Range = readonly [from: number, to: number];

export const cut = tool({
  name: 'cut', package: PACKAGES.coreutils, usage: ['OPTION... [FILE]...'],
  about: 'Print selected parts of lines from each FILE to standard output.\n\nWith no FILE, or when FILE is -, read standard input.',
  authors: 'David M. Ihnat, David MacKenzie, and Jim Meyering',
  options: [
    '-b, --bytes=LIST  select only these bytes',
    '-c, --characters=LIST  select only these characters',
    '-d, --delimiter=DELIM  fields are separated by DELIM, not TAB',
    '-f, --fields=LIST  select only these fields; lines without a\ndelimiter are printed whole unless -s is given',
    '-n  (ignored)',
    '--complement  select what LIST does not name',
    '-s, --only-delimited  do not print lines without delimiters',
    '--output-delimiter=STRING  print STRING between what is selected',
    '-z, --zero-terminated  lines end with NUL, not newline',
  ],
  notes: 'LIST is one range or several separated by commas: N, N-, N-M, -M, counted from 1.',
  run: cutFiles,
});

/** The ranges of a list in order, joined where they touch; or what is wrong. */
export function parseRanges(text: string, fields: boolean, quoted: (text: string) => string): Range[] | string {
  const ranges: Range[] = [];
  for (const part of text.split(/[, \t]/)) {
    if (part === '-') return 'invalid range with no endpoint: -';
    const m = /^(\d*)(-?)(\d*)$/.exec(part);
    if (!m) {
      const bad = part.replace(/^[\d-]*/, '') || part;
      return fields ? `invalid field value ${quoted(bad)}` : `invalid byte/character position ${quoted(bad)}`;
    }
    if (part === '' || m[1] === '0' || (m[2] === '' && m[1] === '')) {
      return fields ? 'fields are numbered from 1' : 'byte/character positions are numbered from 1';
    }
    const from = m[1] === '' ? 1 : Number(m[1]);
    const to = m[2] === '' ? from : m[3] === '' ? Infinity : Number(m[3]);
    if (to < from) return 'invalid decreasing range';
    ranges.push([from, to]);
  }
  return ranges.sort((a, b) => a[0] - b[0]).reduce<Range[]>((joined, range) => {
    const last = joined.at(-1);
    if (last && range[0] <= last[1]) joined[joined.length - 1] = [last[0], Math.max(last[1], range[1])];
    else joined.push(range);
    return joined;
  }, []);
}

function complement(ranges: readonly Range[]): Range[] {
  const out: Range[] = [];
  let next = 1;
  for (const [from, to] of ranges) {
    if (from > next) out.push([next, from - 1]);
    next = to + 1;
  }
  if (next !== Infinity) out.push([next, Infinity]);
  return out;
}

function* cutFiles(task: Task): Sys<number | void> {
  const lists = (['b', 'c', 'f'] as const).filter((key) => task.has(key));
  if (lists.length > 1 || task.values(lists[0] ?? 'b').length > 1) return yield* task.misuse('only one list may be specified');
  const kind = lists[0];
  if (!kind) return yield* task.misuse('you must specify a list of bytes, characters, or fields');
  const delimiter = task.value('d') ?? '\t';
  if ([...delimiter].length > 1) return yield* task.misuse('the delimiter must be a single character');
  if (kind !== 'f' && task.has('d')) {
    return yield* task.misuse('an input delimiter may be specified only when operating on fields');
  }
  if (kind !== 'f' && task.has('s')) {
    return yield* task.misuse('suppressing non-delimited lines makes sense\n\tonly when operating on fields');
  }
  const parsed = parseRanges(task.value(kind)!, kind === 'f', (text) => task.quote(text));
  if (typeof parsed === 'string') return yield* task.misuse(parsed);
  const ranges = task.has('complement') ? complement(parsed) : parsed;
  const end = task.has('z') ? '\0' : '\n';
  const glue = task.value('output-delimiter');
  const separator = delimiter === '' ? '\0' : delimiter;
  const pick = kind === 'f' ? fieldPicker(ranges, separator, glue ?? separator, task.has('s'))
    : kind === 'c' ? charPicker(ranges, glue ?? '') : bytePicker(ranges, glue ?? '');
  yield* eachBatch(task, task.operands, (lines) => {
    let out = '';
    for (const line of lines) {
      const picked = pick(line);
      if (picked !== null) out += picked + end;
    }
    task.print(out);
  }, end);
}

function fieldPicker(ranges: readonly Range[], separator: string, glue: string, only: boolean): (line: string) => string | null {
  return (line) => {
    if (!line.includes(separator)) return only ? null : line;
    const fields = line.split(separator);
    const picked: string[] = [];
    for (const [from, to] of ranges) {
      for (let n = from; n <= to && n <= fields.length; n++) picked.push(fields[n - 1]!);
    }
    return picked.join(glue);
  };
}

const charPicker = (ranges: readonly Range[], glue: string) => (line: string): string => {
  const chars = /[\ud800-\udbff]/.test(line) ? [...line] : null;
  return ranges.filter(([from]) => from <= (chars ?? line).length)
    .map(([from, to]) => (chars ? chars.slice(from - 1, to).join('') : line.slice(from - 1, to))).join(glue);
};

const bytePicker = (ranges: readonly Range[], glue: string) => (line: string): string => {
  const bytes = toBytes(line);
  const cutOut = (from: number, to: number): number[] => bytes.slice(from - 1, to);
  if (glue === '') return fromBytes(ranges.flatMap(([from, to]) => cutOut(from, to)));
  return ranges.filter(([from]) => from <= bytes.length).map(([from, to]) => fromBytes(cutOut(from, to))).join(glue);
};
