/**
 * etcdctl's commands about the cluster itself, v2: cluster-health and member. Members come in the order
 * of their ids; each member's URLs are tried in turn and the first that answers decides.
 */
import { seconds } from '../../../sim/engine/time.ts';
import { goError } from '../../../sim/proc/http.ts';
import { err, out } from '../../../sim/proc/libc.ts';
import { Interrupted, type Json, type Sys } from '../../../sim/proc/program.ts';
import { call } from '../../../sim/proc/syscalls.ts';
import { ask } from '../../../sim/services/etcd/client.ts';
import { isTrue } from './options.ts';
import { complain, connect, type Run } from './v2.ts';
import { type Done, type Failure, request, untilOf, type V2Client } from './v2client.ts';

interface Member { id: string; name: string; peerURLs: string[]; clientURLs: string[] }

/** The list of members. `until` 0: no limit but each endpoint's. */
function* list(c: V2Client, until: number): Sys<{ ok: true; members: Member[] } | { ok: false; failure: Failure }> {
  const got: Done = yield* request(c, { method: 'GET', path: '/v2/members' }, until);
  if (!got.ok) return got;
  return { ok: true, members: (got.body as unknown as { members: Member[] }).members };
}

export function* clusterHealth(run: Run): Sys<number> {
  const forever = isTrue(run.values['forever']);
  if (forever) yield* call('sigaction', { signal: 'INT', action: 'catch' });
  const c = yield* connect(run, false);
  if (typeof c === 'number') return c;
  const got = yield* list(c, 0);
  if (!got.ok) {
    yield* out('cluster may be unhealthy: failed to list members\n');
    return yield* complain(run, got.failure, 4);
  }
  try {
    for (;;) {
      const healthy = yield* check(c, got.members);
      const all = healthy === got.members.length;
      yield* out(all ? 'cluster is healthy\n' : healthy === 0 ? 'cluster is unavailable\n' : 'cluster is degraded\n');
      if (!forever) return all ? 0 : 5;
      yield* out('\nnext check after 10 second...\n\n');
      yield* call('sleep', { us: seconds(10) });
    }
  } catch (error) {
    if (error instanceof Interrupted) return 0;
    throw error;
  }
}

/** Asks each member for its health; how many are well. */
function* check(c: V2Client, members: readonly Member[]): Sys<number> {
  let healthy = 0;
  for (const member of members) {
    if (!member.clientURLs.length) {
      yield* out(`member ${member.id} is unreachable: no available published client urls\n`);
      continue;
    }
    let checked = false;
    for (const url of member.clientURLs) {
      const got = yield* ask(c.client, url, { method: 'GET', path: '/health' }, { dialTimeoutUs: c.dialUs });
      const health = got.ok ? healthOf(got.response.body) : null;
      if (!got.ok || health === null) {
        yield* out(`failed to check the health of member ${member.id} on ${url}: ${got.ok ? 'invalid character \'C\' looking for beginning of value' : `Get ${url}/health: ${goError(got.error)}`}\n`);
        continue;
      }
      checked = true;
      yield* out(`member ${member.id} is ${health ? 'healthy: got healthy' : 'unhealthy: got unhealthy'} result from ${url}\n`);
      if (health) healthy++;
      break;
    }
    if (!checked) yield* out(`member ${member.id} is unreachable: [${member.clientURLs.join(' ')}] are all unreachable\n`);
  }
  return healthy;
}

function healthOf(body: Json): boolean | null {
  try {
    const value = (typeof body === 'string' ? JSON.parse(body) : body) as { health?: unknown } | null;
    return value?.health === 'true' || value?.health === true;
  } catch { return null; }
}

