/**
 * Text → commands: lifts here-documents, runs the grammar and says in bash's words what is wrong. Tells an
 * unfinished text (the prompt asks for more) from a wrong one. Results are cached by text: the grammar is
 * pure. Imitates the messages of bash 5.2's parse.y, whose line numbers the recordings hold.
 */
import type { Node, Script, Word } from './ast.ts';
import { parse as run } from './bash.peggy';
import { lift, TooDeep, Unterminated, type Body } from './scan.ts';

/** What is wrong with a text. `text`: without the shell's name. */
export interface SyntaxProblem {
  kind: 'unfinished' | 'wrong';
  /** After `bash: -c: line N: `; more than one line for some. */
  messages: readonly string[];
  line: number;
  /** The offending line is repeated in a second message. */
  echo: string | null;
  /** Exit status with -c; 0: as it was. */
  status: number;
}

export interface Complete { node: Node; line: number; /** Where it ends in the source. */ end: number }

export interface Parsed {
  commands: readonly Complete[];
  /** First words of simple commands, by position in `text`: where aliases are looked for. */
  heads: ReadonlyMap<number, string>;
  problem: SyntaxProblem | null;
  /** The text itself, when aliases were replaced in it. */
  text?: string;
  /** A here-document that the end of the text closed: [delimiter, its line, last line]. */
  openDocument: { delimiter: string; line: number; last: number } | null;
}

class SubProblem { constructor(readonly problem: SyntaxProblem) {} }

/** What the grammar's actions may ask. */
class Reading {
  readonly heads = new Map<number, string>();
  readonly ends: number[] = [];
  readonly peg$library = true;
  end = 0;
  from = 0;
  private readonly starts: number[] = [];
  constructor(
    readonly extglob: boolean, private readonly text: string, private readonly bodies: Map<number, Body>,
    private readonly removed: readonly { at: number; lines: number; chars: number }[],
    private readonly firstLine: number,
    readonly startRule = 'Script',
  ) {}

  line(offset: number): number {
    if (!this.starts.length) {
      this.starts.push(0);
      for (let i = this.text.indexOf('\n'); i >= 0; i = this.text.indexOf('\n', i + 1))
        this.starts.push(i + 1);
    }
    let low = 0, high = this.starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.starts[middle]! <= offset) low = middle; else high = middle - 1;
    }
    let line = this.firstLine + low;
    for (const gap of this.removed) if (gap.at <= offset) line += gap.lines;
    return line;
  }

  /** A position in the source. */
  source(offset: number): number {
    let taken = 0;
    for (const gap of this.removed) if (gap.at <= offset) taken += gap.chars;
    return offset + taken;
  }

  body(offset: number): Word {
    const body = this.bodies.get(offset) ?? { text: '', quoted: true };
    if (body.quoted) return { src: body.text, parts: [{ k: 'quoted', text: body.text }], lit: body.text,
      pure: true };
    return parseDocument(body.text);
  }

  sub(text: string, offset: number): Script {
    const parsed = parse(text, { extglob: this.extglob, firstLine: this.line(offset) });
    if (parsed.problem) throw new SubProblem(parsed.problem);
    return parsed.commands.map((c) => c.node);
  }
}

interface Outcome { peg$result: unknown; peg$currPos: number; peg$FAILED: unknown; peg$maxFailPos: number }

/** A here-document's body, or any text that is expanded as between double quotes (prompts). */
export function parseDocument(text: string): Word {
  let word = documents.get(text);
  if (!word) {
    if (documents.size >= CACHE_MAX) documents.clear();
    documents.set(text, word = freshDocument(text));
  }
  return word;
}
const documents = new Map<string, Word>();

function freshDocument(text: string): Word {
  const reading = new Reading(false, text, new Map(), [], 1, 'HereBody');
  try {
    const out = run(text, reading as unknown as Record<string, unknown>) as Outcome;
    if (out.peg$currPos === text.length) return out.peg$result as Word;
  } catch (error) {
    if (!(error instanceof Unterminated || error instanceof SubProblem || error instanceof TooDeep)) throw error;
  }
  return { src: text, parts: [{ k: 'bad', src: text }] };
}

