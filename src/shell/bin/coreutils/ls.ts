/**
 * ls (dir, vdir) of GNU coreutils 8.22/8.26: names are never quoted on a terminal, as CentOS and Debian
 * have it. It reads inodes only where an option needs them.
 */
import { strerror, terminal } from '../../../sim/proc/libc.ts';
import type { Sys } from '../../../sim/proc/program.ts';
import { call, type Stat } from '../../../sim/proc/syscalls.ts';
import type { Command } from '../../command.ts';
import { readAccounts } from './accounts.ts';
import { zoneOf } from './clock/zone.ts';
import { byCode, compareVersion } from './collate.ts';
import { inColumns, withCommas, type Cell } from './columns.ts';
import { globMatcher } from './glob.ts';
import { type BlockSize, BYTES, HUMAN, HUMAN_SI, inBlocks, KIB, parseBlockSize } from './human.ts';
import {
  alignCells, blocksOf, type Classify, colorOf, type Entry, longCells, type LongStyle, type Palette, readPalette, signOf, TIME_STYLES,
  type TimeStyle,
} from './ls-entry.ts';
import { quoteAlways, quoteIfNeeded } from './quote.ts';
import { PACKAGES, type Task, tool } from './tool.ts';
import { displayWidth } from './width.ts';

type Format = 'long' | 'one' | 'columns' | 'across' | 'commas';
interface Style {
  format: Format; all: 'no' | 'almost' | 'yes'; classify: Classify; sort: 'name' | 'none' | 'size' | 'time' | 'extension' | 'version';
  reverse: boolean; dirsFirst: boolean; recursive: boolean; asDirectory: boolean; follow: boolean; followOperands: boolean;
  inode: boolean; blocks: boolean; blockSize: BlockSize; palette: Palette | null; width: number; tabSize: number;
  ignored: (name: string) => boolean; show: (name: string) => string; long: LongStyle | null; needsStat: boolean;
}

const OPTIONS = [
  '-a, --all  also list names that begin with .',
  '-A, --almost-all  like -a, but without . and ..',
  '--author  with -l, show the author of each file',
  '-b, --escape  show what does not print as C escapes',
  '--block-size=SIZE  show sizes in units of SIZE',
  '-B, --ignore-backups  do not list names that end with ~',
  '-c  (the model keeps one time) the same as the time of change',
  '-C  list in columns',
  '--color[=WHEN]  use colours: always (default), auto, never',
  '-d, --directory  list directories themselves, not what is in them',
  '-f  do not sort; also turns on -a and off -l, -s and --color',
  '-F, --classify  add one of */=>@| to each name',
  '--file-type  like -F, but without *',
  '--format=WORD  across -x, commas -m, horizontal -x, long -l,\nsingle-column -1, verbose -l, vertical -C',
  '--full-time  like -l --time-style=full-iso',
  '-g  like -l, but without the owner',
  '--group-directories-first  list directories before files',
  '-G, --no-group  with -l, do not show groups',
  '-h, --human-readable  with -l or -s, show sizes such as 1K 234M 2G',
  '--si  like -h, but with powers of 1000',
  '-H, --dereference-command-line  follow symbolic links that are operands',
  '!--dereference-command-line-symlink-to-dir',
  '--hide=PATTERN  do not list names that match the shell PATTERN, unless -a or -A',
  '--indicator-style=WORD  none, slash (-p), file-type, classify (-F)',
  '-i, --inode  show the number of each inode',
  '-I, --ignore=PATTERN  do not list names that match the shell PATTERN',
  '-k, --kibibytes  sizes on disk are in units of 1024 bytes',
  '-l  list with details',
  '-L, --dereference  show what a symbolic link leads to',
  '-m  list names with commas',
  '-n, --numeric-uid-gid  like -l, with numbers for owner and group',
  '-N, --literal  show names as they are',
  '-o  like -l, but without the group',
  '-p  add / to directories',
  '-q, --hide-control-chars  show ? for what does not print',
  '--show-control-chars  show it as it is',
  '-Q, --quote-name  put names in double quotes',
  '--quoting-style=WORD  literal, locale, shell, shell-always, c, escape',
  '-r, --reverse  reverse the order',
  '-R, --recursive  list directories below too',
  '-s, --size  show the size of each file on disk',
  '-S  sort by size, greatest first',
  '--sort=WORD  none -U, size -S, time -t, version -v, extension -X',
  '--time=WORD  (the model keeps one time) atime, access, use, ctime or status',
  '--time-style=STYLE  full-iso, long-iso, iso, locale or +FORMAT',
  '-t  sort by time, newest first',
  '-T, --tabsize=COLS  tab stops are COLS apart, not 8',
  '-u  (the model keeps one time) the same as the time of change',
  '-U  do not sort',
  '-v  sort numbers inside names by value',
  '-w, --width=COLS  the screen is COLS wide',
  '-x  list by lines instead of by columns',
  '-X  sort by extension',
  '-Z, --context  show security contexts (there are none)',
  '-1  list one name a line',
];

