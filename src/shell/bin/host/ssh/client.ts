/**
 * ssh and scp (OpenSSH 7.4). Standard input is read by a thread of its own, as the connection is read by the
 * main one, which restarts itself now and then so that its log of replies stays short.
 */
import { err, out, strerror } from '../../../../sim/proc/libc.ts';
import type { Json, Start, Sys } from '../../../../sim/proc/program.ts';
import { call, type Fd } from '../../../../sim/proc/syscalls.ts';
import type { Command } from '../../../command.ts';
import { connect, type Target } from './connect.ts';

const MESSAGES_PER_RUN = 100;

const USAGE = `usage: ssh [-1246AaCfGgKkMNnqsTtVvXxYy] [-b bind_address] [-c cipher_spec]
           [-D [bind_address:]port] [-E log_file] [-e escape_char]
           [-F configfile] [-I pkcs11] [-i identity_file]
           [-J [user@]host[:port]] [-L address] [-l login_name] [-m mac_spec]
           [-O ctl_cmd] [-o option] [-p port] [-Q query_option] [-R address]
           [-S ctl_path] [-W host:port] [-w local_tun[:remote_tun]]
           [user@]hostname [command]
`;

interface Wish { target: Target; command: string | null; tty: number; noCommand: boolean; noInput: boolean }

function parse(args: readonly string[]): Wish | { say: string; status: number } {
  const options: Record<string, string> = {};
  const identity: string[] = [];
  let port = 22, user: string | null = null, tty = 0, quiet = false, noCommand = false, noInput = false;
  let i = 0;
  let host: string | null = null;
  for (; i < args.length; i++) {
    const arg = args[i]!;
    if (!arg.startsWith('-') || arg === '-') { if (host !== null) break; host = arg; continue; }
    for (let j = 1; j < arg.length; j++) {
      const c = arg[j]!;
      if ('bcDEeFIiJLlmOopQRSWw'.includes(c)) {
        const value = arg.slice(j + 1) || args[++i];
        if (value === undefined) return { say: `ssh: option requires an argument -- ${c}\n${USAGE}`, status: 255 };
        if (c === 'p') { port = Number(value); if (!(port > 0 && port < 65_536)) return { say: `Bad port '${value}'\n`, status: 255 }; }
        else if (c === 'l') user = value; else if (c === 'i') identity.push(value);
        else if (c === 'o') { const m = /^([A-Za-z]+)\s*[= ]\s*(.*)$/.exec(value); if (!m) return { say: `command-line: line 0: Missing argument.\n`, status: 255 }; options[m[1]!.toLowerCase()] = m[2]!; }
        else if ('DLRJWwO'.includes(c)) return { say: `Bad ${'DL' .includes(c) ? 'local' : 'remote'} forwarding specification '${value}'\n`, status: 255 };
        break;
      }
      if (c === 't') tty++; else if (c === 'T') tty = -1; else if (c === 'q') quiet = true; else if (c === 'N') noCommand = true; else if (c === 'n') noInput = true;
      else if (c === 'V') return { say: 'OpenSSH_7.4p1, OpenSSL 1.0.2k-fips  26 Jan 2017\n', status: 0 };
      else if (!'1246AaCfGgKkMsvXxYy'.includes(c)) return { say: `unknown option -- ${c}\n${USAGE}`, status: 255 };
    }
  }
  if (host === null) return { say: USAGE, status: 255 };
  const at = host.lastIndexOf('@');
  if (at >= 0) { user ??= host.slice(0, at); host = host.slice(at + 1); }
  const command = args.slice(i);
  return { target: { host, user: user ?? options['user'] ?? null, port: options['port'] ? Number(options['port']) : port, identity, options, quiet: quiet || options['loglevel'] === 'ERROR' || options['loglevel'] === 'QUIET' }, command: command.length ? command.join(' ') : null, tty, noCommand, noInput };
}

interface Memory { fd: Fd; raw: boolean; host: string; quiet: boolean; shell: boolean }

