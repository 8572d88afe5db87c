/** The grammar of awk: POSIX with what gawk 4 adds in everyday use. It runs nothing. */
import type { Expr, Func, Program, Rule, Stmt, Target } from './ast.ts';
import { BadProgram, type Token, tokenize } from './lex.ts';

const ASSIGNMENTS = ['=', '+=', '-=', '*=', '/=', '%=', '^=', '**='];
const COMPARISONS = ['<', '<=', '==', '!=', '>', '>='];

/** What may not appear inside: `>` in print, `in` in a for's head. */
interface Limits { readonly noGreater: boolean; readonly noIn: boolean }
const FREE: Limits = { noGreater: false, noIn: false };

/** An error found in constants: said without showing the line. */
export class BadConstant extends Error {}

class Parser {
  private at = 0;
  private ranges = 0;
  private readonly functions = new Map<string, Func>();

  constructor(private readonly tokens: readonly Token[]) {}

  private get token(): Token { return this.tokens[this.at]!; }
  private ahead(n: number): Token { return this.tokens[Math.min(this.at + n, this.tokens.length - 1)]!; }
  private is(text: string): boolean { return (this.token.kind === 'op' || this.token.kind === 'keyword') && this.token.text === text; }
  private bad(token = this.token): BadProgram {
    const words = token.kind === 'end' || token.kind === 'newline' ? 'unexpected newline or end of string' : 'syntax error';
    return new BadProgram(words, token.at, token.line);
  }
  private take(text: string): boolean {
    if (!this.is(text)) return false;
    this.at++;
    return true;
  }
  private need(text: string): void { if (!this.take(text)) throw this.bad(); }
  private newlines(): void { while (this.token.kind === 'newline') this.at++; }
  private name(): string {
    if (this.token.kind !== 'name' && this.token.kind !== 'funcname') throw this.bad();
    return this.tokens[this.at++]!.text;
  }

  program(): Program {
    const [begin, end, rules]: [Stmt[], Stmt[], Rule[]] = [[], [], []];
    for (this.terminators(); this.token.kind !== 'end'; this.terminators()) {
      if (this.take('function')) this.func();
      else if (this.is('BEGIN') || this.is('END')) {
        const list = this.take('BEGIN') ? begin : (this.at++, end);
        if (!this.is('{')) throw this.bad();
        list.push(this.block());
      } else rules.push(this.rule());
    }
    return { begin, end, rules, functions: this.functions };
  }

  private terminators(): void { while (this.token.kind === 'newline' || this.is(';')) this.at++; }

  private func(): void {
    const name = this.name();
    this.need('(');
    const params: string[] = [];
    while (!this.is(')')) {
      params.push(this.name());
      if (!this.take(',')) break;
      this.newlines();
    }
    this.need(')');
    this.newlines();
    this.functions.set(name, { name, params, body: this.block() });
  }

  private rule(): Rule {
    let from: Expr | null = null;
    let to: Expr | null = null;
    if (!this.is('{')) {
      from = this.expr(FREE);
      if (this.take(',')) {
        this.newlines();
        to = this.expr(FREE);
      }
    }
    const body = this.is('{') ? this.block() : null;
    return { from, to, range: to ? this.ranges++ : -1, body };
  }

  private block(): Stmt {
    this.need('{');
    const body: Stmt[] = [];
    for (this.terminators(); !this.is('}'); this.terminators()) {
      if (this.token.kind === 'end') throw this.bad();
      body.push(this.statement());
    }
    this.at++;
    return { t: 'block', body };
  }

  /** A statement ends at a newline, a semicolon, or before `}`. */
  private endOfStatement(): void {
    if (this.token.kind === 'newline' || this.is(';')) { this.at++; return; }
    if (!this.is('}') && this.token.kind !== 'end') throw this.bad();
    if (this.token.kind === 'end') throw this.bad();
  }

  private statement(): Stmt {
    const { token } = this;
    if (this.is('{')) return this.block();
    if (this.take(';')) return { t: 'block', body: [] };
    if (token.kind === 'keyword') {
      const made = this.keywordStatement(token.text);
      if (made) return made;
    }
    const simple = this.simple(FREE);
    this.endOfStatement();
    return simple;
  }

