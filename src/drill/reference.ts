/**
 * What the machines' shells know, found out by asking them: where each program lies, and what it says to
 * --help. Nothing here is written by hand, so nothing here can promise more than there is.
 */
import { commands as coreutils } from '../shell/bin/coreutils/index.ts';
import { commands as etcdctl } from '../shell/bin/etcdctl/index.ts';
import { commands as gravity } from '../shell/bin/gravity/index.ts';
import { commands as helm } from '../shell/bin/helm/index.ts';
import { commands as host } from '../shell/bin/host/index.ts';
import { commands as kubectl } from '../shell/bin/kubectl/index.ts';
import { commands as net } from '../shell/bin/net/index.ts';
import { commands as netclient } from '../shell/bin/netclient/index.ts';
import { commands as planet } from '../shell/bin/planet/index.ts';
import { commands as screen } from '../shell/bin/screen/index.ts';
import { commands as text } from '../shell/bin/text/index.ts';
import type { Command } from '../shell/command.ts';
import type { Session } from './session.ts';

export interface KnownCommand { name: string; /** On a node, inside Planet. */ node: boolean; planet: boolean; help: string }
export interface CommandRoom { title: string; commands: KnownCommand[] }

const ROOMS: readonly [title: string, commands: readonly Command[]][] = [
  ['Kubernetes', kubectl], ['Gravity', gravity], ['Planet', planet], ['etcd', etcdctl], ['Helm', helm], ['The system', host], ['Network', net], ['Network clients', netclient],
  ['Files', coreutils], ['Text', text], ['Full screen', screen],
];
const HELP_MAX = 6_000;
/** Programs that wait for a person even when asked for help. */
const SILENT = new Set(['vi', 'vim', 'view', 'less', 'more', 'top', 'watch', 'su', 'sh', 'bash', 'yes', 'reboot', 'poweroff', 'halt', 'shutdown']);

export function referenceOf(session: Session, node = 'node-1'): CommandRoom[] {
  const found = (planet: boolean): Set<string> => {
    const names = ROOMS.flatMap(([, commands]) => commands.map(({ name }) => name));
    const { stdout } = session.fork().exec(node, `for name in ${names.join(' ')}; do type -P "$name" >/dev/null && echo "$name"; done`, { user: 'root', planet });
    return new Set(stdout.split('\n'));
  };
  const onNode = found(false), inPlanet = found(true);
  const rooms = ROOMS.map(([title, commands]) => ({
    title,
    commands: commands.filter(({ name }) => onNode.has(name) || inPlanet.has(name)).sort((a, b) => (a.name < b.name ? -1 : 1))
      .map(({ name }) => ({ name, node: onNode.has(name), planet: inPlanet.has(name), help: helpOf(session, node, name, !onNode.has(name)) })),
  }));
  const builtins = session.fork().exec(node, 'compgen -b').stdout.split('\n').filter(Boolean).sort();
  rooms.push({ title: 'Built into bash', commands: builtins.map((name) => ({ name, node: true, planet: true, help: session.fork().exec(node, `help ${name}`, { wait: 5 }).stdout.slice(0, HELP_MAX) })) });
  return rooms.filter(({ commands }) => commands.length > 0);
}

function helpOf(session: Session, node: string, name: string, planet: boolean): string {
  if (SILENT.has(name)) return '';
  const { stdout, stderr, exit } = session.fork().exec(node, `${name} --help`, { wait: 5, planet });
  const said = (stdout + stderr).trimEnd();
  // A program that knows no --help says so; that is no description of it.
  return exit === 0 && said.includes('\n') ? said.slice(0, HELP_MAX) : /usage/i.test(said) ? said.slice(0, HELP_MAX) : '';
}
