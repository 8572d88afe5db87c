/**
 * A cluster that one works with: terminals by name, commands without a terminal, time. It is what the
 * driver, the tests and the page share; it adds nothing to the world but inputs.
 */
import { entry } from '../sim/engine/pages.ts';
import { items } from '../sim/engine/chunked.ts';
import { seconds, type Us } from '../sim/engine/time.ts';
import { hostReal } from '../sim/kernel/disk.ts';
import type { Json } from '../sim/proc/program.ts';
import type { Topology } from '../sim/cluster.ts';
import { Simulation, type Input } from '../sim/simulation.ts';
import type { Tty, World } from '../sim/world.ts';
import { viewOf, type View } from './view.ts';
import { entriesOf, type Chain, type Entered, type Entry } from './entered.ts';

export type TerminalState = 'prompt' | 'more' | 'reading' | 'running' | 'closed';

/** What a terminal answers: see the driver's protocol. `elapsed` in seconds, `clock` ISO 8601. */
export interface Answer { output: string; state: TerminalState; exit: number | null; prompt?: string; elapsed: number; clock: string }
export interface ExecAnswer { stdout: string; stderr: string; exit: number | null; elapsed: number }
export interface ExecOptions { user?: string | undefined; stdin?: string | undefined; wait?: number | undefined; netns?: string | undefined; planet?: boolean | undefined }

/** A command without a terminal that has begun. */
interface Going { node: string; id: string; gen: number; started: Us; until: Us; pid: number | undefined; ended: (world: World) => boolean }

/** How much of each terminal has been handed out: pieces of `shown`. */
type Positions = Record<string, number>;
export interface SavedSession { world: World; positions: Positions; execs: number; chain: Chain | null }

/** Where a session's world comes from: whoever knows both can have it again. */
export interface Origin { topology: Topology; seed: number }

export class UnknownThing extends Error {}

export class Session {
  private positions: Positions = {};
  private execs = 0;
  private chain: Chain | null = null;

  /** `first`: its world at the beginning, where that is not now. */
  constructor(readonly sim: Simulation, readonly origin: Origin | null = null, private readonly first: World = sim.snapshot()) {}

  /** All that was entered since the beginning, on the way to this world. */
  get entered(): Entered[] { return entriesOf(this.chain); }
  /** A session at this one's first moment. */
  anew(): Session { return new Session(new Simulation(this.first, this.sim.machine.programs, this.sim.machine.images), this.origin, this.first); }

  get nodes(): string[] { return Object.keys(this.sim.world.hosts); }

  /** The simulated time of the first node's true clock, to the millisecond. */
  get clock(): string {
    const { world } = this.sim;
    const first = Object.values(world.hosts)[0]!;
    const real = hostReal({ world }, { ...first, clock: { offset: 0, setAt: 0, driftPpm: 0 } });
    return new Date(Math.floor(real / 1000)).toISOString();
  }

  // ---- terminals

  open(terminal: string, node: string, cols = 80, rows = 24): Answer {
    this.enter({ kind: 'open', tty: terminal, host: node, cols, rows }, { kind: 'open', terminal, node, cols, rows });
    this.positions[terminal] = 0;
    return this.settle(terminal, 5, new Set());
  }

  /** Types a line and Enter, then lets the world run until a person is waited for again. */
  line(terminal: string, text: string, wait = 60): Answer { return this.keys(terminal, `${text}\r`, wait); }

  keys(terminal: string, data: string, wait = 5): Answer {
    const tty = this.tty(terminal);
    const known = new Set(tty.known);
    // A terminal whose shell or node has gone says so once; what was typed reaches nobody.
    if (tty.closed) return this.settle(terminal, 0, known);
    if (data) this.enter({ kind: 'keys', tty: terminal, data }, { kind: 'keys', terminal, data });
    return this.settle(terminal, wait, known, tty.prompt === null && !data);
  }

  resize(terminal: string, cols: number, rows: number): void { this.enter({ kind: 'resize', tty: terminal, cols, rows }, { kind: 'resize', terminal, cols, rows }); }

  tty(terminal: string): Tty {
    const tty = Object.hasOwn(this.positions, terminal) ? this.sim.world.ttys[terminal] : undefined;
    if (!tty) throw new UnknownThing(`unknown terminal ${terminal}`);
    return tty;
  }

  private settle(terminal: string, wait: number, known: ReadonlySet<number>, peek = false): Answer {
    const started = this.sim.now;
    this.sim.runUntil(started + seconds(wait), (world) => !peek && isIdle(world, terminal));
    const tty = this.sim.world.ttys[terminal]!;
    const state = stateOf(this.sim.world, tty);
    const answer: Answer = {
      output: this.fresh(tty), state, exit: null, elapsed: (this.sim.now - started) / 1_000_000, clock: this.clock,
    };
    if (state === 'prompt' || state === 'more') {
      answer.prompt = tty.prompt!.text;
      if (state === 'prompt' && known.has(tty.prompt!.pid)) answer.exit = tty.prompt!.status;
    }
    if (state === 'closed') delete this.positions[terminal];
    return answer;
  }

  /** Output since the last answer. */
  private fresh(tty: Tty): string {
    let output = '';
    for (const piece of items(tty.shown, this.positions[tty.id] ?? 0)) if (piece.kind === 'out') output += piece.text;
    this.positions[tty.id] = tty.shown.length;
    return output;
  }

