/**
 * more of util-linux 2.23: a screenful at a time, never back in a pipe, on the terminal's own screen. When its output is
 * no terminal it is cat, with a heading for each of several files.
 */
import { readAll, strerror } from '../../../sim/proc/libc.ts';
import type { Start, Sys } from '../../../sim/proc/program.ts';
import { call, type Fd } from '../../../sim/proc/syscalls.ts';
import { byteLength } from '../../../sim/proc/text.ts';
import type { Command } from '../../command.ts';
import { expandLine, PLAIN, REVERSE } from './canvas.ts';
import { readKeys, type Key } from './keys.ts';

interface View { lines: string[]; at: number; path: string; next: string | null; total: number; pattern: string; scroll: number; rows: number; cols: number; squeeze: boolean }

const USAGE = 'Usage: more [options] file...\n';
const say = (text: string): Sys<unknown> => call('write', { fd: 1, text });

/** Rows of the terminal that lines need, folded at its width. */
const rowsOf = (line: string, cols: number): number => Math.max(1, Math.ceil(expandLine(line).length / cols));

/** Writes lines until `rows` are full or the text ends. */
function* advance(v: View, rows: number): Sys<void> {
  let text = '';
  for (let left = rows; left > 0 && v.at < v.lines.length;) {
    const line = v.lines[v.at++]!;
    if (v.squeeze && line === '' && v.lines[v.at - 2] === '') continue;
    text += `${expandLine(line)}\n`;
    left -= rowsOf(line, v.cols);
  }
  yield* say(text);
}

const percent = (v: View): string => (v.path === '-' ? '' : `(${Math.floor((100 * byteLength(v.lines.slice(0, v.at).join('\n'))) / Math.max(1, v.total))}%)`);

function* prompt(v: View): Sys<void> {
  const more = v.at >= v.lines.length ? `(Next file: ${v.next})` : percent(v);
  yield* say(`${REVERSE}--More--${more}${PLAIN}`);
}
const wipe = (): Sys<unknown> => say('\r\x1b[K');

/** A line typed after / at the prompt. */
function* ask(keys: Fd, lead: string): Sys<string | null> {
  let text = '';
  for (;;) {
    yield* wipe();
    yield* say(`${lead}${text}`);
    const got = yield* call('read', { fd: keys });
    if (!got.ok || got.value === '') return null;
    for (const key of readKeys(got.value)) {
      if (key === 'enter') { yield* wipe(); return text; }
      if (key === 'backspace') { if (text === '') { yield* wipe(); return null; } text = text.slice(0, -1); } else if (key === '^C') { yield* wipe(); return null; } else if ([...key].length === 1) text += key;
    }
  }
}

function* search(v: View, times: number): Sys<void> {
  let pattern: RegExp;
  try { pattern = new RegExp(v.pattern); } catch { yield* say('Regular expression botch\n'); return; }
  let at = v.at;
  for (let left = times; left > 0; left--) {
    const found = v.lines.findIndex((line, i) => i >= at && pattern.test(line));
    if (found < 0) { yield* say('\nPattern not found\n'); return; }
    at = found + 1;
  }
  yield* say('...skipping\n');
  v.at = Math.max(0, at - 3);
  yield* advance(v, v.rows - 2);
}

const HELP = `
Most commands optionally preceded by integer argument k.  Defaults in brackets.
Star (*) indicates argument becomes new default.
-------------------------------------------------------------------------------
<space>                 Display next k lines of text [current screen size]
z                       Display next k lines of text [current screen size]*
<return>                Display next k lines of text [1]*
d or ctrl-D             Scroll k lines [current scroll size, initially 11]*
q or Q or <interrupt>   Exit from more
s                       Skip forward k lines of text [1]
f                       Skip forward k screenfuls of text [1]
b or ctrl-B             Skip backwards k screenfuls of text [1]
=                       Display current line number
/<regular expression>   Search for kth occurrence of regular expression [1]
n                       Search for kth occurrence of last r.e [1]
:n                      Go to kth next file [1]
:f                      Display current file name and line number
.                       Repeat previous command
-------------------------------------------------------------------------------
`;

