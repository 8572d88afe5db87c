/** Runs an awk program: rules over records, statements, expressions (gawk 4 in its POSIX parts, and common extensions). */
import type { Sys } from '../../../../sim/proc/program.ts';
import type { Task } from '../../coreutils/tool.ts';
import type { Expr, Func, Program, Rule, Stmt, Target } from './ast.ts';
import { callBuiltin } from './builtins.ts';
import { dynamicRegex, Fields, type Splitting } from './fields.ts';
import { numberFormat, sprintf } from './format.ts';
import { MainInput } from './main-input.ts';
import { walkOrder } from './order.ts';
import { type Records, type Separator, separatorOf, Streams, Trouble } from './streams.ts';
import { type AwkArray, Cell, compare, Input, isTrue, numberText, toNumber, toText, UNSET, type Value } from './values.ts';

/** How a statement ended, when not by coming to its end. */
type Leave = null | 'break' | 'continue' | 'next' | 'nextfile' | 'exit' | 'return';

type Frame = ReadonlyMap<string, Cell>;

/** gawk's limit on nested calls is memory; the model's is this. */
const DEPTH_MAX = 1_000;

export class Awk {
  readonly globals = new Map<string, Cell>();
  readonly streams: Streams;
  readonly fields: Fields;
  readonly input: MainInput;
  private readonly active = new Set<number>();
  private frames: Frame[] = [];
  private returned: Value = UNSET;
  exitStatus: number | null = null;
  /** The state of rand(). */
  random = { seed: 0, before: 0, state: 0 };
  private separator: { rs: string; made: Separator } = { rs: '\n', made: separatorOf('\n') };
  private splitting: { key: string; made: Splitting } | null = null;
  private special: 'FS' | 'FPAT' | 'FIELDWIDTHS' = 'FS';

  constructor(private readonly program: Program, readonly task: Task, args: readonly string[]) {
    this.streams = new Streams(task);
    this.fields = new Fields(() => this.howToSplit(), () => this.textOf('OFS'), (value) => this.text(value));
    const defaults: Readonly<Record<string, Value>> = {
      FS: ' ', OFS: ' ', RS: '\n', ORS: '\n', SUBSEP: '\x1c', CONVFMT: '%.6g', OFMT: '%.6g', NR: 0, FNR: 0, NF: 0, FILENAME: '', RSTART: 0, RLENGTH: -1,
      IGNORECASE: 0, RT: '', ERRNO: '', FPAT: '[^[:space:]]+', FIELDWIDTHS: '',
    };
    for (const [name, value] of Object.entries(defaults)) this.cell(name).value = value;
    const environ = this.cell('ENVIRON').asArray();
    for (const [name, value] of Object.entries(task.start.env)) environ.set(name, new Input(value));
    const argv = this.cell('ARGV').asArray();
    argv.set('0', task.start.argv[0] ?? 'awk');
    args.forEach((arg, i) => argv.set(String(i + 1), new Input(arg)));
    this.cell('ARGC').value = args.length + 1;
    this.cell('PROCINFO').asArray();
    this.input = new MainInput(this);
  }

  // ---- names

  cell(name: string): Cell {
    const local = this.frames.at(-1)?.get(name);
    if (local) return local;
    let cell = this.globals.get(name);
    if (!cell) this.globals.set(name, cell = new Cell());
    return cell;
  }

  /** A variable's value; NF is asked of the fields. */
  get(name: string): Value {
    if (name === 'NF') return this.fields.count;
    return this.cell(name).value;
  }

  set(name: string, value: Value): void {
    if (name === 'NF') {
      this.fields.count = Math.trunc(toNumber(value));
      return;
    }
    if (name === 'FS' || name === 'FPAT' || name === 'FIELDWIDTHS') this.special = name;
    this.cell(name).value = value;
  }

