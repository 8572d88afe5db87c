/**
 * The cells of `kubectl get`: what each kind's printer shows of an object, without its age. Pure, and
 * remembered by object, since objects never change. pkg/printers/internalversion/printers.go v1.14.
 */
import { condition } from '../pods.ts';
import { mapText, selectorText } from '../selectors.ts';
import { age, humanDuration, parseTime } from '../time.ts';
import type { Us } from '../../engine/time.ts';
import type { Container, ContainerStatus, CronJob, DaemonSet, Deployment, Endpoints, Job, KubeEvent, LabelSelector, Labels, Node, Obj, Pod, ReplicaSet, RoleBinding, Service, StatefulSet } from '../types.ts';

export type Cell = string | number;
type Rec = Record<string, unknown>;
export const rec = (v: unknown): Rec => (typeof v === 'object' && v !== null && !Array.isArray(v) ? (v as Rec) : {});
const NONE = '<none>';
const or = (text: string | undefined | null): string => text || NONE;

/** The STATUS, READY and RESTARTS of a pod. */
export function podSummary(pod: Pod): { status: string; ready: number; restarts: number } {
  const { spec, status = {} } = pod;
  let reason = status.reason || status.phase || '';
  let restarts = 0;
  let ready = 0;
  let initializing = false;
  for (const [i, c] of (status.initContainerStatuses ?? []).entries()) {
    restarts += c.restartCount;
    const { terminated, waiting } = c.state;
    if (terminated && terminated.exitCode === 0) continue;
    initializing = true;
    if (terminated) reason = terminated.reason ? `Init:${terminated.reason}` : terminated.signal ? `Init:Signal:${terminated.signal}` : `Init:ExitCode:${terminated.exitCode}`;
    else if (waiting?.reason && waiting.reason !== 'PodInitializing') reason = `Init:${waiting.reason}`;
    else reason = `Init:${i}/${spec.initContainers?.length ?? 0}`;
    break;
  }
  if (!initializing) {
    restarts = 0;
    let running = false;
    const list = status.containerStatuses ?? [];
    for (let i = list.length - 1; i >= 0; i--) {
      const c = list[i] as ContainerStatus;
      restarts += c.restartCount;
      const { waiting, terminated } = c.state;
      if (waiting?.reason) reason = waiting.reason;
      else if (terminated) reason = terminated.reason ? terminated.reason : terminated.signal ? `Signal:${terminated.signal}` : `ExitCode:${terminated.exitCode}`;
      else if (c.ready && c.state.running) {
        running = true;
        ready++;
      }
    }
    if (reason === 'Completed' && running) reason = 'Running';
  }
  if (pod.metadata.deletionTimestamp) reason = status.reason === 'NodeLost' ? 'Unknown' : 'Terminating';
  return { status: reason, ready, restarts };
}

function gates(pod: Pod): string {
  const list = pod.spec.readinessGates ?? [];
  if (!list.length) return NONE;
  return `${list.filter((g) => condition(pod.status?.conditions, g.conditionType)?.status === 'True').length}/${list.length}`;
}

export function pod(obj: Obj): Cell[] {
  const p = obj as Pod;
  const s = podSummary(p);
  return [p.metadata.name, `${s.ready}/${p.spec.containers.length}`, s.status, s.restarts, '', or(p.status?.podIP), or(p.spec.nodeName), or(p.status?.nominatedNodeName), gates(p)];
}

export function node(obj: Obj): Cell[] {
  const n = obj as Node;
  const ready = condition(n.status?.conditions, 'Ready');
  const status = [!ready ? 'Unknown' : ready.status === 'True' ? 'Ready' : 'NotReady'];
  if (n.spec.unschedulable) status.push('SchedulingDisabled');
  const labels = n.metadata.labels ?? {};
  const roles = Object.keys(labels).flatMap((k) => (k.startsWith('node-role.kubernetes.io/') ? [k.slice(24)] : k === 'kubernetes.io/role' && labels[k] ? [labels[k]!] : [])).filter(Boolean).sort();
  const info = n.status?.nodeInfo ?? {};
  const address = (type: string): string => or(n.status?.addresses?.find((a) => a.type === type)?.address);
  return [n.metadata.name, status.join(','), or(roles.join(',')), '', info['kubeletVersion'] ?? '', address('InternalIP'), address('ExternalIP'),
    info['osImage'] || '<unknown>', info['kernelVersion'] || '<unknown>', info['containerRuntimeVersion'] || '<unknown>'];
}

