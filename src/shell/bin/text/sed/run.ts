/** Runs a sed script over lines: pattern space, hold space, ranges, branches (GNU sed 4.4). */
import type { Sys } from '../../../../sim/proc/program.ts';
import { call } from '../../../../sim/proc/syscalls.ts';
import { toBytes } from '../../../../sim/proc/text.ts';
import type { Regex, Match } from '../regex/compile.ts';
import type { Address, Instruction, Part, Substitution } from './script.ts';

/** Where lines come from. `isLast` may have to look ahead. */
export interface Lines {
  /** The next line without its end, or null. */
  next(): Sys<{ text: string; ended: boolean } | null>;
  isLast(): Sys<boolean>;
  readonly number: () => number;
  readonly file: () => string;
}

/** Where output goes: standard output, or the file that is edited in place. */
export interface Sink { print(text: string): void; /** Text that goes to a named file. */ write(file: string, text: string): void; flush(): Sys<void> }

export interface RunStyle { readonly quiet: boolean; readonly end: string; readonly posix: boolean; readonly lineLength: number; readonly separate: boolean; readonly shell: (command: string) => Sys<string> }

interface State {
  pattern: string; hold: string; ended: boolean; replaced: boolean; appended: (string | { file: string } | { line: string })[]; lastRegex: Regex | null;
  ranges: Map<number, { active: boolean; until: number }>; readers: Map<string, string[]>; quit: number | null; skipPrint: boolean; restart: boolean;
}

export class RunTrouble extends Error { constructor(message: string, readonly status: number) { super(message); } }

export interface Runner { readonly run: (lines: Lines) => Sys<void>; readonly state: { quit: number | null } }

export function makeRunner(script: readonly Instruction[], style: RunStyle, sink: Sink): Runner {
  const state: State = {
    pattern: '', hold: '', ended: true, replaced: false, appended: [], lastRegex: null, ranges: new Map(), readers: new Map(), quit: null, skipPrint: false,
    restart: false,
  };
  return { state, run: (lines) => runLines(script, style, sink, state, lines) };
}

function* runLines(script: readonly Instruction[], style: RunStyle, sink: Sink, state: State, lines: Lines): Sys<void> {
  while (state.quit === null) {
    if (!state.restart) {
      const line = yield* lines.next();
      if (!line) return;
      state.pattern = line.text;
      state.ended = line.ended;
    }
    state.restart = false;
    state.skipPrint = false;
    yield* cycle(script, style, sink, state, lines);
    if (!style.quiet && !state.skipPrint) output(sink, state, state.pattern, style);
    yield* flushAppended(sink, state, style);
    yield* sink.flush();
  }
}

/** A last line without its newline stays without it. */
function output(sink: Sink, state: State, text: string, style: RunStyle, file: string | null = null): void {
  const whole = text + (state.ended ? style.end : '');
  if (file === null) sink.print(whole);
  else sink.write(file, whole);
}

function* flushAppended(sink: Sink, state: State, style: RunStyle): Sys<void> {
  if (state.appended.length === 0) return;
  if (!state.ended) {
    sink.print(style.end);
    state.ended = true;
  }
  for (const item of state.appended) {
    if (typeof item === 'string') sink.print(item);
    else if ('line' in item) sink.print(item.line + style.end);
    else {
      const text = yield* call('readFile', { path: item.file });
      if (text.ok) sink.print(text.value);
    }
  }
  state.appended = [];
}

function* cycle(script: readonly Instruction[], style: RunStyle, sink: Sink, state: State, lines: Lines): Sys<void> {
  let at = 0;
  for (let steps = 0; at < script.length; steps++) {
    if (steps > 1_000_000) throw new RunTrouble('the script does not come to an end', 4);
    const instruction = script[at]!;
    const chosen = (yield* selects(instruction, state, lines)) !== instruction.negated;
    if (!chosen) {
      at = instruction.command === '{' ? instruction.jump : at + 1;
      continue;
    }
    const next = yield* perform(instruction, style, sink, state, lines);
    if (next === 'end') return;
    at = next === 'jump' ? instruction.jump : at + 1;
  }
}

function* matches(address: Address, state: State, lines: Lines): Sys<boolean> {
  switch (address.kind) {
    case 'line': return lines.number() === address.line;
    case 'last': return yield* lines.isLast();
    case 'step': return address.step === 0 ? lines.number() === address.first : lines.number() >= address.first && (lines.number() - address.first) % address.step === 0;
    case 'regex': return regexOf(address.regex, state).test(state.pattern);
    default: return false;
  }
}

