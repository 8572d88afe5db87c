/**
 * How a member starts: flags, certificates, disk, first members or the ones it joins, listeners, and
 * publishing itself; and how it stops. Log lines in etcd 3.3.12's order. etcdmain, embed, etcdserver.
 */
import { fetchOnce, goError, parseUrl, type Certificate } from '../../proc/http.ts';
import { parsePem } from '../../proc/certificate.ts';
import { strerror } from '../../proc/libc.ts';
import type { Start, Sys } from '../../proc/program.ts';
import { call } from '../../proc/syscalls.ts';
import type { Member } from './api.ts';
import { emptyState, type State } from './applied.ts';
import { type Config, EXIT, getConfig, getCore, getLinks, getState, log, logLine, mono, setConfig, setCore, setLinks, setState } from './core.ts';
import { metadataLine, prepare, recover, type Recovered, save, segmentName } from './disk.ts';
import { drive } from './drive.ts';
import { type Flags, parseFlags } from './flags.ts';
import { firstLog, founding } from './founding.ts';
import { clusterId } from './ids.ts';
import { newLink, startPeer, stopPeer } from './links.ts';
import { appendEntries, emptyRaftLog, lastTerm } from './log.ts';
import { startMonitors } from './monitor.ts';
import { propose } from './propose.ts';
import { byId, newRaft } from './raft.ts';
import { seconds } from '../../engine/time.ts';
import { transferLeadership } from './v3.ts';

/** The whole life of the main thread: start, then wait to be told to end. */
export function* server(start: Start): Sys<number> {
  if (start.mem !== null) return yield* live();
  const journal = start.ppid === 1;
  const say = (level: 'C' | 'E' | 'W' | 'N' | 'I', pkg: string, text: string): Sys<void> => logLine(journal, level, pkg, text);
  const parsed = parseFlags(start.argv.slice(1), start.env);
  if (!parsed.ok) {
    yield* call('write', { fd: parsed.status === 0 ? 1 : 2, text: parsed.text.endsWith('\n') ? parsed.text : `${parsed.text}\n` });
    return parsed.status;
  }
  const { flags } = parsed;
  for (const variable of parsed.fromEnv) yield* say('I', 'flags', `recognized and used environment variable ${variable}`);
  for (const line of ['etcd Version: 3.3.12', 'Git SHA: d57e8b8', 'Go Version: go1.10.8', 'Go OS/Arch: linux/amd64']) yield* say('I', 'etcdmain', line);
  const machine = yield* call('sysinfo', {});
  const cpus = machine.ok ? machine.value.cpus : 1;
  yield* say('I', 'etcdmain', `setting maximum number of CPUs to ${cpus}, total number of available CPUs is ${cpus}`);
  const bad = yield* prepare(flags.dataDir);
  if (bad) {
    yield* say('C', 'etcdmain', `cannot access data directory: ${bad.path === `${flags.dataDir}/.touch` ? 'open' : 'mkdir'} ${bad.path}: ${strerror(bad.errno).toLowerCase()}`);
    return 1;
  }
  const certs = yield* certificates(flags, say);
  if (certs === null) return 1;
  const found = yield* recover(flags.dataDir);
  if (found === 'bad') {
    yield* say('C', 'etcdserver', 'read wal error (wal: crc mismatch) and cannot be repaired');
    return 1;
  }
  if (found) yield* say('N', 'etcdmain', 'the server is already initialized as member before, starting as etcd member...');
  const listening = yield* listen(flags, say);
  if (!listening) return 1;
  const now = yield* call('now', {});
  const startedMs = now.ok ? Math.floor(now.value.real / 1_000) : 0;
  const common = { flags, ...certs, startedMs, journal };
  const failed = found ? yield* restart(common, found) : flags.initialState === 'new' ? yield* establish(common) : yield* join(common);
  if (failed) {
    yield* say('C', 'etcdmain', failed);
    return 1;
  }
  yield* call('become', { mem: 'live' }); // what was read from the disk need not be remembered
  return 0;
}

