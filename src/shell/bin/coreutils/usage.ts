/** du and df of GNU coreutils 8.22/8.26. */
import { strerror } from '../../../sim/proc/libc.ts';
import type { Sys } from '../../../sim/proc/program.ts';
import { call, type Calls, type Stat } from '../../../sim/proc/syscalls.ts';
import { globMatcher } from './glob.ts';
import { type BlockSize, HUMAN, HUMAN_SI, human, inBlocks, KIB, parseBlockSize } from './human.ts';
import { readOperand } from './input.ts';
import { blocksOf } from './ls-entry.ts';
import { momentOf, strftime } from './clock/strftime.ts';
import { zoneOf } from './clock/zone.ts';
import { joinPath } from './paths.ts';
import { quoteAlways } from './quote.ts';
import { PACKAGES, type Task, tool } from './tool.ts';

/** The last of the options that say how sizes are shown; or a complaint. */
function readSize(task: Task, fallback: BlockSize): BlockSize | string {
  let size = fallback;
  for (const { key, value } of task.given) {
    if (key === 'h') size = HUMAN;
    if (key === 'H' || key === 'si') size = HUMAN_SI;
    if (key === 'k') size = KIB;
    if (key === 'm') size = { unit: 1_048_576, human: null, suffix: '' };
    if (key === 'b') size = { unit: 1, human: null, suffix: '' };
    if (key !== 'B') continue;
    const parsed = parseBlockSize(value ?? '');
    if (!parsed) return `invalid --block-size argument ${task.quote(value ?? '')}`;
    size = parsed;
  }
  return size;
}

export const du = tool({
  name: 'du', package: PACKAGES.coreutils, usage: ['[OPTION]... [FILE]...', '[OPTION]... --files0-from=F'],
  about: 'Summarize disk usage of the set of FILEs, recursively for directories.',
  authors: 'Torbjorn Granlund, David MacKenzie, Paul Eggert,\nand Jim Meyering',
  options: [
    '-0, --null  end each line with NUL, not newline',
    '-a, --all  count all files, not just directories',
    '--apparent-size  count the sizes of files, not what they take on disk',
    '-B, --block-size=SIZE  show sizes in units of SIZE',
    '-b, --bytes  the same as --apparent-size --block-size=1',
    '-c, --total  print a grand total',
    '-D, --dereference-args, -H  follow operands that are symbolic links',
    '-d, --max-depth=N  print a directory only if it is N or fewer levels below an operand',
    '--files0-from=F  read the names, each ended by NUL, from F',
    '-h, --human-readable  show sizes such as 1K 234M 2G',
    '--inodes  count inodes, not blocks',
    '-k  the same as --block-size=1K',
    '-L, --dereference  follow all symbolic links',
    '-l, --count-links  count a file with several links each time',
    '-m  the same as --block-size=1M',
    '-P, --no-dereference  follow no symbolic links (default)',
    '-S, --separate-dirs  do not count what is in subdirectories',
    '--si  like -h, but with powers of 1000',
    '-s, --summarize  print only a total for each operand',
    '-t, --threshold=SIZE  leave out what is smaller than SIZE, or larger if negative',
    '--time[=WORD]  show the time of the newest file below',
    '--time-style=STYLE  full-iso, long-iso, iso or +FORMAT',
    '-X, --exclude-from=FILE  leave out what matches a pattern in FILE',
    '--exclude=PATTERN  leave out what matches PATTERN',
    '-x, --one-file-system  stay on this file system',
  ],
  run: sumUp,
});

interface Sum { size: number; inodes: number; newest: number }
interface DuStyle {
  size: BlockSize; depth: number; all: boolean; apparent: boolean; follow: boolean; separate: boolean; excluded: (path: string, name: string) => boolean;
  threshold: number; end: string; seen: Set<string>; time: ((us: number) => string) | null;
}

