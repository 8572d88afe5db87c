/**
 * From words to arguments: braces, tildes, parameters, commands, arithmetic, splitting, pathnames, in
 * bash's order. Quoting is kept beside the text as a pattern in which a backslash quotes.
 */
import type { Part, Word } from '../grammar/ast.ts';
import type { Sys } from '../../sim/proc/program.ts';
import { evaluate } from './arithmetic.ts';
import { expandBraces } from './brace.ts';
import { substitute, processSubstitution } from './substitute.ts';
import { glob } from './glob.ts';
import { expandParam } from './parameter.ts';
import { hasGlob, quotePattern } from './pattern.ts';
import { Failure, type Shell } from './shell.ts';
import { CLOCKED } from './dynamic.ts';
import { value } from './variables.ts';

export interface Field { text: string; /** The text as a pattern: what was quoted has backslashes. */
  pattern: string; active: boolean }

const ACTIVE = /[*?[\\]|[+@!]\(/;

/** Fields under construction. */
export class Fields {
  readonly done: Field[] = [];
  private text = '';
  private pattern = '';
  private active = false;
  started = false;
  constructor(readonly ifs: string | null) {}

  /** Unquoted text of the word itself, or an expansion that is not split. */
  plain(text: string): void {
    this.text += text;
    this.pattern += text;
    if (ACTIVE.test(text)) this.active = true;
    this.started = true;
  }
  quoted(text: string): void {
    this.text += text;
    this.pattern += quotePattern(text);
    this.started = true;
  }
  end(): void {
    if (!this.started) return;
    this.done.push({ text: this.text, pattern: this.pattern, active: this.active });
    this.text = '';
    this.pattern = '';
    this.active = false;
    this.started = false;
  }
  /** The result of an unquoted expansion: split at IFS. */
  split(text: string): void {
    const { ifs } = this;
    if (ifs === null || ifs === '') { if (text !== '') this.plain(text); return; }
    let i = 0;
    while (i < text.length) {
      let from = i;
      while (i < text.length && !ifs.includes(text[i]!)) i++;
      if (i > from) this.plain(text.slice(from, i));
      if (i >= text.length) return;
      from = i;
      while (i < text.length && isBlank(text[i]!) && ifs.includes(text[i]!)) i++;
      if (i < text.length && ifs.includes(text[i]!)) {
        i++;
        this.started = true;
        while (i < text.length && isBlank(text[i]!) && ifs.includes(text[i]!)) i++;
      }
      this.end();
    }
  }
}
const isBlank = (c: string): boolean => c === ' ' || c === '\t' || c === '\n';

export const ifsOf = (sh: Shell): string => value(sh, 'IFS') ?? ' \t\n';

// ---- parts

export function* expandParts(sh: Shell, parts: readonly Part[], fields: Fields,
  inDouble: boolean): Sys<void> {
  for (const part of parts) {
    switch (part.k) {
      case 'text': if (inDouble) fields.quoted(part.text); else fields.plain(part.text); break;
      case 'quoted': fields.quoted(part.text); break;
      case 'double': yield* expandDouble(sh, part.parts, fields); break;
      case 'param': yield* expandParam(sh, part, fields, inDouble); break;
      case 'command': put(fields, yield* substitute(sh, part.list), inDouble); break;
      case 'arith': put(fields, yield* arithmetic(sh, part.parts), inDouble); break;
      case 'process': fields.quoted(yield* processSubstitution(sh, part.way, part.list)); break;
      case 'bad': throw new Failure(`${part.src}: bad substitution`);
    }
  }
}

/** `"$@"` alone vanishes when there are no arguments; any other quotes leave a field. */
function* expandDouble(sh: Shell, parts: readonly Part[], fields: Fields): Sys<void> {
  const before = fields.started, made = fields.done.length;
  yield* expandParts(sh, parts, fields, true);
  if (fields.started || fields.done.length > made || before) return;
  if (!parts.some(isList)) fields.quoted('');
}
const isList = (part: Part): boolean =>
  part.k === 'param' && !part.length && (part.name === '@' || part.index?.src === '@');

const put = (fields: Fields, text: string, inDouble: boolean): void => {
  if (inDouble) fields.quoted(text); else fields.split(text);
};

function* arithmetic(sh: Shell, parts: readonly Part[]): Sys<string> {
  return String(yield* evaluateParts(sh, parts));
}

export function* evaluateParts(sh: Shell, parts: readonly Part[]): Sys<bigint> {
  const only = parts.length === 1 && parts[0]!.k === 'quoted' ? parts[0]!.text : null;
  let text = only;
  if (text === null) {
    const fields = new Fields(null);
    yield* expandParts(sh, parts, fields, true);
    fields.end();
    text = fields.done.map((f) => f.text).join(' ');
  }
  if (text.includes('SECONDS') || text.includes('EPOCH')) yield* tick(sh);
  return evaluate(sh, text);
}

/** Reads the clock for the variables that show it. */
export function* tick(sh: Shell): Sys<void> {
  const now = yield* sh.call('now', {});
  if (now.ok) sh.clockUs = now.value.real;
}
export const needsClock = (name: string): boolean => CLOCKED.has(name);

// ---- words

/** Arguments of a command: every expansion. */
export function* expandWords(sh: Shell, words: readonly Word[], out: string[] = []): Sys<string[]> {
  for (const word of words) {
    if (word.lit !== undefined) { out.push(word.lit); continue; }
    yield* expandWord(sh, word, out);
  }
  return out;
}

export function* expandWord(sh: Shell, word: Word, out: string[]): Sys<void> {
  if (word.brace && !sh.option('nobrace')) {
    for (const one of expandBraces(word)) yield* expandOne(sh, one, out);
  } else yield* expandOne(sh, word, out);
}

function* expandOne(sh: Shell, word: Word, out: string[]): Sys<void> {
  const fields = new Fields(ifsOf(sh));
  yield* expandParts(sh, yield* tildes(sh, word.parts, false), fields, false);
  fields.end();
  for (const field of fields.done) {
    if (!field.active || sh.option('noglob') || !hasGlob(field.pattern, sh.shopt('extglob'))) {
      out.push(field.text);
      continue;
    }
    const found = yield* glob(sh, field.pattern);
    if (found.length) out.push(...found);
    else if (sh.shopt('failglob')) throw new Failure(`no match: ${field.text}`);
    else if (!sh.shopt('nullglob')) out.push(field.text);
  }
}

/** One string, without splitting or pathnames: a value, a `case` word, a here-string. */
export function* expandText(sh: Shell, word: Word, isValue = false): Sys<string> {
  if (word.lit !== undefined) return word.lit;
  return (yield* single(sh, word, isValue)).text;
}

/** The same as a pattern, what was quoted with backslashes. */
export function* expandPattern(sh: Shell, word: Word): Sys<string> {
  return (yield* single(sh, word, false)).pattern;
}

function* single(sh: Shell, word: Word, isValue: boolean): Sys<Field> {
  const fields = new Fields(null);
  yield* expandParts(sh, yield* tildes(sh, word.parts, isValue), fields, false);
  fields.end();
  const { done } = fields;
  if (done.length === 1) return done[0]!;
  return { text: done.map((f) => f.text).join(' '), pattern: done.map((f) => f.pattern).join(' '),
    active: false };
}

/** A here-document's body or a prompt: as inside double quotes. */
export function* expandDocument(sh: Shell, word: Word): Sys<string> {
  if (word.lit !== undefined) return word.lit;
  const fields = new Fields(null);
  yield* expandParts(sh, word.parts, fields, true);
  fields.end();
  return fields.done.map((f) => f.text).join(' ');
}

// ---- tildes

const HEAD = /^~([\w.+-]*)(?=\/|$)/;
const ASSIGNED = /^([A-Za-z_]\w*\+?=)(~.*)$/s;

function* tildes(sh: Shell, parts: readonly Part[], isValue: boolean): Sys<readonly Part[]> {
  const first = parts[0];
  if (isValue) {
    if (!parts.some((p) => p.k === 'text' && p.text.includes('~'))) return parts;
    const out: Part[] = [];
    for (let i = 0; i < parts.length; i++) {
      const part = parts[i]!;
      if (part.k !== 'text' || !part.text.includes('~')) { out.push(part); continue; }
      out.push(...yield* tildesInValue(sh, part.text, i === 0, i === parts.length - 1));
    }
    return out;
  }
  if (first?.k !== 'text') return parts;
  const assigned = first.text.includes('=~') ? ASSIGNED.exec(first.text) : null;
  if (assigned) return [{ k: 'text', text: assigned[1]! },
    ...yield* tildesInValue(sh, assigned[2]!, true, parts.length === 1), ...parts.slice(1)];
  if (first.text[0] !== '~') return parts;
  const head = HEAD.exec(first.text);
  if (!head || (head[0].length === first.text.length && parts.length > 1)) return parts;
  const home = yield* homeOf(sh, head[1]!);
  return home === null ? parts
    : [{ k: 'quoted', text: home }, { k: 'text', text: first.text.slice(head[0].length) }, ...parts.slice(1)];
}

function* tildesInValue(sh: Shell, text: string, atStart: boolean, atEnd: boolean): Sys<Part[]> {
  const out: Part[] = [];
  const pieces = text.split(':');
  for (let i = 0; i < pieces.length; i++) {
    if (i) out.push({ k: 'text', text: ':' });
    const piece = pieces[i]!;
    const head = i > 0 || atStart ? HEAD.exec(piece) : null;
    const cut = head && head[0].length === piece.length && i === pieces.length - 1 && !atEnd;
    const home = head && !cut ? yield* homeOf(sh, head[1]!) : null;
    if (home === null) out.push({ k: 'text', text: piece });
    else out.push({ k: 'quoted', text: home }, { k: 'text', text: piece.slice(head![0].length) });
  }
  return out;
}

export function* homeOf(sh: Shell, user: string): Sys<string | null> {
  if (user === '+') return sh.s.cwd;
  if (user === '-') return value(sh, 'OLDPWD') ?? null;
  if (user === '') {
    const home = value(sh, 'HOME');
    if (home !== undefined) return home;
  }
  const passwd = yield* sh.call('readFile', { path: '/etc/passwd' });
  if (!passwd.ok) return null;
  for (const line of passwd.value.split('\n')) {
    const fields = line.split(':');
    if (user === '' ? Number(fields[2]) === sh.start.uid && fields.length > 5 : fields[0] === user)
      return fields[5] ?? null;
  }
  return null;
}
