/** shred of GNU coreutils 8.22/8.26: overwrites a file with what chance gives. */
import { strerror } from '../../../sim/proc/libc.ts';
import type { Sys } from '../../../sim/proc/program.ts';
import { call } from '../../../sim/proc/syscalls.ts';
import { baseName } from './paths.ts';
import { fromBytes } from '../../../sim/proc/text.ts';
import { PACKAGES, type Task, tool } from './tool.ts';

export const shred = tool({
  name: 'shred', package: PACKAGES.coreutils, usage: ['[OPTION]... FILE...'], authors: 'Colin Plumb',
  about: 'Overwrite the specified FILE(s) repeatedly, in order to make it harder\nfor even very expensive hardware probing to recover the data.',
  options: [
    '-f, --force  change permissions to allow writing if necessary', '-n, --iterations=N  overwrite N times instead of the default (3)',
    '-s, --size=N  shred this many bytes', '-u  truncate and remove file after overwriting', '-v, --verbose  show progress',
    '-x, --exact  do not round file sizes up to the next full block', '-z, --zero  add a final overwrite with zeros to hide shredding', '!--remove[=HOW]',
  ],
  run: shredFiles,
});

/** More than that of chance is not drawn: the rest repeats. */
const DRAWN = 4096;

function* noise(size: number): Sys<string> {
  const bytes: number[] = [];
  for (let i = 0; i < Math.min(size, DRAWN); i += 4) {
    const drawn = yield* call('random', { below: 0x1_0000_0000 });
    const n = drawn.ok ? drawn.value : 0;
    bytes.push(n & 255, (n >>> 8) & 255, (n >>> 16) & 255, (n >>> 24) & 255);
  }
  return fromBytes(Array.from({ length: size }, (_, i) => bytes[i % bytes.length]!));
}

function* shredFiles(task: Task): Sys<number | void> {
  if (task.operands.length === 0) return yield* task.misuse('missing file operand');
  const passes = task.value('n') ?? '3';
  if (!/^\d+$/.test(passes)) {
    yield* task.error(`invalid number of passes: ${task.quote(passes)}`);
    return 1;
  }
  for (const path of task.operands) yield* shredOne(task, path, Number(passes));
}

function* shredOne(task: Task, path: string, passes: number): Sys<void> {
  const stat = yield* call('stat', { path });
  if (!stat.ok) return yield* task.error(`${path}: failed to open for writing: ${strerror(stat.errno)}`);
  if (stat.value.type === 'dir') return yield* task.error(`${path}: failed to open for writing: Is a directory`);
  if (stat.value.type !== 'file') return yield* task.error(`${path}: invalid file type`);
  if (task.has('f')) yield* call('chmod', { path, mode: stat.value.mode | 0o200 });
  const asked = Number(task.value('s') ?? stat.value.size);
  const size = task.has('x') || task.has('s') ? asked : Math.ceil(asked / 4096) * 4096;
  const total = passes + (task.has('z') ? 1 : 0);
  for (let pass = 1; pass <= total; pass++) {
    const zero = pass > passes;
    if (task.has('v')) yield* task.error(`${path}: pass ${pass}/${total} (${zero ? '000000' : 'random'})...`, 0);
    const wrote = yield* call('writeFile', { path, text: zero ? '\0'.repeat(size) : yield* noise(size) });
    if (!wrote.ok) return yield* task.error(`${path}: failed to open for writing: ${strerror(wrote.errno)}`);
  }
  if (!task.has('u') && !task.has('remove')) return;
  if (task.has('v')) yield* task.error(`${path}: removing`, 0);
  let name = path;
  for (let length = baseName(path).length; length > 0; length--) {
    const shorter = name.slice(0, name.length - baseName(name).length) + '0'.repeat(length);
    if (shorter === name) continue;
    const renamed = yield* call('rename', { from: name, to: shorter });
    if (!renamed.ok) break;
    if (task.has('v')) yield* task.error(`${name}: renamed to ${shorter}`, 0);
    name = shorter;
  }
  const removed = yield* call('unlink', { path: name });
  if (!removed.ok) return yield* task.error(`${path}: failed to remove: ${strerror(removed.errno)}`);
  if (task.has('v')) yield* task.error(`${path}: removed`, 0);
}
