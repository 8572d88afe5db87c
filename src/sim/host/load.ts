/**
 * Load averages: how many processes ran, on average, over 1, 5 and 15 minutes. It knows CPU time only: no
 * process here waits for a disk long enough to count. Linux 3.10's calc_load (kernel/sched/core.c): fixed
 * point with 11 bits, a sample every 5 s. Worked out when somebody runs or looks, not every 5 s.
 */
import { seconds, type Us } from '../engine/time.ts';
import type { Host, Load } from '../world.ts';

const FIXED_1 = 1 << 11;
const SAMPLE_US = seconds(5);
/** exp(-5 s / 1, 5, 15 min) in fixed point. */
const DECAYS = [1884, 2014, 2037] as const;
/** After so many idle samples nothing is left of any load. */
const FORGOTTEN = 2_000;

const FRESH: Load = { sample: 0, usedUs: 0, averages: [0, 0, 0] };

/** The load at the last sample before `now`; `usedUs` is what was used since. */
function upTo(load: Load, now: Us): Load {
  const sample = Math.floor(now / SAMPLE_US);
  const passed = Math.min(FORGOTTEN, sample - load.sample);
  if (passed <= 0) return load;
  let active = Math.round((load.usedUs * FIXED_1) / SAMPLE_US);
  const averages = [...load.averages] as [number, number, number];
  for (let i = 0; i < passed; i++) {
    for (let n = 0; n < 3; n++) averages[n] = (averages[n]! * DECAYS[n]! + active * (FIXED_1 - DECAYS[n]!)) >> 11;
    active = 0;
  }
  return { sample, usedUs: 0, averages };
}

/** Somebody has used the CPU. The host is owned. */
export function chargeLoad(host: Host, now: Us, us: Us): void {
  const load = upTo(host.load ?? FRESH, now);
  host.load = { ...load, usedUs: load.usedUs + us };
}

/** As uptime(1) prints them, rounded as the kernel does. */
export const loadAverages = (host: Host, now: Us): readonly [number, number, number] =>
  upTo(host.load ?? FRESH, now).averages.map((load) => Math.floor(((load + FIXED_1 / 200) * 100) / FIXED_1) / 100) as [number, number, number];
