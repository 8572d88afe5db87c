import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readJson, readYaml, splitDocuments } from '../../src/shell/bin/kubectl/yaml-read.ts';
import { toJson, toYaml } from '../../src/shell/bin/kubectl/yaml.ts';

describe('YAML output', () => {
  it('sorts keys, quotes what would be read as something else, and does not indent lists', () => {
    const value = { s: 'true', n: 1, b: false, e: '', z: null, t: '2019-05-08T21:37:37Z', cron: '*/1 * * * *', colon: 'a: b', list: [{ a: [1, 2], c: [] }, 'x', {}], y: 'yes', num: '1', time: '12:30', m: {} };
    expect(toYaml(value)).toBe([
      'b: false', "colon: 'a: b'", "cron: '*/1 * * * *'", 'e: ""', 'list:', '- a:', '  - 1', '  - 2', '  c: []', '- x', '- {}', 'm: {}', '"n": 1',
      'num: "1"', 's: "true"', 't: "2019-05-08T21:37:37Z"', 'time: "12:30"', '"y": "yes"', 'z: null', '',
    ].join('\n'));
  });

  it('prints lines as a block, unless a line ends with a blank or holds a tab', () => {
    expect(toYaml({ a: 'x\ny\n' })).toBe('a: |\n  x\n  y\n');
    expect(toYaml({ a: 'x\ny' })).toBe('a: |-\n  x\n  y\n');
    expect(toYaml({ a: 'x\n\n' })).toBe('a: |+\n  x\n\n');
    expect(toYaml({ a: 'x \ny\n' })).toBe('a: "x \\ny\\n"\n');
    expect(toYaml({ a: 'x\ty' })).toBe('a: "x\\ty"\n');
  });

  it('folds after column 80 as go-yaml 2.2 does', () => {
    const word = 'this is a very long message that will surely be longer than eighty columns wide when printed';
    expect(toYaml({ msg: word })).toBe(`msg: this is a very long message that will surely be longer than eighty columns wide\n  when printed\n`);
  });

  const json = fc.letrec((tie) => ({
    value: fc.oneof({ depthSize: 'small' }, fc.string(), fc.string({ unit: fc.constantFrom('a', ' ', '\n', ':', '-', '#', '"', "'", '0', '1', '\t', '{', '[', ',') }), fc.integer(), fc.boolean(), fc.constant(null), tie('list'), tie('object')),
    list: fc.array(tie('value'), { maxLength: 4 }),
    object: fc.dictionary(fc.string({ minLength: 1 }), tie('value'), { maxKeys: 4 }),
  })).value;

  it('reads back as what it was', () => {
    fc.assert(fc.property(json.map((inner) => ({ inner })), (value) => {
      const read = readYaml(toYaml(value));
      expect(read.ok && toJson(read.value, '')).toBe(toJson(value, ''));
    }), { numRuns: 400 });
  });
});

describe('JSON output', () => {
  it('escapes as encoding/json does', () => {
    expect(toJson({ b: '<a&b>', a: [] }, '    ')).toBe('{\n    "a": [],\n    "b": "\\u003ca\\u0026b\\u003e"\n}');
  });
});

describe('YAML input', () => {
  it('takes scalars as go-yaml v2 does', () => {
    expect(readYaml('a: 0644\nb: yes\nc: 1.5\nd: 2019-01-01\ne: ~\nf: "1"\ng: off\n')).toEqual({ ok: true, value: { a: 420, b: true, c: 1.5, d: '2019-01-01', e: null, f: '1', g: false } });
  });
  it('knows anchors and merge keys', () => {
    expect(readYaml('x: &x\n  a: 1\nz:\n  <<: *x\n  b: 2\n')).toEqual({ ok: true, value: { x: { a: 1 }, z: { a: 1, b: 2 } } });
  });
  it.each([
    ['a: "x\\ty"\nb: \'it\'\'s\'\n', { a: 'x\ty', b: "it's" }], ['a: |\n  one\n    two\n\nb: >-\n  x\n  y\n\n  z\n', { a: 'one\n  two\n', b: 'x y\nz' }],
    ['- - a\n  - b: c\n- d\n', [['a', { b: 'c' }], 'd']], ['key: value\n  - x', { key: 'value - x' }], ['? a\n: b\n', { a: 'b' }], ['[a: 1, {b}]', [{ a: 1 }, { b: null }]], ['a:\n- b\n c', { a: ['b c'] }],
  ])('reads %j', (text, value) => expect(readYaml(text)).toEqual({ ok: true, value }));
  it('never throws, whatever it is given', () => {
    const text = fc.string({ unit: fc.constantFrom(...':{}[],"\'-\n #&*!|>%@`\tx0?\\') });
    fc.assert(fc.property(text, (given) => { const read = readYaml(given); return read.ok || read.error.startsWith('yaml: '); }), { numRuns: 2_000 });
  });
  it('splits documents', () => expect(splitDocuments('a: 1\n---\nb: 2\n---\n# nothing\n')).toHaveLength(2));
  it.each([
    ['a:\n\tb: 1\n', 'yaml: line 2: found character that cannot start any token'],
    ['a: b: c\n', 'yaml: mapping values are not allowed in this context'],
    ['a: 1\nfoo\nb: 2\n', "yaml: line 3: could not find expected ':'"],
    ['metadata:\n  name: x\n spec:\n', 'yaml: line 2: did not find expected key'],
    // What kubectl itself said of these.
    ['a: [1,2', "yaml: line 1: did not find expected ',' or ']'"], ['a: {b: c', "yaml: line 1: did not find expected ',' or '}'"], ['a: "b', 'yaml: found unexpected end of stream'],
    ['- a\nb: c', "yaml: line 1: did not find expected '-' indicator"], ['a: *x', "yaml: unknown anchor 'x' referenced"], ['%foo', 'yaml: found unknown directive name'],
    ['a: |\n  x\n y', 'yaml: line 2: did not find expected key'], ['a: >-\nb', "yaml: line 3: could not find expected ':'"], ['a: - b', 'yaml: block sequence entries are not allowed in this context'],
    ['a: b\n\tc: d', 'yaml: line 2: found a tab character that violates indentation'], ['a: "\\x"', 'yaml: did not find expected hexdecimal number'], ['}', 'yaml: did not find expected node content'],
    ['[', 'yaml: line 1: did not find expected node content'], ['a: "b" c', 'yaml: did not find expected key'], ['\u0001', 'yaml: control characters are not allowed'],
  ])('complains of %j', (text, error) => expect(readYaml(text)).toEqual({ ok: false, error }));
  it.each([
    ['{"a":1,}', "invalid character '}' looking for beginning of object key string"], ['{"a":1 "b"}', "invalid character '\"' after object key:value pair"],
    ['[1,]', "invalid character ']' looking for beginning of value"], ['{"a"', 'unexpected EOF'],
  ])('complains of JSON %s', (text, error) => expect(readJson(text)).toEqual({ ok: false, error }));
});
