/**
 * Copy on write: how one mutable step works on an immutable tree.
 *
 * A tree is sealed (deep-frozen) when it is shared: at a snapshot, a fork, a checkpoint. To change a
 * sealed tree, walk down from an owned root with `own`, which copies a sealed child once and hands out
 * the copy from then on. "Sealed" is simply "frozen": a write that forgot `own` throws at once.
 *
 * This is what immer does, without proxies: 20 ns a step where a produce costs 10 us (docs/decisions.md).
 * Trees made by immer are frozen too, so both can be mixed freely.
 */

/** Copies one level. Records and arrays only: the state holds plain JSON. */
const copy = <T extends object>(value: T): T =>
  (Array.isArray(value) ? value.slice() : { ...value }) as T;

/** The child at `key`, safe to mutate. `parent` must itself be owned. */
export function own<T extends object, K extends keyof T>(parent: T, key: K): NonNullable<T[K]> {
  const child = parent[key];
  if (Object.isExtensible(child)) return child as NonNullable<T[K]>;
  const fresh = copy(child as object);
  parent[key] = fresh as T[K];
  return fresh as NonNullable<T[K]>;
}

/** An owned version of a root: the root itself when nobody shares it, else a copy. */
export const ownRoot = <T extends object>(root: T): T => (Object.isExtensible(root) ? root : copy(root));

/**
 * Deep-freezes what is not frozen yet and returns it. Cost: the part that changed since the last seal,
 * since nothing below a frozen object is ever unfrozen.
 */
export function seal<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value;
  Object.freeze(value);
  if (Array.isArray(value)) for (const item of value) seal(item);
  else for (const key in value) seal(value[key]);
  return value;
}
