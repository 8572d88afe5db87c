/** Values as text that a shell would read back: `%q`, `${x@Q}`, `set -x`, `declare -p`. lib/sh/shquote.c. */

const CONTROL = /[\x00-\x1f\x7f\udc80-\udcff]/;
const META = /[ \t\n'"\\|&;()<>!{}*[\]?^$`]|^[#~]|[=:]~/;
const BACKSLASHED = /[ \t\n'"\\|&;()<>!{}*[\]?^$`,]/g;

const NAMED: Readonly<Record<string, string>> = {
  '\x07': '\\a', '\b': '\\b', '\x1b': '\\E', '\f': '\\f', '\n': '\\n', '\r': '\\r', '\t': '\\t', '\v': '\\v',
  '\\': '\\\\', "'": "\\'",
};

/** `$'…'` */
export function ansiQuote(text: string): string {
  let out = "$'";
  for (const c of text) {
    const code = c.codePointAt(0)!;
    if (NAMED[c]) out += NAMED[c];
    else if (code < 32 || code === 127) out += `\\${code.toString(8).padStart(3, '0')}`;
    else if (code >= 0xdc80 && code <= 0xdcff) out += `\\${(code - 0xdc00).toString(8)}`;
    else out += c;
  }
  return `${out}'`;
}

export const singleQuote = (text: string): string => `'${text.replace(/'/g, "'\\''")}'`;

/** `${x@Q}` */
export const quoteValue =
  (text: string): string => (CONTROL.test(text) ? ansiQuote(text) : singleQuote(text));

/** A word in the trace of `set -x`, and a value in the list of `set`. */
export function quoteTrace(text: string): string {
  if (text === '') return "''";
  if (CONTROL.test(text)) return ansiQuote(text);
  return META.test(text) ? singleQuote(text) : text;
}
export const quoteListed = (text: string): string => (text === '' ? '' : quoteTrace(text));

/** printf's `%q`. */
export function quoteBackslash(text: string): string {
  if (text === '') return "''";
  if (CONTROL.test(text)) return ansiQuote(text);
  return text.replace(BACKSLASHED, '\\$&').replace(/^[#~]/, '\\$&');
}

/** `declare -p` */
export const quoteDeclared = (text: string): string =>
  (/[\x00-\x08\x0b-\x1f\x7f\udc80-\udcff\n\t]/.test(text) ? ansiQuote(text)
    : `"${text.replace(/["$`\\]/g, '\\$&')}"`);

/** A key of an associative array in `declare -p`. */
export const quoteKey = (key: string): string => (META.test(key) || key === '' ? quoteDeclared(key) : key);
