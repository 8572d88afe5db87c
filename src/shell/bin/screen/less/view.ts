/** What less shows: lines cut or folded to the width of the screen, matches in reverse. It knows no keys. */
import { charWidth } from '../../coreutils/width.ts';
import type { Regex } from '../../text/regex/compile.ts';
import { PLAIN, REVERSE } from '../canvas.ts';
import type { LessOptions } from './options.ts';

/** A cell of a row: what is sent, how wide it is, and which character of the line it is. */
interface Cell { readonly text: string; readonly width: number; readonly at: number }

const CONTROL_NAME = (code: number): string => (code === 27 ? 'ESC' : `^${String.fromCharCode(code ^ 64)}`);

/** With -R colour sequences pass and take no room; other control characters are shown. */
function cells(line: string, options: LessOptions): Cell[] {
  const out: Cell[] = [];
  let column = 0;
  for (let i = 0; i < line.length;) {
    const c = String.fromCodePoint(line.codePointAt(i)!);
    const code = c.charCodeAt(0);
    const color = options.rawColors && c === '\x1b' ? /^\x1b\[[\d;]*m/.exec(line.slice(i))?.[0] : undefined;
    if (color) {
      out.push({ text: color, width: 0, at: i });
      i += color.length;
      continue;
    }
    if (c === '\t') {
      const width = options.tab - (column % options.tab);
      for (let k = 0; k < width; k++) out.push({ text: ' ', width: 1, at: i });
      column += width;
    } else if (c === '\b' && out.length) {
      // Overstriking, as man pages have it: the same letter again is bold.
      const under = out.pop()!;
      column -= under.width;
    } else if (code < 32 || code === 127 || (code >= 0xdc80 && code <= 0xdcff)) {
      const name = code >= 0xdc80 ? `<${(code - 0xdc00).toString(16).toUpperCase()}>` : CONTROL_NAME(code);
      out.push({ text: `${REVERSE}${name}${PLAIN}`, width: name.length, at: i });
      column += name.length;
    } else {
      out.push({ text: c, width: charWidth(c), at: i });
      column += charWidth(c);
    }
    i += c.length;
  }
  return out;
}

/** The character positions that match. */
function matchedPositions(line: string, regex: Regex | null): Set<number> {
  const hits = new Set<number>();
  for (let at = 0; regex && at <= line.length;) {
    const m = regex.exec(line, at);
    if (!m) break;
    for (let i = m.start; i < m.end; i++) hits.add(i);
    at = m.end > m.start ? m.end : m.end + 1;
  }
  return hits;
}

export interface RowStyle { readonly options: LessOptions; readonly width: number; readonly shift: number; readonly highlight: Regex | null }

/** The rows of one line: one if it is chopped, else as many as it takes. */
export function rowsOf(line: string, number: number, style: RowStyle): string[] {
  const gutter = style.options.numbers ? `${String(number).padStart(7)} ` : '';
  const room = Math.max(1, style.width - gutter.length);
  const plain = !style.highlight && /^[\x20-\x7e]*$/.test(line);
  if (plain && line.length <= room && style.shift === 0) return [gutter + line];
  const all = cells(line, style.options);
  const hits = matchedPositions(line, style.highlight);
  const rows: string[] = [];
  let row = '';
  let column = 0;
  let lit = false;
  let skipped = 0;
  const end = (): void => {
    rows.push((rows.length ? ' '.repeat(gutter.length) : gutter) + row + (lit ? PLAIN : ''));
    row = lit ? REVERSE : '';
    column = 0;
  };
  for (const cell of all) {
    if (skipped < style.shift && cell.width > 0) {
      skipped += cell.width;
      continue;
    }
    if (column + cell.width > room) {
      if (style.options.chop || style.shift > 0) break;
      end();
    }
    const hit = hits.has(cell.at);
    if (hit !== lit) row += hit ? REVERSE : PLAIN;
    lit = hit;
    row += cell.text;
    column += cell.width;
  }
  if (lit) row += PLAIN;
  lit = false;
  rows.push((rows.length ? ' '.repeat(gutter.length) : gutter) + row + (style.options.rawColors && line.includes('\x1b[') ? PLAIN : ''));
  return rows;
}
