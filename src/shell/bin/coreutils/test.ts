/** test and [ as programs of their own (coreutils 8.22/8.26): the POSIX rules by the number of arguments. */
import type { Start, Sys } from '../../../sim/proc/program.ts';
import { call, type Stat } from '../../../sim/proc/syscalls.ts';
import type { Command } from '../../command.ts';
import { quote } from './quote.ts';

class Trouble { constructor(readonly text: string) {} }

const UNARY = /^-[bcdefgGhkLnOprsStuwxNz]$/;
const BINARY = /^(?:=|==|!=|<|>|-eq|-ne|-lt|-le|-gt|-ge|-nt|-ot|-ef)$/;

/** What is left to read. */
interface Words { readonly list: readonly string[]; at: number; readonly start: Start }

const word = (words: Words, ahead = 0): string | undefined => words.list[words.at + ahead];

function* stat(path: string, follow = true): Sys<Stat | null> {
  const got = yield* call('stat', { path, follow });
  return got.ok ? got.value : null;
}

function* unary(operator: string, operand: string, start: Start): Sys<boolean> {
  switch (operator[1]) {
    case 'n': return operand !== '';
    case 'z': return operand === '';
    case 't': return /^\d+$/.test(operand.trim()) && (yield* call('tty', { fd: Number(operand) })).ok;
    case 'r': case 'w': case 'x': return (yield* call('access', { path: operand, mode: operator[1] })).ok;
    default: break;
  }
  const found = yield* stat(operand, operator !== '-h' && operator !== '-L');
  if (!found) return false;
  switch (operator[1]) {
    case 'b': return found.type === 'block';
    case 'c': return found.type === 'char';
    case 'd': return found.type === 'dir';
    case 'f': return found.type === 'file';
    case 'g': return (found.mode & 0o2000) !== 0;
    case 'G': return found.gid === start.gid;
    case 'h': case 'L': return found.type === 'symlink';
    case 'k': return (found.mode & 0o1000) !== 0;
    case 'O': return found.uid === start.uid;
    case 'p': return found.type === 'fifo';
    case 's': return found.size > 0;
    case 'S': return found.type === 'socket';
    case 'u': return (found.mode & 0o4000) !== 0;
    default: return true;
  }
}

function integer(text: string, start: Start): bigint {
  const m = /^\s*([-+]?\d+)\s*$/.exec(text);
  if (!m) throw new Trouble(`invalid integer ${quote(text, start.env)}`);
  return BigInt(m[1]!.replace('+', ''));
}

function* binary(left: string, operator: string, right: string, start: Start): Sys<boolean> {
  switch (operator) {
    case '=': case '==': return left === right;
    case '!=': return left !== right;
    case '<': return left < right;
    case '>': return left > right;
    case '-nt': case '-ot': case '-ef': {
      const [a, b] = [yield* stat(left), yield* stat(right)];
      if (operator === '-ef') return a !== null && b !== null && a.ino === b.ino && a.dev === b.dev;
      const older = operator === '-ot';
      const [one, two] = older ? [b, a] : [a, b];
      return one !== null && (two === null || one.mtime > two.mtime);
    }
    default: break;
  }
  const [a, b] = [integer(left, start), integer(right, start)];
  switch (operator) {
    case '-eq': return a === b;
    case '-ne': return a !== b;
    case '-lt': return a < b;
    case '-le': return a <= b;
    case '-gt': return a > b;
    default: return a >= b;
  }
}

function* either(words: Words): Sys<boolean> {
  let value = yield* both(words);
  while (word(words) === '-o') {
    words.at++;
    const right = yield* both(words);
    value = value || right;
  }
  return value;
}

function* both(words: Words): Sys<boolean> {
  let value = yield* term(words);
  while (word(words) === '-a') {
    words.at++;
    const right = yield* term(words);
    value = value && right;
  }
  return value;
}

function* term(words: Words): Sys<boolean> {
  const first = word(words);
  const { env } = words.start;
  if (first === undefined) throw new Trouble(`missing argument after ${quote(words.list.at(-1) ?? '', env)}`);
  if (first === '!' && word(words, 1) !== undefined) {
    words.at++;
    return !(yield* term(words));
  }
  const second = word(words, 1);
  const third = word(words, 2);
  if (second !== undefined && third !== undefined && BINARY.test(second)) {
    words.at += 3;
    return yield* binary(first, second, third, words.start);
  }
  if (first === '(' && second !== undefined) {
    words.at++;
    const value = yield* either(words);
    if (word(words) !== ')') throw new Trouble(word(words) === undefined ? "')' expected" : `')' expected, found ${word(words)}`);
    words.at++;
    return value;
  }
  if (UNARY.test(first) && second !== undefined) {
    words.at += 2;
    return yield* unary(first, second, words.start);
  }
  if (/^-[a-zA-Z]$/.test(first) && second !== undefined && !BINARY.test(second) && second !== '-a' && second !== '-o') {
    throw new Trouble(`${quote(first, env)}: unary operator expected`);
  }
  words.at++;
  return first !== '';
}

/** POSIX fixes what up to four arguments mean. */
function* evaluate(list: readonly string[], start: Start): Sys<boolean> {
  const words: Words = { list, at: 0, start };
  const [a = '', b = '', c = ''] = list;
  if (list.length === 0) return false;
  if (list.length === 1) return a !== '';
  if (list.length === 2) {
    if (a === '!') return b === '';
    if (UNARY.test(a)) return yield* unary(a, b, start);
    throw new Trouble(/^-/.test(a) ? `${quote(a, start.env)}: unary operator expected` : `missing argument after ${quote(b, start.env)}`);
  }
  if (list.length === 3) {
    if (BINARY.test(b)) return yield* binary(a, b, c, start);
    if (b === '-a') return a !== '' && c !== '';
    if (b === '-o') return a !== '' || c !== '';
    if (a === '!') return !(yield* evaluate(list.slice(1), start));
    if (a === '(' && c === ')') return b !== '';
    throw new Trouble(`${quote(b, start.env)}: binary operator expected`);
  }
  if (list.length === 4 && a === '!') return !(yield* evaluate(list.slice(1), start));
  const value = yield* either(words);
  if (words.at < list.length) throw new Trouble(`extra argument ${quote(list[words.at]!, start.env)}`);
  return value;
}

function* run(start: Start, list: readonly string[]): Sys<number> {
  try {
    return (yield* evaluate(list, start)) ? 0 : 1;
  } catch (trouble) {
    if (!(trouble instanceof Trouble)) throw trouble;
    yield* call('write', { fd: 2, text: `${start.argv[0]}: ${trouble.text}\n` });
    return 2;
  }
}

export const test: Command = {
  name: 'test',
  *main(start) {
    return yield* run(start, start.argv.slice(1));
  },
};

export const bracket: Command = {
  name: '[',
  *main(start) {
    const words = start.argv.slice(1);
    if (words.at(-1) === ']') return yield* run(start, words.slice(0, -1));
    yield* call('write', { fd: 2, text: `[: missing ${quote(']', start.env)}\n` });
    return 2;
  },
};
