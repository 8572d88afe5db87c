/**
 * Links: a small JSON value as text that survives an address bar, with a checksum. It knows nothing of what
 * is in the value. Deflate and base64url; the digest is over the plain text, so that a flipped character
 * is always told as damage.
 */
import { Inflate, deflateSync, strFromU8, strToU8 } from 'fflate';
import { digest } from '../sim/engine/digest.ts';
import type { Json } from '../sim/proc/program.ts';

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
/** A link that would unfold to more than this is no log of a person's work. */
const PLAIN_MAX = 16 * 1024 * 1024;
/** Compressed bytes handed to the decoder at a time: what they can unfold to stays small (at most 1:1032). */
const SLICE = 1024;

export function encodeLink(value: Json): string {
  const text = JSON.stringify(value);
  return `${toBase64Url(deflateSync(strToU8(text), { level: 9 }))}.${digest(text)}`;
}

/** The value, or null when the link is damaged. */
export function decodeLink(link: string): { value: Json } | null {
  const [body, sum, ...rest] = link.split('.');
  const bytes = rest.length || !body || !sum ? null : fromBase64Url(body);
  const plain = bytes && inflate(bytes);
  if (!plain) return null;
  const text = strFromU8(plain);
  if (digest(text) !== sum) return null;
  try { return { value: JSON.parse(text) as Json }; } catch { return null; }
}

function inflate(bytes: Uint8Array): Uint8Array | null {
  const parts: Uint8Array[] = [];
  let length = 0, ended = false;
  const decoder = new Inflate((part, final) => { parts.push(part); length += part.length; ended = final; });
  try {
    for (let at = 0; at < bytes.length; at += SLICE) {
      decoder.push(bytes.subarray(at, at + SLICE), at + SLICE >= bytes.length);
      if (length > PLAIN_MAX) return null;
    }
  } catch { return null; }
  if (!ended) return null;
  const whole = new Uint8Array(length);
  let at = 0;
  for (const part of parts) { whole.set(part, at); at += part.length; }
  return whole;
}

function toBase64Url(bytes: Uint8Array): string {
  let text = '';
  for (let i = 0; i < bytes.length; i += 3) {
    const word = (bytes[i]! << 16) | ((bytes[i + 1] ?? 0) << 8) | (bytes[i + 2] ?? 0);
    const left = Math.min(4, bytes.length - i + 1);
    for (let k = 0; k < left; k++) text += ALPHABET[(word >> (18 - 6 * k)) & 63]!;
  }
  return text;
}

function fromBase64Url(text: string): Uint8Array | null {
  if (!/^[\w-]+$/.test(text) || text.length % 4 === 1) return null;
  const bytes = new Uint8Array(Math.floor((text.length * 3) / 4));
  let word = 0, bits = 0, at = 0;
  for (const c of text) {
    word = ((word << 6) | ALPHABET.indexOf(c)) & 0xffffff;
    bits += 6;
    if (bits >= 8) { bits -= 8; bytes[at++] = (word >> bits) & 255; }
  }
  return bytes;
}
