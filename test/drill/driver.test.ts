/** The driver's protocol, sentence by sentence (docs/driver.md): it is a public interface. */
import { beforeEach, describe, expect, it } from 'vitest';
import { Driver, type DriverOptions } from '../../src/drill/driver.ts';
import { encodeLink } from '../../src/drill/link.ts';
import { parseScenario } from '../../src/drill/scenario.ts';
import { bootShared } from '../support/world.ts';

type Body = Record<string, unknown>;
const makeDriver = (options: Partial<DriverOptions> = {}): Driver => new Driver({ seed: 1, topology: 'three-masters', at: 0, scenarios: [], boot: bootShared, ...options });

let driver: Driver;
beforeEach(() => { driver = makeDriver(); });
const raw = (line: string): Body => driver.answer(line);
const ask = (op: string, fields: Body = {}): Body => raw(JSON.stringify({ op, ...fields }));
const open = (terminal = 'a', node = 'node-1', more: Body = {}): Body => ask('open', { terminal, node, ...more });
const line = (text: string, more: Body = {}): Body => ask('line', { terminal: 'a', text, ...more });
const keys = (data: string, more: Body = {}): Body => ask('keys', { terminal: 'a', data, ...more });
const exec = (text: string, more: Body = {}): Body => ask('exec', { node: 'node-1', text, ...more });
const digest = (): unknown => ask('digest')['digest'];
const refused = (error: string | RegExp): Body => ({ ok: false, error: typeof error === 'string' ? error : expect.stringMatching(error) });

describe('every answer', () => {
  it('repeats the id, whatever JSON it is, also of what is refused', () => {
    for (const id of [7, 'x', null, { a: [1] }, false]) {
      expect(ask('hello', { id })).toMatchObject({ id, ok: true });
      expect(ask('nonsense', { id })).toEqual({ id, ...refused('unknown op nonsense') });
    }
    expect(ask('digest')).not.toHaveProperty('id');
  });

  it('tells what is wrong, and the driver goes on', () => {
    for (const text of ['', 'hello', '{"op":', '{"op":"hello"}}']) expect(raw(text)).toEqual(refused('not a line of JSON'));
    for (const text of ['5', '"hello"', 'null', '[]', 'true']) expect(raw(text)).toEqual(refused('not a JSON object'));
    expect(raw('{}')).toEqual(refused('field op is missing'));
    expect(raw('{"op":5}')).toEqual(refused('field op must be a string'));
    expect(ask('constructor')).toEqual(refused('unknown op constructor'));
    expect(ask('hello')).toMatchObject({ ok: true });
  });
});

it('hello tells what there is', () => {
  expect(ask('hello')).toEqual({
    ok: true, name: 'firedrill', version: expect.any(String), clock: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
    nodes: [{ name: 'node-1', ip: '192.168.121.232', role: 'master' }, { name: 'node-2', ip: '192.168.121.198', role: 'master' }, { name: 'node-3', ip: '192.168.121.217', role: 'master' }],
    topologies: ['three-masters', 'one-master', 'bare', 'lab'], scenarios: [], faults: expect.arrayContaining(['sysctl', 'slow-disk', 'node-down']),
  });
});

