/**
 * Shell patterns: `* ? […] @(…)` against text. A pattern is text in which a backslash quotes the next
 * character. A simple one is turned into a regular expression once and kept; the others are walked
 * (wildcard.ts), so that no pattern takes for ever. fnmatch(3) with ksh's extensions.
 */
import { bracket, escapeRegex } from './bracket.ts';
import { Wildcard } from './wildcard.ts';

const cache = new Map<string, RegExp>();
const CACHE_MAX = 2000;

/** Text that matches only itself. */
export const quotePattern = (text: string): string => text.replace(/[\\*?[\]+@!()|^.${}-]/g, '\\$&');

export interface Style { extglob: boolean; ignoreCase?: boolean }

/** The body of a regular expression for a pattern without groups. `lazy`: shortest match. */
function translate(p: string, lazy: boolean): string {
  let out = '';
  const star = lazy ? '[^]*?' : '[^]*';
  for (let i = 0; i < p.length; i++) {
    const c = p[i]!;
    if (c === '*') out += star;
    else if (c === '?') out += '(?:[\\ud800-\\udbff][\\udc00-\\udfff]|[^])';
    else if (c === '\\' && i + 1 < p.length) out += escapeRegex(p[++i]!);
    else if (c === '[') {
      const set = bracket(p, i);
      if (set) { out += set.regex; i = set.end; } else out += '\\[';
    } else out += escapeRegex(c);
  }
  return out;
}

/** Whether a regular expression is sure to be quick: no groups, and few stars to try against each other. */
const isEasy = (p: string, extglob: boolean): boolean =>
  (p.match(/\*/g)?.length ?? 0) <= 2 && !(extglob && /[?*+@!]\(/.test(p));

function compiled(key: string, make: () => string, flags: string): RegExp {
  let regex = cache.get(key);
  if (!regex) {
    try { regex = new RegExp(make(), flags); } catch { regex = /(?!)/; }
    if (cache.size >= CACHE_MAX) cache.clear();
    cache.set(key, regex);
  }
  return regex;
}

const SPECIAL = /[*?[\\]|[+@!]\(/;

/** Whether the whole text matches. */
export function matches(text: string, pattern: string, style: Style): boolean {
  if (!style.ignoreCase && !SPECIAL.test(pattern)) return text === pattern;
  if (!isEasy(pattern, style.extglob)) return new Wildcard(pattern, style).matches(text);
  const key = `${style.ignoreCase ? 'i' : ' '}=${pattern}`;
  return compiled(key, () => `^(?:${translate(pattern, false)})$`, style.ignoreCase ? 'i' : '').test(text);
}

/** `${x#p}` `${x##p}` `${x%p}` `${x%%p}`. */
export function strip(text: string, pattern: string, op: string, style: Style): string {
  const long = op.length === 2;
  if (op[0] === '#') {
    if (!isEasy(pattern, style.extglob)) {
      const length = new Wildcard(pattern, style).prefix(text, 0, long);
      return length < 0 ? text : text.slice(length);
    }
    const m = compiled(op + pattern, () => `^(?:${translate(pattern, !long)})`, '').exec(text);
    return m ? text.slice(m[0].length) : text;
  }
  const length = text.length;
  for (let k = 0; k <= length; k++) {
    const from = long ? k : length - k;
    if (matches(text.slice(from), pattern, { ...style, ignoreCase: false })) return text.slice(0, from);
  }
  return text;
}

/** `${x/p/r}` and its kin: `mode` is '', '/', '#' or '%'. */
export function replace(text: string, pattern: string, mode: string, by: string, style: Style): string {
  if (pattern === '') return mode === '#' ? by + text : mode === '%' ? text + by : text;
  if (!isEasy(pattern, style.extglob)) return replaceByHand(text, new Wildcard(pattern, style), mode, by);
  const regex = compiled(`/${mode}${pattern}`, () => {
    const body = `(?:${translate(pattern, false)})`;
    return mode === '#' ? `^${body}` : mode === '%' ? `${body}$` : body;
  }, mode === '/' ? 'g' : '');
  return text.replace(regex, (match) => (match === '' && mode === '/' ? match : by));
}

function replaceByHand(text: string, pattern: Wildcard, mode: string, by: string): string {
  if (mode === '%') {
    for (let i = 0; i <= text.length; i++) if (pattern.matches(text.slice(i))) return text.slice(0, i) + by;
    return text;
  }
  let out = '';
  for (let i = 0; i <= text.length;) {
    const length = pattern.prefix(text, i, true);
    if (length > 0 || (length === 0 && mode !== '/')) {
      out += by;
      i += length;
      if (mode !== '/') return out + text.slice(i);
    } else {
      if (mode === '#') return text;
      out += text[i] ?? '';
      i++;
    }
  }
  return out;
}

export const hasGlob = (pattern: string, extglob: boolean): boolean =>
  /[*?]|\[(?:[^\]]|\].*\])/.test(pattern.replace(/\\[^]/g, ''))
    || (extglob && /[?*+@!]\(/.test(pattern.replace(/\\[^]/g, '')));
