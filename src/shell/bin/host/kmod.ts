/**
 * kmod: lsmod, modprobe, rmmod, insmod, modinfo, depmod. Words of kmod 20 (CentOS 7) and 23 (Debian stretch).
 */
import { MODULE_FILES, moduleName, BUILT_IN } from '../../../sim/host/modules.ts';
import { err, out } from '../../../sim/proc/libc.ts';
import type { Start, Sys } from '../../../sim/proc/program.ts';
import { call } from '../../../sim/proc/syscalls.ts';
import type { Command } from '../../command.ts';
import { getopt, has, valueOf } from './getopt.ts';

function* lsmod(): Sys<number> {
  const list = yield* call('modules', {});
  if (!list.ok) return 1;
  const rows = list.value.map((m) => `${m.name.padEnd(19)} ${String(m.size).padStart(8)}  ${m.refs}${m.usedBy.length ? ` ${m.usedBy.join(',')}` : ''}\n`);
  yield* out(`Module                  Size  Used by\n${rows.join('')}`);
  return 0;
}

/** Where modules would lie; Debian's modprobe names it. */
function* missing(name: string): Sys<string> {
  const bin = yield* call('stat', { path: '/bin', follow: false });
  const info = yield* call('sysinfo', {});
  const debian = bin.ok && bin.value.type === 'dir';
  return `modprobe: FATAL: Module ${name} not found${debian ? ` in directory /lib/modules/${info.ok ? info.value.kernel : ''}` : '.'}\n`;
}

function* loadedNames(): Sys<ReadonlyMap<string, { usedBy: readonly string[]; refs: number }>> {
  const list = yield* call('modules', {});
  return new Map(list.ok ? list.value.map((m) => [m.name, m]) : []);
}

interface Flags { remove: boolean; dry: boolean; quiet: boolean; all: boolean; first: boolean; depends: boolean; verbose: boolean }

function* modprobe(args: readonly string[]): Sys<number> {
  const f: Flags = { remove: false, dry: false, quiet: false, all: false, first: false, depends: false, verbose: false };
  const names: string[] = [];
  for (const arg of args) {
    if (/^(-r|--remove)$/.test(arg)) f.remove = true;
    else if (/^(-n|--dry-run|--show)$/.test(arg)) f.dry = true;
    else if (/^(-q|--quiet)$/.test(arg)) f.quiet = true;
    else if (/^(-a|--all)$/.test(arg)) f.all = true;
    else if (/^(-D|--show-depends)$/.test(arg)) f.depends = true;
    else if (/^(-v|--verbose)$/.test(arg)) f.verbose = true;
    else if (arg === '--first-time') f.first = true;
    else if (arg === '-V' || arg === '--version') { yield* out('kmod version 20\n+XZ +ZLIB -EXPERIMENTAL\n'); return 0; }
    else if (/^(-[fis]|--force|--ignore-install|--use-blacklist|-b|--syslog)$/.test(arg)) continue;
    else if (arg.startsWith('-')) { yield* err(`modprobe: ${arg.startsWith('--') ? `unrecognized option '${arg}'` : `invalid option -- '${arg[1]}'`}\n`); return 1; }
    else names.push(arg);
  }
  if (!names.length) { yield* err("modprobe: ERROR: missing parameters. See -h.\n"); return 1; }
  const [first, ...params] = names;
  const list = f.all || f.remove ? names : [first!];
  for (const name of list) {
    const status = f.remove ? yield* remove(name, f) : yield* insert(name, f.all ? '' : params.join(' '), f);
    if (status) return status;
  }
  return 0;
}

function* insert(name: string, params: string, f: Flags): Sys<number> {
  const module = moduleName(name);
  const file = MODULE_FILES[module];
  if (!file) {
    if (BUILT_IN.has(module)) return 0;
    if (!f.quiet) yield* err(yield* missing(name));
    return 1;
  }
  const info = yield* call('sysinfo', {});
  const path = (m: string): string => `/lib/modules/${info.ok ? info.value.kernel : ''}/kernel/${m}.ko.xz`;
  if (f.depends) { yield* out([...file.needs, module].map((m) => `insmod ${path(m)} \n`).join('')); return 0; }
  if (f.dry) return 0;
  const before = yield* loadedNames();
  if (before.has(module)) {
    if (!f.first) return 0;
    yield* err(`modprobe: ERROR: could not insert '${module}': Module already in kernel\n`);
    return 1;
  }
  const done = yield* call('modprobe', { name: module, params });
  if (done.ok) { if (f.verbose) yield* out(`insmod ${path(module)} ${params}\n`); return 0; }
  yield* err(`modprobe: ERROR: could not insert '${module}': ${done.errno === 'EPERM' ? 'Operation not permitted' : 'Unknown symbol in module, or unknown parameter (see dmesg)'}\n`);
  return 1;
}

