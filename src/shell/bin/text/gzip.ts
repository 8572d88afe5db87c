/** gzip 1.5/1.6, with gunzip and zcat, which are scripts around it and so complain in its name. */
import type { Start, Sys } from '../../../sim/proc/program.ts';
import { readAll, strerror } from '../../../sim/proc/libc.ts';
import { call, type Stat } from '../../../sim/proc/syscalls.ts';
import { fromBytes, toBytes } from '../../../sim/proc/text.ts';
import type { Command } from '../../command.ts';
import { momentOf, strftime } from '../coreutils/clock/strftime.ts';
import { zoneOf } from '../coreutils/clock/zone.ts';
import { baseName, joinPath } from '../coreutils/paths.ts';
import { onDebian, PACKAGES, Task, tool } from '../coreutils/tool.ts';
import { askYes } from '../coreutils/ask.ts';
import { crc32, gunzip as unpack } from './gzip/gunzip.ts';
import { gzip as pack } from './gzip/pack.ts';

const framed = tool({
  name: 'gzip', package: PACKAGES.coreutils, usage: ['[OPTION]... [FILE]...'],
  about: 'Compress or uncompress FILEs (by default, compress FILES in-place).',
  options: [
    '!-a, --ascii', '-c, --stdout, --to-stdout  write on standard output, keep original files unchanged', '-d, --decompress, --uncompress  decompress',
    '-f, --force  force overwrite of output file and compress links', '-h, --help  give this help',
    '-k, --keep  keep (don\'t delete) input files', '-l, --list  list compressed file contents', '-L, --license  display software license',
    '-n, --no-name  do not save or restore the original name and time stamp', '-N, --name  save or restore the original name and time stamp',
    '-q, --quiet  suppress all warnings', '-r, --recursive  operate recursively on directories',
    '-S, --suffix=SUF  use suffix SUF on compressed files', '-t, --test  test compressed file integrity', '-v, --verbose  verbose mode',
    '-V, --version  display version number', '-1, --fast  compress faster', '!-2', '!-3', '!-4', '!-5', '!-6', '!-7', '!-8', '-9, --best  compress better',
    '!--rsyncable', '!--synchronous',
  ],
  hint: "Try `gzip --help' for more information.\n", run: (task) => new Run(task).all(),
});

const HELP = `Usage: gzip [OPTION]... [FILE]...
Compress or uncompress FILEs (by default, compress FILES in-place).

Mandatory arguments to long options are mandatory for short options too.

  -c, --stdout      write on standard output, keep original files unchanged
  -d, --decompress  decompress
  -f, --force       force overwrite of output file and compress links
  -h, --help        give this help
  -k, --keep        keep (don't delete) input files
  -l, --list        list compressed file contents
  -L, --license     display software license
  -n, --no-name     do not save or restore the original name and time stamp
  -N, --name        save or restore the original name and time stamp
  -q, --quiet       suppress all warnings
  -r, --recursive   operate recursively on directories
  -S, --suffix=SUF  use suffix SUF on compressed files
  -t, --test        test compressed file integrity
  -v, --verbose     verbose mode
  -V, --version     display version number
  -1, --fast        compress faster
  -9, --best        compress better

With no FILE, or when FILE is -, read standard input.

Report bugs to <bug-gzip@gnu.org>.
`;
const LICENSE = `Copyright (C) 2007, 2010, 2011 Free Software Foundation, Inc.
Copyright (C) 1993 Jean-loup Gailly.
This is free software.  You may redistribute copies of it under the terms of
the GNU General Public License <http://www.gnu.org/licenses/gpl.html>.
There is NO WARRANTY, to the extent permitted by law.

Written by Jean-loup Gailly.
`;