export function service(obj: Obj): Cell[] {
  const s = obj as Service;
  const type = s.spec.type ?? 'ClusterIP';
  const ingress = (s.status?.loadBalancer?.ingress ?? []).map((i) => i.ip ?? i.hostname ?? '').join(',');
  const external = s.spec.externalIPs?.join(',') ?? '';
  const shown = type === 'ExternalName' ? s.spec.externalName ?? '' : type === 'LoadBalancer' ? [ingress, external].filter(Boolean).join(',') || '<pending>' : external || NONE;
  const ports = (s.spec.ports ?? []).map((p) => (p.nodePort ? `${p.port}:${p.nodePort}/${p.protocol}` : `${p.port}/${p.protocol}`)).join(',');
  return [s.metadata.name, type, or(s.spec.clusterIP), shown, or(ports), '', mapText(s.spec.selector)];
}

export function endpoints(obj: Obj): Cell[] {
  const subsets = (obj as Endpoints).subsets ?? [];
  if (!subsets.length) return [obj.metadata.name, NONE, ''];
  const list: string[] = [];
  let count = 0;
  for (const subset of subsets) {
    for (const port of subset.ports?.length ? subset.ports : [null]) {
      for (const address of subset.addresses ?? []) {
        if (++count <= 3) list.push(port ? `${address.ip}:${port.port}` : address.ip);
      }
    }
  }
  return [obj.metadata.name, list.join(',') + (count > 3 ? ` + ${count - 3} more...` : ''), ''];
}

const template = (list: readonly Container[] | undefined): [string, string] => [(list ?? []).map((c) => c.name).join(','), (list ?? []).map((c) => c.image).join(',')];

export function daemonSet(obj: Obj): Cell[] {
  const d = obj as DaemonSet;
  const s = d.status;
  return [d.metadata.name, s?.desiredNumberScheduled ?? 0, s?.currentNumberScheduled ?? 0, s?.numberReady ?? 0, s?.updatedNumberScheduled ?? 0, s?.numberAvailable ?? 0,
    mapText(d.spec.template.spec.nodeSelector), '', ...template(d.spec.template.spec.containers), selectorText(d.spec.selector)];
}
export function deployment(obj: Obj): Cell[] {
  const d = obj as Deployment;
  const s = d.status;
  return [d.metadata.name, `${s?.readyReplicas ?? 0}/${d.spec.replicas ?? 0}`, s?.updatedReplicas ?? 0, s?.availableReplicas ?? 0, '', ...template(d.spec.template.spec.containers), selectorText(d.spec.selector)];
}
export function replicaSet(obj: Obj): Cell[] {
  const r = obj as ReplicaSet;
  const selector = obj.kind === 'ReplicationController' ? mapText(r.spec.selector as unknown as Labels) : selectorText(r.spec.selector as LabelSelector);
  return [r.metadata.name, r.spec.replicas ?? 0, r.status?.replicas ?? 0, r.status?.readyReplicas ?? 0, '', ...template(r.spec.template.spec.containers), selector];
}
export function statefulSet(obj: Obj): Cell[] {
  const s = obj as StatefulSet;
  return [s.metadata.name, `${s.status?.readyReplicas ?? 0}/${s.spec.replicas ?? 0}`, '', ...template(s.spec.template.spec.containers)];
}

