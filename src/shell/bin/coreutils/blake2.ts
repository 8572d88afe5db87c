/** BLAKE2b-512 (RFC 7693) on bytes, without a key. Pure. */
const MASK = (1n << 64n) - 1n;
const START = [0x6a09e667f3bcc908n, 0xbb67ae8584caa73bn, 0x3c6ef372fe94f82bn, 0xa54ff53a5f1d36f1n, 0x510e527fade682d1n, 0x9b05688c2b3e6c1fn, 0x1f83d9abfb41bd6bn,
  0x5be0cd19137e2179n];
const SIGMA = [
  '0123456789abcdef', 'ea489fd61c02b753', 'b8c052fdae367194', '7931dcbe265a40f8', '905724afe1bc683d', '2c6a0b834d75fe19', 'c51fed4a0763928b', 'db7ec13950f4862a',
  '6fe9b308c2d714a5', 'a2847615fb9e3cd0',
].map((row) => [...row].map((digit) => parseInt(digit, 16)));
const rotr = (x: bigint, n: bigint): bigint => ((x >> n) | (x << (64n - n))) & MASK;

export function blake2b(bytes: readonly number[]): string {
  const h = [...START];
  h[0]! ^= 0x01010040n;
  const blocks = Math.max(1, Math.ceil(bytes.length / 128));
  for (let block = 0; block < blocks; block++) {
    const m = Array.from({ length: 16 }, (_, i) => {
      let word = 0n;
      for (let k = 7; k >= 0; k--) word = (word << 8n) | BigInt(bytes[block * 128 + i * 8 + k] ?? 0);
      return word;
    });
    const last = block === blocks - 1;
    compress(h, m, BigInt(last ? bytes.length : (block + 1) * 128), last);
  }
  return h.map((word) => Array.from({ length: 8 }, (_, k) => Number((word >> BigInt(8 * k)) & 255n).toString(16).padStart(2, '0')).join('')).join('');
}

function compress(h: bigint[], m: readonly bigint[], count: bigint, last: boolean): void {
  const v = [...h, ...START];
  v[12]! ^= count;
  if (last) v[14]! ^= MASK;
  const mix = (a: number, b: number, c: number, d: number, x: bigint, y: bigint): void => {
    v[a] = (v[a]! + v[b]! + x) & MASK;
    v[d] = rotr(v[d]! ^ v[a], 32n);
    v[c] = (v[c]! + v[d]) & MASK;
    v[b] = rotr(v[b]! ^ v[c], 24n);
    v[a] = (v[a] + v[b] + y) & MASK;
    v[d] = rotr(v[d] ^ v[a], 16n);
    v[c] = (v[c] + v[d]) & MASK;
    v[b] = rotr(v[b] ^ v[c], 63n);
  };
  for (let round = 0; round < 12; round++) {
    const s = SIGMA[round % 10]!;
    for (let i = 0; i < 4; i++) mix(i, i + 4, i + 8, i + 12, m[s[2 * i]!]!, m[s[2 * i + 1]!]!);
    for (let i = 0; i < 4; i++) mix(i, ((i + 1) % 4) + 4, ((i + 2) % 4) + 8, ((i + 3) % 4) + 12, m[s[8 + 2 * i]!]!, m[s[9 + 2 * i]!]!);
  }
  for (let i = 0; i < 8; i++) h[i]! ^= v[i]! ^ v[i + 8]!;
}
