/**
 * The small calls: time, chance, sleep, terminals' modes.
 */
import { draw } from '../engine/rng.ts';
import { own } from '../engine/cow.ts';
import { lookup, open } from './descriptors.ts';
import { hostReal } from './disk.ts';
import { bad, good, OK, type Handlers } from './kernel.ts';
import { PTY } from './pty.ts';
import { createTty, discipline, ownTty, signalGroup } from './tty.ts';

export const clockCalls: Handlers<'sleep' | 'now' | 'random' | 'tty' | 'ttyMode' | 'openpty' | 'ttyResize'> = {
  sleep: (_k, _host, _proc, { us }, attempt) => (attempt.timedOut || us <= 0 ? OK : { block: [], timeoutUs: us }),
  now: (k, host) => good({ real: hostReal(k, host), mono: k.world.now - host.bootAt }),
  // A stream per host and program: a new consumer elsewhere shifts nothing here.
  random: (k, host, proc, { below }) => good(draw(k.world, `${host.name}/${proc.program}`, below)),
  openpty(k, host, proc, { cols, rows }) {
    const id = `${PTY}${host.name} ${++own(k.world, 'ids').ofd}`;
    const tty = createTty(k, host, id, cols, rows);
    const master = open(k, host, proc, { kind: 'ptmx', tty: id, at: 0 });
    const slave = open(k, host, proc, { kind: 'tty', tty: id });
    return good({ master, slave, name: `/dev/${tty.name}` });
  },
  ttyResize(k, host, proc, { fd, cols, rows }) {
    const ofd = lookup(k, host, proc, fd);
    if (ofd?.kind !== 'ptmx' && ofd?.kind !== 'tty') return bad('ENOTTY');
    const tty = ownTty(k, ofd.tty);
    Object.assign(tty, { cols, rows });
    signalGroup(k, host, tty.foreground, 'WINCH');
    return OK;
  },
  tty(k, host, proc, { fd }) {
    const ofd = lookup(k, host, proc, fd);
    if (!ofd) return bad('EBADF');
    if (ofd.kind !== 'tty') return bad('ENOTTY');
    const tty = k.world.ttys[ofd.tty]!;
    if (tty.closed) return bad('EIO');
    return good({ name: `/dev/${tty.name}`, cols: tty.cols, rows: tty.rows, raw: tty.raw, echo: tty.echo, foreground: tty.foreground });
  },
  ttyMode(k, host, proc, { fd, raw, echo }) {
    const ofd = lookup(k, host, proc, fd);
    if (!ofd) return bad('EBADF');
    if (ofd.kind !== 'tty') return bad('ENOTTY');
    const tty = ownTty(k, ofd.tty);
    const cooked = tty.raw && !raw;
    if (raw && !tty.raw && tty.line !== '') { // lines nobody has read are keys again (n_tty: ICANON off)
      tty.input = tty.line.replaceAll('\n', '\r') + tty.input;
      tty.line = '';
    }
    if (raw) tty.eof = false; // and an end that nobody has read is no key: a shell ignores it
    tty.raw = raw;
    tty.echo = echo;
    if (cooked) { discipline(k, host, tty); if (tty.line !== '') k.wake(host, `tty:${tty.id}`); }
    return OK;
  },
};
