/**
 * sshd (OpenSSH 7.4): shows its host key, takes a user whose public key is among the authorized ones, runs
 * the command or a login shell, with a pseudo-terminal if one is asked for. A process of its own a session.
 */
import type { Program, Start, Sys } from '../../../../sim/proc/program.ts';
import { call, type Fd } from '../../../../sim/proc/syscalls.ts';
import { groupsOf, readGroups, readUsers, type User } from '../users.ts';

const PORT = 22;
/** The descriptor on which a session's process finds its connection. */
const CONNECTION = 3;

/** What a client says, in this order: hello, who it is, what to run. Then {stdin}, {eof}, {resize}. */
export interface Hello { hello: string }
export interface Identity { user: string; keys: readonly string[] }
export interface Wanted { command: string | null; tty: readonly [number, number] | null; term: string }

function* portOf(): Sys<number> {
  const text = yield* call('readFile', { path: '/etc/ssh/sshd_config' });
  return Number(/^\s*Port\s+(\d+)/m.exec(text.ok ? text.value : '')?.[1] ?? PORT);
}

function* receive<T>(fd: Fd): Sys<T | null> {
  const got = yield* call('recv', { fd, timeoutUs: 120_000_000 });
  return got.ok && got.value ? got.value.data as unknown as T : null;
}

/** The user, if one of the keys is authorized. */
function* admit(identity: Identity): Sys<User | null> {
  const user = (yield* readUsers()).find((u) => u.name === identity.user);
  if (!user) return null;
  const file = yield* call('readFile', { path: `${user.home}/.ssh/authorized_keys` });
  const allowed = (file.ok ? file.value : '').split('\n').map((line) => line.trim().split(/\s+/)).filter((words) => words.length >= 2).map((words) => `${words[0]} ${words[1]}`);
  return identity.keys.some((key) => allowed.includes(key.trim().split(/\s+/).slice(0, 2).join(' '))) ? user : null;
}

function* session(start: Start): Sys<number> {
  const fd = CONNECTION;
  const peer = start.argv[1] ?? '';
  const hello = yield* receive<Hello>(fd);
  const key = yield* call('readFile', { path: '/etc/ssh/ssh_host_ecdsa_key.pub' });
  if (!hello?.hello || !key.ok) return 255;
  yield* call('send', { fd, data: { hostKey: key.value.trim() } });
  const identity = yield* receive<Identity>(fd);
  if (!identity) return 255;
  const user = yield* admit(identity);
  if (!user) {
    yield* call('journalWrite', { ident: 'sshd', message: `Connection closed by ${peer} [preauth]` });
    yield* call('send', { fd, data: { denied: 'publickey,gssapi-keyex,gssapi-with-mic' } });
    return 255;
  }
  yield* call('journalWrite', { ident: 'sshd', message: `Accepted publickey for ${user.name} from ${peer} ssh2` });
  yield* call('send', { fd, data: { granted: true } });
  const wanted = yield* receive<Wanted>(fd);
  if (!wanted) return 0;
  return yield* run(fd, user, wanted, peer);
}

interface Streams { theirs: Record<number, Fd>; terminal?: Fd; name: string; input: Fd; outputs: { fd: Fd; name: 'stdout' | 'stderr' }[] }

function* openStreams(tty: Wanted['tty']): Sys<Streams | null> {
  if (tty) {
    const pty = yield* call('openpty', { cols: tty[0], rows: tty[1] });
    if (!pty.ok) return null;
    const { master, slave, name } = pty.value;
    return { theirs: { 0: slave, 1: slave, 2: slave }, terminal: slave, name: name.replace('/dev/', ''), input: master, outputs: [{ fd: master, name: 'stdout' }] };
  }
  const input = yield* call('pipe', {}), out = yield* call('pipe', {}), errors = yield* call('pipe', {});
  if (!input.ok || !out.ok || !errors.ok) return null;
  return { theirs: { 0: input.value.read, 1: out.value.write, 2: errors.value.write }, name: 'notty', input: input.value.write, outputs: [{ fd: out.value.read, name: 'stdout' }, { fd: errors.value.read, name: 'stderr' }] };
}