const listing = (name: string, fallback: Format | null): Command => tool({
  name, package: PACKAGES.coreutils, usage: ['[OPTION]... [FILE]...'],
  about: 'List information about the FILEs (the current directory by default).\nSort entries alphabetically unless an option says otherwise.',
  authors: 'Richard M. Stallman and David MacKenzie', trouble: 2, options: OPTIONS,
  notes: 'Exit status:\n 0  if OK,\n 1  if minor problems (e.g., cannot access subdirectory),\n 2  if serious trouble (e.g., cannot access command-line argument).',
  *run(task) {
    const bad = task.given.find(({ key, value }) => !isChoice(key, value));
    if (bad) return yield* task.badWord(bad.value!, task.quote(`--${bad.key}`), CHOICES[bad.key]!);
    const style = yield* readStyle(task, fallback);
    if (typeof style !== 'string') return yield* list(task, style);
    // What is no word of an option is only named.
    if (style.includes('time style')) return yield* task.misuse(style);
    yield* task.error(style, 2);
    return 2;
  },
});

export const ls = listing('ls', null);
export const dir = listing('dir', 'columns');
export const vdir = listing('vdir', 'long');

const FORMAT_WORDS: Readonly<Record<string, Format>> = {
  across: 'across', commas: 'commas', horizontal: 'across', long: 'long', 'single-column': 'one', verbose: 'long', vertical: 'columns',
};
const FORMAT_KEYS: Readonly<Record<string, Format>> = {
  l: 'long', g: 'long', o: 'long', n: 'long', 'full-time': 'long', '1': 'one', C: 'columns', x: 'across', m: 'commas',
};
const SORT_WORDS: Readonly<Record<string, Style['sort']>> = {
  none: 'none', size: 'size', time: 'time', version: 'version', extension: 'extension',
};
const SORT_KEYS: Readonly<Record<string, Style['sort']>> = { U: 'none', f: 'none', S: 'size', t: 'time', v: 'version', X: 'extension' };
/** Words of options; a comma joins those that mean the same. */
const CHOICES: Readonly<Record<string, readonly string[]>> = {
  color: ['always,yes,force', 'never,no,none', 'auto,tty,if-tty'], format: ['verbose,long', 'commas', 'horizontal,across', 'vertical', 'single-column'],
  sort: ['none', 'time', 'size', 'extension', 'version'], 'indicator-style': ['none', 'slash', 'file-type', 'classify'],
  time: ['atime,access,use', 'ctime,status'], 'quoting-style': ['literal', 'shell', 'shell-always', 'c', 'locale', 'escape'],
};

const isChoice = (key: string, value: string | undefined): boolean =>
  value === undefined || !(key in CHOICES) || CHOICES[key]!.some((group) => group.split(',').some((one) => one.startsWith(value) && value !== ''));

/** The word that was meant, in full; without a value the first. */
const word = (key: string, value: string | undefined): string =>
  CHOICES[key]!.flatMap((group) => group.split(',')).find((choice) => choice.startsWith(value ?? ''))!;

