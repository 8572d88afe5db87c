/**
 * A scenario: one Markdown file. Front matter (YAML) tells what it is, its goals, hints and solution;
 * `console` fences are transcripts that run as tests, `sim` fences act on the world. docs/scenarios.md
 * describes the format for authors.
 */
import { load, YAMLException } from 'js-yaml';
import { TOPOLOGIES, type Topology } from '../sim/cluster.ts';
import { readFront } from './front.ts';
import { splitMarkdown, type Problem } from './markdown.ts';
import { readQuizBlock } from './quiz-file.ts';
import type { Quiz } from './quiz.ts';
import type { Session } from './session.ts';
import { applyVerb, readVerb, type SimVerb } from './verbs.ts';

export interface Goal {
  id: string; title: string;
  /** Where the check runs, and what. It runs on a fork: it never changes the trainee's world. */
  on: string; run: string; user: 'vagrant' | 'root';
  /** All that are given must hold for the command's output. */
  match?: string; not?: string; exit?: number;
  /** The check is asked again until this many simulated seconds have passed. */
  within: number;
  /** What to tell while it does not hold. */
  message?: string;
}
/** `enough`: the goals may be met from here on, though steps follow. */
export interface SolutionStep { node: string; run: string; enough: boolean }
export interface Step { kind: 'prose'; text: string; line: number }
export interface Transcript { kind: 'console'; terminal: string; node: string; exchanges: Exchange[]; /** Its last program is left running. */ background: boolean; line: number }
/** A typed line (without the prompt mark), what it shows, where it stands. `input` null: the program that runs there goes on. */
export interface Exchange { input: string | null; output: string; line: number }
export interface SimBlock { kind: 'sim'; hidden: boolean; verbs: SimVerb[]; line: number }
export interface CodeBlock { kind: 'code'; language: string; text: string; line: number }
/** One question, or several that take turns. */
export interface QuizBlock { kind: 'quiz'; variants: Quiz[]; line: number }
export type Block = Step | Transcript | SimBlock | CodeBlock | QuizBlock;

export interface Scenario {
  id: string; title: string; chapter: string; summary: string; level: 'beginner' | 'intermediate' | 'advanced'; minutes: number;
  topology: Topology; file: string;
  /** What shows while it is broken, and no more when it is solved. */
  symptoms: Goal[];
  goals: Goal[]; hints: string[]; solution: SolutionStep[];
  blocks: Block[];
  /** The line of each list's entries in the file, for whoever finds fault with one. */
  lines: { symptoms: number[]; goals: number[]; hints: number[]; solution: number[] };
}

export type Parsed = { ok: true; scenario: Scenario } | { ok: false; errors: Problem[] };
type Tell = (line: number, reason: string) => void;

/** Reads a scenario file. Every mistake found is told with file, line and reason. */
export function parseScenario(source: string, file: string): Parsed {
  const split = splitMarkdown(source, file);
  if (!split.ok) return split;
  const { document } = split;
  const errors: Problem[] = [];
  const fail: Tell = (line, reason) => { errors.push({ file, line, reason }); };
  let front: unknown;
  try { front = load(document.front); } catch (error) {
    if (!(error instanceof YAMLException)) throw error;
    return { ok: false, errors: [{ file, line: document.frontLine + (error.mark?.line ?? 0), reason: `front matter: ${error.reason}` }] };
  }
  const lines = frontLines(document.front, document.frontLine);
  const head = readFront(front, (key, reason, item) => fail(lines(key, item), reason));
  const nodes = Object.keys(TOPOLOGIES[head?.topology ?? 'three-masters'].roles);
  const blocks: Block[] = [];
  let questions = 0;
  for (const piece of document.pieces) {
    if (piece.kind === 'prose') { blocks.push(piece); continue; }
    const [kind, ...rest] = piece.info;
    if (kind === 'console') blocks.push(readConsole(piece.text, rest, piece.line, nodes, fail));
    else if (kind === 'sim') blocks.push(readSim(piece.text, rest, piece.line, nodes, fail));
    else if (kind === 'quiz') blocks.push({ kind: 'quiz', variants: readQuizBlock(piece.text, `quiz ${++questions}`, nodes, (reason) => fail(piece.line, reason)), line: piece.line });
    else blocks.push({ kind: 'code', language: kind ?? '', text: piece.text, line: piece.line });
  }
  if (errors.length || !head) return { ok: false, errors };
  const linesOf = (key: 'symptoms' | 'goals' | 'hints' | 'solution'): number[] => head[key].map((_, i) => lines(key, i));
  return { ok: true, scenario: { ...head, file, blocks, lines: { symptoms: linesOf('symptoms'), goals: linesOf('goals'), hints: linesOf('hints'), solution: linesOf('solution') } } };
}

