/** The types of conform.mjs, which plain Node runs. */
export interface Score { cases: number; points: number; failing: string[]; reasons?: Record<string, string> }
export type Scores = Record<string, Score>;
export function checker(): string | null;
export function readScores(): Scores & { bash: Score };
export function ask(check: string, kinds: readonly string[]): Scores;
export function worse(kept: Scores, now: Scores): string[];
