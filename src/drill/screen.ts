/**
 * The visible window of a terminal, from all that it showed: a small VT100/xterm screen. It knows the
 * control sequences that our programs send (cursor, erase, scroll region, alternate screen); colours do
 * not show in text and are dropped.
 */

export interface Screen { rows: string[]; cursor: { x: number; y: number } }

interface Grid { lines: string[][]; x: number; y: number }

class Emulator {
  private grid: Grid;
  private main: Grid | null = null;
  private saved = { x: 0, y: 0 };
  private top = 0;
  private bottom: number;
  private wrap = false;

  constructor(private readonly cols: number, private readonly rows: number) {
    this.grid = this.blank();
    this.bottom = rows - 1;
  }

  private blank(): Grid { return { lines: Array.from({ length: this.rows }, () => []), x: 0, y: 0 }; }

  feed(text: string): void {
    for (let i = 0; i < text.length;) {
      const c = text[i]!;
      if (c === '\x1b') { i = this.escape(text, i); continue; }
      if (c >= ' ' && c !== '\x7f') {
        const point = String.fromCodePoint(text.codePointAt(i)!);
        this.put(point);
        i += point.length;
        continue;
      }
      this.control(c);
      i++;
    }
  }

  private put(c: string): void {
    const { grid } = this;
    if (this.wrap) { this.wrap = false; grid.x = 0; this.lineFeed(); }
    const line = grid.lines[grid.y]!;
    while (line.length < grid.x) line.push(' ');
    line[grid.x] = c;
    if (grid.x === this.cols - 1) this.wrap = true; else grid.x++;
  }

  private control(c: string): void {
    const { grid } = this;
    this.wrap = false;
    if (c === '\r') grid.x = 0;
    else if (c === '\n') this.lineFeed();
    else if (c === '\b') grid.x = Math.max(0, grid.x - 1);
    else if (c === '\t') grid.x = Math.min(this.cols - 1, (Math.floor(grid.x / 8) + 1) * 8);
  }

  private lineFeed(): void {
    const { grid } = this;
    if (grid.y === this.bottom) { grid.lines.splice(this.top, 1); grid.lines.splice(this.bottom, 0, []); } else if (grid.y < this.rows - 1) grid.y++;
  }

  private reverseLineFeed(): void {
    const { grid } = this;
    if (grid.y === this.top) { grid.lines.splice(this.bottom, 1); grid.lines.splice(this.top, 0, []); } else if (grid.y > 0) grid.y--;
  }