  private body(): Stmt {
    this.newlines();
    return this.statement();
  }

  private keywordStatement(word: string): Stmt | null {
    switch (word) {
      case 'if': return this.ifStatement();
      case 'while': {
        this.at++;
        const test = this.condition();
        if (this.take(';')) return { t: 'while', test, body: { t: 'block', body: [] } };
        return { t: 'while', test, body: this.body() };
      }
      case 'do': {
        this.at++;
        const body = this.body();
        this.terminators();
        this.need('while');
        const test = this.condition();
        this.endOfStatement();
        return { t: 'do', test, body };
      }
      case 'for': return this.forStatement();
      case 'switch': return this.switchStatement();
      case 'break': case 'continue': case 'next': case 'nextfile':
        this.at++;
        this.endOfStatement();
        return { t: word };
      case 'exit': case 'return': {
        this.at++;
        const value = this.token.kind === 'newline' || this.is(';') || this.is('}') ? null : this.expr(FREE);
        this.endOfStatement();
        return { t: word, value };
      }
      default: return null;
    }
  }

  private condition(): Expr {
    this.need('(');
    const test = this.expr(FREE);
    this.need(')');
    return test;
  }

  private ifStatement(): Stmt {
    this.at++;
    const test = this.condition();
    const yes = this.body();
    const back = this.at;
    this.terminators();
    if (this.take('else')) return { t: 'if', test, yes, no: this.body() };
    this.at = back;
    return { t: 'if', test, yes, no: null };
  }

  private forStatement(): Stmt {
    this.at++;
    this.need('(');
    const [a, b, c, d] = [this.token, this.ahead(1), this.ahead(2), this.ahead(3)];
    if (a.kind === 'name' && b.text === 'in' && b.kind === 'keyword' && c.kind === 'name' && d.text === ')') {
      this.at += 4;
      return { t: 'forin', name: a.text, array: c.text, body: this.body() };
    }
    const start = this.is(';') ? null : this.simple(FREE);
    this.need(';');
    this.newlines();
    const test = this.is(';') ? null : this.expr(FREE);
    this.need(';');
    this.newlines();
    const step = this.is(')') ? null : this.simple(FREE);
    this.need(')');
    if (this.take(';')) return { t: 'for', start, test, step, body: { t: 'block', body: [] } };
    return { t: 'for', start, test, step, body: this.body() };
  }

  private switchStatement(): Stmt {
    this.at++;
    const value = this.condition();
    this.newlines();
    this.need('{');
    const cases: { test: Expr | null; body: Stmt[] }[] = [];
    for (this.terminators(); !this.take('}'); this.terminators()) {
      let test: Expr | null = null;
      if (!this.take('default')) {
        this.need('case');
        test = this.ternary(FREE);
      }
      this.need(':');
      const body: Stmt[] = [];
      for (this.terminators(); !this.is('case') && !this.is('default') && !this.is('}'); this.terminators()) body.push(this.statement());
      cases.push({ test, body });
    }
    return { t: 'switch', value, cases };
  }

  private simple(limits: Limits): Stmt {
    if (this.is('print') || this.is('printf')) return this.print();
    if (!this.take('delete')) return { t: 'expr', value: this.expr(limits) };
    const grouped = this.take('(');
    const name = this.name();
    const keys = this.take('[') ? this.list(']') : null;
    if (grouped) this.need(')');
    return { t: 'delete', name, keys };
  }

  private list(close: string): Expr[] {
    const items: Expr[] = [];
    this.newlines();
    while (!this.is(close)) {
      items.push(this.expr(FREE));
      this.newlines();
      if (!this.take(',')) break;
      this.newlines();
    }
    this.need(close);
    return items;
  }

