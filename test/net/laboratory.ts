/**
 * The laboratory's three hosts with nothing on them but a kernel and servers: what the network's tests
 * stand on. A job is a generator run as a process of a node, in the host's or a pod's namespace.
 */
import { emptyPages, entry } from '../../src/sim/engine/pages.ts';
import { emptyLog } from '../../src/sim/engine/chunked.ts';
import { own } from '../../src/sim/engine/cow.ts';
import { emptyFs } from '../../src/sim/host/fs.ts';
import { allocatePid } from '../../src/sim/kernel/pids.ts';
import { blankProc } from '../../src/sim/kernel/process.ts';
import { ready } from '../../src/sim/kernel/waiting.ts';
import { enter } from '../../src/sim/kernel/table.ts';
import { Machine } from '../../src/sim/kernel/run.ts';
import { labAddress, layLab } from '../../src/sim/net/lab.ts';
import type { IptablesAnswer } from '../../src/sim/net/state.ts';
import { writeCell } from '../../src/sim/net/sysctl.ts';
import type { Json, Program, Sys } from '../../src/sim/proc/program.ts';
import { call } from '../../src/sim/proc/syscalls.ts';
import { commands } from '../../src/shell/bin/net/index.ts';
import type { Reply } from '../../src/sim/proc/program.ts';
import type { Host, World } from '../../src/sim/world.ts';

const NODES = ['n1', 'n2', 'n3'];

function bareHost(name: string): Host {
  const mount = { target: '/', fs: 'host', base: '/', source: '/dev/sda1', type: 'xfs', options: 'rw', readonly: false };
  return {
    name, address: '', up: true, gen: 0, bootAt: 0, bootId: '', machineId: '', kernel: '3.10.0', clock: { offset: 0, setAt: 0, driftPpm: 0 }, hostname: name,
    modules: { br_netfilter: { refs: 0, params: '' } }, moduleOrder: ['br_netfilter'], sysctl: {}, dmesg: emptyLog(), memory: { totalKb: 1 },
    disk: { sizeKb: 1e9, fsyncUs: 1000, ballastKb: 0, writtenBytes: 0 }, fs: { host: emptyFs('host', 0) },
    roots: { host: { id: 'host', hostname: name, mounts: [mount], pidns: 'host', nextPid: 0, netns: 'host', labels: {} } },
    ns: {}, procs: emptyPages(), nextPid: 300, ofds: {}, pipes: {}, freeOfds: [], freePipes: [], waiters: {}, collected: {}, journals: { host: emptyLog() },
  } as unknown as Host;
}

export function labWorld(): World {
  const world = {
    now: 0, seq: 0, queue: [], seed: 1, rng: {}, hosts: Object.fromEntries(NODES.map((n) => [n, bareHost(n)])), ttys: {}, ready: [], disturbance: 0,
    wire: { cables: Object.fromEntries(NODES.map((n) => [n, { host: n, dev: 'eth0', up: true, latencyUs: 100, lossPercent: 0 }])), cut: {}, eaten: {}, gateway: { address: '', latencyUs: 100, forwards: false } },
    ids: { packet: 0, ofd: 0, socket: 0, pipe: 0, inode: 0 },
  } as unknown as World;
  layLab(world);
  return world;
}

type Job = () => Sys<Json>;
const jobs: Job[] = [];
const results: Json[] = [];

const program: Program = {
  name: 'job',
  *main(start) {
    const id = Number(start.argv[1]);
    results[id] = yield* jobs[id]!();
    return 0;
  },
};

/** HTTP on 8080 and an echo on udp 9999; DNS-like on 53. */
const server: Program = {
  name: 'podserver',
  *main(start) {
    yield* call('listen', { proto: 'tcp', addr: '0.0.0.0', port: 8080, entry: 'http' });
    yield* call('udp', { port: 9999, entry: 'echo', ...(start.argv[3] ? { addr: start.argv[3] } : {}) });
    if (start.argv[1] === 'dns') {
      yield* call('udp', { port: 53, entry: 'echo' });
      yield* call('listen', { proto: 'tcp', addr: '0.0.0.0', port: 53, entry: 'http' });
    }
    yield* call('serve', {});
    return 0;
  },
  entries: {
    *http(start) {
      const { fd, peer } = start.event as { fd: number; peer: string };
      const got = yield* call('recv', { fd });
      if (got.ok && got.value) yield* call('send', { fd, data: `${start.argv[2]} from ${peer}` });
      yield* call('close', { fd });
    },
    *echo(start) {
      const { fd, data, addr, port } = start.event as { fd: number; data: Json; addr: string; port: number };
      yield* call('sendto', { fd, addr, port, data: `${start.argv[2]}:${String(data)}`, size: 20 });
    },
  },
};

export const place = (name: string): { node: string; netns: string } => (name.startsWith('p') ? { node: `n${name[1]}`, netns: name } : { node: name, netns: 'host' });

