/**
 * A host's clock and disk as the file calls need them: what a file holds, how full the disk is.
 */
import { own } from '../engine/cow.ts';
import { EPOCH_MS, type Us } from '../engine/time.ts';
import { ownInode, type Inode } from '../host/fs.ts';
import type { Host } from '../world.ts';
import type { Kernel } from './kernel.ts';

/** What the host's clock shows, in microseconds since 1970. */
export function hostReal(k: Pick<Kernel, 'world'>, host: Host): Us {
  const { offset, setAt, driftPpm } = host.clock;
  const drift = driftPpm ? Math.round(((k.world.now - setAt) * driftPpm) / 1_000_000) : 0;
  return EPOCH_MS * 1000 + k.world.now + offset + drift;
}

/** What is written of a file; the zeros behind it are counted apart. */
export const storedText = (inode: Inode | null | undefined): string => (inode?.type === 'file' ? inode.data : '');
export const zerosOf = (inode: Inode | null | undefined): number => (inode?.type === 'file' ? inode.zeros ?? 0 : 0);
export const fileLength = (inode: Inode | null | undefined): number => storedText(inode).length + zerosOf(inode);
/** More than this is never made into text whole. */
export const ZEROS_MAX = 1 << 27;
/** Zeros at the end of a text are counted from so many on. */
const ZEROS_MIN = 4096;
/** The whole text of a file; a caller has seen that there are not too many zeros. */
export const fileText = (inode: Inode | null | undefined): string => storedText(inode) + '\0'.repeat(Math.min(ZEROS_MAX, zerosOf(inode)));
/** A part of a file, as read(2) gives it. */
export function filePart(inode: Inode | null | undefined, at: number, max: number): string {
  const stored = storedText(inode);
  const text = stored.slice(at, at + max);
  const left = Math.min(max, ZEROS_MAX) - text.length;
  const zeros = Math.min(left, fileLength(inode) - Math.max(at, stored.length));
  return zeros > 0 ? text + '\0'.repeat(zeros) : text;
}

/**
 * A text as a file keeps it: a long tail of zeros is only counted. `tail`: what was added to it last; a
 * glance at that alone leaves a long log, which is a rope to V8, unflattened at every append.
 */
export function packed(text: string, tail = text): { data: string; zeros: number } {
  if (tail && tail.charCodeAt(tail.length - 1) !== 0) return { data: text, zeros: 0 };
  if (text.length < ZEROS_MIN || text.charCodeAt(text.length - 1) !== 0 || text.charCodeAt(text.length - ZEROS_MIN) !== 0) return { data: text, zeros: 0 };
  let end = text.length;
  while (end > 0 && text.charCodeAt(end - 1) === 0) end--;
  return text.length - end < ZEROS_MIN ? { data: text, zeros: 0 } : { data: text.slice(0, end), zeros: text.length - end };
}

export function setFileText(host: Host, fs: string, ino: number, text: string, mtime: Us, zeros = 0, tail = text): void {
  const inode = ownInode(own(own(host, 'fs'), fs), ino) as Inode & { type: 'file' };
  const kept = zeros ? { data: text, zeros } : packed(text, tail);
  inode.data = kept.data;
  if (kept.zeros) inode.zeros = kept.zeros; else delete inode.zeros;
  inode.mtime = mtime;
}

/** The same for more text, not ending in a zero, behind the whole of what was there. */
export function appendText(host: Host, fs: string, ino: number, before: string, text: string, mtime: Us): void {
  const inode = ownInode(own(own(host, 'fs'), fs), ino) as Inode & { type: 'file' };
  inode.data = before + text;
  delete inode.zeros;
  inode.mtime = mtime;
}

export const diskUsedKb = (host: Host): number => host.disk.ballastKb + Math.ceil(host.disk.writtenBytes / 1024);

/** Takes `bytes` of the disk (or gives some back); false when it is full. */
export function grow(host: Host, bytes: number): boolean {
  if (bytes > 0 && diskUsedKb(host) + bytes / 1024 > host.disk.sizeKb) return false;
  if (bytes) own(host, 'disk').writtenBytes += bytes;
  return true;
}
