/** A person at a terminal: prompts, keys, jobs, interrupts, history. */
import { entries } from '../../../src/sim/engine/pages.ts';
import { describe, expect, test } from 'vitest';
import { items } from '../../../src/sim/engine/chunked.ts';
import type { Session } from '../../../src/drill/session.ts';
import { smallWorld } from './world.ts';

const FILES = {
  '/etc/profile': "PS1='\\h\\$ '\n", '/etc/bash.bashrc': "PS1='\\w\\$ '\n", '/home/vagrant/a.txt': 'a\n',
  '/home/vagrant/ab.txt': 'ab\n',
  '/home/vagrant/dir/file': 'f\n',
};

function terminal(): { world: Session; line: (text: string) => unknown[]; keys: (data: string) => unknown[];
  shown: () => string } {
  const world = smallWorld(FILES);
  world.open('t', 'node-1');
  const brief = (a: ReturnType<Session['line']>): unknown[] => [a.state, a.exit, a.output];
  return {
    world, line: (text) => brief(world.line('t', text)), keys: (data) => brief(world.keys('t', data, 3)),
    shown: () => [...items(world.tty('t').shown)].map((piece) => piece.text).join(''),
  };
}

test('prompt, command, status', () => {
  const t = terminal();
  expect(t.line('echo hi | grep h')).toEqual(['prompt', 0, 'hi\r\n']);
  expect(t.line('nosuch')).toEqual(['prompt', 127, '-bash: nosuch: command not found\r\n']);
  expect(t.line('cd dir; PS1="[\\w \\$?] "')).toEqual(['prompt', 0, '']);
  expect(t.world.line('t', 'false').prompt).toBe('[~/dir 1] ');
});

test('a command of several lines', () => {
  const t = terminal();
  expect(t.line('for i in 1 2')).toEqual(['more', null, '']);
  expect(t.line('do echo $i')).toEqual(['more', null, '']);
  expect(t.line('done')).toEqual(['prompt', 0, '1\r\n2\r\n']);
  expect(t.line('cat <<EOF')).toEqual(['more', null, '']);
  expect(t.line('x')).toEqual(['more', null, '']);
  expect(t.line('EOF')).toEqual(['prompt', 0, 'x\r\n']);
  expect(t.line('history 2')).toEqual(['prompt', 0, '    2  cat <<EOF\r\nx\r\nEOF\r\n    3  history 2\r\n']);
  expect(t.line('history 4')[2]).toContain('1  for i in 1 2; do echo $i; done');
});

describe('interrupts', () => {
  test('Ctrl-C at the prompt', () => {
    const t = terminal();
    expect(t.keys('echo never\x03')).toEqual(['prompt', 130, '']);
    expect(t.shown()).toContain('echo never^C');
    expect(t.line('echo $?')).toEqual(['prompt', 0, '130\r\n']);
  });
  test.each(['sleep 100', 'while :; do :; done', 'f() { while true; do sleep 1; done; }; f',
    'sleep 50 | cat', 'for ((;;)); do echo $(sleep 9); done', 'read x',
    'wait_() { sleep 100 & wait; }; wait_'])('Ctrl-C ends %s', (text) => {
    const t = terminal();
    t.keys(`${text}\r`);
    const [state, exit] = t.keys('\x03');
    expect([state, exit]).toEqual(['prompt', 130]);
    expect(t.line('echo alive')).toEqual(['prompt', 0, 'alive\r\n']);
  });
  test('Ctrl-Z, jobs, bg, fg', () => {
    const t = terminal();
    t.keys('sleep 50\r');
    expect(t.keys('\x1a')).toEqual(['prompt', 148, '^Z\r\n[1]+  Stopped                 sleep 50\r\n']);
    expect(t.line('exit')).toEqual(['prompt', 1, 'logout\r\nThere are stopped jobs.\r\n']);
    expect(t.line('bg')).toEqual(['prompt', 0, '[1]+ sleep 50 &\r\n']);
    expect(t.line('jobs')).toEqual(['prompt', 0, '[1]+  Running                 sleep 50 &\r\n']);
    expect(t.keys('fg\r')).toEqual(['running', null, 'sleep 50\r\n']);
    expect(t.keys('\x03')).toEqual(['prompt', 130, '^C\r\n']);
    expect(t.line('jobs')).toEqual(['prompt', 0, '']);
  });
  test('background jobs are announced', () => {
    const t = terminal();
    expect(t.line('sleep 1 &')[2]).toMatch(/^\[1\] \d+\r\n$/);
    expect(t.line('(exit 3) & wait $!')[2]).toMatch(/^\[2\] \d+\r\n\[2\]\+ {2}Exit 3 {18}\( exit 3 \)\r\n$/);
    expect(t.line('sleep 2')).toEqual(['prompt', 0, '[1]+  Done                    sleep 1\r\n']);
  });
});

