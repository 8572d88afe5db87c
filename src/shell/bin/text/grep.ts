/**
 * grep, egrep, fgrep and zgrep of GNU grep 2.20/2.27. Lines of a pipe are answered as they come. What a
 * directory, a binary file or a file that cannot be read means is decided here; matching is regex/.
 */
import { strerror } from '../../../sim/proc/libc.ts';
import type { Json, Start, Sys } from '../../../sim/proc/program.ts';
import { call } from '../../../sim/proc/syscalls.ts';
import type { Command } from '../../command.ts';
import { globMatcher } from '../coreutils/glob.ts';
import { nextPiece, openSource, readOperand, type Source } from '../coreutils/input.ts';
import { joinPath } from '../coreutils/paths.ts';
import { PACKAGES, type Task, tool } from '../coreutils/tool.ts';
import { compilePatterns, type LineMatcher, type Flavor } from './grep-match.ts';
import { gunzip, isGzip } from './gzip/gunzip.ts';
import { fromBytes, toBytes } from '../../../sim/proc/text.ts';
import { GrepOutput, type Look } from './grep-output.ts';

const OPTIONS = [
  '-E, --extended-regexp  PATTERN is an extended regular expression', '-F, --fixed-strings  PATTERN is a set of newline-separated strings',
  '-G, --basic-regexp  PATTERN is a basic regular expression (default)', '-P, --perl-regexp  PATTERN is a Perl regular expression',
  '-e, --regexp=PATTERN  use PATTERN for matching', '-f, --file=FILE  obtain PATTERN from FILE', '-i, --ignore-case, -y  ignore case distinctions',
  '-w, --word-regexp  match only whole words', '-x, --line-regexp  match only whole lines', '-z, --null-data  lines end with NUL, not newline',
  '-s, --no-messages  suppress error messages', '-v, --invert-match  select lines that do not match', '!-V',
  '-m, --max-count=NUM  stop after NUM matching lines', '-b, --byte-offset  print the byte offset with output lines', '-n, --line-number  print line numbers',
  '--line-buffered  flush output on every line (it always is)', '-H, --with-filename  print the file name for each match', '-h, --no-filename  do not print file names',
  '--label=LABEL  use LABEL as the name of standard input', '-o, --only-matching  show only the part of a line that matches', '-q, --quiet, --silent  suppress all normal output',
  '--binary-files=TYPE  binary files are binary, text or without-match', '-a, --text  the same as --binary-files=text', '-I  the same as --binary-files=without-match',
  '-d, --directories=ACTION  directories: read, recurse or skip', '-D, --devices=ACTION  devices: read or skip', '-r, --recursive  like --directories=recurse',
  '-R, --dereference-recursive  likewise, but follow all symlinks', '--include=FILE_PATTERN  search only files that match FILE_PATTERN',
  '--exclude=FILE_PATTERN  skip files that match FILE_PATTERN', '--exclude-from=FILE  skip files that match any file pattern from FILE', '--exclude-dir=PATTERN  skip directories that match PATTERN',
  '-L, --files-without-match  print only names of files without a match', '-l, --files-with-matches  print only names of files with a match', '-c, --count  print only a count of matching lines',
  '-T, --initial-tab  make tabs line up (if needed)', '-Z, --null  print a NUL after file names', '-B, --before-context=NUM  print NUM lines of leading context',
  '-A, --after-context=NUM  print NUM lines of trailing context', '-C, --context=NUM  print NUM lines of output context', '--color[=WHEN], --colour[=WHEN]  mark what matches: always, never or auto', '-U, --binary  (no effect)', '-u, --unix-byte-offsets  (no effect)',
];

const family = (name: string, flavor: Flavor | null, zipped = false): Command => {
  const made = tool({
    name, package: PACKAGES.grep, usage: ['[OPTION]... PATTERN [FILE]...'], about: 'Search for PATTERN in each FILE.', authors: 'Mike Haertel and others', trouble: 2,
    options: OPTIONS, style: { digits: true }, run: (task) => search(task, flavor ?? byName(task.name), zipped),
  });
  return { ...made, *main(start: Start): Sys<number> { return yield* usageOf(made, start); } };
};

/** One file serves egrep and fgrep too. */
const byName = (name: string): Flavor | null => (/(^|\/)z?egrep$/.test(name) ? 'E' : /(^|\/)z?fgrep$/.test(name) ? 'F' : null);

