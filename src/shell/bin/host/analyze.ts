/**
 * systemd-analyze of version 219: how long the start took, as the manager's own times tell it (time, blame,
 * critical-chain), and whether unit files can be read (verify).
 */
import { err, out } from '../../../sim/proc/libc.ts';
import type { Start, Sys } from '../../../sim/proc/program.ts';
import { call } from '../../../sim/proc/syscalls.ts';
import { loadUnit, openShelves } from '../../../sim/services/systemd/loader.ts';
import { ask, type Answers } from '../../../sim/services/systemd/protocol.ts';
import type { UnitState } from '../../../sim/services/systemd/state.ts';
import { fullName } from '../../../sim/services/systemd/unitfile.ts';
import { spanWords } from '../../../sim/services/systemd/words.ts';
import type { Command } from '../../command.ts';
import { page } from './pager.ts';

/** Spans to the millisecond, as systemd-analyze prints them. */
const span = (us: number): string => {
  const ms = Math.max(0, Math.round(us / 1000));
  if (ms < 1000) return `${ms}ms`;
  if (ms < 60_000) return `${(ms / 1000).toFixed(3)}s`;
  return `${spanWords(Math.floor(ms / 60_000) * 60_000_000)} ${((ms % 60_000) / 1000).toFixed(3)}s`;
};

interface Boot { units: readonly UnitState[]; bootAt: number }

function* boot(): Sys<Boot | null> {
  const list = yield* ask<Answers['list']>({ op: 'list' });
  const now = yield* call('now', {});
  if (!list || !now.ok) { yield* err('Failed to create bus connection: No such file or directory\n'); return null; }
  const target = list.units.find((u) => u.name === 'multi-user.target' || u.name === 'graphical.target');
  if (list.pending && !target?.activeEnter) { yield* err('Bootup is not yet finished. Please try again later.\n'); return null; }
  return { units: list.units, bootAt: now.value.real - now.value.mono };
}

/** When a unit was up, counted from the boot; and how long it took to come up. */
const since = (b: Boot, u: UnitState): number => Math.max(0, u.activeEnter - b.bootAt);
const took = (u: UnitState): number => (u.activeEnter && u.inactiveExit && u.activeEnter >= u.inactiveExit ? u.activeEnter - u.inactiveExit : 0);

function* time(): Sys<number> {
  const b = yield* boot();
  if (!b) return 1;
  const targets = b.units.filter((u) => u.name.endsWith('.target') && u.active === 'active');
  const end = Math.max(0, ...targets.filter((u) => /^(multi-user|graphical)/.test(u.name)).map((u) => since(b, u)));
  yield* out(`Startup finished in ${span(end)} (userspace) = ${span(end)}\n`);
  return 0;
}

function* blame(start: Start, pager: boolean): Sys<number> {
  const b = yield* boot();
  if (!b) return 1;
  const rows = b.units.filter((u) => u.name.endsWith('.service') && u.activeEnter).sort((x, y) => took(y) - took(x) || (x.name < y.name ? -1 : 1));
  yield* page(start, rows.map((u) => `${span(took(u)).padStart(15)} ${u.name}\n`).join(''), pager);
  return 0;
}

/** The unit that each one waited for longest. */
function* criticalChain(start: Start, name: string, pager: boolean): Sys<number> {
  const b = yield* boot();
  if (!b) return 1;
  let text = 'The time after the unit is active or started is printed after the "@" character.\nThe time the unit takes to start is printed after the "+" character.\n\n';
  const shown = (u: UnitState): string => `${u.name} @${span(since(b, u))}${took(u) ? ` +${span(took(u))}` : ''}`;
  let unit = b.units.find((u) => u.name === name);
  if (!unit) { yield* err(`Failed to parse reply: No such unit ${name}\n`); return 1; }
  text += `${unit.name}${unit.activeEnter ? ` @${span(since(b, unit))}` : ''}\n`;
  for (let depth = 0; depth < 40; depth++) {
    const before: UnitState | undefined = b.units.filter((u) => unit!.config?.after.includes(u.name) && u.activeEnter && u.activeEnter <= (unit!.inactiveExit || unit!.activeEnter))
      .sort((x, y) => y.activeEnter - x.activeEnter || (x.name < y.name ? -1 : 1))[0];
    if (!before) break;
    text += `${'  '.repeat(depth)}└─${shown(before)}\n`;
    unit = before;
  }
  yield* page(start, text, pager);
  return 0;
}

function* verify(names: readonly string[]): Sys<number> {
  const shelves = yield* openShelves();
  let status = 0;
  for (const word of names) {
    const unit = yield* loadUnit(shelves, fullName(word.split('/').pop()!));
    for (const complaint of unit.complaints) { yield* err(`${complaint}\n`); if (unit.load !== 'loaded') status = 1; }
    if (unit.load === 'bad-setting') yield* err(`Unit ${unit.name} has a bad unit file setting.\n`);
    if (unit.load === 'not-found') { yield* err(`Failed to prepare filename ${word}: No such file or directory\n`); status = 1; }
  }
  return status;
}

export const analyze: Command = {
  name: 'systemd-analyze',
  *main(start) {
    const args = start.argv.slice(1);
    const pager = !args.includes('--no-pager');
    const bad = args.find((a) => a.startsWith('-') && !/^--(no-pager|system|man(=.*)?|no-man|fuzz=.*|order|require)$/.test(a));
    if (bad) { yield* err(`systemd-analyze: ${bad.startsWith('--') ? `unrecognized option '${bad}'` : `invalid option -- '${bad[1]}'`}\n`); return 1; }
    const [verb = 'time', ...rest] = args.filter((a) => !a.startsWith('-'));
    switch (verb) {
      case 'time': return yield* time();
      case 'blame': return yield* blame(start, pager);
      case 'critical-chain': return yield* criticalChain(start, rest[0] ? fullName(rest[0]) : 'multi-user.target', pager);
      case 'verify': return yield* verify(rest);
      default: yield* err(`Unknown operation '${verb}'.\n`); return 1;
    }
  },
};
