/**
 * tar of GNU tar 1.26/1.29: creating, listing, extracting, appending and comparing archives, packed with gzip or not.
 * Other packers are programs of their own, which these images have not. It knows no incremental or split archives.
 */
import type { Sys } from '../../../sim/proc/program.ts';
import { readAll, strerror } from '../../../sim/proc/libc.ts';
import { call } from '../../../sim/proc/syscalls.ts';
import { fromBytes, toBytes } from '../../../sim/proc/text.ts';
import type { Command } from '../../command.ts';
import { optionTable, parseOptions } from '../coreutils/getopt.ts';
import { execute } from '../coreutils/run.ts';
import { onDebian, PACKAGES, Task, tool } from '../coreutils/tool.ts';
import { gunzip } from './gzip/gunzip.ts';
import { gzip } from './gzip/pack.ts';
import { ending, type Member, packMember, unpackMembers } from './tar/archive.ts';
import { gather } from './tar/gather.ts';
import { difference, extract, list } from './tar/unpack.ts';

const OPTIONS = [
  '-A, --catenate, --concatenate  append tar files to an archive', '-c, --create  create a new archive',
  '-d, --diff, --compare  find differences between archive and file system', '--delete  delete from the archive (not on mag tapes!)',
  '-r, --append  append files to the end of an archive', '-t, --list  list the contents of an archive',
  '-u, --update  only append files newer than copy in archive', '-x, --extract, --get  extract files from an archive',
  '-k, --keep-old-files  don\'t replace existing files when extracting', '--skip-old-files  don\'t replace existing files, silently skip over them',
  '--keep-newer-files  don\'t replace existing files that are newer than their archive copies', '--overwrite  overwrite existing files when extracting',
  '-U, --unlink-first  remove each file prior to extracting over it', '-O, --to-stdout  extract files to standard output',
  '--remove-files  remove files after adding them to the archive',
  '--group=NAME  force NAME as group for added files', '--owner=NAME  force NAME as owner for added files', '--mode=CHANGES  force (symbolic) mode CHANGES for added files',
  '--mtime=DATE-OR-FILE  set mtime for added files', '-m, --touch  don\'t extract file modified time',
  '--no-same-owner  extract files as yourself', '--same-owner  try extracting files with the same ownership as exists in the archive',
  '--numeric-owner  always use numbers for user/group names', '-p, --preserve-permissions, --same-permissions  extract information about file permissions',
  '--no-same-permissions  apply the user\'s umask when extracting permissions from the archive',
  '-f, --file=ARCHIVE  use archive file or device ARCHIVE', '-C, --directory=DIR  change to directory DIR',
  '-a, --auto-compress  use archive suffix to determine the compression program', '-z, --gzip, --gunzip, --ungzip  filter the archive through gzip',
  '-j, --bzip2  filter the archive through bzip2', '-J, --xz  filter the archive through xz', '--lzma', '-Z, --compress, --uncompress',
  '-I, --use-compress-program=PROG  filter through PROG (must accept -d)',
  '-T, --files-from=FILE  get names to extract or create from FILE', '-X, --exclude-from=FILE  exclude patterns listed in FILE',
  '--exclude=PATTERN  exclude files, given as a PATTERN', '--exclude-vcs  exclude version control system directories',
  '-h, --dereference  follow symlinks; archive and dump the files they point to', '--no-recursion  avoid descending automatically in directories',
  '--one-file-system  stay in local file system when creating archive', '-P, --absolute-names  don\'t strip leading `/\'s from file names',
  '--strip-components=NUMBER  strip NUMBER leading components from file names on extraction', '--transform=EXPRESSION, --xform=EXPRESSION',
  '--wildcards  use wildcards', '--no-wildcards  verbatim string matching', '--no-wildcards-match-slash', '--anchored', '--no-anchored', '--ignore-case',
  '-v, --verbose  verbosely list files processed', '-w, --interactive, --confirmation  ask for confirmation for every action',
  '--totals  print total bytes after processing the archive', '--full-time', '--null', '-b, --blocking-factor=BLOCKS', '-S, --sparse',
  '-H, --format=FORMAT', '--posix', '--no-auto-compress', '-n, --seek', '-i, --ignore-zeros', '-R, --block-number', '--warning=KEYWORD', '-W, --verify',
  '--selinux', '--acls', '--xattrs', '--no-selinux', '--no-acls', '--no-xattrs', '--checkpoint[=NUMBER]', '--force-local', '--recursion', '--sort=ORDER',
  '--usage',
];

/** Real options that would need what is not here: refused by name rather than passed over. */
const UNKNOWN = ['A', 'delete', 'u', 'transform', 'w', 'W', 'full-time', 'ignore-case', 'no-wildcards-match-slash', 'usage'];

