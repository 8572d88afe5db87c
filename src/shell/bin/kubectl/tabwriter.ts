/**
 * Go's text/tabwriter with blanks as padding, in the two settings of kubectl 1.14: `get` (minimum 6, padding
 * 3) and `describe` (minimum 0, padding 2). A column is as wide as the run of lines that have it.
 */

export interface TabSetting { min: number; pad: number }
export const GET: TabSetting = { min: 6, pad: 3 };
export const DESCRIBE: TabSetting = { min: 0, pad: 2 };

const width = (text: string): number => {
  let n = 0;
  for (let i = 0; i < text.length; i++) if ((text.charCodeAt(i) & 0xfc00) !== 0xdc00 || text.charCodeAt(i) >= 0xdc80) n++;
  return n;
};

/**
 * Lays text out. `remembered` holds the widths of an earlier flush of the same writer (and receives those
 * of this one), as the RememberWidths flag of the writer that `get -w` uses.
 */
export function tabulate(text: string, setting: TabSetting, remembered?: number[]): string {
  const lines = text.split('\n').map((line) => line.split('\t'));
  const out: string[] = [];
  const write = (from: number, to: number, widths: readonly number[]): void => {
    for (let i = from; i < to; i++) {
      const cells = lines[i]!;
      let line = '';
      for (let j = 0; j < cells.length; j++) {
        const cell = cells[j]!;
        line += j < widths.length ? cell + ' '.repeat(Math.max(0, widths[j]! - width(cell))) : cell;
      }
      out.push(line);
    }
  };
  const format = (from: number, to: number, widths: readonly number[]): void => {
    const column = widths.length;
    let start = from;
    for (let i = from; i < to; i++) {
      if (column >= lines[i]!.length - 1) continue;
      write(start, i, widths);
      start = i;
      let w = Math.max(setting.min, remembered?.[column] ?? 0);
      for (; i < to && column < lines[i]!.length - 1; i++) w = Math.max(w, width(lines[i]![column]!) + setting.pad);
      if (remembered) remembered[column] = w;
      format(start, i, [...widths, w]);
      start = i;
    }
    write(start, to, widths);
  };
  format(0, lines.length, []);
  return out.join('\n');
}
