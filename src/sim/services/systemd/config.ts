/**
 * What the settings of a unit file mean: from sections to the record that the manager obeys. Pure.
 * systemd.unit(5), systemd.service(5), systemd.timer(5) of versions 219 to 239.
 */
import { kindOf, last, parseCommand, parseSpan, values, words, yes, splitWords, type Command, type Sections } from './unitfile.ts';

export type ServiceType = 'simple' | 'forking' | 'oneshot' | 'notify' | 'exec' | 'idle' | 'dbus';
export type Phase = 'start-pre' | 'start' | 'start-post' | 'reload' | 'stop' | 'stop-post';

export interface ServiceConfig {
  type: ServiceType;
  commands: Readonly<Record<Phase, readonly Command[]>>;
  remainAfterExit: boolean;
  restart: 'no' | 'always' | 'on-success' | 'on-failure' | 'on-abnormal' | 'on-abort' | 'on-watchdog';
  restartUs: number; timeoutStartUs: number; timeoutStopUs: number;
  killMode: 'control-group' | 'mixed' | 'process' | 'none'; killSignal: string;
  successCodes: readonly number[]; successSignals: readonly string[];
  environment: readonly string[]; environmentFiles: readonly string[];
  user: string | null; group: string | null; workingDirectory: string | null; capabilities: readonly string[]; pidFile: string | null;
  identifier: string | null; delegate: boolean; guessMain: boolean;
}

export interface TimerConfig { onBootUs: number[]; onActiveUs: number[]; onUnitActiveUs: number[]; onUnitInactiveUs: number[]; onCalendar: string[]; unit: string }

export interface Condition { kind: string; value: string; negate: boolean }

export interface UnitConfig {
  description: string | null; documentation: readonly string[];
  requires: readonly string[]; requisite: readonly string[]; wants: readonly string[]; bindsTo: readonly string[]; partOf: readonly string[]; conflicts: readonly string[];
  before: readonly string[]; after: readonly string[]; onFailure: readonly string[]; triggers: readonly string[];
  defaultDependencies: boolean; allowIsolate: boolean; refuseManualStart: boolean; refuseManualStop: boolean;
  conditions: readonly Condition[];
  startLimitBurst: number; startLimitUs: number;
  service: ServiceConfig | null; timer: TimerConfig | null; listens: readonly string[];
  install: { wantedBy: readonly string[]; requiredBy: readonly string[]; alias: readonly string[]; also: readonly string[]; defaultInstance: string | null };
  hasInstall: boolean;
}

const SECOND = 1_000_000;
const list = (s: Sections, key: string): string[] => [...new Set(words(s, 'Unit', key))];

function span(s: Sections, section: string, key: string, otherwise: number): number {
  const text = last(s, section, key);
  const us = text === undefined ? null : parseSpan(text);
  return us === null ? otherwise : us;
}

function commandsOf(s: Sections, key: string): Command[] {
  return values(s, 'Service', key).flatMap((value) => value.split(/\s;\s/)).map(parseCommand).filter((c): c is Command => c !== null);
}

function serviceOf(s: Sections): ServiceConfig {
  const one = (key: string): string | undefined => last(s, 'Service', key);
  const type = (one('Type') ?? 'simple') as ServiceType;
  const both = one('TimeoutSec') === undefined ? null : parseSpan(one('TimeoutSec')!);
  const start = both ?? (type === 'oneshot' ? -1 : 90 * SECOND);
  const success = words(s, 'Service', 'SuccessExitStatus');
  const env = values(s, 'Service', 'Environment').flatMap(splitWords);
  return {
    type: one('BusName') && one('Type') === undefined ? 'dbus' : type,
    commands: {
      'start-pre': commandsOf(s, 'ExecStartPre'), start: commandsOf(s, 'ExecStart'), 'start-post': commandsOf(s, 'ExecStartPost'),
      reload: commandsOf(s, 'ExecReload'), stop: commandsOf(s, 'ExecStop'), 'stop-post': commandsOf(s, 'ExecStopPost'),
    },
    remainAfterExit: yes(one('RemainAfterExit')) ?? false,
    restart: (one('Restart') ?? 'no') as ServiceConfig['restart'],
    restartUs: span(s, 'Service', 'RestartSec', 100_000),
    timeoutStartUs: noLimit(span(s, 'Service', 'TimeoutStartSec', start)), timeoutStopUs: noLimit(span(s, 'Service', 'TimeoutStopSec', both ?? 90 * SECOND)),
    killMode: (one('KillMode') ?? 'control-group') as ServiceConfig['killMode'], killSignal: (one('KillSignal') ?? 'SIGTERM').replace(/^SIG/, ''),
    successCodes: success.filter((w) => /^\d+$/.test(w)).map(Number), successSignals: success.filter((w) => !/^\d+$/.test(w)).map((w) => w.replace(/^SIG/, '')),
    environment: env, environmentFiles: values(s, 'Service', 'EnvironmentFile'),
    user: one('User') ?? null, group: one('Group') ?? null, workingDirectory: one('WorkingDirectory') ?? null, capabilities: (one('AmbientCapabilities') ?? '').split(/\s+/).filter(Boolean), pidFile: one('PIDFile') ?? null,
    identifier: one('SyslogIdentifier') ?? null, delegate: yes(one('Delegate')) ?? false, guessMain: yes(one('GuessMainPID')) ?? true,
  };
}

