/**
 * How GNU programs quote names in their messages (gnulib quotearg: locale and shell-escape styles). It
 * knows of the locale only what the environment says.
 */

type Env = Readonly<Record<string, string>>;

/** Whether the environment asks for UTF-8: setlocale(LC_CTYPE). */
export const isUtf8 = (env: Env): boolean => /utf-?8/i.test(env['LC_ALL'] || env['LC_CTYPE'] || env['LANG'] || '');

const CONTROL_ESCAPES: Readonly<Record<string, string>> = {
  '\x07': '\\a', '\b': '\\b', '\f': '\\f', '\n': '\\n', '\r': '\\r', '\t': '\\t', '\v': '\\v',
};

const octal = (code: number): string => `\\${code.toString(8).padStart(3, '0')}`;

/** A character that does not print, as C writes it. A lone byte stands as U+DC80..U+DCFF. */
const escapeControl = (c: string): string => {
  const code = c.charCodeAt(0);
  return CONTROL_ESCAPES[c] ?? octal(code >= 0xdc80 ? code - 0xdc00 : code);
};

/** quote(): ‘name’ in a UTF-8 locale, 'name' in C. */
export function quote(text: string, env: Env): string {
  const utf8 = isUtf8(env);
  let inside = '';
  for (const c of text) {
    if (c === '\\' || c === (utf8 ? '’' : "'")) inside += `\\${c}`;
    else inside += /[\x00-\x1f\x7f\udc80-\udcff]/.test(c) ? escapeControl(c) : c;
  }
  return utf8 ? `‘${inside}’` : `'${inside}'`;
}

const NEEDS_QUOTES = /^$|^[~#]|^[{}]$|[\s!"$&'()*;<=>?[\\^`|\x00-\x1f\x7f\udc80-\udcff]/;

/** quotef(): as it is, unless a shell would not read it back as one word. */
export const quoteIfNeeded = (text: string): string => (NEEDS_QUOTES.test(text) ? quoteAlways(text) : text);

/** quoteaf(): always in quotes that a shell understands. */
export function quoteAlways(text: string): string {
  if (text.includes("'") && !/["$`\\!\x00-\x1f\x7f\udc80-\udcff]/.test(text)) return `"${text}"`;
  let out = "'";
  let open = true;
  for (const c of text) {
    if (/[\x00-\x1f\x7f\udc80-\udcff]/.test(c)) {
      if (open) out += "'$'";
      out += escapeControl(c);
      open = false;
      continue;
    }
    if (!open) out += "''";
    open = true;
    out += c === "'" ? "'\\''" : c;
  }
  return `${out}'`;
}
