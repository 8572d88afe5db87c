/**
 * firewalld's configuration on disk: /etc/firewalld over /usr/lib/firewalld.
 */
import type { Sys } from '../../../../sim/proc/program.ts';
import { call } from '../../../../sim/proc/syscalls.ts';
import { BUILT_IN, parseZone, printZone, type Direct, type Model, type Zone } from './zone.ts';

const ZONES = '/etc/firewalld/zones';
const CONF = '/etc/firewalld/firewalld.conf';
const DIRECT = '/etc/firewalld/direct.xml';

export function* loadModel(): Sys<Model> {
  const zones: Record<string, Zone> = Object.fromEntries(BUILT_IN.map((z) => [z.name, z]));
  const names = yield* call('readdir', { path: ZONES });
  for (const file of names.ok ? names.value : []) {
    if (!file.endsWith('.xml')) continue;
    const text = yield* call('readFile', { path: `${ZONES}/${file}` });
    const zone = text.ok ? parseZone(file.slice(0, -4), text.value) : null;
    if (zone) zones[zone.name] = zone;
  }
  const conf = yield* call('readFile', { path: CONF });
  const wanted = /^DefaultZone=(\S+)/m.exec(conf.ok ? conf.value : '')?.[1] ?? 'public';
  const direct = yield* call('readFile', { path: DIRECT });
  return { defaultZone: zones[wanted] ? wanted : 'public', zones, direct: parseDirect(direct.ok ? direct.value : ''), panic: false };
}

/** Writes what differs from what is there. */
export function* saveModel(before: Model, after: Model): Sys<void> {
  yield* call('mkdir', { path: ZONES, mode: 0o750 });
  for (const [name, zone] of Object.entries(after.zones)) {
    if (before.zones[name] !== zone) yield* call('writeFile', { path: `${ZONES}/${name}.xml`, text: printZone(zone) });
  }
  for (const name of Object.keys(before.zones)) if (!after.zones[name]) yield* call('unlink', { path: `${ZONES}/${name}.xml` });
  if (before.defaultZone !== after.defaultZone) {
    const conf = yield* call('readFile', { path: CONF });
    const text = conf.ok ? conf.value : 'DefaultZone=public\n';
    yield* call('writeFile', { path: CONF, text: text.replace(/^DefaultZone=.*$/m, `DefaultZone=${after.defaultZone}`) });
  }
  if (before.direct !== after.direct) yield* call('writeFile', { path: DIRECT, text: printDirect(after.direct) });
}

function parseDirect(xml: string): Direct {
  const get = (attrs: string, name: string): string => new RegExp(`${name}="([^"]*)"`).exec(attrs)?.[1] ?? '';
  return {
    chains: [...xml.matchAll(/<chain ([^>]*)\/>/g)].map((m) => ({ family: get(m[1]!, 'ipv'), table: get(m[1]!, 'table'), chain: get(m[1]!, 'chain') })),
    rules: [...xml.matchAll(/<rule ([^>]*)>([^<]*)<\/rule>/g)].map((m) => ({ family: get(m[1]!, 'ipv'), table: get(m[1]!, 'table'), chain: get(m[1]!, 'chain'), priority: Number(get(m[1]!, 'priority')), args: m[2]!.split(' ').filter(Boolean) })),
  };
}

function printDirect(d: Direct): string {
  const chains = d.chains.map((c) => `  <chain ipv="${c.family}" table="${c.table}" chain="${c.chain}"/>\n`).join('');
  const rules = d.rules.map((r) => `  <rule ipv="${r.family}" table="${r.table}" chain="${r.chain}" priority="${r.priority}">${r.args.join(' ')}</rule>\n`).join('');
  return `<?xml version="1.0" encoding="utf-8"?>\n<direct>\n${chains}${rules}</direct>\n`;
}
