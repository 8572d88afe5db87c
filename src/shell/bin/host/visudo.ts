/**
 * visudo of sudo 1.8: the editor on a copy of /etc/sudoers, which takes its place only when it parses.
 */
import { err, out, strerror } from '../../../sim/proc/libc.ts';
import type { Start, Sys } from '../../../sim/proc/program.ts';
import { call } from '../../../sim/proc/syscalls.ts';
import type { Command } from '../../command.ts';
import { launch, waitFor } from '../coreutils/run.ts';
import { getopt, has, valueOf } from './getopt.ts';

/** The first line that sudoers(5) does not allow, or 0. */
function wrongLine(text: string): number {
  const lines = text.split('\n');
  for (let i = 0; i < lines.length; i++) {
    let line = lines[i]!;
    const at = i + 1;
    while (line.endsWith('\\') && i + 1 < lines.length) line = line.slice(0, -1) + lines[++i]!;
    if (/^\s*(#|$)/.test(line) || /^@include(dir)?\s+\S/.test(line)) continue;
    const clean = line.replace(/\s+#.*$/, '').trim();
    if (/^Defaults([@:!>]\S+)?(\s+.+|$)/.test(clean) || /^(User|Runas|Host|Cmnd)_Alias\s+[A-Z][A-Z0-9_]*\s*=\s*\S/.test(clean)) continue;
    if (/^\S+(\s*,\s*\S+)*\s+\S+\s*=\s*(\([^)]*\)\s*)?((NO)?(PASSWD|EXEC|SETENV|LOG_INPUT|LOG_OUTPUT):\s*)*\S/.test(clean)) continue;
    return at;
  }
  return 0;
}

/** `visudo -c`: the file and those it includes. */
function* check(path: string, quiet: boolean): Sys<number> {
  const todo = [path];
  for (const file of todo) {
    const text = yield* call('readFile', { path: file });
    if (!text.ok) { yield* err(`visudo: unable to open ${file}: ${strerror(text.errno)}\n`); return 1; }
    const line = wrongLine(text.value);
    if (line) { yield* err(`>>> ${file}: syntax error near line ${line} <<<\nparse error in ${file} near line ${line}\n`); return 1; }
    if (!quiet) yield* out(`${file}: parsed OK\n`);
    const folder = /^[#@]includedir\s+(\S+)/m.exec(text.value)?.[1];
    const names = folder ? yield* call('readdir', { path: folder }) : null;
    if (names?.ok) todo.push(...names.value.filter((name) => !/[.~]/.test(name)).map((name) => `${folder}/${name}`));
  }
  return 0;
}

function* editLoop(start: Start, path: string): Sys<number> {
  const draft = `${path}.tmp`;
  const before = yield* call('readFile', { path });
  if (!before.ok && before.errno !== 'ENOENT') { yield* err(`visudo: ${path}: ${strerror(before.errno)}\n`); return 1; }
  yield* call('writeFile', { path: draft, text: before.ok ? before.value : '', mode: 0o440 });
  const editor = (start.env['SUDO_EDITOR'] ?? start.env['VISUAL'] ?? start.env['EDITOR'] ?? '/bin/vi').split(' ');
  for (;;) {
    const child = yield* launch([...editor, draft], start.env);
    if (!child.ok) { yield* call('unlink', { path: draft }); yield* err(`visudo: no editor found (editor path = ${editor[0]})\n`); return 1; }
    yield* waitFor(child.value);
    const after = yield* call('readFile', { path: draft });
    const text = after.ok ? after.value : '';
    if (before.ok && text === before.value) { yield* call('unlink', { path: draft }); yield* err(`visudo: ${draft} unchanged\n`); return 0; }
    const line = wrongLine(text);
    if (!line) { yield* call('writeFile', { path, text, mode: 0o440 }); yield* call('unlink', { path: draft }); return 0; }
    yield* err(`>>> ${path}: syntax error near line ${line} <<<\n`);
    for (let asked = true; asked;) {
      yield* out('What now? ');
      const got = yield* call('read', { fd: 0 });
      const answer = got.ok ? got.value.trim() : 'x';
      if (answer === 'e') asked = false;
      else if (answer === 'Q') { yield* call('writeFile', { path, text, mode: 0o440 }); yield* call('unlink', { path: draft }); return 0; } else if (answer === 'x' || answer === '') { yield* call('unlink', { path: draft }); return answer === 'x' ? 0 : 1; } else yield* out('Options are:\n  (e)dit sudoers file again\n  e(x)it without saving changes to sudoers file\n  (Q)uit and save changes to sudoers file (DANGER!)\n\n');
    }
  }
}

export const visudo: Command = {
  name: 'visudo',
  *main(start) {
    const got = getopt('visudo', start.argv.slice(1), { short: 'cf:hqV', long: { check: ['none', 'c'], file: ['required', 'f'], help: ['none', 'h'], quiet: ['none', 'q'], version: ['none', 'V'] } });
    const usage = 'usage: visudo [-chqV] [-f sudoers] [-x output_file]\n';
    if (!got.ok) { yield* err(`${got.error}\n${usage}`); return 1; }
    const { given } = got;
    if (has(given, 'h')) { yield* out(usage); return 0; }
    if (has(given, 'V')) { yield* out('visudo version 1.8.23\nvisudo grammar version 46\n'); return 0; }
    const path = valueOf(given, 'f') ?? '/etc/sudoers';
    if (start.uid !== 0) { yield* err(`visudo: ${path}: Permission denied\n`); return 1; }
    return has(given, 'c') ? yield* check(path, has(given, 'q')) : yield* editLoop(start, path);
  },
};
