/** jq 1.5: filters JSON. Modules (import, include) are not known; integer-like keys of objects come first, as JavaScript orders them. */
import type { Json, Sys } from '../../../sim/proc/program.ts';
import { strerror } from '../../../sim/proc/libc.ts';
import { call } from '../../../sim/proc/syscalls.ts';
import type { Command } from '../../command.ts';
import { readOperand } from '../coreutils/input.ts';
import { onDebian } from '../coreutils/tool.ts';
import type { Ast } from './jq/ast.ts';
import { parseProgram, SyntaxProblem } from './jq/parse.ts';
import { JqError } from './jq/problem.ts';
import { BadJson, Reader } from './jq/reader.ts';
import { CompileProblem, Exhausted, Machine, type Outside } from './jq/run.ts';
import { COLORS, isObject, isTrue, kindOf, type Print, text } from './jq/value.ts';

const USAGE = `Usage:	jq [OPTIONS] FILTER [FILES...]
	jq [OPTIONS] --args FILTER [ARGUMENTS...]
	jq [OPTIONS] --jsonargs FILTER [JSON_VALUES...]

jq is a tool for processing JSON inputs, applying the given filter to
its JSON text inputs and producing the filter's results as JSON on
standard output.

The simplest filter is ., which copies jq's input to its output
unmodified (except for formatting, but note that IEEE754 is used
for number representation internally, with all that that implies).

For more advanced filters see the jq(1) manpage ("man jq")
and/or https://stedolan.github.io/jq

`;
const EXAMPLE = `Example:

	$ echo '{"foo": 0}' | jq .
	{
		"foo": 0
	}

`;
const OPTIONS = `Some of the options include:
  -c               compact instead of pretty-printed output;
  -n               use \`null\` as the single input value;
  -e               set the exit status code based on the output;
  -s               read (slurp) all inputs into an array; apply filter to it;
  -r               output raw strings, not JSON texts;
  -R               read raw strings, not JSON texts;
  -C               colorize JSON;
  -M               monochrome (don't colorize JSON);
  -S               sort keys of objects on output;
  --tab            use tabs for indentation;
  --arg a v        set variable $a to value <v>;
  --argjson a v    set variable $a to JSON value <v>;
  --slurpfile a f  set variable $a to an array of JSON texts read from <f>;
  --rawfile a f    set variable $a to a string consisting of the contents of <f>;
  --args           remaining arguments are string arguments, not files;
  --jsonargs       remaining arguments are JSON arguments, not files;
  --               terminates argument processing;

Named arguments are also available as $ARGS.named[], while
positional arguments are available as $ARGS.positional[].

See the manpage for more options.
`;

interface Wish {
  filter: string | null; fromFile: boolean; files: string[]; positional: Json[]; named: Record<string, Json>; more: Record<string, Json>;
  indent: string | null; compact: boolean; raw: boolean; join: boolean; ascii: boolean; sort: boolean; color: boolean | null; slurp: boolean;
  nothing: boolean; rawInput: boolean; exitStatus: boolean; seq: boolean; stream: boolean;
}

type Stop = { readonly stop: number };
const say = function* (fd: number, told: string, stop: number): Sys<Stop> {
  yield* call('write', { fd, text: told });
  return { stop };
};
const useHelp = 'Use jq --help for help with command-line options,\nor see the jq manpage, or online docs  at https://stedolan.github.io/jq\n';

const SHORT: Readonly<Record<string, (wish: Wish) => void>> = {
  c: (w) => { w.compact = true; }, n: (w) => { w.nothing = true; }, e: (w) => { w.exitStatus = true; }, s: (w) => { w.slurp = true; }, r: (w) => { w.raw = true; },
  R: (w) => { w.rawInput = true; }, C: (w) => { w.color = true; }, M: (w) => { w.color = false; }, S: (w) => { w.sort = true; }, a: (w) => { w.ascii = true; },
  j: (w) => { w.raw = true; w.join = true; }, f: (w) => { w.fromFile = true; }, L: () => {},
};
const LONG: Readonly<Record<string, string>> = {
  'compact-output': 'c', 'null-input': 'n', 'exit-status': 'e', slurp: 's', 'raw-output': 'r', 'raw-input': 'R', 'color-output': 'C', 'monochrome-output': 'M',
  'sort-keys': 'S', 'ascii-output': 'a', 'join-output': 'j', 'from-file': 'f',
};

