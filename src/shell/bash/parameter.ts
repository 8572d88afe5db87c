/** `$x` and `${x…}`: what a parameter stands for and what its operators make of it. subst.c. */
import type { Param, Word } from '../grammar/ast.ts';
import { parseDocument } from '../grammar/parse.ts';
import { decodeAnsi } from '../grammar/ansi.ts';
import type { Sys } from '../../sim/proc/program.ts';
import { evaluate } from './arithmetic.ts';
import { expandDocument, expandPattern, expandParts, expandText, Fields, ifsOf, needsClock,
  tick } from './expand.ts';
import { matches, replace, strip } from './pattern.ts';
import { promptText } from './prompt.ts';
import { quoteDeclared, quoteKey, quoteValue } from './quote.ts';
import { Failure, type Shell } from './shell.ts';
import { DYNAMIC, LISTS } from './dynamic.ts';
import {
  allNames, assign, assignElement, elementOf, elements, isArray, isAssoc, lengthOf, lookup, target, value,
  NAME,
} from './variables.ts';

const FLAG_LETTERS: readonly (readonly [string, string])[] = [
  ['allexport', 'a'], ['errexit', 'e'], ['noglob', 'f'], ['hashall', 'h'], ['interactive', 'i'],
  ['keyword', 'k'], ['monitor', 'm'], ['noexec', 'n'],
  ['privileged', 'p'], ['onecmd', 't'], ['nounset', 'u'], ['verbose', 'v'], ['xtrace', 'x'],
  ['braceexpand', 'B'], ['noclobber', 'C'],
  ['errtrace', 'E'], ['histexpand', 'H'], ['physical', 'P'], ['functrace', 'T'],
];

/** `$-` */
const flagLetters = (sh: Shell): string =>
  FLAG_LETTERS.filter(([name]) => (name === 'interactive' ? sh.s.interactive : sh.option(name)))
    .map(([, letter]) => letter).join('')
  + (sh.s.input === '-c' ? 'c' : sh.s.input === 'stdin' ? 's' : '');

/** A parameter without subscript; undefined when it is not set. */
export function parameter(sh: Shell, name: string): string | undefined {
  const c = name.charCodeAt(0);
  if (c >= 48 && c <= 57) {
    const n = Number(name);
    return n === 0 ? sh.s.name : sh.s.args[n - 1];
  }
  switch (name) {
    case '?': return String(sh.s.status);
    case '#': return String(sh.s.args.length);
    case '$': return String(sh.s.pid);
    case '!': return sh.s.lastBackground === null ? undefined : String(sh.s.lastBackground);
    case '-': return flagLetters(sh);
    case '_': return sh.s.lastArg;
    case '@': case '*': return sh.s.args.length ? sh.s.args.join(' ') : undefined;
    default: return value(sh, name);
  }
}

/** What a parameter is: one text (or nothing), or many. */
interface Value { text: string | undefined; list: string[] | null; star: boolean; keys?: string[] }

function* fetch(sh: Shell, name: string, index: Word | undefined): Sys<Value> {
  if (needsClock(name)) yield* tick(sh);
  if (!index) {
    if (name === '@' || name === '*') return { text: undefined, list: [...sh.s.args], star: name === '*' };
    return { text: parameter(sh, name), list: null, star: false };
  }
  const all = index.src === '@' || index.src === '*';
  if (all) {
    const found = elements(sh, name);
    return { text: undefined, list: found?.values ?? [], star: index.src === '*', keys: found?.keys ?? [] };
  }
  return { text: elementOf(sh, name, yield* subscript(sh, name, index)), list: null, star: false };
}

/** A subscript's text: a key as it stands, or an expression. */
export function* subscript(sh: Shell, name: string, index: Word): Sys<string> {
  if (isAssoc(sh, name)) return yield* expandText(sh, index);
  return yield* expandDocument(sh, index);
}

