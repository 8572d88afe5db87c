/**
 * A pattern walked over a text: the set of places where a match may stand goes from piece to piece, so the
 * time is bounded by the product of their lengths, whatever the stars and groups. Thompson's way.
 */
import { bracket } from './bracket.ts';

type Piece = { k: 'char'; c: string } | { k: 'any' } | { k: 'star' } | { k: 'set'; set: RegExp }
  | { k: 'group'; op: string; choices: readonly (readonly Piece[])[] };

interface Style { extglob: boolean; ignoreCase?: boolean }

const DEPTH_MAX = 100;

export class Wildcard {
  private readonly pieces: readonly Piece[];
  constructor(pattern: string, private readonly style: Style) {
    this.pieces = this.parse(style.ignoreCase ? pattern.toLowerCase() : pattern, 0);
  }

  matches(text: string): boolean { return this.ends(text, 0)[text.length] === 1; }

  /** Length of the longest or shortest match that begins at `from`; -1 when there is none. */
  prefix(text: string, from: number, longest: boolean): number {
    const ends = this.ends(text, from);
    const at = longest ? ends.lastIndexOf(1) : ends.indexOf(1);
    return at < 0 ? -1 : at - from;
  }

  private ends(text: string, from: number): Uint8Array {
    const start = new Uint8Array(text.length + 1);
    start[from] = 1;
    return walk(this.pieces, this.style.ignoreCase ? text.toLowerCase() : text, start);
  }

  private parse(p: string, depth: number): Piece[] {
    const out: Piece[] = [];
    for (let i = 0; i < p.length; i++) {
      const c = p[i]!;
      if (this.style.extglob && p[i + 1] === '(' && '?*+@!'.includes(c) && depth < DEPTH_MAX) {
        const end = closing(p, i + 2);
        if (end > 0) {
          const choices = alternatives(p.slice(i + 2, end)).map((one) => this.parse(one, depth + 1));
          out.push({ k: 'group', op: c, choices });
          i = end;
          continue;
        }
      }
      const set = c === '[' ? bracket(p, i) : null;
      if (c === '*') out.push({ k: 'star' });
      else if (c === '?') out.push({ k: 'any' });
      else if (set) {
        out.push({ k: 'set', set: new RegExp(set.regex, this.style.ignoreCase ? 'i' : '') });
        i = set.end;
      } else if (c === '\\' && i + 1 < p.length) out.push({ k: 'char', c: p[++i]! });
      else out.push({ k: 'char', c });
    }
    return out;
  }
}

function walk(pieces: readonly Piece[], text: string, from: Uint8Array): Uint8Array {
  for (const piece of pieces) from = step(piece, text, from);
  return from;
}

function step(piece: Piece, text: string, from: Uint8Array): Uint8Array {
  if (piece.k === 'group') return group(piece.op, piece.choices, text, from);
  const to = new Uint8Array(from.length);
  if (piece.k === 'star') {
    const first = from.indexOf(1);
    return first < 0 ? to : to.fill(1, first);
  }
  for (let i = 0; i < text.length; i++) {
    if (from[i] !== 1) continue;
    if (piece.k === 'any' || (piece.k === 'char' ? text[i] === piece.c : piece.set.test(text[i]!))) to[i + 1] = 1;
  }
  return to;
}

function group(op: string, choices: readonly (readonly Piece[])[], text: string, from: Uint8Array): Uint8Array {
  const once = (start: Uint8Array): Uint8Array => choices.map((one) => walk(one, text, start)).reduce(union);
  switch (op) {
    case '@': return once(from);
    case '?': return union(from, once(from));
    case '!': {
      const to = new Uint8Array(from.length);
      for (let i = 0; i < from.length; i++) {
        if (from[i] !== 1) continue;
        const start = new Uint8Array(from.length);
        start[i] = 1;
        const ends = once(start);
        for (let e = i; e < to.length; e++) if (ends[e] !== 1) to[e] = 1;
      }
      return to;
    }
    default: {
      let all = once(from);
      for (let fresh = all; ;) {
        fresh = once(fresh);
        const next = union(all, fresh);
        if (next.every((bit, i) => bit === all[i])) break;
        all = next;
      }
      return op === '*' ? union(from, all) : all;
    }
  }
}

const union = (a: Uint8Array, b: Uint8Array): Uint8Array => a.map((bit, i) => bit | b[i]!);

/** The parenthesis that closes the group. */
function closing(p: string, from: number): number {
  for (let depth = 0, i = from; i < p.length; i++) {
    if (p[i] === '\\') i++;
    else if (p[i] === '(') depth++;
    else if (p[i] === ')' && depth-- === 0) return i;
  }
  return -1;
}

function alternatives(p: string): string[] {
  const out: string[] = [];
  let depth = 0, from = 0;
  for (let i = 0; i < p.length; i++) {
    if (p[i] === '\\') i++;
    else if (p[i] === '(') depth++;
    else if (p[i] === ')') depth--;
    else if (p[i] === '|' && depth === 0) {
      out.push(p.slice(from, i));
      from = i + 1;
    }
  }
  return [...out, p.slice(from)];
}
