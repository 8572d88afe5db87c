/**
 * Commands about the cluster's own records: users, resources, applications, backup, garbage, state reset.
 */
import { dump } from 'js-yaml';
import { seconds } from '../../../sim/engine/time.ts';
import { snapshot } from '../../../sim/gravity/backends.ts';
import { capture } from '../../../sim/gravity/child.ts';
import { controllerAnswers, NO_CLUSTER } from '../../../sim/gravity/cluster-api.ts';
import { table } from '../../../sim/gravity/columns.ts';
import { confirm, finishSteps, nextStep, printStep, realNow } from '../../../sim/gravity/console.ts';
import { STATE_DIR } from '../../../sim/gravity/layout/paths.ts';
import { HOST_PATH, pause } from '../../../sim/gravity/phases/common.ts';
import { tokenKey, userKey, type SiteRecord, type Snapshot, type TokenRecord } from '../../../sim/gravity/state.ts';
import { drop, openStore, put, putSite } from '../../../sim/gravity/store.ts';
import { goDuration, rfc3339 } from '../../../sim/gravity/times.ts';
import { out, strerror } from '../../../sim/proc/libc.ts';
import type { Json, Sys } from '../../../sim/proc/program.ts';
import { call } from '../../../sim/proc/syscalls.ts';
import { parseDuration } from '../../../sim/services/planet-agent/commands.ts';
import { argument, failWith, on, text, type Invocation } from './invocation.ts';

const PATIENCE = { totalUs: seconds(5), headerUs: seconds(5) };

/** The records, once the controller answers; otherwise the refusal has been printed. */
function* records(it: Invocation): Sys<{ all: Snapshot; site: SiteRecord } | number> {
  if (!(yield* controllerAnswers())) return yield* failWith(it, NO_CLUSTER);
  const all = yield* snapshot(PATIENCE);
  return all?.site ? { all, site: all.site } : yield* failWith(it, NO_CLUSTER);
}

function* newToken(): Sys<string> {
  let token = '';
  while (token.length < 32) {
    const n = yield* call('random', { below: 16 });
    token += (n.ok ? n.value : 0).toString(16);
  }
  return token;
}

const ROLES = ['@teleadmin', '@agent', '@gatekeeper', '@cluster-admin'];
const TTL_MAX_US = 48 * 3_600 * 1_000_000;

export function* usersAdd(it: Invocation): Sys<number> {
  const now = yield* records(it);
  if (typeof now === 'number') return now;
  const roles = it.parsed.flags['roles'] as readonly string[];
  const names = roles.flatMap((each) => each.split(','));
  const unknown = names.find((name) => !ROLES.includes(name));
  if (unknown) return yield* failWith(it, `role ${unknown} is not found`);
  const account = argument(it, 'account');
  if (now.all.users.some((user) => user.name === account)) return yield* failWith(it, `user ${JSON.stringify(account)} already exists`);
  const made = yield* invitation(it, now.site, account, 'invite');
  if (typeof made === 'number') return made;
  const store = yield* openStore(`${STATE_DIR}/secrets`);
  yield* put(store, userKey(account), { name: account, type: 'regular', roles: names, created: yield* realNow() });
  yield* out(`Signup token has been created and is valid for ${goDuration(made.ttl)} hours. Share this URL with the user:\n${made.url}\n\nNOTE: make sure this URL is accessible!\n`);
  return 0;
}

export function* usersReset(it: Invocation): Sys<number> {
  const now = yield* records(it);
  if (typeof now === 'number') return now;
  const account = argument(it, 'account');
  if (!now.all.users.some((user) => user.name === account)) return yield* failWith(it, `user ${JSON.stringify(account)} not found`);
  const made = yield* invitation(it, now.site, account, 'reset');
  if (typeof made === 'number') return made;
  yield* out(`Password reset token has been created and is valid for ${goDuration(made.ttl)}. Share this URL with the user:\n${made.url}\n\nNOTE: make sure this URL is accessible!\n`);
  return 0;
}

