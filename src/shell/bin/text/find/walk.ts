/** Walks trees and asks an expression of every file; does what it says (GNU findutils 4.5.11/4.7). */
import { lineReader, readLine, strerror } from '../../../../sim/proc/libc.ts';
import type { Sys } from '../../../../sim/proc/program.ts';
import { call, type Stat } from '../../../../sim/proc/syscalls.ts';
import { byteLength } from '../../../../sim/proc/text.ts';
import { type Accounts, groupName, userName } from '../../coreutils/accounts.ts';
import { momentOf, strftime } from '../../coreutils/clock/strftime.ts';
import { type Zone, zoneOf } from '../../coreutils/clock/zone.ts';
import { unescape } from '../../coreutils/escapes.ts';
import { blocksOf } from '../../coreutils/ls-entry.ts';
import { modeString } from '../../coreutils/mode.ts';
import { baseName, dirName, joinPath } from '../../coreutils/paths.ts';
import { runToEnd } from '../../coreutils/run.ts';
import type { Task } from '../../coreutils/tool.ts';
import type { Amount, Options, Test } from './expression.ts';

interface File { readonly path: string; readonly name: string; readonly depth: number; readonly start: string; readonly stat: Stat }

const TYPE_LETTER: Readonly<Record<Stat['type'], string>> = { file: 'f', dir: 'd', symlink: 'l', char: 'c', block: 'b', fifo: 'p', socket: 's' };

const holds = (amount: Amount, value: number): boolean =>
  (amount.sign === '=' ? value === amount.value : amount.sign === '>' ? value > amount.value : value < amount.value);

/** Arguments in one command of `-exec … +`: as many as fit. */
const CHARS_MAX = 131_072;

export class Walk {
  private readonly answers = lineReader(0);
  private quit = false;
  private pruned = false;
  private readonly gathered = new Map<number, { test: Test & { t: 'exec' }; paths: string[]; size: number }>();
  private readonly files = new Map<string, string>();
  private readonly zone: Zone;

  constructor(private readonly task: Task, private readonly test: Test, private readonly options: Options, private readonly accounts: Accounts, private readonly nowUs: number) {
    this.zone = zoneOf(task.start.env['TZ']);
  }

  *run(starts: readonly string[]): Sys<void> {
    for (const start of starts) {
      if (this.quit) break;
      const stat = yield* call('stat', { path: start, follow: this.options.follow !== 'P' });
      const found = !stat.ok && this.options.follow !== 'P' ? yield* call('stat', { path: start, follow: false }) : stat;
      if (!found.ok) {
        yield* this.task.error(`${this.task.quote(start)}: ${strerror(found.errno)}`);
        continue;
      }
      yield* this.visit({ path: start, name: start.length > 1 ? baseName(start) : start, depth: 0, start, stat: found.value }, found.value.dev);
    }
    for (const batch of this.gathered.values()) yield* this.runGathered(batch);
    yield* this.task.flush();
    for (const [path, text] of this.files) {
      const wrote = yield* call('writeFile', { path, text, mode: 0o666 });
      if (!wrote.ok) yield* this.task.error(`${this.task.quote(path)}: ${strerror(wrote.errno)}`);
    }
  }

  private *visit(file: File, dev: string): Sys<void> {
    const { options } = this;
    const asked = file.depth >= options.minDepth;
    this.pruned = false;
    if (asked && !options.depth) yield* this.decide(this.test, file);
    const goIn = file.stat.type === 'dir' && !this.pruned && file.depth < options.maxDepth && !this.quit && !(options.oneFs && file.stat.dev !== dev);
    if (goIn) yield* this.children(file, dev);
    if (asked && options.depth && !this.quit) yield* this.decide(this.test, file);
    if (this.task.full) yield* this.task.flush();
  }

  private *children(file: File, dev: string): Sys<void> {
    const names = yield* call('readdir', { path: file.path });
    if (!names.ok) {
      yield* this.task.error(`${this.task.quote(file.path)}: ${strerror(names.errno)}`);
      return;
    }
    for (const name of names.value) {
      if (this.quit) return;
      const path = joinPath(file.path, name);
      let stat = yield* call('stat', { path, follow: this.options.follow === 'L' });
      if (!stat.ok && this.options.follow === 'L') stat = yield* call('stat', { path, follow: false });
      if (!stat.ok) yield* this.task.error(`${this.task.quote(path)}: ${strerror(stat.errno)}`);
      else yield* this.visit({ path, name, depth: file.depth + 1, start: file.start, stat: stat.value }, dev);
    }
  }

