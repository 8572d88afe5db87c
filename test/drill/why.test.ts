/**
 * Why: every reason is proved by a real command, there is one place where it goes wrong first, the last reason is what
 * was really done, and one learns which step did it. Nothing of it is felt by the world.
 */
import { describe, expect, it } from 'vitest';
import type { Session } from '../../src/drill/session.ts';
import { explain, sinceWhen, type Explanation, type Subject } from '../../src/drill/why/explain.ts';
import { freshWorld } from '../support/world.ts';

const PLANET = 'gravity__gravitational.io__planet__6.0.0-11401.service';
const N1 = '192.168.121.232', N2 = '192.168.121.198';

const dnsPodOf = (session: Session, address: string): { name: string; ip: string } => {
  const { stdout } = session.fork().exec('node-1', `kubectl -nkube-system get pods -l k8s-app=kube-dns --field-selector spec.nodeName=${address} -o jsonpath='{.items[0].metadata.name} {.items[0].status.podIP}'`);
  const [name = '', ip = ''] = stdout.split(' ');
  return { name: `kube-system/${name}`, ip };
};
const base = freshWorld();
const pod1 = dnsPodOf(base, N1), pod2 = dnsPodOf(base, N2);

/** Each proof is run as a person would run it, and must show what it claims. */
function holds(session: Session, { reasons }: Explanation): void {
  for (const { text, proof } of reasons) {
    if (!proof) continue;
    const { stdout, stderr } = session.fork().exec(proof.on, proof.run, { wait: 20 });
    expect(stdout + stderr, `${text}\n${proof.on}$ ${proof.run}`).toMatch(new RegExp(proof.shows, 'm'));
  }
}
const root = ({ reasons }: Explanation): string => reasons.at(-1)?.text ?? 'nothing is known';

type Case = [what: string, strike: (session: Session) => void, subject: Subject | ((session: Session) => Subject), root: RegExp];
const run = (node: string, command: string, seconds = 0) => (session: Session): void => { session.exec(node, command); session.advance(seconds); };
const fault = (name: string, args: Record<string, string | number> = {}, seconds = 0) => (session: Session): void => { session.fault(name, args); session.advance(seconds); };
const packet = (from: { node: string } | { pod: string }, to: string, proto: 'tcp' | 'udp' | 'icmp' = 'icmp', port = 0): Subject => ({ kind: 'packet', ...from, to, proto, port });
/** The command is run, and what it said is what is asked about. */
const after = (node: string, command: string) => (session: Session): Subject => {
  const { stdout, stderr, exit } = session.fork().exec(node, command, { wait: 20 });
  return { kind: 'command', node, command, output: stdout + stderr, exit };
};

const PACKETS: Case[] = [
  ['a rule refuses the overlay', fault('vxlan-blocked', { node: 'node-1' }), packet({ node: 'node-2' }, pod1.ip), /node-1: the filter table refuses it: -A INPUT -p udp .*8472 -j DROP/],
  ['a rule rejects the overlay', run('node-1', 'sudo iptables -I INPUT -p udp --dport 8472 -j REJECT'), packet({ pod: pod2.name }, pod1.ip), /node-1: the filter table refuses it: .*REJECT/],
  ['forwarding is off', fault('forwarding-off', { node: 'node-1' }), packet({ pod: pod1.name }, pod2.ip), /node-1: the kernel forwards nothing: net.ipv4.ip_forward is 0/],
  ['the overlay’s device is gone', fault('overlay-device-gone', { node: 'node-2' }), packet({ node: 'node-2' }, pod1.ip), /node-2: it knows no route of its own/],
  ['routes are gone', fault('overlay-routes-gone', { node: 'node-2' }), packet({ node: 'node-2' }, pod1.ip), /node-2: it knows no route of its own/],
  ['the port is eaten', fault('port-eaten', { port: 8472 }), packet({ node: 'node-2' }, pod1.ip), /Between node-2 and node-1: .*takes udp port 8472/],
  ['a cable is out', fault('cable-out', { node: 'node-3' }), packet({ node: 'node-3' }, N1), /node-3: nothing is plugged in at eth0/],
  ['the switch drops it', fault('partition', { a: 'node-1', b: 'node-2' }), packet({ node: 'node-2' }, N1), /node-2: .*does not deliver/],
  ['a firewall zone', run('node-1', 'sudo firewall-cmd --permanent --zone=public --add-source=192.168.0.0/16; sudo firewall-cmd --reload'), packet({ node: 'node-2' }, N1, 'tcp', 3009), /node-1: the filter table refuses it: -A INPUT -j REJECT/],
  ['nobody listens', () => undefined, packet({ node: 'node-2' }, N1, 'tcp', 4711), /node-1: nothing listens on tcp port 4711/],
  ['a route is a black hole', fault('route-blackholed', { node: 'node-2' }), packet({ node: 'node-2' }, '192.168.121.217'), /no route to 192\.168\.121\.217|node-2: .*/],
];

