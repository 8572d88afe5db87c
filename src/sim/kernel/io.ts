/**
 * read, write and seek on whatever a descriptor stands for. Pipes hold 64 KiB and block (pipe(7));
 * a write to a pipe nobody reads is SIGPIPE.
 */
import { entry } from '../engine/pages.ts';
import { append, items } from '../engine/chunked.ts';
import { own } from '../engine/cow.ts';
import type { Json, Reply } from '../proc/program.ts';
import type { Host, Ofd, Proc, Tty } from '../world.ts';
import { lookup, ownOfd } from './descriptors.ts';
import { appendText, fileLength, filePart, fileText, grow, hostReal, setFileText, storedText, zerosOf, ZEROS_MAX } from './disk.ts';
import { bad, good, type Attempt, type Block, type Handlers, type Kernel } from './kernel.ts';
import { socketCalls } from './sockets.ts';
import { isPty, writeMark, type Mark } from './pty.ts';
import { ownTty, show, signalGroup, take, type } from './tty.ts';
import { virtualWrite } from '../host/procfs.ts';

const PIPE_MAX = 65_536;
/** How much one read gives at most when the caller names no limit. */
const CHUNK = 1 << 20;
const JOURNAL_MAX = 20_000;
/** Writes of zeros at a file's end that are counted instead of kept. */
const ZEROS_MIN = 4096;

type Read = { fd: number; max?: number; timeoutUs?: number; prompt?: { ps: 1 | 2; text: string; status: number }; relay?: boolean };

function read(k: Kernel, host: Host, proc: Proc, args: Read, attempt: Attempt): Reply | Block {
  const ofd = lookup(k, host, proc, args.fd);
  if (!ofd) return bad('EBADF');
  const max = args.max ?? CHUNK;
  switch (ofd.kind) {
    case 'file': {
      if (!ofd.read) return bad('EBADF');
      const inode = host.fs[ofd.fs]!.inodes[ofd.ino];
      if (inode?.type === 'dir') return bad('EISDIR');
      const text = filePart(inode, ofd.at, max);
      if (text) (ownOfd(host, ofd.id) as Ofd & { kind: 'file' }).at += text.length;
      return good(text);
    }
    case 'virtual': {
      const text = ofd.text.slice(ofd.at, ofd.at + max);
      if (text) (ownOfd(host, ofd.id) as Ofd & { kind: 'virtual' }).at += text.length;
      return good(text);
    }
    case 'device': return good(readDevice(k, host, ofd.dev, args.max ?? 4096));
    case 'pipe': return readPipe(k, host, ofd, max, attempt, args.timeoutUs);
    case 'tty': return readTty(k, host, proc, ofd.tty, args, max, attempt);
    case 'socket': return readSocket(k, host, proc, args, attempt);
    case 'ptmx': return readMaster(k, host, ofd, attempt, args.timeoutUs);
    case 'journal': case 'collect': return good('');
  }
}

function readDevice(k: Kernel, host: Host, dev: string, max: number): string {
  if (dev === 'zero' || dev === 'full') return '\0'.repeat(Math.min(max, CHUNK));
  if (dev !== 'random' && dev !== 'urandom') return '';
  // One draw a read; Marsaglia's xorshift makes as many bytes of it as are wanted.
  let x = k.random(`${host.name}/urandom`, 0xffff_ffff) + 1;
  let text = '';
  for (let i = 0; i < max; i++) {
    x ^= x << 13; x ^= x >>> 17; x ^= x << 5;
    const byte = (x >>> 11) & 255;
    text += String.fromCharCode(byte < 0x80 ? byte : 0xdc00 + byte);
  }
  return text;
}

function readPipe(k: Kernel, host: Host, ofd: Ofd & { kind: 'pipe' }, max: number, attempt: Attempt, timeoutUs?: number): Reply | Block {
  const pipe = host.pipes[ofd.pipe]!;
  if (pipe.text !== '') {
    const mine = own(own(host, 'pipes'), ofd.pipe);
    const text = mine.text.slice(0, max);
    mine.text = mine.text.slice(max);
    k.wake(host, `pipe:${ofd.pipe}`);
    return good(text);
  }
  if (pipe.writers <= 0 && !(pipe.path && attempt.first)) return good('');
  if (attempt.timedOut) return bad('ETIMEDOUT');
  return { block: [`pipe:${ofd.pipe}`], timeoutUs };
}