/** Where a key of the front matter stands, or an item of its list. */
function frontLines(front: string, first: number): (key: string, item?: number) => number {
  const rows = front.split('\n');
  return (key, item) => {
    const at = rows.findIndex((row) => row.startsWith(`${key}:`));
    if (at < 0) return first;
    if (item === undefined) return first + at;
    const end = rows.findIndex((row, i) => i > at && /^\S/.test(row) && !row.startsWith('-'));
    const below = rows.slice(at + 1, end < 0 ? undefined : end);
    const depth = /^\s*/.exec(below.find((row) => /^\s*- /.test(row)) ?? '')![0];
    const items = below.flatMap((row, i) => (row.startsWith(`${depth}- `) ? [first + at + 1 + i] : []));
    return items[item] ?? first + at;
  };
}

/** `console NODE[:N] [background]`: lines after `$ ` are typed, the rest is what they show. */
function readConsole(text: string, info: readonly string[], line: number, nodes: readonly string[], fail: Tell): Transcript {
  const terminal = info[0] ?? '';
  const node = /^(.+?)(:\d+)?$/.exec(terminal)?.[1] ?? '';
  if (!node) fail(line, 'a console block needs a node: console node-1');
  else if (!nodes.includes(node)) fail(line, `unknown node ${node}; known are ${nodes.join(', ')}`);
  for (const word of info.slice(1)) if (word !== 'background') fail(line, `unknown word ${word}; a console block knows background`);
  const exchanges: Exchange[] = [];
  const rows = text.split('\n');
  rows.pop();
  for (const [i, row] of rows.entries()) {
    if (row.startsWith('$ ') || row === '$') { exchanges.push({ input: row.slice(2), output: '', line: line + 1 + i }); continue; }
    if (!exchanges.length) exchanges.push({ input: null, output: '', line: line + i });
    exchanges.at(-1)!.output += `${row}\n`;
  }
  if (!exchanges.length) fail(line, 'a console block needs a typed line: $ command');
  return { kind: 'console', terminal, node, exchanges, background: info.includes('background'), line };
}

/** `sim [hidden]`: a verb a line. */
function readSim(text: string, info: readonly string[], line: number, nodes: readonly string[], fail: Tell): SimBlock {
  for (const word of info) if (word !== 'hidden') fail(line, `unknown word ${word}; a sim block knows hidden`);
  const verbs: SimVerb[] = [];
  for (const [i, row] of text.split('\n').entries()) {
    const at = line + 1 + i;
    if (!row.trim() || row.trim().startsWith('#')) continue;
    const verb = readVerb(row.trim(), at, nodes, (reason) => fail(at, reason));
    if (verb) verbs.push(verb);
  }
  return { kind: 'sim', hidden: info.includes('hidden'), verbs, line };
}

/** The hidden set-up: every hidden `sim` block before the first console block. */
export function applySetup(session: Session, scenario: Scenario): void {
  for (const block of scenario.blocks) {
    if (block.kind === 'console') return;
    if (block.kind === 'sim' && block.hidden) for (const verb of block.verbs) applyVerb(session, verb);
  }
}
