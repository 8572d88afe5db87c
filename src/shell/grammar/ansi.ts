/**
 * Backslash escapes of `$'…'`, `echo -e` and printf, and their inverse. Bytes above 127 follow proc/text.ts.
 */
import { fromBytes } from '../../sim/proc/text.ts';

const SIMPLE: Readonly<Record<string, string>> = {
  a: '\x07', b: '\b', e: '\x1b', E: '\x1b', f: '\f', n: '\n', r: '\r', t: '\t', v: '\v', '\\': '\\',
};

export interface Decoded { text: string; /** `\c` was met: nothing more is to be printed. */
  stopped: boolean }

/** `style`: 'ansi' for $'…', 'echo' for echo -e and %b, 'format' for printf's format. */
export function decode(s: string, style: 'ansi' | 'echo' | 'format'): Decoded {
  if (!s.includes('\\')) return { text: s, stopped: false };
  let out = '', bytes: number[] = [];
  const flush = (): void => { if (bytes.length) { out += fromBytes(bytes); bytes = []; } };
  for (let i = 0; i < s.length; i++) {
    const c = s[i]!;
    if (c !== '\\' || i + 1 >= s.length) { flush(); out += c; continue; }
    const e = s[++i]!;
    const numeric = style === 'echo' ? /^(?:0[0-7]{0,3}|x[0-9a-fA-F]{1,2})/
      : /^(?:[0-7]{1,3}|x[0-9a-fA-F]{1,2})/;
    const number = numeric.exec(s.slice(i, i + 4));
    if (number) {
      i += number[0].length - 1;
      bytes.push((e === 'x' ? parseInt(number[0].slice(1), 16) : parseInt(number[0], 8)) & 255);
      continue;
    }
    flush();
    const unicode = e === 'u' ? /^u([0-9a-fA-F]{1,4})/.exec(s.slice(i))
      : e === 'U' ? /^U([0-9a-fA-F]{1,8})/.exec(s.slice(i)) : null;
    if (unicode) {
      const code = parseInt(unicode[1]!, 16);
      out += code <= 0x10ffff ? String.fromCodePoint(code) : '';
      i += unicode[0].length - 1;
    } else if (e === 'c' && style === 'ansi' && i + 1 < s.length) {
      const of = s[++i]!;
      out += of === '?' ? '\x7f' : String.fromCharCode(of.toUpperCase().charCodeAt(0) & 31);
    } else if (e === 'c' && style === 'echo') return { text: out, stopped: true };
    else if (SIMPLE[e] !== undefined) out += SIMPLE[e];
    else if ((e === "'" || e === '"' || e === '?') && style !== 'echo') out += e;
    else out += `\\${e}`;
  }
  flush();
  return { text: out, stopped: false };
}

export const decodeAnsi = (s: string): string => {
  const text = decode(s, 'ansi').text;
  const end = text.indexOf('\0');
  return end < 0 ? text : text.slice(0, end);
};
