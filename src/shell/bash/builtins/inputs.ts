/** read, mapfile, getopts. */
import { strerror } from '../../../sim/proc/libc.ts';
import type { Sys } from '../../../sim/proc/program.ts';
import { ifsOf } from '../expand.ts';
import { readInput } from '../input.ts';
import { runText } from '../run.ts';
import { Unwind, type Shell } from '../shell.ts';
import { assign, assignElement, attribute, isAssoc, NAME, setList, unset, value } from '../variables.ts';
import { singleQuote } from '../quote.ts';
import type { Builtin } from './index.ts';
import { isNumber, parseOptions, usage, type Options } from './options.ts';

/** Status of a `read` whose time was up: as if by SIGALRM. */
const TIMED_OUT = 142;

// ---- read

const read: Builtin = function* (sh, args) {
  const options = yield* parseOptions(sh, args, 'ersa:d:i:n:N:p:t:u:');
  if (typeof options === 'number') return options;
  for (const name of options.rest) {
    if (!/^[A-Za-z_]\w*(?:\[.*\])?$/s.test(name)) {
      yield* sh.complain(`\`${name}': not a valid identifier`);
      return 1;
    }
  }
  const into = options.value('a');
  if (into !== undefined && !NAME.test(into)) {
    yield* sh.complain(`\`${into}': not a valid identifier`);
    return 1;
  }
  const count = options.value('N') ?? options.value('n'), patience = options.value('t'),
    from = options.value('u') ?? '0';
  if (count !== undefined && !/^\d+$/.test(count)) {
    yield* sh.complain(`${count}: invalid number`);
    return 1;
  }
  if (patience !== undefined && !/^(?:\d+\.?\d*|\.\d+)$/.test(patience)) {
    yield* sh.complain(`${patience}: invalid timeout specification`);
    return 1;
  }
  if (!/^\d+$/.test(from)) { yield* sh.complain(`${from}: invalid file descriptor specification`); return 1; }
  const fd = Number(from);
  if (sh.s.fds[fd] === undefined) {
    yield* sh.complain(`${options.value('u') === undefined ? 'read error: '
      : ''}${from}: ${options.value('u') === undefined ? ''
        : 'invalid file descriptor: '}${strerror('EBADF')}`);
    return 1;
  }
  if (patience !== undefined && Number(patience) === 0) return yield* ready(sh, fd);
  const got = yield* take(sh, fd, options, count === undefined ? undefined : Number(count),
    patience === undefined ? undefined : Math.round(Number(patience) * 1e6));
  if (typeof got === 'number') return got;
  const { text, ended, timedOut } = got;
  fill(sh, text, options, into);
  return timedOut ? TIMED_OUT : ended ? 1 : 0;
};

/** `read -t 0`: whether something could be read. */
function* ready(sh: Shell, fd: number): Sys<number> {
  const at = yield* sh.call('seek', { fd: sh.s.fds[fd]!, to: 0, from: 'current' });
  if (at.ok) return 0;
  const tty = yield* sh.call('tty', { fd: sh.s.fds[fd]! });
  return tty.ok ? 1 : 0;
}

interface Got { text: string; ended: boolean; timedOut: boolean }

function* take(sh: Shell, fd: number, options: Options, count: number | undefined,
  timeoutUs: number | undefined): Sys<Got | number> {
  const raw = options.has('r'), exact = options.value('N') !== undefined;
  const delimiter = exact ? '\u0000\u0000' : options.value('d') === undefined ? '\n'
    : options.value('d')!.slice(0, 1) || '\0';
  const tty = yield* sh.call('tty', { fd: sh.s.fds[fd]! });
  if (tty.ok && options.value('p') !== undefined) yield* sh.write(2, options.value('p')!);
  const silent = options.has('s');
  if (count === 0) return { text: '', ended: false, timedOut: false };
  if (tty.ok && (count !== undefined || delimiter !== '\n'))
    return yield* keys(sh, sh.s.fds[fd]!, count ?? Infinity, delimiter, silent, timeoutUs);
  if (tty.ok && silent) yield* sh.call('ttyMode', { fd: sh.s.fds[fd]!, raw: false, echo: false });
  let text = '', ended = false, timedOut = false;
  try {
    for (;;) {
      const part = yield* readInput(sh, fd,
        { delimiter, count: count === undefined ? undefined : count - text.length, timeoutUs,
          escapes: !raw });
      if (!part) { yield* sh.complain(`read error: ${fd}: ${strerror('EISDIR')}`); return 1; }
      if (sh.signals.length && part.ended && !part.timedOut) return 130;
      text += part.text;
      ended = part.ended;
      timedOut = part.timedOut === true;
      break;
    }
  } finally {
    if (tty.ok && silent) yield* sh.call('ttyMode', { fd: sh.s.fds[fd]!, raw: false, echo: true });
  }
  if (!ended && text.endsWith(delimiter)) text = text.slice(0, -1);
  return { text, ended, timedOut };
}

