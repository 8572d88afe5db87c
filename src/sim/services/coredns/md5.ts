/** MD5 (RFC 1321) of a text's UTF-8 bytes, in hexadecimal: CoreDNS names a configuration by it. */
import { toBytes } from '../../proc/text.ts';

const SHIFTS = [[7, 12, 17, 22], [5, 9, 14, 20], [4, 11, 16, 23], [6, 10, 15, 21]];
const SINES = Array.from({ length: 64 }, (_, i) => Math.floor(Math.abs(Math.sin(i + 1)) * 2 ** 32) >>> 0);

export function md5(text: string): string {
  const bytes = toBytes(text);
  const bits = bytes.length * 8;
  bytes.push(0x80);
  while (bytes.length % 64 !== 56) bytes.push(0);
  for (let i = 0; i < 8; i++) bytes.push(Math.floor(bits / 2 ** (8 * i)) & 255);
  const state = [0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476];
  for (let at = 0; at < bytes.length; at += 64) block(state, bytes, at);
  return state.map((word) => [0, 8, 16, 24].map((shift) => ((word >>> shift) & 255).toString(16).padStart(2, '0')).join('')).join('');
}

function block(state: number[], bytes: readonly number[], at: number): void {
  const words = Array.from({ length: 16 }, (_, i) => bytes[at + 4 * i]! | (bytes[at + 4 * i + 1]! << 8) | (bytes[at + 4 * i + 2]! << 16) | (bytes[at + 4 * i + 3]! << 24));
  let [a, b, c, d] = state as [number, number, number, number];
  for (let i = 0; i < 64; i++) {
    const turn = i >> 4;
    const f = turn === 0 ? (b & c) | (~b & d) : turn === 1 ? (d & b) | (~d & c) : turn === 2 ? b ^ c ^ d : c ^ (b | ~d);
    const g = turn === 0 ? i : turn === 1 ? (5 * i + 1) % 16 : turn === 2 ? (3 * i + 5) % 16 : (7 * i) % 16;
    const sum = (a + f + SINES[i]! + words[g]!) | 0;
    const shift = SHIFTS[turn]![i % 4]!;
    [a, d, c, b] = [d, c, b, (b + ((sum << shift) | (sum >>> (32 - shift)))) | 0];
  }
  [a, b, c, d].forEach((word, i) => { state[i] = (state[i]! + word) | 0; });
}
