/**
 * firewalld's zones and services as data, and their XML files (firewalld.zone(5)), version 0.6. Pure.
 */
export interface Zone {
  name: string; short: string; description: string;
  target: 'default' | 'ACCEPT' | 'DROP' | '%%REJECT%%';
  interfaces: readonly string[]; sources: readonly string[]; services: readonly string[];
  /** `80/tcp`, `1000-2000/udp`. */
  ports: readonly string[]; protocols: readonly string[]; sourcePorts: readonly string[]; icmpBlocks: readonly string[];
  inversion: boolean; masquerade: boolean;
  /** `port=80:proto=tcp:toport=8080:toaddr=10.0.0.1`. */
  forwardPorts: readonly string[];
  rich: readonly string[];
}

export interface DirectRule { family: string; table: string; chain: string; priority: number; args: readonly string[] }
export interface Direct { chains: readonly { family: string; table: string; chain: string }[]; rules: readonly DirectRule[] }
export interface Model { defaultZone: string; zones: Readonly<Record<string, Zone>>; direct: Direct; panic: boolean }

const zone = (name: string, target: Zone['target'], services: string, more: Partial<Zone> = {}): Zone => ({
  name, short: name[0]!.toUpperCase() + name.slice(1), description: '', target, interfaces: [], sources: [], services: services.split(' ').filter(Boolean), ports: [], protocols: [], sourcePorts: [],
  icmpBlocks: [], inversion: false, masquerade: false, forwardPorts: [], rich: [], ...more,
});

/** The zones that come with the package. */
export const BUILT_IN: readonly Zone[] = [
  zone('block', '%%REJECT%%', ''), zone('dmz', 'default', 'ssh', { short: 'DMZ' }), zone('drop', 'DROP', ''), zone('external', 'default', 'ssh', { masquerade: true }),
  zone('home', 'default', 'dhcpv6-client mdns samba-client ssh'), zone('internal', 'default', 'dhcpv6-client mdns samba-client ssh'), zone('public', 'default', 'dhcpv6-client ssh'),
  zone('trusted', 'ACCEPT', ''), zone('work', 'default', 'dhcpv6-client ssh'),
];
export const newZone = (name: string): Zone => zone(name, 'default', '', { short: '' });

/** Predefined services: their ports. An empty list opens nothing for IPv4. */
export const SERVICES: Readonly<Record<string, readonly string[]>> = Object.fromEntries(`
amanda-client 10080/udp 10080/tcp|amqp 5672/tcp|bacula 9101/tcp 9102/tcp 9103/tcp|bgp 179/tcp|bitcoin 8333/tcp|ceph 6800-7300/tcp|ceph-mon 6789/tcp|cfengine 5308/tcp|cockpit 9090/tcp|dhcp 67/udp|dhcpv6 |dhcpv6-client |dns 53/tcp 53/udp
|docker-registry 5000/tcp|docker-swarm 2377/tcp 7946/tcp 7946/udp 4789/udp|dropbox-lansync 17500/udp 17500/tcp|elasticsearch 9300/tcp 9200/tcp|etcd-client 2379/tcp|etcd-server 2380/tcp|finger 79/tcp|ftp 21/tcp|git 9418/tcp
|high-availability 2224/tcp 3121/tcp 5403/tcp 5404/udp 5405/udp 9929/tcp 9929/udp 21064/tcp|http 80/tcp|https 443/tcp|imap 143/tcp|imaps 993/tcp|ipp 631/tcp 631/udp|ipp-client 631/udp|ipsec 500/udp 4500/udp|iscsi-target 3260/tcp
|kerberos 88/tcp 88/udp|kibana 5601/tcp|ldap 389/tcp|ldaps 636/tcp|libvirt 16509/tcp|libvirt-tls 16514/tcp|mdns 5353/udp|memcache 11211/tcp 11211/udp|minidlna 8200/tcp 1900/udp|mongodb 27017/tcp|mosh 60000-61000/udp|mountd 20048/tcp 20048/udp
|mqtt 1883/tcp|mssql 1433/tcp|murmur 64738/tcp 64738/udp|mysql 3306/tcp|nfs 2049/tcp|nfs3 2049/tcp 2049/udp|nmea-0183 10110/tcp 10110/udp|nrpe 5666/tcp|ntp 123/udp|openvpn 1194/udp|pop3 110/tcp|pop3s 995/tcp|postgresql 5432/tcp|privoxy 8118/tcp
|proxy-dhcp 4011/udp|puppetmaster 8140/tcp|radius 1812/tcp 1812/udp 1813/tcp 1813/udp|redis 6379/tcp|rpc-bind 111/tcp 111/udp|rsh 514/tcp|rsyncd 873/tcp 873/udp|salt-master 4505/tcp 4506/tcp|samba 137/udp 138/udp 139/tcp 445/tcp
|samba-client 137/udp 138/udp|sip 5060/tcp 5060/udp|sips 5061/tcp 5061/udp|smtp 25/tcp|smtps 465/tcp|snmp 161/tcp 161/udp|snmptrap 162/tcp 162/udp|spideroak-lansync 21327/udp 21328/udp|squid 3128/tcp|ssh 22/tcp|steam-streaming 27031/udp 27036/udp 27036/tcp 27037/tcp
|svn 3690/tcp|syslog 514/udp|syslog-tls 6514/tcp 6514/udp|telnet 23/tcp|tftp 69/udp|tftp-client |tinc 655/tcp 655/udp|vnc-server 5900-5903/tcp|wbem-https 5989/tcp|xdmcp 177/tcp 177/udp|xmpp-client 5222/tcp|xmpp-server 5269/tcp|zabbix-agent 10050/tcp|zabbix-server 10051/tcp`
  .split('|').map((entry) => { const [name, ...ports] = entry.trim().split(/\s+/); return [name!, ports]; }));

