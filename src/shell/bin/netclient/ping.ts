/** ping of iputils (s20160308 and its kin): CentOS, Ubuntu, Debian's iputils-ping. */
import { ms, seconds, type Us } from '../../../sim/engine/time.ts';
import { err, fail, out } from '../../../sim/proc/libc.ts';
import type { Json, Start, Sys } from '../../../sim/proc/program.ts';
import { call, type IcmpReply } from '../../../sim/proc/syscalls.ts';
import { echo, ENDLESS, type EchoState, LINGER_US, ms3, spread } from './echo.ts';
import { gaiError, isIp, lookup, real, reverse } from './lookup.ts';

const USAGE = `
Usage
  ping [options] <destination>

Options:
  <destination>      dns name or ip address
  -a                 use audible ping
  -A                 use adaptive ping
  -B                 sticky source address
  -c <count>         stop after <count> replies
  -D                 print timestamps
  -d                 use SO_DEBUG socket option
  -f                 flood ping
  -h                 print help and exit
  -I <interface>     either interface name or address
  -i <interval>      seconds between sending each packet
  -L                 suppress loopback of multicast packets
  -l <preload>       send <preload> number of packages while waiting replies
  -m <mark>          tag the packets going out
  -M <pmtud opt>     define mtu discovery, can be one of <do|dont|want>
  -n                 no dns name resolution
  -O                 report outstanding replies
  -p <pattern>       contents of padding byte
  -q                 quiet output
  -Q <tclass>        use quality of service <tclass> bits
  -s <size>          use <size> as number of data bytes to be sent
  -S <size>          use <size> as SO_SNDBUF socket option value
  -t <ttl>           define time to live
  -U                 print user-to-user latency
  -v                 verbose output
  -V                 print version and exit
  -w <deadline>      reply wait <deadline> in seconds
  -W <timeout>       time to wait for response

IPv4 options:
  -4                 use IPv4
  -b                 allow pinging broadcast
  -R                 record route
  -T <timestamp>     define timestamp, can be one of <tsonly|tsandaddr|tsprespec>

For more details see ping(8).
`;
const WITH_VALUE = 'cIilmMpQsStTwW';
const FLAGS = 'aABbDdfhLnOqRUvV4';

type Options = Record<string, string>;

function parse(words: readonly string[]): { options: Options; rest: string[] } | { text: string; status: number } {
  const options: Options = {};
  const rest: string[] = [];
  for (let i = 0; i < words.length; i++) {
    const word = words[i]!;
    if (word === '--') { rest.push(...words.slice(i + 1)); break; }
    if (!word.startsWith('-') || word === '-') { rest.push(word); continue; }
    for (let k = 1; k < word.length; k++) {
      const c = word[k]!;
      if (FLAGS.includes(c)) options[c] = 'yes';
      else if (WITH_VALUE.includes(c)) {
        const value = word.slice(k + 1) || words[++i];
        if (value === undefined) return { text: `ping: option requires an argument -- '${c}'\n${USAGE}`, status: 2 };
        options[c] = value;
        break;
      } else return { text: `ping: invalid option -- '${c}'\n${USAGE}`, status: 2 };
    }
  }
  return { options, rest };
}

/** strtol with limits, as iputils words its refusals. */
function numberOf(text: string, low: number, high: number): number | string {
  if (!/^-?\d+$/.test(text)) return `ping: invalid argument: '${text}'\n`;
  const n = Number(text);
  return n < low || n > high ? `ping: invalid argument: '${text}': out of range: ${low} <= value <= ${high}\n` : n;
}

/** Of type 3, by code. */
const UNREACHABLE = ['Destination Net Unreachable', 'Destination Host Unreachable', 'Destination Protocol Unreachable', 'Destination Port Unreachable', '', 'Source Route Failed', 'Destination Net Unknown',
  'Destination Host Unknown', 'Source Host Isolated', 'Destination Net Prohibited', 'Destination Host Prohibited', 'Destination Net Unreachable for Type of Service', 'Destination Host Unreachable for Type of Service',
  'Packet filtered', 'Precedence Violation', 'Precedence Cutoff'];

function wording(reply: IcmpReply): string {
  const { type, code } = reply;
  const mtu = (reply as IcmpReply & { mtu?: number }).mtu;
  if (type === 3 && code === 4) return `Frag needed and DF set (mtu = ${mtu ?? 0})`;
  if (type === 3) return UNREACHABLE[code] || `Dest Unreachable, Bad Code: ${code}`;
  if (type === 11) return code === 0 ? 'Time to live exceeded' : 'Frag reassembly time exceeded';
  return type === 5 ? 'Redirect Host' : `Bad ICMP type: ${type}`;
}

