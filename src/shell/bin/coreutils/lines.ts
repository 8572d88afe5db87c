/** Programs that take text line by line: nl, tac, rev, fold, expand, unexpand, shuf, tsort (coreutils 8.22/8.26, util-linux rev). */
import type { Sys } from '../../../sim/proc/program.ts';
import { strerror } from '../../../sim/proc/libc.ts';
import { call } from '../../../sim/proc/syscalls.ts';
import { readOperand, slurp, slurpAll, splitLines } from './input.ts';
import { quoteAlways } from './quote.ts';
import { PACKAGES, type Task, tool } from './tool.ts';
import { charWidth } from './width.ts';

const WITH_NO_FILE = 'With no FILE, or when FILE is -, read standard input.';

export const tac = tool({
  name: 'tac', package: PACKAGES.coreutils, usage: ['[OPTION]... [FILE]...'],
  about: `Write each FILE to standard output, last line first.\n\n${WITH_NO_FILE}`, authors: 'Jay Lepreau and David MacKenzie',
  options: [
    '-b, --before  the separator stands before, not after',
    '-r, --regex  the separator is a regular expression',
    '-s, --separator=STRING  STRING separates, not newline',
  ],
  *run(task) {
    const separator = task.value('s') ?? '\n';
    if (separator === '' && task.has('s')) {
      yield* task.error('separator cannot be empty');
      return 1;
    }
    for (const path of task.operands.length ? task.operands : ['-']) {
      const got = yield* readOperand(path);
      if (!got.ok) {
        yield* task.error(got.errno === 'EISDIR' ? `${path}: read error: Is a directory`
          : `failed to open ${quoteAlways(path)} for reading: ${strerror(got.errno)}`);
        continue;
      }
      task.print(backwards(got.value, separator, task.has('r'), task.has('b')));
    }
    return task.status;
  },
});

function backwards(text: string, separator: string, regex: boolean, before: boolean): string {
  const literal = separator.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
  const form = new RegExp(regex ? separator : literal, 'g');
  const parts: string[] = [];
  let from = 0;
  for (const m of text.matchAll(form)) {
    const to = before ? m.index : m.index + m[0].length;
    if (to > from || !before) parts.push(text.slice(from, to));
    from = to;
  }
  if (from < text.length) parts.push(text.slice(from));
  return parts.reverse().join('');
}

export const rev = tool({
  name: 'rev', package: PACKAGES.utilLinux, usage: ['[options] [file ...]'], about: 'Reverse lines characterwise.', options: ['!-h',],
  *run(task) {
    if (task.has('h')) return yield* task.misuse();
    for (const path of task.operands.length ? task.operands : ['-']) {
      const got = yield* readOperand(path);
      if (!got.ok) {
        yield* task.error(`cannot open ${path}: ${strerror(got.errno)}`);
        continue;
      }
      task.print(got.value.split('\n').map((line) => [...line].reverse().join('')).join('\n'));
    }
    return task.status;
  },
});

export const nl = tool({
  name: 'nl', package: PACKAGES.coreutils, usage: ['[OPTION]... [FILE]...'],
  about: `Write each FILE to standard output, with line numbers added.\n\n${WITH_NO_FILE}`, authors: 'Scott Bartram and David MacKenzie',
  options: [
    '-b, --body-numbering=STYLE  which lines to number: a all, t not empty, n none, pBRE those that match',
    '-d, --section-delimiter=CC  CC delimits logical pages',
    '-f, --footer-numbering=STYLE  the same for footers',
    '-h, --header-numbering=STYLE  the same for headers',
    '-i, --line-increment=NUMBER  add NUMBER at each line',
    '-l, --join-blank-lines=NUMBER  NUMBER empty lines count as one',
    '-n, --number-format=FORMAT  ln, rn or rz',
    '-p, --no-renumber  do not begin again at each page',
    '-s, --number-separator=STRING  add STRING after the number',
    '-v, --starting-line-number=NUMBER  first line number',
    '-w, --number-width=NUMBER  columns for line numbers',
  ],
  run: numberLines,
});

