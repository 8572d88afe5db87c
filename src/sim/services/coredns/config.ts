/**
 * From server blocks to what each server does: every plugin reads its own words and refuses them as the
 * real one does. CoreDNS 1.2.6 and 1.3.1. Plain data comes out; nothing is done here.
 */
import { seconds, type Us } from '../../engine/time.ts';
import { duration as parseDuration } from './duration.ts';
import { CorefileError, Dispenser, parse, type ServerBlock } from './caddyfile.ts';

export interface Fall { on: boolean; zones: readonly string[] }
export interface CacheConf { zones: readonly string[]; positiveUs: Us; negativeUs: Us }
export interface HostsConf { path: string; zones: readonly string[]; inline: readonly string[]; fall: Fall }
export interface KubernetesConf {
  zones: readonly string[]; primary: string; endpoint: string | null; tls: readonly [string, string, string] | null; pods: 'disabled' | 'insecure' | 'verified';
  namespaces: readonly string[]; ttl: number; fall: Fall; endpointPodNames: boolean; ignoreEmpty: boolean;
}
export interface ForwardConf { kind: 'forward' | 'proxy'; from: string; to: readonly { addr: string; port: number }[]; except: readonly string[]; policy: 'random' | 'round_robin' | 'sequential'; maxFails: number; checkUs: Us; tcp: boolean }
export interface RewriteRule { type: 'name' | 'type'; match: 'exact' | 'prefix' | 'suffix' | 'substring' | 'regex'; from: string; to: string; stop: boolean }
export interface TemplateRule { type: string; zones: readonly string[]; match: readonly string[]; answers: readonly string[]; authority: readonly string[]; rcode: string; fall: Fall }
export interface LogConf { zone: string; format: string }

/** One zone on one port, with the plugins that serve it. */
export interface Server {
  zone: string; port: number; hosts: readonly string[];
  errors: boolean; log: readonly LogConf[]; loadbalance: boolean; loop: boolean; whoami: boolean; chaos: readonly string[] | null;
  erratic: { drop: number; delay: number; delayUs: Us } | null;
  cache: CacheConf | null; hostsFile: HostsConf | null; kubernetes: KubernetesConf | null; forward: ForwardConf | null; rewrite: readonly RewriteRule[]; template: readonly TemplateRule[];
}
export interface Configuration { servers: readonly Server[]; reload: { everyUs: Us; jitterUs: Us } | null; health: string | null; lameduckUs: Us; prometheus: string | null }

const COMMON = ['metadata', 'tls', 'reload', 'nsid', 'root', 'bind', 'debug', 'trace', 'health', 'pprof', 'prometheus', 'errors', 'log', 'dnstap', 'chaos', 'loadbalance', 'cache', 'rewrite', 'dnssec', 'autopath', 'template', 'hosts', 'route53', 'federation'];
const LATER = ['kubernetes', 'file', 'auto', 'secondary', 'etcd', 'loop', 'forward', 'proxy', 'erratic', 'whoami', 'on'];
export const directivesOf = (version: string): string[] => [...COMMON, ...(version === '1.2.6' ? [] : ['k8s_external']), ...LATER];

