/**
 * Looking a command up in a PATH.
 */
import type { Start, Sys } from '../../../sim/proc/program.ts';
import { call } from '../../../sim/proc/syscalls.ts';

/** The executable for a name, or null. A name with a slash is a path already. */
export function* findProgram(start: Pick<Start, 'env'>, name: string, search?: string): Sys<string | null> {
  if (name.includes('/')) {
    const ok = yield* call('stat', { path: name });
    return ok.ok ? name : null;
  }
  for (const folder of (search ?? start.env['PATH'] ?? '/usr/bin:/bin').split(':')) {
    const path = `${folder || '.'}/${name}`;
    const stat = yield* call('stat', { path });
    if (stat.ok && stat.value.type === 'file' && (stat.value.mode & 0o111)) return path;
  }
  return null;
}
