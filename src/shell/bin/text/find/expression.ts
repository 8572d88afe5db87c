/** A find expression as data, and its reader (GNU findutils 4.5.11/4.7). It looks at no file. */
import { globMatcher } from '../../coreutils/glob.ts';
import { type ModeChange, parseMode } from '../../coreutils/mode.ts';
import { compileRegex, type Regex } from '../regex/compile.ts';

/** -n, n or +n. */
export interface Amount { readonly sign: '<' | '=' | '>'; readonly value: number }

export type Test =
  | { readonly t: 'and' | 'or' | 'list'; readonly items: readonly Test[] }
  | { readonly t: 'not'; readonly item: Test }
  | { readonly t: 'constant'; readonly value: boolean }
  | { readonly t: 'name' | 'path' | 'link'; readonly matches: (text: string) => boolean }
  | { readonly t: 'regex'; readonly regex: Regex }
  | { readonly t: 'type'; readonly letters: readonly string[]; readonly beyond: boolean }
  | { readonly t: 'size'; readonly amount: Amount; readonly unit: number }
  | { readonly t: 'age'; readonly amount: Amount; readonly unitUs: number }
  | { readonly t: 'newer'; readonly than: number }
  | { readonly t: 'perm'; readonly mode: number; readonly how: 'exact' | 'all' | 'any' }
  | { readonly t: 'owner'; readonly key: 'uid' | 'gid'; readonly amount: Amount }
  | { readonly t: 'nobody'; readonly key: 'uid' | 'gid' }
  | { readonly t: 'number'; readonly key: 'nlink' | 'ino'; readonly amount: Amount }
  | { readonly t: 'same'; readonly ino: number; readonly dev: string }
  | { readonly t: 'access'; readonly mode: 'r' | 'w' | 'x' }
  | { readonly t: 'empty' | 'prune' | 'quit' | 'delete' | 'ls' }
  | { readonly t: 'fstype'; readonly type: string }
  | { readonly t: 'print'; readonly end: string; readonly file: string | null }
  | { readonly t: 'printf'; readonly format: string; readonly file: string | null }
  | { readonly t: 'exec'; readonly words: readonly string[]; readonly many: boolean; readonly inDir: boolean; readonly ask: boolean; readonly id: number };

export interface Options { depth: boolean; maxDepth: number; minDepth: number; follow: 'P' | 'H' | 'L'; oneFs: boolean }

export class BadExpression extends Error {}

/** What the reader needs to know of the world: users, files, the time. */
export interface Lookup {
  uid(name: string): number | null;
  gid(name: string): number | null;
  /** Of a file named by -newer or -samefile. */
  stat(path: string): { mtime: number; ino: number; dev: string } | string;
  /** A date as `-newermt` takes it, in microseconds. */
  date(text: string): number | null;
  quote(text: string): string;
}

/** Files that have to be looked at before the expression can be read. */
export function referenced(words: readonly string[]): string[] {
  return words.flatMap((word, i) => (/^-(newer|anewer|cnewer|samefile|newer[aBcm][aBcm])$/.test(word) && words[i + 1] !== undefined ? [words[i + 1]!] : []));
}

const ACTIONS = new Set(['print', 'printf', 'exec', 'ls', 'quit', 'delete']);
/** Whether nothing is to be done, so that names are printed. */
export const hasAction = (test: Test): boolean => ACTIONS.has(test.t) || ('items' in test && test.items.some(hasAction)) || ('item' in test && hasAction(test.item));

class Reader {
  private at = 0;
  private execs = 0;
  constructor(private readonly words: readonly string[], private readonly options: Options, private readonly lookup: Lookup) {}

  whole(): Test {
    if (this.words.length === 0) return { t: 'constant', value: true };
    const test = this.list();
    if (this.at < this.words.length) {
      throw new BadExpression(this.words[this.at] === ')' ? "you have too many ')'" : `paths must precede expression: \`${this.words[this.at]}'`);
    }
    return test;
  }

  private get word(): string | undefined { return this.words[this.at]; }

  private list(): Test {
    const items = [this.or()];
    while (this.word === ',') {
      this.at++;
      items.push(this.or());
    }
    return items.length === 1 ? items[0]! : { t: 'list', items };
  }

  private or(): Test {
    const items = [this.and()];
    while (this.word === '-o' || this.word === '-or') {
      this.at++;
      if (this.word === undefined) throw new BadExpression(`expected an expression after '${this.words[this.at - 1]}'`);
      items.push(this.and());
    }
    return items.length === 1 ? items[0]! : { t: 'or', items };
  }

  private and(): Test {
    const items = [this.not()];
    while (this.word !== undefined && !['-o', '-or', ')', ','].includes(this.word)) {
      if (this.word === '-a' || this.word === '-and') {
        this.at++;
        if (this.word === undefined) throw new BadExpression(`expected an expression after '${this.words[this.at - 1]}'`);
      }
      items.push(this.not());
    }
    return items.length === 1 ? items[0]! : { t: 'and', items };
  }