  /** Handles the sequence at `i` and returns where it ends. */
  private escape(text: string, i: number): number {
    const next = text[i + 1];
    if (next === '[') {
      const m = /^\[([?>=]?)([\d;]*)([ -/]*)([@-~])/.exec(text.slice(i + 1, i + 40));
      if (!m) return i + 2;
      this.csi(m[1]!, m[2]!.split(';').map((n) => (n === '' ? NaN : Number(n))), m[4]!);
      return i + 1 + m[0].length;
    }
    if (next === ']') {
      const end = /\x07|\x1b\\/.exec(text.slice(i));
      return end ? i + end.index + end[0].length : text.length;
    }
    if (next === '(' || next === ')') return i + 3;
    if (next === '7') this.saved = { x: this.grid.x, y: this.grid.y };
    else if (next === '8') Object.assign(this.grid, this.saved);
    else if (next === 'M') this.reverseLineFeed();
    else if (next === 'D') this.lineFeed();
    else if (next === 'E') { this.grid.x = 0; this.lineFeed(); } else if (next === 'c') { this.grid = this.blank(); this.top = 0; this.bottom = this.rows - 1; }
    return i + 2;
  }

  private csi(mark: string, numbers: number[], final: string): void {
    const { grid } = this;
    const n = (at: number, otherwise: number): number => (Number.isNaN(numbers[at] ?? NaN) ? otherwise : numbers[at]!);
    const count = Math.max(1, n(0, 1));
    const clampY = (y: number): number => Math.max(0, Math.min(this.rows - 1, y));
    const clampX = (x: number): number => Math.max(0, Math.min(this.cols - 1, x));
    if (mark === '?') { if ((final === 'h' || final === 'l') && numbers.some((x) => x === 1049 || x === 47 || x === 1047)) this.alternate(final === 'h'); return; }
    this.wrap = false;
    switch (final) {
      case 'A': grid.y = clampY(grid.y - count); break;
      case 'B': case 'e': grid.y = clampY(grid.y + count); break;
      case 'C': case 'a': grid.x = clampX(grid.x + count); break;
      case 'D': grid.x = clampX(grid.x - count); break;
      case 'E': grid.y = clampY(grid.y + count); grid.x = 0; break;
      case 'F': grid.y = clampY(grid.y - count); grid.x = 0; break;
      case 'G': case '`': grid.x = clampX(count - 1); break;
      case 'd': grid.y = clampY(count - 1); break;
      case 'H': case 'f': grid.y = clampY(n(0, 1) - 1); grid.x = clampX(n(1, 1) - 1); break;
      case 'J': this.eraseDisplay(n(0, 0)); break;
      case 'K': this.eraseLine(n(0, 0)); break;
      case 'L': for (let k = 0; k < count; k++) { grid.lines.splice(this.bottom, 1); grid.lines.splice(grid.y, 0, []); } break;
      case 'M': for (let k = 0; k < count; k++) { grid.lines.splice(grid.y, 1); grid.lines.splice(this.bottom, 0, []); } break;
      case 'P': grid.lines[grid.y]!.splice(grid.x, count); break;
      case '@': { const line = grid.lines[grid.y]!; while (line.length < grid.x) line.push(' '); line.splice(grid.x, 0, ...Array<string>(count).fill(' ')); line.length = Math.min(line.length, this.cols); break; }
      case 'X': { const line = grid.lines[grid.y]!; for (let k = grid.x; k < Math.min(line.length, grid.x + count); k++) line[k] = ' '; break; }
      case 'S': for (let k = 0; k < count; k++) { grid.lines.splice(this.top, 1); grid.lines.splice(this.bottom, 0, []); } break;
      case 'T': for (let k = 0; k < count; k++) { grid.lines.splice(this.bottom, 1); grid.lines.splice(this.top, 0, []); } break;
      case 'r': this.top = clampY(n(0, 1) - 1); this.bottom = clampY(n(1, this.rows) - 1); grid.x = 0; grid.y = 0; break;
      case 's': this.saved = { x: grid.x, y: grid.y }; break;
      case 'u': Object.assign(grid, this.saved); break;
    }
  }

  private alternate(on: boolean): void {
    if (on && !this.main) { this.main = this.grid; this.grid = this.blank(); }
    if (!on && this.main) { this.grid = this.main; this.main = null; }
    this.top = 0;
    this.bottom = this.rows - 1;
  }

  private eraseDisplay(mode: number): void {
    const { grid } = this;
    if (mode === 0) { this.eraseLine(0); for (let y = grid.y + 1; y < this.rows; y++) grid.lines[y] = []; }
    if (mode === 1) { for (let y = 0; y < grid.y; y++) grid.lines[y] = []; this.eraseLine(1); }
    if (mode >= 2) grid.lines = this.blank().lines;
  }

  private eraseLine(mode: number): void {
    const { grid } = this;
    const line = grid.lines[grid.y]!;
    if (mode === 0) line.length = Math.min(line.length, grid.x);
    if (mode === 1) for (let x = 0; x <= grid.x && x < line.length; x++) line[x] = ' ';
    if (mode === 2) grid.lines[grid.y] = [];
  }

  screen(): Screen {
    return { rows: this.grid.lines.map((line) => Array.from(line, (c) => c ?? ' ').join('').trimEnd()), cursor: { x: this.grid.x, y: this.grid.y } };
  }
}

/** What a person sees after all this was shown on a terminal of that size. */
export function screenOf(pieces: Iterable<{ kind: string; text: string }>, cols: number, rows: number): Screen {
  const emulator = new Emulator(cols, rows);
  for (const { kind, text } of pieces) if (kind !== 'mark') emulator.feed(text);
  return emulator.screen();
}
