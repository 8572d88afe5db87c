/**
 * systemctl: the words of versions 219 (on the CentOS host) and 239 (in Planet) over one manager. Also what
 * /sbin/reboot, poweroff, halt, shutdown, runlevel and telinit are.
 */
import { err, out } from '../../../../sim/proc/libc.ts';
import type { Start, Sys } from '../../../../sim/proc/program.ts';
import { call } from '../../../../sim/proc/syscalls.ts';
import { ask, type Answers, type Verb } from '../../../../sim/services/systemd/protocol.ts';
import { ETC, openShelves } from '../../../../sim/services/systemd/loader.ts';
import { fullName, kindOf } from '../../../../sim/services/systemd/unitfile.ts';
import { allLinks, fileState } from '../../../../sim/services/systemd/enable.ts';
import type { Command } from '../../../command.ts';
import { getopt, has, valueOf, valuesOf, type Spec } from '../getopt.ts';
import { complain, expandNames, query, refuseUser, type Context } from './context.ts';
import { cat, changeFiles, edit, getDefault, isEnabled, setDefault } from './files.ts';
import { listDependencies, listJobs, listSockets, listTimers, listUnitFiles, listUnits } from './list.ts';
import { askForShutdown, powerCommand } from './power.ts';
import { show } from './show.ts';
import { status } from './status.ts';

const SPEC: Spec = {
  short: 'ht:p:alqfs:H:M:n:o:ir',
  long: {
    help: ['none', 'h'], version: 'none', type: ['required', 't'], property: ['required', 'p'], all: ['none', 'a'], reverse: 'none',
    failed: 'none', full: ['none', 'l'], 'ignore-inhibitors': ['none', 'i'], 'kill-who': 'required', signal: ['required', 's'], 'no-block': 'none', 'no-wall': 'none',
    'no-reload': 'none', 'no-legend': 'none', 'no-pager': 'none', 'no-ask-password': 'none', quiet: ['none', 'q'], system: 'none', user: 'none', global: 'none', force: ['none', 'f'],
    runtime: 'none', lines: ['required', 'n'], output: ['required', 'o'], state: 'required', plain: 'none', now: 'none', value: 'none', wait: 'none', recursive: ['none', 'r'], root: 'required', host: ['required', 'H'], machine: ['required', 'M'],
  },
};

const JOBS: ReadonlySet<string> = new Set(['start', 'stop', 'restart', 'try-restart', 'reload', 'reload-or-restart', 'try-reload-or-restart']);
const ALIASES: Readonly<Record<string, string>> = { condrestart: 'try-restart', 'force-reload': 'reload-or-restart', 'reload-or-try-restart': 'try-reload-or-restart', 'kexec': 'reboot' };

/** Verbs: the least and most arguments, whether only root may. */
const VERBS: Readonly<Record<string, readonly [number, number, boolean, (c: Context) => Sys<number>]>> = {
  'list-units': [0, 99, false, listUnits], 'list-unit-files': [0, 99, false, listUnitFiles], 'list-timers': [0, 99, false, listTimers], 'list-sockets': [0, 99, false, listSockets],
  'list-jobs': [0, 99, false, listJobs], 'list-dependencies': [0, 1, false, listDependencies],
  ...Object.fromEntries([...JOBS].map((verb) => [verb, [1, 99, true, runJobs] as const])),
  status: [0, 99, false, status], show: [0, 99, false, show], cat: [1, 99, false, cat], edit: [1, 1, true, edit],
  'is-active': [1, 99, false, isActive], 'is-failed': [1, 99, false, isActive], 'is-enabled': [1, 99, false, isEnabled], 'is-system-running': [0, 0, false, isSystemRunning],
  enable: [1, 99, true, changeFiles], reenable: [1, 99, true, changeFiles], disable: [1, 99, true, changeFiles], preset: [1, 99, true, changeFiles],
  mask: [1, 99, true, changeFiles], unmask: [1, 99, true, changeFiles],
  'daemon-reload': [0, 0, true, daemonReload], 'daemon-reexec': [0, 0, true, daemonReload], 'reset-failed': [0, 99, true, resetFailed], kill: [1, 99, true, killUnits],
  isolate: [1, 1, true, isolate], default: [0, 0, true, isolate], rescue: [0, 0, true, isolate],
  'get-default': [0, 0, false, getDefault], 'set-default': [1, 1, true, setDefault],
  'show-environment': [0, 0, false, showEnvironment], 'set-environment': [1, 99, true, changeEnvironment], 'unset-environment': [1, 99, true, changeEnvironment],
  reboot: [0, 1, true, powerOff], poweroff: [0, 0, true, powerOff], halt: [0, 0, true, powerOff],
};