describe('keys', () => {
  test('typed ahead go to whoever reads', () => {
    const t = terminal();
    expect(t.keys('echo a\rread y\rqq\recho $y\r')).toEqual(['prompt', 0, 'a\r\nqq\r\n']);
  });
  test('editing', () => {
    const t = terminal();
    expect(t.keys('echo abc\x1bb\x04X\x05Y\r')).toEqual(['prompt', 0, 'XbcY\r\n']);
    expect(t.keys('\x10\r')).toEqual(['prompt', 0, 'XbcY\r\n']);
    expect(t.keys('echo one two\x17three\x15\x19\r')).toEqual(['prompt', 0, 'one three\r\n']);
    expect(t.keys('\x12thr\r')).toEqual(['prompt', 0, 'one three\r\n']);
    expect(t.keys('ehco\x02\x02\x14 x\r')[0]).toBe('prompt');
  });
  test('completion', () => {
    const t = terminal();
    expect(t.keys('cat a.\t\r')).toEqual(['prompt', 0, 'a\r\n']);
    expect(t.keys('cat di\tfi\t\r')).toEqual(['prompt', 0, 'f\r\n']);
    expect(t.keys('ech\t$HOM\t\r')).toEqual(['prompt', 0, '/home/vagrant\r\n']);
    t.keys('cat a\t\t');
    expect(t.shown()).toContain('a.txt   ab.txt');
    expect(t.keys('b\t\r')).toEqual(['prompt', 0, 'ab\r\n']);
  });
  test('bracketed paste waits for Enter', () => {
    const t = terminal();
    expect(t.keys('\x1b[200~echo 1\recho 2\x1b[201~'))
      .toEqual(['prompt', 0, ''].map((v, i) => (i === 1 ? expect.anything() : v)));
    expect(t.keys('\r')).toEqual(['prompt', 0, '1\r\n2\r\n']);
  });
  test('Ctrl-D', () => {
    const t = terminal();
    expect(t.line('bash')).toEqual(['prompt', null, '']);
    expect(t.keys('\x04')).toEqual(['prompt', 0, 'exit\r\n']);
    expect(t.keys('\x04')).toEqual(['closed', null, 'logout\r\n']);
  });
});

describe('history', () => {
  test('expansion', () => {
    const t = terminal();
    t.line('echo one two');
    expect(t.line('echo !$')).toEqual(['prompt', 0, 'echo two\r\ntwo\r\n']);
    expect(t.line('^two^three')).toEqual(['prompt', 0, 'echo three\r\nthree\r\n']);
    expect(t.line('!1')).toEqual(['prompt', 0, 'echo one two\r\none two\r\n']);
    expect(t.line('echo a!nope')).toEqual(['prompt', 0, '-bash: !nope: event not found\r\n']);
    expect(t.line("echo 'a!b' \"x\" !")).toEqual(['prompt', 0, 'a!b x !\r\n']);
  });
  test('is kept in the world as it is entered', () => {
    const t = terminal();
    t.line('echo kept');
    expect(t.world.exec('node-1', 'cat ~/.bash_history').stdout).toBe('echo kept\n');
    t.world.open('u', 'node-1');
    expect(t.world.keys('u', '\x10\r').output).toBe('kept\r\n');
  });
});

test('an hour in a loop keeps the reply log short', () => {
  const t = terminal();
  t.keys('while true; do sleep 1; x=$((x+1)); done\r');
  t.world.advance(3600);
  const longest = Math.max(...entries(t.world.sim.world.hosts['node-1']!.procs)
    .map((p) => p.replies.length));
  expect(longest).toBeLessThan(2000);
  t.keys('\x03');
  const [, , output] = t.line('echo $x');
  expect(Number(output)).toBeGreaterThan(3500);
});

test('a loop goes on where it was, whatever stands around it', () => {
  const t = terminal();
  const body = 'n=$((n+1)); if [ $n -ge 900 ]; then echo $n; break; fi; sleep 0.01';
  for (const text of [
    `n=0; while :; do ${body}; done; echo after`,
    `n=0; { true && for ((;;)); do ${body}; done; } > f; cat f; echo after`,
    `n=0; f() { local k=$1; while :; do ${body}; done; echo $k; }; f after 2>&1`,
    `n=0; if true; then case x in x) until false; do ${body}; done;; esac; fi; echo after`,
  ]) expect(t.line(text)).toEqual(['prompt', 0, '900\r\nafter\r\n']);
  expect(t.line(`(n=0; while :; do ${body}; done; echo after) | cat`)).toEqual(['prompt', 0,
    '900\r\nafter\r\n']);
});
