/** tree 1.7.0: a directory and what lies below, drawn. Output as XML, HTML or JSON is not known. */
import type { Sys } from '../../../sim/proc/program.ts';
import { call, type Stat } from '../../../sim/proc/syscalls.ts';
import { groupName, readAccounts, userName, type Accounts } from '../coreutils/accounts.ts';
import { momentOf, strftime } from '../coreutils/clock/strftime.ts';
import { zoneOf } from '../coreutils/clock/zone.ts';
import { globMatcher } from '../coreutils/glob.ts';
import { colorOf, type Palette, readPalette, signOf } from '../coreutils/ls-entry.ts';
import { modeString } from '../coreutils/mode.ts';
import { isUtf8 } from '../coreutils/quote.ts';
import { joinPath } from '../coreutils/paths.ts';
import { PACKAGES, type Task, tool } from '../coreutils/tool.ts';
import type { Command } from '../../command.ts';

const framed = tool({
  name: 'tree', package: PACKAGES.coreutils, usage: [''], about: '',
  options: [
    '-a  All files are listed.', '-d  List directories only.', '-l  Follow symbolic links like directories.', '-f  Print the full path prefix for each file.',
    '-L level  Descend only level directories deep.', '-P pattern  List only those files that match the pattern given.', '-I pattern  Do not list files that match the given pattern.',
    '--noreport  Turn off file/directory count at end of tree listing.', '--dirsfirst  List directories before files.', '--prune  Prune empty directories from the output.',
    '--filelimit=#  Do not descend dirs with more than # files in them.', '-p  Print the protections for each file.', '-u  Displays file owner or UID number.',
    '-g  Displays file group owner or GID number.', '-s  Print the size in bytes of each file.', '-h  Print the size in a more human readable way.', '-D  Print the date of last modification.',
    "-F  Appends '/', '=', '*', '@' or '|' as per ls -F.", '-i  Don\'t print indentation lines.', '-r  Reverse the order of the sort.', '-t  Sort files by last modification time.',
    '-U  Leave files unsorted.', '-n  Turn colorization off always.', '-C  Turn colorization on always.', '-Q  Quote filenames with double quotes.', '-x  Stay on current filesystem only.', '--charset=X  Use charset X for terminal output.', '-c',
  ],
  run: draw,
});

const NAMES = 'usage: tree [-acdfghilnpqrstuvxACDFJQNSUX] [-H baseHREF] [-T title ]\n\t[-L level [-R]] [-P pattern] [-I pattern] [-o filename] [--version]\n'
  + '\t[--help] [--inodes] [--device] [--noreport] [--nolinks] [--dirsfirst]\n\t[--charset charset] [--filelimit[=]#] [--si] [--timefmt[=]<f>]\n'
  + '\t[--sort[=]<name>] [--matchdirs] [--ignore-case] [--fromfile] [--] [<directory list>]\n';

export const tree: Command = {
  ...framed,
  *main(start) {
    const about = start.argv.find((word) => word === '--version' || word === '--help');
    if (!about) return yield* framed.main(start);
    yield* call('write', { fd: 1, text: about === '--help' ? NAMES : 'tree v1.7.0 (c) 1996 - 2014 by Steve Baker, Thomas Moore, Francesc Rocher, Florian Sesser, Kyosuke Tokoro \n' });
    return 0;
  },
};

interface Drawing {
  readonly task: Task; readonly accounts: Accounts; readonly palette: Palette | null; readonly lines: readonly [string, string, string, string]; readonly depth: number;
  readonly keep: ((name: string) => boolean) | null; readonly drop: ((name: string) => boolean) | null; readonly nowUs: number;
  dirs: number; files: number;
}
interface Found { readonly name: string; readonly path: string; readonly stat: Stat; readonly target: Stat | null }

function* draw(task: Task): Sys<number | void> {
  const level = task.value('L');
  if (level !== undefined && !/^[1-9]\d*$/.test(level)) {
    yield* call('write', { fd: 2, text: 'tree: Invalid level, must be greater than 0.\n' });
    return 1;
  }
  const screen = yield* call('tty', { fd: 1 });
  const now = yield* call('now', {});
  const pattern = (key: string): ((name: string) => boolean) | null => {
    const typed = task.values(key);
    const all = typed.flatMap((one) => one.split('|')).map((one) => globMatcher(one));
    return typed.length ? (name): boolean => all.some((matches) => matches(name)) : null;
  };
  const utf8 = isUtf8(task.start.env) && task.value('charset') !== 'ascii';
  const it: Drawing = {
    task, accounts: yield* readAccounts(), palette: task.has('C') || (screen.ok && !task.has('n') && 'LS_COLORS' in task.start.env) ? readPalette(task.start.env['LS_COLORS']) : null,
    lines: utf8 ? ['├── ', '└── ', '│\u00a0\u00a0 ', '    '] : ['|-- ', '`-- ', '|   ', '    '], depth: level === undefined ? Infinity : Number(level),
    keep: pattern('P'), drop: pattern('I'), nowUs: now.ok ? now.value.real : 0, dirs: 0, files: 0,
  };
  for (const path of task.operands.length ? task.operands : ['.']) {
    const stat = yield* call('stat', { path });
    if (!stat.ok || stat.value.type !== 'dir') { task.print(`${path} [error opening dir]\n`); task.status = stat.ok ? task.status : 2; continue; }
    task.print(`${prefix(it, stat.value)}${paint(it, path, stat.value, path)}\n`);
    yield* below(it, path, '', 1, stat.value.dev);
  }
  const count = (n: number, one: string, many: string): string => `${n} ${n === 1 ? one : many}`;
  if (!task.has('noreport')) task.print(`\n${count(it.dirs, 'directory', 'directories')}${task.has('d') ? '' : `, ${count(it.files, 'file', 'files')}`}\n`);
  return task.status;
}

