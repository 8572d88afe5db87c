/**
 * Kernel cells outside network namespaces: what a CentOS 7 kernel starts with, and which
 * values they take. The cells of a network namespace are src/sim/net's. sysctl(8), proc(5).
 */
import type { Errno } from '../proc/program.ts';
import type { Host } from '../world.ts';

/** Values of Linux 3.10.0-957 on a machine with 8 GB, before /etc/sysctl.d is applied. */
export const KERNEL_DEFAULTS: Readonly<Record<string, string>> = {
  'fs.aio-max-nr': '65536', 'fs.file-max': '779768', 'fs.file-nr': '1344\t0\t779768', 'fs.inode-nr': '40323\t372',
  'fs.inotify.max_queued_events': '16384', 'fs.inotify.max_user_instances': '128', 'fs.inotify.max_user_watches': '8192',
  'fs.may_detach_mounts': '0', 'fs.nr_open': '1048576', 'fs.pipe-max-size': '1048576', 'fs.protected_hardlinks': '0',
  'fs.protected_symlinks': '0', 'fs.suid_dumpable': '0', 'fs.xfs.xfssyncd_centisecs': '3000',
  'kernel.core_pattern': 'core', 'kernel.core_uses_pid': '0', 'kernel.domainname': '(none)', 'kernel.dmesg_restrict': '0',
  'kernel.hung_task_timeout_secs': '120', 'kernel.keys.maxkeys': '200', 'kernel.kptr_restrict': '0', 'kernel.msgmax': '8192',
  'kernel.msgmnb': '16384', 'kernel.msgmni': '15642', 'kernel.numa_balancing': '0', 'kernel.osrelease': '', 'kernel.hostname': '',
  'kernel.ostype': 'Linux', 'kernel.panic': '0', 'kernel.panic_on_oops': '1', 'kernel.perf_event_paranoid': '2', 'kernel.pid_max': '32768',
  'kernel.printk': '7\t4\t1\t7', 'kernel.randomize_va_space': '2', 'kernel.sem': '250\t32000\t32\t128', 'kernel.shmall': '18446744073692774399',
  'kernel.shmmax': '18446744073692774399', 'kernel.shmmni': '4096', 'kernel.softlockup_panic': '0', 'kernel.sysrq': '16',
  'kernel.threads-max': '62454', 'kernel.version': '', 'kernel.watchdog_thresh': '10', 'kernel.yama.ptrace_scope': '0',
  'kernel.random.boot_id': '', 'kernel.random.entropy_avail': '3114', 'kernel.random.poolsize': '4096', 'kernel.random.uuid': '',
  'user.max_user_namespaces': '0', 'vm.dirty_background_ratio': '10', 'vm.dirty_expire_centisecs': '3000', 'vm.dirty_ratio': '30',
  'vm.dirty_writeback_centisecs': '500', 'vm.drop_caches': '0', 'vm.max_map_count': '65530', 'vm.min_free_kbytes': '67584',
  'vm.overcommit_kbytes': '0', 'vm.overcommit_memory': '0', 'vm.overcommit_ratio': '50', 'vm.panic_on_oom': '0', 'vm.swappiness': '30',
  'vm.vfs_cache_pressure': '100', 'vm.zone_reclaim_mode': '0',
};

/** `uname -v`. */
export const kernelBuild = (host: Host): string => host.sysctl['kernel.version'] || '#1 SMP';

/** Cells that nobody may write. */
const READ_ONLY: ReadonlySet<string> = new Set([
  'fs.file-nr', 'fs.inode-nr', 'kernel.osrelease', 'kernel.ostype', 'kernel.version', 'kernel.random.boot_id', 'kernel.random.uuid',
  'kernel.random.entropy_avail', 'kernel.random.poolsize', 'vm.overcommit_kbytes',
]);
export const isReadOnly = (key: string): boolean => READ_ONLY.has(key);

const TEXT_CELLS: ReadonlySet<string> = new Set(['kernel.core_pattern', 'kernel.hostname', 'kernel.domainname']);

/** What the kernel makes of a written text: the value it then shows, or an errno. proc_dointvec's rules. */
export function parseCell(key: string, before: string, text: string): { value: string } | { errno: Errno } {
  const clean = text.replace(/\n[\s\S]*$/, '').trim();
  if (TEXT_CELLS.has(key)) return { value: clean };
  const words = clean.split(/\s+/).filter(Boolean);
  if (!words.length || words.some((word) => !/^-?(0x[0-9a-fA-F]+|\d+)$/.test(word))) return { errno: 'EINVAL' };
  const have = before.split(/\s+/);
  const numbers = words.slice(0, Math.max(1, have.length)).map((word) => String(Number(word)));
  return { value: [...numbers, ...have.slice(numbers.length)].join('\t') };
}

/** The folders and file of a key. Names of interfaces may hold dots: net.ipv4.conf.flannel.1.forwarding. */
export function cellPath(key: string): string[] {
  const m = /^(net\.ipv[46]\.(?:conf|neigh))\.(.+)\.([^.]+)$/.exec(key);
  return m ? [...m[1]!.split('.'), m[2]!, m[3]!] : key.split('.');
}