export const ICMP_TYPES: readonly string[] = ['address-unreachable', 'communication-prohibited', 'destination-unreachable', 'echo-reply', 'echo-request', 'fragmentation-needed', 'host-precedence-violation', 'host-prohibited', 'host-redirect', 'host-unknown', 'host-unreachable', 'ip-header-bad', 'network-prohibited', 'network-redirect', 'network-unknown', 'network-unreachable', 'parameter-problem', 'port-unreachable', 'precedence-cutoff', 'protocol-unreachable', 'redirect', 'required-option-missing', 'router-advertisement', 'router-solicitation', 'source-quench', 'source-route-failed', 'time-exceeded', 'timestamp-reply', 'timestamp-request', 'ttl-zero-during-reassembly', 'ttl-zero-during-transit'];

const escape = (text: string): string => text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;').replace(/"/g, '&quot;');
const unescape = (text: string): string => text.replace(/&quot;/g, '"').replace(/&gt;/g, '>').replace(/&lt;/g, '<').replace(/&amp;/g, '&');

/** A zone file; null when it is none. */
export function parseZone(name: string, xml: string): Zone | null {
  const head = /<zone([^>]*)>/.exec(xml);
  if (!head) return null;
  const body = xml.replace(/<!--[\s\S]*?-->/g, '').replace(/<rule[\s\S]*?<\/rule>/g, '');
  const attrs = (tag: string): Record<string, string>[] => [...body.matchAll(new RegExp(`<${tag}(\\s[^>]*?)?/?>`, 'g'))].map((m) => attributes(m[1] ?? ''));
  const pairs = (tag: string): string[] => attrs(tag).map((a) => `${a['port'] ?? ''}/${a['protocol'] ?? ''}`);
  return {
    name, short: unescape(/<short>([\s\S]*?)<\/short>/.exec(xml)?.[1] ?? ''), description: unescape(/<description>([\s\S]*?)<\/description>/.exec(xml)?.[1] ?? ''),
    target: (attributes(head[1]!)['target'] ?? 'default') as Zone['target'], interfaces: attrs('interface').map((a) => a['name']!), sources: attrs('source').map((a) => a['address'] ?? a['mac'] ?? `ipset:${a['ipset']}`),
    services: attrs('service').map((a) => a['name']!), ports: pairs('port'), protocols: attrs('protocol').map((a) => a['value']!), sourcePorts: pairs('source-port'), icmpBlocks: attrs('icmp-block').map((a) => a['name']!),
    inversion: attrs('icmp-block-inversion').length > 0, masquerade: attrs('masquerade').length > 0,
    forwardPorts: attrs('forward-port').map((a) => `port=${a['port']}:proto=${a['protocol']}:toport=${a['to-port'] ?? ''}:toaddr=${a['to-addr'] ?? ''}`),
    rich: [...xml.matchAll(/<rule text="([^"]*)"\/>/g)].map((m) => unescape(m[1]!)),
  };
}

function attributes(text: string): Record<string, string> {
  return Object.fromEntries([...text.matchAll(/([\w-]+)="([^"]*)"/g)].map((m) => [m[1]!, unescape(m[2]!)]));
}

export function printZone(z: Zone): string {
  const lines = ['<?xml version="1.0" encoding="utf-8"?>', z.target === 'default' ? '<zone>' : `<zone target="${z.target}">`];
  if (z.short) lines.push(`  <short>${escape(z.short)}</short>`);
  if (z.description) lines.push(`  <description>${escape(z.description)}</description>`);
  const pair = (tag: string, text: string): string => { const [port, proto] = text.split('/'); return `  <${tag} protocol="${proto}" port="${port}"/>`; };
  lines.push(...z.interfaces.map((n) => `  <interface name="${escape(n)}"/>`), ...z.sources.map((s) => (s.startsWith('ipset:') ? `  <source ipset="${s.slice(6)}"/>` : `  <source ${/^([0-9a-f]{2}:){5}/i.test(s) ? 'mac' : 'address'}="${s}"/>`)));
  lines.push(...z.services.map((n) => `  <service name="${n}"/>`), ...z.ports.map((p) => pair('port', p)), ...z.protocols.map((p) => `  <protocol value="${p}"/>`));
  if (z.inversion) lines.push('  <icmp-block-inversion/>');
  lines.push(...z.icmpBlocks.map((n) => `  <icmp-block name="${n}"/>`));
  if (z.masquerade) lines.push('  <masquerade/>');
  for (const f of z.forwardPorts) {
    const p = forwardParts(f);
    lines.push(`  <forward-port port="${p.port}" protocol="${p.proto}"${p.toport ? ` to-port="${p.toport}"` : ''}${p.toaddr ? ` to-addr="${p.toaddr}"` : ''}/>`);
  }
  lines.push(...z.sourcePorts.map((p) => pair('source-port', p)), ...z.rich.map((r) => `  <rule text="${escape(r)}"/>`), '</zone>');
  return `${lines.join('\n')}\n`;
}

export function forwardParts(text: string): { port: string; proto: string; toport: string; toaddr: string } {
  const parts = Object.fromEntries(text.split(':').map((part) => part.split('=') as [string, string]));
  return { port: parts['port'] ?? '', proto: parts['proto'] ?? '', toport: parts['toport'] ?? '', toaddr: parts['toaddr'] ?? '' };
}
