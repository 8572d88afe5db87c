/**
 * Condition…= of units: what is looked at right before a start. systemd.unit(5).
 */
import type { Sys } from '../../proc/program.ts';
import { call } from '../../proc/syscalls.ts';
import type { Condition } from './config.ts';

/** The first condition that does not hold, or null. */
export function* conditionsFail(conditions: readonly Condition[]): Sys<string | null> {
  for (const condition of conditions) {
    const holds = yield* test(condition.kind, condition.value);
    if (holds !== null && holds === condition.negate) return `${condition.kind}=${condition.negate ? '!' : ''}${condition.value}`;
  }
  return null;
}

/** null: a condition about something that the model has no opinion on. */
function* test(kind: string, value: string): Sys<boolean | null> {
  switch (kind) {
    case 'PathExists': return (yield* call('stat', { path: value })).ok;
    case 'PathIsDirectory': { const s = yield* call('stat', { path: value }); return s.ok && s.value.type === 'dir'; }
    case 'PathIsSymbolicLink': { const s = yield* call('stat', { path: value, follow: false }); return s.ok && s.value.type === 'symlink'; }
    case 'FileNotEmpty': { const s = yield* call('stat', { path: value }); return s.ok && s.value.type === 'file' && s.value.size > 0; }
    case 'FileIsExecutable': { const s = yield* call('stat', { path: value }); return s.ok && s.value.type === 'file' && (s.value.mode & 0o111) !== 0; }
    case 'DirectoryNotEmpty': { const list = yield* call('readdir', { path: value }); return list.ok && list.value.length > 0; }
    case 'PathIsReadWrite': return (yield* call('access', { path: value, mode: 'w' })).ok;
    case 'PathIsMountPoint': { const all = yield* call('mounts', {}); return all.ok && all.value.some((m) => m.target === value); }
    case 'Host': { const info = yield* call('sysinfo', {}); return info.ok && info.value.hostname === value; }
    case 'Architecture': return value === 'x86-64' || value === 'native';
    case 'User': return value === 'root' || value === '0';
    case 'FirstBoot': return value !== 'yes';
    default: return null;
  }
}
