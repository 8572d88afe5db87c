/** What less's keys do. What needs more text, another file or another program comes back as a wish. */
import { isText, type Key } from '../keys.ts';
import { toggle } from './options.ts';
import { fillPrompt, PROTOTYPES } from './prompt.ts';
import type { Screenful } from './screenful.ts';
import type { LessState } from './state.ts';

export type LessWish =
  | { readonly want: 'quit' | 'bell' | 'repaint' }
  | { readonly want: 'all'; readonly then: (page: Screenful) => void }
  | { readonly want: 'lines'; readonly count: number; readonly then: (page: Screenful) => void }
  | { readonly want: 'file'; readonly by?: number; readonly path?: string }
  | { readonly want: 'run'; readonly words: readonly string[] };

const BELL: LessWish = { want: 'bell' };

export function pressKey(state: LessState, key: Key, page: Screenful): LessWish | null {
  if (state.message !== '') {
    // A message waits for RETURN; another key is also a command.
    state.message = '';
    if (key === 'enter') return null;
  }
  if (state.following) {
    state.following = false;
    return key === '^C' && state.options.quitOnInterrupt ? { want: 'quit' } : null;
  }
  if (state.typing) return typeKey(state, key, page);
  state.fresh = false;
  if (/^\d$/.test(key)) {
    state.count += key;
    return null;
  }
  const count = state.count === '' ? null : Number(state.count);
  state.count = '';
  return motion(state, key, page, count) ?? other(state, key, page, count);
}

/** Forward as far as the text goes; at the end a bell, or the end of less with -e. */
function ahead(state: LessState, rows: number): LessWish {
  return {
    want: 'lines', count: state.top.line + rows * 2 + 200,
    then: (page) => { if (!page.forward(rows)) state.count = ''; },
  };
}

function endReached(state: LessState, page: Screenful): LessWish | null {
  if (!page.atEnd) return null;
  if (state.help) return BELL;
  if (state.options.quitAtEnd && state.index + 1 >= state.files.length) return { want: 'quit' };
  if (state.options.quitAtEnd) return { want: 'file', by: 1 };
  return BELL;
}

function motion(state: LessState, key: Key, page: Screenful, count: number | null): LessWish | null {
  const half = Math.max(1, Math.floor(page.height / 2));
  switch (key) {
    case ' ': case 'f': case '^F': case '^V': case 'pagedown': return endReached(state, page) ?? ahead(state, count ?? page.window);
    case 'enter': case 'j': case 'e': case '^N': case '^E': case 'down': case 'J': return endReached(state, page) ?? ahead(state, count ?? 1);
    case 'd': case '^D': return endReached(state, page) ?? ahead(state, count ?? half);
    case 'b': case '^B': case 'pageup': case 'M-v': return page.backward(count ?? page.window) ? NOTHING : BELL;
    case 'k': case 'y': case '^Y': case '^P': case '^K': case 'up': case 'K': return page.backward(count ?? 1) ? NOTHING : BELL;
    case 'u': case '^U': return page.backward(count ?? half) ? NOTHING : BELL;
    case 'g': case '<': case 'home': case 'M-<': return count === null ? { want: 'lines', count: 0, then: (p) => p.toLine(0) } : { want: 'lines', count: count + page.height, then: (p) => p.toLine(count - 1) };
    case 'G': case '>': case 'end': case 'M->': return { want: 'all', then: (p) => { if (count === null) p.toEnd(); else p.toLine(count - 1); } };
    case 'p': case '%': return { want: 'all', then: (p) => p.toLine(Math.floor((p.lineCount * Math.min(100, count ?? 0)) / 100)) };
    case 'right': case 'M-)': state.shift += count ?? page.halfWidth; return NOTHING;
    case 'left': case 'M-(': state.shift = Math.max(0, state.shift - (count ?? page.halfWidth)); return NOTHING;
    default: return null;
  }
}

/** Done, and nothing is wanted. */
const NOTHING: LessWish = { want: 'lines', count: 0, then: () => undefined };

function other(state: LessState, key: Key, page: Screenful, count: number | null): LessWish | null {
  switch (key) {
    case 'q': case 'Q':
      if (!state.help) return { want: 'quit' };
      Object.assign(state, { help: false, top: { line: 0, row: 0 } });
      return state.files[0] === '-' && state.piped === '' && state.pipeEnded ? { want: 'quit' } : null;
    case '^C': return state.options.quitOnInterrupt ? { want: 'quit' } : BELL;
    case 'h': case 'H': Object.assign(state, { help: true, top: { line: 0, row: 0 } }); return null;
    case '/': case '?': case '&': case ':': case '-': case '!': case 'm': case "'": case 'Z':
      state.typing = { lead: key === '&' ? '&/' : key, text: '' };
      state.count = count === null ? '' : String(count);
      return null;
    case 'n': case 'N': return repeat(state, key === 'n' ? state.forward : !state.forward, count ?? 1, page);
    case 'M-u': state.highlight = !state.highlight; return null;
    case 'F':
      state.following = true;
      return { want: 'all', then: (p) => p.toEnd() };
    case '=': case '^G': state.message = about(state, page); return null;
    case 'r': case 'R': case '^R': case '^L': return { want: 'repaint' };
    case 'v': return state.files[state.index] === '-' ? failing(state, 'Cannot edit standard input') : { want: 'run', words: ['"${VISUAL:-${EDITOR:-vi}}"', `'${state.files[state.index]!.replaceAll("'", "'\\''")}'`] };
    default: return BELL;
  }
}