const WORDS: Readonly<Record<string, string>> = { 'daemon-reload': 'reload daemon', 'daemon-reexec': 'reload daemon', 'set-default': 'set default target' };

function* runJobs(context: Context): Sys<number> {
  const names = yield* expandNames(context.args);
  if (!names.length) return 0;
  if (context.verb === 'stop') yield* warnTriggers(context, names);
  const answer = yield* query({ op: 'job', verb: context.verb as Verb, names, wait: context.block }, 'job');
  return answer ? yield* complain(context.verb, answer.answers, context.quiet) : 1;
}

/** A stopped service may come back by its socket. */
function* warnTriggers(context: Context, names: readonly string[]): Sys<void> {
  const list = yield* ask<Answers['list']>({ op: 'list' });
  for (const name of names) {
    const by = (list?.units ?? []).filter((u) => u.active === 'active' && u.config?.triggers.includes(name) && !names.includes(u.name));
    if (by.length && !context.quiet) yield* err(`Warning: Stopping ${name}, but it can still be activated by:\n${by.map((u) => `  ${u.name}\n`).join('')}`);
  }
}

function* isActive(context: Context): Sys<number> {
  const names = yield* expandNames(context.args);
  const answer = yield* query({ op: 'show', names }, 'show');
  if (!answer) return 1;
  const wanted = context.verb === 'is-failed' ? ['failed'] : ['active', 'reloading'];
  let found = false;
  for (const unit of answer.units) {
    if (!context.quiet) yield* out(`${unit.active}\n`);
    if (wanted.includes(unit.active)) found = true;
  }
  return found ? 0 : context.verb === 'is-failed' ? 1 : 3;
}

function* isSystemRunning(context: Context): Sys<number> {
  const answer = yield* query({ op: 'list' }, 'list');
  if (!answer) return 1;
  const state = answer.pending ? 'starting' : answer.units.some((u) => u.active === 'failed') ? 'degraded' : 'running';
  if (!context.quiet) yield* out(`${state}\n`);
  return state === 'running' ? 0 : 1;
}

function* daemonReload(): Sys<number> { return (yield* query({ op: 'daemon-reload' }, 'done')) ? 0 : 1; }

function* resetFailed(context: Context): Sys<number> {
  const answer = yield* query({ op: 'reset-failed', names: yield* expandNames(context.args) }, 'done');
  if (!answer) return 1;
  for (const a of answer.answers) yield* err(`Failed to reset failed state of unit ${a.name}: ${a.error}\n`);
  return answer.answers.length ? 1 : 0;
}

const SIGNAL = /^(SIG)?(HUP|INT|QUIT|ILL|TRAP|ABRT|KILL|USR1|USR2|SEGV|PIPE|ALRM|TERM|CONT|STOP|TSTP)$/i;
const NUMBERS: Readonly<Record<string, string>> = { 1: 'HUP', 2: 'INT', 3: 'QUIT', 6: 'ABRT', 9: 'KILL', 10: 'USR1', 12: 'USR2', 13: 'PIPE', 14: 'ALRM', 15: 'TERM', 18: 'CONT', 19: 'STOP' };

