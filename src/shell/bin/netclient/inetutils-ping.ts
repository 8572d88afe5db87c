/** ping of GNU inetutils 1.9: in Planet, in debug pods and where the training shows `56 data bytes`. */
import { ms, seconds, type Us } from '../../../sim/engine/time.ts';
import { err, fail, out } from '../../../sim/proc/libc.ts';
import type { Json, Start, Sys } from '../../../sim/proc/program.ts';
import { call, type IcmpReply } from '../../../sim/proc/syscalls.ts';
import { echo, ENDLESS, type EchoState, LINGER_US, ms3, spread } from './echo.ts';
import { lookup } from './lookup.ts';

const TRY = 'Try \'ping --help\' or \'ping --usage\' for more information.\n';
const LONG: Readonly<Record<string, string>> = { count: 'c', interval: 'i', numeric: 'n', quiet: 'q', size: 's', timeout: 'w', linger: 'W', ttl: 'ttl', verbose: 'v', flood: 'f', debug: 'd', 'ignore-routing': 'r', tos: 'T', preload: 'l', pattern: 'p', echo: 'echo', type: 't' };
const WITH_VALUE = new Set(['c', 'i', 's', 'w', 'W', 'ttl', 'T', 'l', 'p', 't']);
const HELP = `Usage: ping [OPTION...] HOST ...
Send ICMP ECHO_REQUEST packets to network hosts.

 Options controlling ICMP request types:
      --address              send ICMP_ADDRESS packets (root only)
      --echo                 send ICMP_ECHO packets (default)
      --mask                 same as --address
      --timestamp            send ICMP_TIMESTAMP packets
  -t, --type=TYPE            send TYPE packets

 Options valid for all request types:
  -c, --count=NUMBER         stop after sending NUMBER packets
  -d, --debug                set the SO_DEBUG option
  -i, --interval=NUMBER      wait NUMBER seconds between sending each packet
  -n, --numeric              do not resolve host addresses
  -r, --ignore-routing       send directly to a host on an attached network
      --ttl=N                specify N as time-to-live
  -T, --tos=NUM              set type of service (TOS) to NUM
  -v, --verbose              verbose output
  -w, --timeout=N            stop after N seconds
  -W, --linger=N             number of seconds to wait for response

 Options valid for --echo requests:
  -f, --flood                flood ping (root only)
  -l, --preload=NUMBER       send NUMBER packets as fast as possible before
                             falling into normal mode of behavior (root only)
  -p, --pattern=PATTERN      fill ICMP packet with given pattern (hex)
  -q, --quiet                quiet output
  -R, --route                record route
  -s, --size=NUMBER          send NUMBER data octets

  -?, --help                 give this help list
      --usage                give a short usage message
  -V, --version              print program version
`;

type Options = Record<string, string>;

function parse(words: readonly string[]): { options: Options; hosts: string[] } | { text: string; status: number } {
  const options: Options = {};
  const hosts: string[] = [];
  for (let i = 0; i < words.length; i++) {
    const word = words[i]!;
    if (word === '--') { hosts.push(...words.slice(i + 1)); break; }
    if (word.startsWith('--')) {
      const [name, given] = word.slice(2).split('=') as [string, string | undefined];
      if (name === 'help') return { text: HELP, status: 0 };
      if (name === 'version') return { text: 'ping (GNU inetutils) 1.9.4\n', status: 0 };
      const short = LONG[name];
      if (!short) return { text: `ping: unrecognized option '--${name}'\n${TRY}`, status: 64 };
      const value = WITH_VALUE.has(short) ? given ?? words[++i] : 'yes';
      if (value === undefined) return { text: `ping: option '--${name}' requires an argument\n${TRY}`, status: 64 };
      options[short] = value;
    } else if (word.startsWith('-') && word.length > 1) {
      for (let k = 1; k < word.length; k++) {
        const c = word[k]!;
        if (c === '?') return { text: HELP, status: 0 };
        if (c === 'V') return { text: 'ping (GNU inetutils) 1.9.4\n', status: 0 };
        if (WITH_VALUE.has(c)) {
          const value = word.slice(k + 1) || words[++i];
          if (value === undefined) return { text: `ping: option requires an argument -- '${c}'\n${TRY}`, status: 64 };
          options[c] = value;
          break;
        }
        if (!'dfnqrvR'.includes(c)) return { text: `ping: invalid option -- '${c}'\n${TRY}`, status: 64 };
        options[c] = 'yes';
      }
    } else hosts.push(word);
  }
  return { options, hosts };
}

/** Of type 3, by code: those that it knows. */
const UNREACHABLE = ['Destination Net Unreachable', 'Destination Host Unreachable', 'Destination Protocol Unreachable', 'Destination Port Unreachable', 'Fragmentation needed and DF set', 'Source Route Failed', 'Network Unknown', 'Host Unknown', 'Host Isolated'];

const wording = ({ type, code }: IcmpReply): string =>
  type === 3 ? UNREACHABLE[code] ?? `Dest Unreachable, Bad Code: ${code}` : type === 11 ? (code === 0 ? 'Time to live exceeded' : 'Frag reassembly time exceeded') : `Bad ICMP type: ${type}`;