function regexOf(regex: Regex | null, state: State): Regex {
  if (regex) state.lastRegex = regex;
  if (!state.lastRegex) throw new RunTrouble('no previous regular expression', 1);
  return state.lastRegex;
}

function* selects(instruction: Instruction, state: State, lines: Lines): Sys<boolean> {
  const { from, to } = instruction;
  if (!from) return true;
  if (!to) return yield* matches(from, state, lines);
  const number = lines.number();
  let range = state.ranges.get(instruction.range);
  if (!range) {
    // `0,/re/` begins before the first line, so that re may match there already.
    range = { active: from.kind === 'line' && from.line === 0, until: -1 };
    state.ranges.set(instruction.range, range);
  }
  if (!range.active) {
    if (!(yield* matches(from, state, lines))) return false;
    range.until = to.kind === 'line' ? to.line : to.kind === 'plus' ? number + to.count : to.kind === 'multiple' ? (to.of > 0 ? Math.ceil(number / to.of) * to.of : number) : -1;
    range.active = to.kind === 'regex' || to.kind === 'last' ? !(to.kind === 'last' && (yield* lines.isLast())) : range.until > number;
    return true;
  }
  if (to.kind === 'regex' || to.kind === 'last') {
    if (yield* matches(to, state, lines)) range.active = false;
    return true;
  }
  if (number >= range.until) range.active = false;
  // A line number already passed ends a range without its line, unless it began there.
  return to.kind !== 'line' || number <= range.until;
}

type Next = 'next' | 'jump' | 'end';

function* perform(instruction: Instruction, style: RunStyle, sink: Sink, state: State, lines: Lines): Sys<Next> {
  const { command, text } = instruction;
  switch (command) {
    case 'a': state.appended.push(text); return 'next';
    case 'i': sink.print(text); return 'next';
    case 'c': return yield* change(instruction, sink, state, lines);
    case 'd': state.skipPrint = true; return 'end';
    case 'D': return firstLineGone(state);
    case 'p': output(sink, state, state.pattern, style); return 'next';
    case 'P': sink.print(state.pattern.split('\n')[0]! + style.end); return 'next';
    case 'l': sink.print(visible(state.pattern, instruction.number ?? style.lineLength)); return 'next';
    case '=': sink.print(`${lines.number()}\n`); return 'next';
    case 'F': sink.print(`${lines.file()}\n`); return 'next';
    case 'h': state.hold = state.pattern; return 'next';
    case 'H': state.hold += `\n${state.pattern}`; return 'next';
    case 'g': state.pattern = state.hold; return 'next';
    case 'G': state.pattern += `\n${state.hold}`; return 'next';
    case 'x': [state.pattern, state.hold] = [state.hold, state.pattern]; return 'next';
    case 'z': state.pattern = ''; return 'next';
    case 'n': case 'N': return yield* moreInput(command, style, sink, state, lines);
    case 'q': case 'Q':
      state.quit = instruction.number ?? 0;
      state.skipPrint = command === 'Q';
      return 'end';
    case 'b': return 'jump';
    case 't': case 'T': {
      const done = state.replaced;
      state.replaced = false;
      return done === (command === 't') ? 'jump' : 'next';
    }
    case 'r': state.appended.push({ file: text }); return 'next';
    case 'R': yield* queueLine(state, text); return 'next';
    case 'w': output(sink, state, state.pattern, style, text); return 'next';
    case 'W': sink.write(text, state.pattern.split('\n')[0]! + style.end); return 'next';
    case 's': yield* substitute(instruction.substitution!, style, sink, state); return 'next';
    case 'y': state.pattern = [...state.pattern].map((c) => instruction.map!.get(c) ?? c).join(''); return 'next';
    case 'e': yield* runShell(text, style, sink, state); return 'next';
    default: return 'next';
  }
}

/** `c` prints its text once, at the end of a range. */
function* change(instruction: Instruction, sink: Sink, state: State, lines: Lines): Sys<Next> {
  const range = instruction.to && !instruction.negated ? state.ranges.get(instruction.range) : null;
  const last = range && instruction.to?.kind === 'last' ? yield* lines.isLast() : !range?.active;
  if (last) sink.print(instruction.text);
  state.skipPrint = true;
  return 'end';
}

