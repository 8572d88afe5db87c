/**
 * YAML to tokens, as libyaml's scanner (go-yaml v2) has it: simple keys that are known as such only at
 * their colon, indentation turned into tokens, and its words for what it cannot read. It knows no values.
 */
import { Cursor, END, isBlank, isBlankOrEnd, isBreak } from './yaml-cursor.ts';
import { blockScalar, plain, quoted } from './yaml-scalars.ts';

export type TokenType = 'stream-end' | 'directive' | 'document-start' | 'document-end' | 'block-sequence' | 'block-mapping' | 'block-end' | 'flow-sequence' | 'flow-sequence-end'
  | 'flow-mapping' | 'flow-mapping-end' | 'block-entry' | 'flow-entry' | 'key' | 'value' | 'alias' | 'anchor' | 'tag' | 'scalar';

/** `line` counts from 0. `plain`: a scalar without quotes, whose text may mean a number. */
export interface Token { readonly type: TokenType; readonly line: number; readonly text: string; readonly plain: boolean }

interface SimpleKey { possible: boolean; required: boolean; token: number; index: number; line: number; column: number }
const NO_KEY: Readonly<SimpleKey> = { possible: false, required: false, token: 0, index: 0, line: 0, column: 0 };
const KEY_MAX = 1024;

const NO_PLAIN = new Set('-?:,[]{}#&*!|>\'"%@`');

export class Scanner {
  private readonly cursor: Cursor;
  private indent = -1;
  private readonly indents: number[] = [];
  /** One for each level of flow collections, the block's first. */
  private readonly keys: SimpleKey[] = [{ ...NO_KEY }];
  private keyAllowed = true;
  private readonly queue: Token[] = [];
  private taken = 0;

  constructor(text: string) { this.cursor = new Cursor(text); }

  peek(): Token {
    // The head may yet turn out to be a key.
    while (!this.queue.length || this.keys.some((key) => key.token === this.taken && this.valid(key))) this.fetch();
    return this.queue[0]!;
  }

  next(): Token {
    const token = this.peek();
    this.queue.shift();
    this.taken++;
    return token;
  }

  // ---- keys and indentation

  private get flow(): boolean { return this.keys.length > 1; }

  /** A simple key stands on one line and is no longer than 1024 characters. */
  private valid(key: SimpleKey): boolean {
    if (!key.possible) return false;
    if (key.line === this.cursor.line && key.index + KEY_MAX >= this.cursor.at) return true;
    if (key.required) this.cursor.fault("could not find expected ':'", key.line);
    key.possible = false;
    return false;
  }

  private saveKey(): void {
    if (!this.keyAllowed) return;
    this.removeKey();
    this.keys[this.keys.length - 1] = { possible: true, required: !this.flow && this.indent === this.cursor.column, token: this.taken + this.queue.length, index: this.cursor.at, line: this.cursor.line, column: this.cursor.column };
  }

  private removeKey(): void {
    const key = this.keys[this.keys.length - 1]!;
    if (key.possible && key.required) this.cursor.fault("could not find expected ':'", key.line);
    key.possible = false;
  }

  private put(type: TokenType, text = '', plain = false, line = this.cursor.line): void { this.queue.push({ type, line, text, plain }); }

  private roll(column: number, type: TokenType, line: number, token = -1): void {
    if (this.flow || this.indent >= column) return;
    this.indents.push(this.indent);
    this.indent = column;
    const made: Token = { type, line, text: '', plain: false };
    if (token < 0) this.queue.push(made); else this.queue.splice(token - this.taken, 0, made);
  }

  private unroll(column: number): void {
    if (this.flow) return;
    while (this.indent > column) {
      this.put('block-end');
      this.indent = this.indents.pop()!;
    }
  }

  // ---- one token (and those that it implies)

  private toNextToken(): void {
    for (;;) {
      while (this.cursor.char() === ' ' || ((this.flow || !this.keyAllowed) && this.cursor.char() === '\t')) this.cursor.skip();
      this.cursor.skipComment();
      if (!isBreak(this.cursor.char())) return;
      this.cursor.newLine();
      if (!this.flow) this.keyAllowed = true;
    }
  }

  private fetch(): void {
    this.toNextToken();
    this.unroll(this.cursor.column);
    const c = this.cursor.char(), after = this.cursor.char(1);
    if (c === END) return this.streamEnd();
    if (this.cursor.column === 0 && c === '%') return this.directive();
    if (this.cursor.atIndicator('---')) return this.document('document-start');
    if (this.cursor.atIndicator('...')) return this.document('document-end');
    if (c === '[' || c === '{') return this.open(c === '[' ? 'flow-sequence' : 'flow-mapping');
    if (c === ']' || c === '}') return this.close(c === ']' ? 'flow-sequence-end' : 'flow-mapping-end');
    if (c === ',') { this.removeKey(); this.keyAllowed = true; this.put('flow-entry'); this.cursor.skip(); return; }
    if (c === '-' && isBlankOrEnd(after)) return this.blockEntry();
    if (c === '?' && (this.flow || isBlankOrEnd(after))) return this.key();
    if (c === ':' && (this.flow || isBlankOrEnd(after))) return this.value();
    if (c === '*' || c === '&') return this.anchor(c === '*' ? 'alias' : 'anchor');
    if (c === '!') return this.tag();
    if ((c === '|' || c === '>') && !this.flow) return this.blockScalar(c === '|');
    if (c === "'" || c === '"') return this.quoted(c);
    if ((!isBlankOrEnd(c) && !NO_PLAIN.has(c)) || (c === '-' && !isBlank(after)) || (!this.flow && (c === '?' || c === ':') && !isBlankOrEnd(after))) return this.plain();
    this.cursor.fault('found character that cannot start any token', this.cursor.line);
  }

