/**
 * etcdctl v3's commands about the cluster: endpoints, members, leases, snapshots, alarms, leadership.
 */
import { seconds, type Us } from '../../../sim/engine/time.ts';
import { err, out, strerror } from '../../../sim/proc/libc.ts';
import { Interrupted, type Sys } from '../../../sim/proc/program.ts';
import { call } from '../../../sim/proc/syscalls.ts';
import type { LeaseGrantResponse, LeaseTtlResponse, Member, MemberListResponse, ResponseHeader, StatusResponse } from '../../../sim/services/etcd/api.ts';
import { goDuration } from '../../../sim/services/etcd/calendar.ts';
import { decodeState } from '../../../sim/services/etcd/disk.ts';
import { attempt, failed, type Run3 } from './v3.ts';
import { type EndpointStatus, humanBytes } from './v3print.ts';

export const CLUSTER: Readonly<Record<string, (run: Run3) => Sys<number>>> = {
  'endpoint health': health, 'endpoint status': status, 'endpoint hashkv': hashkv, 'member list': memberList, 'member add': memberAdd, 'member remove': memberRemove, 'member update': memberUpdate,
  'lease grant': grant, 'lease revoke': revoke, 'lease timetolive': timeToLive, 'lease list': leaseList, 'lease keep-alive': keepAlive, 'alarm list': quietly, 'alarm disarm': quietly,
  defrag, 'move-leader': moveLeader, 'snapshot save': snapshotSave, 'snapshot status': snapshotStatus,
};

function* mono(): Sys<Us> {
  const now = yield* call('now', {});
  return now.ok ? now.value.mono : 0;
}

/** As they were typed, or with --cluster all that members publish. */
function* endpoints(run: Run3): Sys<{ shown: string; url: string }[] | number> {
  if (run.flags['cluster'] === 'true') {
    const got = yield* attempt<MemberListResponse>(run, '/v3/cluster/member/list', {});
    if (!got.ok) return yield* failed(`failed to fetch endpoints from etcd cluster member list: ${got.error}`);
    return got.value.members.flatMap((m) => m.clientUrls.map((url) => ({ shown: url, url })));
  }
  const typed = (run.flags['endpoints'] ?? '127.0.0.1:2379').split(',');
  return typed.map((shown, i) => ({ shown, url: run.client.endpoints[i]! }));
}

function* health(run: Run3): Sys<number> {
  const list = yield* endpoints(run);
  if (typeof list === 'number') return list;
  const found: { endpoint: string; health: boolean; took: string; error: string }[] = [];
  for (const { shown, url } of list) {
    const started = yield* mono();
    const got = yield* attempt(run, '/v3/kv/range', { key: 'health' }, { ...run.client, endpoints: [url] });
    found.push({ endpoint: shown, health: got.ok, took: goDuration((yield* mono()) - started), error: got.ok ? '' : got.error });
  }
  const whole = run.print.health(found);
  if (whole !== null) yield* out(whole);
  else {
    for (const item of found) if (item.health) yield* out(`${item.endpoint} is healthy: successfully committed proposal: took = ${item.took}\n`);
    for (const item of found) if (!item.health) yield* err(`${item.endpoint} is unhealthy: failed to commit proposal: ${item.error}\n`);
  }
  return found.every((item) => item.health) ? 0 : yield* failed('unhealthy cluster');
}

function* status(run: Run3): Sys<number> {
  const list = yield* endpoints(run);
  if (typeof list === 'number') return list;
  const found: EndpointStatus[] = [];
  let bad = false;
  for (const { shown, url } of list) {
    const got = yield* attempt<StatusResponse>(run, '/v3/maintenance/status', {}, { ...run.client, endpoints: [url] });
    if (got.ok) found.push({ endpoint: shown, status: got.value });
    else {
      bad = true;
      yield* err(`Failed to get the status of endpoint ${shown} (${got.error})\n`);
    }
  }
  yield* out(run.print.statuses(found));
  return bad ? 1 : 0;
}

