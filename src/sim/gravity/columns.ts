/**
 * Go's text/tabwriter (1.11): cells that end with a TAB line up in columns of adjacent lines. Widths
 * count characters, so colour escapes belong in a line's last cell. Flags other than the padding
 * character are not modelled.
 */

export interface ColumnFormat { readonly minWidth: number; readonly tabWidth: number; readonly padding: number; readonly pad: ' ' | '\t' }

/** As `gravity status` and most tables of gravity have it. */
export const TABBED: ColumnFormat = { minWidth: 0, tabWidth: 8, padding: 1, pad: '\t' };

/** As operation plans have it. */
export const SPACED: ColumnFormat = { minWidth: 0, tabWidth: 10, padding: 5, pad: ' ' };

export function align(text: string, format: ColumnFormat = TABBED): string {
  const lines = text.split('\n').map((line) => line.split('\t'));
  const out: string[] = [];
  layOut(lines, 0, lines.length, [], format, out);
  return out.join('\n');
}

const width = (cell: string): number => [...cell].length;

/** Lines from..to share the columns that `widths` has so far; finds the next column's blocks. */
function layOut(lines: string[][], from: number, to: number, widths: number[], format: ColumnFormat, out: string[]): void {
  const column = widths.length;
  let start = from;
  for (let at = from; at < to; at++) {
    if (column >= lines[at]!.length - 1) continue;
    emit(lines, start, at, widths, format, out);
    start = at;
    let widest = format.minWidth;
    for (; at < to && column < lines[at]!.length - 1; at++) widest = Math.max(widest, width(lines[at]![column]!) + format.padding);
    layOut(lines, start, at, [...widths, widest], format, out);
    start = at;
  }
  emit(lines, start, to, widths, format, out);
}

function emit(lines: string[][], from: number, to: number, widths: readonly number[], format: ColumnFormat, out: string[]): void {
  for (let at = from; at < to; at++) {
    out.push(lines[at]!.map((cell, j) => (j < widths.length ? cell + padding(width(cell), widths[j]!, format) : cell)).join(''));
  }
}

function padding(text: number, cell: number, { pad, tabWidth }: ColumnFormat): string {
  if (pad === ' ') return ' '.repeat(Math.max(0, cell - text));
  const whole = Math.ceil(cell / tabWidth) * tabWidth;
  return '\t'.repeat(Math.max(0, Math.ceil((whole - text) / tabWidth)));
}

/** A table as gravity's `common.PrintTableHeader` begins it: the header, then a dash for each letter. */
export function table(header: readonly string[], rows: readonly (readonly string[])[], format: ColumnFormat = TABBED): string {
  const dashes = header.map((cell) => '-'.repeat(width(cell)));
  return align([header, dashes, ...rows].map((row) => row.join('\t')).join('\n'), format);
}