function* pump(mem: Memory): Sys<number> {
  for (let n = 0; ; n++) {
    if (n === MESSAGES_PER_RUN) yield* call('become', { mem: mem as unknown as Json });
    const got = yield* call('recv', { fd: mem.fd });
    const message = got.ok && got.value ? got.value.data as { stdout?: string; stderr?: string; exit?: number } : null;
    if (message?.stdout !== undefined) yield* out(message.stdout);
    if (message?.stderr !== undefined) yield* err(message.stderr);
    if (message !== null && message.exit === undefined) continue;
    if (mem.raw) yield* call('ttyMode', { fd: 0, raw: false, echo: true });
    yield* call('close', { fd: mem.fd });
    if (message === null) { yield* err(got.ok ? `Connection to ${mem.host} closed by remote host.\n` : `packet_write_wait: Connection to ${mem.host} port 22: ${strerror(got.errno)}\n`); }
    if (mem.raw && !mem.quiet) yield* err(`Connection to ${mem.host} closed.\n`);
    return message?.exit ?? 255;
  }
}

function* sshMain(start: Start): Sys<number> {
  if (start.mem !== null) return yield* pump(start.mem as unknown as Memory);
  const w = parse(start.argv.slice(1));
  if ('say' in w) { yield* err(w.say); return w.status; }
  const opened = yield* connect(start, w.target);
  if (typeof opened === 'number') return opened;
  const { fd } = opened;
  const local = yield* call('tty', { fd: 0 });
  const wantsTty = w.tty > 1 || (local.ok && (w.tty > 0 || (w.tty === 0 && w.command === null)));
  if (w.tty === 1 && !local.ok) yield* err('Pseudo-terminal will not be allocated because stdin is not a terminal.\n');
  if (w.noCommand) { yield* call('recv', { fd }); return 0; }
  const tty = wantsTty ? [local.ok ? local.value.cols : 80, local.ok ? local.value.rows : 24] : null;
  yield* call('send', { fd, data: { command: w.command, tty, term: start.env['TERM'] ?? 'dumb' } });
  const raw = wantsTty && local.ok;
  if (raw) {
    yield* call('ttyMode', { fd: 0, raw: true, echo: false });
    yield* call('memSet', { key: 'remote', value: { fd } });
    yield* call('onSignal', { signal: 'WINCH', entry: 'resize' });
  }
  if (w.noInput) yield* call('send', { fd, data: { eof: true } });
  else yield* call('thread', { entry: 'stdin', event: { fd, raw } });
  return yield* pump({ fd, raw, host: w.target.host, quiet: w.target.quiet, shell: w.command === null });
}

