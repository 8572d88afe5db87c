/** Shell patterns, as fnmatch(3) matches them: for find, ls, tar and grep. It knows no files. */

export interface GlobStyle { readonly ignoreCase?: boolean; /** A slash is matched only by a slash. */ readonly pathname?: boolean; /** A leading dot is matched only by a dot. */ readonly period?: boolean }

const CLASS_SETS: Readonly<Record<string, string>> = {
  alnum: 'A-Za-z0-9', alpha: 'A-Za-z', blank: ' \\t', cntrl: '\\x00-\\x1f\\x7f', digit: '0-9', graph: '\\x21-\\x7e', lower: 'a-z',
  print: '\\x20-\\x7e', punct: '!-\\/:-@\\[-`{-~', space: ' \\t\\n\\r\\f\\v', upper: 'A-Z', xdigit: 'A-Fa-f0-9',
};

/** The pattern as a JavaScript regular expression's source, without anchors. */
export function globSource(pattern: string, style: GlobStyle = {}): string {
  const any = style.pathname ? '[^/]' : '[^]';
  let out = '';
  for (let i = 0; i < pattern.length; i++) {
    const c = pattern[i]!;
    if (c === '*') out += `${any}*`;
    else if (c === '?') out += any;
    else if (c === '\\' && i + 1 < pattern.length) out += escaped(pattern[++i]!);
    else if (c === '[') {
      const set = bracket(pattern, i);
      if (set) {
        out += set.source;
        i = set.end;
      } else out += '\\[';
    } else out += escaped(c);
  }
  return style.period && !pattern.startsWith('.') ? `(?!\\.)${out}` : out;
}

const escaped = (c: string): string => (/[\\^$.*+?()[\]{}|/]/.test(c) ? `\\${c}` : c);

/** A bracket expression that begins at `start`, or null if it never ends. */
function bracket(pattern: string, start: number): { source: string; end: number } | null {
  let i = start + 1;
  const negated = pattern[i] === '!' || pattern[i] === '^';
  if (negated) i++;
  let set = '';
  for (let first = true; i < pattern.length; first = false) {
    const c = pattern[i]!;
    if (c === ']' && !first) return { source: set === '' ? (negated ? '[^]' : '[]') : `[${negated ? '^' : ''}${set}]`, end: i };
    const named = /^\[:(\w+):\]/.exec(pattern.slice(i));
    if (named && CLASS_SETS[named[1]!]) {
      set += CLASS_SETS[named[1]!];
      i += named[0].length;
      continue;
    }
    const literal = c === '\\' && i + 1 < pattern.length ? pattern[++i]! : c;
    i++;
    if (pattern[i] === '-' && pattern[i + 1] !== ']' && i + 1 < pattern.length) {
      const to = pattern[i + 1] === '\\' ? pattern[i + 2] ?? '\\' : pattern[i + 1]!;
      if (to >= literal) set += `${inSet(literal)}-${inSet(to)}`;
      i += pattern[i + 1] === '\\' ? 3 : 2;
    } else set += inSet(literal);
  }
  return null;
}

const inSet = (c: string): string => (/[\\\]^[-]/.test(c) ? `\\${c}` : c);

export function globMatcher(pattern: string, style: GlobStyle = {}): (text: string) => boolean {
  const form = new RegExp(`^${globSource(pattern, style)}$`, style.ignoreCase ? 'iu' : 'u');
  return (text) => form.test(text);
}
