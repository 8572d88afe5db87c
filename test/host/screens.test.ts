import { describe, expect, it } from 'vitest';
import { screenOf } from '../../src/drill/screen.ts';
import { freshWorld } from '../support/world.ts';
import { items } from '../../src/sim/engine/chunked.ts';

const world = freshWorld('bare');
let count = 0;

/** A terminal of 60 by 12, and what a person sees on it. */
function terminal() {
  const name = `t${++count}`;
  world.open(name, 'node-1', 60, 12);
  const rows = (): string[] => { const tty = world.tty(name); return screenOf(items(tty.shown), tty.cols, tty.rows).rows; };
  return {
    line: (text: string) => world.line(name, text),
    keys: (data: string, wait = 5) => world.keys(name, data, wait),
    rows, row: (y: number) => rows()[y],
    last: () => rows()[11],
    cursor: () => { const tty = world.tty(name); return screenOf(items(tty.shown), tty.cols, tty.rows).cursor; },
  };
}
const ESC = '\x1b';
const ctrl = (letter: string): string => String.fromCharCode(letter.charCodeAt(0) & 31);
const DOWN = `${ESC}[B`;
const UP = `${ESC}[A`;
const file = (path: string): string => world.exec('node-1', `cat ${path}`, {}).stdout;

describe('less', () => {
  it('pages, searches, jumps, filters, follows and leaves', () => {
    const t = terminal();
    t.line('for i in {1..200}; do echo line $i; done > n');
    expect(t.line('less n').state).toBe('reading');
    expect([t.row(0), t.last()]).toEqual(['line 1', 'n']);
    t.keys(' ');
    expect([t.row(0), t.last()]).toEqual(['line 12', ':']);
    t.keys('/15\r');
    expect(t.row(0)).toBe('line 15');
    t.keys('n');
    expect(t.row(0)).toBe('line 115');
    t.keys('N');
    expect(t.row(0)).toBe('line 15');
    t.keys('G');
    expect([t.row(0), t.last()]).toEqual(['line 190', '(END)']);
    t.keys('?nope\r');
    expect(t.last()).toBe('Pattern not found  (press RETURN)');
    t.keys('\rg&7[0-9]\r');
    expect(t.rows().slice(0, 2)).toEqual(['line 70', 'line 71']);
    t.keys('&\r-N\r');
    expect(t.row(0)).toMatch(/^ +\d+ line \d+$/);
    t.keys('50g');
    expect(t.row(0)).toBe('     50 line 50');
    t.keys('F');
    world.exec('node-1', 'echo fresh >> n', {});
    world.advance(2);
    expect(t.rows().slice(-2)).toEqual(['    201 fresh', 'Waiting for data... (interrupt to abort)']);
    t.keys(ctrl('C'));
    expect(t.keys('q')).toMatchObject({ state: 'prompt', exit: 0 });
  });
  it('chops long lines with -S and shifts them; is cat in a pipe; knows what is no file', () => {
    const t = terminal();
    t.line("printf '%0100d\\nshort\\n' 7 > wide; less -S wide");
    expect(t.rows().slice(0, 2)).toEqual(['0'.repeat(60), 'short']);
    t.keys(`${ESC}[C${ESC}[C`);
    expect(t.row(0)).toBe(`${'0'.repeat(39)}7`);
    t.keys('q');
    expect(t.line('less n | head -1').output).toBe('line 1\r\n');
    expect(t.line('less nope').output).toContain('nope: No such file or directory');
  });
  it('more goes forward on the screen as it is', () => {
    const t = terminal();
    t.line('clear; more n');
    expect(t.last()).toMatch(/^--More--\(\d+%\)$/);
    t.keys('\r');
    expect(t.row(10)).toBe('line 12');
    expect(t.keys('q').state).toBe('prompt');
  });
});

describe('nano', () => {
  it('inserts, cuts, pastes, searches, goes to a line, asks and writes', () => {
    const t = terminal();
    t.line('nano note');
    expect(t.row(0)).toMatch(/^ {2}GNU nano 2\.3\.1 +File: note/);
    t.keys('one\rtwo\rthree\rfour');
    t.keys(`${UP}${UP}${ctrl('K')}${DOWN}${ctrl('U')}`);
    expect(t.rows().slice(2, 6)).toEqual(['one', 'three', 'two', 'four']);
    t.keys(`${ctrl('W')}fo\r`);
    expect(t.cursor()).toEqual({ x: 0, y: 5 });
    t.keys(`${ESC}[F!${ctrl('_')}1\r`);
    expect(t.cursor().y).toBe(2);
    t.keys(ctrl('X'));
    expect(t.rows()[9]).toContain('Save modified buffer');
    t.keys('y');
    expect(t.rows()[9]).toBe('File Name to Write: note');
    expect(t.keys('\r')).toMatchObject({ state: 'prompt', exit: 0 });
    expect(file('note')).toBe('one\nthree\ntwo\nfour!\n');
  });
  it('writes with ^O and leaves at once when nothing is left to save; No discards', () => {
    const t = terminal();
    t.line('nano note');
    t.keys(`X${ctrl('O')}\r`);
    expect(t.rows().join('\n')).toContain('[ Wrote 4 lines ]');
    expect(t.keys(ctrl('X')).state).toBe('prompt');
    t.line('nano note');
    t.keys(`Y${ctrl('X')}`);
    expect(t.keys('n').state).toBe('prompt');
    expect(file('note')).toBe('Xone\nthree\ntwo\nfour!\n');
  });
});