/** From here on threads do the work; the end comes as a message. */
function* live(): Sys<number> {
  const config = yield* getConfig();
  yield* log('W', 'auth', 'simple token is not cryptographically signed');
  yield* call('onSignal', { signal: 'TERM', entry: 'stop' });
  yield* call('onSignal', { signal: 'INT', entry: 'stop' });
  for (const id of Object.keys(yield* getLinks()).sort()) yield* startPeer(id);
  yield* log('I', 'etcdserver', `starting server... [version: 3.3.12, cluster version: ${(yield* getState()).version?.replace(/\.\d+$/, '') ?? 'to_be_decided'}]`);
  if (config.cert) yield* log('I', 'embed', `ClientTLS: cert = ${config.flags.certFile}, key = ${config.flags.keyFile}, ca = , trusted-ca = ${config.flags.caFile}, client-cert-auth = ${config.flags.clientAuth}, crl-file = `);
  yield* startMonitors();
  yield* call('unpark', { channel: 'begun', value: true });
  yield* drive((raft) => raft);
  yield* call('thread', { entry: 'publish', event: null });
  const ended = yield* call('memGet', { key: EXIT });
  if (ended.ok && typeof ended.value === 'number') return ended.value;
  const end = yield* call('park', { channel: EXIT });
  return end.ok ? Number(end.value) : 1;
}

type Say = (level: 'C' | 'E' | 'W' | 'N' | 'I', pkg: string, text: string) => Sys<void>;

function* certificates(flags: Flags, say: Say): Sys<{ cert: Certificate | null; clientCa: string | null; peerCert: Certificate | null; peerCa: string | null } | null> {
  const out: (Certificate | null)[] = [];
  for (const path of [flags.certFile, flags.caFile, flags.peerCertFile, flags.peerCaFile]) {
    if (!path) {
      out.push(null);
      continue;
    }
    const text = yield* call('readFile', { path });
    const pem = text.ok ? parsePem(text.value) : null;
    if (!pem) {
      yield* say('C', 'etcdmain', text.ok ? 'tls: failed to find any PEM data in certificate input' : `open ${path}: ${strerror(text.errno).toLowerCase()}`);
      return null;
    }
    out.push(pem);
  }
  for (const path of [flags.keyFile, flags.peerKeyFile]) {
    const key = path ? yield* call('readFile', { path }) : null;
    if (key === null || key.ok) continue;
    yield* say('C', 'etcdmain', `open ${path}: ${strerror(key.errno).toLowerCase()}`);
    return null;
  }
  const [cert, client, peer, peerCa] = out as [Certificate | null, Certificate | null, Certificate | null, Certificate | null];
  return { cert, clientCa: client?.ca ?? null, peerCert: peer, peerCa: peerCa?.ca ?? null };
}

/** Binds peers' and clients' addresses. */
function* listen(flags: Flags, say: Say): Sys<boolean> {
  if (flags.peerCertFile) yield* say('I', 'embed', `peerTLS: cert = ${flags.peerCertFile}, key = ${flags.peerKeyFile}, ca = , trusted-ca = ${flags.peerCaFile}, client-cert-auth = ${flags.peerClientAuth}, crl-file = `);
  for (const [kind, urls, entry] of [['peers', flags.listenPeer, 'peer'], ['client requests', flags.listenClient, 'client']] as const) {
    for (const text of urls) {
      const url = parseUrl(text)!;
      const addr = url.host === 'localhost' ? '127.0.0.1' : url.host;
      const bound = yield* call('listen', { proto: 'tcp', addr, port: url.port, entry });
      if (!bound.ok) {
        yield* say('C', 'etcdmain', `listen tcp ${addr}:${url.port}: bind: ${strerror(bound.errno).toLowerCase()}`);
        return false;
      }
      yield* say('I', 'embed', kind === 'peers' ? `listening for peers on ${text}` : `listening for client requests on ${url.host}:${url.port}`);
    }
  }
  return true;
}

type Common = Omit<Config, 'self' | 'clusterId'>;

function* tell(config: Config): Sys<void> {
  const { flags } = config;
  const lines = [`name = ${flags.name}`, `data dir = ${flags.dataDir}`, `member dir = ${flags.dataDir}/member`, `heartbeat = ${flags.heartbeatUs / 1_000}ms`, `election = ${flags.electionUs / 1_000}ms`,
    `snapshot count = ${flags.snapshotCount}`, `advertise client URLs = ${flags.advertiseClient.join(',')}`];
  for (const line of lines) yield* log('I', 'etcdserver', line);
}

