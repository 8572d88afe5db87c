/** What things are called: hostname of net-tools, getent and locale of glibc, uuidgen of util-linux. */
import { err, out } from '../../../sim/proc/libc.ts';
import type { Sys } from '../../../sim/proc/program.ts';
import { call } from '../../../sim/proc/syscalls.ts';
import { resolve } from '../../../sim/proc/resolver.ts';
import type { Command } from '../../command.ts';
import { getopt, has } from './getopt.ts';

export const hostname: Command = {
  name: 'hostname',
  *main({ argv }) {
    const got = getopt('hostname', argv.slice(1), { short: 'adfiIs', long: { short: ['none', 's'], fqdn: ['none', 'f'], long: ['none', 'f'], domain: ['none', 'd'], 'ip-address': ['none', 'i'], 'all-ip-addresses': ['none', 'I'], alias: ['none', 'a'] } });
    if (!got.ok) { yield* err(`${got.error}\n`); return 4; }
    const info = yield* call('sysinfo', {});
    const name = info.ok ? info.value.hostname : 'localhost';
    const { given } = got;
    if (given.operands[0] !== undefined) {
      const done = yield* call('sethostname', { name: given.operands[0] });
      if (!done.ok) { yield* err('hostname: you must be root to change the host name\n'); return 1; }
      return 0;
    }
    if (has(given, 'I')) {
      const links = yield* call('netRead', { what: { kind: 'links' } });
      const all = links.ok ? (links.value as unknown as readonly { kind: string; up: boolean; addrs: readonly { ip: string }[] }[]) : [];
      yield* out(`${all.filter((l) => l.kind !== 'loopback' && l.up).flatMap((l) => l.addrs.map((a) => `${a.ip} `)).join('')}\n`);
      return 0;
    }
    const found = yield* resolve(name);
    if (has(given, 'i') || has(given, 'f') || has(given, 'd') || has(given, 'a')) {
      if (!found.ok) { yield* err('hostname: Name or service not known\n'); return 1; }
      const [canonical, ...aliases] = (yield* namesOf(found.addresses[0]!)) ?? [name];
      yield* out(has(given, 'i') ? `${found.addresses.join(' ')}\n` : has(given, 'a') ? `${aliases.join(' ')}\n` : has(given, 'd') ? `${canonical!.split('.').slice(1).join('.')}\n` : `${canonical}\n`);
      return 0;
    }
    yield* out(`${has(given, 's') ? name.split('.')[0] : name}\n`);
    return 0;
  },
};

