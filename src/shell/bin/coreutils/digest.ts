/** md5sum, sha1sum … sha512sum, cksum, sum, base32 and base64 (coreutils 8.22/8.26). */
import { blake2b } from './blake2.ts';
import type { Sys } from '../../../sim/proc/program.ts';
import { strerror } from '../../../sim/proc/libc.ts';
import { fromBytes, toBytes } from '../../../sim/proc/text.ts';
import type { Command } from '../../command.ts';
import { bsdSum, md5, posixCrc, sha1, sha224, sha256, sha384, sha512, systemVSum } from './hashes.ts';
import { readOperand, slurp, splitLines } from './input.ts';
import { quoteIfNeeded } from './quote.ts';
import { PACKAGES, type Task, tool } from './tool.ts';

const digest = (name: string, title: string, bits: number, hash: (bytes: readonly number[]) => string): Command => tool({
  name, package: PACKAGES.coreutils, usage: ['[OPTION]... [FILE]...'],
  about: `Print or check ${title} (${bits}-bit) checksums.\n\nWith no FILE, or when FILE is -, read standard input.`,
  authors: 'Ulrich Drepper, Scott Miller, and David Madore',
  options: [
    '-b, --binary  read in binary mode', '-c, --check  read sums from the FILEs and check them', '--tag  print in the style of BSD',
    '-t, --text  read in text mode (default)', '--ignore-missing  do not complain of files that are not there',
    '--quiet  do not print OK for each file that is right', '--status  print nothing, the status says it',
    '--strict  fail for lines that are no sums', '-w, --warn  complain of lines that are no sums', '-z, --zero  end each line with NUL, not newline',
  ],
  *run(task) {
    if (task.has('c')) return yield* checkSums(task, title, bits / 4, hash);
    for (const path of task.operands.length ? task.operands : ['-']) {
      const text = yield* slurp(task, path);
      if (text === null) continue;
      const sum = hash(toBytes(text));
      const end = task.has('z') ? '\0' : '\n';
      const odd = /[\\\n\r]/.test(path) && !task.has('z');
      const shown = odd ? path.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('\r', '\\r') : path;
      const line = task.has('tag') ? `${title} (${shown}) = ${sum}` : `${sum} ${task.last('b', 't') === 'b' ? '*' : ' '}${shown}`;
      task.print((odd ? '\\' : '') + line + end);
    }
    return task.status;
  },
});

export const md5sum = digest('md5sum', 'MD5', 128, md5);
export const sha1sum = digest('sha1sum', 'SHA1', 160, sha1);
export const sha224sum = digest('sha224sum', 'SHA224', 224, sha224);
export const sha256sum = digest('sha256sum', 'SHA256', 256, sha256);
export const sha384sum = digest('sha384sum', 'SHA384', 384, sha384);
export const b2sum = digest('b2sum', 'BLAKE2b', 512, blake2b);
export const sha512sum = digest('sha512sum', 'SHA512', 512, sha512);

function* checkSums(task: Task, title: string, length: number, hash: (bytes: readonly number[]) => string): Sys<number> {
  const form = new RegExp(`^\\\\?([0-9a-fA-F]{${length}}) [ *](.+)$|^\\\\?${title} \\((.+)\\) = ([0-9a-fA-F]{${length}})$`);
  const loud = !task.has('status');
  for (const path of task.operands.length ? task.operands : ['-']) {
    const text = yield* slurp(task, path);
    if (text === null) continue;
    const count = { good: 0, bad: 0, unread: 0, unknown: 0 };
    for (const [i, line] of splitLines(text).entries()) {
      const m = form.exec(line);
      if (!m) {
        count.unknown++;
        if (task.has('w')) yield* task.error(`${path}: ${i + 1}: improperly formatted ${title} checksum line`, 0);
        continue;
      }
      const [name, want] = [m[2] ?? m[3]!, (m[1] ?? m[4]!).toLowerCase()];
      const got = yield* readOperand(name);
      if (!got.ok) {
        if (got.errno === 'ENOENT' && task.has('ignore-missing')) continue;
        count.unread++;
        yield* task.fileError(name, got.errno);
        if (loud) task.print(`${quoteIfNeeded(name)}: FAILED open or read\n`);
        continue;
      }
      const right = hash(toBytes(got.value)) === want;
      count[right ? 'good' : 'bad']++;
      if (loud && (!right || !task.has('quiet'))) task.print(`${quoteIfNeeded(name)}: ${right ? 'OK' : 'FAILED'}\n`);
    }
    yield* summary(task, path, count);
  }
  return task.status;
}

function* summary(task: Task, path: string, count: { good: number; bad: number; unread: number; unknown: number }): Sys<void> {
  const { good, bad, unread, unknown } = count;
  const many = (n: number, one: string, more: string): string => `WARNING: ${n} ${n === 1 ? one : more}`;
  if (good + bad + unread === 0 && unknown > 0) return yield* task.error(`${path}: no properly formatted checksum lines found`);
  if (good + bad + unread === 0) return yield* task.error(`${path}: ${task.has('ignore-missing') ? 'no file was verified' : 'no properly formatted checksum lines found'}`);
  if (!task.has('status')) {
    if (unknown) yield* task.error(many(unknown, 'line is improperly formatted', 'lines are improperly formatted'), 0);
    if (unread) yield* task.error(many(unread, 'listed file could not be read', 'listed files could not be read'));
    if (bad) yield* task.error(many(bad, 'computed checksum did NOT match', 'computed checksums did NOT match'));
  }
  if (bad || unread || (unknown && task.has('strict'))) task.status = 1;
}

