/**
 * systemctl's verbs on unit files: enable, disable, mask, cat, edit, is-enabled, the default target.
 */
import { err, out } from '../../../../sim/proc/libc.ts';
import type { Sys } from '../../../../sim/proc/program.ts';
import { call } from '../../../../sim/proc/syscalls.ts';
import { allLinks, disableUnit, enableUnit, fileState, maskUnit, presetOf, unmaskUnit, type Change, type Enabled } from '../../../../sim/services/systemd/enable.ts';
import { ETC, loadUnit, locate, openShelves } from '../../../../sim/services/systemd/loader.ts';
import { fullName } from '../../../../sim/services/systemd/unitfile.ts';
import { page } from '../pager.ts';
import { findProgram } from '../path.ts';
import { complain, expandNames, query, type Context } from './context.ts';

function* tell(context: Context, changes: readonly Change[]): Sys<void> {
  if (context.quiet) return;
  for (const { made, path, target } of changes) {
    if (made) yield* err(context.old ? `Created symlink from ${path} to ${target}.\n` : `Created symlink ${path} → ${target}.\n`);
    else yield* err(context.old ? `Removed symlink ${path}.\n` : `Removed ${path}.\n`);
  }
}

const NO_INSTALL = `The unit files have no installation config (WantedBy, RequiredBy, Also, Alias
settings in the [Install] section, and DefaultInstance for template units).
This means they are not meant to be enabled using systemctl.
Possible reasons for having this kind of units are:
1) A unit may be statically enabled by being symlinked from another unit's
   .wants/ or .requires/ directory.
2) A unit's purpose may be to act as a helper for some other unit which has
   a requirement dependency on it.
3) A unit may be started when needed via activation (socket, path, timer,
   D-Bus, udev, scripted systemctl call, ...).
4) In case of template units, the unit is meant to be enabled with some
   instance name specified.
`;

const WORD: Readonly<Record<string, string>> = { enable: 'enable', reenable: 'reenable', disable: 'disable', mask: 'mask', unmask: 'unmask', preset: 'preset' };

export function* changeFiles(context: Context): Sys<number> {
  const { verb } = context;
  const names = context.args.map(fullName);
  let made = 0;
  for (const name of names) {
    const done = yield* changeOne(context, name);
    if (!done.ok) { yield* err(`Failed to ${WORD[verb]} unit: ${done.error}\n`); return 1; }
    made += done.changes.length;
    yield* tell(context, done.changes);
    if (done.noInstall && (verb === 'enable' || verb === 'disable') && !context.quiet && !(yield* isLinked(name))) yield* err(NO_INSTALL);
  }
  if (made || verb === 'enable' || verb === 'disable') yield* query({ op: 'daemon-reload' }, 'done');
  if (!context.now) return 0;
  const verbNow = verb === 'enable' || verb === 'reenable' ? 'start' : 'stop';
  const answer = yield* query({ op: 'job', verb: verbNow, names, wait: true }, 'job');
  return answer ? yield* complain(verbNow, answer.answers, context.quiet) : 1;
}

function* isLinked(name: string): Sys<boolean> {
  const links = yield* allLinks(ETC);
  return links.some(({ path }) => path.endsWith(`/${name}`));
}

function* changeOne(context: Context, name: string): Sys<Enabled> {
  const shelves = yield* openShelves();
  switch (context.verb) {
    case 'enable': return yield* enableUnit(shelves, name, context.runtime);
    case 'reenable': {
      const off = yield* disableUnit(shelves, name, context.runtime);
      if (!off.ok) return off;
      const on = yield* enableUnit(yield* openShelves(), name, context.runtime);
      return on.ok ? { ...on, changes: [...off.changes, ...on.changes] } : on;
    }
    case 'disable': return yield* disableUnit(shelves, name, context.runtime);
    case 'preset': return (yield* presetOf(name)) === 'enabled' ? yield* enableUnit(shelves, name, context.runtime) : yield* disableUnit(shelves, name, context.runtime);
    case 'mask': {
      if ((yield* locate(shelves, name)) === null && !context.quiet) yield* err(`Unit ${name} does not exist, proceeding anyway.\n`);
      return yield* maskUnit(name, context.runtime);
    }
    default: return yield* unmaskUnit(name, context.runtime);
  }
}

