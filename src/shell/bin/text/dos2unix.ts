/** dos2unix, unix2dos and their Mac forms (dos2unix 6.0.3, CentOS 7): line ends of text files, in place. */
import type { Sys } from '../../../sim/proc/program.ts';
import { readAll, strerror } from '../../../sim/proc/libc.ts';
import { call } from '../../../sim/proc/syscalls.ts';
import type { Command } from '../../command.ts';

interface Direction { readonly name: string; readonly to: string; readonly turn: (text: string) => string }

const DIRECTIONS: readonly Direction[] = [
  { name: 'dos2unix', to: 'Unix', turn: (text) => text.replaceAll('\r\n', '\n') },
  { name: 'mac2unix', to: 'Unix', turn: (text) => text.replace(/\r(?!\n)/g, '\n') },
  { name: 'unix2dos', to: 'DOS', turn: (text) => text.replace(/\r?\n/g, '\r\n') },
  { name: 'unix2mac', to: 'Mac', turn: (text) => text.replace(/(?<!\r)\n/g, '\r') },
];

interface Wish { quiet: boolean; force: boolean; keepDate: boolean; addNewline: boolean; newFile: boolean }

const isBinary = (text: string): boolean => /[\x00-\x06\x0e-\x1a\x1c-\x1f]/.test(text);

function* say(it: Direction, text: string): Sys<void> {
  yield* call('write', { fd: 2, text: `${it.name}: ${text}\n` });
}

function* convert(it: Direction, from: string, to: string, wish: Wish): Sys<number> {
  const stat = yield* call('stat', { path: from });
  if (!stat.ok) {
    yield* say(it, `${from}: ${strerror(stat.errno)}`);
    yield* say(it, `Skipping ${from}, not a regular file.`);
    return stat.errno === 'ENOENT' ? 2 : 1;
  }
  if (stat.value.type !== 'file') {
    yield* say(it, `Skipping ${from}, not a regular file.`);
    return 0;
  }
  const text = yield* call('readFile', { path: from });
  if (!text.ok) {
    yield* say(it, `${from}: ${strerror(text.errno)}`);
    return 1;
  }
  if (!wish.force && isBinary(text.value)) {
    yield* say(it, `Skipping binary file ${from}`);
    return 0;
  }
  if (!wish.quiet) yield* say(it, wish.newFile ? `converting file ${from} to file ${to} in ${it.to} format ...` : `converting file ${from} to ${it.to} format ...`);
  const wrote = yield* call('writeFile', { path: to, text: it.turn(text.value) + (wish.addNewline && !text.value.endsWith('\n') ? '\n' : '') });
  if (!wrote.ok) {
    yield* say(it, `Failed to open temporary output file: ${strerror(wrote.errno)}`);
    return 1;
  }
  if (wish.keepDate) yield* call('utimes', { path: to, mtime: stat.value.mtime });
  return 0;
}

function* run(it: Direction, words: readonly string[]): Sys<number> {
  const wish: Wish = { quiet: false, force: false, keepDate: false, addNewline: false, newFile: false };
  const files: string[] = [];
  for (const word of words) {
    switch (word) {
      case '-q': case '--quiet': wish.quiet = true; break;
      case '-f': case '--force': wish.force = true; break;
      case '-s': case '--safe': wish.force = false; break;
      case '-k': case '--keepdate': wish.keepDate = true; break;
      case '-l': case '--newline': wish.addNewline = true; break;
      case '-n': case '--newfile': wish.newFile = true; break;
      case '-o': case '--oldfile': wish.newFile = false; break;
      case '-V': case '--version':
        yield* call('write', { fd: 1, text: `${it.name} 6.0.3 (2013-01-25)\nWith Unicode UTF-16 support.\nWith native language support.\n` });
        return 0;
      case '-h': case '--help':
        yield* call('write', { fd: 1, text: `${it.name} 6.0.3 (2013-01-25)\nUsage: ${it.name} [options] [file ...] [-n infile outfile ...]\n` });
        return 0;
      default:
        if (word.startsWith('-') && word !== '-') {
          yield* say(it, `invalid option ${word.startsWith('--') ? `-- '${word.slice(2)}'` : `-- '${word.slice(1)}'`}`);
          return 1;
        }
        files.push(word);
    }
  }
  if (files.length === 0) {
    const text = yield* readAll(0);
    if (text.ok) yield* call('write', { fd: 1, text: it.turn(text.value) });
    return 0;
  }
  let status = 0;
  for (let i = 0; i < files.length; i += wish.newFile ? 2 : 1) {
    if (wish.newFile && files[i + 1] === undefined) {
      yield* say(it, 'target of file ' + files[i]! + ' not specified in new-file mode');
      return 1;
    }
    status = Math.max(status, yield* convert(it, files[i]!, wish.newFile ? files[i + 1]! : files[i]!, wish));
  }
  return status;
}

const command = (it: Direction): Command => ({ name: it.name, *main(start) { return yield* run(it, start.argv.slice(1)); } });
export const dos2unix = command(DIRECTIONS[0]!);
export const mac2unix = command(DIRECTIONS[1]!);
export const unix2dos = command(DIRECTIONS[2]!);
export const unix2mac = command(DIRECTIONS[3]!);