function readTty(k: Kernel, host: Host, proc: Proc, id: string, args: Read, max: number, attempt: Attempt): Reply | Block {
  const tty = ownTty(k, id);
  if (tty.closed) return good('');
  if (proc.pgid !== tty.foreground && proc.tty === id) {
    signalGroup(k, host, proc.pgid, 'TTIN');
    return { block: [`tty:${id}`] };
  }
  const data = take(k, host, tty, max, args.prompt !== undefined);
  if (data !== null) {
    if (tty.prompt || tty.remoteReads) tellWaiting(k, tty, {});
    tty.remoteReads = false;
    return good(data);
  }
  if (attempt.timedOut) return bad('ETIMEDOUT');
  if (args.prompt) {
    tellWaiting(k, tty, { prompt: { pid: proc.pid, ...args.prompt } });
    if (!tty.known.includes(proc.pid)) own(tty, 'known').push(proc.pid);
  } else if (!args.relay && args.timeoutUs === undefined && attempt.first) tellWaiting(k, tty, { reads: true });
  return { block: [`tty:${id}`], timeoutUs: args.timeoutUs };
}

/** Who waits here for a person, for this terminal and for one that shows it elsewhere. */
function tellWaiting(k: Kernel, tty: Tty, mark: Mark): void {
  tty.prompt = mark.prompt ?? null;
  if (isPty(tty)) show(k, tty.id, JSON.stringify(mark), 'mark');
}

/** What the terminal has shown since the last read of its master; the end when it is closed. */
function readMaster(k: Kernel, host: Host, ofd: Ofd & { kind: 'ptmx' }, attempt: Attempt, timeoutUs?: number): Reply | Block {
  const tty = k.world.ttys[ofd.tty]!;
  if (tty.shown.length > ofd.at) {
    let text = '';
    for (const piece of items(tty.shown, ofd.at)) text += writeMark(piece);
    (ownOfd(host, ofd.id) as Ofd & { kind: 'ptmx' }).at = tty.shown.length;
    return good(text);
  }
  if (tty.closed) return good('');
  return attempt.timedOut ? bad('ETIMEDOUT') : { block: [`ptmx:${ofd.tty}`], timeoutUs };
}

function write(k: Kernel, host: Host, proc: Proc, { fd, text, edit }: { fd: number; text: string; edit?: boolean }, attempt: Attempt): Reply | Block {
  const ofd = lookup(k, host, proc, fd);
  if (!ofd) return bad('EBADF');
  switch (ofd.kind) {
    case 'file': {
      if (!ofd.write) return bad('EBADF');
      const mine = ownOfd(host, ofd.id) as Ofd & { kind: 'file' };
      const inode = host.fs[ofd.fs]!.inodes[ofd.ino];
      const end = fileLength(inode);
      if ((ofd.append ? end : ofd.at) >= end && text.length >= ZEROS_MIN && /^\0+$/.test(text)) {
        const from = ofd.append ? end : ofd.at;
        if (!grow(host, from + text.length - end)) return bad('ENOSPC');
        setFileText(host, ofd.fs, ofd.ino, storedText(inode), hostReal(k, host), from + text.length - storedText(inode).length);
        mine.at = from + text.length;
        return good(text.length);
      }
      if (zerosOf(inode) > ZEROS_MAX) return bad('EFBIG');
      const before = fileText(inode);
      const at = ofd.append ? before.length : ofd.at;
      if (!grow(host, Math.max(0, at + text.length - before.length))) return bad('ENOSPC');
      if (at === before.length && text.charCodeAt(text.length - 1) !== 0) { // the common case, without a look at what is there: that would cost as much as there is
        if (at > ZEROS_MAX) return bad('EFBIG');
        appendText(host, ofd.fs, ofd.ino, before, text, hostReal(k, host));
        mine.at = at + text.length;
        k.wake(host, `file:${ofd.fs}:${ofd.ino}`);
        return good(text.length);
      }
      const padded = at > before.length ? before + '\0'.repeat(at - before.length) : before;
      if (at >= before.length) setFileText(host, ofd.fs, ofd.ino, padded + text, hostReal(k, host), 0, text);
      else setFileText(host, ofd.fs, ofd.ino, padded.slice(0, at) + text + padded.slice(at + text.length), hostReal(k, host));
      mine.at = at + text.length;
      k.wake(host, `file:${ofd.fs}:${ofd.ino}`);
      return good(text.length);
    }
    case 'virtual': {
      if (!ofd.write) return bad('EBADF');
      const errno = virtualWrite(k, host, proc, ofd.path, text);
      return errno ? bad(errno) : good(text.length);
    }
    case 'device': return ofd.dev === 'full' ? bad('ENOSPC') : good(text.length);
    case 'pipe': return writePipe(k, host, proc, ofd, text, attempt);
    case 'tty':
      if (k.world.ttys[ofd.tty]?.closed) return bad('EIO');
      show(k, ofd.tty, text, edit ? 'edit' : 'out');
      return good(text.length);
    case 'socket': return writeSocket(k, host, proc, fd, text, attempt);
    case 'ptmx': type(k, host, ofd.tty, text); return good(text.length);
    case 'collect': collect(host, ofd.into, text); return good(text.length);
    case 'journal': journal(k, host, proc, ownOfd(host, ofd.id) as Ofd & { kind: 'journal' }, text); return good(text.length);
  }
}