const OTHERS: Case[] = [
  ['ping', fault('vxlan-blocked', { node: 'node-1' }), after('node-2', `ping -c1 -W1 ${pod1.ip}`), /node-1: the filter table refuses it/],
  ['curl, refused', () => undefined, after('node-2', `curl -sS -m2 http://${N1}:4711/`), /nothing listens on tcp port 4711/],
  ['curl, silent', run('node-1', 'sudo iptables -I INPUT -p tcp --dport 3009 -j DROP'), after('node-2', `curl -sSk -m2 https://${N1}:3009/healthz`), /-A INPUT -p tcp .*3009 -j DROP/],
  ['curl, guarded', fault('endpoint-security', { node: 'node-2' }), after('node-2', `curl -sSk -m2 https://${N1}:3009/healthz`), /the module CyProtectDrv in its kernel refuses connections/],
  ['a name that a node does not resolve', fault('planet-dns-stopped', { node: 'node-2' }), { kind: 'node', node: 'node-2' }, /node-2: coredns does not run|journal says/],
  ['a unit that is Planet’s', () => undefined, after('node-1', 'sudo systemctl status kube-apiserver'), /kube-apiserver is a unit of Planet/],
  ['a program that is Planet’s', () => undefined, after('node-1', 'kctl get pods'), /kctl is a program of Planet/],
  ['a file that is Planet’s', () => undefined, after('node-1', 'cat /etc/coredns/coredns.conf'), /lies in Planet’s file tree/],
  ['not root', () => undefined, after('node-1', 'iptables -L'), /You are not root/],
  ['an immutable folder', run('node-1', 'sudo mkdir /opt/x; sudo chattr +i /opt/x'), after('node-1', 'sudo touch /opt/x/y'), /\/opt\/x is immutable/],
  ['a member of etcd is lost', run('node-3', `sudo systemctl stop ${PLANET}`, 5), after('node-1', 'sudo gravity exec etcdctl cluster-health'), /Planet does not run on node-3/],
  ['the majority is lost', (session) => { run('node-3', `sudo systemctl stop ${PLANET}`)(session); run('node-2', `sudo systemctl stop ${PLANET}`, 20)(session); }, after('node-1', 'kubectl get nodes'), /Planet does not run on node-3/],
  ['the kubelet is stopped', fault('kubelet-stopped', { node: 'node-2' }), { kind: 'node', node: 'node-2' }, /node-2: kube-kubelet does not run|journal says/],
  ['a probe', fault('forwarding-off', { node: 'node-2' }, 62), after('node-1', 'gravity status'), /node-2: net.ipv4.ip_forward is 0/],
  ['a pod on no node', run('node-1', 'kubectl cordon 192.168.121.232; kubectl cordon 192.168.121.198; kubectl cordon 192.168.121.217; kubectl run x --image=x', 3), after('node-1', 'kubectl get pods'), /A node is cordoned/],
  ['a configuration that does not parse', (session) => { run('node-1', 'EDITOR="sed -i s/errors/errrors/" kubectl -nkube-system edit configmaps/coredns; kubectl -nkube-system delete pods -lk8s-app=kube-dns --wait=false', 30)(session); }, after('node-1', 'kubectl -nkube-system get pods -l k8s-app=kube-dns'), /Its configuration holds the word: errrors/],
  ['an image that nobody has', (session) => { run('node-1', 'kubectl run x --image=leader.telekube.local:5000/none:1', 15)(session); }, after('node-1', 'kubectl get pods'), /none:1/],
];

describe.each([['a packet', PACKETS], ['what is seen', OTHERS]] as const)('%s', (_, cases) => {
  it.each(cases)('%s', (_what, strike, subject, cause) => {
    const session = base.fork();
    strike(session);
    const asked = typeof subject === 'function' ? subject(session) : subject;
    const before = session.sim.digest();
    const explanation = explain(session, asked);
    expect(session.sim.digest()).toBe(before);
    expect(root(explanation), explanation.reasons.map(({ text }) => text).join('\n') + JSON.stringify(asked)).toMatch(cause);
    holds(session, explanation);
    if (asked.kind === 'packet') expect(explanation.reasons.filter(({ bad }) => bad).length).toBe(1);
    else expect(explanation.reasons.at(-1)!.bad).toBe(true);
  });
});

it('follows a packet that arrives to its end, station by station', () => {
  const { reasons } = explain(base, packet({ pod: pod2.name }, pod1.ip, 'udp', 53));
  expect(reasons.some(({ bad }) => bad)).toBe(false);
  expect(reasons.map(({ text }) => text).join('\n')).toMatch(/in the pod.*route[\s\S]*flannel\.1 wraps it for 192\.168\.121\.232[\s\S]*leaves by eth0[\s\S]*it arrives: udp port 53/);
});

it('says nothing where nothing failed', () => {
  expect(explain(base, { kind: 'command', node: 'node-1', command: 'true', output: '', exit: 0 }).reasons).toEqual([]);
  expect(explain(base, { kind: 'node', node: 'node-1' }).reasons).toEqual([]);
});

it('an installation that failed: the phase, and the folder', () => {
  const session = freshWorld('bare');
  session.exec('node-1', 'sudo mkdir -p /var/lib/gravity/planet && sudo chattr +i /var/lib/gravity/planet');
  session.open('t', 'node-1');
  session.line('t', 'cd ~/installer', 5);
  session.line('t', 'sudo ./gravity install', 40);
  const explanation = explain(session, { kind: 'phase', node: 'node-1' });
  expect(explanation.reasons.map(({ text }) => text).join('\n')).toMatch(/Phase \/bootstrap\/node-1 has failed[\s\S]*\/var\/lib\/gravity\/planet is immutable/);
  holds(session, explanation);
});

it('tells the step since which it is so', () => {
  const session = base.fork();
  const steps = ['uptime', 'sudo sysctl -w net.ipv4.ip_forward=0', 'hostname'].map((label) => {
    const before = session.snapshot();
    session.exec('node-1', label);
    return { label, before };
  });
  const { reasons } = explain(session, packet({ pod: pod1.name }, pod2.ip));
  expect(sinceWhen(session, reasons.at(-1)!.proof!, steps)).toEqual({ step: 1, label: 'sudo sysctl -w net.ipv4.ip_forward=0' });
  expect(sinceWhen(session, reasons.at(-1)!.proof!, steps.slice(2))).toBe('start');
});
