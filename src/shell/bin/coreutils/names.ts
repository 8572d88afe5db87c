/** Programs about path names: basename, dirname, realpath, readlink, pwd, pathchk, link targets (coreutils 8.22/8.26). */
import { strerror } from '../../../sim/proc/libc.ts';
import type { Sys } from '../../../sim/proc/program.ts';
import { call } from '../../../sim/proc/syscalls.ts';
import { baseName, canonical, dirName, type Existing, relativePath } from './paths.ts';
import { quoteAlways, quoteIfNeeded } from './quote.ts';
import { PACKAGES, type Task, tool } from './tool.ts';

const endOf = (task: Task): string => (task.has('z') ? '\0' : '\n');
const ZERO = '-z, --zero  end each line with NUL, not newline';

export const basename = tool({
  name: 'basename', package: PACKAGES.coreutils, usage: ['NAME [SUFFIX]', 'OPTION... NAME...'],
  about: 'Print NAME with any leading directory components removed.\nIf specified, also remove a trailing SUFFIX.', authors: 'David MacKenzie',
  options: ['-a, --multiple  take several NAMEs', '-s, --suffix=SUFFIX  remove a trailing SUFFIX; implies -a', ZERO],
  style: { stopAtOperand: true },
  *run(task) {
    const names = task.operands;
    if (names.length === 0) return yield* task.misuse('missing operand');
    const many = task.has('a') || task.has('s');
    if (!many && names.length > 2) return yield* task.misuse(`extra operand ${task.quote(names[2]!)}`);
    const suffix = task.value('s') ?? (many ? '' : names[1] ?? '');
    for (const name of many ? names : names.slice(0, 1)) {
      const base = baseName(name);
      const cut = suffix !== '' && base !== suffix && base.endsWith(suffix) ? base.slice(0, -suffix.length) : base;
      task.print(cut + endOf(task));
    }
  },
});

export const dirname = tool({
  name: 'dirname', package: PACKAGES.coreutils, usage: ['[OPTION] NAME...'],
  about: "Output each NAME with its last non-slash component and trailing slashes\nremoved; if NAME contains no /'s, output '.' (meaning the current directory).",
  authors: 'David MacKenzie and Jim Meyering', options: [ZERO],
  *run(task) {
    if (task.operands.length === 0) return yield* task.misuse('missing operand');
    for (const name of task.operands) task.print(dirName(name) + endOf(task));
  },
});

export const realpath = tool({
  name: 'realpath', package: PACKAGES.coreutils, usage: ['[OPTION]... FILE...'],
  about: 'Print the resolved absolute file name;\nall but the last component must exist', authors: 'Padraig Brady',
  options: [
    '-e, --canonicalize-existing  all parts of the path must exist',
    '-m, --canonicalize-missing  no part of the path need exist',
    '-L, --logical  take .. before symbolic links',
    '-P, --physical  follow symbolic links as they come (default)',
    '-q, --quiet  do not complain',
    '--relative-to=DIR  print the path relative to DIR',
    '--relative-base=DIR  print absolute paths unless below DIR',
    '-s, --strip, --no-symlinks  do not follow symbolic links',
    ZERO,
  ],
  *run(task) {
    if (task.operands.length === 0) return yield* task.misuse('missing operand');
    const existing: Existing = task.has('e') ? 'all' : task.has('m') ? 'none' : 'parents';
    const to = task.value('relative-to') ?? task.value('relative-base');
    const base = to === undefined ? null : yield* canonical(to, existing, !task.has('s'));
    if (base && !base.ok) {
      yield* task.fileError(to!, base.errno);
      return 1;
    }
    const within = task.value('relative-base') === undefined ? null : yield* canonical(task.value('relative-base')!, existing, !task.has('s'));
    for (const path of task.operands) {
      const logical = task.has('L') ? yield* canonical(path, existing, false) : null;
      const real = logical?.ok ? yield* canonical(logical.value, existing, !task.has('s')) : yield* canonical(path, existing, !task.has('s'));
      if (!real.ok) {
        if (!task.has('q')) yield* task.fileError(path, real.errno);
        task.status = 1;
        continue;
      }
      const inside = !within?.ok || real.value === within.value || real.value.startsWith(`${within.value === '/' ? '' : within.value}/`);
      task.print((base?.ok && inside ? relativePath(real.value, base.value) : real.value) + endOf(task));
    }
    return task.status;
  },
});

