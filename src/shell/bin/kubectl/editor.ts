/** The person's editor on a temporary file: KUBE_EDITOR, EDITOR or vi, found in the PATH (kubectl 1.14). */
import type { Start, Sys } from '../../../sim/proc/program.ts';
import { call } from '../../../sim/proc/syscalls.ts';

export type Edited = { ok: true; text: string; file: string } | { ok: false; error: string; file: string };

const LETTERS = 'bcdfghjklmnpqrstvwxz2456789';

export function* temporaryName(extension: string): Sys<string> {
  let name = '';
  for (let i = 0; i < 5; i++) {
    const at = yield* call('random', { below: LETTERS.length });
    name += LETTERS[at.ok ? at.value : 0]!;
  }
  return `/tmp/kubectl-edit-${name}${extension}`;
}

/** Writes the text to a file, lets the editor have it, and reads it back. The file stays. */
export function* edit(start: Start, text: string, extension: string): Sys<Edited> {
  const file = yield* temporaryName(extension);
  const written = yield* call('writeFile', { path: file, text, mode: 0o600 });
  if (!written.ok) return { ok: false, error: `open ${file}: ${written.errno === 'ENOSPC' ? 'no space left on device' : 'permission denied'}`, file: '' };
  const problem = yield* launch(start, start.env['KUBE_EDITOR'] || start.env['EDITOR'] || 'vi', file);
  if (problem) return { ok: false, error: problem, file };
  const read = yield* call('readFile', { path: file });
  return read.ok ? { ok: true, text: read.value, file } : { ok: false, error: `open ${file}: no such file or directory`, file };
}

function* launch(start: Start, editor: string, file: string): Sys<string | null> {
  const expanded = editor.replace(/\$(\w+)|\$\{(\w+)\}/g, (_, a?: string, b?: string) => start.env[a ?? b ?? ''] ?? '');
  const quoted = JSON.stringify(editor);
  // Quotes and backslashes are for a shell to understand.
  const argv = /["'\\]/.test(expanded) ? ['/bin/bash', '-c', `${expanded} ${JSON.stringify(file)}`] : [...expanded.split(' ').filter(Boolean), file];
  const path = argv[0]!.includes('/') ? argv[0]! : yield* inPath(start, argv[0]!);
  if (path === null) return `unable to launch the editor ${quoted}`;
  const child = yield* call('spawn', { path, argv, env: start.env });
  if (!child.ok) return child.errno === 'ENOENT' ? `unable to launch the editor ${quoted}` : `there was a problem with the editor ${quoted}`;
  const ended = yield* call('wait', { pid: child.value });
  return ended.ok && ended.value.status === 0 && !ended.value.signal ? null : `there was a problem with the editor ${quoted}`;
}

function* inPath(start: Start, name: string): Sys<string | null> {
  for (const directory of (start.env['PATH'] ?? '').split(':').filter(Boolean)) {
    const found = yield* call('access', { path: `${directory}/${name}`, mode: 'x' });
    if (found.ok) return `${directory}/${name}`;
  }
  return null;
}
