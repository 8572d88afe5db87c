/**
 * The program `serf` (0.7): the agent, and the commands that speak to it over 127.0.0.1:7373.
 */
import { seconds } from '../../engine/time.ts';
import { fetchOnce, serveHttp, type HttpRequest, type HttpResponse } from '../../proc/http.ts';
import { fail, out, strerror } from '../../proc/libc.ts';
import type { Json, Program, Start, Sys } from '../../proc/program.ts';
import { call } from '../../proc/syscalls.ts';
import { getMembers, learn, log, onDatagram, onStream, probe, PROBE_US, pushPull, rejoin, REJOIN_US, setMembers, split, suspicion, type Self } from './gossip.ts';
import { listed, type Member } from './members.ts';

const RPC = '127.0.0.1:7373';

interface AgentFlags { bind: string; node: string; snapshot: string; join: string[]; tags: Record<string, string> }

/** `-name=value` and `-name value`, one dash or two, as Go's flag package. */
function agentFlags(words: readonly string[]): AgentFlags | string {
  const flags: AgentFlags = { bind: '', node: '', snapshot: '', join: [], tags: {} };
  for (let i = 0; i < words.length; i++) {
    const m = /^--?([\w-]+)(?:=(.*))?$/.exec(words[i]!);
    if (!m) return `Unknown argument: ${words[i]}`;
    const value = m[2] ?? words[++i];
    if (value === undefined) return `flag needs an argument: -${m[1]}`;
    switch (m[1]) {
      case 'bind': flags.bind = value; break;
      case 'node': flags.node = value; break;
      case 'snapshot': flags.snapshot = value; break;
      case 'retry-join': case 'join': flags.join.push(value); break;
      case 'tag': { const [key, ...rest] = value.split('='); flags.tags[key!] = rest.join('='); break; }
      case 'rpc-addr': case 'log-level': case 'profile': break;
      default: return `flag provided but not defined: -${m[1]}`;
    }
  }
  flags.tags = Object.fromEntries(Object.entries(flags.tags).sort(([a], [b]) => (a < b ? -1 : 1)));
  return flags.bind && flags.node ? flags : 'Node name and bind address must be specified';
}

function* agent(start: Start): Sys<number> {
  const flags = agentFlags(start.argv.slice(2));
  if (typeof flags === 'string') return yield* fail(flags);
  const [host, port] = split(flags.bind);
  for (const [proto, bound] of [
    ['tcp', yield* call('listen', { proto: 'tcp', addr: host, port, entry: 'onStream' })],
    ['udp', yield* call('udp', { addr: host, port, entry: 'onDatagram' })],
    ['tcp', yield* call('listen', { proto: 'tcp', addr: '127.0.0.1', port: 7373, entry: 'onRpc' })],
  ] as const) {
    if (!bound.ok) return yield* fail(`==> Failed to start the Serf agent: Error creating Serf: listen ${proto} ${flags.bind}: bind: ${strerror(bound.errno).toLowerCase()}`);
  }
  const now = yield* call('now', {});
  const self: Self = { name: flags.node, host, port, join: yield* peers(flags) };
  yield* call('memSet', { key: 'self', value: self as unknown as Json });
  const own: Member = { name: flags.node, addr: flags.bind, tags: flags.tags, status: 'alive', suspect: false, incarnation: now.ok ? Math.floor(now.value.real / 1_000_000) : 1 };
  yield* setMembers({ [flags.node]: own });
  yield* out(`==> Starting Serf agent...\n==> Starting Serf agent RPC...\n==> Serf agent running!\n         Node name: '${flags.node}'\n         Bind addr: '${flags.bind}'\n          RPC addr: '${RPC}'\n         Encrypted: false\n          Snapshot: true\n           Profile: lan\n`);
  yield* log('INFO', `serf: EventMemberJoin: ${flags.node} ${host}`);
  for (const address of self.join) yield* pushPull(address);
  yield* call('timer', { name: 'probe', entry: 'probe', afterUs: PROBE_US, everyUs: PROBE_US });
  yield* call('timer', { name: 'rejoin', entry: 'rejoin', afterUs: REJOIN_US, everyUs: REJOIN_US });
  yield* call('serve', {});
  return 0;
}

