/**
 * What firewall-cmd's options do to the model of zones, and what is said. Pure; words and exit statuses of
 * firewalld 0.6, where recorded those of the recording.
 */
import { parseRich, printRich } from './rich.ts';
import { isActive } from './rules.ts';
import { BUILT_IN, forwardParts, ICMP_TYPES, newZone, SERVICES, type Direct, type Model, type Zone } from './zone.ts';

export interface Both { runtime: Model; permanent: Model }
export interface Done { out: string; err: string; exit: number; both: Both; effect: 'none' | 'reload' | 'complete-reload' }

const CODES: Readonly<Record<string, number>> = {
  ALREADY_ENABLED: 11, NOT_ENABLED: 12, ZONE_ALREADY_SET: 16, UNKNOWN_INTERFACE: 17, ZONE_CONFLICT: 18, NAME_CONFLICT: 26, UNKNOWN_SOURCE: 30, INVALID_SERVICE: 101, INVALID_PORT: 102, INVALID_PROTOCOL: 103, INVALID_INTERFACE: 104, INVALID_ADDR: 105, INVALID_FORWARD: 106,
  INVALID_ICMPTYPE: 107, INVALID_ZONE: 112, INVALID_TARGET: 110, INVALID_NAME: 116, INVALID_RULE: 122, INVALID_IPV: 111, INVALID_TABLE: 108, INVALID_CHAIN: 109, UNKNOWN_ERROR: 254, NOT_RUNNING: 252,
};
/** These are warned of, and count as done. */
const MILD: ReadonlySet<string> = new Set(['ALREADY_ENABLED', 'NOT_ENABLED', 'ZONE_ALREADY_SET']);

class Refused extends Error { constructor(readonly code: string, readonly detail: string) { super(code); } }
const refuse = (code: string, detail: string): never => { throw new Refused(code, detail); };

// ---- the attributes of a zone

type ListKey = 'interfaces' | 'sources' | 'services' | 'ports' | 'protocols' | 'sourcePorts' | 'icmpBlocks' | 'forwardPorts' | 'rich';

const PROTOCOLS = ['tcp', 'udp', 'sctp', 'dccp'];

function checkPort(text: string): string {
  const m = /^([^/]+)\/(.+)$/.exec(text);
  if (!m) return refuse('INVALID_PORT', 'bad port (most likely missing protocol), correct syntax is portid[-portid]/protocol');
  const [low, high] = m[1]!.split('-');
  for (const part of [low!, high ?? low!]) if (!/^\d+$/.test(part) || Number(part) > 65_535) return refuse('INVALID_PORT', m[1]!);
  if (!PROTOCOLS.includes(m[2]!)) return refuse('INVALID_PROTOCOL', `'${m[2]}' not in {'tcp'|'udp'|'sctp'|'dccp'}`);
  return text;
}

function checkSource(text: string): string {
  const m = /^(\d+)\.(\d+)\.(\d+)\.(\d+)(?:\/(\d+|\d+\.\d+\.\d+\.\d+))?$/.exec(text);
  const good = m && [m[1], m[2], m[3], m[4]].every((part) => Number(part) <= 255) && (m[5] === undefined || m[5].includes('.') || Number(m[5]) <= 32);
  if (good || /^([0-9a-fA-F]{2}:){5}[0-9a-fA-F]{2}$/.test(text) || /^[0-9a-fA-F:]*:[0-9a-fA-F:]+(\/\d+)?$/.test(text) || text.startsWith('ipset:')) return text;
  return refuse('INVALID_ADDR', text);
}

function checkForward(text: string): string {
  const parts = forwardParts(text);
  if (!parts.port) return refuse('INVALID_FORWARD', 'bad port');
  if (!parts.proto) return refuse('INVALID_FORWARD', 'bad protocol');
  if (!parts.toport && !parts.toaddr) return refuse('INVALID_FORWARD', `no destination`);
  checkPort(`${parts.port}/${parts.proto}`);
  return `port=${parts.port}:proto=${parts.proto}:toport=${parts.toport}:toaddr=${parts.toaddr}`;
}

function checkRich(text: string): string {
  const rule = parseRich(text);
  return typeof rule === 'string' ? refuse('INVALID_RULE', rule) : printRich(rule);
}

