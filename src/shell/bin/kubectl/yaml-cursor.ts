/**
 * A place in a YAML text: characters, lines and columns counted from 0, white space as it is folded, and the
 * form of go-yaml's complaints. It knows no tokens.
 */

/** What is wrong, and where: go-yaml reports the line of the problem, or of its context, counted its own way. */
export class YamlFault {
  constructor(readonly by: 'scanner' | 'parser' | 'reader', readonly problem: string, readonly line: number, readonly contextLine: number) {}

  get message(): string {
    const line = this.line ? this.line + (this.by === 'scanner' ? 1 : 0) : this.contextLine;
    return `yaml: ${line ? `line ${line}: ` : ''}${this.problem}`;
  }
}

export const END = '';
export const isBlank = (c: string): boolean => c === ' ' || c === '\t';
export const isBreak = (c: string): boolean => c === '\n' || c === '\r' || c === '\u0085' || c === '\u2028' || c === '\u2029';
export const isBlankOrEnd = (c: string): boolean => c === END || isBlank(c) || isBreak(c);
const CONTROL = /[^\t\n\r\x20-\x7e\u0085\u00a0-\ufefe\uff00-\ufffd\ufeff]/;

export class Cursor {
  at = 0;
  line = 0;
  column = 0;

  constructor(private readonly text: string) {
    if (CONTROL.test(text.replace(/[\ud800-\udbff][\udc00-\udfff]/g, ''))) throw new YamlFault('reader', 'control characters are not allowed', 0, 0);
    if (text.startsWith('\ufeff')) this.at = 1;
  }

  char(ahead = 0): string { return this.text[this.at + ahead] ?? END; }
  slice(length: number): string { return this.text.slice(this.at, this.at + length); }

  skip(count = 1): void {
    this.at += count;
    this.column += count;
  }

  /** Takes a line break; what it stands for. */
  newLine(): string {
    const c = this.char();
    this.at += c === '\r' && this.char(1) === '\n' ? 2 : 1;
    this.line++;
    this.column = 0;
    return c === '\u2028' || c === '\u2029' ? c : '\n';
  }

  skipComment(): void {
    if (this.char() === '#') while (this.char() !== END && !isBreak(this.char())) this.skip();
  }

  fault(problem: string, contextLine: number): never { throw new YamlFault('scanner', problem, this.line, contextLine); }

  /** --- or ... at the beginning of a line. */
  atIndicator(word: '---' | '...'): boolean {
    return this.column === 0 && this.text.startsWith(word, this.at) && isBlankOrEnd(this.char(3));
  }

  /** White space inside a scalar: blanks as they are, one line break as a blank, more of them less one. */
  folded(leading: boolean, indent = -1, contextLine = 0): string {
    let blanks = '', first = '', more = '', broken = leading;
    while (isBlank(this.char()) || isBreak(this.char())) {
      if (isBlank(this.char())) {
        if (broken && this.column < indent && this.char() === '\t') this.fault('found a tab character that violates indentation', contextLine);
        if (!broken) blanks += this.char();
        this.skip();
      } else if (!broken) { blanks = ''; first = this.newLine(); broken = true; } else more += this.newLine();
    }
    if (!broken) return blanks;
    return first.startsWith('\n') ? more || ' ' : first + more;
  }
}