function* numberLines(task: Task): Sys<number | void> {
  const number = (key: string, fallback: number): number => (task.has(key) ? Number(task.value(key)) : fallback);
  for (const [key, what] of [['v', 'starting line number'], ['i', 'line number increment'], ['l', 'line number of blank lines'], ['w', 'line number field width']] as const) {
    const typed = task.value(key);
    if (typed === undefined || (/^-?\d+$/.test(typed) && !('wl'.includes(key) && Number(typed) < 1))) continue;
    yield* task.error(`invalid ${what}: ${task.quote(typed)}`);
    return 1;
  }
  const styles: Record<string, string> = { b: task.value('b') ?? 't', h: task.value('h') ?? 'n', f: task.value('f') ?? 'n' };
  for (const [key, what] of [['b', 'body'], ['h', 'header'], ['f', 'footer']] as const) {
    if (/^[atn]$|^p/.test(styles[key]!)) continue;
    return yield* task.misuse(`invalid ${what} numbering style: ${task.quote(styles[key]!)}`);
  }
  const format = task.value('n') ?? 'rn';
  if (!['ln', 'rn', 'rz'].includes(format)) return yield* task.misuse(`invalid line number format: ${task.quote(format)}`);
  const width = number('w', 6);
  const delimiter = (task.value('d') ?? '\\:').padEnd(2, ':');
  const separator = task.value('s') ?? '\t';
  const shown = (n: number): string => (format === 'ln' ? String(n).padEnd(width) : String(n).padStart(width, format === 'rz' ? '0' : ' '));
  let line = number('v', 1);
  let blanks = 0;
  let section = 'b';
  const text = yield* slurpAll(task, task.operands);
  for (const content of splitLines(text)) {
    const mark = sectionOf(content, delimiter);
    if (mark) {
      section = mark;
      if (mark === 'h' && !task.has('p')) line = number('v', 1);
      task.print('\n');
      continue;
    }
    const style = styles[section]!;
    blanks = content === '' ? blanks + 1 : 0;
    const counted = style === 'a' ? content !== '' || blanks % number('l', 1) === 0 : style === 't' ? content !== ''
      : style.startsWith('p') && new RegExp(style.slice(1)).test(content);
    task.print(counted ? `${shown(line)}${separator}${content}\n` : `${' '.repeat(width + separator.length)}${content}\n`);
    if (counted) line += number('i', 1);
  }
  return task.status;
}

const sectionOf = (content: string, delimiter: string): string | null =>
  (content === delimiter.repeat(3) ? 'h' : content === delimiter.repeat(2) ? 'b' : content === delimiter ? 'f' : null);

export const fold = tool({
  name: 'fold', package: PACKAGES.coreutils, usage: ['[OPTION]... [FILE]...'],
  about: `Wrap input lines in each FILE, writing to standard output.\n\n${WITH_NO_FILE}`, authors: 'David MacKenzie',
  options: ['-b, --bytes  count bytes rather than columns', '-s, --spaces  break at spaces', '-w, --width=WIDTH  use WIDTH columns instead of 80'],
  rewrite: (words) => words.map((word) => (/^-\d+$/.test(word) ? `-w${word.slice(1)}` : word)),
  *run(task) {
    const typed = task.value('w') ?? '80';
    if (!/^\d+$/.test(typed) || Number(typed) === 0) {
      yield* task.error(`invalid number of columns: ${task.quote(typed)}`);
      return 1;
    }
    for (const path of task.operands.length ? task.operands : ['-']) {
      const text = yield* slurp(task, path);
      if (text !== null) task.print(text.split('\n').map((line) => folded(line, Number(typed), task.has('s'), task.has('b'))).join('\n'));
    }
    return task.status;
  },
});

function folded(line: string, width: number, atSpaces: boolean, bytes: boolean): string {
  const out: string[] = [];
  let part = '';
  let column = 0;
  const advance = (at: number, c: string): number => {
    if (bytes) return at + 1;
    return c === '\t' ? at + 8 - (at % 8) : c === '\b' ? Math.max(0, at - 1) : c === '\r' ? 0 : at + charWidth(c);
  };
  for (const c of line) {
    if (advance(column, c) > width && part !== '') {
      const space = atSpaces ? Math.max(part.lastIndexOf(' '), part.lastIndexOf('\t')) : -1;
      const cut = space >= 0 ? space + 1 : part.length;
      out.push(part.slice(0, cut));
      part = part.slice(cut);
      column = [...part].reduce((at, one) => advance(at, one), 0);
    }
    part += c;
    column = advance(column, c);
  }
  out.push(part);
  return out.join('\n');
}

/** Tab stops as typed: one width, or a list of columns. Or what is wrong. */
function tabStops(typed: string, quoted: (text: string) => string): number[] | string {
  const stops = typed.split(/[, ]+/).filter(Boolean);
  const bad = stops.find((stop) => !/^\d+$/.test(stop));
  if (bad !== undefined) return `tab size contains invalid character(s): ${quoted(bad.replace(/^\d+/, ''))}`;
  const numbers = stops.map(Number);
  if (numbers.includes(0)) return 'tab size cannot be 0';
  return numbers.some((n, i) => i > 0 && n <= numbers[i - 1]!) ? 'tab sizes must be ascending' : numbers;
}

