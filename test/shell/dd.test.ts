/** dd: what it copies, what it counts, and that it can be ended at any moment. */
import { expect, it } from 'vitest';
import { freshWorld } from '../support/world.ts';

const world = freshWorld('bare');
const run = (text: string) => world.exec('node-1', text, { user: 'root', wait: 120 });

it('counts records as they came: full ones, short ones, padded ones', () => {
  expect(run('printf abcdef | dd bs=4 status=noxfer')).toMatchObject({ stdout: 'abcdef', stderr: '1+1 records in\n1+1 records out\n' });
  expect(run('printf abcdef | dd bs=4 conv=sync,ucase status=noxfer | od -c | head -1')).toMatchObject({ stdout: expect.stringMatching(/A {3}B {3}C {3}D {3}E {3}F {2}\\0 {2}\\0/), stderr: '1+1 records in\n2+0 records out\n' });
  expect(run('printf abcdefgh | dd ibs=2 obs=8 status=noxfer').stderr).toBe('4+0 records in\n1+0 records out\n');
  expect(run('dd if=/etc/passwd bs=5 skip=1 count=2 status=none').stdout).toBe('x:0:0:root');
  expect(run('printf äöü | dd bs=1 count=3 status=none | od -An -tx1').stdout).toBe(' c3 a4 c3\n');
});
it('ends with its sum at Ctrl-C, goes on at USR1, and stops where the disk does', () => {
  expect(run('dd if=/dev/zero of=/dev/null & sleep 0.1; kill -USR1 $!; sleep 0.1; kill -INT $!; wait $!; echo $?')).toMatchObject({ stdout: '130\n', stderr: expect.stringMatching(/(records out\n.*copied[^]*){2}/) });
  expect(run('timeout 1 dd if=/dev/urandom of=/tmp/r bs=64k; stat -c %s /tmp/r').stdout).toMatch(/^1[23]\d{6}\n$/);
  expect(run('dd if=/dev/zero of=/tmp/full bs=1M')).toMatchObject({ exit: 1, stderr: expect.stringMatching(/^dd: error writing '\/tmp\/full': No space left on device\n(\d+)\+0 records in\n\d+\+0 records out\n/) });
  expect(run('rm /tmp/full; df --output=pcent / | tail -1').stdout).not.toContain('100%');
});
it('takes zeros as many as wanted, and says what is wrong', () => {
  expect(run('dd if=/dev/zero of=/tmp/z bs=1M count=3 status=none; dd if=/dev/zero of=/tmp/z bs=1 count=1 seek=10 conv=notrunc status=none; stat -c %s /tmp/z').stdout).toBe('3145728\n');
  expect(run('dd if=/nope').stderr).toBe("dd: failed to open '/nope': No such file or directory\n");
  expect(run('dd bs=0').stderr).toContain('invalid number');
  expect(run('dd foo=1').stderr).toContain('unrecognized operand');
});
