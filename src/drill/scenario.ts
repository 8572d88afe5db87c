/**
 * A scenario: one Markdown file. Front matter (YAML) tells what it is, its goals, hints and solution;
 * `console` fences are transcripts that run as tests, `sim` fences act on the world. docs/scenarios.md
 * describes the format for authors.
 */
import { load, YAMLException } from 'js-yaml';
import { catalogue } from '../sim/faults/catalogue.ts';
import { TOPOLOGIES, type Topology } from '../sim/cluster.ts';
import { splitMarkdown, type Problem } from './markdown.ts';
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
export interface Step { kind: 'prose'; text: string; line: number }
export interface Transcript { kind: 'console'; terminal: string; node: string; exchanges: Exchange[]; line: number }
/** A typed line (without the prompt mark), what it shows, where it stands in the file. */
export interface Exchange { input: string; output: string; line: number }
export type SimVerb =
  | { verb: 'fault'; name: string; args: Record<string, string | number | boolean>; line: number }
  | { verb: 'advance'; seconds: number; line: number }
  | { verb: 'run'; node: string; command: string; line: number };
export interface SimBlock { kind: 'sim'; hidden: boolean; verbs: SimVerb[]; line: number }
export interface CodeBlock { kind: 'code'; language: string; text: string; line: number }
export type Block = Step | Transcript | SimBlock | CodeBlock;

export interface Scenario {
  id: string; title: string; chapter: string; summary: string; level: 'beginner' | 'intermediate' | 'advanced'; minutes: number;
  topology: Topology; file: string;
  goals: Goal[]; hints: string[]; solution: { node: string; run: string }[];
  blocks: Block[];
}

export type Parsed = { ok: true; scenario: Scenario } | { ok: false; errors: Problem[] };

/** Reads a scenario file. Every mistake found is told with file, line and reason. */
export function parseScenario(source: string, file: string): Parsed {
  const split = splitMarkdown(source, file);
  if (!split.ok) return split;
  const { document } = split;
  const errors: Problem[] = [];
  const fail = (line: number, reason: string): void => { errors.push({ file, line, reason }); };
  let front: unknown;
  try { front = load(document.front); } catch (error) {
    if (!(error instanceof YAMLException)) throw error;
    return { ok: false, errors: [{ file, line: document.frontLine + (error.mark?.line ?? 0), reason: `front matter: ${error.reason}` }] };
  }
  const lineOf = (key: string): number => {
    const at = document.front.split('\n').findIndex((line) => line.startsWith(`${key}:`));
    return document.frontLine + Math.max(0, at);
  };
  if (typeof front !== 'object' || front === null || Array.isArray(front)) return { ok: false, errors: [{ file, line: 2, reason: 'front matter: must be a mapping' }] };
  const head = readFront(front as Record<string, unknown>, (key, reason) => fail(lineOf(key), reason));
  const blocks: Block[] = [];
  for (const piece of document.pieces) {
    if (piece.kind === 'prose') { blocks.push(piece); continue; }
    const [kind, ...rest] = piece.info;
    if (kind === 'console') blocks.push(readConsole(piece.text, rest, piece.line, fail));
    else if (kind === 'sim') blocks.push({ kind: 'sim', hidden: rest.includes('hidden'), verbs: readSim(piece.text, piece.line, fail), line: piece.line });
    else blocks.push({ kind: 'code', language: kind ?? '', text: piece.text, line: piece.line });
  }
  if (errors.length) return { ok: false, errors };
  return { ok: true, scenario: { ...head, file, blocks } };
}

const KEYS = ['id', 'title', 'chapter', 'summary', 'level', 'minutes', 'topology', 'goals', 'hints', 'solution'];
type Fail = (key: string, reason: string) => void;

function readFront(front: Record<string, unknown>, fail: Fail): Omit<Scenario, 'file' | 'blocks'> {
  for (const key of Object.keys(front)) if (!KEYS.includes(key)) fail(key, `unknown key ${key}; known are ${KEYS.join(', ')}`);
  const text = (key: string, otherwise?: string): string => {
    const value = front[key] ?? otherwise;
    if (typeof value !== 'string' || value === '') { fail(key, `${key} must be a text`); return ''; }
    return value;
  };
  const level = text('level', 'beginner');
  if (!['beginner', 'intermediate', 'advanced'].includes(level)) fail('level', 'level must be beginner, intermediate or advanced');
  const minutes = front['minutes'] ?? 10;
  if (typeof minutes !== 'number' || minutes <= 0) fail('minutes', 'minutes must be a number above 0');
  const topology = text('topology', 'three-masters');
  if (!Object.hasOwn(TOPOLOGIES, topology)) fail('topology', `unknown topology ${topology}; known are ${Object.keys(TOPOLOGIES).join(', ')}`);
  const list = (key: string): unknown[] => {
    const value = front[key] ?? [];
    if (!Array.isArray(value)) { fail(key, `${key} must be a list`); return []; }
    return value;
  };
  const goals = list('goals').map((g, i) => readGoal(g, i, fail));
  if (!goals.length) fail('goals', 'a scenario needs at least one goal');
  const hints = list('hints').map((h) => { if (typeof h !== 'string') fail('hints', 'each hint must be a text'); return String(h); });
  const solution = list('solution').map((s) => {
    const entry = s as { on?: unknown; run?: unknown };
    if (typeof entry?.on !== 'string' || typeof entry.run !== 'string') fail('solution', 'each step of the solution needs `on` (a node) and `run` (a line)');
    return { node: String(entry?.on), run: String(entry?.run) };
  });
  if (!solution.length) fail('solution', 'a scenario needs a solution: it is how the tests know that it can be solved');
  return { id: text('id'), title: text('title'), chapter: text('chapter', 'Drills'), summary: text('summary', ' '), level: level as Scenario['level'], minutes: Number(minutes), topology: topology as Topology, goals, hints, solution };
}

