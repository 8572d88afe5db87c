/**
 * The smallest world in which a shell lives: one host with an init process, a few files, and programs. No
 * network, no services. For the shell's own tests, and quick.
 */
import { emptyPages, setEntry } from '../../../src/sim/engine/pages.ts';
import { emptyLog } from '../../../src/sim/engine/chunked.ts';
import { emptyFs, plant, type Tree } from '../../../src/sim/host/fs.ts';
import { blankProc } from '../../../src/sim/kernel/process.ts';
import type { Program } from '../../../src/sim/proc/program.ts';
import { Simulation } from '../../../src/sim/simulation.ts';
import { Session } from '../../../src/drill/session.ts';
import type { Host, NetNs, World } from './types.ts';
import { programs as shells } from '../../../src/shell/bash/index.ts';
import { commands } from '../../../src/shell/bin/coreutils/index.ts';
import { grep } from './grep.ts';

const EPOCH_US = 1_557_351_457_000_000;
const init: Program = { name: 'init', *main() { yield { op: 'serve' }; return 0; } };

export const programs: Readonly<Record<string, Program>> =
  Object.fromEntries([init, ...shells, grep, ...commands].map((p) => [p.name, p]));

const tree: Tree = {
  '/etc/passwd': 'root:x:0:0:root:/root:/bin/bash\nvagrant:x:1000:1000::/home/vagrant:/bin/bash\n',
  '/etc/hostname': 'node-1\n', '/etc/group': 'root:x:0:\nvagrant:x:1000:\n',
  '/root': { dir: true, mode: 0o700 }, '/home/vagrant': { dir: true, uid: 1000 },
  '/tmp': { dir: true, mode: 0o1777 },
  '/dev/null': { dev: 'null', rdev: [1, 3] }, '/dev/full': { dev: 'full', rdev: [1, 7] },
  '/dev/zero': { dev: 'zero', rdev: [1, 5] },
  '/bin': { to: 'usr/bin' }, '/usr/bin/broken': { text: '\x7fELF\x02\x01\x01\x00\x00', mode: 0o755 },
  ...Object.fromEntries(Object.keys(programs).map((name) => [`/usr/bin/${name}`, { program: name }])),
};

function host(name: string, files: Tree, more: readonly Program[]): Host {
  const fs = emptyFs('test', EPOCH_US);
  const extra = Object.fromEntries(more.map(({ name: program }) => [`/usr/bin/${program}`, { program }]));
  plant(fs, { ...tree, ...extra, ...files }, EPOCH_US);
  const made: Partial<Host> = {
    name, address: '10.0.0.1', up: true, gen: 0, bootAt: 0, bootId: 'boot', machineId: 'machine',
    kernel: '4.9.0', clock: { offset: 0, setAt: 0, driftPpm: 0 },
    hostname: name, modules: {}, moduleOrder: [], sysctl: {}, dmesg: emptyLog(),
    memory: { totalKb: 2_000_000 },
    disk: { sizeKb: 10_000_000, fsyncUs: 2000, ballastKb: {}, writtenBytes: 0 } as never, fs: { host: fs },
    roots: { host: { id: 'host', hostname: name,
      mounts: [{ target: '/', fs: 'host', base: '/', source: '/dev/vda1', type: 'ext4', options: 'rw',
        readonly: false }], pidns: 'host', nextPid: 0, netns: 'host', labels: {} } },
    ns: { host: {} as NetNs }, procs: emptyPages(), nextPid: 300, ofds: {}, pipes: {}, waiters: {}, collected: {},
    journals: { host: emptyLog() },
    ...({ freeOfds: [], freePipes: [] } as object),
  };
  const h = made as Host;
  setEntry(h.procs, 1, blankProc(h, 1, { program: 'init', comm: 'systemd', argv: ['/sbin/init'], exe: '/sbin/init' }));
  return h;
}

/** `more`: programs beside those of coreutils. */
export function smallWorld(files: Tree = {}, more: readonly Program[] = []): Session {
  const world: World = {
    now: 0, seq: 0, queue: [], seed: 1, rng: {}, hosts: { 'node-1': host('node-1', files, more) }, ttys: {},
    ready: [['node-1', 1]], disturbance: 0, wire: {} as never,
    ids: { packet: 0, ofd: 0, socket: 0, pipe: 0, inode: 0 },
  };
  return new Session(new Simulation(world, { ...programs, ...Object.fromEntries(more.map((program) => [program.name, program])) }));
}
