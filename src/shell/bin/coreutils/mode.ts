/**
 * File modes: as `ls -l` shows them, and as chmod and find read them, octal or symbolic (POSIX chmod,
 * gnulib modechange). It knows no file.
 */
import type { Stat } from '../../../sim/proc/syscalls.ts';

const TYPE_LETTERS: Readonly<Record<Stat['type'], string>> = {
  file: '-', dir: 'd', symlink: 'l', char: 'c', block: 'b', fifo: 'p', socket: 's',
};
export const TYPE_BITS: Readonly<Record<Stat['type'], number>> = {
  file: 0o100000, dir: 0o040000, symlink: 0o120000, char: 0o020000, block: 0o060000, fifo: 0o010000, socket: 0o140000,
};
export const TYPE_WORDS: Readonly<Record<Stat['type'], string>> = {
  file: 'regular file', dir: 'directory', symlink: 'symbolic link', char: 'character special file',
  block: 'block special file', fifo: 'fifo', socket: 'socket',
};

/** `drwxr-xr-x`. */
export const modeString = (stat: Pick<Stat, 'type' | 'mode'>): string => TYPE_LETTERS[stat.type] + permissions(stat.mode);

/** `rwxr-xr-x`, with s, S, t and T. */
export function permissions(mode: number): string {
  const special = (bit: number, execute: number, lower: string): string =>
    (mode & bit ? (mode & execute ? lower : lower.toUpperCase()) : mode & execute ? 'x' : '-');
  return [
    mode & 0o400 ? 'r' : '-', mode & 0o200 ? 'w' : '-', special(0o4000, 0o100, 's'),
    mode & 0o040 ? 'r' : '-', mode & 0o020 ? 'w' : '-', special(0o2000, 0o010, 's'),
    mode & 0o004 ? 'r' : '-', mode & 0o002 ? 'w' : '-', special(0o1000, 0o001, 't'),
  ].join('');
}

interface Clause { readonly who: number; readonly allWho: boolean; readonly actions: readonly Action[] }
interface Action { readonly op: '+' | '-' | '='; readonly bits: number; readonly x: boolean; readonly copy: 'u' | 'g' | 'o' | null }
export interface ModeChange { readonly octal: number | null; readonly octalDigits: number; readonly clauses: readonly Clause[] }

const WHO_BITS: Readonly<Record<string, number>> = { u: 0o4700, g: 0o2070, o: 0o1007, a: 0o7777 };
const PERMISSION_BITS: Readonly<Record<string, number>> = { r: 0o444, w: 0o222, x: 0o111, s: 0o6000, t: 0o1000 };

/** A mode as typed, or null if it is none. */
export function parseMode(text: string): ModeChange | null {
  if (/^[0-7]+$/.test(text)) {
    const octal = parseInt(text, 8);
    return octal > 0o7777 ? null : { octal, octalDigits: text.length, clauses: [] };
  }
  const clauses: Clause[] = [];
  for (const part of text.split(',')) {
    const clause = parseClause(part);
    if (!clause) return null;
    clauses.push(clause);
  }
  return { octal: null, octalDigits: 0, clauses };
}

function parseClause(part: string): Clause | null {
  const m = /^([ugoa]*)((?:[-+=](?:[rwxXst]*|[ugo]|[0-7]+))+)$/.exec(part);
  if (!m) return null;
  let who = 0;
  for (const letter of m[1]!) who |= WHO_BITS[letter]!;
  const actions = [...m[2]!.matchAll(/([-+=])([rwxXst]*|[ugo]|[0-7]+)(?=[-+=]|$)/g)].map((found): Action => {
    const [, op, what = ''] = found;
    const copy = /^[ugo]$/.test(what) ? (what as 'u' | 'g' | 'o') : null;
    let bits = /^[0-7]+$/.test(what) ? parseInt(what, 8) : 0;
    if (!copy && bits === 0) for (const letter of what) bits |= PERMISSION_BITS[letter] ?? 0;
    return { op: op as Action['op'], bits, x: what.includes('X'), copy };
  });
  return { who: who || 0o7777, allWho: who === 0, actions };
}

/** The mode after the change. Clauses without `who` leave alone what the umask holds back. */
export function changeMode(change: ModeChange, mode: number, isDir: boolean, umask: number): number {
  if (change.octal !== null) {
    // A short octal mode keeps a directory's set-id bits (GNU extension).
    return isDir && change.octalDigits < 5 ? change.octal | (mode & 0o6000) : change.octal;
  }
  let now = mode & 0o7777;
  for (const clause of change.clauses) for (const action of clause.actions) now = act(now, clause, action, isDir, umask);
  return now;
}

function act(mode: number, clause: Clause, action: Action, isDir: boolean, umask: number): number {
  let bits = action.bits;
  if (action.copy) {
    const three = (mode >> { u: 6, g: 3, o: 0 }[action.copy]) & 7;
    bits = three | (three << 3) | (three << 6);
  }
  if (action.x && (isDir || (mode & 0o111) !== 0)) bits |= 0o111;
  bits &= clause.who;
  const reach = clause.allWho ? ~umask : ~0;
  if (action.op === '+') return mode | (bits & reach);
  if (action.op === '-') return mode & ~(bits & reach);
  const kept = isDir ? mode & 0o6000 & ~bits : 0;
  return (mode & ~clause.who) | (bits & reach) | (clause.who & kept);
}
