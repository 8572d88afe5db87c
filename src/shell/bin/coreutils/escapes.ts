/** Backslash escapes as echo -e, printf and their like read them. It knows no program. */
import { fromBytes, toBytes } from '../../../sim/proc/text.ts';

const SIMPLE: Readonly<Record<string, string>> = {
  a: '\x07', b: '\b', e: '\x1b', f: '\f', n: '\n', r: '\r', t: '\t', v: '\v', '\\': '\\', '"': '"',
};

/** A byte as text: beyond ASCII it stands alone (proc/text.ts). */
export const byteText = (code: number): string => String.fromCharCode(code < 0x80 ? code : 0xdc00 + code);

export interface Escaped { readonly text: string; /** `\c`: nothing after it is printed. */ readonly stop: boolean }

/** `zeroOctal`: octal is \0 and up to three digits (echo -e, %b); else up to three digits at once. */
export function unescape(text: string, zeroOctal: boolean): Escaped {
  if (!text.includes('\\')) return { text, stop: false };
  let out = '';
  for (let i = 0; i < text.length; i++) {
    if (text[i] !== '\\' || i + 1 === text.length) {
      out += text[i];
      continue;
    }
    const next = text[i + 1]!;
    const rest = text.slice(i + 1);
    const octal = (zeroOctal ? /^0([0-7]{0,3})|^([1-7][0-7]{0,2})/ : /^([0-7]{1,3})/).exec(rest);
    const hex = /^x([0-9a-fA-F]{1,2})/.exec(rest);
    const unicode = /^u([0-9a-fA-F]{1,4})|^U([0-9a-fA-F]{1,8})/.exec(rest);
    if (next === 'c') return { text: rejoin(out), stop: true };
    if (octal) {
      out += byteText(parseInt(octal[2] || octal[1] || '0', 8) & 255);
      i += octal[0].length;
    } else if (hex) {
      out += byteText(parseInt(hex[1]!, 16));
      i += hex[0].length;
    } else if (unicode) {
      const code = parseInt(unicode[1] ?? unicode[2]!, 16);
      out += code <= 0x10ffff ? String.fromCodePoint(code) : '';
      i += unicode[0].length;
    } else {
      out += SIMPLE[next] !== undefined && next !== '"' ? SIMPLE[next] : `\\${next}`;
      i++;
    }
  }
  return { text: rejoin(out), stop: false };
}

/** Bytes that make a character together become it. */
const rejoin = (text: string): string => (/[\udc80-\udcff]{2}/.test(text) ? fromBytes(toBytes(text)) : text);

/** C's escapes in a format, where \" is a quote. */
export const unescapeC = (text: string): string => unescape(text.replaceAll('\\"', '"'), false).text;