  private streamEnd(): void {
    if (this.cursor.column !== 0) { this.cursor.column = 0; this.cursor.line++; }
    this.unroll(-1);
    this.removeKey();
    this.keyAllowed = false;
    this.put('stream-end');
  }

  private document(type: TokenType): void {
    this.unroll(-1);
    this.removeKey();
    this.keyAllowed = false;
    this.put(type);
    this.cursor.skip(3);
  }

  private directive(): void {
    const { line } = this.cursor;
    this.unroll(-1);
    this.removeKey();
    this.keyAllowed = false;
    this.cursor.skip();
    let name = '';
    while (/[\w-]/.test(this.cursor.char())) { name += this.cursor.char(); this.cursor.skip(); }
    if (!name) this.cursor.fault('could not find expected directive name', line);
    if (!isBlankOrEnd(this.cursor.char())) this.cursor.fault('found unexpected non-alphabetical character', line);
    if (name !== 'YAML' && name !== 'TAG') this.cursor.fault('found unknown directive name', line);
    while (this.cursor.char() !== END && !isBreak(this.cursor.char())) this.cursor.skip();
    this.put('directive', name, false, line);
  }

  private open(type: TokenType): void {
    this.saveKey();
    this.keys.push({ ...NO_KEY });
    this.keyAllowed = true;
    this.put(type);
    this.cursor.skip();
  }

  private close(type: TokenType): void {
    this.removeKey();
    if (this.flow) this.keys.pop();
    this.keyAllowed = false;
    this.put(type);
    this.cursor.skip();
  }

  private blockEntry(): void {
    if (!this.flow) {
      if (!this.keyAllowed) this.cursor.fault('block sequence entries are not allowed in this context', this.cursor.line);
      this.roll(this.cursor.column, 'block-sequence', this.cursor.line);
    }
    this.removeKey();
    this.keyAllowed = true;
    this.put('block-entry');
    this.cursor.skip();
  }

  private key(): void {
    if (!this.flow) {
      if (!this.keyAllowed) this.cursor.fault('mapping keys are not allowed in this context', this.cursor.line);
      this.roll(this.cursor.column, 'block-mapping', this.cursor.line);
    }
    this.removeKey();
    this.keyAllowed = !this.flow;
    this.put('key');
    this.cursor.skip();
  }

  private value(): void {
    const key = this.keys[this.keys.length - 1]!;
    if (this.valid(key)) {
      this.queue.splice(key.token - this.taken, 0, { type: 'key', line: key.line, text: '', plain: false });
      this.roll(key.column, 'block-mapping', key.line, key.token);
      key.possible = false;
      this.keyAllowed = false;
    } else {
      if (!this.flow) {
        if (!this.keyAllowed) this.cursor.fault('mapping values are not allowed in this context', this.cursor.line);
        this.roll(this.cursor.column, 'block-mapping', this.cursor.line);
      }
      this.keyAllowed = !this.flow;
    }
    this.put('value');
    this.cursor.skip();
  }

  private anchor(type: TokenType): void {
    this.saveKey();
    this.keyAllowed = false;
    const { line } = this.cursor;
    this.cursor.skip();
    let name = '';
    while (/[\w-]/.test(this.cursor.char())) { name += this.cursor.char(); this.cursor.skip(); }
    if (!name || !(isBlankOrEnd(this.cursor.char()) || '?:,]}%@`'.includes(this.cursor.char()))) this.cursor.fault('did not find expected alphabetic or numeric character', line);
    this.put(type, name, false, line);
  }

  private tag(): void {
    this.saveKey();
    this.keyAllowed = false;
    const { line } = this.cursor;
    let name = '';
    while (this.cursor.char() !== END && /[\w\-!;/?:@&=+$.~*'()%#<>]/.test(this.cursor.char())) { name += this.cursor.char(); this.cursor.skip(); }
    if (!isBlankOrEnd(this.cursor.char()) && !(this.flow && this.cursor.char() === ',')) this.cursor.fault('did not find expected whitespace or line break', line);
    this.put('tag', name, false, line);
  }

  // ---- scalars

  private scalar(text: string, plain: boolean, line: number): void { this.put('scalar', text, plain, line); }

  private blockScalar(literal: boolean): void {
    this.removeKey();
    this.keyAllowed = true;
    const { line } = this.cursor;
    this.scalar(blockScalar(this.cursor, literal, this.indent), false, line);
  }

  private quoted(quote: string): void {
    this.saveKey();
    this.keyAllowed = false;
    const { line } = this.cursor;
    this.scalar(quoted(this.cursor, quote), false, line);
  }

  private plain(): void {
    this.saveKey();
    this.keyAllowed = false;
    const { line } = this.cursor;
    const { text, broken } = plain(this.cursor, this.flow, this.indent + 1);
    this.scalar(text, true, line);
    if (broken) this.keyAllowed = true;
  }
}