/** FNV over keys and revisions: members with the same history give the same number. */
function* hashkv(run: Run3): Sys<number> {
  const list = yield* endpoints(run);
  if (typeof list === 'number') return list;
  for (const { shown, url } of list) {
    const got = yield* attempt<{ header: ResponseHeader; blob: string }>(run, '/v3/maintenance/snapshot', {}, { ...run.client, endpoints: [url] });
    if (!got.ok) return yield* failed(got.error);
    const state = decodeState(got.value.blob);
    let h = 0x811c9dc5;
    for (const kv of state?.mvcc.chunks.flat() ?? []) for (const unit of `${kv.key} ${kv.modRevision}`) h = Math.imul(h ^ unit.charCodeAt(0), 0x01000193);
    yield* out(`${shown}, ${h >>> 0}\n`);
  }
  return 0;
}

function* memberList(run: Run3): Sys<number> {
  const got = yield* attempt<MemberListResponse>(run, '/v3/cluster/member/list', {});
  if (!got.ok) return yield* failed(got.error);
  yield* out(run.print.members(got.value));
  return 0;
}

const BAD_ID = (id: string): string => `bad member ID arg (strconv.ParseUint: parsing ${JSON.stringify(id)}: invalid syntax), expecting ID in Hex`;

function* memberAdd(run: Run3): Sys<number> {
  const [name] = run.args;
  const urls = run.flags['peer-urls'];
  if (name === undefined) return yield* failed('member name not provided.', 128);
  if (!urls) return yield* failed('member peer urls not provided.', 128);
  const got = yield* attempt<{ header: ResponseHeader; member: Member; members: Member[] }>(run, '/v3/cluster/member/add', { peerUrls: urls.split(',') });
  if (!got.ok) return yield* failed(got.error);
  const { member, members, header } = got.value;
  yield* out(run.print.plain(`Member ${member.id} added to cluster ${header.clusterId}\n`, got.value));
  if ((run.flags['write-out'] ?? 'simple') !== 'simple') return 0;
  const cluster = members.flatMap((m) => m.peerUrls.map((url) => `${m.id === member.id ? name : m.name}=${url}`)).join(',');
  yield* out(`\nETCD_NAME="${name}"\nETCD_INITIAL_CLUSTER="${cluster}"\nETCD_INITIAL_ADVERTISE_PEER_URLS="${urls}"\nETCD_INITIAL_CLUSTER_STATE="existing"\n`);
  return 0;
}

function* memberRemove(run: Run3): Sys<number> {
  const [id] = run.args;
  if (run.args.length !== 1) return yield* failed('member ID is not provided', 128);
  if (!/^[0-9a-f]+$/i.test(id!)) return yield* failed(BAD_ID(id!), 128);
  const got = yield* attempt<{ header: ResponseHeader }>(run, '/v3/cluster/member/remove', { id: id!.toLowerCase().padStart(16, '0') });
  if (!got.ok) return yield* failed(got.error);
  yield* out(run.print.plain(`Member ${id} removed from cluster ${got.value.header.clusterId}\n`, got.value));
  return 0;
}

function* memberUpdate(run: Run3): Sys<number> {
  const [id] = run.args;
  if (run.args.length !== 1) return yield* failed('member ID is not provided', 128);
  if (!/^[0-9a-f]+$/i.test(id!)) return yield* failed(BAD_ID(id!), 128);
  if (!run.flags['peer-urls']) return yield* failed('member peer urls not provided.', 128);
  const got = yield* attempt<{ header: ResponseHeader }>(run, '/v3/cluster/member/update', { id: id!.toLowerCase().padStart(16, '0'), peerUrls: run.flags['peer-urls'].split(',') });
  if (!got.ok) return yield* failed(got.error);
  yield* out(run.print.plain(`Member ${id} updated in cluster ${got.value.header.clusterId}\n`, got.value));
  return 0;
}

// ---- leases