export const readlink = tool({
  name: 'readlink', package: PACKAGES.coreutils, usage: ['[OPTION]... FILE...'],
  about: 'Print value of a symbolic link or canonical file name', authors: 'Dmitry V. Levin',
  options: [
    '-f, --canonicalize  follow every link; all but the last part must exist',
    '-e, --canonicalize-existing  follow every link; all parts must exist',
    '-m, --canonicalize-missing  follow every link; nothing need exist',
    '-n, --no-newline  print no newline at the end',
    '-q, --quiet, -s, --silent  do not complain (default)',
    '-v, --verbose  complain',
    ZERO,
  ],
  *run(task) {
    if (task.operands.length === 0) return yield* task.misuse('missing operand');
    const mode = task.last('f', 'e', 'm');
    const bare = task.has('n') && task.operands.length === 1;
    if (task.has('n') && !bare) yield* task.error('ignoring --no-newline with multiple arguments', 0);
    for (const path of task.operands) {
      const got = mode ? yield* canonical(path, mode === 'e' ? 'all' : mode === 'm' ? 'none' : 'parents') : yield* call('readlink', { path });
      if (got.ok) task.print(got.value + (bare ? '' : endOf(task)));
      else {
        task.status = 1;
        if (task.has('v')) yield* task.fileError(path, got.errno);
      }
    }
    return task.status;
  },
});

export const pwd = tool({
  name: 'pwd', package: PACKAGES.coreutils, usage: ['[OPTION]...'], about: 'Print the full filename of the current working directory.',
  authors: 'Jim Meyering', options: ['-L, --logical  use PWD from the environment, even with symbolic links', '-P, --physical  avoid all symbolic links'],
  *run(task) {
    if (task.operands.length) yield* task.error('ignoring non-option arguments', 0);
    const shown = task.start.env['PWD'];
    if (task.last('L', 'P') === 'L' && shown?.startsWith('/') && !/(^|\/)\.\.?(\/|$)/.test(shown)) {
      const [there, here] = [yield* call('stat', { path: shown }), yield* call('stat', { path: '.' })];
      if (there.ok && here.ok && there.value.ino === here.value.ino && there.value.dev === here.value.dev) {
        task.print(`${shown}\n`);
        return;
      }
    }
    const cwd = yield* call('getcwd', {});
    if (!cwd.ok) {
      yield* task.error(`couldn't find directory entry in '..' with matching i-node`);
      return 1;
    }
    task.print(`${cwd.value}\n`);
  },
});

export const pathchk = tool({
  name: 'pathchk', package: PACKAGES.coreutils, usage: ['[OPTION]... NAME...'], about: 'Diagnose invalid or unportable file names.',
  authors: 'Paul Eggert, David MacKenzie, and Jim Meyering',
  options: ['-p  check for most POSIX systems', '-P  check for empty names and leading "-"', '--portability  check for all POSIX systems (equivalent to -p -P)'],
  *run(task) {
    if (task.operands.length === 0) return yield* task.misuse('missing operand');
    for (const name of task.operands) {
      const wrong = yield* pathProblem(task, name);
      if (wrong) yield* task.error(wrong);
    }
    return task.status;
  },
});

const NAME_MAX = 255;
const PATH_MAX = 4096;

function* pathProblem(task: Task, name: string): Sys<string | null> {
  const portable = task.has('p') || task.has('portability');
  const strict = task.has('P') || task.has('portability');
  if (strict && name.split('/').some((part) => part.startsWith('-'))) return `leading '-' in a component of file name ${task.quote(name)}`;
  if (name === '' && (portable || strict)) return 'empty file name';
  if (portable) {
    const odd = /[^A-Za-z0-9._/-]/u.exec(name)?.[0];
    if (odd) return `nonportable character ${task.quote(odd)} in file name ${quoteAlways(name)}`;
  } else {
    const stat = yield* call('stat', { path: name, follow: false });
    if (stat.ok) return null;
    if (stat.errno !== 'ENOENT' || name === '') return `${quoteIfNeeded(name)}: ${strerror(stat.errno)}`;
  }
  const [pathMax, nameMax] = portable ? [256, 14] : [PATH_MAX, NAME_MAX];
  if (name.length >= pathMax) return `limit ${pathMax - 1} exceeded by length ${name.length} of file name ${task.quote(name)}`;
  const long = name.split('/').find((part) => part.length > nameMax);
  return long ? `limit ${nameMax} exceeded by length ${long.length} of file name component ${task.quote(long)}` : null;
}
