/**
 * A full screen on a terminal: raw keys in, rows out. Only rows that changed are sent. Programs that stay
 * for long restart themselves with their state (`become`) after enough keys; the screen is then drawn anew.
 */
import { Interrupted, type Start, type Sys } from '../../../sim/proc/program.ts';
import { call, type Fd } from '../../../sim/proc/syscalls.ts';
import { charWidth } from '../coreutils/width.ts';
import { type Key, readKeys } from './keys.ts';

export interface Size { readonly cols: number; readonly rows: number }
export interface Picture { readonly rows: readonly string[]; readonly cursor: { readonly x: number; readonly y: number } }

export const REVERSE = '\x1b[7m';
export const BOLD = '\x1b[1m';
export const PLAIN = '\x1b[0m';

/** Reads of keys before a restart. */
const READS_MAX = 400;

export class Canvas {
  private shown: string[] = [];
  private reads = 0;

  private constructor(private readonly start: Start, readonly keys: Fd, public size: Size) {}

  /** Takes the terminal; null if there is none. `resumed`: it is this program's already. */
  static *open(start: Start, resumed: boolean, alternate = true): Sys<Canvas | null> {
    const screen = yield* call('tty', { fd: 1 });
    if (!screen.ok) return null;
    let keys: Fd = 0;
    const input = yield* call('tty', { fd: 0 });
    if (!input.ok) {
      const opened = yield* call('open', { path: '/dev/tty', flags: { read: true, write: true } });
      if (!opened.ok) return null;
      keys = opened.value;
    }
    yield* call('ttyMode', { fd: keys, raw: true, echo: false });
    for (const signal of ['TERM', 'HUP'] as const) yield* call('sigaction', { signal, action: 'catch' });
    if (!resumed && alternate) yield* call('write', { fd: 1, text: '\x1b[?1049h\x1b[H\x1b[2J', edit: false });
    return new Canvas(start, keys, { cols: screen.value.cols, rows: screen.value.rows });
  }

  /** Gives the terminal back. */
  *close(alternate = true, last = ''): Sys<void> {
    const { rows } = this.size;
    yield* call('write', { fd: 1, text: alternate ? `\x1b[${rows};1H\x1b[?1049l${last}` : last });
    yield* call('ttyMode', { fd: this.keys, raw: false, echo: true });
  }

  *draw(picture: Picture): Sys<void> {
    let text = '';
    for (let y = 0; y < this.size.rows; y++) {
      const row = picture.rows[y] ?? '';
      if (this.shown[y] === row) continue;
      text += `\x1b[${y + 1};1H\x1b[2K${row}`;
      this.shown[y] = row;
    }
    text += `\x1b[${picture.cursor.y + 1};${picture.cursor.x + 1}H`;
    yield* call('write', { fd: 1, text });
  }

  /** All rows are sent again at the next drawing. */
  forget(): void { this.shown = []; }

  *bell(): Sys<void> { yield* call('write', { fd: 1, text: '\x07' }); }

  /** The next keys; the terminal's size is looked at again. `timeoutUs`: [] when none came in time. Null: it is over. */
  *read(timeoutUs?: number): Sys<Key[] | null> {
    this.reads++;
    try {
      const got = yield* call('read', { fd: this.keys, ...(timeoutUs === undefined ? {} : { timeoutUs }) });
      yield* this.look();
      if (!got.ok) return got.errno === 'ETIMEDOUT' || got.errno === 'EAGAIN' ? [] : null;
      return got.value === '' ? null : readKeys(got.value);
    } catch (error) {
      if (error instanceof Interrupted) return null;
      throw error;
    }
  }

  private *look(): Sys<void> {
    const screen = yield* call('tty', { fd: 1 });
    if (!screen.ok || (screen.value.cols === this.size.cols && screen.value.rows === this.size.rows)) return;
    this.size = { cols: screen.value.cols, rows: screen.value.rows };
    this.forget();
    yield* call('write', { fd: 1, text: '\x1b[2J' });
  }

  /** Whether it is time to start again with what the program remembers. */
  get tired(): boolean { return this.reads >= READS_MAX; }

  /** ^Z: the terminal is given back until the program is continued. */
  *suspend(): Sys<void> {
    yield* this.close();
    yield* call('kill', { pid: this.start.pid, signal: 'STOP' });
    yield* call('ttyMode', { fd: this.keys, raw: true, echo: false });
    yield* call('write', { fd: 1, text: '\x1b[?1049h' });
    this.forget();
  }
}

/** A line as a terminal shows it: tabs become blanks, control characters ^X. */
export function expandLine(line: string, tabSize = 8): string {
  if (/^[\x20-\x7e]*$/.test(line)) return line;
  let out = '';
  let column = 0;
  for (const c of line) {
    const code = c.charCodeAt(0);
    if (c === '\t') {
      const to = column + tabSize - (column % tabSize);
      out += ' '.repeat(to - column);
      column = to;
    } else if (code < 32 || code === 127) {
      out += `^${String.fromCharCode(code ^ 64)}`;
      column += 2;
    } else {
      out += code >= 0xdc80 && code <= 0xdcff ? '\ufffd' : c;
      column += code >= 0xdc80 && code <= 0xdcff ? 1 : charWidth(c);
    }
  }
  return out;
}

/** The screen column of character `x` of a line. */
export function columnOf(line: string, x: number, tabSize = 8): number {
  let column = 0;
  for (const c of line.slice(0, x)) {
    const code = c.charCodeAt(0);
    column += c === '\t' ? tabSize - (column % tabSize) : code < 32 || code === 127 ? 2 : code >= 0xdc80 && code <= 0xdcff ? 1 : charWidth(c);
  }
  return column;
}

/** The character of a line that stands in a screen column, or its end. */
export function indexAt(line: string, column: number, tabSize = 8): number {
  let at = 0;
  for (let x = 0; x < line.length;) {
    const c = String.fromCodePoint(line.codePointAt(x)!);
    const next = columnOf(line.slice(0, x + c.length), x + c.length, tabSize);
    if (next > column) return x;
    at = next;
    x += c.length;
  }
  return at <= column ? line.length : 0;
}