function leaseArg(run: Run3, what: string): { id: string } | string {
  const [id] = run.args;
  if (run.args.length !== 1) return `${what} command needs ${what === 'lease revoke' ? '1 argument' : 'lease ID as argument'}`;
  return /^[0-9a-f]+$/i.test(id!) ? { id: id!.toLowerCase().padStart(16, '0') } : `bad lease ID arg (strconv.ParseInt: parsing ${JSON.stringify(id)}: invalid syntax), expecting ID in Hex`;
}

function* grant(run: Run3): Sys<number> {
  if (run.args.length !== 1) return yield* failed('lease grant command needs TTL argument', 128);
  if (!/^-?\d+$/.test(run.args[0]!)) return yield* failed(`bad TTL (strconv.ParseInt: parsing ${JSON.stringify(run.args[0])}: invalid syntax)`, 128);
  const got = yield* attempt<LeaseGrantResponse>(run, '/v3/lease/grant', { ttl: Number(run.args[0]) });
  if (!got.ok) return yield* failed(`failed to grant lease (${got.error})`);
  yield* out(run.print.plain(`lease ${got.value.id} granted with TTL(${got.value.ttl}s)\n`, got.value));
  return 0;
}

function* revoke(run: Run3): Sys<number> {
  const arg = leaseArg(run, 'lease revoke');
  if (typeof arg === 'string') return yield* failed(arg, 128);
  const got = yield* attempt<{ header: ResponseHeader }>(run, '/v3/lease/revoke', arg);
  if (!got.ok) return yield* failed(`failed to revoke lease (${got.error})`);
  yield* out(run.print.plain(`lease ${arg.id} revoked\n`, got.value));
  return 0;
}

function* timeToLive(run: Run3): Sys<number> {
  const arg = leaseArg(run, 'lease timetolive');
  if (typeof arg === 'string') return yield* failed(arg, 128);
  const keys = run.flags['keys'] === 'true';
  const got = yield* attempt<LeaseTtlResponse>(run, '/v3/lease/timetolive', { ...arg, keys });
  if (!got.ok) return yield* failed(got.error, 2);
  const { ttl, grantedTtl } = got.value;
  const line = ttl === -1 ? `lease ${arg.id} already expired\n` : `lease ${arg.id} granted with TTL(${grantedTtl}s), remaining(${ttl}s)${keys ? `, attached keys([${(got.value.keys ?? []).join(' ')}])` : ''}\n`;
  yield* out(run.print.plain(line, got.value));
  return 0;
}

function* leaseList(run: Run3): Sys<number> {
  const got = yield* attempt<{ header: ResponseHeader; leases: string[] }>(run, '/v3/lease/leases', {});
  if (!got.ok) return yield* failed(got.error, 2);
  yield* out(run.print.plain(`found ${got.value.leases.length} leases\n${got.value.leases.map((id) => `${id}\n`).join('')}`, got.value));
  return 0;
}

function* keepAlive(run: Run3): Sys<number> {
  const arg = leaseArg(run, 'lease keep-alive');
  if (typeof arg === 'string') return yield* failed(arg, 128);
  yield* call('sigaction', { signal: 'INT', action: 'catch' });
  try {
    for (;;) {
      const got = yield* attempt<LeaseTtlResponse>(run, '/v3/lease/keepalive', arg);
      if (!got.ok) return yield* failed(got.error, 2);
      if (got.value.ttl === 0) {
        if (run.flags['once'] === 'true') return yield* failed('etcdserver: requested lease not found', 2);
        yield* out(`lease ${arg.id} expired or revoked.\n`);
        return 0;
      }
      yield* out(run.print.plain(`lease ${arg.id} keepalived with TTL(${got.value.ttl})\n`, got.value));
      if (run.flags['once'] === 'true') return 0;
      yield* call('sleep', { us: seconds(Math.max(1, Math.floor(got.value.ttl / 3))) });
      yield* call('become', { mem: null });
    }
  } catch (error) {
    if (error instanceof Interrupted) return 130;
    throw error;
  }
}

// ---- maintenance