function* sumUp(task: Task): Sys<number | void> {
  if (task.has('s') && task.has('a')) return yield* task.misuse('cannot both summarize and show all entries');
  const depth = task.value('d');
  if (depth !== undefined && !/^\d+$/.test(depth)) return yield* task.misuse(`invalid maximum depth ${task.quote(depth)}`);
  if (task.has('s') && depth !== undefined && depth !== '0') {
    return yield* task.misuse(`summarizing conflicts with --max-depth=${depth}`);
  }
  const size = readSize(task, KIB);
  if (typeof size === 'string') return yield* task.misuse(size);
  const limit = task.value('t');
  const threshold = limit === undefined ? 0 : (limit.startsWith('-') ? -1 : 1) * (parseBlockSize(limit.replace(/^-/, ''))?.unit ?? NaN);
  if (Number.isNaN(threshold)) return yield* task.misuse(`invalid --threshold argument ${task.quote(limit!)}`);
  const patterns = [...task.values('exclude')];
  for (const file of task.values('X')) {
    const text = yield* readOperand(file);
    if (text.ok) patterns.push(...text.value.split('\n').filter(Boolean));
    else yield* task.fileError(file, text.errno);
  }
  const matchers = patterns.map((pattern) => globMatcher(pattern));
  const style: DuStyle = {
    size, depth: task.has('s') ? 0 : depth === undefined ? Infinity : Number(depth), all: task.has('a'),
    apparent: task.has('apparent-size') || task.has('b'), follow: task.has('L'), separate: task.has('S'), threshold,
    excluded: (path, name) => matchers.some((matches) => matches(path) || matches(name)), end: task.has('0') ? '\0' : '\n', seen: new Set(),
    time: timeShown(task),
  };
  const total: Sum = { size: 0, inodes: 0, newest: 0 };
  let names: readonly string[] = task.operands.length ? task.operands : ['.'];
  const list = task.value('files0-from');
  if (list !== undefined) {
    const text = yield* readOperand(list);
    if (!text.ok) {
      yield* task.cannot('cannot open', list, text.errno);
      return 1;
    }
    names = text.value.split('\0').filter(Boolean);
  }
  for (const path of names) {
    const sum = yield* duOne(task, path, 0, style);
    if (sum) addSum(total, sum);
  }
  if (task.has('c')) task.print(duLine(task, total, 'total', style));
}

function timeShown(task: Task): ((us: number) => string) | null {
  if (!task.has('time')) return null;
  const style = task.value('time-style') ?? 'long-iso';
  const format = style.startsWith('+') ? style.slice(1) : style === 'full-iso' ? '%Y-%m-%d %H:%M:%S.%N %z' : style === 'iso' ? '%Y-%m-%d' : '%Y-%m-%d %H:%M';
  const zone = zoneOf(task.start.env['TZ']);
  return (us) => `${strftime(format, momentOf(us), zone)}\t`;
}

function addSum(into: Sum, sum: Sum): void {
  into.size += sum.size;
  into.inodes += sum.inodes;
  into.newest = Math.max(into.newest, sum.newest);
}

const duLine = (task: Task, sum: Sum, path: string, style: DuStyle): string => {
  const count = task.has('inodes') ? (style.size.human ? human(sum.inodes, style.size.human) : String(sum.inodes)) : inBlocks(sum.size, style.size);
  return `${count}\t${style.time ? style.time(sum.newest) : ''}${path}${style.end}`;
};

function* duOne(task: Task, path: string, depth: number, style: DuStyle): Sys<Sum | null> {
  const stat = yield* call('stat', { path, follow: style.follow || (depth === 0 && task.has('D')) });
  if (!stat.ok) {
    yield* task.cannot('cannot access', path, stat.errno);
    return null;
  }
  const found: Stat = stat.value;
  const key = `${found.dev}:${found.ino}`;
  if (!task.has('l') && (found.nlink > 1 || depth === 0 || style.follow)) {
    if (style.seen.has(key)) return null;
    style.seen.add(key);
  }
  const own: Sum = { size: style.apparent ? found.size : blocksOf(found), inodes: 1, newest: found.mtime };
  if (found.type !== 'dir') {
    if ((style.all && depth <= style.depth) || depth === 0) show(task, own, path, style);
    return own;
  }
  const names = yield* call('readdir', { path });
  if (!names.ok) yield* task.error(`cannot read directory ${quoteAlways(path)}: ${strerror(names.errno)}`);
  const all: Sum = { ...own };
  for (const name of names.ok ? names.value : []) {
    const below = joinPath(path, name);
    if (style.excluded(below, name)) continue;
    if (task.has('x') && (yield* otherDevice(below, found.dev))) continue;
    const sum = yield* duOne(task, below, depth + 1, style);
    if (!sum) continue;
    addSum(all, sum);
    const isDir = yield* wasDir(below, style);
    if (!isDir) addSum(own, sum);
  }
  if (depth <= style.depth) show(task, style.separate ? own : all, path, style);
  return all;
}

