/**
 * Checks of kernel parameters: a row each. The agent reads /proc/sys, so whoever writes there is believed.
 */
import { base64 } from '../proc/certificate.ts';
import { strerror } from '../proc/libc.ts';
import type { Sys } from '../proc/program.ts';
import { call } from '../proc/syscalls.ts';
import { failed, running, type Finding, type Probe } from './probe.ts';

interface Row {
  readonly name: string; readonly parameter: string;
  /** What is said when it is not 1. */
  readonly off: string;
  /** What is said when it cannot be read; absent: a missing parameter is no fault. */
  readonly missing?: string;
}

const FAQ = 'https://www.gravitational.com/docs/faq/';

const ROWS: readonly Row[] = [
  { name: 'ip-forward', parameter: 'net.ipv4.ip_forward', off: `ipv4 forwarding is off, see ${FAQ}#ipv4-forwarding`, missing: 'ipv4 forwarding status unknown' },
  {
    name: 'br-netfilter', parameter: 'net.bridge.bridge-nf-call-iptables',
    off: `kubernetes requires net.bridge.bridge-nf-call-iptables sysctl set to 1, ${FAQ}#bridge-driver`,
    missing: `br_netfilter module is either not loaded, or sysctl net.bridge.bridge-nf-call-iptables is not set, see ${FAQ}#bridge-driver`,
  },
  {
    name: 'may-detach-mounts', parameter: 'fs.may_detach_mounts',
    off: `fs.may_detach_mounts should be set to 1 or pods may get stuck in the Terminating state, see ${FAQ}#kubernetes-pods-stuck-in-terminating-state`,
  },
];

function* look(row: Row): Sys<readonly Finding[]> {
  const path = `/proc/sys/${row.parameter.replaceAll('.', '/')}`;
  const read = yield* call('readFile', { path });
  if (!read.ok) {
    if (row.missing === undefined && read.errno === 'ENOENT') return [running(row.name)];
    return [failed(row.name, row.missing ?? row.name, `open ${path}: ${strerror(read.errno).toLowerCase()}`)];
  }
  if (read.value.trim() === '1') return [running(row.name)];
  const data = base64(JSON.stringify({ parameter_name: row.parameter, parameter_value: '1' }));
  return [failed(row.name, row.off, '', data)];
}

export const sysctlProbes: readonly Probe[] = ROWS.map((row) => ({ name: row.name, cheap: true, on: 'all', run: () => look(row) }));
