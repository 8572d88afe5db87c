/**
 * The line editor: (state, key) → (state, what the terminal is to show, what is to be done). Emacs keys of
 * readline 7. It reads nothing and knows no shell; the screen is described by the prompt's width and the
 * number of columns.
 */

import { again, leave, redraw } from './readline-screen.ts';

export interface Editor {
  readonly prompt: string;
  readonly cols: number;
  readonly text: string;
  readonly at: number;
  /** An escape sequence of which more is to come. */
  readonly pending: string;
  readonly kills: readonly string[];
  /** What the last key did, for keys that go together. */
  readonly last: '' | 'kill' | 'yank' | 'insert' | 'tab';
  readonly yanked: { readonly from: number; readonly index: number } | null;
  readonly undo: readonly (readonly [string, number])[];
  /** Which line of the history is shown: 0 the new one, 1 the last entered, … */
  readonly place: number;
  /** Lines that were edited and left. */
  readonly edits: Readonly<Record<number, string>>;
  readonly search: { readonly query: string; readonly place: number; readonly backwards: boolean;
    readonly saved: readonly [string, number]; readonly failed?: boolean } | null;
  readonly pasting: boolean;
  readonly literal: boolean;
  /** For M-. : how far back the last argument was taken from. */
  readonly argument: { readonly back: number; readonly from: number } | null;
}

export type Action =
  | { do: 'accept'; line: string } | { do: 'eof' } | { do: 'interrupt' }
  /** Complete what is before the cursor; `list`: for the second time. */
  | { do: 'complete'; before: string; list: boolean };

export interface Step { state: Editor; output: string; action: Action | null; /** Keys that were not used. */
  rest: string }

type HistoryLine = (back: number) => string | undefined;

export const newEditor = (prompt: string, cols: number, kills: readonly string[] = []): Editor => ({
  prompt, cols, text: '', at: 0, pending: '', kills, last: '', yanked: null, undo: [], place: 0, edits: {},
  search: null, pasting: false, literal: false, argument: null,
});

// ---- words

const isWord = (c: string | undefined): boolean => c !== undefined && /[\p{L}\p{N}_]/u.test(c) && c !== '_';

function wordLeft(text: string, at: number): number {
  while (at > 0 && !isWord(text[at - 1])) at--;
  while (at > 0 && isWord(text[at - 1])) at--;
  return at;
}
function wordRight(text: string, at: number): number {
  while (at < text.length && !isWord(text[at])) at++;
  while (at < text.length && isWord(text[at])) at++;
  return at;
}
function blankLeft(text: string, at: number): number {
  while (at > 0 && /\s/.test(text[at - 1]!)) at--;
  while (at > 0 && !/\s/.test(text[at - 1]!)) at--;
  return at;
}

// ---- edits

type Change = Partial<{ -readonly [K in keyof Editor]: Editor[K] }>;

const KILLS_MAX = 10, UNDO_MAX = 200;

/** The state after an edit of the text, which can be undone. */
function edit(s: Editor, text: string, at: number, more: Change = {}): Editor {
  const remember = !(more.last === 'insert' && s.last === 'insert');
  const undo = remember ? [...s.undo.slice(-UNDO_MAX), [s.text, s.at] as const] : s.undo;
  return { ...s, text, at, undo, last: '', yanked: null, argument: null, ...more };
}

function insert(s: Editor, text: string): Editor {
  return edit(s, s.text.slice(0, s.at) + text + s.text.slice(s.at), s.at + text.length, { last: 'insert' });
}

/** Cuts a range into the kill ring; neighbours in time go together. */
function kill(s: Editor, from: number, to: number, before: boolean): Editor {
  if (from === to) return { ...s, last: '' };
  const cut = s.text.slice(from, to);
  const top = s.kills[s.kills.length - 1] ?? '';
  const kills = s.last === 'kill' ? [...s.kills.slice(0, -1), before ? cut + top : top + cut]
    : [...s.kills.slice(-KILLS_MAX), cut];
  return edit(s, s.text.slice(0, from) + s.text.slice(to), from, { kills, last: 'kill' });
}

const to = (s: Editor, at: number): Editor => ({ ...s, at, last: '', yanked: null, argument: null });

