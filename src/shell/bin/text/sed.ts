/** sed of GNU sed 4.2.2/4.4. */
import { strerror } from '../../../sim/proc/libc.ts';
import type { Sys } from '../../../sim/proc/program.ts';
import { call } from '../../../sim/proc/syscalls.ts';
import { nextPiece, openSource, readOperand, type Source } from '../coreutils/input.ts';
import { baseName, dirName, joinPath } from '../coreutils/paths.ts';
import { PACKAGES, type Task, tool } from '../coreutils/tool.ts';
import { outputOf } from './shell.ts';
import { type Lines, makeRunner, RunTrouble, type RunStyle, type Sink } from './sed/run.ts';
import { BadScript, type Instruction, parseScript, type ScriptSource } from './sed/script.ts';

const USAGE_OPTIONS = [
  '-n, --quiet, --silent  suppress automatic printing of pattern space', '-e, --expression=SCRIPT  add the script to the commands to be executed',
  '-f, --file=SCRIPT-FILE  add the contents of script-file to the commands',
  '-i, --in-place[=SUFFIX]  edit files in place (makes backup if SUFFIX supplied)', '-l, --line-length=N  line-wrap length for the l command', '--posix  disable all GNU extensions',
  '-r, -E, --regexp-extended  use extended regular expressions in the script', '-s, --separate  consider files as separate', '-u, --unbuffered  (it always is)',
  '-z, --null-data  separate lines by NUL characters', '--sandbox  operate in sandbox mode (disable e/r/w commands)', '!-b, --binary',
];

export const sed = tool({
  name: 'sed', package: PACKAGES.sed, usage: ['[OPTION]... {script-only-if-no-other-script} [input-file]...'], about: 'Edit text line by line.',
  authors: 'Jay Fenlason, Tom Lord, Ken Pizzini, and Paolo Bonzini', options: USAGE_OPTIONS, run: edit,
});

