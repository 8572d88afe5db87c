/** tr of GNU coreutils 8.22/8.26, on characters: translate, squeeze, delete. */
import type { Sys } from '../../../sim/proc/program.ts';
import { nextPiece } from './input.ts';
import { PACKAGES, type Task, tool } from './tool.ts';

export const tr = tool({
  name: 'tr', package: PACKAGES.coreutils, usage: ['[OPTION]... SET1 [SET2]'],
  about: 'Translate, squeeze, and/or delete characters from standard input,\nwriting to standard output.',
  authors: 'Jim Meyering', style: { stopAtOperand: true },
  options: [
    '-c, -C, --complement  use the complement of SET1',
    '-d, --delete  delete characters in SET1, do not translate',
    '-s, --squeeze-repeats  replace a run of a character of the last set by one',
    '-t, --truncate-set1  first cut SET1 to the length of SET2',
  ],
  notes: 'A SET is characters, ranges a-z, escapes \\n \\t \\NNN, classes [:alpha:], [=c=], and in SET2 [c*n] or [c*].',
  run: translate,
});

const range = (from: number, to: number): string[] =>
  Array.from({ length: to - from + 1 }, (_, i) => String.fromCharCode(from + i));

/** The members of a character class in the order of their codes. */
const CLASSES: Readonly<Record<string, () => string[]>> = {
  alnum: () => [...range(48, 57), ...range(65, 90), ...range(97, 122)],
  alpha: () => [...range(65, 90), ...range(97, 122)],
  blank: () => ['\t', ' '],
  cntrl: () => [...range(0, 31), '\x7f'],
  digit: () => range(48, 57),
  graph: () => range(33, 126),
  lower: () => range(97, 122),
  print: () => range(32, 126),
  punct: () => range(33, 126).filter((c) => !/[A-Za-z0-9]/.test(c)),
  space: () => [...range(9, 13), ' '],
  upper: () => range(65, 90),
  xdigit: () => [...range(48, 57), ...range(65, 70), ...range(97, 102)],
};

/** A part of a set: characters, a class by name, or a repeat that fills up (`count` 0). */
interface Part { chars: string[]; cls: string | null; repeat: { char: string; count: number } | null }

const ESCAPES: Readonly<Record<string, string>> = {
  a: '\x07', b: '\b', f: '\f', n: '\n', r: '\r', t: '\t', v: '\v', '\\': '\\',
};

/** Characters with a note whether each was escaped. */
function unescape(text: string): { c: string; escaped: boolean }[] {
  const out: { c: string; escaped: boolean }[] = [];
  const chars = [...text];
  for (let i = 0; i < chars.length; i++) {
    if (chars[i] !== '\\' || i + 1 === chars.length) {
      out.push({ c: chars[i]!, escaped: false });
      continue;
    }
    const digits = /^[0-7]{1,3}/.exec(chars.slice(i + 1, i + 4).join(''))?.[0];
    if (digits) {
      const code = parseInt(digits, 8) & 255;
      out.push({ c: String.fromCharCode(code < 0x80 ? code : 0xdc00 + code), escaped: true });
      i += digits.length;
    } else {
      const next = chars[++i]!;
      out.push({ c: ESCAPES[next] ?? next, escaped: true });
    }
  }
  return out;
}

/** A set as typed, or what is wrong with it. */
function parseSet(text: string, quoted: (text: string) => string): Part[] | string {
  const units = unescape(text);
  const parts: Part[] = [];
  const plain = (i: number): string => (units[i] && !units[i].escaped ? units[i].c : '');
  const shown = (from: number, to: number): string => units.slice(from, to).map((unit) => unit.c).join('');
  for (let i = 0; i < units.length; i++) {
    const kind = plain(i) === '[' ? plain(i + 1) : '';
    if (kind === ':' || kind === '=') {
      let close = i + 2;
      while (close < units.length - 1 && !(plain(close) === kind && plain(close + 1) === ']')) close++;
      if (close < units.length - 1 && close > i + 1) {
        const name = shown(i + 2, close);
        if (kind === ':' && !CLASSES[name]) return `invalid character class ${quoted(name)}`;
        if (kind === '=' && name.length !== 1) return `${quoted(name)}: equivalence class operand must be a single character`;
        parts.push({ chars: kind === ':' ? CLASSES[name]!() : [name], cls: kind === ':' ? name : null, repeat: null });
        i = close + 1;
        continue;
      }
    }
    const star = plain(i) === '[' && plain(i + 2) === '*' ? /^\*(\d*)\]/.exec(shown(i + 2, units.length)) : null;
    if (star) {
      const count = star[1] === '' ? 0 : parseInt(star[1]!, star[1]!.startsWith('0') ? 8 : 10);
      parts.push({ chars: [], cls: null, repeat: { char: units[i + 1]!.c, count } });
      i += 1 + star[0].length;
      continue;
    }
    if (plain(i + 1) === '-' && i + 2 < units.length) {
      const from = units[i]!.c.charCodeAt(0);
      const to = units[i + 2]!.c.charCodeAt(0);
      if (to < from) return `range-endpoints of '${units[i]!.c}-${units[i + 2]!.c}' are in reverse collating sequence order`;
      parts.push({ chars: range(from, to), cls: null, repeat: null });
      i += 2;
      continue;
    }
    parts.push({ chars: [units[i]!.c], cls: null, repeat: null });
  }
  return parts;
}

