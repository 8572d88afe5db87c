/** sort of GNU coreutils 8.22/8.26, in the C locale's order. What memory or threads it may use changes nothing here. */
import type { Sys } from '../../../sim/proc/program.ts';
import { strerror } from '../../../sim/proc/libc.ts';
import { call } from '../../../sim/proc/syscalls.ts';
import { readOperand, splitLines } from './input.ts';
import { quoteAlways, quoteIfNeeded } from './quote.ts';
import { applyLetter, isOrderLetter, type Key, type Keyed, type LineOrder, lineOrder, parseKey, plainStyle } from './sort-keys.ts';
import { PACKAGES, type Task, tool } from './tool.ts';

export const sort = tool({
  name: 'sort', package: PACKAGES.coreutils, usage: ['[OPTION]... [FILE]...', '[OPTION]... --files0-from=F'],
  about: 'Write sorted concatenation of all FILE(s) to standard output.\n\nWith no FILE, or when FILE is -, read standard input.',
  authors: 'Mike Haertel and Paul Eggert', trouble: 2,
  options: [
    '-b, --ignore-leading-blanks  do not count blanks at the start',
    '-d, --dictionary-order  consider blanks, letters and digits only',
    '-f, --ignore-case  take lower case for upper case',
    '-g, --general-numeric-sort  compare as floating-point numbers',
    '-i, --ignore-nonprinting  consider printable characters only',
    '-M, --month-sort  compare as months (unknown) < JAN < ... < DEC',
    '-h, --human-numeric-sort  compare sizes such as 2K 1G',
    '-n, --numeric-sort  compare by numeric value',
    '-R, --random-sort  shuffle, but keep equal keys together',
    '-r, --reverse  reverse the order',
    '--sort=WORD  general-numeric -g, human-numeric -h, month -M,\nnumeric -n, random -R, version -V',
    '-V, --version-sort  order version numbers inside text',
    '!--batch-size=N', '!--compress-program=PROG', '!-S, --buffer-size=SIZE', '!-T, --temporary-directory=DIR', '!--parallel=N',
    '-c, --check[=HOW]  check the order, do not sort; HOW diagnose-first, quiet or silent',
    '-C  like -c, but do not name the first line out of order',
    '--files0-from=F  read the names of the files, each ended by NUL, from F',
    '-k, --key=KEYDEF  sort by a key F[.C][OPTS][,F[.C][OPTS]]',
    '-m, --merge  merge files that are sorted already',
    '-o, --output=FILE  write to FILE',
    '-s, --stable  do not compare whole lines as a last resort',
    '-t, --field-separator=SEP  fields are separated by SEP',
    '-u, --unique  print only the first of equal lines; with -c, check for strict order',
    '-z, --zero-terminated  lines end with NUL, not newline',
  ],
  // -c takes no value in its short form.
  rewrite: (words) => words.flatMap((word) => (/^-c[a-zA-Z]/.test(word) ? ['--check', `-${word.slice(2)}`] : [word])),
  run: sortFiles,
});

const SORT_WORDS: Readonly<Record<string, string>> = {
  'general-numeric': 'g', 'human-numeric': 'h', month: 'M', numeric: 'n', random: 'R', version: 'V',
};

function* fail(task: Task, text: string): Sys<null> {
  yield* task.error(text, 2);
  return null;
}

/** The order that the options ask for, or null after a complaint. */
function* readOrder(task: Task): Sys<LineOrder | null> {
  const globals = plainStyle();
  let orders = '';
  for (const option of task.given) {
    const letter = option.key === 'sort' ? SORT_WORDS[option.value!]! : option.key;
    if (letter.length !== 1 || !'bdfgiMhnRrV'.includes(letter)) continue;
    applyLetter(globals, letter);
    if (isOrderLetter(letter) && !orders.includes(letter)) orders += letter;
  }
  if (orders.length > 1) return yield* fail(task, `options '-${[...orders].sort().join('')}' are incompatible`);
  const separator = yield* readSeparator(task);
  if (separator === undefined) return null;
  const keys: Key[] = [];
  for (const text of task.values('k')) {
    const key = parseKey(text, globals, task.has('b'), (word) => task.quote(word));
    if (typeof key === 'string') return yield* fail(task, key);
    keys.push(key);
  }
  let seed = 0;
  if (globals.order === 'random' || keys.some((key) => key.order === 'random')) {
    const drawn = yield* call('random', { below: 0x7fffffff });
    seed = drawn.ok ? drawn.value : 0;
  }
  return lineOrder(keys, globals, { separator, stable: task.has('s') || task.has('u'), seed, blanks: task.has('b') });
}

