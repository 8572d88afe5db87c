/**
 * Terminals: the line discipline (echo, erase, the signals of ^C ^Z ^\), raw mode, the foreground group.
 * Keys wait unprocessed until somebody reads or the mode is cooked, so that what is typed ahead goes to
 * whoever reads then. n_tty of Linux; everything shown is kept for the screen.
 */
import { entries } from '../engine/pages.ts';
import { append } from '../engine/chunked.ts';
import { own } from '../engine/cow.ts';
import type { Signal } from '../proc/program.ts';
import type { Host, Pid, Shown, Tty } from '../world.ts';
import type { Kernel } from './kernel.ts';
import { MARK, readMarks, type Mark } from './pty.ts';

/** Pieces of what was shown that are kept: far more than any screen, and then the oldest go. */
const SHOWN_MAX = 20_000;

export const ownTty = (k: Kernel, id: string): Tty => own(own(k.world, 'ttys'), id) as Tty;

/** Shows text: a newline returns the carriage, as ONLCR does. */
export function show(k: Kernel, id: string, text: string, kind: Shown['kind']): void {
  if (text === '') return;
  const tty = ownTty(k, id);
  if (kind === 'out' && text.includes(MARK)) { showMarked(k, tty, text); return; }
  append(own(tty, 'shown'), { kind, text: text.includes('\n') && kind !== 'mark' ? text.replace(/\r?\n/g, '\r\n') : text }, SHOWN_MAX);
  const host = k.world.hosts[tty.host];
  if (host?.waiters[`ptmx:${id}`]) k.wake(k.host(tty.host), `ptmx:${id}`);
}

/** Text that a relay brings from a pseudo-terminal: its marks tell echo from output, and who waits there. */
function showMarked(k: Kernel, tty: Tty, text: string): void {
  for (const piece of readMarks(text)) {
    if (piece.kind === 'mark') {
      const said = JSON.parse(piece.text) as Mark;
      tty.prompt = said.prompt ?? null;
      tty.remoteReads = said.reads ?? false;
      if (said.prompt && !tty.known.includes(said.prompt.pid)) own(tty, 'known').push(said.prompt.pid);
    }
    show(k, tty.id, piece.text, piece.kind);
  }
}

export function createTty(k: Kernel, host: Host, id: string, cols: number, rows: number): Tty {
  const used = new Set(Object.values(k.world.ttys).filter((t) => t.host === host.name && !t.closed).map((t) => t.name));
  let n = 0;
  while (used.has(`pts/${n}`)) n++;
  const tty: Tty = {
    id, host: host.name, name: `pts/${n}`, cols, rows, raw: false, echo: true, input: '', line: '', eof: false,
    session: 0, foreground: 0, shown: { start: 0, length: 0, chunks: [] }, prompt: null, remoteReads: false, known: [], closed: false,
  };
  own(k.world, 'ttys')[id] = tty;
  return tty;
}

/** Keys from a person. */
export function type(k: Kernel, host: Host, id: string, data: string): void {
  const tty = ownTty(k, id);
  tty.input += data;
  if (!tty.raw) discipline(k, host, tty);
  k.wake(host, `tty:${id}`);
}

/** The mode changed, or keys came: process in cooked mode what has not been. */
export function discipline(k: Kernel, host: Host, tty: Tty): void {
  while (tty.input !== '' && !tty.raw) {
    // Lines typed ahead stay keys until the line (or the end) before has been read: an editor may be the next reader.
    const key = tty.input[0]!;
    if ((tty.line.includes('\n') || tty.eof) && !'\x03\x1c\x1a'.includes(key)) {
      if (!/[\x03\x1c\x1a]/.test(tty.input)) return;
    }
    tty.input = tty.input.slice(1);
    cooked(k, host, tty, key);
  }
}

const SIGNALS: Readonly<Record<string, Signal>> = { '\x03': 'INT', '\x1c': 'QUIT', '\x1a': 'TSTP' };

function cooked(k: Kernel, host: Host, tty: Tty, key: string): void {
  const signal = SIGNALS[key];
  if (signal) {
    show(k, tty.id, caret(key), 'out');
    tty.line = '';
    tty.eof = false;
    signalGroup(k, host, tty.foreground, signal);
  } else if (key === '\x04') {
    tty.eof = true;
  } else if (key === '\x7f' || key === '\b') {
    if (unfinished(tty) !== '') { tty.line = tty.line.slice(0, -1); if (tty.echo) show(k, tty.id, '\b \b', 'edit'); }
  } else if (key === '\x15') {
    erase(k, tty, unfinished(tty).length);
  } else if (key === '\x17') {
    erase(k, tty, /\S*\s*$/.exec(unfinished(tty))![0].length);
  } else if (key === '\r' || key === '\n') {
    tty.line += '\n';
    if (tty.echo) show(k, tty.id, '\n', 'edit');
  } else {
    tty.line += key;
    if (tty.echo) show(k, tty.id, key >= ' ' || key === '\t' ? key : caret(key), 'edit');
  }
}

const caret = (key: string): string => `^${String.fromCharCode(key.charCodeAt(0) ^ 64)}`;
const unfinished = (tty: Tty): string => tty.line.slice(tty.line.lastIndexOf('\n') + 1);

function erase(k: Kernel, tty: Tty, count: number): void {
  if (!count) return;
  tty.line = tty.line.slice(0, -count);
  if (tty.echo) show(k, tty.id, '\b \b'.repeat(count), 'edit');
}

export function signalGroup(k: Kernel, host: Host, group: Pid, signal: Signal): void {
  for (const proc of entries(host.procs)) {
    if (proc.pgid === group && proc.threadOf === null && !proc.exit) k.signal(host, proc.pid, signal);
  }
}

/** What a reader gets now: null when it must wait. */
export function take(k: Kernel, host: Host, tty: Tty, max: number, toEnter: boolean): string | null {
  if (tty.raw) {
    if (tty.input === '') return null;
    let length = Math.min(max, tty.input.length);
    if (toEnter) { // a shell's line: the keys after Enter are for whoever reads next
      const enter = tty.input.search(/[\r\n\x03\x04]/);
      if (enter >= 0) length = Math.min(length, enter + 1);
    }
    const data = tty.input.slice(0, length);
    tty.input = tty.input.slice(length);
    return data;
  }
  const end = tty.line.indexOf('\n');
  if (end < 0 && !tty.eof) return null;
  const length = Math.min(max, end < 0 ? tty.line.length : end + 1);
  const data = tty.line.slice(0, length);
  tty.line = tty.line.slice(length);
  if (end < 0 && tty.line === '') tty.eof = false;
  discipline(k, host, tty);
  return data;
}