function readFormat(task: Task, onTerminal: boolean, fallback: Format | null): Format {
  let format: Format = fallback ?? (onTerminal ? 'columns' : 'one');
  for (const { key, value } of task.given) {
    const next = key === 'format' ? FORMAT_WORDS[word('format', value)] : FORMAT_KEYS[key];
    // -1 after -l says nothing: a long listing has a line for each name already.
    if (next && !(key === '1' && format === 'long')) format = next;
  }
  return format;
}

function readSort(task: Task): Style['sort'] {
  let sort: Style['sort'] | null = null;
  for (const { key, value } of task.given) sort = (key === 'sort' ? SORT_WORDS[word('sort', value)] : SORT_KEYS[key]) ?? sort;
  return sort ?? 'name';
}

function readClassify(task: Task): Classify {
  let how: Classify = 'none';
  for (const { key, value } of task.given) {
    if (key === 'F') how = 'classify';
    else if (key === 'p') how = 'slash';
    else if (key === 'file-type') how = 'file-type';
    else if (key === 'indicator-style') how = word(key, value) as Classify;
  }
  return how;
}

/** What `-h`, `--si`, `-k` and `--block-size` mean for sizes of files and on disk. */
function readSizes(task: Task): { size: BlockSize; blocks: BlockSize } | string {
  let size = BYTES;
  let blocks = 'POSIXLY_CORRECT' in task.start.env ? { ...KIB, unit: 512 } : KIB;
  for (const { key, value } of task.given) {
    if (key === 'h' || key === 'si') size = blocks = key === 'h' ? HUMAN : HUMAN_SI;
    if (key === 'block-size') {
      const parsed = parseBlockSize(value ?? '');
      if (!parsed) return `invalid --block-size argument ${task.quote(value ?? '')}`;
      size = blocks = parsed;
    }
  }
  return { size, blocks };
}

function readTimeStyle(task: Task): TimeStyle | string {
  if (task.last('full-time', 'time-style') === 'full-time') return TIME_STYLES['full-iso']!;
  const typed = (task.value('time-style') ?? task.start.env['TIME_STYLE'] ?? 'locale').replace(/^posix-/, '');
  if (typed.startsWith('+')) {
    const [recent = '', old] = typed.slice(1).split('\n');
    return { recent: old ?? recent, old: recent };
  }
  return TIME_STYLES[typed] ?? [
    `invalid argument ${task.quote(typed)} for ${task.quote('time style')}`, 'Valid arguments are:', '  - [posix-]full-iso', '  - [posix-]long-iso',
    '  - [posix-]iso', '  - [posix-]locale', "  - +FORMAT (e.g., +%H:%M) for a 'date'-style format",
  ].join('\n');
}

function* readStyle(task: Task, fallback: Format | null): Sys<Style | string> {
  const screen = yield* terminal(1);
  const format = readFormat(task, screen !== null, fallback);
  const width = task.value('w') ?? (screen ? String(screen.cols) : undefined) ?? task.start.env['COLUMNS'] ?? '80';
  if (!/^\d+$/.test(width)) return `invalid line width: ${task.quote(width)}`;
  const tabSize = task.value('T') ?? '8';
  if (!/^\d+$/.test(tabSize)) return `invalid tab size: ${task.quote(tabSize)}`;
  const sizes = readSizes(task);
  if (typeof sizes === 'string') return sizes;
  const timeStyle = readTimeStyle(task);
  if (typeof timeStyle === 'string') return timeStyle;
  const when = task.has('color') ? word('color', task.value('color')) : 'never';
  // Without LS_COLORS, a terminal that is known to have no colours gets none.
  const plainTerm = !task.start.env['LS_COLORS'] && ['dumb', undefined].includes(task.start.env['TERM']);
  const colored = !plainTerm && (['always', 'yes', 'force'].includes(when) || (['auto', 'tty', 'if-tty'].includes(when) && screen !== null));
  const sort = readSort(task);
  const classify = readClassify(task);
  const last = task.last('a', 'A', 'f');
  const long = format === 'long' ? yield* readLong(task, sizes.size, timeStyle) : null;
  return {
    format, sort, classify, long, blockSize: sizes.blocks, all: !last ? 'no' : last === 'A' ? 'almost' : 'yes',
    reverse: task.has('r'), recursive: task.has('R'), asDirectory: task.has('d'), dirsFirst: task.has('group-directories-first'),
    follow: task.has('L'), followOperands: task.has('L') || task.has('H'), inode: task.has('i'), blocks: task.has('s'),
    palette: colored && !task.has('f') ? readPalette(task.start.env['LS_COLORS']) : null, width: Number(width), tabSize: Number(tabSize),
    ignored: ignoring(task, last !== undefined), show: shownName(task, screen !== null),
    needsStat: format === 'long' || task.has('i') || task.has('s') || sort === 'size' || sort === 'time' || classify !== 'none'
      || colored || task.has('R') || task.has('group-directories-first') || task.has('L'),
  };
}

