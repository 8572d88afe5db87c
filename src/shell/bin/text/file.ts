/** file 5.11/5.30: what kind of thing a file is, by what it begins with. It knows the kinds that lie on these machines. */
import type { Sys } from '../../../sim/proc/program.ts';
import { strerror } from '../../../sim/proc/libc.ts';
import { call, type Stat } from '../../../sim/proc/syscalls.ts';
import { toBytes } from '../../../sim/proc/text.ts';
import type { Command } from '../../command.ts';
import { readOperand, splitLines } from '../coreutils/input.ts';
import { momentOf, strftime } from '../coreutils/clock/strftime.ts';
import { zoneOf } from '../coreutils/clock/zone.ts';
import { joinPath, dirName } from '../coreutils/paths.ts';
import { onDebian, PACKAGES, type Task, tool } from '../coreutils/tool.ts';

const framed = tool({
  name: 'file', package: PACKAGES.coreutils, usage: ['[OPTION...] [FILE...]'], about: 'Determine type of FILEs.', hint: 'Usage: file [-bchikLlNnprsvz0] [--apple] [--mime-encoding] [--mime-type]\n'
    + '            [-e testname] [-F separator] [-f namefile] [-m magicfiles] file ...\n       file -C [-m magicfiles]\n       file [--help]\n',
  options: [
    '-b, --brief  do not prepend filenames to output lines', '-F, --separator=STRING  use string as separator instead of `:\'', '-f, --files-from=FILE  read the filenames to be examined from FILE',
    '-h, --no-dereference  don\'t follow symlinks (default)', '-i, --mime  output MIME type strings', '--mime-type  output the MIME type', '--mime-encoding  output the MIME encoding',
    '-L, --dereference  follow symlinks', '-N, --no-pad  do not pad output', '-n, --no-buffer  do not buffer output',
    '-p, --preserve-date', '-r, --raw', '-v  output version information and exit',
  ],
  run: tell,
});

export const file: Command = {
  ...framed,
  *main(start) {
    if (!start.argv.slice(1).some((word) => word === '-v' || word === '--version')) return yield* framed.main(start);
    const debian = yield* onDebian();
    yield* call('write', { fd: 1, text: debian ? 'file-5.30\nmagic file from /etc/magic:/usr/share/misc/magic\n' : 'file-5.11\nmagic file from /etc/magic:/usr/share/misc/magic\n' });
    return 0;
  },
};

/** In words, as a MIME type, as an encoding. */
interface Kind { readonly words: string; readonly mime: string; readonly encoding: string }

function* tell(task: Task): Sys<number | void> {
  const names = [...task.operands];
  const from = task.value('f');
  if (from !== undefined) {
    const text = yield* readOperand(from);
    if (!text.ok) {
      yield* task.error(`Cannot open \`${from}' (${strerror(text.errno)}).`);
      return 1;
    }
    names.unshift(...splitLines(text.value));
  }
  if (names.length === 0) return yield* task.misuse();
  const separator = task.value('F') ?? ':';
  const width = task.has('N') || task.has('b') ? 0 : Math.max(...names.map((name) => name.length)) + separator.length;
  for (const name of names) {
    const kind = yield* kindOf(task, name);
    const shown = task.has('i') ? (kind.encoding ? `${kind.mime}; charset=${kind.encoding}` : kind.mime) : task.has('mime-type') ? kind.mime
      : task.has('mime-encoding') ? kind.encoding || 'binary' : kind.words;
    task.print(task.has('b') ? `${shown}\n` : `${(name + separator).padEnd(width)} ${shown}\n`);
  }
}

const plain = (words: string, mime: string): Kind => ({ words, mime, encoding: 'binary' });

function* kindOf(task: Task, name: string): Sys<Kind> {
  const stdin = name === '-';
  const stat = stdin ? null : yield* call('stat', { path: name, follow: task.has('L') });
  if (stat && !stat.ok) {
    const words = `cannot open \`${name}' (${strerror(stat.errno)})`;
    return { words, mime: words, encoding: '' };
  }
  if (stat?.ok && stat.value.type !== 'file') return yield* special(name, stat.value);
  const text = yield* readOperand(name);
  if (!text.ok) {
    const executable = stat?.ok && stat.value.mode & 0o111 ? 'executable, ' : '';
    const words = text.errno === 'EACCES' ? `${stat?.ok && stat.value.mode & 0o222 ? 'writable, ' : ''}${executable}regular file, no read permission` : `cannot open \`${name}' (${strerror(text.errno)})`;
    return { words, mime: words, encoding: '' };
  }
  return contentKind(text.value, zoneOf(task.start.env['TZ']));
}

