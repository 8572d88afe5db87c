/** The overlay and the firewall of a whole cluster: what a hand on one machine does to a ping from another. */
import { describe, expect, it } from 'vitest';
import type { Session } from '../../src/drill/session.ts';
import { freshWorld } from '../support/world.ts';

const root = { user: 'root' };

/** The address of the cluster's DNS pod on node-1. */
function podOnFirst(s: Session): string {
  const { stdout } = s.exec('node-1', 'kubectl -nkube-system get pods -lk8s-app=kube-dns -owide');
  return /(10\.244\.\d+\.\d+)\s+192\.168\.121\.232/.exec(stdout)![1]!;
}
const answers = (s: Session, pod: string): boolean => s.exec('node-2', `ping -c1 -W2 ${pod}`).exit === 0;

describe('a cluster whose machines open their packet filter at boot', () => {
  it('loses the overlay to a rule that is appended to INPUT, and has it back without it', () => {
    const s = freshWorld();
    const pod = podOnFirst(s);
    expect(answers(s, pod)).toBe(true);
    s.exec('node-1', 'iptables -A INPUT -p udp --dport 8472 -j REJECT', root);
    expect(answers(s, pod)).toBe(false);
    expect(s.exec('node-1', `ping -c1 -W2 ${pod}`).exit).toBe(0);
    s.exec('node-1', 'iptables -D INPUT -p udp --dport 8472 -j REJECT', root);
    expect(answers(s, pod)).toBe(true);
  });

  it.each([
    ['--direct --add-rule ipv4 filter INPUT 0 -p udp --dport 8472 -j DROP', '--direct --remove-rule ipv4 filter INPUT 0 -p udp --dport 8472 -j DROP'],
    ["--add-rich-rule='rule family=ipv4 source address=192.168.121.198 drop'", "--remove-rich-rule='rule family=ipv4 source address=192.168.121.198 drop'"],
    ['--zone=drop --add-source=192.168.121.198', '--zone=drop --remove-source=192.168.121.198'],
    ['--zone=drop --change-interface=eth0', '--zone=public --change-interface=eth0'],
    ['--panic-on', '--panic-off'],
  ])('what firewalld is told at runtime to forbid bites without a reload: %s', (forbid, allow) => {
    const s = freshWorld();
    const pod = podOnFirst(s);
    s.exec('node-1', `firewall-cmd ${forbid}`, root);
    expect(answers(s, pod)).toBe(false);
    s.exec('node-1', `firewall-cmd ${allow}`, root);
    expect(answers(s, pod)).toBe(true);
  });

  it('keeps the overlay over a reload of firewalld, loses it to a source of the zone public, and gets it back', () => {
    const s = freshWorld();
    const pod = podOnFirst(s);
    const firewall = (line: string): void => expect(s.exec('node-1', `firewall-cmd ${line}`, root).stdout).toBe('success\n');
    firewall('--reload');
    expect(answers(s, pod)).toBe(true);
    firewall('--permanent --zone=public --add-source=192.168.0.0/16');
    expect(answers(s, pod)).toBe(true);
    firewall('--reload');
    expect(answers(s, pod)).toBe(false);
    firewall('--permanent --zone=public --remove-source=192.168.0.0/16');
    firewall('--reload');
    expect(answers(s, pod)).toBe(true);
  });
});

describe('who leads a cluster with a past', () => {
  it('etcd and the API server on the first node, the controller on another', () => {
    const s = freshWorld();
    expect(s.exec('node-1', 'etcdctl member list', { ...root, planet: true }).stdout).toMatch(/192\.168\.121\.232:2380.*isLeader=true/);
    const sites = s.exec('node-1', 'kubectl -nkube-system get pods -lapp=gravity-site -owide --no-headers').stdout.trim().split('\n');
    const ready = sites.filter((line) => /\s1\/1\s/.test(line));
    expect(ready).toHaveLength(1);
    expect(ready[0]).not.toContain('192.168.121.232');
  });
});