function* quietly(run: Run3): Sys<number> {
  const got = yield* attempt<{ header: ResponseHeader; alarms: readonly object[] }>(run, '/v3/maintenance/alarm', {});
  if (!got.ok) return yield* failed(got.error);
  yield* out(run.print.plain('', got.value));
  return 0;
}

function* defrag(run: Run3): Sys<number> {
  if (run.flags['data-dir']) {
    const found = yield* call('stat', { path: `${run.flags['data-dir']}/member/snap/db` });
    if (found.ok) return 0;
    yield* err(`Failed to defragment etcd data[${run.flags['data-dir']}] (open ${run.flags['data-dir']}/member/snap/db: ${strerror(found.errno).toLowerCase()})\n`);
    return 1;
  }
  const list = yield* endpoints(run);
  if (typeof list === 'number') return list;
  let failures = 0;
  for (const { shown, url } of list) {
    const got = yield* attempt(run, '/v3/maintenance/defragment', {}, { ...run.client, endpoints: [url] });
    if (got.ok) yield* out(`Finished defragmenting etcd member[${shown}]\n`);
    else {
      yield* err(`Failed to defragment etcd member[${shown}] (${got.error})\n`);
      failures++;
    }
  }
  return failures ? 1 : 0;
}

function* moveLeader(run: Run3): Sys<number> {
  const [id] = run.args;
  if (run.args.length !== 1) return yield* failed('move-leader command needs 1 argument', 128);
  if (!/^[0-9a-f]+$/i.test(id!)) return yield* failed(`strconv.ParseUint: parsing ${JSON.stringify(id)}: invalid syntax`, 128);
  const list = yield* endpoints(run);
  if (typeof list === 'number') return list;
  for (const { url } of list) {
    const client = { ...run.client, endpoints: [url] };
    const got = yield* attempt<StatusResponse>(run, '/v3/maintenance/status', {}, client);
    if (!got.ok) return yield* failed(got.error);
    if (got.value.header.memberId !== got.value.leader) continue;
    const target = id!.toLowerCase().padStart(16, '0');
    const moved = yield* attempt(run, '/v3/maintenance/transfer-leadership', { targetId: target }, client);
    if (!moved.ok) return yield* failed(moved.error);
    yield* out(`Leadership transferred from ${got.value.leader} to ${target}\n`);
    return 0;
  }
  return yield* failed(`no leader endpoint given at [${list.map(({ shown }) => shown).join(' ')}]`, 128);
}

function* snapshotSave(run: Run3): Sys<number> {
  const [path] = run.args;
  if (run.args.length !== 1) return yield* failed('snapshot save expects one argument', 128);
  const got = yield* attempt<{ blob: string }>(run, '/v3/maintenance/snapshot', {});
  if (!got.ok) return yield* failed(got.error, 5);
  const wrote = yield* call('writeFile', { path: `${path}.part`, text: got.value.blob, mode: 0o600 });
  if (!wrote.ok) return yield* failed(`could not open ${path}.part (open ${path}.part: ${strerror(wrote.errno).toLowerCase()})`, 128);
  yield* call('fsync', { path: `${path}.part` });
  yield* call('rename', { from: `${path}.part`, to: path! });
  yield* out(`Snapshot saved at ${path}\n`);
  return 0;
}

function* snapshotStatus(run: Run3): Sys<number> {
  const [path] = run.args;
  if (run.args.length !== 1) return yield* failed('snapshot status requires exactly one argument', 128);
  const text = yield* call('readFile', { path: path! });
  if (!text.ok) return yield* failed(`stat ${path}: ${strerror(text.errno).toLowerCase()}`, 128);
  const state = decodeState(text.value);
  if (!state) return yield* failed('snapshot file integrity check failed. invalid database', 1);
  const kvs = state.mvcc.chunks.flat();
  let h = 0x811c9dc5;
  for (const unit of text.value) h = Math.imul(h ^ unit.charCodeAt(0), 0x01000193);
  yield* out(`${(h >>> 0).toString(16)}, ${state.mvcc.revision}, ${kvs.length + state.mvcc.history.flat().length}, ${humanBytes(text.value.length)}\n`);
  return 0;
}

