/**
 * ip, of iproute2 4.9: objects addr, link, route, rule, neigh, netns, netconf. Words may be shortened as
 * in the real tool; what it would understand and this world has not (tunnels, xfrm) is not supported.
 */
import { err, fail, out, strerror } from '../../../../sim/proc/libc.ts';
import type { Start, Sys } from '../../../../sim/proc/program.ts';
import { call } from '../../../../sim/proc/syscalls.ts';
import type { Command } from '../../../command.ts';
import { readNet } from '../netlink.ts';
import * as link from './link.ts';
import { neigh, netconf } from './neigh.ts';
import * as route from './route.ts';
import { matches, oneOf, Usage, Words, type Options } from './words.ts';

const VERSION = 'ip utility, iproute2-ss161212\n';
const HELP = `Usage: ip [ OPTIONS ] OBJECT { COMMAND | help }
       ip [ -force ] -batch filename
where  OBJECT := { link | address | addrlabel | route | rule | neigh | ntable |
                   tunnel | tuntap | maddress | mroute | mrule | monitor | xfrm |
                   netns | l2tp | fou | macsec | tcp_metrics | token | netconf | ila }
       OPTIONS := { -V[ersion] | -s[tatistics] | -d[etails] | -r[esolve] |
                    -h[uman-readable] | -iec |
                    -f[amily] { inet | inet6 | ipx | dnet | mpls | bridge | link } |
                    -4 | -6 | -I | -D | -B | -0 |
                    -l[oops] { maximum-addr-flush-attempts } | -br[ief] |
                    -o[neline] | -t[imestamp] | -ts[hort] | -b[atch] [filename] |
                    -rc[vbuf] [size] | -n[etns] name | -a[ll] | -c[olor]}
`;

type Action = (words: Words, o: Options) => Sys<number>;
const unknown = (verb: string, object: string): Usage => new Usage(`Command "${verb}" is unknown, try "ip ${object} help".\n`, 255);

const address: Action = function* (words, o) {
  const verb = words.done ? 'show' : words.next();
  if (matches(verb, 'add')) return yield* link.changeAddress(words, o, 'add');
  if (matches(verb, 'change') || verb === 'chg' || matches(verb, 'replace')) return yield* link.changeAddress(words, o, 'replace');
  if (matches(verb, 'delete')) return yield* link.changeAddress(words, o, 'del');
  if (oneOf(verb, 'show', 'list', 'lst')) return yield* link.show(words, o, true);
  if (matches(verb, 'flush')) return yield* link.flushAddresses(words, o);
  throw unknown(verb, 'address');
};

const links: Action = function* (words, o) {
  const verb = words.done ? 'show' : words.next();
  if (matches(verb, 'add')) return yield* link.add(words, o);
  if (oneOf(verb, 'set', 'change')) return yield* link.set(words, o);
  if (matches(verb, 'delete')) return yield* link.del(words, o);
  if (oneOf(verb, 'show', 'list', 'lst')) return yield* link.show(words, o, false);
  throw unknown(verb, 'link');
};

const routes: Action = function* (words, o) {
  const verb = words.done ? 'show' : words.next();
  if (oneOf(verb, 'list', 'show', 'lst')) return yield* route.show(words, o);
  if (matches(verb, 'get')) return yield* route.get(words, o);
  if (matches(verb, 'add')) return yield* route.change(words, o, 'add');
  if (matches(verb, 'change') || verb === 'chg') return yield* route.change(words, o, 'change');
  if (matches(verb, 'replace')) return yield* route.change(words, o, 'replace');
  if (matches(verb, 'append') || matches(verb, 'prepend')) return yield* route.change(words, o, 'append');
  if (matches(verb, 'delete')) return yield* route.change(words, o, 'del');
  if (matches(verb, 'flush')) return yield* route.flush(words, o);
  throw unknown(verb, 'route');
};

/** Runs a command in another network namespace: the first of PATH that is there. */
function* execIn(netns: string, argv: readonly string[], start: Start): Sys<number> {
  const [name] = argv;
  const folders = name!.includes('/') ? [''] : (start.env['PATH'] ?? '/usr/sbin:/usr/bin:/sbin:/bin').split(':').map((folder) => `${folder}/`);
  for (const folder of folders) {
    const path = `${folder}${name}`;
    const there = yield* call('access', { path, mode: 'x' });
    if (!there.ok) continue;
    const done = yield* call('exec', { path, argv, netns });
    if (!done.ok) return yield* fail(`exec of "${name}" failed: ${strerror(done.errno)}`, 1);
  }
  return yield* fail(`exec of "${name}" failed: No such file or directory`, 1);
}

