/**
 * The machine: takes events off the queue, runs programs until they block, and is the one place where
 * all rooms meet. A program's live generator is only a cache, keyed by the process record it belongs to:
 * after a fork, a load or a seek it is made again from the replies so far.
 */
import { entry, ownEntry } from '../engine/pages.ts';
import { append, emptyLog, items } from '../engine/chunked.ts';
import { own, ownRoot, seal } from '../engine/cow.ts';
import { cancel, pop, schedule } from '../engine/queue.ts';
import { draw } from '../engine/rng.ts';
import { ms, type Us } from '../engine/time.ts';
import type { Fs } from '../host/fs.ts';
import { chargeLoad } from '../host/load.ts';
import { isUnloaded } from '../proc/unloaded.ts';
import { Interrupted, type Json, type Program, type Reply, type Signal, type Sys } from '../proc/program.ts';
import type { Op, Syscall } from '../proc/syscalls.ts';
import type { Event, Host, HostName, Pid, Proc, World } from '../world.ts';
import { clockCalls } from './clock.ts';
import { daemonCalls, disturb, onTimer, startThread } from './daemon.ts';
import { descriptorCalls } from './descriptors.ts';
import { fileCalls } from './files.ts';
import { ioCalls } from './io.ts';
import { isBlock, type Attempt, type Block, type Handler, type Kernel } from './kernel.ts';
import { machineCalls, onPower } from './machine.ts';
import { sendSignal, terminate } from './exit.ts';
import { processCalls } from './process.ts';
import { ready, unblock } from './waiting.ts';
import { onPacket, onSocketTimer, socketCalls } from './sockets.ts';

type AnyHandler = Handler<Op>;
const HANDLERS = {
  ...processCalls, ...descriptorCalls, ...ioCalls, ...fileCalls, ...clockCalls, ...daemonCalls, ...socketCalls, ...machineCalls,
} as unknown as Readonly<Record<string, AnyHandler | undefined>>;

/** CPU time: so many syscalls are charged as one virtual millisecond, so that a busy loop takes time. */
const SYSCALLS_PER_MS = 50;
const QUANTUM_US = ms(1);

const FIRST: Attempt = { state: null, timedOut: false, first: true };

export class Machine implements Kernel {
  world: World;
  programs: Readonly<Record<string, Program>>;
  images: Readonly<Record<string, Fs>>;
  /** A program that has to be loaded before time can go on (see proc/unloaded.ts). Not state: only this machine waits. */
  missing: string | null = null;
  /** Events handled since this machine was made: a measure of work, not state. */
  handled = 0;
  private frames = new WeakMap<Proc, Sys<unknown>>();

  constructor(world: World, programs: Readonly<Record<string, Program>>, images: Readonly<Record<string, Fs>> = {}) {
    this.world = ownRoot(world);
    this.programs = programs;
    this.images = images;
  }

  /** The programs that were missing have been loaded. */
  provide(programs: Readonly<Record<string, Program>>, images: Readonly<Record<string, Fs>>): void {
    this.programs = programs;
    this.images = images;
    this.missing = null;
  }

  // ---- the Kernel that handlers see

  host(name: HostName): Host { return own(own(this.world, 'hosts'), name) as Host; }

  /** An owned process: its live generator moves along to the owned copy. */
  proc(host: Host, pid: Pid): Proc | undefined {
    const shared = entry(host.procs, pid);
    if (!shared) return undefined;
    const mine = ownEntry(own(host, 'procs'), pid);
    if (mine !== shared) {
      const frame = this.frames.get(shared);
      if (frame) { this.frames.delete(shared); this.frames.set(mine, frame); }
    }
    return mine;
  }

  schedule(afterUs: Us, event: Record<string, unknown>): number {
    return schedule(this.world, this.world.now + afterUs, event as unknown as Omit<Event, 'at' | 'seq'>);
  }

  wake(host: Host, key: string): void {
    const pids = host.waiters[key];
    if (!pids) return;
    for (const pid of pids) {
      const proc = this.proc(host, pid);
      if (proc) ready(this, host, proc);
    }
  }

  thread(host: Host, process: Proc, entry: string, event: Json): Pid { return startThread(this, host, process, entry, event); }
  signal(host: Host, pid: Pid, signal: Signal): void { sendSignal(this, host, pid, signal); }
  random(stream: string, below: number): number { return draw(this.world, stream, below); }
  disturb(): void { disturb(this); }

  // ---- time

  /** Seals the world and returns it; the next change copies what it touches. */
  snapshot(): World {
    const sealed = seal(this.world);
    this.world = ownRoot(sealed);
    return sealed;
  }

  /** Handles the next event and whatever becomes ready by it. False when nothing is left to happen. */
  step(): boolean {
    this.drain();
    if (this.missing !== null) return false;
    const event = pop(this.world);
    if (!event) return false;
    this.handled++;
    this.dispatch(event);
    this.drain();
    return true;
  }

