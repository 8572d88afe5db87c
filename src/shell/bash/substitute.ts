/** Command and process substitution. */
import type { Script, Simple } from '../grammar/ast.ts';
import { strerror } from '../../sim/proc/libc.ts';
import type { Sys } from '../../sim/proc/program.ts';
import { builtinOf, callBuiltin } from './command.ts';
import { environmentFor, findProgram } from './programs.ts';
import { expandText, expandWords } from './expand.ts';
import { readPath } from './input.ts';
import { waitAll } from './jobs.ts';
import { cook, isPlainProgram, spawnProgram, spawnShell } from './pipeline.ts';
import { CAPTURE, Failure, type Shell } from './shell.ts';
import { get } from './table.ts';

/** Builtins whose only effect is what they print. */
const SPOKEN: ReadonlySet<string> =
  new Set(['echo', 'printf', 'pwd', 'true', ':', 'false', 'type', 'test', '[', 'dirs']);

/** Output without the newlines at its end, as `$(…)` gives it. Its status is seen at once. */
function* trimmed(sh: Shell, text: string): Sys<string> {
  sh.s.status = sh.substituted ?? 0;
  let end = text.length;
  while (end > 0 && text[end - 1] === '\n') end--;
  text = text.slice(0, end);
  if (!text.includes('\0')) return text;
  yield* sh.warn('warning: command substitution: ignored null byte in input');
  return text.replaceAll('\0', '');
}

export function* substitute(sh: Shell, script: Script): Sys<string> {
  if (!script.length) { sh.substituted = 0; return ''; }
  const only = script.length === 1 && script[0]!.k === 'simple' ? script[0] : null;
  if (only && !only.assigns.length && !only.words.length && only.redirs.length === 1
    && only.redirs[0]!.op === '<' && only.redirs[0]!.fd === undefined) {
    return yield* contents(sh, only);
  }
  const text = only ? yield* without(sh, only) : null;
  return yield* trimmed(sh, text ?? (yield* output(sh, script)));
}

/** `$(< file)` */
function* contents(sh: Shell, n: Simple): Sys<string> {
  const path = yield* expandText(sh, n.redirs[0]!.target);
  const text = yield* readPath(sh, path);
  sh.substituted = text.ok ? 0 : 1;
  if (!text.ok) yield* sh.warn(`${path}: ${strerror(text.errno)}`);
  return yield* trimmed(sh, text.ok ? text.value : '');
}

/** Evaluated in this very process, where nobody could tell; null: it could be told. */
function* without(sh: Shell, n: Simple): Sys<string | null> {
  const head = n.words[0];
  const name = head && 'src' in head ? head.lit : undefined;
  if (name === undefined || !SPOKEN.has(name) || n.redirs.length || n.assigns.length) return null;
  if (get(sh.s.functions, name) || sh.option('xtrace') || sh.option('nounset')
    || sh.s.traps['DEBUG'] !== undefined) return null;
  if (!n.words.every((w) => 'src' in w && w.pure && w.src !== '-v')) return null;
  const builtin = builtinOf(sh, name);
  if (!builtin) return null;
  const argv = yield* expandWords(sh, n.words as never);
  const { captured, builtin: outer, s: { fds, status } } = sh;
  sh.captured = '';
  sh.s.fds = { ...fds, 1: CAPTURE };
  try {
    sh.substituted = yield* callBuiltin(sh, name, builtin, argv.slice(1), []);
    return sh.captured;
  } finally {
    sh.s.fds = fds;
    sh.s.status = status;
    sh.captured = captured;
    sh.builtin = outer;
  }
}

function* output(sh: Shell, script: Script): Sys<string> {
  yield* cook(sh);
  const pipe = yield* sh.call('pipe', {});
  if (!pipe.ok) throw new Failure(`cannot make pipe for command substitution: ${strerror(pipe.errno)}`);
  const { read, write } = pipe.value;
  const fds: Record<number, number> = {};
  for (const key in sh.s.fds) if (sh.s.fds[key] !== CAPTURE) fds[key] = sh.s.fds[key]!;
  fds[1] = write;
  const pid = yield* start(sh, script, fds);
  yield* sh.call('close', { fd: write });
  if (typeof pid !== 'number') {
    yield* sh.call('close', { fd: read });
    sh.substituted = pid.status;
    return '';
  }
  let text = '';
  for (;;) {
    const part = yield* sh.call('read', { fd: read });
    if (!part.ok && part.errno === 'EINTR') continue;
    if (!part.ok || part.value === '') break;
    text += part.value;
  }
  yield* sh.call('close', { fd: read });
  const monitor = sh.s.options['monitor'];
  if (monitor) delete sh.own('options')['monitor'];
  const ended = yield* waitAll(sh, [pid], () => '');
  if (monitor) sh.own('options')['monitor'] = true;
  sh.substituted = ended.statuses[0]!;
  return text;
}

/** The process behind a substitution: the program itself where that is all there is. */
function* start(sh: Shell, script: Script, fds: Record<number, number>): Sys<number | { status: number }> {
  const n = script[0]!;
  if (script.length === 1 && isPlainProgram(sh, n) && !n.redirs.length) {
    const argv = yield* expandWords(sh, n.words as never);
    const path = yield* findProgram(sh, argv[0]!, undefined, true);
    if (path !== null) {
      const made = yield* spawnProgram(sh, path, argv, environmentFor(sh, [], path), { fds });
      if (typeof made === 'number') return made;
    }
  }
  sh.nested++;
  const made = yield* spawnShell(sh, script, { fds }, true);
  sh.nested--;
  if (typeof made === 'number') return made;
  yield* sh.warn(`fork: ${strerror(made)}`);
  return { status: 254 };
}

/** `<(…)` and `>(…)`: a name for one end of a pipe whose other end a command has. */
export function* processSubstitution(sh: Shell, way: '<' | '>', script: Script): Sys<string> {
  const pipe = yield* sh.call('pipe', {});
  if (!pipe.ok) throw new Failure(`cannot make pipe for process substitution: ${strerror(pipe.errno)}`);
  const [mine, theirs] =
    way === '<' ? [pipe.value.read, pipe.value.write] : [pipe.value.write, pipe.value.read];
  const fds: Record<number, number> = {};
  for (const key in sh.s.fds) if (sh.s.fds[key] !== CAPTURE && !sh.substitutions.includes(Number(key)))
    fds[key] = sh.s.fds[key]!;
  fds[way === '<' ? 1 : 0] = theirs;
  sh.nested++;
  const pid = yield* spawnShell(sh, script, { fds });
  sh.nested--;
  yield* sh.call('close', { fd: theirs });
  if (typeof pid === 'number') sh.s.lastBackground = pid;
  let fd = 63;
  while (sh.s.fds[fd] !== undefined) fd--;
  sh.own('fds')[fd] = mine;
  sh.substitutions.push(fd);
  return `/dev/fd/${fd}`;
}