/** The names of an address in /etc/hosts: the canonical one first. */
function* namesOf(address: string): Sys<string[] | null> {
  const text = yield* call('readFile', { path: '/etc/hosts' });
  const line = (text.ok ? text.value : '').split('\n').map((row) => row.replace(/#.*/, '').trim().split(/\s+/)).find(([ip]) => ip === address);
  return line ? line.slice(1) : null;
}

export const getent: Command = {
  name: 'getent',
  *main({ argv }) {
    const got = getopt('getent', argv.slice(1), { short: '' });
    if (!got.ok) { yield* err(`${got.error}\nTry \`getent --help' or \`getent --usage' for more information.\n`); return 64; }
    const [database, ...keys] = got.given.operands;
    const files: Readonly<Record<string, string>> = { passwd: '/etc/passwd', group: '/etc/group', services: '/etc/services', protocols: '/etc/protocols', shadow: '/etc/shadow', networks: '/etc/networks', gshadow: '/etc/gshadow' };
    if (!database) { yield* err('getent: wrong number of arguments\nTry `getent --help\' or `getent --usage\' for more information.\n'); return 1; }
    if (database === 'hosts' || database.startsWith('ahosts')) return yield* hosts(database, keys);
    const path = files[database];
    if (!path) { yield* err(`Unknown database: ${database}\nTry \`getent --help' or \`getent --usage' for more information.\n`); return 1; }
    const text = yield* call('readFile', { path });
    const lines = (text.ok ? text.value : '').split('\n').filter(Boolean);
    if (!keys.length) { yield* out(lines.map((line) => `${line}\n`).join('')); return 0; }
    let status = 0;
    for (const key of keys) {
      const line = lines.find((row) => { const cells = row.split(/[:\s]+/); return cells[0] === key || (database === 'passwd' || database === 'group' ? cells[2] === key : cells[1]?.split('/')[0] === key); });
      if (line) yield* out(`${line}\n`); else status = 2;
    }
    return status;
  },
};

function* hosts(database: string, names: readonly string[]): Sys<number> {
  if (!names.length) {
    const text = yield* call('readFile', { path: '/etc/hosts' });
    for (const line of (text.ok ? text.value : '').split('\n')) { const [ip, ...rest] = line.replace(/#.*/, '').trim().split(/\s+/); if (ip && rest.length) yield* out(`${ip.padEnd(15)} ${rest.join(' ')}\n`); }
    return 0;
  }
  let status = 0;
  for (const name of names) {
    const found = yield* resolve(name);
    if (!found.ok) { status = 2; continue; }
    for (const ip of found.addresses) {
      if (database === 'hosts') yield* out(`${ip.padEnd(15)} ${name}\n`);
      else yield* out(['STREAM', 'DGRAM', 'RAW'].map((kind, i) => `${ip.padEnd(15)} ${kind}${i ? '' : ` ${name}`}\n`).join(''));
    }
  }
  return status;
}

export const locale: Command = {
  name: 'locale',
  *main({ argv, env }) {
    const got = getopt('locale', argv.slice(1), { short: 'a', long: { 'all-locales': ['none', 'a'] } });
    if (!got.ok) { yield* err(`${got.error}\nTry \`locale --help' or \`locale --usage' for more information.\n`); return 64; }
    if (has(got.given, 'a')) { yield* out('C\nPOSIX\nen_US.utf8\n'); return 0; }
    for (const name of got.given.operands) {
      if (name !== 'charmap') { yield* err(`locale: unknown name "${name}"\n`); return 1; }
      yield* out(/UTF-?8$/i.test(env['LC_ALL'] ?? env['LC_CTYPE'] ?? env['LANG'] ?? '') ? 'UTF-8\n' : 'ANSI_X3.4-1968\n');
    }
    if (got.given.operands.length) return 0;
    const lang = env['LANG'] ?? '';
    const names = ['CTYPE', 'NUMERIC', 'TIME', 'COLLATE', 'MONETARY', 'MESSAGES', 'PAPER', 'NAME', 'ADDRESS', 'TELEPHONE', 'MEASUREMENT', 'IDENTIFICATION'];
    yield* out(`LANG=${lang}\n${names.map((n) => `LC_${n}="${env[`LC_${n}`] ?? (lang || 'POSIX')}"\n`).join('')}LC_ALL=${env['LC_ALL'] ?? ''}\n`);
    return 0;
  },
};

export const uuidgen: Command = {
  name: 'uuidgen',
  *main({ argv }) {
    const bad = argv.slice(1).find((a) => !/^(-r|-t|--random|--time)$/.test(a));
    if (bad) { yield* err(`uuidgen: invalid option -- '${bad.replace(/^-+/, '')[0]}'\nUsage: uuidgen [options]\n`); return 1; }
    const words: string[] = [];
    for (let i = 0; i < 8; i++) { const r = yield* call('random', { below: 65_536 }); words.push((r.ok ? r.value : 0).toString(16).padStart(4, '0')); }
    const [a, b, c, d, e, f, g, h] = words as [string, string, string, string, string, string, string, string];
    yield* out(`${a}${b}-${c}-4${d.slice(1)}-${'89ab'[parseInt(e[0]!, 16) & 3]}${e.slice(1)}-${f}${g}${h}\n`);
    return 0;
  },
};
