/**
 * /sys, as far as operators and tools look: interfaces, modules, block devices. sysfs of Linux 3.10.
 */
import type { Link } from '../net/state.ts';
import { MODULE_FILES } from './modules.ts';
import { memoryOf } from './procfs-machine.ts';
import type { Node, Reader } from './procfs.ts';

/** A folder's content by name; deeper parts are looked up in it. */
interface Folder { [name: string]: Folder | (() => string) }

/** Where the host keeps SELinux's mode: no cell of sysctl(8), but of the same life. 1 is enforcing. */
export const SELINUX_CELL = 'selinux.enforce';

function descend(folder: Folder, parts: readonly string[]): Node | null {
  let at: Folder | (() => string) | undefined = folder;
  for (const part of parts) {
    if (at === undefined || typeof at === 'function') return null;
    at = at[part];
  }
  if (at === undefined) return null;
  if (typeof at === 'function') return { text: at };
  return { dir: Object.keys(at).sort((a, b) => (a < b ? -1 : 1)) };
}

const line = (value: string | number) => (): string => `${value}\n`;

function linkFolder(link: Link): Folder {
  const { stats: s } = link;
  return {
    address: line(link.mac), carrier: line(link.up ? 1 : 0), ifindex: line(link.index), mtu: line(link.mtu), tx_queue_len: line(link.txqlen),
    operstate: line(link.kind === 'loopback' ? 'unknown' : link.up ? 'up' : 'down'), type: line(link.kind === 'loopback' ? 772 : 1), flags: line(link.up ? '0x1003' : '0x1002'),
    ...(link.kind === 'ether' ? { speed: line(1000), duplex: line('full') } : {}),
    dev_id: line('0x0'), iflink: line(link.index), ifalias: () => '', addr_len: line(6), broadcast: line(link.kind === 'loopback' ? '00:00:00:00:00:00' : 'ff:ff:ff:ff:ff:ff'), dormant: line(0), link_mode: line(0),
    ...(link.kind === 'bridge' ? { bridge: { stp_state: line(link.stp ? 1 : 0), forward_delay: line(1500) } } : {}),
    statistics: {
      rx_bytes: line(s.rxBytes), rx_packets: line(s.rxPackets), rx_dropped: line(s.rxDropped), rx_errors: line(0),
      tx_bytes: line(s.txBytes), tx_packets: line(s.txPackets), tx_dropped: line(s.txDropped), tx_errors: line(0),
    },
  };
}

export function SYS({ host, proc }: Reader, parts: readonly string[]): Node | null {
  const links = Object.fromEntries(Object.values(host.ns[proc.netns]?.links ?? {}).map((link) => [link.name, linkFolder(link)]));
  const modules = Object.fromEntries(host.moduleOrder.map((name) => [name, {
    refcnt: line(host.modules[name]?.refs ?? 0), coresize: line(MODULE_FILES[name]?.size ?? 0), initstate: line('live'),
  }]));
  const members = (bridge: string): Folder => Object.fromEntries(Object.values(host.ns[proc.netns]?.links ?? {}).filter((l) => l.master === bridge).map((l) => [l.name, {}]));
  for (const link of Object.values(host.ns[proc.netns]?.links ?? {})) if (link.kind === 'bridge') links[link.name] = { ...links[link.name], brif: members(link.name) };
  const memory: Folder = { 'memory.limit_in_bytes': line('9223372036854771712'), 'memory.usage_in_bytes': () => `${(memoryOf(host).total - memoryOf(host).free) * 1024}\n` };
  const disk: Folder = {
    size: line(host.disk.sizeKb * 2), removable: line(0), ro: line(0),
    queue: { rotational: line(host.disk.fsyncUs > 5_000 ? 1 : 0), scheduler: line('[mq-deadline] kyber none') },
    sda1: { size: line(host.disk.sizeKb * 2), partition: line(1) },
  };
  const tree: Folder = {
    block: { sda: disk }, class: { net: links, block: {} }, module: modules,
    fs: { cgroup: { blkio: {}, cpu: {}, cpuacct: {}, cpuset: {}, devices: {}, freezer: {}, memory, pids: {}, systemd: {} }, selinux: { enforce: () => host.sysctl[SELINUX_CELL] ?? '0' } },
    devices: { virtual: { dmi: { id: { product_name: line('KVM'), sys_vendor: line('Red Hat') } } }, system: { cpu: { online: line('0-1') } } },
    kernel: { mm: { transparent_hugepage: { enabled: line('[always] madvise never') } } },
  };
  const node = descend(tree, parts);
  if (node && 'text' in node && parts.join('/') === 'fs/selinux/enforce') {
    node.mode = 0o644;
    node.write = (text) => {
      if (!/^[01]\s*$/.test(text)) return 'EINVAL';
      host.sysctl = { ...host.sysctl, [SELINUX_CELL]: text.trim() };
      return null;
    };
  }
  return node;
}
