import { describe, expect, it } from 'vitest';
import { nextElapse, parseCalendar } from '../../src/sim/services/systemd/timers.ts';
import { expandSpecifiers, expandVariables, merge, parseCommand, parseSpan, parseUnit, splitWords, values } from '../../src/sim/services/systemd/unitfile.ts';
import { ago, civil, exitWords, fromCivil, stamp } from '../../src/sim/services/systemd/words.ts';

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