/** Those with a cell and those that the shell computes. */
const everyName = (sh: Shell): string[] => [...new Set([...allNames(sh), ...Object.keys(DYNAMIC), ...LISTS])].sort();

export function* expandParam(sh: Shell, p: Param, fields: Fields, inDouble: boolean): Sys<void> {
  // The common case first.
  if (p.op === undefined && !p.index && !p.length && !p.indirect && p.name !== '@' && p.name !== '*') {
    if (needsClock(p.name)) yield* tick(sh);
    const text = parameter(sh, p.name);
    if (text === undefined) { unbound(sh, p); return; }
    if (inDouble) fields.quoted(text); else fields.split(text);
    return;
  }
  let { name, index } = p;
  if (p.op === 'keys') {
    emit(sh, { text: undefined, list: elements(sh, name)?.keys ?? [], star: index?.src === '*' }, fields,
      inDouble);
    return;
  }
  if (p.op === 'names*' || p.op === 'names@') {
    emit(sh, { text: undefined, list: everyName(sh).filter((n) => n.startsWith(name)),
      star: p.op === 'names*' }, fields, inDouble);
    return;
  }
  if (p.indirect) {
    const v = lookup(sh, name);
    const to = v?.flags.includes('n') && !index ? null : (yield* fetch(sh, name, index)).text;
    if (to === null) {
      if (inDouble) fields.quoted(v!.value ?? ''); else fields.split(v!.value ?? '');
      return;
    }
    if (to === undefined || to === '') {
      if (p.op !== undefined && /^:?[-+]/.test(p.op)) {
        yield* defaults(sh, p, undefined, fields, inDouble);
        return;
      }
      throw new Failure(`${p.name}: invalid indirect expansion`);
    }
    const m = /^([A-Za-z_]\w*)\[(.*)\]$/s.exec(to);
    if (!m && !NAME.test(to) && !/^(?:\d+|[@*#?$!-])$/.test(to))
      throw new Failure(`${to}: invalid variable name`);
    name = m ? m[1]! : to;
    index = m ? parseDocument(m[2]!) : undefined;
    if (index) index = { ...index, src: m![2]! };
  }
  const got = yield* fetch(sh, name, index);
  if (p.length) { fields.split(String(length(sh, p, got))); return; }
  yield* operate(sh, { ...p, name, index }, got, fields, inDouble);
}

function unbound(sh: Shell, p: Param): void {
  if (!sh.option('nounset') || p.name === '@' || p.name === '*') return;
  const shown = /^\d/.test(p.name) ? `$${p.name}` : p.name;
  throw new Failure(`${shown}${p.index ? `[${p.index.src}]` : ''}: unbound variable`, true, 127);
}

function length(sh: Shell, p: Param, got: Value): number {
  if (got.list) return got.list.length;
  if (got.text === undefined) unbound(sh, p);
  return lengthOf(got.text ?? '');
}

/** Puts a value into the fields: `$@` and `$*` in and out of quotes. */
function emit(sh: Shell, got: Value, fields: Fields, inDouble: boolean): void {
  if (!got.list) {
    if (inDouble) fields.quoted(got.text ?? ''); else if (got.text !== undefined) fields.split(got.text);
    return;
  }
  const { list } = got;
  if (inDouble && got.star) { fields.quoted(list.join(ifsOf(sh).slice(0, 1))); return; }
  list.forEach((text, i) => {
    if (i) {
      if (fields.ifs === null) {
        if (got.star && !inDouble) fields.plain(ifsOf(sh).slice(0, 1)); else fields.quoted(' ');
      } else fields.end();
    }
    if (inDouble) fields.quoted(text); else if (got.star && fields.ifs === '') {
      if (text) fields.plain(text);
    } else fields.split(text);
  });
}

function* operate(sh: Shell, p: Param, got: Value, fields: Fields, inDouble: boolean): Sys<void> {
  const { op } = p;
  if (op === undefined) {
    if (!got.list && got.text === undefined) unbound(sh, p);
    emit(sh, got, fields, inDouble);
    return;
  }
  if (/^:?[-=?+]$/.test(op)) { yield* defaults(sh, p, got, fields, inDouble); return; }
  if (!got.list && got.text === undefined) {
    unbound(sh, p);
    if (!op.startsWith('@')) { if (inDouble) fields.quoted(''); return; }
  }
  if (op === ':') { emit(sh, yield* substring(sh, p, got), fields, inDouble); return; }
  if (op[0] === '@') { emit(sh, yield* transform(sh, p, got), fields, inDouble); return; }
  const pattern = p.arg ? yield* expandPattern(sh, p.arg) : '';
  const change = yield* changer(sh, op, pattern, p.arg2);
  emit(sh, got.list ? { ...got, list: got.list.map(change) } : { ...got, text: change(got.text!) }, fields,
    inDouble);
}

function* changer(sh: Shell, op: string, pattern: string,
  by: Word | undefined): Sys<(text: string) => string> {
  const style = { extglob: sh.shopt('extglob'), ignoreCase: sh.shopt('nocasematch') };
  switch (op[0]) {
    case '#': case '%': return (text) => strip(text, pattern, op, style);
    case '/': {
      const text = by ? yield* expandText(sh, by) : '';
      return (from) => replace(from, pattern, op.slice(1), text, style);
    }
    default: {
      const up = op[0] === '^', all = op.length === 2;
      const hit = (c: string): boolean => pattern === '' || matches(c, pattern, style);
      const turn = (c: string): string => (hit(c) ? (up ? c.toUpperCase() : c.toLowerCase()) : c);
      return (text) => (all ? [...text].map(turn).join('') : text === '' ? ''
        : turn([...text][0]!) + [...text].slice(1).join(''));
    }
  }
}

/** `:-` `:=` `:?` `:+` and their forms without the colon. */
function* defaults(sh: Shell, p: Param, got: Value | undefined, fields: Fields,
  inDouble: boolean): Sys<void> {
  const op = p.op!, colon = op[0] === ':';
  const isSet = got ? (got.list ? got.list.length > 0 : got.text !== undefined) : false;
  const empty = got?.list ? got.list.length === 0 || (got.list.length === 1 && got.list[0] === '')
    : got?.text === '';
  const has = isSet && !(colon && empty);
  const word = p.arg!;
  switch (op[op.length - 1]) {
    case '+':
      if (has) yield* inPlace(sh, word, fields, inDouble);
      else if (inDouble) fields.quoted('');
      return;
    case '-': break;
    case '?': {
      if (has) break;
      const text = word.src === '' ? '' : yield* expandText(sh, word);
      throw new Failure(`${p.name}${p.index ? `[${p.index.src}]` : ''}: ${text
        || (colon ? 'parameter null or not set' : 'parameter not set')}`, true, 127);
    }
    default: {
      if (has) break;
      const text = yield* expandText(sh, word, true);
      if (!NAME.test(p.name)) throw new Failure(`$${p.name}: cannot assign in this way`);
      if (p.index) assignElement(sh, p.name, yield* subscript(sh, p.name, p.index), text); else assign(sh,
        p.name, text);
      if (inDouble) fields.quoted(text); else fields.split(text);
      return;
    }
  }
  if (has) emit(sh, got!, fields, inDouble);
  else yield* inPlace(sh, word, fields, inDouble);
}

/** The alternative's own quotes count; its unquoted expansions are split like any other. */
function* inPlace(sh: Shell, word: Word, fields: Fields, inDouble: boolean): Sys<void> {
  if (!word.parts.length) { if (inDouble) fields.quoted(''); return; }
  for (const part of word.parts) {
    if (part.k === 'text' && !inDouble) {
      if (part === word.parts[0] && part.text[0] === '~') yield* expandTilde(sh, part.text, fields);
      else fields.split(part.text);
    } else yield* expandParts(sh, [part], fields, inDouble);
  }
}

function* expandTilde(sh: Shell, text: string, fields: Fields): Sys<void> {
  const inner = new Fields(null);
  inner.plain(yield* expandText(sh, { src: text, parts: [{ k: 'text', text }] }));
  inner.end();
  fields.split(inner.done[0]!.text);
}

function* substring(sh: Shell, p: Param, got: Value): Sys<Value> {
  const offset = Number(evaluate(sh, yield* expandDocument(sh, p.arg!)));
  const size = p.arg2 ? Number(evaluate(sh, yield* expandDocument(sh, p.arg2))) : null;
  if (got.list) {
    const positional = p.name === '@' || p.name === '*';
    const list = positional ? [sh.s.name, ...got.list] : got.list;
    if (size !== null && size < 0) throw new Failure(`${p.arg2!.src.trimEnd()}: substring expression < 0`);
    const start = offset < 0 ? list.length + offset : positional || !got.keys ? offset
      : got.keys.findIndex((key) => Number(key) >= offset);
    const from = positional && offset === 0 ? 0 : start;
    if (start < 0) return { ...got, list: [] };
    return { ...got, list: size === null ? list.slice(from) : list.slice(from, from + size) };
  }
  const chars = /[\ud800-\udbff]/.test(got.text!) ? [...got.text!] : null;
  const total = chars ? chars.length : got.text!.length;
  const from = offset < 0 ? total + offset : offset;
  if (from < 0 || from > total) return { ...got, text: '' };
  const to = size === null ? total : size < 0 ? total + size : Math.min(total, from + size);
  if (to < from) throw new Failure(`${p.arg2!.src.trimEnd()}: substring expression < 0`);
  return { ...got, text: chars ? chars.slice(from, to).join('') : got.text!.slice(from, to) };
}

/** `${x@Q}` and its kin. */
function* transform(sh: Shell, p: Param, got: Value): Sys<Value> {
  const letter = p.op![1]!;
  if (letter === 'a') {
    const flags = lookup(sh, target(sh, p.name))?.flags ?? '';
    return got.list ? { ...got, list: got.list.map(() => flags) } : { ...got, text: flags };
  }
  if (letter === 'A') return { text: declaration(sh, p.name, got), list: null, star: false };
  if ((letter === 'K' || letter === 'k') && got.list && got.keys) {
    const pairs = got.keys.map((key,
      i) => `${isAssoc(sh, p.name) ? quoteKey(key) : key} ${quoteDeclared(got.list![i]!)}`);
    return { text: pairs.join(' '), list: null, star: false };
  }
  const one = function* (text: string): Sys<string> {
    switch (letter) {
      case 'Q': case 'K': case 'k': return quoteValue(text);
      case 'E': return decodeAnsi(text);
      case 'P': return yield* promptText(sh, text);
      case 'U': return text.toUpperCase();
      case 'L': return text.toLowerCase();
      default: return text.replace(/^./u, (c) => c.toUpperCase());
    }
  };
  if (got.list) {
    const list: string[] = [];
    for (const text of got.list) list.push(yield* one(text));
    return { ...got, list };
  }
  return got.text === undefined ? got : { ...got, text: yield* one(got.text) };
}

function declaration(sh: Shell, name: string, got: Value): string | undefined {
  const v = lookup(sh, target(sh, name));
  if (!v) return got.list ? `set -- ${got.list.map(quoteValue).join(' ')}` : undefined;
  if (isArray(sh, name) && got.list)
    return `declare -${v.flags
      || '-'} ${name}=(${got.keys!.map((k, i) => `[${quoteKey(k)}]=${quoteDeclared(got.list![i]!)}`)
        .join(' ')})`;
  if (v.flags === '') return got.text === undefined ? undefined : `${name}=${quoteValue(got.text)}`;
  return `declare -${v.flags} ${name}${got.text === undefined ? '' : `=${quoteValue(got.text)}`}`;
}
