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

export const fileText = (inode: Inode | null | undefined): string => (inode?.type === 'file' ? inode.data : '');

export function setFileText(host: Host, fs: string, ino: number, text: string, mtime: Us): void {
  const inode = ownInode(own(own(host, 'fs'), fs), ino) as Inode & { type: 'file' };
  inode.data = text;
  inode.mtime = mtime;
}

export const diskUsedKb = (host: Host): number => host.disk.ballastKb + Math.ceil(host.disk.writtenBytes / 1024);

/** Takes `bytes` of the disk (or gives some back); false when it is full. */
export function grow(host: Host, bytes: number): boolean {
  if (bytes > 0 && diskUsedKb(host) + bytes / 1024 > host.disk.sizeKb) return false;
  if (bytes) own(host, 'disk').writtenBytes += bytes;
  return true;
}
