import { describe, expect, it } from 'vitest';
import { findPath, goSyntax, parsePath, printResults, relaxed } from '../../src/shell/bin/kubectl/jsonpath.ts';

const LIST = {
  kind: 'List',
  items: [
    { metadata: { name: 'a', labels: { 'x.y/z': 'q' } }, n: 1, status: [{ type: 'T', value: 'v' }, { type: 'U', value: 'w' }] },
    { metadata: { name: 'b' }, n: 2, image: 'im', status: [{ type: 'T', value: 'x' }] },
  ],
};

function evaluate(template: string, data: unknown = LIST): string {
  const parsed = parsePath(template);
  if (!parsed.ok) return `parse: ${parsed.error}`;
  const found = findPath(parsed.nodes, data);
  return found.ok ? printResults(found.results) : `run: ${found.error}`;
}

describe('jsonpath', () => {
  it.each([
    ['{.kind}', 'List'], ['{$.kind}', 'List'], ['{.items[*].metadata.name}', 'a b'], ['{.items[0].n}{.items[1].n}', '12'],
    ['{.items[-1:].n}', '2'], ['{.items[0:2].n}', '1 2'], ['{.items[?(@.n==2)].metadata.name}', 'b'], ['{.items[?(@.n>=1)].n}', '1 2'],
    ["{.items[?(@.metadata.name=='a')].n}", '1'], ['{.items[*].status[?(@.type=="T")].value}', 'v x'], ['{.items[?(@.image)].n}', '2'],
    ["{.items[0].metadata.labels.x\\.y/z}", 'q'], ["{.items[0]['n']}", '1'], ["{.items[0]['n','kind']}", '1'], ['{..image}', 'im'],
    ['{.nothing.here}', ''], ['{"text"}', 'text'], ['{.metadata}', ''], ['plain .items', 'plain .items'],
    ['{.items[0].metadata}', 'map[labels:map[x.y/z:q] name:a]'], ['{.items[1].status}', '[map[type:T value:x]]'],
  ])('%s', (template, wanted) => expect(evaluate(template)).toBe(wanted));

  it('walks ranges, and ranges within', () => {
    expect(evaluate('{range .items[*]}{.metadata.name}{"\\t"}{.n}{"\\n"}{end}')).toBe('a\t1\nb\t2\n');
    expect(evaluate('{range .items[*]}{"\\n"}{.metadata.name}:{range .status[*]}<{.type}>{end}{end}')).toBe('\na:<T><U>\nb:<T>');
    expect(evaluate('{range .items[*]}{.n}{end} {.kind}')).toBe('12 List');
  });

  it('loses what follows an inner range, but for the last item, as 1.14 does', () => {
    expect(evaluate('{range .items[*]}{.metadata.name}:{range .status[*]}<{.type}>{end};{end}')).toBe('a:<T><U>b:<T>;');
  });

  it('says nothing after a range over nothing', () => expect(evaluate('{range .none[*]}x{end}y')).toBe(''));

  it.each([
    ['{.items', 'parse: unclosed action'], ['{.items[x]}', 'parse: invalid array index x'], ['{.items[0', 'parse: unterminated array'],
    ['{"open}', 'parse: unterminated quoted string'], ['{.items[?(@.n==1]}', 'parse: unterminated filter'],
    ['{foo}', 'run: unrecognized identifier foo'], ['{end}', 'run: not in range, nothing to end'],
    ['{.items[5]}', 'run: array index out of bounds: index 5, length 2'], ['{.kind[0]}', 'run: string is not array or slice'],
    ["{.items[?(@.n>'1')]}", 'run: incompatible types for comparison'],
  ])('refuses %s', (template, wanted) => expect(evaluate(template)).toBe(wanted));

  it('takes relaxed paths', () => {
    for (const text of ['x.y', '.x.y', '{x.y}', '{.x.y}']) expect(relaxed(text)).toEqual({ ok: true, template: '{.x.y}' });
    expect(relaxed('{.x}{.y}').ok).toBe(false);
  });

  it('dumps values in Go syntax', () => {
    expect(goSyntax({ b: null, a: ['x', 1] })).toBe('map[string]interface {}{"a":[]interface {}{"x", 1}, "b":interface {}(nil)}');
  });
});