function* wasDir(path: string, style: DuStyle): Sys<boolean> {
  if (!style.separate) return false;
  const stat = yield* call('stat', { path, follow: style.follow });
  return stat.ok && stat.value.type === 'dir';
}

function* otherDevice(path: string, dev: string): Sys<boolean> {
  const stat = yield* call('stat', { path, follow: false });
  return stat.ok && stat.value.dev !== dev;
}

function show(task: Task, sum: Sum, path: string, style: DuStyle): void {
  if (style.threshold > 0 && sum.size < style.threshold) return;
  if (style.threshold < 0 && sum.size > -style.threshold) return;
  task.print(duLine(task, sum, path, style));
}

export const df = tool({
  name: 'df', package: PACKAGES.coreutils, usage: ['[OPTION]... [FILE]...'],
  about: 'Show information about the file system on which each FILE resides,\nor all file systems by default.',
  authors: 'Torbjorn Granlund, David MacKenzie, and Paul Eggert',
  options: [
    '-a, --all  include file systems without blocks, and duplicates',
    '-B, --block-size=SIZE  show sizes in units of SIZE',
    '-h, --human-readable  show sizes in powers of 1024 (e.g., 1023M)',
    '-H, --si  show sizes in powers of 1000 (e.g., 1.1G)',
    '-i, --inodes  show inodes, not blocks',
    '-k  the same as --block-size=1K',
    '-l, --local  only local file systems',
    '!-m', '--no-sync  (default)', '--sync  (no effect)',
    '--output[=FIELD_LIST]  show these fields: source, fstype, itotal, iused, iavail,\nipcent, size, used, avail, pcent, file, target',
    '-P, --portability  use the POSIX format',
    '--total  print a grand total',
    '-t, --type=TYPE  only file systems of this type',
    '-T, --print-type  show the type of each file system',
    '-x, --exclude-type=TYPE  no file systems of this type',
    '!-v',
  ],
  run: showFileSystems,
});

type FsRow = Calls['statfs'][1] & { file: string };
interface Column { title: string; least: number; right: boolean; cell: (row: FsRow) => string }

const percent = (used: number, available: number): string =>
  (used + available === 0 ? '-' : `${Math.ceil((used * 100) / (used + available))}%`);

function dfColumns(size: BlockSize, posix: boolean): Readonly<Record<string, Column>> {
  const blocks = (n: number): string => inBlocks(n, size);
  const count = (n: number): string => (size.human ? human(n, size.human) : String(n));
  const unit = size.unit === 1 ? '1B' : size.unit % 1_000 === 0 && size.unit % 1_024 !== 0 ? human(size.unit, 1000) : `${human(size.unit).replace('.0', '')}`;
  const title = size.human ? 'Size' : posix ? `${size.unit}-blocks` : `${unit}-blocks`;
  const column = (name: string, least: number, right: boolean, cell: (row: FsRow) => string): Column => ({ title: name, least, right, cell });
  return {
    source: column('Filesystem', 14, false, (row) => row.source), fstype: column('Type', 4, false, (row) => row.type),
    size: column(title, 5, true, (row) => blocks(row.size)), used: column('Used', 5, true, (row) => blocks(row.used)),
    avail: column(size.human && !posix ? 'Avail' : 'Available', 5, true, (row) => blocks(row.available)),
    pcent: column(posix ? 'Capacity' : 'Use%', 4, true, (row) => percent(row.used, row.available)),
    itotal: column('Inodes', 5, true, (row) => count(row.inodes)), iused: column('IUsed', 5, true, (row) => count(row.inodesUsed)),
    iavail: column('IFree', 5, true, (row) => count(row.inodes - row.inodesUsed)),
    ipcent: column('IUse%', 4, true, (row) => percent(row.inodesUsed, row.inodes - row.inodesUsed)),
    target: column('Mounted on', 0, false, (row) => row.target), file: column('File', 0, false, (row) => row.file),
  };
}