function* main(start: Start, extra: readonly string[]): Sys<number> {
  const words = [...extra, ...start.argv.slice(1)];
  const end = words.indexOf('--');
  const options = end < 0 ? words : words.slice(0, end);
  if (options.some((word) => word === '--help' || word === '-h')) return yield* say(1, HELP, 0);
  if (options.some((word) => word === '--license' || word === '-L')) return yield* say(1, `gzip ${yield* version()}\n${LICENSE}`, 0);
  if (options.some((word) => word === '--version' || word === '-V')) return yield* say(1, `gzip ${yield* version()}\n${LICENSE}`, 0);
  return yield* framed.main({ ...start, argv: ['gzip', ...words] });
}

const version = function* (): Sys<string> { return (yield* onDebian()) ? '1.6' : '1.5'; };

function* say(fd: number, text: string, status: number): Sys<number> {
  yield* call('write', { fd, text });
  return status;
}

const command = (name: string, extra: readonly string[]): Command => ({ name, main: (start) => main(start, extra) });
export const gzip = command('gzip', []);
export const gunzip = command('gunzip', ['-d']);
export const zcat = command('zcat', ['-cd']);

const KNOWN_SUFFIXES = ['.gz', '-gz', '.z', '-z', '_z', '.Z', '.tgz', '.taz'];

/** One run over its operands. Status 1 is an error, 2 a warning. */
class Run {
  private readonly decompress: boolean;
  private readonly suffix: string;
  private readonly level: number;
  private warned = false;
  private failed = false;
  private totals = { packed: 0, plain: 0, count: 0 };

  constructor(private readonly task: Task) {
    this.decompress = task.has('d') || task.has('t') || task.has('l');
    const suffix = task.value('S') ?? '.gz';
    this.suffix = suffix.startsWith('.') || suffix === '' ? suffix : suffix;
    this.level = Number(task.last('1', '2', '3', '4', '5', '6', '7', '8', '9') ?? 6);
  }

  *all(): Sys<number> {
    const { task } = this;
    const files = task.operands.length ? task.operands : ['-'];
    for (const file of files) {
      if (file === '-') yield* this.stream();
      else yield* this.operand(file);
    }
    if (task.has('l') && this.totals.count > 1) this.listLine(this.totals.packed, this.totals.plain, '(totals)', null);
    return this.failed ? 1 : this.warned ? 2 : 0;
  }

  private *error(text: string): Sys<void> {
    this.failed = true;
    yield* this.task.error(text);
  }
  private *warn(text: string): Sys<void> {
    this.warned = true;
    if (!this.task.has('q')) yield* this.task.error(text, 0);
  }

  private *stream(): Sys<void> {
    const { task } = this;
    const screen = yield* call('tty', { fd: this.decompress ? 0 : 1 });
    if (screen.ok && !task.has('f')) {
      yield* this.error(`compressed data not ${this.decompress ? 'read from' : 'written to'} a terminal. Use -f to force ${this.decompress ? 'de' : ''}compression.\nFor help, type: gzip -h`);
      return;
    }
    const text = yield* readAll(0);
    if (!text.ok) return yield* this.error(`stdin: ${strerror(text.errno)}`);
    if (!this.decompress) {
      task.print(fromBytes(pack(toBytes(text.value), { level: this.level, name: null, mtimeSeconds: 0 })));
      return;
    }
    const plain = yield* this.unpacked('stdin', text.value);
    if (plain === null) return;
    if (task.has('l')) this.list(text.value, plain.bytes, 'stdout', plain.mtime);
    else if (!task.has('t')) task.print(fromBytes(plain.bytes));
  }

  private *unpacked(name: string, text: string): Sys<{ bytes: number[]; name: string | null; mtime: number } | null> {
    const plain = unpack(toBytes(text));
    if (plain.ok) return plain;
    if (plain.message === 'not in gzip format' && this.task.has('f') && this.task.has('c')) return { bytes: toBytes(text), name: null, mtime: 0 };
    yield* this.task.flush();
    this.failed = true;
    yield* call('write', { fd: 2, text: `\ngzip: ${name}: ${text === '' ? 'unexpected end of file' : plain.message}\n` });
    return null;
  }

