/** awk (gawk, mawk): options and the program's text; what runs it is in awk/. It speaks gawk's words. */
import type { Sys } from '../../../sim/proc/program.ts';
import { strerror } from '../../../sim/proc/libc.ts';
import { call } from '../../../sim/proc/syscalls.ts';
import type { Command } from '../../command.ts';
import { readOperand } from '../coreutils/input.ts';
import { type Package, type Task, tool } from '../coreutils/tool.ts';
import { BadProgram, unescapeString } from './awk/lex.ts';
import { BadConstant, parseProgram } from './awk/parse.ts';
import { Awk, Unwound } from './awk/run.ts';
import { Trouble } from './awk/streams.ts';
import { Input } from './awk/values.ts';
import type { Program } from './awk/ast.ts';

const GAWK: Package = { title: 'GNU Awk', centos: '4.0.2', debian: '4.1.4', year: '2016' };

const awkNamed = (name: string): Command => {
  const made = tool({
    name, package: GAWK, usage: ['[POSIX or GNU style options] -f progfile [--] file ...', "[POSIX or GNU style options] [--] 'program' file ..."],
    about: '', trouble: 2, style: { stopAtOperand: true },
    options: [
      '-f PROGFILE, --file=PROGFILE  read the program from PROGFILE', '-F FS, --field-separator=FS  fields are separated by FS', '-v VAR=VAL, --assign=VAR=VAL  set a variable first',
      '-e TEXT, --source=TEXT  program text', '!-c, --traditional', '!-P, --posix', '!-r, --re-interval', '!-W OPTION', '!-b, --characters-as-bytes', '!-n, --non-decimal-data',
    ],
    run,
  });
  return made;
};

export const awk = awkNamed('awk');
export const gawk = awkNamed('gawk');
export const mawk = awkNamed('mawk');

const USAGE = (name: string): string =>
  `Usage: ${name} [POSIX or GNU style options] -f progfile [--] file ...\nUsage: ${name} [POSIX or GNU style options] [--] 'program' file ...\n`;

function* programText(task: Task, operands: string[]): Sys<string | number> {
  const parts: string[] = [];
  for (const { key, value } of task.given) {
    if (key === 'e') parts.push(value!);
    if (key !== 'f') continue;
    const text = yield* readOperand(value!);
    if (!text.ok) {
      yield* task.error(`fatal: cannot open source file \`${value!}' for reading: ${strerror(text.errno)}`, 2);
      return 2;
    }
    parts.push(text.value);
  }
  if (parts.length) return parts.join('\n');
  const program = operands.shift();
  if (program !== undefined) return program;
  yield* call('write', { fd: 2, text: USAGE(task.name) });
  return 1;
}

function* run(task: Task): Sys<number> {
  const operands = [...task.operands];
  const text = yield* programText(task, operands);
  if (typeof text === 'number') return text;
  let program: Program;
  try {
    program = parseProgram(text);
  } catch (error) {
    if (error instanceof BadConstant) {
      yield* task.error(error.message);
      return 1;
    }
    if (!(error instanceof BadProgram)) throw error;
    yield* call('write', { fd: 2, text: complaint(task.name, text, error) });
    return 1;
  }
  const machine = new Awk(program, task, operands);
  const separator = task.value('F');
  if (separator !== undefined) machine.set('FS', unescapeString(separator));
  for (const assignment of task.values('v')) {
    const m = /^([A-Za-z_]\w*)=([^]*)$/.exec(assignment);
    if (!m) {
      yield* task.error(`fatal: \`${assignment.split('=')[0]}' ${assignment.includes('=') ? 'is not a legal variable name' : "argument to `-v' not in `var=value' form"}`, 2);
      return 2;
    }
    machine.set(m[1]!, new Input(unescapeString(m[2]!)));
  }
  return yield* guarded(task, machine);
}

function* guarded(task: Task, machine: Awk): Sys<number> {
  try {
    return yield* machine.run();
  } catch (error) {
    if (error instanceof Unwound) {
      yield* machine.streams.closeAll();
      return machine.exitStatus ?? 0;
    }
    if (!(error instanceof Trouble)) throw error;
    yield* machine.streams.closeAll();
    yield* task.error(error.message, 2);
    return 2;
  }
}

/** The line that is wrong, and a mark under the place. */
function complaint(name: string, text: string, error: BadProgram): string {
  const start = text.lastIndexOf('\n', error.at - 1) + 1;
  const end = text.indexOf('\n', start);
  const line = text.slice(start, end < 0 ? undefined : end);
  const head = `${name}: cmd. line:${error.line}: `;
  return `${head}${line}\n${head}${line.slice(0, error.at - start).replace(/[^\t]/g, ' ')}^ ${error.message}\n`;
}

