/**
 * One network namespace: what `ip`, `iptables`, `sysctl net.*`, `ss` and `conntrack` show of it, and
 * what its packets obey. Linux 3.10 to 4.x, IPv4. Plain JSON; how it is changed is in change.ts, how
 * packets cross it in path.ts.
 */
import type { Pages } from '../engine/pages.ts';
import type { Us } from '../engine/time.ts';
import type { Json } from '../proc/program.ts';
import type { Skb } from './ground.ts';

export type Ip = string;
export type Mac = string;

/** A packet is a record, not bytes. `size` is the whole IP packet and counts for MTU and counters. */
export interface Packet {
  id: number; src: Ip; dst: Ip; proto: 'tcp' | 'udp' | 'icmp' | 'arp'; sport: number; dport: number;
  tcp?: { flags: string /* of 'SAPFR' */; seq: number; ack: number; /** Of a SYN: the largest segment wanted. */ mss?: number };
  /** Size of each piece when `size` stands for several (segmentation offload): what the MTU is compared with. */
  piece?: number;
  icmp?: { type: number; code: number; id: number; seq: number; /** Of errors: the packet they are about. */ about?: Packet; /** Next hop's MTU, of fragmentation needed. */ mtu?: number };
  arp?: { op: 'request' | 'reply'; sha: Mac; tha: Mac };
  /** A frame inside UDP. */
  vxlan?: { id: number; inner: Packet };
  ttl: number; tos: number; size: number; mark: number; df: boolean; payload: Json;
  /** Addresses on the wire for this hop. */
  smac?: Mac; dmac?: Mac;
}

// --- links

export interface Address {
  ip: Ip; prefix: number; brd: Ip | null; scope: 'global' | 'link' | 'host'; label: string;
  /** Of a lease: when it runs out, in virtual time. */
  validUntil: Us | null;
  secondary: boolean;
}

export interface Vxlan { id: number; dstport: number; local: Ip | null; dev: string | null; learning: boolean; remote: Ip | null }
export interface LinkStats { rxPackets: number; rxBytes: number; rxDropped: number; txPackets: number; txBytes: number; txDropped: number }

export interface Link {
  index: number; name: string; kind: 'loopback' | 'ether' | 'bridge' | 'veth' | 'vxlan' | 'dummy';
  mac: Mac; mtu: number; up: boolean;
  /** The bridge that it is a port of. */
  master: string | null;
  /** veth: the other end, on the same host. */
  peer: { ns: string; dev: string } | null;
  /** ether: joined to the wire (net/fabric.ts). */
  cable: boolean;
  vxlan: Vxlan | null;
  /** Of a bridge port. */
  hairpin: boolean;
  /** brctl setfd, stp: only shown. */
  stp: boolean;
  addrs: Address[];
  promisc: boolean; arp: boolean; multicast: boolean; txqlen: number; alias: string;
  stats: LinkStats;
}

// --- routing

export type RouteType = 'unicast' | 'local' | 'broadcast' | 'blackhole' | 'unreachable' | 'prohibit' | 'throw';
export interface Route {
  /** 255 local, 254 main, 253 default. */
  table: number; type: RouteType; dst: Ip; prefix: number; via: Ip | null; dev: string | null; src: Ip | null;
  scope: 'global' | 'link' | 'host'; proto: string; metric: number; onlink: boolean; mtu: number | null;
}
export const TABLE = { local: 255, main: 254, default: 253 } as const;

export interface IpRule { priority: number; from: { ip: Ip; prefix: number } | null; to: { ip: Ip; prefix: number } | null; iif: string | null; oif: string | null; mark: { value: number; mask: number } | null; table: number; action: 'lookup' | 'blackhole' | 'unreachable' | 'prohibit'; not: boolean }

