/** Prompts: the backslash escapes of PS1, and expansion of what they hold. parse.y, decode_prompt_string. */
import type { Word } from '../grammar/ast.ts';
import { parseDocument } from '../grammar/parse.ts';
import type { Sys } from '../../sim/proc/program.ts';
import { expandDocument, tick } from './expand.ts';
import { strftime } from './printf.ts';
import { Failure, type Shell } from './shell.ts';
import { value } from './variables.ts';

/** A prompt as text for the terminal; `\[` and `\]` leave marks that the line editor takes out. */
const INVISIBLE_FROM = '\x01', INVISIBLE_TO = '\x02';

export function* promptText(sh: Shell, ps: string): Sys<string> {
  const decoded = ps.includes('\\') ? yield* decode(sh, ps) : ps;
  if (!/(?:^|[^\x00])[$`]/.test(decoded) || !sh.shopt('promptvars')) return decoded.replaceAll(LITERAL, '');
  const status = sh.s.status;
  const text = yield* safely(sh,
    parseDocument(decoded.replaceAll(`${LITERAL}$`, '\\$').replaceAll(`${LITERAL}\``, '\\`')
      .replaceAll(LITERAL, '')));
  sh.s.status = status;
  return text;
}

/** A prompt that cannot be expanded is shown as it stands, after the message. */
function* safely(sh: Shell, word: Word): Sys<string> {
  try {
    return yield* expandDocument(sh, word);
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    yield* sh.warn(error.message);
    return word.src;
  }
}

/** Stands before a character that comes from an escape and is not to be expanded. */
const LITERAL = '\x00';

/** Text that an escape gave is not expanded again. */
const literal = (text: string): string => text.replace(/[$`]/g, `${LITERAL}$&`);

function* decode(sh: Shell, ps: string): Sys<string> {
  let out = '';
  for (let i = 0; i < ps.length; i++) {
    if (ps[i] !== '\\' || i + 1 >= ps.length) { out += ps[i]; continue; }
    const c = ps[++i]!;
    const octal = /^[0-7]{3}/.exec(ps.slice(i))?.[0];
    if (octal) { out += String.fromCharCode(parseInt(octal, 8)); i += 2; continue; }
    if (c === 'D' && ps[i + 1] === '{') {
      const end = ps.indexOf('}', i);
      yield* tick(sh);
      out += literal(strftime(ps.slice(i + 2, end < 0 ? undefined : end) || '%X', sh.clockUs));
      i = end < 0 ? ps.length : end;
      continue;
    }
    out += yield* escape(sh, c);
  }
  return out;
}

const TIMES: Readonly<Record<string, string>> =
  { t: '%H:%M:%S', T: '%I:%M:%S', '@': '%I:%M %p', A: '%H:%M', d: '%a %b %d' };

function* escape(sh: Shell, c: string): Sys<string> {
  if (Object.hasOwn(TIMES, c)) { yield* tick(sh); return strftime(TIMES[c]!, sh.clockUs); }
  switch (c) {
    case 'u': return literal(yield* userName(sh));
    case 'h': return literal((value(sh, 'HOSTNAME') ?? '').split('.')[0]!);
    case 'H': return literal(value(sh, 'HOSTNAME') ?? '');
    case 'w': return literal(trimmed(sh, home(sh, sh.s.cwd)));
    case 'W': {
      const path = home(sh, sh.s.cwd);
      return literal(path === '~' || path === '/' ? path : path.slice(path.lastIndexOf('/') + 1));
    }
    case '$': return sh.start.uid === 0 ? '#' : `${LITERAL}$`;
    case 's': return literal(sh.s.name.replace(/^.*\//, ''));
    case 'v': return '4.4';
    case 'V': return '4.4.12';
    case 'j': return String(sh.s.jobs.length);
    case 'l': { const tty = yield* sh.call('tty', { fd: 0 }); return tty.ok
      ? tty.value.name.replace(/^.*\//, '') : ''; }
    case '!': return String(sh.s.history.first + sh.s.history.length);
    case '#': return String(sh.s.commandCount);
    case 'n': return '\n';
    case 'r': return '\r';
    case 'a': return '\x07';
    case 'e': return '\x1b';
    case '[': return INVISIBLE_FROM;
    case ']': return INVISIBLE_TO;
    case '\\': return '\\\\';
    default: return `\\${c}`;
  }
}

const home = (sh: Shell, path: string): string => {
  const dir = value(sh, 'HOME');
  return dir && dir !== '/' && (path === dir || path.startsWith(`${dir}/`)) ? `~${path.slice(dir.length)}`
    : path;
};

function trimmed(sh: Shell, path: string): string {
  const keep = Number(value(sh, 'PROMPT_DIRTRIM') ?? 0);
  if (!(keep > 0)) return path;
  const parts = path.split('/').filter(Boolean), rooted = path[0] === '~' ? '~/' : '';
  const names = rooted ? parts.slice(1) : parts;
  return names.length <= keep ? path : `${rooted}.../${names.slice(-keep).join('/')}`;
}

function* userName(sh: Shell): Sys<string> {
  const known = sh.user;
  if (known !== null) return known;
  const passwd = yield* sh.call('readFile', { path: '/etc/passwd' });
  const line = passwd.ok
    ? passwd.value.split('\n')
      .find((l) => Number(l.split(':')[2]) === sh.start.uid && l.split(':').length > 3) : undefined;
  return (sh.user = line?.split(':')[0] ?? 'I have no name!');
}

/** Without the marks of `\[ \]`. */
export const shown = (text: string): string => text.replace(/[\x01\x02]/g, '');
