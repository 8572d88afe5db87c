/** Message digests on bytes: MD5 (RFC 1321), SHA-1 and SHA-2 (FIPS 180-4), POSIX cksum. Pure functions. */

const rotl = (x: number, n: number): number => (x << n) | (x >>> (32 - n));
const rotr = (x: number, n: number): number => (x >>> n) | (x << (32 - n));
const hex = (words: Iterable<number>): string => [...words].map((word) => (word >>> 0).toString(16).padStart(8, '0')).join('');

/** The message with its 1 bit, zeros and length, as 32-bit words. */
function padded(bytes: readonly number[], blockBytes: number, bigEndian: boolean): Uint32Array {
  const lengthBytes = blockBytes / 8;
  const total = Math.ceil((bytes.length + 1 + lengthBytes) / blockBytes) * blockBytes;
  const view = new DataView(new ArrayBuffer(total));
  bytes.forEach((byte, i) => view.setUint8(i, byte));
  view.setUint8(bytes.length, 0x80);
  const high = Math.floor(bytes.length / 0x20000000);
  const low = (bytes.length << 3) >>> 0;
  view.setUint32(total - (bigEndian ? 4 : 8), low, !bigEndian);
  view.setUint32(total - (bigEndian ? 8 : 4), high, !bigEndian);
  return Uint32Array.from({ length: total / 4 }, (_, i) => view.getUint32(i * 4, !bigEndian));
}

const MD5_SHIFTS = [7, 12, 17, 22, 5, 9, 14, 20, 4, 11, 16, 23, 6, 10, 15, 21];
const MD5_TABLE = Array.from({ length: 64 }, (_, i) => Math.floor(Math.abs(Math.sin(i + 1)) * 4294967296) | 0);

export function md5(bytes: readonly number[]): string {
  const words = padded(bytes, 64, false);
  let [a0, b0, c0, d0] = [0x67452301, 0xefcdab89 | 0, 0x98badcfe | 0, 0x10325476];
  for (let block = 0; block < words.length; block += 16) {
    let [a, b, c, d] = [a0, b0, c0, d0];
    for (let i = 0; i < 64; i++) {
      const round = i >> 4;
      const mix = round === 0 ? (b & c) | (~b & d) : round === 1 ? (d & b) | (~d & c) : round === 2 ? b ^ c ^ d : c ^ (b | ~d);
      const at = round === 0 ? i : round === 1 ? (5 * i + 1) % 16 : round === 2 ? (3 * i + 5) % 16 : (7 * i) % 16;
      const sum = (a + mix + MD5_TABLE[i]! + words[block + at]!) | 0;
      [a, d, c, b] = [d, c, b, (b + rotl(sum, MD5_SHIFTS[round * 4 + (i % 4)]!)) | 0];
    }
    [a0, b0, c0, d0] = [(a0 + a) | 0, (b0 + b) | 0, (c0 + c) | 0, (d0 + d) | 0];
  }
  const swap = (x: number): number => ((x & 255) << 24) | ((x & 0xff00) << 8) | ((x >>> 8) & 0xff00) | (x >>> 24);
  return hex([a0, b0, c0, d0].map(swap));
}

export function sha1(bytes: readonly number[]): string {
  const words = padded(bytes, 64, true);
  const state = [0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0].map((x) => x | 0);
  const w = new Int32Array(80);
  for (let block = 0; block < words.length; block += 16) {
    for (let i = 0; i < 80; i++) w[i] = i < 16 ? words[block + i]! : rotl(w[i - 3]! ^ w[i - 8]! ^ w[i - 14]! ^ w[i - 16]!, 1);
    let [a, b, c, d, e] = state as [number, number, number, number, number];
    for (let i = 0; i < 80; i++) {
      const mix = i < 20 ? ((b & c) | (~b & d)) + 0x5a827999 : i < 40 ? (b ^ c ^ d) + 0x6ed9eba1
        : i < 60 ? ((b & c) | (b & d) | (c & d)) + 0x8f1bbcdc : (b ^ c ^ d) + 0xca62c1d6;
      [a, b, c, d, e] = [(rotl(a, 5) + mix + e + w[i]!) | 0, a, rotl(b, 30), c, d];
    }
    [a, b, c, d, e].forEach((x, i) => { state[i] = (state[i]! + x) | 0; });
  }
  return hex(state);
}

/** The first primes: SHA-2's constants are fractions of their roots. */
const PRIMES = ((): number[] => {
  const out: number[] = [];
  for (let n = 2; out.length < 80; n++) if (out.every((p) => n % p !== 0)) out.push(n);
  return out;
})();

/** The first 64 bits of the fraction of a root of n, exactly. */
function rootFraction(n: number, degree: 2 | 3): bigint {
  const scaled = BigInt(n) << BigInt(64 * degree);
  let low = 0n;
  let high = 1n << 72n;
  while (low < high) {
    const middle = (low + high + 1n) >> 1n;
    if (middle ** BigInt(degree) <= scaled) low = middle;
    else high = middle - 1n;
  }
  return low & 0xffffffffffffffffn;
}

const ROUNDS = PRIMES.map((p) => rootFraction(p, 3));
const START = PRIMES.slice(0, 16).map((p) => rootFraction(p, 2));
const K32 = Int32Array.from(ROUNDS.slice(0, 64), (k) => Number(k >> 32n) | 0);

