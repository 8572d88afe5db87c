/**
 * Perl's regular expressions (grep -P) as JavaScript's: most are the same. What has no counterpart is
 * refused, with PCRE's words where there are any.
 */

export type Perl = { readonly ok: true; readonly source: string; readonly ignoreCase: boolean } | { readonly ok: false; readonly message: string };

const SIMPLE: Readonly<Record<string, string>> = {
  A: '(?<![^])', z: '(?![^])', Z: '(?=\\n?(?![^]))', h: '[ \\t]', H: '[^ \\t]', R: '(?:\\r\\n|[\\n\\v\\f\\r])', N: '[^\\n]', a: '\\x07', e: '\\x1b',
  G: '', w: '[A-Za-z0-9_]', W: '[^A-Za-z0-9_]', V: '[^\\n\\v\\f\\r]',
};

const POSIX_IN_BRACKETS: Readonly<Record<string, string>> = {
  alpha: 'A-Za-z', digit: '0-9', alnum: 'A-Za-z0-9', upper: 'A-Z', lower: 'a-z', space: '\\s', blank: ' \\t', punct: '!-\\/:-@\\[-`{-~',
  xdigit: 'A-Fa-f0-9', word: '\\w', cntrl: '\\x00-\\x1f\\x7f', print: '\\x20-\\x7e', graph: '\\x21-\\x7e',
};

export function translatePerl(pattern: string): Perl {
  let ignoreCase = false;
  let rest = pattern;
  const flags = /^\(\?([ims]+)\)/.exec(rest);
  if (flags) {
    ignoreCase = flags[1]!.includes('i');
    rest = rest.slice(flags[0].length);
  }
  let out = '';
  for (let i = 0; i < rest.length; i++) {
    const c = rest[i]!;
    const ahead = rest.slice(i);
    if (c === '\\') {
      const quoted = /^\\Q([^]*?)(?:\\E|$)/.exec(ahead);
      if (quoted) {
        out += quoted[1]!.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
        i += quoted[0].length - 1;
        continue;
      }
      if (ahead.startsWith('\\K')) {
        // What is before \K must stand there but is no part of the match.
        out = `(?<=${out})`;
        i++;
        continue;
      }
      const next = rest[i + 1];
      if (next === undefined) return { ok: false, message: '\\ at end of pattern' };
      const code = /^\\x\{([0-9a-fA-F]+)\}/.exec(ahead);
      out += code ? `\\u{${code[1]}}` : SIMPLE[next] ?? (/[a-zA-Z0-9^$.*+?()[\]{}|\\/-]/.test(next) ? (next === '-' ? '-' : `\\${next}`) : next);
      i += code ? code[0].length - 1 : 1;
      continue;
    }
    if (c === '[') {
      const set = bracket(ahead);
      if (!set) return { ok: false, message: 'missing terminating ] for character class' };
      out += set.source;
      i += set.length - 1;
      continue;
    }
    const group = /^\(\?(P?<[A-Za-z_]\w*>|P=\w+\)|#[^)]*\)|>|\||[imsx]+:|\^)/.exec(ahead);
    if (group) {
      const word = group[1]!;
      if (word.startsWith('#')) { i += group[0].length - 1; continue; }
      if (word.startsWith('P=')) { out += `\\k<${word.slice(2, -1)}>`; i += group[0].length - 1; continue; }
      if (/^P?</.test(word)) { out += `(?${word.replace('P', '')}`; i += group[0].length - 1; continue; }
      return { ok: false, message: 'unrecognized character after (? or (?-' };
    }
    if (/^[*+?}]\+/.test(ahead)) return { ok: false, message: 'possessive quantifiers are not supported in this build' };
    if (c === '{' && !/^\{\d+(,\d*)?\}/.test(ahead)) { out += '\\{'; continue; }
    if (c === '}' && !/\{\d+(,\d*)?$/.test(out)) { out += '\\}'; continue; }
    out += c === ']' ? '\\]' : c === '/' ? '\\/' : c;
  }
  return { ok: true, source: out, ignoreCase };
}

function bracket(text: string): { source: string; length: number } | null {
  let i = 1;
  let out = '[';
  if (text[i] === '^') { out += '^'; i++; }
  for (let first = true; i < text.length; first = false) {
    const c = text[i]!;
    if (c === ']' && !first) return { source: `${out}]`, length: i + 1 };
    const named = /^\[:(\^?)(\w+):\]/.exec(text.slice(i));
    if (named && POSIX_IN_BRACKETS[named[2]!]) {
      out += POSIX_IN_BRACKETS[named[2]!];
      i += named[0].length;
    } else if (c === '\\') {
      const next = text[i + 1] ?? '\\';
      out += next === 'h' ? ' \\t' : /[a-zA-Z0-9^$.*+?()[\]{}|\\/-]/.test(next) ? `\\${next}` : next;
      i += 2;
    } else {
      out += c === ']' || c === '[' || c === '^' && !first ? `\\${c}` : c;
      i++;
    }
  }
  return null;
}

/** The words of PCRE for what JavaScript could not read. */
export function perlTrouble(message: string): string {
  if (/Unterminated group/.test(message)) return 'missing closing parenthesis';
  if (/Unmatched '\)'/.test(message)) return 'unmatched closing parenthesis';
  if (/Nothing to repeat/.test(message)) return 'quantifier does not follow a repeatable item';
  if (/out of order/.test(message)) return 'numbers out of order in {} quantifier';
  if (/Range out of order/.test(message)) return 'range out of order in character class';
  return 'internal error: pattern is not supported';
}
