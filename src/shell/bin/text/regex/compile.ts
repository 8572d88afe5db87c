/**
 * POSIX regular expressions that match: JavaScript's engine does the work, and where it could stop short
 * of the longest match (alternatives, repeated groups) `longest.ts` says how far to go.
 */
import type { Node, Syntax } from './ast.ts';
import { toSource } from './javascript.ts';
import { Longest } from './longest.ts';
import { BadRegex, parseRegex } from './parse.ts';

export interface RegexOptions extends Syntax {
  readonly ignoreCase?: boolean;
  /** ^ and $ also match at newlines inside. */
  readonly multiline?: boolean;
  /** Matches only at the place where the search begins (expr). */
  readonly anchored?: boolean;
}

export interface Match { readonly start: number; readonly end: number; /** groups[0] is the whole. */ readonly groups: readonly (string | undefined)[] }

export type Compiled = { readonly ok: true; readonly regex: Regex } | { readonly ok: false; readonly message: string };

export class Regex {
  private readonly search: RegExp;
  private readonly longest: Longest | null;
  private readonly reaching = new Map<number, RegExp>();

  constructor(private readonly source: string, private readonly flags: string, readonly groups: number, anchored: boolean, longest: Longest | null) {
    this.search = new RegExp(source, `${flags}${anchored ? 'y' : 'g'}`);
    this.longest = longest;
  }

  test(text: string): boolean {
    this.search.lastIndex = 0;
    return this.search.test(text);
  }

  /** The leftmost longest match that begins at `from` or later. */
  exec(text: string, from = 0): Match | null {
    this.search.lastIndex = from;
    const found = this.search.exec(text);
    if (!found) return null;
    const start = found.index;
    const end = start + found[0].length;
    const reach = this.longest ? this.longest.from(text, start) : end;
    if (reach <= end) return { start, end, groups: found };
    const longer = this.reachingTo(text, start, reach);
    return longer ? { start, end: reach, groups: longer } : { start, end, groups: found };
  }

  /** The match from `start` that ends at `end`: what follows has a known length. */
  private reachingTo(text: string, start: number, end: number): RegExpExecArray | null {
    const left = [...text.slice(end)].length;
    let form = this.reaching.get(left);
    if (!form) {
      form = new RegExp(`(?:${this.source})(?=[^]{${left}}(?![^]))`, `${this.flags}y`);
      if (this.reaching.size < 64) this.reaching.set(left, form);
    }
    form.lastIndex = start;
    return form.exec(text);
  }
}

export function compileRegex(pattern: string, options: RegexOptions): Compiled {
  try {
    const { node, groups } = parseRegex(pattern, options);
    const source = toSource(node, { multiline: options.multiline ?? false });
    const flags = options.ignoreCase ? 'iu' : 'u';
    const style = { ignoreCase: options.ignoreCase ?? false, multiline: options.multiline ?? false };
    const longest = mayStopShort(node) ? Longest.of(node, style) : null;
    return { ok: true, regex: new Regex(source, flags, groups, options.anchored ?? false, longest) };
  } catch (error) {
    if (error instanceof BadRegex) return { ok: false, message: error.message };
    if (error instanceof SyntaxError) return { ok: false, message: 'Regular expression too big' };
    throw error;
  }
}

const isSingle = (node: Node): boolean => node.t === 'char' || node.t === 'any' || node.t === 'set' || node.t === 'assert'
  || (node.t === 'group' && isSingle(node.node)) || (node.t === 'alt' && node.items.every(isSingle));

/** Whether the first way that fits may be shorter than another: alternatives of unlike length, repeated strings. */
function mayStopShort(node: Node): boolean {
  switch (node.t) {
    case 'alt': return !node.items.every(isSingle);
    case 'seq': return node.items.some(mayStopShort);
    case 'group': return mayStopShort(node.node);
    case 'repeat': return !isSingle(node.node);
    default: return false;
  }
}
