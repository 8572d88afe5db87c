/**
 * A hand at a keyboard: it types one line as root on a node, and goes. What comes of it is the system's
 * business, as with any operator; nobody reads what it prints.
 */
import { install, newOfd } from '../kernel/descriptors.ts';
import type { Kernel } from '../kernel/kernel.ts';
import { allocatePid } from '../kernel/pids.ts';
import { blankProc } from '../kernel/process.ts';
import { ready } from '../kernel/waiting.ts';
import { enter } from '../kernel/table.ts';
import type { Fault, FaultArg, FaultArgs } from './strike.ts';

const ENV = { PATH: '/usr/local/sbin:/usr/local/bin:/sbin:/bin:/usr/sbin:/usr/bin:/root/bin', HOME: '/root', USER: 'root', LOGNAME: 'root', SHELL: '/bin/bash', LANG: 'en_US.UTF-8' };
/** What a login would have set: where kubectl finds its configuration. */
const SETTINGS = 'export $(cat /etc/environment 2>/dev/null) >/dev/null; ';

/** Returns why nobody can type there, or nothing. */
export function typeLine(k: Kernel, node: string, line: string): string | void {
  const host = k.host(node);
  if (!host.up) return `node ${node} is down`;
  const pid = allocatePid(host);
  const proc = blankProc(host, pid, {
    ppid: 1, program: 'bash', comm: 'bash', exe: '/bin/bash', argv: ['bash', '-c', SETTINGS + line], env: ENV, cwd: '/root', startedAt: k.world.now,
  });
  enter(host, proc);
  const nothing = newOfd(k, host, { kind: 'device', dev: 'null' });
  for (const fd of [0, 1, 2]) install(host, proc, nothing, fd);
  ready(k, host, proc);
}

export const nodeArg = (node: string): FaultArg => ({ type: 'node', default: node, about: 'where' });

interface Typed extends Omit<Fault, 'args' | 'strike'> { node?: string; args?: Fault['args']; line: (args: FaultArgs) => string }

/** A fault that is a line typed on a node. */
export const typed = ({ node = 'node-2', args = {}, line, ...fault }: Typed): Fault => ({
  ...fault,
  args: { node: nodeArg(node), ...args },
  strike: (k, given) => typeLine(k, String(given['node']), line(given)),
});

/** The same, inside Planet: `gravity exec` there. */
export const inPlanet = (line: string): string => `gravity exec ${line}`;