  /** Runs every process that can run now. */
  drain(): void {
    while (this.world.ready.length && this.missing === null) {
      const list = this.world.ready;
      this.world.ready = [];
      for (let i = 0; i < list.length; i++) {
        const [name, pid] = list[i]!;
        const host = this.host(name);
        const proc = this.proc(host, pid);
        if (!proc) continue;
        if (isUnloaded(this.programs[proc.program])) {
          this.missing = proc.program;
          this.world.ready = [...list.slice(i), ...this.world.ready];
          return;
        }
        proc.queued = false;
        this.resume(host, proc);
      }
    }
  }

  private dispatch(event: Event): void {
    switch (event.kind) {
      case 'packet': onPacket(this, event); return;
      case 'socket': onSocketTimer(this, event); return;
      case 'timer': onTimer(this, event); return;
      case 'power': onPower(this, event); return;
      case 'deadline': case 'run': {
        const host = this.host(event.host);
        const shared = entry(host.procs, event.pid);
        if (!shared || shared.gen !== event.gen || shared.exit) return;
        const proc = this.proc(host, event.pid)!;
        if (event.kind === 'deadline') proc.timedOut = true;
        ready(this, host, proc);
      }
    }
  }

  // ---- programs

  /** Goes on with a process: retries the call it is blocked on, then runs until the next block. */
  private resume(host: Host, proc: Proc): void {
    if (proc.exit || proc.stopped) return;
    let reply: Reply | null = null;
    const { waiting } = proc;
    if (waiting) {
      const timedOut = proc.timedOut;
      const answer = proc.pending.length && blocks(waiting.call)
        ? { signal: own(proc, 'pending').shift()! }
        : this.perform(host, proc, waiting.call, { state: waiting.state, timedOut, first: false });
      if (proc.exit) return;
      proc.timedOut = false;
      if (isBlock(answer)) { this.block(host, proc, waiting.call, answer, true); return; }
      unblock(this, host, proc);
      reply = answer;
      if (this.replaced(host, proc, waiting.call, answer)) { this.run(host, proc, null); return; }
    }
    this.run(host, proc, reply, waiting?.call);
  }

  /** `at`: the call that `first` answers. */
  private run(host: Host, proc: Proc, first: Reply | null, at?: Syscall): void {
    let reply = first;
    let frame = reply ? this.frames.get(proc) : undefined;
    let step: IteratorResult<Syscall, unknown>;
    if (!frame) {
      [frame, step] = this.rebuild(host, proc);
      this.frames.set(proc, frame);
      if (reply) {
        this.assertStandsAt(host, proc, at!, step);
        step = this.feed(proc, frame, reply);
      }
    } else step = this.feed(proc, frame, reply!);
    for (;;) {
      if (proc.exit) return; // it was killed by what it did
      if (step.done) { this.finish(host, proc, step.value); return; }
      const call = step.value;
      if (call.op === 'become') {
        Object.assign(proc, { mem: call.mem, replies: emptyLog() });
        this.frames.delete(proc);
        [frame, step] = this.rebuild(host, proc);
        this.frames.set(proc, frame);
        if (++proc.quantum >= SYSCALLS_PER_MS) {
          this.frames.delete(proc); // it has not been asked for its first call yet
          this.charge(host, proc);
          return;
        }
        continue;
      }
      const answer = proc.pending.length && blocks(call) ? { signal: own(proc, 'pending').shift()! } : this.perform(host, proc, call, FIRST);
      if (proc.exit || !entry(host.procs, proc.pid)) return;
      if (isBlock(answer)) { this.block(host, proc, call, answer, false); return; }
      if (call.op === 'exec' && 'ok' in answer && answer.ok) {
        this.frames.delete(proc);
        [frame, step] = this.rebuild(host, proc);
        this.frames.set(proc, frame);
        continue;
      }
      // Never between a memGet and what follows: threads share their memory and update it in two calls.
      if (++proc.quantum >= SYSCALLS_PER_MS && call.op !== 'memGet') { this.charge(host, proc, call, answer); return; }
      step = this.feed(proc, frame, answer);
    }
  }

  /** A blocked exec or become cannot be; kept for the symmetry of resume. */
  private replaced(_host: Host, proc: Proc, call: Syscall, answer: Reply): boolean {
    if (call.op !== 'exec' || !('ok' in answer) || !answer.ok) return false;
    this.frames.delete(proc);
    return true;
  }

  private feed(proc: Proc, frame: Sys<unknown>, reply: Reply): IteratorResult<Syscall, unknown> {
    append(own(proc, 'replies'), reply);
    return give(frame, reply);
  }

  private perform(host: Host, proc: Proc, call: Syscall, attempt: Attempt): Reply | Block {
    if ((call as { op: string }).op === 'charged') return (call as unknown as { reply: Reply }).reply;
    const handler = HANDLERS[call.op];
    if (!handler) return { ok: false, errno: 'ENOSYS' };
    return handler(this, host, proc, call as never, attempt);
  }

