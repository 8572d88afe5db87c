/**
 * docker 18.09.5, the command: a client of the Engine API. Flags that it does not know are refused in
 * docker's words, with its exit status 125.
 */
import { err, out } from '../../../proc/libc.ts';
import type { Program, Start, Sys } from '../../../proc/program.ts';
import type { Fd } from '../../../proc/syscalls.ts';
import { parse, type Parsed, type Spec } from './flags.ts';
import { images, info, inspect, ps, stats, top, version } from './lists.ts';
import { attach, change, exec, logs, pull, pump, rmi, run, stdinThread } from './run.ts';

interface Command { readonly help: string; readonly flags: Spec; readonly run: (p: Parsed) => Sys<number>; readonly stopsAtArgument?: true }

const value = { value: true } as const;
const RUN: Spec = {
  detach: { short: 'd' }, interactive: { short: 'i' }, tty: { short: 't' }, rm: {}, privileged: {}, env: { short: 'e', ...value }, volume: { short: 'v', ...value }, name: value, entrypoint: value, network: value, net: value,
  hostname: { short: 'h', ...value }, user: { short: 'u', ...value }, workdir: { short: 'w', ...value }, label: { short: 'l', ...value }, pid: value,
};
const TIME: Spec = { time: { short: 't', ...value } };

const COMMANDS: Readonly<Record<string, Command>> = {
  attach: { help: 'Attach local standard input, output, and error streams to a running container', flags: { 'no-stdin': {} }, run: attach },
  create: { help: 'Create a new container', flags: RUN, run: (p) => run(p, true), stopsAtArgument: true },
  exec: { help: 'Run a command in a running container', flags: { detach: { short: 'd' }, interactive: { short: 'i' }, tty: { short: 't' }, env: { short: 'e', ...value }, user: { short: 'u', ...value }, privileged: {}, workdir: { short: 'w', ...value } }, run: exec, stopsAtArgument: true },
  images: { help: 'List images', flags: { all: { short: 'a' }, quiet: { short: 'q' }, 'no-trunc': {}, format: value }, run: images },
  info: { help: 'Display system-wide information', flags: {}, run: () => info() },
  inspect: { help: 'Return low-level information on Docker objects', flags: { format: { short: 'f', ...value }, type: value }, run: inspect },
  kill: { help: 'Kill one or more running containers', flags: { signal: { short: 's', ...value } }, run: (p) => change('kill', p) },
  logs: { help: 'Fetch the logs of a container', flags: { follow: { short: 'f' }, tail: value, since: value, timestamps: { short: 't' } }, run: logs },
  ps: { help: 'List containers', flags: { all: { short: 'a' }, quiet: { short: 'q' }, 'no-trunc': {}, filter: { short: 'f', ...value }, format: value, last: { short: 'n', ...value }, latest: { short: 'l' } }, run: ps },
  pull: { help: 'Pull an image or a repository from a registry', flags: {}, run: pull },
  restart: { help: 'Restart one or more containers', flags: TIME, run: (p) => change('restart', p) },
  rm: { help: 'Remove one or more containers', flags: { force: { short: 'f' }, volumes: { short: 'v' } }, run: (p) => change('rm', p) },
  rmi: { help: 'Remove one or more images', flags: { force: { short: 'f' } }, run: rmi },
  run: { help: 'Run a command in a new container', flags: RUN, run: (p) => run(p), stopsAtArgument: true },
  start: { help: 'Start one or more stopped containers', flags: {}, run: (p) => change('start', p) },
  stats: { help: 'Display a live stream of container(s) resource usage statistics', flags: { 'no-stream': {} }, run: stats },
  stop: { help: 'Stop one or more running containers', flags: TIME, run: (p) => change('stop', p) },
  top: { help: 'Display the running processes of a container', flags: {}, run: top },
  version: { help: 'Show the Docker version information', flags: {}, run: () => version() },
};
/** `docker container ls` and the like. */
const GROUPED: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  container: { ls: 'ps', list: 'ps', ps: 'ps', ...Object.fromEntries(['attach', 'create', 'exec', 'inspect', 'kill', 'logs', 'restart', 'rm', 'run', 'start', 'stats', 'stop', 'top'].map((n) => [n, n])) },
  image: { ls: 'images', list: 'images', inspect: 'inspect', pull: 'pull', rm: 'rmi' }, system: { info: 'info' },
};

const usage = (): string => `\nUsage:\tdocker [OPTIONS] COMMAND\n\nA self-sufficient runtime for containers\n\nCommands:\n${Object.entries(COMMANDS).map(([name, c]) => `  ${name.padEnd(11)} ${c.help}\n`).join('')}\nRun 'docker COMMAND --help' for more information on a command.\n`;

function* main(start: Start): Sys<number> {
  const resumed = start.mem as { joined?: { fd: Fd; raw: boolean; after: null } } | null;
  if (resumed?.joined) return yield* pump(resumed.joined);
  let [, name = '', ...words] = start.argv as [string, string?, ...string[]];
  if (name === '--version' || name === '-v') { yield* out('Docker version 18.09.5, build e8ff056\n'); return 0; }
  if (name === '' || name === '--help' || name === 'help') { yield* out(usage()); return 0; }
  const group = GROUPED[name];
  if (group) {
    const sub = group[words[0] ?? ''];
    if (!sub) { yield* err(`\nUsage:\tdocker ${name} COMMAND\n\nCommands:\n${Object.keys(group).map((n) => `  ${n}\n`).join('')}`); return 1; }
    [name, words] = [sub, words.slice(1)];
  }
  const command = COMMANDS[name];
  if (!command) { yield* err(name.startsWith('-') ? `unknown flag: ${name}\nSee 'docker --help'.\n` : `docker: '${name}' is not a docker command.\nSee 'docker --help'\n`); return name.startsWith('-') ? 125 : 1; }
  const parsed = parse(words, command.flags, !command.stopsAtArgument);
  if (!parsed.ok) {
    if (words.includes('--help')) { yield* out(`\nUsage:\tdocker ${name} [OPTIONS]\n\n${command.help}\n\nOptions:\n${Object.entries(command.flags).map(([long, f]) => `  ${f.short ? `-${f.short}, ` : '    '}--${long}\n`).join('')}`); return 0; }
    yield* err(`${parsed.error}\nSee 'docker ${name} --help'.\n`);
    return 125;
  }
  return yield* command.run(parsed.value);
}

export const programs: readonly Program[] = [{ name: 'docker', main, entries: { stdin: stdinThread } }];
