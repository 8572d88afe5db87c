/**
 * systemctl list-units, list-unit-files, list-timers, list-sockets, list-dependencies, list-jobs.
 */
import { out, terminal } from '../../../../sim/proc/libc.ts';
import type { Sys } from '../../../../sim/proc/program.ts';
import { call } from '../../../../sim/proc/syscalls.ts';
import { allLinks, fileState, matches } from '../../../../sim/services/systemd/enable.ts';
import { ETC, openShelves } from '../../../../sim/services/systemd/loader.ts';
import type { UnitState } from '../../../../sim/services/systemd/state.ts';
import { fullName, kindOf } from '../../../../sim/services/systemd/unitfile.ts';
import { ago, stamp } from '../../../../sim/services/systemd/words.ts';
import { page } from '../pager.ts';
import { query, type Context } from './context.ts';

const ORDER = ['service', 'socket', 'target', 'device', 'mount', 'automount', 'swap', 'timer', 'path', 'slice', 'scope'];
const byTypeAndName = (a: { name: string }, b: { name: string }): number => {
  const d = ORDER.indexOf(kindOf(a.name)) - ORDER.indexOf(kindOf(b.name));
  return d || (a.name < b.name ? -1 : a.name > b.name ? 1 : 0);
};

interface Row { name: string; load: string; active: string; sub: string; description: string }

/** Units that come from no file: mounts of the file system, sessions' scopes are not modelled. */
function* mountUnits(): Sys<Row[]> {
  const mounts = yield* call('mounts', {});
  const rows: Row[] = [];
  for (const m of mounts.ok ? mounts.value : []) {
    const name = m.target === '/' ? '-.mount' : `${m.target.slice(1).replace(/-/g, '\\x2d').replace(/\//g, '-')}.mount`;
    if (/^\/(proc|sys|dev)/.test(m.target) || rows.some((row) => row.name === name)) continue;
    rows.push({ name, load: 'loaded', active: 'active', sub: 'mounted', description: m.target === '/' ? 'Root Mount' : m.target });
  }
  return rows;
}

