/** bridge (iproute2 4.9: link, fdb) and brctl (bridge-utils 1.5). */
import { isMac } from '../../../sim/net/address.ts';
import type { Fdb, LinkView, NetChange } from '../../../sim/net/state.ts';
import { err, fail, out, strerror } from '../../../sim/proc/libc.ts';
import type { Start, Sys } from '../../../sim/proc/program.ts';
import type { Command } from '../../command.ts';
import { flagsOf, nameOf } from './ip/link.ts';
import { address, matches, number, oneOf, onOff, Usage, Words } from './ip/words.ts';
import { changeNet, readNet, rtnetlink } from './netlink.ts';

type Entry = Fdb & { master: string | null; self: boolean; age: number };

function* readLinks(): Sys<readonly LinkView[]> {
  const got = yield* readNet<LinkView[]>({ kind: 'links' });
  return got.ok ? got.value : [];
}

/** The bridge's state of a port, as the kernel names it. */
const portState = (port: LinkView, bridge: LinkView | undefined): string => (port.up && port.carrier && bridge?.up ? 'forwarding' : 'disabled');

function* linkShow(words: Words, details: boolean): Sys<number> {
  let dev: string | null = null;
  while (!words.done) { const word = words.next(); if (word === 'dev') dev = words.value(); }
  const all = yield* readLinks();
  if (dev !== null && !all.some((link) => link.name === dev)) { yield* err(`Cannot find device "${dev}"\n`); return 1; }
  let text = '';
  for (const port of all) {
    if (port.master === null || dev !== null && port.name !== dev) continue;
    const bridge = all.find((link) => link.name === port.master);
    text += `${port.index}: ${nameOf(port, all)}: <${flagsOf(port).join()}> mtu ${port.mtu} master ${port.master} state ${portState(port, bridge)} priority 32 cost 2 \n`;
    if (details) text += `    hairpin ${port.hairpin ? 'on' : 'off'} guard off root_block off fastleave off learning on flood on mcast_flood on \n`;
  }
  yield* out(text);
  return 0;
}

function* linkSet(words: Words): Sys<number> {
  let dev: string | null = null;
  const c: { hairpin?: boolean } = {};
  while (!words.done) {
    const word = words.next();
    if (word === 'dev') dev = words.value();
    else if (word === 'hairpin') c.hairpin = onOff(words.value(), 'hairpin');
    else if (/^(guard|bpdufilter|root_block|fastleave|learning|learning_sync|flood|mcast_flood|cost|priority|state|hwmode)$/.test(word)) words.value();
    else if (word !== 'self' && word !== 'master') throw new Usage('Usage: bridge link set dev DEV [ cost COST ] [ priority PRIO ] [ state STATE ]\n', 255);
  }
  if (dev === null) throw new Usage('Device is a required argument.\n', 255);
  const all = yield* readLinks();
  if (!all.some((link) => link.name === dev)) { yield* err(`Cannot find device "${dev}"\n`); return 1; }
  return yield* rtnetlink({ kind: 'linkSet', dev, ...c });
}

function* fdbShow(words: Words): Sys<number> {
  let dev: string | null = null, br: string | null = null;
  while (!words.done) {
    const word = words.next();
    if (word === 'brport' || word === 'dev') dev = words.value();
    else if (word === 'br') br = words.value();
    else if (word === 'vlan' || word === 'state') words.value();
    else if (dev === null) dev = word;
  }
  const all = yield* readLinks();
  for (const name of [dev, br]) if (name !== null && !all.some((link) => link.name === name)) { yield* err(`Cannot find ${name === br ? 'bridge ' : ''}device "${name}"\n`); return 1; }
  const got = yield* readNet<Entry[]>({ kind: 'fdb' });
  const line = (e: Entry): string => `${e.mac} ${dev === null ? `dev ${e.dev} ` : ''}${e.dst ? `dst ${e.dst} ` : ''}${e.self ? 'self ' : ''}${e.master ? `master ${e.master} ` : ''}${e.state === 'learned' ? '' : e.state}`;
  yield* out((got.ok ? got.value : []).filter((e) => (dev === null || e.dev === dev) && (br === null || e.master === br || e.dev === br)).map((e) => `${line(e)}\n`).join(''));
  return 0;
}

