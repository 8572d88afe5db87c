/**
 * Arithmetic: C's operators on 64-bit integers, as bash's expr.c evaluates them, with its error messages.
 * Text comes here after expansion; names stand for variables whose values are expressions in turn.
 */
import { assign, assignElement, elementOf, isAssoc, value } from './variables.ts';
import { Failure, type Shell } from './shell.ts';

const wrap = (n: bigint): bigint => BigInt.asIntN(64, n);
/** Names that stand for names, and brackets in brackets (bash: 1024 of either). */
const DEPTH_MAX = 200;

type Token = { k: 'num'; n: bigint } | { k: 'name'; name: string; index: string | null }
  | { k: 'op'; op: string } | { k: 'end' };

const OPERATORS = /^(?:<<=|>>=|\*\*|\+\+|--|<<|>>|<=|>=|==|!=|&&|\|\||[-+*/%&^|]=|[-+*/%<>=!~&^|?:,()])/;
const ASSIGN = new Set(['=', '+=', '-=', '*=', '/=', '%=', '<<=', '>>=', '&=', '^=', '|=']);
/** Binary operators by how tightly they bind. */
const LEVEL: Readonly<Record<string, number>> = {
  '||': 1, '&&': 2, '|': 3, '^': 4, '&': 5, '==': 6, '!=': 6, '<': 7, '>': 7, '<=': 7, '>=': 7, '<<': 8,
  '>>': 8,
  '+': 9, '-': 9, '*': 10, '/': 10, '%': 10, '**': 11,
};

const SIMPLE_NUMBER = /^\s*(-?(?:0|[1-9]\d{0,17}))\s*$/;

/** The value of an expression. Throws Failure with bash's words. */
export function evaluate(sh: Shell, text: string, depth = 0): bigint {
  const plain = SIMPLE_NUMBER.exec(text);
  if (plain) return BigInt(plain[1]!);
  if (text.trim() === '') return 0n;
  return new Evaluator(sh, text, depth).run();
}

class Evaluator {
  private at = 0;
  private tokenAt = 0;
  private lastAt = 0;
  private token = { k: 'end' } as Token;
  /** Inside an operand that is not to be evaluated. */
  private idle = 0;

  constructor(private readonly sh: Shell, private readonly text: string, private readonly depth: number) {}

  run(): bigint {
    if (this.depth >= DEPTH_MAX) this.fail('expression recursion level exceeded', this.text.trimStart());
    this.next();
    const result = this.comma();
    if (this.token.k !== 'end') {
      this.noAssignment();
      this.fail('syntax error in expression', this.text.slice(this.tokenAt));
    }
    return result;
  }

  private fail(message: string, token: string): never {
    throw new Failure(`${this.text.trimStart()}: ${message} (error token is "${token}")`);
  }

  private operandExpected(): never {
    // At the end, what came before is named.
    const from = this.token.k === 'end' ? this.lastAt : this.tokenAt;
    this.fail('syntax error: operand expected', this.text.slice(from));
  }

  private next(): void {
    const { text } = this;
    this.lastAt = this.tokenAt;
    while (this.at < text.length && /\s/.test(text[this.at]!)) this.at++;
    this.tokenAt = this.at;
    const c = text[this.at];
    if (c === undefined) { this.token = { k: 'end' }; return; }
    if (c >= '0' && c <= '9') { this.token = { k: 'num', n: this.number() }; return; }
    if (/[A-Za-z_]/.test(c)) { this.token = this.name(); return; }
    const op = OPERATORS.exec(text.slice(this.at))?.[0];
    if (!op) {
      const what = text.slice(this.at);
      this.fail(this.lastAt === this.tokenAt || this.prior ? 'syntax error: operand expected'
        : 'syntax error: invalid arithmetic operator', what);
    }
    this.at += op.length;
    this.token = { k: 'op', op };
  }
  /** The parser waits for an operand. */
  private prior = true;