  private block(host: Host, proc: Proc, call: Syscall, block: Block, again: boolean): void {
    const keys = block.block;
    if (again) {
      // Its deadline stays as it was, unless the handler asks for another.
      const before = proc.waiting!;
      let { until } = before;
      if (block.timeoutUs !== undefined && block.state !== undefined) {
        if (until) cancel(this.world, until.at, until.seq);
        until = this.deadline(host, proc, block.timeoutUs);
      }
      for (const key of keys) if (!before.keys.includes(key)) this.register(host, proc, key);
      proc.waiting = { call, state: block.state ?? before.state, keys: before.keys === keys ? keys : [...new Set([...before.keys, ...keys])], until };
      return;
    }
    proc.gen++;
    for (const key of keys) this.register(host, proc, key);
    proc.waiting = { call, state: block.state ?? null, keys, until: block.timeoutUs === undefined ? null : this.deadline(host, proc, block.timeoutUs) };
  }

  private register(host: Host, proc: Proc, key: string): void {
    const waiters = own(host, 'waiters');
    const list = waiters[key];
    waiters[key] = list ? [...list, proc.pid] : [proc.pid];
  }

  private deadline(host: Host, proc: Proc, afterUs: Us): { at: Us; seq: number } {
    proc.gen++;
    const seq = this.schedule(afterUs, { kind: 'deadline', host: host.name, pid: proc.pid, gen: proc.gen });
    return { at: this.world.now + Math.max(0, afterUs), seq };
  }

  /** The process has used its millisecond: it goes on in the next one. */
  private charge(host: Host, proc: Proc, call?: Syscall, answer?: Reply): void {
    proc.quantum = 0;
    proc.cpuUs += QUANTUM_US;
    chargeLoad(host, this.world.now, QUANTUM_US);
    proc.gen++;
    if (answer) proc.waiting = { call: { op: 'charged', reply: answer, of: call!.op } as unknown as Syscall, state: null, keys: [], until: null };
    this.schedule(QUANTUM_US, { kind: 'run', host: host.name, pid: proc.pid, gen: proc.gen });
  }

  private finish(host: Host, proc: Proc, value: unknown): void {
    this.frames.delete(proc);
    terminate(this, host, proc, { status: typeof value === 'number' ? value & 255 : 0, signal: null });
  }

  /** A replay that ends at another call than the record says means that a program saw more than its replies. */
  private assertStandsAt(host: Host, proc: Proc, call: Syscall, step: IteratorResult<Syscall, unknown>): void {
    const op = (call as { op: string }).op === 'charged' ? (call as unknown as { of: string }).of : call.op;
    if (!step.done && step.value.op === op) return;
    throw new Error(`replay of ${proc.program}/${proc.entry} (${host.name} pid ${proc.pid}, seed ${this.world.seed}) stands at ${step.done ? 'its end' : step.value.op}, not at ${op}`);
  }

  /** A generator that stands where the process stands. */
  private rebuild(host: Host, proc: Proc): [Sys<unknown>, IteratorResult<Syscall, unknown>] {
    const program = this.programs[proc.program];
    if (!program) throw new Error(`no program ${proc.program} (seed ${this.world.seed})`);
    const main = proc.threadOf === null ? proc : entry(host.procs, proc.threadOf)!;
    const parent = entry(host.procs, main.ppid);
    const inside = (host.roots[main.root]?.pidns ?? 'host') !== 'host';
    const start = { argv: proc.argv, env: proc.env, pid: inside ? main.vpid : main.pid, ppid: parent ? (inside ? parent.vpid : parent.pid) : 0, uid: proc.uid, gid: proc.gid, mem: proc.mem, event: proc.event };
    const body = proc.entry === 'main' ? program.main : program.entries?.[proc.entry];
    if (!body) throw new Error(`program ${proc.program} has no entry ${proc.entry}`);
    const frame = body(start) as Sys<unknown>;
    let step = frame.next(undefined as never);
    for (const reply of items(proc.replies)) step = give(frame, reply);
    return [frame, step];
  }
}

/** Calls that wait: where a caught signal that came earlier is delivered. */
const BLOCKING: ReadonlySet<string> = new Set(['wait', 'sleep', 'read', 'recv', 'recvfrom', 'icmpRecv', 'accept', 'connect', 'serve', 'park', 'journalWait', 'fsync', 'write']);
const blocks = (call: Syscall): boolean => BLOCKING.has(call.op);

function give(frame: Sys<unknown>, reply: Reply): IteratorResult<Syscall, unknown> {
  if (!('signal' in reply)) return frame.next(reply);
  try {
    return frame.throw(new Interrupted(reply.signal));
  } catch (error) {
    // The program does not handle the signal where it stood: it ends as by its default action.
    if (error instanceof Interrupted) return { done: true, value: 130 };
    throw error;
  }
}

