/** Something fills the disk: a log, a core dump, a backup. */
import { own } from '../engine/cow.ts';
import { diskUsedKb } from '../kernel/disk.ts';
import type { Fault } from './strike.ts';

export const fullDisk: Fault = {
  name: 'full-disk',
  title: 'A node runs out of disk space',
  args: {
    node: { type: 'node', default: 'node-1', about: 'where' },
    percent: { type: 'number', default: 100, about: 'how full it is then' },
  },
  strike(k, { node, percent }) {
    if (!(Number(percent) >= 0 && Number(percent) <= 100)) return 'argument percent must be from 0 to 100';
    const host = k.host(String(node));
    const wanted = Math.floor((host.disk.sizeKb * Number(percent)) / 100);
    own(host, 'disk').ballastKb += wanted - diskUsedKb(host);
  },
};
