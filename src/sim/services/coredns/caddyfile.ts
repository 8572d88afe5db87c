/**
 * The grammar of a Corefile: words with their lines, server blocks, directives with their words, and the
 * dispenser through which each plugin reads its own. Its quirks are Caddy's (v0.11): what it accepts by
 * accident is accepted here. It knows no plugin but their names.
 */
export interface Token { readonly file: string; readonly line: number; readonly text: string }
export interface ServerBlock { readonly keys: readonly string[]; readonly tokens: Readonly<Record<string, readonly Token[]>> }

export class CorefileError extends Error {}

/** Words, `#` comments, "quoted \" words". */
export function lex(file: string, text: string): Token[] {
  const tokens: Token[] = [];
  let line = 1, word = '', begun = false, quoted = false, comment = false, escaped = false, at = 1;
  const flush = (): void => {
    if (begun) tokens.push({ file, line: at, text: word });
    word = '';
    begun = false;
  };
  for (const c of text) {
    if (quoted) {
      if (!escaped && c === '\\') { escaped = true; continue; }
      if (!escaped && c === '"') { quoted = false; flush(); continue; }
      if (c === '\n') line++;
      word += escaped && c !== '"' ? `\\${c}` : c;
      escaped = false;
      continue;
    }
    if (/\s/.test(c)) {
      if (c === '\r') continue;
      flush();
      if (c === '\n') { line++; comment = false; }
      continue;
    }
    if (c === '#' && !begun) comment = true;
    if (comment) continue;
    if (!begun) {
      begun = true;
      at = line;
      if (c === '"') { quoted = true; continue; }
    }
    word += c;
  }
  flush();
  return tokens;
}

const breaks = (token: Token): number => token.text.split('\n').length - 1;

/** A place among tokens, with Caddy's moves. */
export class Dispenser {
  cursor = -1;
  private nesting = 0;
  constructor(readonly tokens: readonly Token[], readonly file: string) {}

  get val(): string { return this.tokens[this.cursor]?.text ?? ''; }
  get line(): number { return this.tokens[this.cursor]?.line ?? 0; }

  next(): boolean {
    if (this.cursor >= this.tokens.length - 1) return false;
    this.cursor++;
    return true;
  }

  nextArg(): boolean {
    if (this.cursor < 0) { this.cursor++; return true; }
    const here = this.tokens[this.cursor];
    const next = this.tokens[this.cursor + 1];
    if (!here || !next || here.line + breaks(here) !== next.line) return false;
    this.cursor++;
    return true;
  }

  /** Whether there is one more line in this directive's block. */
  nextBlock(): boolean {
    if (this.nesting > 0) {
      this.next();
      if (this.val !== '}') return true;
      this.nesting--;
      return false;
    }
    if (!this.nextArg()) return false;
    if (this.val !== '{') { this.cursor--; return false; }
    this.next();
    if (this.tokens[this.cursor]!.text === '}') return false;
    this.nesting++;
    return true;
  }

  remainingArgs(): string[] {
    const args: string[] = [];
    while (this.nextArg()) {
      if (this.val === '{') { this.cursor--; break; }
      args.push(this.val);
    }
    return args;
  }

  newLine(): boolean {
    if (this.cursor < 1) return true;
    const before = this.tokens[this.cursor - 1]!;
    return before.line + breaks(before) < (this.tokens[this.cursor]?.line ?? 0);
  }

  error(text: string): CorefileError { return new CorefileError(`${this.file}:${this.line} - Error during parsing: ${text}`); }
  syntaxError(expected: string): CorefileError { return new CorefileError(`${this.file}:${this.line} - Syntax error: Unexpected token '${this.val}', expecting '${expected}'`); }
  argError(): CorefileError {
    return this.val === '{' ? this.error('Unexpected token \'{\', expecting argument') : this.error(`Wrong argument count or unexpected line ending after '${this.val}'`);
  }
}

/** The server blocks of a text. Throws CorefileError in Caddy's words. */
export function parse(file: string, text: string, directives: readonly string[]): ServerBlock[] {
  const p = new Dispenser(lex(file, text), file);
  const blocks: ServerBlock[] = [];
  while (p.next()) {
    const keys: string[] = [];
    const tokens: Record<string, Token[]> = {};
    if (addresses(p, keys)) contents(p, tokens, directives);
    if (keys.length) blocks.push({ keys, tokens });
  }
  return blocks;
}

/** Zones up to `{` or the end of the line. False at the end of the file. */
function addresses(p: Dispenser, keys: string[]): boolean {
  let another = false;
  for (;;) {
    let word = p.val;
    if (word === '{') {
      if (another) throw p.error(`Expected another address but had '${word}' - check for extra comma`);
      return true;
    }
    if (word !== '') {
      another = word.endsWith(',');
      if (another) word = word.slice(0, -1);
      keys.push(word);
    }
    const more = p.next();
    if (another && !more) throw p.error('Unexpected EOF');
    if (!more) return false;
    if (!another && p.newLine()) return true;
  }
}

function contents(p: Dispenser, tokens: Record<string, Token[]>, directives: readonly string[]): void {
  const first: string = p.val;
  const open = first === '{';
  if (!open) p.cursor--;
  while (p.next()) {
    const word: string = p.val;
    if (word === '}') break;
    directive(p, tokens, directives);
  }
  if (open && p.val !== '}') throw p.syntaxError('}');
}

function directive(p: Dispenser, tokens: Record<string, Token[]>, directives: readonly string[]): void {
  const name = p.val;
  if (!directives.includes(name)) throw p.error(`Unknown directive '${name}'`);
  const own = tokens[name] ??= [];
  own.push(p.tokens[p.cursor]!);
  let nesting = 0;
  while (p.next()) {
    if (p.val === '{') nesting++;
    else if (p.newLine() && nesting === 0) { p.cursor--; break; }
    else if (p.val === '}' && nesting > 0) nesting--;
    else if (p.val === '}') throw p.error('Unexpected \'}\' because no matching opening brace');
    own.push(p.tokens[p.cursor]!);
  }
  if (nesting > 0) throw p.error('Unexpected EOF');
}

/** As Go's JSON writes parsed blocks: what reload's MD5 is of. */
export const canonical = (blocks: readonly ServerBlock[]): string => JSON.stringify(blocks.map(({ keys, tokens }) =>
  ({ Keys: keys, Tokens: Object.fromEntries(Object.keys(tokens).sort().map((name) => [name, tokens[name]!.map(({ file, line, text }) => ({ File: file, Line: line, Text: text }))])) })));
