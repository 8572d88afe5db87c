/**
 * A hash of a whole JSON tree: equal trees give equal digests, whatever the order of their keys and in
 * every JavaScript engine. Sealed subtrees are hashed once and remembered, so a digest after a command
 * costs what the command changed. Not cryptographic: two 32-bit FNV-1a lanes.
 */
import { hash32 } from './rng.ts';

const memory = new WeakMap<object, string>();

const leaf = (value: unknown): string => {
  const text = typeof value === 'string' ? `s${value}` : `${typeof value}${String(value)}`;
  return pair(text);
};

const pair = (text: string): string =>
  hash32(text).toString(16).padStart(8, '0') + hash32(text, 0x6c62272e).toString(16).padStart(8, '0');

const byCodeUnit = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

export function digest(value: unknown): string {
  if (typeof value !== 'object' || value === null) return leaf(value);
  const known = memory.get(value);
  if (known) return known;
  let text: string;
  if (Array.isArray(value)) text = `[${value.map(digest).join()}`;
  else {
    const record = value as Record<string, unknown>;
    text = '{';
    for (const key of Object.keys(record).sort(byCodeUnit)) {
      if (record[key] !== undefined) text += `${key}:${digest(record[key])},`;
    }
  }
  const result = pair(text);
  if (Object.isFrozen(value)) memory.set(value, result);
  return result;
}