function* killUnits(context: Context): Sys<number> {
  const signal = NUMBERS[context.signal] ?? SIGNAL.exec(context.signal)?.[2]?.toUpperCase();
  if (!signal) { yield* err(`Failed to parse signal string ${context.signal}.\n`); return 1; }
  const answer = yield* query({ op: 'kill', names: yield* expandNames(context.args), who: context.who, signal }, 'done');
  if (!answer) return 1;
  for (const a of answer.answers) yield* err(`Failed to kill unit ${a.name}: ${a.error}\n`);
  return answer.answers.length ? 1 : 0;
}

function* isolate(context: Context): Sys<number> {
  const name = context.verb === 'isolate' ? fullName(context.args[0]!) : `${context.verb}.target`;
  const answer = yield* query({ op: 'isolate', name }, 'done');
  return answer ? yield* complain('start', answer.answers, context.quiet) : 1;
}

function* showEnvironment(): Sys<number> {
  const answer = yield* query({ op: 'environment' }, 'environment');
  if (!answer) return 1;
  yield* out(Object.entries(answer.environment).map(([key, value]) => `${key}=${value}\n`).join(''));
  return 0;
}

function* changeEnvironment(context: Context): Sys<number> {
  const set = context.verb === 'set-environment';
  const bad = set ? context.args.find((arg) => !/^[A-Za-z_]\w*=/.test(arg)) : undefined;
  if (bad) { yield* err('Failed to set environment: Invalid environment assignments\n'); return 1; }
  const answer = yield* query({ op: 'environment', ...(set ? { set: context.args } : { unset: context.args }) }, 'environment');
  return answer ? 0 : 1;
}

function* powerOff(context: Context): Sys<number> {
  const how = context.verb as 'reboot' | 'poweroff' | 'halt';
  if (context.force >= 1) { yield* call('reboot', { how: how === 'reboot' ? 'reboot' : 'poweroff' }); return 0; }
  return yield* askForShutdown(how);
}

// ---- the command

const VERSION_OLD = `systemd 219
+PAM +AUDIT +SELINUX +IMA -APPARMOR +SMACK +SYSVINIT +UTMP +LIBCRYPTSETUP +GCRYPT +GNUTLS +ACL +XZ +LZ4 -SECCOMP +BLKID +ELFUTILS +KMOD +IDN
`;
const VERSION_NEW = `systemd 239
+PAM +AUDIT +SELINUX +IMA +APPARMOR +SMACK +SYSVINIT +UTMP +LIBCRYPTSETUP +GCRYPT +GNUTLS +ACL +XZ +LZ4 +SECCOMP +BLKID +ELFUTILS +KMOD +IDN2 -IDN +PCRE2 default-hierarchy=hybrid
`;

/** CentOS keeps /bin as a link; Debian stretch does not. */
function* isOld(): Sys<boolean> {
  const stat = yield* call('stat', { path: '/bin', follow: false });
  return stat.ok && stat.value.type === 'symlink';
}

const HELP = `systemctl [OPTIONS...] {COMMAND} ...

Query or send control commands to the systemd manager.

  -h --help           Show this help
     --version        Show package version
  -t --type=TYPE      List units of a particular type
     --state=STATE    List units with particular LOAD or SUB or ACTIVE state
  -p --property=NAME  Show only properties by this name
  -a --all            Show all loaded units/properties, including dead/empty
                      ones. To list all units installed on the system, use
                      the 'list-unit-files' command instead.
  -l --full           Don't ellipsize unit names on output
     --failed         Same as --state=failed
     --now            Start or stop unit in addition to enabling or disabling it
  -q --quiet          Suppress output
     --no-block       Do not wait until operation finished
     --no-pager       Do not pipe output into a pager
     --no-legend      Do not print a legend (column headers and hints)
  -n --lines=INTEGER  Number of journal entries to show
  -o --output=STRING  Change journal output mode
`;

