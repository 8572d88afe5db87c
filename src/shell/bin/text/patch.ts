/** patch 2.7.1/2.7.5: applies unified, context and normal diffs, with offsets and fuzz. ed scripts and git's binary parts are not known. */
import type { Sys } from '../../../sim/proc/program.ts';
import { strerror } from '../../../sim/proc/libc.ts';
import { call } from '../../../sim/proc/syscalls.ts';
import { readOperand } from '../coreutils/input.ts';
import { dirName, joinPath } from '../coreutils/paths.ts';
import { PACKAGES, type Task, tool } from '../coreutils/tool.ts';
import { type FilePatch, type Hunk, parsePatch } from './patch/parse.ts';
import { textOf } from './diff/sameness.ts';

export const patch = tool({
  name: 'patch', package: { ...PACKAGES.coreutils, title: 'GNU patch', centos: '2.7.1', debian: '2.7.5', year: '2012' }, usage: ['[OPTION]... [ORIGFILE [PATCHFILE]]'],
  about: '', trouble: 2, hint: "patch: Try 'patch --help' for more information.\n",
  options: [
    '-p, --strip=NUM  Strip NUM leading components from file names.', '-F, --fuzz=LINES  Set the fuzz factor to LINES for inexact matching.',
    '-l, --ignore-whitespace  Ignore white space changes between patch and input.', '-c, --context', '-n, --normal', '-u, --unified',
    '-N, --forward  Ignore patches that appear to be reversed or already applied.', '-R, --reverse  Assume patches were created with old and new files swapped.',
    '-i, --input=PATCHFILE  Read patch from PATCHFILE instead of stdin.', '-o, --output=FILE  Output patched files to FILE.', '-r, --reject-file=FILE  Output rejects to FILE.',
    '-E, --remove-empty-files  Remove output files that are empty after patching.', '-f, --force  Like -t, but ignore bad-Prereq patches, and assume unreversed.',
    '-t, --batch  Ask no questions; skip bad-Prereq patches; assume reversed.', '-s, --quiet, --silent  Work silently unless an error occurs.',
    '--dry-run  Do not actually change any files; just print what would happen.', '-d, --directory=DIR  Change the working directory to DIR first.', '-b, --backup  Back up the original contents of each file.',
    '-z, --suffix=SUFFIX  Append SUFFIX to backup file names.', '--posix', '--binary',
  ],
  run: (task) => new Patching(task).run(),
});

class Patching {
  private status = 0;
  private readonly fuzz: number;

  constructor(private readonly task: Task) { this.fuzz = Number(task.value('F') ?? 2); }

  *run(): Sys<number> {
    const { task } = this;
    const dir = task.value('d');
    if (dir !== undefined) {
      const moved = yield* call('chdir', { path: dir });
      if (!moved.ok) return yield* this.fatal(`Can't change to directory ${dir} : ${strerror(moved.errno)}`);
    }
    const source = task.value('i') ?? task.operands[1] ?? '-';
    const text = yield* readOperand(source);
    if (!text.ok) return yield* this.fatal(`Can't open patch file ${source} : ${strerror(text.errno)}`);
    const parts = parsePatch(text.value);
    if (typeof parts === 'string') return yield* this.fatal(parts);
    if (parts.length === 0) return yield* this.fatal(text.value === '' ? null : '**** Only garbage was found in the patch input.');
    for (const part of parts) {
      const done = yield* this.file(task.has('R') ? reversed(part) : part);
      if (done !== null) return done;
    }
    return this.status;
  }

  private *fatal(text: string | null): Sys<number> {
    if (text === null) return 0;
    yield* this.task.flush();
    yield* call('write', { fd: 2, text: `${this.task.name}: ${text.startsWith('****') ? '' : '**** '}${text}\n` });
    return 2;
  }

