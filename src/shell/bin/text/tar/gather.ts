/** What `tar -c` puts into an archive: the operands and what lies below them, in the order that they were named. */
import type { Sys } from '../../../../sim/proc/program.ts';
import { strerror } from '../../../../sim/proc/libc.ts';
import { call, type Stat } from '../../../../sim/proc/syscalls.ts';
import { toBytes } from '../../../../sim/proc/text.ts';
import { type Accounts, findGid, findUid, groupName, readAccounts, userName } from '../../coreutils/accounts.ts';
import { globMatcher } from '../../coreutils/glob.ts';
import { readOperand } from '../../coreutils/input.ts';
import { changeMode, parseMode } from '../../coreutils/mode.ts';
import { joinPath } from '../../coreutils/paths.ts';
import type { Task } from '../../coreutils/tool.ts';
import type { Member, MemberType } from './archive.ts';
import { longLine } from './unpack.ts';

/** Patterns of --exclude and -X: they match a whole name or its end after a slash. */
export function* exclusion(task: Task): Sys<(name: string) => boolean> {
  const patterns = [...task.values('exclude')];
  if (task.has('exclude-vcs')) patterns.push('.git', '.svn', 'CVS', '.hg', '.bzr', '.gitignore');
  for (const file of task.values('X')) {
    const text = yield* readOperand(file);
    if (text.ok) patterns.push(...text.value.split('\n').filter(Boolean));
    else yield* task.error(`${file}: Cannot open: ${strerror(text.errno)}`, 2);
  }
  const matchers = patterns.map((pattern) => globMatcher(pattern.replace(/\/$/, '')));
  return (name) => {
    const bare = name.replace(/\/$/, '');
    return matchers.some((matches) => {
      if (matches(bare)) return true;
      for (let at = bare.indexOf('/'); at >= 0; at = bare.indexOf('/', at + 1)) if (matches(bare.slice(at + 1))) return true;
      return false;
    });
  };
}

interface Wanted { readonly name: string; readonly dir: string }

/** Operands and lists of names, each with the directory that -C had set before it. */
export function* namesWanted(task: Task): Sys<Wanted[]> {
  const moves = task.given.filter(({ key }) => key === 'C' || key === 'T');
  const out: Wanted[] = [];
  let dir = '';
  const enter = (to: string): void => { dir = to.startsWith('/') || dir === '' ? to : joinPath(dir, to); };
  for (let i = 0; i <= task.operands.length; i++) {
    for (const { key, value, before } of moves) {
      if (before !== i) continue;
      if (key === 'C') enter(value!);
      else {
        const text = yield* readOperand(value!);
        if (!text.ok) yield* task.error(`${value!}: Cannot open: ${strerror(text.errno)}`, 2);
        for (const name of text.ok ? text.value.split(task.has('null') ? '\0' : '\n').filter(Boolean) : []) out.push({ name, dir });
      }
    }
    if (i < task.operands.length) out.push({ name: task.operands[i]!, dir });
  }
  return out;
}

class Gathering {
  readonly members: Member[] = [];
  private readonly seen = new Map<string, string>();
  private strippedOnce = false;

  constructor(readonly task: Task, readonly accounts: Accounts, readonly archive: { key: string | null; file: string }, readonly excluded: (name: string) => boolean,
    readonly umask: number) {}

  *add(name: string, path: string, top: boolean): Sys<void> {
    const { task } = this;
    if (this.excluded(name)) return;
    const stat = yield* call('stat', { path, follow: task.has('h') });
    if (!stat.ok) return yield* task.error(`${name}: Cannot stat: ${strerror(stat.errno)}`, 2);
    const it = stat.value;
    if (`${it.dev}:${it.ino}` === this.archive.key) {
      yield* task.error(`${name}: file is the archive; not dumped`, 0);
      return;
    }
    if (it.type === 'socket') {
      yield* task.error(`${name}: socket ignored`, 0);
      return;
    }
    const stored = yield* this.storedName(name);
    if (it.type === 'dir') return yield* this.addDir(name, path, stored, it, top);
    const key = `${it.dev}:${it.ino}`;
    const twin = it.nlink > 1 ? this.seen.get(key) : undefined;
    if (it.nlink > 1 && twin === undefined) this.seen.set(key, stored);
    let content: number[] = [];
    if (it.type === 'file' && twin === undefined) {
      const text = yield* call('readFile', { path });
      if (!text.ok) return yield* task.error(`${name}: Cannot open: ${strerror(text.errno)}`, 2);
      content = toBytes(text.value);
    }
    yield* this.push(stored, twin === undefined ? (it.type as MemberType) : 'hardlink', it, twin ?? it.target ?? '', content);
    if (task.has('remove-files')) yield* call('unlink', { path });
  }

