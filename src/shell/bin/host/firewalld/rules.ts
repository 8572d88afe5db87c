/**
 * From zones to iptables: the chains and rules that firewalld 0.6 with its iptables backend keeps, as text
 * for iptables-restore. Pure.
 */
import { forwardParts, SERVICES, type Model, type Zone } from './zone.ts';
import { parseRich, type Rich } from './rich.ts';

/** Table → chain → its rules without `-A CHAIN`. Built-in chains hold only firewalld's own rules. */
export type Ruleset = Record<string, Record<string, string[]>>;

const NEW = '-m conntrack --ctstate NEW,UNTRACKED';
const REJECT = '-j REJECT --reject-with icmp-host-prohibited';

interface Side { table: string; builtin: string; zones: string; prefix: string; by: '-i' | '-o'; from: '-s' | '-d' }
/** Where zones are looked up: table, chain of zones, prefix of the zones' own chains. */
const SIDES: readonly Side[] = [
  { table: 'filter', builtin: 'INPUT', zones: 'INPUT_ZONES', prefix: 'IN_', by: '-i', from: '-s' },
  { table: 'filter', builtin: 'FORWARD', zones: 'FORWARD_IN_ZONES', prefix: 'FWDI_', by: '-i', from: '-s' },
  { table: 'filter', builtin: 'FORWARD', zones: 'FORWARD_OUT_ZONES', prefix: 'FWDO_', by: '-o', from: '-d' },
  { table: 'nat', builtin: 'PREROUTING', zones: 'PREROUTING_ZONES', prefix: 'PRE_', by: '-i', from: '-s' },
  { table: 'nat', builtin: 'POSTROUTING', zones: 'POSTROUTING_ZONES', prefix: 'POST_', by: '-o', from: '-d' },
  { table: 'mangle', builtin: 'PREROUTING', zones: 'PREROUTING_ZONES', prefix: 'PRE_', by: '-i', from: '-s' },
  { table: 'raw', builtin: 'PREROUTING', zones: 'PREROUTING_ZONES', prefix: 'PRE_', by: '-i', from: '-s' },
];

const DIRECT: Readonly<Record<string, readonly string[]>> = {
  security: ['INPUT', 'OUTPUT', 'FORWARD'], raw: ['PREROUTING', 'OUTPUT'], mangle: ['PREROUTING', 'POSTROUTING', 'INPUT', 'OUTPUT', 'FORWARD'], nat: ['PREROUTING', 'POSTROUTING', 'OUTPUT'], filter: ['INPUT', 'FORWARD', 'OUTPUT'],
};

const port = (text: string, flag: '--dport' | '--sport'): string => { const [range, proto] = text.split('/'); return `-p ${proto} -m ${proto} ${flag} ${range!.replace('-', ':')}`; };

function skeleton(): Ruleset {
  const set: Ruleset = {};
  for (const [table, builtins] of Object.entries(DIRECT)) {
    const chains: Record<string, string[]> = (set[table] = {});
    for (const name of builtins) { chains[name] = [`-j ${name}_direct`]; chains[`${name}_direct`] = []; }
  }
  const filter = set['filter']!;
  filter['INPUT'] = ['-m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT', '-i lo -j ACCEPT', '-j INPUT_direct'];
  filter['FORWARD'] = ['-m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT', '-i lo -j ACCEPT', '-j FORWARD_direct'];
  for (const { table, builtin, zones } of SIDES) {
    const chains = set[table]!;
    chains[builtin]!.push(`-j ${zones}_SOURCE`, `-j ${zones}`);
    chains[`${zones}_SOURCE`] = [];
    chains[zones] = [];
  }
  for (const name of ['INPUT', 'FORWARD']) filter[name]!.push('-m conntrack --ctstate INVALID -j DROP', `-j REJECT --reject-with icmp-host-prohibited`);
  return set;
}

