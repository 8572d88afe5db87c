/**
 * The program `gravity`, one for each release's binary: reads its command line, says what is wrong with it,
 * and hands over to the command.
 */
import { STATE_DIR } from '../../../sim/gravity/layout/paths.ts';
import { complain, still } from '../../../sim/gravity/console.ts';
import { gravityProgram } from '../../../sim/gravity/layout/installer.ts';
import { ALPHA, RELEASES, type Release } from '../../../sim/gravity/versions.ts';
import { out } from '../../../sim/proc/libc.ts';
import type { Start, Sys } from '../../../sim/proc/program.ts';
import { call } from '../../../sim/proc/syscalls.ts';
import type { Command as ShellCommand } from '../../command.ts';
import { deploy, onAgent, onJob, runAgent, shutdown } from './agents.ts';
import * as cluster from './cluster.ts';
import { COMMANDS, GLOBAL_FLAGS, type CommandSpec } from './grammar.ts';
import { install, onWizard } from './install.ts';
import { onInstaller } from './installer-agents.ts';
import { failWith, invocation, text, type Command, type Invocation } from './invocation.ts';
import { join } from './join.ts';
import { parseArgs } from './kingpin.ts';
import { leave, remove, uninstall } from './leave.ts';
import * as local from './local.ts';
import { complete, display, execute, resume, rollback } from './plan.ts';
import { enter, exec, shell } from './planet.ts';
import { report } from './report.ts';
import { status } from './status.ts';
import { trigger, upgrade, upload } from './upgrade.ts';
import { usage } from './usage.ts';

interface Entry { readonly run: Command; readonly root?: boolean; readonly outside?: boolean }

const notHere = (what: string): Command => (it) => failWith(it, `${what} is not supported in this cluster`);

/** Command → what runs it; `root`: root only; `outside`: not within Planet. */
const TABLE: Readonly<Record<string, Entry>> = {
  version: { run: local.version }, status: { run: status }, 'status-reset': { run: cluster.statusReset, root: true },
  install: { run: installOrResume, root: true }, join: { run: joinOrResume, root: true }, autojoin: { run: notHere('cloud provider integration'), root: true },
  leave: { run: leave, root: true }, remove: { run: remove, root: true },
  'plan display': { run: display, root: true }, 'plan execute': { run: execute, root: true }, 'plan rollback': { run: rollback, root: true },
  'plan resume': { run: resume, root: true }, 'plan complete': { run: complete, root: true },
  upgrade: { run: upgrade, root: true, outside: true }, 'update trigger': { run: trigger, root: true }, 'update upload': { run: upload, root: true },
  'update plan': { run: display, root: true }, 'update complete': { run: complete, root: true }, 'update system': { run: notHere('update of system packages by hand'), root: true, outside: true },
  'update check': { run: updateCheck },
  exec: { run: exec }, shell: { run: shell }, enter: { run: enter, root: true, outside: true },
  report: { run: report }, 'resource get': { run: cluster.resourceGet }, 'resource create': { run: cluster.resourceCreate }, 'resource rm': { run: cluster.resourceRemove },
  'app ls': { run: cluster.appList }, 'app list': { run: cluster.appList },
  'package list': { run: local.packageList }, 'package command': { run: local.packageCommand },
  'users add': { run: cluster.usersAdd }, 'users reset': { run: cluster.usersReset },
  check: { run: local.check, root: true }, gc: { run: cluster.gc, root: true }, backup: { run: cluster.backup, root: true }, restore: { run: cluster.restore, root: true },
  'agent deploy': { run: deploy, root: true }, 'agent shutdown': { run: shutdown, root: true }, 'agent run': { run: runAgent, root: true },
  'system uninstall': { run: uninstall, root: true }, 'system state-dir': { run: local.stateDir }, 'system service list': { run: local.serviceList, root: true },
  'system service status': { run: local.serviceStatus, root: true }, 'system report': { run: report, root: true },
  'app-package': { run: local.appPackage }, 'local-site': { run: local.localSite }, 'planet enter': { run: enter, root: true, outside: true }, 'planet status': { run: local.planetCommand, root: true },
};
for (const name of ['install', 'upgrade', 'rollback', 'uninstall', 'history', 'sync', 'search']) {
  (TABLE as Record<string, Entry>)[`app ${name}`] = { run: notHere(`app ${name} without an application image`) };
}

function* installOrResume(it: Invocation): Sys<number> {
  if (text(it, 'phase')) return yield* execute(it);
  return it.parsed.flags['resume'] === true ? yield* resume(it) : yield* install(it);
}

function* joinOrResume(it: Invocation): Sys<number> {
  if (text(it, 'phase')) return yield* execute(it);
  return it.parsed.flags['resume'] === true ? yield* resume(it) : yield* join(it);
}

function* updateCheck(it: Invocation): Sys<number> {
  yield* out(`${it.release.gravity} is the latest version\n`);
  return 0;
}

/** Planet's root has its environment file; a host has none. */
function* insidePlanet(): Sys<boolean> {
  return (yield* call('stat', { path: '/etc/container-environment' })).ok;
}

function* main(start: Start, release: Release): Sys<number> {
  const read = parseArgs(start.argv.slice(1));
  if (!read.ok) return yield* complain(start, read.error);
  const { parsed } = read;
  const helpFor = parsed.path[0] === 'help' ? (parsed.args['command'] as readonly string[] | undefined) ?? [] : parsed.path;
  if (parsed.help || parsed.path[0] === 'help') {
    const text = usage(helpFor);
    if (text === null) return yield* complain(start, `expected command but got ${JSON.stringify(helpFor.at(-1))}`);
    yield* out(text);
    return 0;
  }
  const entry = TABLE[parsed.path.join(' ')];
  if (!entry) return yield* complain(start, `unknown command ${parsed.path.join(' ')}`);
  if (entry.root && start.uid !== 0) return yield* complain(start, 'this command should be run as root');
  if (entry.outside && (yield* insidePlanet())) return yield* complain(start, 'this command must be run outside of planet container');
  const it = yield* invocation(start, release, parsed);
  const stateDir = text(it, 'state-dir');
  if (stateDir && stateDir !== STATE_DIR && parsed.path[0] !== 'version') {
    return yield* failWith(it, `directory ${stateDir} does not hold the state of a cluster: it is kept in ${STATE_DIR}`);
  }
  return yield* entry.run(it);
}

function specAt(words: readonly string[]): { commands: readonly CommandSpec[]; flags: readonly { name: string }[] } {
  let commands: readonly CommandSpec[] = COMMANDS;
  let flags: { name: string }[] = [...GLOBAL_FLAGS];
  for (const word of words) {
    const found = commands.find((command) => command.name === word);
    if (!found) continue;
    commands = found.commands ?? [];
    flags = [...flags, ...(found.flags ?? [])];
  }
  return { commands, flags };
}

/** Commands and long flags; the rest is the shell's. */
function* completions(_start: Start, words: readonly string[]): Sys<readonly string[]> {
  const last = words.at(-1) ?? '';
  const { commands, flags } = specAt(words.slice(1, -1));
  const names = last.startsWith('-') ? flags.map((flag) => `--${flag.name}`) : commands.filter((command) => !command.hidden).map((command) => command.name);
  return names.filter((name) => name.startsWith(last)).sort();
}

const program = (name: string, release: Release): ShellCommand => ({
  name, main: (start) => main(start, release), entries: { still, onAgent, onJob, onWizard, onInstaller }, complete: completions,
});

export const commands: readonly ShellCommand[] = [...RELEASES.map((release) => program(gravityProgram(release), release)), program('gravity', ALPHA)];