export class Laboratory {
  readonly machine: Machine;
  constructor(world: World = labWorld(), servers = true) {
    this.machine = new Machine(world, { job: program, podserver: server });
    if (!servers) return;
    for (const name of [...NODES, 'p11', 'p12', 'p21', 'p22', 'p31', 'p32']) this.start(name, 'podserver', ['podserver', name === 'p11' ? 'dns' : '', name, ...(name.startsWith('n') ? [labAddress(Number(name[1]))] : [])]);
    this.machine.drain();
  }

  start(where: string, name: string, argv: string[]): { host: Host; pid: number } {
    const { node, netns } = place(where);
    const host = this.machine.host(node);
    const pid = allocatePid(host);
    const proc = blankProc(host, pid, { program: name, comm: name, argv, netns });
    enter(host, proc);
    ready(this.machine, host, proc);
    return { host, pid };
  }

  /** Runs a job to its end (or `limit` simulated seconds) and gives its result. */
  run<T extends Json>(where: string, job: () => Sys<T>, limit = 300): T {
    const id = jobs.push(job as Job) - 1;
    const { node } = place(where);
    const { pid } = this.start(where, 'job', ['job', String(id)]);
    const until = this.machine.world.now + limit * 1_000_000;
    this.machine.drain();
    for (;;) {
      const proc = entry(this.machine.world.hosts[node]!.procs, pid);
      if (!proc || proc.exit) return results[id] as T;
      if (this.machine.world.now > until || !this.machine.step()) throw new Error(`job at ${where} does not end: ${JSON.stringify(proc.waiting?.call)}`);
    }
  }

  iptables(where: string, command: string): IptablesAnswer {
    const args = command.split(' ');
    return this.run(where, function* () {
      const got = yield* call('netChange', { change: { kind: 'iptables', args } });
      return (got.ok ? got.value : { exit: 99, stdout: '', stderr: got.errno }) as Json;
    }) as unknown as IptablesAnswer;
  }

  /** Runs one of the room's tools with its output caught; words are split at blanks. */
  tool(where: string, line: string, { stdin = '', uid = 0, limit = 300 } = {}): { exit: number; stdout: string; stderr: string } {
    const argv = line.split(' ');
    const command = commands.find((each) => each.name === argv[0])!;
    let stdout = '', stderr = '', fed = false;
    const exit = this.run(where, function* (): Sys<number> {
      const inner = command.main({ argv, env: { PATH: '/usr/bin' }, pid: 1, ppid: 0, uid, gid: 0, mem: null, event: null });
      for (let step = inner.next(); ;) {
        if (step.done) return step.value;
        const { value } = step;
        let reply: Reply;
        if (value.op === 'write') {
          if (value.fd === 1) stdout += value.text; else stderr += value.text;
          reply = { ok: true, value: value.text.length };
        } else if (value.op === 'read') {
          reply = { ok: true, value: fed ? '' : stdin };
          fed = true;
        } else reply = yield value;
        step = inner.next(reply);
      }
    }, limit);
    return { exit, stdout, stderr };
  }

  sysctl(where: string, key: string, value: string): void {
    const { node, netns } = place(where);
    writeCell(own(own(this.machine.host(node), 'ns'), netns)!, key, value);
  }

  curl(where: string, addr: string, port: number, timeout = 4): string {
    return this.run(where, function* (): Sys<string> {
      const fd = yield* call('connect', { proto: 'tcp', addr, port, timeoutUs: timeout * 1_000_000 });
      if (!fd.ok) return fd.errno;
      yield* call('send', { fd: fd.value, data: 'GET /' });
      const got = yield* call('recv', { fd: fd.value, timeoutUs: timeout * 1_000_000 });
      yield* call('close', { fd: fd.value });
      return got.ok ? String(got.value?.data ?? 'EOF') : got.errno;
    });
  }

  udp(where: string, addr: string, port: number): string {
    return this.run(where, function* (): Sys<string> {
      const fd = yield* call('udp', {});
      if (!fd.ok) return fd.errno;
      const connected = yield* call('udpConnect', { fd: fd.value, addr, port });
      if (!connected.ok) return connected.errno;
      const sent = yield* call('sendto', { fd: fd.value, data: 'hi', size: 2 });
      if (!sent.ok) return sent.errno;
      const got = yield* call('recvfrom', { fd: fd.value, timeoutUs: 1_000_000 });
      return got.ok ? String(got.value.data) : got.errno;
    });
  }

  ping(where: string, addr: string, size = 56, dontFragment = false): string {
    return this.run(where, function* (): Sys<string> {
      const fd = yield* call('icmp', {});
      if (!fd.ok) return fd.errno;
      const sent = yield* call('icmpSend', { fd: fd.value, addr, data: { seq: 1 }, size, dontFragment });
      if (!sent.ok) return sent.errno;
      const got = yield* call('icmpRecv', { fd: fd.value, timeoutUs: 4_000_000 });
      yield* call('close', { fd: fd.value });
      if (!got.ok) return got.errno === 'ETIMEDOUT' ? 'silence' : got.errno;
      return got.value.type === 0 ? `ttl=${got.value.ttl}` : `${got.value.from} ${got.value.type}/${got.value.code}`;
    });
  }
}
