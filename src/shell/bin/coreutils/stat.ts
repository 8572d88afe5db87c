/** stat of GNU coreutils 8.26 and later. Files have one time in this model; all three show it. */
import type { Sys } from '../../../sim/proc/program.ts';
import { call, type Calls, type Stat } from '../../../sim/proc/syscalls.ts';
import { type Accounts, groupName, readAccounts, userName } from './accounts.ts';
import { momentOf, strftime } from './clock/strftime.ts';
import { type Zone, zoneOf } from './clock/zone.ts';
import { unescapeC } from './escapes.ts';
import { blocksOf } from './ls-entry.ts';
import { modeString, TYPE_BITS, TYPE_WORDS } from './mode.ts';
import { canonical } from './paths.ts';
import { quoteAlways, quoteIfNeeded } from './quote.ts';
import { PACKAGES, type Task, tool } from './tool.ts';

const DEFAULT = '  File: %N\n  Size: %-10s\tBlocks: %-10b IO Block: %-6o %F\n'
  + 'Device: %Hd,%Ld\tInode: %-10i  Links: %h\nAccess: (%04a/%10.10A)  Uid: (%5u/%8U)   Gid: (%5g/%8G)\n'
  + 'Access: %x\nModify: %y\nChange: %z\n Birth: %w\n';
const DEVICE = DEFAULT.replace('Links: %h', 'Links: %-5h Device type: %Hr,%Lr');
const TERSE = '%n %s %b %f %u %g %D %i %h %t %T %X %Y %Z %W %o\n';
const FS_DEFAULT = '  File: "%n"\n    ID: %-8i Namelen: %-7l Type: %T\nBlock size: %-10s Fundamental block size: %S\n'
  + 'Blocks: Total: %-10b Free: %-10f Available: %a\nInodes: Total: %-10c Free: %d\n';
const FS_TERSE = '%n %i %l %t %s %S %b %f %a %c %d\n';

export const stat = tool({
  name: 'stat', package: PACKAGES.coreutils, usage: ['[OPTION]... FILE...'], about: 'Display file or file system status.',
  authors: 'Michael Meskes',
  options: [
    '-L, --dereference  follow links',
    '-f, --file-system  show the file system, not the file',
    '-c, --format=FORMAT  use FORMAT, with a newline after each use',
    '--printf=FORMAT  like --format, but interpret backslash escapes, without a newline',
    '-t, --terse  print on one line',
  ],
  notes: 'Sequences for files: %a %A %b %B %d %D %f %F %g %G %h %i %m %n %N %o %s %t %T %u %U %w %W %x %X %y %Y %z %Z\n'
    + 'Sequences for file systems: %a %b %c %d %f %i %l %n %s %S %t %T',
  run: showFiles,
});

function* showFiles(task: Task): Sys<number | void> {
  if (task.operands.length === 0) return yield* task.misuse('missing operand');
  const ofFs = task.has('f');
  const given = task.last('c', 'printf');
  const typed = given === 'printf' ? unescapeC(task.value('printf')!) : given ? `${task.value('c')!}\n` : null;
  const accounts = yield* readAccounts();
  const zone = zoneOf(task.start.env['TZ']);
  for (const path of task.operands) {
    if (ofFs) {
      const got = yield* call('statfs', { path });
      if (!got.ok) yield* task.cannot('cannot read file system information for', path, got.errno);
      else task.print(fill(typed ?? (task.has('t') ? FS_TERSE : FS_DEFAULT), (letter) => fsField(letter, path, got.value)));
      continue;
    }
    const got = path === '-' ? yield* call('fstat', { fd: 0 }) : yield* call('stat', { path, follow: task.has('L') });
    if (!got.ok) {
      yield* task.cannot('cannot statx', path, got.errno);
      continue;
    }
    const format = typed ?? (task.has('t') ? TERSE : got.value.rdev ? DEVICE : DEFAULT);
    const mountPoint = /%[-0-9.]*m/.test(format) ? yield* mountOf(path) : '';
    const quoted = typed === null ? quoteIfNeeded : quoteAlways;
    task.print(fill(format, (letter) => fileField(letter, path, got.value, { accounts, zone, mountPoint, quoted })));
  }
}

function* mountOf(path: string): Sys<string> {
  const real = yield* canonical(path, 'all');
  const fs = yield* call('statfs', { path: real.ok ? real.value : path });
  return fs.ok ? fs.value.target : '?';
}

