/** A new shell: its arguments, its first variables, the files that it reads before anything else. shell.c. */
import { strerror } from '../../sim/proc/libc.ts';
import { call } from '../../sim/proc/syscalls.ts';
import type { Start, Sys } from '../../sim/proc/program.ts';
import { tick } from './expand.ts';
import { parseFor } from './run.ts';
import { VERSION } from './builtins/about.ts';
import { sourceText } from './builtins/flow.ts';
import { SHOPTS } from './builtins/settings.ts';
import { emptyHistory, type Session, type Var } from './session.ts';
import { Shell, Unwind } from './shell.ts';
import { set, type Table } from './table.ts';
import { loadLines, historyFile } from './history.ts';
import { lookup, NAME, value } from './variables.ts';

export interface Invocation {
  login: boolean;
  interactive: boolean | null;
  command: string | null;
  stdin: boolean;
  script: string | null;
  args: readonly string[];
  /** `-e`, `-o pipefail` and so on: names of `set -o`. */
  options: readonly (readonly [string, boolean])[];
  shopts: readonly (readonly [string, boolean])[];
  noprofile: boolean;
  norc: boolean;
  rcfile: string | null;
  /** To print and leave: text and status. */
  print: { text: string; status: number; fd: number } | null;
  /** `$0`. */
  name: string;
}

const LETTERS: Readonly<Record<string, string>> = {
  a: 'allexport', b: 'notify', e: 'errexit', f: 'noglob', h: 'hashall', k: 'keyword', m: 'monitor',
  n: 'noexec', p: 'privileged', t: 'onecmd',
  u: 'nounset', v: 'verbose', x: 'xtrace', B: 'braceexpand', C: 'noclobber', E: 'errtrace', H: 'histexpand',
  P: 'physical', T: 'functrace',
};

const VERSION_TEXT = `GNU bash, version ${VERSION} (x86_64-pc-linux-gnu)\n`;
const HELP = `GNU bash, version ${VERSION}-(x86_64-pc-linux-gnu)
Usage:\tbash [GNU long option] [option] ...
\tbash [GNU long option] [option] script-file ...
GNU long options:
\t--help
\t--init-file
\t--login
\t--noediting
\t--noprofile
\t--norc
\t--posix
\t--rcfile
\t--verbose
\t--version
Shell options:
\t-ilrsD or -c command or -O shopt_option\t\t(invocation only)
\t-abefhkmnptuvxBCHP or -o option
`;

const long: Readonly<Record<string, (inv: Draft) => void>> = {
  '--login': (i) => { i.login = true; }, '--noprofile': (i) => { i.noprofile = true; },
  '--norc': (i) => { i.norc = true; },
  '--noediting': () => {}, '--posix': (i) => { i.options.push(['posix', true]); },
  '--verbose': (i) => { i.options.push(['verbose', true]); },
  '--version': (i) => { i.print = { text: VERSION_TEXT, status: 0, fd: 1 }; },
  '--help': (i) => { i.print = { text: HELP, status: 0, fd: 1 }; },
};

type Draft = { -readonly [K in keyof Invocation]: Invocation[K] } & { options: [string, boolean][];
  shopts: [string, boolean][] };

export function parseInvocation(argv: readonly string[]): Invocation {
  const self = argv[0] ?? 'bash';
  const inv: Draft = {
    login: self.startsWith('-'), interactive: null, command: null, stdin: false, script: null, args: [],
    options: [], shopts: [], noprofile: false,
    norc: false, rcfile: null, print: null, name: self,
  };
  let i = 1, wantsCommand = false;
  for (; i < argv.length; i++) {
    const arg = argv[i]!;
    if (arg === '--' || arg === '-') { i++; break; }
    if (arg.startsWith('--')) {
      if (arg === '--rcfile' || arg === '--init-file') { inv.rcfile = argv[++i] ?? null; continue; }
      const set = Object.hasOwn(long, arg) ? long[arg] : undefined;
      if (!set) {
        inv.print = { text: `${self}: ${arg}: invalid option\n${HELP.slice(HELP.indexOf('Usage'))}`,
          status: 2, fd: 2 };
        return inv;
      }
      set(inv);
      if (inv.print) return inv;
      continue;
    }
    if (!/^[-+]./.test(arg)) break;
    const on = arg[0] === '-';
    for (const letter of arg.slice(1)) {
      if (letter === 'c') wantsCommand = true;
      else if (letter === 'i') inv.interactive = true;
      else if (letter === 'l') inv.login = true;
      else if (letter === 's') inv.stdin = true;
      else if (letter === 'D' || letter === 'r') continue;
      else if (letter === 'o') {
        const name = argv[++i];
        if (name !== undefined) inv.options.push([name, on]);
      } else if (letter === 'O') {
        const name = argv[++i];
        if (name !== undefined) inv.shopts.push([name, on]);
      } else if (Object.hasOwn(LETTERS, letter)) inv.options.push([LETTERS[letter]!, on]);
      else {
        inv.print = { text: `${self}: ${arg[0]}${letter}: invalid option\n${HELP.slice(HELP.indexOf('Usage'))}`, status: 2, fd: 2 };
        return inv;
      }
    }
  }
  const rest = argv.slice(i);
  if (wantsCommand) {
    if (!rest.length) {
      inv.print = { text: `${self}: -c: option requires an argument\n`, status: 2, fd: 2 };
      return inv;
    }
    return { ...inv, command: rest[0]!, name: rest[1] ?? self, args: rest.slice(2) };
  }
  if (rest.length && !inv.stdin) return { ...inv, script: rest[0]!, name: rest[0]!, args: rest.slice(1) };
  return { ...inv, stdin: true, args: rest };
}

