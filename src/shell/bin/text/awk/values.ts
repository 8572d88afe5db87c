/** Awk's values: numbers, strings, and strings from input that look like numbers and are both. */

/** A string from input: if it looks like a number it compares as one. */
export class Input {
  private parsed: number | null | undefined;
  constructor(readonly text: string) {}
  /** Its number, or null if it does not look like one. */
  get number(): number | null {
    if (this.parsed === undefined) this.parsed = looksNumeric(this.text) ? Number(this.text.trim().replace(/^\+/, '')) : null;
    return this.parsed;
  }
}

/** Nothing has been assigned: "" and 0 at once. */
export const UNSET: unique symbol = Symbol('unset');
export type Value = number | string | Input | typeof UNSET;

const looksNumeric = (text: string): boolean => /^\s*[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?\s*$/.test(text)
  || /^\s*[-+](?:inf|nan)\s*$/i.test(text);

const PREFIX = /^\s*([-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)/;

export function toNumber(value: Value): number {
  if (typeof value === 'number') return value;
  if (value === UNSET) return 0;
  const text = typeof value === 'string' ? value : value.text;
  const m = PREFIX.exec(text);
  if (m) return Number(m[1]);
  const word = /^\s*([-+])(inf|nan)/i.exec(text);
  return word ? (word[2]!.toLowerCase() === 'nan' ? NaN : word[1] === '-' ? -Infinity : Infinity) : 0;
}

export type NumberFormat = (value: number) => string;

/** Whole numbers are shown in full, others by CONVFMT or OFMT. */
export function toText(value: Value, format: NumberFormat): string {
  if (typeof value === 'string') return value;
  if (value === UNSET) return '';
  if (typeof value !== 'number') return value.text;
  return numberText(value, format);
}

export function numberText(value: number, format: NumberFormat): string {
  if (Number.isInteger(value)) return Math.abs(value) < 1e16 ? String(value === 0 ? 0 : value) : BigInt(value).toString();
  if (Number.isNaN(value)) return '-nan';
  if (!Number.isFinite(value)) return value > 0 ? '+inf' : '-inf';
  return format(value);
}

export function isTrue(value: Value): boolean {
  if (typeof value === 'number') return value !== 0;
  if (typeof value === 'string') return value !== '';
  if (value === UNSET) return false;
  return value.number === null ? value.text !== '' : value.number !== 0;
}

/** Numbers if both may be numbers, else strings. */
export function compare(a: Value, b: Value, format: NumberFormat): number {
  const number = (value: Value): number | null => (typeof value === 'number' ? value : value === UNSET ? 0 : typeof value === 'string' ? null : value.number);
  const [x, y] = [number(a), number(b)];
  if (x !== null && y !== null) return x < y ? -1 : x > y ? 1 : x === y ? 0 : NaN;
  const [s, t] = [toText(a, format), toText(b, format)];
  return s < t ? -1 : s > t ? 1 : 0;
}

/** An array and what a name stands for: a value, an array, or not yet known. */
export type AwkArray = Map<string, Value>;

export class Cell {
  value: Value = UNSET;
  array: AwkArray | null = null;
  /** A parameter that was given a name not used yet: what it becomes, that becomes too. */
  constructor(readonly origin: Cell | null = null) {}

  asArray(): AwkArray {
    if (this.array) return this.array;
    this.array = this.origin ? this.origin.asArray() : new Map();
    return this.array;
  }
}
