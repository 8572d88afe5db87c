/** The line editor as a reducer, and its output on a model of the screen. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { screenOf } from '../../../src/drill/screen.ts';
import { newEditor, press, type Editor } from '../../../src/shell/bash/readline.ts';

const LINES = ['echo first', 'ls -l /tmp', 'kubectl get pods'];
const history = (back: number): string | undefined => LINES[LINES.length - back];

const type = (keys: string, cols = 80): { state: Editor; output: string } => {
  const { state, output } = press(newEditor('$ ', cols), keys, history);
  return { state, output };
};

describe('keys', () => {
  test.each([
    ['abc\x01X', 'Xabc', 1], ['abc\x02\x02X', 'aXbc', 2], ['one two\x1bbX', 'one Xtwo', 5],
    ['one two\x17', 'one ', 4], ['one two\x15', '', 0],
    ['one two\x1b\x7f', 'one ', 4], ['one two\x01\x1bd', ' two', 0],
    ['one two\x01\x0b\x19\x19', 'one twoone two', 14], ['ab\x14', 'ba', 2],
    ['abc\x1f', '', 0], ['\x10', 'kubectl get pods', 16], ['\x10\x10', 'ls -l /tmp', 10],
    ['new\x10\x0e', 'new', 3], ['\x12tmp', 'ls -l /tmp', 7],
    ['\x12tmp\x07', '', 0], ['\x1b.', 'pods', 4], ['x\x1b[D\x1b[3~', '', 0],
    ['\x1b[200~a\rb\x1b[201~', 'a\nb', 3], ['word\x01\x1bu', 'WORD', 4],
    ['\x16\x03', '\x03', 1], ['a b\x01\x1b[1;5CX', 'aX b', 2],
  ])('%j', (keys, text, at) => expect(type(keys).state).toMatchObject({ text, at }));

  test('Enter, Ctrl-C, Ctrl-D and Tab are the caller\'s', () => {
    expect(press(newEditor('$ ', 80), 'ls\rrest', history))
      .toMatchObject({ action: { do: 'accept', line: 'ls' }, rest: 'rest' });
    expect(press(newEditor('$ ', 80), 'ls\x03', history)).toMatchObject({ action: { do: 'interrupt' } });
    expect(press(newEditor('$ ', 80), '\x04', history)).toMatchObject({ action: { do: 'eof' } });
    expect(press(newEditor('$ ', 80), 'l\t', history))
      .toMatchObject({ action: { do: 'complete', before: 'l', list: false } });
  });

  test('a sequence may come in pieces', () => {
    const first = press(newEditor('$ ', 80), 'ab\x1b', history);
    expect(press(first.state, '[DX', history).state.text).toBe('aXb');
  });
});

const KEYS = ['a', 'b c', ' ', 'long word ', '\x01', '\x02', '\x05', '\x06', '\x7f', '\x0b', '\x15', '\x17',
  '\x19', '\x14', '\x1f', '\x10', '\x0e', '\x1bb', '\x1bf',
  '\x1bd', '\x1b[A', '\x1b[B', '\x1b[C', '\x1b[D', '\x1b[3~', '\x1b.', 'é', '\x12', '\x07', '\x0c', '\x1bu'];

/** The text as a terminal of so many columns would show it after the prompt. */
function wrapped(s: Editor): string[] {
  const rows = [''];
  let width = 0;
  for (const c of s.prompt + s.text) {
    if (width + 1 > s.cols) { rows.push(''); width = 0; }
    rows[rows.length - 1] += c;
    width++;
  }
  return rows.map((row) => row.trimEnd());
}

test('the screen shows the prompt and the text, wherever the cursor went', () => {
  fc.assert(fc.property(fc.array(fc.constantFrom(...KEYS), { maxLength: 40 }), fc.constantFrom(12, 20, 80),
    (keys, cols) => {
    let state = newEditor('$ ', cols);
    const shown = [{ kind: 'out' as const, text: '$ ' }];
    for (const key of keys) {
      const step = press(state, key, history);
      state = step.state;
      shown.push({ kind: 'out', text: step.output });
    }
    if (state.search) return;
    const { rows } = screenOf(shown, cols, 30);
    expect(rows.map((row) => row.trimEnd()).filter((_, i,
      all) => i < wrapped(state).length || all.slice(i).some((r) => r))).toEqual(wrapped(state));
  }), { numRuns: 300 });
});
