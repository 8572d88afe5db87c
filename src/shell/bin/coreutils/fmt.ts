/** fmt of GNU coreutils 8.22/8.26: paragraphs filled to a width by the least sum of penalties, as TeX does. */
import type { Sys } from '../../../sim/proc/program.ts';
import { strerror } from '../../../sim/proc/libc.ts';
import { readOperand } from './input.ts';
import { quoteAlways } from './quote.ts';
import { PACKAGES, type Task, tool } from './tool.ts';
import { displayWidth } from './width.ts';

export const fmt = tool({
  name: 'fmt', package: PACKAGES.coreutils, usage: ['[-WIDTH] [OPTION]... [FILE]...'],
  about: 'Reformat each paragraph in the FILE(s), writing to standard output.\nThe option -WIDTH is an abbreviated form of --width=DIGITS.', authors: 'Ross Paterson',
  options: [
    '-c, --crown-margin  keep the indentation of the first two lines', '-p, --prefix=STRING  reformat only lines that begin with STRING', '-s, --split-only  split long lines, but do not refill',
    '-t, --tagged-paragraph  the indentation of the first line differs from the second', '-u, --uniform-spacing  one space between words, two after sentences',
    '-w, --width=WIDTH  greatest width of a line (75)', '-g, --goal=WIDTH  wanted width (93% of width)',
  ],
  rewrite: (words) => words.map((word) => (/^-\d+$/.test(word) ? `-w${word.slice(1)}` : word)),
  run: fillFiles,
});

function* fillFiles(task: Task): Sys<number | void> {
  const typed = task.value('w');
  const goal = task.value('g');
  for (const text of [typed, goal]) {
    if (text === undefined || (/^\d+$/.test(text) && Number(text) <= 2_500)) continue;
    yield* task.error(`invalid width: ${task.quote(text)}`);
    return 1;
  }
  const width = typed !== undefined ? Number(typed) : goal !== undefined ? Number(goal) + 10 : 75;
  const wanted = goal !== undefined ? Number(goal) : Math.floor((width * 187) / 200);
  for (const path of task.operands.length ? task.operands : ['-']) {
    const got = yield* readOperand(path);
    if (!got.ok) {
      yield* task.error(`cannot open ${quoteAlways(path)} for reading: ${strerror(got.errno)}`);
      continue;
    }
    task.print(fill(got.value, { width, goal: wanted, task }));
  }
  return task.status;
}

interface Style { width: number; goal: number; task: Task }

function fill(text: string, style: Style): string {
  const prefix = style.task.value('p') ?? '';
  const lines = text.split('\n');
  if (lines.at(-1) === '') lines.pop();
  let out = '';
  for (let i = 0; i < lines.length;) {
    const line = lines[i]!;
    if (line.trim() === '' || !line.trimStart().startsWith(prefix)) {
      out += `${line.trimEnd()}\n`;
      i++;
      continue;
    }
    const paragraph = [line];
    i++;
    while (i < lines.length && !style.task.has('s') && continues(lines, i, paragraph, style.task, prefix)) paragraph.push(lines[i++]!);
    out += fillParagraph(paragraph, style, prefix);
  }
  return out;
}

const indentOf = (line: string): string => /^\s*/.exec(line)![0];

function continues(lines: readonly string[], i: number, paragraph: readonly string[], task: Task, prefix: string): boolean {
  const line = lines[i]!;
  if (line.trim() === '' || !line.trimStart().startsWith(prefix)) return false;
  const indent = displayWidth(indentOf(line));
  const first = displayWidth(indentOf(paragraph[0]!));
  const second = paragraph[1] === undefined ? null : displayWidth(indentOf(paragraph[1]));
  if (task.has('c')) return second === null || indent === second;
  if (task.has('t')) return second === null ? indent !== first : indent === second;
  return indent === first;
}

interface Word { text: string; /** Spaces after it. */ space: number; ends: boolean; punctuated: boolean }

