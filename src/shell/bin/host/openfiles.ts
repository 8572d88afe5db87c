/**
 * lsof 4.87 and fuser 22.20: who has what open, from /proc/PID/fd and the socket table.
 */
import { err, out } from '../../../sim/proc/libc.ts';
import type { Sys } from '../../../sim/proc/program.ts';
import { call, type ProcessInfo, type SocketInfo } from '../../../sim/proc/syscalls.ts';
import type { Command } from '../../command.ts';
import { readUsers } from './users.ts';

interface Row { p: ProcessInfo; fd: string; type: string; device: string; size: string; node: string; name: string; socket: SocketInfo | null }

function* rowsOf(p: ProcessInfo, sockets: ReadonlyMap<number, SocketInfo>, numeric: { hosts: boolean; ports: boolean }): Sys<Row[]> {
  const base = { p, device: '8,1', size: '4096', node: '128', socket: null };
  const rows: Row[] = [{ ...base, fd: 'cwd', type: 'DIR', name: p.cwd }, { ...base, fd: 'rtd', type: 'DIR', name: '/' }, { ...base, fd: 'txt', type: 'REG', size: '120000', node: '262144', name: p.exe }];
  const fds = yield* call('readdir', { path: `/proc/${p.pid}/fd` });
  for (const fd of (fds.ok ? [...fds.value] : []).sort((a, b) => Number(a) - Number(b))) {
    const link = yield* call('readlink', { path: `/proc/${p.pid}/fd/${fd}` });
    if (!link.ok) continue;
    const id = /^socket:\[(\d+)\]$/.exec(link.value)?.[1];
    const socket = id ? sockets.get(Number(id)) ?? null : null;
    if (socket) rows.push({ p, fd: `${fd}u`, type: socket.proto === 'unix' ? 'unix' : socket.v6 ? 'IPv6' : 'IPv4', device: String(socket.inode), size: '0t0', node: socket.proto === 'unix' ? '' : socket.proto.toUpperCase(), name: nameOf(socket, numeric), socket });
    else if (link.value.startsWith('socket:')) rows.push({ ...base, fd: `${fd}u`, type: 'unix', device: '0xffff', size: '0t0', node: id ?? '', name: 'socket' });
    else if (link.value.startsWith('pipe:')) rows.push({ ...base, fd: `${fd}r`, type: 'FIFO', device: '0,8', size: '0t0', node: /\d+/.exec(link.value)?.[0] ?? '', name: 'pipe' });
    else if (link.value.startsWith('/dev/')) rows.push({ ...base, fd: `${fd}u`, type: 'CHR', device: link.value.includes('pts') ? `136,${/\d+$/.exec(link.value)?.[0] ?? 0}` : '1,3', size: '0t0', node: '1028', name: link.value });
    else rows.push({ ...base, fd: `${fd}w`, type: 'REG', name: link.value });
  }
  return rows;
}

const SERVICES: Readonly<Record<number, string>> = { 22: 'ssh', 53: 'domain', 80: 'http', 443: 'https', 123: 'ntp' };

function nameOf(s: SocketInfo, numeric: { hosts: boolean; ports: boolean }): string {
  if (s.proto === 'unix') return s.path ?? 'socket';
  const port = (n: number): string => (numeric.ports ? String(n) : SERVICES[n] ?? String(n));
  const host = (a: string): string => (a === '0.0.0.0' || a === '::' ? '*' : !numeric.hosts && a === '127.0.0.1' ? 'localhost' : a);
  const peer = s.peerPort ? `->${host(s.peerAddr)}:${port(s.peerPort)}` : '';
  const state = s.proto === 'tcp' ? ` (${stateName(s)})` : '';
  return `${host(s.localAddr)}:${port(s.localPort)}${peer}${state}`;
}

const stateName = (s: SocketInfo): string => ({ ESTAB: 'ESTABLISHED' } as Readonly<Record<string, string>>)[s.state] ?? s.state.replace(/-/g, '_');

