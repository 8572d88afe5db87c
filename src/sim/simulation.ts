/**
 * The front door of the simulator: a world that can be driven, watched, forked, saved and sought. A world
 * is a value: a snapshot is a reference, a fork is two of them. It knows no shell and no screen: programs
 * are handed in.
 */
import { entries } from './engine/pages.ts';
import { own, seal } from './engine/cow.ts';
import { digest } from './engine/digest.ts';
import { pack, unpack } from './engine/pack.ts';
import { nextAt } from './engine/queue.ts';
import type { Us } from './engine/time.ts';
import { install, newOfd, newPipe, openPipeEnd } from './kernel/descriptors.ts';
import { terminate } from './kernel/exit.ts';
import { allocatePid } from './kernel/pids.ts';
import { blankProc } from './kernel/process.ts';
import { ready } from './kernel/waiting.ts';
import { Machine } from './kernel/run.ts';
import { enter } from './kernel/table.ts';
import { createTty, ownTty, type as typeKeys } from './kernel/tty.ts';
import type { Fs } from './host/fs.ts';
import type { Json, Program } from './proc/program.ts';
import { plantFile } from './kernel/plant.ts';
import { strike } from './faults/strike.ts';
import type { Host, Pid, Tty, World } from './world.ts';

/** What comes from outside. Everything else follows from the world itself. */
export type Input =
  | { kind: 'open'; tty: string; host: string; cols: number; rows: number }
  | { kind: 'keys'; tty: string; data: string }
  | { kind: 'resize'; tty: string; cols: number; rows: number }
  | { kind: 'exec'; host: string; id: string; text: string; stdin: string; user: string; netns?: string; planet?: boolean }
  | { kind: 'kill'; host: string; pid: Pid }
  | { kind: 'write'; host: string; path: string; content: string; mode: number }
  | { kind: 'fault'; name: string; args: Json };

/** How far a run may go in events before it gives the caller a word. */
const EVENTS_MAX = 50_000_000;

export class Simulation {
  readonly machine: Machine;

  constructor(world: World, programs: Readonly<Record<string, Program>>, images: Readonly<Record<string, Fs>> = {}) {
    this.machine = new Machine(world, programs, images);
  }

  get world(): World { return this.machine.world; }
  get now(): Us { return this.machine.world.now; }

  /** A value that holds everything: hosts, terminals, programs in the middle of a call. */
  snapshot(): World { return this.machine.snapshot(); }
  restore(world: World): void { this.machine.world = { ...seal(world) }; }
  fork(): Simulation { return new Simulation(this.snapshot(), this.machine.programs, this.machine.images); }

  save(): string { return pack(this.snapshot()); }
  static load(text: string, programs: Readonly<Record<string, Program>>, images: Readonly<Record<string, Fs>> = {}): Simulation {
    // Sealed, since what is shared in it may not be changed in place.
    return new Simulation(seal(unpack(text) as World), programs, images);
  }

  /** Equal seed and inputs give equal digests, in every JavaScript engine. */
  digest(): string { return digest(this.snapshot()); }

  step(): boolean { return this.machine.step(); }

  /**
   * Runs until the clock reaches `until` or `stop` says so (asked after each event). Returns whether
   * `stop` did. The clock then stands at the last event, or at `until`.
   */
  runUntil(until: Us, stop?: (world: World) => boolean, eventsMax = EVENTS_MAX): boolean {
    const { machine } = this;
    machine.drain();
    if (machine.missing !== null) return false;
    if (stop?.(machine.world)) return true;
    for (let left = eventsMax; left > 0 && nextAt(machine.world) <= until; left--) {
      machine.step();
      if (machine.missing !== null) return false;
      if (stop?.(machine.world)) return true;
    }
    if (machine.world.now < until && nextAt(machine.world) > until) machine.world.now = until;
    return false;
  }

  advance(us: Us): void { this.runUntil(this.now + us); }

  /** Applies an input now. Returns what it made (a pid), or a reason why it cannot be. */
  apply(input: Input): { ok: true; pid?: Pid } | { ok: false; error: string } {
    switch (input.kind) {
      case 'open': return this.openTerminal(input);
      case 'keys': {
        const tty = this.world.ttys[input.tty];
        if (!tty || tty.closed) return { ok: false, error: `unknown terminal ${input.tty}` };
        typeKeys(this.machine, this.machine.host(tty.host), input.tty, input.data);
        break;
      }
      case 'resize': {
        if (!this.world.ttys[input.tty]) return { ok: false, error: `unknown terminal ${input.tty}` };
        const tty = ownTty(this.machine, input.tty);
        Object.assign(tty, { cols: input.cols, rows: input.rows });
        for (const proc of entries(this.world.hosts[tty.host]!.procs)) {
          if (proc.pgid === tty.foreground && proc.threadOf === null && !proc.exit) this.machine.signal(this.machine.host(tty.host), proc.pid, 'WINCH');
        }
        break;
      }
      case 'exec': return this.exec(input);
      case 'kill': {
        const host = this.machine.host(input.host);
        const proc = this.machine.proc(host, input.pid);
        if (proc) for (const other of entries(host.procs)) if (other.sid === proc.sid && !other.exit && other.threadOf === null) terminate(this.machine, host, this.machine.proc(host, other.pid)!, { status: 137, signal: 'KILL' });
        break;
      }
      case 'write': return plantFile(this.machine, input.host, input.path, input.content, input.mode);
      case 'fault': {
        const error = strike(this.machine, input.name, input.args);
        if (error) return { ok: false, error };
        break;
      }
    }
    this.machine.drain();
    return { ok: true };
  }

