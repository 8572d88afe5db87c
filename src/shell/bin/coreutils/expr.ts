/** expr of GNU coreutils (messages of 8.32 and later): whole numbers of any size, strings, basic regular expressions. */
import type { Start, Sys } from '../../../sim/proc/program.ts';
import { call } from '../../../sim/proc/syscalls.ts';
import type { Command } from '../../command.ts';
import { compileRegex } from '../text/regex/compile.ts';
import { byCode } from './collate.ts';
import { quote } from './quote.ts';
import { PACKAGES, tool } from './tool.ts';

class Trouble { constructor(readonly text: string, readonly status: number) {} }

const NUMBER = /^-?\d+$/;
const isNull = (text: string): boolean => text === '' || (NUMBER.test(text) && BigInt(text) === 0n);

interface Words { readonly list: readonly string[]; at: number; readonly env: Start['env'] }

const syntax = (what: string): Trouble => new Trouble(`syntax error: ${what}`, 2);

function takes(words: Words, ...operators: string[]): string | null {
  const word = words.list[words.at];
  if (word === undefined || !operators.includes(word)) return null;
  words.at++;
  return word;
}

function next(words: Words): string {
  const word = words.list[words.at];
  if (word === undefined) throw syntax(`missing argument after ${quote(words.list[words.at - 1] ?? '', words.env)}`);
  words.at++;
  return word;
}

/** `live` is false where | or & has decided already: nothing is computed, so nothing can fail. */
type Level = (words: Words, live: boolean) => string;

const either: Level = (words, live) => {
  let left = both(words, live);
  while (takes(words, '|')) {
    const right = both(words, live && isNull(left));
    if (isNull(left)) left = isNull(right) ? '0' : right;
  }
  return left;
};

const both: Level = (words, live) => {
  let left = comparison(words, live);
  while (takes(words, '&')) {
    const right = comparison(words, live && !isNull(left));
    if (isNull(left) || isNull(right)) left = '0';
  }
  return left;
};

const comparison: Level = (words, live) => {
  let left = sum(words, live);
  for (let op = takes(words, '<', '<=', '=', '==', '!=', '>=', '>'); op; op = takes(words, '<', '<=', '=', '==', '!=', '>=', '>')) {
    const right = sum(words, live);
    const order = NUMBER.test(left) && NUMBER.test(right) ? Number(BigInt(left) > BigInt(right)) - Number(BigInt(left) < BigInt(right)) : byCode(left, right);
    const holds: Readonly<Record<string, boolean>> = {
      '<': order < 0, '<=': order <= 0, '=': order === 0, '==': order === 0, '!=': order !== 0, '>=': order >= 0, '>': order > 0,
    };
    left = holds[op] ? '1' : '0';
  }
  return left;
};

function arithmetic(left: string, op: string, right: string): string {
  if (!NUMBER.test(left) || !NUMBER.test(right)) throw new Trouble('non-integer argument', 2);
  const [a, b] = [BigInt(left), BigInt(right)];
  if ((op === '/' || op === '%') && b === 0n) throw new Trouble('division by zero', 2);
  return String(op === '+' ? a + b : op === '-' ? a - b : op === '*' ? a * b : op === '/' ? a / b : a % b);
}

const sum: Level = (words, live) => {
  let left = product(words, live);
  for (let op = takes(words, '+', '-'); op; op = takes(words, '+', '-')) {
    const right = product(words, live);
    if (live) left = arithmetic(left, op, right);
  }
  return left;
};

const product: Level = (words, live) => {
  let left = matching(words, live);
  for (let op = takes(words, '*', '/', '%'); op; op = takes(words, '*', '/', '%')) {
    const right = matching(words, live);
    if (live) left = arithmetic(left, op, right);
  }
  return left;
};

const matching: Level = (words, live) => {
  let left = keyword(words, live);
  while (takes(words, ':')) {
    const right = keyword(words, live);
    if (live) left = matched(left, right);
  }
  return left;
};

function matched(text: string, pattern: string): string {
  const regex = compileRegex(pattern, { extended: false, anchored: true });
  if (!regex.ok) throw new Trouble(regex.message, 2);
  const m = regex.regex.exec(text, 0);
  if (regex.regex.groups > 0) return m?.groups[1] ?? '';
  return String(m ? [...text.slice(m.start, m.end)].length : 0);
}

const keyword: Level = (words, live) => {
  if (takes(words, '+')) return next(words);
  const op = takes(words, 'match', 'substr', 'index', 'length');
  if (!op) return primary(words, live);
  const first = keyword(words, live);
  if (op === 'length') return String([...first].length);
  const second = keyword(words, live);
  if (op === 'match') return live ? matched(first, second) : '';
  if (op === 'index') return String([...first].findIndex((c) => second.includes(c)) + 1);
  const third = keyword(words, live);
  if (!NUMBER.test(second) || !NUMBER.test(third) || Number(second) < 1 || Number(third) < 1) return '';
  return [...first].slice(Number(second) - 1, Number(second) - 1 + Number(third)).join('');
};

const primary: Level = (words, live) => {
  const word = next(words);
  if (word === ')') throw syntax(`unexpected ${quote(')', words.env)}`);
  if (word !== '(') return word;
  const value = either(words, live);
  if (!takes(words, ')')) {
    const found = words.list[words.at];
    throw syntax(found === undefined ? `expecting ')' after ${quote(words.list[words.at - 1]!, words.env)}`
      : `expecting ')' instead of ${quote(found, words.env)}`);
  }
  return value;
};

const about = tool({
  name: 'expr', package: PACKAGES.coreutils, usage: ['EXPRESSION', 'OPTION'], about: 'Print the value of EXPRESSION to standard output.',
  authors: 'Mike Parker, James Youngman, and Paul Eggert', options: [], trouble: 2,
  *run(task) { return yield* task.misuse('missing operand'); },
});

export const expr: Command = {
  name: 'expr',
  *main(start: Start): Sys<number> {
    const [name = 'expr', ...all] = start.argv;
    if (all.length === 0 || (all.length === 1 && (all[0] === '--help' || all[0] === '--version'))) return yield* about.main(start);
    const words: Words = { list: all[0] === '--' ? all.slice(1) : all, at: 0, env: start.env };
    try {
      const value = either(words, true);
      if (words.at < words.list.length) throw syntax(`unexpected argument ${quote(words.list[words.at]!, start.env)}`);
      yield* call('write', { fd: 1, text: `${value}\n` });
      return isNull(value) ? 1 : 0;
    } catch (trouble) {
      if (!(trouble instanceof Trouble)) throw trouble;
      yield* call('write', { fd: 2, text: `${name}: ${trouble.text}\n` });
      return trouble.status;
    }
  },
};
