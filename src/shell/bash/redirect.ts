/**
 * Redirections. The shell keeps a table from its descriptor numbers to the process's own, so that
 * `> file` around a builtin costs no dup(2): a redirection changes the table, its end changes it back.
 */
import type { Redir } from '../grammar/ast.ts';
import type { Errno, Sys } from '../../sim/proc/program.ts';
import { strerror } from '../../sim/proc/libc.ts';
import { resolve } from '../../sim/proc/resolver.ts';
import type { OpenFlags } from '../../sim/proc/syscalls.ts';
import { expandDocument, expandText, expandWord } from './expand.ts';
import { type Shell } from './shell.ts';
import { assign, value } from './variables.ts';

export interface Undo { saved: Record<number, number>; opened: number[] }

/** In `saved`: the descriptor was closed before. */
const CLOSED = -2;
/** What a pipe takes without a reader; longer documents go through a file. */
const PIPE_ROOM = 60_000;

const FLAGS: Readonly<Record<string, OpenFlags>> = {
  '<': { read: true }, '>': { write: true, create: true, trunc: true },
  '>|': { write: true, create: true, trunc: true },
  '>>': { write: true, create: true, append: true }, '<>': { read: true, write: true, create: true },
};

/** Applies redirections; null after a message when one fails, with nothing changed. */
export function* redirect(sh: Shell, redirs: readonly Redir[]): Sys<Undo | null> {
  const undo: Undo = { saved: {}, opened: [] };
  for (const r of redirs) {
    const problem = yield* one(sh, r, undo);
    if (problem === null) continue;
    yield* restore(sh, undo);
    if (problem !== '') yield* sh.warn(problem);
    return null;
  }
  return undo;
}

export function* restore(sh: Shell, undo: Undo): Sys<void> {
  const fds = sh.own('fds');
  for (const key in undo.saved) {
    const before = undo.saved[key]!;
    if (before === CLOSED) delete fds[key]; else fds[key] = before;
  }
  for (const fd of undo.opened) yield* close(sh, fd);
}

/** Closes a descriptor of the process that the shell opened. */
export function* close(sh: Shell, fd: number): Sys<void> {
  if (sh.s.opened[fd]) delete sh.own('opened')[fd];
  yield* sh.call('close', { fd });
}

/** What `exec >f` does: the redirection stays, and what it replaced is closed. */
export function* keep(sh: Shell, undo: Undo): Sys<void> {
  const inUse = new Set(Object.values(sh.s.fds));
  for (const key in undo.saved) {
    const before = undo.saved[key]!;
    if (before !== CLOSED && !inUse.has(before)) { inUse.add(before); yield* close(sh, before); }
  }
}

function point(sh: Shell, undo: Undo, fd: number, to: number | undefined): void {
  const fds = sh.own('fds');
  if (!(fd in undo.saved)) undo.saved[fd] = fds[fd] ?? CLOSED;
  if (to === undefined) delete fds[fd]; else fds[fd] = to;
}

/** Notes a descriptor that was opened for the redirection. Numbers a person may name stay free. */
function* adopt(sh: Shell, undo: Undo, fd: number): Sys<number> {
  sh.own('opened')[fd] = true;
  undo.opened.push(fd);
  return fd;
}

function* one(sh: Shell, r: Redir, undo: Undo): Sys<string | null> {
  let fd = typeof r.fd === 'number' ? r.fd : r.op[0] === '<' ? 0 : 1;
  if (typeof r.fd === 'string') {
    if ((r.op === '<&' || r.op === '>&') && r.target.lit === '-') return closeNamed(sh, r.fd, undo);
    fd = 10;
    while (sh.s.fds[fd] !== undefined) fd++;
  }
  const problem = yield* connectTo(sh, r, fd, undo);
  if (problem === null && typeof r.fd === 'string') {
    assign(sh, r.fd, String(fd));
    delete undo.saved[fd]; // it outlives the command
    undo.opened.length = 0;
  }
  return problem;
}

function closeNamed(sh: Shell, name: string, undo: Undo): string | null {
  const text = value(sh, name) ?? '';
  if (!/^\d+$/.test(text)) return `${name}: ambiguous redirect`;
  point(sh, undo, Number(text), undefined);
  delete undo.saved[Number(text)];
  return null;
}

function* connectTo(sh: Shell, r: Redir, fd: number, undo: Undo): Sys<string | null> {
  switch (r.op) {
    case '<<': case '<<-': return yield* document(sh, yield* expandDocument(sh, r.body!), fd, undo);
    case '<<<': return yield* document(sh, `${yield* expandText(sh, r.target, true)}\n`, fd, undo);
    case '<&': case '>&': return yield* duplicate(sh, r, fd, undo);
    default: {
      const name = yield* targetName(sh, r);
      if (name === null) return `${r.target.src}: ambiguous redirect`;
      return yield* file(sh, r.op, name, r.op[0] === '&' ? [1, 2] : [fd], undo);
    }
  }
}