export const ssh: Command = {
  name: 'ssh',
  main: sshMain,
  entries: {
    *stdin(start) {
      const { fd, raw } = start.event as unknown as { fd: Fd; raw: boolean };
      for (let n = 0; n < MESSAGES_PER_RUN; n++) {
        const text = yield* call('read', { fd: 0, relay: true });
        const data: Json = text.ok && text.value !== '' ? { stdin: text.value } : { eof: true };
        const sent = yield* call('send', { fd, data, size: text.ok ? text.value.length : 0 });
        if (!sent.ok || !text.ok || text.value === '') return;
      }
      yield* call('thread', { entry: 'stdin', event: { fd, raw } });
    },
    *resize() {
      const remote = yield* call('memGet', { key: 'remote' });
      const size = yield* call('tty', { fd: 0 });
      if (remote.ok && remote.value && size.ok) yield* call('send', { fd: (remote.value as { fd: Fd }).fd, data: { resize: [size.value.cols, size.value.rows] } });
    },
  },
  *complete(_start, words) {
    const last = words[words.length - 1] ?? '';
    const text = yield* call('readFile', { path: '/etc/hosts' });
    const names = (text.ok ? text.value : '').split('\n').flatMap((line) => line.replace(/#.*/, '').trim().split(/\s+/).slice(1));
    return [...new Set(names)].filter((name) => name.startsWith(last)).sort();
  },
};

// ---- scp

interface Place { host: string | null; user: string | null; path: string }

function place(text: string): Place {
  const m = /^(?:([^@/:]+)@)?([^/:]+):(.*)$/.exec(text);
  return m ? { user: m[1] ?? null, host: m[2]!, path: m[3]! || '.' } : { host: null, user: null, path: text };
}

const quote = (text: string): string => `'${text.replace(/'/g, "'\\''")}'`;

/** Runs a command there, with input, and gives what it wrote. */
function* remote(start: Start, target: Target, command: string, input: string | null): Sys<{ out: string; err: string; exit: number }> {
  const opened = yield* connect(start, target);
  if (typeof opened === 'number') return { out: '', err: '', exit: 255 };
  const { fd } = opened;
  yield* call('send', { fd, data: { command, tty: null, term: 'dumb' } });
  if (input) yield* call('send', { fd, data: { stdin: input }, size: input.length });
  yield* call('send', { fd, data: { eof: true } });
  const answer = { out: '', err: '', exit: 255 };
  for (;;) {
    const got = yield* call('recv', { fd });
    const message = got.ok && got.value ? got.value.data as { stdout?: string; stderr?: string; exit?: number } : null;
    answer.out += message?.stdout ?? '';
    answer.err += message?.stderr ?? '';
    if (message !== null && message.exit === undefined) continue;
    answer.exit = message?.exit ?? 255;
    yield* call('close', { fd });
    return answer;
  }
}

interface Item { path: string; dir: boolean; text: string }

/** A local file, or with `deep` a tree; names relative to its own. */
function* gather(path: string, name: string, deep: boolean): Sys<Item[] | string> {
  const stat = yield* call('stat', { path });
  if (!stat.ok) return `${path}: ${strerror(stat.errno)}`;
  if (stat.value.type !== 'dir') {
    const text = yield* call('readFile', { path });
    return text.ok ? [{ path: name, dir: false, text: text.value }] : `${path}: ${strerror(text.errno)}`;
  }
  if (!deep) return `${path}: not a regular file`;
  const items: Item[] = [{ path: name, dir: true, text: '' }];
  const names = yield* call('readdir', { path });
  for (const child of names.ok ? names.value : []) {
    const below = yield* gather(`${path}/${child}`, `${name}/${child}`, deep);
    if (typeof below === 'string') return below;
    items.push(...below);
  }
  return items;
}

const base = (path: string): string => path.replace(/\/+$/, '').split('/').pop() || '.';

function* progress(quiet: boolean, name: string, size: number): Sys<void> {
  const screen = yield* call('tty', { fd: 1 });
  if (quiet || !screen.ok) return;
  const right = `100% ${String(size).padStart(4)}     ${(size / 1024).toFixed(1)}KB/s   00:00    `;
  yield* out(`${name.padEnd(Math.max(1, screen.value.cols - right.length - 1))}${right}\n`);
}

function* scpMain(start: Start): Sys<number> {
  const options: Record<string, string> = {};
  const identity: string[] = [];
  let deep = false, quiet = false, port = 22;
  const rest: string[] = [];
  const args = start.argv.slice(1);
  for (let i = 0; i < args.length; i++) {
    const arg = args[i]!;
    if (!arg.startsWith('-') || arg === '-') { rest.push(arg); continue; }
    for (let j = 1; j < arg.length; j++) {
      const c = arg[j]!;
      if ('cFiloPS'.includes(c)) {
        const value = arg.slice(j + 1) || (args[++i] ?? '');
        if (c === 'P') port = Number(value); else if (c === 'i') identity.push(value); else if (c === 'o') { const m = /^(\w+)[= ](.*)$/.exec(value); if (m) options[m[1]!.toLowerCase()] = m[2]!; }
        break;
      }
      if (c === 'r') deep = true; else if (c === 'q') quiet = true;
      else if (!'12346BCpv'.includes(c)) { yield* err(`unknown option -- ${c}\nusage: scp [-12346BCpqrv] [-c cipher] [-F ssh_config] [-i identity_file]\n           [-l limit] [-o ssh_option] [-P port] [-S program]\n           [[user@]host1:]file1 ... [[user@]host2:]file2\n`); return 1; }
    }
  }
  if (rest.length < 2) { yield* err('usage: scp [-12346BCpqrv] [-c cipher] [-F ssh_config] [-i identity_file]\n           [-l limit] [-o ssh_option] [-P port] [-S program]\n           [[user@]host1:]file1 ... [[user@]host2:]file2\n'); return 1; }
  const to = place(rest[rest.length - 1]!);
  const target = (p: Place): Target => ({ host: p.host!, user: p.user, port, identity, options, quiet });
  let status = 0;
  for (const from of rest.slice(0, -1).map(place)) {
    const items = from.host ? yield* fetchItems(start, target(from), from.path, deep) : yield* gather(from.path, base(from.path), deep);
    if (items === null) return 1;
    if (typeof items === 'string') { yield* err(from.host ? `scp: ${items}\n` : `${items}\n`); status = 1; continue; }
    const failed = to.host ? yield* storeThere(start, target(to), to.path, items) : yield* storeHere(to.path, items);
    if (failed !== null) { yield* err(failed); status = 1; continue; }
    for (const item of items) if (!item.dir) yield* progress(quiet, base(item.path), item.text.length);
  }
  return status;
}

function* fetchItems(start: Start, target: Target, path: string, deep: boolean): Sys<Item[] | string | null> {
  const listed = yield* remote(start, target, `if [ -d ${quote(path)} ]; then ${deep ? `cd ${quote(path)} && find . -type d -exec echo d {} \\; -o -type f -exec echo f {} \\;` : 'echo D'}; elif [ -r ${quote(path)} ]; then echo F; elif [ -e ${quote(path)} ]; then echo P; else echo N; fi`, null);
  if (listed.exit === 255 && listed.out === '') return null;
  const kind = listed.out.trim();
  if (kind === 'N') return `${path}: No such file or directory`;
  if (kind === 'P') return `${path}: Permission denied`;
  if (kind === 'D') return `${path}: not a regular file`;
  const items: Item[] = [];
  for (const [type, name] of kind === 'F' ? [['f', '']] : kind.split('\n').map((line) => [line[0]!, line.slice(4)])) {
    const text = type === 'f' ? yield* remote(start, target, `cat ${quote(kind === 'F' ? path : `${path}/${name}`)}`, null) : null;
    items.push({ path: name ? `${base(path)}/${name}` : base(path), dir: type === 'd', text: text?.out ?? '' });
  }
  return items;
}

function* storeHere(path: string, items: readonly Item[]): Sys<string | null> {
  const stat = yield* call('stat', { path });
  const into = stat.ok && stat.value.type === 'dir';
  for (const item of items) {
    const where = into ? `${path.replace(/\/$/, '')}/${item.path}` : item.path.includes('/') ? `${path}${item.path.slice(item.path.indexOf('/'))}` : path;
    const done = item.dir ? yield* call('mkdir', { path: where, mode: 0o755 }) : yield* call('writeFile', { path: where, text: item.text, mode: 0o644 });
    if (!done.ok && done.errno !== 'EEXIST') return `${where}: ${strerror(done.errno)}\n`;
  }
  return null;
}

function* storeThere(start: Start, target: Target, path: string, items: readonly Item[]): Sys<string | null> {
  const probe = yield* remote(start, target, `test -d ${quote(path)}`, null);
  if (probe.exit === 255) return '';
  for (const item of items) {
    const where = probe.exit === 0 ? `${path.replace(/\/$/, '')}/${item.path}` : item.path.includes('/') ? `${path}${item.path.slice(item.path.indexOf('/'))}` : path;
    const done = yield* remote(start, target, item.dir ? `mkdir -p ${quote(where)}` : `cat > ${quote(where)}`, item.dir ? null : item.text);
    if (done.exit !== 0) return `scp: ${where}: ${/: ([A-Z][^:]*)$/m.exec(done.err.trim())?.[1] ?? 'Permission denied'}\n`;
  }
  return null;
}

export const scp: Command = { name: 'scp', main: scpMain };