function* entries(it: Drawing, path: string): Sys<Found[] | null> {
  const { task } = it;
  const names = yield* call('readdir', { path });
  if (!names.ok) return null;
  const found: Found[] = [];
  for (const name of names.value) {
    if (name.startsWith('.') && !task.has('a')) continue;
    const at = joinPath(path, name);
    const stat = yield* call('stat', { path: at, follow: false });
    if (!stat.ok) continue;
    const target = stat.value.type === 'symlink' ? yield* call('stat', { path: at }) : null;
    const isDir = stat.value.type === 'dir';
    if (task.has('d') && !isDir && !(target?.ok && target.value.type === 'dir')) continue;
    if (it.keep && !isDir && !it.keep(name)) continue;
    if (it.drop?.(name)) continue;
    found.push({ name, path: at, stat: stat.value, target: target?.ok ? target.value : null });
  }
  const byName = (a: Found, b: Found): number => (a.name < b.name ? -1 : 1);
  if (!task.has('U')) found.sort((a, b) => (task.has('t') || task.has('c') ? a.stat.mtime - b.stat.mtime : 0) || byName(a, b));
  if (task.has('r')) found.reverse();
  if (task.has('dirsfirst')) found.sort((a, b) => Number(b.stat.type === 'dir') - Number(a.stat.type === 'dir'));
  return found;
}


function* below(it: Drawing, path: string, indent: string, depth: number, device: string): Sys<void> {
  const { task } = it;
  if (depth > it.depth) return;
  const found = yield* entries(it, path);
  if (!found) { task.print(`${indent} [error opening dir]\n`); return; }
  const shown: Found[] = [];
  for (const one of found) if (!task.has('prune') || one.stat.type !== 'dir' || (yield* holdsFiles(it, one.path))) shown.push(one);
  for (const [i, one] of shown.entries()) {
    const last = i === shown.length - 1;
    const lead = task.has('i') ? '' : indent + it.lines[last ? 1 : 0];
    const name = task.has('f') ? one.path : one.name;
    const quoted = task.has('Q') ? `"${name}"` : name;
    const link = one.stat.type === 'symlink' ? ` -> ${one.stat.target ?? ''}` : '';
    const sign = task.has('F') ? signOf(one.stat, 'classify').replace('@', '') : '';
    task.print(`${lead}${prefix(it, one.stat)}${paint(it, quoted, one.stat, one.name, one.target)}${link}${sign}`);
    const isDir = one.stat.type === 'dir' || (one.target?.type === 'dir');
    if (isDir) it.dirs++; else it.files++;
    const enter = one.stat.type === 'dir' || (task.has('l') && one.target?.type === 'dir');
    const limit = Number(task.value('filelimit') ?? Infinity);
    const inside = enter && limit !== Infinity ? yield* call('readdir', { path: one.path }) : null;
    if (inside?.ok && inside.value.length > limit) {
      task.print(` [${inside.value.length} entries exceeds filelimit, not opening dir]\n`);
      continue;
    }
    const readable = enter && depth < it.depth ? yield* call('readdir', { path: one.path }) : null;
    if (readable && !readable.ok) { task.print(' [error opening dir]\n'); continue; }
    task.print('\n');
    if (enter && !(task.has('x') && one.stat.dev !== device)) yield* below(it, one.path, indent + (task.has('i') ? '' : it.lines[last ? 3 : 2]), depth + 1, device);
    if (task.full) yield* task.flush();
  }
}

function* holdsFiles(it: Drawing, path: string): Sys<boolean> {
  for (const one of (yield* entries(it, path)) ?? []) {
    if (one.stat.type !== 'dir' || (yield* holdsFiles(it, one.path))) return true;
  }
  return false;
}

/** What -p, -u, -g, -s, -h and -D put in brackets before the name. */
function prefix(it: Drawing, stat: Stat): string {
  const { task, accounts } = it;
  const parts: string[] = [];
  if (task.has('p')) parts.push(modeString(stat));
  if (task.has('u')) parts.push((userName(accounts, stat.uid) ?? String(stat.uid)).slice(0, 8).padEnd(8));
  if (task.has('g')) parts.push((groupName(accounts, stat.gid) ?? String(stat.gid)).slice(0, 8).padEnd(8));
  if (task.has('h')) parts.push(humanSize(stat.size).padStart(4));
  else if (task.has('s')) parts.push(String(stat.size).padStart(11));
  if (task.has('D')) {
    const recent = stat.mtime > it.nowUs - 15_724_800_000_000 && stat.mtime <= it.nowUs;
    parts.push(strftime(recent ? '%b %e %H:%M' : '%b %e  %Y', momentOf(stat.mtime), zoneOf(task.start.env['TZ'])));
  }
  return parts.length ? `[${parts.join(' ')}]  ` : '';
}

function humanSize(size: number): string {
  let [n, unit] = [size, 0];
  while (n >= 1024) { n /= 1024; unit++; }
  if (unit === 0) return String(size);
  return `${n < 10 ? n.toFixed(1) : n.toFixed(0)}${'BKMGT'[unit]!}`;
}

function paint(it: Drawing, shown: string, stat: Stat, name: string, target: Stat | null = null): string {
  if (!it.palette) return shown;
  const color = colorOf(it.palette, name, stat, stat.type === 'symlink' && target === null);
  return color ? `\x1b[${color}m${shown}\x1b[00m` : shown;
}
