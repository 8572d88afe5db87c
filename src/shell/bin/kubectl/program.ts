/**
 * kubectl's main: finds the command in the words, parses its flags, prints help or runs it; kubectl-NAME in
 * the PATH are commands too. Imitates v1.14.1, whose main prints cobra's errors a second time.
 */
import { err, out } from '../../../sim/proc/libc.ts';
import type { Start, Sys } from '../../../sim/proc/program.ts';
import { call } from '../../../sim/proc/syscalls.ts';
import { commandWords, parseFlags } from './flags.ts';
import { globalFlags } from './globals.ts';
import { Kubectl } from './session.ts';
import { root } from './verbs.ts';
import { findVerb, helpText, unknownCommand, usageText, type Verb } from './verb.ts';

export function* main(start: Start): Sys<number> {
  const words = start.argv.slice(1);
  // The command's own flags decide which words are values, so the search goes down one level at a time.
  let path: Verb[] = [root];
  let rest = [...words];
  for (;;) {
    const verb = path.at(-1)!;
    const at = commandWords(rest, [...(verb.flags ?? []), ...globalFlags])[0];
    if (at === undefined || !verb.subs) break;
    const found = findVerb(verb, [rest[at]!]);
    if (!found.used) {
      if (verb !== root) break;
      return yield* unknown(start, rest, rest[at]!);
    }
    path = [...path, found.path.at(-1)!];
    rest = rest.filter((_, i) => i !== at);
  }
  return yield* dispatch(start, path, rest);
}

function* dispatch(start: Start, path: Verb[], rest: readonly string[]): Sys<number> {
  const verb = path.at(-1)!;
  if (verb === helpVerb) return yield* help(rest);
  const parsed = parseFlags(rest, [...(verb.flags ?? []), ...(verb === root ? [] : globalFlags), ...(verb === root ? globalFlags : [])]);
  if (!parsed.ok) {
    if (parsed.help) { yield* out(helpText(path)); return 0; }
    yield* err(`Error: ${parsed.error}\n\n\n${usageText(path)}\n${parsed.error}\n`);
    return 1;
  }
  const k = new Kubectl(start, parsed.flags, path);
  if (verb.run) return yield* verb.run(k);
  if (verb === root) { yield* out(helpText(path)); return 0; }
  // A command that only groups others.
  if (k.args.length) return yield* k.fail(k.usage(`unknown command ${JSON.stringify(k.args.join(' '))}`).failure);
  yield* out(helpText(path));
  return 1;
}

const helpVerb = root.subs!.find((verb) => verb.name === 'help');

function* help(words: readonly string[]): Sys<number> {
  const parsed = parseFlags(words, globalFlags);
  const args = parsed.ok ? parsed.flags.args : [];
  const { path, used } = findVerb(root, args);
  if (used < args.length && used === 0) {
    yield* err(`Unknown help topic ${args.map((arg) => JSON.stringify(arg)).join(' ').replace(/^/, '[').replace(/$/, ']').replaceAll('"', '`')}\n`);
    return 0;
  }
  yield* out(helpText(path));
  return 0;
}

/** A plugin, or cobra's complaint. */
function* unknown(start: Start, words: readonly string[], word: string): Sys<number> {
  if (!words[0]!.startsWith('-')) {
    const named = words.slice(0, Math.max(0, words.findIndex((w) => w.startsWith('-')) + 1 ? words.findIndex((w) => w.startsWith('-')) : words.length));
    for (let n = named.length; n > 0; n--) {
      const file = yield* inPath(start, `kubectl-${named.slice(0, n).map((part) => part.replaceAll('-', '_')).join('-')}`);
      if (file) {
        yield* call('exec', { path: file, argv: [file, ...words.slice(n)], env: start.env });
        break;
      }
    }
  }
  const text = unknownCommand(root, word);
  yield* err(`Error: ${text}\nRun 'kubectl --help' for usage.\n${text}\n`);
  return 1;
}

function* inPath(start: Start, name: string): Sys<string | null> {
  for (const directory of (start.env['PATH'] ?? '').split(':').filter(Boolean)) {
    const found = yield* call('access', { path: `${directory}/${name}`, mode: 'x' });
    if (found.ok) return `${directory}/${name}`;
  }
  return null;
}