  private openTerminal({ tty: id, host: name, cols, rows }: Input & { kind: 'open' }): { ok: true; pid?: Pid } | { ok: false; error: string } {
    if (!Object.hasOwn(this.world.hosts, name)) return { ok: false, error: `unknown node ${name}` };
    if (Object.hasOwn(this.world.ttys, id)) return { ok: false, error: `terminal name ${id} used before` };
    const host = this.machine.host(name);
    if (!host.up) return { ok: false, error: `node ${name} is down` };
    const tty = createTty(this.machine, host, id, cols, rows);
    const pid = this.login(host, { argv: ['-bash'], user: 'vagrant', tty: id });
    tty.session = pid;
    tty.foreground = pid;
    const descriptor = newOfd(this.machine, host, { kind: 'tty', tty: id });
    const shell = this.machine.proc(host, pid)!;
    for (const fd of [0, 1, 2]) install(host, shell, descriptor, fd);
    this.machine.drain();
    return { ok: true, pid };
  }

  private exec(input: Input & { kind: 'exec' }): { ok: true; pid?: Pid } | { ok: false; error: string } {
    if (!Object.hasOwn(this.world.hosts, input.host)) return { ok: false, error: `unknown node ${input.host}` };
    const host = this.machine.host(input.host);
    if (!host.up) return { ok: false, error: `node ${input.host} is down` };
    if (input.planet && !host.roots['planet']) return { ok: false, error: `no Planet runs on ${input.host}` };
    if (input.netns !== undefined && !Object.hasOwn(host.ns, input.netns)) return { ok: false, error: `unknown netns ${input.netns}` };
    const pid = this.login(host, { argv: ['bash', '-c', input.text], user: input.user, tty: null, root: input.planet ? 'planet' : 'host', netns: input.netns });
    const shell = this.machine.proc(host, pid)!;
    shell.report = `${input.id}.exit`;
    const { machine } = this;
    const stdin = newPipe(machine, host);
    own(own(host, 'pipes'), stdin).text = input.stdin;
    install(host, shell, openPipeEnd(machine, host, stdin, 'read'), 0);
    for (const [fd, stream] of [[1, 'out'], [2, 'err']] as const) {
      install(host, shell, newOfd(machine, host, { kind: 'collect', into: `${input.id}.${stream}` }), fd);
    }
    return { ok: true, pid };
  }

  /** A session leader under init: what sshd or login would have started. */
  private login(host: Host, o: { argv: string[]; user: string; tty: string | null; root?: string; netns?: string | undefined }): Pid {
    const root = o.root ?? 'host';
    const account = accountOf(host, root, o.user);
    const pid = allocatePid(host);
    const env = { ...environmentOf(host, root, account), HOME: account.home, USER: o.user, LOGNAME: o.user, SHELL: '/bin/bash', ...(o.tty ? { TERM: 'xterm-256color' } : {}) };
    const inside = root !== 'host';
    const proc = blankProc(host, pid, {
      ppid: 1, program: 'bash', comm: 'bash', exe: '/bin/bash', argv: o.argv, env, uid: account.uid, gid: account.gid, groups: account.groups,
      cwd: account.home, root, netns: o.netns ?? host.roots[root]?.netns ?? 'host', tty: o.tty, startedAt: this.now, umask: 0o022,
    });
    if (inside) { const owner = own(own(host, 'roots'), root); proc.vpid = ++owner.nextPid; }
    enter(host, proc);
    ready(this.machine, host, proc);
    return pid;
  }
}

interface Account { uid: number; gid: number; home: string; groups: number[] }

const fileOf = (host: Host, root: string, path: string): string => {
  const mount = host.roots[root]?.mounts.find((m) => m.target === '/');
  let inode = mount && host.fs[mount.fs]?.inodes[0];
  for (const part of path.split('/').filter(Boolean)) {
    if (inode?.type !== 'dir') return '';
    const ino: number | undefined = inode.entries[part];
    inode = ino === undefined ? null : host.fs[mount!.fs]!.inodes[ino];
  }
  return inode?.type === 'file' ? inode.data : '';
};

function accountOf(host: Host, root: string, user: string): Account {
  for (const line of fileOf(host, root, '/etc/passwd').split('\n')) {
    const [name, , uid, gid, , home] = line.split(':');
    if (name !== user) continue;
    const groups = fileOf(host, root, '/etc/group').split('\n').map((g) => g.split(':')).filter((g) => g[3]?.split(',').includes(user)).map((g) => Number(g[2]));
    return { uid: Number(uid), gid: Number(gid), home: home ?? '/', groups };
  }
  return user === 'root' ? { uid: 0, gid: 0, home: '/root', groups: [] } : { uid: 1000, gid: 1000, home: '/home/vagrant', groups: [] };
}

/** The PATHs that /etc/profile of each system sets, and then pam_env: /etc/environment. */
function environmentOf(host: Host, root: string, { uid, home }: Account): Record<string, string> {
  const system = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
  const ordinary = `/usr/local/bin:/bin:/usr/bin:/usr/local/sbin:/usr/sbin:${home}/.local/bin:${home}/bin`;
  const env: Record<string, string> = { PATH: root !== 'host' ? system : uid === 0 ? '/usr/local/sbin:/usr/local/bin:/sbin:/bin:/usr/sbin:/usr/bin:/root/bin' : ordinary, LANG: 'en_US.UTF-8' };
  for (const line of fileOf(host, root, '/etc/environment').split('\n')) {
    const m = /^([A-Za-z_]\w*)="?(.*?)"?$/.exec(line.trim());
    if (m) env[m[1]!] = m[2]!;
  }
  return env;
}

export type { Tty, World };