/** A zone's chains in every table. */
function zoneChains(set: Ruleset, z: Zone): void {
  for (const { table, prefix } of SIDES) {
    const chains = set[table]!;
    const base = `${prefix}${z.name}`;
    if (chains[base]) continue;
    const list = ['log', 'deny', 'allow'].map((part) => `-j ${base}_${part}`);
    for (const part of ['log', 'deny', 'allow']) chains[`${base}_${part}`] = [];
    if (table === 'filter') {
      // Zones that accept, reject or drop by themselves get no general rule for ICMP (fw_zone.py, _icmp_block_inversion).
      const icmp = prefix !== 'FWDO_' && z.target !== 'DROP' && z.target !== '%%REJECT%%';
      if (icmp && z.target !== 'ACCEPT' && !z.inversion) list.push('-p icmp -j ACCEPT');
      if (icmp && z.inversion) list.push(`-p icmp ${REJECT}`);
      if (z.target === 'ACCEPT') list.push('-j ACCEPT');
      if (z.target === 'DROP') list.push('-j DROP');
      if (z.target === '%%REJECT%%') list.push(REJECT);
    }
    chains[base] = list;
  }
  const filter = set['filter']!;
  const input = (part: string): string[] => filter[`IN_${z.name}_${part}`]!;
  for (const p of [...z.services.flatMap((s) => SERVICES[s] ?? []), ...z.ports]) input('allow').push(`${port(p, '--dport')} ${NEW} -j ACCEPT`);
  for (const p of z.sourcePorts) input('allow').push(`${port(p, '--sport')} ${NEW} -j ACCEPT`);
  for (const p of z.protocols) input('allow').push(`-p ${p} ${NEW} -j ACCEPT`);
  for (const name of z.icmpBlocks) {
    const [part, verdict] = z.inversion ? ['allow', '-j ACCEPT'] : ['deny', REJECT];
    for (const prefix of ['IN_', 'FWDI_']) filter[`${prefix}${z.name}_${part}`]!.push(`-p icmp -m icmp --icmp-type ${name} ${verdict}`);
  }
  if (z.masquerade) masquerade(set, z, '');
  z.forwardPorts.forEach((f, i) => forwardPort(set, z, forwardParts(f), '', 100 + i));
  for (const text of z.rich) { const rule = parseRich(text); if (typeof rule !== 'string' && rule.family !== 'ipv6') richRule(set, z, rule); }
}

function masquerade(set: Ruleset, z: Zone, match: string): void {
  set['nat']![`POST_${z.name}_allow`]!.push(`${match}! -o lo -j MASQUERADE`);
  set['filter']![`FWDO_${z.name}_allow`]!.push(`${match}${NEW} -j ACCEPT`);
}

function forwardPort(set: Ruleset, z: Zone, f: { port: string; proto: string; toport: string; toaddr: string }, match: string, mark: number): void {
  const hex = `0x${mark.toString(16)}`;
  set['mangle']![`PRE_${z.name}_allow`]!.push(`${match}-p ${f.proto} -m ${f.proto} --dport ${f.port.replace('-', ':')} -j MARK --set-xmark ${hex}/0xffffffff`);
  const to = f.toaddr ? `DNAT --to-destination ${f.toaddr}${f.toport ? `:${f.toport}` : ''}` : `REDIRECT --to-ports ${f.toport}`;
  set['nat']![`PRE_${z.name}_allow`]!.push(`-p ${f.proto} -m mark --mark ${hex} -j ${to}`);
  set['filter']![`${f.toaddr ? 'FWDI_' : 'IN_'}${z.name}_allow`]!.push(`-m conntrack --ctstate NEW,UNTRACKED -m mark --mark ${hex} -j ACCEPT`);
}

function richRule(set: Ruleset, z: Zone, r: Rich): void {
  const filter = set['filter']!;
  const place = (p: Rich['source'], flag: string): string => (p ? `${p.not ? '! ' : ''}${flag} ${p.address} ` : '');
  const match = place(r.source, '-s') + place(r.destination, '-d');
  const a = r.element?.attrs ?? {};
  let parts: string[] = [''];
  switch (r.element?.kind) {
    case 'service': parts = (SERVICES[a['name'] ?? ''] ?? []).map((p) => `${port(p, '--dport')} `); break;
    case 'port': parts = [`${port(`${a['port']}/${a['protocol']}`, '--dport')} `]; break;
    case 'source-port': parts = [`${port(`${a['port']}/${a['protocol']}`, '--sport')} `]; break;
    case 'protocol': parts = [`-p ${a['value']} `]; break;
    case 'icmp-type': parts = [`-p icmp -m icmp --icmp-type ${a['name']} `]; break;
    case 'icmp-block': filter[`IN_${z.name}_deny`]!.push(`${match}-p icmp -m icmp --icmp-type ${a['name']} ${REJECT}`); return;
    case 'masquerade': masquerade(set, z, match); return;
    case 'forward-port': forwardPort(set, z, { port: a['port'] ?? '', proto: a['protocol'] ?? '', toport: a['to-port'] ?? '', toaddr: a['to-addr'] ?? '' }, match, 200); return;
    default:
  }
  for (const part of parts) {
    const state = r.element ? `${NEW} ` : '';
    if (r.log) filter[`IN_${z.name}_log`]!.push(`${match}${part}${state}-j LOG${r.log['prefix'] ? ` --log-prefix "${r.log['prefix']}"` : ''}`);
    if (!r.action) continue;
    const limit = r.action.limit ? `-m limit --limit ${r.action.limit.replace(/\/([smhd])$/, (_, unit: 's') => `/${{ s: 'sec', m: 'min', h: 'hour', d: 'day' }[unit]}`)} ` : '';
    const verdict = r.action.kind === 'accept' ? '-j ACCEPT' : r.action.kind === 'drop' ? '-j DROP' : `-j REJECT${r.action.type ? ` --reject-with ${r.action.type}` : ' --reject-with icmp-port-unreachable'}`;
    filter[`IN_${z.name}_${r.action.kind === 'accept' ? 'allow' : 'deny'}`]!.push(`${match}${part}${r.action.kind === 'accept' ? state : ''}${limit}${verdict}`);
  }
}