function* readWords(words: readonly string[]): Sys<Wish | Stop> {
  const wish: Wish = {
    filter: null, fromFile: false, files: [], positional: [], named: {}, more: {}, indent: '  ', compact: false, raw: false, join: false, ascii: false, sort: false, color: null,
    slurp: false, nothing: false, rawInput: false, exitStatus: false, seq: false, stream: false,
  };
  let rest: 'files' | 'strings' | 'json' = 'files';
  let options = true;
  for (let i = 0; i < words.length; i++) {
    const word = words[i]!;
    if (!options || !word.startsWith('-') || word === '-') {
      if (wish.filter === null) wish.filter = word;
      else if (rest === 'files') wish.files.push(word);
      else if (rest === 'strings') wish.positional.push(word);
      else {
        const value = jsonOf(word);
        if (value === undefined) return yield* say(2, `jq: Invalid JSON text passed to --jsonargs\n${useHelp}`, 2);
        wish.positional.push(value);
      }
      continue;
    }
    if (word === '--') { options = false; continue; }
    if (word === '-h' || word === '--help') return yield* say(1, USAGE + EXAMPLE + OPTIONS, 0);
    if (word === '-V' || word === '--version') return yield* say(1, (yield* onDebian()) ? 'jq-1.5-1-a5b5cbe\n' : 'jq-1.5\n', 0);
    if (!word.startsWith('--')) {
      for (const letter of word.slice(1)) {
        const set = SHORT[letter];
        if (!set) return yield* say(2, `jq: Unknown option ${word}\n${useHelp}`, 2);
        set(wish);
      }
      continue;
    }
    const name = word.slice(2);
    if (LONG[name]) { SHORT[LONG[name]]!(wish); continue; }
    const took = yield* longOption(wish, name, words.slice(i + 1));
    if (typeof took === 'object') return took;
    if (name === 'args') rest = 'strings';
    if (name === 'jsonargs') rest = 'json';
    i += took;
  }
  return wish;
}

/** How many words it took, or how it ends. */
function* longOption(wish: Wish, name: string, after: readonly string[]): Sys<number | Stop> {
  const [key, value] = after;
  switch (name) {
    case 'tab': wish.indent = '\t'; return 0;
    case 'seq': wish.seq = true; return 0;
    case 'stream': wish.stream = true; return 0;
    case 'args': case 'jsonargs': case 'unbuffered': return 0;
    case 'indent': {
      if (key === undefined) return yield* say(2, `jq: --indent takes one parameter\n${useHelp}`, 2);
      const width = Number(key);
      if (!(width >= 0)) return yield* say(2, `jq: Cannot indent less than zero\n${useHelp}`, 2);
      if (width > 7) return yield* say(2, `jq: Cannot indent more than 7 characters\n${useHelp}`, 2);
      wish.indent = ' '.repeat(width);
      if (width === 0) wish.compact = true;
      return 1;
    }
    case 'arg': case 'argjson': case 'slurpfile': case 'rawfile': break;
    default: return yield* say(2, `jq: Unknown option --${name}\n${useHelp}`, 2);
  }
  if (key === undefined || value === undefined) return yield* say(2, `jq: --${name} takes two parameters (e.g. --${name} varname ${name === 'arg' ? 'value' : name === 'argjson' ? 'text' : 'filename'})\n${useHelp}`, 2);
  if (name === 'arg') wish.named[key] = value;
  else if (name === 'argjson') {
    const parsed = jsonOf(value);
    if (parsed === undefined) return yield* say(2, `jq: Invalid JSON text passed to --argjson\n${useHelp}`, 2);
    wish.named[key] = parsed;
  } else {
    const read = yield* call('readFile', { path: value });
    if (!read.ok) return yield* say(2, `jq: Bad JSON in --${name} ${key} ${value}: Could not open ${value}: ${strerror(read.errno)}\n`, 2);
    if (name === 'rawfile') wish.named[key] = read.value;
    else {
      try {
        const all: Json[] = [];
        const reader = new Reader(read.value);
        for (let next = reader.next(); next; next = reader.next()) all.push(next.value);
        wish.named[key] = all;
      } catch (error) {
        if (!(error instanceof BadJson)) throw error;
        return yield* say(2, `jq: Bad JSON in --${name} ${key} ${value}: ${error.message}\n`, 2);
      }
    }
  }
  return 2;
}

