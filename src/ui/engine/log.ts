/** The log of a run: what came from a person, exactly enough to play it again. It knows nothing else, so any side may have it. */
import type { Entry } from '../../drill/entered.ts';
import type { Us } from '../../sim/engine/time.ts';

/** What came from a person, and when. `seq` orders what came at one instant. `exec` and `write` come from tests (src/testing/evidence.ts). */
export type Action =
  | Extract<Entry, { kind: 'exec' | 'write' }>
  | { kind: 'keys'; terminal: string; data: string }
  | { kind: 'open'; terminal: string; node: string; cols: number; rows: number }
  | { kind: 'close'; terminal: string }
  | { kind: 'fault'; name: string; args: Readonly<Record<string, string | number | boolean>> }
  | { kind: 'resize'; terminal: string; cols: number; rows: number };
export interface Timed { at: Us; seq: number; action: Action }
/** One step: what was typed until the prompt came back. */
export interface Typed { terminal: string; label: string; actions: Timed[] }

/** Enough to play everything again. */
export interface RunLog { version: number; scenario: string; stamp: string; seed: number; now: Us; typed: Typed[]; resizes: Timed[] }
export const LOG_VERSION = 2;
