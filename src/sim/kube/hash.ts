/**
 * The digests that show in names: SHA-256 (chains of kube-proxy, image ids), base32, FNV-1a (template
 * hashes). They take text and know nothing of what it means. FIPS 180-4, RFC 4648, draft-eastlake-fnv.
 */
import { toBytes } from '../proc/text.ts';

const K = new Uint32Array(64);
const H0 = new Uint32Array(8);
{
  // Fractional parts of the cube and square roots of the first primes.
  let n = 2;
  for (let found = 0; found < 64; n++) {
    let prime = true;
    for (let d = 2; d * d <= n; d++) if (n % d === 0) prime = false;
    if (!prime) continue;
    if (found < 8) H0[found] = (Math.sqrt(n) % 1) * 0x1_0000_0000;
    K[found++] = (Math.cbrt(n) % 1) * 0x1_0000_0000;
  }
}

export function sha256Bytes(bytes: readonly number[]): number[] {
  const blocks = Math.ceil((bytes.length + 9) / 64);
  const data = new Uint8Array(blocks * 64);
  data.set(bytes);
  data[bytes.length] = 0x80;
  const view = new DataView(data.buffer);
  view.setUint32(blocks * 64 - 8, Math.floor(bytes.length / 0x2000_0000));
  view.setUint32(blocks * 64 - 4, (bytes.length << 3) >>> 0);
  const h = H0.slice();
  const w = new Uint32Array(64);
  for (let at = 0; at < data.length; at += 64) compress(h, w, view, at);
  const out: number[] = [];
  for (const word of h) out.push(word >>> 24, (word >>> 16) & 255, (word >>> 8) & 255, word & 255);
  return out;
}

const rotate = (x: number, n: number): number => (x >>> n) | (x << (32 - n));

function compress(h: Uint32Array, w: Uint32Array, view: DataView, at: number): void {
  for (let i = 0; i < 16; i++) w[i] = view.getUint32(at + i * 4);
  for (let i = 16; i < 64; i++) {
    const a = w[i - 15]!;
    const b = w[i - 2]!;
    w[i] = w[i - 16]! + (rotate(a, 7) ^ rotate(a, 18) ^ (a >>> 3)) + w[i - 7]! + (rotate(b, 17) ^ rotate(b, 19) ^ (b >>> 10));
  }
  let [a, b, c, d, e, f, g, i] = h as unknown as [number, number, number, number, number, number, number, number];
  for (let r = 0; r < 64; r++) {
    const t1 = (i + (rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25)) + ((e & f) ^ (~e & g)) + K[r]! + w[r]!) | 0;
    const t2 = ((rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22)) + ((a & b) ^ (a & c) ^ (b & c))) | 0;
    i = g; g = f; f = e; e = (d + t1) | 0;
    d = c; c = b; b = a; a = (t1 + t2) | 0;
  }
  const add = [a, b, c, d, e, f, g, i];
  for (let r = 0; r < 8; r++) h[r] = h[r]! + add[r]!;
}

export const sha256 = (text: string): string => sha256Bytes(toBytes(text)).map((b) => b.toString(16).padStart(2, '0')).join('');

const BASE32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

export function base32(bytes: readonly number[]): string {
  let out = '';
  let buffer = 0;
  let bits = 0;
  for (const byte of bytes) {
    buffer = ((buffer << 8) | byte) & 0xffff;
    bits += 8;
    while (bits >= 5) {
      bits -= 5;
      out += BASE32[(buffer >> bits) & 31]!;
    }
  }
  return bits ? out + BASE32[(buffer << (5 - bits)) & 31]! : out;
}

const chains = new Map<string, string>();
/** Sixteen letters as kube-proxy names its chains after. */
export function chainHash(text: string): string {
  let hash = chains.get(text);
  if (hash === undefined) {
    hash = base32(sha256Bytes(toBytes(text))).slice(0, 16);
    if (chains.size > 2_048) chains.clear();
    chains.set(text, hash);
  }
  return hash;
}

export function fnv32a(text: string): number {
  let h = 0x811c9dc5;
  for (const byte of toBytes(text)) h = Math.imul(h ^ byte, 0x0100_0193);
  return h >>> 0;
}

/** rand.SafeEncodeString's letters: no vowels, so no words. */
export const SAFE = 'bcdfghjklmnpqrstvwxz2456789';
export const safeEncode = (text: string): string => [...text].map((c) => SAFE[c.charCodeAt(0) % SAFE.length]!).join('');

/** JSON with sorted keys, so that equal values have equal text. */
export function canonical(value: unknown): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  const record = value as Record<string, unknown>;
  return `{${Object.keys(record).filter((k) => record[k] !== undefined).sort().map((k) => `${JSON.stringify(k)}:${canonical(record[k])}`).join(',')}}`;
}

/** The hash of a pod template, as in a ReplicaSet's name. */
export const templateHash = (template: unknown, collisions = 0): string =>
  safeEncode(String(fnv32a(canonical(template) + (collisions ? `#${collisions}` : ''))));
