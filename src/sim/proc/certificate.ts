/**
 * Certificates and keys as files: PEM armour around JSON, so that a secret can be copied, spoiled or
 * exchanged by hand like any file. It checks nothing (proc/http.ts does).
 */
import type { Certificate } from './http.ts';
import { fromBytes, toBytes } from './text.ts';

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

export function base64(text: string): string {
  const bytes = toBytes(text);
  let out = '';
  for (let i = 0; i < bytes.length; i += 3) {
    const word = (bytes[i]! << 16) | ((bytes[i + 1] ?? 0) << 8) | (bytes[i + 2] ?? 0);
    out += ALPHABET[word >> 18]! + ALPHABET[(word >> 12) & 63]!
      + (i + 1 < bytes.length ? ALPHABET[(word >> 6) & 63]! : '=') + (i + 2 < bytes.length ? ALPHABET[word & 63]! : '=');
  }
  return out;
}

/** null when it is no base64. */
export function unbase64(text: string): string | null {
  const clean = text.replace(/\s/g, '');
  if (clean.length % 4 || !/^[A-Za-z0-9+/]*={0,2}$/.test(clean)) return null;
  const bytes: number[] = [];
  for (let i = 0; i < clean.length; i += 4) {
    const [a, b, c, d] = [0, 1, 2, 3].map((k) => ALPHABET.indexOf(clean[i + k]!)) as [number, number, number, number];
    bytes.push((a << 2) | (b >> 4));
    if (c >= 0) bytes.push(((b & 15) << 4) | (c >> 2));
    if (d >= 0) bytes.push(((c & 3) << 6) | d);
  }
  return fromBytes(bytes);
}

export const pem = (cert: Certificate): string =>
  `-----BEGIN CERTIFICATE-----\n${base64(JSON.stringify(cert)).replace(/.{64}/g, '$&\n').replace(/\n$/, '')}\n-----END CERTIFICATE-----\n`;

/** What a PEM text armours, by the text: each kubectl reads the same two. */
const armoured = new Map<string, string | null>();
const ARMOURED_MAX = 500;

function disarm(text: string): string | null {
  let json = armoured.get(text);
  if (json === undefined) {
    const m = /-----BEGIN CERTIFICATE-----\n([\s\S]*?)-----END CERTIFICATE-----/.exec(text);
    json = m && unbase64(m[1]!);
    if (armoured.size >= ARMOURED_MAX) armoured.clear();
    armoured.set(text, json);
  }
  return json;
}

/** The certificate in a PEM file, or null when it is none. */
export function parsePem(text: string): Certificate | null {
  const json = disarm(text);
  if (!json) return null;
  try { return JSON.parse(json) as Certificate; } catch { return null; }
}