function* readLong(task: Task, size: BlockSize, timeStyle: TimeStyle): Sys<LongStyle> {
  const clock = yield* call('now', {});
  return {
    accounts: yield* readAccounts(), numeric: task.has('n'), owner: !task.has('g'), group: !task.has('G') && !task.has('o'),
    author: task.has('author'), size, zone: zoneOf(task.start.env['TZ']), nowUs: clock.ok ? clock.value.real : 0, timeStyle,
  };
}

function ignoring(task: Task, all: boolean): (name: string) => boolean {
  const patterns = [...task.values('I'), ...(all ? [] : task.values('hide')), ...(task.has('B') ? ['*~', '.*~'] : [])].map((p) => globMatcher(p));
  return (name) => patterns.some((matches) => matches(name));
}

const CONTROL = /[\x00-\x1f\x7f\udc80-\udcff]/g;
const cEscape = (c: string): string => {
  const known: Readonly<Record<string, string>> = { '\n': '\\n', '\t': '\\t', '\r': '\\r', '\b': '\\b', '\f': '\\f', '\v': '\\v', '\x07': '\\a' };
  const code = c.charCodeAt(0);
  return known[c] ?? `\\${(code >= 0xdc80 ? code - 0xdc00 : code).toString(8).padStart(3, '0')}`;
};

function shownName(task: Task, onTerminal: boolean): (name: string) => string {
  const given = task.last('b', 'N', 'Q', 'quoting-style');
  const style = given === 'b' ? 'escape' : given === 'Q' ? 'c' : given === 'quoting-style' ? word(given, task.value(given)) : 'literal';
  const escaped = (name: string): string => name.replaceAll('\\', '\\\\').replace(CONTROL, cEscape);
  if (style === 'escape') return (name) => escaped(name).replaceAll(' ', '\\ ');
  if (style === 'c') return (name) => `"${escaped(name).replaceAll('"', '\\"')}"`;
  if (style === 'locale') return (name) => task.quote(name);
  if (style === 'shell') return quoteIfNeeded;
  if (style === 'shell-always') return quoteAlways;
  const control = task.last('q', 'show-control-chars');
  const hide = control ? control === 'q' : onTerminal;
  return hide ? (name) => name.replace(CONTROL, '?') : (name) => name;
}

function* list(task: Task, style: Style): Sys<void> {
  const files: Entry[] = [];
  const dirs: Entry[] = [];
  for (const path of task.operands.length ? task.operands : ['.']) {
    const entry = yield* lookOperand(task, path, style);
    if (!entry) continue;
    const goesIn = !style.asDirectory && (entry.beyond ?? entry.stat)?.type === 'dir';
    (goesIn ? dirs : files).push(entry);
  }
  sortEntries(files, style);
  sortEntries(dirs, style);
  if (files.length) task.print(format(files, style, dirs));
  const many = task.operands.length > 1 || style.recursive;
  let first = files.length === 0;
  for (const entry of dirs) {
    yield* listDir(task, entry.path, style, many, first, true);
    first = false;
  }
}

