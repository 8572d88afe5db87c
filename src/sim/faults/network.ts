/** Links, routes and resolvers of a node, and the kernel that serves them: what a hand changes on one machine. */
import { inPlanet, typed } from './hand.ts';
import { gravitySays, noAnswerFromPod } from './seen.ts';
import type { Fault } from './strike.ts';

/** The unit sets Flannel's settings anew whenever it starts, so they are changed there. */
const FLANNEL_PORT = (from: number, to: number): string => inPlanet(`bash -c "sed -i 's/\\"Port\\": ${from}/\\"Port\\": ${to}/' /lib/systemd/system/flanneld.service && systemctl daemon-reload"`);

export const network: readonly Fault[] = [
  typed({
    name: 'forwarding-off', title: 'A node forwards no packets', node: 'node-1', line: () => 'sysctl -w net.ipv4.ip_forward=0',
    symptoms: [noAnswerFromPod()],
    repair: [{ on: 'node-1', run: 'sudo sysctl -w net.ipv4.ip_forward=1' }],
  }),
  typed({
    name: 'bridge-netfilter-off', title: 'Bridged packets pass no rules', line: () => 'sysctl -w net.bridge.bridge-nf-call-iptables=0',
    symptoms: [gravitySays('requires net\\.bridge\\.bridge-nf-call-iptables sysctl set to 1')],
    repair: [{ on: 'node-2', run: 'sudo sysctl -w net.bridge.bridge-nf-call-iptables=1' }],
  }),
  typed({
    name: 'module-unloaded', title: 'The module br_netfilter is taken out of the kernel', line: () => 'rmmod br_netfilter',
    symptoms: [gravitySays('br_netfilter module is either not loaded')],
    repair: [{ on: 'node-2', run: 'sudo modprobe br_netfilter' }],
  }),
  typed({
    name: 'link-down', title: 'A network card is switched off', node: 'node-3', line: () => 'ip link set eth0 down',
    symptoms: [{ on: 'node-1', run: 'ping -c1 -W2 192.168.121.217', exit: 1, within: 5 }],
    repair: [{ on: 'node-3', run: 'sudo ip link set eth0 up; sudo ip route replace default via 192.168.121.1 dev eth0; sudo gravity exec systemctl restart flanneld' }],
  }),
  typed({
    name: 'overlay-device-gone', title: 'The overlay\'s device is deleted', line: () => 'ip link del flannel.1',
    symptoms: [noAnswerFromPod({ exit: 1 })],
    repair: [{ on: 'node-2', run: 'sudo gravity exec systemctl restart flanneld' }],
  }),
  typed({
    name: 'overlay-routes-gone', title: 'The routes to other nodes\' pods are deleted', line: () => 'ip route flush dev flannel.1',
    symptoms: [noAnswerFromPod()],
    repair: [{ on: 'node-2', run: 'sudo gravity exec systemctl restart flanneld' }],
  }),
  typed({
    name: 'neighbour-wrong', title: 'A wrong hardware address is entered for a neighbour', line: () => 'ip neigh replace 192.168.121.232 lladdr 02:00:00:00:00:99 dev eth0 nud permanent',
    symptoms: [{ on: 'node-2', run: 'ping -c1 -W2 192.168.121.232', exit: 1, within: 5 }],
    repair: [{ on: 'node-2', run: 'sudo ip neigh del 192.168.121.232 dev eth0' }],
  }),
  typed({
    name: 'route-blackholed', title: 'A route swallows what goes to another node', line: () => 'ip route add blackhole 192.168.121.217',
    symptoms: [{ on: 'node-2', run: 'ping -c1 -W1 192.168.121.217', exit: 2, within: 1 }],
    repair: [{ on: 'node-2', run: 'sudo ip route del blackhole 192.168.121.217' }],
  }),
  typed({
    name: 'resolver-wrong', title: 'A node asks a name server that is not there', line: () => "cp /etc/resolv.conf /root/resolv.conf.before; echo 'nameserver 203.0.113.1' > /etc/resolv.conf",
    symptoms: [{ on: 'node-2', run: 'nslookup -timeout=1 -retry=1 example.com', match: 'timed out|no servers', within: 5 }],
    repair: [{ on: 'node-2', run: 'sudo cp /root/resolv.conf.before /etc/resolv.conf' }],
  }),
  typed({
    name: 'flannel-port-changed', title: 'Flannel\'s settings name another port, and it is started again on one node', line: () => `${FLANNEL_PORT(8472, 9473)}; ${inPlanet('systemctl restart --no-block flanneld')}`,
    symptoms: [noAnswerFromPod({ match: '100% packet loss', within: 20 })],
    repair: [{ on: 'node-2', run: `sudo ${FLANNEL_PORT(9473, 8472)}; sudo ${inPlanet('systemctl restart flanneld')}` }],
  }),
];
