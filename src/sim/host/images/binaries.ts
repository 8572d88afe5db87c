/**
 * Lists of executables for image trees: path → program. It knows neither what the programs do nor whether
 * they are registered; a file whose program nobody registered fails like any bad executable.
 */
import type { Tree, TreeEntry } from '../fs.ts';

/** Files of one folder whose program has the file's own name; `name=program` where it has not. */
export function executables(folder: string, names: string): Record<string, TreeEntry> {
  const tree: Record<string, TreeEntry> = {};
  for (const word of names.split(/\s+/)) {
    if (!word) continue;
    const [name, program] = word.split('=') as [string, string?];
    tree[`${folder}/${name}`] = { program: program ?? name, size: sizeOf(program ?? name) };
  }
  return tree;
}

/** A size that ls may show: the same for the same program, between 20 and 150 KB. */
function sizeOf(name: string): number {
  let sum = 7;
  for (let i = 0; i < name.length; i++) sum = (sum * 31 + name.charCodeAt(i)) % 16_381;
  return 19_000 + 8 * sum;
}

export const links = (pairs: Readonly<Record<string, string>>): Tree =>
  Object.fromEntries(Object.entries(pairs).map(([path, to]) => [path, { to }]));

/** Device nodes: name → major, minor. */
export const devices: Tree = {
  '/dev/null': { dev: 'null', rdev: [1, 3] }, '/dev/zero': { dev: 'zero', rdev: [1, 5] },
  '/dev/full': { dev: 'full', rdev: [1, 7] }, '/dev/random': { dev: 'random', rdev: [1, 8] },
  '/dev/urandom': { dev: 'urandom', rdev: [1, 9] }, '/dev/tty': { dev: 'tty', rdev: [5, 0] },
  '/dev/console': { dev: 'console', rdev: [5, 1], mode: 0o600 }, '/dev/kmsg': { dev: 'kmsg', rdev: [1, 11], mode: 0o644 },
  '/dev/pts': { dir: true }, '/dev/shm': { dir: true, mode: 0o1777 },
  '/dev/fd': { to: '/proc/self/fd' }, '/dev/stdin': { to: '/proc/self/fd/0' },
  '/dev/stdout': { to: '/proc/self/fd/1' }, '/dev/stderr': { to: '/proc/self/fd/2' },
};

/** The shell's tools that both distributions have in the place the first word of a list names. */
export const COREUTILS_BIN = `cat chgrp chmod chown cp date dd df dir=ls echo false ln ls mkdir mkfifo mktemp mv
  pwd readlink rm rmdir sleep stty sync touch true uname vdir=ls`;
export const COREUTILS_USR = `[ arch b2sum base64 basename cksum comm csplit cut dirname du env expand expr factor fmt fold
  groups head hostid id install join link logname md5sum nice nl nohup nproc numfmt od paste pathchk printenv printf
  realpath seq sha1sum sha224sum sha256sum sha384sum sha512sum shred shuf sort split stat stdbuf sum tac tail tee test
  timeout tr truncate tsort tty unexpand uniq unlink users wc who whoami yes`;
