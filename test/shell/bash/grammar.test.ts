/** The grammar: what it says of broken text, and that printing and reading again changes nothing. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Node } from '../../../src/shell/grammar/ast.ts';
import { parse } from '../../../src/shell/grammar/parse.ts';
import { print } from '../../../src/shell/grammar/print.ts';
import recorded from './recorded.json' with { type: 'json' };

/** A command without its line numbers. */
const bare = (node: unknown): unknown =>
  (Array.isArray(node) ? node.map(bare) : node && typeof node === 'object'
  ? Object.fromEntries(Object.entries(node).filter(([key]) => key !== 'line')
    .map(([key, value]) => [key, bare(value)])) : node);

const again = (node: Node, extglob: boolean): unknown => {
  const parsed = parse(print(node), { extglob });
  return { problem: parsed.problem, nodes: parsed.commands.map((c) => bare(c.node)) };
};

describe('errors', () => {
  test.each([
    [')', 'wrong', "syntax error near unexpected token `)'"],
    [';;', 'wrong', "syntax error near unexpected token `;;'"],
    ['f( { echo x; }', 'wrong', "syntax error near unexpected token `{'"],
    ['echo a | | b', 'wrong', "syntax error near unexpected token `|'"],
    ['if true; fi', 'wrong', "syntax error near unexpected token `fi'"],
    ['foo a=(1)', 'wrong', "syntax error near unexpected token `('"],
    ['for', 'wrong', "syntax error near unexpected token `newline'"],
    ['coproc x', 'wrong', "syntax error near unexpected token `coproc'"],
    ['[[ a == ]]', 'wrong', "unexpected argument `]]' to conditional binary operator"],
    ['[[ a b c ]]', 'wrong', 'conditional binary operator expected'],
    ['if true; then', 'unfinished', 'syntax error: unexpected end of file'],
    ["echo 'a", 'unfinished', "unexpected EOF while looking for matching `''"],
    ['echo "a', 'unfinished', 'unexpected EOF while looking for matching `"\''],
    ['echo $(ls', 'unfinished', "unexpected EOF while looking for matching `)'"],
    ['echo a ||', 'unfinished', 'syntax error: unexpected end of file'],
  ])('%s', (text, kind, message) => {
    expect(parse(text).problem).toMatchObject({ kind, messages: [message] });
  });

  test('commands before the broken line are kept', () => {
    const parsed = parse('echo a\necho b\n)\necho c');
    expect(parsed.commands).toHaveLength(2);
    expect(parsed.problem).toMatchObject({ line: 3, echo: ')' });
  });

  test('a here-document that never ends is named', () => {
    expect(parse('cat <<E\na\n').openDocument).toMatchObject({ delimiter: 'E', line: 1 });
  });
});

test('what follows a process substitution is the same word', () => {
  expect(parse('<()[[ <<E\nx\nE\n').commands).toHaveLength(1);
});

describe('lines', () => {
  test('are counted through here-documents', () => {
    const parsed = parse('cat <<A <<B\n1\nA\n2\n3\nB\nfalse; true\ntrue');
    expect(parsed.commands.map((c) => c.line)).toEqual([1, 7, 8]);
  });
});

test('what is printed reads as the same', () => {
  for (const { input } of recorded.cases) {
    for (const extglob of [false, true]) {
      for (const { node } of parse(input, { extglob }).commands) {
        expect(again(node, extglob), input).toEqual({ problem: null, nodes: [bare(node)] });
      }
    }
  }
});

const PIECES = ['$(', ')', '`', '"', "'", '${', '}', '((', '))', '[[', ']]', ' ', '\n', ';', '&', '|',
  '<<E\n', 'E\n', '$', '*', '{', 'a', '1', '=',
  '<', '>', '!', '~', '\\', '#', 'if ', 'do ', 'done', 'fi', 'case x in ', 'esac', '[', ']', ':-', '@', '/',
  '%', ',', '..', 'é', '😀', 'for ', 'in ',
  'f() ', 'x=', 'a[1]=', '&&', '||', ';;', '2>&1', '<(', '<<<', 'time ', '-f', '=~'];

test('no text makes it throw, and printing is faithful', () => {
  const texts = fc.array(fc.constantFrom(...PIECES), { maxLength: 14 }).map((pieces) => pieces.join(''));
  fc.assert(fc.property(texts, fc.boolean(), (text, extglob) => {
    const parsed = parse(text, { extglob });
    if (parsed.openDocument) return;
    for (const { node } of parsed.commands)
      expect(again(node, extglob)).toEqual({ problem: null, nodes: [bare(node)] });
  }), { numRuns: 4000 });
});

test('a line read before costs next to nothing', () => {
  const line = 'echo hi | grep h';
  expect(parse(line)).toBe(parse(line));
});