/** A member that has been here before. */
function* restart(common: Common, found: Recovered): Sys<null> {
  const config: Config = { ...common, self: found.metadata.member, clusterId: found.metadata.cluster };
  yield* setConfig(config);
  yield* tell(config);
  const state = found.state ?? emptyState(config.clusterId);
  if (found.state) yield* log('I', 'etcdserver', `recovered store from snapshot at index ${state.index}`);
  yield* log('I', 'etcdserver', `restarting member ${config.self} in cluster ${config.clusterId} at commit index ${found.commit}`);
  yield* begin(config, state, found);
  return null;
}

/** A member of a cluster that is being founded: each founder writes the same first entries. */
function* establish(common: Common): Sys<string | null> {
  const { flags } = common;
  const founders = founding(flags.initialCluster, flags.token);
  const mine = founders.find((member) => member.name === flags.name);
  if (!mine) return `couldn't find local name "${flags.name}" in the initial cluster configuration`;
  const cluster = clusterId(founders.map((member) => member.id));
  if (yield* hasPublished(common, mine.id)) return `member ${mine.id} has already been bootstrapped`;
  const config: Config = { ...common, self: mine.id, clusterId: cluster };
  yield* setConfig(config);
  yield* tell(config);
  yield* log('I', 'etcdserver', `initial advertise peer URLs = ${flags.advertisePeer.join(',')}`);
  yield* log('I', 'etcdserver', `initial cluster = ${flags.initialCluster.map(({ name, url }) => `${name}=${url}`).join(',')}`);
  yield* log('I', 'etcdserver', `starting member ${mine.id} in cluster ${cluster}`);
  const { lines, entries } = firstLog(founders, mine.id, cluster);
  const saved = yield* save(`${flags.dataDir}/member/wal/${segmentName(0, 0)}`, lines);
  if (!saved.ok) return `create wal error: ${strerror(saved.errno).toLowerCase()}`;
  const log_ = appendEntries(emptyRaftLog(), entries);
  yield* begin(config, emptyState(cluster), { metadata: { member: mine.id, cluster }, state: null, term: 1, vote: '', commit: entries.length, log: log_, segment: 0 });
  return null;
}

/** Whether the others know this founder by its client URLs: its disk has been lost then. etcdserver.isMemberBootstrapped. */
function* hasPublished({ flags, peerCert, peerCa }: Common, id: string): Sys<boolean> {
  for (const { name, url } of flags.initialCluster) {
    if (name === flags.name) continue;
    const got = yield* fetchOnce(`${url}/members`, { cert: peerCert, trust: peerCa === null ? null : [peerCa], timeoutUs: BOOTSTRAP_TIMEOUT });
    if (got.ok && got.response.status === 200) return (got.response.body as unknown as Member[]).some((member) => member.id === id && member.clientUrls.length > 0);
  }
  return false;
}
/** A second and ten ticks of a tenth. */
const BOOTSTRAP_TIMEOUT = seconds(2);

/** A member that others have added: it asks them who it is. */
function* join(common: Common): Sys<string | null> {
  const { flags } = common;
  let members: Member[] | null = null;
  let cluster = '';
  let why = 'could not retrieve cluster information from the given urls';
  for (const { url } of flags.initialCluster) {
    if (flags.advertisePeer.includes(url)) continue;
    const got = yield* fetchOnce(`${url}/members`, { cert: common.peerCert, trust: common.peerCa === null ? null : [common.peerCa], timeoutUs: seconds(5) });
    if (got.ok && got.response.status === 200) {
      members = got.response.body as unknown as Member[];
      cluster = String(got.response.headers['X-Etcd-Cluster-Id']);
      break;
    }
    yield* logLine(common.journal, 'W', 'etcdserver', `could not get cluster response from ${url}: Get ${url}/members: ${got.ok ? `status ${got.response.status}` : goError(got.error)}`);
    why = 'could not retrieve cluster information from the given urls';
  }
  if (!members) return `cannot fetch cluster info from peer urls: ${why}`;
  const mine = members.find((member) => member.peerUrls.some((url) => flags.advertisePeer.includes(url)));
  if (!mine || members.length !== founding(flags.initialCluster, flags.token).length) return 'error validating peerURLs {ClusterID:' + cluster + '}: member count is unequal';
  const config: Config = { ...common, self: mine.id, clusterId: cluster };
  yield* setConfig(config);
  yield* tell(config);
  yield* log('I', 'etcdserver', `starting member ${mine.id} in cluster ${cluster}`);
  const saved = yield* save(`${flags.dataDir}/member/wal/${segmentName(0, 0)}`, metadataLine({ member: mine.id, cluster }));
  if (!saved.ok) return `create wal error: ${strerror(saved.errno).toLowerCase()}`;
  yield* begin(config, emptyState(cluster), { metadata: { member: mine.id, cluster }, state: null, term: 0, vote: '', commit: 0, log: emptyRaftLog(), segment: 0 }, members);
  return null;
}

