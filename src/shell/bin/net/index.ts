/** The network's tools of a CentOS 7 host and of Planet. */
import type { Command } from '../../command.ts';
import { brctl, bridge } from './bridge.ts';
import { conntrack, ethtool } from './conntrack.ts';
import { ip } from './ip/index.ts';
import { iptablesCommands } from './iptables.ts';
import { arp, ifconfig, route } from './nettools.ts';
import { netstat, ss } from './sockets.ts';
import { tcpdump } from './tcpdump/index.ts';

export const commands: Command[] = [...iptablesCommands, ip, bridge, brctl, ifconfig, route, arp, netstat, ss, conntrack, ethtool, tcpdump];