const framed = tool({
  name: 'tar', package: PACKAGES.tar, usage: ['[OPTION...] [FILE]...'], trouble: 64,
  about: "GNU 'tar' saves many files together into a single tape or disk archive, and can\nrestore individual files from the archive.\n\n"
    + 'Examples:\n  tar -cf archive.tar foo bar  # Create archive.tar from files foo and bar.\n'
    + '  tar -tvf archive.tar         # List all files in archive.tar verbosely.\n  tar -xf archive.tar          # Extract all files from archive.tar.',
  authors: 'John Gilmore and Jay Fenlason', options: OPTIONS, run: (task) => new Tar(task).run(),
});

/** Letters of the old form: `tar czf x.tgz dir`; their values follow in order. */
function oldForm(words: readonly string[]): string[] | string {
  const [first, ...rest] = words;
  if (first === undefined || first.startsWith('-')) return [...words];
  const table = optionTable(OPTIONS);
  const out: string[] = [];
  for (const letter of first) {
    const row = table.byShort.get(letter);
    if (row?.takes !== 'value') { out.push(`-${letter}`); continue; }
    const value = rest.shift();
    if (value === undefined) return letter;
    out.push(`-${letter}`, value);
  }
  return [...out, ...rest];
}

export const tar: Command = {
  name: 'tar',
  *main(start) {
    const words = oldForm(start.argv.slice(1).map((word) => (word === '-?' ? '--help' : word)));
    const [open, close] = (yield* onDebian()) ? ["'", "'"] : ['`', "'"];
    const help = `Try ${open}tar --help${close} or ${open}tar --usage${close} for more information.\n`;
    const refuse = function* (text: string, status: number): Sys<number> {
      yield* call('write', { fd: 2, text: `tar: ${text}\n${help}` });
      return status;
    };
    if (typeof words === 'string') return yield* refuse(`Old option ${open}${words}${close} requires an argument.`, 2);
    const parsed = parseOptions(optionTable([...OPTIONS, '--help', '--version']), words);
    if (!parsed.ok) return yield* refuse(parsed.message, 64);
    if (parsed.given.some(({ key }) => key === 'help' || key === 'version')) return yield* framed.main({ ...start, argv: ['tar', ...words] });
    const unknown = parsed.given.find(({ key }) => UNKNOWN.includes(key));
    if (unknown) return yield* refuse(`unrecognized option '${unknown.as}'`, 64);
    const modes = parsed.given.filter(({ key }) => 'cdrtx'.includes(key) && key.length === 1);
    if (modes.length === 0) return yield* refuse(`You must specify one of the ${open}-Acdtrux${close} or ${open}--test-label${close}  options`, 2);
    if (new Set(modes.map(({ key }) => key)).size > 1) {
      return yield* refuse(`You may not specify more than one ${open}-Acdtrux${close} or ${open}--test-label${close} option`, 2);
    }
    const names = parsed.operands.length || parsed.given.some(({ key }) => key === 'T');
    if (modes[0]!.key === 'c' && !names) return yield* refuse('Cowardly refusing to create an empty archive', 2);
    return yield* framed.main({ ...start, argv: ['tar', ...words] });
  },
};

const PACKERS: Readonly<Record<string, string>> = { j: 'bzip2', J: 'xz', lzma: 'lzma', Z: 'compress' };

class Tar {
  constructor(private readonly task: Task) {}

  *run(): Sys<number> {
    const { task } = this;
    const status = task.has('c') || task.has('r') ? yield* this.write() : yield* this.read();
    if (status !== null) return status;
    if (task.status === 0) return 0;
    yield* task.flush();
    if (task.status === 2) yield* task.error('Exiting with failure status due to previous errors', 2);
    return task.status;
  }

  private *fatal(text: string): Sys<number> {
    yield* this.task.flush();
    yield* this.task.error(`${text}\ntar: Error is not recoverable: exiting now`, 2);
    return 2;
  }

  /** A packer that is no part of this program is run; here it is missing, and the child says so. */
  private *otherPacker(file: string): Sys<number | null> {
    const { task } = this;
    const bySuffix = task.has('a') && task.has('c') ? /\.(bz2|tbz2?)$/.test(file) ? 'bzip2' : /\.(xz|txz)$/.test(file) ? 'xz' : undefined : undefined;
    const key = Object.keys(PACKERS).find((one) => task.has(one));
    const program = task.value('I') ?? (key ? PACKERS[key] : bySuffix);
    if (program === undefined || program === 'gzip') return null;
    const failed = yield* execute([program], task.start.env, {});
    yield* call('write', { fd: 2, text: `tar (child): ${program}: Cannot exec: ${strerror(failed)}\ntar (child): Error is not recoverable: exiting now\n` });
    return yield* this.fatal('Child returned status 2');
  }

