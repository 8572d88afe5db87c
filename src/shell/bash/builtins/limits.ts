/** umask and ulimit. The limits are kept and shown; nothing in this world comes near them. */
import type { Sys } from '../../../sim/proc/program.ts';
import type { Shell } from '../shell.ts';
import { get, set } from '../table.ts';
import type { Builtin } from './index.ts';
import { emit } from './outputs.ts';
import { invalid, parseOptions } from './options.ts';

const umask: Builtin = function* (sh, args) {
  const options = yield* parseOptions(sh, args, 'pS');
  if (typeof options === 'number') return options;
  const now = yield* sh.call('umask', {});
  const mask = now.ok ? now.value : 0;
  const arg = options.rest[0];
  if (arg === undefined) {
    const text = options.has('S') ? symbolic(mask) : mask.toString(8).padStart(4, '0');
    return yield* emit(sh, `${options.has('p') ? `umask ${options.has('S') ? '-S ' : ''}` : ''}${text}\n`);
  }
  if (/^\d/.test(arg)) {
    if (!/^[0-7]+$/.test(arg) || parseInt(arg, 8) > 0o777) {
      yield* sh.complain(`${arg}: octal number out of range`);
      return 1;
    }
    yield* sh.call('umask', { mask: parseInt(arg, 8) });
    return 0;
  }
  const next = applySymbolic(arg, mask);
  if (typeof next === 'string') { yield* sh.complain(next); return 1; }
  yield* sh.call('umask', { mask: next });
  return options.has('S') ? yield* emit(sh, `${symbolic(next)}\n`) : 0;
};

const symbolic = (mask: number): string => ['u', 'g', 'o'].map((who, i) => {
  const bits = ~(mask >> (6 - 3 * i)) & 7;
  return `${who}=${bits & 4 ? 'r' : ''}${bits & 2 ? 'w' : ''}${bits & 1 ? 'x' : ''}`;
}).join(',');

function applySymbolic(text: string, mask: number): number | string {
  let allowed = ~mask & 0o777;
  for (const clause of text.split(',')) {
    const m = /^([ugoa]*)([-+=])([rwx]*)$/.exec(clause);
    if (!m) {
      const operator = /^[ugoa]*(.)/.exec(clause)?.[1] ?? '';
      return /[-+=]/.test(operator) ? `\`${clause.slice(-1)}': invalid symbolic mode character`
        : `\`${operator}': invalid symbolic mode operator`;
    }
    const bits = (m[3]!.includes('r') ? 4 : 0) | (m[3]!.includes('w') ? 2 : 0)
      | (m[3]!.includes('x') ? 1 : 0);
    const who = m[1] === '' || m[1]!.includes('a') ? 'ugo' : m[1]!;
    for (const [letter, shift] of [['u', 6], ['g', 3], ['o', 0]] as const) {
      if (!who.includes(letter)) continue;
      if (m[2] === '+') allowed |= bits << shift;
      else if (m[2] === '-') allowed &= ~(bits << shift);
      else allowed = (allowed & ~(7 << shift)) | (bits << shift);
    }
  }
  return ~allowed & 0o777;
}

/** Letter, words, unit, what a CentOS 7 or Debian 9 host has (soft). */
const LIMITS: readonly (readonly [string, string, string, string])[] = [
  ['c', 'core file size', 'blocks', '0'], ['d', 'data seg size', 'kbytes', 'unlimited'],
  ['e', 'scheduling priority', '', '0'],
  ['f', 'file size', 'blocks', 'unlimited'], ['i', 'pending signals', '', '31204'],
  ['l', 'max locked memory', 'kbytes', '64'],
  ['m', 'max memory size', 'kbytes', 'unlimited'], ['n', 'open files', '', '1024'],
  ['p', 'pipe size', '512 bytes', '8'],
  ['q', 'POSIX message queues', 'bytes', '819200'], ['r', 'real-time priority', '', '0'],
  ['s', 'stack size', 'kbytes', '8192'],
  ['t', 'cpu time', 'seconds', 'unlimited'], ['u', 'max user processes', '', '31204'],
  ['v', 'virtual memory', 'kbytes', 'unlimited'], ['x', 'file locks', '', 'unlimited'],
];
const HARD: Readonly<Record<string, string>> = { c: 'unlimited', n: '4096', s: 'unlimited' };

const key = (letter: string, hard: boolean): string => `${hard ? 'H' : 'S'}${letter}`;
const limitOf = (sh: Shell, letter: string, hard: boolean): string =>
  get(sh.s.limits, key(letter, hard)) ?? (hard ? HARD[letter] : undefined)
    ?? LIMITS.find(([l]) => l === letter)![3];

const ulimit: Builtin = function* (sh, args) {
  let hard = false, soft = false, all = false;
  const letters: { letter: string; value?: string }[] = [];
  for (let i = 0; i < args.length; i++) {
    const arg = args[i]!;
    if (arg === '--') continue;
    if (arg[0] !== '-' || arg.length < 2) {
      const last = letters[letters.length - 1];
      if (last && last.value === undefined) last.value = arg; else letters.push({ letter: 'f', value: arg });
      continue;
    }
    for (const letter of arg.slice(1)) {
      if (letter === 'H') hard = true;
      else if (letter === 'S') soft = true;
      else if (letter === 'a') all = true;
      else if (LIMITS.some(([l]) => l === letter)) letters.push({ letter });
      else return yield* invalid(sh, `-${letter}`);
    }
  }
  if (all) return yield* emit(sh,
    LIMITS.map(([letter, words, unit]) => `${row(words, unit, letter)}${limitOf(sh, letter, hard)}\n`)
      .join(''));
  if (!letters.length) letters.push({ letter: 'f' });
  for (const one of letters) {
    if (one.value !== undefined) {
      const status = yield* change(sh, one.letter, one.value, hard, soft);
      if (status) return status;
      continue;
    }
    const [, words, unit] = LIMITS.find(([l]) => l === one.letter)!;
    yield* sh.out(`${letters.length > 1 ? row(words, unit, one.letter) : ''}${limitOf(sh, one.letter,
      hard)}\n`);
  }
  return 0;
};

const row = (words: string, unit: string,
  letter: string): string => `${words.padEnd(20)} ${`(${unit ? `${unit}, ` : ''}-${letter})`.padStart(18)} `;

function* change(sh: Shell, letter: string, text: string, hard: boolean, soft: boolean): Sys<number> {
  const value = text === 'hard' ? limitOf(sh, letter, true) : text === 'soft' ? limitOf(sh, letter, false)
    : text;
  if (value !== 'unlimited' && !/^\d+$/.test(value)) {
    yield* sh.complain(`${text}: invalid number`);
    return 1;
  }
  const words = LIMITS.find(([l]) => l === letter)![1], ceiling = limitOf(sh, letter, true);
  const above = ceiling !== 'unlimited' && (value === 'unlimited' || Number(value) > Number(ceiling));
  if (above && sh.start.uid !== 0) {
    yield* sh.complain(`${words}: cannot modify limit: Operation not permitted`);
    return 1;
  }
  const both = hard === soft;
  if (both || soft) set(sh.own('limits'), key(letter, false), value);
  if (both || hard) set(sh.own('limits'), key(letter, true), value);
  return 0;
}

export const limits: Record<string, Builtin> = { umask, ulimit };
