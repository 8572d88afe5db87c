/**
 * The lexical half of reading shell text: where a quote or a bracket ends, and here-documents, whose
 * bodies are lifted out so that the grammar never meets them. It follows bash's own reader (parse.y):
 * what is missing at the end of the text is named by the character that would close it.
 */

/** The text ends inside a quote or a bracket. */
export class Unterminated {
  constructor(readonly closer: string, readonly at: number) {}
}

/** Brackets inside brackets, beyond what anybody means. */
export class TooDeep {}

/** How deep quotes, brackets and compound commands may stand in each other. */
const NESTING_MAX = 150;
let nesting = 0;

/** Runs one level further in. */
function inner<T>(run: () => T): T {
  if (nesting >= NESTING_MAX) throw new TooDeep();
  nesting++;
  try { return run(); } finally { nesting--; }
}

export interface Body { text: string; quoted: boolean }
export interface OpenBody { delimiter: string; at: number }
export interface Lifted {
  text: string;
  /** Here-document bodies by the position of their operator in `text`. */
  bodies: Map<number, Body>;
  /** Where text was taken out: position in `text`, how many lines and characters. */
  removed: { at: number; lines: number; chars: number }[];
  /** A here-document that the end of the text cut short. */
  open: OpenBody | null;
}

const BLANK = /[ \t]/;
const META = /[ \t\n|&;()<>]/;

/** After the quote that closes a single-quoted string; `i` is after the opening one. */
function skipSingle(t: string, i: number): number {
  const end = t.indexOf("'", i);
  if (end < 0) throw new Unterminated("'", i - 1);
  return end + 1;
}

function skipAnsi(t: string, i: number): number {
  const from = i - 1;
  for (; i < t.length; i++) {
    if (t[i] === '\\') i++;
    else if (t[i] === "'") return i + 1;
  }
  throw new Unterminated("'", from);
}

function skipDouble(t: string, i: number): number {
  const from = i - 1;
  while (i < t.length) {
    const c = t[i];
    if (c === '"') return i + 1;
    if (c === '\\') i += 2;
    else if (c === '$') i = skipDollar(t, i, true);
    else if (c === '`') i = skipBackquote(t, i + 1);
    else i++;
  }
  throw new Unterminated('"', from);
}

export function skipBackquote(t: string, i: number): number {
  const from = i - 1;
  for (; i < t.length; i++) {
    if (t[i] === '\\') i++;
    else if (t[i] === '`') return i + 1;
  }
  throw new Unterminated('`', from);
}

/** After whatever begins with the dollar at `i`. */
function skipDollar(t: string, i: number, inDouble: boolean): number {
  return inner(() => afterDollar(t, i, inDouble));
}

function afterDollar(t: string, i: number, inDouble: boolean): number {
  const next = t[i + 1];
  if (next === '(') return t[i + 2] === '(' ? skipArith(t, i + 3) ?? skipDoubleParen(t, i)
    : skipParen(t, i + 2);
  if (next === '{') return skipBrace(t, i + 2, inDouble);
  if (next === "'" && !inDouble) return skipAnsi(t, i + 2);
  if (next === '"' && !inDouble) return skipDouble(t, i + 2);
  if (next === '[') return skipBracket(t, i + 2);
  return i + (next === '$' ? 2 : 1);
}

function skipBracket(t: string, i: number): number {
  const from = i - 2;
  for (let depth = 0; i < t.length;) {
    const c = t[i];
    if (c === ']' && depth-- === 0) return i + 1;
    if (c === '[') depth++;
    if (c === '\\') i += 2;
    else if (c === "'") i = skipSingle(t, i + 1);
    else if (c === '"') i = skipDouble(t, i + 1);
    else if (c === '`') i = skipBackquote(t, i + 1);
    else if (c === '$') i = skipDollar(t, i, false);
    else i++;
  }
  throw new Unterminated(']', from);
}

/** After the `}` of `${…}`. */
export function skipBrace(t: string, i: number, inDouble: boolean): number {
  const from = i - 2;
  while (i < t.length) {
    const c = t[i];
    if (c === '}') return i + 1;
    if (c === '\\') i += 2;
    else if (c === "'" && !inDouble) i = skipSingle(t, i + 1);
    else if (c === '"') i = skipDouble(t, i + 1);
    else if (c === '`') i = skipBackquote(t, i + 1);
    else if (c === '$') i = skipDollar(t, i, inDouble);
    else i++;
  }
  throw new Unterminated('}', from);
}

/** After the `))` that ends arithmetic, or null when the text is no arithmetic. `i` is after `((`. */
function skipArith(t: string, i: number): number | null {
  let depth = 0;
  while (i < t.length) {
    const c = t[i];
    if (c === '(') {
      if (++depth > NESTING_MAX) throw new TooDeep();
      i++;
    } else if (c === ')') {
      if (depth === 0) return t[i + 1] === ')' ? i + 2 : null;
      depth--; i++;
    } else if (c === '\\') i += 2;
    else if (c === "'") i = skipSingle(t, i + 1);
    else if (c === '"') i = skipDouble(t, i + 1);
    else if (c === '`') i = skipBackquote(t, i + 1);
    else if (c === '$') i = skipDollar(t, i, false);
    else i++;
  }
  return null;
}

