/** Lines that once differed from the real bash, found by comparing chance programs with it; its answers. */
import { describe, expect, test } from 'vitest';
import { smallWorld } from './world.ts';

const world = smallWorld();
const fresh = world.snapshot();

describe('as the real bash', () => {
  test.each([
    ['declare -a a=(1 "2 3"); declare -p a; declare b=(x "y z"); declare -p b', 'declare -a a=([0]="1" [1]="2 3")\ndeclare -a b=([0]="x" [1]="y z")\n', ''],
    ['declare -A m=(["a b"]="c d"); echo "${m[a b]}"; f() { local -a l=("p q"); echo "${#l[@]}"; }; f', 'c d\n1\n', ''],
    ['v=x; v1=one v2=two; echo $v{1,2} ${v}{1,2}', 'one two x1 x2\n', ''],
    ['x=5; echo $((3---x)) $x; y=1; echo $((y += --y)); echo $((1 - y += 2))', '-1 4\n1\n',
      'bash: line 1: 1 - y += 2: attempted assignment to non-variable (error token is "+= 2")\n'],
    ["printf '%d\\n' 99999999999999999999; echo $?", '9223372036854775807\n0\n', 'bash: line 1: printf: warning: 99999999999999999999: Numerical result out of range\n'],
    ['select x in a; do :; done < /dev/null; echo $?', '\n1\n', '1) a\n#? '],
    ["bash -c 'trap \"echo x\" EXIT; kill -TERM $$; echo no'; echo $?", 'x\n143\n', 'Terminated\n'],
    ['echo $BASH_COMMAND; cd --help | head -1', 'echo $BASH_COMMAND\ncd: cd [-L|[-P [-e]] [-@]] [dir]\n', ''],
    ['f() {\ncat <<E\n$1\nE\n}; declare -f f', 'f () \n{ \n    cat <<E\n$1\nE\n\n}\n', ''],
  ])('%s', (line, stdout, stderr) => {
    world.restore(fresh);
    const answer = world.exec('node-1', line, { user: 'root', wait: 20 });
    expect(answer.stdout).toBe(stdout);
    expect(answer.stderr).toBe(stderr);
  });
});
