/** `kubectl rollout status`: how far a rollout is, in words. The words are pure. */
import { out } from '../../../sim/proc/libc.ts';
import type { Sys } from '../../../sim/proc/program.ts';
import { many, plain } from './failure.ts';
import type { Obj } from './object.ts';
import { infosOf } from './rollout.ts';
import { until } from './send.ts';
import type { Kubectl } from './session.ts';

const REVISION = 'deployment.kubernetes.io/revision';

const number = (value: unknown, otherwise = 0): number => (typeof value === 'number' ? value : otherwise);

export type Progress = { text: string; over: boolean } | { error: string };

export function progress(kind: string, obj: Obj, revision: number): Progress {
  const { name, generation = 0 } = obj['metadata'] as { name: string; generation?: number };
  const status = (obj['status'] ?? {}) as Obj;
  const spec = (obj['spec'] ?? {}) as Obj;
  const observed = generation <= number(status['observedGeneration']);
  if (kind === 'Deployment') {
    const running = Number(obj['metadata'].annotations?.[REVISION] ?? 0);
    if (revision > 0 && revision !== running) return { error: `desired revision (${revision}) is different from the running revision (${running})` };
    if (!observed) return { text: 'Waiting for deployment spec update to be observed...\n', over: false };
    if (((status['conditions'] ?? []) as Obj[]).some((one) => one['type'] === 'Progressing' && one['reason'] === 'ProgressDeadlineExceeded')) return { error: `deployment ${JSON.stringify(name)} exceeded its progress deadline` };
    const [wanted, updated, all, available] = [number(spec['replicas'], 1), number(status['updatedReplicas']), number(status['replicas']), number(status['availableReplicas'])];
    const head = `Waiting for deployment ${JSON.stringify(name)} rollout to finish: `;
    if (updated < wanted) return { text: `${head}${updated} out of ${wanted} new replicas have been updated...\n`, over: false };
    if (all > updated) return { text: `${head}${all - updated} old replicas are pending termination...\n`, over: false };
    if (available < updated) return { text: `${head}${available} of ${updated} updated replicas are available...\n`, over: false };
    return { text: `deployment ${JSON.stringify(name)} successfully rolled out\n`, over: true };
  }
  if (kind === 'DaemonSet') {
    if ((spec['updateStrategy']?.type ?? 'RollingUpdate') !== 'RollingUpdate') return { error: 'rollout status is only available for RollingUpdate strategy type' };
    if (!observed) return { text: 'Waiting for daemon set spec update to be observed...\n', over: false };
    const [wanted, updated, available] = [number(status['desiredNumberScheduled']), number(status['updatedNumberScheduled']), number(status['numberAvailable'])];
    const head = `Waiting for daemon set ${JSON.stringify(name)} rollout to finish: `;
    if (updated < wanted) return { text: `${head}${updated} out of ${wanted} new pods have been updated...\n`, over: false };
    if (available < wanted) return { text: `${head}${available} of ${wanted} updated pods are available...\n`, over: false };
    return { text: `daemon set ${JSON.stringify(name)} successfully rolled out\n`, over: true };
  }
  if (kind === 'StatefulSet') return statefulProgress(spec, status, observed);
  return { error: `no status viewer has been implemented for {${obj['apiVersion']?.includes('/') ? obj['apiVersion'].split('/')[0] : ''} ${kind}}` };
}

function statefulProgress(spec: Obj, status: Obj, observed: boolean): Progress {
  if ((spec['updateStrategy']?.type ?? 'RollingUpdate') !== 'RollingUpdate') return { error: 'rollout status is only available for RollingUpdate strategy type' };
  if (!observed || !status['observedGeneration']) return { text: 'Waiting for statefulset spec update to be observed...\n', over: false };
  const wanted = number(spec['replicas'], 1);
  const updated = number(status['updatedReplicas']);
  if (number(status['readyReplicas']) < wanted) return { text: `Waiting for ${wanted - number(status['readyReplicas'])} pods to be ready...\n`, over: false };
  const partition = spec['updateStrategy']?.rollingUpdate?.partition;
  if (typeof partition === 'number' && partition > 0) {
    return updated < wanted - partition ? { text: `Waiting for partitioned roll out to finish: ${updated} out of ${wanted - partition} new pods have been updated...\n`, over: false }
      : { text: `partitioned roll out complete: ${updated} new pods have been updated...\n`, over: true };
  }
  if (status['updateRevision'] !== status['currentRevision']) return { text: `waiting for statefulset rolling update to complete ${updated} pods at revision ${status['updateRevision']}...\n`, over: false };
  return { text: `statefulset rolling update complete ${number(status['currentReplicas'])} pods at revision ${status['currentRevision']}...\n`, over: true };
}

export function* status(k: Kubectl): Sys<number> {
  const { infos, failures } = yield* infosOf(k);
  if (failures.length) return yield* k.fail(many(failures));
  if (infos.length !== 1) return yield* k.fail(plain(`rollout status is only supported on individual resources and resource collections - ${infos.length} resources were found`).failure);
  const [info] = infos;
  const api = yield* k.api();
  if (!api.ok) return yield* k.fail(api.failure);
  const said: string[] = [];
  let error: string | null = null;
  // The judge gathers; what it gathered is printed between events.
  for (let over = false; !over;) {
    const got = yield* until(api.value, info!, k.flags.us('timeout'), ({ object }) => {
      if (!object) { error = 'object has been deleted'; return true; }
      const now = progress(info!.type.kind, { apiVersion: info!.obj['apiVersion'], ...object }, k.flags.int('revision'));
      if ('error' in now) { error = now.error; return true; }
      if (!now.over && said.at(-1) === now.text) return false;
      said.push(now.text);
      over = now.over || !k.flags.bool('watch');
      return true;
    });
    if (!got.ok) return yield* k.fail(got.failure);
    if (error !== null) return yield* k.fail(plain(error).failure);
    yield* out(said.at(-1)!);
  }
  return 0;
}
