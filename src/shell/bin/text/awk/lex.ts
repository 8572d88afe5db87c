/** Tokens of an awk program. A slash is a division or the start of a regular expression by what stands before it. */

export interface Token {
  readonly kind: 'number' | 'string' | 'regex' | 'name' | 'funcname' | 'builtin' | 'keyword' | 'op' | 'newline' | 'end';
  readonly text: string;
  readonly at: number;
  readonly line: number;
}

/** A syntax error: where it is in the text. */
export class BadProgram extends Error { constructor(message: string, readonly at: number, readonly line: number) { super(message); } }

const KEYWORDS = new Set([
  'BEGIN', 'END', 'function', 'func', 'if', 'else', 'while', 'for', 'do', 'break', 'continue', 'next', 'nextfile', 'exit', 'return', 'delete', 'in', 'getline',
  'print', 'printf', 'switch', 'case', 'default',
]);
const BUILTINS = new Set([
  'length', 'substr', 'index', 'split', 'sub', 'gsub', 'gensub', 'match', 'sprintf', 'tolower', 'toupper', 'sin', 'cos', 'atan2', 'exp', 'log', 'sqrt', 'int', 'rand',
  'srand', 'system', 'close', 'fflush', 'systime', 'strftime', 'mktime', 'strtonum', 'and', 'or', 'xor', 'lshift', 'rshift', 'compl', 'asort', 'asorti', 'patsplit',
  'isarray',
]);
const OPERATORS = [
  '**=', '&&', '||', '++', '--', '+=', '-=', '*=', '/=', '%=', '^=', '**', '==', '<=', '>=', '!=', '>>', '!~', '|&',
  '{', '}', '(', ')', '[', ']', ';', ',', '+', '-', '*', '/', '%', '^', '!', '>', '<', '|', '?', ':', '~', '$', '=',
];
const ESCAPES: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', '\\': '\\', '"': '"', '/': '/', a: '\x07', b: '\b', f: '\f', v: '\v' };

export function unescapeString(raw: string): string {
  return raw.replace(/\\(?:([0-7]{1,3})|x([0-9a-fA-F]{1,2})|(\n)|([^]))/g, (_all, octal, hex, newline, c) => {
    if (octal !== undefined) return String.fromCharCode(parseInt(octal, 8) & 255);
    if (hex !== undefined) return String.fromCharCode(parseInt(hex, 16));
    if (newline !== undefined) return '';
    return ESCAPES[c as string] ?? `\\${c}`.replace(/^\\(?=[^.*+?()[\]{}|^$\\&])/, '');
  });
}

const BLANKS = /(?:[ \t\r]|\\\r?\n)+/y;
const NUMBER = /0[xX][0-9a-fA-F]+|(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?/y;
const NAME = /[A-Za-z_][A-Za-z0-9_]*/y;

/** Whether a slash after this token divides. */
const ends = (token: Token | undefined): boolean => token !== undefined && (['number', 'string', 'regex', 'name', 'builtin'].includes(token.kind)
  || (token.kind === 'op' && [')', ']', '$', '++', '--'].includes(token.text)));

export function tokenize(text: string): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  let line = 1;
  const take = (form: RegExp): string | null => {
    form.lastIndex = at;
    const found = form.exec(text);
    return found ? found[0] : null;
  };
  const push = (kind: Token['kind'], value: string, length: number): void => {
    tokens.push({ kind, text: value, at, line });
    line += text.slice(at, at + length).split('\n').length - 1;
    at += length;
  };
  while (at < text.length) {
    const blanks = take(BLANKS);
    if (blanks !== null) {
      line += blanks.split('\n').length - 1;
      at += blanks.length;
      continue;
    }
    const c = text[at]!;
    if (c === '#') {
      const end = text.indexOf('\n', at);
      at = end < 0 ? text.length : end;
    } else if (c === '\n') push('newline', '\n', 1);
    else if (c === '"') {
      const raw = stringEnd(text, at, line);
      push('string', unescapeString(raw), raw.length + 2);
    } else if (c === '/' && !ends(tokens.at(-1))) {
      const raw = regexEnd(text, at, line);
      push('regex', raw, raw.length + 2);
    } else word(text, at, line, take, push);
  }
  tokens.push({ kind: 'end', text: '', at: text.length, line });
  return tokens;
}

function word(text: string, at: number, line: number, take: (form: RegExp) => string | null, push: (kind: Token['kind'], value: string, length: number) => void): void {
  const number = take(NUMBER);
  if (number !== null) return push('number', number, number.length);
  const name = take(NAME);
  if (name !== null) {
    if (KEYWORDS.has(name)) return push('keyword', name === 'func' ? 'function' : name, name.length);
    if (BUILTINS.has(name)) return push('builtin', name, name.length);
    return push(text[at + name.length] === '(' ? 'funcname' : 'name', name, name.length);
  }
  const operator = OPERATORS.find((op) => text.startsWith(op, at));
  if (!operator) throw new BadProgram(`invalid char '${text[at]}' in expression`, at, line);
  push('op', operator, operator.length);
}

function stringEnd(text: string, start: number, line: number): string {
  for (let i = start + 1; i < text.length; i++) {
    if (text[i] === '\\') i++;
    else if (text[i] === '"') return text.slice(start + 1, i);
    else if (text[i] === '\n') break;
  }
  throw new BadProgram('unterminated string', start, line);
}

function regexEnd(text: string, start: number, line: number): string {
  let inSet = false;
  for (let i = start + 1; i < text.length; i++) {
    const c = text[i];
    if (c === '\\') i++;
    else if (c === '\n') break;
    else if (c === '[' && !inSet) {
      inSet = true;
      if (text[i + 1] === '^') i++;
      if (text[i + 1] === ']') i++;
    } else if (c === '[' && text[i + 1] === ':') i = Math.max(i, text.indexOf(':]', i) + 1);
    else if (c === ']') inSet = false;
    else if (c === '/' && !inSet) return text.slice(start + 1, i);
  }
  throw new BadProgram('unterminated regexp', start, line);
}
