/**
 * Taking nodes out: `gravity remove` and `leave` ask the controller to shrink the cluster, `gravity system
 * uninstall` cleans this host whatever the cluster thinks.
 */
import { seconds } from '../../../sim/engine/time.ts';
import { snapshot } from '../../../sim/gravity/backends.ts';
import { controllerAnswers, NO_CLUSTER, site } from '../../../sim/gravity/cluster-api.ts';
import { confirm, printStep } from '../../../sim/gravity/console.ts';
import { exists, removeAll } from '../../../sim/gravity/files.ts';
import { MODULES_FILE, SYSCTL_FILE } from '../../../sim/gravity/layout/host.ts';
import { GRAVITY_BIN, STATE_DIR, UNIT_DIR, WIZARD_DIR } from '../../../sim/gravity/layout/paths.ts';
import { removeUnit } from '../../../sim/gravity/phases/node.ts';
import { pause, systemctl } from '../../../sim/gravity/phases/common.ts';
import type { ServerRecord } from '../../../sim/gravity/state.ts';
import { out } from '../../../sim/proc/libc.ts';
import type { Sys } from '../../../sim/proc/program.ts';
import { call } from '../../../sim/proc/syscalls.ts';
import { argument, failWith, myself, on, say, type Invocation } from './invocation.ts';

const PATIENCE = { totalUs: seconds(5), headerUs: seconds(5) };

export function* remove(it: Invocation): Sys<number> {
  if (!(yield* controllerAnswers())) return yield* failWith(it, NO_CLUSTER);
  const all = yield* snapshot(PATIENCE);
  const wanted = argument(it, 'node');
  const server = all?.site?.servers.find((each) => each.hostname === wanted || each.advertise_ip === wanted);
  if (!server) return yield* failWith(it, `could not find server matching [${wanted}] among registered cluster nodes`);
  const beaten = yield* mayGo(server, on(it, 'force'));
  if (beaten) return yield* failWith(it, beaten);
  if (!on(it, 'confirm')) {
    const yes = yield* confirm(`Please confirm removing ${server.hostname} (${server.advertise_ip}) from the cluster (yes/no):`);
    if (!yes) return yield* failWith(it, 'cancelled');
  }
  return yield* shrink(it, server, on(it, 'force'));
}

/** An offline node goes by force only. */
function* mayGo(server: ServerRecord, force: boolean): Sys<string | null> {
  if (force) return null;
  const got = yield* site('/portal/v1/nodes');
  if (!got.ok) return got.error;
  const online = (got.value.body as Record<string, boolean>)[server.advertise_ip];
  return online ? null : `node ${JSON.stringify(server.hostname)} is offline, add --force flag to force removal`;
}

function* shrink(it: Invocation, server: ServerRecord, force: boolean): Sys<number> {
  const got = yield* site('/portal/v1/operations/shrink', { method: 'POST', body: { hostname: server.hostname, force } });
  if (!got.ok) return yield* failWith(it, got.error);
  const { id } = got.value.body as { id: string };
  yield* say(it, `launched operation ${JSON.stringify(id)}, use 'gravity status' to poll its progress\n`);
  return 0;
}

export function* leave(it: Invocation): Sys<number> {
  const force = on(it, 'force');
  const here = yield* myself();
  const up = yield* controllerAnswers();
  const all = up ? yield* snapshot(PATIENCE) : null;
  const server = all?.site?.servers.find((each) => here.addresses.includes(each.advertise_ip));
  const problem = !up ? 'no running cluster detected, please use --force flag to clean up the local state'
    : !server ? 'this server is not a part of the running cluster, please use --force flag to clean up the local state' : null;
  if (problem && !force) return yield* failWith(it, problem);
  if (!on(it, 'confirm')) {
    const yes = yield* confirm('Please confirm removing this node from the cluster (yes/no):');
    if (!yes) return yield* failWith(it, 'cancelled');
  }
  if (problem || !server) return yield* wipe(it);
  const got = yield* site('/portal/v1/operations/shrink', { method: 'POST', body: { hostname: server.hostname, force: true } });
  if (!got.ok) return force ? yield* wipe(it) : yield* failWith(it, `error launching shrink operation, please use --force flag to force delete: ${got.error}`);
  yield* say(it, `launched operation ${JSON.stringify((got.value.body as { id: string }).id)}, use 'gravity status' to poll its progress\n`);
  return 0;
}

export function* uninstall(it: Invocation): Sys<number> {
  if (!on(it, 'confirm')) {
    yield* out('This action will delete gravity and all the application data. Are you sure?\n');
    if (!(yield* confirm('confirm (yes/no):'))) {
      yield* out('Action cancelled by user.\n');
      return 0;
    }
  }
  return yield* wipe(it);
}

const INTERFACES = ['docker0', 'flannel.1', 'flannel.null', 'cni0'];

/** Units, interfaces, files: what is not there is passed over in silence. */
function* wipe(it: Invocation): Sys<number> {
  const units = yield* call('readdir', { path: UNIT_DIR });
  const own = (units.ok ? units.value : []).map((name) => ({ name, m: /^gravity__([^_]+(?:_[^_]+)*)__(teleport|planet)__(.+)\.service$/.exec(name) })).filter(({ m }) => m !== null);
  own.sort((a, b) => (a.m![2]! < b.m![2]! ? 1 : -1));
  yield* systemctl('stop', 'gravity-agent.service');
  yield* removeAll(`${UNIT_DIR}/gravity-agent.service`);
  for (const { name, m } of own) {
    yield* printStep(`Uninstalling system service {${m![1]}/${m![2]}:${m![3]} ${yield* activeState(name)}}`);
    const failure = yield* removeUnit(name);
    yield* pause(m![2] === 'planet' ? 6 : 2);
    if (failure) return yield* failWith(it, failure);
  }
  yield* removeInterfaces();
  if (yield* exists(GRAVITY_BIN)) {
    yield* removeAll(GRAVITY_BIN);
    yield* printStep(`Removed gravity binary ${GRAVITY_BIN}`);
  }
  yield* printStep(`Deleting all local data at ${STATE_DIR}`);
  yield* pause(4);
  const failure = yield* removeAll(STATE_DIR);
  if (failure) return yield* failWith(it, failure);
  for (const path of [MODULES_FILE, SYSCTL_FILE]) {
    if (!(yield* exists(path))) continue;
    yield* removeAll(path);
    yield* printStep(`Removed ${path}`);
  }
  yield* removeAll(`${WIZARD_DIR}/wizard`);
  yield* removeAll(`${WIZARD_DIR}/join`);
  yield* call('rmdir', { path: WIZARD_DIR });
  yield* printStep('Gravity has been successfully uninstalled');
  return 0;
}

function* activeState(unit: string): Sys<string> {
  const got = yield* systemctl('is-active', unit);
  return got.text.trim() || 'inactive';
}

function* removeInterfaces(): Sys<void> {
  const got = yield* call('netRead', { what: { kind: 'links' } });
  const names = got.ok ? (got.value as unknown as readonly { name: string }[]).map((link) => link.name) : [];
  for (const dev of INTERFACES) {
    if (!names.includes(dev)) continue;
    yield* printStep(`Removing network interface ${JSON.stringify(dev)}`);
    yield* call('netChange', { change: { kind: 'linkDel', dev } });
  }
}
