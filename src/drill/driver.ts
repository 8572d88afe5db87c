/**
 * The headless driver: one request, one answer, both JSON (docs/driver.md). It knows neither standard
 * input nor a process: main.ts gives it lines.
 */
import { TOPOLOGIES, type Topology } from '../sim/cluster.ts';
import { items } from '../sim/engine/chunked.ts';
import { catalogue } from '../sim/faults/catalogue.ts';
import { images } from '../sim/images.ts';
import { tracePacket } from '../sim/trace.ts';
import { Simulation } from '../sim/simulation.ts';
import type { Json } from '../sim/proc/program.ts';
import { programs } from '../shell/bin/registry.ts';
import { bootFresh, type Boot } from './boot.ts';
import { checkGoals } from './goals.ts';
import { decodeLink, encodeLink } from './link.ts';
import { BadRequest, duration, field, mapping, optional, wholeNumber, type Request } from './request.ts';
import { applySetup, type Scenario } from './scenario.ts';
import { screenOf } from './screen.ts';
import { Session, UnknownThing, type SavedSession } from './session.ts';

export const VERSION = '0.1.0';

export interface DriverOptions { seed: number; topology: Topology; scenario?: string | undefined; at: number; scenarios: readonly Scenario[]; boot?: Boot; /** Where a mistake of our own is told. */ report?: (text: string) => void }

type AnswerBody = Record<string, unknown>;
interface Saved extends SavedSession { terminals: ReadonlySet<string> }
/** What a link holds: all that is needed to live this world again, and what it was like in the end. */
interface Recording { version: string; seed: number; topology: string; scenario?: string | undefined; at: number; requests: readonly Request[]; digest: string }

const PROTOCOLS = ['tcp', 'udp', 'icmp'] as const;

export class Driver {
  private session!: Session;
  private snapshots = new Map<string, Saved>();
  private terminals = new Set<string>();
  private log: Request[] = [];
  closed = false;

  constructor(private readonly options: DriverOptions) { this.start(); }

  private start(): void {
    const { topology, seed, scenario, at } = this.options;
    const chosen = this.scenario;
    if (scenario !== undefined && !chosen) throw new UnknownThing(`unknown scenario ${scenario}`);
    const where = chosen?.topology ?? topology;
    this.session = new Session(new Simulation((this.options.boot ?? bootFresh)(where, seed), programs, images));
    if (chosen) applySetup(this.session, chosen);
    if (at > 0) this.session.advance(at);
  }

  /** Answers one line. Never throws: what comes from outside is told, and so is a mistake of our own. */
  answer(line: string): AnswerBody {
    let request: Request;
    try {
      const value: unknown = JSON.parse(line);
      if (typeof value !== 'object' || value === null || Array.isArray(value)) return { ok: false, error: 'not a JSON object' };
      request = value as Request;
    } catch { return { ok: false, error: 'not a line of JSON' }; }
    const id = Object.hasOwn(request, 'id') ? { id: request['id'] } : {};
    const before = this.save();
    try {
      const body = this.handle(request);
      if (request['op'] !== 'link' && request['op'] !== 'replay') this.log.push(request);
      return { ...id, ok: true, ...body };
    } catch (error) {
      this.load(before);
      if (error instanceof BadRequest || error instanceof UnknownThing) return { ...id, ok: false, error: error.message };
      this.options.report?.((error as Error).stack ?? String(error));
      return { ...id, ok: false, error: `a mistake of the simulator: ${(error as Error).message}. The world stands as before this request` };
    }
  }