  /** The name to patch: the operand, or the shortest of the header's that exists. */
  private *nameOf(part: FilePatch): Sys<string | null> {
    if (this.task.operands[0] !== undefined) return this.task.operands[0];
    const strip = this.task.value('p');
    const stripped = (name: string): string | null => {
      if (strip === undefined) return name.slice(name.lastIndexOf('/') + 1);
      const parts = name.split(/\/+/);
      return parts.length > Number(strip) ? parts.slice(Number(strip)).join('/') : null;
    };
    const named = [part.from, part.to].filter((name): name is string => name !== null && name !== '/dev/null');
    const names = named.map(stripped).filter((name): name is string => !!name);
    for (const name of names) if ((yield* call('stat', { path: name })).ok) return name;
    return part.from === '/dev/null' || part.hunks.every((hunk) => hunk.old.length === 0) ? names.at(-1) ?? null : null;
  }

  private *file(part: FilePatch): Sys<number | null> {
    const { task } = this;
    const name = yield* this.nameOf(part);
    if (name === null) {
      yield* task.flush();
      const advice = task.value('p') === undefined ? 'should have used the -p or --strip option?' : 'used the wrong -p or --strip option?';
      task.print(`can't find file to patch at input line ${part.line}\nPerhaps you ${advice}\n`
        + `The text leading up to this was:\n--------------------------\n${part.leading.map((line) => `|${line}\n`).join('')}--------------------------\n`
        + `File to patch: \nSkip this patch? [y] \nSkipping patch.\n${count(part.hunks.length)} ignored\n`);
      this.status = 1;
      return null;
    }
    const old = yield* call('readFile', { path: name });
    if (!old.ok && old.errno !== 'ENOENT') return yield* this.fatal(`Can't open file ${name} : ${strerror(old.errno)}`);
    const target = task.value('o') ?? name;
    if (!task.has('s')) task.print(`${task.has('dry-run') ? 'checking' : 'patching'} file ${target}\n`);
    const before = textOf(old.ok ? old.value : '');
    let applied = apply(before.lines, before.endsInNewline, part.hunks, this.fuzz);
    if (applied.rejects.length === part.hunks.length && part.hunks.length && !task.has('R') && !task.has('f')) {
      const back = apply(before.lines, before.endsInNewline, reversed(part).hunks, 0);
      if (back.rejects.length === 0) {
        if (task.has('N') || !task.has('t')) {
          task.print(`Reversed (or previously applied) patch detected!  ${task.has('N') ? 'Skipping patch.\n' : 'Assume -R? [n] \nApply anyway? [n] \nSkipping patch.\n'}`);
        } else { task.print('Reversed (or previously applied) patch detected!  Assuming -R.\n'); applied = back; }
      }
    }
    for (const note of applied.notes) if (!task.has('s') || note.includes('FAILED')) task.print(`${note}\n`);
    yield* this.finish(part, name, target, old.ok ? old.value : null, applied);
    return null;
  }

  private *finish(part: FilePatch, name: string, target: string, old: string | null, applied: Applied): Sys<void> {
    const { task } = this;
    const failed = applied.rejects.length;
    if (failed) {
      this.status = 1;
      const reject = task.value('r') ?? `${target}.rej`;
      task.print(`${failed} out of ${count(part.hunks.length)} ${applied.notes.some((note) => note.includes('FAILED')) ? 'FAILED' : 'ignored'} -- saving rejects to file ${reject}\n`);
      if (!task.has('dry-run')) yield* call('writeFile', { path: reject, text: `--- ${part.from ?? name}\n+++ ${part.to ?? name}\n${applied.rejects.map((hunk) => hunk.text).join('')}` });
    }
    if (task.has('dry-run')) return;
    if (old !== null && (task.has('b') || (failed > 0) || applied.inexact)) yield* call('writeFile', { path: name + (task.value('z') ?? '.orig'), text: old });
    if (failed === part.hunks.length) return;
    if (applied.text === '' && (task.has('E') || part.to === '/dev/null')) { yield* call('unlink', { path: target }); return; }
    const slash = dirName(target);
    if (slash !== '.' && slash !== '/') yield* makeDirs(slash);
    const wrote = yield* call('writeFile', { path: target, text: applied.text });
    if (!wrote.ok) { this.status = 2; yield* this.fatal(`Can't create file ${target} : ${strerror(wrote.errno)}`); }
  }
}