/** Lower case, with a final dot; what follows a port or a scheme is cut off. */
export function normalize(name: string): string {
  const bare = name.replace(/^(dns|tls|grpc|https):\/\//, '').replace(/:\d+$/, '').toLowerCase();
  return bare.endsWith('.') ? bare : `${bare}.`;
}

export const inZone = (zone: string, name: string): boolean => zone === '.' || name === zone || name.endsWith(`.${zone}`);
/** The longest of the zones that holds the name. */
export const zoneOf = (zones: readonly string[], name: string): string | null => zones.filter((zone) => inZone(zone, name)).sort((a, b) => b.length - a.length)[0] ?? null;
export const through = (fall: Fall, name: string): boolean => fall.on && zoneOf(fall.zones, name) !== null;

interface Setup { file: string; root: string; exists(path: string): boolean; resolvConf(path: string): string[] | null; warn(text: string): void }
type Reader = (d: Dispenser, server: Server & Mutable, block: ServerBlock, whole: Configuration & Mutable, setup: Setup) => void;
type Mutable = Record<string, unknown>;

/** Everything a text asks for. Throws CorefileError. */
export function configure(file: string, text: string, version: string, setup: Omit<Setup, 'file' | 'root'>): Configuration {
  const directives = directivesOf(version);
  const blocks = parse(file, text, directives);
  const whole: Configuration & Mutable = { servers: [], reload: null, health: null, lameduckUs: 0, prometheus: null };
  const servers = blocks.map((block) => block.keys.map((key) => freshServer(key)));
  const seen = new Set<string>();
  for (const { zone, port } of servers.flat()) if (seen.has(`${zone}:${port}`)) throw new CorefileError(`cannot serve dns://${zone}:${port} - it is already defined`); else seen.add(`${zone}:${port}`);
  const roots = blocks.map(() => '');
  for (const name of directives) {
    blocks.forEach((block, i) => {
      const tokens = block.tokens[name];
      if (!tokens) return;
      servers[i]!.forEach((server, k) => {
        const d = new Dispenser(tokens, file);
        const context: Setup = { ...setup, file, root: roots[i]!, warn: k === 0 ? setup.warn : () => undefined };
        if (name === 'root') { d.next(); roots[i] = d.remainingArgs()[0] ?? ''; return; }
        const read = READERS[name];
        if (read) read(d, server as Server & Mutable, block, whole, context);
        else if (!NOTHING_TO_SEE.includes(name)) throw new CorefileError(`plugin/${name}: not supported by this build`);
      });
    });
  }
  return { ...whole, servers: servers.flat() };
}

/** Plugins that change no answer. */
const NOTHING_TO_SEE = ['metadata', 'nsid', 'debug', 'trace', 'pprof', 'dnstap', 'autopath', 'on'];

function freshServer(key: string): Server {
  const m = /^(?:(?:dns|tls|grpc|https):\/\/)?(.*?)(?::(\d+))?$/.exec(key)!;
  return {
    zone: normalize(m[1] || '.'), port: m[2] ? Number(m[2]) : 53, hosts: ['0.0.0.0'], errors: false, log: [], loadbalance: false, loop: false, whoami: false, chaos: null, erratic: null,
    cache: null, hostsFile: null, kubernetes: null, forward: null, rewrite: [], template: [],
  };
}

const fail = (plugin: string, error: CorefileError | string): CorefileError => new CorefileError(`plugin/${plugin}: ${typeof error === 'string' ? error : error.message}`);

/** Go's time.ParseDuration, its error included. */
function durationOf(plugin: string, text: string): Us {
  const got = parseDuration(text);
  if (typeof got === 'string') throw fail(plugin, got);
  return got;
}

function intOf(plugin: string, text: string): number {
  if (!/^[-+]?\d+$/.test(text)) throw fail(plugin, `strconv.Atoi: parsing ${JSON.stringify(text)}: invalid syntax`);
  return Number(text);
}

/** Words of a plugin that may stand once in a block. */
function once(d: Dispenser, plugin: string, read: () => void): void {
  for (let n = 0; d.next(); n++) {
    if (n > 0) throw fail(plugin, 'this plugin can only be used once per Server Block');
    read();
  }
}

const fallOf = (args: readonly string[]): Fall => ({ on: true, zones: args.length ? args.map(normalize) : ['.'] });

const READERS: Readonly<Record<string, Reader>> = {
  reload(d, _s, _b, whole) {
    d.next();
    const args = d.remainingArgs();
    if (args.length > 2) throw fail('reload', d.argError());
    const every = args[0] === undefined ? seconds(30) : durationOf('reload', args[0]);
    if (every < seconds(2)) throw fail('reload', 'interval value must be greater or equal to 2s');
    const jitter = args[1] === undefined ? seconds(15) : durationOf('reload', args[1]);
    if (jitter < seconds(1)) throw fail('reload', 'jitter value must be greater or equal to 1s');
    whole.reload = { everyUs: every, jitterUs: Math.min(jitter, Math.floor(every / 2)) };
  },
  bind(d, server) {
    const hosts: string[] = [];
    while (d.next()) {
      const args = d.remainingArgs();
      if (!args.length) throw fail('bind', d.error('at least one address is expected'));
      for (const addr of args) {
        if (!/^\d+(\.\d+){3}$|:/.test(addr)) throw fail('bind', d.error(`not a valid IP address: ${addr}`));
        hosts.push(addr);
      }
    }
    server.hosts = hosts;
  },
  health(d, _s, _b, whole) {
    while (d.next()) {
      const args = d.remainingArgs();
      if (args.length > 1) throw fail('health', d.argError());
      if (args[0] !== undefined && !/:\d*$/.test(args[0])) throw fail('health', `address ${args[0]}: missing port in address`);
      whole.health = args[0] ?? ':8080';
      while (d.nextBlock()) {
        if (d.val !== 'lameduck') throw fail('health', d.argError());
        const rest = d.remainingArgs();
        if (rest.length !== 1) throw fail('health', d.argError());
        const got = parseDuration(rest[0]!);
        if (typeof got === 'string') throw fail('health', `unable to parse lameduck duration value: '${rest[0]}' : ${got}`);
        whole.lameduckUs = got;
      }
    }
  },
  prometheus(d, _s, _b, whole) {
    once(d, 'prometheus', () => {
      const args = d.remainingArgs();
      if (args.length > 1) throw fail('prometheus', d.argError());
      if (args[0] !== undefined && !/:\d+$/.test(args[0])) throw fail('prometheus', `address ${args[0]}: missing port in address`);
      whole.prometheus = args[0] ?? 'localhost:9153';
    });
  },
  errors(d, server) {
    once(d, 'errors', () => {
      const args = d.remainingArgs();
      if (args.length > 1) throw fail('errors', d.argError());
      if (args[0] !== undefined && args[0] !== 'stdout') throw fail('errors', d.error(`invalid log file: ${args[0]}`));
      while (d.nextBlock()) {
        if (d.val !== 'consolidate') throw fail('errors', d.syntaxError('consolidate'));
        const rest = d.remainingArgs();
        if (rest.length !== 2) throw fail('errors', d.argError());
        if (typeof parseDuration(rest[0]!) === 'string') throw fail('errors', d.error(String(parseDuration(rest[0]!))));
      }
      server.errors = true;
    });
  },
  log(d, server) {
    const rules: LogConf[] = [];
    while (d.next()) {
      const args = d.remainingArgs();
      const [zone = '.', format = '{common}'] = args;
      while (d.nextBlock()) {
        if (d.val !== 'class') throw fail('log', d.argError());
        if (!d.remainingArgs().length) throw fail('log', d.argError());
      }
      rules.push({ zone: normalize(zone), format });
    }
    server.log = rules;
  },
  chaos(d, server) {
    while (d.next()) server.chaos = d.remainingArgs();
  },
  loadbalance(d, server) {
    d.next();
    const args = d.remainingArgs();
    if (args.length > 1) throw fail('loadbalance', d.argError());
    if (args[0] !== undefined && args[0] !== 'round_robin') throw fail('loadbalance', `unknown policy: ${args[0]}`);
    server.loadbalance = true;
  },
  cache: (d, server, block) => once(d, 'cache', () => { server.cache = cacheOf(d, block); }),
  rewrite: (d, server) => { server.rewrite = rewriteOf(d); },
  template: (d, server, block) => { server.template = templatesOf(d, block); },
  hosts: (d, server, block, _w, setup) => once(d, 'hosts', () => { server.hostsFile = hostsOf(d, block, setup); }),
  kubernetes: (d, server, block) => once(d, 'kubernetes', () => { server.kubernetes = kubernetesOf(d, block); }),
  loop: (d, server) => once(d, 'loop', () => {
    if (d.nextArg()) throw fail('loop', d.argError());
    server.loop = true;
  }),
  forward: (d, server, _b, _w, setup) => once(d, 'forward', () => { server.forward = forwardOf(d, 'forward', setup); }),
  proxy: (d, server, _b, _w, setup) => { while (d.next()) server.forward ??= forwardOf(d, 'proxy', setup); },
  erratic: (d, server) => once(d, 'erratic', () => { server.erratic = erraticOf(d); }),
  whoami(d, server) {
    d.next();
    if (d.nextArg()) throw fail('whoami', d.argError());
    server.whoami = true;
  },
};

function cacheOf(d: Dispenser, block: ServerBlock): CacheConf {
  let args = d.remainingArgs();
  let positive = seconds(3600), negative = seconds(1800);
  if (args[0] !== undefined && /^[-+]?\d+$/.test(args[0])) {
    const ttl = Number(args[0]);
    if (ttl <= 0) throw fail('cache', `cache TTL can not be zero or negative: ${ttl}`);
    positive = negative = seconds(ttl);
    args = args.slice(1);
  }
  while (d.nextBlock()) {
    const word = d.val;
    if (word !== 'success' && word !== 'denial' && word !== 'prefetch') throw fail('cache', d.argError());
    const rest = d.remainingArgs();
    if (!rest.length) throw fail('cache', d.argError());
    intOf('cache', rest[0]!);
    if (word === 'prefetch' || rest[1] === undefined) continue;
    const ttl = intOf('cache', rest[1]);
    if (ttl <= 0) throw fail('cache', `cache TTL can not be zero or negative: ${ttl}`);
    if (word === 'success') positive = seconds(ttl); else negative = seconds(ttl);
  }
  return { zones: (args.length ? args : block.keys).map(normalize), positiveUs: positive, negativeUs: negative };
}

function hostsOf(d: Dispenser, block: ServerBlock, setup: Setup): HostsConf {
  let args = d.remainingArgs();
  let path = '/etc/hosts';
  if (args[0] !== undefined) {
    path = args[0].startsWith('/') || !setup.root ? args[0] : `${setup.root}/${args[0]}`;
    args = args.slice(1);
    if (!setup.exists(path)) setup.warn(`plugin/hosts: File does not exist: ${path}`);
  }
  const inline: string[] = [];
  let fall: Fall = { on: false, zones: [] };
  while (d.nextBlock()) {
    if (d.val === 'fallthrough') fall = fallOf(d.remainingArgs());
    else if (!fall.on) inline.push([d.val, ...d.remainingArgs()].join(' '));
    else throw fail('hosts', d.error(`unknown property '${d.val}'`));
  }
  return { path, zones: (args.length ? args : block.keys).map(normalize), inline, fall };
}

function kubernetesOf(d: Dispenser, block: ServerBlock): KubernetesConf {
  const zones = d.remainingArgs();
  const conf: KubernetesConf & Mutable = { zones: (zones.length ? zones : block.keys).map(normalize), primary: '', endpoint: null, tls: null, pods: 'disabled', namespaces: [], ttl: 5, fall: { on: false, zones: [] }, endpointPodNames: false, ignoreEmpty: false };
  const primary = conf.zones.find((zone) => !/(in-addr|ip6)\.arpa\.$/.test(zone));
  if (!primary) throw fail('kubernetes', 'non-reverse zone name must be used');
  conf.primary = primary;
  while (d.nextBlock()) kubernetesProperty(d, conf);
  return conf;
}

function kubernetesProperty(d: Dispenser, conf: KubernetesConf & Mutable): void {
  const word = d.val;
  const args = d.remainingArgs();
  const want = (good: boolean): void => { if (!good) throw fail('kubernetes', d.argError()); };
  switch (word) {
    case 'endpoint_pod_names': want(!args.length); conf.endpointPodNames = true; return;
    case 'pods':
      want(args.length === 1);
      if (!['disabled', 'insecure', 'verified'].includes(args[0]!)) throw fail('kubernetes', `wrong value for pods: ${args[0]},  must be one of: disabled, verified, insecure`);
      conf.pods = args[0] as KubernetesConf['pods'];
      return;
    case 'namespaces': want(args.length > 0); conf.namespaces = args; return;
    case 'endpoint': want(args.length > 0); conf.endpoint = args[0]!; return;
    case 'tls': want(args.length === 3); conf.tls = [args[0]!, args[1]!, args[2]!]; return;
    case 'resyncperiod': {
      want(args.length > 0);
      const got = parseDuration(args[0]!);
      if (typeof got === 'string') throw fail('kubernetes', `unable to parse resync duration value: '${args[0]}': ${got}`);
      return;
    }
    case 'labels': want(args.length > 0); return;
    case 'fallthrough': conf.fall = fallOf(args); return;
    case 'upstream': return;
    case 'ttl': {
      want(args.length > 0);
      const ttl = intOf('kubernetes', args[0]!);
      if (ttl < 5 || ttl > 3600) throw fail('kubernetes', d.error(`ttl must be in range [5, 3600]: ${ttl}`));
      conf.ttl = ttl;
      return;
    }
    case 'transfer': return;
    case 'noendpoints': want(!args.length); return;
    case 'ignore':
      if (args.length && args[0] !== 'empty_service') throw fail('kubernetes', `unable to parse ignore value: '${args[0]}'`);
      conf.ignoreEmpty = args.length > 0;
      return;
    case 'kubeconfig': want(args.length === 2); return;
    default: throw fail('kubernetes', d.error(`unknown property '${word}'`));
  }
}

function forwardOf(d: Dispenser, kind: 'forward' | 'proxy', setup: Setup): ForwardConf {
  if (!d.nextArg()) throw fail(kind, d.argError());
  const from = normalize(d.val);
  const words = d.remainingArgs();
  if (!words.length) throw fail(kind, d.argError());
  const to = words.flatMap((word) => upstreams(kind, word, setup));
  const conf: ForwardConf & Mutable = { kind, from, to, except: [], policy: 'random', maxFails: 2, checkUs: seconds(0.5), tcp: false };
  while (d.nextBlock()) forwardProperty(d, conf);
  if (to.length > 15) throw fail(kind, `more than 15 TOs configured: ${to.length}`);
  return conf;
}

function upstreams(kind: string, word: string, setup: Setup): { addr: string; port: number }[] {
  const m = /^(?:(?:dns|tls):\/\/)?(\d+\.\d+\.\d+\.\d+)(?::(\d+))?$/.exec(word);
  if (m) return [{ addr: m[1]!, port: m[2] ? Number(m[2]) : 53 }];
  const servers = setup.resolvConf(word);
  if (!servers) throw fail(kind, `not an IP address or file: ${JSON.stringify(word)}`);
  if (!servers.length) throw fail(kind, `no nameservers found: ${JSON.stringify(word)}`);
  return servers.map((addr) => ({ addr, port: 53 }));
}

function forwardProperty(d: Dispenser, conf: ForwardConf & Mutable): void {
  const { kind } = conf;
  const word = d.val;
  const args = d.remainingArgs();
  const need = (): string => {
    if (args[0] === undefined) throw fail(kind, d.argError());
    return args[0];
  };
  switch (word) {
    case 'except': need(); conf.except = args.map(normalize); return;
    case 'max_fails': {
      const n = intOf(kind, need());
      if (n < 0) throw fail(kind, `max_fails can't be negative: ${n}`);
      conf.maxFails = n;
      return;
    }
    case 'health_check': need(); if (kind === 'forward') conf.checkUs = durationOf(kind, args[0]!); return;
    case 'force_tcp': if (args.length) throw fail(kind, d.argError()); conf.tcp = true; return;
    case 'prefer_udp': if (args.length) throw fail(kind, d.argError()); return;
    case 'tls': if (args.length > 3) throw fail(kind, d.argError()); return;
    case 'tls_servername': need(); return;
    case 'expire': durationOf(kind, need()); return;
    case 'policy': {
      const policy = need();
      if (kind === 'proxy' && policy === 'least_conn') return;
      if (!['random', 'round_robin', 'sequential', ...(kind === 'proxy' ? ['first'] : [])].includes(policy)) throw fail(kind, d.error(`unknown policy '${policy}'`));
      conf.policy = policy === 'first' ? 'sequential' : policy as ForwardConf['policy'];
      return;
    }
    case 'fail_timeout': case 'health_check_port': case 'protocol': case 'spray':
      if (kind === 'proxy') return;
      throw fail(kind, d.error(`unknown property '${word}'`));
    default: throw fail(kind, d.error(`unknown property '${word}'`));
  }
}

function rewriteOf(d: Dispenser): RewriteRule[] {
  const rules: RewriteRule[] = [];
  while (d.next()) {
    let args = d.remainingArgs();
    if (!args.length) while (d.nextBlock()) args = [...args, d.val, ...d.remainingArgs()];
    if (args.length < 2) throw fail('rewrite', d.argError());
    let stop = true;
    if (args[0] === 'stop' || args[0] === 'continue') { stop = args[0] === 'stop'; args = args.slice(1); }
    const type = args[0] === 'type' ? 'type' : 'name';
    if (args[0] === 'class' || args[0] === 'edns0') continue;
    if (args[0] === 'name' || args[0] === 'type') args = args.slice(1);
    const kinds = ['exact', 'prefix', 'suffix', 'substring', 'regex'] as const;
    const match = kinds.find((kind) => kind === args[0]) ?? 'exact';
    if (match === args[0]) args = args.slice(1);
    if (args.length < 2) throw fail('rewrite', `too few arguments for a ${type} rule`);
    const named = type === 'name' && (match === 'exact' || match === 'suffix');
    rules.push({ type, match, from: named ? normalize(args[0]!) : args[0]!, to: named ? normalize(args[1]!) : args[1]!, stop });
  }
  return rules;
}

function templatesOf(d: Dispenser, block: ServerBlock): TemplateRule[] {
  const rules: TemplateRule[] = [];
  while (d.next()) {
    const [klass, type, ...zones] = d.remainingArgs();
    if (klass === undefined) throw fail('template', d.argError());
    if (!['IN', 'ANY', 'CH', 'HS'].includes(klass)) throw fail('template', d.error(`invalid query class ${klass}`));
    if (type === undefined) throw fail('template', d.argError());
    const rule: TemplateRule & Mutable = { type, zones: (zones.length ? zones : block.keys).map(normalize), match: [], answers: [], authority: [], rcode: 'NOERROR', fall: { on: false, zones: [] } };
    while (d.nextBlock()) {
      const word = d.val;
      const args = d.remainingArgs();
      if (word === 'fallthrough') { rule.fall = fallOf(args); continue; }
      if (word === 'upstream') continue;
      if (!['match', 'answer', 'additional', 'authority', 'rcode'].includes(word) || !args.length) throw fail('template', d.argError());
      if (word === 'match') rule.match = [...rule.match, ...args];
      else if (word === 'answer') rule.answers = [...rule.answers, ...args];
      else if (word === 'authority') rule.authority = [...rule.authority, ...args];
      else if (word === 'rcode') {
        if (!['NOERROR', 'NXDOMAIN', 'SERVFAIL', 'REFUSED', 'NOTIMP', 'FORMERR'].includes(args[0]!)) throw fail('template', d.error(`unknown rcode ${args[0]}`));
        rule.rcode = args[0]!;
      }
    }
    rules.push(rule);
  }
  return rules;
}

function erraticOf(d: Dispenser): NonNullable<Server['erratic']> {
  const conf = { drop: 2, delay: 0, delayUs: seconds(0.1) };
  while (d.nextBlock()) {
    const word = d.val;
    const args = d.remainingArgs();
    if (word === 'drop') conf.drop = args.length ? intOf('erratic', args[0]!) : 2;
    else if (word === 'delay') {
      conf.delay = args.length ? intOf('erratic', args[0]!) : 2;
      if (args[1] !== undefined) conf.delayUs = durationOf('erratic', args[1]);
    } else if (word !== 'truncate') throw fail('erratic', d.error(`unknown property '${word}'`));
  }
  return conf;
}
