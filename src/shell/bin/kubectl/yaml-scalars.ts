/** The scalars of YAML: block, quoted and plain, each read from its first character to its end (libyaml's scanner). */
import { type Cursor, END, isBlank, isBlankOrEnd, isBreak } from './yaml-cursor.ts';

const ESCAPES: Readonly<Record<string, string>> = {
  '0': '\0', a: '\x07', b: '\b', t: '\t', '\t': '\t', n: '\n', v: '\v', f: '\f', r: '\r', e: '\x1b', ' ': ' ', '"': '"', "'": "'", '/': '/', '\\': '\\', N: '\u0085', _: '\u00a0', L: '\u2028', P: '\u2029',
};
const HEX: Readonly<Record<string, number>> = { x: 2, u: 4, U: 8 };

/** `parent`: the indentation of the collection around it. */
export function blockScalar(at: Cursor, literal: boolean, parent: number): string {
  const { line } = at;
  at.skip();
  let chomp = '', increment = 0;
  for (let n = 0; n < 2; n++) {
    const c = at.char();
    if ((c === '+' || c === '-') && !chomp) { chomp = c; at.skip(); } else if (/\d/.test(c) && !increment) {
      if (c === '0') at.fault('found an indentation indicator equal to 0', line);
      increment = Number(c);
      at.skip();
    }
  }
  while (isBlank(at.char())) at.skip();
  at.skipComment();
  if (at.char() !== END && !isBreak(at.char())) at.fault('did not find expected comment or line break', line);
  if (isBreak(at.char())) at.newLine();
  const first = blockBreaks(at, increment ? Math.max(parent, 0) + increment : 0, parent, line);
  const { indent } = first;
  let { breaks } = first, text = '', leading = '', wasBlank = false;
  while (at.column === indent && at.char() !== END) {
    const blank = isBlank(at.char());
    // Lines are folded into one, but for those that begin with a blank.
    if (!literal && leading.startsWith('\n') && !wasBlank && !blank) text += breaks ? '' : ' '; else text += leading;
    text += breaks;
    wasBlank = blank;
    while (at.char() !== END && !isBreak(at.char())) { text += at.char(); at.skip(); }
    leading = at.char() === END ? '' : at.newLine();
    ({ breaks } = blockBreaks(at, indent, parent, line));
  }
  return text + (chomp === '-' ? '' : leading) + (chomp === '+' ? breaks : '');
}

/** Empty lines and the indentation after them; it is found out if it is 0. */
function blockBreaks(at: Cursor, given: number, parent: number, contextLine: number): { indent: number; breaks: string } {
  let breaks = '', most = 0;
  for (;;) {
    while ((!given || at.column < given) && at.char() === ' ') at.skip();
    most = Math.max(most, at.column);
    if ((!given || at.column < given) && at.char() === '\t') at.fault('found a tab character where an indentation space is expected', contextLine);
    if (!isBreak(at.char())) break;
    breaks += at.newLine();
  }
  return { indent: given || Math.max(most, parent + 1, 1), breaks };
}

export function quoted(at: Cursor, quote: string): string {
  const { line } = at;
  at.skip();
  let text = '';
  for (;;) {
    if (at.atIndicator('---') || at.atIndicator('...')) at.fault('found unexpected document indicator', line);
    if (at.char() === END) at.fault('found unexpected end of stream', line);
    let leading = false;
    while (!isBlankOrEnd(at.char())) {
      const c = at.char();
      if (c === "'" && quote === "'" && at.char(1) === "'") { text += "'"; at.skip(2); } else if (c === quote) break;
      else if (c === '\\' && quote === '"' && isBreak(at.char(1))) { at.skip(); at.newLine(); leading = true; break; } else if (c === '\\' && quote === '"') text += escape(at, line);
      else { text += c; at.skip(); }
    }
    if (at.char() === quote) break;
    text += at.folded(leading);
  }
  at.skip();
  return text;
}

function escape(at: Cursor, contextLine: number): string {
  const c = at.char(1);
  const plain = ESCAPES[c];
  if (plain !== undefined) { at.skip(2); return plain; }
  const width = HEX[c];
  if (!width) at.fault('found unknown escape character', contextLine);
  at.skip(2);
  const digits = at.slice(width);
  if (digits.length < width || /[^0-9a-fA-F]/.test(digits)) at.fault('did not find expected hexdecimal number', contextLine);
  const code = parseInt(digits, 16);
  if ((code >= 0xd800 && code <= 0xdfff) || code > 0x10ffff) at.fault('found invalid Unicode character escape code', contextLine);
  at.skip(width);
  return String.fromCodePoint(code);
}

/** `broken`: line breaks followed it, so that a key may begin there. */
export function plain(at: Cursor, flow: boolean, indent: number): { text: string; broken: boolean } {
  const { line } = at;
  let text = '', pending = '', broken = false;
  for (;;) {
    if (at.atIndicator('---') || at.atIndicator('...') || at.char() === '#') break;
    let some = false;
    while (!isBlankOrEnd(at.char())) {
      const c = at.char();
      if ((c === ':' && isBlankOrEnd(at.char(1))) || (flow && ',?[]{}'.includes(c))) break;
      text += pending + c;
      pending = '';
      broken = false;
      some = true;
      at.skip();
    }
    if (!isBlank(at.char()) && !isBreak(at.char())) break;
    const before = at.line;
    pending = at.folded(false, indent, line);
    broken = at.line !== before || (broken && !some);
    if (!flow && at.column < indent) break;
  }
  return { text, broken };
}
