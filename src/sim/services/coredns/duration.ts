/** Go's time.ParseDuration: microseconds, or the words of its error. */
import type { Us } from '../../engine/time.ts';

const UNITS: Readonly<Record<string, number>> = { ns: 0.001, us: 1, 'µs': 1, ms: 1_000, s: 1_000_000, m: 60_000_000, h: 3_600_000_000 };

export function duration(text: string): Us | string {
  if (/^[-+]?0$/.test(text)) return 0;
  const m = /^([-+]?)((?:(?:\d+\.?\d*|\.\d+)(?:ns|us|µs|ms|s|m|h))+)$/.exec(text);
  if (!m) return `time: ${/^[-+]?[\d.]*\d[\d.]*$/.test(text) ? 'missing unit in' : /^[-+]?\d+[a-z]+$/.test(text) ? `unknown unit ${/[a-z]+$/.exec(text)![0]} in` : 'invalid'} duration ${text}`;
  let total = 0;
  for (const [, n, unit] of m[2]!.matchAll(/(\d+\.?\d*|\.\d+)(ns|us|µs|ms|s|m|h)/g)) total += Number(n) * UNITS[unit!]!;
  return Math.round(m[1] === '-' ? -total : total);
}