  textOf(name: string): string { return this.text(this.cell(name).value); }
  text(value: Value): string { return typeof value === 'string' ? value : toText(value, numberFormat(this.convfmt)); }
  private get convfmt(): string {
    const value = this.globals.get('CONVFMT')!.value;
    return typeof value === 'string' ? value : '%.6g';
  }
  get ignoreCase(): boolean { return isTrue(this.globals.get('IGNORECASE')!.value); }

  array(name: string): AwkArray {
    const cell = this.cell(name);
    if (cell.array === null && cell.value !== UNSET) throw new Trouble(`fatal: attempt to use scalar \`${name}' as an array`);
    return cell.asArray();
  }

  recordSeparator(): Separator {
    const rs = this.textOf('RS');
    if (rs !== this.separator.rs) this.separator = { rs, made: separatorOf(rs) };
    return this.separator.made;
  }

  private howToSplit(): Splitting & { paragraph?: boolean } {
    const source = this.textOf(this.special);
    const paragraph = this.textOf('RS') === '';
    const key = `${this.special}:${paragraph}:${source}`;
    if (this.splitting?.key === key) return this.splitting.made;
    let made: Splitting & { paragraph?: boolean } = { by: 'FS', fs: source, paragraph: paragraph && source !== ' ' };
    const regex = this.special === 'FPAT' ? dynamicRegex(source, false) : null;
    if (regex) made = { by: 'FPAT', regex };
    if (this.special === 'FIELDWIDTHS') made = { by: 'FIELDWIDTHS', widths: source.split(/\s+/).filter(Boolean).map(Number) };
    this.splitting = { key, made };
    return made;
  }

  // ---- the whole

  *run(): Sys<number> {
    for (const body of this.program.begin) {
      if ((yield* this.execute(body)) === 'exit') return yield* this.finish();
    }
    if (this.program.rules.length || this.program.end.length) {
      while (yield* this.input.nextRecord()) {
        const left = yield* this.oneRecord();
        if (left === 'exit') return yield* this.finish();
        if (left === 'nextfile') this.input.skipFile();
      }
    }
    return yield* this.finish();
  }

  private *finish(): Sys<number> {
    for (const body of this.program.end) if ((yield* this.execute(body)) === 'exit') break;
    yield* this.streams.closeAll();
    return this.exitStatus ?? this.task.status;
  }

  private *oneRecord(): Sys<Leave> {
    for (const rule of this.program.rules) {
      if (!(yield* this.chosen(rule))) continue;
      if (rule.body === null) {
        yield* this.streams.write(this.fields.record + this.textOf('ORS'), null, '');
        continue;
      }
      const left = yield* this.execute(rule.body);
      if (left) return left;
    }
    return null;
  }

  private *chosen(rule: Rule): Sys<boolean> {
    if (!rule.from) return true;
    if (!rule.to) return isTrue(yield* this.evaluate(rule.from));
    if (!this.active.has(rule.range)) {
      if (!isTrue(yield* this.evaluate(rule.from))) return false;
      this.active.add(rule.range);
    }
    if (isTrue(yield* this.evaluate(rule.to))) this.active.delete(rule.range);
    return true;
  }

  // ---- statements

  private *execute(stmt: Stmt): Sys<Leave> {
    switch (stmt.t) {
      case 'block': return yield* this.all(stmt.body);
      case 'expr': yield* this.evaluate(stmt.value); return null;
      case 'print': case 'printf': yield* this.print(stmt); return null;
      case 'if': return isTrue(yield* this.evaluate(stmt.test)) ? yield* this.execute(stmt.yes) : stmt.no ? yield* this.execute(stmt.no) : null;
      case 'while': return yield* this.loop(stmt.test, null, stmt.body, false);
      case 'do': return yield* this.loop(stmt.test, null, stmt.body, true);
      case 'for':
        if (stmt.start) yield* this.execute(stmt.start);
        return yield* this.loop(stmt.test, stmt.step, stmt.body, false);
      case 'forin': return yield* this.forIn(stmt);
      case 'switch': return yield* this.choose(stmt);
      case 'delete': {
        const array = this.array(stmt.name);
        if (stmt.keys) array.delete(yield* this.key(stmt.keys));
        else array.clear();
        return null;
      }
      case 'exit':
        if (stmt.value) this.exitStatus = Math.trunc(toNumber(yield* this.evaluate(stmt.value))) & 255;
        return 'exit';
      case 'return':
        this.returned = stmt.value ? yield* this.evaluate(stmt.value) : UNSET;
        return 'return';
      default: return stmt.t;
    }
  }

