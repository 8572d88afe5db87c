/** How grep decides on a line: fixed strings, POSIX or Perl patterns, whole words, whole lines. It knows no files. */
import { compileRegex } from './regex/compile.ts';
import { perlTrouble, translatePerl } from './regex/perl.ts';

/** Basic, extended, fixed, Perl: grep's own letters. */
export type Flavor = 'G' | 'E' | 'F' | 'P';
export interface Span { readonly start: number; readonly end: number }

export interface LineMatcher {
  test(line: string): boolean;
  /** The first match that begins at `from` or later. */
  find(line: string, from: number): Span | null;
}

export interface MatchStyle { readonly flavor: Flavor; readonly ignoreCase: boolean; readonly word: boolean; readonly line: boolean }

export type Made = { readonly ok: true; readonly matcher: LineMatcher } | { readonly ok: false; readonly message: string };

export function compilePatterns(patterns: readonly string[], style: MatchStyle): Made {
  if (patterns.length === 0) return { ok: true, matcher: { test: () => false, find: () => null } };
  if (style.flavor === 'P') {
    if (patterns.length > 1) return { ok: false, message: 'the -P option only supports a single pattern' };
    return perl(patterns[0]!, style);
  }
  const finders: LineMatcher[] = [];
  for (const pattern of patterns) {
    const made = style.flavor === 'F' ? { ok: true as const, matcher: fixed(pattern, style.ignoreCase) } : posix(pattern, style);
    if (!made.ok) return made;
    finders.push(limited(made.matcher, style, style.flavor === 'F'));
  }
  return { ok: true, matcher: finders.length === 1 ? finders[0]! : anyOf(finders) };
}

function fixed(pattern: string, ignoreCase: boolean): LineMatcher {
  const wanted = ignoreCase ? pattern.toLowerCase() : pattern;
  const seen = (line: string): string => (ignoreCase ? line.toLowerCase() : line);
  return {
    test: (line) => seen(line).includes(wanted),
    find(line, from) {
      const at = seen(line).indexOf(wanted, from);
      return at < 0 ? null : { start: at, end: at + wanted.length };
    },
  };
}

function posix(pattern: string, style: MatchStyle): Made {
  const extended = style.flavor === 'E';
  const made = compileRegex(pattern, { extended, lenient: true, ignoreCase: style.ignoreCase });
  if (!made.ok) return made;
  const { regex } = made;
  return { ok: true, matcher: { test: (line) => regex.test(line), find: (line, from) => regex.exec(line, from) } };
}

function perl(pattern: string, style: MatchStyle): Made {
  const translated = translatePerl(pattern);
  if (!translated.ok) return translated;
  const around = style.line ? `^(?:${translated.source})$` : style.word ? `(?<!\\w)(?:${translated.source})(?!\\w)` : translated.source;
  try {
    const form = new RegExp(around, translated.ignoreCase || style.ignoreCase ? 'giu' : 'gu');
    const exec = (line: string, from: number): RegExpExecArray | null => {
      form.lastIndex = from;
      return form.exec(line);
    };
    return {
      ok: true,
      matcher: {
        test: (line) => exec(line, 0) !== null,
        find(line, from) {
          const m = exec(line, from);
          return m ? { start: m.index, end: m.index + m[0].length } : null;
        },
      },
    };
  } catch (error) {
    return { ok: false, message: perlTrouble((error as Error).message) };
  }
}

const isWord = (c: string | undefined): boolean => c !== undefined && /[\p{L}\p{N}_]/u.test(c);

/** With -x or -w a match must reach the ends of the line or of a word; shorter ones from the same place are tried. */
function limited(inner: LineMatcher, style: MatchStyle, isFixed: boolean): LineMatcher {
  if (style.line) {
    const find = (line: string): Span | null => {
      const found = inner.find(line, 0);
      return found && found.start === 0 && found.end === line.length ? found : null;
    };
    return { test: (line) => find(line) !== null, find: (line, from) => (from === 0 ? find(line) : null) };
  }
  if (!style.word) return inner;
  const find = (line: string, from: number): Span | null => {
    for (let at = from; at <= line.length;) {
      const found = inner.find(line, at);
      if (!found) return null;
      for (let end = found.end; end >= found.start; end--) {
        if (end < found.end) {
          if (isFixed) break;
          const shorter = inner.find(line.slice(0, end), found.start);
          if (!shorter || shorter.start !== found.start) break;
          end = shorter.end;
        }
        if (!isWord(line[found.start - 1]) && !isWord(line[end]) && end > found.start) return { start: found.start, end };
      }
      if (found.end === found.start && !isWord(line[found.start - 1]) && !isWord(line[found.start])) return found;
      at = found.start + 1;
    }
    return null;
  };
  return { test: (line) => find(line, 0) !== null, find };
}

function anyOf(finders: readonly LineMatcher[]): LineMatcher {
  return {
    test: (line) => finders.some((finder) => finder.test(line)),
    find(line, from) {
      let best: Span | null = null;
      for (const finder of finders) {
        const found = finder.find(line, from);
        if (found && (!best || found.start < best.start || (found.start === best.start && found.end > best.end))) best = found;
      }
      return best;
    },
  };
}