  private number(): bigint {
    const raw = /^[0-9A-Za-z_@#]+/.exec(this.text.slice(this.at))![0];
    const based = /^(\d+)#([0-9A-Za-z_@]*)$/.exec(raw);
    this.at += raw.length;
    if (based) return this.inBase(Number(based[1]), based[2]!, raw);
    if (/^0[xX]/.test(raw)) return this.inBase(16, raw.slice(2), raw);
    if (raw[0] === '0' && raw.length > 1) return this.inBase(8, raw.slice(1), raw);
    if (raw.includes('#')) this.fail('invalid number', raw);
    return this.inBase(10, raw, raw);
  }

  private inBase(base: number, digits: string, raw: string): bigint {
    const token = this.text.slice(this.tokenAt);
    if (base < 2 || base > 64) this.fail('invalid arithmetic base', token);
    if (digits === '' && /#$/.test(raw)) this.fail('invalid integer constant', token);
    let n = 0n;
    for (const d of digits) {
      let v = d >= '0' && d <= '9' ? d.charCodeAt(0) - 48 : d >= 'a' && d <= 'z' ? d.charCodeAt(0) - 87
        : d >= 'A' && d <= 'Z' ? d.charCodeAt(0) - (base <= 36 ? 55 : 29) : d === '@' ? 62 : d === '_' ? 63
          : 99;
      if (d === '#') v = 99;
      if (v >= base) this.fail('value too great for base', token);
      n = n * BigInt(base) + BigInt(v);
    }
    return wrap(n);
  }

  private name(): Token {
    const name = /^\w+/.exec(this.text.slice(this.at))![0];
    this.at += name.length;
    if (this.text[this.at] !== '[') return { k: 'name', name, index: null };
    let depth = 0, i = this.at;
    for (; i < this.text.length; i++) {
      if (this.text[i] === '[') depth++;
      else if (this.text[i] === ']' && --depth === 0) break;
    }
    if (depth) this.fail('bad array subscript', this.text.slice(this.tokenAt));
    const index = this.text.slice(this.at + 1, i);
    this.at = i + 1;
    return { k: 'name', name, index };
  }

  private is(op: string): boolean { return this.sign() === op; }
  private sign(): string { return this.token.k === 'op' ? this.token.op : ''; }
  private ended(): boolean { return this.token.k === 'end'; }
  /** From the token at hand, or the last one at the end. */
  private here(): string { return this.text.slice(this.ended() ? this.lastAt : this.tokenAt); }

  private comma(): bigint {
    let result = this.assignment();
    while (this.is(',')) { this.next(); result = this.assignment(); }
    return result;
  }

  private assignment(): bigint {
    if (this.token.k !== 'name') return this.conditional(this.binary(0));
    const left = this.token, at = this.at, tokenAt = this.tokenAt, lastAt = this.lastAt;
    this.prior = false;
    this.next();
    const op = this.sign();
    if (ASSIGN.has(op)) {
      this.prior = true;
      this.next();
      // The old value is read first: `y += --y` adds to what y was.
      const old = op === '=' ? 0n : this.read(left);
      const right = this.assignment();
      const result = op === '=' ? right : this.apply(op.slice(0, -1), old, right);
      this.store(left, result);
      return result;
    }
    this.at = at; this.token = left; this.tokenAt = tokenAt; this.lastAt = lastAt;
    return this.conditional(this.binary(0));
  }

  private noAssignment(): void {
    if (this.token.k === 'op' && ASSIGN.has(this.token.op)) this.fail('attempted assignment to non-variable', this.text.slice(this.tokenAt));
  }

  private conditional(test: bigint): bigint {
    if (!this.is('?')) {
      this.noAssignment();
      return test;
    }
    this.next();
    if (this.ended() || this.is(':')) this.fail('expression expected', this.here());
    const yes = test !== 0n;
    if (!yes) this.idle++;
    const first = this.comma();
    if (!yes) this.idle--;
    if (!this.is(':')) this.fail("`:' expected for conditional expression", this.here());
    this.next();
    if (this.ended()) this.fail('expression expected', this.here());
    if (yes) this.idle++;
    const second = this.assignment();
    if (yes) this.idle--;
    return yes ? first : second;
  }

  private binary(level: number): bigint {
    let left = this.unary();
    for (;;) {
      if (this.token.k !== 'op') return left;
      const { op } = this.token;
      const own = LEVEL[op];
      if (own === undefined || own <= level) return left;
      this.prior = true;
      this.next();
      if (op === '&&' || op === '||') {
        const skip = op === '&&' ? left === 0n : left !== 0n;
        if (skip) this.idle++;
        const right = this.binary(own);
        if (skip) this.idle--;
        left = (op === '&&' ? left !== 0n && right !== 0n : left !== 0n || right !== 0n) ? 1n : 0n;
      } else {
        const rightAt = this.tokenAt;
        const right = this.binary(op === '**' ? own - 1 : own);
        if ((op === '/' || op === '%') && right === 0n && !this.idle)
          this.fail('division by 0', this.text.slice(rightAt));
        if (op === '**' && right < 0n) this.fail('exponent less than 0', this.text.slice(rightAt));
        left = this.apply(op, left, right);
      }
    }
  }

  private apply(op: string, a: bigint, b: bigint): bigint {
    switch (op) {
      case '+': return wrap(a + b);
      case '-': return wrap(a - b);
      case '*': return wrap(a * b);
      case '/': if (b === 0n) {
        if (this.idle) return 0n;
        this.fail('division by 0', this.text.slice(this.lastAt));
      }
        return wrap(a / b);
      case '%': if (b === 0n) {
        if (this.idle) return 0n;
        this.fail('division by 0', this.text.slice(this.lastAt));
      }
        return wrap(a % b);
      case '**': return power(a, b);
      case '<<': return wrap(a << (b & 63n));
      case '>>': return wrap(a >> (b & 63n));
      case '<': return a < b ? 1n : 0n;
      case '>': return a > b ? 1n : 0n;
      case '<=': return a <= b ? 1n : 0n;
      case '>=': return a >= b ? 1n : 0n;
      case '==': return a === b ? 1n : 0n;
      case '!=': return a !== b ? 1n : 0n;
      case '&': return a & b;
      case '^': return a ^ b;
      default: return a | b;
    }
  }

  private unary(): bigint {
    if (++this.nested > DEPTH_MAX) this.fail('expression recursion level exceeded', this.text.slice(this.tokenAt));
    const result = this.operand();
    this.nested--;
    return result;
  }
  private nested = 0;

  private operand(): bigint {
    const { token } = this;
    if (token.k === 'num') {
      this.prior = false;
      this.next();
      // Nothing is counted up or down behind a number: `3--y` is `3 - -y`.
      if (this.token.k === 'op' && (this.token.op === '--' || this.token.op === '++')) {
        this.at = this.tokenAt + 1;
        this.token = { k: 'op', op: this.token.op[0]! };
      }
      return token.n;
    }
    if (token.k === 'name') return this.postfix(token);
    if (token.k === 'end') this.operandExpected();
    this.prior = true;
    switch (token.op) {
      case '!': this.next(); return this.unary() === 0n ? 1n : 0n;
      case '~': this.next(); return wrap(~this.unary());
      case '-': this.next(); return wrap(-this.unary());
      case '+': this.next(); return this.unary();
      case '++': case '--': return this.prefix(token.op);
      case '(': {
        this.next();
        const inner = this.comma();
        if (!this.is(')')) {
          this.noAssignment();
          this.fail("missing `)'", this.here());
        }
        this.prior = false;
        this.next();
        return inner;
      }
      default: this.operandExpected();
    }
  }

  private prefix(op: string): bigint {
    this.next();
    const name = this.token;
    if (name.k !== 'name') {
      // Two signs, then: `--5`, `- -x`.
      return this.unary();
    }
    const next = wrap(this.read(name) + (op === '++' ? 1n : -1n));
    this.store(name, next);
    this.prior = false;
    this.next();
    return next;
  }

  private postfix(name: Token & { k: 'name' }): bigint {
    this.prior = false;
    this.next();
    const op = this.sign();
    const now = this.read(name);
    if (op !== '++' && op !== '--') return now;
    this.store(name, wrap(now + (op === '++' ? 1n : -1n)));
    this.next();
    return now;
  }

  private subscript(name: string, index: string): string {
    return isAssoc(this.sh, name) ? index.replace(/^(['"])(.*)\1$/, '$2') : index;
  }

  private read({ name, index }: Token & { k: 'name' }): bigint {
    if (this.idle) return 0n;
    const { sh } = this;
    const text = index === null ? value(sh, name) : elementOf(sh, name, this.subscript(name, index));
    if (text === undefined) {
      if (sh.option('nounset')) throw new Failure(`${name}: unbound variable`, true, 127);
      return 0n;
    }
    return evaluate(sh, text, this.depth + 1);
  }

  private store({ name, index }: Token & { k: 'name' }, n: bigint): void {
    if (this.idle) return;
    if (index === null) assign(this.sh, name, String(n));
    else assignElement(this.sh, name, this.subscript(name, index), String(n));
  }
}

function power(a: bigint, b: bigint): bigint {
  let result = 1n;
  for (let base = a, left = b; left > 0n; left >>= 1n) {
    if (left & 1n) result = wrap(result * base);
    base = wrap(base * base);
  }
  return result;
}
