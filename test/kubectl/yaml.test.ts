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
  it('splits documents', () => expect(splitDocuments('a: 1\n---\nb: 2\n---\n# nothing\n')).toHaveLength(2));
  it.each([
    ['a:\n\tb: 1\n', 'yaml: line 2: found character that cannot start any token'],
    ['a: b: c\n', 'yaml: line 1: mapping values are not allowed in this context'],
    ['a: 1\nfoo\nb: 2\n', "yaml: line 3: could not find expected ':'"],
    ['metadata:\n  name: x\n spec:\n', 'yaml: line 2: did not find expected key'],
  ])('complains of %j', (text, error) => expect(readYaml(text)).toEqual({ ok: false, error }));
  it.each([
    ['{"a":1,}', "invalid character '}' looking for beginning of object key string"], ['{"a":1 "b"}', "invalid character '\"' after object key:value pair"],
    ['[1,]', "invalid character ']' looking for beginning of value"], ['{"a"', 'unexpected EOF'],
  ])('complains of JSON %s', (text, error) => expect(readJson(text)).toEqual({ ok: false, error }));
});
