/**
 * which: GNU which 2.20 on CentOS, which names what it did not find; on Debian the shell script of debianutils 4.8,
 * which is silent. Aliases and functions (`--read-alias`) come from standard input, as the shell's alias passes them.
 */
import type { Sys } from '../../../sim/proc/program.ts';
import { readAll } from '../../../sim/proc/libc.ts';
import { call } from '../../../sim/proc/syscalls.ts';
import { onDebian, PACKAGES, type Task, tool } from '../coreutils/tool.ts';

const gnu = tool({
  name: 'which', package: { ...PACKAGES.coreutils, title: 'GNU which', centos: '2.20', debian: '2.20', year: '2008' },
  usage: ['[options] [--] COMMAND [...]'],
  about: 'Write the full path of COMMAND(s) to standard output.', trouble: 255,
  options: [
    '-a, --all  print all matches in PATH, not just the first',
    '-i, --read-alias  read aliases from standard input',
    '--skip-alias  ignore --read-alias',
    '--read-functions  read shell functions from standard input',
    '--skip-functions  ignore --read-functions',
    '--skip-dot  skip directories in PATH that start with a dot',
    '--skip-tilde  skip directories in PATH that start with a tilde',
    '--show-dot  do not expand a dot to the current directory in output',
    '--show-tilde  output a tilde for HOME, unless root',
    '--tty-only  stop processing options on the right if not on tty',
  ],
  style: { stopAtOperand: true }, run: gnuWhich,
});

function* gnuWhich(task: Task): Sys<number | void> {
  if (task.operands.length === 0) return yield* task.misuse();
  const searched = (task.start.env['PATH'] ?? '').split(':');
  const aliases = task.has('i') && !task.has('skip-alias') ? yield* readAliases() : new Map<string, string>();
  let missing = 0;
  for (const name of task.operands) {
    const alias = aliases.get(name);
    if (alias !== undefined) task.print(`${alias}\n`);
    const found = yield* find(name, searched.filter((dir) => !(task.has('skip-dot') && dir.startsWith('.'))), task.has('a'));
    for (const path of found) task.print(`\t`.repeat(alias === undefined ? 0 : 1) + `${path}\n`);
    if (found.length || alias !== undefined) continue;
    missing++;
    const where = name.includes('/') ? name.slice(0, name.lastIndexOf('/')) || '/' : task.start.env['PATH'] ?? '';
    yield* task.error(`no ${name.slice(name.lastIndexOf('/') + 1)} in (${where})`, 0);
  }
  return missing;
}

function* readAliases(): Sys<Map<string, string>> {
  const text = yield* readAll(0);
  const found = new Map<string, string>();
  for (const line of (text.ok ? text.value : '').split('\n')) {
    const m = /^(?:alias )?([^=\s]+)=/.exec(line);
    if (m) found.set(m[1]!, line);
  }
  return found;
}

function* find(name: string, path: readonly string[], all: boolean): Sys<string[]> {
  if (name === '') return [];
  const candidates = name.includes('/') ? [name] : path.map((dir) => `${dir.replace(/\/$/, '') || (dir === '/' ? '' : '.')}/${name}`);
  const found: string[] = [];
  for (const candidate of candidates) {
    const stat = yield* call('stat', { path: candidate });
    if (!stat.ok || stat.value.type !== 'file') continue;
    if (!(yield* call('access', { path: candidate, mode: 'x' })).ok) continue;
    found.push(candidate);
    if (!all) break;
  }
  return found;
}

/** `set -ef` and getopts of the script: only -a is known. */
function* debianWhich(argv: readonly string[], path: readonly string[]): Sys<number> {
  let words = argv.slice(1);
  let all = false;
  while (words[0]?.startsWith('-') && words[0] !== '-') {
    const word = words[0];
    words = words.slice(1);
    if (word === '--') break;
    for (const letter of word.slice(1)) {
      if (letter === 'a') { all = true; continue; }
      yield* call('write', { fd: 2, text: `Illegal option -${letter}\nUsage: ${argv[0]!} [-a] args\n` });
      return 2;
    }
  }
  let status = words.length ? 0 : 1;
  for (const name of words) {
    const found = yield* find(name, path, all);
    if (found.length === 0) status = 1;
    else yield* call('write', { fd: 1, text: `${found.join('\n')}\n` });
  }
  return status;
}

export const which: typeof gnu = {
  ...gnu,
  *main(start) {
    if (yield* onDebian()) return yield* debianWhich(start.argv, (start.env['PATH'] ?? '').split(':'));
    return yield* gnu.main(start);
  },
};
