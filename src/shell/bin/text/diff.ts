/** diff and sdiff of GNU diffutils 3.3/3.5: files and directories, line by line. Merging with sdiff -o is not known. */
import type { Sys } from '../../../sim/proc/program.ts';
import { strerror } from '../../../sim/proc/libc.ts';
import { call, type Stat } from '../../../sim/proc/syscalls.ts';
import { momentOf, strftime } from '../coreutils/clock/strftime.ts';
import { zoneOf } from '../coreutils/clock/zone.ts';
import { globMatcher } from '../coreutils/glob.ts';
import { readOperand, splitLines } from '../coreutils/input.ts';
import { baseName, joinPath } from '../coreutils/paths.ts';
import { PACKAGES, type Task, tool } from '../coreutils/tool.ts';
import { COLORS, context, ed, type Heading, NO_COLORS, normal, rcs, type Sides, unified } from './diff/formats.ts';
import { comparer, expandTabs, numbered, textOf } from './diff/sameness.ts';
import { type Change, changesBetween } from './diff/script.ts';
import { sideBySide } from './diff/side-by-side.ts';

export const diff = tool({
  name: 'diff', package: PACKAGES.diffutils, usage: ['[OPTION]... FILES'], about: 'Compare FILES line by line.',
  authors: 'Paul Eggert, Mike Haertel, David Hayes,\nRichard Stallman, and Len Tower', trouble: 2,
  options: [
    '--normal  output a normal diff (the default)',
    '-q, --brief  report only when files differ',
    '-s, --report-identical-files  report when two files are the same',
    '-c  the same as --context', '-C, --context[=NUM]  output NUM (default 3) lines of copied context',
    '-u  the same as --unified', '-U, --unified[=NUM]  output NUM (default 3) lines of unified context',
    '-e, --ed  output an ed script', '-n, --rcs  output an RCS format diff',
    '-y, --side-by-side  output in two columns',
    '-W, --width=NUM  output at most NUM (default 130) print columns',
    '--left-column  output only the left column of common lines',
    '--suppress-common-lines  do not output common lines',
    '-p, --show-c-function  show which C function each change is in',
    '-F, --show-function-line=RE  show the most recent line matching RE',
    '-L, --label=LABEL  use LABEL instead of file name and timestamp\n(can be repeated)',
    '-t, --expand-tabs  expand tabs to spaces in output', '-T, --initial-tab  make tabs line up by prepending a tab',
    '-r, --recursive  recursively compare any subdirectories found',
    '--no-dereference  do not follow symbolic links',
    '-N, --new-file  treat absent files as empty', '--unidirectional-new-file  treat absent first files as empty',
    '-x, --exclude=PAT  exclude files that match PAT', '-X, --exclude-from=FILE  exclude files that match any pattern in FILE',
    '-S, --starting-file=FILE  start with FILE when comparing directories',
    '-i, --ignore-case  ignore case differences in file contents',
    '-E, --ignore-tab-expansion  ignore changes due to tab expansion', '-Z, --ignore-trailing-space  ignore white space at line end',
    '-b, --ignore-space-change  ignore changes in the amount of white space', '-w, --ignore-all-space  ignore all white space',
    '-B, --ignore-blank-lines  ignore changes where lines are all blank',
    '-I, --ignore-matching-lines=RE  ignore changes where all lines match RE',
    '-a, --text  treat all files as text', '--strip-trailing-cr  strip trailing carriage return on input',
    '-d, --minimal  try hard to find a smaller set of changes', '-H, --speed-large-files  assume large files, many scattered small changes',
    '--color[=WHEN]  colorize the output; WHEN is never, always or auto',
    "!-v", '!--ignore-file-name-case', '!--horizon-lines=NUM',
  ],
  notes: "FILES are 'FILE1 FILE2' or 'DIR1 DIR2' or 'DIR FILE' or 'FILE DIR'.\nIf a FILE is '-', read standard input.\n"
    + 'Exit status is 0 if inputs are the same, 1 if different, 2 if trouble.',
  style: { digits: true }, run: compareOperands,
});

