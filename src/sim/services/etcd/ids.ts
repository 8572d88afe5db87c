/**
 * How etcd names members, clusters and requests: the first eight bytes of SHA-1 sums (member.go and
 * cluster.go of 3.3), and numbers that are unique to a member. Ids are 16 hexadecimal digits.
 */
import { toBytes } from '../../proc/text.ts';

const rotate = (word: number, by: number): number => (word << by) | (word >>> (32 - by));

/** SHA-1 (FIPS 180-4) of bytes, in hexadecimal. */
export function sha1(bytes: readonly number[]): string {
  const message = [...bytes, 0x80];
  while (message.length % 64 !== 56) message.push(0);
  const bits = bytes.length * 8;
  for (let shift = 56; shift >= 0; shift -= 8) message.push(shift >= 32 ? Math.floor(bits / 2 ** shift) & 255 : (bits >>> shift) & 255);
  const h = [0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0];
  for (let at = 0; at < message.length; at += 64) round(h, message, at);
  return h.map((word) => (word >>> 0).toString(16).padStart(8, '0')).join('');
}

function round(h: number[], message: readonly number[], at: number): void {
  const w: number[] = [];
  for (let i = 0; i < 16; i++) w.push((message[at + 4 * i]! << 24) | (message[at + 4 * i + 1]! << 16) | (message[at + 4 * i + 2]! << 8) | message[at + 4 * i + 3]!);
  for (let i = 16; i < 80; i++) w.push(rotate(w[i - 3]! ^ w[i - 8]! ^ w[i - 14]! ^ w[i - 16]!, 1));
  let [a, b, c, d, e] = h as [number, number, number, number, number];
  for (let i = 0; i < 80; i++) {
    const [f, k] = i < 20 ? [(b & c) | (~b & d), 0x5a827999] : i < 40 ? [b ^ c ^ d, 0x6ed9eba1]
      : i < 60 ? [(b & c) | (b & d) | (c & d), 0x8f1bbcdc] : [b ^ c ^ d, 0xca62c1d6];
    const next = (rotate(a, 5) + f + e + k + w[i]!) | 0;
    [e, d, c, b, a] = [d, c, rotate(b, 30), a, next];
  }
  [a, b, c, d, e].forEach((word, i) => { h[i] = (h[i]! + word) | 0; });
}

/** A member's id: of its peer URLs and the cluster's token; of one added later, of the time (seconds) too. */
export const memberId = (peerUrls: readonly string[], token: string, atSeconds?: number): string =>
  sha1(toBytes([...peerUrls].sort().join('') + token + (atSeconds === undefined ? '' : String(atSeconds)))).slice(0, 16);

/** A cluster's id: of its first members' ids, sorted, as big-endian bytes. */
export const clusterId = (members: readonly string[]): string =>
  sha1([...members].sort().flatMap((id) => (id.match(/../g) ?? []).map((byte) => parseInt(byte, 16)))).slice(0, 16);

/** An id as the number that JSON and protobuf show. */
export const decimal = (id: string): string => BigInt(`0x${id || '0'}`).toString();

/** The `n`th request of a member that started at `startedMs`: its low 16 bits, then time and count. */
export const requestId = (member: string, startedMs: number, n: number): string =>
  member.slice(12) + (((startedMs % 2 ** 40) * 256 + n) % 2 ** 48).toString(16).padStart(12, '0');

/** As a lease's id: positive in 64 bits. */
export const leaseId = (request: string): string => (parseInt(request[0]!, 16) & 7).toString(16) + request.slice(1);
