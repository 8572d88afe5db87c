/** What grep prints of a line: names, numbers, context, colours. It reads nothing and matches only to mark. */
import { byteLength } from '../../../sim/proc/text.ts';
import type { LineMatcher } from './grep-match.ts';

export interface Look {
  readonly name: boolean; readonly line: boolean; readonly offset: boolean; readonly tab: boolean; readonly nul: boolean; readonly only: boolean;
  readonly color: boolean; readonly invert: boolean; readonly before: number; readonly after: number; readonly end: string;
}

/** The default GREP_COLORS. */
const COLORS = { match: '01;31', file: '35', line: '32', offset: '32', separator: '36' } as const;

interface Kept { readonly text: string; readonly line: number; readonly offset: number }

export class GrepOutput {
  file = '';
  /** Lines of context still due after the last match. */
  private due = 0;
  private kept: Kept[] = [];
  private lastLine = 0;
  private printed = false;

  constructor(private readonly look: Look) {}

  begin(file: string): void {
    this.file = file;
    this.due = 0;
    this.kept = [];
    this.lastLine = 0;
  }

  private paint(kind: keyof typeof COLORS, text: string): string {
    return this.look.color && text !== '' ? `\x1b[${COLORS[kind]}m\x1b[K${text}\x1b[m\x1b[K` : text;
  }

  private head(sign: string, line: number, offset: number): string {
    const { look } = this;
    const mark = this.paint('separator', sign);
    let out = '';
    if (look.name) out += this.paint('file', this.file) + (look.nul ? '\0' : mark);
    if (look.line) out += this.paint('line', look.tab ? String(line).padStart(4) : String(line)) + mark;
    if (look.offset) out += this.paint('offset', look.tab ? String(offset).padStart(6) : String(offset)) + mark;
    return out !== '' && look.tab ? `${out}\t` : out;
  }

  /** A separator where printed lines do not follow each other. */
  private gap(line: number, print: (text: string) => void): void {
    const { before, after } = this.look;
    if ((before > 0 || after > 0) && this.printed && line !== this.lastLine + 1) print(`${this.paint('separator', '--')}\n`);
    this.lastLine = line;
    this.printed = true;
  }

  selected(text: string, line: number, offset: number, matcher: LineMatcher, print: (text: string) => void): void {
    const { look } = this;
    if (look.only) {
      this.due = look.after;
      if (!look.invert) this.parts(text, line, offset, matcher, print);
      return;
    }
    for (const kept of this.kept) this.contextLine(kept, matcher, print);
    this.kept = [];
    this.gap(line, print);
    print(this.head(':', line, offset) + (look.color && !look.invert ? this.marked(text, matcher) : text) + look.end);
    this.due = look.after;
  }

  private parts(text: string, line: number, offset: number, matcher: LineMatcher, print: (text: string) => void): void {
    let at = 0;
    let any = false;
    while (at <= text.length) {
      const found = matcher.find(text, at);
      if (!found) break;
      if (found.end > found.start) {
        if (!any) this.gap(line, print);
        any = true;
        const head = this.head(':', line, offset + (this.look.offset ? byteLength(text.slice(0, found.start)) : 0));
        print(head + this.paint('match', text.slice(found.start, found.end)) + this.look.end);
      }
      at = found.end > found.start ? found.end : found.start + 1;
    }
  }

  private marked(text: string, matcher: LineMatcher): string {
    let out = '';
    let at = 0;
    let from = 0;
    while (at <= text.length) {
      const found = matcher.find(text, at);
      if (!found) break;
      if (found.end > found.start) {
        out += text.slice(from, found.start) + this.paint('match', text.slice(found.start, found.end));
        from = found.end;
      }
      at = found.end > found.start ? found.end : found.start + 1;
    }
    return out + text.slice(from);
  }

  private contextLine(kept: Kept, matcher: LineMatcher | null, print: (text: string) => void): void {
    this.gap(kept.line, print);
    const text = this.look.color && this.look.invert && matcher ? this.marked(kept.text, matcher) : kept.text;
    print(this.head('-', kept.line, kept.offset) + text + this.look.end);
  }

  /** A line that was not selected: it may be context. */
  other(text: string, line: number, offset: number, matcher: LineMatcher, print: (text: string) => void): void {
    const { look } = this;
    if (look.only) return;
    if (this.due > 0) {
      this.due--;
      this.contextLine({ text, line, offset }, matcher, print);
      return;
    }
    if (look.before === 0) return;
    this.kept.push({ text, line, offset });
    if (this.kept.length > look.before) this.kept.shift();
  }

  /** Context after the last line that -m allows; false when there is none due. */
  trailing(text: string, line: number, offset: number, print: (text: string) => void): boolean {
    if (this.due <= 0 || this.look.only) return false;
    this.due--;
    this.contextLine({ text, line, offset }, null, print);
    return true;
  }

  listed(file: string): string { return this.paint('file', file) + (this.look.nul ? '\0' : '\n'); }

  counted(file: string, count: number): string {
    const name = this.look.name ? this.paint('file', file) + (this.look.nul ? '\0' : this.paint('separator', ':')) : '';
    return `${name}${count}\n`;
  }
}