export const sdiff = tool({
  name: 'sdiff', package: PACKAGES.diffutils, usage: ['[OPTION]... FILE1 FILE2'],
  about: 'Side-by-side merge of differences between FILE1 and FILE2.', authors: 'Thomas Lord', trouble: 2,
  options: [
    '-i, --ignore-case  consider upper- and lower-case to be the same', '-E, --ignore-tab-expansion  ignore changes due to tab expansion',
    '-Z, --ignore-trailing-space  ignore white space at line end', '-b, --ignore-space-change  ignore changes in the amount of white space',
    '-W, --ignore-all-space  ignore all white space', '-B, --ignore-blank-lines  ignore changes whose lines are all blank',
    '-I, --ignore-matching-lines=RE  ignore changes all whose lines match RE', '--strip-trailing-cr  strip trailing carriage return on input',
    '-a, --text  treat all files as text', '-w, --width=NUM  output at most NUM (default 130) print columns',
    '-l, --left-column  output only the left column of common lines', '-s, --suppress-common-lines  do not output common lines',
    '-t, --expand-tabs  expand tabs to spaces in output', '-d, --minimal  try hard to find a smaller set of changes',
  ],
  *run(task) {
    const renamed: Readonly<Record<string, string>> = { W: 'w', w: 'W', l: 'left-column', s: 'suppress-common-lines' };
    const given = [{ key: 'y', value: undefined, as: '-y' }, ...task.given.map((one) => ({ ...one, key: renamed[one.key] ?? one.key }))];
    Object.assign(task, { given });
    return yield* compareOperands(task);
  },
});

type Format = 'normal' | 'brief' | 'unified' | 'context' | 'ed' | 'rcs' | 'side';

interface Style {
  readonly format: Format; readonly lines: number; readonly colors: typeof COLORS; readonly labels: readonly string[];
  readonly blank: ((line: string) => boolean) | null; readonly heading: RegExp | null; readonly excluded: (name: string) => boolean;
}

const FORMATS: Readonly<Record<string, Format>> = {
  normal: 'normal', q: 'brief', u: 'unified', U: 'unified', c: 'context', C: 'context', e: 'ed', n: 'rcs', y: 'side',
};

function* readStyle(task: Task): Sys<Style | string> {
  const digits = task.given.filter(({ key }) => key === '#').map(({ as }) => as.slice(1)).join('');
  const kinds = new Set(task.given.flatMap(({ key }) => FORMATS[key] ?? []));
  kinds.delete('brief');
  if (kinds.size > 1) return 'conflicting output style options';
  const wanted = task.value('U') ?? task.value('C') ?? (digits || '3');
  if (!/^\d+$/.test(wanted)) return `invalid context length '${wanted}'`;
  if (task.has('W') && !/^[1-9]\d*$/.test(task.value('W')!)) return `invalid width '${task.value('W')!}'`;
  const ignored: RegExp[] = [];
  for (const pattern of task.values('I')) {
    try { ignored.push(new RegExp(pattern)); } catch { return `${pattern}: Invalid regular expression`; }
  }
  const patterns = task.values('x').map((pattern) => globMatcher(pattern));
  for (const file of task.values('X')) {
    const text = yield* readOperand(file);
    if (!text.ok) return `${file}: ${strerror(text.errno)}`;
    patterns.push(...splitLines(text.value).filter(Boolean).map((pattern) => globMatcher(pattern)));
  }
  const when = task.has('color') ? task.value('color') ?? 'auto' : 'never';
  if (!['always', 'never', 'auto'].includes(when)) return `invalid color '${when}'`;
  const screen = when === 'auto' ? (yield* call('tty', { fd: 1 })).ok : when === 'always';
  const heading = task.value('F') !== undefined ? new RegExp(task.value('F')!) : task.has('p') ? /^[A-Za-z$_]/ : null;
  const blank = task.has('B') || ignored.length
    ? (line: string): boolean => (task.has('B') && line.trim() === '') || ignored.some((re) => re.test(line)) : null;
  return {
    format: task.has('q') ? 'brief' : [...kinds][0] ?? 'normal', lines: Number(wanted), colors: screen ? COLORS : NO_COLORS,
    labels: task.values('L'), blank, heading, excluded: (name) => patterns.some((matches) => matches(name)),
  };
}

