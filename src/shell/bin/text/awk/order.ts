/**
 * The order in which gawk walks an array: whole numbers below 1 first, then strings by its hash table,
 * then whole numbers from 1 up. The table is chained, new keys go in front, its sizes are primes about ten
 * times apart, and it grows when chains are longer than two on average. It knows only keys.
 */
import { toBytes } from '../../../../sim/proc/text.ts';

const SIZES = [13, 127, 1_021, 8_191, 16_381, 32_749, 65_497, 131_101, 262_147, 524_309, 1_048_583];
const CHAIN_MAX = 2;

/** The hash of sdbm (h = c + 65599 h) in 32 bits; bytes are signed, as char is on x86. */
function hash(text: string): number {
  let h = 0;
  for (const byte of toBytes(text)) h = ((byte < 128 ? byte : byte - 256) + Math.imul(h, 65_599)) >>> 0;
  return h;
}

interface Item { readonly key: string; readonly h: number }

function hashOrder(keys: readonly string[]): string[] {
  let size = 0;
  let buckets: Item[][] = Array.from({ length: SIZES[size]! }, () => []);
  const place = (item: Item): void => { buckets[item.h % buckets.length]!.unshift(item); };
  keys.forEach((key, n) => {
    if (Math.floor(n / buckets.length) > CHAIN_MAX && size + 1 < SIZES.length) {
      const old = buckets;
      buckets = Array.from({ length: SIZES[++size]! }, () => []);
      for (const chain of old) for (const item of chain) place(item);
    }
    place({ key, h: hash(key) });
  });
  return buckets.flat().map(({ key }) => key);
}

/** Keys in the order of insertion → in gawk's order. */
export function walkOrder(keys: Iterable<string>): string[] {
  const positive: number[] = [];
  const others: string[] = [];
  const strings: string[] = [];
  for (const key of keys) {
    if (/^[1-9]\d{0,14}$/.test(key)) positive.push(Number(key));
    else if (/^(?:0|-[1-9]\d{0,14})$/.test(key)) others.push(key);
    else strings.push(key);
  }
  return [...others, ...hashOrder(strings), ...positive.sort((a, b) => a - b).map(String)];
}