interface Attribute { key: ListKey; check: (text: string) => string; /** How messages name it. */ named: (text: string) => string }
const colon = (text: string): string => text.replace('/', ':');
const ATTRIBUTES: Readonly<Record<string, Attribute>> = {
  port: { key: 'ports', check: checkPort, named: colon }, 'source-port': { key: 'sourcePorts', check: checkPort, named: colon },
  service: { key: 'services', check: (t) => (SERVICES[t] ? t : refuse('INVALID_SERVICE', t)), named: (t) => t },
  source: { key: 'sources', check: checkSource, named: (t) => t }, interface: { key: 'interfaces', check: (t) => (/[\s/]/.test(t) || t.length > 15 ? refuse('INVALID_INTERFACE', t) : t), named: (t) => t },
  protocol: { key: 'protocols', check: (t) => (/^(\d+|ah|esp|gre|icmp|igmp|ip|ipip|ospf|pim|sctp|tcp|udp|vrrp)$/.test(t) ? t : refuse('INVALID_PROTOCOL', t)), named: (t) => t },
  'icmp-block': { key: 'icmpBlocks', check: (t) => (ICMP_TYPES.includes(t) ? t : refuse('INVALID_ICMPTYPE', t)), named: (t) => t },
  'forward-port': { key: 'forwardPorts', check: checkForward, named: (t) => t }, 'rich-rule': { key: 'rich', check: checkRich, named: (t) => t },
};
const LISTS: Readonly<Record<string, ListKey>> = {
  ports: 'ports', 'source-ports': 'sourcePorts', services: 'services', sources: 'sources', interfaces: 'interfaces', protocols: 'protocols', 'icmp-blocks': 'icmpBlocks', 'forward-ports': 'forwardPorts', 'rich-rules': 'rich',
};

/** Interfaces and sources belong to one zone only. */
const owner = (model: Model, key: 'interfaces' | 'sources', value: string): Zone | undefined => Object.values(model.zones).find((z) => z[key].includes(value));

const setZone = (model: Model, z: Zone): Model => ({ ...model, zones: { ...model.zones, [z.name]: z } });

const sortedKeys: ReadonlySet<ListKey> = new Set(['services', 'interfaces']);
const shown = (z: Zone, key: ListKey): readonly string[] => (sortedKeys.has(key) ? [...z[key]].sort() : z[key]);

function describe(z: Zone): string {
  const yes = (b: boolean): string => (b ? 'yes' : 'no');
  const row = (name: string, value: string): string => `  ${name}: ${value}\n`;
  return `${z.name}${isActive(z) ? ' (active)' : ''}\n${row('target', z.target)}${row('icmp-block-inversion', yes(z.inversion))}${row('interfaces', shown(z, 'interfaces').join(' '))}${row('sources', z.sources.join(' '))}`
    + `${row('services', shown(z, 'services').join(' '))}${row('ports', z.ports.join(' '))}${row('protocols', z.protocols.join(' '))}${row('masquerade', yes(z.masquerade))}${row('forward-ports', z.forwardPorts.join('\n\t'))}`
    + `${row('source-ports', z.sourcePorts.join(' '))}${row('icmp-blocks', z.icmpBlocks.join(' '))}${row('rich rules', z.rich.length ? `\n\t${z.rich.join('\n\t')}` : '')}`;
}

// ---- the command line

interface Wish { permanent: boolean; zone: string | null; quiet: boolean; timeout: string | null; items: { name: string; value: string | null }[]; direct: readonly string[] | null; rest: string[] }

const VALUED = /^(add|remove|query)-(port|service|source|interface|protocol|source-port|icmp-block|forward-port|rich-rule)$|^(zone|timeout|set-default-zone|change-interface|change-source|change-zone|get-zone-of-interface|get-zone-of-source|new-zone|delete-zone|set-target|info-zone|info-service|info-icmptype|path-zone|path-service|set-short|set-description|set-log-denied)$/;
const PLAIN = new Set(['state', 'reload', 'complete-reload', 'runtime-to-permanent', 'check-config', 'get-default-zone', 'get-active-zones', 'get-zones', 'get-services', 'get-icmptypes', 'list-all', 'list-all-zones', 'permanent', 'direct', 'quiet', 'version', 'help', 'add-masquerade', 'remove-masquerade', 'query-masquerade', 'add-icmp-block-inversion', 'remove-icmp-block-inversion', 'query-icmp-block-inversion', 'panic-on', 'panic-off', 'query-panic', 'get-target', 'get-log-denied', 'lockdown-on', 'lockdown-off', 'query-lockdown', 'list-lockdown-whitelist-commands', 'get-ipset-types', 'get-ipsets', 'get-short', 'get-description', ...Object.keys(LISTS).map((name) => `list-${name}`)]);