function nextStop(stops: readonly number[], column: number): number {
  if (stops.length === 1) return column + stops[0]! - (column % stops[0]!);
  return stops.find((stop) => stop > column) ?? column + 1;
}

export const expand = tool({
  name: 'expand', package: PACKAGES.coreutils, usage: ['[OPTION]... [FILE]...'],
  about: `Convert tabs in each FILE to spaces, writing to standard output.\n\n${WITH_NO_FILE}`, authors: 'David MacKenzie',
  options: ['-i, --initial  do not convert tabs after what is not blank', '-t, --tabs=LIST  tabs N characters apart, or at the columns of a list'],
  rewrite: (words) => words.map((word) => (/^-\d[\d,]*$/.test(word) ? `-t${word.slice(1)}` : word)),
  *run(task) {
    const stops = tabStops(task.value('t') ?? '8', (text) => task.quote(text));
    if (typeof stops === 'string') {
      yield* task.error(stops);
      return 1;
    }
    const initial = task.has('i');
    for (const path of task.operands.length ? task.operands : ['-']) {
      const text = yield* slurp(task, path);
      if (text === null) continue;
      let column = 0;
      let blank = true;
      let out = '';
      for (const c of text) {
        if (c === '\t' && (blank || !initial)) {
          const to = nextStop(stops, column);
          out += ' '.repeat(to - column);
          column = to;
          continue;
        }
        out += c;
        if (c === '\n') [column, blank] = [0, true];
        else {
          column = c === '\b' ? Math.max(0, column - 1) : c === '\t' ? nextStop(stops, column) : column + charWidth(c);
          blank &&= c === ' ' || c === '\t';
        }
      }
      task.print(out);
    }
    return task.status;
  },
});

export const unexpand = tool({
  name: 'unexpand', package: PACKAGES.coreutils, usage: ['[OPTION]... [FILE]...'],
  about: `Convert blanks in each FILE to tabs, writing to standard output.\n\n${WITH_NO_FILE}`, authors: 'David MacKenzie',
  options: ['-a, --all  convert all blanks, not only those at the start', '--first-only  only those at the start (overrides -a)', '-t, --tabs=LIST  tabs N characters apart, or at the columns of a list; enables -a'],
  *run(task) {
    const stops = tabStops(task.value('t') ?? '8', (text) => task.quote(text));
    if (typeof stops === 'string') {
      yield* task.error(stops);
      return 1;
    }
    const all = (task.has('a') || task.has('t')) && !task.has('first-only');
    for (const path of task.operands.length ? task.operands : ['-']) {
      const text = yield* slurp(task, path);
      if (text !== null) task.print(text.split('\n').map((line) => tabbed(line, stops, all)).join('\n'));
    }
    return task.status;
  },
});

/** Runs of at least two blanks that reach a tab stop become tabs. */
function tabbed(line: string, stops: readonly number[], all: boolean): string {
  let out = '';
  let column = 0;
  let at = 0;
  let blank = true;
  while (at < line.length) {
    const run = blank || all ? /^[ \t]+/.exec(line.slice(at))?.[0] ?? '' : '';
    if (run === '') {
      const c = String.fromCodePoint(line.codePointAt(at)!);
      out += c;
      column += charWidth(c);
      at += c.length;
      blank = false;
      continue;
    }
    const end = [...run].reduce((to, c) => (c === '\t' ? nextStop(stops, to) : to + 1), column);
    let made = '';
    let here = column;
    for (let next = nextStop(stops, here); next <= end && (stops.length === 1 || stops.includes(next)); next = nextStop(stops, here)) {
      made += next - here === 1 && !run.includes('\t') && made === '' && end === next ? ' ' : '\t';
      here = next;
    }
    out += made + ' '.repeat(end - here);
    column = end;
    at += run.length;
  }
  return out;
}

export const shuf = tool({
  name: 'shuf', package: PACKAGES.coreutils, usage: ['[OPTION]... [FILE]', '-e [OPTION]... [ARG]...', '-i LO-HI [OPTION]...'],
  about: `Write a random permutation of the input lines to standard output.\n\n${WITH_NO_FILE}`, authors: 'Paul Eggert',
  options: [
    '-e, --echo  treat each ARG as an input line',
    '-i, --input-range=LO-HI  treat each number from LO to HI as an input line',
    '-n, --head-count=COUNT  print at most COUNT lines',
    '-o, --output=FILE  write to FILE',
    '-r, --repeat  lines can be printed again',
    '-z, --zero-terminated  lines end with NUL, not newline',
  ],
  run: shuffle,
});