/** A round trip in milliseconds with about three digits that count. */
function shown(us: Us): string {
  if (us >= 100_000) return String(Math.floor(us / 1_000));
  if (us >= 10_000) return `${Math.floor(us / 1_000)}.${Math.floor((us % 1_000) / 100)}`;
  if (us >= 1_000) return `${Math.floor(us / 1_000)}.${String(Math.floor((us % 1_000) / 10)).padStart(2, '0')}`;
  return ms3(us);
}

interface Wanted { count: number; intervalUs: Us; lingerUs: Us; deadlineUs: Us | null; size: number; ttl: number | null }

function wanted(o: Options): Wanted | string {
  const limits: [string, number, number][] = [['c', 1, 2 ** 53 - 1], ['s', 0, 65_507], ['t', 0, 255], ['w', 0, 2_147_483]];
  const n: Record<string, number> = {};
  for (const [name, low, high] of limits) {
    if (o[name] === undefined) continue;
    const got = numberOf(o[name]!, low, high);
    if (typeof got === 'string') return got;
    n[name] = got;
  }
  for (const name of ['i', 'W']) if (o[name] !== undefined && !/^\d+([.,]\d*)?$|^[.,]\d+$/.test(o[name]!)) return name === 'i' ? `ping: bad timing interval: ${o[name]}\n` : `ping: bad linger time: ${o[name]}\n`;
  const secondsOf = (text: string): Us => seconds(Number(text.replace(',', '.')));
  const interval = o['i'] !== undefined ? secondsOf(o['i']) : o['f'] !== undefined ? ms(10) : seconds(1);
  return {
    count: n['c'] ?? ENDLESS, intervalUs: interval, lingerUs: o['W'] !== undefined ? secondsOf(o['W']) : LINGER_US,
    deadlineUs: n['w'] ? seconds(n['w']) : null, size: n['s'] ?? 56, ttl: n['t'] ?? null,
  };
}

function* main(start: Start): Sys<number> {
  if (start.mem !== null) {
    const { run: r, state, names } = start.mem as unknown as { run: Run; state: EchoState; names: Record<string, string> };
    return yield* run(r, state, { ...names });
  }
  const parsed = parse(start.argv.slice(1));
  if ('text' in parsed) return yield* fail(parsed.text, parsed.status);
  const { options: o, rest } = parsed;
  if (o['V']) { yield* out('ping utility, iputils-s20160308\n'); return 0; }
  if (o['h']) return yield* fail(USAGE, 2);
  const w = wanted(o);
  if (typeof w === 'string') return yield* fail(w, w.startsWith('ping: bad') ? 2 : 1);
  if (o['M'] !== undefined && !['do', 'dont', 'want'].includes(o['M'])) return yield* fail(`ping: invalid -M argument: ${o['M']}\n`, 2);
  const target = rest[rest.length - 1];
  if (target === undefined) return yield* fail('ping: usage error: Destination address required\n', 1);
  if (w.intervalUs < ms(200) && start.uid !== 0) return yield* fail(o['f'] ? 'ping: cannot flood; minimal interval allowed for user is 200ms\n' : 'ping: cannot flood; minimal interval, allowed for user, is 200ms\n', 2);
  const found = yield* lookup(target);
  if (!found.ok) return yield* fail(`ping: ${target}: ${gaiError(found.reason)}\n`, 2);
  const address = found.addresses[0]!;
  const source = yield* sourceOf(o['I']);
  if ('error' in source) return yield* fail(source.error, 2);
  const route = yield* call('netRead', { what: { kind: 'routeGet', dst: address, ...(source.dev && { oif: source.dev }), ...(source.ip && !source.dev && { src: source.ip }) } });
  const errno = route.ok ? (typeof route.value === 'string' ? route.value : null) : route.errno;
  if (errno) return yield* fail(errno === 'EACCES' ? 'ping: Do you want to ping broadcast? Then -b. If not, check your local firewall rules\n' : `connect: ${CONNECT[errno] ?? errno}\n`, 2);
  const own = route.ok && typeof route.value === 'object' ? (route.value as { type?: string; dev?: string; src?: string }) : {};
  if (own.type === 'broadcast' && !o['b']) return yield* fail('ping: Do you want to ping broadcast? Then -b. If not, check your local firewall rules\n', 2);
  return yield* run({ ...w, o, address, name: found.name, numeric: isIp(target) || o['n'] !== undefined, from: source.ip, dev: source.dev, mtuDev: own.dev ?? '' }, null, {});
}

const CONNECT: Readonly<Record<string, string>> = { ENETUNREACH: 'Network is unreachable', EHOSTUNREACH: 'No route to host', EINVAL: 'Invalid argument', ENODEV: 'No such device' };

