/**
 * What every verb of systemctl has at hand: its options, the manager's answers, words for its failures.
 */
import { err } from '../../../../sim/proc/libc.ts';
import type { Start, Sys } from '../../../../sim/proc/program.ts';
import { call } from '../../../../sim/proc/syscalls.ts';
import { matches } from '../../../../sim/services/systemd/enable.ts';
import { ask, type Answers, type Ask, type JobAnswer } from '../../../../sim/services/systemd/protocol.ts';
import type { UnitState } from '../../../../sim/services/systemd/state.ts';
import { fullName } from '../../../../sim/services/systemd/unitfile.ts';

export interface Context {
  start: Start;
  verb: string;
  args: readonly string[];
  types: readonly string[]; states: readonly string[]; properties: readonly string[];
  all: boolean; full: boolean; quiet: boolean; pager: boolean; legend: boolean; value: boolean; now: boolean; runtime: boolean; force: number;
  block: boolean; lines: number | null; output: string; reverse: boolean; plain: boolean; signal: string; who: 'main' | 'control' | 'all';
  /** Words of systemd 219 where they differ in form (CentOS 7), else of 239. */
  old: boolean;
}

export const NO_BUS = 'Failed to get D-Bus connection: Operation not permitted';

/** Asks the manager; says why when there is none. */
export function* query<K extends keyof Answers>(request: Ask, _kind: K): Sys<Answers[K] | null> {
  const answer = yield* ask<Answers[K]>(request);
  if (answer === null) yield* err("System has not been booted with systemd as init system (PID 1). Can't operate.\n");
  return answer;
}

/** Full unit names of what was typed; patterns are matched against the units that are loaded. */
export function* expandNames(typed: readonly string[], loaded?: readonly UnitState[]): Sys<string[]> {
  const out: string[] = [];
  let units = loaded;
  for (const word of typed) {
    if (!/[*?[]/.test(word)) { out.push(fullName(word)); continue; }
    if (!units) {
      const list = yield* ask<Answers['list']>({ op: 'list' });
      units = list?.units ?? [];
    }
    const pattern = /\.[a-z]+$/.test(word) || word.endsWith('*') ? word : `${word}.service`;
    out.push(...units.filter((u) => matches(pattern, u.name)).map((u) => u.name));
  }
  return out;
}

const REASONS: Readonly<Record<string, string>> = {
  'exit-code': 'the control process exited with error code', signal: 'a fatal signal was delivered to the control process', timeout: 'a timeout was exceeded',
  'core-dump': 'a fatal signal was delivered causing the control process to dump core', resources: 'of unavailable resources or another system error',
  protocol: 'the service did not take the steps required by its unit configuration', 'start-limit-hit': 'start of the service was attempted too often',
};

/** What is printed for jobs that could not be queued or that failed; the exit status. */
export function* complain(verb: string, answers: readonly JobAnswer[], quiet: boolean): Sys<number> {
  let status = 0;
  for (const a of answers) {
    if (a.error !== null) {
      status = a.code;
      if (quiet) continue;
      yield* err(`Failed to ${verb} ${a.name}: ${a.error}\n`);
      if (/bad unit file setting|failed to load properly/.test(a.error)) yield* err(`See system logs and 'systemctl status ${a.name}' for details.\n`);
      continue;
    }
    const text = failureText(a);
    if (text === null) continue;
    status = 1;
    if (!quiet) yield* err(text);
  }
  return status;
}

function failureText({ name, result, unit }: JobAnswer): string | null {
  switch (result) {
    case 'failed': case 'timeout': {
      const why = REASONS[result === 'timeout' ? 'timeout' : unit?.result ?? ''];
      const how = why ? ` because ${why}` : '';
      return `Job for ${name} failed${how}.\nSee "systemctl status ${name}" and "journalctl -xeu ${name}" for details.\n`;
    }
    case 'dependency': return `A dependency job for ${name} failed. See 'journalctl -xe' for details.\n`;
    case 'canceled': return `Job for ${name} canceled.\n`;
    default: return null;
  }
}

/** Only root may change things: polkit has no agent to ask here. */
export function* refuseUser(context: Context, what: string): Sys<number> {
  yield* err(`Failed to ${what}: Interactive authentication required.\n`);
  const unit = context.args[0];
  if (unit) yield* err(`See system logs and 'systemctl status ${fullName(unit)}' for details.\n`);
  return 1;
}

export function* isTerminal(fd: number): Sys<boolean> { return (yield* call('tty', { fd })).ok; }