/** An operand: a link to a directory is followed unless details of the link itself are asked for. */
function* lookOperand(task: Task, path: string, style: Style): Sys<Entry | null> {
  const stat = yield* call('stat', { path, follow: style.followOperands });
  const broken = !stat.ok && style.followOperands && stat.errno === 'ENOENT' ? yield* call('stat', { path, follow: false }) : stat;
  if (!broken.ok || (!stat.ok && style.follow)) {
    yield* task.cannot('cannot access', path, (stat as { errno: string }).errno, 2);
    return null;
  }
  if (broken.value.type !== 'symlink') return { name: path, path, stat: broken.value };
  const beyond = yield* call('stat', { path });
  const asLink = style.format === 'long' || style.classify === 'classify' || style.asDirectory;
  if (beyond.ok && beyond.value.type === 'dir' && !asLink) return { name: path, path, stat: beyond.value };
  const entry = { name: path, path, stat: broken.value };
  return style.palette || style.format === 'long' ? { ...entry, ...(beyond.ok && beyond.value.type === 'dir' ? {} : { beyond: beyond.ok ? beyond.value : null }) } : entry;
}

const joined = (dir: string, name: string): string => (dir.endsWith('/') ? dir + name : `${dir}/${name}`);

function* listDir(task: Task, path: string, style: Style, titled: boolean, first: boolean, operand: boolean): Sys<void> {
  const names = yield* call('readdir', { path });
  if (!names.ok) {
    yield* task.error(`cannot open directory ${quoteAlways(path)}: ${strerror(names.errno)}`, operand ? 2 : 1);
    return;
  }
  const wanted = names.value.filter((name) => (style.all !== 'no' || !name.startsWith('.')) && !style.ignored(name));
  if (style.all === 'yes') wanted.unshift('.', '..');
  const entries: Entry[] = [];
  for (const name of wanted) {
    const entry = yield* lookInside(task, path, name, style);
    if (entry) entries.push(entry);
  }
  sortEntries(entries, style);
  if (titled) task.print(`${first ? '' : '\n'}${style.show(path)}:\n`);
  if (style.format === 'long' || style.blocks) {
    const total = entries.reduce((sum, entry) => sum + (entry.stat ? blocksOf(entry.stat) : 0), 0);
    task.print(`total ${inBlocks(total, style.blockSize)}\n`);
  }
  task.print(format(entries, style));
  if (task.full) yield* task.flush();
  if (!style.recursive) return;
  for (const entry of entries) {
    if (entry.stat?.type === 'dir' && entry.name !== '.' && entry.name !== '..') yield* listDir(task, entry.path, style, true, false, false);
  }
}

function* lookInside(task: Task, dir: string, name: string, style: Style): Sys<Entry | null> {
  const path = joined(dir, name);
  if (!style.needsStat) return { name, path, stat: null };
  const stat = yield* call('stat', { path, follow: style.follow });
  if (!stat.ok && style.follow) yield* task.cannot('cannot access', path, stat.errno, 1);
  if (!stat.ok && !style.follow) {
    yield* task.cannot('cannot access', path, stat.errno, 1);
    return { name, path, stat: null };
  }
  const known: Stat | null = stat.ok ? stat.value : null;
  if (known?.type !== 'symlink' || !(style.palette || style.dirsFirst || (style.format === 'long' && style.classify !== 'none'))) return { name, path, stat: known };
  const beyond = yield* call('stat', { path });
  return { name, path, stat: known, beyond: beyond.ok ? beyond.value : null };
}

const extension = (name: string): string => (name.includes('.') ? name.slice(name.lastIndexOf('.')) : '');

function sortEntries(entries: Entry[], style: Style): void {
  const size = (entry: Entry): number => entry.stat?.size ?? 0;
  const time = (entry: Entry): number => entry.stat?.mtime ?? 0;
  const orders: Record<Style['sort'], (a: Entry, b: Entry) => number> = {
    none: () => 0,
    name: (a, b) => byCode(a.name, b.name),
    size: (a, b) => size(b) - size(a) || byCode(a.name, b.name),
    time: (a, b) => time(b) - time(a) || byCode(a.name, b.name),
    extension: (a, b) => byCode(extension(a.name), extension(b.name)) || byCode(a.name, b.name),
    version: (a, b) => compareVersion(a.name, b.name),
  };
  const order = orders[style.sort];
  const isDir = (entry: Entry): number => ((entry.beyond ?? entry.stat)?.type === 'dir' ? 0 : 1);
  const sign = style.reverse ? -1 : 1;
  if (style.sort === 'none' && !style.dirsFirst) return;
  entries.sort((a, b) => (style.dirsFirst ? isDir(a) - isDir(b) : 0) || sign * order(a, b));
}