/** Single keys from a terminal, echoed here because its own editing is off. */
function* keys(sh: Shell, fd: number, count: number, delimiter: string, silent: boolean,
  timeoutUs: number | undefined): Sys<Got> {
  yield* sh.call('ttyMode', { fd, raw: true, echo: false });
  let text = '';
  try {
    while (text.length < count) {
      const key = yield* sh.call('read', { fd, max: 1, timeoutUs });
      if (!key.ok) return { text, ended: true, timedOut: key.errno === 'ETIMEDOUT' };
      if (key.value === '' || key.value === '\x04') return { text, ended: true, timedOut: false };
      if (key.value === '\x03') throw new Unwind(sh.atPrompt ? 'interrupt' : 'exit', 130);
      const c = key.value === '\r' ? '\n' : key.value;
      if (c === delimiter) break;
      text += c;
      if (!silent) yield* sh.call('write', { fd, text: c, edit: true });
    }
    return { text, ended: false, timedOut: false };
  } finally {
    yield* sh.call('ttyMode', { fd, raw: false, echo: true });
  }
}

/** A character, and whether a backslash protects it from splitting. */
type Piece = readonly [string, boolean];

function pieces(text: string, raw: boolean): Piece[] {
  const out: Piece[] = [];
  for (let i = 0; i < text.length; i++) {
    const c = text[i]!;
    if (!raw && c === '\\') {
      const next = text[++i];
      if (next !== undefined && next !== '\n') out.push([next, true]);
    } else out.push([c, false]);
  }
  return out;
}

const joined = (list: readonly Piece[]): string => { let s = ''; for (const [c] of list) s += c; return s; };

function fill(sh: Shell, text: string, options: Options, into: string | undefined): void {
  const list = pieces(text.replaceAll('\0', ''), options.has('r'));
  const put = (name: string, one: string): void => {
    const m = /^(\w+)\[(.*)\]$/s.exec(name);
    if (m) assignElement(sh, m[1]!, m[2]!, one); else assign(sh, name, one);
  };
  if (options.value('N') !== undefined) {
    put(options.rest[0] ?? 'REPLY', joined(list));
    for (const name of options.rest.slice(1)) put(name, '');
    return;
  }
  if (into !== undefined) {
    unset(sh, into);
    setList(sh, into, splitFields(list, ifsOf(sh), Infinity));
    return;
  }
  if (!options.rest.length) { assign(sh, 'REPLY', joined(list)); return; }
  const fields = splitFields(list, ifsOf(sh), options.rest.length);
  options.rest.forEach((name, i) => put(name, fields[i] ?? ''));
}

/** Fields by IFS; the last of `max` takes the rest, without the blanks at its end. */
function splitFields(list: readonly Piece[], ifs: string, max: number): string[] {
  const isIfs = ([c, kept]: Piece): boolean => !kept && ifs.includes(c);
  const isBlank = (p: Piece): boolean => isIfs(p) && (p[0] === ' ' || p[0] === '\t' || p[0] === '\n');
  const out: string[] = [];
  let i = 0;
  while (i < list.length && isBlank(list[i]!)) i++;
  while (i < list.length) {
    if (out.length === max - 1) { out.push(rest(list.slice(i), isIfs, isBlank)); break; }
    const from = i;
    while (i < list.length && !isIfs(list[i]!)) i++;
    out.push(joined(list.slice(from, i)));
    while (i < list.length && isBlank(list[i]!)) i++;
    if (i < list.length && isIfs(list[i]!) && !isBlank(list[i]!)) {
      i++;
      while (i < list.length && isBlank(list[i]!)) i++;
    }
  }
  return out;
}

function rest(list: readonly Piece[], isIfs: (p: Piece) => boolean, isBlank: (p: Piece) => boolean): string {
  let end = list.length;
  while (end > 0 && isBlank(list[end - 1]!)) end--;
  // A single field with one delimiter at its end loses it.
  const inner = list.slice(0, end);
  const last = inner[inner.length - 1];
  if (last && isIfs(last) && !inner.slice(0, -1).some(isIfs)) return joined(inner.slice(0, -1));
  return joined(inner);
}

// ---- mapfile