function* showFileSystems(task: Task): Sys<number | void> {
  const size = readSize(task, KIB);
  if (typeof size === 'string') return yield* task.misuse(size);
  const shown = task.given.filter(({ key }) => 'hHkmB'.includes(key)).length ? size : KIB;
  const all = dfColumns(task.has('i') && !size.human ? KIB : shown, task.has('P'));
  const fields = dfFields(task);
  const unknown = fields.find((field) => !all[field]);
  if (unknown !== undefined) return yield* task.misuse(`option --output: field ${task.quote(unknown)} unknown`);
  const rows = task.operands.length ? yield* operandRows(task) : yield* mountedRows(task);
  const wanted = rows.filter((row) => (!task.has('t') || task.values('t').includes(row.type)) && !task.values('x').includes(row.type)
    && !(task.has('l') && /^(nfs|cifs|smb)/.test(row.type)));
  if (wanted.length === 0) {
    if (task.status === 0 || task.operands.length === 0) yield* task.error('no file systems processed');
    return 1;
  }
  if (task.has('total')) wanted.push(grandTotal(wanted));
  task.print(table(fields.map((field) => all[field]!), wanted));
}

function dfFields(task: Task): string[] {
  if (task.has('output')) {
    const typed = task.value('output');
    return typed ? typed.split(',') : ['source', 'fstype', 'itotal', 'iused', 'iavail', 'ipcent', 'size', 'used', 'avail', 'pcent', 'file', 'target'];
  }
  const numbers = task.has('i') ? ['itotal', 'iused', 'iavail', 'ipcent'] : ['size', 'used', 'avail', 'pcent'];
  return ['source', ...(task.has('T') ? ['fstype'] : []), ...numbers, 'target'];
}

function* operandRows(task: Task): Sys<FsRow[]> {
  const rows: FsRow[] = [];
  for (const path of task.operands) {
    const got = yield* call('statfs', { path });
    if (got.ok) rows.push({ ...got.value, file: path });
    else yield* task.fileError(path, got.errno);
  }
  return rows;
}

/** What is mounted; without -a, neither what has no blocks nor a second mount of the same device. */
function* mountedRows(task: Task): Sys<FsRow[]> {
  const mounts = yield* call('mounts', {});
  const rows: FsRow[] = [];
  for (const mount of mounts.ok ? mounts.value : []) {
    const got = yield* call('statfs', { path: mount.target });
    if (!got.ok) continue;
    const row = { ...got.value, source: mount.source, type: mount.type, target: mount.target, file: '-' };
    if (task.has('a')) rows.push(row);
    if (task.has('a') || row.size === 0) continue;
    const twin = rows.findIndex((other) => other.source === row.source && row.source.startsWith('/'));
    if (twin < 0) rows.push(row);
    else if (row.target.length < rows[twin]!.target.length) rows[twin] = row;
  }
  return rows;
}

function grandTotal(rows: readonly FsRow[]): FsRow {
  const sum = (pick: (row: FsRow) => number): number => rows.reduce((total, row) => total + pick(row), 0);
  return {
    source: 'total', type: '-', target: '-', file: '-', size: sum((r) => r.size), used: sum((r) => r.used), available: sum((r) => r.available),
    inodes: sum((r) => r.inodes), inodesUsed: sum((r) => r.inodesUsed),
  };
}

function table(columns: readonly Column[], rows: readonly FsRow[]): string {
  const cells = [columns.map((column) => column.title), ...rows.map((row) => columns.map((column) => column.cell(row)))];
  const widths = columns.map((column, i) => Math.max(column.least, ...cells.map((line) => line[i]!.length)));
  return cells.map((line) => `${line.map((cell, i) => {
    if (columns[i]!.right) return cell.padStart(widths[i]!);
    return i === line.length - 1 ? cell : cell.padEnd(widths[i]!);
  }).join(' ')}\n`).join('');
}
