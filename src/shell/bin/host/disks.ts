/**
 * mount, umount, findmnt, lsblk, blkid, fdisk -l, swapon: what is mounted where. util-linux 2.23.
 */
import { err, out, strerror } from '../../../sim/proc/libc.ts';
import type { Start, Sys } from '../../../sim/proc/program.ts';
import { call, type Calls } from '../../../sim/proc/syscalls.ts';
import type { Command } from '../../command.ts';
import { getopt, has, valueOf, valuesOf } from './getopt.ts';

type Mount = Calls['mounts'][1][number];

function* mounts(): Sys<readonly Mount[]> {
  const list = yield* call('mounts', {});
  return list.ok ? list.value : [];
}

/** Device, target, type and options of an fstab line for a device or a target. */
function* fstab(word: string): Sys<string[] | null> {
  const text = yield* call('readFile', { path: '/etc/fstab' });
  for (const line of (text.ok ? text.value : '').split('\n')) {
    const cells = line.replace(/#.*/, '').trim().split(/\s+/);
    if (cells.length >= 4 && (cells[0] === word || cells[1] === word)) return cells;
  }
  return null;
}

function* mountMain(start: Start): Sys<number> {
  const got = getopt('mount', start.argv.slice(1), { short: 'alt:o:rwBRMfnsL:U:', long: { all: ['none', 'a'], types: ['required', 't'], options: ['required', 'o'], 'read-only': ['none', 'r'], rw: ['none', 'w'], bind: ['none', 'B'], rbind: ['none', 'R'], move: ['none', 'M'], fake: ['none', 'f'], 'show-labels': ['none', 'l'] } });
  if (!got.ok) { yield* err(`${got.error}\n`); return 1; }
  const { given } = got;
  const type = valueOf(given, 't') ?? null;
  const [a, b] = given.operands;
  if (a === undefined && !has(given, 'a')) {
    const list = (yield* mounts()).filter((m) => !type || m.type === type);
    yield* out(list.map((m) => `${m.source} on ${m.target} type ${m.type} (${m.options})\n`).join(''));
    return 0;
  }
  const parent = yield* call('processes', {});
  const caller = parent.ok ? parent.value.find((p) => p.pid === start.pid)?.ruid ?? start.uid : start.uid;
  if (caller !== 0) { yield* err(`mount: only root can ${a === undefined ? 'use "--all" option' : given.operands.length ? 'do that' : 'do that'}\n`); return 1; }
  if (has(given, 'a')) return 0;
  const options = [...(valueOf(given, 'o') ?? '').split(',').filter(Boolean), ...(has(given, 'r') ? ['ro'] : []), ...(has(given, 'B') ? ['bind'] : []), ...(has(given, 'R') ? ['rbind'] : [])];
  let source = a!;
  let target = b;
  let kind = type;
  if (target === undefined) {
    const line = yield* fstab(source);
    if (options.includes('remount')) { target = source; source = 'none'; }
    else if (!line) { yield* err(`mount: can't find ${source} in /etc/fstab\n`); return 1; }
    else { [source, target, kind] = line as [string, string, string]; options.push(...line[3]!.split(',').filter((o) => o !== 'defaults')); }
  }
  const there = yield* call('stat', { path: target! });
  if (!there.ok) { yield* err(`mount: mount point ${target} does not exist\n`); return 32; }
  if (source.startsWith('/') && !options.includes('remount')) {
    const device = yield* call('stat', { path: source });
    if (!device.ok) { yield* err(`mount: special device ${source} does not exist\n`); return 32; }
    if (device.value.type !== 'block' && !options.some((o) => /^r?bind$/.test(o)) && kind !== 'tmpfs') { yield* err(`mount: ${source} is not a block device\n`); return 32; }
  }
  const done = yield* call('mount', { source, target: target!, type: kind ?? 'auto', options: options.join(',') });
  if (done.ok) return 0;
  if (done.errno === 'ENODEV') yield* err(`mount: unknown filesystem type '${kind ?? 'auto'}'\n`);
  else if (done.errno === 'ENXIO' || done.errno === 'EBUSY') yield* err(`mount: ${source} is already mounted or ${target} busy\n`);
  else if (done.errno === 'ENOTDIR') yield* err(`mount: mount point ${target} is not a directory\n`);
  else yield* err(`mount: ${strerror(done.errno)}\n`);
  return 32;
}
export const mount: Command = { name: 'mount', main: mountMain };

export const umount: Command = {
  name: 'umount',
  *main(start) {
    const got = getopt('umount', start.argv.slice(1), { short: 'aflnrRt:d', long: { lazy: ['none', 'l'], force: ['none', 'f'], all: ['none', 'a'], recursive: ['none', 'R'] } });
    if (!got.ok) { yield* err(`${got.error}\n`); return 1; }
    if (!got.given.operands.length) { yield* err('umount: bad usage\nTry \'umount --help\' for more information.\n'); return 1; }
    const parent = yield* call('processes', {});
    const caller = parent.ok ? parent.value.find((p) => p.pid === start.pid)?.ruid ?? start.uid : start.uid;
    let status = 0;
    for (const word of got.given.operands) {
      const list = yield* mounts();
      const found = list.findLast((m) => m.target === word.replace(/(.)\/$/, '$1') || m.source === word);
      if (!found) { const stat = yield* call('stat', { path: word }); yield* err(stat.ok ? `umount: ${word}: not mounted\n` : `umount: ${word}: mountpoint not found\n`); status = 32; continue; }
      if (caller !== 0) { yield* err(`umount: ${found.target}: umount failed: Operation not permitted\n`); status = 32; continue; }
      const done = yield* call('umount', { target: found.target });
      if (done.ok) continue;
      status = 32;
      yield* err(done.errno === 'EBUSY' ? `umount: ${found.target}: target is busy.\n        (In some cases useful info about processes that use\n         the device is found by lsof(8) or fuser(1))\n` : `umount: ${found.target}: ${strerror(done.errno)}\n`);
    }
    return status;
  },
};

export const findmnt: Command = {
  name: 'findmnt',
  *main(start) {
    const got = getopt('findmnt', start.argv.slice(1), { short: 'aflno:rt:T:uS:M:', long: { list: ['none', 'l'], noheadings: ['none', 'n'], output: ['required', 'o'], raw: ['none', 'r'], types: ['required', 't'], target: ['required', 'T'] } });
    if (!got.ok) { yield* err(`${got.error}\n`); return 1; }
    const { given } = got;
    const wanted = given.operands[0] ?? valueOf(given, 'T') ?? valueOf(given, 'M') ?? valueOf(given, 'S');
    const type = valueOf(given, 't');
    const list = (yield* mounts()).filter((m) => (!type || m.type === type) && (!wanted || m.target === wanted || m.source === wanted));
    if (!list.length) return 1;
    const names = (valueOf(given, 'o') ?? 'TARGET,SOURCE,FSTYPE,OPTIONS').toUpperCase().split(',');
    const cell = (m: Mount, name: string): string => ({ TARGET: m.target, SOURCE: m.source, FSTYPE: m.type, OPTIONS: m.options } as Readonly<Record<string, string>>)[name] ?? '';
    const tree = !wanted && !has(given, 'l') && !has(given, 'r');
    const rows = list.map((m) => names.map((name) => (name === 'TARGET' && tree && m.target !== '/' ? `├─${m.target}` : cell(m, name))));
    if (tree && rows.length > 1) rows[rows.length - 1] = rows[rows.length - 1]!.map((text) => text.replace(/^├/, '└'));
    const all = has(given, 'n') ? rows : [names, ...rows];
    const widths = names.map((_, i) => Math.max(...all.map((row) => row[i]!.length)));
    yield* out(all.map((row) => `${row.map((text, i) => (i === row.length - 1 ? text : text.padEnd(widths[i]!))).join(' ')}\n`).join(''));
    return 0;
  },
};

interface Block { name: string; majmin: string; sizeKb: number; type: string; depth: number }

function* blocks(): Sys<Block[]> {
  const text = yield* call('readFile', { path: '/proc/partitions' });
  const rows = (text.ok ? text.value : '').split('\n').map((line) => line.trim().split(/\s+/)).filter((c) => c.length === 4 && /^\d+$/.test(c[0]!));
  return rows.map(([major, minor, size, name]) => ({ name: name!, majmin: `${major}:${minor}`, sizeKb: Number(size), type: /\d$/.test(name!) ? 'part' : 'disk', depth: /\d$/.test(name!) ? 1 : 0 }));
}

const gib = (kb: number): string => { const g = kb / 1_048_576; return g >= 1 ? `${Number.isInteger(g) ? g : g.toFixed(1).replace(/\.0$/, '')}G` : `${Math.round(kb / 1024)}M`; };

export const lsblk: Command = {
  name: 'lsblk',
  *main(start) {
    const got = getopt('lsblk', start.argv.slice(1), { short: 'abdfilno:prst', long: { ascii: ['none', 'i'], fs: ['none', 'f'], noheadings: ['none', 'n'], output: ['required', 'o'], paths: ['none', 'p'], nodeps: ['none', 'd'], all: ['none', 'a'], bytes: ['none', 'b'], list: ['none', 'l'] } });
    if (!got.ok) { yield* err(`${got.error}\n`); return 1; }
    const { given } = got;
    const list = yield* mounts();
    const root = list.find((m) => m.target === '/');
    const names = valueOf(given, 'o')?.toUpperCase().split(',') ?? (has(given, 'f') ? ['NAME', 'FSTYPE', 'LABEL', 'UUID', 'MOUNTPOINT'] : ['NAME', 'MAJ:MIN', 'RM', 'SIZE', 'RO', 'TYPE', 'MOUNTPOINT']);
    const right = new Set(['MAJ:MIN', 'RM', 'SIZE', 'RO']);
    const rows: string[][] = [];
    for (const b of yield* blocks()) {
      if (has(given, 'd') && b.depth) continue;
      const shown = `${b.depth && !has(given, 'l') ? (has(given, 'i') ? '`-' : '└─') : ''}${has(given, 'p') ? '/dev/' : ''}${b.name}`;
      const value: Readonly<Record<string, string>> = {
        NAME: shown, KNAME: b.name, 'MAJ:MIN': b.majmin, RM: '0', SIZE: has(given, 'b') ? String(b.sizeKb * 1024) : gib(b.sizeKb), RO: '0', TYPE: b.type, MOUNTPOINT: b.depth && root?.source.endsWith(b.name.replace(/^\w+?(\d+)$/, '$1')) ? '/' : '', FSTYPE: b.depth ? root?.type ?? '' : '', LABEL: '', UUID: b.depth ? '3ef2b806-efd7-4eef-aaa2-2584909365ff' : '',
      };
      rows.push(names.map((name) => value[name] ?? ''));
    }
    const unknown = names.find((name) => !['NAME', 'KNAME', 'MAJ:MIN', 'RM', 'SIZE', 'RO', 'TYPE', 'MOUNTPOINT', 'FSTYPE', 'LABEL', 'UUID'].includes(name));
    if (unknown) { yield* err(`lsblk: unknown column: ${unknown}\n`); return 1; }
    const all = has(given, 'n') ? rows : [names, ...rows];
    const widths = names.map((_, i) => Math.max(...all.map((row) => row[i]!.length)));
    yield* out(all.map((row) => `${row.map((text, i) => (right.has(names[i]!) ? text.padStart(widths[i]!) : i === row.length - 1 ? text : text.padEnd(widths[i]!))).join(' ')}\n`).join(''));
    return 0;
  },
};

const BLKID_USAGE = `blkid from util-linux 2.23.2  (libblkid 2.23.0, 25-Apr-2013)
Usage:
 blkid -L <label> | -U <uuid>

 blkid [-c <file>] [-ghlLv] [-o <format>] [-s <tag>] 
       [-t <token>] [<dev> ...]

 blkid -p [-s <tag>] [-O <offset>] [-S <size>] 
       [-o <format>] <dev> ...

 blkid -i [-s <tag>] [-o <format>] <dev> ...
`;

export const blkid: Command = {
  name: 'blkid',
  *main({ argv }) {
    const got = getopt('blkid', argv.slice(1), { short: 's:o:L:U:t:l' });
    if (!got.ok) { yield* err(`${got.error}\n${BLKID_USAGE}`); return 4; }
    const { given } = got;
    const format = valueOf(given, 'o') ?? 'full';
    if (!['full', 'value', 'device', 'export'].includes(format)) { yield* err(`blkid: Invalid output format ${format}. Choose from value,\n\tdevice, list, udev or full\n`); return 4; }
    const root = (yield* mounts()).find((m) => m.target === '/');
    const device = root?.source.startsWith('/dev/') ? root.source : null;
    const tags: [string, string][] = [['UUID', '3ef2b806-efd7-4eef-aaa2-2584909365ff'], ['TYPE', root?.type ?? '']];
    const holds = (tag: string, value: string): boolean => tags.some(([name, text]) => name === tag && text === value);
    for (const [flag, tag] of [['L', 'LABEL'], ['U', 'UUID']] as const) {
      if (!has(given, flag)) continue;
      if (device === null || !holds(tag, valueOf(given, flag)!)) return 2;
      yield* out(`${device}\n`);
      return 0;
    }
    const [tag, value] = (valueOf(given, 't') ?? '').split('=');
    if (has(given, 't') && value === undefined) { yield* err('-t needs NAME=value pair\n'); return 4; }
    if (device === null || (given.operands.length && !given.operands.includes(device)) || (value !== undefined && !holds(tag!, value))) return 2;
    const wanted = valuesOf(given, 's');
    const shown = tags.filter(([name]) => !wanted.length || wanted.includes(name));
    if (format === 'device') yield* out(`${device}\n`);
    else if (format === 'value') yield* out(shown.map(([, text]) => `${text}\n`).join(''));
    else if (format === 'export') yield* out(`DEVNAME=${device}\n${shown.map(([name, text]) => `${name}=${text}\n`).join('')}`);
    else if (shown.length) yield* out(`${device}: ${shown.map(([name, text]) => `${name}="${text}" `).join('')}\n`);
    return 0;
  },
};

export const fdisk: Command = {
  name: 'fdisk',
  *main({ argv, uid }) {
    const got = getopt('fdisk', argv.slice(1), { short: 'l' });
    if (!got.ok || !has(got.given, 'l')) {
      if (!got.ok) yield* err(`${got.error}\n`);
      yield* err('Usage:\n fdisk [options] <disk>    change partition table\n fdisk [options] -l <disk> list partition table(s)\n fdisk -s <partition>      give partition size(s) in blocks\n');
      return 1;
    }
    if (uid !== 0) { yield* err('fdisk: cannot open /dev/sda: Permission denied\n'); return 1; }
    const wanted = got.given.operands;
    const all = yield* blocks();
    for (const name of wanted) {
      if (!all.some((b) => `/dev/${b.name}` === name)) { yield* err(`fdisk: cannot open ${name}: No such file or directory\n`); return 1; }
    }
    for (const b of all) {
      if (wanted.length ? !wanted.includes(`/dev/${b.name}`) : b.depth > 0) continue;
      const bytes = b.sizeKb * 1024;
      yield* out(`\nDisk /dev/${b.name}: ${(bytes / 1e9).toFixed(1)} GB, ${bytes} bytes, ${bytes / 512} sectors\nUnits = sectors of 1 * 512 = 512 bytes\nSector size (logical/physical): 512 bytes / 512 bytes\nI/O size (minimum/optimal): 512 bytes / 512 bytes\nDisk label type: dos\nDisk identifier: 0x000b5cd1\n\n   Device Boot      Start         End      Blocks   Id  System\n/dev/${b.name}1   *        2048    ${bytes / 512 - 1}    ${b.sizeKb - 1024}   83  Linux\n`);
    }
    return 0;
  },
};

export const swapon: Command = {
  name: 'swapon',
  *main({ argv }) {
    const args = argv.slice(1);
    if (!args.length || args.every((a) => /^(-s|-a|--summary|--show|--all)$/.test(a))) return 0;
    yield* err(`swapon: ${args.at(-1)}: swapon failed: Invalid argument\n`);
    return 255;
  },
};
const SWAPOFF_USAGE = `
Usage:
 swapoff [options] [<spec>]

Options:
 -a, --all              disable all swaps from /proc/swaps
 -v, --verbose          verbose mode

 -h, --help     display this help and exit
 -V, --version  output version information and exit

The <spec> parameter:
 -L <label>             LABEL of device to be used
 -U <uuid>              UUID of device to be used
 LABEL=<label>          LABEL of device to be used
 UUID=<uuid>            UUID of device to be used
 <device>               name of device to be used
 <file>                 name of file to be used
`;

export const swapoff: Command = {
  name: 'swapoff',
  *main({ argv }) {
    const got = getopt('swapoff', argv.slice(1), { short: 'av', long: { all: ['none', 'a'], verbose: ['none', 'v'] } });
    if (!got.ok) { yield* err(`${got.error}\n${SWAPOFF_USAGE}`); return 1; }
    const path = got.given.operands[0];
    // Nothing is swapped to: all of it is off at once, and there is nothing to be verbose about.
    if (has(got.given, 'a')) return 0;
    if (!path) { yield* err(SWAPOFF_USAGE); return 1; }
    yield* err(`swapoff: ${path}: swapoff failed: Invalid argument\n`);
    return 255;
  },
};