/** -I: an interface (then its first address) or an address of this host. */
function* sourceOf(what: string | undefined): Sys<{ ip: string | null; dev: string | null } | { error: string }> {
  if (what === undefined) return { ip: null, dev: null };
  const links = yield* call('netRead', { what: { kind: 'links' } });
  const all = links.ok ? (links.value as unknown as { name: string; addrs: { ip: string }[] }[]) : [];
  if (isIp(what)) return all.some((link) => link.addrs.some(({ ip }) => ip === what)) ? { ip: what, dev: null } : { error: 'bind: Cannot assign requested address\n' };
  const link = all.find(({ name }) => name === what);
  return link ? { ip: link.addrs[0]?.ip ?? null, dev: what } : { error: `ping: SO_BINDTODEVICE ${what}: No such device\n` };
}

interface Run extends Wanted { o: Options; address: string; name: string; numeric: boolean; from: string | null; dev: string | null; mtuDev: string }

/** `resume`, `names`: from the life before, when this is not the first. */
function* run(r: Run, resume: EchoState | null, names: Record<string, string>): Sys<number> {
  const { o } = r;
  const via = r.from === null ? '' : `from ${r.from} ${r.dev ?? ''}: `;
  if (!resume) yield* out(`PING ${r.name} (${r.address}) ${via}${r.size}(${r.size + 28}) bytes of data.\n`);
  const nameOf = function* (ip: string): Sys<string> {
    if (r.numeric) return ip;
    if (names[ip] === undefined) {
      const name = yield* reverse(ip);
      names[ip] = name ? `${name} (${ip})` : ip;
    }
    return names[ip]!;
  };
  const stamp = function* (): Sys<string> { return o['D'] ? `[${((yield* real()) / 1_000_000).toFixed(6)}] ` : ''; };
  const quiet = o['q'] !== undefined;
  const flood = o['f'] !== undefined;
  const result = yield* echo({ address: r.address, from: r.from, count: r.count, intervalUs: r.intervalUs, size: r.size, ttl: r.ttl, dontFragment: o['M'] === 'do' || o['M'] === 'want', lingerUs: r.lingerUs, deadlineUs: r.deadlineUs, firstSeq: 1, shortLinger: true, adaptive: o['A'] !== undefined }, {
    *reply(seq, reply, rtt, duplicate) {
      if (quiet) return;
      if (flood) return yield* out('\b \b');
      const time = r.size >= 16 ? ` time=${shown(rtt)} ms` : '';
      yield* out(`${yield* stamp()}${r.size + 8} bytes from ${yield* nameOf(reply.from)}: icmp_seq=${seq} ttl=${reply.ttl}${time}${duplicate ? ' (DUP!)' : ''}\n`);
    },
    *problem(seq, reply) {
      if (quiet) return;
      if (flood) return yield* out('\bE');
      yield* out(`${yield* stamp()}From ${yield* nameOf(reply.from)} icmp_seq=${seq} ${wording(reply)}\n`);
    },
    *unsent(_seq, errno, told) {
      if (errno === 'EMSGSIZE') {
        const links = yield* call('netRead', { what: { kind: 'links' } });
        const mtu = (links.ok ? (links.value as unknown as { name: string; mtu: number }[]) : []).find(({ name }) => name === r.mtuDev)?.mtu ?? 1500;
        yield* err(`ping: local error: message too long, mtu=${mtu}\n`);
      } else if (told) yield* err(`ping: sendmsg: ${SENDMSG[errno] ?? errno}\n`);
      return true;
    },
    *sent() { if (flood && !quiet) yield* out('.'); },
  }, resume, function* (state) { yield* call('become', { mem: { run: r, state, names } as unknown as Json }); });
  if ('errno' in result) return yield* fail('ping: socket: Operation not permitted\n', 2);
  const { sent, received, duplicates, errors, trips } = result;
  const loss = sent ? Math.floor((sent - received) * 100 / sent) : 0;
  const extras = `${duplicates ? `, +${duplicates} duplicates` : ''}${errors ? `, +${errors} errors` : ''}`;
  const s = trips.count ? spread(trips) : null;
  yield* out(`\n--- ${r.name} ping statistics ---\n${sent} packets transmitted, ${received} received${extras}, ${loss}% packet loss, time ${Math.round(result.elapsedUs / 1_000)}ms\n`);
  yield* out(s && r.size >= 16 ? `rtt min/avg/max/mdev = ${ms3(s.min)}/${ms3(s.avg)}/${ms3(s.max)}/${ms3(s.dev)} ms\n` : '\n');
  return received === 0 || (r.deadlineUs !== null && r.count !== ENDLESS && received < r.count) ? 1 : 0;
}

const SENDMSG: Readonly<Record<string, string>> = { EPERM: 'Operation not permitted', ENETUNREACH: 'Network is unreachable', EHOSTUNREACH: 'No route to host', EINVAL: 'Invalid argument', EACCES: 'Permission denied' };

export const ping = { name: 'ping', main };