  private not(): Test {
    const word = this.words[this.at];
    if (word === '!' || word === '-not') {
      this.at++;
      if (this.word === undefined) throw new BadExpression(`expected an expression after '${word}'`);
      return { t: 'not', item: this.not() };
    }
    if (word === '(') {
      this.at++;
      if (this.word === ')') throw new BadExpression('invalid expression; empty parentheses are not allowed.');
      if (this.word === undefined) throw new BadExpression("invalid expression; expected to find a ')' but didn't see one. Perhaps you need an extra predicate after '('");
      const inner = this.list();
      if (this.words[this.at++] !== ')') throw new BadExpression("invalid expression; I was expecting to find a ')' somewhere but did not see one.");
      return inner;
    }
    if (word !== undefined && ['-o', '-or', '-a', '-and', ','].includes(word)) {
      throw new BadExpression(`invalid expression; you have used a binary operator '${word}' with nothing before it.`);
    }
    return this.primary();
  }

  private argument(name: string): string {
    const word = this.words[this.at++];
    if (word === undefined) throw new BadExpression(`missing argument to \`${name}'`);
    return word;
  }

  private amount(name: string, text: string): Amount {
    const m = /^([-+]?)(\d+(?:\.\d+)?)$/.exec(text);
    if (!m) throw new BadExpression(`invalid argument \`${text}' to \`${name}'`);
    return { sign: m[1] === '+' ? '>' : m[1] === '-' ? '<' : '=', value: Number(m[2]) };
  }

  private depthLimit(name: string): number {
    const text = this.argument(name);
    if (!/^\d+$/.test(text)) throw new BadExpression(`Expected a positive decimal integer argument to ${name}, but got ${this.lookup.quote(text)}`);
    return Number(text);
  }

  private primary(): Test {
    const name = this.words[this.at++]!;
    if (!name.startsWith('-') || name === '-') {
      throw new BadExpression(`paths must precede expression: \`${name}'`);
    }
    const yes: Test = { t: 'constant', value: true };
    switch (name) {
      case '-true': case '-noleaf': case '-warn': case '-nowarn': case '-ignore_readdir_race': case '-noignore_readdir_race': case '-daystart': return yes;
      case '-regextype': this.argument(name); return yes;
      case '-false': return { t: 'constant', value: false };
      case '-depth': case '-d': this.options.depth = true; return yes;
      case '-maxdepth': this.options.maxDepth = this.depthLimit(name); return yes;
      case '-mindepth': this.options.minDepth = this.depthLimit(name); return yes;
      case '-xdev': case '-mount': this.options.oneFs = true; return yes;
      case '-follow': this.options.follow = 'L'; return yes;
      case '-empty': return { t: 'empty' };
      case '-prune': return { t: 'prune' };
      case '-quit': return { t: 'quit' };
      case '-ls': return { t: 'ls' };
      case '-delete': this.options.depth = true; return { t: 'delete' };
      case '-print': return { t: 'print', end: '\n', file: null };
      case '-print0': return { t: 'print', end: '\0', file: null };
      case '-fprint': return { t: 'print', end: '\n', file: this.argument(name) };
      case '-fprint0': return { t: 'print', end: '\0', file: this.argument(name) };
      case '-printf': return { t: 'printf', format: this.argument(name), file: null };
      case '-fprintf': { const file = this.argument(name); return { t: 'printf', file, format: this.argument(name) }; }
      case '-exec': case '-execdir': case '-ok': case '-okdir': return this.exec(name);
      case '-readable': return { t: 'access', mode: 'r' };
      case '-writable': return { t: 'access', mode: 'w' };
      case '-executable': return { t: 'access', mode: 'x' };
      case '-nouser': return { t: 'nobody', key: 'uid' };
      case '-nogroup': return { t: 'nobody', key: 'gid' };
      default: return this.withArgument(name);
    }
  }

  private exec(name: string): Test {
    const words: string[] = [];
    let many = false;
    for (;;) {
      const word = this.words[this.at++];
      if (word === undefined) throw new BadExpression(`missing argument to \`${name}'`);
      if (word === ';') break;
      if (word === '+' && words.at(-1) === '{}' && name.startsWith('-exec')) {
        many = true;
        words.pop();
        break;
      }
      words.push(word);
    }
    if (words.length === 0) throw new BadExpression(`invalid argument \`;' to \`${name}'`);
    return { t: 'exec', words, many, inDir: name.endsWith('dir'), ask: name.startsWith('-ok'), id: this.execs++ };
  }

  private withArgument(name: string): Test {
    const known = MATCHERS[name];
    if (known) return known(this.argument(name), name, this.lookup, (text) => this.amount(name, text));
    const newer = /^-newer([aBcm])([aBcmt])$/.exec(name);
    if (newer) {
      const text = this.argument(name);
      if (newer[2] !== 't') return newerThan(text, this.lookup);
      const at = this.lookup.date(text);
      if (at === null) throw new BadExpression(`I cannot figure out how to interpret ${this.lookup.quote(text)} as a date or time`);
      return { t: 'newer', than: at };
    }
    throw new BadExpression(`unknown predicate \`${name}'`);
  }
}