  private packed(file: string): boolean {
    const { task } = this;
    return task.has('z') || task.value('I') === 'gzip' || (task.has('a') && /\.(gz|tgz|taz)$/.test(file));
  }

  private *write(): Sys<number | null> {
    const { task } = this;
    const file = task.value('f') ?? '-';
    const other = yield* this.otherPacker(file);
    if (other !== null) return other;
    if (file === '-' && (yield* call('tty', { fd: 1 })).ok) {
      return yield* this.fatal('Refusing to write archive contents to terminal (missing -f option?)');
    }
    let before: number[] = [];
    if (task.has('r')) {
      if (this.packed(file)) return yield* this.fatal('Cannot update compressed archives');
      const old = yield* call('readFile', { path: file });
      if (old.ok) {
        const bytes = toBytes(old.value);
        before = bytes.slice(0, unpackMembers(bytes).end);
      } else if (old.errno !== 'ENOENT') return yield* this.fatal(`${file}: Cannot open: ${strerror(old.errno)}`);
    } else if (file !== '-') {
      const opened = yield* call('writeFile', { path: file, text: '' });
      if (!opened.ok) return yield* this.fatal(`${file}: Cannot open: ${strerror(opened.errno)}`);
    }
    const members = yield* gather(task, file);
    if (!members) return 2;
    const parts: number[][] = [before];
    let size = before.length;
    for (const member of members) {
      const packed = packMember(member);
      parts.push(packed);
      size += packed.length;
    }
    parts.push(ending(size));
    const bytes = ([] as number[]).concat(...parts);
    if (task.has('totals')) yield* call('write', { fd: 2, text: `Total bytes written: ${bytes.length} (${Math.ceil(bytes.length / 1024)}KiB, ?/s)\n`.replace(', ?/s', '') });
    const text = fromBytes(this.packed(file) ? gzip(bytes, { level: 6, name: null, mtimeSeconds: 0 }) : bytes);
    if (file === '-') task.print(text);
    else {
      const wrote = yield* call('writeFile', { path: file, text });
      if (!wrote.ok) return yield* this.fatal(`${file}: Cannot write: ${strerror(wrote.errno)}`);
    }
    return null;
  }

  private *read(): Sys<number | null> {
    const { task } = this;
    const file = task.value('f') ?? '-';
    const other = yield* this.otherPacker(file);
    if (other !== null) return other;
    if (file === '-' && (yield* call('tty', { fd: 0 })).ok) {
      return yield* this.fatal('Refusing to read archive contents from terminal (missing -f option?)');
    }
    const text = file === '-' ? yield* readAll(0) : yield* call('readFile', { path: file });
    if (!text.ok) {
      if (text.errno === 'EISDIR') return yield* this.fatal(`${file}: Cannot read: Is a directory\ntar: At beginning of tape, quitting now`);
      // With -z a child opens the file and complains first.
      if (this.packed(file)) {
        yield* call('write', { fd: 2, text: `tar (child): ${file}: Cannot open: ${strerror(text.errno)}\ntar (child): Error is not recoverable: exiting now\n` });
        return yield* this.fatal('Child returned status 2');
      }
      return yield* this.fatal(`${file}: Cannot open: ${strerror(text.errno)}`);
    }
    const archive = yield* this.unpacked(file, toBytes(text.value));
    if (typeof archive === 'number') return archive;
    if (archive.problem === 'no archive' && archive.members.length === 0) {
      yield* task.error('This does not look like a tar archive', 2);
      return null;
    }
    const act = task.has('t') ? list : task.has('x') ? extract : difference;
    if (!(yield* act(task, archive.members))) return 2;
    if (archive.problem === 'no archive') yield* task.error('Skipping to next header', 2);
    if (archive.problem === 'cut short') return yield* this.fatal('Unexpected EOF in archive');
    return null;
  }

  private *unpacked(file: string, bytes: number[]): Sys<ReturnType<typeof unpackMembers> | number> {
    const isPacked = bytes[0] === 0x1f && bytes[1] === 0x8b;
    if (!isPacked && !this.task.has('z')) return unpackMembers(bytes);
    if (file === '-' && !this.task.has('z')) {
      return yield* this.fatal('Archive is compressed. Use -z option');
    }
    const plain = gunzip(bytes);
    if (plain.ok) return unpackMembers(plain.bytes);
    yield* this.task.flush();
    yield* call('write', { fd: 2, text: `\ngzip: stdin: ${bytes.length === 0 ? 'unexpected end of file' : plain.message}\n` });
    return yield* this.fatal('Child returned status 1');
  }
}

export type { Member };
