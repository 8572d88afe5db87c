/** A POSIX regular expression as JavaScript source for the flags `u` and `g` or `y`. It matches nothing itself. */
import type { Assertion, Node, SetNode } from './ast.ts';

/** What a word is made of, in a UTF-8 locale. */
const WORD = '\\p{L}\\p{N}_';
const CLASSES: Readonly<Record<string, string>> = {
  alpha: '\\p{L}', digit: '0-9', alnum: '\\p{L}\\p{N}', upper: '\\p{Lu}', lower: '\\p{Ll}', space: ' \\t\\n\\r\\f\\v', blank: ' \\t',
  punct: '!-\\/:-@\\[-`\\{-~', print: '\\x20-\\x7e\\u{a0}-\\u{d7ff}\\u{e000}-\\u{10ffff}', graph: '\\x21-\\x7e\\u{a1}-\\u{d7ff}\\u{e000}-\\u{10ffff}',
  cntrl: '\\x00-\\x1f\\x7f', xdigit: '0-9A-Fa-f', w: WORD,
};

/** A byte that is no character matches neither a dot nor a negated set. */
const BAD_BYTES = '\\udc80-\\udcff';

export interface SourceStyle { readonly multiline: boolean }

const assertions = (style: SourceStyle): Readonly<Record<Assertion, string>> => ({
  start: style.multiline ? '(?<![^\\n])' : '(?<![^])',
  end: style.multiline ? '(?![^\\n])' : '(?![^])',
  textStart: '(?<![^])', textEnd: '(?![^])',
  wordStart: `(?<![${WORD}])(?=[${WORD}])`, wordEnd: `(?<=[${WORD}])(?![${WORD}])`,
  wordEdge: `(?:(?<![${WORD}])(?=[${WORD}])|(?<=[${WORD}])(?![${WORD}]))`,
  notWordEdge: `(?:(?<![${WORD}])(?![${WORD}])|(?<=[${WORD}])(?=[${WORD}]))`,
});

const escapeChar = (c: string): string => (/[\\^$.*+?()[\]{}|/]/.test(c) ? `\\${c}` : c);
const hex = (code: number): string => `\\u{${code.toString(16)}}`;

export function setSource(node: SetNode): string {
  const ranges = node.ranges.map(([from, to]) => (from === to ? hex(from) : `${hex(from)}-${hex(to)}`)).join('');
  const classes = node.classes.map((name) => CLASSES[name]!).join('');
  return `[${node.negated ? `^${BAD_BYTES}` : ''}${ranges}${classes}]`;
}

export function toSource(node: Node, style: SourceStyle): string {
  switch (node.t) {
    case 'char': return escapeChar(node.c);
    case 'any': return `[^${BAD_BYTES}]`;
    case 'set': return setSource(node);
    case 'seq': return node.items.map((item) => (item.t === 'alt' ? `(?:${toSource(item, style)})` : toSource(item, style))).join('');
    case 'alt': return node.items.map((item) => toSource(item, style)).join('|');
    case 'group': return `(${toSource(node.node, style)})`;
    case 'reference': return `(?:\\${node.index})`;
    case 'assert': return assertions(style)[node.kind];
    case 'repeat': {
      const { min, max } = node;
      const count = min === 0 && max === Infinity ? '*' : min === 1 && max === Infinity ? '+' : min === 0 && max === 1 ? '?'
        : max === Infinity ? `{${min},}` : min === max ? `{${min}}` : `{${min},${max}}`;
      return `(?:${toSource(node.node, style)})${count}`;
    }
  }
}