export type NeighState = 'PERMANENT' | 'NOARP' | 'REACHABLE' | 'STALE' | 'DELAY' | 'PROBE' | 'FAILED' | 'INCOMPLETE';
/** `at`: last confirmed. A REACHABLE entry becomes STALE with time: see neigh.ts. */
export interface Neigh { ip: Ip; dev: string; mac: Mac | null; state: NeighState; at: Us; probes: number; gen: number; waiting: Parked[] }
/** A packet that waits for its next hop's address; `bridge`: the port of a frame that the bridge will forward itself. */
export interface Parked { skb: Skb; bridge: string | null }

/** A bridge's (owner = bridge, dev = port) or a vxlan's own (owner = dev) forwarding entry. */
export interface Fdb { owner: string; dev: string; mac: Mac; dst: Ip | null; state: 'permanent' | 'static' | 'learned'; at: Us }

// --- netfilter

export type TableName = 'raw' | 'mangle' | 'nat' | 'filter' | 'security';
export type Hook = 'PREROUTING' | 'INPUT' | 'FORWARD' | 'OUTPUT' | 'POSTROUTING';
/** `ip` and `mask` as numbers. */
export interface NetMatch { ip: number; mask: number; not: boolean }
export interface NameMatch { name: string; not: boolean }
/** An extension's match or target: its name and options as its own file in iptables/ defines them. */
export interface Extension { name: string; opts: { readonly [key: string]: Json } }
export interface Rule {
  src: NetMatch | null; dst: NetMatch | null; in: NameMatch | null; out: NameMatch | null;
  /** A number. */
  proto: { number: number; not: boolean } | null;
  fragment: 'f' | '!f' | null;
  matches: readonly Extension[];
  /** ACCEPT, DROP, RETURN, an extension or a chain's name; null = only count. */
  target: Extension | null;
  goto: boolean;
}
/** Never change `rules` in place: a new array for every change (rules are compiled once per array). */
export interface Chain {
  policy: 'ACCEPT' | 'DROP' | null; rules: readonly Rule[];
  /** Packets and bytes of each rule, two numbers a rule. */
  hits: number[];
  policyHits: [number, number];
}
export interface Table { chains: Record<string, Chain>; /** As listed: built-in ones, then sorted. */ order: string[] }
export interface Netfilter {
  /** Tables in use (a table is loaded when first named). */
  tables: Partial<Record<TableName, Table>>;
  /** What matches remember: buckets of `limit` and `hashlimit`, the lists of `recent`, counters of `statistic`. */
  memory: Record<string, readonly number[]>;
  /** Names for the memory of rules. */
  nextId: number;
}

// --- connection tracking

export interface Tuple { proto: string; src: Ip; dst: Ip; sport: number; dport: number }
export interface Conn {
  id: number; orig: Tuple; reply: Tuple;
  /** Of TCP: SYN_SENT SYN_RECV ESTABLISHED FIN_WAIT CLOSE_WAIT LAST_ACK TIME_WAIT CLOSE; '' otherwise. */
  state: string;
  seenReply: boolean; assured: boolean; snat: boolean; dnat: boolean;
  mark: number; expires: Us;
}
export interface Conntrack {
  /** Connections are tracked once a rule needs it, as the kernel's hooks are registered then. */
  enabled: boolean;
  /** By the key of the original tuple, and reply key → original key. */
  conns: Record<string, Conn>; replies: Record<string, string>; count: number;
  nextId: number; stats: { found: number; invalid: number; insert: number; insertFailed: number; drop: number; earlyDrop: number };
  purgeAt: Us;
}

// --- sockets

