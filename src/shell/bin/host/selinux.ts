/** getenforce, setenforce, sestatus of libselinux 2.5 and policycoreutils. */
import { err, out } from '../../../sim/proc/libc.ts';
import type { Sys } from '../../../sim/proc/program.ts';
import { call } from '../../../sim/proc/syscalls.ts';
import type { Command } from '../../command.ts';
import { getopt } from './getopt.ts';

function* mode(): Sys<'Enforcing' | 'Permissive' | 'Disabled'> {
  const text = yield* call('readFile', { path: '/sys/fs/selinux/enforce' });
  return !text.ok ? 'Disabled' : text.value.trim() === '1' ? 'Enforcing' : 'Permissive';
}

export const getenforce: Command = { name: 'getenforce', *main() { yield* out(`${yield* mode()}\n`); return 0; } };

export const setenforce: Command = {
  name: 'setenforce',
  *main({ argv }) {
    const value = ({ 0: '0', 1: '1', permissive: '0', enforcing: '1' } as Readonly<Record<string, string>>)[(argv[1] ?? '').toLowerCase()];
    if (value === undefined || argv.length !== 2) { yield* err('usage:  setenforce [ Enforcing | Permissive | 1 | 0 ]\n'); return 1; }
    const done = yield* call('writeFile', { path: '/sys/fs/selinux/enforce', text: value });
    if (!done.ok) { yield* err(`setenforce:  setenforce() failed\n`); return 1; }
    return 0;
  },
};

export const sestatus: Command = {
  name: 'sestatus',
  *main({ argv }) {
    const got = getopt('sestatus', argv.slice(1), { short: '' });
    if (!got.ok) { yield* err(`${got.error}\n\nUsage: sestatus [OPTION]\n\n  -v  Verbose check of process and file contexts.\n  -b  Display current state of booleans.\n\nWithout options, show SELinux status.\n`); return 1; }
    const now = yield* mode();
    if (now === 'Disabled') { yield* out('SELinux status:                 disabled\n'); return 0; }
    const config = yield* call('readFile', { path: '/etc/selinux/config' });
    const configured = /^SELINUX=(\w+)/m.exec(config.ok ? config.value : '')?.[1] ?? 'permissive';
    yield* out(`SELinux status:                 enabled\nSELinuxfs mount:                /sys/fs/selinux\nSELinux root directory:         /etc/selinux\nLoaded policy name:             targeted\nCurrent mode:                   ${now.toLowerCase()}\nMode from config file:          ${configured}\nPolicy MLS status:              enabled\nPolicy deny_unknown status:     allowed\nMax kernel policy version:      31\n`);
    return 0;
  },
};
