/**
 * The few kinds that the server keeps at hand, as its own informers do: what admission, authorization and
 * discovery read on every request. The maps live in the process's memory under one name.
 */
import type { Json, Sys } from '../../proc/program.ts';
import { call } from '../../proc/syscalls.ts';
import type { Obj } from '../../kube/types.ts';

export type ObjectMap = Readonly<Record<string, Obj>>;
/** By plural name; a map by `namespace/name` or name. */
export interface Held { readonly [plural: string]: ObjectMap }

export const HELD: readonly string[] = [
  'namespaces', 'clusterroles', 'clusterrolebindings', 'roles', 'rolebindings', 'podsecuritypolicies', 'customresourcedefinitions', 'limitranges', 'resourcequotas', 'serviceaccounts',
];

const NONE: ObjectMap = {};
export const heldMap = (held: Held, plural: string): ObjectMap => held[plural] ?? NONE;

export function* getHeld(): Sys<Held> {
  const got = yield* call('memGet', { key: 'held' });
  return (got.ok && got.value !== null ? got.value : {}) as unknown as Held;
}

export function* setHeld(plural: string, change: (map: ObjectMap) => ObjectMap): Sys<void> {
  const held = yield* getHeld();
  yield* call('memSet', { key: 'held', value: { ...held, [plural]: change(heldMap(held, plural)) } as unknown as Json });
}

/** All kinds that are held have been read once. */
export const isSynced = (held: Held): boolean => HELD.every((plural) => held[plural] !== undefined);