/** `-s TCP:LISTEN,^CLOSE_WAIT`: which sockets of `-i` are shown. Alone it asks for sizes, which are shown anyway. */
function stateFilter(text: string): ((s: SocketInfo) => boolean) | null {
  const [, proto, list] = /^(tcp|udp):(.+)$/i.exec(text) ?? [];
  if (!proto || !list) return null;
  const states = list.toUpperCase().split(',');
  const hidden = states.filter((s) => s.startsWith('^')).map((s) => s.slice(1));
  const wanted = states.filter((s) => !s.startsWith('^'));
  return (s) => s.proto !== proto.toLowerCase() || (!hidden.includes(stateName(s)) && (!wanted.length || wanted.includes(stateName(s))));
}

export const lsof: Command = {
  name: 'lsof',
  *main({ argv }) {
    const numeric = { hosts: false, ports: false };
    let internet: string | null = null;
    let state: ((s: SocketInfo) => boolean) | null = null;
    let and = false;
    let terse = false;
    const pids: number[] = [], users: string[] = [], names: string[] = [], commands: string[] = [];
    const args = argv.slice(1);
    for (let i = 0; i < args.length; i++) {
      const arg = args[i]!;
      if (!arg.startsWith('-')) { names.push(arg); continue; }
      for (let j = 1; j < arg.length; j++) {
        const c = arg[j]!;
        const value = (): string => { const rest = arg.slice(j + 1); j = arg.length; return rest || (args[++i] ?? ''); };
        if (c === 'n') numeric.hosts = true; else if (c === 'P') numeric.ports = true; else if (c === 'a') and = true; else if (c === 't') terse = true;
        else if (c === 'i') { internet = arg.slice(j + 1) || (/^(:|tcp|udp|TCP|UDP|@|4|6)/.test(args[i + 1] ?? '') ? args[++i]! : ''); j = arg.length; }
        else if (c === 'p') pids.push(...value().split(',').map(Number)); else if (c === 'u') users.push(...value().split(',')); else if (c === 'c') commands.push(value());
        else if (c === 's') state = stateFilter(value()); else if ('lRbVwUNX+'.includes(c)) continue;
        else { yield* err(`lsof: illegal option character: ${c}\nlsof 4.87\n latest revision: ftp://lsof.itap.purdue.edu/pub/tools/unix/lsof/\n`); return 1; }
      }
    }
    const procs = yield* call('processes', {});
    const table = yield* call('sockets', {});
    const byId = new Map((table.ok ? table.value : []).map((s) => [s.inode, s]));
    const uids = new Map((yield* readUsers()).map((u) => [u.uid, u.name]));
    const spec = /^([46])?(tcp|udp)?(?:@([^:]+))?(?::(.+))?$/i.exec(internet ?? '');
    const ports = spec?.[4]?.split(',').flatMap((p) => { const [a, b] = p.split('-'); const n = Number(a) || Number(Object.entries(SERVICES).find(([, s]) => s === a)?.[0] ?? -1); return b ? Array.from({ length: Math.min(5000, Number(b) - n + 1) }, (_, k) => n + k) : [n]; });
    const rows: Row[] = [];
    for (const p of procs.ok ? procs.value : []) {
      for (const row of yield* rowsOf(p, byId, numeric)) {
        const tests: boolean[] = [];
        if (internet !== null) tests.push(row.socket !== null && row.socket.proto !== 'unix' && (!spec?.[2] || row.socket.proto === spec[2].toLowerCase()) && (!spec?.[3] || row.socket.localAddr === spec[3] || row.socket.peerAddr === spec[3]) && (!ports || ports.includes(row.socket.localPort) || ports.includes(row.socket.peerPort)));
        if (internet !== null && state && row.socket) tests[0] &&= state(row.socket);
        if (pids.length) tests.push(pids.includes(p.pid));
        if (users.length) tests.push(users.some((u) => u === uids.get(p.uid) || u === String(p.uid)));
        if (commands.length) tests.push(commands.some((c) => p.comm.startsWith(c)));
        if (names.length) tests.push(names.includes(row.name));
        if (!tests.length || (and ? tests.every(Boolean) : tests.some(Boolean))) rows.push(row);
      }
    }
    if (!rows.length) return 1;
    if (terse) { yield* out([...new Set(rows.map((r) => r.p.pid))].map((pid) => `${pid}\n`).join('')); return 0; }
    const user = (r: Row): string => uids.get(r.p.uid) ?? String(r.p.uid);
    const wide = (head: string, of: (r: Row) => string): number => Math.max(head.length, ...rows.map((r) => of(r).length));
    const [wc, wp, wu, wd, ws, wn] = [wide('COMMAND', (r) => r.p.comm.slice(0, 9)), wide('PID', (r) => String(r.p.pid)), wide('USER', user), wide('DEVICE', (r) => r.device), wide('SIZE/OFF', (r) => r.size), wide('NODE', (r) => r.node)];
    const line = (c: string, p: string, u: string, f: string, t: string, d: string, s: string, n: string, name: string): string => `${c.padEnd(wc)} ${p.padStart(wp)} ${u.padStart(wu)} ${f.padStart(4)} ${t.padStart(4)} ${d.padStart(wd)} ${s.padStart(ws)} ${n.padStart(wn)} ${name}\n`;
    yield* out(line('COMMAND', 'PID', 'USER', 'FD', 'TYPE', 'DEVICE', 'SIZE/OFF', 'NODE', 'NAME') + rows.map((r) => line(r.p.comm.slice(0, 9), String(r.p.pid), user(r), r.fd, r.type, r.device, r.size, r.node, r.name)).join(''));
    return 0;
  },
};