describe('open', () => {
  it('gives a login shell of the ordinary user', () => {
    expect(open()).toEqual({ ok: true, output: expect.any(String), prompt: expect.stringMatching(/node-1.*\$ $/) });
    expect(line('id -un; pwd; shopt -q login_shell && echo login; sudo -n id -un')).toMatchObject({ output: 'vagrant\r\n/home/vagrant\r\nlogin\r\nroot\r\n', exit: 0 });
  });
  it('takes a size', () => {
    open('a', 'node-1', { cols: 132, rows: 43 });
    expect(line("printf 'x%.0s' {1..140}")).toMatchObject({ exit: 0 });
    const rows = ask('screen', { terminal: 'a' })['rows'] as string[];
    expect([rows.length, ...rows.slice(1, 3).map((row) => row.length)]).toEqual([43, 132, 15]); // 8 more, and the prompt without its last blank
  });
  it('refuses what is wrong', () => {
    expect(ask('open', { node: 'node-1' })).toEqual(refused('field terminal is missing'));
    expect(ask('open', { terminal: 'a' })).toEqual(refused('field node is missing'));
    expect(ask('open', { terminal: 5, node: 'node-1' })).toEqual(refused('field terminal must be a string'));
    expect(open('a', 'node-9')).toEqual(refused('unknown node node-9'));
    expect(open('a', 'constructor')).toEqual(refused('unknown node constructor'));
    expect(open('__proto__')).toMatchObject({ ok: false });
    for (const cols of [0, -1, 1.5, 100_000]) expect(open('a', 'node-1', { cols })).toEqual(refused(/^field cols must be a whole number/));
    expect(open('a', 'node-1', { rows: '50' })).toEqual(refused('field rows must be a number'));
    expect(open('a', 'node-1', { rows: null })).toEqual(refused('field rows must be a number'));
    expect(open()).toMatchObject({ ok: true });
  });
  it('uses a name once, also after its terminal closed', () => {
    open();
    expect(open()).toEqual(refused('terminal name a used before'));
    expect(line('exit')).toMatchObject({ state: 'closed' });
    expect(open('a', 'node-2')).toEqual(refused('terminal name a used before'));
  });
  it('keeps names across a restore: what the snapshot knew is known, what came later never was', () => {
    open();
    line('exit');
    open('b');
    const { snapshot } = ask('snapshot');
    ask('line', { terminal: 'b', text: 'exit' });
    open('c');
    ask('restore', { snapshot });
    expect(open('a')).toEqual(refused('terminal name a used before'));
    expect(open('b')).toEqual(refused('terminal name b used before'));
    expect(ask('line', { terminal: 'b', text: 'echo back' })).toMatchObject({ output: 'back\r\n', exit: 0 });
    expect(ask('line', { terminal: 'c', text: 'echo back' })).toEqual(refused('unknown terminal c'));
    expect(open('c')).toMatchObject({ ok: true });
  });
  it('a name may be any word', () => {
    for (const name of ['constructor', 'toString', 'node-1:2', 'x y', 'ä']) {
      expect(ask('line', { terminal: name, text: 'true' })).toEqual(refused(`unknown terminal ${name}`));
      expect(open(name)).toMatchObject({ ok: true });
      expect(ask('line', { terminal: name, text: 'echo hi' })).toMatchObject({ output: 'hi\r\n', exit: 0 });
    }
  });
  it('refuses a node that is down, in these words', () => {
    ask('fault', { name: 'node-down', args: { node: 'node-3' } });
    expect(open('a', 'node-3')).toEqual(refused('node node-3 is down'));
    expect(exec('true', { node: 'node-3' })).toEqual(refused('node node-3 is down'));
    expect(ask('write', { node: 'node-3', path: 'x', content: '' })).toEqual(refused('node node-3 is down'));
    expect(ask('trace', { from: { node: 'node-3' }, to: '192.168.121.232' })).toEqual(refused('node node-3 is down'));
    expect(open()).toMatchObject({ ok: true });
  });
});

