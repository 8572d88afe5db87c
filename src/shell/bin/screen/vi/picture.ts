/** How vim shows its state: text rows, `~` below the end, the last line for messages and the ruler. */
import { displayWidth } from '../../coreutils/width.ts';
import { columnOf, expandLine, type Picture, PLAIN, REVERSE, type Size } from '../canvas.ts';
import type { ViState } from './state.ts';

export const viRows = (size: Size): number => Math.max(1, size.rows - 1);
const gutterOf = (state: ViState): number => (state.options.number ? Math.max(4, String(state.buffer.lines.length).length + 1) : 0);

/** The screen rows that a line takes. */
function rowsOf(state: ViState, line: string, size: Size): string[] {
  const width = Math.max(1, size.cols - gutterOf(state));
  const shown = state.options.list ? `${line.replaceAll('\t', '^I')}$` : expandLine(line, state.options.tab);
  if (!state.options.wrap) return [shown.slice(0, width)];
  const rows: string[] = [];
  let row = '';
  let column = 0;
  for (const c of shown) {
    const w = displayWidth(c);
    if (column + w > width) {
      rows.push(row);
      row = '';
      column = 0;
    }
    row += c;
    column += w;
  }
  return [...rows, row];
}

/** Moves the window so that the cursor's line is on the screen. */
export function settleWindow(state: ViState, size: Size): void {
  const { buffer } = state;
  const count = viRows(size);
  if (buffer.y < state.top) state.top = state.top - buffer.y > count ? Math.max(0, buffer.y - Math.floor(count / 2)) : buffer.y;
  let used = 0;
  for (let y = state.top; y <= buffer.y; y++) used += rowsOf(state, buffer.lines[y] ?? '', size).length;
  if (used <= count) return;
  if (buffer.y - state.top > 2 * count) state.top = Math.max(0, buffer.y - Math.floor(count / 2));
  for (used = 0; ;) {
    used = 0;
    for (let y = state.top; y <= buffer.y; y++) used += rowsOf(state, buffer.lines[y] ?? '', size).length;
    if (used <= count || state.top >= buffer.y) return;
    state.top++;
  }
}

export function viPicture(state: ViState, size: Size): Picture {
  const count = viRows(size);
  const gutter = gutterOf(state);
  const rows: string[] = [];
  let cursor = { x: 0, y: 0 };
  for (let y = state.top; rows.length < count; y++) {
    const line = state.buffer.lines[y];
    if (line === undefined) {
      rows.push('~');
      continue;
    }
    const parts = rowsOf(state, line, size);
    if (y === state.buffer.y) cursor = place(state, rows.length, size);
    if (rows.length + parts.length > count && y !== state.top) {
      while (rows.length < count) rows.push('@');
      break;
    }
    parts.forEach((part, i) => {
      if (rows.length >= count) return;
      const head = gutter === 0 ? '' : i === 0 ? `${String(y + 1).padStart(gutter - 1)} ` : ' '.repeat(gutter);
      rows.push(head + marked(state, y, part, i));
    });
  }
  rows.push(bottom(state, size));
  if (state.mode === 'command') return { rows, cursor: { x: Math.min(size.cols - 1, displayWidth(state.line)), y: count } };
  return { rows, cursor };
}

function place(state: ViState, row: number, size: Size): { x: number; y: number } {
  const gutter = gutterOf(state);
  const width = Math.max(1, size.cols - gutter);
  const line = state.buffer.lines[state.buffer.y] ?? '';
  let column = columnOf(line, state.buffer.x, state.options.tab);
  // On a tab, vi's cursor stands on its last cell in normal mode.
  if (state.mode === 'normal' && line[state.buffer.x] === '\t') column = columnOf(line, state.buffer.x + 1, state.options.tab) - 1;
  return { x: gutter + (state.options.wrap ? column % width : Math.min(column, width - 1)), y: row + (state.options.wrap ? Math.floor(column / width) : 0) };
}

/** Whole lines of a visual selection are shown in reverse. */
function marked(state: ViState, y: number, part: string, row: number): string {
  if (state.mode !== 'visual' && state.mode !== 'visual-line') return part;
  const [from, to] = [Math.min(state.visual.y, state.buffer.y), Math.max(state.visual.y, state.buffer.y)];
  if (y < from || y > to) return part;
  if (state.mode === 'visual-line' || (y > from && y < to)) return `${REVERSE}${part || ' '}${PLAIN}`;
  if (row > 0) return part;
  const first = state.visual.y < state.buffer.y || (state.visual.y === state.buffer.y && state.visual.x <= state.buffer.x) ? state.visual : state.buffer;
  const last = first === state.visual ? state.buffer : state.visual;
  const a = y === first.y ? first.x : 0;
  const b = y === last.y ? last.x + 1 : part.length;
  return part.slice(0, a) + REVERSE + part.slice(a, b) + PLAIN + part.slice(b);
}

function bottom(state: ViState, size: Size): string {
  if (state.mode === 'command') return state.line;
  const mode = { insert: '-- INSERT --', replace: '-- REPLACE --', visual: '-- VISUAL --', 'visual-line': '-- VISUAL LINE --', normal: '', command: '' }[state.mode];
  const left = mode || (state.error ? `\x1b[97;41m${state.message}${PLAIN}` : state.message);
  const width = displayWidth(mode || state.message);
  const right = ruler(state, size);
  const at = size.cols - 18;
  if (width >= at || size.cols < 30) return left;
  const keys = state.pending === '' && state.count === '' ? '' : `${state.count}${state.pending}`;
  return `${left}${' '.repeat(at - width - 11 > 0 ? at - width - 11 : 0)}${keys.padEnd(at - width - 11 > 0 ? 11 : at - width)}${right}`;
}

/** `12,3          45%`. */
function ruler(state: ViState, size: Size): string {
  const { buffer } = state;
  const line = buffer.lines[buffer.y] ?? '';
  const column = columnOf(line, buffer.x, state.options.tab) + 1;
  const empty = line === '' && state.mode !== 'insert';
  const where = `${buffer.lines.length === 1 && line === '' ? 0 : buffer.y + 1},${empty ? '0-1' : column === buffer.x + 1 ? column : `${buffer.x + 1}-${column}`}`;
  const below = buffer.lines.length - (state.top + viRows(size));
  const share = state.top === 0 && below <= 0 ? 'All' : state.top === 0 ? 'Top' : below <= 0 ? 'Bot' : `${Math.floor((state.top * 100) / (state.top + below))}%`;
  return `${where.padEnd(14)}${share}`;
}