/** Where it was when its life before ended: which host, what came of those before it. */
interface Resume { host: number; status: number; name: string; address: string; state: EchoState }

function* main(start: Start): Sys<number> {
  const parsed = parse(start.argv.slice(1));
  if ('text' in parsed) {
    if (parsed.status !== 0) return yield* fail(parsed.text, parsed.status);
    yield* out(parsed.text);
    return 0;
  }
  const { options: o, hosts } = parsed;
  if (!hosts.length) return yield* fail(`ping: missing host operand\n${TRY}`, 64);
  for (const name of ['c', 's', 'w', 'W', 'ttl', 'T']) if (o[name] !== undefined && !/^\d+$/.test(o[name]!)) return yield* fail(`ping: invalid value (\`${o[name]}' near \`${o[name]}')\n`, 1);
  if (o['i'] !== undefined && !/^\d*\.?\d+$/.test(o['i'])) return yield* fail(`ping: invalid value (\`${o['i']}' near \`${o['i']}')\n`, 1);
  if (o['s'] !== undefined && Number(o['s']) > 65_399) return yield* fail(`ping: option value too big: ${o['s']}\n`, 1);
  const intervalUs = seconds(Number(o['i'] ?? 1));
  if (o['f'] && start.uid !== 0) return yield* fail('ping: flooding needs root privilege\n', 1);
  if (intervalUs < ms(200) && start.uid !== 0) return yield* fail(`ping: option value too small: ${o['i']}\n`, 1);
  const resume = start.mem as unknown as Resume | null;
  let status = resume?.status ?? 0;
  for (let host = resume?.host ?? 0; host < hosts.length; host++) {
    const before = host === resume?.host ? resume : null;
    status = (yield* one(hosts[host]!, o, o['f'] ? ms(10) : intervalUs, before, { host, status })) || status;
  }
  return status;
}

function* one(host: string, o: Options, intervalUs: Us, before: Resume | null, at: { host: number; status: number }): Sys<number> {
  const found = before ? { ok: true as const, name: before.name, addresses: [before.address] } : yield* lookup(host, Infinity, ['A']);
  if (!found.ok) return yield* fail('ping: unknown host\n', 1);
  const address = found.addresses[0]!;
  const size = Number(o['s'] ?? 56);
  const count = o['c'] === undefined || Number(o['c']) === 0 ? ENDLESS : Number(o['c']);
  if (!before) yield* out(`PING ${found.name} (${address}): ${size} data bytes${o['v'] ? ', id 0x0001 = 1' : ''}\n`);
  const quiet = o['q'] !== undefined;
  const result = yield* echo({ address, from: null, count, intervalUs, size, ttl: o['ttl'] === undefined ? null : Number(o['ttl']), dontFragment: false, lingerUs: o['W'] === undefined ? LINGER_US : seconds(Number(o['W'])), deadlineUs: o['w'] === undefined ? null : seconds(Number(o['w'])), firstSeq: 0, shortLinger: false, adaptive: false }, {
    *reply(seq, reply, rtt, duplicate) {
      if (quiet) return;
      if (o['f']) return yield* out('\b');
      yield* out(`${size + 8} bytes from ${reply.from}: icmp_seq=${seq} ttl=${reply.ttl}${size >= 16 ? ` time=${ms3(rtt)} ms` : ''}${duplicate ? ' (DUP!)' : ''}\n`);
    },
    *problem(_seq, reply) {
      yield* out(`${reply.size + 8} bytes from ${reply.from}: ${wording(reply)}\n`);
    },
    *unsent(_seq, errno) {
      yield* err(`ping: sending packet: ${SENDING[errno] ?? errno}\n`);
      return false;
    },
    *sent() { if (o['f'] && !quiet) yield* out('.'); },
  }, before?.state ?? null, function* (state) { yield* call('become', { mem: { ...at, name: found.name, address, state } as unknown as Json }); });
  if ('errno' in result) return yield* fail('ping: Lacking privilege for icmp socket.\n', 1);
  if (result.aborted) return 1;
  const { sent, received, duplicates, trips } = result;
  const loss = sent ? Math.floor((sent - received) * 100 / sent) : 0;
  yield* out(`--- ${found.name} ping statistics ---\n${sent} packets transmitted, ${received} packets received${duplicates ? `, +${duplicates} duplicates` : ''}, ${loss}% packet loss\n`);
  if (trips.count && size >= 16) {
    const s = spread(trips);
    yield* out(`round-trip min/avg/max/stddev = ${ms3(s.min)}/${ms3(s.avg)}/${ms3(s.max)}/${ms3(s.dev)} ms\n`);
  }
  return received ? 0 : 1;
}

const SENDING: Readonly<Record<string, string>> = { EPERM: 'Operation not permitted', ENETUNREACH: 'Network is unreachable', EHOSTUNREACH: 'No route to host', EMSGSIZE: 'Message too long', EINVAL: 'Invalid argument', EACCES: 'Permission denied' };

export const inetutilsPing = { name: 'inetutils-ping', main };