function* run(fd: Fd, user: User, wanted: Wanted, peer: string): Sys<number> {
  const streams = yield* openStreams(wanted.tty);
  if (!streams) return 255;
  yield* call('setenvDisplay', { argv: [`sshd: ${user.name}@${streams.name}`] });
  const name = user.shell.split('/').pop()!;
  const environment = yield* call('readFile', { path: '/etc/environment' });
  const more = Object.fromEntries((environment.ok ? environment.value : '').split('\n').map((line) => /^(\w+)="?(.*?)"?$/.exec(line.trim())).filter((m) => m !== null).map((m) => [m[1]!, m[2]!]));
  const here = yield* call('sockname', { fd });
  const from = peer.replace(' port ', ' ');
  const env: Record<string, string> = {
    PATH: '/usr/local/bin:/usr/bin:/usr/local/sbin:/usr/sbin', LANG: 'en_US.UTF-8', ...more, HOME: user.home, USER: user.name, LOGNAME: user.name, SHELL: user.shell, MAIL: `/var/mail/${user.name}`,
    SSH_CLIENT: `${from} 22`, SSH_CONNECTION: `${from} ${here.ok ? here.value.addr : ''} 22`, ...(streams.terminal === undefined ? {} : { SSH_TTY: `/dev/${streams.name}`, TERM: wanted.term }),
  };
  const argv = wanted.command === null ? [`-${name}`] : [name, '-c', wanted.command];
  const child = yield* call('spawn', {
    path: user.shell, argv, env, cwd: user.home, uid: user.uid, gid: user.gid, groups: groupsOf(user, yield* readGroups()), fds: streams.theirs,
    ...(streams.terminal === undefined ? { session: true } : { terminal: streams.terminal }),
  });
  for (const end of new Set(Object.values(streams.theirs))) yield* call('close', { fd: end });
  if (!child.ok) { yield* call('send', { fd, data: { stderr: `${user.shell}: No such file or directory\n` } }); yield* call('send', { fd, data: { exit: 1 } }); return 1; }
  yield* call('thread', { entry: 'input', event: { fd, to: streams.input, tty: wanted.tty !== null } });
  const [first, second] = streams.outputs;
  if (second) yield* call('thread', { entry: 'output', event: { fd, from: second.fd, name: second.name } });
  yield* relay(fd, first!.fd, first!.name);
  const done = yield* call('wait', { pid: child.value });
  yield* call('send', { fd, data: { exit: done.ok ? done.value.status : 255 } });
  yield* call('close', { fd });
  return 0;
}

function* relay(fd: Fd, from: Fd, name: 'stdout' | 'stderr'): Sys<void> {
  for (;;) {
    const part = yield* call('read', { fd: from });
    if (!part.ok || part.value === '') break;
    const sent = yield* call('send', { fd, data: { [name]: part.value }, size: part.value.length });
    if (!sent.ok) break;
  }
}

export const sshd: Program = {
  name: 'sshd',
  *main(start) {
    if (start.argv[0] === 'sshd: session') return yield* session(start);
    if (start.argv.includes('-t') || start.argv.includes('-T')) return 0;
    if (start.uid !== 0) { yield* call('write', { fd: 2, text: 'Could not load host key: /etc/ssh/ssh_host_ecdsa_key\nsshd: no hostkeys available -- exiting.\n' }); return 1; }
    const port = yield* portOf();
    const bound = yield* call('listen', { proto: 'tcp', addr: '0.0.0.0', port, entry: 'connected' });
    if (!bound.ok) {
      yield* call('journalWrite', { ident: 'sshd', priority: 3, message: `error: Bind to port ${port} on 0.0.0.0 failed: Address already in use.` });
      yield* call('journalWrite', { ident: 'sshd', priority: 2, message: 'fatal: Cannot bind any address.' });
      return 255;
    }
    yield* call('journalWrite', { ident: 'sshd', message: `Server listening on 0.0.0.0 port ${port}.` });
    yield* call('onChild', { entry: 'reaped' });
    yield* call('onSignal', { signal: 'HUP', entry: 'reaped' });
    yield* call('notify', { ready: true });
    yield* call('serve', {});
    return 0;
  },
  entries: {
    *connected(start) {
      const { fd, peer, peerPort } = start.event as { fd: Fd; peer: string; peerPort: number };
      yield* call('spawn', { program: 'sshd', argv: ['sshd: session', `${peer} port ${peerPort}`], fds: { [CONNECTION]: fd } });
      yield* call('close', { fd });
    },
    *reaped() { /* its status is of no interest */ },
    *input(start) {
      const { fd, to, tty } = start.event as { fd: Fd; to: Fd; tty: boolean };
      for (;;) {
        const got = yield* call('recv', { fd });
        if (!got.ok || got.value === null) break;
        const message = got.value.data as { stdin?: string; eof?: boolean; resize?: [number, number] };
        if (message.stdin !== undefined && !(yield* call('write', { fd: to, text: message.stdin })).ok) return;
        if (message.resize && tty) yield* call('ttyResize', { fd: to, cols: message.resize[0], rows: message.resize[1] });
        if (message.eof && !tty) break;
      }
      yield* call('close', { fd: to });
    },
    *output(start) {
      const { fd, from, name } = start.event as { fd: Fd; from: Fd; name: 'stdout' | 'stderr' };
      yield* relay(fd, from, name);
    },
  },
};
