/** The parts of a POSIX regular expression, however it was written. */

export type Assertion = 'start' | 'end' | 'textStart' | 'textEnd' | 'wordStart' | 'wordEnd' | 'wordEdge' | 'notWordEdge';

export interface SetNode {
  readonly t: 'set';
  readonly negated: boolean;
  /** Code points, both ends included. */
  readonly ranges: readonly (readonly [number, number])[];
  /** Names such as alpha, and `w` for a word's characters. */
  readonly classes: readonly string[];
}

export type Node =
  | { readonly t: 'char'; readonly c: string }
  | { readonly t: 'any' }
  | SetNode
  | { readonly t: 'seq'; readonly items: readonly Node[] }
  | { readonly t: 'alt'; readonly items: readonly Node[] }
  | { readonly t: 'repeat'; readonly node: Node; readonly min: number; /** Infinity: no limit. */ readonly max: number }
  | { readonly t: 'group'; readonly index: number; readonly node: Node }
  | { readonly t: 'reference'; readonly index: number }
  | { readonly t: 'assert'; readonly kind: Assertion };

export const EMPTY: Node = { t: 'seq', items: [] };

export interface Syntax {
  /** ERE rather than BRE. */
  readonly extended: boolean;
  /** egrep's leniency: operators at the start are skipped, a lone `)` and a bad `{` are themselves. */
  readonly lenient?: boolean;
  /** awk: backslash escapes as in strings, also inside brackets; `\y` is a word's edge; no back-references. */
  readonly awk?: boolean;
}

/** RE_DUP_MAX of glibc. */
export const REPEAT_MAX = 32_767;
