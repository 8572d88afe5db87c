/** find of GNU findutils 4.5.11/4.7: its own kind of command line, read in find/expression.ts, walked in find/walk.ts. */
import type { Start, Sys } from '../../../sim/proc/program.ts';
import { strerror } from '../../../sim/proc/libc.ts';
import { call } from '../../../sim/proc/syscalls.ts';
import type { Command } from '../../command.ts';
import { findGid, findUid, readAccounts } from '../coreutils/accounts.ts';
import { parseDate } from '../coreutils/clock/parse-date.ts';
import { momentOf } from '../coreutils/clock/strftime.ts';
import { zoneOf } from '../coreutils/clock/zone.ts';
import { PACKAGES, Task, type Tool, tool } from '../coreutils/tool.ts';
import { BadExpression, hasAction, type Lookup, type Options, parseExpression, referenced, type Test } from './find/expression.ts';
import { Walk } from './find/walk.ts';

const definition: Tool = {
  name: 'find', package: PACKAGES.findutils, usage: ['[-H] [-L] [-P] [-Olevel] [-D debugopts] [path...] [expression]'],
  about: 'default path is the current directory; default expression is -print', authors: 'Eric B. Decker, James Youngman, and Kevin Dalley', options: [],
  notes: 'operators: ( EXPR ) ! EXPR -not EXPR EXPR -a EXPR EXPR -and EXPR EXPR -o EXPR EXPR -or EXPR EXPR , EXPR\n'
    + 'options: -depth -follow -maxdepth N -mindepth N -mount -xdev -regextype TYPE -daystart\n'
    + 'tests: -name -iname -path -ipath -regex -iregex -type -xtype -size -mtime -mmin -newer -newermt -perm -user -group -uid -gid\n'
    + '       -nouser -nogroup -links -inum -samefile -empty -readable -writable -executable -fstype -lname -true -false\n'
    + 'actions: -print -print0 -printf -fprint -fprintf -ls -delete -prune -quit -exec CMD ; -exec CMD {} + -execdir -ok',
  *run() { return 0; },
};
const about = tool(definition);

export const find: Command = {
  name: 'find',
  *main(start: Start): Sys<number> {
    const [name = 'find', ...words] = start.argv;
    if (words.some((word) => /^--?(help|version)$/.test(word))) {
      return yield* about.main({ ...start, argv: [name, words.some((word) => word.includes('help')) ? '--help' : '--version'] });
    }
    const task = new Task(start, definition, name, [], []);
    task.status = yield* search(task, words);
    yield* task.flush();
    return task.status;
  },
};

/** Options, then paths, then the expression. */
function divide(words: readonly string[], options: Options): { paths: string[]; expression: string[] } {
  let at = 0;
  for (; at < words.length && /^-([HLP]|O\d?|D)$/.test(words[at]!); at++) {
    const letter = words[at]![1]!;
    if (letter === 'D') at++;
    else if (letter !== 'O') options.follow = letter as 'H';
  }
  const from = words.slice(at).findIndex((word) => /^-./.test(word) || word === '(' || word === '!' || word === ',' || word === ')');
  const split = from < 0 ? words.length : at + from;
  return { paths: words.slice(at, split), expression: words.slice(split) };
}

function* search(task: Task, words: readonly string[]): Sys<number> {
  const options: Options = { depth: false, maxDepth: Infinity, minDepth: 0, follow: 'P', oneFs: false };
  const { paths, expression } = divide(words, options);
  const accounts = yield* readAccounts();
  const clock = yield* call('now', {});
  const nowUs = clock.ok ? clock.value.real : 0;
  const stats = new Map<string, { mtime: number; ino: number; dev: string } | string>();
  for (const path of referenced(expression)) {
    const stat = yield* call('stat', { path });
    stats.set(path, stat.ok ? stat.value : strerror(stat.errno));
  }
  const lookup: Lookup = {
    uid: (name) => findUid(accounts, name), gid: (name) => findGid(accounts, name), stat: (path) => stats.get(path) ?? 'No such file or directory',
    date(text) {
      const moment = parseDate(text, momentOf(nowUs), zoneOf(task.start.env['TZ']));
      return moment ? moment.seconds * 1_000_000 + Math.floor(moment.nanos / 1_000) : null;
    },
    quote: (text) => task.quote(text),
  };
  let test: Test;
  try {
    test = parseExpression(expression, options, lookup);
  } catch (error) {
    if (!(error instanceof BadExpression)) throw error;
    yield* task.error(error.message);
    return 1;
  }
  if (!hasAction(test)) test = { t: 'and', items: [test, { t: 'print', end: '\n', file: null }] };
  yield* new Walk(task, test, options, accounts, nowUs).run(paths.length ? paths : ['.']);
  return task.status;
}
