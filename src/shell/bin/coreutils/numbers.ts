/** Programs about numbers: seq, factor, numfmt (coreutils 8.22/8.26). */
import type { Sys } from '../../../sim/proc/program.ts';
import { formatNumber, type Conversion, parseFormat } from './format.ts';
import { slurpAll, splitLines } from './input.ts';
import { parseRanges } from './cut.ts';
import { PACKAGES, type Task, tool } from './tool.ts';

const FLOAT = /^[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?$|^[-+]?0[xX][\da-fA-F]+$|^[-+]?inf(?:inity)?$/i;

export const seq = tool({
  name: 'seq', package: PACKAGES.coreutils, usage: ['[OPTION]... LAST', '[OPTION]... FIRST LAST', '[OPTION]... FIRST INCREMENT LAST'],
  about: 'Print numbers from FIRST to LAST, in steps of INCREMENT.', authors: 'Ulrich Drepper',
  options: ['-f, --format=FORMAT  use a floating-point FORMAT of printf', '-s, --separator=STRING  separate numbers with STRING (default: \\n)', '-w, --equal-width  pad with leading zeroes'],
  // Negative numbers are operands.
  rewrite(words) {
    let at = 0;
    while (words[at]?.startsWith('-') && !/^-[\d.]/.test(words[at]!)) at += /^(-[fs]|--format|--separator)$/.test(words[at]!) ? 2 : 1;
    return /^-[\d.]/.test(words[at] ?? '') ? [...words.slice(0, at), '--', ...words.slice(at)] : words;
  },
  style: { stopAtOperand: true },
  run: countUp,
});

/** Digits after the point, as written. */
const decimals = (text: string): number => (/e/i.test(text) ? Math.max(0, (text.split(/e/i)[0]!.split('.')[1]?.length ?? 0) - Number(text.split(/e/i)[1])) : text.split('.')[1]?.length ?? 0);

function* countUp(task: Task): Sys<number | void> {
  const words = task.operands;
  if (words.length === 0) return yield* task.misuse('missing operand');
  if (words.length > 3) return yield* task.misuse(`extra operand ${task.quote(words[3]!)}`);
  for (const word of words) if (!FLOAT.test(word)) return yield* task.misuse(`invalid floating point argument: ${task.quote(word)}`);
  const value = (word: string): number => (/inf/i.test(word) ? (word.startsWith('-') ? -Infinity : Infinity) : Number(word.replace(/^\+/, '')));
  const [firstWord, stepWord, lastWord] = words.length === 1 ? ['1', '1', words[0]!] : words.length === 2 ? [words[0]!, '1', words[1]!] : [words[0]!, words[1]!, words[2]!];
  const [first, step, last] = [value(firstWord), value(stepWord), value(lastWord)];
  if (step === 0) return yield* task.misuse(`invalid Zero increment value: ${task.quote(stepWord)}`);
  const typed = task.value('f');
  if (typed !== undefined && task.has('w')) return yield* task.misuse('format string may not be specified when printing equal width strings');
  const form = typed === undefined ? null : parseFormat(typed);
  if (form && form.filter((part) => typeof part !== 'string').length !== 1) {
    const many = form.some((part) => typeof part !== 'string');
    yield* task.error(`format ${task.quote(typed!)} has ${many ? 'too many' : 'no'} % directives`);
    return 1;
  }
  const odd = form?.find((part): part is Conversion => typeof part !== 'string' && !'aefgAEFG'.includes(part.letter));
  if (odd) {
    yield* task.error(`format ${task.quote(typed!)} has unknown %${odd.letter} directive`);
    return 1;
  }
  const places = Math.max(decimals(firstWord), decimals(stepWord));
  const width = task.has('w') ? Math.max(first.toFixed(places).length, (places > decimals(lastWord) ? last.toFixed(places) : lastWord.replace(/^\+/, '').split('.')[0]! + (places ? `.${'0'.repeat(places)}` : '')).length) : 0;
  const show = (n: number): string => {
    if (form) return form.map((part) => (typeof part === 'string' ? part : formatNumber(part, n))).join('');
    const text = n.toFixed(places);
    return text.startsWith('-') ? `-${text.slice(1).padStart(width - 1, '0')}` : text.padStart(width, '0');
  };
  yield* printSequence(task, { first, step, last, show, separator: task.value('s') ?? '\n' });
}

interface Sequence { first: number; step: number; last: number; show: (n: number) => string; separator: string }

function* printSequence(task: Task, { first, step, last, show, separator }: Sequence): Sys<void> {
  const slack = Math.abs(step) * 1e-9;
  let any = false;
  for (let i = 0; ; i++) {
    const n = first + i * step;
    if (step > 0 ? n > last + slack : n < last - slack) break;
    task.print((any ? separator : '') + show(n));
    any = true;
    if (task.full) yield* task.flush();
    if (task.broken) return;
  }
  if (any) task.print('\n');
}

export const factor = tool({
  name: 'factor', package: PACKAGES.coreutils, usage: ['[NUMBER]...', 'OPTION'],
  about: 'Print the prime factors of each specified integer NUMBER.  If none\nare specified on the command line, read them from standard input.',
  authors: 'Paul Rubin, Torbjorn Granlund, and Niels Moller', options: [],
  *run(task) {
    const words = task.operands.length ? task.operands : (yield* slurpAll(task, ['-'])).split(/\s+/).filter(Boolean);
    for (const word of words) {
      if (!/^\+?\d+$/.test(word)) {
        yield* task.error(`${task.quote(word)} is not a valid positive integer`);
        continue;
      }
      const n = BigInt(word.replace('+', ''));
      task.print(`${n}:${primeFactors(n).map((p) => ` ${p}`).join('')}\n`);
    }
    return task.status;
  },
});

function primeFactors(number: bigint): bigint[] {
  const out: bigint[] = [];
  let n = number;
  for (let p = 2n; p * p <= n && p < 100_000n; p += p === 2n ? 1n : 2n) {
    while (n > 1n && n % p === 0n) {
      out.push(p);
      n /= p;
    }
  }
  return n > 1n ? [...out, ...split(n)].sort((a, b) => (a < b ? -1 : 1)) : out;
}

/** What is left has no small factor: prime by Miller and Rabin, else cut in two by Pollard's rho. */
function split(n: bigint): bigint[] {
  if (n < 10_000_000_000n || isPrime(n)) return [n];
  for (let c = 1n; ; c++) {
    let x = 2n;
    let y = 2n;
    let d = 1n;
    while (d === 1n) {
      x = (x * x + c) % n;
      y = (y * y + c) % n;
      y = (y * y + c) % n;
      d = gcd(x > y ? x - y : y - x, n);
    }
    if (d !== n) return [...split(d), ...split(n / d)];
  }
}

function gcd(a: bigint, b: bigint): bigint {
  while (b) [a, b] = [b, a % b];
  return a;
}

function isPrime(n: bigint): boolean {
  let d = n - 1n;
  let twos = 0;
  while (d % 2n === 0n) {
    d /= 2n;
    twos++;
  }
  return [2n, 3n, 5n, 7n, 11n, 13n, 17n, 19n, 23n, 29n, 31n, 37n].every((base) => {
    let x = 1n;
    for (let b = base % n, e = d; e > 0n; e >>= 1n) {
      if (e & 1n) x = (x * b) % n;
      b = (b * b) % n;
    }
    if (x === 1n || x === n - 1n) return true;
    for (let i = 1; i < twos; i++) {
      x = (x * x) % n;
      if (x === n - 1n) return true;
    }
    return false;
  });
}

export const numfmt = tool({
  name: 'numfmt', package: PACKAGES.coreutils, usage: ['[OPTION]... [NUMBER]...'],
  about: 'Reformat NUMBER(s), or the numbers from standard input if none are specified.', authors: 'Assaf Gordon', trouble: 1,
  options: [
    '-d, --delimiter=X  fields are separated by X', '--field=FIELDS  convert these fields (default 1)',
    '--from=UNIT  scale input: none, auto, si, iec, iec-i', '--from-unit=N  the size of an input unit', '--header[=N]  print the first N lines as they are', '--invalid=MODE  abort, fail, warn or ignore',
    '--padding=N  pad to N characters, to the left if negative', '--round=METHOD  up, down, from-zero, towards-zero, nearest',
    '--suffix=SUFFIX  add SUFFIX to output', '--to=UNIT  scale output: none, si, iec, iec-i', '--to-unit=N  the size of an output unit',
    '-z, --zero-terminated  lines end with NUL, not newline',
  ],
  rewrite: (words) => words.map((word) => (/^-\d/.test(word) ? `\0${word}` : word)),
  run: reformat,
});

const UNIT_WORDS = ['none', 'auto', 'si', 'iec', 'iec-i'];

function* reformat(task: Task): Sys<number | void> {
  for (const key of ['from', 'to']) {
    const typed = task.value(key);
    const words = key === 'to' ? UNIT_WORDS.filter((word) => word !== 'auto') : UNIT_WORDS;
    if (typed !== undefined && !words.includes(typed)) return yield* task.badWord(typed, task.quote(`--${key}`), words);
  }
  const fields = parseRanges(task.value('field') ?? '1', true, (text) => task.quote(text));
  if (typeof fields === 'string') return yield* task.misuse(fields);
  const end = task.has('z') ? '\0' : '\n';
  const words = task.operands.map((word) => word.replace(/^\0/, ''));
  const lines = words.length ? words : splitLines(yield* slurpAll(task, []), end);
  const skip = task.has('header') && !words.length ? Number(task.value('header') ?? 1) : 0;
  const wanted = (n: number): boolean => fields.some(([from, to]) => n >= from && n <= to);
  const mode = task.value('invalid') ?? 'abort';
  for (const [i, line] of lines.entries()) {
    if (i < skip) {
      task.print(line + end);
      continue;
    }
    const delimiter = task.value('d');
    const parts = delimiter === undefined ? line.match(/\s*\S+|\s+$/g) ?? [''] : line.split(delimiter);
    const out: string[] = [];
    for (const [n, part] of parts.entries()) {
      const made = wanted(n + 1) ? scaled(task, part) : { text: part };
      if ('text' in made) {
        out.push(made.text);
        continue;
      }
      out.push(part);
      if (mode !== 'ignore') yield* task.error(made.wrong, mode === 'warn' ? 0 : 2);
      if (mode === 'abort') return 2;
    }
    task.print(out.join(delimiter ?? '') + end);
  }
  return task.status;
}

const POWERS = 'KMGTPEZY';

/** One number in its new form. */
function scaled(task: Task, part: string): { text: string } | { wrong: string } {
  const m = /^(\s*)([-+]?\d*\.?\d*)(([KMGTPEZY])(i?))?(.*)$/s.exec(part)!;
  const [, space = '', digits = '', suffixWord = '', letter, i, rest = ''] = m;
  const from = task.value('from') ?? 'none';
  const typed = part.trim();
  if (digits === '' || digits === '.') return { wrong: `invalid number: ${task.quote(typed)}` };
  if (suffixWord && from === 'none') return { wrong: `rejecting suffix in input: ${task.quote(typed)} (consider using --from)` };
  if (letter && from === 'iec-i' && !i) return { wrong: `missing 'i' suffix in input: ${task.quote(typed)} (e.g Ki/Mi/Gi)` };
  const suffix = task.value('suffix') ?? '';
  if (rest !== '' && rest !== suffix) return { wrong: `invalid suffix in input: ${task.quote(typed)}` };
  const base = from === 'si' || (from === 'auto' && !i) ? 1000 : 1024;
  let value = Number(digits) * (letter ? base ** (POWERS.indexOf(letter) + 1) : 1) * Number(task.value('from-unit') ?? 1) / Number(task.value('to-unit') ?? 1);
  const to = task.value('to') ?? 'none';
  let text: string;
  if (to === 'none') {
    const places = digits.includes('.') && !letter ? digits.split('.')[1]!.length : 0;
    text = rounded(value, places, task.value('round')).toFixed(places);
  } else {
    const step = to === 'si' ? 1000 : 1024;
    let power = 0;
    while (Math.abs(value) >= step && power < POWERS.length) {
      value /= step;
      power++;
    }
    let places = power && Math.abs(value) < 10 ? 1 : 0;
    value = rounded(value, places, task.value('round'));
    if (Math.abs(value) >= step) [value, power] = [value / step, power + 1];
    if (power && Math.abs(value) >= 10) places = 0;
    else if (power) places = 1;
    text = value.toFixed(places) + (power ? (POWERS[power - 1]! + (to === 'iec-i' ? 'i' : '')) : '');
  }
  text += suffix;
  const padding = Number(task.value('padding') ?? 0);
  if (padding) return { text: padding > 0 ? text.padStart(padding) : text.padEnd(-padding) };
  return { text: space === '' ? text : (space.length > 1 ? text.padStart(part.length) : space + text) };
}

function rounded(value: number, places: number, method = 'from-zero'): number {
  const scale = 10 ** places;
  const n = Number((value * scale).toPrecision(15));
  const up = Math.ceil(Math.abs(n)) * Math.sign(n);
  const how: Readonly<Record<string, number>> = {
    up: Math.ceil(n), down: Math.floor(n), 'from-zero': up, 'towards-zero': Math.trunc(n), nearest: Math.sign(n) * Math.round(Math.abs(n)),
  };
  return (how[method] ?? up) / scale;
}