function wordsOf(lines: readonly string[], prefix: string, uniform: boolean): Word[] {
  const words: Word[] = [];
  for (const line of lines) {
    const body = prefix === '' ? line : line.replace(prefix, '');
    const found = [...body.matchAll(/(\S+)(\s*)/g)];
    found.forEach((m, i) => {
      const text = m[1]!;
      const last = i + 1 === found.length;
      const period = /[.?!]["')\]]*$/.test(text);
      const ends = period && (last || m[2]!.length > 1);
      words.push({ text, ends, space: last || uniform ? (ends ? 2 : 1) : displayWidth(m[2]!), punctuated: /[!-/:-@[-`{-~]$/.test(text) });
    });
  }
  return words;
}

/** Penalties of GNU's fmt, in its units: the square of ten times the columns. */
const square = (n: number): number => n * n;
const columns = (n: number): number => square(n * 10);
const LINE_COST = square(70);
const widow = (n: number): number => Math.floor(square(200) / (n + 2));
const orphan = (n: number): number => Math.floor(square(150) / (n + 2));
const SENTENCE_BONUS = square(50);
const NOBREAK_COST = square(600);
const PUNCTUATION_BONUS = square(40);
const PARENTHESIS_BONUS = square(40);

function fillParagraph(lines: readonly string[], style: Style, prefix: string): string {
  const first = indentOf(lines[0]!) + prefix;
  const other = (lines[1] === undefined ? indentOf(lines[0]!) : indentOf(lines[1])) + prefix;
  const words = wordsOf(lines, prefix, style.task.has('u'));
  if (words.length === 0) return `${first.trimEnd()}\n`;
  const lead = prefix !== '' && /^\s/.test(lines[0]!.trimStart().slice(prefix.length)) ? ' ' : '';
  const next = breaks(words, displayWidth(first + lead), displayWidth(other + lead), style);
  let out = '';
  for (let at = 0; at < words.length;) {
    const to = next[at]!;
    out += (at === 0 ? first : other) + lead;
    for (let i = at; i < to; i++) out += words[i]!.text + (i + 1 < to ? ' '.repeat(words[i]!.space) : '');
    out += '\n';
    at = to;
  }
  return out;
}

/** For each word, where the line that begins with it ends at the least cost. */
function breaks(words: readonly Word[], firstIndent: number, otherIndent: number, style: Style): number[] {
  const n = words.length;
  const best = new Array<number>(n + 1).fill(0);
  const next = new Array<number>(n).fill(n);
  const lengths = new Array<number>(n + 1).fill(0);
  for (let start = n - 1; start >= 0; start--) {
    let least = Infinity;
    let length = (start === 0 ? firstIndent : otherIndent) + words[start]!.text.length;
    for (let to = start + 1; to <= n; to++) {
      const cost = lineCost(to, length, n, style, lengths, next) + best[to]!;
      if (cost < least) {
        least = cost;
        next[start] = to;
        lengths[start] = length;
      }
      if (to === n) break;
      length += words[to - 1]!.space + words[to]!.text.length;
      if (length >= style.width) break;
    }
    best[start] = least + breakCost(words, start);
  }
  return next;
}

function lineCost(to: number, length: number, n: number, style: Style, lengths: readonly number[], next: readonly number[]): number {
  if (to === n) return 0;
  let cost = columns(style.goal - length);
  if (next[to] !== n) cost += columns(length - lengths[to]!) / 2;
  return cost;
}

function breakCost(words: readonly Word[], at: number): number {
  let cost = LINE_COST;
  if (at > 0) {
    const before = words[at - 1]!;
    if (/[.?!]["')\]]*$/.test(before.text)) cost += before.ends ? -SENTENCE_BONUS : NOBREAK_COST;
    else if (before.punctuated) cost -= PUNCTUATION_BONUS;
    else if (at > 1 && words[at - 2]!.ends) cost += widow(before.text.length);
  }
  const here = words[at]!;
  if (/^["'([`]/.test(here.text)) cost -= PARENTHESIS_BONUS;
  else if (here.ends) cost += orphan(here.text.length);
  return cost;
}
