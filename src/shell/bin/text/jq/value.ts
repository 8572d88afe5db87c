/** jq's values: kinds, order, equality, printing and reading JSON. Pure. */
import type { Json } from '../../../../sim/proc/program.ts';

export type Kind = 'null' | 'boolean' | 'number' | 'string' | 'array' | 'object';
export type Fields = { readonly [key: string]: Json };

export const kindOf = (value: Json): Kind => {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  return typeof value as Kind;
};
export const isObject = (value: Json): value is Fields => typeof value === 'object' && value !== null && !Array.isArray(value);
/** Of an object, only what it has itself. */
export const get = (value: Fields, key: string): Json => (Object.hasOwn(value, key) ? value[key]! : null);
export const isTrue = (value: Json): boolean => value !== null && value !== false;

const byCodePoint = (a: string, b: string): number => {
  if (a === b) return 0;
  const [x, y] = [[...a], [...b]];
  for (let i = 0; i < x.length && i < y.length; i++) {
    const d = x[i]!.codePointAt(0)! - y[i]!.codePointAt(0)!;
    if (d) return d;
  }
  return x.length - y.length;
};
export const sortedKeys = (value: Fields): string[] => Object.keys(value).sort(byCodePoint);

const RANK: Readonly<Record<Kind, number>> = { null: 0, boolean: 1, number: 3, string: 4, array: 5, object: 6 };
const rank = (value: Json): number => (value === true ? 2 : RANK[kindOf(value)]);

/** null, false, true, numbers, strings, arrays, objects: jq's total order. */
export function compare(a: Json, b: Json): number {
  const d = rank(a) - rank(b);
  if (d) return d;
  if (typeof a === 'number') return a < (b as number) ? -1 : a === b ? 0 : Number.isNaN(a) ? -1 : 1;
  if (typeof a === 'string') return byCodePoint(a, b as string);
  if (Array.isArray(a)) {
    const other = b as readonly Json[];
    for (let i = 0; i < a.length && i < other.length; i++) {
      const step = compare(a[i]!, other[i]!);
      if (step) return step;
    }
    return a.length - other.length;
  }
  if (isObject(a)) {
    const [keys, others] = [sortedKeys(a), sortedKeys(b as Fields)];
    const step = compare(keys, others);
    if (step) return step;
    for (const key of keys) {
      const inner = compare(a[key]!, (b as Fields)[key]!);
      if (inner) return inner;
    }
  }
  return 0;
}

export const equal = (a: Json, b: Json): boolean => compare(a, b) === 0;

/** A number with 17 digits at most; what is too large is the largest. */
export function numberText(n: number): string {
  if (Number.isNaN(n)) return 'null';
  if (!Number.isFinite(n)) return n > 0 ? '1.7976931348623157e+308' : '-1.7976931348623157e+308';
  if (Object.is(n, -0)) return '-0';
  const m = /^(-?)(\d)(?:\.(\d+))?e([+-]\d+)$/.exec(n.toExponential());
  const [sign, digits, exponent] = [m![1]!, m![2]! + (m![3] ?? ''), Number(m![4])];
  // David Gay's g_fmt, with jq's widths.
  if (exponent < -4 || exponent > digits.length + 14) {
    const size = Math.abs(exponent);
    return `${sign}${digits[0]}${digits.length > 1 ? `.${digits.slice(1)}` : ''}e${exponent < 0 ? '-' : '+'}${size < 10 ? '0' : ''}${size}`;
  }
  if (exponent < 0) return `${sign}0.${'0'.repeat(-exponent - 1)}${digits}`;
  if (digits.length <= exponent + 1) return sign + digits + '0'.repeat(exponent + 1 - digits.length);
  return `${sign}${digits.slice(0, exponent + 1)}.${digits.slice(exponent + 1)}`;
}

export interface Print { readonly indent: string | null; readonly sort: boolean; readonly ascii: boolean; readonly colors: readonly string[] | null }
export const PLAIN: Print = { indent: null, sort: false, ascii: false, colors: null };

export function stringText(text: string, ascii: boolean): string {
  const quoted = JSON.stringify(text).replace(/\x7f/g, '\\u007f').replace(/\\ud[89a-f][0-9a-f]{2}/g, '\ufffd');
  return ascii ? quoted.replace(/[\x80-\uffff]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`) : quoted;
}

/** jq's default colours: null, false, true, numbers, strings, arrays, objects. */
export const COLORS = ['1;30', '0;39', '0;39', '0;39', '0;32', '1;39', '1;39'];
const KEY_COLOR = '34;1';

export function text(value: Json, how: Print = PLAIN, depth = 0): string {
  const paint = (color: number, shown: string): string => (how.colors ? `\x1b[${how.colors[color]!}m${shown}\x1b[0m` : shown);
  switch (kindOf(value)) {
    case 'null': return paint(0, 'null');
    case 'boolean': return paint(value ? 2 : 1, String(value));
    case 'number': return paint(3, numberText(value as number));
    case 'string': return paint(4, stringText(value as string, how.ascii));
    default: return compound(value as Fields | readonly Json[], how, depth);
  }
}

function compound(value: Fields | readonly Json[], how: Print, depth: number): string {
  const isList = Array.isArray(value);
  const [open, close] = isList ? ['[', ']'] : ['{', '}'];
  const color = how.colors ? how.colors[isList ? 5 : 6]! : '';
  const mark = (shown: string): string => (how.colors ? `\x1b[${color}m${shown}` : shown);
  const off = how.colors ? '\x1b[0m' : '';
  const keys = isList ? [] : how.sort ? sortedKeys(value as Fields) : Object.keys(value);
  const parts = isList ? (value as readonly Json[]).map((item) => text(item, how, depth + 1))
    : keys.map((key) => {
      const name = how.colors ? `${off}\x1b[${KEY_COLOR}m${stringText(key, how.ascii)}${off}` : stringText(key, how.ascii);
      return `${name}${mark(':')}${how.indent === null ? '' : ' '}${off}${text((value as Fields)[key]!, how, depth + 1)}`;
    });
  if (parts.length === 0) return how.colors ? `${mark(`${open}${close}`)}${off}` : open + close;
  const line = how.indent === null ? '' : `\n${how.indent.repeat(depth + 1)}`;
  const end = how.indent === null ? '' : `\n${how.indent.repeat(depth)}`;
  if (!how.colors) return `${open}${line}${parts.join(`,${line}`)}${end}${close}`;
  return `${mark(open)}${line}${parts.join(`${mark(',')}${line}`)}${mark(`${end}`)}${mark(close)}${off}`;
}
