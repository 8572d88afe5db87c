/**
 * The headless driver: one request, one answer, both JSON (docs/driver.md). It knows neither standard
 * input nor a process: main.ts gives it lines.
 */
import { TOPOLOGIES, type Topology } from '../sim/cluster.ts';
import { items } from '../sim/engine/chunked.ts';
import { digest } from '../sim/engine/digest.ts';
import { catalogue } from '../sim/faults/catalogue.ts';
import { images } from '../sim/images.ts';
import { tracePacket } from '../sim/trace.ts';
import { Simulation } from '../sim/simulation.ts';
import { base64, unbase64 } from '../sim/proc/certificate.ts';
import type { Json } from '../sim/proc/program.ts';
import { programs } from '../shell/bin/registry.ts';
import { bootFresh, type Boot } from './boot.ts';
import { checkGoals } from './goals.ts';
import { applySetup, type Scenario } from './scenario.ts';
import { screenOf } from './screen.ts';
import { Session, UnknownThing, type SavedSession } from './session.ts';

export const VERSION = '0.1.0';

export interface DriverOptions { seed: number; topology: Topology; scenario?: string | undefined; at: number; scenarios: readonly Scenario[]; boot?: Boot }

type Request = Readonly<Record<string, unknown>> & { op?: unknown; id?: unknown };
type AnswerBody = Record<string, unknown>;

/** A field of the request is missing or wrong. */
class BadRequest extends Error {}

function field<T extends 'string' | 'number' | 'boolean'>(request: Request, name: string, type: T): T extends 'string' ? string : T extends 'number' ? number : boolean {
  const value = request[name];
  if (value === undefined) throw new BadRequest(`field ${name} is missing`);
  if (typeof value !== type || (type === 'number' && !Number.isFinite(value))) throw new BadRequest(`field ${name} must be a ${type}`);
  return value as never;
}
function optional<T extends 'string' | 'number' | 'boolean'>(request: Request, name: string, type: T): (T extends 'string' ? string : T extends 'number' ? number : boolean) | undefined {
  return request[name] === undefined ? undefined : field(request, name, type);
}
function duration(request: Request, name: string): number | undefined {
  const value = optional(request, name, 'number');
  if (value !== undefined && value < 0) throw new BadRequest(`field ${name} must not be negative`);
  return value;
}

export class Driver {
  private session!: Session;
  private snapshots = new Map<string, SavedSession & { terminals: Set<string> }>();
  private terminals = new Set<string>();
  private log: Request[] = [];
  closed = false;

  constructor(private readonly options: DriverOptions) { this.start(); }

  private start(): void {
    const { topology, seed, scenario, at, scenarios } = this.options;
    const chosen = scenario === undefined ? undefined : scenarios.find((s) => s.id === scenario);
    if (scenario !== undefined && !chosen) throw new UnknownThing(`unknown scenario ${scenario}`);
    const where = chosen?.topology ?? topology;
    this.session = new Session(new Simulation((this.options.boot ?? bootFresh)(where, seed), programs, images));
    if (chosen) applySetup(this.session, chosen);
    if (at > 0) this.session.advance(at);
  }

  /** Answers one line. Never throws for what came from outside. */
  answer(line: string): AnswerBody {
    let request: Request;
    try {
      const value: unknown = JSON.parse(line);
      if (typeof value !== 'object' || value === null || Array.isArray(value)) return { ok: false, error: 'not a JSON object' };
      request = value as Request;
    } catch { return { ok: false, error: 'not a line of JSON' }; }
    const id = request.id === undefined ? {} : { id: request.id };
    try {
      const body = this.handle(request);
      if (request.op !== 'link' && request.op !== 'replay') this.log.push(request);
      return { ...id, ok: true, ...body };
    } catch (error) {
      if (error instanceof BadRequest || error instanceof UnknownThing) return { ...id, ok: false, error: error.message };
      throw error;
    }
  }