function browse(s: Editor, place: number, history: HistoryLine): Editor {
  const line = place === 0 ? s.edits[0] ?? '' : s.edits[place] ?? history(place);
  if (line === undefined || place < 0) return s;
  const edits = { ...s.edits, [s.place]: s.text };
  const back = s.edits[place] ?? line;
  return { ...s, edits, place, text: back, at: back.length, last: '', undo: [], yanked: null,
    argument: null };
}

function transpose(s: Editor): Editor {
  if (s.at === 0 || s.text.length < 2) return s;
  const at = Math.min(s.at, s.text.length - 1);
  const { text } = s;
  return edit(s, text.slice(0, at - 1) + text[at]! + text[at - 1]! + text.slice(at + 1), at + 1);
}

function transposeWords(s: Editor): Editor {
  const end = wordRight(s.text, s.at), start2 = wordLeft(s.text, end), start1 = wordLeft(s.text, start2),
    end1 = wordRight(s.text, start1);
  if (start1 >= start2 || end1 > start2) return s;
  const t = s.text;
  return edit(s, t.slice(0, start1) + t.slice(start2, end) + t.slice(end1, start2) + t.slice(start1, end1)
    + t.slice(end), end);
}

function recase(s: Editor, how: (word: string) => string): Editor {
  const end = wordRight(s.text, s.at);
  return edit(s, s.text.slice(0, s.at) + how(s.text.slice(s.at, end)) + s.text.slice(end), end);
}

function undo(s: Editor): Editor {
  const last = s.undo[s.undo.length - 1];
  return last ? { ...s, text: last[0], at: last[1], undo: s.undo.slice(0, -1), last: '' } : s;
}

function yank(s: Editor, index = 0): Editor {
  const text = s.kills[s.kills.length - 1 - index];
  if (text === undefined) return s;
  const from = s.yanked && s.last === 'yank' ? s.yanked.from : s.at;
  const base = s.yanked && s.last === 'yank' ? s.text.slice(0, from) + s.text.slice(s.at) : s.text;
  return edit(s, base.slice(0, from) + text + base.slice(from), from + text.length,
    { last: 'yank', yanked: { from, index } });
}

/** M-. : the last word of the line before, and of those before it. */
function lastArgument(s: Editor, history: HistoryLine): Editor {
  const back = (s.argument?.back ?? 0) + 1;
  const line = history(back);
  if (line === undefined) return s;
  const word = line.trim().split(/\s+/).pop() ?? '';
  const from = s.argument?.from ?? s.at;
  return edit(s, s.text.slice(0, from) + word + s.text.slice(s.at), from + word.length,
    { argument: { back, from } });
}

// ---- keys

type Handle = (s: Editor, history: HistoryLine) => Editor;

const KEYS: Readonly<Record<string, Handle>> = {
  '\x01': (s) => to(s, 0),
  '\x02': (s) => to(s, Math.max(0, s.at - 1)),
  '\x05': (s) => to(s, s.text.length),
  '\x06': (s) => to(s, Math.min(s.text.length, s.at + 1)),
  '\x7f': (s) => (s.at ? edit(s, s.text.slice(0, s.at - 1) + s.text.slice(s.at), s.at - 1) : s),
  '\x0b': (s) => kill(s, s.at, s.text.length, false),
  '\x15': (s) => kill(s, 0, s.at, true),
  '\x17': (s) => kill(s, blankLeft(s.text, s.at), s.at, true),
  '\x19': (s) => yank({ ...s, yanked: null }),
  '\x14': transpose,
  '\x1f': undo,
  '\x18\x15': undo,
  '\x10': (s, h) => browse(s, s.place + 1, h),
  '\x0e': (s, h) => (s.place ? browse(s, s.place - 1, h) : s),
  '\x1bb': (s) => to(s, wordLeft(s.text, s.at)),
  '\x1bf': (s) => to(s, wordRight(s.text, s.at)),
  '\x1bd': (s) => kill(s, s.at, wordRight(s.text, s.at), false),
  '\x1b\x7f': (s) => kill(s, wordLeft(s.text, s.at), s.at, true),
  '\x1bu': (s) => recase(s, (w) => w.toUpperCase()),
  '\x1bl': (s) => recase(s, (w) => w.toLowerCase()),
  '\x1bc': (s) => recase(s,
    (w) => w.replace(/[\p{L}\p{N}]+/gu, (one) => one[0]!.toUpperCase() + one.slice(1).toLowerCase())),
  '\x1bt': transposeWords,
  '\x1by': (s) => (s.last === 'yank' && s.yanked ? yank(s, (s.yanked.index + 1) % s.kills.length) : s),
  '\x1b.': lastArgument,
  '\x1b_': lastArgument,
  '\x1b<': (s, h) => {
    let n = s.place;
    while (h(n + 1) !== undefined) n++;
    return n === s.place ? s : browse(s, n, h);
  },
  '\x1b>': (s, h) => (s.place ? browse(s, 0, h) : s),
  '\x1b\\': (s) => {
    const m = /\s*$/.exec(s.text.slice(0, s.at))![0].length, n = /^\s*/.exec(s.text.slice(s.at))![0].length;
    return edit(s, s.text.slice(0, s.at - m) + s.text.slice(s.at + n), s.at - m);
  },
  '\x1b#': (s) => edit(s, `#${s.text}`, s.at + 1),
  '\x1br': (s) => edit(s, '', 0),
};

