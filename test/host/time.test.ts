/** The time of day: chronyd and its server, crond and its tables. */
import { describe, expect, it } from 'vitest';
import { freshWorld } from '../support/world.ts';

const fresh = freshWorld('bare');

describe('chronyd', () => {
  it('follows the gateway, and says so everywhere', () => {
    const world = fresh.fork();
    world.advance(30);
    const ask = (text: string) => world.exec('node-1', text).stdout;
    expect(ask('chronyc tracking')).toMatch(/^Reference ID {4}: C0A87901 \(192\.168\.121\.1\)\nStratum {9}: 4\n[^]*Leap status {5}: Normal\n$/);
    expect(ask('chronyc -n sources')).toMatch(/^210 Number of sources = 1\n[^]*\n\^\* 192\.168\.121\.1 +3 +6 +\d+ +\d/);
    expect(ask('timedatectl')).toContain('NTP synchronized: yes');
    world.advance(1200);
    expect(ask('chronyc sources')).toMatch(/6 {3}377 {4}[ \d]\d /);
  });
  it('loses its server when port 123 is blocked, and finds it again', () => {
    const world = fresh.fork();
    world.advance(30);
    world.exec('node-1', 'iptables -A OUTPUT -p udp --dport 123 -j DROP', { user: 'root' });
    world.advance(150);
    expect(world.exec('node-1', 'chronyc sources').stdout).toMatch(/\^\* .* \d*[1-7]?[048] +1\d\d /);
    world.advance(700);
    expect(world.exec('node-1', 'chronyc tracking; timedatectl').stdout).toMatch(/Not synchronised[^]*NTP synchronized: no/);
    expect(world.exec('node-1', 'chronyc sources').stdout).toContain('^? 192.168.121.1');
    world.exec('node-1', 'iptables -F OUTPUT', { user: 'root' });
    world.advance(70);
    expect(world.exec('node-1', 'timedatectl').stdout).toContain('NTP synchronized: yes');
  });
  it('slews a clock that was moved while it ran, and steps it at its own start', () => {
    const world = fresh.fork();
    world.advance(200);
    world.exec('node-1', "date -s '+10 seconds'", { user: 'root' });
    const offset = () => Number(world.exec('node-1', 'date +%s').stdout) - Number(world.exec('node-2', 'date +%s').stdout);
    world.advance(40);
    expect(offset()).toBeGreaterThan(5);
    world.advance(240);
    expect(Math.abs(offset())).toBeLessThanOrEqual(1);
    world.exec('node-1', "systemctl stop chronyd; date -s '+1 hour'; systemctl start chronyd", { user: 'root' });
    world.advance(30);
    expect(Math.abs(offset())).toBeLessThanOrEqual(1);
    expect(world.exec('node-1', 'journalctl -u chronyd --no-pager -o cat', { user: 'root' }).stdout).toContain('System clock was stepped by -3600.');
  });
});

describe('crond', () => {
  it('runs what the tables say, as whom they say', () => {
    const world = fresh.fork();
    const root = (text: string) => world.exec('node-1', text, { user: 'root' });
    expect(world.exec('node-1', "echo '* * * * * id -un >> /tmp/mine' | crontab -; crontab -l").stdout).toBe('* * * * * id -un >> /tmp/mine\n');
    root("echo '* * * * * root /usr/sbin/sysctl -w net.ipv4.ip_forward=0' > /etc/cron.d/hardening; sysctl -w net.ipv4.ip_forward=1");
    world.advance(61);
    expect(root('cat /tmp/mine /proc/sys/net/ipv4/ip_forward').stdout).toBe('vagrant\n0\n');
    expect(root('cat /var/log/cron').stdout).toMatch(/CROND\[\d+\]: \(root\) CMD \(\/usr\/sbin\/sysctl -w net\.ipv4\.ip_forward=0\)/);
    root('systemctl stop crond; sysctl -w net.ipv4.ip_forward=1');
    world.advance(90);
    expect(root('sysctl -n net.ipv4.ip_forward').stdout).toBe('1\n');
  });
  it('refuses a table that is wrong, in its words', () => {
    const world = fresh.fork();
    const user = (text: string) => world.exec('node-1', text);
    expect(user("printf '# x\\n61 * * * * true\\n' | crontab -")).toMatchObject({ exit: 1, stderr: '"-":1: bad minute\nerrors in crontab file, can\'t install.\n' });
    expect(user("echo '1-70/2 * * * * true' | crontab -").stderr).toContain('bad minute');
    expect(user("echo '@daily' | crontab -").stderr).toContain('bad command');
    expect(user('crontab -l')).toMatchObject({ exit: 1, stderr: 'no crontab for vagrant\n' });
    expect(user('crontab -u root -l')).toMatchObject({ exit: 1, stderr: 'must be privileged to use -u\n' });
    expect(user("echo '0 5 * * mon-fri true' | crontab - && crontab -r && crontab -r").stderr).toBe('no crontab for vagrant\n');
  });
});
