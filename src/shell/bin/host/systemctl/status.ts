/**
 * systemctl status: one unit after the other, its processes as a tree, the end of its journal.
 */
import { err, terminal } from '../../../../sim/proc/libc.ts';
import type { Sys } from '../../../../sim/proc/program.ts';
import { call, type JournalEntry, type ProcessInfo } from '../../../../sim/proc/syscalls.ts';
import { allLinks, fileState, presetOf } from '../../../../sim/services/systemd/enable.ts';
import { ETC, loadUnit, openShelves } from '../../../../sim/services/systemd/loader.ts';
import type { UnitState } from '../../../../sim/services/systemd/state.ts';
import { kindOf } from '../../../../sim/services/systemd/unitfile.ts';
import { ago, stamp, statusWords } from '../../../../sim/services/systemd/words.ts';
import { formatShort } from '../journalctl/format.ts';
import { page } from '../pager.ts';
import { controlGroups, drawGroup } from './cgroups.ts';
import { expandNames, query, type Context } from './context.ts';

const LINES = 10;

export function* status(context: Context): Sys<number> {
  if (!context.args.length) return yield* overview(context);
  const names = yield* resolvePids(yield* expandNames(context.args));
  const answer = names.length ? yield* query({ op: 'show', names }, 'show') : { units: [] };
  if (!answer) return 1;
  const colour = (yield* terminal(1)) !== null;
  let text = '';
  let worst = 0;
  for (const unit of answer.units) {
    if (unit.load === 'not-found' && unit.active === 'inactive') {
      yield* err(`Unit ${unit.name} could not be found.\n`);
      worst = Math.max(worst, 4);
      continue;
    }
    if (text) text += '\n';
    text += yield* describe(context, unit, colour);
    if (unit.active !== 'active' && unit.active !== 'reloading') worst = worst === 4 ? 3 : Math.max(worst, 3);
  }
  if (answer.units.length > 1 && worst === 4 && text) worst = 3;
  yield* page(context.start, text, context.pager);
  return worst;
}

/** A number is a process: its unit is meant. */
function* resolvePids(names: readonly string[]): Sys<string[]> {
  const out: string[] = [];
  for (const name of names) {
    const pid = /^(\d+)\.service$/.exec(name)?.[1];
    if (!pid) { out.push(name); continue; }
    const list = yield* call('processes', {});
    const found = list.ok ? list.value.find((p) => p.pid === Number(pid)) : undefined;
    if (found?.unit) out.push(found.unit); else yield* err(`Failed to get unit for PID ${pid}: PID ${pid} does not belong to any loaded unit.\n`);
  }
  return out;
}

const dot = (unit: UnitState, colour: boolean): string => {
  const shade = unit.active === 'active' || unit.active === 'reloading' ? '\x1b[1;32m' : unit.active === 'failed' ? '\x1b[1;31m' : '';
  return colour && shade ? `${shade}●\x1b[0m` : '●';
};

function* describe(context: Context, unit: UnitState, colour: boolean): Sys<string> {
  const description = unit.config?.description && unit.config.description !== unit.name ? ` - ${unit.config.description}` : '';
  let text = `${dot(unit, colour)} ${unit.name}${description}\n`;
  text += yield* loadedLine(unit);
  if (unit.dropIns.length) text += dropInLines(unit);
  text += yield* activeLine(unit, colour);
  if (kindOf(unit.name) === 'timer' && unit.active === 'active') text += `  Trigger: ${unit.nextAt ? stamp(unit.nextAt) : 'n/a'}\n`;
  const docs = unit.config?.documentation ?? [];
  if (docs.length) text += `     Docs: ${docs.join('\n           ')}\n`;
  text += processLines(unit);
  if (unit.status && unit.active !== 'inactive') text += `   Status: "${unit.status}"\n`;
  const procs = yield* membersOf(unit);
  if (procs.length) {
    const memory = procs.reduce((n, p) => n + p.rssKb, 0);
    const tasks = procs.reduce((n, p) => n + p.threads, 0);
    text += `    Tasks: ${tasks}${context.old ? '' : ' (limit: 4915)'}\n   Memory: ${megabytes(memory)}\n`;
    text += groupTree(unit, procs, yield* width(context));
  }
  const tail = yield* journalTail(context, unit);
  if (yield* changedOnDisk(unit)) {
    yield* err(context.old ? `Warning: ${unit.name} changed on disk. Run 'systemctl daemon-reload' to reload units.\n`
      : `Warning: The unit file, source configuration file or drop-ins of ${unit.name} changed on disk. Run 'systemctl daemon-reload' to reload units.\n`);
  }
  return text + tail;
}