function parse(args: readonly string[]): Wish | string {
  const w: Wish = { permanent: false, zone: null, quiet: false, timeout: null, items: [], direct: null, rest: [] };
  for (let i = 0; i < args.length; i++) {
    const arg = args[i]!;
    if (arg === '-q') { w.quiet = true; continue; }
    if (arg === '-h') { w.items.push({ name: 'help', value: null }); continue; }
    if (arg === '-V') { w.items.push({ name: 'version', value: null }); continue; }
    const m = /^--([^=]+)(?:=(.*))?$/s.exec(arg);
    if (!m) return `unrecognized arguments: ${args.slice(i).join(' ')}`;
    const name = m[1]!;
    if (name === 'direct') { w.direct = args.slice(i + 1); break; }
    if (name === 'permanent') { w.permanent = true; continue; }
    if (name === 'quiet') { w.quiet = true; continue; }
    if (PLAIN.has(name)) { w.items.push({ name, value: null }); continue; }
    if (!VALUED.test(name)) return `unrecognized arguments: ${arg}`;
    const value = m[2] ?? args[++i];
    if (value === undefined) return `argument --${name}: expected one argument`;
    if (name === 'zone') w.zone = value; else if (name === 'timeout') w.timeout = value; else w.items.push({ name, value });
  }
  return w;
}

const USAGE = 'usage: see firewall-cmd man page\n';

/** Does what the arguments ask. `offline`: only the permanent configuration is there. */
export function perform(args: readonly string[], both: Both, offline: boolean): Done {
  const name = offline ? 'firewall-offline-cmd' : 'firewall-cmd';
  const none = { both, effect: 'none' as const };
  const w = parse(args);
  if (typeof w === 'string') return { ...none, out: '', err: `${USAGE}${name}: error: ${w}\n`, exit: 2 };
  if (!w.items.length && !w.direct) return { ...none, out: '', err: `${offline ? '' : 'State: running\n\n'}No options specified\n${USAGE}`, exit: 2 };
  const run = new Run(w, both, offline);
  try {
    if (w.direct) run.direct(w.direct); else for (const item of w.items) run.item(item.name, item.value);
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    return { out: w.quiet ? '' : run.out, err: w.quiet ? '' : `${run.err}Error: ${error.code}${error.detail ? `: ${error.detail}` : ''}\n`, exit: CODES[error.code] ?? 254, both: run.both, effect: 'none' };
  }
  if (run.changed) run.out += 'success\n';
  return { out: w.quiet ? '' : run.out, err: w.quiet ? '' : run.err, exit: run.exit, both: run.both, effect: run.effect };
}

class Run {
  out = ''; err = ''; exit = 0; changed = false; effect: Done['effect'] = 'none';
  private readonly permanent: boolean;
  private hinted = false;

  constructor(private readonly w: Wish, public both: Both, offline: boolean) { this.permanent = w.permanent || offline; }

  private get model(): Model { return this.permanent ? this.both.permanent : this.both.runtime; }
  private set model(model: Model) { this.both = this.permanent ? { ...this.both, permanent: model } : { ...this.both, runtime: model }; }

  private zone(): Zone {
    const name = this.w.zone ?? this.model.defaultZone;
    this.hint();
    return this.model.zones[name] ?? refuse('INVALID_ZONE', name);
  }

