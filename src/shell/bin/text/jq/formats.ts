/** jq's @formats: a value as text for somewhere else. Pure. */
import type { Json } from '../../../../sim/proc/program.ts';
import { fromBytes, toBytes } from '../../../../sim/proc/text.ts';
import { fail, shown } from './problem.ts';
import { kindOf, text } from './value.ts';

export const asText = (value: Json): string => (typeof value === 'string' ? value : text(value));
const BASE64 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

function base64(bytes: readonly number[]): string {
  let out = '';
  for (let i = 0; i < bytes.length; i += 3) {
    const n = (bytes[i]! << 16) | ((bytes[i + 1] ?? 0) << 8) | (bytes[i + 2] ?? 0);
    for (let k = 0; k < 4; k++) out += i * 8 + k * 6 < bytes.length * 8 ? BASE64[(n >> (18 - 6 * k)) & 63]! : '=';
  }
  return out;
}

function unbase64(given: string): string {
  const bytes: number[] = [];
  let [held, bits] = [0, 0];
  for (const c of given.replace(/=+$/, '')) {
    const n = BASE64.indexOf(c);
    if (n < 0) return fail(`string (${shown(given)}) is not valid base64 data`);
    held = (held << 6) | n;
    bits += 6;
    if (bits < 8) continue;
    bits -= 8;
    bytes.push((held >> bits) & 255);
  }
  return fromBytes(bytes);
}

function row(name: string, value: Json, separator: string, cell: (text: string) => string): string {
  if (!Array.isArray(value)) return fail(`${kindOf(value)} (${shown(value)}) cannot be ${name}-formatted, only an array can be`);
  return value.map((item) => {
    if (item === null) return '';
    if (typeof item === 'string') return cell(item);
    if (typeof item === 'object') return fail(`${kindOf(item as Json)} (${shown(item as Json)}) is not valid in a csv row`);
    return text(item as Json);
  }).join(separator);
}

const HTML: Readonly<Record<string, string>> = { '<': '&lt;', '>': '&gt;', '&': '&amp;', "'": '&#39;', '"': '&quot;' };

export function formatValue(name: string, value: Json): string {
  switch (name) {
    case '@text': return asText(value);
    case '@json': return text(value);
    case '@html': return asText(value).replace(/[<>&'"]/g, (c) => HTML[c]!);
    case '@uri': return toBytes(asText(value)).map((byte) => (/[A-Za-z0-9\-_.~]/.test(String.fromCharCode(byte)) ? String.fromCharCode(byte)
      : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`)).join('');
    case '@csv': return row('csv', value, ',', (cell) => `"${cell.replaceAll('"', '""')}"`);
    case '@tsv': return row('tsv', value, '\t', (cell) => cell.replace(/[\\\t\n\r]/g, (c) => ({ '\\': '\\\\', '\t': '\\t', '\n': '\\n', '\r': '\\r' }[c]!)));
    case '@sh': {
      const quote = (item: Json): string => {
        if (typeof item === 'object' && item !== null) return fail(`${kindOf(item)} (${shown(item)}) can not be escaped for shell`);
        return typeof item === 'string' ? `'${item.replaceAll("'", "'\\''")}'` : text(item);
      };
      return Array.isArray(value) ? value.map((item) => quote(item as Json)).join(' ') : quote(value);
    }
    case '@base64': return base64(toBytes(asText(value)));
    case '@base64d': return unbase64(asText(value));
    default: return fail(`${name.slice(1)} is not a valid format`);
  }
}
