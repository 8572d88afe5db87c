/** `[…]` in patterns, as the set of a regular expression. */

export const escapeRegex = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&');

const CLASSES: Readonly<Record<string, string>> = {
  alpha: 'A-Za-z', digit: '0-9', alnum: 'A-Za-z0-9', upper: 'A-Z', lower: 'a-z', space: ' \\t\\n\\r\\f\\v',
  blank: ' \\t',
  punct: '!-\\/:-@\\[-`{-~', print: ' -~\\u00a0-\\uffff', graph: '!-~\\u00a1-\\uffff',
  cntrl: '\\x00-\\x1f\\x7f', xdigit: '0-9A-Fa-f', word: 'A-Za-z0-9_',
};

/** A bracket expression that begins at `at`, or null when it is never closed. */
export function bracket(p: string, at: number): { regex: string; end: number } | null {
  let i = at + 1, body = '';
  const negate = p[i] === '!' || p[i] === '^';
  if (negate) i++;
  for (let first = true; i < p.length; first = false) {
    const c = p[i]!;
    if (c === ']' && !first) {
      try {
        const regex = body === '' ? (negate ? '[^]' : '(?!)') : `[${negate ? '^' : ''}${body}]`;
        new RegExp(regex);
        return { regex, end: i };
      } catch { return { regex: '(?!)', end: i }; }
    }
    if (c === '[' && (p[i + 1] === ':' || p[i + 1] === '.' || p[i + 1] === '=')) {
      const end = p.indexOf(`${p[i + 1]}]`, i + 2);
      if (end > 0) {
        const name = p.slice(i + 2, end);
        body += p[i + 1] === ':' ? CLASSES[name] ?? '' : escapeRegex(name);
        i = end + 2;
        continue;
      }
    }
    if (c === '\\' && i + 1 < p.length) { body += escapeClass(p[i + 1]!); i += 2; continue; }
    body += c === '-' && !first && p[i + 1] !== ']' && body !== '' ? '-' : escapeClass(c);
    i++;
  }
  return null;
}

const escapeClass = (c: string): string => (/[\\\]^[-]/.test(c) ? `\\${c}` : c);
