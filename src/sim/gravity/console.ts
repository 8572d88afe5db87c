/**
 * How gravity's tools talk: colours on a terminal only, errors in red on standard output with exit status
 * 255, steps with a date, and a reminder every ten seconds while a step lasts (lib/utils/progress.go).
 */
import { seconds } from '../engine/time.ts';
import { out, terminal } from '../proc/libc.ts';
import type { Start, Sys } from '../proc/program.ts';
import { call } from '../proc/syscalls.ts';
import { COLOURS, PLAIN, type Paint } from './status.ts';
import { dateSeconds, finishedIn } from './times.ts';

export const FAILURE = 255;

export function* paintFor(start: Start): Sys<Paint> {
  if (start.env['TERM'] === 'dumb') return PLAIN;
  return (yield* terminal(1)) ? COLOURS : PLAIN;
}

export function* complain(start: Start, text: string): Sys<number> {
  const paint = yield* paintFor(start);
  yield* out(`${paint.red(`[ERROR]: ${text}`)}\n`);
  return FAILURE;
}

export function* realNow(): Sys<number> {
  const now = yield* call('now', {});
  return now.ok ? now.value.real : 0;
}

/** `<date> TAB <message>`. */
export function* printStep(text: string): Sys<void> {
  yield* out(`${dateSeconds(yield* realNow())}\t${text}\n`);
}

/** What is said once the process has begun its first step. */
export function* sayAfterStep(text: string): Sys<void> { yield* call('memSet', { key: 'aside', value: text }); }

const STILL_US = seconds(10);
interface Step { readonly text: string; readonly at: number; readonly began: number }

/** The next step of what the process is doing; the one before is over. */
export function* nextStep(text: string): Sys<void> {
  const at = yield* realNow();
  const got = yield* call('memGet', { key: 'step' });
  const before = (got.ok ? got.value : null) as Step | null;
  yield* call('memSet', { key: 'step', value: { text, at, began: before?.began ?? at } });
  yield* out(`${dateSeconds(at)}\t${text}\n`);
  const aside = yield* call('memGet', { key: 'aside' });
  if (aside.ok && typeof aside.value === 'string') {
    yield* out(`${dateSeconds(at)}\t${aside.value}\n`);
    yield* call('memSet', { key: 'aside', value: null });
  }
  yield* call('timer', { name: 'still', entry: 'still', afterUs: STILL_US, everyUs: STILL_US });
}

const lowerFirst = (text: string): string => text.charAt(0).toLowerCase() + text.slice(1);

/** The timer's thread. */
export function* still(): Sys<void> {
  const got = yield* call('memGet', { key: 'step' });
  const step = (got.ok ? got.value : null) as Step | null;
  if (!step) return;
  const elapsed = Math.round(((yield* realNow()) - step.at) / 1_000_000);
  yield* out(`\tStill ${lowerFirst(step.text)} (${elapsed} seconds elapsed)\n`);
}

/** Ends the progress: nothing is printed when no step was. */
export function* finishSteps(title: string): Sys<void> {
  yield* call('timerStop', { name: 'still' });
  const got = yield* call('memGet', { key: 'step' });
  const step = (got.ok ? got.value : null) as Step | null;
  if (!step) return;
  const now = yield* realNow();
  yield* call('memSet', { key: 'step', value: null });
  yield* out(`${dateSeconds(now)}\t${title} finished in ${finishedIn(now - step.began)}\n`);
}

/** Asks until the answer is yes or no; null at the end of the input. */
export function* confirm(question: string): Sys<boolean | null> {
  for (;;) {
    yield* out(`${question}\n`);
    const got = yield* call('read', { fd: 0 });
    if (!got.ok || got.value === '') return null;
    const answer = got.value.trim();
    if (['Y', 'y', 'yes'].includes(answer)) return true;
    if (['N', 'n', 'no'].includes(answer)) return false;
  }
}