function firstLineGone(state: State): Next {
  const newline = state.pattern.indexOf('\n');
  state.skipPrint = true;
  if (newline >= 0) {
    state.pattern = state.pattern.slice(newline + 1);
    state.restart = true;
  }
  return 'end';
}

function* moreInput(command: string, style: RunStyle, sink: Sink, state: State, lines: Lines): Sys<Next> {
  if (yield* lines.isLast()) {
    // Without a next line, GNU prints the pattern space and ends; POSIX drops it for N.
    if (command === 'N' && style.posix) state.skipPrint = true;
    state.quit ??= style.separate ? null : 0;
    return 'end';
  }
  if (command === 'n' && !style.quiet) output(sink, state, state.pattern, style);
  yield* flushAppended(sink, state, style);
  const line = yield* lines.next();
  if (!line) return 'end';
  state.pattern = command === 'n' ? line.text : `${state.pattern}\n${line.text}`;
  state.ended = line.ended;
  return 'next';
}

function* queueLine(state: State, file: string): Sys<void> {
  let queue = state.readers.get(file);
  if (!queue) {
    const text = yield* call('readFile', { path: file });
    queue = text.ok ? text.value.split('\n') : [];
    if (queue.at(-1) === '') queue.pop();
    state.readers.set(file, queue);
  }
  const line = queue.shift();
  if (line !== undefined) state.appended.push({ line });
}

function* runShell(command: string, style: RunStyle, sink: Sink, state: State): Sys<void> {
  if (command === '') state.pattern = (yield* style.shell(state.pattern)).replace(/\n$/, '');
  else sink.print(yield* style.shell(command));
}

function* substitute(s: Substitution, style: RunStyle, sink: Sink, state: State): Sys<void> {
  const regex = regexOf(s.regex, state);
  const text = state.pattern;
  let out = '';
  let at = 0;
  let before = -1;
  let count = 0;
  let changed = false;
  for (let from = 0; from <= text.length;) {
    const m = regex.exec(text, from);
    if (!m) break;
    if (m.end === m.start && m.start === before) { // an empty match right after a match does not count
      from = m.start + 1;
      continue;
    }
    count++;
    if (count >= s.nth) {
      out += text.slice(at, m.start) + replacement(s.parts, m);
      at = m.end;
      changed = true;
      if (!s.global) break;
    }
    before = m.end;
    from = m.end > m.start ? m.end : m.end + 1;
  }
  if (!changed) return;
  state.pattern = out + text.slice(at);
  state.replaced = true;
  if (s.evaluate) yield* runShell('', style, sink, state);
  if (s.print) output(sink, state, state.pattern, style);
  if (s.file !== null) output(sink, state, state.pattern, style, s.file);
}

function replacement(parts: readonly Part[], m: Match): string {
  let out = '';
  let lasting: 'L' | 'U' | null = null;
  let once: 'l' | 'u' | null = null;
  const add = (text: string): void => {
    if (text === '') return;
    let shown = lasting === 'U' ? text.toUpperCase() : lasting === 'L' ? text.toLowerCase() : text;
    if (once) shown = (once === 'u' ? shown[0]!.toUpperCase() : shown[0]!.toLowerCase()) + shown.slice(1);
    once = null;
    out += shown;
  };
  for (const part of parts) {
    if (typeof part === 'string') add(part);
    else if ('group' in part) add(m.groups[part.group] ?? '');
    else if (part.turn === 'E') lasting = null;
    else if (part.turn === 'L' || part.turn === 'U') lasting = part.turn;
    else once = part.turn;
  }
  return out;
}

const VISIBLE: Readonly<Record<string, string>> = { '\\': '\\\\', '\x07': '\\a', '\b': '\\b', '\f': '\\f', '\n': '\\n', '\r': '\\r', '\t': '\\t', '\v': '\\v' };

/** `l`: everything unambiguous, long lines broken with a backslash. */
function visible(text: string, width: number): string {
  const cells: string[] = [];
  for (const c of text) {
    if (VISIBLE[c]) cells.push(VISIBLE[c]);
    else if (c >= ' ' && c <= '~') cells.push(c);
    else for (const byte of toBytes(c)) cells.push(`\\${byte.toString(8).padStart(3, '0')}`);
  }
  let out = '';
  let column = 0;
  for (const cell of cells) {
    if (width > 1 && column + cell.length > width - 1) {
      out += '\\\n';
      column = 0;
    }
    out += cell;
    column += cell.length;
  }
  return `${out}$\n`;
}