const noLimit = (us: number): number => (us <= 0 ? -1 : us);

function timerOf(s: Sections, name: string): TimerConfig {
  const spans = (key: string): number[] => values(s, 'Timer', key).map(parseSpan).filter((us): us is number => us !== null);
  return {
    onBootUs: spans('OnBootSec'), onActiveUs: [...spans('OnActiveSec'), ...spans('OnStartupSec')], onUnitActiveUs: spans('OnUnitActiveSec'), onUnitInactiveUs: spans('OnUnitInactiveSec'),
    onCalendar: values(s, 'Timer', 'OnCalendar'), unit: last(s, 'Timer', 'Unit') ?? name.replace(/\.timer$/, '.service'),
  };
}

export function configOf(name: string, s: Sections): UnitConfig {
  const kind = kindOf(name);
  const timer = kind === 'timer' ? timerOf(s, name) : null;
  const defaults = yes(last(s, 'Unit', 'DefaultDependencies')) ?? true;
  const conditions = (s['Unit'] ?? []).filter(([key, value]) => key.startsWith('Condition') && value !== '')
    .map(([key, value]) => ({ kind: key.slice(9), value: value.replace(/^[|!]+/, ''), negate: value.includes('!') }));
  const unit = {
    description: last(s, 'Unit', 'Description') ?? null, documentation: words(s, 'Unit', 'Documentation'),
    requires: list(s, 'Requires'), requisite: list(s, 'Requisite'), wants: list(s, 'Wants'), bindsTo: list(s, 'BindsTo'), partOf: list(s, 'PartOf'), conflicts: list(s, 'Conflicts'),
    before: list(s, 'Before'), after: list(s, 'After'), onFailure: list(s, 'OnFailure'),
    triggers: timer ? [timer.unit] : kind === 'socket' ? [last(s, 'Socket', 'Service') ?? name.replace(/\.socket$/, '.service')] : [],
    defaultDependencies: defaults, allowIsolate: yes(last(s, 'Unit', 'AllowIsolate')) ?? false,
    refuseManualStart: yes(last(s, 'Unit', 'RefuseManualStart')) ?? false, refuseManualStop: yes(last(s, 'Unit', 'RefuseManualStop')) ?? false,
    conditions,
    startLimitBurst: Number(last(s, 'Unit', 'StartLimitBurst') ?? last(s, 'Service', 'StartLimitBurst') ?? 5),
    startLimitUs: span(s, 'Unit', 'StartLimitIntervalSec', span(s, 'Unit', 'StartLimitInterval', span(s, 'Service', 'StartLimitInterval', 10 * SECOND))),
    service: kind === 'service' ? serviceOf(s) : null, timer, listens: kind === 'socket' ? (s['Socket'] ?? []).filter(([key]) => /^Listen/.test(key)).map(([, value]) => value) : [],
    install: {
      wantedBy: words(s, 'Install', 'WantedBy'), requiredBy: words(s, 'Install', 'RequiredBy'), alias: words(s, 'Install', 'Alias'), also: words(s, 'Install', 'Also'),
      defaultInstance: last(s, 'Install', 'DefaultInstance') ?? null,
    },
    hasInstall: (s['Install'] ?? []).length > 0,
  };
  return defaults ? withDefaults(unit, kind) : unit;
}

/** Services and their kin start after basic.target and go before shutdown; targets come after what they want. */
function withDefaults(unit: UnitConfig, kind: string): UnitConfig {
  if (kind === 'target') return { ...unit, after: [...unit.after, ...unit.wants, ...unit.requires], conflicts: [...unit.conflicts, 'shutdown.target'] };
  if (kind === 'service') {
    return { ...unit, requires: [...unit.requires, 'sysinit.target'], after: [...unit.after, 'sysinit.target', 'basic.target'], conflicts: [...unit.conflicts, 'shutdown.target'], before: [...unit.before, 'shutdown.target'] };
  }
  if (kind === 'socket' || kind === 'timer') return { ...unit, requires: [...unit.requires, 'sysinit.target'], after: [...unit.after, 'sysinit.target'], before: [...unit.before, `${kind}s.target`, 'shutdown.target', ...unit.triggers], conflicts: [...unit.conflicts, 'shutdown.target'] };
  return unit;
}

/** Why systemd refuses a unit whose file it could read; null when it does not. */
export function refusal(name: string, config: UnitConfig): string | null {
  const { service } = config;
  if (!service) return null;
  const { commands } = service;
  if (!commands.start.length && !commands.stop.length) return `${name}: Service has no ExecStart=, ExecStop=, or SuccessAction=. Refusing.`;
  if (service.type !== 'oneshot' && !commands.start.length) return `${name}: Service has no ExecStart= setting, which is only allowed for Type=oneshot services. Refusing.`;
  if (service.type !== 'oneshot' && commands.start.length > 1) return `${name}: Service has more than one ExecStart= setting, which is only allowed for Type=oneshot services. Refusing.`;
  if (service.type === 'oneshot' && (service.restart === 'always' || service.restart === 'on-success')) return `${name}: Service has Restart= set to either always or on-success, which isn't allowed for Type=oneshot services. Refusing.`;
  for (const list of Object.values(commands)) for (const command of list) if (!command.path.startsWith('/')) return `${name}: Executable path is not absolute: ${command.shown}`;
  return null;
}