  private *decide(test: Test, file: File): Sys<boolean> {
    switch (test.t) {
      case 'and':
        for (const item of test.items) if (!(yield* this.decide(item, file)) || this.quit) return false;
        return true;
      case 'or':
        for (const item of test.items) if ((yield* this.decide(item, file)) || this.quit) return true;
        return false;
      case 'list': {
        let last = false;
        for (const item of test.items) last = yield* this.decide(item, file);
        return last;
      }
      case 'not': return !(yield* this.decide(test.item, file));
      case 'empty': return yield* this.isEmpty(file);
      case 'type': return test.letters.includes(TYPE_LETTER[test.beyond ? yield* this.typeBeyond(file) : file.stat.type]);
      case 'access': return (yield* call('access', { path: file.path, mode: test.mode })).ok;
      case 'fstype': {
        const fs = yield* call('statfs', { path: file.path });
        return fs.ok && fs.value.type === test.type;
      }
      case 'exec': return yield* this.exec(test, file);
      case 'delete': return yield* this.remove(file);
      default: return this.simple(test, file);
    }
  }

  private *typeBeyond(file: File): Sys<Stat['type']> {
    const beyond = yield* call('stat', { path: file.path });
    return beyond.ok ? beyond.value.type : 'symlink';
  }

  private simple(test: Test, file: File): boolean {
    const { stat } = file;
    switch (test.t) {
      case 'constant': return test.value;
      case 'name': return test.matches(file.name);
      case 'path': return test.matches(file.path);
      case 'link': return stat.target !== undefined && test.matches(stat.target);
      case 'regex': return test.regex.test(file.path);
      case 'size': return holds(test.amount, Math.ceil(stat.size / test.unit));
      case 'age': {
        const age = (this.nowUs - stat.mtime) / test.unitUs;
        return test.amount.sign === '=' ? Math.floor(age) === test.amount.value : test.amount.sign === '>' ? Math.floor(age) > test.amount.value : Math.ceil(age) <= test.amount.value && age < test.amount.value;
      }
      case 'newer': return stat.mtime > test.than;
      case 'perm': return test.how === 'exact' ? (stat.mode & 0o7777) === test.mode : test.how === 'all' ? (stat.mode & test.mode) === test.mode : test.mode === 0 || (stat.mode & test.mode) !== 0;
      case 'owner': return holds(test.amount, stat[test.key]);
      case 'nobody': return (test.key === 'uid' ? userName(this.accounts, stat.uid) : groupName(this.accounts, stat.gid)) === undefined;
      case 'number': return holds(test.amount, stat[test.key]);
      case 'same': return stat.ino === test.ino && stat.dev === test.dev;
      case 'prune': this.pruned = true; return true;
      case 'quit': this.quit = true; return true;
      case 'print': this.emit(file.path + test.end, test.file); return true;
      case 'printf': this.emit(this.formatted(test.format, file), test.file); return true;
      case 'ls': this.emit(this.listing(file), null); return true;
      default: return true;
    }
  }

  private emit(text: string, file: string | null): void {
    if (file === null || file === '/dev/stdout') this.task.print(text);
    else this.files.set(file, (this.files.get(file) ?? '') + text);
  }

  private *isEmpty(file: File): Sys<boolean> {
    if (file.stat.type === 'file') return file.stat.size === 0;
    if (file.stat.type !== 'dir') return false;
    const names = yield* call('readdir', { path: file.path });
    return names.ok && names.value.length === 0;
  }

  private *remove(file: File): Sys<boolean> {
    if (file.path === '.') return true;
    const done = file.stat.type === 'dir' ? yield* call('rmdir', { path: file.path }) : yield* call('unlink', { path: file.path });
    if (!done.ok) yield* this.task.error(`cannot delete ${this.task.quote(file.path)}: ${strerror(done.errno)}`);
    return done.ok;
  }

  private *exec(test: Test & { t: 'exec' }, file: File): Sys<boolean> {
    const path = test.inDir ? `./${file.name}` : file.path;
    if (test.many && !test.inDir) {
      let batch = this.gathered.get(test.id);
      if (!batch) this.gathered.set(test.id, batch = { test, paths: [], size: 0 });
      batch.paths.push(path);
      batch.size += byteLength(path) + 1;
      if (batch.size > CHARS_MAX) yield* this.runGathered(batch);
      return true;
    }
    const words = test.many ? [...test.words, path] : test.words.map((word) => word.replaceAll('{}', path));
    if (test.ask && !(yield* this.confirmed(words[0]!, path))) return false;
    yield* this.task.flush();
    const ran = yield* runToEnd(words, this.task.start.env, test.inDir ? { cwd: dirName(file.path) } : {});
    if (!ran.ok) {
      yield* this.task.error(`${this.task.quote(words[0]!)}: ${strerror(ran.errno)}`, 0);
      return false;
    }
    if (test.many && ran.value !== 0) this.task.status = 1;
    return ran.value === 0;
  }