function* shuffle(task: Task): Sys<number | void> {
  const range = task.value('i');
  const m = range === undefined ? null : /^(\d+)-(\d+)$/.exec(range);
  if (range !== undefined && (!m || Number(m[2]) + 1 < Number(m[1]))) {
    yield* task.error(`invalid input range: ${task.quote(range)}`);
    return 1;
  }
  if (range !== undefined && task.has('e')) return yield* task.misuse('cannot combine -e and -i options');
  const most = task.value('n');
  if (most !== undefined && !/^\d+$/.test(most)) {
    yield* task.error(`invalid line count: ${task.quote(most)}`);
    return 1;
  }
  if (!task.has('e') && task.operands.length > (m ? 0 : 1)) return yield* task.misuse(`extra operand ${task.quote(task.operands[m ? 0 : 1]!)}`);
  const end = task.has('z') ? '\0' : '\n';
  let items: string[];
  if (m) items = Array.from({ length: Number(m[2]) - Number(m[1]) + 1 }, (_, i) => String(Number(m[1]) + i));
  else if (task.has('e')) items = [...task.operands];
  else {
    const text = yield* slurp(task, task.operands[0] ?? '-');
    if (text === null) return 1;
    items = splitLines(text, end);
  }
  if (task.has('r') && items.length === 0 && most !== '0') {
    yield* task.error('no lines to repeat');
    return 1;
  }
  const count = task.has('r') ? Number(most ?? 1_000) : Math.min(items.length, most === undefined ? Infinity : Number(most));
  const out: string[] = [];
  for (let i = 0; i < count; i++) {
    const from = task.has('r') ? 0 : i;
    const drawn = yield* call('random', { below: items.length - from });
    const at = from + (drawn.ok ? drawn.value : 0);
    out.push(items[at]!);
    if (!task.has('r')) [items[i], items[at]] = [items[at]!, items[i]!];
  }
  const text = out.map((item) => item + end).join('');
  const target = task.value('o');
  if (target === undefined) task.print(text);
  else {
    const wrote = yield* call('writeFile', { path: target, text, mode: 0o666 });
    if (!wrote.ok) yield* task.fileError(target, wrote.errno);
  }
  return task.status;
}

export const tsort = tool({
  name: 'tsort', package: PACKAGES.coreutils, usage: ['[OPTION] [FILE]'],
  about: `Write totally ordered list consistent with the partial ordering in FILE.\n\n${WITH_NO_FILE}`, authors: 'Mark Kettenis', options: [],
  *run(task) {
    if (task.operands.length > 1) return yield* task.misuse(`extra operand ${task.quote(task.operands[1]!)}`);
    const path = task.operands[0] ?? '-';
    const text = yield* slurp(task, path);
    if (text === null) return 1;
    const tokens = text.split(/\s+/).filter(Boolean);
    if (tokens.length % 2) {
      yield* task.error(`${path}: input contains an odd number of tokens`);
      return 1;
    }
    yield* sortPairs(task, path, tokens);
    return task.status;
  },
});

function* sortPairs(task: Task, path: string, tokens: readonly string[]): Sys<void> {
  const after = new Map<string, string[]>();
  const waits = new Map<string, number>();
  for (const token of [...tokens].sort()) {
    if (!after.has(token)) after.set(token, []);
    if (!waits.has(token)) waits.set(token, 0);
  }
  for (let i = 0; i < tokens.length; i += 2) {
    const [first, second] = [tokens[i]!, tokens[i + 1]!];
    if (first === second) continue;
    after.get(first)!.unshift(second);
    waits.set(second, waits.get(second)! + 1);
  }
  const ready = [...waits].filter(([, count]) => count === 0).map(([token]) => token);
  while (waits.size) {
    const token = ready.shift();
    if (token === undefined) {
      const stuck = loopAmong(after, waits);
      yield* task.error(`${path}: input contains a loop:`);
      for (const name of stuck) yield* task.error(name);
      waits.set(stuck[0]!, 0);
      ready.push(stuck[0]!);
      continue;
    }
    task.print(`${token}\n`);
    waits.delete(token);
    for (const next of after.get(token)!) {
      if (!waits.has(next)) continue;
      waits.set(next, waits.get(next)! - 1);
      if (waits.get(next) === 0) ready.push(next);
    }
  }
}

/** Names that wait for each other in a ring. */
function loopAmong(after: ReadonlyMap<string, string[]>, waits: ReadonlyMap<string, number>): string[] {
  const trail: string[] = [];
  let at = [...waits.keys()][0]!;
  const before = (name: string): string => [...waits.keys()].find((other) => after.get(other)!.includes(name)) ?? name;
  while (!trail.includes(at)) {
    trail.push(at);
    at = before(at);
  }
  return trail.slice(trail.indexOf(at)).reverse();
}
