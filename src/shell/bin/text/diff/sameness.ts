/** When two lines count as the same: case, white space and line ends left out as the options say. Pure. */
import type { Task } from '../../coreutils/tool.ts';

export interface Text { readonly lines: readonly string[]; readonly endsInNewline: boolean }

export function textOf(content: string): Text {
  if (content === '') return { lines: [], endsInNewline: true };
  const lines = content.split('\n');
  const endsInNewline = lines.at(-1) === '';
  if (endsInNewline) lines.pop();
  return { lines, endsInNewline };
}

/** A line as it is compared. */
export function comparer(task: Task): (line: string) => string {
  const steps: ((line: string) => string)[] = [];
  if (task.has('strip-trailing-cr')) steps.push((line) => line.replace(/\r$/, ''));
  if (task.has('w')) steps.push((line) => line.replace(/\s+/g, ''));
  else {
    if (task.has('b')) steps.push((line) => line.replace(/\s+$/, '').replace(/\s+/g, ' '));
    else if (task.has('Z')) steps.push((line) => line.replace(/\s+$/, ''));
    if (task.has('E')) steps.push((line) => expandTabs(line));
  }
  if (task.has('i')) steps.push((line) => line.toLowerCase());
  return (line) => steps.reduce((text, step) => step(text), line);
}

export function expandTabs(line: string): string {
  if (!line.includes('\t')) return line;
  let out = '';
  for (const c of line) out += c === '\t' ? ' '.repeat(8 - (out.length % 8)) : c;
  return out;
}

/** Numbers for the lines of both texts. A last line without its newline equals none that has one. */
export function numbered(a: Text, b: Text, as: (line: string) => string, endMatters: boolean): [number[], number[]] {
  const numbers = new Map<string, number>();
  const number = (text: Text): number[] => text.lines.map((line, i) => {
    const bare = endMatters && !text.endsInNewline && i === text.lines.length - 1;
    const key = as(line) + (bare ? '\n' : '');
    let known = numbers.get(key);
    if (known === undefined) numbers.set(key, known = numbers.size);
    return known;
  });
  return [number(a), number(b)];
}