function* width(context: Context): Sys<number> {
  const screen = context.full ? null : yield* terminal(1);
  return screen ? screen.cols : Infinity;
}

const megabytes = (kb: number): string => (kb < 1024 ? `${kb}.0K` : kb < 1_048_576 ? `${(kb / 1024).toFixed(1)}M` : `${(kb / 1_048_576).toFixed(1)}G`);

function* loadedLine(unit: UnitState): Sys<string> {
  switch (unit.load) {
    case 'masked': return `   Loaded: masked (Reason: Unit ${unit.name} is masked.)\n`;
    case 'not-found': return `   Loaded: not-found (Reason: Unit ${unit.name} not found.)\n`;
    case 'bad-setting': return `   Loaded: bad-setting (Reason: Unit ${unit.name} has a bad unit file setting.)\n`;
    case 'error': return `   Loaded: error (Reason: Unit ${unit.name} failed to load properly.)\n`;
    default:
  }
  if (!unit.path) return '   Loaded: loaded\n';
  const shelves = yield* openShelves();
  const state = yield* fileState(shelves, unit.name, yield* allLinks(ETC));
  const preset = state === 'static' ? 'enabled' : yield* presetOf(unit.name);
  return `   Loaded: loaded (${[unit.path, state ?? 'bad'].join('; ')}; vendor preset: ${preset})\n`;
}

function dropInLines(unit: UnitState): string {
  const byFolder = new Map<string, string[]>();
  for (const path of unit.dropIns) {
    const at = path.lastIndexOf('/');
    byFolder.set(path.slice(0, at), [...(byFolder.get(path.slice(0, at)) ?? []), path.slice(at + 1)]);
  }
  return [...byFolder].map(([folder, files], i) => `${i ? '           ' : '  Drop-In: '}${folder}\n           └─${files.join(', ')}\n`).join('');
}

function* activeLine(unit: UnitState, colour: boolean): Sys<string> {
  const now = yield* call('now', {});
  const real = now.ok ? now.value.real : 0;
  const shade = !colour ? '' : unit.active === 'active' || unit.active === 'reloading' ? '\x1b[1;32m' : unit.active === 'failed' ? '\x1b[1;31m' : '';
  const words = `${unit.active} (${unit.sub})`;
  const shown = unit.active === 'failed' ? 'failed' : words;
  const result = unit.result !== 'success' && (unit.active === 'failed' || unit.sub === 'auto-restart') ? ` (Result: ${unit.result})` : '';
  const at = unit.active === 'active' || unit.active === 'reloading' ? unit.activeEnter
    : unit.active === 'inactive' || unit.active === 'failed' ? unit.inactiveEnter : unit.active === 'activating' ? unit.inactiveExit : unit.activeExit;
  const since = at ? ` since ${stamp(at)}; ${ago(Math.max(1, real - at))}` : '';
  return `   Active: ${shade}${shown}${result}${shade ? '\x1b[0m' : ''}${since}\n`;
}

function processLines(unit: UnitState): string {
  let text = '';
  for (const ran of unit.ran) {
    const running = ran.exit === null;
    const isMain = unit.main?.pid === ran.pid;
    if (running) { if (!isMain) text += `  Control: ${ran.pid} (${ran.comm})\n`; continue; }
    text += `  Process: ${ran.pid} ${ran.which}=${ran.shown} (${statusWords(ran.exit!)})\n`;
  }
  const main = unit.main;
  if (main) text += ` Main PID: ${main.pid} (${main.exit ? statusWords(main.exit) : main.comm})\n`;
  return text;
}

