/** bc's language: a recursive descent that builds closures over a machine of variables, arrays and functions. */
import { add, compare, div, mod, mul, num, type Num, ONE, parse, pow, rescale, sqrt, sub, ten, text, ZERO } from './number.ts';

class Trouble extends Error { constructor(message: string, readonly syntax: boolean) { super(message); } }
class Jump extends Error { constructor(readonly kind: 'break' | 'continue' | 'return' | 'quit', readonly value: Num = ZERO) { super(kind); } }

type Expression = () => Num;
type Statement = () => void;
interface Part { readonly value: Expression; /** An assignment at the top of a statement is not printed. */ readonly silent: boolean; readonly set?: (to: Num) => void }
interface Fun { readonly params: readonly string[]; readonly autos: readonly string[]; readonly body: Statement }

const TOKEN = /[ \t]+|\\\n|\/\*[^]*?\*\/|#[^\n]*|(\d[\dA-F]*\.?[\dA-F]*|[A-F][\dA-F]*\.?[\dA-F]*|\.[\dA-F]+|\.|"[^"]*"|[a-z][a-z0-9_]*|\+\+|--|<=|>=|==|!=|&&|\|\||[-+*/%^]=|[^])/g;
const MOST_STEPS = 3_000_000;

export class Bc {
  private pending = '';
  private line = 0;
  private out = '';
  private column = 0;
  private readonly names = new Map<string, Num>();
  private readonly arrays = new Map<string, Map<string, Num>>();
  private readonly functions = new Map<string, Fun>();
  private scale = 0;
  private ibase = 10;
  private obase = 10;
  private last: Num = ZERO;
  private steps = 0;
  private tokens: string[] = [];
  private at = 0;

  constructor(private readonly math: boolean, private readonly width: number) { if (math) this.scale = 20; }

  feed(source: string, from: string): { out: string; errors: string; quit: boolean } {
    this.out = '';
    let errors = '';
    let quit = false;
    this.pending += source;
    for (;;) {
      const cut = wholeLines(this.pending);
      if (cut === 0) break;
      const piece = this.pending.slice(0, cut);
      this.pending = this.pending.slice(cut);
      this.line += piece.split('\n').length - 1;
      try { this.runLine(piece); } catch (error) {
        if (error instanceof Jump) { if (error.kind === 'quit') { quit = true; break; } continue; }
        if (error instanceof RangeError) { errors += `Runtime error (func=(main), adr=0): Function too deep\n`; continue; }
        if (!(error instanceof Trouble)) throw error;
        errors += error.syntax ? `${from} ${this.line + (this.peek() === '\n' ? 1 : 0)}: ${error.message}\n` : `Runtime error (func=(main), adr=3): ${error.message}\n`;
      }
    }
    return { out: this.out, errors, quit };
  }

  /** What is left at the end of a file, which no newline ended. */
  finish(from: string): string {
    return this.pending.trim() === '' ? '' : `${from} ${this.line + 1}: syntax error\n`;
  }

  private runLine(piece: string): void {
    this.steps = 0;
    this.tokens = [...piece.matchAll(TOKEN)].map((m) => m[1]).filter((token): token is string => token !== undefined);
    this.at = 0;
    const statements: Statement[] = [];
    while (this.at < this.tokens.length) {
      if (this.accept('\n') || this.accept(';')) continue;
      if (this.peek() === 'define') { this.define(); continue; }
      statements.push(this.statement());
      if (this.at < this.tokens.length && !['\n', ';', '}'].includes(this.peek()) ) throw new Trouble('syntax error', true);
    }
    for (const statement of statements) statement();
  }

  private peek(): string { return this.tokens[this.at] ?? ''; }
  private accept(token: string): boolean {
    if (this.peek() !== token) return false;
    this.at++;
    return true;
  }
  private expect(token: string): void { if (!this.accept(token)) throw new Trouble('syntax error', true); }
  private skipLines(): void { while (this.accept('\n')); }
  private step(): void { if (++this.steps > MOST_STEPS) throw new Trouble('Out of memory', false); }