  /** The default zone is meant, but everything is in others. */
  private hint(): void {
    if (this.hinted || this.w.zone !== null || this.permanent) return;
    this.hinted = true;
    const active = Object.values(this.model.zones).filter(isActive).map((z) => z.name);
    const main = this.model.defaultZone;
    if (!active.length || active.includes(main)) return;
    const where = active.length === 1 ? `zone '${active[0]}'` : `zones '${active.join("','")}'`;
    this.out += `You're performing an operation over default zone ('${main}'),\nbut your connections/interfaces are in ${where} (see --get-active-zones)\nYou most likely need to use --zone=${active.length === 1 ? active[0] : `{${active.join(',')}}`} option.\n\n`;
  }

  private warn(code: string, detail: string): void {
    if (!MILD.has(code)) refuse(code, detail);
    this.err += `Warning: ${code}: ${detail}\n`;
    this.changed = true;
  }
  private answer(yes: boolean): void { this.out += yes ? 'yes\n' : 'no\n'; if (!yes) this.exit = 1; }

  item(name: string, value: string | null): void {
    const change = /^(add|remove|query)-(.+)$/.exec(name);
    if (change && value !== null) { this.attribute(change[1]!, ATTRIBUTES[change[2]!]!, value); return; }
    if (change && (change[2] === 'masquerade' || change[2] === 'icmp-block-inversion')) { this.toggle(change[1]!, change[2] === 'masquerade' ? 'masquerade' : 'inversion', change[2]); return; }
    const listed = /^list-(.+)$/.exec(name)?.[1];
    if (listed && LISTS[listed]) { const key = LISTS[listed]!; this.out += `${shown(this.zone(), key).join(key === 'rich' ? '\n' : ' ')}\n`; return; }
    this.other(name, value);
  }

  private attribute(verb: string, attribute: Attribute, typed: string): void {
    const { key, check, named } = attribute;
    const z = this.zone();
    const value = check(typed);
    const quoted = (text: string): string => (this.permanent ? text : `'${text}'`);
    if (verb === 'query') { this.answer(z[key].includes(value)); return; }
    if (verb === 'add') {
      if (key === 'interfaces' || key === 'sources') {
        const has = owner(this.model, key, value);
        if (has && has.name === z.name) { this.warn(this.permanent ? 'ALREADY_ENABLED' : 'ZONE_ALREADY_SET', this.permanent ? value : `'${value}' already bound to '${z.name}'`); return; }
        if (has) refuse('ZONE_CONFLICT', this.permanent ? `'${value}' already bound to zone '${has.name}'` : `'${value}' already bound to a zone`);
      } else if (z[key].includes(value)) { this.warn('ALREADY_ENABLED', this.permanent ? named(value) : `'${named(value)}' already in '${z.name}'`); return; }
      this.model = setZone(this.model, { ...z, [key]: [...z[key], value] });
    } else {
      if (!z[key].includes(value)) {
        if ((key === 'sources' || key === 'interfaces') && !this.permanent) refuse(key === 'sources' ? 'UNKNOWN_SOURCE' : 'UNKNOWN_INTERFACE', `'${value}' is not in any zone`);
        this.warn('NOT_ENABLED', this.permanent ? named(value) : `${quoted(named(value))} not in '${z.name}'`);
        return;
      }
      this.model = setZone(this.model, { ...z, [key]: z[key].filter((other) => other !== value) });
    }
    this.changed = true;
  }

  private toggle(verb: string, key: 'masquerade' | 'inversion', word: string): void {
    const z = this.zone();
    if (verb === 'query') { this.answer(z[key]); return; }
    const on = verb === 'add';
    if (z[key] === on) { this.warn(on ? 'ALREADY_ENABLED' : 'NOT_ENABLED', this.permanent ? word : on ? `'${word}' already in '${z.name}'` : `'${word}' not in '${z.name}'`); return; }
    this.model = setZone(this.model, { ...z, [key]: on });
    this.changed = true;
  }