/** Replaces the sequences; the width, precision and flags are printf's. */
function fill(format: string, field: (letter: string) => string | number | null): string {
  return format.replace(/%([-#0+ ]*)(\d*)(?:\.(\d+))?([HL]?[a-zA-Z%])/g, (_all, flags: string, width: string, precision: string | undefined, letter: string) => {
    if (letter === '%') return '%';
    const value = field(letter);
    if (value === null) return '?';
    let text = String(value);
    if (precision !== undefined) text = typeof value === 'number' ? text.padStart(Number(precision), '0') : text.slice(0, Number(precision));
    if (flags.includes('#') && letter === 'a') text = `0${text}`;
    const size = Number(width || 0);
    if (flags.includes('-')) return text.padEnd(size);
    const zeros = flags.includes('0') && (typeof value === 'number' || /^[afDtT]$/.test(letter));
    return text.padStart(size, zeros ? '0' : ' ');
  });
}

/** A number for a device's name: the model has only names. */
function deviceNumber(dev: string): number {
  if (/^\d+$/.test(dev)) return Number(dev);
  let sum = 0;
  for (const c of dev) sum = (sum * 31 + c.charCodeAt(0)) % 256;
  return 0xfd00 + sum;
}

interface Context { accounts: Accounts; zone: Zone; mountPoint: string; quoted: (name: string) => string }

function fileField(letter: string, path: string, stat: Stat, context: Context): string | number | null {
  const { accounts, zone } = context;
  const time = (): string => strftime('%Y-%m-%d %H:%M:%S.%N %z', momentOf(stat.mtime), zone);
  const [major, minor] = stat.rdev ?? [0, 0];
  const device = deviceNumber(stat.dev);
  switch (letter) {
    case 'a': return (stat.mode & 0o7777).toString(8);
    case 'A': return modeString(stat);
    case 'b': return blocksOf(stat) / 512;
    case 'B': return 512;
    case 'C': return '?';
    case 'd': return device;
    case 'D': return device.toString(16);
    case 'Hd': return device >> 8;
    case 'Ld': return device & 255;
    case 'Hr': return major;
    case 'Lr': return minor;
    case 'f': return (TYPE_BITS[stat.type] | stat.mode).toString(16);
    case 'F': return stat.type === 'file' && stat.size === 0 ? 'regular empty file' : TYPE_WORDS[stat.type];
    case 'g': return stat.gid;
    case 'G': return groupName(accounts, stat.gid) ?? 'UNKNOWN';
    case 'h': return stat.nlink;
    case 'i': return stat.ino;
    case 'm': return context.mountPoint;
    case 'n': return path;
    case 'N': return stat.target === undefined ? context.quoted(path) : `${context.quoted(path)} -> ${context.quoted(stat.target)}`;
    case 'o': return 4096;
    case 's': return stat.size;
    case 't': return major.toString(16);
    case 'T': return minor.toString(16);
    case 'u': return stat.uid;
    case 'U': return userName(accounts, stat.uid) ?? 'UNKNOWN';
    case 'w': return '-';
    case 'W': return 0;
    case 'x': case 'y': case 'z': return time();
    case 'X': case 'Y': case 'Z': return Math.floor(stat.mtime / 1_000_000);
    default: return null;
  }
}

/** Numbers of statfs(2) for the types that occur. */
const MAGIC: Readonly<Record<string, readonly [string, string]>> = {
  ext4: ['ext2/ext3', 'ef53'], xfs: ['xfs', '58465342'], tmpfs: ['tmpfs', '1021994'], overlay: ['overlayfs', '794c7630'], proc: ['proc', '9fa0'],
  sysfs: ['sysfs', '62656572'], nfs: ['nfs', '6969'], cgroup: ['cgroupfs', '27e0eb'], devtmpfs: ['tmpfs', '1021994'],
};

function fsField(letter: string, path: string, fs: Calls['statfs'][1]): string | number | null {
  const block = 4096;
  const [name, magic] = MAGIC[fs.type] ?? [fs.type, '0'];
  switch (letter) {
    case 'a': return Math.floor(fs.available / block);
    case 'b': return Math.floor(fs.size / block);
    case 'c': return fs.inodes;
    case 'd': return fs.inodes - fs.inodesUsed;
    case 'f': return Math.floor((fs.size - fs.used) / block);
    case 'i': return deviceNumber(fs.source).toString(16);
    case 'l': return 255;
    case 'n': return path;
    case 's': case 'S': return block;
    case 't': return magic;
    case 'T': return name;
    default: return null;
  }
}