  private print(shown: string): void {
    for (const c of shown) {
      if (c === '\n') this.column = 0;
      else if (this.width > 2 && ++this.column === this.width - 1) { this.out += '\\\n'; this.column = 1; }
      this.out += c;
    }
  }

  private define(): void {
    this.at++;
    const name = this.name();
    this.expect('(');
    const params = this.list(')');
    this.skipLines();
    this.expect('{');
    this.skipLines();
    let autos: string[] = [];
    if (this.accept('auto')) { autos = this.list('\n', ';'); }
    const body = this.block();
    this.functions.set(name, { params, autos, body });
  }
  private list(...ends: string[]): string[] {
    const found: string[] = [];
    while (!ends.includes(this.peek()) && this.at < this.tokens.length) {
      found.push(this.name() + (this.accept('[') ? (this.expect(']'), '[]') : ''));
      this.accept(',');
    }
    this.at++;
    return found;
  }
  private name(): string {
    const token = this.peek();
    if (!/^[a-z]/.test(token)) throw new Trouble('syntax error', true);
    this.at++;
    return token;
  }

  private block(): Statement {
    const all: Statement[] = [];
    for (;;) {
      while (this.accept('\n') || this.accept(';'));
      if (this.accept('}')) break;
      if (this.at >= this.tokens.length) throw new Trouble('syntax error', true);
      all.push(this.statement());
    }
    return () => { for (const one of all) one(); };
  }

  private statement(): Statement {
    const token = this.peek();
    switch (token) {
      case '{': this.at++; return this.block();
      case 'quit': throw new Jump('quit');
      case 'halt': this.at++; return () => { throw new Jump('quit'); };
      case 'break': case 'continue': this.at++; return () => { throw new Jump(token); };
      case 'return': {
        this.at++;
        const value = ['\n', ';', '}', ''].includes(this.peek()) ? (): Num => ZERO : this.expression().value;
        return () => { throw new Jump('return', value()); };
      }
      case 'print': this.at++; return this.printing();
      case 'if': return this.conditional();
      case 'while': {
        this.at++;
        this.expect('(');
        const test = this.expression().value;
        this.expect(')');
        this.skipLines();
        const body = this.statement();
        return () => { while (test().n !== 0n) { this.step(); if (!this.once(body)) break; } };
      }
      case 'for': return this.loop();
      case 'warranty': case 'limits': this.at++; return () => {};
      default: break;
    }
    if (token.startsWith('"')) { this.at++; return () => this.print(token.slice(1, -1)); }
    const { value, silent } = this.expression();
    return () => {
      const result = value();
      if (silent) return;
      this.last = result;
      this.print(`${text(result, this.obase)}\n`);
    };
  }

  /** A loop's body; false after break. */
  private once(body: Statement): boolean {
    try { body(); } catch (error) {
      if (!(error instanceof Jump) || (error.kind !== 'break' && error.kind !== 'continue')) throw error;
      return error.kind === 'continue';
    }
    return true;
  }