/** modprobe -r: the module, then what only it needed. */
function* remove(name: string, f: Flags): Sys<number> {
  const module = moduleName(name);
  const loaded = yield* loadedNames();
  const found = loaded.get(module);
  if (!MODULE_FILES[module]) { if (!f.quiet) yield* err(`modprobe: FATAL: Module ${name} not found.\n`); return 1; }
  if (!found) {
    if (!f.first) return 0;
    yield* err(`modprobe: FATAL: Module ${module} is not in kernel.\n`);
    return 1;
  }
  if (found.refs > 0) { if (!f.quiet) yield* err(`modprobe: FATAL: Module ${module} is in use.\n`); return 1; }
  if (f.dry) return 0;
  const done = yield* call('modprobe', { name: module, remove: true });
  if (!done.ok) { yield* err(`modprobe: ERROR: could not remove '${module}': ${done.errno === 'EPERM' ? 'Operation not permitted' : 'Resource temporarily unavailable'}\n`); return 1; }
  for (const need of MODULE_FILES[module].needs) {
    const now = (yield* loadedNames()).get(need);
    if (now && now.refs === 0) yield* call('modprobe', { name: need, remove: true });
  }
  return 0;
}

function* rmmod(args: readonly string[]): Sys<number> {
  const got = getopt('rmmod', args, { short: 'v', long: { verbose: ['none', 'v'] } });
  if (!got.ok) { yield* err(`${got.error}\n`); return 1; }
  const names = got.given.operands;
  if (!names.length) { yield* err('rmmod: ERROR: missing module name.\n'); return 1; }
  let status = 0;
  for (const name of names) {
    const module = moduleName(name.replace(/^.*\//, '').replace(/\.ko(\.xz)?$/, ''));
    const found = (yield* loadedNames()).get(module);
    if (!found) { yield* err(`rmmod: ERROR: Module ${module} is not currently loaded\n`); status = 1; continue; }
    if (found.usedBy.length) { yield* err(`rmmod: ERROR: Module ${module} is in use by: ${found.usedBy.join(' ')}\n`); status = 1; continue; }
    if (found.refs > 0) { yield* err(`rmmod: ERROR: Module ${module} is in use\n`); status = 1; continue; }
    const done = yield* call('modprobe', { name: module, remove: true });
    if (!done.ok) { yield* err(`rmmod: ERROR: could not remove '${module}': Operation not permitted\nrmmod: ERROR: could not remove module ${module}: Operation not permitted\n`); status = 1; } else if (has(got.given, 'v')) yield* out(`rmmod ${module}\n`);
  }
  return status;
}

function* insmod(args: readonly string[]): Sys<number> {
  const path = args.find((arg) => !arg.startsWith('-'));
  if (!path) { yield* err('insmod: ERROR: missing filename.\n'); return 1; }
  const stat = yield* call('stat', { path });
  yield* err(`insmod: ERROR: could not load module ${path}: ${stat.ok ? 'Invalid module format' : 'No such file or directory'}\n`);
  return 1;
}

/** Fields with a letter of their own. */
const MODINFO_FIELDS: Readonly<Record<string, string>> = { a: 'author', d: 'description', l: 'license', p: 'parm', n: 'filename' };

function* modinfo(args: readonly string[]): Sys<number> {
  const got = getopt('modinfo', args, { short: 'adlpnF:', long: { author: ['none', 'a'], description: ['none', 'd'], license: ['none', 'l'], parameters: ['none', 'p'], filename: ['none', 'n'], field: ['required', 'F'] } });
  if (!got.ok) { yield* err(`${got.error}\n`); return 1; }
  const letter = got.given.options.findLast(([name]) => name in MODINFO_FIELDS)?.[0];
  const field = letter ? MODINFO_FIELDS[letter] : valueOf(got.given, 'F') ?? null;
  const names = got.given.operands;
  if (!names.length) { yield* err('modinfo: ERROR: missing module or filename.\n'); return 1; }
  const info = yield* call('sysinfo', {});
  const kernel = info.ok ? info.value.kernel : '';
  let status = 0;
  for (const name of names) {
    const module = moduleName(name);
    const file = MODULE_FILES[module];
    if (!file) { yield* err(`modinfo: ERROR: Module ${name} not found.\n`); status = 1; continue; }
    const rows: [string, string][] = [
      ['filename', `/lib/modules/${kernel}/kernel/${module}.ko.xz`], ['license', 'GPL'], ['retpoline', 'Y'], ['rhelversion', '7.6'], ['depends', file.needs.join(',')], ['intree', 'Y'], ['vermagic', `${kernel} SMP mod_unload modversions `], ['signer', 'CentOS Linux kernel signing key'],
    ];
    yield* out(rows.filter(([key]) => !field || key === field).map(([key, value]) => (field ? `${value}\n` : `${`${key}:`.padEnd(16)}${value}\n`)).join(''));
  }
  return status;
}

export const kmod: Command = {
  name: 'kmod',
  *main({ argv, uid }: Start): Sys<number> {
    const called = (argv[0] ?? '').split('/').pop();
    const [args, name] = called === 'kmod' ? [argv.slice(2), argv[1]] : [argv.slice(1), called];
    switch (name) {
      case 'lsmod': case 'list':
        if (args.length) { yield* err('Usage: lsmod\n'); return 1; }
        return yield* lsmod();
      case 'modprobe': return yield* modprobe(args);
      case 'rmmod': return yield* rmmod(args);
      case 'insmod': return yield* insmod(args);
      case 'modinfo': return yield* modinfo(args);
      case 'depmod':
        if (uid !== 0) { yield* err('depmod: ERROR: openat(/lib/modules, modules.dep, O_CREAT, 0644): Permission denied\n'); return 1; }
        return 0;
      default: yield* err(`kmod: ERROR: invalid command '${name ?? ''}'\n`); return 1;
    }
  },
};
