import { describe, expect, it } from 'vitest';
import { freshWorld } from '../support/world.ts';

const world = freshWorld('bare');
const root = (text: string) => world.exec('node-1', text, { user: 'root', wait: 120 });
const user = (text: string) => world.exec('node-1', text, { wait: 120 });

describe('immutable and append-only files', () => {
  it('a folder under +i takes no new entry, not even from root, as Linux 3.10 answers', () => {
    root('mkdir -p /srv/d/sub; touch /srv/d/old; chattr +i /srv/d');
    expect(root('lsattr -d /srv/d').stdout).toBe('----i----------- /srv/d\n');
    expect(root('mkdir /srv/d/x')).toMatchObject({ exit: 1, stderr: 'mkdir: cannot create directory ‘/srv/d/x’: Permission denied\n' });
    expect(root('touch /srv/d/x').exit).toBe(1);
    expect(root('rm /srv/d/old').stderr).toContain('Permission denied');
    expect(root('mv /srv/d/sub /srv/d/sup').stderr).toContain('Permission denied');
    expect(root('echo free > /srv/d/old; cat /srv/d/old; touch /srv/d/sub/y').stdout).toBe('free\n');
    expect(root('chattr -i /srv/d; mkdir /srv/d/x')).toMatchObject({ exit: 0, stderr: '' });
  });
  it('a file under +i cannot be written, renamed, removed or changed; one under +a only grows', () => {
    root('echo one > /srv/f; chattr +i /srv/f');
    expect(root('echo two > /srv/f').stderr).toContain('/srv/f: Permission denied');
    for (const line of ['rm -f /srv/f', 'mv /srv/f /srv/g', 'chmod 600 /srv/f', 'chown nobody /srv/f', 'ln /srv/f /srv/h']) expect(root(line).stderr).toContain('Operation not permitted');
    root('chattr =a /srv/f');
    expect(root('echo two >> /srv/f; echo three > /srv/f; cat /srv/f')).toMatchObject({ stdout: 'one\ntwo\n', stderr: 'bash: line 1: /srv/f: Operation not permitted\n' });
    root('chattr -a /srv/f');
  });
  it('says what is wrong', () => {
    expect(user('touch f; chattr +i f')).toMatchObject({ exit: 1, stderr: 'chattr: Operation not permitted while setting flags on f\n' });
    expect(root('chattr +i nope')).toMatchObject({ exit: 1, stderr: 'chattr: No such file or directory while trying to stat nope\n' });
    expect(root('chattr nope')).toMatchObject({ exit: 1, stderr: "Must use '-v', =, - or +\n" });
    expect(root('lsattr /proc/cpuinfo').stderr).toBe('lsattr: Inappropriate ioctl for device While reading flags on /proc/cpuinfo\n');
  });
});

describe('accounts', () => {
  it('come, change and go', () => {
    root('useradd -G wheel -c "Bob B" bob');
    expect(root('id bob; getent passwd bob').stdout).toMatch(/^uid=1001\(bob\) gid=1001\(bob\) groups=1001\(bob\),10\(wheel\)\nbob:x:1001:1001:Bob B:\/home\/bob:\/bin\/bash\n$/);
    expect(root('useradd bob')).toMatchObject({ exit: 9, stderr: "useradd: user 'bob' already exists\n" });
    expect(root('usermod -s /sbin/nologin bob; su - bob')).toMatchObject({ exit: 1, stdout: 'This account is currently not available.\n' });
    expect(root('userdel -r bob; id bob; ls /home/bob').stderr).toMatch(/^id: ‘bob’: no such user\nls: .*No such file or directory\n$/);
    expect(user('useradd eve')).toMatchObject({ exit: 1, stderr: 'useradd: Permission denied.\nuseradd: cannot lock /etc/passwd; try again later.\n' });
  });
  it('su asks who really calls, not who owns the parent', () => {
    expect(user('sudo su -c "id -un"').stdout).toBe('root\n');
    expect(user('sudo su - vagrant -c "id -un; pwd"').stdout).toBe('vagrant\n/home/vagrant\n');
  });
  it('sudoers are checked before they count', () => {
    expect(root('visudo -c')).toMatchObject({ exit: 0, stdout: '/etc/sudoers: parsed OK\n/etc/sudoers.d/vagrant: parsed OK\n' });
    expect(root('echo nonsense > /tmp/s; visudo -cf /tmp/s')).toMatchObject({ exit: 1, stderr: '>>> /tmp/s: syntax error near line 1 <<<\nparse error in /tmp/s near line 1\n' });
  });
});

describe('boots and sessions', () => {
  it('last tells of boots that ended', () => {
    expect(root('last reboot').stdout.match(/^reboot /gm)).toHaveLength(1);
    root('reboot');
    world.advance(60);
    expect(root('last reboot').stdout.match(/^reboot {3}system boot {2}3\.10\.0-957\.12\.1\. /gm)).toHaveLength(2);
  });
});