  private printing(): Statement {
    const parts: Statement[] = [];
    do {
      const token = this.peek();
      if (token.startsWith('"')) {
        this.at++;
        const shown = token.slice(1, -1).replace(/\\([abfnrtq"\\])/g, (_, c: string) => ({ a: '\x07', b: '\b', f: '\f', n: '\n', r: '\r', t: '\t', q: '"', '"': '"', '\\': '\\' }[c]!));
        parts.push(() => this.print(shown));
      } else {
        const { value } = this.expression();
        parts.push(() => { this.last = value(); this.print(text(this.last, this.obase)); });
      }
    } while (this.accept(','));
    return () => { for (const part of parts) part(); };
  }

  private conditional(): Statement {
    this.at++;
    this.expect('(');
    const test = this.expression().value;
    this.expect(')');
    this.skipLines();
    const then = this.statement();
    const mark = this.at;
    while (this.peek() === '\n' || this.peek() === ';') this.at++;
    if (!this.accept('else')) { this.at = mark; return () => { if (test().n !== 0n) then(); }; }
    this.skipLines();
    const otherwise = this.statement();
    return () => { if (test().n !== 0n) then(); else otherwise(); };
  }

  private loop(): Statement {
    this.at++;
    this.expect('(');
    const part = (end: string): Expression | null => {
      if (this.accept(end)) return null;
      const { value } = this.expression();
      this.expect(end);
      return value;
    };
    const [first, test, next] = [part(';'), part(';'), part(')')];
    this.skipLines();
    const body = this.statement();
    return () => {
      first?.();
      for (; test === null || test().n !== 0n; next?.()) { this.step(); if (!this.once(body)) break; }
    };
  }

  private expression(): Part { return this.or(); }
  private or(): Part {
    let left = this.and();
    while (this.accept('||')) { const [a, b] = [left.value, this.and().value]; left = plain(() => (a().n !== 0n || b().n !== 0n ? ONE : ZERO)); }
    return left;
  }
  private and(): Part {
    let left = this.not();
    while (this.accept('&&')) { const [a, b] = [left.value, this.not().value]; left = plain(() => (a().n !== 0n && b().n !== 0n ? ONE : ZERO)); }
    return left;
  }
  private not(): Part {
    if (this.accept('!')) { const { value } = this.not(); return plain(() => (value().n === 0n ? ONE : ZERO)); }
    return this.relation();
  }
  private relation(): Part {
    let left = this.assignment();
    for (;;) {
      const op = this.peek();
      if (!['<', '>', '<=', '>=', '==', '!='].includes(op)) return left;
      this.at++;
      const [a, b] = [left.value, this.assignment().value];
      left = plain(() => {
        const d = compare(a(), b());
        return (op === '<' ? d < 0 : op === '>' ? d > 0 : op === '<=' ? d <= 0 : op === '>=' ? d >= 0 : op === '==' ? d === 0 : d !== 0) ? ONE : ZERO;
      });
    }
  }

  private assignment(): Part {
    const left = this.sum();
    const op = this.peek();
    if (!left.set || !(op === '=' || /^[-+*/%^]=$/.test(op))) return left;
    this.at++;
    const right = this.assignment().value;
    const { set } = left;
    const value = (): Num => {
      const result = op === '=' ? right() : this.operate(op[0]!, left.value(), right());
      set(result);
      return result;
    };
    return { value, silent: true };
  }

  private operate(op: string, a: Num, b: Num): Num {
    this.step();
    switch (op) {
      case '+': return add(a, b);
      case '-': return sub(a, b);
      case '*': return mul(a, b, this.scale);
      case '/': return div(a, b, this.scale) ?? this.zero();
      case '%': return mod(a, b, this.scale) ?? this.zero();
      default: {
        const result = pow(a, b, this.scale);
        if (!result) throw new Trouble(b.n < 0n ? 'Divide by zero' : 'exponent too large in raise', false);
        return result;
      }
    }
  }
  private zero(): never { throw new Trouble('Divide by zero', false); }

  private binary(ops: string, next: () => Part): Part {
    let left = next();
    for (;;) {
      const op = this.peek();
      if (op.length !== 1 || !ops.includes(op)) return left;
      this.at++;
      const [a, b] = [left.value, next().value];
      left = plain(() => this.operate(op, a(), b()));
    }
  }
  private sum(): Part { return this.binary('+-', () => this.product()); }
  private product(): Part { return this.binary('*/%', () => this.power()); }
  private power(): Part {
    const left = this.unary();
    if (!this.accept('^')) return left;
    const [a, b] = [left.value, this.power().value];
    return plain(() => this.operate('^', a(), b()));
  }
  private unary(): Part {
    if (this.accept('-')) { const { value } = this.unary(); return plain(() => sub(ZERO, value())); }
    for (const op of ['++', '--']) {
      if (!this.accept(op)) continue;
      const { value, set } = this.primary();
      if (!set) throw new Trouble('syntax error', true);
      return plain(() => { const to = this.operate(op[0]!, value(), ONE); set(to); return to; });
    }
    const part = this.primary();
    for (const op of ['++', '--']) {
      if (!part.set || !this.accept(op)) continue;
      const { value, set } = part;
      return plain(() => { const old = value(); set!(this.operate(op[0]!, old, ONE)); return old; });
    }
    return part;
  }

  private primary(): Part {
    const token = this.peek();
    this.at++;
    if (token === '(') {
      const { value } = this.expression();
      this.expect(')');
      return plain(value);
    }
    if (token === '.') return this.place('last');
    if (/^[\dA-F.]/.test(token)) return plain(() => parse(token, this.ibase));
    if (!/^[a-z]/.test(token)) throw new Trouble('syntax error', true);
    if (['length', 'sqrt'].includes(token) || (token === 'scale' && this.peek() === '(')) return this.builtin(token);
    if (this.accept('(')) return this.call(token);
    if (this.accept('[')) {
      const { value: index } = this.expression();
      this.expect(']');
      const cell = (): [Map<string, Num>, string] => {
        let array = this.arrays.get(token);
        if (!array) this.arrays.set(token, array = new Map());
        return [array, rescale(index(), 0).n.toString()];
      };
      return { value: () => { const [array, key] = cell(); return array.get(key) ?? ZERO; }, silent: false, set: (to) => { const [array, key] = cell(); array.set(key, to); } };
    }
    return this.place(token);
  }

  private place(name: string): Part {
    const small = (value: Num): number => Number(rescale(value, 0).n);
    switch (name) {
      case 'scale': return { value: () => num(this.scale), silent: false, set: (to) => { this.scale = Math.max(0, small(to)); } };
      case 'ibase': return { value: () => num(this.ibase), silent: false, set: (to) => { this.ibase = Math.min(16, Math.max(2, small(to))); } };
      case 'obase': return { value: () => num(this.obase), silent: false, set: (to) => { this.obase = Math.max(2, small(to)); } };
      case 'last': return { value: () => this.last, silent: false, set: (to) => { this.last = to; } };
      default: return { value: () => this.names.get(name) ?? ZERO, silent: false, set: (to) => { this.names.set(name, to); } };
    }
  }

  private builtin(name: string): Part {
    this.expect('(');
    const { value } = this.expression();
    this.expect(')');
    return plain(() => {
      const a = value();
      if (name === 'scale') return num(a.scale);
      if (name === 'length') return num(Math.max((a.n < 0n ? -a.n : a.n).toString().length, a.scale || 1));
      const root = sqrt(a, this.scale);
      if (!root) throw new Trouble('Square root of a negative number', false);
      return root;
    });
  }

  private call(name: string): Part {
    const args: Expression[] = [];
    while (!this.accept(')')) {
      args.push(this.expression().value);
      if (!this.accept(',') && this.peek() !== ')') throw new Trouble('syntax error', true);
    }
    return plain(() => {
      this.step();
      const fun = this.functions.get(name);
      if (!fun) return this.mathematics(name, args);
      const values = args.map((arg) => arg());
      if (values.length !== fun.params.length) throw new Trouble('Parameter number mismatch', false);
      const locals = [...fun.params, ...fun.autos].filter((local) => !local.endsWith('[]'));
      const saved = locals.map((local) => this.names.get(local));
      locals.forEach((local, i) => { this.names.set(local, values[i] ?? ZERO); });
      try { fun.body(); return ZERO; } catch (error) {
        if (error instanceof Jump && error.kind === 'return') return error.value;
        throw error;
      } finally { locals.forEach((local, i) => { if (saved[i] === undefined) this.names.delete(local); else this.names.set(local, saved[i]!); }); }
    });
  }

  /** s c a l e j of the library: by series, with some digits more than are shown. */
  private mathematics(name: string, args: readonly Expression[]): Num {
    if (!this.math || !'scale'.includes(name) || name.length !== 1 || args.length !== 1) throw new Trouble(`Function ${name} not defined.`, false);
    const x = args[0]!();
    const work = this.scale + 10 + Math.ceil(Math.abs(Number(x.n) / Number(ten(x.scale))) / 2 || 0);
    const one = ten(work);
    const wide = rescale(x, work).n;
    const times = (a: bigint, b: bigint): bigint => (a * b) / one;
    const result = name === 'e' ? exponential(wide, one) : name === 'l' ? logarithm(wide, one) : name === 'a' ? arcTangent(wide, one)
      : series(name === 's' ? wide : one, times(wide, wide), name === 's' ? 1n : 0n, one);
    return rescale({ n: result, scale: work }, this.scale);
  }
}

const plain = (value: Expression): Part => ({ value, silent: false });

/** sin and cos: terms that alternate, each the last times x² over the next two numbers. */
function series(first: bigint, square: bigint, start: bigint, one: bigint): bigint {
  let [sum, term] = [first, first];
  for (let k = start + 1n; term !== 0n; k += 2n) {
    term = -(term * square) / one / (k * (k + 1n));
    sum += term;
  }
  return sum;
}

function exponential(x: bigint, one: bigint): bigint {
  let halvings = 0;
  let small = x;
  while (small > one || small < -one) { small /= 2n; halvings++; }
  const guard = 10n ** 10n;
  const [wide, unit] = [small * guard, one * guard];
  let [sum, term] = [unit, unit];
  for (let k = 1n; term !== 0n; k++) { term = (term * wide) / unit / k; sum += term; }
  for (let i = 0; i < halvings; i++) sum = (sum * sum) / unit;
  return sum / guard;
}

function logarithm(x: bigint, one: bigint): bigint {
  if (x <= 0n) return one - ten(one.toString().length - 1) * one;
  let [value, factor] = [x, 2n];
  while (value > 2n * one || value < one / 2n) {
    value = root(value, one);
    factor *= 2n;
  }
  const ratio = ((value - one) * one) / (value + one);
  const square = (ratio * ratio) / one;
  let [sum, power] = [0n, ratio];
  for (let k = 1n; power !== 0n; k += 2n) { sum += power / k; power = (power * square) / one; }
  return sum * factor;
}

function root(x: bigint, one: bigint): bigint {
  const target = x * one;
  let guess = one;
  for (;;) {
    const next = (guess + target / guess) / 2n;
    if (next === guess || next === guess + 1n || next === guess - 1n) return next;
    guess = next;
  }
}

function arcTangent(x: bigint, one: bigint): bigint {
  let [value, factor] = [x, 1n];
  while (value > one / 5n || value < -one / 5n) {
    value = (value * one) / (one + root(one + (value * value) / one, one));
    factor *= 2n;
  }
  const square = (value * value) / one;
  let [sum, power, sign] = [0n, value, 1n];
  for (let k = 1n; power !== 0n; k += 2n) { sum += (sign * power) / k; power = (power * square) / one; sign = -sign; }
  return sum * factor;
}

/** How much of the text is whole: up to a newline outside of braces, strings and comments. 0: wait for more. */
function wholeLines(source: string): number {
  let depth = 0;
  for (const m of source.matchAll(TOKEN)) {
    const token = m[1];
    if (token === '{') depth++;
    if (token === '}') depth--;
    if (token === '\n' && depth <= 0) return m.index + 1;
    if (token === '"') return 0;
  }
  return 0;
}
