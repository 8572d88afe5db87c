/** The keys in what a terminal in raw mode sends: xterm's sequences by name. It reads nothing itself. */

/** A character as it is, or a name: 'up', 'enter', '^X', 'M-u', 'f1'. */
export type Key = string;

const SEQUENCES: Readonly<Record<string, Key>> = {
  '[A': 'up', '[B': 'down', '[C': 'right', '[D': 'left', OA: 'up', OB: 'down', OC: 'right', OD: 'left', '[H': 'home', '[F': 'end', OH: 'home', OF: 'end',
  '[1~': 'home', '[7~': 'home', '[4~': 'end', '[8~': 'end', '[2~': 'insert', '[3~': 'delete', '[5~': 'pageup', '[6~': 'pagedown', '[Z': 'shift-tab',
  '[1;5C': 'ctrl-right', '[1;5D': 'ctrl-left', '[1;5A': 'ctrl-up', '[1;5B': 'ctrl-down', '[1;5H': 'ctrl-home', '[1;5F': 'ctrl-end',
  OP: 'f1', OQ: 'f2', OR: 'f3', OS: 'f4', '[11~': 'f1', '[12~': 'f2', '[13~': 'f3', '[14~': 'f4', '[15~': 'f5', '[17~': 'f6', '[18~': 'f7', '[19~': 'f8', '[20~': 'f9', '[21~': 'f10',
  '[200~': 'paste-start', '[201~': 'paste-end',
};

export function readKeys(text: string): Key[] {
  const keys: Key[] = [];
  for (let i = 0; i < text.length;) {
    const c = text[i]!;
    if (c === '\x1b') {
      const sequence = /^(?:\[[\d;]*[A-Za-z~]|O[A-Z])/.exec(text.slice(i + 1, i + 12))?.[0];
      if (sequence) {
        const key = SEQUENCES[sequence];
        if (key) keys.push(key);
        i += 1 + sequence.length;
      } else if (i + 1 < text.length && text[i + 1] !== '\x1b') {
        keys.push(`M-${text[i + 1]!}`);
        i += 2;
      } else {
        keys.push('esc');
        i++;
      }
      continue;
    }
    const code = c.charCodeAt(0);
    if (c === '\r' || c === '\n') keys.push('enter');
    else if (c === '\t') keys.push('tab');
    else if (c === '\x7f') keys.push('backspace');
    else if (code < 32) keys.push(`^${String.fromCharCode(code + 64)}`);
    else {
      const point = String.fromCodePoint(text.codePointAt(i)!);
      keys.push(point);
      i += point.length;
      continue;
    }
    i++;
  }
  return keys;
}

/** Whether a key puts its character into a text. */
export const isText = (key: Key): boolean => [...key].length === 1;