const mapfile: Builtin = function* (sh, args) {
  const options = yield* parseOptions(sh, args, 'd:n:O:s:tu:C:c:');
  if (typeof options === 'number') return options;
  const name = options.rest[0] ?? 'MAPFILE';
  if (!NAME.test(name)) { yield* sh.complain(`\`${name}': not a valid identifier`); return 1; }
  for (const [letter, what] of [['n', 'line count'], ['s', 'line count'], ['O', 'array origin'],
    ['c', 'callback quantum']] as const) {
    const given = options.value(letter);
    if (given !== undefined && !/^\d+$/.test(given)) {
      yield* sh.complain(`${given}: invalid ${what}`);
      return 1;
    }
  }
  const fd = Number(options.value('u') ?? 0);
  if (sh.s.fds[fd] === undefined) {
    yield* sh.complain(`${fd}: invalid file descriptor: ${strerror('EBADF')}`);
    return 1;
  }
  if (isAssoc(sh, name)) { yield* sh.complain(`${name}: not an indexed array`); return 1; }
  const limit = Number(options.value('n') ?? 0) || Infinity, skip = Number(options.value('s') ?? 0),
    origin = options.value('O');
  const delimiter = options.value('d') === undefined ? '\n' : options.value('d')![0] ?? '\0';
  const lines = yield* readLines(sh, fd, delimiter, limit === Infinity ? Infinity : skip + limit);
  if (origin === undefined) { unset(sh, name); attribute(sh, name, 'a'); setList(sh, name, []); }
  let at = Number(origin ?? 0);
  const quantum = Number(options.value('c') ?? 5000), callback = options.value('C');
  for (const line of lines.slice(skip)) {
    const text = options.has('t') && line.endsWith(delimiter) ? line.slice(0, -1) : line;
    if (callback !== undefined && (at - Number(origin ?? 0) + 1) % quantum === 0)
      yield* runText(sh, `${callback} ${at} ${singleQuote(text)}`, 'mapfile');
    assignElement(sh, name, String(at++), text);
  }
  return 0;
};

function* readLines(sh: Shell, fd: number, delimiter: string, max: number): Sys<string[]> {
  const lines: string[] = [];
  if (max === Infinity) {
    let text = '';
    for (;;) {
      const part = yield* sh.call('read', { fd: sh.s.fds[fd]! });
      if (!part.ok || part.value === '') break;
      text += part.value;
    }
    for (let from = 0; from < text.length;) {
      const end = text.indexOf(delimiter, from);
      lines.push(end < 0 ? text.slice(from) : text.slice(from, end + 1));
      from = end < 0 ? text.length : end + 1;
    }
    return lines;
  }
  while (lines.length < max) {
    const part = yield* readInput(sh, fd, { delimiter });
    if (!part || part.text === '') break;
    lines.push(part.text);
    if (part.ended) break;
  }
  return lines;
}

// ---- getopts

const getopts: Builtin = function* (sh, args) {
  if (args.length < 2) return yield* usage(sh);
  const spec = args[0]!, name = args[1]!, list = args.length > 2 ? args.slice(2) : sh.s.args;
  if (!NAME.test(name)) { yield* sh.complain(`\`${name}': not a valid identifier`); return 1; }
  const ind = value(sh, 'OPTIND') ?? '1';
  let index = isNumber(ind) ? Math.max(1, Number(ind)) : 1;
  let at = sh.s.getopts.ind === ind ? sh.s.getopts.at : 0;
  const done = (letter: string, arg: string | null, status = 0): number => {
    assign(sh, name, letter);
    if (arg === null) unset(sh, 'OPTARG'); else assign(sh, 'OPTARG', arg);
    assign(sh, 'OPTIND', String(index));
    sh.s.getopts = { at, ind: String(index) };
    return status;
  };
  const word = list[index - 1];
  if (at === 0) {
    if (word === undefined || word[0] !== '-' || word === '-') return done('?', null, 1);
    if (word === '--') { index++; return done('?', null, 1); }
    at = 1;
  }
  const letter = word?.[at];
  if (word === undefined || letter === undefined) { at = 0; return done('?', null, 1); }
  const quiet = spec[0] === ':', loud = !quiet && value(sh, 'OPTERR') !== '0';
  const place = letter === ':' ? -1 : spec.indexOf(letter, quiet ? 1 : 0);
  at++;
  const next = (): void => { if (at >= word.length) { at = 0; index++; } };
  if (place < 0) {
    next();
    if (loud) yield* sh.write(2, `${sh.s.name}: illegal option -- ${letter}\n`);
    return done('?', quiet ? letter : null);
  }
  if (spec[place + 1] !== ':') { next(); return done(letter, null); }
  const inline = word.slice(at);
  at = 0;
  index++;
  if (inline !== '') return done(letter, inline);
  const arg = list[index - 1];
  if (arg === undefined) {
    if (loud) yield* sh.write(2, `${sh.s.name}: option requires an argument -- ${letter}\n`);
    return done(quiet ? ':' : '?', quiet ? letter : null);
  }
  index++;
  return done(letter, arg);
};

export const inputs: Record<string, Builtin> = { read, mapfile, readarray: mapfile, getopts };
