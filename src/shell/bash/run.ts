/**
 * Runs text: parses it, replaces aliases, runs its commands one by one and says what is wrong with it.
 * Each command that fails in the middle of an expansion gives up its line only.
 */
import { parse, type Parsed } from '../grammar/parse.ts';
import type { Sys } from '../../sim/proc/program.ts';
import { exec } from './exec.ts';
import { Failure, Unwind, type Shell } from './shell.ts';
import { get } from './table.ts';
import { runTraps } from './traps.ts';

const ALIAS_MAX = 64;

/** A text's commands, with aliases replaced where the shell has any. */
export function parseFor(sh: Shell, text: string, firstLine = 1): Parsed {
  const extglob = sh.shopt('extglob');
  let parsed: Parsed = parse(text, { extglob, firstLine });
  if (!sh.shopt('expand_aliases')) return parsed;
  if (!Object.keys(sh.s.aliases).length) return parsed;
  // An alias is not replaced inside its own replacement.
  let done: { name: string; from: number; to: number }[] = [];
  let after: number | null = null;
  for (let round = 0; round < ALIAS_MAX; round++) {
    const heads = [...parsed.heads.keys()].sort((a, b) => a - b);
    let found: { at: number; name: string } | null = null;
    if (after !== null) {
      const name: string | undefined = /^[^\s|&;()<>'"\\$`]+/.exec(text.slice(after))?.[0];
      if (name && get(sh.s.aliases, name) !== undefined) found = { at: after, name };
    }
    after = null;
    for (const at of found ? [] : heads) {
      const name = parsed.heads.get(at)!;
      if (get(sh.s.aliases, name) === undefined || !text.startsWith(name, at)) continue;
      if (done.some((d) => d.name === name && at >= d.from && at < d.to)) continue;
      found = { at, name };
      break;
    }
    if (!found) return round === 0 ? parsed : { ...parsed, text };
    const at: number = found.at, name: string = found.name;
    const by: string = get(sh.s.aliases, name)!;
    const grow = by.length - name.length;
    done = done.map((d) =>
      ({ ...d, from: d.from > at ? d.from + grow : d.from, to: d.to > at ? d.to + grow : d.to }));
    done.push({ name, from: at, to: at + by.length });
    text = text.slice(0, at) + by + text.slice(at + name.length);
    if (/[ \t]$/.test(by)) after = at + by.length + /^[ \t]*/.exec(text.slice(at + by.length))![0].length;
    parsed = parse(text, { extglob, firstLine });
  }
  return { ...parsed, text };
}

/** eval, traps, `.`: `name` stands in messages about syntax. */
export function* runText(sh: Shell, text: string, name: string, firstLine = 1): Sys<number> {
  const parsed = parseFor(sh, text, firstLine);
  if (!parsed.commands.length && !parsed.problem) { sh.s.status = 0; return 0; }
  for (const { node } of parsed.commands) yield* exec(sh, node);
  if (parsed.problem) {
    yield* syntaxError(sh, parsed, name);
    sh.s.status = parsed.problem.status === 0 ? 1 : parsed.problem.status === 127 ? 1 : parsed.problem.status;
  }
  return sh.s.status;
}

/** `NAME: -c: line 1: syntax error …` and the line itself. `name` '' at a prompt. */
export function* syntaxError(sh: Shell, parsed: Parsed, name: string): Sys<void> {
  const { messages, line, echo } = parsed.problem!;
  const shell = sh.s.interactive ? sh.s.name.replace(/^.*\//, '') : sourceName(sh);
  const prefix = name === '' ? `${shell}: ` : name === shell ? `${shell}: line ${line}: `
    : `${shell}: ${name}: line ${line}: `;
  let text = messages.map((message) => `${prefix}${message}\n`).join('');
  if (echo !== null && name !== '') text += `${prefix}\`${echo}'\n`;
  yield* sh.write(2, text);
}

function sourceName(sh: Shell): string {
  for (let i = sh.s.scopes.length - 1; i >= 0; i--) if (sh.s.scopes[i]!.name) return sh.s.scopes[i]!.source;
  return sh.s.name;
}

/**
 * One complete command. A failure inside it is told and gives it up; what ends the shell goes on to the
 * caller.
 */
export function* runCommand(sh: Shell, run: () => Sys<number>): Sys<number> {
  const { scopes } = sh.s;
  try {
    yield* run();
    if (sh.signals.length) yield* runTraps(sh);
  } catch (error) {
    sh.frames.length = 0;
    sh.level = 0;
    sh.resume.length = 0;
    sh.conditions = 0;
    sh.loops = 0;
    if (error instanceof Failure) yield* told(sh, error);
    if (sh.s.scopes.length !== scopes.length) leaveScopes(sh, scopes.length);
    if (error instanceof Failure) {
      sh.s.status = error.status;
      if (error.fatal && !sh.atPrompt) throw new Unwind('exit', sh.s.subshell > 0 ? 1 : error.status);
      if (error.fatal) sh.s.status = 1;
      return sh.s.status;
    }
    if (!(error instanceof Unwind)) throw error;
    if (error.kind === 'exit' || error.kind === 'interrupt') throw error;
    sh.s.status = error.kind === 'break' || error.kind === 'continue' ? 0 : error.value;
  }
  return sh.s.status;
}

export function* told(sh: Shell, failure: Failure): Sys<void> {
  yield* sh.write(2, `${failure.prefix ?? sh.prefix()}${failure.message}\n`);
}

/** Functions were left by a failure: their callers' parameters come back. */
function leaveScopes(sh: Shell, to: number): void {
  const scopes = sh.own('scopes');
  while (scopes.length > to) {
    const scope = scopes.pop()!;
    if (scope.args) sh.s.args = scope.args;
  }
  sh.s.env = null;
  sh.builtin = '';
  sh.depth = 0;
}