  private *operand(typed: string): Sys<void> {
    const { task } = this;
    const found = yield* this.locate(typed);
    if (!found) return;
    const [file, stat] = found;
    if (stat.type === 'dir') {
      if (!task.has('r')) return yield* this.warn(`${file} is a directory -- ignored`);
      const names = yield* call('readdir', { path: file });
      if (!names.ok) return yield* this.error(`${file}: ${strerror(names.errno)}`);
      for (const name of names.value) yield* this.operand(joinPath(file, name));
      return;
    }
    if (stat.type === 'symlink' && !task.has('f') && !task.has('c') && !this.decompress) {
      return yield* this.error(`${file}: ${strerror('ELOOP')}`);
    }
    if (stat.nlink > 1 && !task.has('c') && !task.has('f') && !task.has('k') && !task.has('t') && !task.has('l')) {
      return yield* this.warn(`${file} has ${stat.nlink - 1} other link${stat.nlink > 2 ? 's' : ''} -- unchanged`);
    }
    if (this.decompress) yield* this.expand(file, stat);
    else yield* this.shrink(file, stat);
  }

  /** The file as typed, or with the suffix when unpacking. */
  private *locate(typed: string): Sys<[string, Stat] | null> {
    const names = this.decompress && !KNOWN_SUFFIXES.some((end) => typed.endsWith(end)) ? [typed, typed + this.suffix] : [typed];
    let errno = 'ENOENT';
    for (const name of names) {
      const plainLink = yield* call('stat', { path: name, follow: this.decompress || this.task.has('c') || this.task.has('f') });
      if (plainLink.ok) return [name, plainLink.value];
      errno = plainLink.errno;
    }
    yield* this.error(`${names.at(-1)!}: ${strerror(errno)}`);
    return null;
  }

  private *read(file: string): Sys<string | null> {
    const text = yield* call('readFile', { path: file });
    if (text.ok) return text.value;
    yield* this.error(`${file}: ${strerror(text.errno)}`);
    return null;
  }

  private *shrink(file: string, stat: Stat): Sys<void> {
    const { task } = this;
    if (!task.has('c') && [...KNOWN_SUFFIXES, this.suffix].some((end) => file.endsWith(end))) {
      const end = [this.suffix, ...KNOWN_SUFFIXES].find((known) => file.endsWith(known))!;
      return yield* this.warn(`${file} already has ${end} suffix -- unchanged`);
    }
    const text = yield* this.read(file);
    if (text === null) return;
    const bytes = toBytes(text);
    const keepName = !task.has('n');
    const packed = pack(bytes, { level: this.level, name: keepName ? baseName(file) : null, mtimeSeconds: keepName ? Math.floor(stat.mtime / 1e6) : 0 });
    if (task.has('c')) task.print(fromBytes(packed));
    else if (!(yield* this.replace(file, stat, file + this.suffix, fromBytes(packed)))) return;
    if (task.has('v')) yield* this.tell(file, ratio(bytes.length, packed.length - headerSize(packed)), file + this.suffix);
  }

  private *expand(file: string, stat: Stat): Sys<void> {
    const { task } = this;
    const end = KNOWN_SUFFIXES.find((known) => file.endsWith(known)) ?? (this.suffix !== '' && file.endsWith(this.suffix) ? this.suffix : undefined);
    const toScreen = task.has('c') || task.has('t') || task.has('l');
    if (end === undefined && !toScreen) return yield* this.warn(`${file}: unknown suffix -- ignored`);
    const text = yield* this.read(file);
    if (text === null) return;
    const plain = yield* this.unpacked(file, text);
    if (plain === null) return;
    const cut = end === undefined ? file : file.slice(0, -end.length) + (end === '.tgz' || end === '.taz' ? '.tar' : '');
    if (task.has('l')) return this.list(text, plain.bytes, task.has('N') && plain.name ? plain.name : cut, plain.mtime || Math.floor(stat.mtime / 1e6));
    if (task.has('t')) {
      if (task.has('v')) yield* call('write', { fd: 2, text: `${file}:\t OK\n` });
      return;
    }
    const to = task.has('N') && plain.name ? file.slice(0, file.length - baseName(file).length) + plain.name : cut;
    if (task.has('c')) task.print(fromBytes(plain.bytes));
    else if (!(yield* this.replace(file, stat, to, fromBytes(plain.bytes), task.has('N') && plain.mtime ? plain.mtime * 1e6 : stat.mtime))) return;
    const packed = toBytes(text);
    if (task.has('v')) yield* this.tell(file, ratio(plain.bytes.length, packed.length - headerSize(packed)), to);
  }