describe('line and keys', () => {
  beforeEach(() => { open('a', 'node-1', { cols: 200, rows: 50 }); });

  it('refuse what is wrong', () => {
    expect(ask('line', { terminal: 'z', text: 'true' })).toEqual(refused('unknown terminal z'));
    expect(ask('line', { terminal: 'a' })).toEqual(refused('field text is missing'));
    expect(ask('line', { text: 'true' })).toEqual(refused('field terminal is missing'));
    expect(ask('keys', { terminal: 'a' })).toEqual(refused('field data is missing'));
    expect(line('true', { wait: '5' })).toEqual(refused('field wait must be a number'));
    expect(line('true', { wait: -1 })).toEqual(refused('field wait must not be negative'));
    for (const text of ['a\nb', 'a\rb', '\n']) expect(line(text)).toEqual(refused(/^field text holds a newline/));
    expect(line('echo fine')).toMatchObject({ output: 'fine\r\n' });
  });

  it('prompt: a shell waits, and the status is that of the line', () => {
    const answer = line('false; echo hi; (exit 3)');
    expect(answer).toEqual({ ok: true, output: 'hi\r\n', state: 'prompt', exit: 3, prompt: expect.stringMatching(/\$ $/), elapsed: expect.any(Number), clock: expect.any(String) });
    expect(line('nosuchthing')).toMatchObject({ state: 'prompt', exit: 127, output: expect.stringContaining('nosuchthing: command not found') });
    expect(line('')).toMatchObject({ state: 'prompt', output: '' });
  });

  it('more: the shell waits for the rest', () => {
    expect(line('for x in 1 2')).toMatchObject({ state: 'more', exit: null, prompt: '> ', output: '' });
    expect(line('do echo $x')).toMatchObject({ state: 'more' });
    expect(line('done')).toMatchObject({ state: 'prompt', exit: 0, output: '1\r\n2\r\n' });
    expect(line("echo 'un")).toMatchObject({ state: 'more', exit: null });
    expect(keys('\x03')).toMatchObject({ state: 'prompt', exit: 130 });
  });

  it('reading: a program waits for a person, and the answer comes at once', () => {
    expect(line('cat')).toMatchObject({ state: 'reading', exit: null, output: '' });
    const answer = line('hello', { wait: 30 });
    expect(answer).toMatchObject({ state: 'reading', output: 'hello\r\n' });
    expect(answer['elapsed']).toBeLessThan(1);
    expect(answer).not.toHaveProperty('prompt');
    expect(keys('\x04')).toMatchObject({ state: 'prompt', exit: 0 });
    expect(line('read -p "sure? " x')).toMatchObject({ state: 'reading', output: 'sure? ' });
    expect(line('yes')).toMatchObject({ state: 'prompt', exit: 0 });
    expect(line('less /etc/passwd')).toMatchObject({ state: 'reading' });
    expect(keys('q')).toMatchObject({ state: 'prompt', exit: 0 });
  });

  it('running: the program goes on after the wait', () => {
    const answer = line('sleep 100', { wait: 7 });
    expect(answer).toMatchObject({ state: 'running', exit: null, elapsed: 7 });
    expect(keys('', { wait: 0 })).toMatchObject({ state: 'running', elapsed: 0 });
    ask('advance', { seconds: 100 });
    expect(keys('', { wait: 0 })).toMatchObject({ state: 'prompt', elapsed: 0 });
    expect(line('sleep 100')).toMatchObject({ state: 'running', elapsed: 60 }); // the default
    expect(keys('\x03')).toMatchObject({ state: 'prompt', exit: 130 });
    expect(line('sleep 3; echo done', { wait: 10 })).toMatchObject({ state: 'prompt', output: 'done\r\n', elapsed: expect.closeTo(3, 1) });
  });

  it('closed: the login shell ended, and the terminal is unknown from there on', () => {
    expect(line('exit 4')).toMatchObject({ ok: true, state: 'closed', exit: null, output: expect.stringContaining('logout') });
    expect(line('true')).toEqual(refused('unknown terminal a'));
    expect(keys('', { wait: 0 })).toEqual(refused('unknown terminal a'));
    expect(ask('screen', { terminal: 'a' })).toEqual(refused('unknown terminal a'));
  });

  it('closed: its node ended, and what was shown is handed out', () => {
    open('b', 'node-3');
    ask('line', { terminal: 'b', text: 'for i in 1 2 3; do sleep 1; echo $i; done; sleep 50', wait: 0.5 });
    ask('advance', { seconds: 5 });
    ask('fault', { name: 'node-down', args: { node: 'node-3' } });
    ask('advance', { seconds: 1 });
    expect(ask('line', { terminal: 'b', text: 'echo hi' })).toMatchObject({ ok: true, state: 'closed', exit: null, output: expect.stringMatching(/^1\r\n2\r\n3\r\n/) });
    expect(ask('line', { terminal: 'b', text: 'echo hi' })).toEqual(refused('unknown terminal b'));
    expect(open('c')).toMatchObject({ ok: true });
    expect(ask('line', { terminal: 'c', text: 'sudo reboot -f', wait: 5 })).toMatchObject({ state: 'closed' });
  });

  it('a nested shell answers with its prompt and no status', () => {
    const outer = line('true')['prompt'];
    const inside = line('sudo gravity shell');
    expect(inside).toMatchObject({ state: 'prompt', exit: null, prompt: expect.stringMatching(/[#$] $/) });
    expect(inside['prompt']).not.toBe(outer);
    expect(line('false')).toMatchObject({ state: 'prompt', exit: 1 });
    expect(line('bash')).toMatchObject({ state: 'prompt', exit: null });
    expect(line('exit')).toMatchObject({ state: 'prompt' });
    expect(line('exit')).toMatchObject({ state: 'prompt', prompt: outer });
  });

  it('keys are raw, and typed ahead: who reads takes them, the shell the rest', () => {
    expect(keys('echo ab\x7fc\r')).toMatchObject({ output: 'ac\r\n', exit: 0 });
    expect(keys('\x1b[A\r')).toMatchObject({ output: 'ac\r\n' });
    expect(keys('ech')).toMatchObject({ state: 'prompt', output: '', exit: expect.anything() });
    expect(keys('o tab\r')).toMatchObject({ output: 'tab\r\n' });
    expect(keys('read x\rfor the program\recho "<$x>"\r', { wait: 30 })).toMatchObject({ state: 'prompt', output: '<for the program>\r\n', exit: 0 });
    expect(keys('sleep 2\recho after\r', { wait: 30 })).toMatchObject({ state: 'prompt', output: 'after\r\n', elapsed: expect.closeTo(2, 1) });
    expect(keys('cat > f\rone\rtwo\r\x04cat f\r', { wait: 30 })).toMatchObject({ state: 'prompt', output: 'one\r\ntwo\r\n' });
  });

  it('a paste of several lines runs them all', () => {
    expect(keys('echo 1\recho 2\rif true\rthen echo 3\rfi\r', { wait: 30 })).toMatchObject({ state: 'prompt', exit: 0, output: '1\r\n2\r\n3\r\n' });
  });

  it('Tab completes, and the completion is echo, not output', () => {
    line('touch uniquely-named');
    expect(keys('ls uniq\t\r', { wait: 5 })).toMatchObject({ output: 'uniquely-named\r\n' });
  });

  it('output holds all since the previous answer, also of other requests', () => {
    line('(sleep 3; echo later) &');
    open('b');
    ask('line', { terminal: 'b', text: 'sleep 5' });
    expect(keys('', { wait: 0 })).toMatchObject({ output: expect.stringContaining('later\r\n'), elapsed: 0 });
    expect(keys('', { wait: 0 })).toMatchObject({ output: '' });
  });

  it('keeps colours and cursor movements, and the echo out of it', () => {
    expect(line("printf '\\033[31mred\\033[0m\\n'")).toMatchObject({ output: '\x1b[31mred\x1b[0m\r\n' });
    expect(line('read -s x; echo $x')).toMatchObject({ state: 'reading' });
    expect(line('secret')).toMatchObject({ output: expect.stringMatching(/^(\r\n)?secret\r\n$/) });
  });

  it('clock and elapsed agree', () => {
    const before = Date.parse(String(line('true')['clock']));
    const answer = line('sleep 4');
    expect(Date.parse(String(answer['clock'])) - before).toBeCloseTo(Number(answer['elapsed']) * 1000, -1);
  });
});

describe('exec', () => {
  it('is bash -c without a terminal, in the home folder, with the shell\'s PATH', () => {
    expect(exec('echo out; echo err >&2; pwd; id -un; tty; exit 5')).toEqual({ ok: true, stdout: 'out\n/home/vagrant\nvagrant\nnot a tty\n', stderr: 'err\n', exit: 5, elapsed: expect.any(Number) });
    open();
    expect(exec('echo $PATH')['stdout']).toBe(String(line('echo $PATH')['output']).replace('\r', ''));
    expect(exec('kubectl get nodes -o name')).toMatchObject({ exit: 0, stdout: expect.stringContaining('node/192.168.121.232') });
    expect(exec('pwd; id -un', { user: 'root' })).toMatchObject({ stdout: '/root\nroot\n' });
  });
  it('has a standard input', () => {
    expect(exec('tr a-z A-Z; echo end', { stdin: 'abc\nd' })).toMatchObject({ stdout: 'ABC\nDend\n', exit: 0 });
    expect(exec('cat; echo end')).toMatchObject({ stdout: 'end\n', elapsed: expect.closeTo(0, 1) });
  });
  it('kills what runs longer than the wait', () => {
    expect(exec('echo began; sleep 300 | cat; echo over', { wait: 3 })).toEqual({ ok: true, stdout: 'began\n', stderr: '', exit: null, elapsed: 3 });
    expect(exec('sleep 300')).toMatchObject({ exit: null, elapsed: 60 });
    expect(exec('pgrep -x sleep | wc -l')).toMatchObject({ stdout: '0\n' });
  });
  it('has no status when its node goes', () => {
    const answer = exec('echo bye; reboot -f; sleep 30', { user: 'root' });
    expect(answer).toMatchObject({ ok: true, exit: null, stdout: 'bye\n' });
    expect(Number(answer['elapsed'])).toBeLessThan(60);
  });
  it('runs inside Planet', () => {
    expect(exec('cat /etc/os-release | head -1; hostname', { planet: true })).toMatchObject({ exit: 0, stdout: expect.stringContaining('Debian') });
    expect(exec('true', { planet: 'yes' })).toEqual(refused('field planet must be a boolean'));
  });
  it('refuses what is wrong', () => {
    expect(ask('exec', { text: 'true' })).toEqual(refused('field node is missing'));
    expect(ask('exec', { node: 'node-1' })).toEqual(refused('field text is missing'));
    expect(exec('true', { node: 'toString' })).toEqual(refused('unknown node toString'));
    expect(exec('true', { user: 'bob' })).toEqual(refused('unknown user bob'));
    expect(exec('true', { user: 0 })).toEqual(refused('field user must be a string'));
    expect(exec('true', { stdin: 5 })).toEqual(refused('field stdin must be a string'));
    expect(exec('true', { netns: 'p11' })).toEqual(refused('unknown netns p11'));
    expect(exec('true', { netns: 'constructor' })).toEqual(refused('unknown netns constructor'));
  });
});

it('exec runs in a network namespace of the node', () => {
  driver = makeDriver({ topology: 'lab' });
  expect(ask('hello')['nodes']).toEqual(['n1', 'n2', 'n3'].map((name) => ({ name, ip: expect.any(String), role: 'host' })));
  expect(exec('ip -o addr show | grep -c 10.244', { node: 'n1', netns: 'p11' })).toMatchObject({ stdout: '1\n', exit: 0 });
  expect(exec('true', { node: 'n1', planet: true })).toEqual(refused('no Planet runs on n1'));
});

describe('time', () => {
  it('advance lets it pass and counts events', () => {
    const before = Date.parse(String(ask('hello')['clock']));
    const answer = ask('advance', { seconds: 12.5 });
    expect(answer).toEqual({ ok: true, clock: expect.any(String), events: expect.any(Number) });
    expect(Date.parse(String(answer['clock'])) - before).toBe(12_500);
    expect(answer['events']).toBeGreaterThan(10);
    expect(ask('advance', { seconds: 0 })).toMatchObject({ ok: true, events: 0 });
  });
  it('never goes back', () => {
    expect(ask('advance', { seconds: -1 })).toEqual(refused('field seconds must not be negative'));
    expect(ask('advance')).toEqual(refused('field seconds is missing'));
    expect(ask('advance', { seconds: '5' })).toEqual(refused('field seconds must be a number'));
    expect(raw('{"op":"advance","seconds":1e999}')).toEqual(refused('field seconds must be a number'));
  });
});

describe('screen', () => {
  it('is what a person would see', () => {
    open('a', 'node-1', { cols: 40, rows: 5 });
    line('clear');
    line('seq 1 6');
    const { rows, cursor } = ask('screen', { terminal: 'a' }) as { rows: string[]; cursor: { x: number; y: number } };
    expect(rows.slice(0, 4)).toEqual(['3', '4', '5', '6']);
    expect(rows[cursor.y]).toBe('node-1$');
    expect(cursor).toEqual({ x: 8, y: 4 });
    line("printf 'x%.0s' $(seq 1 45)");
    expect((ask('screen', { terminal: 'a' })['rows'] as string[])).toContain('x'.repeat(40));
  });
  it('knows an editor', () => {
    open('a', 'node-1', { cols: 60, rows: 10 });
    ask('write', { node: 'node-1', path: 'note', content: 'one\ntwo\n' });
    expect(line('vi note')).toMatchObject({ state: 'reading' });
    expect(ask('screen', { terminal: 'a' })).toMatchObject({ rows: expect.arrayContaining(['one', 'two', '~']), cursor: { x: 0, y: 0 } });
    expect(keys(':q!\r')).toMatchObject({ state: 'prompt' });
    expect(ask('screen', { terminal: 'z' })).toEqual(refused('unknown terminal z'));
  });
});

describe('write', () => {
  const write = (path: string, more: Body = {}): Body => ask('write', { node: 'node-1', path, content: 'x\n', ...more });
  it('puts a file, from the home folder when the path is relative', () => {
    expect(write('a.txt')).toEqual({ ok: true });
    expect(write('/tmp/b.sh', { mode: '755', content: '#!/bin/bash\necho run\n' })).toEqual({ ok: true });
    expect(exec("stat -c '%a %U %s' a.txt /tmp/b.sh; /tmp/b.sh; cat /home/vagrant/a.txt")).toMatchObject({ stdout: '644 vagrant 2\n755 vagrant 21\nrun\nx\n' });
    expect(write('a.txt', { content: 'ä\n', mode: '0600' })).toEqual({ ok: true });
    expect(exec("stat -c '%a %s' a.txt")).toMatchObject({ stdout: '600 3\n' });
  });
  it('may only what the ordinary user may', () => {
    expect(write('/etc/passwd')).toEqual(refused('path /etc/passwd: EACCES'));
    expect(write('/etc/new')).toEqual(refused('path /etc/new: EACCES'));
    expect(write('/no/such/folder')).toEqual(refused('path /no/such/folder: ENOENT'));
    expect(write('/tmp')).toEqual(refused('path /tmp: EISDIR'));
    expect(write('/proc/sys/net/ipv4/ip_forward')).toEqual(refused('path /proc/sys/net/ipv4/ip_forward: EACCES'));
    ask('fault', { name: 'full-disk', args: { node: 'node-1' } });
    expect(write('big', { content: 'x'.repeat(10_000) })).toEqual(refused('path big: ENOSPC'));
  });
  it('refuses what is wrong', () => {
    expect(write('a', { mode: 'rw' })).toEqual(refused('field mode must be octal digits'));
    expect(write('a', { mode: 644 })).toEqual(refused('field mode must be a string'));
    expect(write('a', { content: null })).toEqual(refused('field content must be a string'));
    expect(ask('write', { node: 'node-1', content: '' })).toEqual(refused('field path is missing'));
  });
});

describe('snapshot and restore', () => {
  it('hold programs in the middle of their run, any number of times', () => {
    open();
    line('for i in 1 2 3 4; do sleep 2; echo $i; done', { wait: 3 });
    const { snapshot } = ask('snapshot');
    const at = digest();
    const ends = [0, 1, 2].map((round) => {
      if (round) ask('restore', { snapshot });
      expect(digest()).toBe(at);
      if (round === 1) { keys('\x03'); ask('fault', { name: 'node-down', args: { node: 'node-1' } }); ask('advance', { seconds: 30 }); ask('restore', { snapshot }); }
      const answer = keys('', { wait: 0 });
      ask('advance', { seconds: 20 });
      return [answer, keys('', { wait: 0 }), digest()];
    });
    expect(ends[0]![1]).toMatchObject({ state: 'prompt', output: '2\r\n3\r\n4\r\n' });
    expect(ends[1]).toEqual(ends[0]);
    expect(ends[2]).toEqual(ends[0]);
  });
  it('names are told, unknown ones refused', () => {
    const first = ask('snapshot')['snapshot'], second = ask('snapshot')['snapshot'];
    expect(first).not.toBe(second);
    const { clock } = ask('hello');
    ask('advance', { seconds: 5 });
    expect(ask('restore', { snapshot: second })).toEqual({ ok: true, clock });
    expect(ask('restore', { snapshot: first })).toEqual({ ok: true, clock });
    expect(ask('restore', { snapshot: 's99' })).toEqual(refused('unknown snapshot s99'));
    expect(ask('restore')).toEqual(refused('field snapshot is missing'));
  });
});

describe('digest', () => {
  const requests: [string, Body][] = [
    ['open', { terminal: 'a', node: 'node-2' }], ['line', { terminal: 'a', text: 'echo $RANDOM $$; date' }], ['advance', { seconds: 7 }],
    ['exec', { node: 'node-3', text: 'kubectl get pods -A | wc -l' }], ['write', { node: 'node-1', path: 'f', content: 'x' }], ['line', { terminal: 'a', text: 'sleep 9', wait: 2 }],
  ];
  const play = (): unknown[] => requests.map(([op, fields]) => ask(op, fields));
  it('is equal for equal requests, and what only looks does not change it', () => {
    const answers = play();
    const end = digest();
    expect(end).toMatch(/^[0-9a-f]{16}$/);
    for (const [op, fields] of [['hello', {}], ['check', {}], ['digest', {}], ['screen', { terminal: 'a' }], ['trace', { from: { node: 'node-1' }, to: '192.168.121.198' }], ['link', {}], ['snapshot', {}], ['nonsense', {}],
      ['open', { terminal: 'a', node: 'node-1' }], ['fault', { name: 'sysctl', args: { key: 'no.such' } }]] as [string, Body][]) ask(op, fields);
    expect(digest()).toBe(end);
    driver = makeDriver();
    expect(play()).toEqual(answers);
    expect(digest()).toBe(end);
  });
  it('differs when something differs', () => {
    const before = digest();
    exec('true');
    const after = digest();
    expect(after).not.toBe(before);
    exec('touch x');
    expect(digest()).not.toBe(after);
  });
});

describe('link and replay', () => {
  it('runs all requests again from the start, restores included', () => {
    open();
    line('echo $RANDOM > kept');
    const { snapshot } = ask('snapshot');
    line('rm kept; sleep 4');
    ask('restore', { snapshot });
    ask('nonsense');
    line('sleep 30', { wait: 2 });
    const { link } = ask('link');
    expect(link).toMatch(/^[\w.-]+$/);
    const now = digest();
    expect(ask('replay', { link })).toEqual({ ok: true, digest: now, verified: true });
    expect(digest()).toBe(now); // this world is as it was
    driver = makeDriver({ seed: 1 });
    expect(ask('replay', { link })).toEqual({ ok: true, digest: now, verified: true });
  });
  it('tells a damaged link', () => {
    exec('touch x');
    const link = String(ask('link')['link']);
    const spoiled = [...link].map((c, i) => link.slice(0, i) + (c === 'A' ? 'B' : 'A') + link.slice(i + 1)).filter((_, i) => i % 7 === 0);
    for (const bad of ['', 'x', '....', link.slice(1), link.slice(0, -1), `${link}x`, 'ä', '{}', ...spoiled]) expect(ask('replay', { link: bad })).toEqual(refused('field link: damaged link'));
    expect(ask('replay', { link: 5 })).toEqual(refused('field link must be a string'));
    expect(ask('replay')).toEqual(refused('field link is missing'));
  });
  it('tells what a well-formed link asks for and we do not have', () => {
    const recording = { version: '0.1.0', seed: 1, topology: 'three-masters', at: 0, requests: [], digest: 'x' };
    expect(ask('replay', { link: encodeLink({ ...recording, topology: 'moon' }) })).toEqual(refused('field link: unknown topology moon'));
    expect(ask('replay', { link: encodeLink({ ...recording, scenario: '9.9' }) })).toEqual(refused('unknown scenario 9.9'));
    for (const value of [5, null, [], { ...recording, requests: 1 }, { ...recording, seed: 'x' }]) expect(ask('replay', { link: encodeLink(value as never) })).toEqual(refused('field link: damaged link'));
    expect(ask('replay', { link: encodeLink(recording) })).toMatchObject({ ok: true, verified: false });
    expect(ask('replay', { link: encodeLink({ ...recording, requests: 'x'.repeat(40_000_000) }) })).toEqual(refused('field link: damaged link'));
  });
});

describe('fault', () => {
  const fault = (name: unknown, args?: unknown): Body => ask('fault', { name, ...(args === undefined ? {} : { args }) });
  it('strikes and tells the time', () => {
    expect(fault('sysctl', { node: 'node-2', key: 'net.ipv4.ip_forward', value: '0' })).toEqual({ ok: true, clock: expect.any(String) });
    expect(exec('cat /proc/sys/net/ipv4/ip_forward', { node: 'node-2' })).toMatchObject({ stdout: '0\n' });
  });
  it('refuses what is wrong, and nothing has changed', () => {
    const before = digest();
    expect(ask('fault')).toEqual(refused('field name is missing'));
    expect(fault('no-such')).toEqual(refused('unknown fault no-such'));
    expect(fault('constructor')).toEqual(refused('unknown fault constructor'));
    expect(fault('sysctl', [])).toEqual(refused('field args must be an object'));
    expect(fault('sysctl', null)).toEqual(refused('field args must be an object'));
    expect(fault('sysctl', { nodes: 'node-1' })).toEqual(refused('fault sysctl: unknown argument nodes'));
    expect(fault('sysctl', { constructor: 1 })).toEqual(refused('fault sysctl: unknown argument constructor'));
    expect(fault('sysctl', { node: 'node-9' })).toEqual(refused('fault sysctl: unknown node node-9'));
    expect(fault('sysctl', { node: 'toString' })).toEqual(refused('fault sysctl: unknown node toString'));
    expect(fault('sysctl', { value: 0 })).toEqual(refused('fault sysctl: argument value must be a string'));
    expect(fault('slow-disk', { latencyMs: '9' })).toEqual(refused('fault slow-disk: argument latencyMs must be a number'));
    expect(fault('slow-disk', { latencyMs: -9 })).toEqual(refused(/^fault slow-disk: argument latencyMs/));
    expect(fault('partition', { a: 'node-1', b: 'node-1' })).toEqual(refused(/^fault partition: /));
    expect(digest()).toBe(before);
  });
});

describe('trace', () => {
  const trace = (from: unknown, to: string, more: Body = {}): Body & { hops: { by: string; verdict: string; host: string }[] } => ask('trace', { from, to, ...more }) as never;
  const pods = (): { name: string; ip: string; node: string }[] => String(exec("kubectl get pods -A -o jsonpath='{range .items[*]}{.metadata.namespace}/{.metadata.name} {.status.podIP} {.status.hostIP}{\"\\n\"}{end}'")['stdout'])
    .trim().split('\n').map((row) => row.split(' ')).map(([name, ip, node]) => ({ name: name!, ip: ip!, node: node! })).filter((pod) => pod.ip.startsWith('10.244.'));

  it('goes hop by hop from a host and from a pod', () => {
    expect(trace({ node: 'node-1' }, '192.168.121.198', { proto: 'tcp', port: 22 })).toMatchObject({ ok: true, delivered: true });
    const [one, other] = [pods().find((pod) => pod.node === '192.168.121.232')!, pods().find((pod) => pod.node === '192.168.121.198')!];
    const across = trace({ pod: one.name }, other.ip);
    expect(across).toMatchObject({ ok: true, delivered: true });
    expect(new Set(across.hops.map((hop) => hop.host))).toEqual(new Set(['node-1', 'node-2']));
    ask('fault', { name: 'sysctl', args: { node: 'node-1', key: 'net.ipv4.ip_forward', value: '0' } });
    const cut = trace({ pod: one.name }, other.ip);
    expect(cut).toMatchObject({ delivered: false });
    expect(cut.hops.at(-1)).toMatchObject({ host: 'node-1', verdict: 'drop', by: 'net.ipv4.ip_forward = 0' });
  });
  it('names the rule that decides', () => {
    exec('iptables -I INPUT -p udp --dport 8472 -j REJECT', { user: 'root' });
    const [one, other] = [pods().find((pod) => pod.node === '192.168.121.232')!, pods().find((pod) => pod.node === '192.168.121.198')!];
    const cut = trace({ pod: other.name }, one.ip, { proto: 'udp', port: 53 });
    expect(cut).toMatchObject({ delivered: false });
    expect(cut.hops.at(-1)).toMatchObject({ host: 'node-1', verdict: 'reject', by: expect.stringMatching(/8472.*REJECT/) });
  });
  it('refuses what is wrong', () => {
    expect(trace({ node: 'node-9' }, '1.2.3.4')).toEqual(refused('unknown node node-9'));
    expect(trace({ node: 'constructor' }, '1.2.3.4')).toEqual(refused('unknown node constructor'));
    expect(trace({ pod: 'default/none' }, '1.2.3.4')).toEqual(refused('unknown pod default/none'));
    for (const from of [{}, { node: 'node-1', pod: 'a/b' }]) expect(trace(from, '1.2.3.4')).toEqual(refused('field from must be {"node":…} or {"pod":…}'));
    expect(trace({ node: 5 }, '1.2.3.4')).toEqual(refused('field node must be a string'));
    expect(trace('node-1', '1.2.3.4')).toEqual(refused('field from must be an object'));
    expect(ask('trace', { to: '1.2.3.4' })).toEqual(refused('field from is missing'));
    expect(ask('trace', { from: { node: 'node-1' } })).toEqual(refused('field to is missing'));
    for (const to of ['node-2', '300.1.1.1', '1.2.3', '']) expect(trace({ node: 'node-1' }, to)).toEqual(refused(`field to must be an address, not ${to}`));
    expect(trace({ node: 'node-1' }, '1.2.3.4', { proto: 'sctp', port: 1 })).toEqual(refused('unknown proto sctp'));
    expect(trace({ node: 'node-1' }, '1.2.3.4', { proto: 'tcp' })).toEqual(refused('field port is missing'));
    expect(trace({ node: 'node-1' }, '1.2.3.4', { proto: 'tcp', port: 70_000 })).toEqual(refused(/^field port must be a whole number/));
  });
});

describe('a scenario', () => {
  const parsed = parseScenario(['---', 'id: "9.1"', 'title: T', 'goals:', '  - { id: g, title: G, on: node-1, run: cat /proc/sys/net/ipv4/ip_forward; sysctl -w net.ipv4.ip_forward=1, match: ^1$, user: root }',
    'solution:', '  - { on: node-1, run: sudo sysctl -w net.ipv4.ip_forward=1 }', '---', '```sim hidden', 'fault sysctl key=net.ipv4.ip_forward value=0', '```', ''].join('\n'), 'scenarios/9.1-t.md');
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.errors));
  const { scenario } = parsed;

  it('is set up, and its goals are checked without a trace', () => {
    driver = makeDriver({ scenarios: [scenario], scenario: '9.1' });
    expect(ask('hello')).toMatchObject({ scenarios: ['9.1'] });
    const before = digest();
    for (let round = 0; round < 2; round++) expect(ask('check')).toEqual({ ok: true, goals: [{ id: 'g', title: 'G', passed: false, message: expect.any(String) }] });
    expect(digest()).toBe(before);
    exec('sudo sysctl -w net.ipv4.ip_forward=1');
    expect(ask('check')).toMatchObject({ goals: [{ id: 'g', passed: true }] });
    const { link } = ask('link');
    expect(ask('replay', { link })).toMatchObject({ verified: true });
  });
  it('without one there are no goals; an unknown one cannot be had', () => {
    expect(ask('check')).toEqual({ ok: true, goals: [] });
    expect(() => makeDriver({ scenario: '9.9' })).toThrow('unknown scenario 9.9');
  });
  it('may begin later', () => {
    const start = Date.parse(String(ask('hello')['clock']));
    driver = makeDriver({ at: 100 });
    expect(Date.parse(String(ask('hello')['clock'])) - start).toBe(100_000);
  });
});

it('close ends it', () => {
  expect(ask('close')).toEqual({ ok: true });
  expect(driver.closed).toBe(true);
});

it('a mistake of the simulator is told, and the world stands as before', () => {
  const reports: string[] = [];
  let broken = false;
  driver = new Driver({ seed: 1, topology: 'three-masters', at: 0, boot: bootShared, report: (text) => reports.push(text), get scenarios() { if (broken) throw new Error('scenarios are gone'); return []; } });
  exec('touch x');
  const before = digest();
  broken = true;
  expect(ask('check')).toEqual(refused(/^a mistake of the simulator: scenarios are gone/));
  expect(reports[0]).toContain('scenarios are gone');
  broken = false;
  expect(digest()).toBe(before);
  expect(exec('ls x')).toMatchObject({ exit: 0 });
});