  private *addDir(name: string, path: string, stored: string, it: Stat, top: boolean): Sys<void> {
    const { task } = this;
    const names = yield* call('readdir', { path });
    yield* this.push(stored.endsWith('/') ? stored : `${stored}/`, 'dir', it, '', []);
    if (!names.ok) return yield* task.error(`${name}: Cannot open: ${strerror(names.errno)}`, 2);
    if (task.has('no-recursion')) return;
    for (const below of names.value) {
      if (task.has('one-file-system') && !top) {
        const other = yield* call('stat', { path: joinPath(path, below), follow: false });
        if (other.ok && other.value.dev !== it.dev) continue;
      }
      yield* this.add(joinPath(name, below), joinPath(path, below), false);
    }
    if (task.has('remove-files')) yield* call('rmdir', { path });
  }

  /** Without -P no name in an archive begins with a slash or climbs. */
  private *storedName(name: string): Sys<string> {
    if (this.task.has('P')) return name;
    const climb = /^(?:.*\/)?\.\.\//.exec(name)?.[0];
    const prefix = climb ?? /^\/+/.exec(name)?.[0];
    if (!prefix) return name;
    if (!this.strippedOnce) {
      this.strippedOnce = true;
      yield* this.task.flush();
      yield* this.task.error(`Removing leading \`${prefix}' from member names`, 0);
    }
    return name.slice(prefix.length) || './';
  }

  private *push(name: string, type: MemberType, it: Stat, link: string, content: number[]): Sys<void> {
    const { task, accounts } = this;
    const owner = task.value('owner');
    const group = task.value('group');
    const uid = owner === undefined ? it.uid : findUid(accounts, owner) ?? it.uid;
    const gid = group === undefined ? it.gid : findGid(accounts, group) ?? it.gid;
    const change = task.value('mode') === undefined ? null : parseMode(task.value('mode')!);
    const member: Member = {
      name, type, mode: change ? changeMode(change, it.mode, type === 'dir', this.umask) : it.mode, uid, gid,
      owner: task.has('numeric-owner') ? '' : userName(accounts, uid) ?? '', group: task.has('numeric-owner') ? '' : groupName(accounts, gid) ?? '',
      mtimeSeconds: Math.floor(it.mtime / 1e6), link, content, rdev: it.rdev ?? [0, 0],
    };
    this.members.push(member);
    if (!task.has('v')) return;
    const line = task.given.filter(({ key }) => key === 'v').length > 1 ? longLine(task, member) : member.name;
    // The archive itself has standard output: the names go elsewhere.
    if ((task.value('f') ?? '-') === '-') yield* call('write', { fd: 2, text: `${line}\n` });
    else task.print(`${line}\n`);
  }
}

/** The members, or null after an error that ends it all. */
export function* gather(task: Task, file: string): Sys<Member[] | null> {
  const own = file === '-' ? null : yield* call('stat', { path: file });
  const key = own?.ok && own.value.type === 'file' ? `${own.value.dev}:${own.value.ino}` : null;
  const mask = yield* call('umask', {});
  const gathering = new Gathering(task, yield* readAccounts(), { key, file }, yield* exclusion(task), mask.ok ? mask.value : 0o022);
  for (const { name, dir } of yield* namesWanted(task)) {
    if (dir !== '') {
      const there = yield* call('stat', { path: dir });
      if (!there.ok) {
        yield* task.error(`${dir}: Cannot open: ${strerror(there.errno)}\ntar: Error is not recoverable: exiting now`, 2);
        return null;
      }
    }
    const path = dir === '' || name.startsWith('/') ? name : joinPath(dir, name);
    yield* gathering.add(name, path, true);
  }
  return gathering.members;
}
