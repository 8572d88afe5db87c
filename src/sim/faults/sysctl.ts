/** A hand writes a kernel cell: what `sysctl -w` or a configuration tool does. */
import { virtualWrite } from '../host/procfs.ts';
import { blankProc } from '../kernel/process.ts';
import { noAnswerFromPod } from './seen.ts';
import type { Fault } from './strike.ts';

export const sysctl: Fault = {
  name: 'sysctl',
  title: 'A kernel parameter is changed',
  args: {
    node: { type: 'node', default: 'node-1', about: 'where' },
    key: { type: 'string', default: 'net.ipv4.ip_forward', about: 'the parameter' },
    value: { type: 'string', default: '0', about: 'its new value' },
  },
  symptoms: [noAnswerFromPod()],
  repair: [{ on: 'node-1', run: 'sudo sysctl -w net.ipv4.ip_forward=1' }],
  strike(k, { node, key, value }) {
    const host = k.host(String(node));
    if (!host.up) return `node ${host.name} is down`;
    const path = `/proc/sys/${String(key).replace(/\./g, '/')}`;
    const errno = virtualWrite(k, host, blankProc(host, 0, {}), path, `${value}\n`);
    return errno ? `${path}: ${errno}` : undefined;
  },
};
