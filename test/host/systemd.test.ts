import { describe, expect, it } from 'vitest';
import { nextElapse, parseCalendar } from '../../src/sim/services/systemd/timers.ts';
import { expandSpecifiers, expandVariables, merge, parseCommand, parseSpan, parseUnit, splitWords, values } from '../../src/sim/services/systemd/unitfile.ts';
import { ago, civil, exitWords, fromCivil, stamp } from '../../src/sim/services/systemd/words.ts';
import { freshWorld } from '../support/world.ts';

const SECOND = 1_000_000;

describe('unit files', () => {
  it('joins continued lines, skips comments and complains of what is no assignment', () => {
    const { sections, complaints } = parseUnit('/x', '# c\n[Service]\nExecStart=/bin/a \\\n  b\n; c\nnonsense\n');
    expect(values(sections, 'Service', 'ExecStart')).toEqual(['/bin/a    b']);
    expect(complaints).toEqual(["[/x:6] Missing '='."]);
  });
  it('lets a drop-in clear a list', () => {
    const base = parseUnit('a', '[Service]\nExecStart=/bin/a\n').sections;
    const more = parseUnit('b', '[Service]\nExecStart=\nExecStart=/bin/b\n').sections;
    expect(values(merge([base, more]), 'Service', 'ExecStart')).toEqual(['/bin/b']);
  });
  it('splits command lines as systemd does', () => {
    expect(splitWords(`/bin/sh -c "echo 'a b'; c" 'd e' f\\sg`)).toEqual(['/bin/sh', '-c', "echo 'a b'; c", 'd e', 'f g']);
    expect(parseCommand('-@/bin/x name arg')).toMatchObject({ path: '/bin/x', argv: ['name', 'arg'], forgiven: true });
    expect(expandVariables(['$A', 'x${B}y', '$$'], { A: '1 2', B: 'b' })).toEqual(['1', '2', 'xby', '$']);
  });
  it('reads spans and specifiers', () => {
    expect(parseSpan('1min 30s')).toBe(90 * SECOND);
    expect(parseSpan('100ms')).toBe(100_000);
    expect(parseSpan('5')).toBe(5 * SECOND);
    expect(parseSpan('bogus')).toBeNull();
    expect(expandSpecifiers('%n %i %H %%', 'getty@tty1.service', 'node-1')).toBe('getty@tty1.service tty1 node-1 %');
  });
});

describe('words', () => {
  it('tells ages by their two largest parts', () => {
    expect(ago(5 * SECOND)).toBe('5s ago');
    expect(ago(65 * SECOND)).toBe('1min 5s ago');
    expect(ago((2 * 3600 + 37 * 60) * SECOND)).toBe('2h 37min ago');
    expect(ago(26 * 3600 * SECOND)).toBe('1 day 2h ago');
    expect(ago(3 * 86_400 * SECOND)).toBe('3 days ago');
    expect(ago(15 * 86_400 * SECOND)).toBe('2 weeks 1 days ago');
  });
  it('names exit statuses', () => {
    expect(exitWords({ status: 203, signal: null })).toBe('code=exited, status=203/EXEC');
    expect(exitWords({ status: 137, signal: 'KILL' })).toBe('code=killed, status=9/KILL');
  });
  it('converts dates both ways', () => {
    const us = fromCivil(2019, 5, 8, 21, 37, 37);
    expect(stamp(us)).toBe('Wed 2019-05-08 21:37:37 UTC');
    expect(civil(us)).toMatchObject({ year: 2019, month: 5, day: 8, weekday: 3 });
  });
});

describe('calendars', () => {
  it('finds the next elapse', () => {
    const from = fromCivil(2019, 4, 30, 20, 44, 0);
    expect(nextElapse(parseCalendar('daily')!, from)).toBe(fromCivil(2019, 5, 1));
    expect(nextElapse(parseCalendar('*:0/10')!, from)).toBe(fromCivil(2019, 4, 30, 20, 50));
    expect(nextElapse(parseCalendar('Mon..Fri 09:00')!, from)).toBe(fromCivil(2019, 5, 1, 9));
    expect(parseCalendar('whenever')).toBeNull();
  });
});

describe('what systemd says of a unit file it does not understand', () => {
  const bare = freshWorld('bare');
  const run = (text: string) => bare.exec('node-1', text, { user: 'root', wait: 60 });
  it('names it in the journal, ignores it and goes on', () => {
    run("printf '[Unit]\\nDescription=Typo\\n[Servce]\\nX=1\\n[Service]\\nType=simpel\\nExecStrt=/bin/sleep 10\\nExecStart=/bin/sleep 10\\nRestart=allways\\nRestartSec=soon\\n' > /etc/systemd/system/typo.service");
    expect(run('systemctl start typo; systemctl is-active typo').stdout).toBe('active\n');
    expect(run('journalctl -u typo -o cat').stdout).toBe([
      "[/etc/systemd/system/typo.service:3] Unknown section 'Servce'. Ignoring.",
      '[/etc/systemd/system/typo.service:6] Failed to parse service type, ignoring: simpel',
      "[/etc/systemd/system/typo.service:7] Unknown lvalue 'ExecStrt' in section 'Service'",
      '[/etc/systemd/system/typo.service:9] Failed to parse service restart specifier, ignoring: allways',
      '[/etc/systemd/system/typo.service:10] Failed to parse RestartSec value, ignoring: soon', 'Started Typo.', ''].join('\n'));
  });
  it('draws the groups of what runs', () => {
    expect(run('systemd-cgls').stdout).toMatch(/^├─ +1 \/usr\/lib\/systemd\/systemd [^\n]*\n[\s\S]*\n {2}├─sshd\.service\n {2}│ └─\d+ \/usr\/sbin\/sshd -D\n/);
    expect(run('journalctl _PID=1 -n 2 -o cat').stdout.split('\n')).toHaveLength(3);
  });
  it('a reboot cuts the line of who asked for it', () => {
    bare.open('r', 'node-2');
    expect(bare.line('r', 'sudo reboot')).toMatchObject({ state: 'closed', output: 'Connection to node-2 closed by remote host.\r\nConnection to node-2 closed.\r\n' });
    bare.advance(60);
    bare.open('r2', 'node-2');
    expect(bare.line('r2', 'systemctl is-system-running').output).toBe('running\r\n');
  });
});
