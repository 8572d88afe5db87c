/**
 * What crosses from a pseudo-terminal to whatever shows it elsewhere (ssh, kubectl exec): the text, and in
 * it marks that tell echo from output and who waits there for a person. The marks are operating system
 * commands of the terminal, as the semantic prompts of real terminals are (OSC 133); no screen shows them.
 */
import type { Pid, Shown, Tty } from '../world.ts';

/** Terminals made by openpty have ids that begin so. */
export const PTY = 'pty ';
export const isPty = (tty: Tty): boolean => tty.id.startsWith(PTY);

/** Who waits: a shell at its prompt, a program that reads a line, or nobody. */
export interface Mark { prompt?: { pid: Pid; ps: 1 | 2; text: string; status: number }; reads?: boolean }

export const MARK = '\x1b]133;';
const END = '\x07';

export function writeMark(piece: Shown): string {
  switch (piece.kind) {
    case 'out': return piece.text;
    case 'edit': return `${MARK}E${END}${piece.text}${MARK}O${END}`;
    case 'mark': return `${MARK}P${piece.text.replace(/[\x07]/g, '')}${END}`;
  }
}

/** The pieces of marked text. An unfinished mark at the end is shown as it is. */
export function readMarks(text: string): Shown[] {
  const pieces: Shown[] = [];
  let kind: 'out' | 'edit' = 'out';
  for (let at = 0; at < text.length;) {
    const next = text.indexOf(MARK, at);
    const end = next < 0 ? -1 : text.indexOf(END, next);
    if (next < 0 || end < 0) { pieces.push({ kind, text: text.slice(at).replaceAll(MARK, '') }); break; }
    if (next > at) pieces.push({ kind, text: text.slice(at, next) });
    const said = text.slice(next + MARK.length, end);
    if (said === 'E') kind = 'edit';
    else if (said === 'O') kind = 'out';
    else if (said.startsWith('P{')) pieces.push({ kind: 'mark', text: said.slice(1) });
    at = end + 1;
  }
  return pieces;
}
