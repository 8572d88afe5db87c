/** Who may run and who waits for what: the ready list and the lists of waiters. Linux's wait queues. */
import { own } from '../engine/cow.ts';
import { cancel } from '../engine/queue.ts';
import type { Host, Proc } from '../world.ts';
import type { Kernel } from './kernel.ts';

/** Puts a process into the ready list, once. */
export function ready(k: Kernel, host: Host, proc: Proc): void {
  if (proc.queued || proc.exit) return;
  proc.queued = true;
  own(k.world, 'ready').push([host.name, proc.pid]);
}

/** Takes a process off the lists that could wake it. */
export function unblock(k: Kernel, host: Host, proc: Proc): void {
  if (!proc.waiting) return;
  for (const key of proc.waiting.keys) {
    const list = host.waiters[key];
    if (!list) continue;
    const rest = list.filter((pid) => pid !== proc.pid);
    if (rest.length) own(host, 'waiters')[key] = rest; else delete own(host, 'waiters')[key];
  }
  if (proc.waiting.until) cancel(k.world, proc.waiting.until.at, proc.waiting.until.seq);
  proc.waiting = null;
  proc.gen++;
}