  private other(name: string, value: string | null): void {
    const { model } = this;
    const names = Object.keys(model.zones).sort();
    switch (name) {
      case 'state': this.out += 'running\n'; return;
      case 'version': this.out += '0.6.3\n'; return;
      case 'help': this.out += 'Usage: firewall-cmd [OPTIONS...]\n\nSee firewall-cmd(1).\n'; return;
      case 'reload': case 'complete-reload': this.effect = name; this.changed = true; return;
      case 'check-config': this.changed = true; return;
      case 'runtime-to-permanent': this.both = { ...this.both, permanent: { ...this.both.runtime, panic: false } }; this.changed = true; return;
      case 'get-default-zone': this.out += `${model.defaultZone}\n`; return;
      case 'set-default-zone':
        if (!model.zones[value!]) refuse('INVALID_ZONE', value!);
        if (model.defaultZone === value) { this.warn('ZONE_ALREADY_SET', value!); return; }
        this.both = { runtime: { ...this.both.runtime, defaultZone: value! }, permanent: { ...this.both.permanent, defaultZone: value! } };
        this.changed = true;
        return;
      case 'get-active-zones':
        for (const z of names.map((n) => model.zones[n]!).filter(isActive)) this.out += `${z.name}\n${z.interfaces.length ? `  interfaces: ${shown(z, 'interfaces').join(' ')}\n` : ''}${z.sources.length ? `  sources: ${z.sources.join(' ')}\n` : ''}`;
        return;
      case 'get-zones': this.out += `${names.join(' ')}\n`; return;
      case 'get-services': this.out += `${Object.keys(SERVICES).sort().join(' ')}\n`; return;
      case 'get-icmptypes': this.out += `${ICMP_TYPES.join(' ')}\n`; return;
      case 'list-all': this.out += describe(this.zone()); return;
      case 'list-all-zones': this.out += names.map((n) => describe(model.zones[n]!)).join('\n'); return;
      case 'info-zone': this.out += describe(model.zones[value!] ?? refuse('INVALID_ZONE', value!)); return;
      case 'info-service': this.out += `${value}\n  ports: ${(SERVICES[value!] ?? refuse('INVALID_SERVICE', value!)).join(' ')}\n  protocols: \n  source-ports: \n  modules: \n  destination: \n`; return;
      case 'path-zone': this.out += `/etc/firewalld/zones/${(model.zones[value!] ?? refuse('INVALID_ZONE', value!)).name}.xml\n`; return;
      case 'get-zone-of-interface': case 'get-zone-of-source': {
        const z = owner(model, name.endsWith('source') ? 'sources' : 'interfaces', value!);
        if (z) this.out += `${z.name}\n`; else { this.err += 'no zone\n'; this.exit = 2; }
        return;
      }
      case 'change-interface': case 'change-zone': case 'change-source': this.move(name === 'change-source' ? 'sources' : 'interfaces', value!); return;
      case 'panic-on': case 'panic-off': {
        const on = name === 'panic-on';
        if (model.panic === on) { this.warn(on ? 'ALREADY_ENABLED' : 'NOT_ENABLED', 'panic mode'); return; }
        this.model = { ...model, panic: on };
        this.changed = true;
        return;
      }
      case 'query-panic': this.answer(model.panic); return;
      case 'query-lockdown': this.answer(false); return;
      case 'get-log-denied': this.out += 'off\n'; return;
      case 'get-target': this.out += `${this.zone().target}\n`; return;
      case 'get-ipsets': this.out += '\n'; return;
      case 'get-short': this.out += `${this.zone().short}\n`; return;
      case 'get-description': this.out += `${this.zone().description}\n`; return;
      default: this.zones(name, value);
    }
  }

  private move(key: 'interfaces' | 'sources', value: string): void {
    const target = this.zone();
    let { model } = this;
    const from = owner(model, key, value);
    if (from?.name === target.name) { this.warn('ZONE_ALREADY_SET', `'${value}' already bound to '${target.name}'`); return; }
    if (from) model = setZone(model, { ...from, [key]: from[key].filter((other) => other !== value) });
    this.model = setZone(model, { ...target, [key]: [...target[key], value] });
    this.changed = true;
  }

