/**
 * The client's side of an ssh connection up to the point where something is run: resolve, connect, host key,
 * public key. Words of OpenSSH 7.4.
 */
import { err, strerror } from '../../../../sim/proc/libc.ts';
import type { Json, Start, Sys } from '../../../../sim/proc/program.ts';
import { resolve } from '../../../../sim/proc/resolver.ts';
import { call, type Fd } from '../../../../sim/proc/syscalls.ts';
import { readUsers } from '../users.ts';

export interface Target { host: string; user: string | null; port: number; identity: string[]; options: Readonly<Record<string, string>>; quiet: boolean }

/** A fingerprint's look: 43 characters that depend on the whole key. */
export function fingerprint(key: string): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
  let h = 0x811c9dc5;
  let text = '';
  for (let round = 0; text.length < 43; round++) {
    for (let i = 0; i < key.length; i++) h = Math.imul(h ^ (key.charCodeAt(i) + round), 0x01000193) >>> 0;
    text += alphabet[(h >>> 13) & 63];
  }
  return text;
}

const option = (t: Target, name: string): string => t.options[name.toLowerCase()] ?? '';

/** The connection, logged in; or an exit status. */
export function* connect(start: Start, t: Target): Sys<{ fd: Fd; address: string } | number> {
  let address = t.host;
  if (!/^[\d.]+$/.test(t.host)) {
    const found = yield* resolve(t.host);
    if (!found.ok) { yield* err(`ssh: Could not resolve hostname ${t.host}: Name or service not known\n`); return 255; }
    address = found.addresses[0]!;
  }
  const patience = Number(option(t, 'ConnectTimeout'));
  const fd = yield* call('connect', { proto: 'tcp', addr: address, port: t.port, ...(patience ? { timeoutUs: patience * 1_000_000 } : {}) });
  if (!fd.ok) { yield* err(`ssh: connect to host ${t.host} port ${t.port}: ${strerror(fd.errno)}\n`); return 255; }
  const status = yield* authenticate(start, t, fd.value, address);
  if (status === 0) return { fd: fd.value, address };
  yield* call('close', { fd: fd.value });
  return status;
}

function* exchange<T>(fd: Fd, data: unknown): Sys<T | null> {
  const sent = yield* call('send', { fd, data: data as Json });
  const got = sent.ok ? yield* call('recv', { fd, timeoutUs: 120_000_000 }) : sent;
  return got.ok && got.value ? got.value.data as unknown as T : null;
}

function* authenticate(start: Start, t: Target, fd: Fd, address: string): Sys<number> {
  const shown = yield* exchange<{ hostKey?: string }>(fd, { hello: 'SSH-2.0-OpenSSH_7.4' });
  if (!shown?.hostKey) { yield* err('ssh_exchange_identification: Connection closed by remote host\n'); return 255; }
  const home = start.env['HOME'] ?? '/root';
  if (!(yield* knows(t, address, shown.hostKey, home))) return 255;
  const users = yield* readUsers();
  const user = t.user ?? users.find((u) => u.uid === start.uid)?.name ?? 'root';
  const keys: string[] = [];
  for (const path of t.identity.length ? t.identity : ['id_rsa', 'id_ecdsa', 'id_ed25519'].map((name) => `${home}/.ssh/${name}`)) {
    const secret = yield* call('readFile', { path });
    if (!secret.ok) { if (t.identity.length) yield* err(`Warning: Identity file ${path} not accessible: ${strerror(secret.errno)}.\n`); continue; }
    const open = yield* call('readFile', { path: `${path}.pub` });
    if (open.ok) keys.push(open.value);
  }
  const answer = yield* exchange<{ granted?: boolean; denied?: string }>(fd, { user, keys });
  if (answer?.granted) return 0;
  yield* err(answer?.denied ? `Permission denied (${answer.denied}).\n` : `Connection closed by ${address} port ${t.port}\n`);
  return 255;
}

/** Checks the host key against known_hosts, asks when it is new. */
function* knows(t: Target, address: string, key: string, home: string): Sys<boolean> {
  const file = option(t, 'UserKnownHostsFile') || `${home}/.ssh/known_hosts`;
  const text = yield* call('readFile', { path: file });
  const names = t.host === address ? [address] : [t.host, address];
  const label = (name: string): string => (t.port === 22 ? name : `[${name}]:${t.port}`);
  const entry = names.map(label).join(',');
  const lines = (text.ok ? text.value : '').split('\n').filter((line) => line && line.split(' ')[0]!.split(',').includes(label(t.host)));
  const known = lines.map((line) => line.split(' ').slice(1, 3).join(' '));
  const mine = key.split(/\s+/).slice(0, 2).join(' ');
  if (known.includes(mine)) return true;
  const strict = option(t, 'StrictHostKeyChecking').toLowerCase();
  if (known.length) {
    yield* err(`@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@\n@    WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!     @\n@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@\nIT IS POSSIBLE THAT SOMEONE IS DOING SOMETHING NASTY!\nThe fingerprint for the ECDSA key sent by the remote host is\nSHA256:${fingerprint(mine)}.\nHost key verification failed.\n`);
    return false;
  }
  if (strict !== 'no' && strict !== 'accept-new') {
    const tty = yield* call('tty', { fd: 0 });
    if (strict === 'yes' || option(t, 'BatchMode') === 'yes' || !tty.ok) { yield* err('Host key verification failed.\n'); return false; }
    yield* err(`The authenticity of host '${t.host} (${address})' can't be established.\nECDSA key fingerprint is SHA256:${fingerprint(mine)}.\nAre you sure you want to continue connecting (yes/no)? `);
    for (;;) {
      const typed = yield* call('read', { fd: 0 });
      const word = typed.ok ? typed.value.trim() : 'no';
      if (word === 'yes') break;
      if (word === 'no' || !typed.ok || typed.value === '') { yield* err('Host key verification failed.\n'); return false; }
      yield* err("Please type 'yes' or 'no': ");
    }
  }
  if (file !== '/dev/null') {
    yield* call('mkdir', { path: `${home}/.ssh`, mode: 0o700 });
    yield* call('writeFile', { path: file, text: `${entry} ${mine}\n`, append: true, mode: 0o644 });
  }
  if (!t.quiet) yield* err(`Warning: Permanently added '${entry}' (ECDSA) to the list of known hosts.\r\n`);
  return true;
}