  private print(): Stmt {
    const { line } = this.token;
    const t = this.tokens[this.at++]!.text as 'print' | 'printf';
    const limits = { noGreater: true, noIn: false };
    let args: readonly Expr[] = [];
    if (!this.endsPrint()) {
      const first = this.expr(limits);
      // `print (a, b) > file`: the list is the whole of the arguments.
      if (first.t === 'group' && first.items.length > 1 && this.endsPrint()) args = first.items;
      else {
        const all = [first];
        while (this.take(',')) {
          this.newlines();
          all.push(this.expr(limits));
        }
        args = all;
      }
    }
    if (this.is('>') || this.is('>>') || this.is('|')) {
      const to = this.tokens[this.at++]!.text as '>';
      return { t, args, to, target: this.concatenation({ noGreater: true, noIn: false }), line };
    }
    if (this.is('|&')) throw this.bad();
    return { t, args, to: null, target: null, line };
  }

  private endsPrint(): boolean {
    return this.token.kind === 'newline' || this.token.kind === 'end' || [';', '}', '>', '>>', '|', '|&'].some((text) => this.is(text));
  }

  // ---- expressions, from the loosest to the tightest

  expr(limits: Limits): Expr {
    const left = this.ternary(limits);
    if (this.token.kind !== 'op' || !ASSIGNMENTS.includes(this.token.text)) return left;
    const { text, line } = this.token;
    const target = this.assignable(left);
    this.at++;
    this.newlines();
    return { t: 'assign', op: text === '**=' ? '^' : text.slice(0, -1), target, value: this.expr(limits), line };
  }

  private assignable(expr: Expr): Target {
    if (expr.t === 'var' || expr.t === 'field' || expr.t === 'index') return expr;
    throw this.bad();
  }

  private ternary(limits: Limits): Expr {
    const test = this.or(limits);
    if (!this.take('?')) return test;
    this.newlines();
    const yes = this.expr(limits);
    this.newlines();
    this.need(':');
    this.newlines();
    return { t: 'choose', test, yes, no: this.expr(limits) };
  }

  private or(limits: Limits): Expr {
    let left = this.and(limits);
    while (this.take('||')) {
      this.newlines();
      left = { t: 'logical', op: '||', left, right: this.and(limits) };
    }
    return left;
  }

  private and(limits: Limits): Expr {
    let left = this.membership(limits);
    while (this.take('&&')) {
      this.newlines();
      left = { t: 'logical', op: '&&', left, right: this.membership(limits) };
    }
    return left;
  }

  private membership(limits: Limits): Expr {
    let left = this.matching(limits);
    while (!limits.noIn && this.take('in')) left = { t: 'in', keys: left.t === 'group' ? left.items : [left], name: this.name() };
    return left;
  }

  private matching(limits: Limits): Expr {
    let left = this.comparison(limits);
    while (this.is('~') || this.is('!~')) {
      const negated = this.tokens[this.at++]!.text === '!~';
      left = { t: 'match', negated, text: left, regex: this.comparison(limits) };
    }
    return left;
  }

  private comparison(limits: Limits): Expr {
    const left = this.concatenation(limits);
    const { text, kind, line } = this.token;
    if (kind !== 'op' || !COMPARISONS.includes(text) || (text === '>' && limits.noGreater)) return left;
    this.at++;
    return { t: 'binary', op: text, left, right: this.concatenation(limits), line };
  }

  concatenation(limits: Limits): Expr {
    let left = this.sum(limits);
    for (;;) {
      // `cmd | getline` binds looser than concatenation.
      if (this.is('|') && this.ahead(1).text === 'getline' && this.ahead(1).kind === 'keyword') {
        this.at += 2;
        left = { t: 'getline', target: this.optionalTarget(), from: 'command', source: left };
        continue;
      }
      if (!this.startsOperand()) return left;
      const { line } = this.token;
      left = { t: 'binary', op: ' ', left, right: this.sum(limits), line };
    }
  }

  private startsOperand(): boolean {
    const { kind, text } = this.token;
    if (kind === 'op') return ['$', '!', '(', '-', '+', '++', '--'].includes(text);
    return ['number', 'string', 'regex', 'name', 'funcname', 'builtin'].includes(kind);
  }

  private sum(limits: Limits): Expr {
    let left = this.product(limits);
    while (this.is('+') || this.is('-')) {
      const { text, line } = this.tokens[this.at++]!;
      left = { t: 'binary', op: text, left, right: this.product(limits), line };
    }
    return left;
  }

