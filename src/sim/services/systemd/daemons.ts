/**
 * Daemons of the base system. Those that nobody here depends on only run and wait (`daemon`); rsyslogd and
 * auditd write their files, NetworkManager sets up interfaces from ifcfg files.
 */
import type { Program, Start, Sys } from '../../proc/program.ts';
import { call, type JournalEntry } from '../../proc/syscalls.ts';
import type { Address, Link, Route } from '../../net/state.ts';
import { civil } from './words.ts';

const daemon: Program = {
  name: 'daemon',
  *main() {
    yield* call('serve', {});
    return 0;
  },
};

// ---- rsyslogd and auditd: both follow the journal and append to files

/** How long they gather before they write. */
const BATCH_US = 2_000_000;
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

export function syslogStamp(us: number): string {
  const c = civil(us);
  const two = (n: number): string => String(n).padStart(2, '0');
  return `${MONTHS[c.month - 1]} ${String(c.day).padStart(2)} ${two(c.hour)}:${two(c.minute)}:${two(c.second)}`;
}

const AUTHPRIV: ReadonlySet<string> = new Set(['sshd', 'sudo', 'su', 'polkitd', 'useradd', 'login']);

function fileOf(entry: JournalEntry): string | null {
  if (AUTHPRIV.has(entry.ident)) return '/var/log/secure';
  if (entry.ident === 'crond' || entry.ident === 'CROND') return '/var/log/cron';
  return entry.priority <= 6 ? '/var/log/messages' : null;
}

/** Reads what is new, hands it over, waits for more; `become` keeps the reply log short. */
function* followJournal(start: Start, take: (entries: readonly JournalEntry[], hostname: string) => Sys<void>): Sys<number> {
  const from = typeof start.mem === 'number' ? start.mem : 0;
  yield* call('journalWait', { from });
  yield* call('sleep', { us: BATCH_US });
  const got = yield* call('journalRead', { from });
  if (!got.ok) return 1;
  const info = yield* call('sysinfo', {});
  yield* take(got.value.entries, info.ok ? info.value.hostname : 'localhost');
  yield* call('become', { mem: got.value.next });
  return 0;
}

const rsyslogd: Program = {
  name: 'rsyslogd',
  *main(start) {
    return yield* followJournal(start, function* (entries, hostname) {
      const files: Record<string, string> = {};
      for (const e of entries) {
        const path = fileOf(e);
        if (path) files[path] = `${files[path] ?? ''}${syslogStamp(e.at)} ${hostname} ${e.ident}${e.pid === null || e.ident === 'systemd' ? '' : `[${e.pid}]`}: ${e.message}\n`;
      }
      for (const [path, text] of Object.entries(files)) yield* call('writeFile', { path, text, append: true, mode: 0o600 });
    });
  },
};