function* readScript(task: Task, operands: string[]): Sys<ScriptSource[] | number> {
  const sources: ScriptSource[] = [];
  let expressions = 0;
  for (const { key, value } of task.given) {
    if (key === 'e') sources.push({ text: value!, name: `-e expression #${++expressions}`, isFile: false });
    if (key !== 'f') continue;
    const text = yield* readOperand(value!);
    if (!text.ok) {
      yield* task.error(`couldn't open file ${value!}: ${strerror(text.errno)}`, 4);
      return 4;
    }
    sources.push({ text: text.value.replace(/^#!.*\n/, '\n').replace(/^#n\n/, '\n'), name: value!, isFile: true });
  }
  if (sources.length) return sources;
  const script = operands.shift();
  if (script !== undefined) return [{ text: script, name: '-e expression #1', isFile: false }];
  yield* call('write', { fd: 2, text: `Usage: ${task.name} [OPTION]... {script-only-if-no-other-script} [input-file]...\n\n${usageOptions()}` });
  return 1;
}

const usageOptions = (): string => `${USAGE_OPTIONS.filter((line) => !line.startsWith('!')).map((line) => {
  const [flags = '', help = ''] = line.split(/  +/);
  return `  ${flags.startsWith('--') ? '    ' : ''}${flags}\n                 ${help}`;
}).join('\n')}\n`;

function* edit(task: Task): Sys<number> {
  const operands = [...task.operands];
  const sources = yield* readScript(task, operands);
  if (typeof sources === 'number') return sources;
  let script: Instruction[];
  try {
    script = parseScript(sources, { extended: task.has('r'), posix: task.has('posix') });
  } catch (error) {
    if (!(error instanceof BadScript)) throw error;
    const status = error.message.startsWith('can\'t find label') ? 4 : 1;
    yield* task.error(error.message, status);
    return status;
  }
  if (task.has('sandbox') && script.some(({ command, substitution }) => 'erwRW'.includes(command) || substitution?.evaluate || substitution?.file)) {
    yield* task.error('-e expression #1, char 0: e/r/w commands disabled in sandbox mode');
    return 1;
  }
  const inPlace = task.has('i');
  const first = sources[0]!;
  const style: RunStyle = {
    quiet: task.has('n') || /^#n(\n|$)/.test(first.text), end: task.has('z') ? '\0' : '\n', posix: 'POSIXLY_CORRECT' in task.start.env,
    lineLength: Number(task.value('l') ?? 70), separate: inPlace || task.has('s'), shell: (command) => outputOf(command, task.start.env),
  };
  try {
    return yield* editAll(task, script, operands.length ? operands : ['-'], style, inPlace);
  } catch (error) {
    if (!(error instanceof RunTrouble)) throw error;
    yield* task.error(error.message, error.status);
    return error.status;
  }
}

/** Files written by w: gathered, and written when they are complete. */
class Files {
  private readonly texts = new Map<string, string>();
  constructor(private readonly print: (text: string) => void, script: readonly Instruction[]) {
    for (const { command, text, substitution } of script) {
      const name = command === 'w' || command === 'W' ? text : substitution?.file;
      if (name && !name.startsWith('/dev/std')) this.texts.set(name, '');
    }
  }

  write(name: string, text: string): void {
    if (name === '/dev/stdout') this.print(text);
    else this.texts.set(name, (this.texts.get(name) ?? '') + text);
  }

  *save(task: Task): Sys<void> {
    for (const [path, text] of this.texts) {
      const wrote = path === '/dev/stderr' ? yield* call('write', { fd: 2, text }) : yield* call('writeFile', { path, text, mode: 0o666 });
      if (!wrote.ok) yield* task.error(`couldn't open file ${path}: ${strerror(wrote.errno)}`, 4);
    }
  }
}

function* editAll(task: Task, script: readonly Instruction[], paths: readonly string[], style: RunStyle, inPlace: boolean): Sys<number> {
  const files = new Files((text) => task.print(text), script);
  let edited = '';
  const sink: Sink = {
    print: (text) => { if (inPlace) edited += text; else task.print(text); },
    write: (file, text) => files.write(file, text),
    *flush() { if (task.full) yield* task.flush(); },
  };
  const runner = makeRunner(script, style, sink);
  if (!style.separate) {
    yield* runner.run(new Input(task, paths, style.end));
  } else {
    for (const path of paths) {
      edited = '';
      const input = new Input(task, [path], style.end);
      if (inPlace && !(yield* mayEdit(task, path))) continue;
      yield* runner.run(input);
      if (inPlace) yield* replace(task, path, edited + (runner.state.quit === null ? '' : yield* input.restOf()));
      if (runner.state.quit !== null) break;
    }
  }
  yield* files.save(task);
  return runner.state.quit ? runner.state.quit : task.status;
}

function* mayEdit(task: Task, path: string): Sys<boolean> {
  const stat = yield* call('stat', { path });
  if (!stat.ok) yield* task.error(`can't read ${path}: ${strerror(stat.errno)}`, 2);
  else if (stat.value.type !== 'file') yield* task.error(`couldn't edit ${path}: not a regular file`, 4);
  return stat.ok && stat.value.type === 'file';
}

/** A new file with the old one's mode and owner takes its place; a suffix, or a name with *, keeps the old. */
function* replace(task: Task, path: string, text: string): Sys<void> {
  const stat = yield* call('stat', { path });
  if (!stat.ok) return;
  const temporary = joinPath(dirName(path), `sed${task.start.pid.toString(36).padStart(6, 'A')}`);
  const made = yield* call('writeFile', { path: temporary, text, mode: stat.value.mode & 0o777 });
  if (!made.ok) return yield* task.error(`couldn't open temporary file ${temporary}: ${strerror(made.errno)}`, 4);
  yield* call('chown', { path: temporary, uid: stat.value.uid, gid: stat.value.gid });
  yield* call('chmod', { path: temporary, mode: stat.value.mode });
  const suffix = task.value('i');
  if (suffix) {
    const base = baseName(path);
    const backup = suffix.includes('*') ? suffix.replaceAll('*', base) : base + suffix;
    yield* call('rename', { from: path, to: backup.includes('/') ? backup : joinPath(dirName(path), backup) });
  }
  const moved = yield* call('rename', { from: temporary, to: path });
  if (!moved.ok) yield* task.error(`cannot rename ${temporary}: ${strerror(moved.errno)}`, 4);
}

/** The lines of the operands in turn. A pipe is read piece by piece, and what is printed shown before each wait. */
class Input implements Lines {
  private count = 0;
  private source: Source | null = null;
  private text = '';
  private at = 0;
  private index = 0;
  private name = '-';

  constructor(private readonly task: Task, private readonly paths: readonly string[], private readonly end: string) {}

  readonly number = (): number => this.count;
  readonly file = (): string => this.name;

  /** Reads on until a whole line is there, or the end of the file. False: nothing left at all. */
  private *fill(): Sys<boolean> {
    for (;;) {
      if (this.source && this.text.indexOf(this.end, this.at) >= 0) return true;
      if (this.source) {
        if (this.source.fd !== null && !this.source.ended) yield* this.task.flush();
        const piece = yield* nextPiece(this.source);
        if (typeof piece === 'string') {
          this.text = this.text.slice(this.at) + piece;
          this.at = 0;
          continue;
        }
        if (piece !== null) yield* this.task.error(`read error on ${this.name}: ${strerror(piece.errno)}`, 2);
        if (this.at < this.text.length) return true;
        this.source = null;
      }
      if (this.index >= this.paths.length) return false;
      yield* this.open(this.paths[this.index++]!);
    }
  }

  private *open(path: string): Sys<void> {
    this.text = '';
    this.at = 0;
    const opened = yield* openSource(path);
    if (opened.ok) {
      this.source = opened.value;
      this.name = path;
    } else if (opened.errno === 'EISDIR') yield* this.task.error(`read error on ${path}: ${strerror('EISDIR')}`, 4);
    else yield* this.task.error(`can't read ${path}: ${strerror(opened.errno)}`, 2);
  }

  *next(): Sys<{ text: string; ended: boolean } | null> {
    if (!(yield* this.fill())) return null;
    this.count++;
    const found = this.text.indexOf(this.end, this.at);
    const ended = found >= 0;
    const text = this.text.slice(this.at, ended ? found : undefined);
    this.at = ended ? found + 1 : this.text.length;
    // Between files a missing newline is put in: only the very last line may lack it.
    return { text, ended: ended || !(yield* this.isLast()) };
  }

  *isLast(): Sys<boolean> {
    if (this.source && this.at < this.text.length) return false;
    return !(yield* this.fill());
  }

  /** What has not been read, for a file edited in place that is left early. */
  *restOf(): Sys<string> {
    let rest = this.text.slice(this.at);
    while (this.source) {
      const piece = yield* nextPiece(this.source);
      if (typeof piece !== 'string') break;
      rest += piece;
    }
    return rest;
  }
}