export function* listUnits(context: Context): Sys<number> {
  const answer = yield* query({ op: 'list' }, 'list');
  if (!answer) return 1;
  const own: Row[] = answer.units.map((u) => ({ name: u.name, load: u.load, active: u.active, sub: u.sub, description: u.config?.description ?? u.name }));
  const slices = ['-.slice', 'system.slice'].map((name) => ({ name, load: 'loaded', active: 'active', sub: 'active', description: name === '-.slice' ? 'Root Slice' : 'System Slice' }));
  const extra = [...slices, ...(yield* mountUnits())].filter((row) => !own.some((u) => u.name === row.name));
  const patterns = context.args.map((arg) => (/[*?[]/.test(arg) ? arg : fullName(arg)));
  const filtered = context.states.length > 0;
  const rows = [...own, ...extra].filter((row) => {
    if (context.types.length && !context.types.includes(kindOf(row.name)) && !context.types.includes(row.load)) return false;
    if (patterns.length && !patterns.some((p) => matches(p, row.name))) return false;
    if (filtered) return context.states.includes(row.active) || context.states.includes(row.sub) || context.states.includes(row.load);
    if (context.all || patterns.length > 0 && context.args.some((arg) => !/[*?[]/.test(arg))) return true;
    return row.active !== 'inactive' || answer.jobs.some((job) => job.unit === row.name);
  }).sort(byTypeAndName);
  const text = context.output === 'json' ? `${JSON.stringify(rows.map((r) => ({ unit: r.name, load: r.load, active: r.active, sub: r.sub, description: r.description })))}\n`
    : yield* unitTable(context, rows, filtered);
  yield* page(context.start, text, context.pager);
  return 0;
}

function* unitTable(context: Context, rows: readonly Row[], filtered: boolean): Sys<string> {
  const bad = (row: Row): boolean => row.active === 'failed' || ['not-found', 'error', 'masked', 'bad-setting'].includes(row.load);
  const circles = !context.plain && rows.some(bad);
  const screen = yield* terminal(1);
  const wide = (pick: (row: Row) => string, head: string): number => Math.max(head.length, ...rows.map((row) => pick(row).length));
  const [w0, w1, w2, w3] = [wide((r) => r.name, 'UNIT'), wide((r) => r.load, 'LOAD'), wide((r) => r.active, 'ACTIVE'), wide((r) => r.sub, 'SUB')];
  const indent = circles || !rows.length ? '  ' : '';
  const clip = (line: string): string => (screen && !context.full && line.length > screen.cols ? `${line.slice(0, screen.cols - 3)}...` : line);
  let text = '';
  if (context.legend) text += `${indent}${'UNIT'.padEnd(w0)} ${'LOAD'.padEnd(w1)} ${'ACTIVE'.padEnd(w2)} ${'SUB'.padEnd(w3)} DESCRIPTION\n`;
  for (const row of rows) {
    const mark = !circles ? '' : bad(row) ? (screen ? '\x1b[1;31m●\x1b[0m ' : '● ') : '  ';
    text += `${mark}${clip(`${row.name.padEnd(w0)} ${row.load.padEnd(w1)} ${row.active.padEnd(w2)} ${row.sub.padEnd(w3)} ${row.description}`)}\n`;
  }
  if (!context.legend) return text;
  if (rows.length) {
    text += '\nLOAD   = Reflects whether the unit definition was properly loaded.\nACTIVE = The high-level unit activation state, i.e. generalization of SUB.\n'
      + 'SUB    = The low-level unit activation state, values depend on unit type.\n';
  }
  if (filtered) return `${text}${rows.length} loaded units listed.\n`;
  const hint = context.all ? '' : ' Pass --all to see loaded but inactive units, too.';
  return `${text}${rows.length} loaded units listed.${hint}\nTo show all installed unit files use 'systemctl list-unit-files'.\n`;
}

export function* listUnitFiles(context: Context): Sys<number> {
  const shelves = yield* openShelves();
  const links = yield* allLinks(ETC);
  const names = new Set<string>();
  for (const list of shelves.names.values()) for (const name of list) if (/\.(service|socket|target|timer|path|mount|slice|automount|swap)$/.test(name)) names.add(name);
  const rows: { name: string; state: string }[] = [];
  const patterns = context.args.map((arg) => (/[*?[]/.test(arg) ? arg : fullName(arg)));
  for (const name of names) {
    if (context.types.length && !context.types.includes(kindOf(name))) continue;
    if (patterns.length && !patterns.some((p) => matches(p, name))) continue;
    const state = yield* fileState(shelves, name, links);
    if (state && (!context.states.length || context.states.includes(state))) rows.push({ name, state });
  }
  rows.sort(byTypeAndName);
  const w0 = Math.max('UNIT FILE'.length, ...rows.map((row) => row.name.length));
  const w1 = Math.max('STATE'.length, ...rows.map((row) => row.state.length));
  const colour = (yield* terminal(1)) !== null;
  const shade = (state: string): string => (!colour ? '' : state === 'enabled' ? '\x1b[1;32m' : state === 'masked' || state === 'disabled' ? '\x1b[1;31m' : '');
  let text = context.legend ? `${'UNIT FILE'.padEnd(w0)} ${'STATE'.padEnd(w1)}\n` : '';
  for (const { name, state } of rows) text += `${name.padEnd(w0)} ${shade(state)}${state.padEnd(w1)}${shade(state) ? '\x1b[0m' : ''}`.replace(/ +$/, colour ? '$&' : '') + '\n';
  if (context.legend) text += `\n${rows.length} unit files listed.\n`;
  yield* page(context.start, text, context.pager);
  return 0;
}

function table(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]!.map((_, i) => Math.max(...rows.map((row) => row[i]!.length)));
  return rows.map((row) => `${row.map((cell, i) => (i === row.length - 1 ? cell : cell.padEnd(widths[i]!))).join('  ')}\n`).join('');
}

export function* listTimers(context: Context): Sys<number> {
  const answer = yield* query({ op: 'list' }, 'list');
  if (!answer) return 1;
  const now = yield* call('now', {});
  const real = now.ok ? now.value.real : 0;
  const timers = answer.units.filter((u) => kindOf(u.name) === 'timer' && u.load === 'loaded' && (context.all || u.active === 'active'))
    .sort((a, b) => (a.nextAt || Infinity) - (b.nextAt || Infinity));
  const rows = timers.map((u) => [
    u.nextAt ? stamp(u.nextAt) : 'n/a', u.nextAt ? `${ago(u.nextAt - real).replace(/ ago$/, '')} left` : 'n/a', u.lastAt ? stamp(u.lastAt) : 'n/a', u.lastAt ? ago(real - u.lastAt) : 'n/a', u.name, u.config?.timer?.unit ?? '',
  ]);
  const head = context.legend ? [['NEXT', 'LEFT', 'LAST', 'PASSED', 'UNIT', 'ACTIVATES']] : [];
  const text = rows.length || head.length ? table([...head, ...rows]) : '';
  yield* page(context.start, `${text}${context.legend ? `\n${rows.length} timers listed.\n${context.all ? '' : 'Pass --all to see loaded but inactive timers, too.\n'}` : ''}`, context.pager);
  return 0;
}

export function* listSockets(context: Context): Sys<number> {
  const answer = yield* query({ op: 'list' }, 'list');
  if (!answer) return 1;
  const rows = answer.units.filter((u) => kindOf(u.name) === 'socket' && (context.all || u.active === 'active'))
    .flatMap((u) => (u.config?.listens ?? []).map((listen) => [listen, u.name, u.config?.triggers[0] ?? '']));
  const text = table([['LISTEN', 'UNIT', 'ACTIVATES'], ...rows]);
  yield* out(`${text}\n${rows.length} sockets listed.\n${context.all ? '' : 'Pass --all to see loaded but inactive sockets, too.\n'}`);
  return 0;
}

export function* listJobs(): Sys<number> {
  const answer = yield* query({ op: 'list' }, 'list');
  if (!answer) return 1;
  if (!answer.jobs.length) { yield* out('No jobs running.\n'); return 0; }
  const rows = answer.jobs.map((job) => [String(job.id), job.unit, job.type, job.running ? 'running' : 'waiting']);
  yield* out(`${table([['JOB', 'UNIT', 'TYPE', 'STATE'], ...rows])}\n${rows.length} jobs listed.\n`);
  return 0;
}

/** What a unit requires and wants, as a tree. Targets are opened, other units only with --all. */
export function* listDependencies(context: Context): Sys<number> {
  const answer = yield* query({ op: 'list' }, 'list');
  if (!answer) return 1;
  const top = fullName(context.args[0] ?? 'default.target');
  const shown = yield* query({ op: 'show', names: [top] }, 'show');
  const first = shown?.units[0];
  if (!first) return 1;
  const byName = new Map(answer.units.map((u) => [u.name, u]));
  byName.set(first.name, first);
  const below = (u: UnitState): string[] => {
    if (context.reverse) return [...byName.values()].filter((o) => [...(o.config?.requires ?? []), ...(o.config?.wants ?? []), ...(o.config?.bindsTo ?? [])].includes(u.name)).map((o) => o.name).sort();
    return [...new Set([...(u.config?.requires ?? []), ...(u.config?.bindsTo ?? []), ...(u.config?.wants ?? [])])].sort((a, b) => byTypeAndName({ name: a }, { name: b }));
  };
  const seen = new Set<string>();
  let text = `${first.name}\n`;
  const walk = (u: UnitState, prefix: string): void => {
    if (seen.has(u.name)) return;
    seen.add(u.name);
    const list = below(u);
    list.forEach((name, i) => {
      const other = byName.get(name);
      const end = i === list.length - 1;
      text += `${context.plain ? '' : '● '}${prefix}${end ? '└─' : '├─'}${name}\n`;
      if (other && (kindOf(name) === 'target' || context.all)) walk(other, `${prefix}${end ? '  ' : '│ '}`);
    });
  };
  walk(first, '');
  yield* page(context.start, text, context.pager);
  return 0;
}

