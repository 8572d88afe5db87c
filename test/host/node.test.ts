import { beforeAll, describe, expect, it } from 'vitest';
import { createWorld, type Session } from '../../src/firedrill.ts';

describe('a host', () => {
  let world: Session;
  const run = (text: string, user = 'root') => world.exec('node-1', text, { user, wait: 120 });
  beforeAll(() => { world = createWorld({ topology: 'bare' }); });

  it('boots into multi-user.target with nothing failed', () => {
    expect(run('systemctl is-system-running').stdout).toBe('running\n');
    expect(run('systemctl is-active multi-user.target sshd chronyd').stdout).toBe('active\nactive\nactive\n');
  });
  it('restarts a crashing service until the limit, and says so in the journal', () => {
    run("printf '[Unit]\\nDescription=Bad\\n[Service]\\nExecStart=/bin/false\\nRestart=always\\n' > /etc/systemd/system/bad.service");
    expect(run('systemctl start bad').exit).toBe(0);
    run('sleep 3');
    expect(run('systemctl is-failed bad').stdout).toBe('failed\n');
    const log = run('journalctl -u bad -o cat').stdout;
    expect(log.match(/Scheduled restart job/g)).toHaveLength(5);
    expect(log).toContain('bad.service: Start request repeated too quickly.\n');
  });
  it('lets no automatic restart undo a stop that somebody asked for', () => {
    const unit = (name: string, text: string) => run(`printf '[Service]\\n${text}' > /etc/systemd/system/${name}.service`);
    unit('slow', 'ExecStart=/bin/bash -c "trap : TERM; while :; do sleep 1; done"\\nTimeoutStopSec=20\\n');
    run(`printf '[Unit]\\nWants=slow.service\\n[Service]\\nExecStart=/bin/sleep 2\\nRestart=always\\nRestartSec=1\\n' > /etc/systemd/system/eager.service`);
    run('systemctl start slow eager');
    expect(run('systemctl is-active slow eager').stdout).toBe('active\nactive\n');
    expect(run('systemctl stop slow; echo $?')).toMatchObject({ stdout: '0\n', stderr: '' });
    expect(run('journalctl -u slow -o cat').stdout).toContain("slow.service: State 'stop-sigterm' timed out. Killing.\n");
    run('systemctl stop eager; systemctl reset-failed');
  });
  it('loses the cells of br_netfilter with the module', () => {
    expect(run('modprobe br_netfilter; sysctl -n net.bridge.bridge-nf-call-iptables').stdout).toBe('1\n');
    run('modprobe -r br_netfilter');
    expect(run('sysctl net.bridge.bridge-nf-call-iptables')).toMatchObject({ exit: 1, stderr: 'sysctl: cannot stat /proc/sys/net/bridge/bridge-nf-call-iptables: No such file or directory\n' });
    expect(run('modprobe nosuch')).toMatchObject({ exit: 1, stderr: 'modprobe: FATAL: Module nosuch not found.\n' });
  });
  it('lets the trainee do through sudo what he may not do himself', () => {
    expect(run('sysctl -w vm.swappiness=10', 'vagrant')).toMatchObject({ exit: 255, stderr: "sysctl: permission denied on key 'vm.swappiness'\n" });
    expect(run('sudo sysctl -w vm.swappiness=10; sudo id -u', 'vagrant').stdout).toBe('vm.swappiness = 10\n0\n');
    expect(run('sudo -u nobody id -un; sudo nosuch', 'vagrant')).toMatchObject({ exit: 1, stdout: 'nobody\n', stderr: 'sudo: nosuch: command not found\n' });
  });
  it('reaches another over ssh', () => {
    const there = run('ssh -o StrictHostKeyChecking=no node-2 "hostname; exit 7"', 'vagrant');
    expect(there).toMatchObject({ exit: 7, stdout: 'node-2\n' });
    run('systemctl stop sshd');
    expect(world.exec('node-2', 'ssh node-1 true', {}).stderr).toBe('ssh: connect to host node-1 port 22: Connection refused\n');
    run('systemctl start sshd');
  });
  it('comes back from a reboot with its settings and without its volatile state', () => {
    run("echo net.ipv4.ip_forward=1 > /etc/sysctl.d/50-x.conf; echo br_netfilter > /etc/modules-load.d/x.conf; touch /run/gone /var/kept; sysctl -w vm.swappiness=77");
    run('reboot');
    world.advance(60);
    expect(run('sysctl -n net.ipv4.ip_forward vm.swappiness; ls /run/gone /var/kept; lsmod | cut -d" " -f1').stdout).toMatch(/^1\n30\n\/var\/kept\nModule\n(.*\n)*br_netfilter\n/);
    expect(run('journalctl --list-boots').stdout.split('\n')).toHaveLength(3);
  });
});
