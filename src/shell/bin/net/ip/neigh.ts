/** ip neigh (iproute2 4.9's ipneigh.c) and ip netconf. */
import { inNet, isMac } from '../../../../sim/net/address.ts';
import type { LinkView, Neigh, NeighState } from '../../../../sim/net/state.ts';
import { err, out } from '../../../../sim/proc/libc.ts';
import type { Sys } from '../../../../sim/proc/program.ts';
import { readNet, rtnetlink } from '../netlink.ts';
import { address, invalid, matches, prefix, Usage, type Options, type Words } from './words.ts';

const STATES: readonly NeighState[] = ['INCOMPLETE', 'REACHABLE', 'STALE', 'DELAY', 'PROBE', 'FAILED', 'NOARP', 'PERMANENT'];
function state(word: string): NeighState | 'all' | 'none' {
  if (word === 'all' || word === 'none') return word;
  const found = STATES.find((each) => each.toLowerCase() === word.toLowerCase());
  if (!found) throw invalid('nud state is bad', word);
  return found;
}

interface Filter { dev: string | null; to: { ip: string; prefix: number } | null; nud: readonly string[] | null }
function filterOf(words: Words): Filter {
  const f: Filter = { dev: null, to: null, nud: null };
  while (!words.done) {
    const word = words.next();
    if (word === 'dev') f.dev = words.value();
    else if (word === 'nud') { const s = state(words.value()); f.nud = [...(f.nud ?? []), ...(s === 'all' ? STATES : [s])]; }
    else if (word === 'unused' || word === 'proxy') continue;
    else f.to = prefix(word === 'to' ? words.value() : word);
  }
  return f;
}

function* checkDevice(dev: string | null, o: Options): Sys<boolean> {
  const links = dev === null ? null : yield* readNet<LinkView[]>({ kind: 'links' }, o.netns);
  if (!links?.ok || links.value.some((link) => link.name === dev)) return true;
  yield* err(`Cannot find device "${dev}"\n`);
  return false;
}

export function* neigh(words: Words, o: Options): Sys<number> {
  const verb = words.done ? 'show' : words.next();
  const modes = [['add', 'add'], ['change', 'change'], ['chg', 'change'], ['replace', 'replace'], ['delete', 'del']] as const;
  const mode = modes.find(([keyword]) => matches(verb, keyword))?.[1];
  if (mode) return yield* change(words, o, mode);
  if (matches(verb, 'show') || matches(verb, 'list') || matches(verb, 'lst')) return yield* show(words, o);
  if (matches(verb, 'flush')) return yield* flush(words, o);
  throw new Usage(`Command "${verb}" is unknown, try "ip neigh help".\n`, 255);
}

function* show(words: Words, o: Options): Sys<number> {
  const f = filterOf(words);
  if (!(yield* checkDevice(f.dev, o))) return 1;
  const got = yield* readNet<Neigh[]>({ kind: 'neigh' }, o.netns);
  const list = (got.ok ? got.value : []).filter((n) => (f.dev === null || n.dev === f.dev) && (!f.to || inNet(n.ip, f.to.ip, f.to.prefix))
    && (f.nud ? f.nud.includes(n.state) : n.state !== 'NOARP'));
  if (o.family === 6) return 0;
  yield* out(list.map((n) => `${n.ip} ${f.dev === null ? `dev ${n.dev} ` : ''}${n.mac && n.state !== 'FAILED' && n.state !== 'INCOMPLETE' ? `lladdr ${n.mac} ` : n.state === 'FAILED' || n.state === 'INCOMPLETE' ? ' ' : ''}${n.state}\n`).join(''));
  return 0;
}

function* flush(words: Words, o: Options): Sys<number> {
  if (words.done) throw new Usage('Flush requires arguments.\n', 255);
  const f = filterOf(words);
  if (!(yield* checkDevice(f.dev, o))) return 1;
  const got = yield* readNet<Neigh[]>({ kind: 'neigh' }, o.netns);
  for (const n of got.ok ? got.value : []) {
    const goes = (f.dev === null || n.dev === f.dev) && (!f.to || inNet(n.ip, f.to.ip, f.to.prefix)) && (f.nud ? f.nud.includes(n.state) : n.state !== 'PERMANENT' && n.state !== 'NOARP');
    const exit = goes ? yield* rtnetlink({ kind: 'neigh', mode: 'del', dev: n.dev, ip: n.ip }, o.netns) : 0;
    if (exit) return exit;
  }
  return 0;
}

function* change(words: Words, o: Options, mode: 'add' | 'change' | 'replace' | 'del'): Sys<number> {
  let dev: string | null = null, ip: string | null = null, mac: string | undefined, nud: NeighState | undefined;
  while (!words.done) {
    const word = words.next();
    if (matches(word, 'lladdr')) {
      mac = words.value();
      if (!isMac(mac)) throw new Usage(`"${mac}" is invalid lladdr.\n`, 1);
    } else if (word === 'nud') { const s = state(words.value()); if (s !== 'all' && s !== 'none') nud = s; }
    else if (word === 'dev') dev = words.value();
    else if (word === 'proxy' || word === 'router') continue;
    else {
      const text = word === 'to' ? words.value() : word;
      if (ip !== null) throw new Usage(`Error: either "to" is duplicate, or "${text}" is a garbage.\n`, 255);
      ip = address(text);
    }
  }
  if (dev === null || ip === null) throw new Usage('Device and destination are required arguments.\n', 255);
  if (!(yield* checkDevice(dev, o))) return 1;
  return yield* rtnetlink({ kind: 'neigh', mode, dev, ip, mac, state: nud }, o.netns);
}

export function* netconf(words: Words, o: Options): Sys<number> {
  let dev: string | null = null;
  while (!words.done) {
    const word = words.next();
    if (word === 'dev') dev = words.value();
    else if (!matches(word, 'show') && !matches(word, 'list')) throw new Usage(`Command "${word}" is unknown, try "ip netconf help".\n`, 255);
  }
  if (!(yield* checkDevice(dev, o))) return 1;
  const links = yield* readNet<LinkView[]>({ kind: 'links' }, o.netns);
  const cells = yield* readNet<Record<string, string>>({ kind: 'sysctl', prefix: 'net.ipv4.conf.' }, o.netns);
  if (!links.ok || !cells.ok) return 1;
  const names = dev === null ? [...links.value.map((link) => link.name), 'all', 'default'] : [dev];
  const on = (name: string, cell: string): string => (cells.value[`net.ipv4.conf.${name}.${cell}`] === '1' ? 'on' : 'off');
  const filter = (name: string): string => ['off', 'strict', 'loose'][Number(cells.value[`net.ipv4.conf.${name}.rp_filter`] ?? 0)] ?? 'off';
  yield* out(names.map((name) => `ipv4 ${name === 'all' || name === 'default' ? name : `dev ${name}`} forwarding ${on(name, 'forwarding')} rp_filter ${filter(name)} mc_forwarding 0 proxy_neigh ${on(name, 'proxy_arp')} \n`).join(''));
  return 0;
}