function* makeDirs(path: string): Sys<void> {
  let at = path.startsWith('/') ? '/' : '.';
  for (const part of path.split('/').filter(Boolean)) { at = joinPath(at, part); yield* call('mkdir', { path: at }); }
}

const count = (n: number): string => `${n} hunk${n === 1 ? '' : 's'}`;

const reversed = (part: FilePatch): FilePatch => ({
  ...part, from: part.to, to: part.from,
  hunks: part.hunks.map((hunk) => ({ ...hunk, at: hunk.newAt, newAt: hunk.at, old: hunk.new, new: hunk.old, oldBare: hunk.newBare, newBare: hunk.oldBare })),
});

interface Applied { text: string; rejects: Hunk[]; notes: string[]; inexact: boolean }

function apply(lines: readonly string[], endsInNewline: boolean, hunks: readonly Hunk[], mostFuzz: number): Applied {
  const out: string[] = [];
  const result: Applied = { text: '', rejects: [], notes: [], inexact: false };
  let [from, shift, ends] = [0, 0, endsInNewline];
  for (const [i, hunk] of hunks.entries()) {
    const expected = Math.max(0, hunk.at - (hunk.old.length ? 1 : 0)) + shift;
    const place = locate(lines, hunk, expected, from, mostFuzz);
    if (!place) {
      result.rejects.push(hunk);
      result.notes.push(`Hunk #${i + 1} FAILED at ${Math.max(1, hunk.at + shift)}.`);
      continue;
    }
    const { at, cut, tail } = place;
    const offset = at - cut - expected;
    const fuzz = Math.max(cut, tail);
    const where = out.length + (at - from) - cut + 1;
    if (fuzz || offset) result.inexact = true;
    if (fuzz && offset) result.notes.push(`Hunk #${i + 1} succeeded at ${where} with fuzz ${fuzz} (offset ${lineCount(offset)}).`);
    else if (fuzz) result.notes.push(`Hunk #${i + 1} succeeded at ${where} with fuzz ${fuzz}.`);
    else if (offset) result.notes.push(`Hunk #${i + 1} succeeded at ${where} (offset ${lineCount(offset)}).`);
    shift += offset;
    while (from < at) out.push(lines[from++]!);
    out.push(...hunk.new.slice(cut, hunk.new.length - tail));
    from += hunk.old.length - cut - tail;
    if (from >= lines.length && tail === 0) ends = !hunk.newBare;
  }
  while (from < lines.length) out.push(lines[from++]!);
  result.text = out.join('\n') + (out.length && ends ? '\n' : '');
  return result;
}

const lineCount = (n: number): string => `${n} line${Math.abs(n) === 1 ? '' : 's'}`;

/** Where the old lines stand: at the expected place or nearest to it, then with less and less context. */
function locate(lines: readonly string[], hunk: Hunk, expected: number, from: number, mostFuzz: number): { at: number; cut: number; tail: number } | null {
  for (let fuzz = 0; fuzz <= mostFuzz; fuzz++) {
    const cut = Math.min(fuzz, hunk.before);
    const tail = Math.min(fuzz, hunk.after);
    if (fuzz && cut === 0 && tail === 0) continue;
    const want = hunk.old.slice(cut, hunk.old.length - tail);
    const fits = (at: number): boolean => at >= from && at + want.length <= lines.length && want.every((line, i) => lines[at + i] === line);
    for (let d = 0; d <= lines.length; d++) {
      for (const at of d ? [expected + cut + d, expected + cut - d] : [expected + cut]) if (fits(at)) return { at, cut, tail };
    }
  }
  return null;
}
