/** xargs of GNU findutils 4.5.11/4.7: words from standard input become arguments. */
import { strerror } from '../../../sim/proc/libc.ts';
import type { Sys } from '../../../sim/proc/program.ts';
import { call } from '../../../sim/proc/syscalls.ts';
import { byteLength } from '../../../sim/proc/text.ts';
import { nextPiece, openSource, type Source } from '../coreutils/input.ts';
import { launch, signalNumber } from '../coreutils/run.ts';
import { PACKAGES, type Task, tool } from '../coreutils/tool.ts';
import { unescapeC } from '../coreutils/escapes.ts';

export const xargs = tool({
  name: 'xargs', package: PACKAGES.findutils, usage: ['[OPTION]... COMMAND [INITIAL-ARGS]...'], about: 'Run COMMAND with arguments INITIAL-ARGS and more arguments read from input.',
  authors: 'Eric B. Decker, James Youngman, and Kevin Dalley', style: { stopAtOperand: true },
  options: [
    '-0, --null  items are separated by a null, not whitespace', '-a, --arg-file=FILE  read arguments from FILE, not standard input', '-d, --delimiter=CHARACTER  items are separated by CHARACTER',
    '-E END  set logical EOF string', '!-e, --eof[=END]', '-I R  replace R in INITIAL-ARGS with names read from input', '!-i, --replace[=R]', '-L, --max-lines=MAX-LINES  use at most MAX-LINES non-blank lines per command',
    '!-l[MAX-LINES]', '-n, --max-args=MAX-ARGS  use at most MAX-ARGS arguments per command', '-P, --max-procs=MAX-PROCS  run at most MAX-PROCS processes at a time',
    '-p, --interactive  prompt before running commands', '-r, --no-run-if-empty  if there are no arguments, do not run COMMAND', '-s, --max-chars=MAX-CHARS  limit length of command line to MAX-CHARS',
    '-t, --verbose  print commands before executing them', '-x, --exit  exit if the size is exceeded',
  ],
  run: runAll,
});

/** The room for arguments of a command: what GNU xargs takes by default. */
const CHARS_MAX = 131_072;

interface Style {
  command: readonly string[]; replace: string | null; lines: number; args: number; chars: number; procs: number; end: string | null; eof: string | null;
}

function readStyle(task: Task): Style | string {
  const number = (key: string, option: string): number | string => {
    const typed = task.value(key);
    if (typed === undefined) return Infinity;
    if (!/^\d+$/.test(typed)) return `invalid number "${typed}" for -${option} option`;
    return Number(typed) >= (option === 'P' ? 0 : 1) ? Number(typed) : `value ${typed} for -${option} option should be >= 1`;
  };
  const [args, lines, procs, chars] = [number('n', 'n'), number(task.has('L') ? 'L' : 'l', 'L'), number('P', 'P'), number('s', 's')];
  for (const one of [args, lines, procs, chars]) if (typeof one === 'string') return one;
  const how = task.last('I', 'i', 'L', 'l', 'n');
  const replace = how === 'I' ? task.value('I')! : how === 'i' ? task.value('i') ?? '{}' : null;
  const typed = task.value('d');
  const delimiter = typed === undefined ? null : unescapeC(typed);
  if (delimiter !== null && [...delimiter].length !== 1) {
    return `Invalid input delimiter specification ${typed}: the delimiter must be either a single character or an escape sequence starting with \\.`;
  }
  const byLines = how === 'L' || how === 'l' ? (task.has('l') && task.value('l') === undefined ? 1 : lines as number) : Infinity;
  return {
    command: task.operands.length ? task.operands : ['echo'], replace, lines: byLines, args: how === 'n' || !how ? args as number : Infinity,
    procs: procs === Infinity ? 1 : (procs as number) || Infinity, chars: Math.min(chars as number, CHARS_MAX), end: task.last('0', 'd') === '0' ? '\0' : delimiter,
    eof: task.value('E') ?? task.value('e') ?? null,
  };
}

interface Item { readonly text: string; /** Ends a line: counts for -L. */ readonly endsLine: boolean }

function* runAll(task: Task): Sys<number> {
  const style = readStyle(task);
  if (typeof style === 'string') {
    return yield* task.misuse(style);
  }
  const path = task.value('a');
  const opened = yield* openSource(path ?? '-');
  if (!opened.ok) {
    yield* task.error(`Cannot open input file ${task.quote(path!)}: ${strerror(opened.errno)}`);
    return 1;
  }
  const items = new Items(opened.value, style);
  const batch = new Batch(task, style);
  for (;;) {
    const item = yield* items.next();
    if (item === null) break;
    if (typeof item === 'object' && 'wrong' in item) {
      yield* task.error(item.wrong);
      yield* batch.finish(true);
      return 1;
    }
    yield* batch.add(item);
    if (batch.stop) return yield* batch.wait();
  }
  yield* batch.finish(task.has('r') || style.replace !== null);
  return yield* batch.wait();
}

/** Items of the input, as they come: quoted words, or what stands between delimiters, or whole lines (-I). */
class Items {
  private text = '';
  private ended = false;
  private stopped = false;
  private queue: Item[] = [];

  constructor(private readonly source: Source, private readonly style: Style) {}

  *next(): Sys<Item | { wrong: string } | null> {
    for (;;) {
      const item = this.queue.shift();
      if (item) return this.checked(item);
      if (this.stopped || (this.ended && this.text === '')) return null;
      if (!this.ended) {
        const piece = yield* nextPiece(this.source);
        if (typeof piece === 'string') this.text += piece;
        else this.ended = true;
      }
      const wrong = this.cut();
      if (wrong) return { wrong };
    }
  }

  private checked(item: Item): Item | null {
    if (this.style.eof === null || item.text !== this.style.eof) return item;
    this.stopped = true;
    this.queue = [];
    return null;
  }

