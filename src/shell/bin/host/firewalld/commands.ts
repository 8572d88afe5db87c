/**
 * firewall-cmd and firewall-offline-cmd: the first speaks to the daemon, the second to its files.
 */
import { err, out, terminal } from '../../../../sim/proc/libc.ts';
import type { Json, Sys } from '../../../../sim/proc/program.ts';
import { call } from '../../../../sim/proc/syscalls.ts';
import type { Command } from '../../../command.ts';
import { SOCKET, type Spoken } from './daemon.ts';
import { perform } from './perform.ts';
import { loadModel, saveModel } from './store.ts';

function* say(spoken: Spoken): Sys<number> {
  yield* out(spoken.out);
  const colour = spoken.err !== '' && (yield* terminal(2)) !== null;
  yield* err(colour ? spoken.err.replace(/^.+$/gm, '\x1b[91m$&\x1b[00m') : spoken.err);
  return spoken.exit;
}

export const firewallCmd: Command = {
  name: 'firewall-cmd',
  *main({ argv, uid }) {
    const args = argv.slice(1);
    const readOnly = args.every((arg) => /^(--state|--version|-V|--help|-h|-q|--quiet)$/.test(arg)) && args.length > 0;
    if (uid !== 0 && !readOnly) {
      yield* err('Authorization failed.\n    Make sure polkit agent is running or run the application as superuser.\n');
      return 253;
    }
    const fd = yield* call('connectUnix', { path: SOCKET });
    if (!fd.ok) {
      const asksState = args.includes('--state');
      return yield* say({ out: '', err: asksState ? 'not running\n' : 'FirewallD is not running\n', exit: 252 });
    }
    yield* call('send', { fd: fd.value, data: { args } as unknown as Json });
    const got = yield* call('recv', { fd: fd.value });
    yield* call('close', { fd: fd.value });
    if (!got.ok || !got.value) return yield* say({ out: '', err: 'FirewallD is not running\n', exit: 252 });
    return yield* say(got.value.data as unknown as Spoken);
  },
};

export const firewallOfflineCmd: Command = {
  name: 'firewall-offline-cmd',
  *main({ argv, uid }) {
    if (uid !== 0) { yield* err('You need to be root to run firewall-offline-cmd.\n'); return 255; }
    const permanent = yield* loadModel();
    const done = perform(argv.slice(1), { runtime: permanent, permanent }, true);
    if (done.both.permanent !== permanent) yield* saveModel(permanent, done.both.permanent);
    return yield* say(done);
  },
};
