/**
 * The three patches of the API: JSON merge patch (RFC 7386), JSON patch (RFC 6902) and Kubernetes'
 * strategic merge patch with merge keys, $patch, $retainKeys, $setElementOrder and
 * $deleteFromPrimitiveList (k8s.io/apimachinery/pkg/util/strategicpatch v1.14). Pure, never mutates.
 */
type Value = unknown;
type Record_ = Readonly<Record<string, Value>>;
const isRecord = (v: Value): v is Record_ => typeof v === 'object' && v !== null && !Array.isArray(v);

export function mergePatch(base: Value, patch: Value): Value {
  if (!isRecord(patch)) return patch;
  const out: Record<string, Value> = isRecord(base) ? { ...base } : {};
  for (const key of Object.keys(patch)) {
    const value = patch[key];
    if (value === null) delete out[key];
    else out[key] = mergePatch(out[key], value);
  }
  return out;
}

// --- JSON patch
export interface Operation { op: string; path: string; value?: Value; from?: string }
export type Patched = { ok: true; value: Value } | { ok: false; error: string };

const decode = (path: string): string[] => path.split('/').slice(1).map((part) => part.replace(/~1/g, '/').replace(/~0/g, '~'));

function lookUp(value: Value, parts: readonly string[]): { found: boolean; value: Value } {
  for (const part of parts) {
    if (Array.isArray(value)) {
      if (!/^\d+$/.test(part) || Number(part) >= value.length) return { found: false, value: null };
      value = value[Number(part)];
    } else if (isRecord(value) && part in value) value = value[part];
    else return { found: false, value: null };
  }
  return { found: true, value };
}

/** A copy with the change made at the place, or null when there is no such place. */
function edit(value: Value, parts: readonly string[], change: 'add' | 'remove' | 'replace', fresh: Value): { value: Value } | null {
  const [head, ...rest] = parts;
  if (head === undefined) return change === 'remove' ? null : { value: fresh };
  if (Array.isArray(value)) {
    const index = head === '-' ? value.length : /^\d+$/.test(head) ? Number(head) : -1;
    if (index < 0 || index > value.length || ((rest.length || change !== 'add') && index >= value.length)) return null;
    if (rest.length) {
      const inner = edit(value[index], rest, change, fresh);
      return inner && { value: [...value.slice(0, index), inner.value, ...value.slice(index + 1)] };
    }
    return { value: [...value.slice(0, index), ...(change === 'remove' ? [] : [fresh]), ...value.slice(change === 'add' ? index : index + 1)] };
  }
  if (!isRecord(value) || ((rest.length || change !== 'add') && !(head in value))) return null;
  const out: Record<string, Value> = { ...value };
  if (!rest.length) {
    if (change === 'remove') delete out[head];
    else out[head] = fresh;
    return { value: out };
  }
  const inner = edit(value[head], rest, change, fresh);
  if (!inner) return null;
  out[head] = inner.value;
  return { value: out };
}

const equal = (a: Value, b: Value): boolean => JSON.stringify(sorted(a)) === JSON.stringify(sorted(b));
const sorted = (v: Value): Value => (Array.isArray(v) ? v.map(sorted) : isRecord(v) ? Object.fromEntries(Object.keys(v).sort().map((k) => [k, sorted(v[k])])) : v);

export function jsonPatch(base: Value, operations: readonly Operation[]): Patched {
  let doc = base;
  for (const o of operations) {
    const parts = decode(o.path);
    let next: { value: Value } | null = null;
    if (o.op === 'test') {
      const there = lookUp(doc, parts);
      if (!there.found || !equal(there.value, o.value)) return { ok: false, error: `Testing value ${o.path} failed` };
      continue;
    }
    if (o.op === 'add' || o.op === 'remove' || o.op === 'replace') next = edit(doc, parts, o.op, o.value);
    else if (o.op === 'copy' || o.op === 'move') {
      const there = lookUp(doc, decode(o.from ?? ''));
      const without = o.op === 'move' && there.found ? edit(doc, decode(o.from!), 'remove', null) : { value: doc };
      next = there.found && without ? edit(without.value, parts, 'add', there.value) : null;
    } else return { ok: false, error: `Unexpected kind: ${o.op}` };
    if (!next) return { ok: false, error: `jsonpatch ${o.op} operation does not apply: doc is missing path: ${o.path}` };
    doc = next.value;
  }
  return { ok: true, value: doc };
}

// --- strategic merge patch
/**
 * Merge keys by field name, for lists of objects; '' merges a list of plain values as a set. `only`
 * names the parent field where the name alone is not enough. From the patchMergeKey tags of k8s.io/api.
 */
