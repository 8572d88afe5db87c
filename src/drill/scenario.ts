/**
 * A scenario: one Markdown file. Front matter (YAML) tells what it is, its goals, hints and solution;
 * `console` fences are transcripts that run as tests, `sim` fences act on the world. docs/scenarios.md
 * describes the format for authors.
 */
import { load, YAMLException } from 'js-yaml';
import { TOPOLOGIES, type Topology } from '../sim/cluster.ts';
import { catalogue } from '../sim/faults/catalogue.ts';
import { checkArgs } from '../sim/faults/strike.ts';
import { readFront } from './front.ts';
import { splitMarkdown, type Problem } from './markdown.ts';
import { readQuiz, type Quiz } from './quiz.ts';
import type { Session } from './session.ts';

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
export type SimVerb =
  | { verb: 'fault'; name: string; args: Record<string, string | number | boolean>; line: number }
  | { verb: 'advance'; seconds: number; line: number }
  | { verb: 'run'; node: string; command: string; line: number };
export interface SimBlock { kind: 'sim'; hidden: boolean; verbs: SimVerb[]; line: number }
export interface CodeBlock { kind: 'code'; language: string; text: string; line: number }
export interface QuizBlock { kind: 'quiz'; quiz: Quiz; line: number }
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
  for (const piece of document.pieces) {
    if (piece.kind === 'prose') { blocks.push(piece); continue; }
    const [kind, ...rest] = piece.info;
    if (kind === 'console') blocks.push(readConsole(piece.text, rest, piece.line, nodes, fail));
    else if (kind === 'sim') blocks.push(readSim(piece.text, rest, piece.line, nodes, fail));
    else if (kind === 'quiz') blocks.push({ kind: 'quiz', quiz: readQuizBlock(piece.text, `quiz ${blocks.length}`, (reason) => fail(piece.line, reason)), line: piece.line });
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

/** A question in YAML: see quiz.ts. */
function readQuizBlock(text: string, id: string, fail: (reason: string) => void): Quiz {
  let value: unknown = null;
  try { value = load(text); } catch (error) { fail(`quiz: ${error instanceof YAMLException ? error.reason : String(error)}`); }
  return readQuiz(value, id, fail);
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
    const words = row.trim().split(/\s+/);
    if (!words[0] || words[0].startsWith('#')) continue;
    const verb = readVerb(words, row.trim(), at, nodes, (reason) => fail(at, reason));
    if (verb) verbs.push(verb);
  }
  return { kind: 'sim', hidden: info.includes('hidden'), verbs, line };
}

function readVerb([verb, ...words]: string[], row: string, line: number, nodes: readonly string[], fail: (reason: string) => void): SimVerb | null {
  switch (verb) {
    case 'advance': {
      const m = words.length === 1 ? /^(\d+(?:\.\d+)?)(s|m|h)$/.exec(words[0]!) : null;
      if (m) return { verb, seconds: Number(m[1]) * { s: 1, m: 60, h: 3600 }[m[2] as 's' | 'm' | 'h'], line };
      fail('advance needs a duration such as 90s, 5m or 1h');
      return null;
    }
    case 'fault': return readFault(words, line, nodes, fail);
    case 'run': {
      const m = /^run\s+(\S+)\s+(.+)$/.exec(row);
      if (!m) fail('run needs a node and a command');
      else if (!nodes.includes(m[1]!)) fail(`unknown node ${m[1]}; known are ${nodes.join(', ')}`);
      else return { verb, node: m[1]!, command: m[2]!, line };
      return null;
    }
    default: fail(`unknown verb ${verb}; known are fault, advance, run`); return null;
  }
}

function readFault([name = '', ...words]: string[], line: number, nodes: readonly string[], fail: (reason: string) => void): SimVerb | null {
  const fault = catalogue.get(name);
  if (!fault) { fail(`unknown fault ${name}; known are ${[...catalogue.keys()].join(', ')}`); return null; }
  const args: Record<string, string | number> = {};
  for (const word of words) {
    const eq = word.indexOf('=');
    if (eq < 1) { fail(`fault arguments are written name=value, not ${word}`); return null; }
    const value = word.slice(eq + 1), key = word.slice(0, eq);
    args[key] = Object.hasOwn(fault.args, key) && fault.args[key]!.type === 'number' && /^-?\d+(\.\d+)?$/.test(value) ? Number(value) : value;
  }
  const checked = checkArgs(fault, args, nodes);
  if (checked.ok) return { verb: 'fault', name, args, line };
  fail(checked.error);
  return null;
}

/** Does what a line of a `sim` block says. */
export function applyVerb(session: Session, verb: SimVerb): void {
  if (verb.verb === 'advance') session.advance(verb.seconds);
  else if (verb.verb === 'fault') session.fault(verb.name, verb.args);
  else session.exec(verb.node, verb.command, { wait: 900 });
}

/** The hidden set-up: every hidden `sim` block before the first console block. */
export function applySetup(session: Session, scenario: Scenario): void {
  for (const block of scenario.blocks) {
    if (block.kind === 'console') return;
    if (block.kind === 'sim' && block.hidden) for (const verb of block.verbs) applyVerb(session, verb);
  }
}