  private product(limits: Limits): Expr {
    let left = this.unary(limits);
    while (this.is('*') || this.is('/') || this.is('%')) {
      const { text, line } = this.tokens[this.at++]!;
      const right = this.unary(limits);
      // gawk computes with constants at once, and stops there.
      if (text !== '*' && left.t === 'number' && right.t === 'number' && right.value === 0) throw new BadConstant(`cmd. line:${line}: error: division by zero attempted${text === '%' ? ' in `%\'' : ''}`);
      left = { t: 'binary', op: text, left, right, line };
    }
    return left;
  }

  private unary(limits: Limits): Expr {
    for (const op of ['!', '-', '+'] as const) {
      if (this.take(op)) return { t: 'unary', op, value: this.unary(limits) };
    }
    return this.power(limits);
  }

  private power(limits: Limits): Expr {
    const base = this.postfix(limits);
    if (!this.is('^') && !this.is('**')) return base;
    const { line } = this.tokens[this.at++]!;
    // Right associative, and a minus may stand in the exponent.
    const exponent = this.is('-') || this.is('+') || this.is('!') ? this.unary(limits) : this.power(limits);
    return { t: 'binary', op: '^', left: base, right: exponent, line };
  }

  private postfix(limits: Limits): Expr {
    const value = this.primary(limits);
    if ((this.is('++') || this.is('--')) && (value.t === 'var' || value.t === 'field' || value.t === 'index')) {
      const by = this.tokens[this.at++]!.text === '++' ? 1 : -1;
      return { t: 'step', target: value, by, before: false };
    }
    return value;
  }

  private primary(limits: Limits): Expr {
    const { kind, text, line } = this.token;
    switch (kind) {
      case 'number':
        this.at++;
        return { t: 'number', value: /^0[0-7]+$/.test(text) ? parseInt(text, 8) : Number(text) };
      case 'string':
        this.at++;
        return { t: 'string', value: text };
      case 'regex':
        this.at++;
        return { t: 'regex', source: text };
      case 'builtin': return this.builtin();
      case 'funcname':
        this.at += 2;
        return { t: 'call', name: text, args: this.list(')'), line };
      case 'name': return this.variable();
      default: break;
    }
    if (this.take('$')) {
      if (this.is('++') || this.is('--') || this.is('-') || this.is('+') || this.is('!')) return { t: 'field', index: this.unaryStep(limits) };
      return { t: 'field', index: this.primary(limits) };
    }
    if (this.is('++') || this.is('--')) return this.unaryStep(limits);
    if (this.take('(')) {
      const items = this.list(')');
      if (items.length === 0) throw this.bad(this.tokens[this.at - 1]);
      return { t: 'group', items };
    }
    if (this.take('getline')) {
      const target = this.optionalTarget();
      if (this.take('<')) return { t: 'getline', target, from: 'file', source: this.postfix(limits) };
      return { t: 'getline', target, from: 'main', source: null };
    }
    throw this.bad();
  }

  private unaryStep(limits: Limits): Expr {
    if (!this.is('++') && !this.is('--')) return this.unary(limits);
    const by = this.tokens[this.at++]!.text === '++' ? 1 : -1;
    return { t: 'step', target: this.assignable(this.primary(limits)), by, before: true };
  }

  private variable(): Target {
    const { text, line } = this.tokens[this.at++]!;
    if (!this.take('[')) return { t: 'var', name: text, line };
    return { t: 'index', name: text, keys: this.list(']'), line };
  }

  private optionalTarget(): Target | null {
    if (this.token.kind === 'name') return this.variable();
    if (!this.take('$')) return null;
    return { t: 'field', index: this.primary(FREE) };
  }

  private builtin(): Expr {
    const { text, line } = this.tokens[this.at++]!;
    if (this.take('(')) return { t: 'builtin', name: text, args: this.list(')'), line };
    if (text !== 'length') throw this.bad();
    return { t: 'builtin', name: text, args: [], line };
  }
}

export const parseProgram = (text: string): Program => new Parser(tokenize(text)).program();