export function* isEnabled(context: Context): Sys<number> {
  const shelves = yield* openShelves();
  const links = yield* allLinks(ETC);
  let status = 1;
  for (const name of context.args.map(fullName)) {
    const state = yield* fileState(shelves, name, links);
    if (state === null) { yield* err(`Failed to get unit file state for ${name}: No such file or directory\n`); continue; }
    if (!context.quiet) yield* out(`${state}\n`);
    if (['enabled', 'enabled-runtime', 'static', 'indirect', 'generated', 'alias'].includes(state)) status = 0;
  }
  return status;
}

export function* cat(context: Context): Sys<number> {
  const shelves = yield* openShelves();
  const blocks: string[] = [];
  for (const name of yield* expandNames(context.args)) {
    const unit = yield* loadUnit(shelves, name);
    if (unit.load === 'masked') { blocks.push(`# Unit ${name} is masked.\n`); continue; }
    if (unit.load === 'not-found' || !unit.path) { yield* err(`No files found for ${name}.\n`); return 1; }
    const parts: string[] = [];
    for (const path of [unit.path, ...unit.dropIns]) {
      const text = yield* call('readFile', { path });
      parts.push(`# ${path}\n${text.ok ? text.value : ''}`);
    }
    blocks.push(parts.join('\n'));
  }
  yield* page(context.start, blocks.join('\n'), context.pager);
  return 0;
}

/** edit: a drop-in, or with --full a copy of the unit, in the editor; then everything is read anew. */
export function* edit(context: Context): Sys<number> {
  if (!(yield* call('tty', { fd: 0 })).ok) { yield* err('Cannot edit units if not on a tty.\n'); return 1; }
  const shelves = yield* openShelves();
  const name = fullName(context.args[0]!);
  const unit = yield* loadUnit(shelves, name);
  if (unit.load === 'not-found' && !context.force) { yield* err(`No files found for ${name}.\nRun 'systemctl edit --force --full ${name}' to create a new unit.\n`); return 1; }
  const target = context.full ? `${ETC}/${name}` : `${ETC}/${name}.d/override.conf`;
  const source = context.full ? unit.path ?? target : target;
  const before = yield* call('readFile', { path: source });
  const hex = yield* call('random', { below: 1 << 20 });
  const draft = `${target.slice(0, target.lastIndexOf('/'))}/.#${target.split('/').pop()}${(hex.ok ? hex.value : 0).toString(16).padStart(16, '0')}`;
  yield* call('mkdir', { path: target.slice(0, target.lastIndexOf('/')), mode: 0o755 });
  yield* call('writeFile', { path: draft, text: before.ok ? before.value : '', mode: 0o644 });
  const env = context.start.env;
  const editor = (env['SYSTEMD_EDITOR'] ?? env['EDITOR'] ?? env['VISUAL'] ?? 'nano').split(' ');
  const path = (yield* findProgram(context.start, editor[0]!)) ?? (yield* findProgram(context.start, 'vi'));
  const child = path ? yield* call('spawn', { path, argv: [...editor, draft] }) : null;
  if (!child?.ok) { yield* call('unlink', { path: draft }); yield* err('Cannot edit unit(s), no editor available. Please set either $SYSTEMD_EDITOR, $EDITOR or $VISUAL.\n'); return 1; }
  yield* call('wait', { pid: child.value });
  const after = yield* call('readFile', { path: draft });
  if (!after.ok || after.value.trim() === '') {
    yield* call('unlink', { path: draft });
    yield* err(`Editing "${target}" canceled: temporary file is empty.\n`);
    return 0;
  }
  yield* call('rename', { from: draft, to: target });
  yield* query({ op: 'daemon-reload' }, 'done');
  return 0;
}

export function* getDefault(): Sys<number> {
  const shelves = yield* openShelves();
  const found = yield* locate(shelves, 'default.target');
  if (!found || found === 'masked') { yield* err('Failed to get default target: No such file or directory\n'); return 1; }
  yield* out(`${found.name}\n`);
  return 0;
}

export function* setDefault(context: Context): Sys<number> {
  const shelves = yield* openShelves();
  const name = fullName(context.args[0]!).replace(/\.service$/, '.target');
  const found = yield* locate(shelves, name);
  if (!found || found === 'masked') { yield* err(`Failed to set default target: No such file or directory\n`); return 1; }
  const path = `${ETC}/default.target`;
  const old = yield* call('stat', { path, follow: false });
  const changes: Change[] = [];
  if (old.ok) { yield* call('unlink', { path }); changes.push({ made: false, path, target: '' }); }
  yield* call('symlink', { target: found.path, path });
  changes.push({ made: true, path, target: found.path });
  yield* tell(context, context.old ? changes : changes.slice(-1));
  return 0;
}
