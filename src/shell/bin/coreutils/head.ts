/** head of GNU coreutils 8.22/8.26: the first lines or bytes. It stops reading when it has them. */
import type { Sys } from '../../../sim/proc/program.ts';
import { call } from '../../../sim/proc/syscalls.ts';
import { strerror } from '../../../sim/proc/libc.ts';
import { byteLength, fromBytes, toBytes } from '../../../sim/proc/text.ts';
import { parseSize } from './human.ts';
import { nextPiece, openSource, type Source } from './input.ts';
import { quoteAlways } from './quote.ts';
import { PACKAGES, type Task, tool } from './tool.ts';

/** What is wanted: the first `count`, or all but the last `count`. */
interface Wanted { unit: 'lines' | 'bytes'; count: number; allBut: boolean; end: string }

export const head = tool({
  name: 'head', package: PACKAGES.coreutils, usage: ['[OPTION]... [FILE]...'],
  about: 'Print the first 10 lines of each FILE to standard output.\n'
    + 'With more than one FILE, precede each with a header giving the file name.\n\n'
    + 'With no FILE, or when FILE is -, read standard input.',
  authors: 'David MacKenzie and Jim Meyering',
  options: [
    '-c, --bytes=[-]NUM  print the first NUM bytes; with -, all but the last NUM bytes',
    '-n, --lines=[-]NUM  print the first NUM lines; with -, all but the last NUM lines',
    '-q, --quiet, --silent  never print headers',
    '-v, --verbose  always print headers',
    '-z, --zero-terminated  lines end with NUL, not newline',
  ].map((line) => line.replace('=[-]NUM', '=NUM')),
  notes: 'NUM may have a multiplier suffix:\nb 512, kB 1000, K 1024, MB 1000*1000, M 1024*1024, and so on for G, T, P, E, Z, Y.',
  rewrite: oldForm,
  run: printHeads,
});

/** `head -5`, `head -5c`, `head -2qv`: the number first, then its modifiers. */
function oldForm(words: readonly string[]): readonly string[] {
  const m = /^-(\d+)([bkm]?)([clqvz]*)$/.exec(words[0] ?? '');
  if (!m) return words;
  const [, count = '', scale = '', letters = ''] = m;
  const unit = letters.includes('c') || scale ? '-c' : '-n';
  const flags = [...letters].filter((letter) => 'qvz'.includes(letter)).map((letter) => `-${letter}`);
  return [unit, count + scale, ...flags, ...words.slice(1)];
}

function* printHeads(task: Task): Sys<number | void> {
  const unit = task.last('c', 'n') === 'c' ? 'bytes' : 'lines';
  const typed = task.value(unit === 'bytes' ? 'c' : 'n') ?? '10';
  const allBut = typed.startsWith('-');
  const count = parseSize(typed.replace(/^[-+]/, ''));
  if (count === null) {
    yield* task.error(`invalid number of ${unit}: ${task.quote(typed.replace(/^-/, ''))}`);
    return 1;
  }
  const wanted: Wanted = { unit, count, allBut, end: task.has('z') ? '\0' : '\n' };
  const files = task.operands.length ? task.operands : ['-'];
  const last = task.last('q', 'v');
  const headers = last ? last === 'v' : files.length > 1;
  let first = true;
  for (const path of files) {
    const opened = yield* openSource(path);
    if (!opened.ok) {
      if (opened.errno === 'EISDIR') {
        if (headers) task.print(`${first ? '' : '\n'}==> ${path} <==\n`);
        first = false;
        yield* task.error(`error reading ${quoteAlways(path)}: ${strerror(opened.errno)}`);
      } else yield* task.error(`cannot open ${quoteAlways(path)} for reading: ${strerror(opened.errno)}`);
      continue;
    }
    if (headers) task.print(`${first ? '' : '\n'}==> ${path === '-' ? 'standard input' : path} <==\n`);
    first = false;
    yield* printHead(task, opened.value, wanted);
  }
}

function* printHead(task: Task, source: Source, wanted: Wanted): Sys<void> {
  if (wanted.allBut) {
    let text = '';
    for (;;) {
      const piece = yield* nextPiece(source);
      if (typeof piece !== 'string') break;
      text += piece;
    }
    task.print(withoutTail(text, wanted));
    return;
  }
  let left = wanted.count;
  while (left > 0) {
    const piece = yield* nextPiece(source);
    if (typeof piece !== 'string') return;
    const used = wanted.unit === 'lines' ? firstLines(piece, left, wanted.end) : firstBytes(piece, left);
    task.print(used.text);
    left -= used.count;
    if (source.fd === null) continue;
    yield* task.flush();
    // What was read too far goes back, where the input can seek: `{ head -1; cat; } < file`.
    const over = piece.length - used.text.length;
    if (over > 0) yield* call('seek', { fd: source.fd, to: -over, from: 'current' });
  }
  if (source.fd !== null && source.fd !== 0 && !source.ended) yield* call('close', { fd: source.fd });
}

function firstLines(piece: string, count: number, end: string): { text: string; count: number } {
  let at = 0;
  for (let n = 0; n < count; n++) {
    const next = piece.indexOf(end, at);
    if (next < 0) return { text: piece, count: n };
    at = next + 1;
  }
  return { text: piece.slice(0, at), count };
}

function firstBytes(piece: string, count: number): { text: string; count: number } {
  const size = byteLength(piece);
  if (size <= count) return { text: piece, count: size };
  if (size === piece.length) return { text: piece.slice(0, count), count };
  return { text: fromBytes(toBytes(piece).slice(0, count)), count };
}

function withoutTail(text: string, wanted: Wanted): string {
  if (wanted.count === 0) return text;
  if (wanted.unit === 'bytes') return fromBytes(toBytes(text).slice(0, -wanted.count));
  const lines = text.split(wanted.end).map((line) => line + wanted.end);
  const rest = lines.pop()!;
  if (rest !== wanted.end) lines.push(rest.slice(0, -1));
  return lines.slice(0, Math.max(0, lines.length - wanted.count)).join('');
}
