/**
 * /openapi/v2: the kinds that the server serves, each with its group-version-kind. Their fields are not
 * described, so clients check none (as with a server whose schema has no properties).
 */
import { groupOf, RESOURCES, versionOf } from '../../kube/kinds.ts';
import { VERSION } from './discovery.ts';
import { type Answer, type Context, ok } from './request.ts';

const definitionName = (gv: string, kind: string): string => `io.k8s.api.${(groupOf(gv) || 'core').replace(/\.k8s\.io$/, '').replace(/\.authorization$/, '')}.${versionOf(gv)}.${kind}`;

let document: object | null = null;

function build(): object {
  const definitions: Record<string, object> = {};
  for (const r of RESOURCES) for (const gv of r.served) {
    definitions[definitionName(gv, r.kind)] = { type: 'object', 'x-kubernetes-group-version-kind': [{ group: groupOf(gv), kind: r.kind, version: versionOf(gv) }] };
  }
  return { swagger: '2.0', info: { title: 'Kubernetes', version: VERSION.gitVersion }, paths: {}, definitions };
}

/** null: another path. */
export function openapi(ctx: Context): Answer | null {
  if (ctx.path !== '/openapi/v2') return null;
  document ??= build();
  return ok(document);
}