/** Whether arithmetic that begins here could still end: nothing but the end of the text is in its way. */
const mayBeArith = (t: string, i: number): boolean => {
  let depth = 2;
  for (; i < t.length; i++) {
    if (t[i] === '(') depth++;
    else if (t[i] === ')' && --depth === 0) return false;
  }
  return depth > 1;
};

/** `$((` that is no arithmetic: a subshell in a substitution, or unfinished. */
function skipDoubleParen(t: string, i: number): number {
  try { return skipParen(t, i + 2); } catch (error) {
    throw error instanceof Unterminated && error.closer === ')' ? new Unterminated('))', i) : error;
  }
}

/** After the `)` of a command substitution; `i` is after its `(`. */
export const skipParen = (t: string, i: number): number => {
  const reader = new Reader(t, i);
  const end = reader.run(true);
  if (end < 0) throw new Unterminated(')', i - 1);
  return end;
};

/** Takes the here-documents out of a text. Throws Unterminated. */
export function lift(source: string): Lifted {
  const reader = new Reader(source, 0);
  reader.run(false);
  return reader.lifted();
}

type CaseState = 'head' | 'pattern' | 'body';
interface Pending { at: number; delimiter: string; quoted: boolean; tabs: boolean }

const COMPOUND = new Set(['if', 'while', 'until', 'for', 'case', 'select', '{', 'function']);
const ENDS = new Set(['fi', 'done', 'esac', '}']);

const ASSIGNMENT = /^[A-Za-z_]\w*(?:\[[^]*\])?\+?=$/;

/** Words after which a command begins. */
const OPENERS = new Set(['if', 'then', 'elif', 'else', 'while', 'until', 'do', '{', '!', 'time']);

/** Walks commands: enough of the language to know comments, `case` and here-documents. */
class Reader {
  private out = '';
  private kept = 0;
  private readonly bodies = new Map<number, Body>();
  private readonly removed: Lifted['removed'] = [];
  private pending: Pending[] = [];
  private readonly cases: CaseState[] = [];
  private open: OpenBody | null = null;
  private atCommand = true;
  private conditional = false;
  constructor(private readonly t: string, private i: number) { this.kept = i; }

  lifted(): Lifted {
    return { text: this.out + this.t.slice(this.kept), bodies: this.bodies, removed: this.removed,
      open: this.open };
  }

  /** With `inParen`, ends after the closing parenthesis; -1 when there is none. */
  run(inParen: boolean): number {
    const t = this.t;
    const depths: CaseState[][] = [];
    while (this.i < t.length) {
      const c = t[this.i]!;
      switch (c) {
        case '\n': this.newline(); break;
        case ' ': case '\t': this.i++; break;
        case '#': this.i = endOfLine(t, this.i); break;
        case '(': this.parenthesis(depths); break;
        case ')': {
          const top = this.cases.length - 1;
          if (top >= 0 && this.cases[top] === 'pattern') {
            this.cases[top] = 'body';
            this.i++;
          } else if (depths.length) {
            this.cases.splice(0, this.cases.length, ...depths.pop()!);
            this.i++;
          } else if (inParen) return this.i + 1;
          else this.i++;
          this.atCommand = true;
          break;
        }
        case ';': case '&': case '|': this.operator(); break;
        case '<': case '>': this.redirection(); break;
        default: this.word();
      }
    }
    if (this.pending.length) this.newline();
    return -1;
  }

  private compounds = 0;
  private deeper(depth: number): void {
    if (nesting + depth > NESTING_MAX) throw new TooDeep();
  }

  private parenthesis(depths: CaseState[][]): void {
    if (this.cases[this.cases.length - 1] === 'pattern') { this.i++; return; }
    if (this.t[this.i + 1] === '(') {
      const end = skipArith(this.t, this.i + 2);
      if (end !== null) { this.i = end; this.atCommand = false; return; }
      if (this.atCommand && mayBeArith(this.t, this.i + 2)) throw new Unterminated('))', this.i);
    }
    depths.push([...this.cases]);
    this.deeper(depths.length);
    this.cases.length = 0;
    this.i++;
    this.atCommand = true;
  }

  private operator(): void {
    const rest = this.t.slice(this.i, this.i + 3);
    const top = this.cases.length - 1;
    if (rest === ';;&') this.i += 3;
    else if (rest.startsWith(';;') || rest.startsWith(';&')) this.i += 2;
    else { this.i++; this.atCommand = !this.conditional; return; }
    if (top >= 0) this.cases[top] = 'pattern';
    this.atCommand = true;
  }