function* readSeparator(task: Task): Sys<string | null | undefined> {
  const typed = task.value('t');
  if (typed === undefined) return null;
  if (typed === '') return (yield* fail(task, 'empty tab')) ?? undefined;
  if (typed === '\\0') return '\0';
  return [...typed].length > 1 ? (yield* fail(task, `multi-character tab ${task.quote(typed)}`)) ?? undefined : typed;
}

function* sortFiles(task: Task): Sys<number | void> {
  const end = task.has('z') ? '\0' : '\n';
  const word = task.given.find(({ key, value }) => key === 'sort' && !(value! in SORT_WORDS));
  if (word) return yield* task.badWord(word.value!, task.quote('--sort'), Object.keys(SORT_WORDS));
  const order = yield* readOrder(task);
  if (!order) return 2;
  let files: readonly string[] = task.operands.length ? task.operands : ['-'];
  const list = task.value('files0-from');
  if (list !== undefined) {
    const names = yield* readOperand(list);
    if (!names.ok) return (yield* fail(task, `open failed: ${quoteIfNeeded(list)}: ${strerror(names.errno)}`)) ?? 2;
    files = names.value.split('\0').filter(Boolean);
  }
  if (task.has('c') || task.has('C')) return yield* check(task, files, order, end);
  // Whole lines by their code units are JavaScript's own order: no key is cut out, no comparison called.
  const plain = task.given.every(({ key }) => key === 'r' || key === 'u');
  const whole: string[] = [];
  const texts: Keyed[][] = [];
  for (const path of files) {
    const got = yield* readOperand(path);
    if (!got.ok) {
      const what = got.errno === 'EISDIR' ? 'read failed' : 'cannot read';
      return (yield* fail(task, `${what}: ${quoteIfNeeded(path)}: ${strerror(got.errno)}`)) ?? 2;
    }
    const lines = splitLines(got.value, end);
    if (plain) for (const line of lines) whole.push(line);
    else texts.push(lines.map((line) => order.keyed(line)));
  }
  if (plain) {
    const lines = (task.has('u') ? [...new Set(whole)] : whole).sort();
    if (task.has('r')) lines.reverse();
    if (lines.length) task.print(`${lines.join(end)}${end}`);
    return;
  }
  const sorted = task.has('m') ? merge(texts, order) : texts.flat().sort((a, b) => order.compare(a, b));
  let text = '';
  let before: Keyed | null = null;
  for (const item of sorted) {
    if (task.has('u') && before && order.compare(before, item) === 0) continue;
    text += item.line + end;
    before = item;
  }
  const target = task.value('o');
  if (target === undefined) {
    task.print(text);
    return;
  }
  const wrote = yield* call('writeFile', { path: target, text, mode: 0o666 });
  if (!wrote.ok) yield* task.error(`open failed: ${quoteIfNeeded(target)}: ${strerror(wrote.errno)}`, 2);
}

/** The lines as a merge takes them: always the least of the heads, the earlier file first. */
function merge(texts: readonly Keyed[][], order: LineOrder): Keyed[] {
  const heads = texts.map(() => 0);
  const out: Keyed[] = [];
  for (;;) {
    let best = -1;
    for (let i = 0; i < texts.length; i++) {
      const item = texts[i]![heads[i]!];
      if (!item) continue;
      if (best < 0 || order.compare(item, texts[best]![heads[best]!]!) < 0) best = i;
    }
    if (best < 0) return out;
    out.push(texts[best]![heads[best]!]!);
    heads[best]!++;
  }
}

function* check(task: Task, files: readonly string[], order: LineOrder, end: string): Sys<number> {
  if (files.length > 1) {
    yield* task.error(`extra operand ${quoteAlways(files[1]!)} not allowed with -${task.has('c') ? 'c' : 'C'}`, 2);
    return 2;
  }
  const path = files[0]!;
  const got = yield* readOperand(path);
  if (!got.ok) {
    yield* task.error(`cannot read: ${quoteIfNeeded(path)}: ${strerror(got.errno)}`, 2);
    return 2;
  }
  const items = splitLines(got.value, end).map((line) => order.keyed(line));
  const wrong = items.findIndex((item, i) => i > 0 && order.compare(items[i - 1]!, item) >= (task.has('u') ? 0 : 1));
  if (wrong < 0) return 0;
  if (!task.has('C') && task.value('c') !== 'quiet' && task.value('c') !== 'silent') {
    yield* task.error(`${quoteIfNeeded(path)}:${wrong + 1}: disorder: ${items[wrong]!.line}`, 1);
  }
  return 1;
}