  /** Making, removing and naming zones: of the permanent configuration only. */
  private zones(name: string, value: string | null): void {
    if (!this.permanent) { this.err += `${USAGE}Option can be used only with --permanent.\n`; this.exit = 2; return; }
    const { model } = this;
    switch (name) {
      case 'new-zone':
        if (model.zones[value!]) refuse('NAME_CONFLICT', `new_zone(): '${value}'`);
        if (!/^[\w-]{1,17}$/.test(value!)) refuse('INVALID_NAME', value!);
        this.model = setZone(model, newZone(value!));
        break;
      case 'delete-zone': {
        if (!model.zones[value!]) refuse('INVALID_ZONE', value!);
        if (BUILT_IN.some((z) => z.name === value)) refuse('BUILTIN_ZONE', value!);
        const zones = { ...model.zones };
        delete zones[value!];
        this.model = { ...model, zones };
        break;
      }
      case 'set-target':
        if (!['default', 'ACCEPT', 'DROP', 'REJECT', '%%REJECT%%'].includes(value!)) refuse('INVALID_TARGET', value!);
        this.model = setZone(model, { ...this.zone(), target: (value === 'REJECT' ? '%%REJECT%%' : value) as Zone['target'] });
        break;
      case 'set-short': this.model = setZone(model, { ...this.zone(), short: value! }); break;
      case 'set-description': this.model = setZone(model, { ...this.zone(), description: value! }); break;
      default: this.err += `${USAGE}firewall-cmd: error: unrecognized arguments: --${name}\n`; this.exit = 2; return;
    }
    this.changed = true;
  }

  /** --direct: chains and rules straight into iptables. */
  direct(args: readonly string[]): void {
    const [option, ...rest] = args;
    const d = this.model.direct;
    const set = (direct: Direct): void => { this.model = { ...this.model, direct }; this.changed = true; };
    const same = (r: Direct['rules'][number], [family, table, chain, priority, ...words]: readonly string[]): boolean => r.family === family && r.table === table && r.chain === chain && r.priority === Number(priority) && r.args.join(' ') === words.join(' ');
    const text = (r: Direct['rules'][number]): string => `${r.family} ${r.table} ${r.chain} ${r.priority} ${r.args.join(' ')}`;
    const [family = '', table = '', chain = ''] = rest;
    const verb = option?.replace(/^--/, '') ?? '';
    if (/-(rule|chain)$/.test(verb) && !['ipv4', 'ipv6', 'eb'].includes(family)) refuse('INVALID_IPV', `'${family}' not in 'ipv4'|'ipv6'|'eb'`);
    switch (verb) {
      case 'add-rule':
        if (d.rules.some((r) => same(r, rest))) { this.warn('ALREADY_ENABLED', `rule '${rest.slice(4)}' already is in '${family}:${table}:${chain}'`); return; }
        set({ ...d, rules: [...d.rules, { family, table, chain, priority: Number(rest[3]), args: rest.slice(4) }] });
        return;
      case 'remove-rule':
        if (!d.rules.some((r) => same(r, rest))) { this.warn('NOT_ENABLED', `rule '${rest.slice(4)}' is not in '${family}:${table}:${chain}'`); return; }
        set({ ...d, rules: d.rules.filter((r) => !same(r, rest)) });
        return;
      case 'remove-rules': set({ ...d, rules: d.rules.filter((r) => !(r.family === family && r.table === table && r.chain === chain)) }); return;
      case 'query-rule': this.answer(d.rules.some((r) => same(r, rest))); return;
      case 'get-rules': this.out += d.rules.filter((r) => r.family === family && r.table === table && r.chain === chain).map((r) => `${r.priority} ${r.args.join(' ')}\n`).join(''); return;
      case 'get-all-rules': this.out += d.rules.map((r) => `${text(r)}\n`).join(''); return;
      case 'add-chain': set({ ...d, chains: [...d.chains, { family, table, chain }] }); return;
      case 'remove-chain': set({ ...d, chains: d.chains.filter((c) => !(c.family === family && c.table === table && c.chain === chain)) }); return;
      case 'query-chain': this.answer(d.chains.some((c) => c.family === family && c.table === table && c.chain === chain)); return;
      case 'get-chains': this.out += `${d.chains.filter((c) => c.family === family && c.table === table).map((c) => c.chain).join(' ')}\n`; return;
      case 'get-all-chains': this.out += d.chains.map((c) => `${c.family} ${c.table} ${c.chain}\n`).join(''); return;
      case 'get-all-passthroughs': this.out += '\n'; return;
      default: this.err += `${USAGE}firewall-cmd: error: unrecognized arguments: ${args.join(' ')}\n`; this.exit = 2;
    }
  }
}
