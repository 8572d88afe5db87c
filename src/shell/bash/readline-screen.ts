/**
 * What the line editor's changes look like on a terminal: where a position of the text stands when long
 * lines wrap, and the shortest way from one state's screen to the next one's.
 */
import type { Editor } from './readline.ts';

const WIDE = /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]/;

/** A text as it is shown: control characters as ^X. */
const visible = (text: string): string =>
  text.replace(/[\x00-\x09\x0b-\x1f\x7f]/g,
    (c) => (c === '\t' ? '    ' : `^${String.fromCharCode(c.charCodeAt(0) ^ 64)}`));

/** Columns that the prompt's last line takes. */
const promptWidth = (prompt: string): number =>
  width(prompt.slice(prompt.lastIndexOf('\n') + 1).replace(/\x01[^\x02]*\x02/g, '')
    .replace(/\x1b\[[0-9;?]*[A-Za-z]|\x1b\][^\x07]*\x07/g, ''));

function width(text: string): number {
  let n = 0;
  for (const c of text) n += WIDE.test(c) || c > '\uffff' ? 2 : 1;
  return n;
}

/** Row and column of a position, the prompt's last line being row 0. */
function cell(s: Editor, text: string, at: number, prompt: number): [number, number] {
  let row = 0, col = prompt;
  for (const line of [visible(text.slice(0, at))]) {
    for (const c of line) {
      if (c === '\n') { row++; col = 0; continue; }
      const w = WIDE.test(c) || c > '\uffff' ? 2 : 1;
      if (col + w > s.cols) { row++; col = 0; }
      col += w;
    }
  }
  return [row + Math.floor(col / s.cols), col % s.cols];
}

const up = (n: number): string => (n > 0 ? `\x1b[${n}A` : '');
const down = (n: number): string => (n > 0 ? `\x1b[${n}B` : '');
const right = (n: number): string => (n > 0 ? `\x1b[${n}C` : '');

/** What turns the screen of `a` into that of `b`. */
export function redraw(a: Editor, b: Editor): string {
  const shownA = searchText(a), shownB = searchText(b);
  if (shownA === null && shownB === null && a.text === b.text) return move(a, b);
  const base = promptWidth(b.prompt);
  if (shownA === null && shownB === null && a.at === a.text.length && b.at === b.text.length
    && b.text.startsWith(a.text) && !b.text.slice(a.text.length).includes('\n')) {
    const added = visible(b.text.slice(a.text.length));
    const [, col] = cell(b, b.text, b.at, base);
    return col === 0 && added !== '' ? `${added} \r` : added;
  }
  const line = shownB ?? b.text, at = shownB === null ? b.at : shownB.length;
  const [rowA] = shownA === null ? cell(a, a.text, a.at, promptWidth(a.prompt))
    : cell(a, shownA, shownA.length, 0);
  const start = shownB === null ? base : 0;
  const head = shownB === null ? b.prompt.slice(b.prompt.lastIndexOf('\n') + 1).replace(/[\x01\x02]/g, '')
    : '';
  const [rowEnd, colEnd] = cell(b, line, line.length, start), [row, col] = cell(b, line, at, start);
  return `${up(rowA)}\r${head}${visible(line)}${colEnd === 0 && line !== '' ? ' \r'
    : ''}\x1b[J${up(rowEnd - row)}\r${right(col)}`;
}

function move(a: Editor, b: Editor): string {
  if (a.at === b.at) return '';
  const base = promptWidth(b.prompt);
  const [rowA, colA] = cell(a, a.text, a.at, base), [rowB, colB] = cell(b, b.text, b.at, base);
  if (rowA === rowB && colB < colA && colA - colB <= 4) return '\b'.repeat(colA - colB);
  return `${up(rowA - rowB)}${down(rowB - rowA)}\r${right(colB)}`;
}

const searchText = (s: Editor): string | null =>
  (s.search ? `(${s.search.failed ? 'failed ' : ''}${s.search.backwards ? 'reverse-'
    : ''}i-search)\`${s.search.query}': ${s.text}` : null);

/** From the cursor to a fresh line below the text. */
export function leave(s: Editor): string {
  const base = promptWidth(s.prompt);
  const [row] = cell(s, s.text, s.at, base), [end] = cell(s, s.text, s.text.length, base);
  return `${down(end - row)}\n`;
}

/** The whole line again, the cursor at its place. */
export function again(s: Editor): string {
  const base = promptWidth(s.prompt);
  const [rowEnd, colEnd] = cell(s, s.text, s.text.length, base), [row, col] = cell(s, s.text, s.at, base);
  const tail = s.at === s.text.length ? (colEnd === 0 && s.text !== '' ? ' \r' : '')
    : `${up(rowEnd - row)}\r${right(col)}`;
  return s.prompt.replace(/[\x01\x02]/g, '') + visible(s.text) + tail;
}