const CACHE_MAX = 4000;
const caches: Record<string, Map<string, Parsed>> = {};

export function parse(source: string, { extglob = false, firstLine = 1 } = {}): Parsed {
  const key = `${extglob ? 'x' : ''}${firstLine}`;
  const cache = (caches[key] ??= new Map());
  let parsed = cache.get(source);
  if (parsed === undefined) {
    parsed = parseFresh(/(?<!\\)\n$/.test(source) ? source : `${source}\n`, extglob, firstLine);
    if (cache.size >= CACHE_MAX) cache.clear();
    cache.set(source, parsed);
  }
  return parsed;
}

function parseFresh(source: string, extglob: boolean, firstLine: number): Parsed {
  let lifted;
  try {
    lifted = lift(source);
  } catch (error) {
    if (error instanceof Unterminated) return unterminated(source, error, extglob, firstLine);
    if (error instanceof TooDeep) return tooDeep(firstLine);
    throw error;
  }
  const { text, bodies, removed, open } = lifted;
  const reading = new Reading(extglob, text, bodies, removed, firstLine);
  const openDocument =
    open && { delimiter: open.delimiter, line: reading.line(open.at),
      last: firstLine + countLines(source) - 1 };
  let out: Outcome;
  try {
    out = run(text, reading as unknown as Record<string, unknown>) as Outcome;
  } catch (error) {
    if (error instanceof SubProblem)
      return { ...earlier(text, reading, extglob), problem: ofSub(error.problem, text, reading),
        openDocument };
    if (error instanceof Unterminated) return unterminated(source, error, extglob, firstLine);
    if (error instanceof TooDeep || error instanceof RangeError) return tooDeep(firstLine);
    throw error;
  }
  const commands = ((out.peg$result === out.peg$FAILED ? [] : out.peg$result) as Node[]).map((node, i) =>
    ({ node, line: reading.line(reading.ends[2 * i]!), end: reading.source(reading.ends[2 * i + 1]!) }));
  const problem = out.peg$currPos >= text.length ? null : locate(text, out.peg$maxFailPos, reading);
  return { commands, heads: reading.heads, problem, openDocument };
}

/** A text that no parser of finite depth takes. */
const tooDeep = (line: number): Parsed => ({
  commands: [], heads: new Map(), openDocument: null,
  problem: { kind: 'wrong', messages: ['syntax error: nested too deeply'], line, echo: null, status: 2 },
});

const countLines = (text: string): number => text.split('\n').length - 1;

/** The commands on lines before a broken one: they run before bash reads it. */
function earlier(text: string, reading: Reading, extglob: boolean): Pick<Parsed, 'commands' | 'heads'> {
  const end = reading.ends[reading.ends.length - 1];
  if (end === undefined || end === 0) return { commands: [], heads: new Map() };
  const parsed = parseFresh(text.slice(0, end), extglob, reading.line(0));
  return { commands: parsed.commands, heads: parsed.heads };
}

function unterminated(source: string, error: Unterminated, extglob: boolean, firstLine: number): Parsed {
  const lines = countLines(source.slice(0, error.at));
  const line = firstLine + (error.closer === ')' ? countLines(source) : lines);
  const start = source.lastIndexOf('\n', error.at - 1) + 1;
  let before: Pick<Parsed, 'commands' | 'heads'> = { commands: [], heads: new Map() };
  if (start > 0 && start < source.length) {
    const head = parseFresh(source.slice(0, start), extglob, firstLine);
    if (!head.problem || head.commands.length) before = head;
  }
  const problem: SyntaxProblem = {
    kind: 'unfinished', line, echo: null, status: 2,
    messages: [`unexpected EOF while looking for matching \`${error.closer[0]}'`],
  };
  return { ...before, problem, openDocument: null };
}

function ofSub(problem: SyntaxProblem, text: string, reading: Reading): SyntaxProblem {
  if (problem.kind === 'unfinished') {
    const token = "syntax error near unexpected token `)'";
    const line = problem.line - 1;
    return { kind: 'wrong', messages: [token], line, echo: text.split('\n')[line - reading.line(0)] ?? '',
      status: 127 };
  }
  return { ...problem, echo: text.split('\n')[problem.line - reading.line(0)] ?? problem.echo, status: 127 };
}