function* invitation(it: Invocation, site: SiteRecord, user: string, type: TokenRecord['type']): Sys<{ url: string; ttl: number } | number> {
  const ttl = parseDuration(text(it, 'ttl'));
  if (ttl === null) return yield* failWith(it, `time: invalid duration ${text(it, 'ttl')}`);
  if (ttl > TTL_MAX_US) return yield* failWith(it, `failed to create a token: maximum token TTL is ${goDuration(TTL_MAX_US)}`);
  const token = yield* newToken();
  const record: TokenRecord = { token, type, user, expires: (yield* realNow()) + ttl };
  const store = yield* openStore(`${STATE_DIR}/secrets`);
  const wrote = yield* put(store, tokenKey(token), record as unknown as Json, { ttl: Math.ceil(ttl / 1_000_000) });
  if (!wrote.ok) return yield* failWith(it, wrote.error);
  const master = site.servers.find((server) => server.cluster_role === 'master')!.advertise_ip;
  return { url: `https://${master}:32009/web/${type === 'invite' ? 'newuser' : 'reset'}/${token}`, ttl };
}

const KINDS = ['cluster_auth_preference', 'github', 'auth_connector', 'user', 'token', 'logforwarder', 'smtp', 'alert', 'alerttarget', 'tlskeypair', 'authgateway',
  'runtimeenvironment', 'clusterconfiguration', 'role', 'oidc', 'saml', 'endpoints', 'trusted_cluster'];
const ALIASES: Readonly<Record<string, string>> = { users: 'user', tokens: 'token', roles: 'role', logforwarders: 'logforwarder', tlskeypairs: 'tlskeypair', tls: 'tlskeypair' };
/** The columns of the kinds that are printed as tables. */
const HEADERS: Readonly<Record<string, readonly string[]>> = {
  token: ['Token', 'User', 'Expires'], user: ['Name', 'Type', 'Roles'], logforwarder: ['Name', 'Address', 'Protocol'], tlskeypair: ['Name', 'Common Name', 'Organization', 'Expires'],
  smtp: ['Host', 'Port', 'Username'], runtimeenvironment: ['Environment'], role: ['Role', 'Allowed to login as', 'Node labels', 'Namespaces', 'Access to resources'],
};

export function* resourceGet(it: Invocation): Sys<number> {
  const given = argument(it, 'kind').toLowerCase();
  const kind = ALIASES[given] ?? given;
  if (!KINDS.includes(kind)) return yield* failWith(it, `unsupported resource ${JSON.stringify(given)}, supported are: [${KINDS.join(' ')}]`);
  const now = yield* records(it);
  if (typeof now === 'number') return now;
  const name = argument(it, 'name');
  const rows = rowsOf(kind, now.all).filter((row) => !name || row.cells[0] === name);
  if (name && !rows.length) return yield* failWith(it, `${kind} ${JSON.stringify(name)} is not found`);
  if (!HEADERS[kind] || (!rows.length && kind !== 'token' && kind !== 'user')) return yield* failWith(it, `${kind} is not found`);
  const format = text(it, 'format');
  if (format === 'json') yield* out(`${JSON.stringify(rows.map((row) => row.object), null, 4)}\n`);
  else if (format === 'yaml') yield* out(rows.map((row) => dump(row.object)).join('---\n'));
  else yield* out(`${table(HEADERS[kind], rows.map((row) => row.cells))}\n`);
  return 0;
}

interface Row { readonly cells: readonly string[]; readonly object: Json }

function rowsOf(kind: string, all: Snapshot): Row[] {
  if (kind === 'token') {
    return all.tokens.filter((token) => token.type === 'expand').map((token) => ({
      cells: [token.token, token.user, token.expires === null ? 'never' : rfc3339(token.expires)],
      object: { kind: 'token', version: 'v2', metadata: { name: token.token }, spec: { user: token.user } },
    }));
  }
  if (kind !== 'user') return [];
  return all.users.map((user) => ({
    cells: [user.name, user.type, user.roles.join(',')],
    object: { kind: 'user', version: 'v2', metadata: { name: user.name }, spec: { type: user.type, roles: user.roles } },
  }));
}