export type TcpState = 'LISTEN' | 'SYN-SENT' | 'SYN-RECV' | 'ESTAB' | 'FIN-WAIT-1' | 'FIN-WAIT-2' | 'CLOSE-WAIT' | 'LAST-ACK' | 'CLOSING' | 'TIME-WAIT' | 'CLOSED';
/** One message of a TCP stream in flight or received. `len` bytes from `seq`; a FIN has len 1 and no data. */
export interface Segment { seq: number; len: number; data: Json; fin: boolean }
/** A scheduled event, so that it can be cancelled. */
export interface Alarm { at: Us; seq: number }
export interface TcpBlock {
  state: TcpState;
  sndUna: number; sndNxt: number; rcvNxt: number;
  unacked: Segment[];
  /** Arrived out of order. */
  ahead: Segment[];
  retries: number; rtoUs: Us; /** When the oldest segment was last sent. */ sentAt: Us; /** The timer event that is under way. */ timer: Alarm | null;
  /** An acknowledgement that waits for data to go along with, and how many more are sent at once. */
  delayedAck: Alarm | null; quickAcks: number;
  /** The last ICMP error heard: what a timeout will be called. */
  softError: string | null;
  /** Of a connection not accepted yet: the listener's socket. */
  listener: number | null;
  mss: number; finSent: boolean; peerClosed: boolean; /** No descriptor is left. */ orphan: boolean; /** Its owner reads no more. */ readShut?: boolean;
}
export interface Socket {
  id: number; proto: 'tcp' | 'udp' | 'icmp' | 'unix' | 'packet';
  laddr: Ip; lport: number; raddr: Ip; rport: number;
  uid: number; pid: number | null; program: string | null; inode: number;
  /** Thread entry of a listener or datagram socket. */
  entry: string | null; owner: number | null;
  tcp: TcpBlock | null;
  /** Messages to read. */
  inbox: Json[];
  /** Listener: connections ready to be accepted. */
  backlog: number[];
  /** Errno that the next call reports. */
  error: string | null;
  closed: boolean;
  /** unix: the path or the peer's socket id. packet: the interface. */
  path: string | null; mate: number | null; iface: string | null;
  icmpId: number;
  /** Listens on `::`, which takes IPv4 as well: only its looks differ. */
  v6?: true;
}

export interface NetNs {
  name: string;
  /** Shown by `ip netns`. */
  named: boolean;
  sysctl: Record<string, string>;
  links: Record<string, Link>;
  nextIndex: number;
  routes: readonly Route[];
  rules: readonly IpRule[];
  /** By `dev ip`. */
  neigh: Record<string, Neigh>;
  /** By `owner mac`. */
  fdb: Record<string, Fdb>;
  netfilter: Netfilter;
  /** ip6tables' own tables: kept and shown; no IPv6 packet travels. */
  netfilter6?: Netfilter;
  conntrack: Conntrack;
  sockets: Pages<Socket>;
  /** Ports taken: `proto addr port` of listeners and datagram sockets, `tcp la lp ra rp` of connections → sockets' ids. */
  ports: Record<string, number>;
  /** Sockets of tcpdump. */
  captures: number[];
  nextPort: number;
}

// --- what netlink and its relatives change. Answers: an errno, or null, or what the comment says.

export interface RouteSpec {
  table?: number; type?: RouteType; dst: Ip; prefix: number; via?: Ip; dev?: string; src?: Ip; scope?: 'global' | 'link' | 'host';
  proto?: string; metric?: number; onlink?: boolean; mtu?: number;
}

