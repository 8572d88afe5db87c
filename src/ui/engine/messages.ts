/**
 * What the page and its worker say to each other: plain data both ways. The worker has the world; the page
 * has what it was last told.
 */
import type { Lesson } from '../../drill/lesson.ts';
import type { Problem } from '../../drill/markdown.ts';
import type { Given, Quiz, Verdict } from '../../drill/quiz.ts';
import type { Scenario } from '../../drill/scenario.ts';
import type { View } from '../../drill/view.ts';
import type { Explanation, Subject } from '../../drill/why/explain.ts';
import type { Us } from '../../sim/engine/time.ts';
import type { Hop } from '../../sim/net/trace.ts';
import type { Shown } from '../../sim/world.ts';
import type { RunLog } from './log.ts';
import type { StepView, TerminalView } from './run.ts';

export type Speed = 0 | 1 | 10;

export interface GoalView { id: string; title: string; passed: boolean | null; message: string; checkedAt: Us; /** It held and holds no more since. */ lostAt: Us | null }
/** Something that happened of itself, on the time bar. */
export interface Mark { at: Us; kind: 'cluster' | 'trouble' | 'goal'; label: string }

export interface RunState {
  terminals: readonly TerminalView[];
  steps: readonly StepView[];
  canUndo: boolean; canRedo: boolean;
  goals: readonly GoalView[];
  marks: readonly Mark[];
  speed: Speed; skipping: boolean;
  nodes: readonly string[];
  startedAt: Us;
  /** The cluster's true clock at time 0, in milliseconds since 1970. */
  epochMs: number;
}

/** All that is needed to live a run again, and what its world was like in the end. */
export interface Proof { log: RunLog; digest: string }

export interface FaultView { name: string; title: string; args: Readonly<Record<string, { type: string; default?: string | number | boolean | undefined; about: string }>> }

/** `since`: the step of the present run that made the last reason so. */
export interface Explained extends Explanation { since: { step: number; label: string } | 'start' | null }

/** A question that changes nothing: it is answered from a fork, or from the world as it is. */
export type Question =
  | { ask: 'exec'; node: string; command: string; user?: 'vagrant' | 'root' }
  | { ask: 'trace'; from: { node: string } | { pod: string }; to: string; proto: 'tcp' | 'udp' | 'icmp'; port: number }
  | { ask: 'judge'; quiz: Quiz; given: Given }
  | { ask: 'why'; subject: Subject }
  | { ask: 'advice' }
  | { ask: 'proof' }
  | { ask: 'faults' };
export interface Answers {
  exec: { stdout: string; stderr: string; exit: number | null };
  trace: { hops: readonly Hop[]; delivered: boolean } | { error: string };
  judge: Verdict;
  why: Explained;
  /** From a direction to the very line. */
  advice: readonly { text: string; run?: { node: string; line: string } }[];
  proof: Proof;
  faults: FaultView[];
}

export type ToWorker =
  | { kind: 'begin'; scenario: Scenario; stamp: string; seed: number; log: RunLog | null; /** What the world's digest should be when the log has been played. */ digest: string | null; speed: Speed }
  | { kind: 'parse'; request: number; source: string; file: string }
  | { kind: 'keys'; terminal: string; data: string }
  | { kind: 'open'; node: string }
  | { kind: 'close'; terminal: string }
  | { kind: 'resize'; terminal: string; cols: number; rows: number }
  | { kind: 'strike'; request: number; name: string; args: Readonly<Record<string, string | number | boolean>> }
  | { kind: 'undo' } | { kind: 'redo' } | { kind: 'reset' } | { kind: 'goTo'; step: number }
  | { kind: 'speed'; speed: Speed } | { kind: 'skip'; seconds: number | null } | { kind: 'hidden'; hidden: boolean }
  | { kind: 'question'; request: number; question: Question };

export type Stage = 'loading' | 'setting up' | 'replaying' | 'ready';

export type FromWorker =
  | { kind: 'stage'; stage: Stage }
  | { kind: 'shown'; terminal: string; /** All that went before is void. */ afresh: boolean; pieces: readonly Shown[] }
  | { kind: 'time'; now: Us }
  | { kind: 'state'; state: RunState }
  | { kind: 'view'; view: View }
  | { kind: 'opened'; terminal: string }
  | { kind: 'log'; log: RunLog }
  | { kind: 'verdict'; same: boolean }
  | { kind: 'problem'; text: string }
  | { kind: 'answer'; request: number; value: unknown }
  | { kind: 'refused'; request: number; reason: string };

export type ParseAnswer = { ok: true; scenario: Scenario; lesson: Lesson } | { ok: false; errors: Problem[] };