function* fdbChange(words: Words, mode: 'add' | 'append' | 'replace' | 'del'): Sys<number> {
  let dev: string | null = null, mac: string | null = null, dst: string | undefined, state: 'permanent' | 'static' | undefined;
  while (!words.done) {
    const word = words.next();
    if (word === 'dev') dev = words.value();
    else if (word === 'dst') dst = address(words.value());
    else if (matches(word, 'port')) number(words.value(), 'invalid port');
    else if (word === 'vni' || word === 'via' || word === 'vlan') words.value();
    else if (word === 'local' || matches(word, 'permanent')) state = 'permanent';
    else if (word === 'temp' || word === 'static' || word === 'dynamic') state = 'static';
    else if (word === 'self' || word === 'master' || matches(word, 'use') || word === 'router') continue;
    else { if (word === 'to') mac = words.value(); else if (mac === null) mac = word; else throw new Usage(`Error: either "to" is duplicate, or "${word}" is a garbage.\n`, 255); }
  }
  if (dev === null || mac === null) throw new Usage('Device and address are required arguments.\n', 255);
  if (!isMac(mac)) throw new Usage(`Invalid mac address ${mac}\n`, 255);
  const all = yield* readLinks();
  if (!all.some((link) => link.name === dev)) { yield* err(`Cannot find device "${dev}"\n`); return 255; }
  return yield* rtnetlink({ kind: 'fdb', mode, dev, mac, dst, state });
}

const HELP = `Usage: bridge [ OPTIONS ] OBJECT { COMMAND | help }
where  OBJECT := { link | fdb | mdb | vlan | monitor }
       OPTIONS := { -V[ersion] | -s[tatistics] | -d[etails] |
                    -o[neline] | -t[imestamp] | -n[etns] name |
                    -c[ompressvlans] -p[retty] -j{son} }
`;

function* bridgeMain(start: Start): Sys<number> {
  const args = start.argv.slice(1);
  let details = false;
  while (args[0]?.startsWith('-')) {
    const word = args.shift()!;
    if (matches(word, '-details')) details = true;
    else if (matches(word, '-Version')) { yield* out('bridge utility, 0.0\n'); return 0; }
    else if (!oneOf(word, '-stats', '-statistics', '-oneline', '-timestamp', '-compressvlans')) return yield* fail(`Option "${word}" is unknown, try "bridge help".`, 255);
  }
  const [object, verb = 'show', ...rest] = args;
  const words = new Words(rest);
  try {
    if (object === undefined || object === 'help') { yield* err(HELP); return 255; }
    if (matches(object, 'link')) {
      if (matches(verb, 'set') || matches(verb, 'change')) return yield* linkSet(words);
      if (oneOf(verb, 'show', 'lst', 'list')) return yield* linkShow(words, details);
      return yield* fail(`Command "${verb}" is unknown, try "bridge link help".`, 255);
    }
    if (matches(object, 'fdb')) {
      const mode = (['add', 'append', 'replace'] as const).find((each) => matches(verb, each)) ?? (matches(verb, 'delete') ? 'del' : null);
      if (mode) return yield* fdbChange(words, mode);
      if (oneOf(verb, 'show', 'lst', 'list')) return yield* fdbShow(words);
      return yield* fail(`Command "${verb}" is unknown, try "bridge fdb help".`, 255);
    }
    if (matches(object, 'vlan')) { yield* out('port\tvlan ids\n'); return 0; }
    if (matches(object, 'mdb')) return 0;
    return yield* fail(`Object "${object}" is unknown, try "bridge help".`, 255);
  } catch (usage) {
    if (!(usage instanceof Usage)) throw usage;
    return yield* fail(usage.message, usage.status);
  }
}

// --- brctl

const bridgeId = (link: LinkView): string => `8000.${link.mac.replaceAll(':', '')}`;

function* brctlShow(names: readonly string[]): Sys<number> {
  const all = yield* readLinks();
  let text = 'bridge name\tbridge id\t\tSTP enabled\tinterfaces\n', failed = false;
  for (const name of names.length ? names : all.filter((link) => link.kind === 'bridge').map((link) => link.name)) {
    const link = all.find((each) => each.name === name);
    if (link?.kind !== 'bridge') {
      text += link ? `${name}\t\tcan't get info Operation not supported\n` : `bridge ${name} does not exist!\n`;
      failed = !link;
      continue;
    }
    const ports = all.filter((port) => port.master === name).map((port) => port.name);
    text += `${name}\t\t${bridgeId(link)}\t${link.stp ? 'yes' : 'no'}\t\t${ports.join('\n\t\t\t\t\t\t\t')}\n`;
  }
  yield* out(text);
  return failed ? 1 : 0;
}

function* showMacs(name: string): Sys<number> {
  const all = yield* readLinks();
  if (all.find((link) => link.name === name)?.kind !== 'bridge') return yield* fail(`read of forward table failed: ${all.some((link) => link.name === name) ? 'Operation not supported' : 'No such device'}`, 1);
  const got = yield* readNet<Entry[]>({ kind: 'fdb' });
  const ports = all.filter((port) => port.master === name).map((port) => port.name);
  const list = (got.ok ? got.value : []).filter((e) => e.master === name && ports.includes(e.dev)).sort((a, b) => (a.mac < b.mac ? -1 : a.mac > b.mac ? 1 : 0));
  const row = (e: Entry): string => `${String(ports.indexOf(e.dev) + 1).padStart(3)}\t${e.mac}\t${e.state === 'permanent' ? 'yes' : 'no'}\t\t${e.state === 'permanent' ? '   0.00' : (e.age / 1e6).toFixed(2).padStart(7)}\n`;
  yield* out(`port no\tmac addr\t\tis local?\tageing timer\n${list.map(row).join('')}`);
  return 0;
}