/** Nothing that this edition could keep is modelled beyond what installation makes. */
export function* resourceCreate(it: Invocation): Sys<number> {
  const path = argument(it, 'filename');
  if (!path) return yield* failWith(it, "required argument 'filename' not provided");
  const read = yield* call('readFile', { path });
  if (!read.ok) return yield* failWith(it, `open ${path}: ${strerror(read.errno).toLowerCase()}`);
  const kind = /^kind:\s*(\S+)/m.exec(read.value)?.[1];
  if (!kind) return yield* failWith(it, 'missing resource kind');
  return yield* failWith(it, `unsupported resource ${JSON.stringify(kind)}, supported are: [user token]`);
}

export function* resourceRemove(it: Invocation): Sys<number> {
  const kind = ALIASES[argument(it, 'kind')] ?? argument(it, 'kind');
  if (!KINDS.includes(kind)) return yield* failWith(it, `unsupported resource ${JSON.stringify(kind)}, supported are: [${KINDS.join(' ')}]`);
  const now = yield* records(it);
  if (typeof now === 'number') return now;
  const name = argument(it, 'name');
  const known = rowsOf(kind, now.all).some((row) => row.cells[0] === name);
  if (!known) return on(it, 'force') ? 0 : yield* failWith(it, `${kind} ${JSON.stringify(name)} is not found`);
  const store = yield* openStore(`${STATE_DIR}/secrets`);
  const gone = yield* drop(store, kind === 'user' ? userKey(name) : tokenKey(name));
  if (!gone.ok) return yield* failWith(it, gone.error);
  yield* out(`${kind} ${JSON.stringify(name)} has been deleted\n`);
  return 0;
}

/** Releases are helm's: none, until somebody installs one. */
export function* appList(): Sys<number> {
  const header = ['Release', 'Status', 'Chart', 'Revision', 'Namespace', 'Updated'];
  const got = yield* capture({ path: '/usr/bin/helm', argv: ['helm', 'ls', '--output', 'json'], env: { PATH: HOST_PATH, KUBECONFIG: `${STATE_DIR}/kubectl.kubeconfig`, HOME: '/root' } });
  let releases: readonly { Name: string; Status: string; Chart: string; Revision: number; Namespace: string; Updated: string }[] = [];
  try { releases = (JSON.parse(got.text) as { Releases?: typeof releases }).Releases ?? []; } catch { releases = []; }
  yield* out(`${table(header, releases.map((each) => [each.Name, each.Status, each.Chart, String(each.Revision), each.Namespace, each.Updated]))}\n`);
  return 0;
}

export function* statusReset(it: Invocation): Sys<number> {
  const all = yield* snapshot(PATIENCE);
  if (!all?.site) return yield* failWith(it, 'no cluster found');
  const store = yield* openStore(`${STATE_DIR}/secrets`);
  const wrote = yield* putSite(store, { ...all.site, state: 'active' });
  if (!wrote.ok) return yield* failWith(it, wrote.error);
  yield* out(`cluster ${all.site.domain} state has been set to active\n`);
  return 0;
}

export function* backup(it: Invocation): Sys<number> {
  const now = yield* records(it);
  return typeof now === 'number' ? now : yield* failWith(it, `${now.site.app.name}:${now.site.app.version} does not have backup hook`);
}

export function* restore(it: Invocation): Sys<number> {
  const path = argument(it, 'from');
  const there = yield* call('stat', { path });
  if (!there.ok) return yield* failWith(it, `open ${path}: ${strerror(there.errno).toLowerCase()}`);
  const now = yield* records(it);
  return typeof now === 'number' ? now : yield* failWith(it, `${now.site.app.name}:${now.site.app.version} does not have restore hook`);
}

export function* gc(it: Invocation): Sys<number> {
  const now = yield* records(it);
  if (typeof now === 'number') return now;
  if (!on(it, 'confirm')) {
    yield* out('This operation will also remove docker images that you manually pushed to the docker registry. Are you sure?\n');
    const yes = yield* confirm('confirm (yes/no):');
    if (!yes) { yield* out('Action cancelled by user.\n'); return 0; }
  }
  for (const phase of ['/registry', '/packages/cluster', ...now.site.servers.map((server) => `/packages/${server.hostname}`), '/journal']) {
    yield* nextStep(`Executing ${JSON.stringify(phase)} locally`);
    yield* pause(phase === '/registry' ? 8 : 2);
  }
  yield* finishSteps('Garbage collection');
  yield* printStep('Operation has completed');
  return 0;
}