function failing(state: LessState, message: string): null {
  state.message = message;
  return null;
}

function about(state: LessState, page: Screenful): string {
  const path = state.files[state.index]!;
  return fillPrompt(state.options.prototypes['='] ?? PROTOTYPES['=']!, {
    file: path === '-' ? '' : path, fresh: false, index: state.index, count: state.files.length, next: null, atEnd: page.atEnd, first: page.firstLine, last: page.lastLine,
    total: page.lineCount, byte: page.bottomByte, size: page.bottomByte,
  });
}

function typeKey(state: LessState, key: Key, page: Screenful): LessWish | null {
  const typing = state.typing!;
  if (key === '^C' || key === '^G') {
    state.typing = null;
    return null;
  }
  if (key === 'backspace' || key === '^H') {
    if (typing.text === '') state.typing = null;
    else typing.text = typing.text.slice(0, -1);
    return null;
  }
  if (key === '^U') { typing.text = ''; return null; }
  if (key === 'enter') {
    state.typing = null;
    return submit(state, typing.lead, typing.text, page);
  }
  if (isText(key) || key === 'tab') typing.text += key === 'tab' ? '\t' : key;
  // These take one letter only.
  if ("m'-Z".includes(typing.lead) && typing.text !== '' && !(typing.lead === '-' && typing.text === '-')) {
    state.typing = null;
    return submit(state, typing.lead, typing.text, page);
  }
  if (typing.lead === ':' && /^[npxfqQd]$/.test(typing.text)) {
    state.typing = null;
    return submit(state, ':', typing.text, page);
  }
  return null;
}

function submit(state: LessState, lead: string, text: string, page: Screenful): LessWish | null {
  const count = state.count === '' ? 1 : Number(state.count);
  state.count = '';
  switch (lead) {
    case '/': case '?':
      state.forward = lead === '/';
      if (text !== '') state.pattern = text;
      state.highlight = true;
      return repeat(state, state.forward, count, page);
    case '&/':
      state.filter = text;
      state.top = { line: 0, row: 0 };
      return { want: 'all', then: () => undefined };
    case '-': state.message = toggle(state.options, text); return { want: 'repaint' };
    case 'm': state.marks[text] = { ...state.top }; return null;
    case "'": {
      const mark = text === '^' ? { line: 0, row: 0 } : state.marks[text];
      if (text === '$') return { want: 'all', then: (p) => p.toEnd() };
      if (!mark) return failing(state, 'mark not set');
      state.top = { ...mark };
      return null;
    }
    case 'Z': return text === 'Z' ? { want: 'quit' } : BELL;
    case '!': return { want: 'run', words: [text] };
    default: return colon(state, text, page);
  }
}

function colon(state: LessState, text: string, page: Screenful): LessWish | null {
  const [word = '', ...rest] = text.split(' ');
  switch (word) {
    case 'n': return { want: 'file', by: 1 };
    case 'p': return { want: 'file', by: -1 };
    case 'x': return { want: 'file', by: -state.index };
    case 'q': case 'Q': return { want: 'quit' };
    case 'f': state.message = about(state, page); return null;
    case 'e': return rest.length ? { want: 'file', path: rest.join(' ') } : { want: 'file', by: 0 };
    default: return BELL;
  }
}

/** Searches on from the line after the first on the screen, or before it. */
function repeat(state: LessState, forward: boolean, nth: number, page: Screenful): LessWish | null {
  if (state.pattern === '') return failing(state, 'No previous regular expression');
  const regex = page.regexOf(state.pattern);
  if (typeof regex === 'string') return failing(state, regex);
  return {
    want: 'all',
    then(p) {
      // The first search of a file also looks at its first line.
      const first = forward && state.top.line === 0 && lastFound(state) < 0;
      const start = first ? 0 : state.top.line + (forward ? 1 : -1);
      const found = p.search(state.pattern, forward, start, nth);
      if (found === null) state.message = 'Pattern not found';
      else {
        p.showLine(found);
        state.marks[FOUND] = { line: found, row: 0 };
      }
    },
  };
}

/** The place of the last match is kept among the marks, under a name that cannot be typed. */
const FOUND = '\0found';
const lastFound = (state: LessState): number => state.marks[FOUND]?.line ?? -1;