function* netns(words: Words, start: Start): Sys<number> {
  const verb = words.done ? 'list' : words.next();
  if (oneOf(verb, 'list', 'show', 'lst')) {
    const got = yield* readNet<string[]>({ kind: 'netns' });
    yield* out(got.ok ? got.value.map((name) => `${name}\n`).join('') : '');
    return 0;
  }
  const names = words.rest();
  const [name, ...rest] = names;
  if (matches(verb, 'add') || matches(verb, 'delete')) {
    if (name === undefined) return yield* fail('No netns name specified', 255);
    const got = matches(verb, 'add') ? yield* call('netnsCreate', { name }) : yield* call('netnsRemove', { name });
    if (got.ok) return 0;
    return yield* fail(matches(verb, 'add') ? `Cannot create namespace file "/var/run/netns/${name}": ${strerror(got.errno)}` : `Cannot remove namespace file "/var/run/netns/${name}": ${strerror(got.errno)}`, 1);
  }
  if (matches(verb, 'exec')) {
    if (name === undefined) return yield* fail('No netns name specified', 255);
    if (!rest.length) return yield* fail('No command specified', 255);
    const got = yield* readNet<string[]>({ kind: 'netns' });
    if (got.ok && !got.value.includes(name)) return yield* fail(`Cannot open network namespace "${name}": No such file or directory`, 1);
    if (start.uid !== 0) return yield* fail('setting the network namespace "' + name + '" failed: Operation not permitted', 1);
    return yield* execIn(name, rest, start);
  }
  if (matches(verb, 'pids')) {
    const list = yield* call('processes', {});
    yield* out(list.ok ? list.value.filter((p) => p.netns === name).map((p) => `${p.pid}\n`).join('') : '');
    return 0;
  }
  throw new Usage(`Command "${verb}" is unknown, try "ip netns help".\n`, 255);
}

const FAMILIES: Readonly<Record<string, 4 | 6>> = { inet: 4, inet6: 6 };

/** Global options; what is left begins with the object. */
function options(args: readonly string[]): { o: Options; rest: readonly string[]; special: 'version' | 'help' | null } {
  const o: Options = { family: 0, stats: 0, details: false, oneline: false, brief: false, netns: undefined, numeric: true, resolve: false };
  let i = 0;
  for (; i < args.length && args[i]!.startsWith('-'); i++) {
    const word = args[i]!.startsWith('--') ? args[i]!.slice(1) : args[i]!;
    if (word === '-') { i++; break; }
    if (word === '-4') o.family = 4;
    else if (word === '-6') o.family = 6;
    else if (matches(word, '-family')) {
      const name = args[++i];
      if (name === undefined || !FAMILIES[name]) throw name === undefined ? new Usage('Command line is not complete. Try option "help"\n', 255) : new Usage(`Error: argument "${name}" is wrong: invalid protocol family\n\n`, 255);
      o.family = FAMILIES[name]!;
    } else if (oneOf(word, '-stats', '-statistics')) o.stats++;
    else if (matches(word, '-details')) o.details = true;
    else if (matches(word, '-resolve')) o.resolve = true;
    else if (matches(word, '-oneline')) o.oneline = true;
    else if (matches(word, '-brief')) o.brief = true;
    else if (word === '-n' || matches(word, '-netns')) o.netns = args[++i];
    else if (matches(word, '-Version')) return { o, rest: [], special: 'version' };
    else if (matches(word, '-help')) return { o, rest: [], special: 'help' };
    else if (!oneOf(word, '-human-readable', '-color', '-iec', '-all', '-force', '-timestamp', '-tshort')) throw new Usage(`Option "${args[i]}" is unknown, try "ip -help".\n`, 255);
  }
  return { o, rest: args.slice(i), special: null };
}

const UNSUPPORTED = ['addrlabel', 'maddress', 'ntable', 'l2tp', 'fou', 'ila', 'macsec', 'tunnel', 'tuntap', 'token', 'tcp_metrics', 'monitor', 'xfrm', 'mroute', 'mrule'];

function* dispatch(start: Start): Sys<number> {
  const { o, rest, special } = options(start.argv.slice(1));
  if (special === 'version') { yield* out(VERSION); return 0; }
  const [object, ...others] = rest;
  if (special === 'help' || object === undefined || object === 'help') { yield* err(HELP); return special === 'help' || object === undefined ? 255 : 255; }
  const words = new Words(others);
  if (o.netns !== undefined) {
    const names = yield* readNet<string[]>({ kind: 'netns' });
    if (names.ok && !names.value.includes(o.netns)) return yield* fail(`Cannot open network namespace "${o.netns}": No such file or directory`, 1);
  }
  if (matches(object, 'address')) return yield* address(words, o);
  if (matches(object, 'route')) return yield* routes(words, o);
  if (matches(object, 'rule')) return yield* route.rules(words, o);
  if (oneOf(object, 'neighbor', 'neighbour')) return yield* neigh(words, o);
  if (matches(object, 'link')) return yield* links(words, o);
  if (matches(object, 'netns')) return yield* netns(words, start);
  if (matches(object, 'netconf')) return yield* netconf(words, o);
  if (oneOf(object, ...UNSUPPORTED)) return yield* fail('RTNETLINK answers: Operation not supported', 2);
  return yield* fail(`Object "${object}" is unknown, try "ip help".`, 1);
}

function* main(start: Start): Sys<number> {
  try {
    return yield* dispatch(start);
  } catch (usage) {
    if (!(usage instanceof Usage)) throw usage;
    return yield* fail(usage.message, usage.status);
  }
}

export const ip: Command = { name: 'ip', main };
