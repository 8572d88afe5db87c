/**
 * The patches that edit and apply make of two or three versions of an object: strategic for the built-in
 * kinds (merge keys, $patch, $setElementOrder, $retainKeys), JSON merge for others. The server applies them
 * (sim/kube/patch.ts). Imitates apimachinery's strategicpatch 1.14. Pure.
 */
import { isObj, same, type Obj } from './object.ts';

/** Lists of objects that merge by a key; '' merges plain values. `only`: the parents where that holds. */
const MERGE_KEYS: Readonly<Record<string, { key: string; only?: readonly string[] }>> = {
  containers: { key: 'name' }, initContainers: { key: 'name' }, env: { key: 'name' }, volumeMounts: { key: 'mountPath' }, volumeDevices: { key: 'devicePath' },
  volumes: { key: 'name' }, imagePullSecrets: { key: 'name' }, hostAliases: { key: 'ip' }, conditions: { key: 'type' }, addresses: { key: 'type', only: ['status'] },
  ownerReferences: { key: 'uid' }, finalizers: { key: '', only: ['metadata'] }, secrets: { key: 'name' }, taints: { key: 'key' },
};
/** Structures of which exactly the named keys are kept, so that one union member replaces another. */
const RETAIN = new Set(['strategy', 'volumes']);

export function mergeKeyOf(field: string, parent: string): string | null {
  if (field === 'ports') return parent === 'containers' || parent === 'initContainers' ? 'containerPort' : parent === 'spec' ? 'port' : null;
  const row = MERGE_KEYS[field];
  return row && (!row.only || row.only.includes(parent)) ? row.key : null;
}

interface Options { additions: boolean; deletions: boolean; strategic: boolean }

function diff(original: Obj, modified: Obj, field: string, options: Options): Obj {
  const patch: Obj = {};
  for (const key of Object.keys(modified)) {
    const [from, to] = [original[key], modified[key]];
    if (!(key in original)) { if (options.additions) patch[key] = to; continue; }
    if (isObj(from) && isObj(to)) {
      const inner = diff(from, to, key, options);
      if (!Object.keys(inner).length) continue;
      if (options.strategic && RETAIN.has(key) && key === 'strategy') inner['$retainKeys'] = Object.keys(to).sort();
      patch[key] = inner;
    } else if (Array.isArray(from) && Array.isArray(to)) lists(patch, key, from, to, field, options);
    else if (!same(from, to) && options.additions) patch[key] = to;
  }
  if (options.deletions) for (const key of Object.keys(original)) if (!(key in modified)) patch[key] = null;
  return patch;
}

function lists(patch: Obj, key: string, from: unknown[], to: unknown[], parent: string, options: Options): void {
  if (same(from, to)) return;
  const mergeKey = options.strategic ? mergeKeyOf(key, parent) : null;
  if (mergeKey === null) { if (options.additions) patch[key] = to; return; }
  if (mergeKey === '') {
    const added = to.filter((item) => !from.includes(item));
    const gone = from.filter((item) => !to.includes(item));
    if (options.deletions && gone.length) patch[`$deleteFromPrimitiveList/${key}`] = gone;
    if (options.additions && added.length) patch[key] = added;
    if (patch[key] || patch[`$deleteFromPrimitiveList/${key}`]) patch[`$setElementOrder/${key}`] = to;
    return;
  }
  const items: Obj[] = [];
  for (const item of to as Obj[]) {
    const old = (from as Obj[]).find((one) => same(one[mergeKey], item[mergeKey]));
    if (!old) { if (options.additions) items.push(item); continue; }
    const inner = diff(old, item, key, options);
    if (!Object.keys(inner).length) continue;
    if (RETAIN.has(key)) inner['$retainKeys'] = Object.keys(item).sort();
    items.push({ ...inner, [mergeKey]: item[mergeKey] });
  }
  if (options.deletions) {
    for (const old of from as Obj[]) if (!(to as Obj[]).some((item) => same(item[mergeKey], old[mergeKey]))) items.push({ $patch: 'delete', [mergeKey]: old[mergeKey] });
  }
  const order = (list: unknown[]): unknown[] => (list as Obj[]).map((item) => item[mergeKey] as unknown);
  const moved = options.additions && !same(order(from).filter((id) => order(to).includes(id)), order(to).filter((id) => order(from).includes(id)));
  if (!items.length && !moved) return;
  if (items.length) patch[key] = items;
  patch[`$setElementOrder/${key}`] = (to as Obj[]).map((item) => ({ [mergeKey]: item[mergeKey] }));
}

/** From what was to what shall be. */
export const twoWay = (original: Obj, modified: Obj, strategic: boolean): Obj => diff(original, modified, '', { additions: true, deletions: true, strategic });

/** Deletions between what was applied and what is given; additions and changes between what is there and what is given. */
export function threeWay(applied: Obj, modified: Obj, current: Obj, strategic: boolean): Obj {
  const delta = diff(current, modified, '', { additions: true, deletions: false, strategic });
  const deletions = diff(applied, modified, '', { additions: false, deletions: true, strategic });
  return union(deletions, delta, '', strategic);
}

function union(a: Obj, b: Obj, field: string, strategic: boolean): Obj {
  const out: Obj = { ...a };
  for (const key of Object.keys(b)) {
    const [left, right] = [out[key], b[key]];
    if (isObj(left) && isObj(right)) out[key] = union(left, right, key, strategic);
    else if (Array.isArray(left) && Array.isArray(right) && !key.startsWith('$')) out[key] = strategic ? unionLists(left, right, key, field) : right;
    else out[key] = right;
  }
  return out;
}

function unionLists(a: unknown[], b: unknown[], key: string, parent: string): unknown[] {
  const mergeKey = mergeKeyOf(key, parent);
  if (!mergeKey) return b;
  const out = [...(b as Obj[])];
  for (const item of a as Obj[]) {
    const at = out.findIndex((one) => same(one[mergeKey], item[mergeKey]));
    if (at < 0) out.push(item); else out[at] = union(item, out[at]!, key, true);
  }
  return out;
}

/** Whether the kind has merge keys that are known: every built-in one has. */
export const isBuiltin = (group: string): boolean => !group.includes('.') || group.endsWith('.k8s.io');