  private redirection(): void {
    const t = this.t;
    if (t[this.i + 1] === '(') { // a word begins with it, or goes on
      this.i = skipParen(t, this.i + 2);
      this.skipWord();
      this.atCommand = false;
      return;
    }
    if (!t.startsWith('<<', this.i) || t.startsWith('<<<', this.i) || this.conditional) {
      while (/[<>&|]/.test(t[this.i] ?? '')) this.i++;
      while (BLANK.test(t[this.i] ?? '')) this.i++;
      if (!this.conditional) this.skipWord(); // a target is no command
      return;
    }
    const at = this.out.length + this.i - this.kept;
    this.i += 2;
    const tabs = t[this.i] === '-';
    if (tabs) this.i++;
    while (BLANK.test(t[this.i] ?? '') || t.startsWith('\\\n', this.i)) this.i += t[this.i] === '\\' ? 2 : 1;
    const from = this.i;
    this.skipWord();
    const raw = t.slice(from, this.i);
    if (raw) this.pending.push({ at, delimiter: unquote(raw), quoted: /['"\\]/.test(raw), tabs });
  }

  private word(): void {
    const from = this.i;
    this.skipWord();
    const text = this.t.slice(from, this.i);
    if (/^\d+$/.test(text) && /[<>]/.test(this.t[this.i] ?? '')) return;
    if (this.t[this.i] === '(' && text.endsWith('=') && ASSIGNMENT.test(text)) {
      this.i = skipParen(this.t, this.i + 1);
      return;
    }
    const top = this.cases.length - 1;
    if (this.conditional) { if (text === ']]') this.conditional = false; return; }
    if (top >= 0 && this.cases[top] === 'head') {
      if (text === 'in') { this.cases[top] = 'pattern'; this.atCommand = true; }
      return;
    }
    if (top >= 0 && text === 'esac' && (this.cases[top] === 'pattern' || this.atCommand)) {
      this.cases.pop();
      this.atCommand = false;
      return;
    }
    if (!this.atCommand) return;
    if (COMPOUND.has(text)) this.deeper(++this.compounds);
    else if (ENDS.has(text)) this.compounds--;
    if (text === 'case') this.cases.push('head');
    if (text === '[[') this.conditional = true;
    this.atCommand = OPENERS.has(text);
  }

  /** To the end of a word. */
  private skipWord(): void {
    const t = this.t;
    while (this.i < t.length) {
      const c = t[this.i]!;
      if (c === '\\') this.i += 2;
      else if (c === "'") this.i = skipSingle(t, this.i + 1);
      else if (c === '"') this.i = skipDouble(t, this.i + 1);
      else if (c === '`') this.i = skipBackquote(t, this.i + 1);
      else if (c === '$') this.i = skipDollar(t, this.i, false);
      else if (META.test(c)) return;
      else this.i++;
    }
    if (this.i > t.length) this.i = t.length;
  }

  /** Takes the bodies that begin after this newline. */
  private newline(): void {
    this.i++;
    this.atCommand = true;
    if (!this.pending.length) return;
    this.out += this.t.slice(this.kept, this.i);
    if (this.i > this.t.length) this.out += '\n';
    let lines = 0;
    const start = this.i;
    for (const doc of this.pending) {
      const { text, end, closed, count } = readBody(this.t, this.i, doc);
      this.bodies.set(doc.at, { text, quoted: doc.quoted });
      if (!closed) this.open ??= { delimiter: doc.delimiter, at: doc.at };
      this.i = end;
      lines += count;
    }
    this.removed.push({ at: this.out.length, lines, chars: this.i - start });
    this.kept = this.i;
    this.pending = [];
  }
}

function readBody(t: string, i: number,
  doc: Pending): { text: string; end: number; closed: boolean; count: number } {
  let text = '';
  for (let count = 1; i < t.length; count++) {
    const stop = endOfLine(t, i);
    let line = t.slice(i, stop);
    if (doc.tabs) line = line.replace(/^\t+/, '');
    i = Math.min(stop + 1, t.length);
    if (line === doc.delimiter) return { text, end: i, closed: true, count };
    // A backslash-newline joins lines, so what follows it can be no delimiter.
    text += stop < t.length || line ? `${line}\n` : '';
  }
  return { text, end: t.length, closed: false, count: 0 };
}

const endOfLine = (t: string, i: number): number => {
  const end = t.indexOf('\n', i);
  return end < 0 ? t.length : end;
};

/** Quote removal, for a here-document's delimiter. */
export function unquote(raw: string): string {
  return raw.replace(/\\([^])|'([^']*)'|"((?:[^"\\]|\\[^])*)"/g,
    (_, escaped: string | undefined, single: string | undefined, double: string | undefined) =>
      escaped ?? single ?? double!.replace(/\\([$`"\\])/g, '$1'));
}
