/**
 * Bytes inside text. All data of files, pipes and terminals is a Unicode string; a byte that is not part
 * of valid UTF-8 stands as a lone surrogate U+DC80..U+DCFF, as Python's surrogateescape does, so that
 * binary files pass through every program unharmed. Ordinary programs need not care.
 */

const ASCII = /^[\x00-\x7f]*$/;

/** How many bytes the text has in UTF-8. */
export function byteLength(text: string): number {
  if (ASCII.test(text)) return text.length;
  let n = 0;
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (c < 0x80 || (c >= 0xdc80 && c <= 0xdcff)) n += 1;
    else if (c < 0x800) n += 2;
    else if (c >= 0xd800 && c <= 0xdbff && isLow(text.charCodeAt(i + 1))) { n += 4; i++; } else n += 3;
  }
  return n;
}

const isLow = (c: number): boolean => c >= 0xdc00 && c <= 0xdfff;

/** The bytes, each 0..255. */
export function toBytes(text: string): number[] {
  const out: number[] = [];
  for (let i = 0; i < text.length; i++) {
    let c = text.charCodeAt(i);
    if (c < 0x80) { out.push(c); continue; }
    if (c >= 0xd800 && c <= 0xdbff && isLow(text.charCodeAt(i + 1))) {
      c = 0x10000 + ((c - 0xd800) << 10) + (text.charCodeAt(++i) - 0xdc00);
      out.push(0xf0 | (c >> 18), 0x80 | ((c >> 12) & 63), 0x80 | ((c >> 6) & 63), 0x80 | (c & 63));
    } else if (c >= 0xdc80 && c <= 0xdcff) out.push(c - 0xdc00);
    else if (c < 0x800) out.push(0xc0 | (c >> 6), 0x80 | (c & 63));
    else out.push(0xe0 | (c >> 12), 0x80 | ((c >> 6) & 63), 0x80 | (c & 63));
  }
  return out;
}

/** The text of bytes; what is no UTF-8 becomes lone surrogates. */
export function fromBytes(bytes: ArrayLike<number>): string {
  let out = '';
  for (let i = 0; i < bytes.length;) {
    const b = bytes[i]!;
    const length = b < 0x80 ? 1 : b >= 0xc2 && b < 0xe0 ? 2 : b >= 0xe0 && b < 0xf0 ? 3 : b >= 0xf0 && b < 0xf5 ? 4 : 0;
    let code = length === 1 ? b : b & (0xff >> (length + 1));
    let good = length > 0 && i + length <= bytes.length;
    for (let k = 1; good && k < length; k++) {
      const next = bytes[i + k]!;
      good = (next & 0xc0) === 0x80;
      code = (code << 6) | (next & 63);
    }
    if (good && length === 3) good = code >= 0x800 && !(code >= 0xd800 && code <= 0xdfff);
    if (good && length === 4) good = code >= 0x10000 && code <= 0x10ffff;
    if (good) { out += String.fromCodePoint(code); i += length; } else { out += String.fromCharCode(0xdc00 + b); i++; }
  }
  return out;
}

/** How many bytes a file's text stands for: the head of a program (host/fs.ts) names its size. */
export function contentLength(text: string): number {
  const program = /^\x7fELF \S+ (\d+)\n/.exec(text);
  return program ? Number(program[1]) : byteLength(text);
}
