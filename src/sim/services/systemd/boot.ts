/**
 * What runs once at boot: systemd-modules-load and systemd-sysctl, from the folders of modules-load.d(5) and
 * sysctl.d(5). They write to the journal by their stdout.
 */
import { out, strerror } from '../../proc/libc.ts';
import type { Program, Sys } from '../../proc/program.ts';
import { call } from '../../proc/syscalls.ts';

/** The *.conf files of several folders in order of their names; of equal names the first folder's counts. */
export function* confFiles(folders: readonly string[]): Sys<{ path: string; text: string }[]> {
  const found = new Map<string, string>();
  for (const folder of folders) {
    const list = yield* call('readdir', { path: folder });
    if (list.ok) for (const name of list.value) if (name.endsWith('.conf') && !found.has(name)) found.set(name, `${folder}/${name}`);
  }
  const files: { path: string; text: string }[] = [];
  for (const name of [...found.keys()].sort((a, b) => (a < b ? -1 : 1))) {
    const text = yield* call('readFile', { path: found.get(name)! });
    if (text.ok) files.push({ path: found.get(name)!, text: text.value });
  }
  return files;
}

export const SYSCTL_FOLDERS = ['/etc/sysctl.d', '/run/sysctl.d', '/usr/local/lib/sysctl.d', '/usr/lib/sysctl.d', '/lib/sysctl.d'];
const MODULE_FOLDERS = ['/etc/modules-load.d', '/run/modules-load.d', '/usr/local/lib/modules-load.d', '/usr/lib/modules-load.d', '/lib/modules-load.d'];

const settings = (text: string): string[] => text.split('\n').map((line) => line.trim()).filter((line) => line !== '' && !/^[#;]/.test(line));

/** `net.ipv4.ip_forward` or `net/ipv4/ip_forward` as a path under /proc/sys. Whichever comes first separates. */
export function cellFile(key: string): string {
  const first = /[./]/.exec(key)?.[0];
  const swapped = first === '.' ? key.replace(/[./]/g, (c) => (c === '.' ? '/' : '.')) : key;
  return `/proc/sys/${swapped}`;
}

const modulesLoad: Program = {
  name: 'systemd-modules-load',
  *main() {
    let status = 0;
    for (const { text } of yield* confFiles(MODULE_FOLDERS)) {
      for (const name of settings(text)) {
        const before = yield* call('modules', {});
        const loaded = yield* call('modprobe', { name });
        if (!loaded.ok) { yield* out(`<3>Failed to find module '${name}'\n`); status = 1; }
        else if (before.ok && !before.value.some((m) => m.name === name.replace(/-/g, '_'))) yield* out(`Inserted module '${name}'\n`);
      }
    }
    return status;
  },
};

const applySysctl: Program = {
  name: 'systemd-sysctl',
  *main() {
    let status = 0;
    for (const { text } of yield* confFiles(SYSCTL_FOLDERS)) {
      for (const line of settings(text)) {
        const at = line.indexOf('=');
        if (at < 0) continue;
        const key = line.slice(0, at).trim().replace(/^-/, '');
        const done = yield* call('writeFile', { path: cellFile(key), text: `${line.slice(at + 1).trim()}\n` });
        if (done.ok) continue;
        yield* out(`<4>Couldn't write '${line.slice(at + 1).trim()}' to '${cellFile(key).slice(10)}', ignoring: ${strerror(done.errno)}\n`);
        if (done.errno !== 'ENOENT') status = 1;
      }
    }
    return status;
  },
};

export const bootSteps: readonly Program[] = [modulesLoad, applySysctl];