// ---- the first session

const cell = (text: string, flags = ''): Var => ({ value: text, flags });

function environmentVars(env: Readonly<Record<string, string>>): Table<Var> {
  const vars: Table<Var> = {};
  for (const name of Object.keys(env))
    if (NAME.test(name) && name !== '_') set(vars, name, cell(env[name]!, 'x'));
  return vars;
}

export function* createSession(start: Start, inv: Invocation, interactive: boolean): Sys<Session> {
  const vars = environmentVars(start.env);
  const here = yield* call('getcwd', {}), info = yield* call('sysinfo', {}),
    seed = yield* call('random', { below: 0x7fffffff });
  const now = yield* call('now', {});
  const cwd = yield* logicalDirectory(start.env['PWD'], here.ok ? here.value : '/');
  const level = Number(start.env['SHLVL'] ?? 0);
  const put = (name: string, text: string, flags = ''): void => { vars[name] = cell(text, flags); };
  const byDefault = (name: string, text: string, flags = ''): void => {
    if (!Object.hasOwn(vars, name)) put(name, text, flags);
  };
  put('PWD', cwd, 'x');
  byDefault('PATH', '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin');
  if (!Object.hasOwn(vars, 'OLDPWD')) vars['OLDPWD'] = { flags: 'x' };
  put('SHLVL', String(Number.isInteger(level) && level >= 0 && level < 999 ? level + 1 : 1), 'x');
  put('IFS', ' \t\n');
  put('PS4', start.env['PS4'] ?? '+ ', start.env['PS4'] === undefined ? '' : 'x');
  put('OPTIND', '1');
  put('OPTERR', '1');
  put('BASH', '/bin/bash');
  put('BASH_VERSION', VERSION);
  vars['BASH_VERSINFO'] =
    { list: { 0: '4', 1: '4', 2: '12', 3: '1', 4: 'release', 5: 'x86_64-pc-linux-gnu' }, flags: 'ar' };
  put('HOSTNAME', info.ok ? info.value.hostname : 'localhost',
    Object.hasOwn(start.env, 'HOSTNAME') ? 'x' : '');
  put('HOSTTYPE', 'x86_64');
  put('MACHTYPE', 'x86_64-pc-linux-gnu');
  put('OSTYPE', 'linux-gnu');
  put('UID', String(start.uid), 'ir');
  put('EUID', String(start.uid), 'ir');
  put('PPID', String(start.ppid), 'ir');
  byDefault('TERM', 'dumb');
  if (interactive) { byDefault('PS1', '\\s-\\v\\$ '); byDefault('PS2', '> '); }
  const session: Session = {
    vars, scopes: [], functions: {}, aliases: {},
    options: { braceexpand: true, hashall: true, 'interactive-comments': true }, shopts: { ...SHOPTS },
    status: 0, pipestatus: [0], args: inv.args, name: inv.name, lastArg: start.env['_'] ?? inv.name,
    lastBackground: null, pid: start.pid, cwd, dirs: [], hash: {}, paths: {},
    traps: {}, outerTraps: null, jobs: [], ended: [], history: emptyHistory(), fds: { 0: 0, 1: 1, 2: 2 },
    opened: {}, seed: seed.ok ? seed.value + 1 : 1,
    secondsFrom: now.ok ? now.value.real : 0, subshell: 0, interactive, login: inv.login,
    input: inv.command !== null ? '-c' : inv.script ?? 'stdin',
    getopts: { at: 0, ind: '1' }, env: null, commandCount: 1, disabled: {}, completions: {},
    exitWarned: false, limits: {},
  };
  return session;
}

