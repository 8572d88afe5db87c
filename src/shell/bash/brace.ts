/** Brace expansion: `{a,b}`, `{1..5..2}`, on the unquoted text of a word. braces.c. */
import type { Part, Word } from '../grammar/ast.ts';

/** An unquoted character, or a part that braces cannot see into. */
type Item = string | Part;

const FIELDS_MAX = 100_000;

export function expandBraces(word: Word): Word[] {
  const items: Item[] = [];
  for (const part of word.parts) if (part.k === 'text') items.push(...part.text); else items.push(part);
  return expand(items).map((list) => toWord(list));
}

function toWord(items: readonly Item[]): Word {
  const parts: Part[] = [];
  let text = '';
  for (const item of items) {
    if (typeof item === 'string') { text += item; continue; }
    if (text) parts.push(...joined(parts, text));
    text = '';
    parts.push(item);
  }
  if (text) parts.push(...joined(parts, text));
  return { src: '', parts };
}

/** Braces come before parameters: in `$v{1,2}` what they give is part of the name. */
function joined(before: Part[], text: string): Part[] {
  const last = before[before.length - 1];
  const more = /^\w+/.exec(text)?.[0];
  if (!more || last?.k !== 'param' || !/^\$[A-Za-z_]\w*$/.test(last.src)) return [{ k: 'text', text }];
  before.pop();
  const name: Part = { k: 'param', name: last.name + more, src: last.src + more };
  return more === text ? [name] : [name, { k: 'text', text: text.slice(more.length) }];
}

function expand(items: readonly Item[]): Item[][] {
  for (let open = items.indexOf('{'); open >= 0; open = items.indexOf('{', open + 1)) {
    const group = groupAt(items, open);
    if (!group) continue;
    const head = items.slice(0, open);
    const tails = expand(items.slice(group.end + 1));
    const out: Item[][] = [];
    for (const middle of group.choices) for (const tail of tails) {
      if (out.length < FIELDS_MAX) out.push([...head, ...middle, ...tail]);
    }
    return out;
  }
  return [[...items]];
}

function groupAt(items: readonly Item[], open: number): { choices: Item[][]; end: number } | null {
  const pieces: Item[][] = [[]];
  let depth = 0;
  for (let i = open + 1; i < items.length; i++) {
    const item = items[i]!;
    if (item === '{') depth++;
    else if (item === '}' && depth-- === 0) {
      if (pieces.length > 1) return { choices: pieces.flatMap((piece) => expand(piece)), end: i };
      const series = sequence(pieces[0]!);
      return series && { choices: series.map((text) => [text]), end: i };
    } else if (item === ',' && depth === 0) { pieces.push([]); continue; }
    pieces[pieces.length - 1]!.push(item);
  }
  return null;
}

const NUMBERS = /^([+-]?\d{1,18})\.\.([+-]?\d{1,18})(?:\.\.([+-]?\d{1,18}))?$/;
const LETTERS = /^([A-Za-z])\.\.([A-Za-z])(?:\.\.([+-]?\d{1,18}))?$/;

function sequence(items: readonly Item[]): string[] | null {
  if (!items.every((item) => typeof item === 'string')) return null;
  const text = items.join('');
  const numbers = NUMBERS.exec(text), letters = numbers ? null : LETTERS.exec(text);
  const m = numbers ?? letters;
  if (!m) return null;
  const [from, to] = numbers ? [Number(m[1]), Number(m[2])] : [m[1]!.charCodeAt(0), m[2]!.charCodeAt(0)];
  const step = Math.abs(Number(m[3] ?? 1)) || 1;
  const padded = numbers && [m[1]!, m[2]!].some((t) => /^[+-]?0\d/.test(t));
  const width = padded ? Math.max(m[1]!.replace('+', '').length, m[2]!.replace('+', '').length) : 0;
  const out: string[] = [];
  for (let n = from; (from <= to ? n <= to : n >= to)
    && out.length < FIELDS_MAX; n += from <= to ? step : -step) {
    if (letters) out.push(String.fromCharCode(n));
    else out.push(width ? `${n < 0 ? '-' : ''}${String(Math.abs(n)).padStart(width - (n < 0 ? 1 : 0), '0')}`
      : String(n));
  }
  return out;
}