function* targetName(sh: Shell, r: Redir): Sys<string | null> {
  if (r.target.lit !== undefined) return r.target.lit;
  const names: string[] = [];
  yield* expandWord(sh, r.target, names);
  return names.length === 1 ? names[0]! : null;
}

function* file(sh: Shell, op: string, name: string, to: readonly number[], undo: Undo): Sys<string | null> {
  const plain = op.replace(/^&/, '');
  const own = /^\/dev\/(?:(stdin|stdout|stderr)|fd\/(\d+))$/.exec(name);
  if (own) {
    const from = own[2] === undefined ? ['stdin', 'stdout', 'stderr'].indexOf(own[1]!) : Number(own[2]);
    const actual = sh.s.fds[from];
    if (actual === undefined) return `${name}: No such file or directory`;
    for (const fd of to) point(sh, undo, fd, actual);
    return null;
  }
  const net = /^\/dev\/(tcp|udp)\/([^/]+)\/([^/]+)$/.exec(name);
  if (net) return yield* socket(sh, name, net[1]!, net[2]!, net[3]!, to, undo);
  if (plain === '>' && sh.option('noclobber')) {
    const stat = yield* sh.call('stat', { path: name });
    if (stat.ok && stat.value.type === 'file') return `${name}: cannot overwrite existing file`;
  }
  if (name === '') return ': No such file or directory';
  const opened = yield* sh.call('open', { path: name, flags: FLAGS[plain]!, mode: 0o666 });
  if (!opened.ok) return `${name}: ${strerror(opened.errno)}`;
  const actual = yield* adopt(sh, undo, opened.value);
  for (const fd of to) point(sh, undo, fd, actual);
  return null;
}

/** `/dev/tcp/HOST/PORT`, which bash itself opens (netopen.c). */
function* socket(sh: Shell, name: string, proto: string, host: string, service: string,
  to: readonly number[], undo: Undo): Sys<string | null> {
  if (proto === 'udp') return `${name}: Operation not supported`;
  const port = Number(service);
  if (!/^\d+$/.test(service) || port > 65_535) {
    yield* sh.warn(`${service}: service unknown`);
    return `${name}: Invalid argument`;
  }
  const found = yield* resolve(host);
  if (!found.ok) { yield* sh.warn(`${host}: Name or service not known`); return `${name}: Invalid argument`; }
  const made = yield* sh.call('connect', { proto: 'tcp', addr: found.addresses[0]!, port });
  if (!made.ok) {
    yield* sh.sysError(`connect: ${strerror(made.errno)}`);
    return `${name}: ${strerror(made.errno)}`;
  }
  const actual = yield* adopt(sh, undo, made.value);
  for (const fd of to) point(sh, undo, fd, actual);
  return null;
}

function* duplicate(sh: Shell, r: Redir, fd: number, undo: Undo): Sys<string | null> {
  const text = yield* targetName(sh, r);
  if (text === null) return `${r.target.src}: ambiguous redirect`;
  if (text === '-') { point(sh, undo, fd, undefined); return null; }
  const m = /^(\d+)(-)?$/.exec(text);
  if (!m) {
    if (r.op === '>&' && r.fd === undefined) return yield* file(sh, '&>', text, [1, 2], undo);
    return `${text}: ambiguous redirect`;
  }
  const from = Number(m[1]), actual = sh.s.fds[from];
  if (actual === undefined) return `${from}: Bad file descriptor`;
  point(sh, undo, fd, actual);
  if (m[2] && from !== fd) point(sh, undo, from, undefined);
  return null;
}

function* document(sh: Shell, text: string, fd: number, undo: Undo): Sys<string | null> {
  const made = text.length > PIPE_ROOM ? yield* throughFile(sh, text) : yield* throughPipe(sh, text);
  if (typeof made !== 'number') return `cannot create temp file for here-document: ${strerror(made)}`;
  point(sh, undo, fd, yield* adopt(sh, undo, made));
  return null;
}

function* throughPipe(sh: Shell, text: string): Sys<number | Errno> {
  const pipe = yield* sh.call('pipe', {});
  if (!pipe.ok) return pipe.errno;
  if (text) yield* sh.call('write', { fd: pipe.value.write, text });
  yield* sh.call('close', { fd: pipe.value.write });
  return pipe.value.read;
}

function* throughFile(sh: Shell, text: string): Sys<number | Errno> {
  const path = `/tmp/sh-thd.${sh.start.pid}.${sh.calls}`;
  const written = yield* sh.call('writeFile', { path, text, mode: 0o600 });
  if (!written.ok) return written.errno;
  const opened = yield* sh.call('open', { path, flags: { read: true } });
  yield* sh.call('unlink', { path });
  return opened.ok ? opened.value : opened.errno;
}
