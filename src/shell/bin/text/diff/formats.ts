/** The line-by-line output formats of GNU diff: normal, unified, context, ed and RCS. Pure: text from changes. */
import type { Change } from './script.ts';
import type { Text } from './sameness.ts';

export interface Sides { readonly a: Text; readonly b: Text }
export interface Colors { readonly header: string; readonly place: string; readonly gone: string; readonly come: string; readonly reset: string }
export const NO_COLORS: Colors = { header: '', place: '', gone: '', come: '', reset: '' };
export const COLORS: Colors = { header: '\x1b[1m', place: '\x1b[36m', gone: '\x1b[31m', come: '\x1b[32m', reset: '\x1b[0m' };

const NO_NEWLINE = '\\ No newline at end of file\n';

/** The line with its mark, and the note if its file ends in it without a newline. */
function marked(mark: string, text: Text, index: number, color: string, reset: string, show: (line: string) => string): string {
  const bare = !text.endsInNewline && index === text.lines.length - 1;
  return `${color}${mark}${show(text.lines[index]!)}${reset}\n${bare ? NO_NEWLINE : ''}`;
}

/** Ranges of lines as normal, context and ed diffs write them: counted from 1, `3` or `3,5`; nothing: the line before. */
const range = (from: number, to: number): string => (to <= from + 1 ? String(to <= from ? from : to) : `${from + 1},${to}`);

export function normal(sides: Sides, changes: readonly Change[], colors: Colors, pad = ' ', show: (line: string) => string = (line) => line): string {
  let out = '';
  for (const { a, aEnd, b, bEnd } of changes) {
    const kind = a === aEnd ? 'a' : b === bEnd ? 'd' : 'c';
    out += `${colors.place}${range(a, aEnd)}${kind}${range(b, bEnd)}${colors.reset}\n`;
    for (let i = a; i < aEnd; i++) out += marked(`<${pad}`, sides.a, i, colors.gone, colors.reset, show);
    if (kind === 'c') out += '---\n';
    for (let i = b; i < bEnd; i++) out += marked(`>${pad}`, sides.b, i, colors.come, colors.reset, show);
  }
  return out;
}

/** Changes that share context make one hunk. */
export function hunks(changes: readonly Change[], context: number): Change[][] {
  const groups: Change[][] = [];
  for (const change of changes) {
    const last = groups.at(-1);
    if (last && change.a - last.at(-1)!.aEnd <= 2 * context) last.push(change);
    else groups.push([change]);
  }
  return groups;
}

interface Frame { a: number; aEnd: number; b: number; bEnd: number }
function frameOf(group: readonly Change[], sides: Sides, context: number): Frame {
  const [first, last] = [group[0]!, group.at(-1)!];
  const before = Math.min(context, first.a, first.b);
  const after = Math.min(context, sides.a.lines.length - last.aEnd);
  return { a: first.a - before, aEnd: last.aEnd + after, b: first.b - before, bEnd: last.bEnd + after };
}

const unifiedRange = (from: number, to: number): string => (to - from === 1 ? String(to) : `${to === from ? from : from + 1},${to - from}`);

/** The nearest line above that looks like the start of a function (-p, -F). */
export type Heading = (before: number) => string;

export function unified(sides: Sides, changes: readonly Change[], context: number, colors: Colors, heading: Heading, show: (line: string) => string, pad = ''): string {
  let out = '';
  for (const group of hunks(changes, context)) {
    const frame = frameOf(group, sides, context);
    const place = `@@ -${unifiedRange(frame.a, frame.aEnd)} +${unifiedRange(frame.b, frame.bEnd)} @@`;
    out += `${colors.place}${place}${colors.reset}${heading(frame.a)}\n`;
    let at = frame.a;
    for (const change of [...group, { a: frame.aEnd, aEnd: frame.aEnd, b: frame.bEnd, bEnd: frame.bEnd }]) {
      for (; at < change.a; at++) out += marked(pad || ' ', sides.a, at, '', '', show);
      for (; at < change.aEnd; at++) out += marked(`-${pad}`, sides.a, at, colors.gone, colors.reset, show);
      for (let i = change.b; i < change.bEnd; i++) out += marked(`+${pad}`, sides.b, i, colors.come, colors.reset, show);
    }
  }
  return out;
}

/** Of a range without lines a context diff names the line before it. */
const contextRange = (from: number, to: number): string => (to - from <= 1 ? String(to) : `${from + 1},${to}`);

export function context(sides: Sides, changes: readonly Change[], lines: number, colors: Colors, heading: Heading, show: (line: string) => string): string {
  let out = '';
  for (const group of hunks(changes, lines)) {
    const frame = frameOf(group, sides, lines);
    out += `***************${heading(frame.a)}\n${colors.place}*** ${contextRange(frame.a, frame.aEnd)} ****${colors.reset}\n`;
    if (group.some((change) => change.aEnd > change.a)) out += half(sides.a, frame.a, frame.aEnd, group.map((c) => [c.a, c.aEnd, c.bEnd > c.b]), '-', colors.gone, colors.reset, show);
    out += `${colors.place}--- ${contextRange(frame.b, frame.bEnd)} ----${colors.reset}\n`;
    if (group.some((change) => change.bEnd > change.b)) out += half(sides.b, frame.b, frame.bEnd, group.map((c) => [c.b, c.bEnd, c.aEnd > c.a]), '+', colors.come, colors.reset, show);
  }
  return out;
}

function half(text: Text, from: number, to: number, runs: readonly (readonly [number, number, boolean])[], sign: string, color: string, reset: string,
  show: (line: string) => string): string {
  let out = '';
  for (let i = from; i < to; i++) {
    const run = runs.find(([start, end]) => i >= start && i < end);
    const mark = !run ? ' ' : run[2] ? '!' : sign;
    out += marked(`${mark} `, text, i, run ? color : '', run ? reset : '', show);
  }
  return out;
}

/** An ed script goes from the end to the beginning, so that line numbers stay true. A lone dot needs a detour. */
export function ed(sides: Sides, changes: readonly Change[]): string {
  let out = '';
  for (const { a, aEnd, b, bEnd } of changes.toReversed()) {
    const kind = a === aEnd ? 'a' : b === bEnd ? 'd' : 'c';
    out += `${range(a, aEnd)}${kind}\n`;
    if (kind === 'd') continue;
    let open = true;
    for (let i = b; i < bEnd; i++) {
      if (!open) out += 'a\n';
      open = sides.b.lines[i] !== '.';
      out += open ? `${sides.b.lines[i]!}\n` : '..\n.\ns/.//\n';
    }
    if (open) out += '.\n';
  }
  return out;
}

export function rcs(sides: Sides, changes: readonly Change[]): string {
  let out = '';
  for (const { a, aEnd, b, bEnd } of changes) {
    if (aEnd > a) out += `d${a + 1} ${aEnd - a}\n`;
    if (bEnd === b) continue;
    out += `a${aEnd} ${bEnd - b}\n`;
    for (let i = b; i < bEnd; i++) out += `${sides.b.lines[i]!}${!sides.b.endsInNewline && i === sides.b.lines.length - 1 ? '' : '\n'}`;
  }
  return out;
}