/** `$PWD` when it still names the directory one is in, so that symbolic links stay in it. */
function* logicalDirectory(given: string | undefined, here: string): Sys<string> {
  if (given === undefined || given === here || !given.startsWith('/') || /\/\.\.?(?:\/|$)/.test(given))
    return here;
  const a = yield* call('stat', { path: given }), b = yield* call('stat', { path: '.' });
  return a.ok && b.ok && a.value.ino === b.value.ino && a.value.dev === b.value.dev ? given : here;
}

/** Descriptors beyond the standard three that the parent left open. */
export function* inherited(sh: Shell): Sys<void> {
  for (const fd of [0, 1, 2]) if (!(yield* sh.call('fstat', { fd })).ok) delete sh.own('fds')[fd];
  for (let fd = 3; fd < 10; fd++) {
    if (!(yield* sh.call('fstat', { fd })).ok) break;
    sh.own('fds')[fd] = fd;
  }
}

/** Functions that a parent shell exported. */
export function importFunctions(sh: Shell, env: Readonly<Record<string, string>>): void {
  for (const key of Object.keys(env)) {
    const m = /^BASH_FUNC_(.+)%%$/.exec(key);
    if (!m || !env[key]!.startsWith('() {')) continue;
    const node = parseFor(sh, `${m[1]} ${env[key]}`).commands[0]?.node;
    if (node?.k === 'function')
      set(sh.own('functions'), m[1]!, { body: node.body, source: 'environment', line: 0, exported: true });
  }
}

export function applyOptions(sh: Shell, inv: Invocation,
  setOption: (sh: Shell, name: string, on: boolean) => void): void {
  if (sh.s.interactive) {
    for (const name of ['histexpand', 'history', 'emacs']) setOption(sh, name, true);
    set(sh.own('shopts'), 'expand_aliases', true);
  }
  if (inv.login) set(sh.own('shopts'), 'login_shell', true);
  for (const [name, on] of inv.options) setOption(sh, name, on);
  for (const [name, on] of inv.shopts) if (Object.hasOwn(SHOPTS, name)) set(sh.own('shopts'), name, on);
}

// ---- startup files

function* sourceIfThere(sh: Shell, path: string): Sys<boolean> {
  const text = yield* sh.call('readFile', { path });
  if (!text.ok) return false;
  try {
    yield* sourceText(sh, text.value, path, []);
  } catch (error) {
    if (!(error instanceof Unwind) || error.kind === 'exit') throw error;
  }
  return true;
}

/** What real bash reads first (Debian's and CentOS's builds read a system-wide bashrc too). */
export function* startupFiles(sh: Shell, inv: Invocation): Sys<void> {
  const home = value(sh, 'HOME') ?? '';
  if (inv.login && !inv.noprofile) {
    yield* sourceIfThere(sh, '/etc/profile');
    for (const name of ['.bash_profile', '.bash_login', '.profile'])
      if (yield* sourceIfThere(sh, `${home}/${name}`)) break;
  } else if (sh.s.interactive && !inv.norc) {
    if (inv.rcfile === null) yield* sourceIfThere(sh, '/etc/bash.bashrc');
    yield* sourceIfThere(sh, inv.rcfile ?? `${home}/.bashrc`);
  } else if (!sh.s.interactive && lookup(sh, 'BASH_ENV')?.value)
    yield* sourceIfThere(sh, value(sh, 'BASH_ENV')!);
}

export function* loadHistory(sh: Shell): Sys<void> {
  const put = (name: string, text: string): void => {
    if (!lookup(sh, name)) sh.own('vars')[name] = cell(text);
  };
  put('HISTSIZE', '500');
  put('HISTFILESIZE', '500');
  put('HISTFILE', `${value(sh, 'HOME') ?? ''}/.bash_history`);
  yield* tick(sh);
  const path = historyFile(sh);
  const text = path === null ? null : yield* sh.call('readFile', { path });
  if (text?.ok) loadLines(sh, text.value);
}

/** A script's text; a status after a message when it cannot be read. */
export function* scriptText(sh: Shell, path: string): Sys<string | number> {
  const say = (message: string): Sys<boolean> =>
    sh.write(2, `${sh.start.argv[0] ?? 'bash'}: ${path}: ${message}\n`);
  const stat = yield* sh.call('stat', { path });
  if (stat.ok && stat.value.type === 'dir') { yield* say('Is a directory'); return 126; }
  const text = yield* sh.call('readFile', { path });
  if (!text.ok) { yield* say(strerror(text.errno)); return text.errno === 'ENOENT' ? 127 : 126; }
  if (text.value.startsWith('\x7fELF') || /\x00/.test(text.value.slice(0, 80))) {
    yield* sh.write(2, `${path}: ${path}: cannot execute binary file\n`);
    return 126;
  }
  return text.value;
}
