/** Listing, extracting and comparing the members of an archive; each is false after an error that ends it all. It knows nothing of the archive's bytes. */
import type { Sys } from '../../../../sim/proc/program.ts';
import { strerror } from '../../../../sim/proc/libc.ts';
import { call } from '../../../../sim/proc/syscalls.ts';
import { fromBytes, toBytes } from '../../../../sim/proc/text.ts';
import { findGid, findUid, readAccounts, type Accounts } from '../../coreutils/accounts.ts';
import { momentOf, strftime } from '../../coreutils/clock/strftime.ts';
import { zoneOf } from '../../coreutils/clock/zone.ts';
import { globMatcher } from '../../coreutils/glob.ts';
import { modeString } from '../../coreutils/mode.ts';
import { dirName, joinPath } from '../../coreutils/paths.ts';
import type { Task } from '../../coreutils/tool.ts';
import type { Member } from './archive.ts';
import { exclusion, namesWanted } from './gather.ts';

/** The column of owner and size grows with what it has had to hold. */
const widths = new WeakMap<Task, number>();

export function longLine(task: Task, member: Member): string {
  const numeric = task.has('numeric-owner');
  const who = `${!numeric && member.owner ? member.owner : member.uid}/${!numeric && member.group ? member.group : member.gid}`;
  const size = member.type === 'char' || member.type === 'block' ? member.rdev.join(',') : String(member.content.length);
  const width = Math.max(widths.get(task) ?? 19, who.length + 1 + size.length);
  widths.set(task, width);
  const type = member.type === 'hardlink' ? 'file' : member.type;
  const mode = member.type === 'hardlink' ? `h${modeString({ type, mode: member.mode }).slice(1)}` : modeString({ type, mode: member.mode });
  const when = strftime('%Y-%m-%d %H:%M', momentOf(member.mtimeSeconds * 1e6), zoneOf(task.start.env['TZ']));
  const link = member.type === 'symlink' ? ` -> ${member.link}` : member.type === 'hardlink' ? ` link to ${member.link}` : '';
  return `${mode} ${who}${size.padStart(width - who.length)} ${when} ${escaped(member.name)}${link}`;
}

const escaped = (name: string): string => name.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('\t', '\\t');

interface Chosen { readonly member: Member; readonly dir: string }

