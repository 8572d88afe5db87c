/** Tape archives (POSIX ustar) in memory: packing and unpacking, as text whose bytes are those of the archive. Pure. */
import { byteLength, fromBytes, toBytes } from '../../../sim/proc/text.ts';

export interface Member { path: string; mode: number; mtimeSeconds: number; content: string | null /* null: a folder */; link?: string }

const BLOCK = 512;
const octal = (n: number, width: number): string => `${n.toString(8).padStart(width - 1, '0')}\0`;
const field = (text: string, width: number): string => text.slice(0, width).padEnd(width, '\0');

function header(member: Member, size: number): string {
  const long = byteLength(member.path) > 100;
  const cut = long ? member.path.lastIndexOf('/', 155) : -1;
  const [prefix, name] = cut > 0 ? [member.path.slice(0, cut), member.path.slice(cut + 1)] : ['', member.path];
  const type = member.link !== undefined ? '2' : member.content === null ? '5' : '0';
  const build = (sum: string): string => field(name, 100) + octal(member.mode, 8) + octal(0, 8) + octal(0, 8) + octal(size, 12) + octal(member.mtimeSeconds, 12) + sum
    + type + field(member.link ?? '', 100) + 'ustar\x0000' + field('', 32) + field('', 32) + octal(0, 8) + octal(0, 8) + field(prefix, 155) + field('', 12);
  const total = toBytes(build(' '.repeat(8))).reduce((a, b) => a + b, 0);
  return build(`${total.toString(8).padStart(6, '0')}\0 `);
}

export function pack(members: readonly Member[]): string {
  let out = '';
  for (const member of members) {
    const size = member.content === null || member.link !== undefined ? 0 : byteLength(member.content);
    out += header(member, size) + (size ? member.content + '\0'.repeat((BLOCK - (size % BLOCK)) % BLOCK) : '');
  }
  return `${out}${'\0'.repeat(2 * BLOCK)}`;
}

/** The members, or null when it is no archive. */
export function unpack(text: string): Member[] | null {
  const bytes = toBytes(text);
  const out: Member[] = [];
  const string = (at: number, width: number): string => {
    const part = bytes.slice(at, at + width);
    const end = part.indexOf(0);
    return fromBytes(end < 0 ? part : part.slice(0, end));
  };
  const number = (at: number, width: number): number => parseInt(string(at, width).trim() || '0', 8);
  for (let at = 0; at + BLOCK <= bytes.length;) {
    if (bytes.slice(at, at + BLOCK).every((byte) => byte === 0)) return out;
    if (string(at + 257, 5) !== 'ustar') return null;
    const size = number(at + 124, 12);
    const type = string(at + 156, 1);
    const prefix = string(at + 345, 155);
    const content = type === '5' ? null : fromBytes(bytes.slice(at + BLOCK, at + BLOCK + size));
    out.push({ path: (prefix ? `${prefix}/` : '') + string(at, 100), mode: number(at + 100, 8), mtimeSeconds: number(at + 136, 12), content, ...(type === '2' ? { link: string(at + 157, 100) } : {}) });
    at += BLOCK + Math.ceil(size / BLOCK) * BLOCK;
  }
  return out;
}
