/** Records keyed by whatever a person typed: `__proto__` and `constructor` are ordinary names here. */

export type Table<T> = Record<string, T>;

const slot = (name: string): string => (name === '__proto__' ? '__proto__\0' : name);

export const get = <T>(table: Readonly<Table<T>>, name: string): T | undefined => {
  const key = slot(name);
  return Object.hasOwn(table, key) ? table[key] : undefined;
};
export const has = (table: Readonly<Table<unknown>>,
  name: string): boolean => Object.hasOwn(table, slot(name));
export const set = <T>(table: Table<T>, name: string, value: T): void => { table[slot(name)] = value; };
export const remove = (table: Table<unknown>, name: string): void => { delete table[slot(name)]; };
export const names = (table: Readonly<Table<unknown>>): string[] =>
  Object.keys(table).map((key) => (key === '__proto__\0' ? '__proto__' : key));
export const sorted = (table: Readonly<Table<unknown>>): string[] => names(table).sort();

const FNV_OFFSET = 2166136261, FNV_PRIME = 16777619, BUCKETS = 1024;

/** The order in which bash walks an associative array: by bucket of its hash (hashlib.c, assoc.h). */
export function hashOrder(keys: readonly string[]): string[] {
  if (keys.length < 2) return [...keys];
  const bucketed = keys.map((key, at) => ({ key, at, bucket: hash(key) & (BUCKETS - 1) }));
  return bucketed.sort((a, b) => a.bucket - b.bucket || b.at - a.at).map((entry) => entry.key);
}

function hash(key: string): number {
  let h = FNV_OFFSET | 0;
  for (let i = 0; i < key.length; i++) h = Math.imul(h, FNV_PRIME) ^ key.charCodeAt(i);
  return h >>> 0;
}