const OPERATORS = ['&>>', ';;&', '<<-', '<<<', '&&', '||', ';;', ';&', '|&', '<<', '>>', '<&', '>&', '<>',
  '>|', '&>', '&', '|', ';', '(', ')', '<', '>'];

/** The token that begins at `at`, as the error names it. */
function tokenAt(text: string, at: number): string {
  if (text[at] === '\n') return 'newline';
  const operator = OPERATORS.find((op) => text.startsWith(op, at));
  if (operator) return operator;
  return /^(?:\\[^]|'[^']*'|"(?:[^"\\]|\\[^])*"|[^ \t\n|&;()<>])+/.exec(text.slice(at))?.[0] ?? text[at]
    ?? '';
}

function locate(text: string, failed: number, reading: Reading): SyntaxProblem {
  let at = failed;
  for (;;) {
    const blank = /^(?:[ \t]|\\\n)+/.exec(text.slice(at));
    if (!blank) break;
    at += blank[0].length;
  }
  const line = reading.line(Math.min(at, text.length));
  const conditional = inConditional(text, at);
  if (conditional) return { ...conditional, line, echo: null };
  if (at >= text.length) {
    return { kind: 'unfinished', messages: ['syntax error: unexpected end of file'], line, echo: null,
      status: 2 };
  }
  const lineStart = text.lastIndexOf('\n', at - 1) + 1, lineEnd = text.indexOf('\n', at);
  const echo = text.slice(lineStart, lineEnd < 0 ? undefined : lineEnd);
  return { kind: 'wrong', messages: [`syntax error near unexpected token \`${tokenAt(text, at)}'`], line,
    echo, status: 2 };
}

/** Errors inside `[[ ]]` have words of their own (cond_error in parse.y). */
function inConditional(text: string, at: number): Pick<SyntaxProblem, 'kind' | 'messages' | 'status'> | null {
  const open = /(?:^|[\s;&|(!])\[\[[ \t\n](?:(?!\s\]\](?:\s|[;&|)]|$))[^])*$/.exec(text.slice(0, at));
  if (!open) return null;
  const before = text.slice(open.index, at).trimEnd();
  const token = at >= text.length ? null : tokenAt(text, at);
  const wrong = (message: string): Pick<SyntaxProblem, 'kind' | 'messages' | 'status'> =>
    ({ kind: 'wrong', messages: [message], status: 0 });
  if (token === null && text[at - 1] === '\n' && /(?:\[\[|&&|\|\||\(|!)\s+\S+$/.test(before))
    return { kind: 'wrong', messages: ["unexpected token `newline', conditional binary operator expected"],
      status: 2 };
  if (token === null) return { kind: 'unfinished', messages: ["unexpected EOF while looking for `]]'"],
    status: 2 };
  if (/\s(?:==|!=|=~|=|<|>|-(?:eq|ne|lt|le|gt|ge|nt|ot|ef))$/.test(before))
    return wrong(`unexpected argument \`${token}' to conditional binary operator`);
  if (/(?:\[\[|&&|\|\||\(|!)\s+-[a-zA-Z]$/.test(before))
    return wrong(`unexpected argument \`${token}' to conditional unary operator`);
  if (token === 'newline')
    return { kind: 'unfinished',
      messages: ["unexpected token `newline', conditional binary operator expected"], status: 2 };
  if (token === ']]' && /\(/.test(before) && !/(?:&&|\|\||\[\[|!)$/.test(before))
    return wrong(`unexpected token \`${token}', expected \`)'`);
  if (/(?:\[\[|&&|\|\||\(|!)$/.test(before)) return wrong('syntax error in conditional expression');
  if (/(?:\[\[|&&|\|\||\(|!)\s+\S+$/.test(before)) {
    return wrong(/^[<>&|;()]/.test(token)
      ? `unexpected token \`${token}', conditional binary operator expected`
        : 'conditional binary operator expected');
  }
  return wrong('syntax error in conditional expression');
}
