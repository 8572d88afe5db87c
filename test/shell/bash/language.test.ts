/** The language against the real bash: each recorded case in the smallest world, to the byte. */
import { describe, expect, test } from 'vitest';
import type { Tree } from '../../../src/sim/host/fs.ts';
import recorded from './recorded.json' with { type: 'json' };
import { smallWorld } from './world.ts';

const tree = Object.fromEntries(Object.entries(recorded.files)
  .map(([path, entry]) => [`/home/trainee/${path}`, entry])) as Tree;
const world = smallWorld(tree);
const fresh = world.snapshot();
const ENVIRONMENT = 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 HOME=/home/trainee '
  + 'TERM=dumb TZ=UTC USER=root SHELL=/bin/bash';
const quote = (text: string): string => `'${text.replace(/'/g, "'\\''")}'`;

function run(input: string): { exit: number | null; stdout: string; stderr: string } {
  world.restore(fresh);
  const text = `cd /home/trainee && exec env -i ${ENVIRONMENT} /bin/bash -c ${quote(input)}`;
  const { exit, stdout, stderr } = world.exec('node-1', text, { user: 'root', wait: 20 });
  return { exit, stdout, stderr };
}

describe('bash -c', () => {
  for (const { input, ...want } of recorded.cases) {
    test(input.slice(0, 100), () => expect(run(input)).toEqual(want));
  }
});

test('equal lines give equal bytes', () => {
  const line = 'echo $RANDOM $$; for i in {1..5}; do echo $((RANDOM % 7)); done; (echo $BASHPID $RANDOM)';
  expect(run(line)).toEqual(run(line));
});

describe('4.4 where the recordings are newer', () => {
  test.each([
    ['./gone; echo $?', '127\n', '/bin/bash: line 1: ./gone: No such file or directory\n'],
    ["printf '#!/no/such\\n' > b; chmod +x b; ./b; echo $?", '127\n',
      '/bin/bash: line 1: ./b: /no/such: bad interpreter: No such file or directory\n'],
    ['x=abc; echo "${x/b/&}"', 'a&c\n', ''],
    ['/usr/bin/broken; echo $?', '126\n',
      '/bin/bash: line 1: /usr/bin/broken: cannot execute binary file: Exec format error\n'],
  ])('%s', (input, stdout, stderr) => expect(run(input)).toMatchObject({ stdout, stderr }));
});