export const cksum = tool({
  name: 'cksum', package: PACKAGES.coreutils, usage: ['[FILE]...', '[OPTION]'], about: 'Print CRC checksum and byte counts of each FILE.',
  authors: 'Q. Frank Xia', options: [],
  *run(task) {
    for (const path of task.operands.length ? task.operands : ['-']) {
      const text = yield* slurp(task, path);
      if (text === null) continue;
      const bytes = toBytes(text);
      task.print(`${posixCrc(bytes)} ${bytes.length}${task.operands.length ? ` ${path}` : ''}\n`);
    }
    return task.status;
  },
});

export const sum = tool({
  name: 'sum', package: PACKAGES.coreutils, usage: ['[OPTION]... [FILE]...'], about: 'Print checksum and block counts for each FILE.',
  authors: 'Kayvan Aghaiepour and David MacKenzie', options: ['-r  use BSD sum algorithm (the default), use 1K blocks', '-s, --sysv  use System V sum algorithm, use 512 bytes blocks'],
  *run(task) {
    for (const path of task.operands.length ? task.operands : ['-']) {
      const text = yield* slurp(task, path);
      if (text === null) continue;
      const bytes = toBytes(text);
      const named = path !== '-' || task.operands.length > 1 ? ` ${path}` : '';
      if (task.last('r', 's') === 's') task.print(`${systemVSum(bytes)} ${Math.ceil(bytes.length / 512)}${named}\n`);
      else task.print(`${String(bsdSum(bytes)).padStart(5, '0')} ${String(Math.ceil(bytes.length / 1024)).padStart(5)}${task.operands.length > 1 || named ? named : ''}\n`);
    }
    return task.status;
  },
});

const ALPHABETS = { base64: 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/', base32: 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567' };

/** Bytes in groups of 5 or 6 bits, filled up with `=`. */
export function encodeBase(bytes: readonly number[], kind: 'base64' | 'base32' = 'base64'): string {
  const [width, group] = kind === 'base64' ? [6, 4] : [5, 8];
  const alphabet = ALPHABETS[kind];
  let out = '';
  let bits = 0;
  let held = 0;
  for (const byte of bytes) {
    held = (held << 8) | byte;
    bits += 8;
    while (bits >= width!) {
      bits -= width!;
      out += alphabet[(held >> bits) & ((1 << width!) - 1)];
    }
    held &= (1 << bits) - 1;
  }
  if (bits > 0) out += alphabet[(held << (width! - bits)) & ((1 << width!) - 1)];
  return out.padEnd(Math.ceil(out.length / group!) * group!, '=');
}

/** The bytes, and whether all of the text was valid; newlines are skipped. */
export function decodeBase(text: string, kind: 'base64' | 'base32' = 'base64'): { bytes: number[]; valid: boolean } {
  const [width, group] = kind === 'base64' ? [6, 4] : [5, 8];
  const digits = text.replaceAll('\n', '');
  const bytes: number[] = [];
  let bits = 0;
  let held = 0;
  let at = 0;
  for (; at < digits.length && digits[at] !== '='; at++) {
    const value = ALPHABETS[kind].indexOf(digits[at]!);
    if (value < 0) return { bytes, valid: false };
    held = (held << width!) | value;
    bits += width!;
    if (bits >= 8) {
      bits -= 8;
      bytes.push((held >> bits) & 255);
      held &= (1 << bits) - 1;
    }
  }
  return { bytes, valid: digits.length % group! === 0 && /^=*$/.test(digits.slice(at)) && digits.length - at < group! - 1 };
}

const baseTool = (kind: 'base64' | 'base32'): Command => tool({
  name: kind, package: PACKAGES.coreutils, usage: ['[OPTION]... [FILE]'],
  about: `B${kind.slice(1)} encode or decode FILE, or standard input, to standard output.\n\nWith no FILE, or when FILE is -, read standard input.`,
  authors: 'Simon Josefsson',
  options: ['-d, --decode  decode data', '-i, --ignore-garbage  when decoding, ignore other characters', '-w, --wrap=COLS  break lines after COLS characters (default 76); 0: do not'],
  *run(task) {
    if (task.operands.length > 1) return yield* task.misuse(`extra operand ${task.quote(task.operands[1]!)}`);
    const typed = task.value('w') ?? '76';
    if (!/^\d+$/.test(typed)) {
      yield* task.error(`invalid wrap size: ${task.quote(typed)}`);
      return 1;
    }
    const path = task.operands[0] ?? '-';
    const got = yield* readOperand(path);
    if (!got.ok) {
      yield* task.error(got.errno === 'EISDIR' ? `read error: ${strerror(got.errno)}` : `${quoteIfNeeded(path)}: ${strerror(got.errno)}`);
      return 1;
    }
    if (task.has('d')) {
      const text = task.has('i') ? got.value.replace(kind === 'base64' ? /[^A-Za-z0-9+/=]/g : /[^A-Z2-7=]/g, '') : got.value;
      const { bytes, valid } = decodeBase(text, kind);
      task.print(fromBytes(bytes));
      yield* task.flush();
      if (!valid) yield* task.error('invalid input');
      return task.status;
    }
    const text = encodeBase(toBytes(got.value), kind);
    const width = Number(typed);
    if (width === 0) task.print(text);
    else for (let at = 0; at < text.length; at += width) task.print(`${text.slice(at, at + width)}\n`);
    return 0;
  },
});

export const base64 = baseTool('base64');
export const base32 = baseTool('base32');