export function* memberList(run: Run): Sys<number> {
  if (run.args.length) {
    yield* err('No arguments accepted\n');
    return 1;
  }
  const c = yield* connect(run, true);
  if (typeof c === 'number') return c;
  const until = yield* untilOf(c);
  const got = yield* list(c, until);
  if (!got.ok) {
    yield* err(`${got.failure.text}\n`);
    return 1;
  }
  const leader = yield* request(c, { method: 'GET', path: '/v2/members/leader' }, until);
  if (!leader.ok) {
    yield* err(`Failed to get leader:  ${leader.failure.text}\n`);
    return 1;
  }
  const { id } = leader.body as unknown as Member;
  yield* out(got.members.map((m) => (m.name === '' ? `${m.id}[unstarted]: peerURLs=${m.peerURLs.join(',')}\n`
    : `${m.id}: name=${m.name} peerURLs=${m.peerURLs.join(',')} clientURLs=${m.clientURLs.join(',')} isLeader=${m.id === id}\n`)).join(''));
  return 0;
}

/** The words of a refusal by the members API. */
const refusal = (got: Done & { ok: true }): string => (got.body as { message?: string } | null)?.message ?? `unexpected status code ${got.status}`;

export function* memberAdd(run: Run): Sys<number> {
  const [name, url] = run.args;
  if (run.args.length !== 2) {
    yield* err('Provide a name and a single member peerURL\n');
    return 1;
  }
  const c = yield* connect(run, true);
  if (typeof c === 'number') return c;
  const until = yield* untilOf(c);
  const added = yield* request(c, { method: 'POST', path: '/v2/members', body: { peerURLs: [url!] } }, until);
  if (!added.ok || added.status !== 201) {
    yield* err(`${added.ok ? refusal(added) : added.failure.text}\n`);
    return 1;
  }
  const { id } = added.body as unknown as Member;
  yield* out(`Added member named ${name} with ID ${id} to cluster\n`);
  const got = yield* list(c, until);
  if (!got.ok) {
    yield* err(`${got.failure.text}\n`);
    return 1;
  }
  const cluster = got.members.flatMap((m) => m.peerURLs.map((peer) => `${m.id === id ? name : m.name}=${peer}`)).join(',');
  yield* out(`\nETCD_NAME="${name}"\nETCD_INITIAL_CLUSTER="${cluster}"\nETCD_INITIAL_CLUSTER_STATE="existing"\n`);
  return 0;
}

export function* memberRemove(run: Run): Sys<number> {
  const [id] = run.args;
  if (run.args.length !== 1) {
    yield* err('Provide a single member ID\n');
    return 1;
  }
  const c = yield* connect(run, true);
  if (typeof c === 'number') return c;
  const until = yield* untilOf(c);
  const got = yield* list(c, until);
  if (!got.ok) {
    yield* err(`Error while verifying ID against known members: ${got.failure.text}\n`);
    return 1;
  }
  for (const m of got.members) {
    if (m.name === id) yield* err(`Found a member named ${m.name}; if this is correct, please use its ID, eg:\n\tetcdctl member remove ${m.id}\nFor more details, read the documentation at https://github.com/coreos/etcd/blob/master/Documentation/runtime-configuration.md#remove-a-member\n\n`);
  }
  if (!got.members.some((m) => m.id === id)) {
    yield* err(`Couldn't find a member in the cluster with an ID of ${id}.\n`);
    return 1;
  }
  const removed = yield* request(c, { method: 'DELETE', path: `/v2/members/${id}` }, until);
  if (!removed.ok || removed.status >= 300) {
    yield* err(`Received an error trying to remove member ${id}: ${removed.ok ? refusal(removed) : removed.failure.text}`);
    return 1;
  }
  yield* out(`Removed member ${id} from cluster\n`);
  return 0;
}

export function* memberUpdate(run: Run): Sys<number> {
  const [id, urls] = run.args;
  if (run.args.length !== 2) {
    yield* err('Provide an ID and a list of comma separated peerURL (0xabcd http://example.com,http://example1.com)\n');
    return 1;
  }
  const c = yield* connect(run, true);
  if (typeof c === 'number') return c;
  const got = yield* request(c, { method: 'PUT', path: `/v2/members/${id}`, body: { peerURLs: urls!.split(',') } }, yield* untilOf(c));
  if (!got.ok || got.status >= 300) {
    yield* err(`${got.ok ? refusal(got) : got.failure.text}\n`);
    return 1;
  }
  yield* out(`Updated member with ID ${id} in cluster\n`);
  return 0;
}
