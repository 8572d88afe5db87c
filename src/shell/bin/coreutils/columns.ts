/** Names in columns, as ls prints them on a terminal. It knows only the names' widths. */

export interface Cell { readonly text: string; readonly width: number }

const LEAST_WIDTH = 3;
const GAP = 2;

/** The greatest number of columns that fits, with their widths. */
function fit(cells: readonly Cell[], lineWidth: number, down: boolean): number[] {
  for (let count = Math.min(cells.length, Math.max(1, Math.floor(lineWidth / LEAST_WIDTH))); count > 1; count--) {
    const rows = Math.ceil(cells.length / count);
    const widths = new Array<number>(count).fill(LEAST_WIDTH);
    cells.forEach((cell, i) => {
      const column = down ? Math.floor(i / rows) : i % count;
      widths[column] = Math.max(widths[column]!, cell.width + (column === count - 1 ? 0 : GAP));
    });
    if (widths.reduce((sum, width) => sum + width, 0) < lineWidth) return widths;
  }
  return [Infinity];
}

/** From one column to another, by tabs where they lead there. */
function indent(from: number, to: number, tabSize: number): string {
  let out = '';
  let at = from;
  while (at < to) {
    if (tabSize !== 0 && Math.floor(to / tabSize) > Math.floor((at + 1) / tabSize)) {
      out += '\t';
      at += tabSize - (at % tabSize);
    } else {
      out += ' ';
      at++;
    }
  }
  return out;
}

/** `down`: sorted down the columns (-C), else across (-x). */
export function inColumns(cells: readonly Cell[], lineWidth: number, down: boolean, tabSize = 8): string {
  if (cells.length === 0) return '';
  const widths = fit(cells, lineWidth, down);
  const rows = Math.ceil(cells.length / widths.length);
  let out = '';
  for (let row = 0; row < rows; row++) {
    let at = 0;
    for (let column = 0; column < widths.length; column++) {
      const cell = cells[down ? column * rows + row : row * widths.length + column];
      if (!cell) break;
      out += cell.text;
      const next = cells[down ? (column + 1) * rows + row : row * widths.length + column + 1];
      if (column + 1 === widths.length || !next) break;
      out += indent(at + cell.width, at + widths[column]!, tabSize);
      at += widths[column]!;
    }
    out += '\n';
  }
  return out;
}

/** -m: names with commas, broken where the line is full. */
export function withCommas(cells: readonly Cell[], lineWidth: number): string {
  let out = '';
  let at = 0;
  cells.forEach((cell, i) => {
    if (i > 0) {
      if (lineWidth === 0 || at + cell.width + 2 < lineWidth) {
        out += ', ';
        at += 2;
      } else {
        out += ',\n';
        at = 0;
      }
    }
    out += cell.text;
    at += cell.width;
  });
  return cells.length ? `${out}\n` : '';
}