const ALIASES: Readonly<Record<string, string>> = {
  '\b': '\x7f', '\x1b\b': '\x1b\x7f', '\x1b[A': '\x10', '\x1b[B': '\x0e', '\x1b[C': '\x06', '\x1b[D': '\x02',
  '\x1bOA': '\x10', '\x1bOB': '\x0e', '\x1bOC': '\x06',
  '\x1bOD': '\x02', '\x1b[H': '\x01', '\x1b[F': '\x05', '\x1bOH': '\x01', '\x1bOF': '\x05',
  '\x1b[1~': '\x01', '\x1b[4~': '\x05', '\x1b[7~': '\x01', '\x1b[8~': '\x05',
  '\x1b[1;5C': '\x1bf', '\x1b[1;5D': '\x1bb', '\x1b[1;3C': '\x1bf', '\x1b[1;3D': '\x1bb', '\x1b[5C': '\x1bf',
  '\x1b[5D': '\x1bb', '\x1b[3;5~': '\x1bd',
  '\x1bB': '\x1bb', '\x1bF': '\x1bf', '\x1bD': '\x1bd',
};

/** One key from the front of `data`; null when the sequence is not complete. */
function nextKey(data: string): string | null {
  if (data[0] === '\x18') return data.length > 1 ? data.slice(0, 2) : null;
  if (data[0] !== '\x1b') return String.fromCodePoint(data.codePointAt(0)!);
  if (data.length < 2) return null;
  if (data[1] === '[') {
    const m = /^\x1b\[[0-9;?]*[ -/]*[@-~]/.exec(data);
    return m ? m[0] : data.length > 20 ? data.slice(0, 2) : null;
  }
  if (data[1] === 'O') return data.length < 3 ? null : data.slice(0, 3);
  return data.slice(0, 2);
}

const PRINTABLE = /^[^\x00-\x1f\x7f]+/;
const PASTE_FROM = '\x1b[200~', PASTE_TO = '\x1b[201~';

/** Takes keys until one asks for something to be done. */
export function press(state: Editor, keys: string, history: HistoryLine): Step {
  let s: Editor = state, data = state.pending + keys, output = '';
  if (state.pending) s = { ...s, pending: '' };
  const show = (next: Editor): void => { output += redraw(s, next); s = next; };
  while (data !== '') {
    if (s.pasting) {
      const end = data.indexOf(PASTE_TO);
      const text = end < 0 ? data : data.slice(0, end);
      if (text) show(insert(s, text.replace(/\r\n?/g, '\n')));
      data = end < 0 ? '' : data.slice(end + PASTE_TO.length);
      if (end >= 0) s = { ...s, pasting: false };
      continue;
    }
    const plain = s.search || s.literal ? null : PRINTABLE.exec(data)?.[0];
    if (plain) { show(insert(s, plain)); data = data.slice(plain.length); continue; }
    const raw = nextKey(data);
    if (raw === null) return { state: { ...s, pending: data }, output, action: null, rest: '' };
    data = data.slice(raw.length);
    if (s.literal) { show({ ...insert(s, raw), literal: false }); continue; }
    const key = ALIASES[raw] ?? raw;
    if (s.search) {
      const done = searching(s, key, history);
      show(done.state);
      if (!done.again) continue;
    }
    const special = act(s, key);
    if (special) {
      if (special.action?.do === 'accept') { show({ ...s, at: s.text.length }); output += leave(s); }
      else output += special.output;
      return { state: special.state, output, action: special.action, rest: data };
    }
    if (key === PASTE_FROM) { s = { ...s, pasting: true }; continue; }
    if (key === '\x0c') { output += `\x1b[H\x1b[2J${again(s)}`; continue; }
    if (key === '\x16' || key === '\x11') { s = { ...s, literal: true }; continue; }
    if (key === '\x12' || key === '\x13') {
      show({ ...s, search: { query: '', place: s.place, backwards: key === '\x12', saved: [s.text, s.at] },
        last: '' });
      continue;
    }
    if (key === '\x04' || key === '\x1b[3~') {
      if (s.at < s.text.length) show(edit(s, s.text.slice(0, s.at) + s.text.slice(s.at + 1), s.at));
      continue;
    }
    const handle = Object.hasOwn(KEYS, key) ? KEYS[key] : undefined;
    if (handle) show(handle(s, history));
  }
  return { state: s, output, action: null, rest: '' };
}

function act(s: Editor, key: string): { state: Editor; output: string; action: Action } | null {
  switch (key) {
    case '\r': case '\n': case '\x0f': return { state: s, output: '',
      action: { do: 'accept', line: s.text } };
    case '\x03': return { state: s, output: `^C${leave(s)}`, action: { do: 'interrupt' } };
    case '\x04': return s.text === '' ? { state: s, output: '', action: { do: 'eof' } } : null;
    case '\t': return { state: { ...s, last: 'tab' }, output: '',
      action: { do: 'complete', before: s.text.slice(0, s.at), list: s.last === 'tab' } };
    default: return null;
  }
}

/** The text before the cursor is replaced from `start` on. */
export const completed = (s: Editor, start: number, by: string): Editor =>
  edit(s, s.text.slice(0, start) + by + s.text.slice(s.at), start + by.length, { last: 'tab' });

// ---- Ctrl-R

function find(s: Editor, query: string, from: number, backwards: boolean,
  history: HistoryLine): number | null {
  for (let place = from; place >= 0; place += backwards ? 1 : -1) {
    const line = place === 0 ? s.search!.saved[0] : history(place);
    if (line === undefined) return null;
    if (line.includes(query) && query !== '') return place;
  }
  return null;
}

/** `again`: the key ends the search and is then a key like any other. */
function searching(s: Editor, key: string, history: HistoryLine): { state: Editor; again: boolean } {
  const search = s.search!;
  const hit = (query: string, place: number | null, backwards = search.backwards): Editor => {
    if (place === null) return { ...s, search: { ...search, query, backwards, failed: query !== '' } };
    const line = place === 0 ? search.saved[0] : history(place)!;
    return { ...s, text: line, at: line.indexOf(query), place,
      search: { ...search, query, place, backwards, failed: false } };
  };
  if (key === '\x12' || key === '\x13') {
    const backwards = key === '\x12';
    return { state: hit(search.query,
      find(s, search.query, search.place + (backwards ? 1 : -1), backwards, history), backwards),
      again: false };
  }
  if (key === '\x07') return { state: { ...s, search: null, text: search.saved[0], at: search.saved[1],
    place: 0 }, again: false };
  if (key === '\x7f') {
    const query = search.query.slice(0, -1);
    return { state: hit(query, query === '' ? null : find(s, query, 0, true, history)), again: false };
  }
  if (key.length === 1 && key >= ' ') {
    const query = search.query + key;
    return { state: hit(query, find(s, query, search.place, search.backwards, history)), again: false };
  }
  if (key === '\x03') return { state: { ...s, search: null }, again: true };
  const text = { ...s, search: null, at: Math.max(0, s.at) };
  return { state: text, again: key !== '\x1b' && key !== '\x1b\x1b' };
}