const fileTime = (path: string, lookup: Lookup): { mtime: number; ino: number; dev: string } => {
  const stat = lookup.stat(path);
  if (typeof stat === 'string') throw new BadExpression(`${lookup.quote(path)}: ${stat}`);
  return stat;
};
const newerThan = (path: string, lookup: Lookup): Test => ({ t: 'newer', than: fileTime(path, lookup).mtime });

type Matcher = (text: string, name: string, lookup: Lookup, amount: (text: string) => Amount) => Test;

const glob = (t: 'name' | 'path' | 'link', ignoreCase: boolean): Matcher => (text) => ({ t, matches: globMatcher(text, { ignoreCase }) });
const regex = (ignoreCase: boolean): Matcher => (text) => {
  const made = compileRegex(`^${/\\\(|\\\|/.test(text) ? `\\(${text}\\)` : text}$`, { extended: false, ignoreCase });
  if (!made.ok) throw new BadExpression(`failed to compile regular expression '${text}': ${made.message}`);
  return { t: 'regex', regex: made.regex };
};
const age = (unitUs: number): Matcher => (text, _name, _lookup, amount) => ({ t: 'age', amount: amount(text), unitUs });
const DAY_US = 86_400_000_000;
const MINUTE_US = 60_000_000;
const SIZE_UNITS: Readonly<Record<string, number>> = { '': 512, b: 512, c: 1, w: 2, k: 1_024, M: 1_048_576, G: 1_073_741_824 };

const types = (beyond: boolean): Matcher => (text, name) => {
  const letters = text.split(',');
  const bad = letters.find((letter) => !/^[bcdpflsD]$/.test(letter));
  if (bad === undefined) return { t: 'type', letters, beyond };
  if (bad.length > 1) throw new BadExpression(`Must separate multiple arguments to ${name} using: ','`);
  throw new BadExpression(text === '' ? `Arguments to ${name} should contain at least one letter` : `Unknown argument to ${name}: ${bad}`);
};

const owner = (key: 'uid' | 'gid', named: boolean): Matcher => (text, _name, lookup, amount) => {
  if (!named) return { t: 'owner', key, amount: amount(text) };
  const id = key === 'uid' ? lookup.uid(text) : lookup.gid(text);
  if (id === null) throw new BadExpression(key === 'uid' ? `${lookup.quote(text)} is not the name of a known user` : `${lookup.quote(text)} is not the name of an existing group`);
  return { t: 'owner', key, amount: { sign: '=', value: id } };
};

const permission: Matcher = (text) => {
  const how = text.startsWith('-') ? 'all' : text.startsWith('/') ? 'any' : 'exact';
  const change: ModeChange | null = parseMode(how === 'exact' ? text : text.slice(1));
  if (!change) throw new BadExpression(`invalid mode \`${text}'`);
  return { t: 'perm', mode: change.octal ?? symbolic(change), how };
};

/** A symbolic mode built up from nothing. */
function symbolic(change: ModeChange): number {
  let mode = 0;
  for (const clause of change.clauses) for (const action of clause.actions) mode |= action.op === '-' ? 0 : action.bits & clause.who;
  return mode & 0o7777;
}

const MATCHERS: Readonly<Record<string, Matcher>> = {
  '-name': glob('name', false), '-iname': glob('name', true), '-path': glob('path', false), '-wholename': glob('path', false), '-ipath': glob('path', true),
  '-iwholename': glob('path', true), '-lname': glob('link', false), '-ilname': glob('link', true), '-regex': regex(false), '-iregex': regex(true),
  '-type': types(false), '-xtype': types(true), '-mtime': age(DAY_US), '-atime': age(DAY_US), '-ctime': age(DAY_US), '-mmin': age(MINUTE_US), '-amin': age(MINUTE_US),
  '-cmin': age(MINUTE_US), '-perm': permission, '-user': owner('uid', true), '-group': owner('gid', true), '-uid': owner('uid', false), '-gid': owner('gid', false),
  '-newer': (text, _name, lookup) => newerThan(text, lookup), '-anewer': (text, _name, lookup) => newerThan(text, lookup), '-cnewer': (text, _name, lookup) => newerThan(text, lookup),
  '-samefile': (text, _name, lookup) => ({ t: 'same', ...fileTime(text, lookup) }),
  '-links': (text, _name, _lookup, amount) => ({ t: 'number', key: 'nlink', amount: amount(text) }),
  '-inum': (text, _name, _lookup, amount) => ({ t: 'number', key: 'ino', amount: amount(text) }),
  '-fstype': (text) => ({ t: 'fstype', type: text }),
  '-size': (text, name, _lookup, amount) => {
    const unit = /[bcwkMG]$/.exec(text)?.[0] ?? '';
    if (!/^[-+]?\d+[bcwkMG]?$/.test(text)) throw new BadExpression(/^[-+]?\d*.$/.test(text) ? `invalid ${name} type \`${text.at(-1)}'` : `Invalid argument \`${text}' to ${name}`);
    return { t: 'size', amount: amount(unit ? text.slice(0, -1) : text), unit: SIZE_UNITS[unit]! };
  },
};

export const parseExpression = (words: readonly string[], options: Options, lookup: Lookup): Test => new Reader(words, options, lookup).whole();
