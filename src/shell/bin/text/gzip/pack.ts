/** Packing bytes as one gzip member (RFC 1952): the header by hand, so that nothing in it comes from a clock. Pure. */
import { deflateSync } from 'fflate';
import { crc32 } from './gunzip.ts';

export interface Packing { readonly level: number; readonly name: string | null; readonly mtimeSeconds: number }

type Level = 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9;
const little = (n: number): number[] => [n & 255, (n >>> 8) & 255, (n >>> 16) & 255, (n >>> 24) & 255];

export function gzip(bytes: readonly number[], { level, name, mtimeSeconds }: Packing): number[] {
  const packed = deflateSync(Uint8Array.from(bytes), { level: level as Level });
  const effort = level === 9 ? 2 : level === 1 ? 4 : 0;
  const header = [0x1f, 0x8b, 8, name === null ? 0 : 8, ...little(mtimeSeconds), effort, 3];
  const named = name === null ? [] : [...name].map((c) => c.charCodeAt(0) & 255).concat(0);
  return header.concat(named, Array.from(packed), little(crc32(bytes)), little(bytes.length));
}