/** grep has its own words for a usage error. */
function* usageOf(made: Command, start: Start): Sys<number> {
  const inner = made.main(start);
  let step = inner.next();
  while (!step.done) {
    const asked = step.value;
    const call = asked.op === 'write' && asked.fd === 2 && asked.text.endsWith(`Try '${start.argv[0]} --help' for more information.\n`)
      ? { ...asked, text: asked.text.replace(/Try '[^']*' for more information\.\n$/, `Usage: ${start.argv[0]} [OPTION]... PATTERNS [FILE]...\n$&`) } : asked;
    step = inner.next(yield call);
  }
  return step.value;
}

export const grep = family('grep', null);
export const egrep = family('egrep', 'E');
export const fgrep = family('fgrep', 'F');
export const zgrep = family('zgrep', null, true);
export const zegrep = family('zegrep', 'E', true);
export const zfgrep = family('zfgrep', 'F', true);

interface Style {
  readonly look: Look; readonly matcher: LineMatcher; readonly invert: boolean; readonly quiet: boolean; readonly silent: boolean;
  readonly list: 'with' | 'without' | null; readonly count: boolean; readonly most: number; readonly end: string;
  readonly binary: 'binary' | 'text' | 'without-match'; readonly dirs: 'read' | 'recurse' | 'skip'; readonly followAll: boolean; readonly zipped: boolean;
  readonly included: (name: string) => boolean; readonly excludedDir: (name: string) => boolean;
}

function* refuse(task: Task, text: string): Sys<number> {
  yield* task.error(text, 2);
  return 2;
}

const CONTEXT_KEYS = { A: 'A', B: 'B', C: 'C' } as const;

/** Lines of context before and after; null after something that is no number. */
function readContext(task: Task): { before: number; after: number } | string {
  const digits = task.given.filter(({ key }) => key === '#').map(({ value }) => value).join('');
  const number = (key: keyof typeof CONTEXT_KEYS): number | undefined => (task.value(key) === undefined ? undefined : Number(task.value(key)));
  for (const key of ['A', 'B', 'C'] as const) {
    const typed = task.value(key);
    if (typed !== undefined && !/^\d+$/.test(typed)) return `${typed}: invalid context length argument`;
  }
  const both = number('C') ?? (digits === '' ? 0 : Number(digits));
  return { before: number('B') ?? both, after: number('A') ?? both };
}

/** The patterns of -e, -f or the first operand. */
function* readPatterns(task: Task): Sys<{ patterns: string[]; files: string[] } | number> {
  const patterns: string[] = [];
  const files = [...task.operands];
  let given = false;
  for (const { key, value } of task.given) {
    if (key === 'e') patterns.push(...value!.split('\n'));
    if (key === 'f') {
      const text = yield* readOperand(value!);
      if (!text.ok) return yield* refuse(task, `${value!}: ${strerror(text.errno)}`);
      if (text.value !== '') patterns.push(...text.value.replace(/\n$/, '').split('\n'));
    }
    given ||= key === 'e' || key === 'f';
  }
  if (given) return { patterns, files };
  const first = files.shift();
  if (first === undefined) return yield* task.misuse();
  return { patterns: first.split('\n'), files };
}

function* search(task: Task, fixed: Flavor | null, zipped: boolean): Sys<number> {
  const read = yield* readPatterns(task);
  if (typeof read === 'number') return read;
  const flavors = task.given.filter(({ key }) => 'EFGP'.includes(key) && key.length === 1);
  const flavor = (flavors.at(-1)?.key as Flavor | undefined) ?? fixed ?? 'G';
  const made = compilePatterns(read.patterns, { flavor, ignoreCase: task.has('i'), word: task.has('w'), line: task.has('x') });
  if (!made.ok) return yield* refuse(task, made.message);
  const context = readContext(task);
  if (typeof context === 'string') return yield* refuse(task, context);
  const most = task.value('m');
  if (most !== undefined && !/^-?\d+$/.test(most)) return yield* refuse(task, 'invalid max count');
  const dirs = task.has('r') || task.has('R') ? 'recurse' : task.value('d') ?? 'read';
  if (!['read', 'recurse', 'skip'].includes(dirs)) return yield* refuseWord(task, dirs, '--directories', ['read', 'recurse', 'skip']);
  const binary = task.last('a', 'I', 'binary-files') === 'a' ? 'text' : task.has('I') ? 'without-match' : task.value('binary-files') ?? 'binary';
  if (!['binary', 'text', 'without-match'].includes(binary)) return yield* refuse(task, 'unknown binary-files type');
  const when = task.has('color') ? task.value('color') ?? 'auto' : 'never';
  const screen = ['auto', 'tty', 'if-tty'].includes(when) ? yield* call('tty', { fd: 1 }) : null;
  if (!['always', 'yes', 'force', 'never', 'no', 'none', 'auto', 'tty', 'if-tty'].includes(when)) return yield* task.misuse();
  const files = read.files.length ? read.files : dirs === 'recurse' ? ['.'] : ['-'];
  const named = task.last('H', 'h');
  const style: Style = {
    matcher: made.matcher, invert: task.has('v'), quiet: task.has('q'), silent: task.has('s'), count: task.has('c'), zipped,
    list: task.last('l', 'L') === 'l' ? 'with' : task.has('L') ? 'without' : null, most: most === undefined || Number(most) < 0 ? Infinity : Number(most),
    end: task.has('z') ? '\0' : '\n', binary: binary as Style['binary'], dirs: dirs as Style['dirs'], followAll: task.has('R'),
    ...(yield* readFilters(task)),
    look: {
      name: named ? named === 'H' : files.length > 1 || dirs === 'recurse', line: task.has('n'), offset: task.has('b'), tab: task.has('T'), nul: task.has('Z'), only: task.has('o'),
      color: ['always', 'yes', 'force'].includes(when) || (screen?.ok ?? false), invert: task.has('v'), ...context, end: task.has('z') ? '\0' : '\n',
    },
  };
  return yield* searchAll(task, files, read.files.length === 0, style);
}

function* refuseWord(task: Task, typed: string, option: string, words: readonly string[]): Sys<number> {
  return yield* task.badWord(typed, task.quote(option), words, 1);
}

function* readFilters(task: Task): Sys<Pick<Style, 'included' | 'excludedDir'>> {
  const rules: { include: boolean; matches: (name: string) => boolean }[] = [];
  for (const { key, value } of task.given) {
    if (key === 'include' || key === 'exclude') rules.push({ include: key === 'include', matches: globMatcher(value!) });
    if (key !== 'exclude-from') continue;
    const text = yield* readOperand(value!);
    for (const line of text.ok ? text.value.split('\n').filter(Boolean) : []) rules.push({ include: false, matches: globMatcher(line) });
  }
  const dirs = task.values('exclude-dir').map((pattern) => globMatcher(pattern.replace(/(?<=.)\/+$/, '')));
  return {
    // The last rule that fits decides; without one, files go in unless something had to be included first.
    included: (name) => rules.findLast((rule) => rule.matches(name))?.include ?? !(rules[0]?.include ?? false),
    excludedDir: (name) => dirs.some((matches) => matches(name)),
  };
}

interface Progress { found: boolean; trouble: boolean; stop: boolean }

function* searchAll(task: Task, files: readonly string[], bare: boolean, style: Style): Sys<number> {
  const progress: Progress = { found: false, trouble: false, stop: false };
  const output = new GrepOutput(style.look);
  for (const path of files) {
    yield* searchOperand(task, path, style, output, progress, bare && path === '.');
    if (progress.stop || task.broken) break;
  }
  if (style.quiet && progress.found) return 0;
  return progress.trouble ? 2 : progress.found ? 0 : 1;
}

function* complain(task: Task, style: Style, progress: Progress, text: string): Sys<void> {
  progress.trouble = true;
  if (!style.silent) yield* task.error(text, 2);
}

function* searchOperand(task: Task, path: string, style: Style, output: GrepOutput, progress: Progress, bare: boolean): Sys<void> {
  if (path !== '-') {
    const stat = style.dirs === 'recurse' ? yield* call('stat', { path }) : null;
    if (stat?.ok && stat.value.type === 'dir') return yield* searchDir(task, path, style, output, progress, bare ? '' : path);
    const base = path.slice(path.lastIndexOf('/') + 1);
    if (!style.included(base)) return;
  }
  yield* searchFile(task, path, style, output, progress);
}

function* searchDir(task: Task, path: string, style: Style, output: GrepOutput, progress: Progress, shown: string): Sys<void> {
  const names = yield* call('readdir', { path });
  if (!names.ok) return yield* complain(task, style, progress, `${path}: ${strerror(names.errno)}`);
  for (const name of names.value) {
    const below = shown === '' ? name : joinPath(shown, name);
    const stat = yield* call('stat', { path: below, follow: style.followAll });
    if (!stat.ok) {
      if (style.followAll) yield* complain(task, style, progress, `${below}: ${strerror(stat.errno)}`);
      continue;
    }
    if (stat.value.type === 'dir') {
      if (!style.excludedDir(name)) yield* searchDir(task, below, style, output, progress, below);
    } else if (stat.value.type === 'file' && style.included(name)) yield* searchFile(task, below, style, output, progress);
    if (progress.stop || task.broken) return;
  }
}

/** What one file has given so far; a pipe's may be carried over a restart. */
interface Tally { line: number; offset: number; selected: number; rest: string }

/** Reads of a pipe before the program starts again from its tally. */
const READS_MAX = 1_000;

function* searchFile(task: Task, path: string, style: Style, output: GrepOutput, progress: Progress): Sys<void> {
  const shown = path === '-' ? task.value('label') ?? '(standard input)' : path;
  const opened = yield* openSource(path);
  if (!opened.ok) {
    if (opened.errno === 'EISDIR') {
      if (style.dirs === 'skip') return;
      yield* complain(task, style, progress, `${shown}: ${strerror('EISDIR')}`);
      output.begin(shown);
      if (style.list === 'without') task.print(output.listed(shown));
      else if (style.count && !style.quiet) task.print(output.counted(shown, 0));
      return;
    }
    return yield* complain(task, style, progress, `${shown}: ${strerror(opened.errno)}`);
  }
  const source = opened.value;
  if (style.zipped && source.text !== null && isGzip(source.text)) {
    const plain = gunzip(toBytes(source.text));
    if (plain.ok) source.text = fromBytes(plain.bytes);
  }
  const tally: Tally = (path === '-' ? (task.start.mem as Tally | null) : null) ?? { line: 0, offset: 0, selected: 0, rest: '' };
  output.begin(shown);
  yield* searchSource(task, source, style, output, tally);
  progress.found ||= style.list === 'without' ? tally.selected === 0 : tally.selected > 0;
  if (style.quiet) {
    progress.stop = progress.found;
    return;
  }
  if (style.list) {
    if ((style.list === 'with') === tally.selected > 0) task.print(output.listed(shown));
  } else if (style.count) task.print(output.counted(shown, tally.selected));
}

function* searchSource(task: Task, source: Source, style: Style, output: GrepOutput, tally: Tally): Sys<void> {
  const silent = style.quiet || style.list !== null || style.count;
  let binary = false;
  for (let reads = 1; ; reads++) {
    const piece = yield* nextPiece(source);
    if (piece !== null && typeof piece !== 'string') {
      yield* task.error(`${output.file}: ${strerror(piece.errno)}`, 2);
      return;
    }
    const ended = piece === null;
    const text = tally.rest + (piece ?? '');
    if (!binary && style.binary !== 'text' && text.includes('\0') && style.end === '\n') binary = true;
    if (binary && style.binary === 'without-match') return;
    const cut = ended ? text.length : text.lastIndexOf(style.end) + 1;
    tally.rest = text.slice(cut);
    const done = searchText(text.slice(0, cut), style, output, tally, { silent: silent || binary, first: silent && !style.count ? 1 : style.most, print: (part) => task.print(part) });
    if (binary && tally.selected > 0 && !silent) {
      task.print(`Binary file ${output.file} matches\n`);
      return;
    }
    if (source.fd !== null) yield* task.flush();
    if (done || ended || task.broken) return;
    const plain = style.look.before === 0 && style.look.after === 0;
    if (source.fd === 0 && reads >= READS_MAX && plain && task.operands.length <= 1) yield* call('become', { mem: tally as unknown as Json });
  }
}

interface Want { silent: boolean; first: number; print: (text: string) => void }

/** Searches whole lines; true when enough has been found. */
function searchText(text: string, style: Style, output: GrepOutput, tally: Tally, want: Want): boolean {
  const { matcher, end, invert } = style;
  let at = 0;
  while (at < text.length) {
    if (tally.selected >= want.first) {
      const next = text.indexOf(end, at);
      const to = next < 0 ? text.length : next;
      if (want.silent || !output.trailing(text.slice(at, to), ++tally.line, tally.offset, want.print)) return true;
      tally.offset += to - at + 1;
      at = to + 1;
      continue;
    }
    // Between matches whole stretches are skipped at once, where nothing about the lines is asked.
    const next = text.indexOf(end, at);
    const to = next < 0 ? text.length : next;
    const line = text.slice(at, to);
    tally.line++;
    if (matcher.test(line) !== invert) {
      tally.selected++;
      if (!want.silent) output.selected(line, tally.line, tally.offset, matcher, want.print);
    } else if (!want.silent) output.other(line, tally.line, tally.offset, matcher, want.print);
    tally.offset += to - at + 1;
    at = to + 1;
  }
  return tally.selected >= want.first && (want.silent || style.look.after === 0);
}