export type NetChange =
  /** veth: `peer` names the other end; `peerNs` its namespace (a name of netnsCreate), default the same. */
  | { kind: 'linkAdd'; name: string; type: 'bridge' | 'veth' | 'vxlan' | 'dummy'; mac?: Mac; mtu?: number; up?: boolean; master?: string; peer?: string; peerNs?: string; peerMac?: Mac;
      vxlan?: { id: number; dstport?: number; local?: Ip; dev?: string; learning?: boolean; remote?: Ip } }
  | { kind: 'linkDel'; dev: string }
  | { kind: 'linkSet'; dev: string; up?: boolean; mtu?: number; master?: string | null; name?: string; mac?: Mac; netns?: string; promisc?: boolean; arp?: boolean; multicast?: boolean;
      txqlen?: number; hairpin?: boolean; alias?: string; stp?: boolean }
  | { kind: 'addrAdd'; dev: string; ip: Ip; prefix: number; brd?: Ip; scope?: 'global' | 'link' | 'host'; label?: string; validUs?: Us; /** replace: no error if there. */ replace?: boolean }
  | { kind: 'addrDel'; dev: string; ip: Ip; prefix?: number }
  | { kind: 'addrFlush'; dev: string }
  /** mode add: EEXIST when the same is there; replace; append; change (ENOENT when absent). */
  | { kind: 'route'; mode: 'add' | 'replace' | 'append' | 'change' | 'del'; route: RouteSpec }
  | { kind: 'routeFlush'; table?: number; dev?: string; proto?: string; root?: { ip: Ip; prefix: number }; exact?: { ip: Ip; prefix: number }; via?: Ip; type?: RouteType }
  | { kind: 'rule'; mode: 'add' | 'del'; rule: { [K in keyof IpRule]?: IpRule[K] } }
  | { kind: 'neigh'; mode: 'add' | 'replace' | 'change' | 'del'; dev: string; ip: Ip; mac?: Mac; state?: NeighState }
  | { kind: 'neighFlush'; dev?: string; ip?: Ip; all?: boolean }
  /** Without `dst`: an entry of the bridge whose port `dev` is; with it, of vxlan `dev`. */
  | { kind: 'fdb'; mode: 'add' | 'append' | 'replace' | 'del'; dev: string; mac: Mac; dst?: Ip; state?: 'permanent' | 'static' }
  /** → IptablesAnswer. `args` without the program's name. Names must be numbers already (`-s` takes addresses). */
  | { kind: 'iptables'; args: readonly string[]; family?: 4 | 6; /** The version that the tool prints of itself. */ version?: string; /** What -L without -n calls an address. */ names?: { readonly [ip: string]: string } }
  | { kind: 'iptables-restore'; text: string; noflush?: boolean; counters?: boolean; test?: boolean; table?: string; family?: 4 | 6; version?: string }
  /** → how many went. Absent fields match all. */
  | { kind: 'conntrackDelete'; filter: ConntrackFilter }
  | { kind: 'conntrackFlush' };

export interface IptablesAnswer { exit: number; stdout: string; stderr: string }
export interface ConntrackFilter {
  proto?: string; src?: Ip; dst?: Ip; sport?: number; dport?: number; replySrc?: Ip; replyDst?: Ip; replySport?: number; replyDport?: number;
  srcNat?: boolean; dstNat?: boolean; mark?: number; state?: string;
}

/** What can be read. Answers are the JSON of the types above (arrays sorted as the tools list them). */
export type NetRead =
  | { kind: 'links' }                                   // LinkView[]
  | { kind: 'routes' }                                  // (Route & { linkdown?: true })[]
  | { kind: 'routeGet'; dst: Ip; src?: Ip; iif?: string; oif?: string; mark?: number } // RouteGet, or an errno
  | { kind: 'rules' }                                   // IpRule[]
  | { kind: 'neigh' }                                   // Neigh[] with states as of now
  | { kind: 'fdb' }                                     // (Fdb & { master: string | null, age: Us })[]
  | { kind: 'sysctl'; prefix: string }                  // Record of cells whose key begins so
  | { kind: 'conntrack' }                               // (Conn & { ttl: seconds })[]
  | { kind: 'conntrackStats' }                          // { count, max, found, … }
  | { kind: 'iptables-save'; table?: string; counters?: boolean; family?: 4 | 6; version?: string } // string
  | { kind: 'netfilter'; family?: 4 | 6 }               // Netfilter
  | { kind: 'netns' };                                  // string[]: names of `ip netns`

export interface LinkView extends Link { /** Lower layer is there: LOWER_UP. */ carrier: boolean; /** veth: index of the other end, and whether it is in another namespace. */ peerIndex: number | null; peerNsid: number | null; v6: { ip: string; prefix: number; scope: string }[]; operstate: string }
export interface RouteGet { type: RouteType; via: Ip | null; dev: string; src: Ip; mtu: number | null; iif: string | null }
