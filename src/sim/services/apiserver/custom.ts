/**
 * Custom resources: what CustomResourceDefinitions add to the table of kinds. Derived from the objects,
 * once for each set of them. apiextensions-apiserver v1.14.
 */
import { findKind, findResource, type Resource } from '../../kube/kinds.ts';
import { heldMap, type Held, type ObjectMap } from './held.ts';

interface Spec {
  readonly group: string; readonly version?: string; readonly versions?: readonly { name: string; served: boolean; storage: boolean }[]; readonly scope: string;
  readonly names: { readonly plural: string; readonly singular?: string; readonly kind: string; readonly shortNames?: readonly string[]; readonly categories?: readonly string[] };
  readonly subresources?: { readonly status?: object; readonly scale?: object };
}
const made = new WeakMap<ObjectMap, readonly Resource[]>();

export function customResources(held: Held): readonly Resource[] {
  const map = heldMap(held, 'customresourcedefinitions');
  let list = made.get(map);
  if (!list) {
    list = Object.values(map).map((definition) => {
      const spec = definition['spec'] as Spec;
      const versions = spec.versions?.filter((v) => v.served).map((v) => v.name) ?? [spec.version ?? 'v1'];
      return {
        kind: spec.names.kind, plural: spec.names.plural, singular: spec.names.singular ?? spec.names.kind.toLowerCase(), short: spec.names.shortNames ?? [],
        namespaced: spec.scope === 'Namespaced', categories: spec.names.categories ?? [], served: versions.map((v) => `${spec.group}/${v}`),
        prefix: `${spec.group}/${spec.names.plural}`, verbs: ['delete', 'deletecollection', 'get', 'list', 'patch', 'create', 'update', 'watch'],
        subresources: [...(spec.subresources?.status ? ['status'] : []), ...(spec.subresources?.scale ? ['scale'] : [])], custom: true,
      };
    });
    made.set(map, list);
  }
  return list;
}

export const resourceOf = (held: Held, gv: string, plural: string): Resource | undefined =>
  findResource(gv, plural) ?? customResources(held).find((r) => r.plural === plural && r.served.includes(gv));
export const kindOf = (held: Held, gv: string, kind: string): Resource | undefined =>
  findKind(gv, kind) ?? customResources(held).find((r) => r.kind === kind && r.served.includes(gv));
