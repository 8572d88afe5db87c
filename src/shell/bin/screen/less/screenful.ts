/** The part of a text that is on the screen, and moving it. It reads nothing. */
import { byteLength } from '../../../../sim/proc/text.ts';
import { compileRegex, type Regex } from '../../text/regex/compile.ts';
import { BOLD, type Picture, PLAIN, type Size } from '../canvas.ts';
import { HELP } from './help.ts';
import type { LessState, Place, Text } from './state.ts';
import { rowsOf } from './view.ts';

export class Screenful {
  private cached: { key: string; regex: Regex | null } = { key: '', regex: null };

  constructor(readonly state: LessState, private readonly text: Text, private readonly canvas: { readonly size: Size }) {}

  /** Rows for text: all but the prompt's. */
  get height(): number { return Math.max(1, this.canvas.size.rows - 1); }
  get window(): number { return this.state.options.window && this.state.options.window > 0 ? this.state.options.window : this.height; }

  get halfWidth(): number { return Math.max(1, Math.floor(this.canvas.size.cols / 2)); }

  private get source(): readonly string[] { return this.state.help ? HELP : this.text.lines; }

  /** Lines that must be read for the next drawing. */
  needed(rows: number): number { return this.state.top.line + rows + 1; }

  regexOf(pattern: string): Regex | string {
    const { ignoreCase } = this.state.options;
    const fold = ignoreCase === 'always' || (ignoreCase === 'smart' && pattern === pattern.toLowerCase());
    const key = `${fold}${pattern}`;
    if (this.cached.key === key && this.cached.regex) return this.cached.regex;
    const made = compileRegex(pattern, { extended: true, lenient: true, ignoreCase: fold });
    if (!made.ok) return made.message;
    this.cached = { key, regex: made.regex };
    return made.regex;
  }

  /** Whether a line is shown at all: & filters, -s squeezes. */
  private hidden(line: number): boolean {
    const { state } = this;
    const here = this.source[line]!;
    if (state.options.squeeze && here === '' && line > 0 && this.source[line - 1] === '') return true;
    if (state.filter === '') return false;
    const regex = this.regexOf(state.filter.replace(/^!/, ''));
    return typeof regex !== 'string' && regex.test(here) === state.filter.startsWith('!');
  }

  rows(line: number): string[] {
    if (this.hidden(line)) return [];
    const { state } = this;
    const highlight = state.highlight && state.options.highlight && state.pattern !== '' ? this.regexOf(state.pattern) : null;
    return rowsOf(this.source[line]!, line + 1, { options: state.options, width: this.canvas.size.cols, shift: state.shift, highlight: typeof highlight === 'string' ? null : highlight });
  }

  everything(): string[] { return this.source.flatMap((_, line) => this.rows(line)); }

  /** The rows from a place on, as many as are asked for, and where the next one is. */
  private from(place: Place, count: number): { rows: string[]; last: number; next: Place } {
    const rows: string[] = [];
    let { line, row } = place;
    let last = line;
    while (rows.length < count && line < this.source.length) {
      const all = this.rows(line);
      for (; row < all.length && rows.length < count; row++) {
        rows.push(all[row]!);
        last = line;
      }
      if (row < all.length) break;
      line++;
      row = 0;
    }
    return { rows, last, next: { line, row } };
  }

  picture(prompt: string): Picture {
    const { rows } = this.from(this.state.top, this.height);
    const filler = this.state.options.tildes ? `${BOLD}~${PLAIN}` : '';
    const all = [...rows, ...new Array<string>(Math.max(0, this.height - rows.length)).fill(filler), prompt];
    return { rows: all, cursor: { x: Math.min(this.canvas.size.cols - 1, prompt.replace(/\x1b\[\d*m/g, '').length), y: this.height } };
  }

  private get shown(): { rows: string[]; last: number; next: Place } { return this.from(this.state.top, this.height); }
  get atEnd(): boolean { return (this.state.help || this.text.ended) && this.shown.next.line >= this.source.length; }
  get firstLine(): number { return Math.min(this.state.top.line + 1, this.source.length); }
  get lastLine(): number { return Math.min(this.shown.last + 1, this.source.length); }
  get bottomByte(): number {
    if (this.atEnd) return this.text.size;
    return this.source.slice(0, this.shown.last + 1).reduce((sum, line) => sum + byteLength(line) + 1, 0);
  }
  get lineCount(): number { return this.source.length; }
  line(n: number): string | undefined { return this.source[n]; }

  /** Forward by rows, but no further than the last screen; false if it was there already. */
  forward(count: number): boolean {
    if (this.atEnd) return false;
    const end = this.endPlace();
    let at = this.state.top;
    for (let i = 0; i < count && !this.passed(at, end); i++) at = this.after(at);
    this.state.top = at;
    return true;
  }

  private passed(a: Place, b: Place): boolean { return a.line > b.line || (a.line === b.line && a.row >= b.row); }

  private after(place: Place): Place {
    if (place.row + 1 < this.rows(place.line).length) return { line: place.line, row: place.row + 1 };
    let line = place.line + 1;
    while (line < this.source.length && this.rows(line).length === 0) line++;
    return { line: Math.min(line, Math.max(0, this.source.length - 1)), row: 0 };
  }

  private before(place: Place): Place | null {
    if (place.row > 0) return { line: place.line, row: place.row - 1 };
    let line = place.line - 1;
    while (line >= 0 && this.rows(line).length === 0) line--;
    return line < 0 ? null : { line, row: this.rows(line).length - 1 };
  }

  backward(count: number): boolean {
    const start = this.state.top;
    let at: Place | null = start;
    for (let i = 0; i < count; i++) {
      const up: Place | null = this.before(at);
      if (!up) break;
      at = up;
    }
    this.state.top = at;
    return at !== start;
  }

  /** Where the last screen begins. */
  private endPlace(): Place {
    let at: Place = { line: this.source.length, row: 0 };
    for (let i = 0; i < this.height; i++) {
      const up = this.before(at);
      if (!up) break;
      at = up;
    }
    return at.line >= this.source.length ? { line: 0, row: 0 } : at;
  }

  toEnd(): void { this.state.top = this.endPlace(); }

  /** A line to the top of the screen; past the last screen only as far as it begins. */
  toLine(line: number): void {
    const end = this.endPlace();
    const wanted = { line: Math.max(0, Math.min(line, this.source.length - 1)), row: 0 };
    this.state.top = this.passed(wanted, end) ? end : wanted;
  }

  /** A found line is put on top even near the end. */
  showLine(line: number): void { this.state.top = { line, row: 0 }; }

  /** The n-th line with a match after or before the top; null if there is none. */
  search(pattern: string, forward: boolean, from: number, nth: number): number | null {
    const regex = this.regexOf(pattern);
    if (typeof regex === 'string') return null;
    let left = nth;
    for (let line = from; line >= 0 && line < this.source.length; line += forward ? 1 : -1) {
      if (!this.hidden(line) && regex.test(this.source[line]!) && --left === 0) return line;
    }
    return null;
  }
}