function* special(name: string, stat: Stat): Sys<Kind> {
  switch (stat.type) {
    case 'dir': return plain(`${stat.mode & 0o1000 ? 'sticky, ' : ''}directory`, 'inode/directory');
    case 'symlink': {
      const target = stat.target ?? '';
      const there = yield* call('stat', { path: target.startsWith('/') ? target : joinPath(dirName(name), target) });
      const words = there.ok ? `symbolic link to ${(yield* onDebian()) ? target : `\`${target}'`}` : `broken symbolic link to ${(yield* onDebian()) ? target : `\`${target}'`}`;
      return plain(words, 'inode/symlink');
    }
    case 'char': return plain(`character special (${stat.rdev?.join('/') ?? ''})`, 'inode/chardevice');
    case 'block': return plain(`block special (${stat.rdev?.join('/') ?? ''})`, 'inode/blockdevice');
    case 'fifo': return plain('fifo (named pipe)', 'inode/fifo');
    default: return plain('socket', 'inode/socket');
  }
}

const SCRIPTS: readonly (readonly [RegExp, string, string])[] = [
  [/^#! ?\/(usr\/)?bin\/(env )?bash/, 'Bourne-Again shell script', 'text/x-shellscript'], [/^#! ?\/(usr\/)?bin\/(env )?(sh|dash)/, 'POSIX shell script', 'text/x-shellscript'],
  [/^#! ?\S*python/, 'Python script', 'text/x-python'], [/^#! ?\S*perl/, 'Perl script', 'text/x-perl'], [/^#! ?\S*awk/, 'awk script', 'text/x-awk'],
];

function contentKind(text: string, zone: ReturnType<typeof zoneOf>): Kind {
  if (text === '') return { words: 'empty', mime: 'inode/x-empty', encoding: 'binary' };
  const bytes = toBytes(text.slice(0, 4096));
  if (text.startsWith('\x7fELF')) {
    return plain('ELF 64-bit LSB executable, x86-64, version 1 (SYSV), dynamically linked (uses shared libs), for GNU/Linux 2.6.32, stripped', 'application/x-executable');
  }
  if (bytes[0] === 0x1f && bytes[1] === 0x8b) return gzipKind(toBytes(text), zone);
  if (text.slice(257, 262) === 'ustar') return plain(text.slice(262, 264) === '  ' ? 'POSIX tar archive (GNU)' : 'POSIX tar archive', 'application/x-tar');
  if (text.startsWith('PK\x03\x04')) return plain('Zip archive data, at least v2.0 to extract', 'application/zip');
  if (text.startsWith('BZh')) return plain('bzip2 compressed data, block size = 900k', 'application/x-bzip2');
  if (/^-----BEGIN CERTIFICATE-----/.test(text)) return { words: 'PEM certificate', mime: 'text/plain', encoding: 'us-ascii' };
  if (/^-----BEGIN RSA PRIVATE KEY-----/.test(text)) return { words: 'PEM RSA private key', mime: 'text/plain', encoding: 'us-ascii' };
  return textKind(text, bytes);
}

function textKind(text: string, bytes: readonly number[]): Kind {
  if (bytes.some((byte) => byte < 7 || (byte > 13 && byte < 27) || (byte > 27 && byte < 32) || byte === 127)) return plain('data', 'application/octet-stream');
  const [charset, encoding] = bytes.every((byte) => byte < 128) ? ['ASCII', 'us-ascii'] : /[\udc80-\udcff]/.test(text) ? ['ISO-8859', 'iso-8859-1'] : ['UTF-8 Unicode', 'utf-8'];
  if (bytes.some((byte) => byte >= 128 && byte < 160) && charset === 'ISO-8859') return plain('Non-ISO extended-ASCII text', 'text/plain');
  const lines = text.split('\n');
  const crlf = lines.filter((line) => line.endsWith('\r')).length;
  const lf = lines.length - 1 - crlf;
  const ends = crlf ? (lf > 0 ? ', with CRLF, LF line terminators' : ', with CRLF line terminators') : !text.includes('\n') ? ', with no line terminators' : '';
  const long = lines.some((line) => line.length > 300) ? ', with very long lines' : '';
  const escapes = text.includes('\x1b') ? ', with escape sequences' : '';
  for (const [form, words, mime] of SCRIPTS) if (form.test(text)) return { words: `${words}, ${charset} text executable${long}${ends}`, mime, encoding: encoding! };
  const run = /^#! ?(\S[^\n]*)/.exec(text);
  if (run) return { words: `a ${run[1]!.trim()} script, ${charset} text executable${ends}`, mime: 'text/plain', encoding: encoding! };
  if (/^<\?xml/.test(text)) return { words: `XML 1.0 document, ${charset} text${ends}`, mime: 'text/xml', encoding: encoding! };
  if (/^\s*<!DOCTYPE html|^\s*<html/i.test(text)) return { words: `HTML document, ${charset} text${long}${ends}`, mime: 'text/html', encoding: encoding! };
  return { words: `${charset} text${long}${ends}${escapes}`, mime: 'text/plain', encoding: encoding! };
}

function gzipKind(bytes: readonly number[], zone: ReturnType<typeof zoneOf>): Kind {
  const mtime = bytes[4]! | (bytes[5]! << 8) | (bytes[6]! << 16) | (bytes[7]! << 24);
  const end = bytes.indexOf(0, 10);
  const name = bytes[3]! & 8 && end > 0 ? `, was "${String.fromCharCode(...bytes.slice(10, end))}"` : '';
  const when = mtime ? `, last modified: ${strftime('%a %b %e %H:%M:%S %Y', momentOf(mtime * 1e6), zone)}` : '';
  const effort = bytes[8] === 2 ? ', max compression' : bytes[8] === 4 ? ', max speed' : '';
  return plain(`gzip compressed data${name}${when}${effort}, from Unix`, 'application/gzip');
}