interface Verb { args: number; usage: string; change: (args: readonly string[]) => NetChange; failure: (args: readonly string[], errno: string) => string }
const VERBS: Readonly<Record<string, Verb>> = {
  addbr: { args: 1, usage: '<bridge>', change: ([br]) => ({ kind: 'linkAdd', name: br!, type: 'bridge' }), failure: ([br], errno) => (errno === 'EEXIST' ? `device ${br} already exists; can't create bridge with the same name` : `add bridge failed: ${strerror(errno)}`) },
  delbr: { args: 1, usage: '<bridge>', change: ([br]) => ({ kind: 'linkDel', dev: br! }), failure: ([br], errno) => (errno === 'ENODEV' ? `bridge ${br} doesn't exist; can't delete it` : errno === 'EBUSY' ? `bridge ${br} is still up; can't delete it` : `can't delete bridge ${br}: ${strerror(errno)}`) },
  addif: { args: 2, usage: '<bridge> <device>', change: ([br, dev]) => ({ kind: 'linkSet', dev: dev!, master: br! }), failure: ([br, dev], errno) => (errno === 'EBUSY' ? `device ${dev} is already a member of a bridge; can't enslave it to bridge ${br}.` : `can't add ${dev} to bridge ${br}: ${strerror(errno)}`) },
  delif: { args: 2, usage: '<bridge> <device>', change: ([, dev]) => ({ kind: 'linkSet', dev: dev!, master: null }), failure: ([br, dev], errno) => `can't delete ${dev} from ${br}: ${strerror(errno)}` },
  hairpin: { args: 3, usage: '<bridge> <port> {on|off}', change: ([, dev, word]) => ({ kind: 'linkSet', dev: dev!, hairpin: /^(on|yes|1)$/.test(word!) }), failure: ([br, dev], errno) => `can't set ${dev} to hairpin on bridge ${br}: ${strerror(errno)}` },
  stp: { args: 2, usage: '<bridge> {on|off}', change: ([br, word]) => ({ kind: 'linkSet', dev: br!, stp: /^(on|yes|1)$/.test(word!) }), failure: (_args, errno) => `set stp status failed: ${strerror(errno)}` },
};

const BRCTL_HELP = `Usage: brctl [commands]
commands:
\taddbr     \t<bridge>\t\tadd bridge
\tdelbr     \t<bridge>\t\tdelete bridge
\taddif     \t<bridge> <device>\tadd interface to bridge
\tdelif     \t<bridge> <device>\tdelete interface from bridge
\thairpin   \t<bridge> <port> {on|off}\tturn hairpin on/off
\tshow      \t[ <bridge> ]\t\tshow a list of bridges
\tshowmacs  \t<bridge>\t\tshow a list of mac addrs
\tstp       \t<bridge> {on|off}\tturn stp on/off
`;

/** delbr and addif look before they leap. */
function* refuses(verb: string, args: readonly string[]): Sys<string | null> {
  const all = yield* readLinks();
  const bridge = all.find((link) => link.name === args[0]);
  if (verb === 'delbr' && bridge?.kind === 'bridge' && bridge.up) return 'EBUSY';
  if (verb === 'addif') {
    if (all.find((link) => link.name === args[1])?.master) return 'EBUSY';
    if (!bridge) return 'ENODEV';
  }
  if (verb === 'delif' && all.find((link) => link.name === args[1])?.master !== args[0]) return 'EINVAL';
  return null;
}

function* brctlMain(start: Start): Sys<number> {
  const [verb, ...args] = start.argv.slice(1);
  if (verb === undefined) { yield* err(BRCTL_HELP); return 1; }
  if (verb === '--help' || verb === '-h') { yield* err(BRCTL_HELP); return 0; }
  if (verb === '--version' || verb === '-V') { yield* out('bridge-utils, 1.5\n'); return 0; }
  if (verb === 'show') return yield* brctlShow(args);
  if (verb === 'showmacs') return args[0] === undefined ? yield* fail('Incorrect number of arguments for command\nUsage: brctl showmacs <bridge>\tshow a list of mac addrs', 1) : yield* showMacs(args[0]);
  const known = VERBS[verb];
  if (!known) { yield* err(`never heard of command [${verb}]\n${BRCTL_HELP}`); return 1; }
  if (args.length !== known.args) return yield* fail(`Incorrect number of arguments for command\nUsage: brctl ${verb} ${known.usage}`, 1);
  const refused = yield* refuses(verb, args);
  if (refused) return yield* fail(known.failure(args, refused), 1);
  const got = yield* changeNet(known.change(args));
  return got.ok ? 0 : yield* fail(known.failure(args, got.errno), 1);
}

export const bridge: Command = { name: 'bridge', main: bridgeMain };
export const brctl: Command = { name: 'brctl', main: brctlMain };