const MERGE_KEYS: Readonly<Record<string, { key: string; only?: readonly string[] }>> = {
  containers: { key: 'name' }, initContainers: { key: 'name' }, env: { key: 'name' }, volumeMounts: { key: 'mountPath' }, volumeDevices: { key: 'devicePath' },
  volumes: { key: 'name' }, imagePullSecrets: { key: 'name' }, hostAliases: { key: 'ip' }, conditions: { key: 'type' }, addresses: { key: 'type', only: ['status'] },
  ownerReferences: { key: 'uid' }, finalizers: { key: '', only: ['metadata'] }, secrets: { key: 'name' }, taints: { key: 'key' }, topologySpreadConstraints: { key: 'topologyKey' },
  podIPs: { key: 'ip' }, podCIDRs: { key: '' },
};

function mergeKey(field: string, parent: string): string | null {
  // Ports merge by port in a service and by containerPort in a container.
  if (field === 'ports') return parent === 'containers' || parent === 'initContainers' ? 'containerPort' : parent === 'spec' ? 'port' : null;
  const row = MERGE_KEYS[field];
  return row && (!row.only || row.only.includes(parent)) ? row.key : null;
}

/** `field` is the name under which `base` stands, `parent` the one above. */
export function strategicPatch(base: Value, patch: Value, field = ''): Value {
  if (!isRecord(patch)) return patch;
  if (patch['$patch'] === 'replace') return strip(patch);
  if (patch['$patch'] === 'delete') return {};
  let out: Record<string, Value> = isRecord(base) ? { ...base } : {};
  const retain = patch['$retainKeys'];
  if (Array.isArray(retain)) out = Object.fromEntries(Object.entries(out).filter(([key]) => retain.includes(key)));
  for (const key of Object.keys(patch)) {
    const value = patch[key];
    if (key === '$patch' || key === '$retainKeys') continue;
    if (key.startsWith('$deleteFromPrimitiveList/')) {
      const name = key.slice(25);
      if (Array.isArray(out[name])) out[name] = (out[name] as Value[]).filter((item) => !(value as Value[]).includes(item));
      continue;
    }
    if (key.startsWith('$setElementOrder/')) continue;
    if (value === null) delete out[key];
    else if (Array.isArray(value)) out[key] = mergeList(out[key], value, key, field, patch[`$setElementOrder/${key}`]);
    else out[key] = isRecord(value) && patchable(out[key]) ? strategicPatch(out[key], value, key) : strip(value);
  }
  for (const key of Object.keys(patch)) {
    const name = key.startsWith('$setElementOrder/') ? key.slice(17) : '';
    if (name && !(name in patch) && Array.isArray(out[name])) out[name] = reorder(out[name] as Value[], patch[key], mergeKey(name, field) ?? '');
  }
  return out;
}
const patchable = (v: Value): boolean => v === undefined || v === null || isRecord(v);

/** A patch's own directives do not belong in an object that it creates. */
function strip(value: Value): Value {
  if (Array.isArray(value)) return value.filter((v) => !(isRecord(v) && v['$patch'] !== undefined && v['$patch'] !== 'merge')).map(strip);
  if (!isRecord(value)) return value;
  return Object.fromEntries(Object.entries(value).filter(([key, v]) => !key.startsWith('$') && v !== null).map(([key, v]) => [key, strip(v)]));
}

function mergeList(base: Value, patch: readonly Value[], field: string, parent: string, order: Value): Value {
  const key = mergeKey(field, parent);
  if (key === null || patch.some((item) => isRecord(item) && item['$patch'] === 'replace')) return strip(patch.filter((item) => !(isRecord(item) && item['$patch'] === 'replace' && Object.keys(item).length === 1)));
  let out: Value[] = Array.isArray(base) ? [...base] : [];
  if (key === '') {
    for (const item of patch) if (!out.includes(item)) out.push(item);
    return reorder(out, order, key);
  }
  for (const item of patch) {
    if (!isRecord(item)) continue;
    const at = out.findIndex((old) => isRecord(old) && old[key] === item[key]);
    if (item['$patch'] === 'delete') {
      out = out.filter((old) => !(isRecord(old) && old[key] === item[key]));
    } else if (at < 0) out.push(strip(item));
    else out[at] = strategicPatch(out[at], item, field);
  }
  return reorder(out, order, key);
}

/** Items named by $setElementOrder in its order; others keep their place relative to their neighbours. */
function reorder(items: readonly Value[], order: Value, key: string): Value[] {
  if (!Array.isArray(order)) return [...items];
  const id = (item: Value): Value => (key !== '' && isRecord(item) ? item[key] : item);
  const wanted = order.map(id);
  const left = items.filter((item) => wanted.includes(id(item)));
  const named: Value[] = [];
  for (const want of wanted) {
    const at = left.findIndex((item) => id(item) === want);
    if (at >= 0) named.push(...left.splice(at, 1));
  }
  named.push(...left);
  const out: Value[] = [];
  let next = 0;
  for (const item of items) out.push(wanted.includes(id(item)) ? named[next++] : item);
  return out;
}