  private handle(r: Request): AnswerBody {
    const s = this.session;
    switch (r['op']) {
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
        this.snapshots.set(name, this.save());
        return { snapshot: name };
      }
      case 'restore': {
        const name = field(r, 'snapshot', 'string');
        const saved = this.snapshots.get(name);
        if (!saved) throw new BadRequest(`unknown snapshot ${name}`);
        this.load(saved);
        return { clock: s.clock };
      }
      case 'digest': return { digest: s.sim.digest() };
      case 'fault': s.fault(field(r, 'name', 'string'), (mapping(r, 'args') ?? {}) as Json); return { clock: s.clock };
      case 'check': return { goals: this.scenario ? checkGoals(s, this.scenario) : [] };
      case 'trace': return this.trace(r);
      case 'link': return { link: this.link() };
      case 'replay': return this.replay(field(r, 'link', 'string'));
      case 'close': this.closed = true; return {};
      case undefined: throw new BadRequest('field op is missing');
      default: throw new BadRequest(typeof r['op'] === 'string' ? `unknown op ${r['op']}` : 'field op must be a string');
    }
  }

  /** A value: cluster, terminals, programs still running. Costs what has changed since the last one. */
  private save(): Saved { return { ...this.session.snapshot(), terminals: new Set(this.terminals) }; }
  private load(saved: Saved): void {
    this.session.restore(saved);
    this.terminals = new Set(saved.terminals);
  }

  private get scenario(): Scenario | undefined { return this.options.scenarios.find((s) => s.id === this.options.scenario); }

  private hello(): AnswerBody {
    const { topology, scenarios } = this.options;
    const { roles } = TOPOLOGIES[this.scenario?.topology ?? topology];
    const nodes = Object.values(this.session.sim.world.hosts).map((host) => ({ name: host.name, ip: host.address, role: roles[host.name] ?? 'host' }));
    return { name: 'firedrill', version: VERSION, clock: this.session.clock, nodes, topologies: Object.keys(TOPOLOGIES), scenarios: scenarios.map((s) => s.id), faults: [...catalogue.keys()] };
  }

  private openTerminal(r: Request): AnswerBody {
    const name = field(r, 'terminal', 'string');
    if (name === '' || name === '__proto__') throw new BadRequest(`field terminal must not be "${name}"`);
    const node = this.node(r);
    if (this.terminals.has(name)) throw new BadRequest(`terminal name ${name} used before`);
    const { output, prompt } = this.session.open(name, node, wholeNumber(r, 'cols', 1, 1000) ?? 80, wholeNumber(r, 'rows', 1, 1000) ?? 24);
    this.terminals.add(name);
    return { output, prompt };
  }

  private terminal(r: Request): string { return field(r, 'terminal', 'string'); }
  private node(r: Request): string {
    const node = field(r, 'node', 'string');
    if (!Object.hasOwn(this.session.sim.world.hosts, node)) throw new BadRequest(`unknown node ${node}`);
    return node;
  }
  private user(r: Request): string | undefined {
    const user = optional(r, 'user', 'string');
    if (user !== undefined && user !== 'root' && user !== 'vagrant') throw new BadRequest(`unknown user ${user}`);
    return user;
  }

  private trace(r: Request): AnswerBody {
    const from = mapping(r, 'from');
    if (!from) throw new BadRequest('field from is missing');
    const node = optional(from, 'node', 'string'), pod = optional(from, 'pod', 'string');
    if ((node === undefined) === (pod === undefined)) throw new BadRequest('field from must be {"node":…} or {"pod":…}');
    const proto = PROTOCOLS.find((known) => known === (optional(r, 'proto', 'string') ?? 'icmp'));
    if (!proto) throw new BadRequest(`unknown proto ${String(r['proto'])}`);
    const port = wholeNumber(r, 'port', 1, 65535);
    if (proto !== 'icmp' && port === undefined) throw new BadRequest('field port is missing');
    const result = tracePacket(this.session.sim, { node, pod, to: field(r, 'to', 'string'), proto, port: port ?? 0 });
    if ('error' in result) throw new BadRequest(result.error);
    return { ...result };
  }

  private link(): string {
    const { seed, topology, scenario, at } = this.options;
    return encodeLink({ version: VERSION, seed, topology, ...(scenario === undefined ? {} : { scenario }), at, requests: this.log as Json, digest: this.session.sim.digest() });
  }

  /** Lives a link's world again, beside this one. Verified: it came out as it did when the link was made. */
  private replay(link: string): AnswerBody {
    const value = decodeLink(link)?.value;
    if (!isRecording(value)) throw new BadRequest('field link: damaged link');
    const { version, seed, topology, scenario, at, requests } = value;
    if (!Object.hasOwn(TOPOLOGIES, topology)) throw new BadRequest(`field link: unknown topology ${topology}`);
    const other = new Driver({ ...this.options, seed, topology: topology as Topology, scenario, at });
    for (const request of requests) other.answer(JSON.stringify(request));
    const digest = other.session.sim.digest();
    return { digest, verified: version === VERSION && digest === value.digest };
  }
}

function isRecording(value: unknown): value is Recording {
  const r = value as Partial<Recording> | null | undefined;
  return typeof r === 'object' && r !== null && typeof r.version === 'string' && Number.isSafeInteger(r.seed) && typeof r.topology === 'string'
    && (r.scenario === undefined || typeof r.scenario === 'string') && Number.isFinite(r.at) && Array.isArray(r.requests) && typeof r.digest === 'string';
}