  private *confirmed(program: string, path: string): Sys<boolean> {
    yield* this.task.flush();
    yield* call('write', { fd: 2, text: `< ${program} ... ${path} > ? ` });
    const line = yield* readLine(this.answers);
    return /^[yY]/.test(line ?? '');
  }

  private *runGathered(batch: { test: Test & { t: 'exec' }; paths: string[]; size: number }): Sys<void> {
    if (batch.paths.length === 0) return;
    const words = [...batch.test.words, ...batch.paths];
    batch.paths = [];
    batch.size = 0;
    yield* this.task.flush();
    const ran = yield* runToEnd(words, this.task.start.env);
    if (!ran.ok) yield* this.task.error(`${this.task.quote(words[0]!)}: ${strerror(ran.errno)}`);
    else if (ran.value !== 0) this.task.status = 1;
  }

  private formatted(format: string, file: File): string {
    return format.replace(/\\(?:[0-7]{1,3}|[^])|%([-0-9.#+ ]*)([ACT])(.)|%([-0-9.#+ ]*)([a-zA-Z%])/g, (all, timeFlags, timeLetter, letter, flags, field) => {
      if (all.startsWith('\\')) return all === '\\c' ? '' : unescape(all, false).text;
      if (timeLetter !== undefined) {
        const shown = letter === '@' ? `${Math.floor(file.stat.mtime / 1e6)}.${String(momentOf(file.stat.mtime).nanos).padStart(9, '0')}0` : letter === '+' ? this.time('%Y-%m-%d+%H:%M:%S.%N0', file.stat.mtime) : this.time(`%${letter}`, file.stat.mtime);
        return sized(shown, timeFlags as string);
      }
      const value = this.field(field as string, file);
      return value === null ? all as string : sized(value, flags as string);
    });
  }

  private time(format: string, us: number): string { return strftime(format, momentOf(us), this.zone); }

  private field(letter: string, file: File): string | null {
    const { stat } = file;
    switch (letter) {
      case '%': return '%';
      case 'p': return file.path;
      case 'f': return file.name;
      case 'h': return file.path.includes('/') ? dirName(file.path) : '.';
      case 'P': return file.path === file.start ? '' : file.path.slice(file.start.length).replace(/^\//, '');
      case 'H': return file.start;
      case 's': return String(stat.size);
      case 'd': return String(file.depth);
      case 'm': return (stat.mode & 0o7777).toString(8);
      case 'M': return modeString(stat);
      case 'u': return userName(this.accounts, stat.uid) ?? String(stat.uid);
      case 'g': return groupName(this.accounts, stat.gid) ?? String(stat.gid);
      case 'U': return String(stat.uid);
      case 'G': return String(stat.gid);
      case 'n': return String(stat.nlink);
      case 'i': return String(stat.ino);
      case 'l': return stat.target ?? '';
      case 'y': return TYPE_LETTER[stat.type];
      case 'Y': return TYPE_LETTER[stat.type];
      case 'b': return String(blocksOf(stat) / 512);
      case 'k': return String(blocksOf(stat) / 1024);
      case 't': case 'a': case 'c': return this.time('%a %b %e %H:%M:%S.%N0 %Y', stat.mtime);
      case 'S': return stat.size ? (blocksOf(stat) / stat.size).toPrecision(6).replace(/\.?0+$/, '') : '1';
      default: return null;
    }
  }

  private listing(file: File): string {
    const { stat } = file;
    const recent = stat.mtime > this.nowUs - (31_556_952 / 2) * 1e6 && stat.mtime <= this.nowUs;
    const size = stat.rdev ? `${String(stat.rdev[0]).padStart(3)}, ${String(stat.rdev[1]).padStart(3)}` : String(stat.size).padStart(8);
    const name = file.path.replaceAll('\\', '\\\\').replaceAll(' ', '\\ ') + (stat.target === undefined ? '' : ` -> ${stat.target.replaceAll(' ', '\\ ')}`);
    const user = userName(this.accounts, stat.uid) ?? String(stat.uid);
    const group = groupName(this.accounts, stat.gid) ?? String(stat.gid);
    return `${String(stat.ino).padStart(9)} ${String(blocksOf(stat) / 1024).padStart(6)} ${modeString(stat)} ${String(stat.nlink).padStart(3)} ${user.padEnd(8)} ${group.padEnd(8)} ${size} ${this.time(recent ? '%b %e %H:%M' : '%b %e  %Y', stat.mtime)} ${name}\n`;
  }
}

function sized(text: string, flags: string): string {
  const m = /^([-0#+ ]*)(\d*)(?:\.(\d+))?$/.exec(flags);
  const cut = m?.[3] === undefined ? text : text.slice(0, Number(m[3]));
  const width = Number(m?.[2] || 0);
  return m?.[1]?.includes('-') ? cut.padEnd(width) : cut.padStart(width, m?.[1]?.includes('0') && /^\d+$/.test(cut) ? '0' : ' ');
}
