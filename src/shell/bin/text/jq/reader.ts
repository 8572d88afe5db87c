/** Reads a stream of JSON texts as jq's parser does: whole values one after the other, errors with line and column. Pure. */
import type { Json } from '../../../../sim/proc/program.ts';

export class BadJson extends Error {}

const LITERALS: Readonly<Record<string, Json>> = { null: null, true: true, false: false, nan: NaN };
const DEEPEST = 256;

export class Reader {
  private at = 0;
  constructor(private readonly text: string) {}

  /** How many lines have been begun to be read, as the complaints count. */
  get line(): number {
    const end = this.text.indexOf('\n', Math.max(0, this.at - 1));
    return this.text.slice(0, end < 0 ? this.text.length : end + 1).split('\n').length - 1;
  }

  /** The next value, or null at the end. */
  next(): { value: Json } | null {
    this.space();
    if (this.at >= this.text.length) return null;
    return { value: this.value(0) };
  }

  private space(): void {
    while (this.at < this.text.length && ' \t\r\n\ufeff'.includes(this.text[this.at]!)) this.at++;
  }

  private fail(message: string, at = this.at): never {
    if (at >= this.text.length) {
      const whole = this.text;
      const lines = whole.split('\n');
      throw new BadJson(`${message} at EOF at line ${lines.length}, column ${lines.at(-1)!.length}`);
    }
    const before = this.text.slice(0, at + 1).split('\n');
    // A newline that ends a bad word counts as column 0 of the next line.
    throw new BadJson(`${message} at line ${before.length}, column ${before.at(-1)!.length}`);
  }

  private value(depth: number): Json {
    if (depth > DEEPEST) this.fail('Exceeds depth limit for parsing');
    const c = this.text[this.at];
    if (c === undefined) this.fail('Unfinished JSON term');
    if (c === '"') return this.string();
    if (c === '[') return this.list(depth);
    if (c === '{') return this.object(depth);
    if (c === ']' || c === '}') this.fail(`Unmatched '${c}'`);
    if (c === ',') this.fail('Expected value before \',\'');
    if (c === ':') this.fail("':' not as part of an object");
    if (c === "'") this.fail("Invalid string literal; expected \", but got '");
    return this.word();
  }

  private word(): Json {
    const start = this.at;
    while (this.at < this.text.length && !' \t\r\n,:[]{}"'.includes(this.text[this.at]!)) this.at++;
    const word = this.text.slice(start, this.at);
    if (word in LITERALS) return LITERALS[word]!;
    if (/^-?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/.test(word)) return Number(word);
    return this.fail(/^[ntf]/.test(word) && !/\d/.test(word) ? 'Invalid literal' : 'Invalid numeric literal');
  }

  private string(): string {
    const start = this.at++;
    for (; this.at < this.text.length; this.at++) {
      const c = this.text[this.at];
      if (c === '\\') this.at++;
      else if (c === '"') break;
    }
    if (this.at >= this.text.length) this.fail('Unfinished string');
    this.at++;
    const raw = this.text.slice(start, this.at);
    try {
      return JSON.parse(raw.replace(/[\x00-\x1f]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`)) as string;
    } catch { return this.fail('Invalid escape', this.at - 1); }
  }

  private list(depth: number): Json {
    this.at++;
    const items: Json[] = [];
    for (;;) {
      this.space();
      if (this.text[this.at] === ']' && items.length === 0) break;
      if (this.text[this.at] === ']') this.fail('Expected another array element');
      items.push(this.value(depth + 1));
      this.space();
      const c = this.text[this.at];
      if (c === ']') break;
      if (c === undefined) this.fail('Unfinished JSON term');
      if (c === '}') this.fail("Unmatched '}'");
      if (c === ':') this.fail("':' not as part of an object");
      if (c !== ',') this.fail("Expected separator between values");
      this.at++;
    }
    this.at++;
    return items;
  }

  private object(depth: number): Json {
    this.at++;
    const fields: Record<string, Json> = {};
    let count = 0;
    for (;;) {
      this.space();
      if (this.text[this.at] === '}' && count === 0) break;
      if (this.text[this.at] === '}') this.fail('Expected another key-value pair');
      if (this.text[this.at] === undefined) this.fail('Unfinished JSON term');
      if (this.text[this.at] === "'") this.fail("Invalid string literal; expected \", but got '");
      const key = this.value(depth + 1);
      if (typeof key !== 'string') this.fail('Object keys must be strings');
      this.space();
      if (this.text[this.at] === undefined) this.fail('Unfinished JSON term');
      if (this.text[this.at] !== ':') this.fail('Objects must consist of key:value pairs');
      this.at++;
      this.space();
      Object.defineProperty(fields, key, { value: this.value(depth + 1), enumerable: true, writable: true, configurable: true });
      count++;
      this.space();
      const c = this.text[this.at];
      if (c === '}') break;
      if (c === undefined) this.fail('Unfinished JSON term');
      if (c !== ',') this.fail(c === ']' ? "Unmatched ']'" : 'Expected separator between values');
      this.at++;
    }
    this.at++;
    return fields;
  }
}
