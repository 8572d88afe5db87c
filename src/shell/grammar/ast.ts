/**
 * The shell language as data: plain tagged unions, so that functions and the commands of subshells travel
 * in a process's memory. Words keep their source text, for printing, and their parts, so that quoting
 * survives to expansion. It knows nothing of execution.
 */

export interface Word {
  readonly src: string;
  readonly parts: readonly Part[];
  /** The whole value, when no expansion of any kind can change it. */
  readonly lit?: string;
  /** May hold a brace expansion. */
  readonly brace?: true;
  /** Expanding it starts no process and changes no variable. */
  readonly pure?: true;
}

export type Part =
  | { readonly k: 'text'; readonly text: string }
  | { readonly k: 'quoted'; readonly text: string }
  | { readonly k: 'double'; readonly parts: readonly Part[] }
  | Param
  | { readonly k: 'command'; readonly list: Script }
  | { readonly k: 'arith'; readonly parts: readonly Part[] }
  | { readonly k: 'process'; readonly way: '<' | '>'; readonly list: Script }
  | { readonly k: 'bad'; readonly src: string };

export interface Param {
  readonly k: 'param';
  readonly name: string;
  readonly index?: Word;
  /** `${#x}` */
  readonly length?: true;
  /** `${!x}`; with `op` 'keys' `${!a[@]}`, 'names*' and 'names@' `${!x*}` */
  readonly indirect?: true;
  readonly op?: string;
  readonly arg?: Word;
  readonly arg2?: Word;
  /** As written, for messages. */
  readonly src: string;
}

/** Commands of a whole text, in order. */
export type Script = readonly Node[];

export interface Assign {
  readonly k: 'assign';
  readonly name: string;
  readonly index?: Word;
  readonly append?: true;
  readonly value: Word | readonly Element[];
}
/** A member of `a=(…)`. */
export interface Element { readonly index?: Word; readonly append?: true; readonly value: Word }

export interface Redir {
  readonly k: 'redir';
  readonly op: '<' | '>' | '>>' | '>|' | '<>' | '<&' | '>&' | '&>' | '&>>' | '<<' | '<<-' | '<<<';
  /** Number, or the name in `{name}`. */
  readonly fd?: number | string;
  readonly target: Word;
  /** Of a here-document. */
  readonly body?: Word;
}

interface Common { readonly line: number }
export type Arg = Word | Assign;

export interface Simple extends Common {
  readonly k: 'simple';
  readonly assigns: readonly Assign[];
  readonly words: readonly Arg[];
  readonly redirs: readonly Redir[];
}
/** Several commands; `bg` says which end with `&`. */
export interface List extends Common { readonly k: 'list';
  readonly items: readonly { readonly node: Node; readonly bg?: true }[] }
export interface AndOr extends Common { readonly k: 'andor'; readonly first: Node;
  readonly rest: readonly { readonly op: '&&' | '||'; readonly node: Node }[] }
export interface Pipeline extends Common {
  readonly k: 'pipe'; readonly commands: readonly Node[];
  /** Which `|` was `|&`, by the number of the command before it. */
  readonly both?: readonly number[];
  readonly negate?: true; readonly time?: 'time' | 'time -p';
}
interface Compound extends Common { readonly redirs: readonly Redir[] }
export interface Group extends Compound { readonly k: 'group'; readonly body: Node }
export interface Subshell extends Compound { readonly k: 'subshell'; readonly body: Node }
export interface If extends Compound { readonly k: 'if';
  readonly tests: readonly { readonly test: Node; readonly then: Node }[]; readonly otherwise?: Node }
export interface While extends Compound { readonly k: 'while'; readonly until?: true; readonly test: Node;
  readonly body: Node }
export interface For extends Compound { readonly k: 'for' | 'select'; readonly name: string;
  readonly words?: readonly Word[]; readonly body: Node }
export interface ForArith extends Compound { readonly k: 'forarith'; readonly init: Word;
  readonly test: Word; readonly step: Word; readonly body: Node }
export interface Case extends Compound {
  readonly k: 'case'; readonly word: Word;
  readonly items: readonly { readonly patterns: readonly Word[]; readonly body?: Node;
    readonly end: ';;' | ';&' | ';;&' }[];
}
export interface Arith extends Compound { readonly k: 'arith'; readonly expr: Word }
export interface Cond extends Compound { readonly k: 'cond'; readonly expr: Test }
export interface FunctionDef extends Common { readonly k: 'function'; readonly name: string;
  readonly body: Node }

export type Test =
  | { readonly k: 'or' | 'and'; readonly left: Test; readonly right: Test }
  | { readonly k: 'not'; readonly test: Test }
  | { readonly k: 'paren'; readonly test: Test }
  | { readonly k: 'unary'; readonly op: string; readonly word: Word }
  | { readonly k: 'binary'; readonly op: string; readonly left: Word; readonly right: Word }
  | { readonly k: 'word'; readonly word: Word };

export type Node = Simple | List | AndOr | Pipeline | Group | Subshell | If | While | For | ForArith | Case
  | Arith | Cond | FunctionDef;