/** The name in colour with its sign. The first colour of a listing is preceded by a reset. */
function painted(entry: Entry, name: string, style: Style, first: { colored: boolean }): string {
  const sign = signOf(entry.stat, style.long && entry.stat?.type === 'symlink' ? 'none' : style.classify);
  if (!style.palette) return name + sign;
  const color = colorOf(style.palette, entry.name, entry.stat, entry.beyond === null);
  if (color === '') return name + sign;
  const reset = first.colored ? '' : '\x1b[0m';
  first.colored = true;
  return `${reset}\x1b[${color}m${name}\x1b[0m${sign}`;
}

/** `beside`: entries shown elsewhere that widen the columns all the same. */
function format(entries: readonly Entry[], style: Style, beside: readonly Entry[] = []): string {
  const first = { colored: false };
  const prefixes = prefixCells(entries, style);
  if (style.long) {
    const lines = longLines([...entries, ...beside], style.long);
    return entries.map((entry, i) => `${prefixes[i]}${lines[i]} ${longName(entry, style, first)}\n`).join('');
  }
  const cells = entries.map((entry, i): Cell => {
    const name = style.show(entry.name);
    const sign = signOf(entry.stat, style.classify);
    return { text: prefixes[i] + painted(entry, name, style, first), width: prefixes[i]!.length + displayWidth(name) + sign.length };
  });
  if (style.format === 'one') return cells.map((cell) => `${cell.text}\n`).join('');
  if (style.format === 'commas') return withCommas(cells, style.width);
  if (style.width === 0) return cells.length ? `${cells.map((cell) => cell.text).join('  ')}\n` : '';
  return inColumns(cells, style.width, style.format === 'columns', style.palette ? 0 : style.tabSize);
}

/** Inode numbers and blocks, to the right in columns of their own. */
function prefixCells(entries: readonly Entry[], style: Style): string[] {
  const columns: string[][] = [];
  if (style.inode) columns.push(entries.map((entry) => (entry.stat ? String(entry.stat.ino) : '?')));
  if (style.blocks) columns.push(entries.map((entry) => (entry.stat ? inBlocks(blocksOf(entry.stat), style.blockSize) : '?')));
  const widths = columns.map((cells) => (style.format === 'commas' ? 0 : Math.max(0, ...cells.map((cell) => cell.length))));
  return entries.map((_, i) => columns.map((cells, c) => `${cells[i]!.padStart(widths[c]!)} `).join(''));
}

function longLines(entries: readonly Entry[], long: LongStyle): string[] {
  const known = entries.map((entry) => (entry.stat ? longCells(entry.stat, long) : null));
  const shape = known.find((cells) => cells !== null);
  const blank = shape ? ['??????????', ...shape.slice(1, -1).map(() => '?'), '?'.padStart(12)] : ['??????????', '?', '?', '?', '?', '           ?'];
  return alignCells(known.map((cells) => cells ?? blank));
}

function longName(entry: Entry, style: Style, first: { colored: boolean }): string {
  const name = painted(entry, style.show(entry.name), style, first);
  if (entry.stat?.type !== 'symlink' || entry.stat.target === undefined) return name;
  const target = style.show(entry.stat.target);
  const beyond = entry.beyond ?? null;
  const color = style.palette && beyond ? colorOf(style.palette, entry.stat.target, beyond) : '';
  const shown = color === '' ? target : `\x1b[${color}m${target}\x1b[0m`;
  return `${name} -> ${shown}${style.classify === 'slash' ? '' : signOf(beyond, style.classify)}`;
}