function* compareOperands(task: Task): Sys<number | void> {
  if (task.has('v')) {
    task.print('diff (GNU diffutils) 3.3\n');
    return 0;
  }
  const style = yield* readStyle(task);
  if (typeof style === 'string') return yield* task.misuse(style);
  if (style.labels.length > 2) return yield* task.misuse('too many file label options');
  const [a, b, extra] = task.operands;
  if (a === undefined || b === undefined) return yield* task.misuse(`missing operand after '${a ?? task.start.argv.at(-1)!}'`);
  if (extra !== undefined) return yield* task.misuse(`extra operand '${extra}'`);
  const [left, right] = [yield* look(a), yield* look(b)];
  // A file against a directory: the file of its name in there.
  const dirA = left !== null && left.type === 'dir';
  const dirB = right !== null && right.type === 'dir';
  if (a === '-' && b === '-') return 0;
  if ((dirA && b === '-') || (dirB && a === '-')) return yield* trouble(task, "cannot compare '-' to a directory");
  if (dirA && right && !dirB) return yield* compare(task, style, joinPath(a, baseName(b)), b, false);
  if (dirB && left && !dirA) return yield* compare(task, style, a, joinPath(b, baseName(a)), false);
  if (dirA && dirB) return yield* directories(task, style, a, b);
  return yield* compare(task, style, a, b, false);
}

function* look(path: string, follow = true): Sys<Stat | null> {
  const stat = path === '-' ? yield* call('fstat', { fd: 0 }) : yield* call('stat', { path, follow });
  return stat.ok ? stat.value : null;
}

function* trouble(task: Task, text: string): Sys<number> {
  yield* task.flush();
  yield* task.error(text, 2);
  return 2;
}

function* directories(task: Task, style: Style, a: string, b: string): Sys<number> {
  const lists: (readonly string[])[] = [];
  for (const path of [a, b]) {
    const names = yield* call('readdir', { path });
    if (!names.ok && !(names.errno === 'ENOENT' && task.has('N'))) return yield* trouble(task, `${path}: ${strerror(names.errno)}`);
    lists.push((names.ok ? names.value : []).filter((name) => !style.excluded(name)));
  }
  const [inA, inB] = [new Set(lists[0]), new Set(lists[1])];
  const first = task.value('S');
  let status = 0;
  for (const name of [...new Set([...inA, ...inB])].sort((x, y) => (x < y ? -1 : 1))) {
    if (first !== undefined && name < first) continue;
    const absent = task.has('N') || (task.has('unidirectional-new-file') && !inA.has(name));
    if ((inA.has(name) && inB.has(name)) || absent) {
      status = Math.max(status, yield* compare(task, style, joinPath(a, name), joinPath(b, name), true));
    } else {
      task.print(`Only in ${inA.has(name) ? a : b}: ${name}\n`);
      status = Math.max(status, 1);
    }
  }
  return status;
}

const KIND_WORDS: Readonly<Record<Stat['type'], string>> = {
  file: 'regular file', dir: 'directory', symlink: 'symbolic link', char: 'character special file', block: 'block special file', fifo: 'fifo', socket: 'socket',
};
const kindOf = (stat: Stat): string => (stat.type === 'file' && stat.size === 0 ? 'regular empty file' : KIND_WORDS[stat.type]);

/** Two names, in a directory or as typed. */
function* compare(task: Task, style: Style, a: string, b: string, below: boolean): Sys<number> {
  const follow = !task.has('no-dereference');
  const [left, right] = [yield* look(a, follow), yield* look(b, follow)];
  if (left?.type === 'dir' && right?.type === 'dir') {
    if (task.has('r') || !below) return yield* directories(task, style, a, b);
    task.print(`Common subdirectories: ${a} and ${b}\n`);
    return 0;
  }
  if ((left?.type === 'dir' || right?.type === 'dir') && (!left || !right) && below) return yield* directories(task, style, a, b);
  if (left && right && (left.type === 'dir') !== (right.type === 'dir')) {
    task.print(`File ${a} is a ${kindOf(left)} while file ${b} is a ${kindOf(right)}\n`);
    return 1;
  }
  const texts: string[] = [];
  for (const [path, stat] of [[a, left], [b, right]] as const) {
    const text = stat === null && (below || (task.has('N') && (left ?? right))) ? { ok: true as const, value: '' } : yield* readOperand(path);
    if (!text.ok) {
      const other = path === a && right === null && b !== '-' ? yield* trouble(task, `${a}: ${strerror(text.errno)}`) : null;
      return yield* trouble(task, `${other === null ? path : b}: ${strerror(text.errno)}`);
    }
    texts.push(text.value);
  }
  const status = yield* report(task, style, [a, b], [left, right], texts as [string, string], below);
  if (status === 0 && task.has('s')) task.print(`Files ${a} and ${b} are identical\n`);
  return status;
}

const isBinary = (text: string): boolean => text.slice(0, 32_768).includes('\0');