export const isActive = (z: Zone): boolean => z.interfaces.length > 0 || z.sources.length > 0;

/** Everything that should be in iptables for this model. */
export function rulesetOf(model: Model): Ruleset {
  const set = skeleton();
  const zones = Object.values(model.zones);
  for (const z of zones) if (isActive(z) || z.name === model.defaultZone) zoneChains(set, z);
  for (const { table, zones: chain, prefix, by, from } of SIDES) {
    const chains = set[table]!;
    for (const z of zones) {
      for (const source of z.sources) if (/^[\d.]+(\/[\d.]+)?$/.test(source)) chains[`${chain}_SOURCE`]!.push(`${from} ${source} -g ${prefix}${z.name}`);
      for (const name of z.interfaces) chains[chain]!.push(`${by} ${name} -g ${prefix}${z.name}`);
    }
    chains[chain]!.push(`-g ${prefix}${model.defaultZone}`);
  }
  for (const c of model.direct.chains) if (c.family === 'ipv4') (set[c.table] ??= {})[c.chain] ??= [];
  for (const r of [...model.direct.rules].sort((x, y) => x.priority - y.priority)) {
    if (r.family !== 'ipv4') continue;
    const chains = set[r.table] ?? {};
    const chain = DIRECT[r.table]?.includes(r.chain) ? `${r.chain}_direct` : r.chain;
    (chains[chain] ??= []).push(r.args.map((arg) => (/\s/.test(arg) ? `"${arg}"` : arg)).join(' '));
  }
  if (model.panic) for (const [table, chain] of [['raw', 'PREROUTING'], ['raw', 'OUTPUT']] as const) set[table]![chain]!.unshift('-j DROP');
  return set;
}

const BUILTINS: Readonly<Record<string, readonly string[]>> = {
  security: ['INPUT', 'FORWARD', 'OUTPUT'], raw: ['PREROUTING', 'OUTPUT'], mangle: ['PREROUTING', 'INPUT', 'FORWARD', 'OUTPUT', 'POSTROUTING'], nat: ['PREROUTING', 'INPUT', 'OUTPUT', 'POSTROUTING'], filter: ['INPUT', 'FORWARD', 'OUTPUT'],
};
const TABLES = ['security', 'raw', 'mangle', 'nat', 'filter'];

/** The whole ruleset for an iptables-restore that replaces everything, other programs' chains included. */
export function restoreAll(set: Ruleset | null): string {
  return TABLES.map((table) => {
    const chains = set?.[table] ?? {};
    const builtins = BUILTINS[table]!;
    const own = Object.keys(chains).filter((name) => !builtins.includes(name));
    const head = [...builtins.map((name) => `:${name} ACCEPT [0:0]`), ...own.map((name) => `:${name} - [0:0]`)];
    const rules = [...builtins, ...own].flatMap((name) => (chains[name] ?? []).map((rule) => `-A ${name} ${rule}`));
    return `*${table}\n${[...head, ...rules].join('\n')}\nCOMMIT\n`;
  }).join('');
}

/**
 * What turns one ruleset into another without touching what others have in the tables: for
 * iptables-restore --noflush, where naming a chain empties it. Built-in chains are changed rule by rule.
 */
export function restoreChanges(before: Ruleset, after: Ruleset): { text: string; commands: string[][] } {
  let text = '';
  const commands: string[][] = [];
  for (const table of TABLES) {
    const [old, now] = [before[table] ?? {}, after[table] ?? {}];
    const builtins = BUILTINS[table]!;
    const heads: string[] = [];
    const rules: string[] = [];
    for (const name of Object.keys(now)) {
      if (builtins.includes(name) || (old[name] && old[name].join('\n') === now[name]!.join('\n'))) continue;
      heads.push(`:${name} - [0:0]`);
      rules.push(...now[name]!.map((rule) => `-A ${name} ${rule}`));
    }
    if (heads.length) text += `*${table}\n${[...heads, ...rules].join('\n')}\nCOMMIT\n`;
    for (const name of builtins) {
      for (const rule of now[name] ?? []) if (!old[name]?.includes(rule)) commands.push(['-t', table, '-I', name, '1', ...rule.split(' ')]);
      for (const rule of old[name] ?? []) if (!now[name]?.includes(rule)) commands.push(['-t', table, '-D', name, ...rule.split(' ')]);
    }
    const gone = Object.keys(old).filter((name) => !now[name] && !builtins.includes(name));
    for (const name of gone) commands.push(['-t', table, '-F', name]);
    for (const name of gone) commands.push(['-t', table, '-X', name]);
  }
  return { text, commands };
}