function writePipe(k: Kernel, host: Host, proc: Proc, ofd: Ofd & { kind: 'pipe' }, text: string, attempt: Attempt): Reply | Block {
  const pipe = own(own(host, 'pipes'), ofd.pipe);
  if (pipe.readers <= 0) {
    k.signal(host, proc.threadOf ?? proc.pid, 'PIPE');
    return bad('EPIPE');
  }
  // What of the text has gone in already, when an earlier try filled the pipe.
  const done = typeof attempt.state === 'number' ? attempt.state : 0;
  const room = PIPE_MAX - pipe.text.length;
  const rest = text.length - done;
  if (rest > room) {
    if (room > 0) { pipe.text += text.slice(done, done + room); k.wake(host, `pipe:${ofd.pipe}`); }
    return { block: [`pipe:${ofd.pipe}`], state: done + Math.max(0, room) };
  }
  pipe.text += done ? text.slice(done) : text;
  k.wake(host, `pipe:${ofd.pipe}`);
  return good(text.length);
}

/** A stream socket read as a file: messages are text, the end is ''. */
function readSocket(k: Kernel, host: Host, proc: Proc, { fd, timeoutUs }: Read, attempt: Attempt): Reply | Block {
  const answer = socketCalls.recv(k, host, proc, { fd, timeoutUs }, attempt);
  if (!('ok' in answer) || !answer.ok) return answer;
  const message = answer.value as { data: Json } | null;
  return good(message === null ? '' : typeof message.data === 'string' ? message.data : JSON.stringify(message.data));
}

function writeSocket(k: Kernel, host: Host, proc: Proc, fd: number, text: string, attempt: Attempt): Reply | Block {
  const answer = socketCalls.send(k, host, proc, { fd, data: text, size: text.length }, attempt);
  return 'ok' in answer && answer.ok ? good(text.length) : answer;
}

/** Output for a caller outside the world: bounded, and the bound is said. */
const COLLECT_MAX = 4_000_000;
function collect(host: Host, into: string, text: string): void {
  const collected = own(host, 'collected');
  const before = collected[into] ?? '';
  if (before.length > COLLECT_MAX) return;
  const all = before + text;
  collected[into] = all.length > COLLECT_MAX ? `${all.slice(0, COLLECT_MAX)}\n[output cut after ${COLLECT_MAX} characters]\n` : all;
}

/** Whole lines become entries; a rest waits for its newline. */
function journal(k: Kernel, host: Host, proc: Proc, ofd: Ofd & { kind: 'journal' }, text: string): void {
  const lines = (ofd.partial + text).split('\n');
  ofd.partial = lines.pop()!;
  const log = own(own(host, 'journals'), ofd.root);
  const at = hostReal(k, host);
  const main = proc.threadOf === null ? proc : entry(host.procs, proc.threadOf) ?? proc;
  for (const line of lines) {
    const level = /^<([0-7])>/.exec(line);
    append(log, { at, ident: ofd.ident, pid: main.vpid, unit: ofd.unit, priority: level ? Number(level[1]) : ofd.priority, message: level ? line.slice(3) : line, boot: host.bootId, uid: main.uid }, JOURNAL_MAX);
  }
  if (lines.length) k.wake(host, `journal:${ofd.root}`);
}

export const ioCalls: Handlers<'read' | 'write' | 'seek'> = {
  read,
  write,
  seek(k, host, proc, { fd, to, from }) {
    const ofd = lookup(k, host, proc, fd);
    if (!ofd) return bad('EBADF');
    if (ofd.kind !== 'file' && ofd.kind !== 'virtual') return bad('ESPIPE');
    const mine = ownOfd(host, ofd.id) as Ofd & { kind: 'file' };
    const end = ofd.kind === 'file' ? fileLength(host.fs[ofd.fs]!.inodes[ofd.ino]) : ofd.text.length;
    mine.at = Math.max(0, to + (from === 'start' ? 0 : from === 'current' ? ofd.at : end));
    return good(mine.at as Json);
  },
};
