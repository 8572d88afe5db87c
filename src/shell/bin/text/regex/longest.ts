/**
 * How far the longest match from a place reaches: all ways at once, as Thompson's construction has it.
 * POSIX asks for the longest, JavaScript takes the first alternative that fits; this finds the difference.
 * Back-references are beyond it.
 */
import type { Assertion, Node } from './ast.ts';
import { setSource } from './javascript.ts';

type Instruction =
  | { readonly op: 'take'; readonly fits: (c: string) => boolean }
  | { readonly op: 'split'; readonly to: readonly number[] }
  | { readonly op: 'assert'; readonly kind: Assertion }
  | { readonly op: 'end' };

/** Repetitions are written out; a program longer than this is not made. */
const LENGTH_MAX = 2_000;

export class Longest {
  private constructor(private readonly program: readonly Instruction[], private readonly multiline: boolean) {}

  static of(node: Node, style: { ignoreCase: boolean; multiline: boolean }): Longest | null {
    const program: Instruction[] = [];
    if (!emit(node, program, style.ignoreCase)) return null;
    program.push({ op: 'end' });
    return new Longest(program, style.multiline);
  }

  /** The end of the longest match that begins at `start`, or -1. */
  from(text: string, start: number): number {
    let states = new Set<number>();
    let end = this.follow(states, 0, text, start) ? start : -1;
    for (let at = start; at < text.length && states.size > 0;) {
      const c = String.fromCodePoint(text.codePointAt(at)!);
      at += c.length;
      const next = new Set<number>();
      let ended = false;
      for (const state of states) {
        const instruction = this.program[state]!;
        if (instruction.op === 'take' && instruction.fits(c)) ended = this.follow(next, state + 1, text, at) || ended;
      }
      if (ended) end = at;
      states = next;
    }
    return end;
  }

  /** Adds a state and all that it leads to without taking a character; true if that is the end. */
  private follow(into: Set<number>, state: number, text: string, at: number): boolean {
    if (into.has(state)) return false;
    const instruction = this.program[state]!;
    into.add(state);
    if (instruction.op === 'end') return true;
    if (instruction.op === 'take') return false;
    if (instruction.op === 'assert') return holds(instruction.kind, text, at, this.multiline) && this.follow(into, state + 1, text, at);
    let ended = false;
    for (const to of instruction.to) ended = this.follow(into, to, text, at) || ended;
    return ended;
  }
}

const isWord = (c: string | undefined): boolean => c !== undefined && /[\p{L}\p{N}_]/u.test(c);

function holds(kind: Assertion, text: string, at: number, multiline: boolean): boolean {
  const [before, after] = [isWord(text[at - 1]), isWord(text[at])];
  switch (kind) {
    case 'start': return at === 0 || (multiline && text[at - 1] === '\n');
    case 'end': return at === text.length || (multiline && text[at] === '\n');
    case 'textStart': return at === 0;
    case 'textEnd': return at === text.length;
    case 'wordStart': return !before && after;
    case 'wordEnd': return before && !after;
    case 'wordEdge': return before !== after;
    case 'notWordEdge': return before === after;
  }
}

function taking(node: Node & { t: 'char' | 'any' | 'set' }, ignoreCase: boolean): (c: string) => boolean {
  if (node.t === 'any') return (c) => !/[\udc80-\udcff]/.test(c);
  if (node.t === 'char') {
    if (!ignoreCase) return (c) => c === node.c;
    const lower = node.c.toLowerCase();
    return (c) => c.toLowerCase() === lower;
  }
  const form = new RegExp(`^${setSource(node)}$`, ignoreCase ? 'iu' : 'u');
  return (c) => form.test(c);
}

/** Appends the node's instructions; false if that cannot be done. */
function emit(node: Node, out: Instruction[], ignoreCase: boolean): boolean {
  if (out.length > LENGTH_MAX) return false;
  switch (node.t) {
    case 'char': case 'any': case 'set':
      out.push({ op: 'take', fits: taking(node, ignoreCase) });
      return true;
    case 'assert':
      out.push({ op: 'assert', kind: node.kind });
      return true;
    case 'reference': return false;
    case 'group': return emit(node.node, out, ignoreCase);
    case 'seq': return node.items.every((item) => emit(item, out, ignoreCase));
    case 'alt': return emitAlternatives(node.items, out, ignoreCase);
    case 'repeat': return emitRepeat(node, out, ignoreCase);
  }
}

function emitAlternatives(items: readonly Node[], out: Instruction[], ignoreCase: boolean): boolean {
  const fork = out.length;
  const starts: number[] = [];
  const jumps: number[] = [];
  out.push({ op: 'split', to: [] });
  for (const item of items) {
    starts.push(out.length);
    if (!emit(item, out, ignoreCase)) return false;
    jumps.push(out.length);
    out.push({ op: 'split', to: [] });
  }
  out[fork] = { op: 'split', to: starts };
  for (const jump of jumps) out[jump] = { op: 'split', to: [out.length] };
  return true;
}

function emitRepeat(node: Node & { t: 'repeat' }, out: Instruction[], ignoreCase: boolean): boolean {
  for (let i = 0; i < node.min; i++) if (!emit(node.node, out, ignoreCase)) return false;
  if (node.max === Infinity) {
    const loop = out.length;
    out.push({ op: 'split', to: [] });
    if (!emit(node.node, out, ignoreCase)) return false;
    out.push({ op: 'split', to: [loop] });
    out[loop] = { op: 'split', to: [loop + 1, out.length] };
    return true;
  }
  const exits: number[] = [];
  for (let i = node.min; i < node.max; i++) {
    exits.push(out.length);
    out.push({ op: 'split', to: [] });
    if (!emit(node.node, out, ignoreCase)) return false;
  }
  for (const exit of exits) out[exit] = { op: 'split', to: [exit + 1, out.length] };
  return true;
}
