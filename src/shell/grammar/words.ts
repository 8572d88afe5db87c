/** What the grammar's actions build: words with what can be known of them in advance, and lists. */
import type { List, Node, Part, Redir, Word } from './ast.ts';

export const quoted = (text: string): Part => ({ k: 'quoted', text });
export const double = (parts: readonly Part[]): Part => ({ k: 'double', parts: merge(parts) });

/** Neighbours of the same plain kind become one. */
function merge(parts: readonly Part[]): Part[] {
  const out: Part[] = [];
  for (const part of parts) {
    const last = out[out.length - 1];
    if (last && last.k === part.k && (last.k === 'text' || last.k === 'quoted')) {
      out[out.length - 1] = { k: last.k, text: last.text + (part as { text: string }).text };
    } else out.push(part);
  }
  return out;
}

const ACTIVE = /[*?[~]|[+@!]\(/;
const BRACE = /,|\.\./;

export function word(src: string, all: readonly Part[]): Word {
  const parts = merge(all);
  let lit: string | undefined = '';
  let open = false, comma = false, glob = false;
  for (const part of parts) {
    if (part.k === 'text') {
      if (part.text.includes('{')) open = true;
      if (open && BRACE.test(part.text)) comma = true;
      if (ACTIVE.test(part.text)) glob = true;
    } else if (part.k === 'double') {
      for (const inner of part.parts) if (inner.k === 'quoted') {
        if (lit !== undefined) lit += inner.text;
      } else lit = undefined;
      continue;
    } else if (part.k !== 'quoted') { lit = undefined; continue; }
    if (lit !== undefined) lit += part.text;
  }
  const brace = open && (comma || BRACE.test(src));
  if (glob || brace) lit = undefined;
  const made: { -readonly [K in keyof Word]: Word[K] } = { src, parts };
  if (lit !== undefined) made.lit = lit;
  if (brace) made.brace = true;
  if (lit !== undefined || parts.every(isPure)) made.pure = true;
  return made;
}

/** Parameters that differ in a subshell. */
const ELSEWHERE: ReadonlySet<string> =
  new Set(['BASH_SUBSHELL', 'BASHPID', 'RANDOM', 'LINENO', 'SECONDS', '_']);

/** No process, no assignment, no error that ends the shell. */
function isPure(part: Part): boolean {
  switch (part.k) {
    case 'text': case 'quoted': return true;
    case 'double': return part.parts.every(isPure);
    case 'param':
      if (ELSEWHERE.has(part.name)) return false;
      if (part.indirect || (part.op !== undefined && (/[=?P]/.test(part.op) || part.op === ':')))
        return false;
      if (part.index && !/^(?:[@*]|\d+)$/.test(part.index.src)) return false;
      return [part.arg, part.arg2].every((w) => w === undefined || w.pure === true);
    default: return false;
  }
}

/** A part of `for ((;;))`, without the blanks around it; an empty one is true. */
export function piece(src: string, parts: readonly Part[]): Word {
  if (src.trim() === '') return word('1', [quoted('1')]);
  const trimmed = parts.map((part, i) => {
    if (part.k !== 'quoted') return part;
    let { text } = part;
    if (i === 0) text = text.trimStart();
    return quoted(i === parts.length - 1 ? text.trimEnd() : text);
  });
  return word(src.trim(), trimmed.filter((part) => part.k !== 'quoted' || part.text !== ''));
}

/**
 * A redirection with its descriptor as bash prints it: left out where it is the usual one, but for `1>&2`.
 */
export function redirection(op: Redir['op'], given: number | string | null, target: Word,
  body?: Word): Redir {
  const usual = op[0] === '<' ? 0 : 1;
  const copies = (op === '<&' || op === '>&') && /^(?:\d+-?|-)$/.test(target.src);
  const fd = copies ? given ?? usual : given === usual && op !== '>&' && op !== '<&' ? null : given;
  return { k: 'redir', op, ...(fd === null ? {} : { fd }), target, ...(body ? { body } : {}) };
}

export function makeList(head: Node, tail: readonly (readonly [string, Node])[], last: string | null,
  line: number): Node {
  if (!tail.length && last !== '&') return head;
  const nodes = [head, ...tail.map((t) => t[1])];
  const ends = [...tail.map((t) => t[0]), last ?? ';'];
  const list: List = { k: 'list',
    items: nodes.map((node, i) => (ends[i] === '&' ? { node, bg: true as const } : { node })), line };
  return list;
}

const DECLARATIONS = new Set(['declare', 'typeset', 'local', 'export', 'readonly']);
/** Builtins whose arguments may be assignments, arrays included. */
export const isDeclaration = (head: Word): boolean => head.lit !== undefined && DECLARATIONS.has(head.lit);

export const unescapeBackquote = (text: string, inDouble: boolean): string =>
  text.replace(inDouble ? /\\([$`\\"])/g : /\\([$`\\])/g, '$1');
