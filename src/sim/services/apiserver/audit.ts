/**
 * The audit log: one JSON line a request that the policy names, at the level it names.
 * k8s.io/apiserver/pkg/audit v1.14.
 */
import type { Sys } from '../../proc/program.ts';
import { call } from '../../proc/syscalls.ts';
import { groupOf, versionOf } from '../../kube/kinds.ts';
import { rfc3339Micro } from '../../kube/time.ts';
import { header } from './authn.ts';
import type { Answer, Context } from './request.ts';

/** The rules of a policy file that this server understands: resources with a level, then None. */
export function policyOf(text: string): { level: string; resources: readonly string[] } | null {
  const m = /- level:\s*(\w+)\s*\n(?:\s+\w+:.*\n)*?\s+resources:\s*\n(?:\s+- group:.*\n)?\s+resources:\s*\[([^\]]*)\]/.exec(text);
  if (!m || m[1] === 'None') return null;
  return { level: m[1]!, resources: m[2]!.split(',').map((r) => r.trim().replace(/["']/g, '')) };
}

export function* audit(ctx: Context, answer: Answer): Sys<void> {
  const rule = ctx.options.audit;
  const { info } = ctx;
  if (!rule || !info.resourcePath || !rule.resources.includes(info.plural)) return;
  const chance = yield* call('random', { below: 0x1_0000_0000 });
  const id = (chance.ok ? chance.value : 0).toString(16).padStart(8, '0');
  const body = ctx.http.body as { metadata?: { name?: string; namespace?: string }; apiVersion?: string } | null;
  const line = {
    kind: 'Event', apiVersion: 'audit.k8s.io/v1', level: rule.level, auditID: `${id}-7f3c-4a51-9d2e-${id}0c4f`, stage: 'ResponseComplete', requestURI: ctx.http.path, verb: info.verb,
    user: { username: ctx.user.name, groups: ctx.user.groups }, sourceIPs: [ctx.peer], userAgent: header(ctx.http, 'User-Agent') ?? '',
    objectRef: { resource: info.plural, ...(info.namespace ? { namespace: info.namespace } : {}), ...(info.name || body?.metadata?.name ? { name: info.name || body!.metadata!.name } : {}), ...(groupOf(info.gv) ? { apiGroup: groupOf(info.gv) } : {}), apiVersion: versionOf(info.gv) },
    responseStatus: { metadata: {}, code: answer.status }, ...(rule.level !== 'Metadata' && body ? { requestObject: body } : {}),
    requestReceivedTimestamp: rfc3339Micro(ctx.now), stageTimestamp: rfc3339Micro(ctx.now), annotations: { 'authorization.k8s.io/decision': 'allow', 'authorization.k8s.io/reason': '' },
  };
  yield* call('writeFile', { path: rule.path, text: `${JSON.stringify(line)}\n`, append: true, mode: 0o644 }); // lumberjack v2.0 as vendored by 1.14
}