export const fuser: Command = {
  name: 'fuser',
  *main({ argv }) {
    const args = argv.slice(1);
    const odd = args.find((a) => a.startsWith('-') && !/^-[kvn]+$/.test(a));
    if (odd) { yield* err(`fuser: Invalid option ${odd.startsWith('--') ? odd : /[^kvn-]/.exec(odd)?.[0] ?? odd}\n`); return 1; }
    const kill = args.some((a) => /^-\w*k/.test(a));
    const verbose = args.some((a) => /^-\w*v/.test(a));
    const space = args.includes('-n') ? args[args.indexOf('-n') + 1] : null;
    const names = args.filter((a, i) => !a.startsWith('-') && args[i - 1] !== '-n');
    if (!names.length) { yield* err('No process specification given\n'); return 1; }
    const procs = yield* call('processes', {});
    const table = yield* call('sockets', {});
    let status = 1;
    for (const name of names) {
      const port = /^(\d+)\/(tcp|udp)$/.exec(name) ?? (space && /^\d+$/.test(name) ? [name, name, space] : null);
      const pids = new Set<number>();
      if (port) { for (const s of table.ok ? table.value : []) if (s.proto === port[2] && s.localPort === Number(port[1]) && s.pid !== null) pids.add(s.pid); }
      else {
        const stat = yield* call('stat', { path: name });
        if (!stat.ok) { yield* err(`Specified filename ${name} does not exist.\n`); continue; }
        for (const p of procs.ok ? procs.value : []) {
          if (p.cwd === name || p.exe === name) { pids.add(p.pid); continue; }
          const fds = yield* call('readdir', { path: `/proc/${p.pid}/fd` });
          for (const fd of fds.ok ? fds.value : []) { const link = yield* call('readlink', { path: `/proc/${p.pid}/fd/${fd}` }); if (link.ok && link.value === name) pids.add(p.pid); }
        }
      }
      if (!pids.size) continue;
      status = 0;
      const label = port ? `${port[1]}/${port[2]}:` : `${name}:`;
      if (verbose) {
        yield* err(`${''.padEnd(21)}USER        PID ACCESS COMMAND\n${label.padEnd(21)}`);
        const users = new Map((yield* readUsers()).map((u) => [u.uid, u.name]));
        for (const pid of pids) { const p = procs.ok ? procs.value.find((x) => x.pid === pid) : undefined; yield* err(`${(users.get(p?.uid ?? 0) ?? '').padEnd(9)}${String(pid).padStart(6)} F.... ${p?.comm ?? ''}\n`); }
      } else {
        yield* err(label.padEnd(21));
        yield* out([...pids].map((pid) => ` ${String(pid).padStart(5)}`).join(''));
        yield* err('\n');
      }
      if (kill) for (const pid of pids) yield* call('kill', { pid, signal: 'KILL' });
    }
    return status;
  },
};