  /** Moves what is complete from the text to the queue. */
  private cut(): string | null {
    const { end } = this.style;
    const stop = this.ended ? this.text.length : this.text.lastIndexOf(end ?? '\n') + 1;
    const text = this.text.slice(0, stop);
    if (end !== null) {
      const parts = text.split(end);
      if (parts.at(-1) === '') parts.pop();
      this.queue.push(...parts.map((part) => ({ text: part, endsLine: true })));
      this.text = this.text.slice(stop);
      return null;
    }
    const words = quotedWords(text, this.style.replace !== null);
    if (typeof words === 'string') return words;
    this.queue.push(...words);
    this.text = this.text.slice(stop);
    return null;
  }
}

/** Words as xargs reads them: blanks and newlines separate, quotes and backslashes protect. */
function quotedWords(text: string, wholeLines: boolean): Item[] | string {
  const items: Item[] = [];
  for (const line of text.split('\n')) {
    let word: string | null = null;
    const found: string[] = [];
    const body = wholeLines ? line.replace(/^[ \t]+/, '') : line;
    for (let i = 0; i < body.length; i++) {
      const c = body[i]!;
      if (c === '"' || c === "'") {
        const close = body.indexOf(c, i + 1);
        if (close < 0) {
          return `unmatched ${c === '"' ? 'double' : 'single'} quote; by default quotes are special to xargs unless you use the -0 option`;
        }
        word = (word ?? '') + body.slice(i + 1, close);
        i = close;
      } else if (c === '\\' && i + 1 < body.length) word = (word ?? '') + body[++i]!;
      else if ((c === ' ' || c === '\t') && !wholeLines) {
        if (word !== null) found.push(word);
        word = null;
      } else word = (word ?? '') + c;
    }
    if (word !== null) found.push(word);
    // A line that ends with a blank goes on in the next one.
    const goesOn = /[ \t]$/.test(body);
    found.forEach((one, i) => items.push({ text: one, endsLine: i + 1 === found.length && !goesOn }));
  }
  return items;
}

/** Gathers arguments and runs the command when enough are there. */
class Batch {
  stop = false;
  private words: string[] = [];
  private lines = 0;
  private size: number;
  private ran = false;
  private status = 0;
  private readonly running = new Set<number>();
  private readonly base: number;

  constructor(private readonly task: Task, private readonly style: Style) {
    this.base = style.command.reduce((sum, word) => sum + byteLength(word) + 1, 0);
    this.size = this.base;
  }

  *add(item: Item): Sys<void> {
    const { style } = this;
    if (style.replace !== null) {
      const mark = style.replace;
      yield* this.run(style.command.map((word) => word.replaceAll(mark, item.text)));
      return;
    }
    const size = byteLength(item.text) + 1;
    if (this.size + size > style.chars) {
      if (this.words.length === 0) {
        yield* this.task.error('argument line too long');
        this.status = 1;
        this.stop = true;
        return;
      }
      yield* this.runWords();
    }
    this.words.push(item.text);
    this.size += size;
    if (item.endsLine) this.lines++;
    if (this.words.length >= style.args || this.lines >= style.lines) yield* this.runWords();
  }

  private *runWords(): Sys<void> {
    const words = [...this.style.command, ...this.words];
    this.words = [];
    this.lines = 0;
    this.size = this.base;
    yield* this.run(words);
  }

  *finish(onlyIfAny: boolean): Sys<void> {
    if (this.stop) return;
    if (this.words.length || (!this.ran && !onlyIfAny)) yield* this.runWords();
  }

  private *run(words: readonly string[]): Sys<void> {
    this.ran = true;
    const { task } = this;
    if (task.has('t') || task.has('p')) {
      const shown = words.join(' ');
      if (task.has('p')) {
        if (!(yield* this.confirmed(shown))) return;
      } else yield* call('write', { fd: 2, text: `${shown}\n` });
    }
    while (this.running.size >= this.style.procs) yield* this.reap();
    const input = yield* call('open', { path: '/dev/null', flags: { read: true } });
    const child = yield* launch(words, task.start.env, { fds: { 0: input.ok && !task.has('a') ? input.value : 0, 1: 1, 2: 2 } });
    if (input.ok) yield* call('close', { fd: input.value });
    if (!child.ok) {
      yield* task.error(`${words[0]!}: ${strerror(child.errno)}`);
      this.status = child.errno === 'ENOENT' ? 127 : 126;
      this.stop = true;
      return;
    }
    this.running.add(child.value);
    if (this.style.procs === 1) yield* this.reap();
  }

  private *confirmed(shown: string): Sys<boolean> {
    yield* call('write', { fd: 2, text: `${shown} ?...` });
    const answer = yield* call('open', { path: '/dev/tty', flags: { read: true } });
    if (!answer.ok) return false;
    const line = yield* call('read', { fd: answer.value });
    yield* call('close', { fd: answer.value });
    return line.ok && /^[yY]/.test(line.value);
  }

  private *reap(): Sys<void> {
    const end = yield* call('wait', { pid: -1 });
    if (!end.ok) {
      this.running.clear();
      return;
    }
    this.running.delete(end.value.pid);
    const name = this.style.command[0]!;
    if (end.value.signal !== null) {
      yield* this.task.error(`${name}: terminated by signal ${signalNumber(end.value.signal)}`);
      this.status = 125;
      this.stop = true;
    } else if (end.value.status === 255) {
      yield* this.task.error(`${name}: exited with status 255; aborting`);
      this.status = 124;
      this.stop = true;
    } else if (end.value.status !== 0) this.status ||= 123;
  }

  *wait(): Sys<number> {
    while (this.running.size) yield* this.reap();
    return this.status;
  }
}