/** DURATION of a job runs on until it completes. */
export function job(obj: Obj, now: Us): Cell[] {
  const j = obj as Job;
  const done = j.status?.succeeded ?? 0;
  const completions = j.spec.completions !== undefined ? `${done}/${j.spec.completions}` : (j.spec.parallelism ?? 1) > 1 ? `${done}/1 of ${j.spec.parallelism}` : `${done}/1`;
  const start = parseTime(j.status?.startTime);
  const end = parseTime(j.status?.completionTime);
  const duration = start === null ? '' : humanDuration((end ?? Math.floor(now / 1_000_000) * 1_000_000) - start);
  return [j.metadata.name, completions, duration, '', ...template(j.spec.template.spec.containers), selectorText(j.spec.selector)];
}
export function cronJob(obj: Obj, now: Us): Cell[] {
  const c = obj as CronJob;
  const last = c.status?.lastScheduleTime;
  return [c.metadata.name, c.spec.schedule, c.spec.suspend ? 'True' : 'False', c.status?.active?.length ?? 0, last ? age(last, now) : NONE, '',
    ...template(c.spec.jobTemplate.spec.template.spec.containers), selectorText(c.spec.jobTemplate.spec.selector)];
}

export function event(obj: Obj, now: Us): Cell[] {
  const e = obj as KubeEvent;
  const first = e.firstTimestamp ?? (e['eventTime'] as string | undefined);
  const last = e.lastTimestamp ?? first;
  const about = e.involvedObject;
  const object = `${(about.kind ?? '').toLowerCase()}/${about.name ?? ''}`;
  const source = [e.source?.component ?? '', e.source?.host ?? ''].filter(Boolean).join(', ');
  return [age(last, now), e.type, e.reason, object, about.fieldPath ?? '', source, e.message.trim(), age(first, now), e.count ?? 1, e.metadata.name];
}

const names = (obj: RoleBinding, kind: string): string => (obj.subjects ?? []).filter((s) => s.kind === kind).map((s) => (kind === 'ServiceAccount' ? `${s.namespace}/${s.name}` : s.name)).join(', ');
export function roleBinding(obj: Obj): Cell[] {
  const b = obj as RoleBinding;
  return [b.metadata.name, '', `${b.roleRef.kind}/${b.roleRef.name}`, names(b, 'User'), names(b, 'Group'), names(b, 'ServiceAccount')];
}

export function ingress(obj: Obj): Cell[] {
  const spec = rec(obj['spec']);
  const hosts = ((spec['rules'] as Rec[] | undefined) ?? []).map((r) => (r['host'] as string) || '*').join(',');
  const address = ((rec(rec(obj['status'])['loadBalancer'])['ingress'] as Rec[] | undefined) ?? []).map((i) => (i['ip'] ?? i['hostname']) as string).join(',');
  return [obj.metadata.name, hosts || '*', address, (spec['tls'] as unknown[] | undefined)?.length ? '80, 443' : '80', ''];
}

const modes = (list: unknown): string => ((list as string[] | undefined) ?? []).map((m) => ({ ReadWriteOnce: 'RWO', ReadOnlyMany: 'ROX', ReadWriteMany: 'RWX' })[m] ?? m).join(',');
export function volume(obj: Obj): Cell[] {
  const spec = rec(obj['spec']);
  const claim = rec(spec['claimRef']);
  return [obj.metadata.name, (rec(spec['capacity'])['storage'] as string) ?? '', modes(spec['accessModes']), (spec['persistentVolumeReclaimPolicy'] as string) ?? '',
    obj.metadata.deletionTimestamp ? 'Terminating' : (rec(obj['status'])['phase'] as string) ?? '', claim['name'] ? `${claim['namespace']}/${claim['name']}` : '', (spec['storageClassName'] as string) ?? '', (rec(obj['status'])['reason'] as string) ?? '', ''];
}
export function claim(obj: Obj): Cell[] {
  const spec = rec(obj['spec']);
  const status = rec(obj['status']);
  const bound = Boolean(spec['volumeName']);
  return [obj.metadata.name, obj.metadata.deletionTimestamp ? 'Terminating' : (status['phase'] as string) ?? '', (spec['volumeName'] as string) ?? '', bound ? (rec(status['capacity'])['storage'] as string) ?? '' : '', bound ? modes(status['accessModes']) : '', (spec['storageClassName'] as string) ?? '', ''];
}

