/**
 * A tree as text and back, with what it shares written once. Worlds share a lot: images between hosts,
 * objects between etcd's members and every cache that holds them. Plain JSON would write each copy, and
 * lose that two of them are one, which a program under replay could notice.
 *
 * Form: {"shared": [values], "root": value}; inside, {"$": n} stands for shared[n], which may name earlier
 * ones. Keys beginning with $ in the data are written with one $ more.
 */

interface Packed { shared: unknown[]; root: unknown }

export function pack(value: unknown): string {
  const seen = new Map<object, number>();
  count(value, seen);
  const index = new Map<object, number>();
  const shared: unknown[] = [];
  const write = (item: unknown): unknown => {
    if (typeof item !== 'object' || item === null) return item;
    const known = index.get(item);
    if (known !== undefined) return { $: known };
    const plain = spread(item, write);
    if ((seen.get(item) ?? 0) < 2) return plain;
    index.set(item, shared.length);
    shared.push(plain);
    return { $: shared.length - 1 };
  };
  const root = write(value);
  return JSON.stringify({ shared, root } satisfies Packed);
}

function count(item: unknown, seen: Map<object, number>): void {
  if (typeof item !== 'object' || item === null) return;
  const before = seen.get(item) ?? 0;
  seen.set(item, before + 1);
  if (before) return;
  if (Array.isArray(item)) for (const each of item) count(each, seen);
  else for (const key in item) count((item as Record<string, unknown>)[key], seen);
}

function spread(item: object, write: (value: unknown) => unknown): unknown {
  if (Array.isArray(item)) return item.map(write);
  const out: Record<string, unknown> = {};
  for (const key of Object.keys(item)) {
    const each = (item as Record<string, unknown>)[key];
    if (each !== undefined) out[key.startsWith('$') ? `$${key}` : key] = write(each);
  }
  return out;
}

/** The tree again, sharing what it shared. Throws on text that is no packed tree. */
export function unpack(text: string): unknown {
  const packed = JSON.parse(text) as Packed;
  if (typeof packed !== 'object' || packed === null || !Array.isArray(packed.shared)) throw new Error('not a saved world');
  const done: unknown[] = [];
  const read = (item: unknown): unknown => {
    if (typeof item !== 'object' || item === null) return item;
    if (Array.isArray(item)) {
      for (let i = 0; i < item.length; i++) item[i] = read(item[i]);
      return item;
    }
    const record = item as Record<string, unknown>;
    const reference = record['$'];
    if (typeof reference === 'number') return done[reference];
    let escaped = false;
    for (const key in record) {
      if (key.charCodeAt(0) === 36) escaped = true;
      record[key] = read(record[key]);
    }
    return escaped ? Object.fromEntries(Object.entries(record).map(([key, each]) => [key.startsWith('$$') ? key.slice(1) : key, each])) : record;
  };
  for (const each of packed.shared) done.push(read(each));
  return read(packed.root);
}
