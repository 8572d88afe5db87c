/** Commands about kubectl itself: options, completion, plugin. */
import { out } from '../../../sim/proc/libc.ts';
import type { Sys } from '../../../sim/proc/program.ts';
import { call } from '../../../sim/proc/syscalls.ts';
import { plain } from './failure.ts';
import { flagTable } from './flags.ts';
import { globalFlags } from './globals.ts';
import type { Kubectl } from './session.ts';
import { flagUsages, type Verb } from './verb.ts';

export const options: Verb = {
  name: 'options', usage: 'options', short: 'Print the list of flags inherited by all commands', hidden: true,
  run: function* run(): Sys<number> {
    yield* out(`The following options can be passed to any command:\n\n${flagUsages(globalFlags)}`);
    return 0;
  },
};

const SHELLS = ['bash', 'zsh'];

export const completion: Verb = {
  name: 'completion', group: 'Settings Commands:', usage: 'completion SHELL', short: 'Output shell completion code for the specified shell (bash or zsh)', examples: [['Load it into this shell', 'source <(kubectl completion bash)']],
  run: function* run(k: Kubectl): Sys<number> {
    if (!k.args.length) return yield* k.fail(k.usage('Shell not specified.').failure);
    if (k.args.length > 1) return yield* k.fail(k.usage('Too many arguments. Expected only the shell type.').failure);
    if (!SHELLS.includes(k.args[0]!)) return yield* k.fail(k.usage(`Unsupported shell type ${JSON.stringify(k.args[0])}.`).failure);
    // This system's shell completes kubectl's words without a script: sourcing this changes nothing.
    yield* out(`# ${k.args[0]} completion for kubectl is built into this shell\n`);
    return 0;
  },
};

export const plugin: Verb = {
  name: 'plugin', group: 'Other Commands:', usage: 'plugin [flags]', short: 'Provides utilities for interacting with plugins.', long: 'Provides utilities for interacting with plugins.\n\nPlugins add commands that are no part of kubectl: executables named kubectl-NAME in the PATH.',
  subs: [{ name: 'list', usage: 'list', short: 'list all visible plugin executables on a user\'s PATH', flags: flagTable('name-only bool Names only, without their paths'), run: listPlugins }],
};

function* listPlugins(k: Kubectl): Sys<number> {
  const found: string[] = [];
  const seen = new Set<string>();
  for (const directory of (k.start.env['PATH'] ?? '').split(':').filter(Boolean)) {
    if (seen.has(directory)) continue;
    seen.add(directory);
    const names = yield* call('readdir', { path: directory });
    for (const name of names.ok ? names.value : []) if (name.startsWith('kubectl-')) found.push(k.flags.bool('name-only') ? name : `${directory}/${name}`);
  }
  if (!found.length) return yield* k.fail(plain('unable to find any kubectl plugins in your PATH').failure);
  yield* out(`The following compatible plugins are available:\n\n${found.map((one) => `${one}\n`).join('')}`);
  return 0;
}