const GOAL_KEYS = ['id', 'title', 'on', 'run', 'user', 'match', 'not', 'exit', 'within', 'message'];

function readGoal(value: unknown, index: number, fail: Fail): Goal {
  const where = `goal ${index + 1}`;
  const g = (typeof value === 'object' && value !== null ? value : {}) as Record<string, unknown>;
  for (const key of Object.keys(g)) if (!GOAL_KEYS.includes(key)) fail('goals', `${where}: unknown key ${key}; known are ${GOAL_KEYS.join(', ')}`);
  for (const key of ['id', 'title', 'on', 'run']) if (typeof g[key] !== 'string') fail('goals', `${where}: ${key} must be a text`);
  for (const key of ['match', 'not']) {
    if (g[key] === undefined) continue;
    try { new RegExp(String(g[key]), 'm'); } catch (error) { fail('goals', `${where}: ${key}: ${(error as Error).message}`); }
  }
  if (![undefined, 'root', 'vagrant'].includes(g['user'] as string | undefined)) fail('goals', `${where}: user must be vagrant or root`);
  if (g['match'] === undefined && g['not'] === undefined && g['exit'] === undefined) fail('goals', `${where}: needs match, not or exit, or it could not fail`);
  const goal: Goal = { id: String(g['id']), title: String(g['title']), on: String(g['on']), run: String(g['run']), user: g['user'] === 'root' ? 'root' : 'vagrant', within: Number(g['within'] ?? 0) };
  if (g['match'] !== undefined) goal.match = String(g['match']);
  if (g['not'] !== undefined) goal.not = String(g['not']);
  if (g['exit'] !== undefined) goal.exit = Number(g['exit']);
  if (g['message'] !== undefined) goal.message = String(g['message']);
  return goal;
}

/** `console NODE[:N]`: lines after `$ ` are typed, the rest is what they show. */
function readConsole(text: string, info: readonly string[], line: number, fail: (line: number, reason: string) => void): Transcript {
  const terminal = info[0] ?? '';
  const node = /^(.+?)(:\d+)?$/.exec(terminal)?.[1] ?? '';
  if (!node) fail(line, 'a console block needs a node: console node-1');
  const exchanges: Exchange[] = [];
  const lines = text.split('\n');
  lines.pop();
  for (const [i, row] of lines.entries()) {
    if (row.startsWith('$ ') || row === '$') { exchanges.push({ input: row.slice(2), output: '', line: line + 1 + i }); continue; }
    const last = exchanges.at(-1);
    if (!last) { fail(line + 1 + i, 'a console block must begin with a typed line: $ command'); break; }
    last.output += `${row}\n`;
  }
  return { kind: 'console', terminal, node, exchanges, line };
}

function readSim(text: string, line: number, fail: (line: number, reason: string) => void): SimVerb[] {
  const verbs: SimVerb[] = [];
  for (const [i, row] of text.split('\n').entries()) {
    const at = line + 1 + i;
    const [verb, ...words] = row.trim().split(/\s+/);
    if (!verb || verb.startsWith('#')) continue;
    if (verb === 'advance') {
      const m = /^(\d+(?:\.\d+)?)(s|m|h)?$/.exec(words[0] ?? '');
      if (!m) fail(at, 'advance needs a duration such as 90s, 5m or 1h');
      else verbs.push({ verb, seconds: Number(m[1]) * { s: 1, m: 60, h: 3600 }[m[2] ?? 's']!, line: at });
    } else if (verb === 'fault') {
      const args: Record<string, string | number | boolean> = {};
      for (const word of words.slice(1)) {
        const eq = word.indexOf('=');
        if (eq < 1) fail(at, `fault arguments are written name=value, not ${word}`);
        const value = word.slice(eq + 1);
        args[word.slice(0, eq)] = value === 'true' ? true : value === 'false' ? false : /^-?\d+(\.\d+)?$/.test(value) ? Number(value) : value;
      }
      if (!catalogue.has(words[0] ?? '')) fail(at, `unknown fault ${words[0] ?? ''}; known are ${[...catalogue.keys()].join(', ')}`);
      else {
        // A number where the fault wants a text (value=0) is that text.
        for (const [key, spec] of Object.entries(catalogue.get(words[0]!)!.args)) if (key in args && spec.type === 'string') args[key] = String(args[key]);
        verbs.push({ verb, name: words[0]!, args, line: at });
      }
    } else if (verb === 'run') {
      const m = /^run\s+(\S+)\s+(.+)$/.exec(row.trim());
      if (!m) fail(at, 'run needs a node and a command');
      else verbs.push({ verb, node: m[1]!, command: m[2]!, line: at });
    } else fail(at, `unknown verb ${verb}; known are fault, advance, run`);
  }
  return verbs;
}

/** Does what a `sim` block says. */
export function applyVerb(session: Session, verb: SimVerb): void {
  if (verb.verb === 'advance') session.advance(verb.seconds);
  else if (verb.verb === 'fault') session.fault(verb.name, verb.args);
  else session.exec(verb.node, verb.command);
}

/** The hidden set-up: every hidden `sim` block before the first console block. */
export function applySetup(session: Session, scenario: Scenario): void {
  for (const block of scenario.blocks) {
    if (block.kind === 'console') return;
    if (block.kind === 'sim' && block.hidden) for (const verb of block.verbs) applyVerb(session, verb);
  }
}