/** The records that the kernel's audit and systemd would send: starts and ends of services, uses of sudo. */
function auditRecord(e: JournalEntry, serial: number): string | null {
  const head = `msg=audit(${Math.floor(e.at / 1_000_000)}.${String(Math.floor(e.at / 1000) % 1000).padStart(3, '0')}:${serial})`;
  const service = e.ident === 'systemd' && e.unit?.endsWith('.service') ? /^(Started|Stopped|Failed to start|Finished) /.exec(e.message)?.[1] : undefined;
  if (service) {
    const type = service === 'Stopped' ? 'SERVICE_STOP' : 'SERVICE_START';
    const ok = service === 'Failed to start' ? 'failed' : 'success';
    return `type=${type} ${head}: pid=1 uid=0 auid=4294967295 ses=4294967295 subj=system_u:system_r:init_t:s0 msg='unit=${e.unit!.replace(/\.service$/, '')} comm="systemd" exe="/usr/lib/systemd/systemd" hostname=? addr=? terminal=? res=${ok}'\n`;
  }
  if (e.ident !== 'sudo') return null;
  const m = /^\s*(\S+) : .*PWD=(\S+) ; USER=\S+ ; COMMAND=(.*)$/.exec(e.message);
  if (!m) return null;
  const hex = [...m[3]!].map((c) => c.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')).join('');
  const cmd = /[\s"]/.test(m[3]!) ? hex : `"${m[3]}"`;
  return `type=USER_CMD ${head}: pid=${e.pid ?? 0} uid=1000 auid=1000 ses=1 subj=unconfined_u:unconfined_r:unconfined_t:s0-s0:c0.c1023 msg='cwd="${m[2]}" cmd=${cmd} terminal=pts/0 res=success'\n`;
}

const auditd: Program = {
  name: 'auditd',
  *main(start) {
    const path = '/var/log/audit/audit.log';
    return yield* followJournal(start, function* (entries) {
      const from = typeof start.mem === 'number' ? start.mem : 0;
      let text = '';
      if (from === 0) {
        const now = yield* call('now', {});
        const at = now.ok ? now.value.real : 0;
        text = `type=DAEMON_START msg=audit(${Math.floor(at / 1_000_000)}.${String(Math.floor(at / 1000) % 1000).padStart(3, '0')}:1): op=start ver=2.8.4 format=raw kernel=3.10.0-957.12.1.el7.x86_64 auid=4294967295 pid=${start.pid} uid=0 ses=4294967295 subj=system_u:system_r:auditd_t:s0 res=success\n`;
      }
      entries.forEach((entry, i) => { text += auditRecord(entry, from + i + 2) ?? ''; });
      if (text) yield* call('writeFile', { path, text, append: true, mode: 0o600 });
    });
  },
};

// ---- NetworkManager

interface Ifcfg { device: string; address: string; prefix: number; gateway: string }

function* ifcfgs(): Sys<Ifcfg[]> {
  const folder = '/etc/sysconfig/network-scripts';
  const list = yield* call('readdir', { path: folder });
  const out: Ifcfg[] = [];
  for (const name of list.ok ? list.value : []) {
    if (!name.startsWith('ifcfg-') || name === 'ifcfg-lo') continue;
    const text = yield* call('readFile', { path: `${folder}/${name}` });
    if (!text.ok) continue;
    const get = (key: string): string => new RegExp(`^${key}="?([^"\\n]*)"?`, 'm').exec(text.value)?.[1] ?? '';
    if (/^no$/i.test(get('ONBOOT')) || !get('IPADDR')) continue;
    out.push({ device: get('DEVICE') || name.slice(6), address: get('IPADDR'), prefix: Number(get('PREFIX') || '24'), gateway: get('GATEWAY') });
  }
  return out;
}

const networkManager: Program = {
  name: 'NetworkManager',
  *main() {
    const say = (message: string): Sys<unknown> => call('journalWrite', { ident: 'NetworkManager', message });
    yield* say('<info>  NetworkManager (version 1.12.0-10.el7_6) is starting...');
    for (const conf of yield* ifcfgs()) {
      const links = yield* call('netRead', { what: { kind: 'links' } });
      const link = links.ok ? (links.value as unknown as readonly Link[]).find((l) => l.name === conf.device) : undefined;
      if (!link) { yield* say(`<warn>  (${conf.device}): device not found`); continue; }
      if (!link.up) yield* call('netChange', { change: { kind: 'linkSet', dev: conf.device, up: true } });
      if (!link.addrs.some((a: Address) => a.ip === conf.address)) {
        yield* call('netChange', { change: { kind: 'addrAdd', dev: conf.device, ip: conf.address, prefix: conf.prefix, brd: broadcastOf(conf.address, conf.prefix) } });
      }
      const routes = yield* call('netRead', { what: { kind: 'routes' } });
      const hasDefault = routes.ok && (routes.value as unknown as readonly Route[]).some((r) => r.prefix === 0 && r.dev === conf.device);
      if (conf.gateway && !hasDefault) {
        yield* call('netChange', { change: { kind: 'route', mode: 'add', route: { dst: '0.0.0.0', prefix: 0, via: conf.gateway, dev: conf.device, proto: 'dhcp', metric: 100 } } });
      }
      yield* say(`<info>  device (${conf.device}): Activation: successful, device activated.`);
    }
    yield* say('<info>  manager: NetworkManager state is now CONNECTED_GLOBAL');
    yield* call('notify', { ready: true });
    yield* call('serve', {});
    return 0;
  },
};

function broadcastOf(ip: string, prefix: number): string {
  const number = ip.split('.').reduce((n, part) => n * 256 + Number(part), 0);
  const size = 2 ** (32 - prefix);
  const last = Math.floor(number / size) * size + size - 1;
  return [24, 16, 8, 0].map((shift) => Math.floor(last / 2 ** shift) % 256).join('.');
}

export const hostDaemons: readonly Program[] = [daemon, rsyslogd, auditd, networkManager];