/** One command; 'quit' and 'next' leave this file. */
function* press(v: View, key: Key, count: number | null, keys: Fd): Sys<'quit' | 'next' | null> {
  switch (key) {
    case ' ': case 'pagedown': yield* advance(v, count ?? v.rows - 1); return null;
    case 'z': v.scroll = count ?? v.scroll; yield* advance(v, count ?? v.rows - 1); return null;
    case 'enter': case 'j': case 'down': yield* advance(v, count ?? 1); return null;
    case 'd': case '^D': v.scroll = count ?? v.scroll; yield* advance(v, v.scroll); return null;
    case 's': yield* say(`\n...skipping ${count ?? 1} line${(count ?? 1) === 1 ? '' : 's'}\n`); v.at += count ?? 1; yield* advance(v, v.rows - 1); return null;
    case 'f': yield* say(`\n...skipping ${(count ?? 1) * (v.rows - 1)} lines\n`); v.at += (count ?? 1) * (v.rows - 1); yield* advance(v, v.rows - 1); return null;
    case 'b': case '^B': case 'pageup':
      if (v.path === '-') return null;
      yield* say(`...back ${count ?? 1} page${(count ?? 1) === 1 ? '' : 's'}\n`);
      v.at = Math.max(0, v.at - ((count ?? 1) + 1) * (v.rows - 1));
      yield* advance(v, v.rows - 1);
      return null;
    case 'q': case 'Q': case '^C': return 'quit';
    case '=': yield* say(`${v.at}`); yield* call('read', { fd: keys }); return null;
    case 'h': case '?': yield* say(HELP); return null;
    case '/': { const text = yield* ask(keys, '/'); if (text !== null) { if (text !== '') v.pattern = text; yield* search(v, count ?? 1); } return null; }
    case 'n': if (v.pattern === '') { yield* say('No previous regular expression\n'); return null; } yield* search(v, count ?? 1); return null;
    case ':': {
      const got = yield* call('read', { fd: keys });
      if (got.ok && got.value === 'n') return 'next';
      if (got.ok && got.value === 'f') yield* say(`"${v.path}" line ${v.at}\n`);
      return got.ok && /[qQ]/.test(got.value) ? 'quit' : null;
    }
    default: yield* say('\x07'); return null;
  }
}

function* pageFile(v: View, keys: Fd, several: boolean): Sys<'quit' | 'end'> {
  if (several) yield* say(`::::::::::::::\n${v.path}\n::::::::::::::\n`);
  yield* advance(v, v.rows - (several ? 4 : 1));
  let count = '';
  while (v.at < v.lines.length || v.next !== null) {
    yield* prompt(v);
    const got = yield* call('read', { fd: keys });
    yield* wipe();
    if (!got.ok || got.value === '') return 'quit';
    for (const key of readKeys(got.value)) {
      if (/^\d$/.test(key)) { count += key; continue; }
      if (v.at >= v.lines.length && v.next !== null && (key === ' ' || key === 'enter')) return 'end';
      const done = yield* press(v, key, count === '' ? null : Number(count), keys);
      count = '';
      if (done) return done === 'next' ? 'end' : 'quit';
    }
  }
  return 'end';
}

export const more: Command = {
  name: 'more',
  *main(start: Start): Sys<number> {
    const words = start.argv.slice(1);
    const options = words.filter((w) => /^[-+]./.test(w));
    const bad = options.find((w) => !/^(-[dlfpcsu]+|-n?\d+|\+\d+|\+\/.*|-V|--version|--help)$/.test(w));
    if (bad) { yield* call('write', { fd: 2, text: `more: unknown option ${bad}\n${USAGE}` }); return 1; }
    if (options.some((w) => w === '-V' || w === '--version')) { yield* say('more (util-linux 2.23.2)\n'); return 0; }
    const files = words.filter((w) => !/^[-+]./.test(w));
    const input = yield* call('tty', { fd: 0 });
    if (!files.length && input.ok) { yield* call('write', { fd: 2, text: USAGE }); return 1; }
    const screen = yield* call('tty', { fd: 1 });
    let keys: Fd = 0;
    if (screen.ok && !input.ok) { const tty = yield* call('open', { path: '/dev/tty', flags: { read: true, write: true } }); keys = tty.ok ? tty.value : 0; }
    if (screen.ok) yield* call('ttyMode', { fd: keys, raw: true, echo: false });
    const list = files.length ? files : ['-'];
    let status = 0;
    for (let i = 0; i < list.length; i++) {
      const path = list[i]!;
      const text = path === '-' ? yield* readAll(0) : yield* call('readFile', { path });
      if (!text.ok) { status = 1; yield* say(text.errno === 'EISDIR' ? `\n*** ${path}: directory ***\n\n` : `${path}: ${strerror(text.errno)}\n`); continue; }
      if (!screen.ok) { yield* say(`${list.length > 1 ? `::::::::::::::\n${path}\n::::::::::::::\n` : ''}${text.value}`); continue; }
      const lines = text.value.replace(/\n$/, '').split('\n');
      const from = Number(options.map((w) => /^\+(\d+)$/.exec(w)?.[1]).find(Boolean) ?? 1) - 1;
      const pattern = options.map((w) => /^\+\/(.*)$/.exec(w)?.[1]).find(Boolean) ?? '';
      const size = Number(options.map((w) => /^-n?(\d+)$/.exec(w)?.[1]).find(Boolean) ?? 0);
      const v: View = { lines: text.value === '' ? [] : lines, at: from, path, next: list[i + 1] ?? null, total: byteLength(text.value), pattern, scroll: 11, rows: size ? size + 1 : screen.value.rows, cols: screen.value.cols, squeeze: options.some((w) => /^-[a-z]*s/.test(w)) };
      if (pattern) { const hit = v.lines.findIndex((line) => line.includes(pattern)); v.at = Math.max(0, hit - 2); }
      if ((yield* pageFile(v, keys, list.length > 1)) === 'quit') break;
    }
    if (screen.ok) yield* call('ttyMode', { fd: keys, raw: false, echo: true });
    return status;
  },
};
