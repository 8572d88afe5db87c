/** uname of GNU coreutils 8.22/8.26: what the running kernel says of itself. `-p` and `-i` are unknown to Debian's build. */
import type { Sys } from '../../../sim/proc/program.ts';
import { call } from '../../../sim/proc/syscalls.ts';
import { onDebian, PACKAGES, type Task, tool } from './tool.ts';

export const uname = tool({
  name: 'uname', package: PACKAGES.coreutils, usage: ['[OPTION]...'],
  about: 'Print certain system information.  With no OPTION, same as -s.',
  authors: 'David MacKenzie',
  options: [
    '-a, --all  print all information, in the following order,\nexcept omit -p and -i if unknown:',
    '-s, --kernel-name, --sysname  print the kernel name',
    '-n, --nodename  print the network node hostname',
    '-r, --kernel-release, --release  print the kernel release',
    '-v, --kernel-version  print the kernel version',
    '-m, --machine  print the machine hardware name',
    '-p, --processor  print the processor type (non-portable)',
    '-i, --hardware-platform  print the hardware platform (non-portable)',
    '-o, --operating-system  print the operating system',
  ],
  run: showSystem,
});

function* showSystem(task: Task): Sys<number | void> {
  if (task.operands.length) return yield* task.misuse(`extra operand ${task.quote(task.operands[0]!)}`);
  const info = yield* call('sysinfo', {});
  if (!info.ok) return 1;
  const { hostname, kernel, version, machine } = info.value;
  const all = task.has('a');
  const unknown = yield* onDebian();
  const asked = (key: string): boolean => all || task.has(key);
  const words: string[] = [];
  if (asked('s') || task.given.length === 0) words.push('Linux');
  if (asked('n')) words.push(hostname);
  if (asked('r')) words.push(kernel);
  if (asked('v')) words.push(version);
  if (asked('m')) words.push(machine);
  for (const key of ['p', 'i']) if (asked(key) && !(all && unknown)) words.push(unknown ? 'unknown' : machine);
  if (asked('o')) words.push('GNU/Linux');
  task.print(`${words.join(' ')}\n`);
}