/** All characters of a set; what fills up makes it `length` long. */
function expand(parts: readonly Part[], length: number): string[] {
  const fixed = parts.reduce((sum, part) => sum + part.chars.length + (part.repeat?.count ?? 0), 0);
  return parts.flatMap((part) => {
    if (!part.repeat) return part.chars;
    return Array<string>(part.repeat.count || Math.max(0, length - fixed)).fill(part.repeat.char);
  });
}

type Mapping = (c: string) => string;

function* translate(task: Task): Sys<number | void> {
  const [first, second, extra] = task.operands;
  const both = !task.has('d') || task.has('s');
  if (first === undefined) return yield* task.misuse('missing operand');
  if (second === undefined && (task.has('d') ? task.has('s') : !task.has('s'))) {
    const why = task.has('d') ? 'Two strings must be given when both deleting and squeezing repeats.'
      : 'Two strings must be given when translating.';
    return yield* task.misuse(`missing operand after ${task.quote(first)}\n${why}`);
  }
  if (second !== undefined && !both) {
    return yield* task.misuse(`extra operand ${task.quote(second)}\nOnly one string may be given when deleting without squeezing repeats.`);
  }
  if (extra !== undefined) return yield* task.misuse(`extra operand ${task.quote(extra)}`);
  const set1 = parseSet(first, (text) => task.quote(text));
  const set2 = parseSet(second ?? '', (text) => task.quote(text));
  for (const set of [set1, set2]) {
    if (typeof set !== 'string') continue;
    yield* task.error(set);
    return 1;
  }
  const wrong = misfit(set1 as Part[], set2 as Part[], task, second !== undefined && !task.has('d'));
  if (wrong) {
    yield* task.error(wrong);
    return 1;
  }
  const step = program(task, set1 as Part[], set2 as Part[], second !== undefined);
  const source = { fd: 0, text: null, ended: false };
  for (;;) {
    const piece = yield* nextPiece(source);
    if (piece !== null && typeof piece !== 'string') yield* task.error(`read error`);
    if (typeof piece !== 'string') return;
    task.print(step(piece));
    yield* task.flush();
    if (task.broken) return;
  }
}

function misfit(set1: readonly Part[], set2: readonly Part[], task: Task, translating: boolean): string | null {
  if (set1.some((part) => part.repeat)) return 'the [c*] repeat construct may not appear in string1';
  if (set2.filter((part) => part.repeat?.count === 0).length > 1) return 'only one [c*] repeat construct may appear in string2';
  if (!translating) return null;
  if (set2.some((part) => part.cls && part.cls !== 'upper' && part.cls !== 'lower')) {
    return "when translating, the only character classes that may appear in\nstring2 are 'upper' and 'lower'";
  }
  if (set2.length === 0 && !task.has('t')) return 'when not truncating set1, string2 must be non-empty';
  return null;
}

/** What to do with a piece of text. Squeezing remembers the character before. */
function program(task: Task, parts1: readonly Part[], parts2: readonly Part[], two: boolean): (piece: string) => string {
  const set1 = expand(parts1, 0);
  const members = new Set(set1);
  const complement = task.has('c');
  const inSet1 = (c: string): boolean => members.has(c) !== complement;
  let map: Mapping | null = null;
  const set2 = expand(parts2, complement ? 256 : set1.length);
  if (!task.has('d') && two) map = complement ? complementMapping(members, set2, task.has('t')) : mapping(parts1, parts2, set1, set2, task.has('t'));
  const squeezed: ((c: string) => boolean) | null = !task.has('s') ? null
    : two ? ((last) => (c: string) => last.has(c))(new Set(set2)) : inSet1;
  let before = '';
  return (piece) => {
    let out = '';
    for (const c of piece) {
      if (task.has('d') && inSet1(c)) continue;
      const next = map ? map(c) : c;
      if (squeezed && next === before && squeezed(next)) continue;
      before = next;
      out += next;
    }
    return out;
  };
}

function mapping(parts1: readonly Part[], parts2: readonly Part[], set1: string[], set2: string[], truncate: boolean): Mapping {
  const table = new Map<string, string>();
  const lowerUpper = parts1.length === 1 && parts2.length === 1 ? [parts1[0]!.cls, parts2[0]!.cls] : [];
  for (let i = 0; i < set1.length; i++) {
    const to = set2[i] ?? (truncate ? undefined : set2.at(-1));
    if (to !== undefined) table.set(set1[i]!, to);
  }
  if (lowerUpper[0] === 'lower' && lowerUpper[1] === 'upper') return (c) => c.toUpperCase();
  if (lowerUpper[0] === 'upper' && lowerUpper[1] === 'lower') return (c) => c.toLowerCase();
  return (c) => table.get(c) ?? c;
}

/** Characters outside the set, in the order of their codes, to those of set 2; beyond it, to its last. */
function complementMapping(members: ReadonlySet<string>, set2: string[], truncate: boolean): Mapping {
  const table = new Map<string, string>();
  const outside = range(0, 255).filter((c) => !members.has(c));
  outside.forEach((c, i) => {
    const to = set2[i] ?? (truncate ? undefined : set2.at(-1));
    if (to !== undefined) table.set(c, to);
  });
  const last = set2.at(-1);
  return (c) => (members.has(c) ? c : table.get(c) ?? (truncate ? c : last ?? c));
}
