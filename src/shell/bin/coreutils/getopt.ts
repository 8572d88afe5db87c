/**
 * GNU getopt_long: an option table written as the lines of a help screen, and the parser for it (clusters,
 * abbreviations, permutation, `--`). It knows no program; the messages are glibc's (2.17 to 2.24), without
 * the program's name before them.
 */

export type Takes = 'nothing' | 'value' | 'maybe';

export interface OptionRow {
  /** What programs ask for: the first short letter, else the first long name. */
  readonly key: string;
  readonly shorts: readonly string[];
  readonly longs: readonly string[];
  readonly takes: Takes;
  /** The flags as the help screen shows them, and what it says of them. */
  readonly shown: string;
  readonly help: string;
}

export interface OptionTable {
  readonly rows: readonly OptionRow[];
  readonly byShort: ReadonlyMap<string, OptionRow>;
  readonly byLong: ReadonlyMap<string, OptionRow>;
}

export interface Given {
  readonly key: string; readonly value: string | undefined; readonly as: string;
  /** How many operands stood before it: for options that mean what follows (tar -C). */
  readonly before?: number;
}

export type Parsed =
  | { readonly ok: true; readonly given: readonly Given[]; readonly operands: readonly string[] }
  | { readonly ok: false; readonly message: string };

export interface ParseStyle {
  /** Options end at the first operand (POSIXLY_CORRECT, or a program that runs another one). */
  readonly stopAtOperand?: boolean;
  /** Digits are options of their own, key '#': `grep -5`, `nice -5`. */
  readonly digits?: boolean;
  /** Long options may be written with one dash (find's relatives, tput). */
  readonly noAbbreviation?: boolean;
}

/**
 * Reads lines such as `-w, --width=COLS  text`; `[=X]` and `[X]` mean an optional value. A line that
 * begins with `!` is understood but not shown.
 */
export function optionTable(lines: readonly string[]): OptionTable {
  const rows: OptionRow[] = [];
  const byShort = new Map<string, OptionRow>();
  const byLong = new Map<string, OptionRow>();
  for (const line of lines) {
    const row = optionRow(line);
    if (!line.startsWith('!')) rows.push(row);
    for (const letter of row.shorts) byShort.set(letter, row);
    for (const name of row.longs) byLong.set(name, row);
  }
  return { rows, byShort, byLong };
}

function optionRow(line: string): OptionRow {
  const text = line.replace(/^!/, '').trim();
  const gap = text.indexOf('  ');
  const shown = gap < 0 ? text : text.slice(0, gap);
  const help = gap < 0 ? '' : text.slice(gap).trim();
  const shorts: string[] = [];
  const longs: string[] = [];
  let takes: Takes = 'nothing';
  for (const flag of shown.split(', ')) {
    const long = /^--([\w.-]+)(\[?=.*)?$/.exec(flag);
    const short = long ? null : /^-(\S)(\s*\[?.*)?$/.exec(flag);
    const value = (long ?? short)?.[2]?.trim();
    if (long) longs.push(long[1]!);
    else if (short) shorts.push(short[1]!);
    if (value) takes = value.startsWith('[') ? 'maybe' : 'value';
  }
  return { key: shorts[0] ?? longs[0] ?? '', shorts, longs, takes, shown, help };
}

/** The words after the program's name, read by the table. */
export function parseOptions(table: OptionTable, words: readonly string[], style: ParseStyle = {}): Parsed {
  const given: Given[] = [];
  const operands: string[] = [];
  for (let i = 0; i < words.length; i++) {
    const word = words[i]!;
    if (word === '--') {
      operands.push(...words.slice(i + 1));
      break;
    }
    if (word === '-' || !word.startsWith('-')) {
      if (style.stopAtOperand) {
        operands.push(...words.slice(i));
        break;
      }
      operands.push(word);
      continue;
    }
    const step = word.startsWith('--')
      ? longOption(table, word, words[i + 1], style)
      : shortCluster(table, word, words[i + 1], style);
    if ('message' in step) return { ok: false, message: step.message };
    for (const one of step.given) given.push({ ...one, before: operands.length });
    if (step.usedNext) i++;
  }
  return { ok: true, given, operands };
}

type Step = { given: Given[]; usedNext: boolean } | { message: string };

function longOption(table: OptionTable, word: string, next: string | undefined, style: ParseStyle): Step {
  const equals = word.indexOf('=');
  const name = equals < 0 ? word.slice(2) : word.slice(2, equals);
  const value = equals < 0 ? undefined : word.slice(equals + 1);
  const found = findLong(table, name, style);
  if (found.length === 0) return { message: `unrecognized option '--${equals < 0 ? name : word.slice(2)}'` };
  if (new Set(found.map(([, row]) => row.key)).size > 1) {
    const names = found.map(([full]) => `'--${full}'`).join(' ');
    return { message: `option '--${equals < 0 ? name : word.slice(2)}' is ambiguous; possibilities: ${names}` };
  }
  const [full, row] = found[0]!;
  if (row.takes === 'nothing' && value !== undefined) return { message: `option '--${full}' doesn't allow an argument` };
  if (row.takes !== 'value' || value !== undefined) {
    return { given: [{ key: row.key, value, as: `--${full}` }], usedNext: false };
  }
  if (next === undefined) return { message: `option '--${full}' requires an argument` };
  return { given: [{ key: row.key, value: next, as: `--${full}` }], usedNext: true };
}

function findLong(table: OptionTable, name: string, style: ParseStyle): [string, OptionRow][] {
  const exact = table.byLong.get(name);
  if (exact) return [[name, exact]];
  if (style.noAbbreviation || name === '') return [];
  return [...table.byLong].filter(([full]) => full.startsWith(name));
}

function shortCluster(table: OptionTable, word: string, next: string | undefined, style: ParseStyle): Step {
  const given: Given[] = [];
  const letters = [...word.slice(1)];
  for (let i = 0; i < letters.length; i++) {
    const letter = letters[i]!;
    const row = table.byShort.get(letter);
    if (!row && style.digits && letter >= '0' && letter <= '9') {
      given.push({ key: '#', value: letter, as: `-${letter}` });
      continue;
    }
    if (!row) return { message: `invalid option -- '${letter}'` };
    const rest = letters.slice(i + 1).join('');
    if (row.takes === 'nothing') {
      given.push({ key: row.key, value: undefined, as: `-${letter}` });
      continue;
    }
    if (rest !== '' || row.takes === 'maybe') {
      given.push({ key: row.key, value: rest === '' ? undefined : rest, as: `-${letter}` });
      return { given, usedNext: false };
    }
    if (next === undefined) return { message: `option requires an argument -- '${letter}'` };
    given.push({ key: row.key, value: next, as: `-${letter}` });
    return { given, usedNext: true };
  }
  return { given, usedNext: false };
}

const HELP_COLUMN = 29;

/** The option part of a help screen. */
export function helpLines(table: OptionTable): string {
  return table.rows.map((row) => {
    const flags = `  ${row.shorts.length ? '' : '    '}${row.shown}`;
    const text = row.help.split('\n');
    const first = flags.length + 2 <= HELP_COLUMN ? flags.padEnd(HELP_COLUMN) : `${flags}\n${' '.repeat(HELP_COLUMN)}`;
    return `${(first + text.join(`\n${' '.repeat(HELP_COLUMN + 2)}`)).trimEnd()}\n`;
  }).join('');
}
