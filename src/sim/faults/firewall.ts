/** Rules in the way: what a firewall team, or a product of theirs, loads into the kernel. */
import { typed } from './hand.ts';
import { noAnswerFromPod } from './seen.ts';
import type { Fault } from './strike.ts';

const PORTS = { least: 1, most: 65535 };
const CHAINS = ['DROP', 'REJECT'] as const;
const target = { type: 'string', default: 'DROP', from: CHAINS, about: 'what becomes of the packets' } as const;

/** A rule at the head of a chain that refuses a port. */
const refuses = (name: string, title: string, node: string, protocol: 'tcp' | 'udp', port: number, rest: Pick<Fault, 'symptoms' | 'repair'>): Fault => typed({
  name, title, node, args: { port: { type: 'number', default: port, ...PORTS, about: 'which' }, target }, ...rest,
  line: (args) => `iptables -I INPUT -p ${protocol} --dport ${String(args['port'])} -j ${String(args['target'])}`,
});

const eitherProtocol = (line: string): string => `for protocol in udp tcp; do ${line}; done`;
const everyWay = (line: string): string => `for chain in INPUT OUTPUT; do for end in sport dport; do ${line}; done; done`;

export const firewall: readonly Fault[] = [
  refuses('vxlan-blocked', 'A rule refuses the overlay\'s packets', 'node-1', 'udp', 8472, {
    symptoms: [noAnswerFromPod()],
    repair: [{ on: 'node-1', run: 'sudo iptables -D INPUT -p udp --dport 8472 -j DROP' }],
  }),
  // Both directions of what either side has dialled: a member goes on talking on the connections that it made itself.
  typed({
    name: 'peer-port-blocked', title: 'Rules cut a member of etcd off from its peers', node: 'node-3', args: { port: { type: 'number', default: 2380, ...PORTS, about: 'which' }, target },
    line: (args) => everyWay(`iptables -I $chain -p tcp --$end ${String(args['port'])} -j ${String(args['target'])}`),
    symptoms: [{ on: 'node-1', user: 'root', run: 'gravity exec etcdctl cluster-health', match: 'unhealthy|unreachable|degraded', within: 30 }],
    repair: [{ on: 'node-3', run: everyWay('sudo iptables -D $chain -p tcp --$end 2380 -j DROP') }],
  }),
  refuses('api-port-blocked', 'A rule refuses the API server\'s port', 'node-1', 'tcp', 6443, {
    symptoms: [{ on: 'node-2', run: 'kubectl --request-timeout=3s get nodes', exit: 1, within: 10 }],
    repair: [{ on: 'node-1', run: 'sudo iptables -D INPUT -p tcp --dport 6443 -j DROP' }],
  }),
  refuses('kubelet-port-blocked', 'A rule refuses the kubelet\'s port', 'node-2', 'tcp', 10250, {
    symptoms: [{ on: 'node-1', run: 'curl -sk -m 3 https://192.168.121.198:10250/healthz', exit: 28, within: 5 }],
    repair: [{ on: 'node-2', run: 'sudo iptables -D INPUT -p tcp --dport 10250 -j DROP' }],
  }),
  // By TCP too: an agent that gets no answer to its datagrams tries a connection.
  typed({
    name: 'gossip-blocked', title: 'Rules refuse what the agents tell each other', node: 'node-3', args: { port: { type: 'number', default: 7496, ...PORTS, about: 'which' }, target },
    line: (args) => eitherProtocol(`iptables -I INPUT -p $protocol --dport ${String(args['port'])} -j ${String(args['target'])}`),
    symptoms: [{ on: 'node-1', user: 'root', run: 'gravity exec serf members', match: '217\\S*\\s.*failed', within: 60 }],
    repair: [{ on: 'node-3', run: eitherProtocol('sudo iptables -D INPUT -p $protocol --dport 7496 -j DROP') }],
  }),
  typed({
    name: 'pods-not-forwarded', title: 'A rule drops what is forwarded for pods', node: 'node-1',
    line: () => 'iptables -I FORWARD -s 10.244.0.0/16 -j DROP',
    symptoms: [noAnswerFromPod()],
    repair: [{ on: 'node-1', run: 'sudo iptables -D FORWARD -s 10.244.0.0/16 -j DROP' }],
  }),
  typed({
    name: 'ssh-refused', title: 'A rule refuses ssh', node: 'node-3', line: () => 'iptables -I INPUT -p tcp --dport 22 -j REJECT',
    symptoms: [{ on: 'node-1', run: 'nc -z -w 2 192.168.121.217 22', exit: 1, within: 5 }],
    repair: [{ on: 'node-3', run: 'sudo iptables -D INPUT -p tcp --dport 22 -j REJECT' }],
  }),
  typed({
    name: 'masquerade-gone', title: 'The table of address translation is flushed while its keeper is stopped', node: 'node-2',
    line: () => 'gravity exec systemctl stop kube-proxy; iptables -t nat -F',
    symptoms: [{ on: 'node-2', run: 'kubectl --request-timeout=3s get nodes', exit: 1, within: 10 }],
    repair: [{ on: 'node-2', run: 'sudo gravity exec systemctl start kube-proxy' }],
  }),
  typed({
    name: 'firewalld-zone', title: 'firewalld judges the machines\' own network by its public zone', node: 'node-1',
    line: () => 'firewall-cmd --permanent --zone=public --add-source=192.168.0.0/16; firewall-cmd --reload',
    symptoms: [{ on: 'node-2', run: 'nc -z -w 2 192.168.121.232 6443', exit: 1, within: 10 }],
    repair: [{ on: 'node-1', run: 'sudo systemctl stop firewalld' }],
  }),
];