function* run(start: Start): Sys<number> {
  const got = getopt('systemctl', start.argv.slice(1), SPEC);
  if (!got.ok) { yield* err(`${got.error}\n`); return 1; }
  const { given } = got;
  const old = yield* isOld();
  if (has(given, 'h')) { yield* out(HELP); return 0; }
  if (has(given, 'version')) { yield* out(old ? VERSION_OLD : VERSION_NEW); return 0; }
  for (const name of ['root', 'H', 'M', 'user', 'global']) {
    if (!has(given, name)) continue;
    yield* err(name === 'user' ? 'Failed to get D-Bus connection: No such file or directory\n' : 'Failed to get D-Bus connection: Operation not supported\n');
    return 1;
  }
  const [typed = 'list-units', ...args] = given.operands;
  const verb = ALIASES[typed] ?? typed;
  const entry = Object.hasOwn(VERBS, verb) ? VERBS[verb] : undefined;
  if (!entry) { yield* err(`Unknown command verb ${typed}.\n`); return 1; }
  const [least, most, rootOnly, perform] = entry;
  if (args.length < least) { yield* err('Too few arguments.\n'); return 1; }
  if (args.length > most) { yield* err('Too many arguments.\n'); return 1; }
  const lines = valueOf(given, 'n');
  if (lines && !/^\d+$/.test(lines)) { yield* err(`Failed to parse lines '${lines}'\n`); return 1; }
  const split = (name: string): string[] => valuesOf(given, name).flatMap((value) => value.split(','));
  const context: Context = {
    start, verb, args, old,
    types: split('t').filter((type) => !STATES.has(type)), states: [...split('state'), ...split('t').filter((type) => STATES.has(type)), ...(has(given, 'failed') ? ['failed'] : [])], properties: split('p'),
    all: has(given, 'a'), full: has(given, 'l'), quiet: has(given, 'q'), pager: !has(given, 'no-pager'), legend: !has(given, 'no-legend'), value: has(given, 'value'), now: has(given, 'now'),
    runtime: has(given, 'runtime'), force: given.options.filter(([name]) => name === 'f').length, block: !has(given, 'no-block'), lines: lines ? Number(lines) : null, output: valueOf(given, 'o') ?? 'short',
    reverse: has(given, 'reverse'), plain: has(given, 'plain'), signal: valueOf(given, 's') ?? 'TERM', who: (valueOf(given, 'kill-who') ?? 'all') as Context['who'],
  };
  const wrong = context.types.find((type) => type !== 'help' && kindOf(`x.${type}`) !== type);
  if (wrong) { yield* err(`Unknown unit type or load state '${wrong}'.\nUse -t help to see a list of allowed values.\n`); return 1; }
  if (rootOnly && start.uid !== 0) return yield* refuseUser(context, WORDS[verb] ?? (JOBS.has(verb) ? `${verb} ${fullName(args[0]!)}` : `${verb} unit`));
  return yield* perform(context);
}

const STATES: ReadonlySet<string> = new Set(['loaded', 'not-found', 'masked', 'error', 'active', 'inactive', 'failed', 'activating', 'deactivating', 'running', 'exited', 'dead']);

/** Unit names after a verb that takes them; else the verbs. */
function* complete(_start: Start, words: readonly string[]): Sys<readonly string[]> {
  const last = words[words.length - 1] ?? '';
  const verb = words.slice(1, -1).find((word) => !word.startsWith('-'));
  if (!verb) return Object.keys(VERBS).filter((name) => name.startsWith(last)).sort();
  const shelves = yield* openShelves();
  const links = yield* allLinks(ETC);
  const names = new Set<string>();
  for (const list of shelves.names.values()) for (const name of list) if (/\.(service|socket|target|timer)$/.test(name) && !name.includes('@.') && name.startsWith(last)) names.add(name);
  if (verb !== 'enable' && verb !== 'disable') return [...names].sort();
  const fitting: string[] = [];
  for (const name of [...names].sort()) if ((yield* fileState(shelves, name, links)) === (verb === 'enable' ? 'disabled' : 'enabled')) fitting.push(name);
  return fitting;
}

export const systemctl: Command = {
  name: 'systemctl',
  *main(start) {
    const called = (start.argv[0] ?? '').split('/').pop()!;
    if (called !== 'systemctl' && called !== '') {
      const status = yield* powerCommand(start, called);
      if (status !== null) return status;
    }
    return yield* run(start);
  },
  complete,
};
