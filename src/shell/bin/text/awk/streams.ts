/** What an awk program reads and writes besides its records: files, commands, standard output (buffered). */
import type { Sys } from '../../../../sim/proc/program.ts';
import { strerror } from '../../../../sim/proc/libc.ts';
import { call, type Fd } from '../../../../sim/proc/syscalls.ts';
import { nextPiece, openSource, type Source } from '../../coreutils/input.ts';
import { waitFor } from '../../coreutils/run.ts';
import type { Task } from '../../coreutils/tool.ts';
import { openCommand } from '../shell.ts';
import { compileRegex, type Regex } from '../regex/compile.ts';

/** How records end: a newline, another character, an empty line, or a regular expression. */
export type Separator = { readonly kind: 'char'; readonly char: string } | { readonly kind: 'paragraph' } | { readonly kind: 'regex'; readonly regex: Regex };

export function separatorOf(rs: string): Separator {
  if (rs === '') return { kind: 'paragraph' };
  if ([...rs].length === 1) return { kind: 'char', char: rs };
  const made = compileRegex(rs, { extended: true, awk: true });
  return made.ok ? { kind: 'regex', regex: made.regex } : { kind: 'char', char: rs[0]! };
}

export interface Record { readonly text: string; /** What ended it: RT. */ readonly end: string }

/** Records out of a source, piece by piece. */
export class Records {
  private rest = '';
  private at = 0;
  private ended = false;

  constructor(private readonly source: Source, private readonly beforeWait: () => Sys<void>) {}

  *next(separator: Separator): Sys<Record | null> {
    for (;;) {
      const found = this.cut(separator);
      if (found) return found;
      if (this.ended) return this.last(separator);
      if (this.source.fd !== null) yield* this.beforeWait();
      const piece = yield* nextPiece(this.source);
      this.rest = this.rest.slice(this.at) + (typeof piece === 'string' ? piece : '');
      this.at = 0;
      if (typeof piece !== 'string') this.ended = true;
    }
  }

  /** The next whole record in what has been read; null if its end is not there yet. */
  private cut(separator: Separator): Record | null {
    if (separator.kind === 'char') {
      const end = this.rest.indexOf(separator.char, this.at);
      return end < 0 ? null : this.take(end, end + 1);
    }
    if (separator.kind === 'paragraph') {
      while (this.rest[this.at] === '\n') this.at++;
      const end = this.rest.indexOf('\n\n', this.at);
      if (end < 0) return null;
      let after = end + 2;
      while (this.rest[after] === '\n') after++;
      return after === this.rest.length && !this.ended ? null : this.take(end, after);
    }
    const m = separator.regex.exec(this.rest, this.at);
    // A match at the very end might go on with the next piece.
    if (!m || m.end === m.start || (m.end === this.rest.length && !this.ended)) return null;
    return this.take(m.start, m.end);
  }

  private take(end: number, after: number): Record {
    const record = { text: this.rest.slice(this.at, end), end: this.rest.slice(end, after) };
    this.at = after;
    return record;
  }

  private last(separator: Separator): Record | null {
    let text = this.rest.slice(this.at);
    this.at = this.rest.length;
    if (text === '') return null;
    let end = '';
    if (separator.kind !== 'char' && text.endsWith('\n')) {
      text = text.replace(/\n+$/, '');
      end = '\n';
    }
    return { text, end };
  }
}

interface Writer { readonly fd: Fd; readonly pid: number | null; pending: string; wrote: boolean }

export class Trouble extends Error {}

export class Streams {
  private readonly writers = new Map<string, Writer>();
  private readonly readers = new Map<string, { records: Records; fd: Fd | null; pid: number | null }>();

  constructor(private readonly task: Task) {}

  /** print and printf. */
  *write(text: string, to: '>' | '>>' | '|' | null, target: string): Sys<void> {
    if (to === null || (to !== '|' && (target === '/dev/stdout' || target === '-'))) {
      this.task.print(text);
      if (this.task.full) yield* this.task.flush();
      return;
    }
    if (to !== '|' && target === '/dev/stderr') {
      yield* call('write', { fd: 2, text });
      return;
    }
    const key = `${to === '|' ? '|' : '>'}${target}`;
    let writer = this.writers.get(key);
    if (!writer) {
      writer = yield* this.openWriter(to, target);
      this.writers.set(key, writer);
    }
    writer.pending += text;
    if (writer.pending.length > 65_536) yield* this.flushWriter(writer);
  }

  private *openWriter(to: '>' | '>>' | '|', target: string): Sys<Writer> {
    if (to === '|') {
      yield* this.task.flush();
      const opened = yield* openCommand(target, this.task.start.env, 'write');
      if (!opened) throw new Trouble(`fatal: cannot open pipe \`${target}' for output`);
      return { ...opened, pending: '', wrote: false };
    }
    const flags = { write: true, create: true, trunc: to === '>', append: to === '>>' };
    const opened = yield* call('open', { path: target, flags, mode: 0o666 });
    if (!opened.ok) throw new Trouble(`fatal: cannot redirect to \`${target}': ${strerror(opened.errno)}`);
    return { fd: opened.value, pid: null, pending: '', wrote: false };
  }

  private *flushWriter(writer: Writer): Sys<void> {
    if (writer.pending === '') return;
    const text = writer.pending;
    writer.pending = '';
    yield* call('write', { fd: writer.fd, text });
  }

  /** Everything printed so far is handed on: before another program runs or a person is waited for. */
  *flush(name?: string): Sys<number> {
    if (name === undefined) yield* this.task.flush();
    let found = name === undefined;
    for (const [key, writer] of this.writers) {
      if (name !== undefined && key.slice(1) !== name) continue;
      found = true;
      yield* this.flushWriter(writer);
    }
    return found ? 0 : -1;
  }

  /** Records of a file or a command, kept open under its name. Null if it cannot be opened. */
  *reader(from: 'file' | 'command', name: string): Sys<Records | null> {
    const key = `${from === 'command' ? '|' : '<'}${name}`;
    const known = this.readers.get(key);
    if (known) return known.records;
    yield* this.flush();
    if (from === 'command') {
      const opened = yield* openCommand(name, this.task.start.env, 'read');
      if (!opened) return null;
      const records = new Records({ fd: opened.fd, text: null, ended: false }, () => this.task.flush());
      this.readers.set(key, { records, fd: opened.fd, pid: opened.pid });
      return records;
    }
    const opened = yield* openSource(name);
    if (!opened.ok) return null;
    const records = new Records(opened.value, () => this.task.flush());
    this.readers.set(key, { records, fd: null, pid: null });
    return records;
  }

  /** close(): the status of a command, 0 of a file, -1 if nothing of that name is open. */
  *close(name: string): Sys<number> {
    let status = -1;
    for (const [key, writer] of this.writers) {
      if (key.slice(1) !== name) continue;
      yield* this.flushWriter(writer);
      yield* call('close', { fd: writer.fd });
      this.writers.delete(key);
      status = writer.pid === null ? 0 : yield* waitFor(writer.pid);
    }
    for (const [key, reader] of this.readers) {
      if (key.slice(1) !== name) continue;
      if (reader.fd !== null) yield* call('close', { fd: reader.fd });
      this.readers.delete(key);
      status = reader.pid === null ? 0 : yield* waitFor(reader.pid);
    }
    return status;
  }

  *closeAll(): Sys<void> {
    yield* this.task.flush();
    for (const key of [...this.writers.keys(), ...this.readers.keys()]) yield* this.close(key.slice(1));
  }
}
