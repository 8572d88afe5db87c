/**
 * Numbers that the tools print as names: /etc/protocols and /etc/services, as far as they are met on
 * these hosts (Debian's netbase 5.4).
 */
export const PROTOCOLS: Readonly<Record<string, number>> = {
  ip: 0, icmp: 1, igmp: 2, ggp: 3, ipencap: 4, tcp: 6, egp: 8, igp: 9, udp: 17, dccp: 33, ipv6: 41, rsvp: 46, gre: 47, esp: 50, ah: 51,
  'ipv6-icmp': 58, ospf: 89, ipip: 94, pim: 103, vrrp: 112, l2tp: 115, sctp: 132, 'mobility-header': 135, udplite: 136,
};
const ALIASES: Readonly<Record<string, number>> = { all: 0, icmpv6: 58, 'ipv6-mh': 135, mh: 135 };
const byNumber = new Map(Object.entries(PROTOCOLS).map(([name, number]) => [number, name]));

export function protocolNumber(text: string): number | null {
  if (/^\d+$/.test(text)) return Number(text) <= 255 ? Number(text) : null;
  const name = text.toLowerCase();
  return ALIASES[name] ?? PROTOCOLS[name] ?? null;
}
export const protocolName = (number: number): string => (number === 0 ? 'all' : byNumber.get(number) ?? String(number));

/** name, port, protocols. */
const SERVICES: readonly (readonly [string, number, string])[] = [
  ['tcpmux', 1, 't'], ['echo', 7, 'tu'], ['discard', 9, 'tu'], ['systat', 11, 't'], ['daytime', 13, 'tu'], ['netstat', 15, 't'], ['qotd', 17, 't'],
  ['chargen', 19, 'tu'], ['ftp-data', 20, 't'], ['ftp', 21, 't'], ['ssh', 22, 't'], ['telnet', 23, 't'], ['smtp', 25, 't'], ['time', 37, 'tu'],
  ['whois', 43, 't'], ['tacacs', 49, 'tu'], ['domain', 53, 'tu'], ['bootps', 67, 'u'], ['bootpc', 68, 'u'], ['tftp', 69, 'u'], ['gopher', 70, 't'],
  ['finger', 79, 't'], ['http', 80, 'tu'], ['kerberos', 88, 'tu'], ['pop3', 110, 't'], ['sunrpc', 111, 'tu'], ['auth', 113, 't'], ['nntp', 119, 't'],
  ['ntp', 123, 'u'], ['netbios-ns', 137, 'tu'], ['netbios-dgm', 138, 'tu'], ['netbios-ssn', 139, 'tu'], ['imap2', 143, 't'], ['snmp', 161, 'tu'],
  ['snmp-trap', 162, 'tu'], ['bgp', 179, 't'], ['irc', 194, 'tu'], ['ldap', 389, 'tu'], ['https', 443, 'tu'], ['microsoft-ds', 445, 'tu'],
  ['kpasswd', 464, 'tu'], ['submission', 587, 't'], ['isakmp', 500, 'u'], ['exec', 512, 't'], ['biff', 512, 'u'], ['login', 513, 't'], ['shell', 514, 't'],
  ['syslog', 514, 'u'], ['printer', 515, 't'], ['route', 520, 'u'], ['dhcpv6-client', 546, 'u'], ['dhcpv6-server', 547, 'u'], ['rtsp', 554, 'tu'],
  ['nntps', 563, 't'], ['ipp', 631, 't'], ['ldaps', 636, 'tu'], ['rsync', 873, 't'], ['ftps', 990, 't'], ['telnets', 992, 't'], ['imaps', 993, 't'],
  ['pop3s', 995, 't'], ['socks', 1080, 't'], ['rmiregistry', 1099, 't'], ['openvpn', 1194, 'tu'], ['ms-sql-s', 1433, 't'], ['l2f', 1701, 'u'],
  ['radius', 1812, 'tu'], ['radius-acct', 1813, 'tu'], ['nfs', 2049, 'tu'], ['gnunet', 2086, 'tu'], ['zebra', 2601, 't'], ['iscsi-target', 3260, 't'],
  ['mysql', 3306, 't'], ['rdp', 3389, 't'], ['svn', 3690, 't'], ['epmd', 4369, 't'], ['ipsec-nat-t', 4500, 'u'], ['iax', 4569, 'u'], ['sip', 5060, 'tu'],
  ['sip-tls', 5061, 'tu'], ['xmpp-client', 5222, 't'], ['xmpp-server', 5269, 't'], ['mdns', 5353, 'u'], ['postgresql', 5432, 't'], ['amqp', 5672, 't'],
  ['amqps', 5671, 't'], ['x11', 6000, 't'], ['redis', 6379, 't'], ['ircd', 6667, 't'], ['bacula-dir', 9101, 't'], ['git', 9418, 't'], ['http-alt', 8080, 'tu'],
  ['zabbix-agent', 10050, 't'], ['zabbix-trapper', 10051, 't'], ['webmin', 10000, 't'], ['tproxy', 8081, 't'],
];
const SERVICE_ALIASES: Readonly<Record<string, number>> = { www: 80, imap: 143, mail: 25, nameserver: 53, 'ms-wbt-server': 3389, 'pop-3': 110, portmapper: 111, snmptrap: 162, kerberos5: 88, krb5: 88 };

const portByName = new Map<string, number>();
const nameByPort = new Map<string, string>();
for (const [name, port, protocols] of SERVICES) {
  for (const letter of protocols) {
    const proto = letter === 't' ? 'tcp' : 'udp';
    portByName.set(`${proto} ${name}`, port);
    portByName.set(`any ${name}`, port);
    nameByPort.set(`${proto} ${port}`, name);
  }
}

export function servicePort(name: string, proto: string): number | null {
  return portByName.get(`${proto} ${name}`) ?? (proto === 'any' || proto === 'tcp' || proto === 'udp' ? SERVICE_ALIASES[name] ?? null : null);
}
export const serviceName = (port: number, proto: string): string | null => nameByPort.get(`${proto} ${port}`) ?? null;
