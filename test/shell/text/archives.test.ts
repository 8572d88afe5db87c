/** tar, gzip, diff, cmp and column as Debian 12's own answered, but for what their versions changed. */
import { describe, expect, test } from 'vitest';
import { textWorld } from './world.ts';

const run = textWorld({
  'nums.txt': '10\n9\n2\n33\n1\n2\n10\n', 'logs/a.log': 'a\n', 'logs/b.log': 'b\n', 'logs/old/z.log': 'z\n', 'conf': '# c\nport = 8080\ndebug = false\n',
  'nodes': 'node-1 172.28.128.101 Ready\nnode-2 172.28.128.102 NotReady\n', 'nonl': 'no newline',
});

describe('tar and gzip', () => {
  test('a packed archive is listed and comes out whole', () => {
    expect(run('tar czf x.tgz logs nums.txt && tar -tzf x.tgz && mkdir o && tar xzf x.tgz -C o && cat o/logs/old/z.log && cmp nums.txt o/nums.txt'))
      .toEqual({ exit: 0, stdout: 'logs/\nlogs/a.log\nlogs/b.log\nlogs/old/\nlogs/old/z.log\nnums.txt\nz\n', stderr: '' });
  });
  test('bytes that are no text survive', () => {
    expect(run("printf '\\377\\000\\200' > b; gzip b; gunzip b.gz; tar cf - b | tar xOf - | od -An -tx1").stdout).toBe(' ff 00 80\n');
  });
  test.each([
    ['tar tf nums.txt', 2, 'tar: This does not look like a tar archive\ntar: Exiting with failure status due to previous errors\n'],
    ['tar xf nope', 2, 'tar: nope: Cannot open: No such file or directory\ntar: Error is not recoverable: exiting now\n'],
    ['tar cf x', 2, "tar: Cowardly refusing to create an empty archive\nTry 'tar --help' or 'tar --usage' for more information.\n"],
    ['zcat nums.txt', 1, '\ngzip: nums.txt: not in gzip format\n'],
    ['gzip logs', 2, 'gzip: logs is a directory -- ignored\n'],
    ['tar cjf x logs', 2, 'tar (child): bzip2: Cannot exec: No such file or directory\ntar (child): Error is not recoverable: exiting now\n'
      + 'tar: Child returned status 2\ntar: Error is not recoverable: exiting now\n'],
  ])('%s', (line, exit, stderr) => expect(run(line)).toMatchObject({ exit, stderr }));
});

describe('diff', () => {
  test.each([
    ['sed s/false/true/ conf | diff conf -', '3c3\n< debug = false\n---\n> debug = true\n'],
    ['sort nums.txt | diff -U0 --label a --label b nums.txt -',
      '--- a\n+++ b\n@@ -0,0 +1,2 @@\n+1\n+10\n@@ -2 +3,0 @@\n-9\n@@ -4,2 +4,0 @@\n-33\n-1\n@@ -7 +6,2 @@\n-10\n+33\n+9\n'],
    ['echo no newline | diff nonl -', '1c1\n< no newline\n\\ No newline at end of file\n---\n> no newline\n'],
    ['mkdir x; echo q > x/a.log; diff -rq logs x', 'Files logs/a.log and x/a.log differ\nOnly in logs: b.log\nOnly in logs: old\n'],
  ])('%s', (line, stdout) => expect(run(line)).toEqual({ exit: 1, stdout, stderr: '' }));
});

test('column makes tables', () => {
  expect(run('column -t nodes').stdout).toBe('node-1  172.28.128.101  Ready\nnode-2  172.28.128.102  NotReady\n');
});
