/**
 * The files of /proc/net of one network namespace. Formats of Linux 3.10; addresses in the byte order that
 * a little-endian machine prints.
 */
import { entries } from '../engine/pages.ts';
import { ipNumber } from '../net/address.ts';
import type { Link, NetNs, Route, Socket } from '../net/state.ts';
import { TABLE } from '../net/state.ts';
import type { Reader } from './procfs.ts';

const hex = (n: number, width: number): string => n.toString(16).toUpperCase().padStart(width, '0');
const hexIp = (ip: string): string => ip.split('.').reverse().map((part) => hex(Number(part), 2)).join('');

function dev(_r: Reader, ns: NetNs): string {
  const head = 'Inter-|   Receive                                                |  Transmit\n face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed\n';
  const row = ({ name, stats: s }: Link): string =>
    `${name.padStart(6)}: ${String(s.rxBytes).padStart(7)} ${String(s.rxPackets).padStart(7)}    0 ${String(s.rxDropped).padStart(4)}    0     0          0         0 ${String(s.txBytes).padStart(8)} ${String(s.txPackets).padStart(7)}    0 ${String(s.txDropped).padStart(4)}    0     0       0          0\n`;
  return head + linksOf(ns).map(row).join('');
}

const linksOf = (ns: NetNs): Link[] => Object.values(ns.links).sort((a, b) => a.index - b.index);

const maskOf = (prefix: number): string => hexIp([0, 8, 16, 24].map((from) => 256 - 2 ** Math.min(8, Math.max(0, 8 - (prefix - from)))).map((byte) => byte % 256).join('.'));

function route(_r: Reader, ns: NetNs): string {
  const row = (r: Route): string => {
    const flags = 1 + (r.via ? 2 : 0) + (r.prefix === 32 ? 4 : 0) + (r.type === 'unicast' ? 0 : 0x200);
    return `${[r.dev ?? '*', hexIp(r.dst), hexIp(r.via ?? '0.0.0.0'), hex(flags, 4), 0, 0, r.metric, maskOf(r.prefix), r.mtu ?? 0, 0, 0].join('\t')}`.padEnd(127) + '\n';
  };
  // The kernel walks its tree by address; of one destination, the longest mask comes first, then the smallest metric.
  const main = ns.routes.filter((r) => r.table === TABLE.main)
    .sort((a, b) => ipNumber(a.dst) - ipNumber(b.dst) || b.prefix - a.prefix || a.metric - b.metric);
  return `${'Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT'.padEnd(127)}\n${main.map(row).join('')}`;
}

function arp(_r: Reader, ns: NetNs): string {
  const rows = Object.values(ns.neigh).filter((n) => n.state !== 'NOARP').map((n) => {
    const flags = n.state === 'PERMANENT' ? '0x6' : n.mac && n.state !== 'FAILED' ? '0x2' : '0x0';
    return `${n.ip.padEnd(16)} 0x1         ${flags.padEnd(10)}  ${n.mac ?? '00:00:00:00:00:00'}     *        ${n.dev}\n`;
  });
  return `IP address       HW type     Flags       HW address            Mask     Device\n${rows.join('')}`;
}

const TCP_STATES: Readonly<Record<string, number>> = {
  ESTAB: 1, 'SYN-SENT': 2, 'SYN-RECV': 3, 'FIN-WAIT-1': 4, 'FIN-WAIT-2': 5, 'TIME-WAIT': 6, CLOSED: 7, 'CLOSE-WAIT': 8, 'LAST-ACK': 9, LISTEN: 10, CLOSING: 11,
};

function sockets(proto: 'tcp' | 'udp', head: string): (r: Reader, ns: NetNs) => string {
  return (_r, ns) => {
    const list = entries(ns.sockets).filter((s) => s.proto === proto && !s.closed);
    const row = (s: Socket, i: number): string => {
      const state = proto === 'udp' ? 7 : TCP_STATES[s.tcp?.state ?? 'CLOSED'] ?? 7;
      return `${String(i).padStart(4)}: ${hexIp(s.laddr)}:${hex(s.lport, 4)} ${hexIp(s.raddr)}:${hex(s.rport, 4)} ${hex(state, 2)} 00000000:00000000 00:00000000 00000000 ${String(s.uid).padStart(5)}        0 ${s.inode} 1 0000000000000000 100 0 0 10 0\n`;
    };
    return head + list.map(row).join('');
  };
}

const COLUMNS = '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode                                                     \n';

function sockstat(_r: Reader, ns: NetNs): string {
  const all = entries(ns.sockets).filter((s) => !s.closed);
  const count = (proto: string, wanted: (s: Socket) => boolean = () => true): number => all.filter((s) => s.proto === proto && wanted(s)).length;
  const waiting = count('tcp', (s) => s.tcp?.state === 'TIME-WAIT');
  return `sockets: used ${all.length}\nTCP: inuse ${count('tcp') - waiting} orphan 0 tw ${waiting} alloc ${count('tcp')} mem 0\nUDP: inuse ${count('udp')} mem 0\nUDPLITE: inuse 0\nRAW: inuse ${count('icmp')}\nFRAG: inuse 0 memory 0\n`;
}

function unix(_r: Reader, ns: NetNs): string {
  const rows = entries(ns.sockets).filter((s) => s.proto === 'unix' && !s.closed).map((s) => `0000000000000000: 00000002 00000000 ${s.path ? '00010000 0001 01' : '00000000 0001 03'} ${String(s.inode).padStart(5)}${s.path ? ` ${s.path}` : ''}\n`);
  return `Num       RefCount Protocol Flags    Type St Inode Path\n${rows.join('')}`;
}

export const NET_FILES: Readonly<Record<string, (r: Reader, ns: NetNs) => string>> = {
  arp, dev, route, sockstat, unix,
  tcp: sockets('tcp', COLUMNS), udp: sockets('udp', COLUMNS),
  tcp6: () => COLUMNS, udp6: () => COLUMNS,
  if_inet6: () => '',
  ip_tables_names: (_r, ns) => Object.keys(ns.netfilter.tables).map((name) => `${name}\n`).join(''),
};
