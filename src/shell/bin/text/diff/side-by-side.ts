/** Two columns of `diff -y` and sdiff: the left text, what happened, the right text. Pure. */
import type { Change } from './script.ts';
import type { Sides } from './formats.ts';
import { expandTabs } from './sameness.ts';

export interface Columns { readonly width: number; readonly left: boolean; readonly suppress: boolean; readonly expand: boolean }

const TAB = 8;

/** Where the columns lie: the left text, the gutter of three, and the right text from a tab stop. */
function layout(width: number, tabs: boolean): { half: number; right: number } {
  const unit = tabs ? TAB : 1;
  const offset = Math.floor((width + unit + 3) / (2 * unit)) * unit;
  const half = Math.max(0, Math.min(offset - 3, width - offset));
  return { half, right: half ? offset : width };
}

/** Spaces and tabs from a column to another. */
function fill(from: number, to: number, tabs: boolean): string {
  let out = '';
  if (tabs) while (Math.floor(from / TAB + 1) * TAB <= to) { out += '\t'; from = Math.floor(from / TAB + 1) * TAB; }
  return out + ' '.repeat(Math.max(0, to - from));
}

export function sideBySide(sides: Sides, changes: readonly Change[], { width, left, suppress, expand }: Columns): string {
  const tabs = !expand;
  const { half, right } = layout(width, tabs);
  let out = '';
  const row = (i: number | null, mark: string, j: number | null): void => {
    const text = i === null ? '' : expandTabs(sides.a.lines[i]!).slice(0, half);
    const other = j === null ? '' : expandTabs(sides.b.lines[j]!).slice(0, half);
    let line = text;
    let column = text.length;
    if (mark !== ' ') {
      const at = Math.floor((half + right - 1) / 2);
      line += fill(column, at, tabs) + mark;
      column = at + 1;
    }
    if (other !== '') line += fill(column, right, tabs) + other;
    out += `${line}\n`;
  };
  let [i, j] = [0, 0];
  for (const change of [...changes, { a: sides.a.lines.length, aEnd: sides.a.lines.length, b: sides.b.lines.length, bEnd: sides.b.lines.length }]) {
    for (; i < change.a; i++, j++) {
      if (suppress) continue;
      if (left) row(i, '(', null); else row(i, ' ', j);
    }
    while (i < change.aEnd && j < change.bEnd) row(i++, '|', j++);
    while (i < change.aEnd) row(i++, '<', null);
    while (j < change.bEnd) row(null, '>', j++);
  }
  return out;
}