/** The members that the operands name, or all. */
function* choose(task: Task, members: readonly Member[]): Sys<Chosen[]> {
  const excluded = yield* exclusion(task);
  const moves = task.given.filter(({ key, before }) => key === 'C' && (before === 0 || task.operands.length === 0)).map(({ value }) => value!);
  const everywhere = moves.reduce((dir, to) => (to.startsWith('/') || dir === '' ? to : joinPath(dir, to)), '');
  const wanted = yield* namesWanted(task);
  const matchers = wanted.map(({ name, dir }) => {
    const bare = name.replace(/\/$/, '');
    const glob = task.has('wildcards') ? globMatcher(bare) : null;
    return { name, dir, used: false, matches: (member: string): boolean => (glob ? glob(member) : member === bare) || member.startsWith(`${bare}/`) };
  });
  const chosen: Chosen[] = [];
  for (const member of members) {
    const bare = member.name.replace(/\/$/, '');
    const by = matchers.find(({ matches }) => matches(bare));
    if (by) by.used = true;
    if ((matchers.length && !by) || excluded(bare)) continue;
    chosen.push({ member, dir: by?.dir ?? everywhere });
  }
  const unused = matchers.filter(({ used }) => !used);
  if (unused.some(({ name }) => /[*?[]/.test(name)) && !task.has('wildcards') && !task.has('no-wildcards')) {
    yield* task.error('Pattern matching characters used in file names', 0);
    yield* task.error('Use --wildcards to enable pattern matching, or --no-wildcards to suppress this warning', 0);
  }
  missing.set(task, unused.map(({ name }) => name));
  return chosen;
}

const missing = new WeakMap<Task, string[]>();
function* tellMissing(task: Task): Sys<true> {
  for (const name of missing.get(task) ?? []) yield* task.error(`${name}: Not found in archive`, 2);
  return true;
}

const isLong = (task: Task): boolean => task.given.filter(({ key }) => key === 'v').length > (task.has('t') ? 0 : 1);

export function* list(task: Task, members: readonly Member[]): Sys<boolean> {
  for (const { member } of yield* choose(task, members)) {
    task.print(`${isLong(task) ? longLine(task, member) : escaped(member.name)}\n`);
    if (task.full) yield* task.flush();
  }
  return yield* tellMissing(task);
}

interface Extraction { readonly task: Task; readonly accounts: Accounts; readonly umask: number; readonly dirs: { path: string; member: Member }[]; stripped: boolean }

export function* extract(task: Task, members: readonly Member[]): Sys<boolean> {
  const chosen = yield* choose(task, members);
  const strip = Number(task.value('strip-components') ?? 0);
  if (!Number.isInteger(strip) || strip < 0) {
    yield* task.error(`Invalid number of elements\ntar: Error is not recoverable: exiting now`, 2);
    return false;
  }
  const mask = yield* call('umask', {});
  const it: Extraction = { task, accounts: yield* readAccounts(), umask: mask.ok ? mask.value : 0o022, dirs: [], stripped: false };
  for (const { member, dir } of chosen) {
    if (dir !== '' && !(yield* call('stat', { path: dir })).ok) {
      yield* task.error(`${dir}: Cannot open: No such file or directory\ntar: Error is not recoverable: exiting now`, 2);
      return false;
    }
    let name = yield* safeName(it, member.name);
    if (strip) {
      const kept = name.split('/').filter(Boolean).slice(strip).join('/');
      if (kept === '') continue;
      name = kept + (member.type === 'dir' ? '/' : '');
    }
    yield* extractOne(it, member, name, dir === '' || name.startsWith('/') ? name : joinPath(dir, name), strip);
  }
  // A directory's own mode and time come last, when nothing more is put into it.
  for (const { path, member } of it.dirs.toReversed()) yield* attributes(it, member, path);
  return yield* tellMissing(task);
}

function* safeName(it: Extraction, name: string): Sys<string> {
  const prefix = it.task.has('P') ? undefined : /^(?:.*\/)?\.\.\//.exec(name)?.[0] ?? /^\/+/.exec(name)?.[0];
  if (!prefix) return name;
  if (!it.stripped) yield* it.task.error(`Removing leading \`${prefix}' from member names`, 0);
  it.stripped = true;
  return name.slice(prefix.length) || './';
}

function* extractOne(it: Extraction, member: Member, name: string, path: string, strip: number): Sys<void> {
  const { task } = it;
  if (task.has('v')) {
    const line = isLong(task) ? longLine(task, member) : escaped(name);
    if (task.has('O')) yield* call('write', { fd: 2, text: `${line}\n` });
    else task.print(`${line}\n`);
  }
  if (task.has('O')) {
    if (member.type === 'file') task.print(fromBytes(member.content));
    return;
  }
  const old = yield* call('stat', { path: path.replace(/\/$/, ''), follow: false });
  if (old.ok && member.type !== 'dir') {
    if (task.has('skip-old-files')) return;
    if (task.has('k')) return yield* task.error(`${name}: Cannot open: File exists`, 2);
    if (task.has('keep-newer-files') && old.value.mtime > member.mtimeSeconds * 1e6) {
      return yield* task.error(`Current \`${name}' is newer or same age`, 0);
    }
    const removed = old.value.type === 'dir' ? yield* call('rmdir', { path }) : yield* call('unlink', { path });
    if (!removed.ok) return yield* task.error(`${name}: Cannot open: ${strerror(old.value.type === 'dir' ? 'EEXIST' : removed.errno)}`, 2);
  }
  if (member.type === 'dir' && old.ok && old.value.type === 'dir') {
    it.dirs.push({ path, member });
    return;
  }
  yield* makeParents(path);
  const made = yield* make(member, path, strip);
  if (!made.ok) return yield* task.error(`${name}: ${made.what}: ${strerror(made.errno)}`, 2);
  if (member.type === 'dir') it.dirs.push({ path, member });
  else if (member.type !== 'hardlink') yield* attributes(it, member, path);
}

function* makeParents(path: string): Sys<void> {
  const parent = dirName(path);
  if (parent === '.' || parent === '/') return;
  if ((yield* call('stat', { path: parent })).ok) return;
  yield* makeParents(parent);
  yield* call('mkdir', { path: parent, mode: 0o777 });
}

type Made = { ok: true } | { ok: false; errno: string; what: string };

function* make(member: Member, path: string, strip: number): Sys<Made> {
  const as = (what: string, result: { ok: true } | { ok: false; errno: string }): Made => (result.ok ? { ok: true } : { ok: false, errno: result.errno, what });
  switch (member.type) {
    case 'dir': return as('Cannot mkdir', yield* call('mkdir', { path: path.replace(/\/$/, ''), mode: 0o700 | (member.mode & 0o777) }));
    case 'symlink': return as(`Cannot create symlink to \`${member.link}'`, yield* call('symlink', { target: member.link, path }));
    case 'hardlink': {
      const from = strip ? member.link.split('/').filter(Boolean).slice(strip).join('/') : member.link;
      return as(`Cannot hard link to \`${from}'`, yield* call('link', { from: joinPath(path.slice(0, path.length - member.name.length) || '.', from), to: path }));
    }
    case 'fifo': return as('Cannot mkfifo', yield* call('mkfifo', { path, mode: member.mode }));
    case 'char': case 'block': return { ok: false, errno: 'EPERM', what: 'Cannot mknod' };
    default: return as('Cannot open', yield* call('writeFile', { path, text: fromBytes(member.content), mode: member.mode & 0o777 }));
  }
}

function* attributes(it: Extraction, member: Member, path: string): Sys<void> {
  const { task, accounts } = it;
  const root = task.start.uid === 0;
  if ((root && !task.has('no-same-owner')) || task.has('same-owner')) {
    const uid = task.has('numeric-owner') ? member.uid : (member.owner ? findUid(accounts, member.owner) : null) ?? member.uid;
    const gid = task.has('numeric-owner') ? member.gid : (member.group ? findGid(accounts, member.group) : null) ?? member.gid;
    const chowned = yield* call('chown', { path, uid, gid, follow: false });
    if (!chowned.ok) yield* task.error(`${member.name}: Cannot change ownership to uid ${uid}, gid ${gid}: ${strerror(chowned.errno)}`, 2);
  }
  if (member.type === 'symlink') return;
  const whole = task.has('p') || (root && !task.has('no-same-permissions'));
  yield* call('chmod', { path, mode: whole ? member.mode : member.mode & 0o777 & ~it.umask });
  if (!task.has('m')) yield* call('utimes', { path, mtime: member.mtimeSeconds * 1e6 });
}

/** `tar -d`: what no longer is as the archive has it. */
export function* difference(task: Task, members: readonly Member[]): Sys<boolean> {
  for (const { member, dir } of yield* choose(task, members)) {
    const path = dir === '' ? member.name : joinPath(dir, member.name);
    if (task.has('v')) task.print(`${isLong(task) ? longLine(task, member) : member.name}\n`);
    const stat = yield* call('stat', { path: path.replace(/\/$/, ''), follow: false });
    if (!stat.ok) {
      yield* task.error(`${member.name}: Warning: Cannot stat: ${strerror(stat.errno)}`, 1);
      continue;
    }
    const tell = (what: string): void => {
      task.print(`${member.name}: ${what}\n`);
      task.status = Math.max(task.status, 1);
    };
    const it = stat.value;
    if (it.type !== (member.type === 'hardlink' ? 'file' : member.type)) { tell('File type differs'); continue; }
    if ((it.mode & 0o7777) !== member.mode && member.type !== 'symlink') tell('Mode differs');
    if (it.uid !== member.uid) tell('Uid differs');
    if (it.gid !== member.gid) tell('Gid differs');
    if (member.type === 'symlink' && it.target !== member.link) tell('Symlink differs');
    if (member.type !== 'file') continue;
    if (Math.floor(it.mtime / 1e6) !== member.mtimeSeconds) tell('Mod time differs');
    if (it.size !== member.content.length) { tell('Size differs'); continue; }
    const text = yield* call('readFile', { path });
    const bytes = text.ok ? toBytes(text.value) : [];
    if (bytes.some((byte, i) => byte !== member.content[i])) tell('Contents differ');
  }
  return yield* tellMissing(task);
}