function sha2Words(bytes: readonly number[], start: readonly number[]): number[] {
  const words = padded(bytes, 64, true);
  const state = start.map((x) => x | 0);
  const w = new Int32Array(64);
  for (let block = 0; block < words.length; block += 16) {
    for (let i = 0; i < 64; i++) {
      if (i < 16) { w[i] = words[block + i]!; continue; }
      const [x, y] = [w[i - 15]!, w[i - 2]!];
      w[i] = w[i - 16]! + (rotr(x, 7) ^ rotr(x, 18) ^ (x >>> 3)) + w[i - 7]! + (rotr(y, 17) ^ rotr(y, 19) ^ (y >>> 10));
    }
    let [a, b, c, d, e, f, g, h] = state as [number, number, number, number, number, number, number, number];
    for (let i = 0; i < 64; i++) {
      const one = (h + (rotr(e, 6) ^ rotr(e, 11) ^ rotr(e, 25)) + ((e & f) ^ (~e & g)) + K32[i]! + w[i]!) | 0;
      const two = ((rotr(a, 2) ^ rotr(a, 13) ^ rotr(a, 22)) + ((a & b) ^ (a & c) ^ (b & c))) | 0;
      [a, b, c, d, e, f, g, h] = [(one + two) | 0, a, b, c, (d + one) | 0, e, f, g];
    }
    [a, b, c, d, e, f, g, h].forEach((x, i) => { state[i] = (state[i]! + x) | 0; });
  }
  return state;
}

export const sha256 = (bytes: readonly number[]): string => hex(sha2Words(bytes, START.slice(0, 8).map((s) => Number(s >> 32n))));
export const sha224 = (bytes: readonly number[]): string =>
  hex(sha2Words(bytes, START.slice(8, 16).map((s) => Number(s & 0xffffffffn)))).slice(0, 56);

const MASK64 = 0xffffffffffffffffn;
const rotr64 = (x: bigint, n: bigint): bigint => ((x >> n) | (x << (64n - n))) & MASK64;
const SHA384_START = PRIMES.slice(8, 16).map((p) => rootFraction(p, 2));

function sha2Long(bytes: readonly number[], start: readonly bigint[], length: number): string {
  const words = padded(bytes, 128, true);
  const state = [...start];
  const w = new Array<bigint>(80).fill(0n);
  for (let block = 0; block < words.length; block += 32) {
    for (let i = 0; i < 80; i++) {
      if (i < 16) { w[i] = (BigInt(words[block + 2 * i]!) << 32n) | BigInt(words[block + 2 * i + 1]!); continue; }
      const [x, y] = [w[i - 15]!, w[i - 2]!];
      w[i] = (w[i - 16]! + (rotr64(x, 1n) ^ rotr64(x, 8n) ^ (x >> 7n)) + w[i - 7]! + (rotr64(y, 19n) ^ rotr64(y, 61n) ^ (y >> 6n))) & MASK64;
    }
    let [a, b, c, d, e, f, g, h] = state as [bigint, bigint, bigint, bigint, bigint, bigint, bigint, bigint];
    for (let i = 0; i < 80; i++) {
      const one = h + (rotr64(e, 14n) ^ rotr64(e, 18n) ^ rotr64(e, 41n)) + ((e & f) ^ (~e & MASK64 & g)) + ROUNDS[i]! + w[i]!;
      const two = (rotr64(a, 28n) ^ rotr64(a, 34n) ^ rotr64(a, 39n)) + ((a & b) ^ (a & c) ^ (b & c));
      [a, b, c, d, e, f, g, h] = [(one + two) & MASK64, a, b, c, (d + one) & MASK64, e, f, g];
    }
    [a, b, c, d, e, f, g, h].forEach((x, i) => { state[i] = (state[i]! + x) & MASK64; });
  }
  return state.map((x) => x.toString(16).padStart(16, '0')).join('').slice(0, length);
}

export const sha512 = (bytes: readonly number[]): string => sha2Long(bytes, START.slice(0, 8), 128);
export const sha384 = (bytes: readonly number[]): string => sha2Long(bytes, SHA384_START, 96);

/** POSIX cksum: CRC-32 with the length at the end, most significant bit first. */
export function posixCrc(bytes: readonly number[]): number {
  let crc = 0;
  const take = (byte: number): void => {
    crc ^= byte << 24;
    for (let bit = 0; bit < 8; bit++) crc = crc & 0x80000000 ? (crc << 1) ^ 0x04c11db7 : crc << 1;
  };
  for (const byte of bytes) take(byte);
  for (let n = bytes.length; n > 0; n = Math.floor(n / 256)) take(n & 255);
  return ~crc >>> 0;
}

/** BSD's and System V's sums, of sum(1). */
export function bsdSum(bytes: readonly number[]): number {
  return bytes.reduce((sum, byte) => (((sum >> 1) + ((sum & 1) << 15) + byte) & 0xffff), 0);
}
export function systemVSum(bytes: readonly number[]): number {
  const sum = bytes.reduce((total, byte) => total + byte, 0);
  const folded = (sum & 0xffff) + Math.floor(sum / 65_536);
  return (folded & 0xffff) + (folded >> 16);
}