  private *all(body: readonly Stmt[]): Sys<Leave> {
    for (const stmt of body) {
      const left = yield* this.execute(stmt);
      if (left) return left;
    }
    return null;
  }

  private *loop(test: Expr | null, step: Stmt | null, body: Stmt, bodyFirst: boolean): Sys<Leave> {
    for (let first = bodyFirst; first || !test || isTrue(yield* this.evaluate(test)); first = false) {
      const left = yield* this.execute(body);
      if (left === 'break') return null;
      if (left && left !== 'continue') return left;
      if (step) yield* this.execute(step);
    }
    return null;
  }

  private *forIn(stmt: Stmt & { t: 'forin' }): Sys<Leave> {
    const array = this.array(stmt.array);
    for (const key of this.sortedKeys(array)) {
      this.cell(stmt.name).value = new Input(key);
      const left = yield* this.execute(stmt.body);
      if (left === 'break') return null;
      if (left && left !== 'continue') return left;
    }
    return null;
  }

  /** The order of a walk: gawk's own, or what PROCINFO["sorted_in"] asks for. */
  private sortedKeys(array: AwkArray): string[] {
    const keys = walkOrder(array.keys());
    const how = this.globals.get('PROCINFO')?.array?.get('sorted_in');
    const m = /^@(ind|val)_(str|num|type)_(asc|desc)$/.exec(how === undefined ? '' : this.text(how));
    if (!m) return keys;
    const value = (key: string): Value => (m[1] === 'ind' ? (m[2] === 'num' ? toNumber(key) : key) : m[2] === 'str' ? this.text(array.get(key)!) : array.get(key)!);
    const sign = m[3] === 'asc' ? 1 : -1;
    return keys.sort((a, b) => sign * compare(value(a), value(b), numberFormat(this.convfmt)) || (a < b ? -1 : 1));
  }

  private *choose(stmt: Stmt & { t: 'switch' }): Sys<Leave> {
    const value = yield* this.evaluate(stmt.value);
    let at = -1;
    for (const [i, one] of stmt.cases.entries()) {
      if (one.test === null) continue;
      const hit = one.test.t === 'regex' ? this.matches(this.text(value), one.test.source)
        : compare(value, yield* this.evaluate(one.test), numberFormat(this.convfmt)) === 0;
      if (hit) { at = i; break; }
    }
    if (at < 0) at = stmt.cases.findIndex((one) => one.test === null);
    for (const one of at < 0 ? [] : stmt.cases.slice(at)) {
      const left = yield* this.all(one.body);
      if (left === 'break') return null;
      if (left) return left;
    }
    return null;
  }

  private *print(stmt: Stmt & { t: 'print' | 'printf' }): Sys<void> {
    const args: Value[] = [];
    for (const arg of stmt.args) args.push(yield* this.evaluate(arg));
    const target = stmt.target ? this.text(yield* this.evaluate(stmt.target)) : '';
    let text: string;
    if (stmt.t === 'print') {
      const ofmt = this.textOf('OFMT');
      const shown = (value: Value): string => (typeof value === 'number' ? numberText(value, numberFormat(ofmt)) : this.text(value));
      text = (args.length ? args.map(shown).join(this.textOf('OFS')) : this.fields.record) + this.textOf('ORS');
    } else {
      const made = sprintf(this.text(args[0] ?? ''), args.slice(1), numberFormat(this.convfmt));
      if (!made.ok) throw new Trouble(`cmd. line:${stmt.line}: fatal: ${made.message}`);
      ({ text } = made);
    }
    yield* this.streams.write(text, stmt.to, target);
  }

  // ---- expressions