  private *tell(file: string, share: string, to: string): Sys<void> {
    yield* this.task.flush();
    const what = this.task.has('c') ? '' : this.task.has('k') ? '' : ` -- replaced with ${to}`;
    yield* call('write', { fd: 2, text: `${file}:\t${share}${what}\n` });
  }

  /** Writes the new file with the old one's mode, owner and time, and removes the old one. */
  private *replace(from: string, stat: Stat, to: string, text: string, mtime = stat.mtime): Sys<boolean> {
    const { task } = this;
    const there = yield* call('stat', { path: to, follow: false });
    if (there.ok && !task.has('f')) {
      const screen = yield* call('tty', { fd: 0 });
      if (!screen.ok || !(yield* askYes(task, `${to} already exists; do you wish to overwrite (y or n)?`))) {
        if (screen.ok) yield* call('write', { fd: 2, text: '\tnot overwritten\n' });
        else yield* this.warn(`${to} already exists;\tnot overwritten`);
        this.warned = true;
        return false;
      }
    }
    if (there.ok) yield* call('unlink', { path: to });
    const wrote = yield* call('writeFile', { path: to, text, mode: stat.mode & 0o777 });
    if (!wrote.ok) {
      yield* this.error(`${to}: ${strerror(wrote.errno)}`);
      return false;
    }
    yield* call('chmod', { path: to, mode: stat.mode & 0o777 });
    if (task.start.uid === 0) yield* call('chown', { path: to, uid: stat.uid, gid: stat.gid });
    yield* call('utimes', { path: to, mtime });
    if (task.has('k')) return true;
    const removed = yield* call('unlink', { path: from });
    if (!removed.ok) yield* this.warn(`${from}: ${strerror(removed.errno)}`);
    return true;
  }

  private list(packedText: string, plain: readonly number[], name: string, mtime: number): void {
    const packed = toBytes(packedText);
    if (this.totals.count++ === 0 && !this.task.has('q')) {
      if (this.task.has('v')) this.task.print('method  crc     date  time  ');
      this.task.print('         compressed        uncompressed  ratio uncompressed_name\n');
    }
    this.totals.packed += packed.length;
    this.totals.plain += plain.length;
    this.listLine(packed.length, plain.length, name, { crc: crc32(plain), mtime, header: headerSize(packed) });
  }

  private listLine(packed: number, plain: number, name: string, more: { crc: number; mtime: number; header: number } | null): void {
    if (this.task.has('v')) {
      const zone = zoneOf(this.task.start.env['TZ']);
      const when = more ? strftime('%b %e %H:%M', momentOf(more.mtime * 1e6), zone) : ' '.repeat(12);
      this.task.print(more ? `defla ${more.crc.toString(16).padStart(8, '0')} ${when} ` : ' '.repeat(28));
    }
    const share = ratio(plain, packed - (more?.header ?? 0));
    this.task.print(`${String(packed).padStart(19)} ${String(plain).padStart(19)} ${share} ${name}\n`);
  }
}

/** Bytes of a member's header and trailer, which the ratio leaves out. */
function headerSize(packed: readonly number[]): number {
  if (!(packed[3]! & 8)) return 18;
  return 18 + packed.indexOf(0, 10) - 10 + 1;
}

/** What was saved, in percent of the plain size, in a field of five. */
const ratio = (plain: number, packed: number): string => `${(plain === 0 ? 0 : ((plain - packed) / plain) * 100).toFixed(1).padStart(5)}%`;