function* report(task: Task, style: Style, names: readonly [string, string], stats: readonly (Stat | null)[], texts: readonly [string, string],
  below: boolean): Sys<number> {
  if (texts[0] === texts[1] && style.format !== 'side') return 0;
  if (!task.has('a') && (isBinary(texts[0]) || isBinary(texts[1]))) {
    if (texts[0] === texts[1]) return 0;
    task.print(style.format === 'brief' ? `Files ${names[0]} and ${names[1]} differ\n` : `Binary files ${names[0]} and ${names[1]} differ\n`);
    return 1;
  }
  const sides: Sides = { a: textOf(texts[0]), b: textOf(texts[1]) };
  const endMatters = !task.has('w') && !task.has('b') && !task.has('Z') && style.format !== 'side';
  const horizon = style.format === 'unified' || style.format === 'context' ? style.lines : 0;
  const all = changesBetween(...numbered(sides.a, sides.b, comparer(task), endMatters), horizon);
  const changes = style.blank ? all.filter((change) => !idle(change, sides, style.blank!)) : all;
  if (changes.length === 0 && style.format !== 'side') return 0;
  if (style.format === 'brief') {
    task.print(`Files ${names[0]} and ${names[1]} differ\n`);
    return 1;
  }
  if (below) task.print(`${commandLine(task)} ${names.map(shellName).join(' ')}\n`);
  task.print(yield* formatted(task, style, names, stats, sides, changes));
  return changes.length ? 1 : 0;
}

const idle = (change: Change, sides: Sides, blank: (line: string) => boolean): boolean =>
  sides.a.lines.slice(change.a, change.aEnd).every(blank) && sides.b.lines.slice(change.b, change.bEnd).every(blank);

const shellName = (name: string): string => (/[^\w@%+=:,./-]/.test(name) ? `'${name.replaceAll("'", "'\\''")}'` : name);

/** The line above a file's differences in a directory: the options as typed. */
const commandLine = (task: Task): string => [task.name, ...task.start.argv.slice(1).filter((word) => word.startsWith('-') && word !== '-').map(shellName)].join(' ');

function* formatted(task: Task, style: Style, names: readonly [string, string], stats: readonly (Stat | null)[], sides: Sides,
  changes: readonly Change[]): Sys<string> {
  const show = (line: string): string => (task.has('t') ? expandTabs(line) : line);
  const heading: Heading = (before) => {
    for (let i = before - 1; style.heading && i >= 0; i--) {
      if (style.heading.test(sides.a.lines[i]!)) return ` ${sides.a.lines[i]!.slice(0, 40).trimEnd()}`;
    }
    return '';
  };
  const { colors } = style;
  switch (style.format) {
    case 'ed': return ed(sides, changes);
    case 'rcs': return rcs(sides, changes);
    case 'side': return sideBySide(sides, changes, { width: Number(task.value('W') ?? 130), left: task.has('left-column'),
      suppress: task.has('suppress-common-lines'), expand: task.has('t') });
    case 'unified': case 'context': {
      const now = yield* call('now', {});
      const stamp = (i: number): string => stampOf(task, names[i]!, stats[i] ?? null, now.ok ? now.value.real : 0, style.format === 'context');
      const label = (i: number): string => style.labels[i] ?? `${names[i]!}\t${stamp(i)}`;
      const marks = style.format === 'context' ? ['***', '---'] : ['---', '+++'];
      const head = marks.map((mark, i) => `${colors.header}${mark} ${label(i)}${colors.reset}\n`).join('');
      if (style.format === 'context') return head + context(sides, changes, style.lines, colors, heading, show);
      return head + unified(sides, changes, style.lines, colors, heading, show, task.has('T') ? '\t' : '');
    }
    default: return normal(sides, changes, colors, task.has('T') ? '\t' : ' ', show);
  }
}

function stampOf(task: Task, name: string, stat: Stat | null, now: number, contextFormat: boolean): string {
  const time = stat === null ? 0 : name === '-' && stat.type !== 'file' ? now : stat.mtime;
  const zone = zoneOf(task.start.env['TZ']);
  // A context diff keeps ctime's form where the locale is plain C.
  const { LC_ALL, LC_TIME, LANG } = task.start.env;
  const plain = /^(C|POSIX)?$/.test(LC_ALL || LC_TIME || LANG || '');
  return strftime(contextFormat && plain ? '%a %b %e %H:%M:%S %Y' : '%Y-%m-%d %H:%M:%S.%N %z', momentOf(time), zone);
}