  private handle(r: Request): AnswerBody {
    const s = this.session;
    switch (r.op) {
      case 'hello': return this.hello();
      case 'open': return this.openTerminal(r);
      case 'line': {
        const text = field(r, 'text', 'string');
        if (/[\n\r]/.test(text)) throw new BadRequest('field text holds a newline: paste with keys');
        return { ...s.line(this.terminal(r), text, duration(r, 'wait') ?? 60) };
      }
      case 'keys': return { ...s.keys(this.terminal(r), field(r, 'data', 'string'), duration(r, 'wait') ?? 5) };
      case 'exec': return { ...s.exec(this.node(r), field(r, 'text', 'string'), {
        user: this.user(r), stdin: optional(r, 'stdin', 'string'), wait: duration(r, 'wait'), netns: optional(r, 'netns', 'string'), planet: optional(r, 'planet', 'boolean') }) };
      case 'advance': {
        const events = s.advance(duration(r, 'seconds') ?? field(r, 'seconds', 'number'));
        return { clock: s.clock, events };
      }
      case 'screen': {
        const tty = s.tty(this.terminal(r));
        return { ...screenOf(items(tty.shown), tty.cols, tty.rows) };
      }
      case 'write': {
        const mode = optional(r, 'mode', 'string') ?? '644';
        if (!/^[0-7]{3,4}$/.test(mode)) throw new BadRequest('field mode must be octal digits');
        s.write(this.node(r), field(r, 'path', 'string'), field(r, 'content', 'string'), parseInt(mode, 8));
        return {};
      }
      case 'snapshot': {
        const name = `s${this.snapshots.size + 1}`;
        this.snapshots.set(name, { ...s.snapshot(), terminals: new Set(this.terminals) });
        return { snapshot: name };
      }
      case 'restore': {
        const name = field(r, 'snapshot', 'string');
        const saved = this.snapshots.get(name);
        if (!saved) throw new BadRequest(`unknown snapshot ${name}`);
        s.restore(saved);
        this.terminals = new Set([...saved.terminals]);
        return { clock: s.clock };
      }
      case 'digest': return { digest: s.sim.digest() };
      case 'fault': s.fault(field(r, 'name', 'string'), (r['args'] ?? {}) as Json); return { clock: s.clock };
      case 'check': return { goals: this.scenario ? checkGoals(s, this.scenario) : [] };
      case 'trace': return this.trace(r);
      case 'link': return { link: this.link() };
      case 'replay': return this.replay(field(r, 'link', 'string'));
      case 'close': this.closed = true; return {};
      case undefined: throw new BadRequest('field op is missing');
      default: throw new BadRequest(`unknown op ${String(r.op)}`);
    }
  }

  private get scenario(): Scenario | undefined { return this.options.scenarios.find((s) => s.id === this.options.scenario); }

  private hello(): AnswerBody {
    const { topology, scenarios } = this.options;
    const nodes = Object.values(this.session.sim.world.hosts).map((host) => ({ name: host.name, ip: host.address, role: TOPOLOGIES[this.scenario?.topology ?? topology].roles[host.name] ?? 'host' }));
    return { name: 'firedrill', version: VERSION, clock: this.session.clock, nodes, topologies: Object.keys(TOPOLOGIES), scenarios: scenarios.map((s) => s.id), faults: [...catalogue.keys()] };
  }

  private openTerminal(r: Request): AnswerBody {
    const name = field(r, 'terminal', 'string');
    const node = this.node(r);
    if (this.terminals.has(name)) throw new BadRequest(`terminal name ${name} used before`);
    const cols = optional(r, 'cols', 'number') ?? 80, rows = optional(r, 'rows', 'number') ?? 24;
    if (!Number.isInteger(cols) || !Number.isInteger(rows) || cols < 1 || rows < 1 || cols > 1000 || rows > 1000) throw new BadRequest('fields cols and rows must be whole numbers from 1 to 1000');
    const { output, prompt } = this.session.open(name, node, cols, rows);
    this.terminals.add(name);
    return { output, prompt };
  }

  private terminal(r: Request): string { return field(r, 'terminal', 'string'); }
  private node(r: Request): string {
    const node = field(r, 'node', 'string');
    if (!this.session.sim.world.hosts[node]) throw new BadRequest(`unknown node ${node}`);
    return node;
  }
  private user(r: Request): string | undefined {
    const user = optional(r, 'user', 'string');
    if (user !== undefined && user !== 'root' && user !== 'vagrant') throw new BadRequest(`unknown user ${user}`);
    return user;
  }

  private trace(r: Request): AnswerBody {
    const from = r['from'];
    if (typeof from !== 'object' || from === null) throw new BadRequest('field from must be {"node":…} or {"pod":…}');
    const place = from as { node?: unknown; pod?: unknown };
    const proto = optional(r, 'proto', 'string') ?? 'icmp';
    if (!['tcp', 'udp', 'icmp'].includes(proto)) throw new BadRequest(`unknown proto ${proto}`);
    const result = tracePacket(this.session.sim, {
      node: typeof place.node === 'string' ? place.node : undefined, pod: typeof place.pod === 'string' ? place.pod : undefined,
      to: field(r, 'to', 'string'), proto: proto as 'tcp' | 'udp' | 'icmp', port: optional(r, 'port', 'number') ?? 0,
    });
    if ('error' in result) throw new BadRequest(result.error);
    return { ...result };
  }

  private link(): string {
    const { seed, topology, scenario, at } = this.options;
    const text = JSON.stringify({ version: VERSION, seed, topology, scenario, at, requests: this.log });
    return `${base64(text)}.${digest(text)}`;
  }

  private replay(link: string): AnswerBody {
    const [body, sum] = link.split('.');
    const text = unbase64(body ?? '');
    if (text === null || digest(text) !== sum) throw new BadRequest('damaged link');
    const saved = JSON.parse(text) as { version: string; seed: number; topology: Topology; scenario?: string; at: number; requests: Request[] };
    if (!TOPOLOGIES[saved.topology]) throw new BadRequest(`unknown topology ${saved.topology}`);
    const other = new Driver({ ...this.options, ...saved });
    for (const request of saved.requests) other.answer(JSON.stringify(request));
    return { digest: other.session.sim.digest(), verified: saved.version === VERSION };
  }
}
