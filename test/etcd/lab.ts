/** Three bare machines with etcd on each, and tasks that run on them as processes: no shell, no systemd. */
import { items } from '../../src/sim/engine/chunked.ts';
import { emptyPages } from '../../src/sim/engine/pages.ts';
import { emptyLog } from '../../src/sim/engine/chunked.ts';
import { nextAt } from '../../src/sim/engine/queue.ts';
import { seconds, type Us } from '../../src/sim/engine/time.ts';
import { makeFs } from '../../src/sim/host/images/index.ts';
import { allocatePid } from '../../src/sim/kernel/pids.ts';
import { blankProc } from '../../src/sim/kernel/process.ts';
import { ready } from '../../src/sim/kernel/waiting.ts';
import { enter } from '../../src/sim/kernel/table.ts';
import { Machine } from '../../src/sim/kernel/run.ts';
import { addAddress, addLink, addRoutes, bringUp, freshNs, plainAddress } from '../../src/sim/net/namespace.ts';
import { TABLE } from '../../src/sim/net/state.ts';
import type { Program, Start, Sys } from '../../src/sim/proc/program.ts';
import { call } from '../../src/sim/proc/syscalls.ts';
import type { Host, World } from '../../src/sim/world.ts';

export const NODES = ['n1', 'n2', 'n3'] as const;
export const ADDRESS: Record<string, string> = { n1: '192.168.50.11', n2: '192.168.50.12', n3: '192.168.50.13' };

type Task = (start: Start) => Sys<unknown>;
/** Tasks by number, and what each gave. Only for tests: a task is a closure. */
const tasks: Task[] = [];
const results: Record<string, unknown> = {};

const helpers: Record<string, Program> = {
  systemd: { name: 'systemd', main: function* () { yield* call('serve', {}); return 0; } },
  task: {
    name: 'task',
    main: function* (start) {
      const n = Number(start.argv[1]);
      results[n] = yield* tasks[n]!(start);
      return 0;
    },
  },
};

function makeHost(name: string, files: Readonly<Record<string, string>>): Host {
  const ns = freshNs('host', false);
  bringUp(ns, 'lo');
  addLink(ns, { name: 'eth0', kind: 'ether', mac: `02:00:00:00:50:1${name[1]}`, cable: true });
  bringUp(ns, 'eth0');
  addAddress(ns, 'eth0', plainAddress(ADDRESS[name]!, 24, 'eth0', '192.168.50.255'));
  addRoutes(ns, [{ table: TABLE.main, type: 'unicast', dst: '0.0.0.0', prefix: 0, via: '192.168.50.1', dev: 'eth0', src: null, scope: 'global', proto: 'dhcp', metric: 100, onlink: false, mtu: null }]);
  return {
    name, address: ADDRESS[name]!, up: false, gen: 0, bootAt: 0, bootId: '', machineId: name.repeat(16), kernel: '3.10.0', clock: { offset: 0, setAt: 0, driftPpm: 0 }, hostname: name,
    modules: {}, moduleOrder: [], sysctl: {}, dmesg: emptyLog(), memory: { totalKb: 8_000_000 }, disk: { sizeKb: 40_000_000, fsyncUs: 2_000, ballastKb: 0, writtenBytes: 0 },
    fs: { host: makeFs('test', 0, { '/tmp': { dir: true, mode: 0o1777 }, '/var': { dir: true }, '/etc/hosts': '127.0.0.1 localhost\n', ...files }) },
    roots: { host: { id: 'host', hostname: name, mounts: [{ target: '/', fs: 'host', base: '/', source: '/dev/vda1', type: 'xfs', options: 'rw', readonly: false }], pidns: 'host', nextPid: 0, netns: 'host', labels: {} } },
    ns: { host: ns }, procs: emptyPages(), nextPid: 300, ofds: {}, pipes: {}, freeOfds: [], freePipes: [], waiters: {}, collected: {}, journals: { host: emptyLog() },
  } as Host;
}

export class Lab {
  machine: Machine;

  constructor(programs: Readonly<Record<string, Program>>, files: (node: string) => Readonly<Record<string, string>> = () => ({}), seed = 1) {
    const world: World = {
      now: 0, seq: 0, queue: [], seed, rng: {}, hosts: {}, ttys: {}, ready: [], disturbance: 0,
      wire: { cables: Object.fromEntries(NODES.map((n) => [n, { host: n, dev: 'eth0', up: true, latencyUs: 150, lossPercent: 0 }])), cut: {}, eaten: {}, gateway: { address: '192.168.50.1', latencyUs: 300, forwards: false } },
      ids: { packet: 0, ofd: 0, socket: 0, pipe: 0, inode: 0 },
    };
    for (const node of NODES) world.hosts[node] = makeHost(node, files(node));
    this.machine = new Machine(world, { ...helpers, ...programs });
    for (const node of NODES) this.machine.schedule(0, { kind: 'power', host: node, to: 'on', gen: 0 });
    this.run(1_000);
  }

  get now(): Us { return this.machine.world.now; }

  run(us: Us, stop?: () => boolean): void {
    const until = this.now + us;
    this.machine.drain();
    while (nextAt(this.machine.world) <= until) {
      if (stop?.()) return;
      this.machine.step();
    }
    this.machine.world.now = until;
  }

  launch(node: string, program: string, argv: readonly string[], env: Record<string, string> = {}): number {
    const host = this.machine.host(node);
    const pid = allocatePid(host);
    const proc = blankProc(host, pid, { program, argv, env, comm: program, ppid: 1, startedAt: this.now });
    enter(host, proc);
    ready(this.machine, host, proc);
    this.machine.drain();
    return pid;
  }

  kill(node: string, pid: number, signal: 'TERM' | 'KILL' = 'KILL'): void {
    this.machine.signal(this.machine.host(node), pid, signal);
    this.machine.drain();
  }

  /** Runs a task to its end on a node. */
  do<T>(node: string, task: (start: Start) => Sys<T>, patienceUs = seconds(60)): T {
    const n = tasks.push(task) - 1;
    this.launch(node, 'task', ['task', String(n)]);
    this.run(patienceUs, () => n in results);
    if (!(n in results)) throw new Error('the task does not end');
    return results[n] as T;
  }

  journal(node: string, ident?: string): string[] {
    return [...items(this.machine.world.hosts[node]!.journals['host']!)].filter((entry) => !ident || entry.ident === ident).map((entry) => entry.message);
  }
}
