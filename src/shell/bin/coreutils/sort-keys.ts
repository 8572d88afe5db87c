/**
 * The keys of sort(1): how `-k 2,3nr` is read, and how a key is cut out of a line. It knows no files.
 */
import { comparator, type Compare, type Order, byCode } from './collate.ts';

export interface KeyStyle { order: Order; reverse: boolean; fold: boolean; dictionary: boolean; printable: boolean }

export interface Key extends KeyStyle {
  startField: number; startChar: number; skipStart: boolean;
  /** Infinity: to the end of the line. `endChar` 0: the whole end field. */
  endField: number; endChar: number; skipEnd: boolean;
}

const ORDER_LETTERS: Readonly<Record<string, Order>> = {
  n: 'numeric', g: 'general', h: 'human', M: 'month', V: 'version', R: 'random',
};
export const isOrderLetter = (letter: string): boolean => letter in ORDER_LETTERS;

export const plainStyle = (): KeyStyle =>
  ({ order: 'text', reverse: false, fold: false, dictionary: false, printable: false });

/** Adds what one letter means; false if it is none. */
export function applyLetter(style: KeyStyle, letter: string): boolean {
  const order = ORDER_LETTERS[letter];
  if (order) style.order = order;
  else if (letter === 'r') style.reverse = true;
  else if (letter === 'f') style.fold = true;
  else if (letter === 'd') style.dictionary = true;
  else if (letter === 'i') style.printable = true;
  else return letter === 'b';
  return true;
}

const KEY_FORM = /^(\d+)(?:\.(\d+))?([A-Za-z]*)(?:,(\d+)(?:\.(\d+))?([A-Za-z]*))?/;

/** A key as typed, or what is wrong with it. Options of its own replace the global ones. */
export function parseKey(text: string, globals: KeyStyle, globalBlanks: boolean, quoted: (text: string) => string): Key | string {
  const m = KEY_FORM.exec(text);
  if (!m) return `invalid number at field start: invalid count at start of ${quoted(text)}`;
  const [all, field, char, letters = '', endField, endChar, endLetters = ''] = m;
  if (Number(field) === 0) return `field number is zero: invalid field specification ${quoted(text)}`;
  if (char !== undefined && Number(char) === 0) return `character offset is zero: invalid field specification ${quoted(text)}`;
  if (endField !== undefined && Number(endField) === 0) return `field number is zero: invalid field specification ${quoted(text)}`;
  if (all.length < text.length) {
    return text[all.length] === ','
      ? `invalid number after ',': invalid count at start of ${quoted(text.slice(all.length + 1))}`
      : `stray character in field spec: invalid field specification ${quoted(text)}`;
  }
  const own = letters + endLetters;
  const style = own === '' ? { ...globals } : plainStyle();
  for (const letter of own) {
    if (!applyLetter(style, letter)) return `stray character in field spec: invalid field specification ${quoted(text)}`;
  }
  return {
    ...style,
    startField: Number(field), startChar: Number(char ?? 1),
    skipStart: own === '' ? globalBlanks : letters.includes('b'),
    endField: endField === undefined ? Infinity : Number(endField), endChar: Number(endChar ?? 0),
    skipEnd: own === '' ? globalBlanks : endLetters.includes('b'),
  };
}

const isBlank = (c: string | undefined): boolean => c === ' ' || c === '\t' || c === '\n';

function skipBlanks(line: string, at: number): number {
  while (at < line.length && isBlank(line[at])) at++;
  return at;
}

/** Past `count` fields: each is its leading blanks and what follows, or what stands before a separator. */
function skipFields(line: string, count: number, separator: string | null, past: boolean): number {
  let at = 0;
  for (let n = count; n > 0 && at < line.length; n--) {
    if (separator !== null) {
      const next = line.indexOf(separator, at);
      if (next < 0) return line.length;
      at = n > 1 || past ? next + 1 : next;
    } else {
      at = skipBlanks(line, at);
      while (at < line.length && !isBlank(line[at])) at++;
    }
  }
  return at;
}

export function cutKey(line: string, key: Key, separator: string | null): string {
  let from = skipFields(line, key.startField - 1, separator, true);
  if (key.skipStart) from = skipBlanks(line, from);
  from = Math.min(line.length, from + key.startChar - 1);
  if (key.endField === Infinity) return line.slice(from);
  let to: number;
  if (key.endChar === 0) to = skipFields(line, key.endField, separator, false);
  else {
    to = skipFields(line, key.endField - 1, separator, true);
    if (key.skipEnd) to = skipBlanks(line, to);
    to = Math.min(line.length, to + key.endChar);
  }
  return to > from ? line.slice(from, to) : '';
}

/** A text as its key's -d, -i and -f see it. */
function seen(text: string, style: KeyStyle): string {
  let out = text;
  if (style.dictionary) out = out.replace(/[^A-Za-z0-9 \t]/g, '');
  if (style.printable) out = out.replace(/[^\x20-\x7e]/g, '');
  return style.fold ? out.toUpperCase() : out;
}

export interface Keyed { readonly line: string; readonly keys: readonly string[] }

export interface LineOrder { keyed(line: string): Keyed; compare(a: Keyed, b: Keyed): number }

/** The order of whole lines: the keys in turn and then, unless `stable`, the bytes of the line. */
export function lineOrder(keys: readonly Key[], globals: KeyStyle, options: { separator: string | null; stable: boolean; seed: number; blanks: boolean }): LineOrder {
  const whole = { ...globals, startField: 1, startChar: 1, skipStart: options.blanks, endField: Infinity, endChar: 0, skipEnd: false };
  const plain = keys.length === 0 && globals.order === 'text' && !globals.fold && !globals.dictionary && !globals.printable && !options.blanks;
  const used: readonly Key[] = plain ? [] : keys.length ? keys : [whole];
  const compares: Compare[] = used.map((key) => comparator(key.order, options.seed));
  const lastResort = plain || !options.stable;
  return {
    keyed: (line) => ({ line, keys: used.map((key) => seen(cutKey(line, key, options.separator), key)) }),
    compare(a, b) {
      for (let i = 0; i < used.length; i++) {
        const order = compares[i]!(a.keys[i]!, b.keys[i]!);
        if (order) return used[i]!.reverse ? -order : order;
      }
      if (!lastResort) return 0;
      const order = byCode(a.line, b.line);
      return globals.reverse ? -order : order;
    },
  };
}