  *evaluate(expr: Expr): Sys<Value> {
    switch (expr.t) {
      case 'number': case 'string': return expr.value;
      case 'regex': return this.matches(this.fields.record, expr.source) ? 1 : 0;
      case 'var': {
        const cell = this.cell(expr.name);
        if (cell.array) throw new Trouble(`cmd. line:${expr.line}: ${this.where}fatal: attempt to use array \`${expr.name}' in a scalar context`);
        return this.get(expr.name);
      }
      case 'field': return this.fields.get(yield* this.fieldIndex(expr.index));
      case 'index': {
        const array = this.array(expr.name);
        const key = yield* this.key(expr.keys);
        if (!array.has(key)) array.set(key, UNSET);
        return array.get(key)!;
      }
      case 'in': return this.array(expr.name).has(yield* this.key(expr.keys)) ? 1 : 0;
      case 'unary': {
        const value = yield* this.evaluate(expr.value);
        return expr.op === '!' ? (isTrue(value) ? 0 : 1) : expr.op === '-' ? -toNumber(value) : toNumber(value);
      }
      case 'binary': return this.operate(expr.op, yield* this.evaluate(expr.left), yield* this.evaluate(expr.right), expr.line);
      case 'match': {
        const text = this.text(yield* this.evaluate(expr.text));
        return this.matches(text, yield* this.regexSource(expr.regex)) === expr.negated ? 0 : 1;
      }
      case 'logical': {
        const left = isTrue(yield* this.evaluate(expr.left));
        if (left === (expr.op === '||')) return left ? 1 : 0;
        return isTrue(yield* this.evaluate(expr.right)) ? 1 : 0;
      }
      case 'choose': return yield* this.evaluate(isTrue(yield* this.evaluate(expr.test)) ? expr.yes : expr.no);
      case 'group': return expr.items.length === 1 ? yield* this.evaluate(expr.items[0]!) : yield* this.key(expr.items);
      case 'assign': return yield* this.assignment(expr);
      case 'step': {
        const before = toNumber(yield* this.evaluate(expr.target));
        yield* this.store(expr.target, before + expr.by);
        return expr.before ? before + expr.by : before;
      }
      case 'call': return yield* this.callFunction(expr.name, expr.args, expr.line);
      case 'builtin': return yield* callBuiltin(this, expr.name, expr.args, expr.line);
      case 'getline': return yield* this.getline(expr);
    }
  }

  private *assignment(expr: Expr & { t: 'assign' }): Sys<Value> {
    const value = yield* this.evaluate(expr.value);
    const next = expr.op === '' ? value : this.operate(expr.op, yield* this.evaluate(expr.target), value, expr.line);
    yield* this.store(expr.target, next);
    return next;
  }

  private *fieldIndex(expr: Expr): Sys<number> {
    const index = Math.trunc(toNumber(yield* this.evaluate(expr)));
    if (index < 0) throw new Trouble(`cmd. line:1: ${this.where}fatal: attempt to access field ${index}`);
    return index;
  }

  *key(keys: readonly Expr[]): Sys<string> {
    if (keys.length === 1) return this.text(yield* this.evaluate(keys[0]!));
    const parts: string[] = [];
    for (const key of keys) parts.push(this.text(yield* this.evaluate(key)));
    return parts.join(this.textOf('SUBSEP'));
  }

  *store(target: Target, value: Value): Sys<void> {
    if (target.t === 'var') {
      if (this.cell(target.name).array) throw new Trouble(`cmd. line:${target.line}: fatal: attempt to use array \`${target.name}' in a scalar context`);
      this.set(target.name, value);
    } else if (target.t === 'field') this.fields.set(yield* this.fieldIndex(target.index), value);
    else this.array(target.name).set(yield* this.key(target.keys), value);
  }

  /** Where in the input a fatal error came. */
  private get where(): string {
    const fnr = toNumber(this.globals.get('FNR')!.value);
    return fnr ? `(FILENAME=${this.textOf('FILENAME') || '-'} FNR=${fnr}) ` : '';
  }

