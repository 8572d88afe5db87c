/** jq's language (1.5): from text to a tree. Errors are those of its bison parser, as far as one token tells. */
import type { Json } from '../../../../sim/proc/program.ts';
import type { Ast, Definition, Pattern } from './ast.ts';

export class SyntaxProblem extends Error {
  constructor(message: string, readonly at: number) { super(message); }
}

interface Token { readonly t: 'number' | 'string' | 'field' | 'name' | 'variable' | 'format' | 'op' | 'keyword' | 'end'; readonly text: string; readonly at: number; readonly parts?: (string | Ast)[] }

const KEYWORDS = new Set(['def', 'if', 'then', 'else', 'elif', 'end', 'as', 'reduce', 'foreach', 'try', 'catch', 'label', 'import', 'include', 'and', 'or', '__loc__']);
const OPERATORS = ['?//=', '?//', '//=', '|=', '+=', '-=', '*=', '/=', '%=', '==', '!=', '<=', '>=', '//', '..', '.', '[', ']', '(', ')', '{', '}', '|', ',', ':', ';', '=', '<', '>',
  '+', '-', '*', '/', '%', '?', '$'];
const ESCAPES: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', b: '\b', f: '\f', '/': '/', '\\': '\\', '"': '"' };

class Lexer {
  at = 0;
  constructor(readonly text: string) {}

