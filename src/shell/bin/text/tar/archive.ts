/** Tape archives as GNU tar writes them: headers, long names, records of 10 KiB; and reading those and POSIX's. Pure. */
import { fromBytes, toBytes } from '../../../../sim/proc/text.ts';

export type MemberType = 'file' | 'dir' | 'symlink' | 'hardlink' | 'char' | 'block' | 'fifo';

export interface Member {
  /** As in the archive: a directory ends in a slash. */
  readonly name: string; readonly type: MemberType; readonly mode: number; readonly uid: number; readonly gid: number;
  readonly owner: string; readonly group: string; readonly mtimeSeconds: number; readonly link: string; readonly content: readonly number[];
  readonly rdev: readonly [number, number];
}

const BLOCK = 512;
export const RECORD = 20 * BLOCK;
const LETTERS: Readonly<Record<MemberType, string>> = { file: '0', hardlink: '1', symlink: '2', char: '3', block: '4', dir: '5', fifo: '6' };
const TYPES: Readonly<Record<string, MemberType>> = {
  '0': 'file', '\0': 'file', '': 'file', '7': 'file', '1': 'hardlink', '2': 'symlink', '3': 'char', '4': 'block', '5': 'dir', '6': 'fifo',
};

const padded = (size: number): number => Math.ceil(size / BLOCK) * BLOCK;

class Header {
  readonly bytes = new Array<number>(BLOCK).fill(0);
  text(at: number, width: number, text: readonly number[]): void {
    for (let i = 0; i < Math.min(width, text.length); i++) this.bytes[at + i] = text[i]!;
  }
  octal(at: number, width: number, n: number): void {
    this.text(at, width, toBytes(n.toString(8).padStart(width - 1, '0')));
  }
  sealed(): number[] {
    this.text(148, 8, toBytes(' '.repeat(8)));
    const sum = this.bytes.reduce((a, b) => a + b, 0);
    this.text(148, 8, toBytes(`${sum.toString(8).padStart(6, '0')}\0 `));
    return this.bytes;
  }
}

function header(name: readonly number[], letter: string, member: Pick<Member, 'mode' | 'uid' | 'gid' | 'mtimeSeconds' | 'owner' | 'group' | 'rdev'>, size: number,
  link: readonly number[]): number[] {
  const it = new Header();
  it.text(0, 100, name);
  it.octal(100, 8, member.mode & 0o7777);
  it.octal(108, 8, member.uid);
  it.octal(116, 8, member.gid);
  it.octal(124, 12, size);
  it.octal(136, 12, Math.max(0, member.mtimeSeconds));
  it.text(156, 1, toBytes(letter));
  it.text(157, 100, link);
  it.text(257, 8, toBytes('ustar  \0'));
  it.text(265, 31, toBytes(member.owner));
  it.text(297, 31, toBytes(member.group));
  if (letter === '3' || letter === '4') {
    it.octal(329, 8, member.rdev[0]);
    it.octal(337, 8, member.rdev[1]);
  }
  return it.sealed();
}

const LONG = { mode: 0o644, uid: 0, gid: 0, mtimeSeconds: 0, owner: 'root', group: 'root', rdev: [0, 0] } as const;

/** The blocks of one member. */
export function packMember(member: Member): number[] {
  const out: number[][] = [];
  const name = toBytes(member.name);
  const link = toBytes(member.link);
  for (const [letter, text] of [['K', link], ['L', name]] as const) {
    if (text.length <= 100 - (letter === 'L' ? 0 : 0)) continue;
    const whole = [...text, 0];
    out.push(header(toBytes('././@LongLink'), letter, LONG, whole.length, []), whole, new Array<number>(padded(whole.length) - whole.length).fill(0));
  }
  const size = member.type === 'file' ? member.content.length : 0;
  out.push(header(name.slice(0, 100), LETTERS[member.type], member, size, link.slice(0, 100)));
  if (size) out.push(member.content as number[], new Array<number>(padded(size) - size).fill(0));
  return ([] as number[]).concat(...out);
}

/** Two empty blocks, and as many as fill the last record. */
export function ending(size: number): number[] {
  const total = Math.ceil((size + 2 * BLOCK) / RECORD) * RECORD;
  return new Array<number>(total - size).fill(0);
}

export type Unpacked = { readonly members: Member[]; /** Where the members end. */ readonly end: number; readonly problem: null | 'no archive' | 'cut short' };

export function unpackMembers(bytes: readonly number[]): Unpacked {
  const members: Member[] = [];
  const string = (at: number, width: number): string => {
    const part = bytes.slice(at, at + width);
    const end = part.indexOf(0);
    return fromBytes(end < 0 ? part : part.slice(0, end));
  };
  const number = (at: number, width: number): number => parseInt(string(at, width).trim() || '0', 8);
  let long: { name: string | null; link: string | null } = { name: null, link: null };
  let at = 0;
  while (at + BLOCK <= bytes.length) {
    let sum = 8 * 32;
    for (let i = 0; i < BLOCK; i++) if (i < 148 || i >= 156) sum += bytes[at + i]!;
    if (sum === 256) return { members, end: at, problem: null };
    if (sum !== number(at + 148, 8)) return { members, end: at, problem: 'no archive' };
    const size = number(at + 124, 12);
    const letter = string(at + 156, 1);
    const content = bytes.slice(at + BLOCK, at + BLOCK + size);
    const next = at + BLOCK + padded(size);
    if (letter === 'L' || letter === 'K') {
      long = { ...long, [letter === 'L' ? 'name' : 'link']: fromBytes(content).replace(/\0[^]*$/, '') };
    } else if (letter !== 'x' && letter !== 'g') {
      const posix = string(at + 257, 8) === 'ustar' && bytes[at + 262] === 0;
      const prefix = posix ? string(at + 345, 155) : '';
      const type = TYPES[letter] ?? 'file';
      const name = long.name ?? (prefix ? `${prefix}/` : '') + string(at, 100);
      members.push({
        name: type === 'dir' && !name.endsWith('/') ? `${name}/` : name, type: type === 'file' && name.endsWith('/') ? 'dir' : type,
        mode: number(at + 100, 8) & 0o7777, uid: number(at + 108, 8), gid: number(at + 116, 8), owner: string(at + 265, 32), group: string(at + 297, 32),
        mtimeSeconds: number(at + 136, 12), link: long.link ?? string(at + 157, 100), content: type === 'file' ? content : [],
        rdev: [number(at + 329, 8) || 0, number(at + 337, 8) || 0],
      });
      long = { name: null, link: null };
    }
    if (next > bytes.length && size > 0) return { members, end: at, problem: 'cut short' };
    at = next;
  }
  return { members, end: at, problem: bytes.length === 0 || at > 0 ? null : 'no archive' };
}