  // ---- without a terminal

  exec(node: string, text: string, options: ExecOptions = {}): ExecAnswer {
    const going = this.begin(node, text, options);
    this.sim.runUntil(going.until, (world) => going.ended(world));
    return this.end(going);
  }

  /** The same in slices: yields whenever `enough` says that others must have their turn. */
  *executing(node: string, text: string, enough: () => boolean, options: ExecOptions = {}): Generator<void, ExecAnswer> {
    const going = this.begin(node, text, options);
    while (this.sim.now < going.until && !going.ended(this.sim.world)) {
      this.sim.runUntil(going.until, (world) => going.ended(world) || enough());
      if (enough()) yield;
    }
    return this.end(going);
  }

  private begin(node: string, text: string, options: ExecOptions): Going {
    const id = `exec-${++this.execs}`;
    const started = this.sim.now;
    const input: Input = { kind: 'exec', host: node, id, text, stdin: options.stdin ?? '', user: options.user ?? 'vagrant' };
    if (options.netns !== undefined) input.netns = options.netns;
    if (options.planet) input.planet = true;
    const made = this.enter(input, { kind: 'exec', node, text, options });
    const { gen } = this.sim.world.hosts[node]!;
    const key = `${id}.exit`;
    return {
      node, id, gen, started, until: started + seconds(options.wait ?? 60), pid: made.pid,
      // A command whose node loses its power has no status.
      ended: ({ hosts }) => hosts[node]!.collected[key] !== undefined || hosts[node]!.gen !== gen,
    };
  }

  private end({ node, id, gen, started, pid }: Going): ExecAnswer {
    const host = this.sim.world.hosts[node]!;
    const exit = host.collected[`${id}.exit`];
    const answer: ExecAnswer = {
      stdout: host.collected[`${id}.out`] ?? '', stderr: host.collected[`${id}.err`] ?? '', exit: exit === undefined ? null : Number(exit),
      elapsed: (this.sim.now - started) / 1_000_000,
    };
    if (answer.exit === null && pid !== undefined && host.gen === gen) this.sim.apply({ kind: 'kill', host: node, pid });
    this.forget(node, id);
    return answer;
  }

  /** What has been handed out is no part of the world. */
  private forget(node: string, id: string): void {
    const host = this.sim.machine.host(node);
    const kept = { ...host.collected };
    for (const key of ['out', 'err', 'exit']) delete kept[`${id}.${key}`];
    host.collected = kept;
  }

  write(node: string, path: string, content: string, mode = 0o644): void {
    this.enter({ kind: 'write', host: node, path, content, mode }, { kind: 'write', node, path, content, mode });
  }
  fault(name: string, args: Json = {}): void { this.enter({ kind: 'fault', name, args }, { kind: 'fault', name, args }); }

  /** Lets `seconds` pass; how many events that took. */
  advance(secondsCount: number): number {
    const before = this.sim.machine.handled;
    this.sim.advance(seconds(secondsCount));
    return this.sim.machine.handled - before;
  }
  get now(): Us { return this.sim.now; }
  /** What a map would show: nodes, pods, services, links. It is the map's knowledge, not the trainee's. */
  get view(): View { return viewOf(this.sim.world); }

  // ---- values

  snapshot(): SavedSession { return { world: this.sim.snapshot(), positions: { ...this.positions }, execs: this.execs, chain: this.chain }; }
  restore(saved: SavedSession): void {
    this.sim.restore(saved.world);
    this.positions = { ...saved.positions };
    this.execs = saved.execs;
    this.chain = saved.chain;
  }
  fork(): Session {
    const other = new Session(this.sim.fork(), this.origin, this.first);
    other.positions = { ...this.positions };
    other.execs = this.execs;
    other.chain = this.chain;
    return other;
  }

  /** What the world refuses was never entered. */
  private enter(input: Input, entry: Entry): { pid?: number } {
    const at = this.now;
    const result = this.sim.apply(input);
    if (!result.ok) throw new UnknownThing(result.error);
    this.chain = { before: this.chain, entered: { at, entry } };
    return result;
  }
}

/** What a person at this terminal sees it do. */
export function stateOf(world: World, tty: Tty): TerminalState {
  if (tty.closed || !world.hosts[tty.host]?.up) return 'closed';
  if (tty.prompt) return tty.prompt.ps === 1 ? 'prompt' : 'more';
  return readerOf(world, tty) ? 'reading' : 'running';
}

/** A process of the foreground group that waits for keys, with no end to its patience. */
function readerOf(world: World, tty: Tty): boolean {
  const host = world.hosts[tty.host]!;
  const pids = host.waiters[`tty:${tty.id}`];
  return !!pids?.some((pid) => {
    const proc = entry(host.procs, pid);
    if (!proc || proc.exit || proc.stopped || proc.pgid !== tty.foreground || proc.waiting?.call.op !== 'read') return false;
    return proc.waiting.call.relay ? tty.remoteReads : proc.waiting.call.timeoutUs === undefined;
  });
}

/** Whether all keys are consumed and a person is waited for. */
export function isIdle(world: World, terminal: string): boolean {
  const tty = world.ttys[terminal]!;
  if (tty.closed || !world.hosts[tty.host]?.up) return true;
  if (world.ready.length || tty.input !== '' || (!tty.raw && tty.line.includes('\n'))) return false;
  return tty.prompt !== null || readerOf(world, tty);
}
