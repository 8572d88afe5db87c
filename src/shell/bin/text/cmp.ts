/** cmp of GNU diffutils 3.3/3.5: two files byte by byte. */
import type { Sys } from '../../../sim/proc/program.ts';
import { toBytes } from '../../../sim/proc/text.ts';
import { strerror } from '../../../sim/proc/libc.ts';
import { readOperand } from '../coreutils/input.ts';
import { PACKAGES, type Task, tool } from '../coreutils/tool.ts';

export const cmp = tool({
  name: 'cmp', package: PACKAGES.diffutils, usage: ['[OPTION]... FILE1 [FILE2 [SKIP1 [SKIP2]]]'],
  about: 'Compare two files byte by byte.', authors: 'Torbjorn Granlund and David MacKenzie', trouble: 2,
  options: [
    '-b, --print-bytes  print differing bytes',
    '-i, --ignore-initial=SKIP  skip first SKIP bytes of both inputs; SKIP1:SKIP2 for each',
    '-l, --verbose  output byte numbers and differing byte values',
    '-n, --bytes=LIMIT  compare at most LIMIT bytes',
    '-s, --quiet, --silent  suppress all normal output',
  ],
  notes: 'SKIP values may be followed by a multiplicative suffix such as K or M.\n\n'
    + "If a FILE is '-' or missing, read standard input.\nExit status is 0 if inputs are the same, 1 if different, 2 if trouble.",
  run: compare,
});

const UNITS: Readonly<Record<string, number>> = { '': 1, B: 1, kB: 1e3, K: 1024, MB: 1e6, M: 1 << 20, GB: 1e9, G: 2 ** 30 };

function count(text: string): number | null {
  const m = /^(\d+)([A-Za-z]*)$/.exec(text);
  const unit = m ? UNITS[m[2]!] : undefined;
  return unit === undefined ? null : Number(m![1]) * unit;
}

function* compare(task: Task): Sys<number | void> {
  const [first, second = '-', skip1, skip2, extra] = task.operands;
  if (first === undefined) return yield* task.misuse(`missing operand after '${task.name}'`);
  if (extra !== undefined) return yield* task.misuse(`extra operand '${extra}'`);
  if (task.has('l') && task.has('s')) return yield* task.misuse('options -l and -s are incompatible');
  const initial = (task.value('i') ?? '0').split(':');
  const skips = [count(skip1 ?? initial[0]!), count(skip2 ?? skip1 ?? initial[1] ?? initial[0]!)];
  if (skips.includes(null)) return yield* task.misuse(`invalid --ignore-initial value '${task.value('i') ?? skip1 ?? ''}'`);
  const limit = task.value('n') === undefined ? Infinity : count(task.value('n')!);
  if (limit === null) return yield* task.misuse(`invalid --bytes value '${task.value('n')!}'`);
  const texts: string[] = [];
  for (const path of [first, second]) {
    const text = path === '-' && texts.length === 1 && first === '-' ? { ok: true as const, value: texts[0]! } : yield* readOperand(path);
    if (!text.ok) {
      if (!task.has('s') || text.errno !== 'ENOENT') yield* task.error(`${path}: ${strerror(text.errno)}`, 2);
      return 2;
    }
    texts.push(text.value);
  }
  if (texts[0] === texts[1] && skips[0] === skips[1]) return 0;
  const [a, b] = texts.map((text, i) => toBytes(text).slice(skips[i]!, skips[i]! + limit)) as [number[], number[]];
  return yield* report(task, [first, second], a, b);
}

const visible = (byte: number): string => {
  const low = byte & 127;
  return (byte > 127 ? 'M-' : '') + (low < 32 ? `^${String.fromCharCode(low + 64)}` : low === 127 ? '^?' : String.fromCharCode(low));
};
/** POSIX has `char` in its own locale; elsewhere it is a byte. */
const unit = (task: Task): string => {
  const { LC_ALL, LC_MESSAGES, LANG } = task.start.env;
  return /^(C|POSIX)?$/.test(LC_ALL || LC_MESSAGES || LANG || '') ? 'char' : 'byte';
};
const octal = (byte: number): string => byte.toString(8).padStart(3);

function* report(task: Task, names: readonly [string, string], a: readonly number[], b: readonly number[]): Sys<number> {
  const shared = Math.min(a.length, b.length);
  const width = String(Math.max(a.length, b.length)).length;
  let lines = 1;
  let different = false;
  for (let i = 0; i < shared; i++) {
    if (a[i] !== b[i]) {
      different = true;
      if (task.has('s')) return 1;
      if (task.has('l')) {
        const shown = task.has('b') ? `${octal(a[i]!)} ${visible(a[i]!).padEnd(4)} ${octal(b[i]!)} ${visible(b[i]!)}` : `${octal(a[i]!)} ${octal(b[i]!)}`;
        task.print(`${String(i + 1).padStart(width)} ${shown}\n`);
      } else {
        const bytes = task.has('b') ? ` is ${octal(a[i]!)} ${visible(a[i]!)} ${octal(b[i]!)} ${visible(b[i]!)}` : '';
        task.print(`${names[0]} ${names[1]} differ: ${task.has('b') ? 'byte' : unit(task)} ${i + 1}, line ${lines}${bytes}\n`);
        return 1;
      }
    }
    if (a[i] === 10) lines++;
  }
  if (a.length === b.length) return different ? 1 : 0;
  const short = a.length < b.length ? names[0] : names[1];
  if (!task.has('s')) yield* task.error(`EOF on ${short}`, 1);
  return 1;
}
