/**
 * A tree as text and back, with what it shares written once. Worlds share a lot: images between hosts,
 * objects between etcd's members and every cache that holds them. Plain JSON would write each copy, and
 * lose that two of them are one, which a program under replay could notice.
 *
 * Form: {"shared": [values], "root": value}; inside, {"$": n} stands for shared[n], which may name earlier
 * ones. Texts that occur twice are shared too; a long text of many lines is {"$l": [its lines]}, since the
 * logs of etcd's members differ but hold the same entries. Keys beginning with $ are written with one $ more.
 */

interface Packed { shared: unknown[]; root: unknown }

/** Texts from this length on are worth a reference. */
const TEXT_MIN = 48;
/** Texts from this length on are looked at line by line. */
const LONG_MIN = 16_384;

const isLong = (text: string): boolean => text.length >= LONG_MIN && text.includes('\n');
/** The lines, each with its end. */
const linesOf = (text: string): string[] => text.split(/(?<=\n)/);

const shareable = (item: unknown): boolean => (typeof item === 'object' ? item !== null : typeof item === 'string' && item.length >= TEXT_MIN);

export function pack(value: unknown): string {
  const twice = repeated(value);
  const index = new Map<unknown, number>();
  const shared: unknown[] = [];
  const write = (item: unknown): unknown => {
    if (!shareable(item)) return item;
    const known = index.get(item);
    if (known !== undefined) return { $: known };
    const plain = typeof item !== 'string' ? spread(item as object, write) : isLong(item) ? { $l: linesOf(item).map(write) } : item;
    if (!twice.has(item)) return plain;
    index.set(item, shared.length);
    shared.push(plain);
    return { $: shared.length - 1 };
  };
  const root = write(value);
  return JSON.stringify({ shared, root } satisfies Packed);
}

/** What occurs more than once. */
function repeated(value: unknown): Set<unknown> {
  const seen = new Set<unknown>();
  const twice = new Set<unknown>();
  const visit = (item: unknown): void => {
    if (!shareable(item)) return;
    if (seen.has(item)) { twice.add(item); return; }
    seen.add(item);
    if (typeof item === 'string') {
      if (isLong(item)) for (const line of linesOf(item)) visit(line);
      return;
    }
    if (Array.isArray(item)) for (const each of item) visit(each);
    else for (const key in item as object) visit((item as Record<string, unknown>)[key]);
  };
  visit(value);
  return twice;
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
      for (let i = 0; i < item.length; i++) {
        const each: unknown = item[i];
        if (typeof each === 'object' && each !== null) item[i] = read(each);
      }
      return item;
    }
    const record = item as Record<string, unknown>;
    const reference = record['$'];
    if (typeof reference === 'number') return done[reference];
    if (Array.isArray(record['$l'])) return record['$l'].map(read).join('');
    let escaped = false;
    for (const key in record) {
      if (key.charCodeAt(0) === 36) escaped = true;
      const each = record[key];
      if (typeof each === 'object' && each !== null) record[key] = read(each);
    }
    return escaped ? Object.fromEntries(Object.entries(record).map(([key, each]) => [key.startsWith('$$') ? key.slice(1) : key, each])) : record;
  };
  for (const each of packed.shared) done.push(read(each));
  return read(packed.root);
}