function jsonOf(source: string): Json | undefined {
  try {
    const reader = new Reader(source);
    const first = reader.next();
    return first && !reader.next() ? first.value : undefined;
  } catch (error) {
    if (error instanceof BadJson) return undefined;
    throw error;
  }
}

/** All the texts that are read, one after the other, and where the reading stands. */
class Inputs {
  private reader: Reader | null = null;
  private current = -1;
  private rawLines: string[] | null = null;
  problem: string | null = null;

  constructor(private readonly texts: readonly { readonly name: string | null; readonly text: string }[], private readonly raw: boolean) {}

  get place(): string {
    const at = this.texts[this.current];
    return at && this.reader ? `${at.name ?? '<stdin>'}:${this.reader.line}` : '<unknown>';
  }
  get filename(): string | null { return this.texts[this.current]?.name ?? null; }
  get line(): number { return this.reader?.line ?? 0; }

  next(): { value: Json } | null {
    if (this.raw) {
      this.rawLines ??= this.texts.map(({ text: one }) => one).join('').split('\n').filter((line, i, all) => i < all.length - 1 || line !== '');
      const line = this.rawLines.shift();
      return line === undefined ? null : { value: line };
    }
    for (;;) {
      if (this.reader) {
        try {
          const found = this.reader.next();
          if (found) return found;
        } catch (error) {
          if (!(error instanceof BadJson)) throw error;
          this.problem = error.message;
          return null;
        }
      }
      if (this.current + 1 >= this.texts.length) { this.reader = null; return null; }
      this.reader = new Reader(this.texts[++this.current]!.text);
    }
  }
  get whole(): string { return this.texts.map(({ text: one }) => one).join(''); }
}

function* main(words: readonly string[], env: Readonly<Record<string, string>>): Sys<number> {
  const wish = yield* readWords(words);
  if ('stop' in wish) return wish.stop;
  if (wish.filter === null) {
    const piped = !(yield* call('tty', { fd: 0 })).ok || !(yield* call('tty', { fd: 1 })).ok;
    if (!piped || wish.fromFile) {
      yield* call('write', { fd: 2, text: USAGE + EXAMPLE + OPTIONS });
      return 2;
    }
    wish.filter = '.';
  }
  let source = wish.filter;
  if (wish.fromFile) {
    const file = yield* call('readFile', { path: wish.filter });
    if (!file.ok) return (yield* say(2, `jq: error: Could not open ${wish.filter}: ${strerror(file.errno)}\n`, 2)).stop;
    source = file.value;
  }
  const now = yield* call('now', {});
  const variables = { ...wish.named, ARGS: { positional: wish.positional, named: wish.named } };
  let complaints = '';
  let inputs = new Inputs([], false);
  const outside: Outside = {
    env, nowSeconds: now.ok ? now.value.real / 1e6 : 0, filename: () => inputs.filename, nextInput: () => inputs.next(),
    debug: (line) => { complaints += line; }, line: () => inputs.line,
  };
  const machine = new Machine(outside, variables);
  const program = yield* compile(source, machine);
  if (!program) return 3;
  const { texts, status } = yield* readTexts(wish);
  inputs = new Inputs(texts, wish.rawInput && !wish.slurp);
  const screen = wish.color ?? (yield* call('tty', { fd: 1 })).ok;
  const print: Print = { indent: wish.compact ? null : wish.indent, sort: wish.sort, ascii: wish.ascii, colors: screen ? COLORS : null };
  const run = new Run(wish, machine, program, inputs, print, () => { const told = complaints; complaints = ''; return told; });
  return yield* run.all(status);
}

function* compile(source: string, machine: Machine): Sys<Ast | null> {
  try {
    const program = parseProgram(source);
    machine.check(program);
    return program;
  } catch (error) {
    if (!(error instanceof SyntaxProblem) && !(error instanceof CompileProblem)) throw error;
    const line = source.slice(0, error.at).split('\n').length;
    // The line, and behind it as many blanks as stand before the place: jq's own way of pointing.
    const column = Math.min(error.at, source.length - 1) - (source.lastIndexOf('\n', error.at - 1) + 1);
    yield* call('write', { fd: 2, text: `jq: error: ${error.message} at <top-level>, line ${line}:\n${source.split('\n')[line - 1]!}${' '.repeat(Math.max(0, column))}\njq: 1 compile error\n` });
    return null;
  }
}

