/**
 * The skeleton of a Markdown file as scenarios use it: front matter, prose, fenced blocks with their
 * lines. It knows no YAML and no meaning of a fence.
 */

export type Piece =
  | { kind: 'prose'; text: string; line: number }
  | { kind: 'fence'; info: readonly string[]; text: string; /** Line of the opening fence, from 1. */ line: number };

export interface Problem { file: string; line: number; reason: string }

export interface Document { front: string; frontLine: number; pieces: Piece[] }

/** Splits a file. Fails on a front matter or a fence that has no end. */
export function splitMarkdown(source: string, file: string): { ok: true; document: Document } | { ok: false; errors: Problem[] } {
  const lines = source.split('\n');
  const wrong = (line: number, reason: string) => ({ ok: false as const, errors: [{ file, line, reason }] });
  if (lines[0] !== '---') return wrong(1, 'the file must begin with a front matter: a line of ---');
  const end = lines.indexOf('---', 1);
  if (end < 0) return wrong(1, 'the front matter has no closing ---');
  const pieces: Piece[] = [];
  let prose: string[] = [], proseLine = end + 2;
  const flush = (next: number): void => {
    if (prose.join('').trim()) pieces.push({ kind: 'prose', text: `${prose.join('\n')}\n`, line: proseLine });
    prose = [];
    proseLine = next;
  };
  for (let i = end + 1; i < lines.length; i++) {
    const open = /^(`{3,}|~{3,})\s*(.*)$/.exec(lines[i]!);
    if (!open) { prose.push(lines[i]!); continue; }
    flush(i + 1);
    const close = lines.findIndex((line, at) => at > i && line.trim() === open[1]);
    if (close < 0) return wrong(i + 1, `the block opened by ${open[1]} has no end`);
    const body = lines.slice(i + 1, close);
    pieces.push({ kind: 'fence', info: open[2]!.split(/\s+/).filter(Boolean), text: body.length ? `${body.join('\n')}\n` : '', line: i + 1 });
    i = close;
    proseLine = close + 2;
  }
  flush(lines.length);
  return { ok: true, document: { front: lines.slice(1, end).join('\n'), frontLine: 2, pieces } };
}
