/** Backups that cp, mv, ln and install make of what they replace (gnulib backupfile). */
import type { Sys } from '../../../sim/proc/program.ts';
import { call } from '../../../sim/proc/syscalls.ts';
import { baseName, dirName } from './paths.ts';
import type { Task } from './tool.ts';

export type BackupKind = 'none' | 'simple' | 'numbered' | 'existing';
export interface Backup { readonly kind: BackupKind; readonly suffix: string }

const WORDS: Readonly<Record<string, BackupKind>> = {
  none: 'none', off: 'none', simple: 'simple', never: 'simple', existing: 'existing', nil: 'existing', numbered: 'numbered', t: 'numbered',
};

export const BACKUP_OPTIONS = [
  '--backup[=CONTROL]  keep what is replaced: none, numbered, existing or simple',
  '-b  like --backup, without a value',
  '-S, --suffix=SUFFIX  backups end with SUFFIX, not ~',
] as const;

/** What the options say, or a complaint. */
export function readBackup(task: Task): Backup | string {
  const suffix = task.value('S') ?? task.start.env['SIMPLE_BACKUP_SUFFIX'] ?? '~';
  if (!task.has('b') && !task.has('backup') && !task.has('S')) return { kind: 'none', suffix };
  const word = task.value('backup') ?? task.start.env['VERSION_CONTROL'] ?? 'existing';
  const kind = WORDS[word];
  if (!kind) return `invalid argument ${task.quote(word)} for ${task.quote('backup type')}`;
  return { kind, suffix };
}

/** Moves `path` out of the way; the backup's name, or null if there was nothing to keep. */
export function* makeBackup(backup: Backup, path: string): Sys<string | null> {
  if (backup.kind === 'none') return null;
  const stat = yield* call('stat', { path, follow: false });
  if (!stat.ok) return null;
  let name = path + backup.suffix;
  if (backup.kind !== 'simple') {
    const names = yield* call('readdir', { path: dirName(path) });
    const prefix = `${baseName(path)}.~`;
    const numbers = (names.ok ? names.value : []).filter((other) => other.startsWith(prefix) && /^\d+~$/.test(other.slice(prefix.length)))
      .map((other) => parseInt(other.slice(prefix.length), 10));
    if (backup.kind === 'numbered' || numbers.length) name = `${path}.~${Math.max(0, ...numbers) + 1}~`;
  }
  yield* call('rename', { from: path, to: name });
  return name;
}