/** Processes in the unit's control group. */
function* membersOf(unit: UnitState): Sys<ProcessInfo[]> {
  const list = yield* call('processes', {});
  if (!list.ok) return [];
  const root = list.value.find((p) => p.pid === 1)?.root;
  const mine = new Set(list.value.filter((p) => p.unit === unit.name && p.root === root && p.state !== 'Z' && p.pid !== 1).map((p) => p.pid));
  if (!unit.config?.service?.delegate) {
    for (let grew = true; grew;) {
      grew = false;
      for (const p of list.value) if (!mine.has(p.pid) && mine.has(p.ppid) && p.root !== root) { mine.add(p.pid); grew = true; }
    }
  }
  return list.value.filter((p) => mine.has(p.pid)).sort((a, b) => a.pid - b.pid);
}

function groupTree(unit: UnitState, procs: readonly ProcessInfo[], cols: number): string {
  const digits = Math.max(...procs.map((p) => String(p.pid).length));
  let text = `   CGroup: /system.slice/${unit.name}\n`;
  procs.forEach((p, i) => {
    const line = `           ${i === procs.length - 1 ? '└─' : '├─'}${String(p.pid).padStart(digits)} ${p.argv.join(' ')}`;
    text += `${line.length > cols ? `${line.slice(0, cols - 3)}...` : line}\n`;
  });
  return text;
}

/** What the journal has of the unit since it last left its rest. */
function* journalTail(context: Context, unit: UnitState): Sys<string> {
  const count = context.lines ?? LINES;
  if (count === 0) return '';
  const got = yield* call('journalRead', { from: 0 });
  if (!got.ok) return '';
  const since = unit.inactiveExit;
  const later = got.value.entries.filter((e) => e.unit === unit.name && e.boot === got.value.boot && e.at >= since);
  // In the very microsecond of the start, what the life before it said comes first.
  const ended = later.findLastIndex((e) => e.at === since && e.pid === 1 && /^Stopped |: (Succeeded\.|Failed with result )/.test(e.message) && later.some((l) => l.at === since && /^Start(ing|ed) /.test(l.message) && later.indexOf(l) > later.indexOf(e)));
  const mine = later.slice(ended + 1);
  if (!mine.length) return '';
  const info = yield* call('sysinfo', {});
  const screen = context.full ? null : yield* terminal(1);
  const cols = screen ? screen.cols : Infinity;
  const hostname = info.ok ? info.value.hostname : 'localhost';
  let cut = false;
  const lines = mine.slice(-count).map((e: JournalEntry) => {
    const line = formatShort(e, hostname);
    if (line.length <= cols) return line;
    cut = true;
    return `${line.slice(0, cols - 3)}...`;
  });
  return `\n${lines.join('\n')}\n${cut ? 'Hint: Some lines were ellipsized, use -l to show in full.\n' : ''}`;
}

export function* changedOnDisk(unit: UnitState): Sys<boolean> {
  if (unit.load !== 'loaded' || !unit.path) return false;
  const shelves = yield* openShelves();
  const fresh = yield* loadUnit(shelves, unit.name);
  return fresh.mtime !== unit.mtime || fresh.dropIns.join() !== unit.dropIns.join() || fresh.path !== unit.path;
}

/** Without a unit: the machine's state and the tree of control groups. */
function* overview(context: Context): Sys<number> {
  const answer = yield* query({ op: 'list' }, 'list');
  if (!answer) return 1;
  const info = yield* call('sysinfo', {});
  const failed = answer.units.filter((u) => u.active === 'failed').length;
  const state = failed ? 'degraded' : answer.pending ? 'starting' : 'running';
  const now = yield* call('now', {});
  const boot = now.ok ? now.value.real - now.value.mono : 0;
  let text = `● ${info.ok ? info.value.hostname : 'localhost'}\n    State: ${state}\n     Jobs: ${answer.jobs.length} queued\n   Failed: ${failed} units\n`;
  text += `    Since: ${stamp(boot)}; ${ago(now.ok ? now.value.mono : 0)}\n   CGroup: /\n`;
  text += drawGroup(yield* controlGroups(context.old), '           ', yield* width(context));
  yield* page(context.start, text, context.pager);
  return 0;
}
