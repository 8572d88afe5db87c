/**
 * systemctl show: a unit's properties, one a line.
 */
import { out } from '../../../../sim/proc/libc.ts';
import type { Sys } from '../../../../sim/proc/program.ts';
import { call } from '../../../../sim/proc/syscalls.ts';
import { allLinks, fileState, presetOf } from '../../../../sim/services/systemd/enable.ts';
import { ETC, openShelves } from '../../../../sim/services/systemd/loader.ts';
import type { UnitState } from '../../../../sim/services/systemd/state.ts';
import type { Command } from '../../../../sim/services/systemd/unitfile.ts';
import { spanWords, stamp } from '../../../../sim/services/systemd/words.ts';
import { expandNames, query, type Context } from './context.ts';
import { changedOnDisk } from './status.ts';

const yesNo = (value: boolean): string => (value ? 'yes' : 'no');
const time = (us: number): string => (us ? stamp(us) : '');
const execLine = (c: Command): string => `{ path=${c.path} ; argv[]=${c.argv.join(' ')} ; ignore_errors=${yesNo(c.forgiven)} }`;

/** Properties in the order in which they are printed. */
function* properties(unit: UnitState): Sys<[string, string][]> {
  const c = unit.config;
  const s = c?.service;
  const list = yield* call('processes', {});
  const members = list.ok ? list.value.filter((p) => p.unit === unit.name) : [];
  const shelves = yield* openShelves();
  const state = unit.path ? yield* fileState(shelves, unit.name, yield* allLinks(ETC)) : unit.load === 'masked' ? 'masked' : null;
  const main = unit.main;
  const service: [string, string][] = !s ? [] : [
    ['Type', s.type], ['Restart', s.restart], ['NotifyAccess', s.type === 'notify' ? 'main' : 'none'], ['RestartUSec', spanWords(s.restartUs)],
    ['TimeoutStartUSec', spanWords(s.timeoutStartUs)], ['TimeoutStopUSec', spanWords(s.timeoutStopUs)], ['RemainAfterExit', yesNo(s.remainAfterExit)],
    ['MainPID', String(main && !main.exit ? main.pid : 0)], ['ControlPID', String(unit.control?.pid ?? 0)], ['StatusText', unit.status], ['Result', unit.result], ['NRestarts', String(unit.restarts)],
    ['ExecMainStartTimestamp', time(main?.startedAt ?? 0)], ['ExecMainExitTimestamp', time(main?.exitedAt ?? 0)], ['ExecMainPID', String(main?.pid ?? 0)],
    ['ExecMainCode', main?.exit ? (main.exit.signal ? '2' : '1') : '0'], ['ExecMainStatus', String(main?.exit ? (main.exit.signal ? main.exit.status - 128 : main.exit.status) : 0)],
    ...s.commands['start-pre'].map((x): [string, string] => ['ExecStartPre', execLine(x)]), ...s.commands.start.map((x): [string, string] => ['ExecStart', execLine(x)]),
    ...s.commands.reload.map((x): [string, string] => ['ExecReload', execLine(x)]), ...s.commands.stop.map((x): [string, string] => ['ExecStop', execLine(x)]),
    ['Slice', 'system.slice'], ['ControlGroup', members.length ? `/system.slice/${unit.name}` : ''], ['MemoryCurrent', members.length ? String(members.reduce((n, p) => n + p.rssKb * 1024, 0)) : '[not set]'],
    ['TasksCurrent', members.length ? String(members.reduce((n, p) => n + p.threads, 0)) : '[not set]'], ['Environment', s.environment.join(' ')], ['User', s.user ?? ''], ['WorkingDirectory', s.workingDirectory ?? ''],
    ['KillMode', s.killMode], ['KillSignal', s.killSignal === 'TERM' ? '15' : s.killSignal],
  ];
  return [
    ...service, ['Id', unit.name], ['Names', unit.name], ['Requires', (c?.requires ?? []).join(' ')], ['Wants', (c?.wants ?? []).join(' ')], ['BindsTo', (c?.bindsTo ?? []).join(' ')],
    ['PartOf', (c?.partOf ?? []).join(' ')], ['Conflicts', (c?.conflicts ?? []).join(' ')], ['Before', (c?.before ?? []).join(' ')], ['After', (c?.after ?? []).join(' ')],
    ['TriggeredBy', ''], ['Triggers', (c?.triggers ?? []).join(' ')], ['Documentation', (c?.documentation ?? []).join(' ')], ['Description', c?.description ?? unit.name],
    ['LoadState', unit.load], ['ActiveState', unit.active], ['SubState', unit.sub], ['FragmentPath', unit.path ?? ''], ['DropInPaths', unit.dropIns.join(' ')],
    ['UnitFileState', state ?? ''], ['UnitFilePreset', state ? yield* presetOf(unit.name) : ''], ['StateChangeTimestamp', time(unit.changedAt)],
    ['InactiveExitTimestamp', time(unit.inactiveExit)], ['ActiveEnterTimestamp', time(unit.activeEnter)], ['ActiveExitTimestamp', time(unit.activeExit)], ['InactiveEnterTimestamp', time(unit.inactiveEnter)],
    ['CanStart', yesNo(unit.load === 'loaded')], ['CanStop', yesNo(unit.load === 'loaded')], ['CanReload', yesNo((s?.commands.reload.length ?? 0) > 0)], ['NeedDaemonReload', yesNo(yield* changedOnDisk(unit))],
    ['StartLimitIntervalUSec', spanWords(c?.startLimitUs ?? 10_000_000)], ['StartLimitBurst', String(c?.startLimitBurst ?? 5)],
  ];
}

export function* show(context: Context): Sys<number> {
  if (!context.args.length) return yield* showManager(context);
  const names = yield* expandNames(context.args);
  const answer = yield* query({ op: 'show', names }, 'show');
  if (!answer) return 1;
  const blocks: string[] = [];
  for (const unit of answer.units) {
    const all = yield* properties(unit);
    const wanted = context.properties;
    const chosen = wanted.length ? all.filter(([key]) => wanted.includes(key)) : all;
    blocks.push(chosen.map(([key, value]) => (context.value ? `${value}\n` : `${key}=${value}\n`)).join(''));
  }
  yield* out(blocks.join('\n'));
  return 0;
}

function* showManager(context: Context): Sys<number> {
  const list = yield* query({ op: 'list' }, 'list');
  const env = yield* query({ op: 'environment' }, 'environment');
  if (!list || !env) return 1;
  const failed = list.units.filter((u) => u.active === 'failed').length;
  const rows: [string, string][] = [
    ['Version', context.old ? '219' : '239'], ['Features', '+PAM +AUDIT +SELINUX'], ['Virtualization', 'kvm'], ['Architecture', 'x86-64'], ['NNames', String(list.units.length)], ['NFailedUnits', String(failed)],
    ['NJobs', String(list.jobs.length)], ['Environment', Object.entries(env.environment).map(([k, v]) => `${k}=${v}`).join(' ')], ['SystemState', failed ? 'degraded' : list.pending ? 'starting' : 'running'],
  ];
  const chosen = context.properties.length ? rows.filter(([key]) => context.properties.includes(key)) : rows;
  yield* out(chosen.map(([key, value]) => (context.value ? `${value}\n` : `${key}=${value}\n`)).join(''));
  return 0;
}
