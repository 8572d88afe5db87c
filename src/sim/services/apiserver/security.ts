/**
 * PodSecurityPolicy: a pod is admitted when a policy that its creator or its service account may use
 * allows what it asks for. Policies by name; the first that fits is noted on the pod. Pure.
 * plugin/pkg/admission/security/podsecuritypolicy v1.14.
 */
import { containers } from '../../kube/pods.ts';
import type { Container, Pod, SecurityPolicy } from '../../kube/types.ts';
import { serviceAccountUser } from './authn.ts';
import { heldMap } from './held.ts';
import { rbacAllows } from './rbac.ts';
import type { Context, User } from './request.ts';

const canUse = (ctx: Context, user: User, name: string, namespace: string): boolean =>
  ['policy', 'extensions'].some((group) => rbacAllows(ctx.held, { user, verb: 'use', group, resource: 'podsecuritypolicies', sub: '', namespace, name, path: '' }));

/** The pod with its annotation, or why it is refused. */
export function security(ctx: Context, pod: Pod): Pod | string {
  const policies = (Object.values(heldMap(ctx.held, 'podsecuritypolicies')) as SecurityPolicy[]).slice().sort((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1));
  if (!policies.length) return 'no providers available to validate pod request';
  const namespace = pod.metadata.namespace!;
  const account = serviceAccountUser(namespace, pod.spec.serviceAccountName ?? 'default');
  const usable = policies.filter((p) => canUse(ctx, ctx.user, p.metadata.name, namespace) || canUse(ctx, account, p.metadata.name, namespace));
  const errors: string[] = [];
  for (const policy of usable) {
    const faults = violations(policy, pod);
    if (!faults.length) return { ...pod, metadata: { ...pod.metadata, annotations: { ...pod.metadata.annotations, 'kubernetes.io/psp': policy.metadata.name } } };
    errors.push(...faults);
  }
  return `unable to validate against any pod security policy: [${errors.join(' ')}]`;
}

const allows = (list: readonly string[] | undefined, value: string): boolean => Boolean(list?.includes(value) || list?.includes('*'));
const SOURCES = ['hostPath', 'emptyDir', 'configMap', 'secret', 'projected', 'downwardAPI', 'persistentVolumeClaim', 'nfs'] as const;

function violations(policy: SecurityPolicy, pod: Pod): string[] {
  const { spec: rule } = policy;
  const { spec } = pod;
  const faults: string[] = [];
  if (spec.hostNetwork && !rule.hostNetwork) faults.push('spec.securityContext.hostNetwork: Invalid value: true: Host network is not allowed to be used');
  if (spec.hostPID && !rule.hostPID) faults.push('spec.securityContext.hostPID: Invalid value: true: Host PID is not allowed to be used');
  if (spec.hostIPC && !rule.hostIPC) faults.push('spec.securityContext.hostIPC: Invalid value: true: Host IPC is not allowed to be used');
  (spec.volumes ?? []).forEach((volume, i) => {
    const source = SOURCES.find((s) => (volume as unknown as Record<string, unknown>)[s]);
    if (source && !allows(rule.volumes, source)) faults.push(`spec.volumes[${i}]: Invalid value: ${JSON.stringify(source)}: ${source} volumes are not allowed to be used`);
    const path = volume.hostPath?.path;
    if (path && rule.allowedHostPaths?.length && !rule.allowedHostPaths.some((p) => path === p.pathPrefix || path.startsWith(p.pathPrefix.replace(/\/?$/, '/')))) {
      faults.push(`spec.volumes[${i}].hostPath.pathPrefix: Invalid value: ${JSON.stringify(path)}: is not allowed to be used`);
    }
  });
  containers(spec).forEach((c, i) => containerFaults(policy, pod, c, `spec.containers[${i}].securityContext`, faults));
  return faults;
}

function containerFaults({ spec: rule }: SecurityPolicy, pod: Pod, c: Container, at: string, faults: string[]): void {
  const own = c.securityContext ?? {};
  if (own.privileged && !rule.privileged) faults.push(`${at}.privileged: Invalid value: true: Privileged containers are not allowed`);
  for (const name of own.capabilities?.add ?? []) if (!allows(rule.allowedCapabilities, name)) faults.push(`${at}.capabilities.add: Invalid value: ${JSON.stringify(name)}: capability may not be added`);
  for (const port of c.ports ?? []) {
    if (port.hostPort && !(rule.hostPorts ?? []).some((r) => port.hostPort! >= r.min && port.hostPort! <= r.max)) faults.push(`${at}.hostPort: Invalid value: ${port.hostPort}: Host port ${port.hostPort} is not allowed to be used. Allowed ports: [${(rule.hostPorts ?? []).map((r) => `${r.min}-${r.max}`).join(',')}]`);
  }
  const user = own.runAsUser ?? pod.spec.securityContext?.runAsUser;
  if (rule.runAsUser.rule === 'MustRunAsNonRoot' && user === 0) faults.push(`${at}.runAsUser: Invalid value: 0: running with the root UID is forbidden`);
  if (rule.runAsUser.rule === 'MustRunAs' && user !== undefined && !(rule.runAsUser.ranges ?? []).some((r) => user >= r.min && user <= r.max)) faults.push(`${at}.runAsUser: Invalid value: ${user}: must be in the ranges: [${(rule.runAsUser.ranges ?? []).map((r) => `{${r.min} ${r.max}}`).join(' ')}]`);
  if (rule.readOnlyRootFilesystem && own.readOnlyRootFilesystem === false) faults.push(`${at}.readOnlyRootFilesystem: Invalid value: false: ReadOnlyRootFilesystem must be set to true`);
  if (rule.allowPrivilegeEscalation === false && own.allowPrivilegeEscalation) faults.push(`${at}.allowPrivilegeEscalation: Invalid value: true: Allowing privilege escalation for containers is not allowed`);
}