describe('nano\'s flags', () => {
  it('-E types spaces, -i indents, -t saves without a question, -V tells', () => {
    const t = terminal();
    t.line('nano -E -i -t -T 4 indented');
    t.keys('a\tb\r\tc\rd');
    expect(t.keys(ctrl('X'))).toMatchObject({ state: 'prompt', exit: 0 });
    expect(file('indented')).toBe('a   b\n    c\n    d\n');
    t.line('nano -V');
    expect(t.rows().join('\n')).toContain(' GNU nano, version 2.3.1');
  });
  it('-S moves the window line by line', () => {
    const t = terminal();
    t.line('seq 30 > long');
    t.line('nano -S long');
    t.keys(DOWN.repeat(12));
    expect(t.rows().filter((row) => /^\d+$/.test(row)).at(-1)).toBe('13');
    t.keys(ctrl('X'));
  });
});

describe('vi', () => {
  it('moves, inserts, opens, deletes, pastes, undoes', () => {
    const t = terminal();
    t.line('vi v');
    expect(t.last()).toMatch(/^"v" \[New File\]/);
    t.keys(`ione\rtwo\rthree${ESC}`);
    t.keys('ggddp');
    expect(t.rows().slice(0, 3)).toEqual(['two', 'one', 'three']);
    t.keys('uu');
    expect(t.rows().slice(0, 3)).toEqual(['one', 'two', 'three']);
    t.keys(`GA!${ESC}0xOnew${ESC}ggIa ${ESC}jdwjcwword${ESC}`);
    expect(t.rows().slice(0, 4)).toEqual(['a one', 't', 'word', 'hree!']);
    t.keys(`yyPjjo${ESC}`);
    expect(t.rows().slice(0, 6)).toEqual(['a one', 't', 'word', 'word', 'hree!', '']);
    expect(t.keys(`:wq\r`)).toMatchObject({ state: 'prompt', exit: 0 });
    expect(file('v')).toBe('a one\nt\nword\nword\nhree!\n\n');
  });
  it('searches, substitutes, refuses to lose work', () => {
    const t = terminal();
    t.line('vi n');
    t.keys('/line 19\rn');
    expect(t.last()).toMatch(/190,1/);
    t.keys(':%s/line/row/\r');
    expect(t.last()).toMatch(/^200 substitutions on 200 lines/);
    t.keys(':q\r');
    expect(t.last()).toMatch(/^E37: No write since last change \(add ! to override\)/);
    t.keys(':nonsense\r');
    expect(t.last()).toMatch(/^E492: Not an editor command: nonsense/);
    t.keys(`${ctrl('F')}gg${ctrl('F')}`);
    expect(t.row(0)).toBe('row 10');
    expect(t.keys(':q!\r').state).toBe('prompt');
    expect(file('n | head -1')).toBe('line 1\n');
  });
  it('an editor asked for by a program is that program', () => {
    const t = terminal();
    t.line('EDITOR=vi crontab -e');
    t.keys(`i0 3 * * * true${ESC}`);
    expect(t.keys(':wq\r').output).toContain('crontab: installing new crontab');
    expect(t.line('crontab -l').output).toBe('0 3 * * * true\r\n');
    t.line('sudo EDITOR=vi systemctl edit chronyd');
    t.keys(`i[Service]\rEnvironment=X=1${ESC}:wq\r`);
    expect(t.line('systemctl show -p Environment chronyd').output).toBe('Environment=X=1\r\n');
    t.line('sudo visudo');
    t.keys(`Gononsense${ESC}:wq\r`);
    expect(t.rows().join('\n')).toContain('>>> /etc/sudoers: syntax error near line 12 <<<');
    expect(t.line('x').state).toBe('prompt');
  });
});

describe('top and watch', () => {
  it('top sorts by keys and leaves with q', () => {
    const t = terminal();
    t.line('top');
    expect(t.row(0)).toMatch(/^top - \d\d:\d\d:\d\d up /);
    expect(t.rows().some((row) => /^ +PID USER/.test(row))).toBe(true);
    t.keys('M', 1);
    const sizes = t.rows().slice(7).map((row) => Number(row.split(/\s+/).filter(Boolean)[5]));
    expect([...sizes].sort((a, b) => b - a)).toEqual(sizes);
    expect(t.keys('q').state).toBe('prompt');
  });
  it('watch runs its command again until Ctrl-C', () => {
    const t = terminal();
    world.line('t1', 'echo 0 > tick');
    expect(world.line(`t${count}`, "watch -n 1 'echo x >> tick; wc -l < tick'", 3).state).toBe('running');
    expect(t.row(0)).toMatch(/^Every 1\.0s: echo x .* node-1: \w{3} \w{3} /);
    const before = Number(t.row(2));
    world.advance(5);
    expect(Number(t.row(2))).toBe(before + 5);
    expect(t.keys(ctrl('C')).state).toBe('prompt');
  });
});
