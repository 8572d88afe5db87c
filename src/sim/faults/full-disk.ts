/** Something fills the disk: a log, a core dump, a backup. */
import { own } from '../engine/cow.ts';
import { diskUsedKb } from '../kernel/disk.ts';
import type { Fault } from './strike.ts';

export const fullDisk: Fault = {
  name: 'full-disk',
  title: 'A node runs out of disk space',
  args: {
    node: { type: 'node', default: 'node-1', about: 'where' },
    percent: { type: 'number', default: 100, least: 0, most: 100, about: 'how full it is then' },
  },
  symptoms: [{ on: 'node-1', user: 'root', run: 'echo x > /root/x', match: 'No space left on device', within: 1 }],
  repair: [{ fault: 'full-disk', args: { node: 'node-1', percent: 40 } }],
  strike(k, { node, percent }) {
    const host = k.host(String(node));
    const wanted = Math.floor((host.disk.sizeKb * Number(percent)) / 100);
    own(host, 'disk').ballastKb += wanted - diskUsedKb(host);
  },
};
