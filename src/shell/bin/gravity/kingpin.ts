/**
 * Reads a command line as kingpin v2 does: flags anywhere (unless a command is strict), `--no-x` for
 * switches, default subcommands; and says what is wrong in its words.
 */
import { COMMANDS, GLOBAL_FLAGS, type ArgSpec, type CommandSpec, type FlagSpec } from './grammar.ts';

export interface Parsed {
  /** Names of the command and its subcommands. */
  readonly path: readonly string[];
  readonly flags: Readonly<Record<string, string | boolean | readonly string[]>>;
  readonly args: Readonly<Record<string, string | readonly string[]>>;
  readonly help: boolean;
}
export type Read = { readonly ok: true; readonly parsed: Parsed } | { readonly ok: false; readonly error: string };

interface Reading {
  words: string[]; flags: Map<string, FlagSpec>; values: Record<string, string | boolean | string[]>;
  path: CommandSpec[]; rest: string[]; flagsEnded: boolean;
}

const refuse = (error: string): Read => ({ ok: false, error });

export function parseArgs(argv: readonly string[]): Read {
  const reading: Reading = { words: [...argv], flags: new Map(GLOBAL_FLAGS.map((flag) => [flag.name, flag])), values: {}, path: [], rest: [], flagsEnded: false };
  while (reading.words.length) {
    const word = reading.words.shift()!;
    if (!reading.flagsEnded && word === '--') { reading.flagsEnded = true; continue; }
    const error = !reading.flagsEnded && word.startsWith('--') ? longFlag(reading, word)
      : !reading.flagsEnded && word.startsWith('-') && word.length > 1 ? shortFlags(reading, word.slice(1)) : plainWord(reading, word);
    if (error) return refuse(error);
  }
  return conclude(reading);
}

/** What the words so far do not know may belong to the subcommand that is meant when none is named. */
function enterDefault(reading: Reading): boolean {
  const fallback = reading.path.at(-1)?.commands?.find((command) => command.isDefault);
  if (fallback) enter(reading, fallback);
  return fallback !== undefined;
}

function longFlag(reading: Reading, word: string): string | null {
  const at = word.indexOf('=');
  const name = at < 0 ? word.slice(2) : word.slice(2, at);
  const known = reading.flags.get(name);
  if (!known) {
    if (!name.startsWith('no-') && enterDefault(reading)) return longFlag(reading, word);
    const positive = name.startsWith('no-') ? reading.flags.get(name.slice(3)) : undefined;
    if (positive?.kind !== 'switch') return `unknown long flag '--${name}'`;
    reading.values[positive.name] = false;
    return null;
  }
  if (known.kind === 'switch') {
    if (at >= 0) return `unexpected '=${word.slice(at + 1)}'`;
    reading.values[name] = true;
    return null;
  }
  const value = at < 0 ? reading.words.shift() : word.slice(at + 1);
  if (value === undefined) return `expected argument for flag '--${name}'`;
  return assign(reading, known, value);
}

function shortFlags(reading: Reading, letters: string): string | null {
  for (let i = 0; i < letters.length; i++) {
    const known = [...reading.flags.values()].find((flag) => flag.short === letters[i]);
    if (!known && enterDefault(reading)) { i--; continue; }
    if (!known) return `unknown short flag '-${letters[i]}'`;
    if (known.kind === 'switch') { reading.values[known.name] = true; continue; }
    const value = letters.slice(i + 1) || reading.words.shift();
    if (value === undefined) return `expected argument for flag '-${letters[i]}'`;
    return assign(reading, known, value);
  }
  return null;
}

function assign(reading: Reading, flag: FlagSpec, value: string): string | null {
  if (flag.kind === 'number' && !/^-?\d+$/.test(value)) return `strconv.ParseFloat: parsing ${JSON.stringify(value)}: invalid syntax`;
  if (flag.values && !flag.values.includes(value)) return `unsupported format ${JSON.stringify(value)}, supported are: [${flag.values.join(' ')}]`;
  if (flag.kind === 'list') reading.values[flag.name] = [...((reading.values[flag.name] as string[] | undefined) ?? []), value];
  else if (reading.values[flag.name] !== undefined) return `flag '${flag.name}' cannot be repeated`;
  else reading.values[flag.name] = value;
  return null;
}

function plainWord(reading: Reading, word: string): string | null {
  const current = reading.path.at(-1);
  const commands = reading.path.length ? current!.commands : COMMANDS;
  if (commands && !reading.rest.length) {
    const chosen = commands.find((command) => command.name === word);
    if (chosen) { enter(reading, chosen); return null; }
    if (enterDefault(reading)) return plainWord(reading, word);
    return `expected command but got ${JSON.stringify(word)}`;
  }
  const specs = current?.args ?? [];
  if (reading.rest.length >= specs.length && !specs.some((spec) => spec.list)) return `unexpected ${word}`;
  reading.rest.push(word);
  if (current?.strict) reading.flagsEnded = true;
  return null;
}

function enter(reading: Reading, command: CommandSpec): void {
  reading.path.push(command);
  for (const flag of command.flags ?? []) reading.flags.set(flag.name, flag);
}

function conclude(reading: Reading): Read {
  const help = reading.values['help'] === true || reading.path.length === 0;
  let current = reading.path.at(-1);
  if (!help) {
    while (current?.commands) {
      const fallback: CommandSpec | undefined = current.commands.find((command) => command.isDefault);
      if (!fallback) return refuse(`must select a subcommand of '${reading.path.map((command) => command.name).join(' ')}'`);
      enter(reading, fallback);
      current = fallback;
    }
  }
  const path = reading.path.map((command) => command.name);
  if (help) return { ok: true, parsed: { path, flags: {}, args: {}, help } };
  for (const flag of reading.flags.values()) {
    if (flag.required && reading.values[flag.name] === undefined) return refuse(`required flag --${flag.name} not provided`);
  }
  const args = takeArgs(current?.args ?? [], reading.rest);
  if (typeof args === 'string') return refuse(args);
  return { ok: true, parsed: { path, flags: withDefaults(reading), args, help } };
}

function takeArgs(specs: readonly ArgSpec[], words: readonly string[]): Record<string, string | string[]> | string {
  const out: Record<string, string | string[]> = {};
  let at = 0;
  for (const spec of specs) {
    if (spec.list) { out[spec.name] = words.slice(at); at = words.length; continue; }
    const word = words[at++];
    if (word !== undefined) out[spec.name] = word;
    else if (spec.required) return `required argument '${spec.name}' not provided`;
    else if (spec.default !== undefined) out[spec.name] = spec.default;
  }
  return at < words.length ? `unexpected ${words[at]}` : out;
}

function withDefaults(reading: Reading): Record<string, string | boolean | string[]> {
  const values = { ...reading.values };
  for (const flag of reading.flags.values()) {
    if (values[flag.name] !== undefined || flag.default === undefined) continue;
    values[flag.name] = flag.kind === 'switch' ? flag.default === 'true' : flag.kind === 'list' ? [flag.default] : flag.default;
  }
  return values;
}