  next(): Token {
    const { text } = this;
    const space = /^(?:\s+|#[^\n]*)+/.exec(text.slice(this.at));
    if (space) this.at += space[0].length;
    const at = this.at;
    if (at >= text.length) return { t: 'end', text: '$end', at };
    const rest = text.slice(at);
    const take = (t: Token['t'], word: string, shown = word): Token => {
      this.at += word.length;
      return { t, text: shown, at };
    };
    let m: RegExpExecArray | null;
    if (rest.startsWith('"')) return this.string();
    if ((m = /^(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?/.exec(rest))) return take('number', m[0]);
    if ((m = /^\.[A-Za-z_]\w*/.exec(rest))) return take('field', m[0], m[0].slice(1));
    if ((m = /^\$__loc__\b/.exec(rest))) return take('keyword', m[0], '$__loc__');
    if ((m = /^\$(?:\w+::)*[A-Za-z_]\w*/.exec(rest))) return take('variable', m[0], m[0].slice(1));
    if ((m = /^@[A-Za-z0-9_]+/.exec(rest))) return take('format', m[0]);
    if ((m = /^(?:[A-Za-z_]\w*::)*[A-Za-z_]\w*/.exec(rest))) return take(KEYWORDS.has(m[0]) ? 'keyword' : 'name', m[0]);
    const op = OPERATORS.find((one) => rest.startsWith(one));
    if (op) return take('op', op);
    return take('op', String.fromCodePoint(rest.codePointAt(0)!), 'INVALID_CHARACTER');
  }

  /** A string and its interpolations, which are programs of their own. */
  private string(): Token {
    const start = this.at++;
    const parts: (string | Ast)[] = [];
    let now = '';
    for (;;) {
      const c = this.text[this.at++];
      if (c === undefined) throw new SyntaxProblem('syntax error, unexpected $end, expecting QQSTRING_TEXT or QQSTRING_INTERP_START or QQSTRING_END', this.text.length);
      if (c === '"') break;
      if (c !== '\\') { now += c; continue; }
      const e = this.text[this.at++] ?? '';
      if (e === '(') {
        parts.push(now, this.interpolation());
        now = '';
      } else if (e === 'u') {
        now += String.fromCharCode(parseInt(this.text.slice(this.at, this.at + 4), 16) || 0xfffd);
        this.at += 4;
      } else if (e in ESCAPES) now += ESCAPES[e]!;
      else throw new SyntaxProblem('syntax error, unexpected INVALID_CHARACTER', this.at - 2);
    }
    parts.push(now);
    return { t: 'string', text: 'QQSTRING_START', at: start, parts };
  }

  /** The text up to the parenthesis that closes it, strings inside included, is parsed by itself. */
  private interpolation(): Ast {
    const from = this.at;
    for (let depth = 1; depth > 0;) {
      const { t, text } = this.next();
      if (t === 'end') throw new SyntaxProblem('syntax error, unexpected $end', from);
      if (t === 'op' && text === '(') depth++;
      if (t === 'op' && text === ')') depth--;
    }
    return parseProgram(this.text.slice(from, this.at - 1));
  }
}

const CONSTANTS: Readonly<Record<string, Json>> = { null: null, true: true, false: false };
const COMPARISONS = ['==', '!=', '<', '<=', '>', '>='];
const ASSIGNMENTS = ['=', '|=', '+=', '-=', '*=', '/=', '%=', '//='];

export class Parser {
  private token: Token;

  constructor(private readonly lexer: Lexer) { this.token = lexer.next(); }

  private advance(): Token {
    const token = this.token;
    this.token = this.lexer.next();
    return token;
  }
  private is(text: string): boolean { return (this.token.t === 'op' || this.token.t === 'keyword') && this.token.text === text; }
  private accept(text: string): boolean {
    if (!this.is(text)) return false;
    this.advance();
    return true;
  }
  private expect(text: string): void {
    if (!this.accept(text)) this.unexpected();
  }
  private unexpected(expecting = ''): never {
    const { t, text, at } = this.token;
    const shown = t === 'end' ? '$end' : t === 'name' ? 'IDENT' : t === 'field' ? 'FIELD' : t === 'number' ? 'LITERAL' : t === 'format' ? 'FORMAT' : t === 'variable' ? "'$'"
      : t === 'string' ? 'QQSTRING_START' : text === 'INVALID_CHARACTER' ? text : t === 'keyword' ? text : text.length === 1 ? `'${text}'` : text;
    throw new SyntaxProblem(`syntax error, unexpected ${shown}${expecting} (Unix shell quoting issues?)`, at);
  }

  program(): Ast {
    const definitions: Definition[] = [];
    while (this.is('def')) definitions.push(this.definition());
    const body: Ast = this.token.t === 'end' ? { t: 'identity' } : this.pipe();
    if (this.token.t !== 'end') this.unexpected(', expecting $end');
    return definitions.reduceRight<Ast>((inner, def) => ({ t: 'def', def, body: inner }), body);
  }

  definitions(): Definition[] {
    const all: Definition[] = [];
    while (this.is('def')) all.push(this.definition());
    return all;
  }

  private definition(): Definition {
    this.advance();
    const { t, text } = this.token;
    if (t !== 'name' && t !== 'keyword') this.unexpected();
    this.advance();
    const params: string[] = [];
    if (this.accept('(')) {
      do {
        const param = this.token;
        if (param.t !== 'name' && param.t !== 'variable') this.unexpected();
        params.push(param.t === 'variable' ? `$${param.text}` : param.text);
        this.advance();
      } while (this.accept(';'));
      this.expect(')');
    }
    this.expect(':');
    const body = this.pipe();
    this.expect(';');
    return { name: text, params, body };
  }

  pipe(): Ast {
    if (this.is('def')) {
      const def = this.definition();
      return { t: 'def', def, body: this.pipe() };
    }
    if (this.is('label')) {
      this.advance();
      if (this.token.t !== 'variable') this.unexpected();
      const name = this.advance().text;
      this.expect('|');
      return { t: 'label', name, body: this.pipe() };
    }
    const left = this.comma();
    if (this.accept('|')) return { t: 'pipe', left, right: this.pipe() };
    return left;
  }

  private comma(): Ast {
    let left = this.alternative();
    while (this.accept(',')) left = { t: 'comma', left, right: this.alternative() };
    return left;
  }

  private alternative(): Ast {
    const left = this.assignment();
    if (this.accept('//')) return { t: 'alternative', left, right: this.alternative() };
    return left;
  }

  private assignment(): Ast {
    const left = this.or();
    const op = ASSIGNMENTS.find((one) => this.is(one));
    if (!op) return left;
    this.advance();
    const right = this.alternative();
    if (ASSIGNMENTS.some((one) => this.is(one))) this.unexpected();
    return { t: 'assign', op, left, right };
  }

  private or(): Ast {
    let left = this.and();
    while (this.accept('or')) left = { t: 'or', left, right: this.and() };
    return left;
  }
  private and(): Ast {
    let left = this.comparison();
    while (this.accept('and')) left = { t: 'and', left, right: this.comparison() };
    return left;
  }
  private comparison(): Ast {
    const left = this.sum();
    const op = COMPARISONS.find((one) => this.is(one));
    if (!op) return left;
    this.advance();
    const right = this.sum();
    if (COMPARISONS.some((one) => this.is(one))) this.unexpected();
    return { t: 'binary', op, left, right };
  }
  private sum(): Ast {
    let left = this.product();
    for (;;) {
      const op = ['+', '-'].find((one) => this.is(one));
      if (!op) return left;
      this.advance();
      left = { t: 'binary', op, left, right: this.product() };
    }
  }
  private product(): Ast {
    let left = this.unary();
    for (;;) {
      const op = ['*', '/', '%'].find((one) => this.is(one));
      if (!op) return left;
      this.advance();
      left = { t: 'binary', op, left, right: this.unary() };
    }
  }
  private unary(): Ast {
    if (this.accept('-')) return { t: 'negative', of: this.unary() };
    return this.postfix();
  }

  /** A term, what is hung on it, and `as`, which takes the rest of the pipe. */
  private postfix(): Ast {
    let term = this.term();
    for (;;) {
      if (this.token.t === 'field') {
        const key = this.advance().text;
        term = { t: 'index', of: term, key: { t: 'literal', value: key } };
      } else if (this.is('.')) {
        this.advance();
        if ((this.token as Token).t === 'string') term = { t: 'index', of: term, key: this.stringOf(this.advance(), null) };
        else if (this.is('[')) term = this.bracket(term);
        else this.unexpected();
      } else if (this.is('[')) term = this.bracket(term);
      else if (this.accept('?')) term = { t: 'try', body: term, rescue: null };
      else if (this.is('as')) {
        this.advance();
        const pattern = this.pattern();
        this.expect('|');
        return { t: 'as', source: term, pattern, body: this.pipe() };
      } else return term;
    }
  }

  private bracket(of: Ast): Ast {
    this.expect('[');
    if (this.accept(']')) return { t: 'each', of };
    if (this.accept(':')) {
      const to = this.pipe();
      this.expect(']');
      return { t: 'slice', of, from: null, to };
    }
    const key = this.pipe();
    if (this.accept(':')) {
      const to = this.is(']') ? null : this.pipe();
      this.expect(']');
      return { t: 'slice', of, from: key, to };
    }
    this.expect(']');
    return { t: 'index', of, key };
  }

  private stringOf(token: Token, format: string | null): Ast {
    const parts = token.parts!;
    if (parts.length === 1) return { t: 'literal', value: parts[0] as string };
    return { t: 'string', format, parts };
  }

  private term(): Ast {
    const token = this.token;
    switch (token.t) {
      case 'number': this.advance(); return { t: 'literal', value: Number(token.text) };
      case 'string': this.advance(); return this.stringOf(token, null);
      case 'field': this.advance(); return { t: 'index', of: { t: 'identity' }, key: { t: 'literal', value: token.text } };
      case 'variable': this.advance(); return { t: 'variable', name: token.text, at: token.at };
      case 'format':
        this.advance();
        if (this.token.t === 'string') return this.stringOf(this.advance(), token.text);
        return { t: 'format', name: token.text };
      case 'name': return this.call();
      case 'keyword': return this.keyword(token);
      case 'op': return this.operatorTerm(token);
      default: return this.unexpected();
    }
  }

  private call(): Ast {
    const { text, at } = this.advance();
    const args: Ast[] = [];
    if (this.accept('(')) {
      do args.push(this.pipe()); while (this.accept(';'));
      this.expect(')');
    }
    if (args.length === 0 && text in CONSTANTS) return { t: 'literal', value: CONSTANTS[text]! };
    if (text === 'break' && this.token.t === 'variable') return { t: 'break', name: this.advance().text };
    return { t: 'call', name: text, args, at };
  }

  private operatorTerm(token: Token): Ast {
    switch (token.text) {
      case '.':
        this.advance();
        if (this.token.t === 'string') return { t: 'index', of: { t: 'identity' }, key: this.stringOf(this.advance(), null) };
        return { t: 'identity' };
      case '..': this.advance(); return { t: 'recurse' };
      case '(': {
        this.advance();
        const inner = this.pipe();
        this.expect(')');
        return inner;
      }
      case '[': {
        this.advance();
        if (this.accept(']')) return { t: 'array', body: null };
        const body = this.pipe();
        this.expect(']');
        return { t: 'array', body };
      }
      case '{': return this.object();
      default: return this.unexpected();
    }
  }

  private keyword(token: Token): Ast {
    switch (token.text) {
      case 'if': return this.conditional();
      case 'try': {
        this.advance();
        const body = this.postfix();
        return { t: 'try', body, rescue: this.accept('catch') ? this.postfix() : null };
      }
      case 'reduce': case 'foreach': return this.fold(token.text);
      case 'def': case 'label': return this.pipe();
      case '$__loc__':
        this.advance();
        return { t: 'literal', value: { file: '<top-level>', line: this.lexer.text.slice(0, token.at).split('\n').length } };
      default: return this.unexpected();
    }
  }


  private conditional(): Ast {
    this.advance();
    const cond = this.pipe();
    this.expect('then');
    const then = this.pipe();
    if (this.is('elif')) return { t: 'if', cond, then, else: this.conditional() };
    const otherwise = this.accept('else') ? this.pipe() : null;
    this.expect('end');
    return { t: 'if', cond, then, else: otherwise };
  }

  private fold(kind: 'reduce' | 'foreach'): Ast {
    this.advance();
    // The source is a term whose `as` belongs to the fold.
    let source = this.term();
    while (!this.is('as')) {
      if (this.token.t === 'field') source = { t: 'index', of: source, key: { t: 'literal', value: this.advance().text } };
      else if (this.is('[')) source = this.bracket(source);
      else if (this.accept('?')) source = { t: 'try', body: source, rescue: null };
      else if (this.is('.')) { this.advance(); if (!this.is('[')) this.unexpected(); } else this.unexpected();
    }
    this.advance();
    const pattern = this.pattern();
    this.expect('(');
    const init = this.pipe();
    this.expect(';');
    const update = this.pipe();
    const extract = kind === 'foreach' && this.accept(';') ? this.pipe() : null;
    this.expect(')');
    return kind === 'reduce' ? { t: 'reduce', source, pattern, init, update } : { t: 'foreach', source, pattern, init, update, extract };
  }

  private pattern(): Pattern {
    if (this.token.t === 'variable') return { t: 'name', name: this.advance().text };
    if (this.accept('[')) {
      const items: Pattern[] = [];
      do items.push(this.pattern()); while (this.accept(','));
      this.expect(']');
      return { t: 'items', items };
    }
    this.expect('{');
    const fields: { key: Ast; name: string | null; value: Pattern | null }[] = [];
    do {
      const token = this.token;
      let key: Ast;
      let name: string | null = null;
      if (token.t === 'variable') { name = this.advance().text; key = { t: 'literal', value: name }; }
      else if (token.t === 'name' || token.t === 'keyword') key = { t: 'literal', value: this.advance().text };
      else if (token.t === 'string') key = this.stringOf(this.advance(), null);
      else { this.expect('('); key = this.pipe(); this.expect(')'); }
      const value = this.accept(':') ? this.pattern() : null;
      if (name === null && value === null) this.unexpected();
      fields.push({ key, name, value });
    } while (this.accept(','));
    this.expect('}');
    return { t: 'fields', fields };
  }

  private object(): Ast {
    this.advance();
    const fields: (readonly [Ast, Ast])[] = [];
    while (!this.is('}')) {
      fields.push(this.field());
      if (!this.accept(',')) break;
    }
    this.expect('}');
    return { t: 'object', fields };
  }

  private field(): readonly [Ast, Ast] {
    const token = this.token;
    const self = (name: string): Ast => ({ t: 'index', of: { t: 'identity' }, key: { t: 'literal', value: name } });
    if (token.t === 'variable') {
      this.advance();
      return [{ t: 'literal', value: token.text }, { t: 'variable', name: token.text, at: token.at }];
    }
    let key: Ast;
    if (token.t === 'name' || token.t === 'keyword') key = { t: 'literal', value: this.advance().text };
    else if (token.t === 'number') key = { t: 'literal', value: Number(this.advance().text) };
    else if (token.t === 'string') key = this.stringOf(this.advance(), null);
    else if (token.t === 'format') {
      this.advance();
      if (this.token.t !== 'string') this.unexpected();
      key = this.stringOf(this.advance(), token.text);
    } else { this.expect('('); key = this.pipe(); this.expect(')'); if (!this.is(':')) this.unexpected(); }
    if (!this.accept(':')) return [key, key.t === 'literal' && typeof key.value === 'string' ? self(key.value) : { t: 'index', of: { t: 'identity' }, key }];
    return [key, this.fieldValue()];
  }

  /** Values of fields are terms joined by `|`, without commas. */
  private fieldValue(): Ast {
    let left: Ast = this.alternative();
    while (this.accept('|')) left = { t: 'pipe', left, right: this.alternative() };
    return left;
  }
}

export function parseProgram(text: string): Ast {
  return new Parser(new Lexer(text)).program();
}

export function parseDefinitions(text: string): Definition[] {
  return new Parser(new Lexer(text)).definitions();
}
