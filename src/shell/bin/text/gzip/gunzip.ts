/** Unpacking gzip members (RFC 1952) and DEFLATE streams (RFC 1951), all three kinds of blocks. Pure functions. */

export type Unpacked = { readonly ok: true; readonly bytes: number[]; readonly name: string | null; readonly mtime: number }
  | { readonly ok: false; readonly message: string };

/** As text, a gzip file begins with byte 1f and the lone byte 8b. */
export const isGzip = (text: string): boolean => text.startsWith('\x1f\udc8b');

class BadData extends Error {}

class Bits {
  private held = 0;
  private count = 0;

  constructor(private readonly bytes: ArrayLike<number>, public at: number) {}

  take(n: number): number {
    while (this.count < n) {
      if (this.at >= this.bytes.length) throw new BadData('unexpected end of file');
      this.held |= this.bytes[this.at++]! << this.count;
      this.count += 8;
    }
    const value = this.held & ((1 << n) - 1);
    this.held >>>= n;
    this.count -= n;
    return value;
  }

  align(): void {
    this.at -= this.count >> 3;
    this.held = 0;
    this.count = 0;
  }
}

/** A canonical Huffman code: how many codes of each length, and the symbols in order. */
interface Code { readonly counts: Uint16Array; readonly symbols: Uint16Array }

function codeOf(lengths: readonly number[]): Code {
  const counts = new Uint16Array(16);
  for (const length of lengths) counts[length]!++;
  counts[0] = 0;
  const offsets = new Uint16Array(16);
  for (let i = 1; i < 16; i++) offsets[i] = offsets[i - 1]! + counts[i - 1]!;
  const symbols = new Uint16Array(lengths.length);
  lengths.forEach((length, symbol) => { if (length) symbols[offsets[length]!++] = symbol; });
  return { counts, symbols };
}

function symbolOf(bits: Bits, code: Code): number {
  let value = 0;
  let first = 0;
  let index = 0;
  for (let length = 1; length < 16; length++) {
    value |= bits.take(1);
    const count = code.counts[length]!;
    if (value - count < first) return code.symbols[index + (value - first)]!;
    index += count;
    first = (first + count) << 1;
    value <<= 1;
  }
  throw new BadData('invalid compressed data--format violated');
}

export const LENGTH_BASE = [3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258];
export const LENGTH_EXTRA = [0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0];
export const DISTANCE_BASE = [1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1025, 1537, 2049, 3073, 4097, 6145,
  8193, 12289, 16385, 24577];
export const DISTANCE_EXTRA = [0, 0, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13, 13];
const CODE_ORDER = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];

const FIXED = {
  literals: codeOf(Array.from({ length: 288 }, (_, i) => (i < 144 ? 8 : i < 256 ? 9 : i < 280 ? 7 : 8))),
  distances: codeOf(new Array<number>(30).fill(5)),
};

function dynamicCodes(bits: Bits): { literals: Code; distances: Code } {
  const [literals, distances, lengths] = [bits.take(5) + 257, bits.take(5) + 1, bits.take(4) + 4];
  const own = new Array<number>(19).fill(0);
  for (let i = 0; i < lengths; i++) own[CODE_ORDER[i]!] = bits.take(3);
  const code = codeOf(own);
  const all: number[] = [];
  while (all.length < literals + distances) {
    const symbol = symbolOf(bits, code);
    if (symbol < 16) { all.push(symbol); continue; }
    const [value, count] = symbol === 16 ? [all.at(-1) ?? 0, 3 + bits.take(2)] : symbol === 17 ? [0, 3 + bits.take(3)] : [0, 11 + bits.take(7)];
    for (let i = 0; i < count; i++) all.push(value);
  }
  return { literals: codeOf(all.slice(0, literals)), distances: codeOf(all.slice(literals, literals + distances)) };
}

function inflateBlock(bits: Bits, out: number[], codes: { literals: Code; distances: Code }): void {
  for (;;) {
    const symbol = symbolOf(bits, codes.literals);
    if (symbol === 256) return;
    if (symbol < 256) { out.push(symbol); continue; }
    const length = LENGTH_BASE[symbol - 257]! + bits.take(LENGTH_EXTRA[symbol - 257]!);
    const slot = symbolOf(bits, codes.distances);
    const distance = DISTANCE_BASE[slot]! + bits.take(DISTANCE_EXTRA[slot]!);
    if (!(distance <= out.length)) throw new BadData('invalid compressed data--format violated');
    for (let i = 0; i < length; i++) out.push(out[out.length - distance]!);
  }
}

function inflate(bits: Bits): number[] {
  const out: number[] = [];
  for (let last = 0; !last;) {
    last = bits.take(1);
    const kind = bits.take(2);
    if (kind === 0) {
      bits.align();
      const length = bits.take(8) | (bits.take(8) << 8);
      bits.take(16);
      for (let i = 0; i < length; i++) out.push(bits.take(8));
    } else if (kind === 3) throw new BadData('invalid compressed data--format violated');
    else inflateBlock(bits, out, kind === 1 ? FIXED : dynamicCodes(bits));
  }
  return out;
}

const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, n) => {
  let c = n;
  for (let k = 0; k < 8; k++) c = c & 1 ? 0xedb88320 ^ (c >>> 1) : c >>> 1;
  return c >>> 0;
});

export function crc32(bytes: ArrayLike<number>): number {
  let crc = 0xffffffff;
  for (let i = 0; i < bytes.length; i++) crc = CRC_TABLE[(crc ^ bytes[i]!) & 255]! ^ (crc >>> 8);
  return (crc ^ 0xffffffff) >>> 0;
}

const uint32 = (bits: Bits): number => (bits.take(8) | (bits.take(8) << 8) | (bits.take(8) << 16) | (bits.take(8) << 24)) >>> 0;

/** All members of a gzip file, one after the other. */
export function gunzip(bytes: ArrayLike<number>): Unpacked {
  const out: number[] = [];
  let name: string | null = null;
  let mtime = 0;
  try {
    const bits = new Bits(bytes, 0);
    while (bits.at < bytes.length) {
      if (bits.take(8) !== 0x1f || bits.take(8) !== 0x8b) {
        if (out.length) break;
        return { ok: false, message: 'not in gzip format' };
      }
      if (bits.take(8) !== 8) return { ok: false, message: 'unknown method -- not supported' };
      const flags = bits.take(8);
      mtime = uint32(bits);
      bits.take(16);
      if (flags & 4) for (let left = bits.take(16); left > 0; left--) bits.take(8);
      const text = (): string => { let s = ''; for (let c = bits.take(8); c; c = bits.take(8)) s += String.fromCharCode(c); return s; };
      if (flags & 8) name = text();
      if (flags & 16) text();
      if (flags & 2) bits.take(16);
      const member = inflate(bits);
      bits.align();
      if (uint32(bits) !== crc32(member)) return { ok: false, message: 'invalid compressed data--crc error' };
      if (uint32(bits) !== member.length >>> 0) return { ok: false, message: 'invalid compressed data--length error' };
      for (const byte of member) out.push(byte);
    }
  } catch (error) {
    if (error instanceof BadData) return { ok: false, message: error.message };
    throw error;
  }
  return { ok: true, bytes: out, name, mtime };
}
