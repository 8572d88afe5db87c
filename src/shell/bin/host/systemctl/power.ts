/**
 * The old names: reboot, poweroff, halt, shutdown, runlevel, telinit. systemctl under another name.
 */
import { err, out } from '../../../../sim/proc/libc.ts';
import type { Start, Sys } from '../../../../sim/proc/program.ts';
import { call } from '../../../../sim/proc/syscalls.ts';
import { civil, stamp } from '../../../../sim/services/systemd/words.ts';
import { query } from './context.ts';

type How = 'reboot' | 'poweroff' | 'halt';

function* go(start: Start, how: How, hard: boolean): Sys<number> {
  if (start.uid !== 0) {
    yield* err(`Failed to set wall message, ignoring: Interactive authentication required.\nFailed to ${how === 'poweroff' ? 'power off' : how} system via logind: Interactive authentication required.\nFailed to start ${how}.target: Interactive authentication required.\nSee system logs and 'systemctl status ${how}.target' for details.\nFailed to talk to init daemon.\n`);
    return 1;
  }
  if (hard) { yield* call('reboot', { how: how === 'reboot' ? 'reboot' : 'poweroff' }); return 0; }
  return yield* askForShutdown(how);
}

/** How long the machine may take to end this very process. */
const PATIENCE_US = 90_000_000;

/** The manager ends everything in order; the caller goes with it. */
export function* askForShutdown(how: How): Sys<number> {
  if (!(yield* query({ op: 'shutdown', how }, 'done'))) return 1;
  yield* call('sleep', { us: PATIENCE_US });
  return 0;
}

/** Minutes until a time of day. */
function minutesUntil(hour: number, minute: number, real: number): number {
  const c = civil(real);
  const wait = hour * 60 + minute - c.hour * 60 - c.minute;
  return wait > 0 ? wait : wait + 1440;
}

function* shutdown(start: Start): Sys<number> {
  let how: How = 'poweroff';
  let cancel = false;
  const rest: string[] = [];
  for (const arg of start.argv.slice(1)) {
    if (arg === '-r' || arg === '--reboot') how = 'reboot';
    else if (arg === '-h' || arg === '-P' || arg === '--poweroff') how = 'poweroff';
    else if (arg === '-H' || arg === '--halt') how = 'halt';
    else if (arg === '-c') cancel = true;
    else if (arg === '-k' || arg === '--no-wall') continue;
    else if (arg.startsWith('-')) { yield* err(`shutdown: ${arg.startsWith('--') ? `unrecognized option '${arg}'` : `invalid option -- '${arg[1]}'`}\n`); return 1; }
    else rest.push(arg);
  }
  const scheduled = '/run/systemd/shutdown/scheduled';
  if (cancel) { yield* call('unlink', { path: scheduled }); return 0; }
  const when = rest[0] ?? '+1';
  if (when === 'now' || when === '+0') return yield* go(start, how, false);
  const now = yield* call('now', {});
  const real = now.ok ? now.value.real : 0;
  const clock = /^(\d\d?):(\d\d)$/.exec(when);
  const minutes = clock ? minutesUntil(Number(clock[1]), Number(clock[2]), real) : /^\+?\d+$/.test(when) ? Number(when.replace('+', '')) : NaN;
  if (Number.isNaN(minutes)) { yield* err(`Failed to parse time specification: ${when}\n`); return 1; }
  if (start.uid !== 0) return yield* go(start, how, false);
  const at = real + minutes * 60_000_000;
  yield* call('mkdir', { path: '/run/systemd/shutdown', mode: 0o755 });
  yield* call('writeFile', { path: scheduled, text: `USEC=${at}\nWARN_WALL=1\nMODE=${how}\n` });
  yield* err(`Shutdown scheduled for ${stamp(at)}, use 'shutdown -c' to cancel.\n`);
  yield* call('spawn', { program: 'systemctl', argv: ['systemd-shutdownd', how, String(minutes * 60_000_000)], session: true, fds: {} });
  return 0;
}

/** Waits for the scheduled time; the file is gone when somebody has cancelled. */
function* waiter(start: Start): Sys<number> {
  const [, how, wait] = start.argv;
  yield* call('sleep', { us: Number(wait) });
  const still = yield* call('stat', { path: '/run/systemd/shutdown/scheduled' });
  return still.ok ? yield* go(start, how as How, false) : 0;
}

/** The status of one of the old names; null when the name is none of them. */
export function* powerCommand(start: Start, called: string): Sys<number | null> {
  const args = start.argv.slice(1);
  switch (called) {
    case 'reboot': case 'poweroff': case 'halt': {
      const wrong = args.find((arg) => !/^(-f+|--force|-p|--poweroff|-w|--wtmp-only|-d|-n|--no-wall|--no-wtmp|--reboot|--halt|--help)$/.test(arg));
      if (wrong) { yield* err(`${called}: ${wrong.startsWith('--') ? `unrecognized option '${wrong}'` : `invalid option -- '${wrong.replace(/^-+/, '')[0]}'`}\n`); return 1; }
      if (args.includes('--help')) { yield* out(`${called} [OPTIONS...]\n\nReboot, power off or halt the system.\n`); return 0; }
      if (args.includes('-w') || args.includes('--wtmp-only')) return 0;
      const how = args.includes('-p') || args.includes('--poweroff') ? 'poweroff' : args.includes('--reboot') ? 'reboot' : called;
      return yield* go(start, how, args.some((arg) => /^-f+$|^--force$/.test(arg)));
    }
    case 'shutdown': return yield* shutdown(start);
    case 'systemd-shutdownd': return yield* waiter(start);
    case 'runlevel': yield* out('N 3\n'); return 0;
    case 'telinit': {
      const how = ({ 0: 'poweroff', 6: 'reboot' } as Readonly<Record<string, How>>)[args[0] ?? ''];
      if (how) return yield* go(start, how, false);
      if (/^[qQ]$/.test(args[0] ?? '')) return (yield* query({ op: 'daemon-reload' }, 'done')) ? 0 : 1;
      if (/^[1-5sS]$/.test(args[0] ?? '')) return (yield* query({ op: 'isolate', name: /[1sS]/.test(args[0]!) ? 'rescue.target' : 'multi-user.target' }, 'done')) ? 0 : 1;
      yield* err('telinit: required argument missing.\n');
      return 1;
    }
    default: return null;
  }
}
