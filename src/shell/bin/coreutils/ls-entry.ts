/**
 * One name in a listing: its colour, its classifying sign, its long line. It knows nothing of directories,
 * sorting or columns.
 */
import type { Stat } from '../../../sim/proc/syscalls.ts';
import { type Accounts, groupName, userName } from './accounts.ts';
import type { BlockSize } from './human.ts';
import { inBlocks } from './human.ts';
import { modeString } from './mode.ts';
import { strftime, momentOf } from './clock/strftime.ts';
import type { Zone } from './clock/zone.ts';
import { displayWidth } from './width.ts';

export interface Entry {
  /** As shown, before colour. */
  readonly name: string;
  /** How to reach it. */
  readonly path: string;
  readonly stat: Stat | null;
  /** What a symbolic link leads to, as far as it was asked for; null: nowhere. */
  readonly beyond?: Stat | null;
}

/** ls's own colours, where LS_COLORS says nothing else. */
const DEFAULT_COLORS: Readonly<Record<string, string>> = {
  no: '0', fi: '0', rs: '0', di: '01;34', ln: '01;36', pi: '33', so: '01;35', bd: '01;33', cd: '01;33', ex: '01;32', su: '37;41',
  sg: '30;43', st: '37;44', ow: '34;42', tw: '30;42', mi: '', or: '',
};

export interface Palette { readonly kinds: Readonly<Record<string, string>>; readonly suffixes: readonly (readonly [string, string])[] }

export function readPalette(lsColors: string | undefined): Palette {
  const kinds: Record<string, string> = { ...DEFAULT_COLORS };
  const suffixes: [string, string][] = [];
  for (const item of (lsColors ?? '').split(':')) {
    const [key, color] = item.split('=');
    if (!key || color === undefined) continue;
    if (key.startsWith('*')) suffixes.push([key.slice(1), color]);
    else kinds[key] = color;
  }
  return { kinds, suffixes };
}

/** The colour of a file, or '' for none. */
export function colorOf(palette: Palette, name: string, stat: Stat | null, broken = false): string {
  const { kinds } = palette;
  const some = (...keys: string[]): string => {
    for (const key of keys) if (kinds[key] && kinds[key] !== '0' && kinds[key] !== '00') return kinds[key];
    return '';
  };
  if (!stat) return some('mi');
  switch (stat.type) {
    case 'dir':
      if ((stat.mode & 0o1002) === 0o1002) return some('tw', 'di');
      if (stat.mode & 0o002) return some('ow', 'di');
      return stat.mode & 0o1000 ? some('st', 'di') : some('di');
    case 'symlink': return broken ? some('or', 'ln') : some('ln');
    case 'fifo': return some('pi');
    case 'socket': return some('so');
    case 'block': return some('bd');
    case 'char': return some('cd');
    default: break;
  }
  if (stat.mode & 0o4000) return some('su');
  if (stat.mode & 0o2000) return some('sg');
  if (stat.mode & 0o111) return some('ex');
  return palette.suffixes.findLast(([suffix]) => name.endsWith(suffix))?.[1] ?? some('fi');
}

export type Classify = 'none' | 'slash' | 'file-type' | 'classify';

export function signOf(stat: Stat | null, how: Classify): string {
  if (!stat || how === 'none') return '';
  if (stat.type === 'dir') return '/';
  if (how === 'slash') return '';
  if (stat.type === 'symlink') return '@';
  if (stat.type === 'fifo') return '|';
  if (stat.type === 'socket') return '=';
  return how === 'classify' && stat.type === 'file' && stat.mode & 0o111 ? '*' : '';
}

/** Blocks on disk: whole blocks of 4 KiB, none for a short link or a device. */
export function blocksOf(stat: Stat): number {
  if (stat.type === 'file' || stat.type === 'dir') return Math.ceil(stat.size / 4_096) * 4_096;
  return stat.type === 'symlink' && stat.size >= 60 ? 4_096 : 0;
}

export interface LongStyle {
  readonly accounts: Accounts; readonly numeric: boolean; readonly owner: boolean; readonly group: boolean; readonly author: boolean;
  readonly size: BlockSize; readonly zone: Zone; readonly nowUs: number; readonly timeStyle: TimeStyle;
}
export interface TimeStyle { readonly recent: string; readonly old: string }

export const TIME_STYLES: Readonly<Record<string, TimeStyle>> = {
  'full-iso': { recent: '%Y-%m-%d %H:%M:%S.%N %z', old: '%Y-%m-%d %H:%M:%S.%N %z' },
  'long-iso': { recent: '%Y-%m-%d %H:%M', old: '%Y-%m-%d %H:%M' },
  iso: { recent: '%m-%d %H:%M', old: '%Y-%m-%d ' },
  locale: { recent: '%b %e %H:%M', old: '%b %e  %Y' },
};

/** Half of an average Gregorian year: older than that, or in the future, shows the year. */
const RECENT_US = (31_556_952 / 2) * 1_000_000;

/** The cells of a long line before its name; the numbers of columns are equal for all entries. */
export function longCells(stat: Stat, style: LongStyle): string[] {
  const who = (id: number, name: string | undefined): string => (style.numeric ? String(id) : name ?? String(id));
  const user = who(stat.uid, userName(style.accounts, stat.uid));
  const recent = stat.mtime > style.nowUs - RECENT_US && stat.mtime <= style.nowUs;
  return [
    modeString(stat), String(stat.nlink),
    ...(style.owner ? [user] : []),
    ...(style.group ? [who(stat.gid, groupName(style.accounts, stat.gid))] : []),
    ...(style.author ? [user] : []),
    stat.rdev ? `${String(stat.rdev[0]).padStart(1)}, ${String(stat.rdev[1]).padStart(3)}` : inBlocks(stat.size, style.size),
    strftime(recent ? style.timeStyle.recent : style.timeStyle.old, momentOf(stat.mtime), style.zone),
  ];
}

/** Lines of cells in columns: link counts and sizes to the right, names to the left. */
export function alignCells(rows: readonly (readonly string[])[]): string[] {
  const last = (rows[0]?.length ?? 0) - 1;
  const widths = Array.from({ length: last + 1 }, (_, i) => Math.max(...rows.map((row) => displayWidth(row[i]!))));
  const toRight = (i: number): boolean => i === 1 || i === last - 1;
  return rows.map((row) => row.map((cell, i) => {
    const space = ' '.repeat(widths[i]! - displayWidth(cell));
    return toRight(i) ? space + cell : cell + space;
  }).join(' '));
}