function* readTexts(wish: Wish): Sys<{ texts: { name: string | null; text: string }[]; status: number }> {
  const texts: { name: string | null; text: string }[] = [];
  let status = 0;
  if (wish.nothing && wish.files.length === 0 && !/\binputs?\b|input_/.test(wish.filter ?? '') && !wish.fromFile) return { texts, status };
  for (const path of wish.files.length ? wish.files : ['-']) {
    const got = wish.files.length && path === '-' ? yield* call('readFile', { path: '-' }) : yield* readOperand(path);
    if (got.ok) { texts.push({ name: wish.files.length ? path : null, text: got.value }); continue; }
    yield* call('write', { fd: 2, text: `jq: error: Could not open ${path}: ${strerror(got.errno)}\n` });
    status = 2;
  }
  return { texts, status };
}

class Run {
  private last: Json | undefined;
  private out = '';

  constructor(private readonly wish: Wish, private readonly machine: Machine, private readonly program: Ast, private readonly inputs: Inputs,
    private readonly print: Print, private readonly complaints: () => string) {}

  *all(status: number): Sys<number> {
    const { wish } = this;
    let result = status;
    for (const { value } of this.given()) {
      const failed = yield* this.one(value);
      if (failed) result = failed;
      if (this.inputs.problem) break;
    }
    yield* this.flush();
    if (this.inputs.problem !== null) {
      yield* call('write', { fd: 2, text: `jq: error (at ${this.inputs.place}): ${this.inputs.problem}\n`.replace(/^jq: error \(at [^)]*\): /, 'parse error: ') });
      return 2;
    }
    if (wish.exitStatus && result === 0) return this.last === undefined ? 4 : isTrue(this.last) ? 0 : 1;
    return result;
  }

  private *given(): Generator<{ value: Json }, void, void> {
    const { wish, inputs } = this;
    if (wish.nothing) { yield { value: null }; return; }
    if (wish.slurp) {
      if (wish.rawInput) { yield { value: inputs.whole }; return; }
      const all: Json[] = [];
      for (let next = inputs.next(); next; next = inputs.next()) all.push(next.value);
      if (inputs.problem === null) yield { value: all };
      return;
    }
    for (let next = inputs.next(); next; next = inputs.next()) {
      if (!wish.stream) { yield next; continue; }
      for (const event of this.machine.run({ t: 'call', name: 'tostream', args: [], at: 0 }, next.value)) yield { value: event };
    }
  }

  /** The results for one input; a status if it went wrong. */
  private *one(value: Json): Sys<number> {
    const results = this.machine.run(this.program, value);
    for (;;) {
      let step: IteratorResult<Json, void>;
      try { step = results.next(); } catch (error) { return yield* this.failed(error); }
      yield* this.debugged();
      if (step.done) return 0;
      this.show(step.value);
      if (this.out.length > 65_536) yield* this.flush();
    }
  }

  private *debugged(): Sys<void> {
    const told = this.complaints();
    if (told === '') return;
    yield* this.flush();
    yield* call('write', { fd: 2, text: told });
  }

  private *failed(error: unknown): Sys<number> {
    yield* this.debugged();
    yield* this.flush();
    if (error instanceof Exhausted || error instanceof RangeError) {
      yield* call('write', { fd: 2, text: 'jq: error: cannot allocate memory\n' });
      return 5;
    }
    if (!(error instanceof JqError)) throw error;
    const { value } = error;
    const message = typeof value === 'string' ? `: ${value}` : value === null ? ' (not a string): null' : isObject(value) || typeof value !== 'string' ? ` (not a string): ${text(value)}` : `: ${kindOf(value)}`;
    yield* call('write', { fd: 2, text: `jq: error (at ${this.inputs.place})${message}\n` });
    return 5;
  }

  private show(value: Json): void {
    const { wish } = this;
    this.last = value;
    if (wish.seq) this.out += '\x1e';
    this.out += wish.raw && typeof value === 'string' ? value : text(value, this.print);
    if (!wish.join) this.out += '\n';
  }

  private *flush(): Sys<void> {
    if (this.out === '') return;
    const told = this.out;
    this.out = '';
    yield* call('write', { fd: 1, text: told });
  }
}

export const jq: Command = { name: 'jq', *main(start) { return yield* main(start.argv.slice(1), start.env); } };