/** Puts the member's memory together. `known`: members not in its own state yet. */
function* begin(config: Config, state: State, from: Recovered, known: readonly Member[] = []): Sys<void> {
  const draw = yield* call('random', { below: 1_000 });
  const second = yield* call('random', { below: 1_000 });
  const voters = Object.keys(state.members);
  const raft = { ...newRaft({ id: config.self, voters, term: from.term, vote: from.vote, log: from.log, commit: from.commit, applied: state.index, now: yield* mono(), draw: draw.ok ? draw.value : 0 }), draw: second.ok ? second.value : 0 };
  yield* setState(state);
  yield* setLinks(Object.fromEntries([...known, ...Object.values(state.members)].filter(({ id }) => id !== config.self).map((member) => [member.id, newLink(member.id, member.peerUrls)])));
  const { term } = from;
  yield* setCore({
    raft: { ...raft, notes: [`${config.self} became follower at term ${term}`, `newRaft ${config.self} [peers: [${voters.join(',')}], term: ${term}, commit: ${from.commit}, applied: ${state.index}, lastindex: ${from.log.last}, lastterm: ${lastTerm(from.log)}]`] },
    busy: false, missed: false, armed: 'none', armedAt: 0, lead: '', ledAt: 0, beatAt: 0, heard: {}, segment: { path: `${config.flags.dataDir}/member/wal/${segmentName(from.segment, state.index)}`, sequence: from.segment, entries: 0 },
    requests: 0, lateReads: [], serving: false, stopping: false, expiring: null,
  });
}

/** Tells the cluster its name and URLs; when that is agreed, the member is ready. */
export function* onPublish(): Sys<void> {
  const config = yield* getConfig();
  const { flags } = config;
  for (;;) {
    const outcome = yield* propose({ op: 'publish', member: config.self, name: flags.name, clientUrls: flags.advertiseClient });
    if (!('error' in outcome)) break;
    yield* log('E', 'etcdserver', `publish error: ${outcome.error}`);
  }
  yield* log('I', 'etcdserver', `published {Name:${flags.name} ClientURLs:[${flags.advertiseClient.join(' ')}]} to cluster ${config.clusterId}`);
  yield* setCore({ ...(yield* getCore()), serving: true });
  yield* call('unpark', { channel: 'serving', value: true });
  yield* log('I', 'embed', 'ready to serve client requests');
  for (const text of flags.listenClient) {
    const url = parseUrl(text)!;
    yield* log('I', 'embed', `serving client requests on ${url.host === '0.0.0.0' ? '[::]' : url.host}:${url.port}`);
  }
  yield* call('notify', { ready: true });
}

/** A signal to end: leadership goes to another member first. */
export function* onStop(start: Start, signal: 'TERM' | 'INT'): Sys<void> {
  const core = yield* getCore();
  if (core.stopping) return;
  yield* log('N', 'pkg/osutil', `received ${signal === 'TERM' ? 'terminated' : 'interrupt'} signal, shutting down...`);
  const { raft } = core;
  const links = yield* getLinks();
  const heir = raft.voters.filter((id) => id !== raft.id && links[id]?.active).sort((a, b) => links[a]!.activeSince - links[b]!.activeSince || byId(a, b))[0];
  if (raft.role !== 'leader') yield* log('I', 'etcdserver', 'skipped leadership transfer for stopping non-leader member');
  else if (!heir) yield* log('I', 'etcdserver', 'skipped leadership transfer for single member cluster');
  else yield* transferLeadership(heir, seconds(1));
  yield* setCore({ ...(yield* getCore()), stopping: true });
  for (const id of Object.keys(links).sort()) yield* stopPeer((yield* getLinks())[id]!);
  yield* call('sigaction', { signal, action: 'default' });
  yield* call('kill', { pid: start.pid, signal });
}