describe('a full disk', () => {
  it('fills by dd and fallocate without holding a byte of it, and is felt', () => {
    const t = freshWorld('bare');
    const run = (text: string) => t.exec('node-2', text, { user: 'root', wait: 300 });
    expect(run('fallocate -l 90G /var/big')).toMatchObject({ exit: 1, stderr: 'fallocate: fallocate failed: No space left on device\n' });
    run('fallocate -l 20G /var/big');
    expect(run('stat -c %s /var/big').stdout).toBe('21474836480\n');
    const filled = run('dd if=/dev/zero of=/var/fill bs=1M');
    expect(filled).toMatchObject({ exit: 1 });
    expect(filled.stderr).toMatch(/^dd: error writing .\/var\/fill.: No space left on device\n\d+\+0 records in\n\d+\+0 records out\n\d+ bytes \(\d+ GB, [\d.]+ GiB\) copied, [\d.]+ s, 420 MB\/s\n$/);
    expect(run('df / | tail -1').stdout).toMatch(/ 100% \/\n$/);
    expect(run('echo x > /root/x').stderr).toContain('No space left on device');
    expect(run('rm /var/fill /var/big; echo x > /root/x; cat /root/x').stdout).toBe('x\n');
    expect(run('dd if=/dev/zero of=/root/z bs=1M count=3 2>&1 | head -1; cp /root/z /root/y; cmp /root/z /root/y; wc -c < /root/y; echo end >> /root/y; tail -c 4 /root/y').stdout).toBe('3+0 records in\n3145728\nend\n');
  });
});

describe('man', () => {
  it('has short pages, knows what it has not, and finds words', () => {
    expect(user('man chattr').stdout).toMatch(/^CHATTR\(1\) +User Commands +CHATTR\(1\)\n\nNAME\n {7}chattr - change file attributes/);
    expect(user('man ls').stdout).toContain('SYNOPSIS\n       ls [OPTION]... [FILE]...\n');
    expect(user('man kubectl')).toMatchObject({ exit: 16, stderr: 'No manual entry for kubectl\n' });
    expect(user('man -k journal').stdout).toBe('journalctl (1)       - Query the systemd journal\n');
  });
});

describe('flags that change what is shown', () => {
  const firstOf = (text: string) => root(text).stdout.split('\n')[0];
  it('dmesg by minute, by pause, by who speaks', () => {
    expect(root('dmesg -e | head -2').stdout).toMatch(/^\[Apr29 \d\d:\d\d\] .*\n\[ {2}\+0\.\d{6}\] /);
    expect(firstOf('dmesg -d')).toMatch(/^\[ +0\.000000 < +0\.000000>\] /);
    expect(root('dmesg -u; dmesg -f daemon').stdout).toBe('');
    expect(root('dmesg -k').stdout).toBe(root('dmesg').stdout);
  });
  it('free -l, lsblk -i, pstree -g, logger -si, tree --charset and --filelimit', () => {
    expect(root('free -l').stdout).toMatch(/\nLow: +8008888 +\d+ +\d+\nHigh: +0 +0 +0\nSwap:/);
    expect(root('lsblk -i').stdout).toContain('\n`-sda1 ');
    expect(firstOf('pstree -g')).toMatch(/^systemd\(1\)/);
    expect(root('logger -s -i -t drill hello').stderr).toMatch(/^drill\[\d+\]: hello\n$/);
    expect(root('tree --charset ascii /etc/yum.repos.d').stdout).toContain('`-- CentOS-Base.repo');
    expect(root('tree --filelimit 0 /etc/sysconfig/..').stdout).toContain('exceeds filelimit, not opening dir]');
  });
  it('what is not done is refused', () => {
    for (const line of ['file -k /etc/hosts', 'hostname -F x', 'logger -u x', 'lsblk -m', 'visudo -s', 'nano -z x', 'dmesg -L', 'mount -h', 'unshare -m true']) expect(root(line).exit, line).not.toBe(0);
    expect(root("tar '-?'").stdout).toMatch(/^Usage: tar /);
  });
});

describe('what runs', () => {
  it('lsof names a socket as the socket tables do', () => {
    expect(root('lsof -nP -iTCP:22 -sTCP:LISTEN').stdout.split('\n')[1]).toMatch(/^sshd .* TCP \*:22 \(LISTEN\)$/);
    expect(root("ls -l /proc/$(pgrep -o sshd)/fd | grep -o 'socket:.*' | sort -u | wc -l").stdout).not.toBe('0\n');
    expect(root('lsof -i :1').exit).toBe(1);
    expect(root('lsof -nP -iTCP:22 -sTCP:^LISTEN').exit).toBe(1);
  });
  it('a busy loop raises the load averages to what the kernel would say, and they fall when it ends', () => {
    const busy = freshWorld('bare');
    const load = () => busy.exec('node-2', 'cut -d" " -f1-3 /proc/loadavg').stdout.trim();
    expect(load()).toBe('0.00 0.00 0.00');
    busy.exec('node-2', 'timeout 60 sh -c "while :; do :; done"', { wait: 70 });
    expect(load()).toMatch(/^0\.6[0-9] 0\.1[6-9] 0\.0[5-7]$/); // 1 - e^-1, 1 - e^-0.2, 1 - e^-0.067
    busy.advance(300);
    expect(load()).toMatch(/^0\.0\d /);
  });
});
