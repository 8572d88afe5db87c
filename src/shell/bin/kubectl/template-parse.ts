/**
 * The grammar of Go's text/template (Go 1.12), to a tree: actions, pipelines, variables, if, range, with, define
 * and template. It runs nothing. Numbers of a template are int, here bigint.
 */

export type Expr =
  | { is: 'value'; value: unknown } | { is: 'dot' } | { is: 'nil' } | { is: 'field'; of: Expr; names: string[] } | { is: 'var'; name: string }
  | { is: 'call'; fn: string; args: Expr[] } | { is: 'pipe'; steps: Expr[] };
export interface Pipe { set: string[]; expr: Expr; text: string }
export type Node =
  | { is: 'text'; text: string } | { is: 'print'; pipe: Pipe } | { is: 'template'; name: string; pipe: Pipe | null }
  | { is: 'if' | 'with' | 'range'; pipe: Pipe; body: Node[]; other: Node[] };

export interface Template { body: Node[]; named: Readonly<Record<string, Node[]>> }
export class TemplateError { constructor(readonly message: string) {} }

type Lexeme = { text: string; action: boolean; line: number };

function lex(source: string): Lexeme[] {
  const out: Lexeme[] = [];
  let at = 0;
  let trim = false;
  const lineOf = (index: number): number => source.slice(0, index).split('\n').length;
  for (;;) {
    const open = source.indexOf('{{', at);
    let text = open < 0 ? source.slice(at) : source.slice(at, open);
    if (trim) text = text.trimStart();
    const trimBefore = open >= 0 && /^\{\{- /.test(source.slice(open, open + 4));
    if (trimBefore) text = text.trimEnd();
    if (text) out.push({ text, action: false, line: lineOf(at) });
    if (open < 0) return out;
    let end = open + (trimBefore ? 4 : 2);
    const start = end;
    for (; ; end++) {
      const c = source[end];
      if (c === undefined || c === '\n') throw new TemplateError(`${lineOf(open)}: unclosed action`);
      if (c === '"' || c === '`' || c === "'") {
        const close = quoteEnd(source, end);
        if (close < 0) throw new TemplateError(`${lineOf(open)}: unterminated quoted string`);
        end = close;
      } else if (source.startsWith('}}', end)) break;
    }
    let inner = source.slice(start, end);
    trim = inner.endsWith(' -');
    if (trim) inner = inner.slice(0, -2);
    if (!/^\s*\/\*[\s\S]*\*\/\s*$/.test(inner)) out.push({ text: inner, action: true, line: lineOf(open) });
    at = end + 2;
  }
}

function quoteEnd(source: string, at: number): number {
  const quote = source[at]!;
  for (let i = at + 1; i < source.length; i++) {
    if (source[i] === '\\' && quote !== '`') i++;
    else if (source[i] === quote) return i;
  }
  return -1;
}

const WORD = /\s*("(?:[^"\\]|\\.)*"|`[^`]*`|'(?:[^'\\]|\\.)+'|:=|[|(),=]|\$\w*|(?:\.[A-Za-z_]\w*)+|\.|[-+]?\d[\w.]*|[A-Za-z_]\w*|\S)/y;

const FUNCTIONS = new Set(['and', 'or', 'not', 'len', 'index', 'print', 'printf', 'println', 'html', 'js', 'urlquery', 'eq', 'ne', 'lt', 'le', 'gt', 'ge', 'exists', 'base64decode', 'call']);

/** The words of one action. */
class Action {
  private readonly words: { text: string; spaced: boolean }[] = [];
  private at = 0;
  constructor(readonly text: string, readonly line: number, readonly vars: Set<string>) {
    WORD.lastIndex = 0;
    for (let m = WORD.exec(text); m; m = WORD.exec(text)) this.words.push({ text: m[1]!, spaced: m[0] !== m[1] });
  }
  fail(message: string): never { throw new TemplateError(`${this.line}: ${message}`); }
  peek(): string { return this.words[this.at]?.text ?? ''; }
  take(): string { return this.words[this.at++]?.text ?? ''; }

  /** `$x, $y := pipeline`. */
  pipe(context: string): Pipe {
    const set: string[] = [];
    const ahead = this.words.slice(this.at, this.at + 4).map((word) => word.text);
    if (ahead[0]?.startsWith('$') && (ahead[1] === ':=' || ahead[1] === '=' || (ahead[1] === ',' && ahead[3] === ':='))) {
      set.push(this.take());
      if (this.take() === ',') { set.push(this.take()); this.take(); }
      for (const name of set) this.vars.add(name);
    }
    const expr = this.pipeline(context);
    if (this.peek()) this.fail(`unexpected ${JSON.stringify(this.peek())} in ${context}`);
    return { set, expr, text: this.text.trim() };
  }

  private pipeline(context: string): Expr {
    const steps = [this.command(context)];
    while (this.peek() === '|') {
      this.take();
      steps.push(this.command(context));
    }
    return steps.length === 1 ? steps[0]! : { is: 'pipe', steps };
  }

  private command(context: string): Expr {
    const first = this.peek();
    if (first === '' || first === '|' || first === ')') this.fail(`missing value for ${context}`);
    if (!/^[A-Za-z_]/.test(first) || ['true', 'false', 'nil'].includes(first)) {
      const operand = this.operand(context);
      if (this.peek() && !['|', ')'].includes(this.peek())) this.fail(`unexpected ${JSON.stringify(this.peek())} in ${context}`);
      return operand;
    }
    this.take();
    if (!FUNCTIONS.has(first)) this.fail(`function ${JSON.stringify(first)} not defined`);
    const args: Expr[] = [];
    while (this.peek() && !['|', ')'].includes(this.peek())) args.push(this.operand(context));
    return { is: 'call', fn: first, args };
  }

  private operand(context: string): Expr {
    const word = this.take();
    let expr: Expr;
    if (word === '(') {
      expr = this.pipeline(context);
      if (this.take() !== ')') this.fail('unclosed left paren');
    } else if (word === '.') expr = { is: 'dot' };
    else if (word.startsWith('.')) expr = { is: 'field', of: { is: 'dot' }, names: word.slice(1).split('.') };
    else if (word.startsWith('$')) {
      if (word !== '$' && !this.vars.has(word)) this.fail(`undefined variable ${JSON.stringify(word)}`);
      expr = { is: 'var', name: word };
    } else if (/^["`]/.test(word)) expr = { is: 'value', value: unquote(word) };
    else if (word.startsWith("'")) expr = { is: 'value', value: BigInt(unquote(`"${word.slice(1, -1)}"`).codePointAt(0) ?? 0) };
    else if (/^[-+]?\d+$/.test(word)) expr = { is: 'value', value: BigInt(word) };
    else if (/^[-+]?\d*\.?\d+([eE][-+]?\d+)?$/.test(word)) expr = { is: 'value', value: Number(word) };
    else if (word === 'true' || word === 'false') expr = { is: 'value', value: word === 'true' };
    else if (word === 'nil') expr = { is: 'nil' };
    else if (FUNCTIONS.has(word)) expr = { is: 'call', fn: word, args: [] };
    else this.fail(/^[A-Za-z_]/.test(word) ? `function ${JSON.stringify(word)} not defined` : `unexpected ${JSON.stringify(word)} in ${context === 'command' ? 'operand' : context}`);
    const next = this.words[this.at];
    if (next && !next.spaced && /^\.\w/.test(next.text)) {
      this.at++;
      expr = { is: 'field', of: expr, names: next.text.slice(1).split('.') };
    }
    return expr;
  }
}

const ESCAPED: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', '\\': '\\', '"': '"', "'": "'", a: '\x07', b: '\b', f: '\f', v: '\v' };
const unquote = (word: string): string => (word.startsWith('`') ? word.slice(1, -1)
  : word.slice(1, -1).replace(/\\(x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|.)/gs, (_, e: string) => (e.length > 1 ? String.fromCharCode(parseInt(e.slice(1), 16)) : ESCAPED[e] ?? e)));

class Builder {
  readonly named: Record<string, Node[]> = {};
  private at = 0;
  private readonly vars = new Set<string>();
  constructor(readonly lexemes: Lexeme[]) {}

  list(inside: boolean): { nodes: Node[]; ended: 'end' | 'else' | 'eof'; rest: string; line: number } {
    const nodes: Node[] = [];
    for (; this.at < this.lexemes.length;) {
      const { text, action, line } = this.lexemes[this.at++]!;
      if (!action) { nodes.push({ is: 'text', text }); continue; }
      const [, keyword = '', rest = ''] = /^\s*([A-Za-z]*)(?![\w])([\s\S]*)$/.exec(text) ?? ['', '', text];
      if (keyword === 'end' || keyword === 'else') {
        if (!inside) throw new TemplateError(`${line}: unexpected {{${keyword}}}`);
        return { nodes, ended: keyword, rest, line };
      }
      if (keyword === 'if' || keyword === 'with' || keyword === 'range') nodes.push(this.control(keyword, rest, line));
      else if (keyword === 'define' || keyword === 'block') this.define(keyword, rest, line, nodes);
      else if (keyword === 'template') nodes.push(this.call(rest, line));
      else {
        const pipe = new Action(text, line, this.vars).pipe('command');
        nodes.push({ is: 'print', pipe });
      }
    }
    if (inside) throw new TemplateError(`${this.lexemes.at(-1)?.line ?? 1}: unexpected EOF`);
    return { nodes, ended: 'eof', rest: '', line: 0 };
  }

  private control(is: 'if' | 'with' | 'range', rest: string, line: number): Node {
    const pipe = new Action(rest, line, this.vars).pipe(is);
    const body = this.list(true);
    if (body.ended !== 'else') return { is, pipe, body: body.nodes, other: [] };
    const again = /^\s*if\b([\s\S]*)$/.exec(body.rest);
    if (again && is === 'if') return { is, pipe, body: body.nodes, other: [this.control('if', again[1]!, body.line)] };
    const other = this.list(true);
    if (other.ended !== 'end') throw new TemplateError(`${other.line}: expected end; found {{else}}`);
    return { is, pipe, body: body.nodes, other: other.nodes };
  }

  private define(keyword: string, rest: string, line: number, nodes: Node[]): void {
    const m = /^\s*("(?:[^"\\]|\\.)*"|`[^`]*`)([\s\S]*)$/.exec(rest);
    if (!m) throw new TemplateError(`${line}: missing value for ${keyword} clause`);
    const name = unquote(m[1]!);
    this.named[name] = this.list(true).nodes;
    if (keyword === 'block') nodes.push({ is: 'template', name, pipe: new Action(m[2]!, line, this.vars).pipe('block clause') });
  }

  private call(rest: string, line: number): Node {
    const m = /^\s*("(?:[^"\\]|\\.)*"|`[^`]*`)([\s\S]*)$/.exec(rest);
    if (!m) throw new TemplateError(`${line}: missing value for template clause`);
    return { is: 'template', name: unquote(m[1]!), pipe: m[2]!.trim() ? new Action(m[2]!, line, this.vars).pipe('template clause') : null };
  }
}

export function parseTemplate(source: string): { ok: true; value: Template } | { ok: false; error: string } {
  try {
    const builder = new Builder(lex(source));
    const { nodes } = builder.list(false);
    return { ok: true, value: { body: nodes, named: builder.named } };
  } catch (error) {
    if (error instanceof TemplateError) return { ok: false, error: `template: output:${error.message}` };
    throw error;
  }
}
