/**
 * wall and mesg of util-linux 2.23: a message on every terminal of the machine, and whether one's own takes them.
 */
import { err, out, readAll, strerror } from '../../../sim/proc/libc.ts';
import { call } from '../../../sim/proc/syscalls.ts';
import type { Command } from '../../command.ts';
import { sessions } from './sessions.ts';
import { ctime } from './ctime.ts';
import { readUsers } from './users.ts';

export const wall: Command = {
  name: 'wall',
  *main({ argv, uid }) {
    const words = argv.slice(1).filter((a) => a !== '-n' && a !== '--nobanner');
    const plain = words.length !== argv.length - 1 && uid === 0;
    if (words[0]?.startsWith('-') && words[0] !== '--') { yield* err(`wall: invalid option -- '${words[0].replace(/^-+/, '')[0]}'\n`); return 1; }
    const file = words.length === 1 ? yield* call('readFile', { path: words[0]! }) : null;
    let text = words.join(' ');
    if (file?.ok) text = file.value;
    if (!words.length) {
      const typed = yield* readAll(0);
      if (!typed.ok) { yield* err(`wall: ${strerror(typed.errno)}\n`); return 1; }
      text = typed.value;
    }
    const now = yield* call('now', {});
    const info = yield* call('sysinfo', {});
    const tty = yield* call('tty', { fd: 0 });
    const user = (yield* readUsers()).find((u) => u.uid === uid)?.name ?? String(uid);
    const where = tty.ok ? tty.value.name.replace('/dev/', '') : 'somewhere';
    const banner = plain ? '' : `\r\nBroadcast message from ${user}@${info.ok ? info.value.hostname : 'localhost'} (${where}) (${ctime(now.ok ? now.value.real : 0)}):\r\n\r\n`;
    for (const s of yield* sessions()) {
      const opened = yield* call('open', { path: `/dev/${s.tty}`, flags: { write: true } });
      if (!opened.ok) continue;
      yield* call('write', { fd: opened.value, text: `${banner}${text.replace(/\n$/, '').replace(/\n/g, '\r\n')}\r\n` });
      yield* call('close', { fd: opened.value });
    }
    return 0;
  },
};

export const mesg: Command = {
  name: 'mesg',
  *main({ argv }) {
    const tty = yield* call('tty', { fd: 2 });
    if (!tty.ok) { yield* err('mesg: ttyname failed: Inappropriate ioctl for device\n'); return 2; }
    if (argv[1] === undefined || argv[1] === 'y') { if (argv[1] === undefined) yield* out('is y\n'); return 0; }
    yield* err(argv[1] === 'n' ? `mesg: change ${tty.value.name} mode failed: Operation not permitted\n` : `mesg: invalid argument: ${argv[1]}\n`);
    return 2;
  },
};