/** Those it is told to join, and those its snapshot remembers. */
function* peers(flags: AgentFlags): Sys<string[]> {
  const snapshot = flags.snapshot ? yield* call('readFile', { path: flags.snapshot }) : null;
  const known = snapshot?.ok ? [...snapshot.value.matchAll(/^alive: \S+ (\S+)$/gm)].map((m) => m[1]!) : [];
  if (flags.snapshot && !snapshot?.ok) yield* call('writeFile', { path: flags.snapshot, text: flags.join.map((addr) => `alive: ${addr} ${addr}\n`).join('') });
  return [...new Set([...flags.join, ...known])].filter((addr) => addr !== flags.bind);
}

function* onRpc(start: Start): Sys<void> {
  yield* serveHttp((start.event as { fd: number }).fd, {}, answer);
}

function* answer(request: HttpRequest): Sys<HttpResponse> {
  const reply = (status: number, body: unknown): HttpResponse => ({ status, headers: {}, body: body as Json });
  const members = yield* getMembers();
  if (request.path === '/members') return reply(200, listed(members).map(({ name, addr, status, tags }) => ({ name, addr, status, tags })));
  if (request.path === '/force-leave') {
    const name = (request.body as { node?: string } | null)?.node ?? '';
    const member = members[name];
    if (member) yield* learn([{ type: 'left', name, incarnation: member.incarnation }]);
    return reply(200, {});
  }
  return reply(404, {});
}

type Shown = Pick<Member, 'name' | 'addr' | 'status' | 'tags'>;
const DIAL = 'Error connecting to Serf agent: dial tcp 127.0.0.1:7373: connect: connection refused';

function* membersCommand(words: readonly string[]): Sys<number> {
  const wanted = words.map((word) => /^--?status=(.+)$/.exec(word)?.[1]).find(Boolean);
  const json = words.some((word) => /^--?format=json$/.test(word));
  const bad = words.find((word) => !/^--?(status=.+|format=(json|text)|detailed|rpc-addr=.+|name=.+|role=.+|tag=.+)$/.test(word));
  if (bad) return yield* fail(`flag provided but not defined: ${bad}`);
  const got = yield* fetchOnce(`http://${RPC}/members`, { timeoutUs: seconds(5) });
  if (!got.ok) return yield* fail(DIAL);
  const name = words.map((word) => /^--?name=(.+)$/.exec(word)?.[1]).find(Boolean);
  const all = (got.response.body as unknown as readonly Shown[])
    .filter((member) => (!wanted || new RegExp(`^(?:${wanted})$`).test(member.status)) && (!name || new RegExp(`^(?:${name})$`).test(member.name)));
  if (json) {
    yield* out(`${JSON.stringify({ members: all.map((member) => ({ name: member.name, addr: member.addr, port: split(member.addr)[1], tags: member.tags, status: member.status, protocol: { max: 4, min: 2, version: 4 } })) }, null, 2)}\n`);
    return 0;
  }
  const rows = all.map((member) => [member.name, member.addr, member.status, Object.entries(member.tags).sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, value]) => `${key}=${value}`).join(',')]);
  const widths = [0, 1, 2].map((i) => Math.max(0, ...rows.map((row) => row[i]!.length)));
  yield* out(rows.map((row) => `${row.map((cell, i) => (i < 3 ? cell.padEnd(widths[i]!) : cell)).join('  ')}\n`).join(''));
  return 0;
}

const USAGE = `usage: serf [--version] [--help] <command> [<args>]

Available commands are:
    agent           Runs a Serf agent
    force-leave     Forces a member of the cluster to enter the "left" state
    members         Lists the members of a Serf cluster
    version         Prints the Serf version
`;

function* main(start: Start): Sys<number> {
  const [, command, ...words] = start.argv;
  switch (command) {
    case 'agent': return yield* agent(start);
    case 'members': return yield* membersCommand(words);
    case 'force-leave': {
      const node = words.find((word) => !word.startsWith('-'));
      if (!node) return yield* fail('A node name must be specified to force leave.');
      const got = yield* fetchOnce(`http://${RPC}/force-leave`, { method: 'POST', body: { node }, timeoutUs: seconds(5) });
      return got.ok ? 0 : yield* fail(DIAL);
    }
    case 'version': case '--version': yield* out('Serf v0.8.5\nAgent Protocol: 5 (Understands back to: 2)\n'); return 0;
    case undefined: case '--help': case '-h': yield* out(USAGE); return command === undefined ? 127 : 0;
    default: yield* out(USAGE); return 127;
  }
}

export const serf: Program = { name: 'serf', main, entries: { onStream, onDatagram, onRpc, probe, rejoin, suspicion } };

export const programs: readonly Program[] = [serf];