export function budget(obj: Obj): Cell[] {
  const spec = rec(obj['spec']);
  const show = (v: unknown): Cell => (v === undefined ? 'N/A' : (v as Cell));
  return [obj.metadata.name, String(show(spec['minAvailable'])), String(show(spec['maxUnavailable'])), (rec(obj['status'])['disruptionsAllowed'] as number) ?? 0, ''];
}
export function autoscaler(obj: Obj): Cell[] {
  const spec = rec(obj['spec']);
  const status = rec(obj['status']);
  const ref = rec(spec['scaleTargetRef']);
  const target = spec['targetCPUUtilizationPercentage'];
  const current = status['currentCPUUtilizationPercentage'];
  const targets = target === undefined ? NONE : `${current === undefined ? '<unknown>' : `${current as number}%`}/${target as number}%`;
  return [obj.metadata.name, `${ref['kind']}/${ref['name']}`, targets, spec['minReplicas'] === undefined ? '<unset>' : String(spec['minReplicas']), (spec['maxReplicas'] as number) ?? 0, (status['currentReplicas'] as number) ?? 0, ''];
}
export function quota(obj: Obj): Cell[] {
  const hard = rec(rec(obj['status'])['hard'] ?? rec(obj['spec'])['hard']);
  const used = rec(rec(obj['status'])['used']);
  const show = (limits: boolean): string => Object.keys(hard).filter((k) => k.startsWith('limits.') === limits).sort().map((k) => `${k}: ${(used[k] as string) ?? '0'}/${hard[k] as string}`).join(', ');
  return [obj.metadata.name, '', show(false), show(true)];
}
export function policy(obj: Obj): Cell[] {
  const s = rec(obj['spec']);
  const caps = (s['allowedCapabilities'] as string[] | undefined) ?? [];
  const rule = (k: string): string => (rec(s[k])['rule'] as string) ?? '';
  return [obj.metadata.name, String(s['privileged'] ?? false), caps.length ? caps.join(',') : '', rule('seLinux'), rule('runAsUser'), rule('fsGroup'), rule('supplementalGroups'), String(s['readOnlyRootFilesystem'] ?? false), ((s['volumes'] as string[] | undefined) ?? []).join(',')];
}
export function signingRequest(obj: Obj): Cell[] {
  const spec = rec(obj['spec']);
  const status = rec(obj['status']);
  const conditions = (status['conditions'] as Rec[] | undefined) ?? [];
  const denied = conditions.some((c) => c['type'] === 'Denied');
  const approved = conditions.some((c) => c['type'] === 'Approved');
  return [obj.metadata.name, '', (spec['username'] as string) ?? '', (denied ? 'Denied' : approved ? 'Approved' : 'Pending') + (status['certificate'] ? ',Issued' : '')];
}
export function revision(obj: Obj): Cell[] {
  const owner = obj.metadata.ownerReferences?.find((o) => o.controller);
  const group = owner?.apiVersion.includes('/') ? `.${owner.apiVersion.split('/')[0]}` : '';
  return [obj.metadata.name, owner ? `${owner.kind.toLowerCase()}${group}/${owner.name}` : NONE, (obj['revision'] as number) ?? 0, ''];
}
export function component(obj: Obj): Cell[] {
  const c = ((obj['conditions'] as Rec[] | undefined) ?? []).find((x) => x['type'] === 'Healthy');
  const status = !c ? 'Unknown' : c['status'] === 'True' ? 'Healthy' : c['status'] === 'False' ? 'Unhealthy' : 'Unknown';
  return [obj.metadata.name, status, (c?.['message'] as string) ?? '', (c?.['error'] as string) ?? ''];
}
export const podSelector = (obj: Obj): string => selectorText(rec(obj['spec'])['podSelector'] as LabelSelector | undefined);