  private operate(op: string, left: Value, right: Value, line: number): Value {
    if (op === ' ') return this.text(left) + this.text(right);
    const [a, b] = '+-*/%^'.includes(op) ? [toNumber(left), toNumber(right)] : [0, 0];
    switch (op) {
      case '+': return a + b;
      case '-': return a - b;
      case '*': return a * b;
      case '^': return a ** b;
      case '/': case '%':
        if (b === 0) throw new Trouble(`cmd. line:${line}: ${this.where}fatal: division by zero attempted${op === '%' ? ' in `%\'' : ''}`);
        return op === '/' ? a / b : a % b;
      default: break;
    }
    const order = compare(left, right, numberFormat(this.convfmt));
    const holds = op === '<' ? order < 0 : op === '<=' ? order <= 0 : op === '==' ? order === 0 : op === '!=' ? order !== 0 : op === '>' ? order > 0 : order >= 0;
    return holds ? 1 : 0;
  }

  /** The source of a regular expression: written between slashes, or any text. */
  *regexSource(expr: Expr): Sys<string> {
    return expr.t === 'regex' ? expr.source : this.text(yield* this.evaluate(expr));
  }

  matches(text: string, source: string): boolean { return this.regex(source).test(text); }

  regex(source: string): NonNullable<ReturnType<typeof dynamicRegex>> {
    const regex = dynamicRegex(source, this.ignoreCase);
    if (!regex) throw new Trouble(`cmd. line:1: fatal: invalid regexp: /${source}/`);
    return regex;
  }

  private *callFunction(name: string, args: readonly Expr[], line: number): Sys<Value> {
    const func: Func | undefined = this.program.functions.get(name);
    if (!func) throw new Trouble(`cmd. line:${line}: fatal: function \`${name}' not defined`);
    if (args.length > func.params.length) throw new Trouble(`cmd. line:${line}: fatal: function \`${name}' called with more arguments than declared`);
    if (this.frames.length >= DEPTH_MAX) throw new Trouble(`fatal: function \`${name}': too many nested calls`);
    const frame = new Map<string, Cell>();
    for (const [i, param] of func.params.entries()) frame.set(param, yield* this.argument(args[i]));
    this.frames.push(frame);
    this.returned = UNSET;
    const left: Leave = yield* this.execute(func.body);
    this.frames.pop();
    if (left === 'exit' || left === 'next') throw new Unwound(left);
    return this.returned;
  }

  /** Arrays are handed on by reference, also those that are none yet. */
  private *argument(arg: Expr | undefined): Sys<Cell> {
    if (arg?.t === 'var' && arg.name !== 'NF') {
      const cell = this.cell(arg.name);
      if (cell.array || cell.value === UNSET) {
        const made = new Cell(cell);
        made.array = cell.array;
        return made;
      }
    }
    const made = new Cell();
    if (arg) made.value = yield* this.evaluate(arg);
    return made;
  }

  private *getline(expr: Expr & { t: 'getline' }): Sys<Value> {
    let text: string;
    if (expr.from === 'main') {
      const record = yield* this.input.read();
      if (record === null) return 0;
      text = record.text;
      this.count();
    } else {
      const name = this.text(yield* this.evaluate(expr.source!));
      const reader: Records | null = yield* this.streams.reader(expr.from, name);
      if (!reader) return -1;
      const record = yield* reader.next(this.recordSeparator());
      if (!record) return 0;
      text = record.text;
      if (expr.from === 'command') this.cell('NR').value = toNumber(this.get('NR')) + 1;
    }
    if (expr.target) yield* this.store(expr.target, new Input(text));
    else this.fields.setRecord(text);
    return 1;
  }

  count(): void {
    for (const name of ['NR', 'FNR']) this.globals.get(name)!.value = toNumber(this.globals.get(name)!.value) + 1;
  }
}

/** exit or next inside a function: the frames above are left too. */
export class Unwound extends Error { constructor(readonly how: 'exit' | 'next') { super(how); } }
