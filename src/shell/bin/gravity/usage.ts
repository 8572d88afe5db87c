/**
 * kingpin's usage texts: the whole tool, or one command.
 */
import { COMMANDS, GLOBAL_FLAGS, type ArgSpec, type CommandSpec, type FlagSpec } from './grammar.ts';

/** Longer first columns stand on a line of their own. */
const COLUMN_MAX = 30;

function twoColumns(rows: readonly (readonly [string, string])[]): string {
  const width = Math.max(0, ...rows.map(([left]) => left.length).filter((n) => n < COLUMN_MAX));
  return rows.map(([left, right]) => {
    const gap = ' '.repeat(2 + width + 2);
    return left.length >= COLUMN_MAX ? `  ${left}\n${gap}${right}\n` : `  ${left.padEnd(width)}  ${right}\n`;
  }).join('');
}

function flagText(flag: FlagSpec): string {
  const head = flag.short ? `-${flag.short}, ` : '    ';
  if (flag.kind === 'switch') return `${head}--${flag.default === 'true' ? '[no-]' : ''}${flag.name}`;
  const value = flag.default !== undefined ? JSON.stringify(flag.default) : flag.name.toUpperCase();
  return `${head}--${flag.name}=${value}${flag.kind === 'list' ? ' ...' : ''}`;
}

const flagBlock = (flags: readonly FlagSpec[]): string => {
  const shown = flags.filter((flag) => !flag.hidden);
  return shown.length ? `Flags:\n${twoColumns(shown.map((flag) => [flagText(flag), flag.help] as const))}\n` : '';
};

const argText = (arg: ArgSpec): string => {
  const name = `<${arg.name}>${arg.list ? '...' : ''}`;
  return arg.required ? name : `[${name}]`;
};

const summary = (command: CommandSpec): string => {
  const required = (command.flags ?? []).filter((flag) => flag.required).map((flag) => ` ${flagText(flag).trim().replace(/^-., /, '')}`).join('');
  const optional = (command.flags ?? []).some((flag) => !flag.required && !flag.hidden);
  return `${required}${optional ? ' [<flags>]' : ''}${(command.args ?? []).map((arg) => ` ${argText(arg)}`).join('')}`;
};

/** Leaves with their full names; `hidden` ones left out. */
function flatten(commands: readonly CommandSpec[], prefix = ''): [string, CommandSpec][] {
  return commands.filter((command) => !command.hidden).flatMap((command): [string, CommandSpec][] =>
    (command.commands ? flatten(command.commands, `${prefix}${command.name} `) : [[`${prefix}${command.name}${command.isDefault ? '*' : ''}`, command]]));
}

const block = (name: string, command: CommandSpec): string => `  ${name}${summary(command)}\n    ${command.help}\n\n`;

function find(path: readonly string[]): CommandSpec | undefined {
  let commands: readonly CommandSpec[] | undefined = COMMANDS;
  let found: CommandSpec | undefined;
  for (const name of path) {
    found = commands?.find((command) => command.name === name);
    if (!found) return undefined;
    commands = found.commands;
  }
  return found;
}

/** null when there is no such command. */
export function usage(path: readonly string[]): string | null {
  if (!path.length) {
    return `usage: gravity [<flags>] <command> [<args> ...]\n\nCluster management tool\n\n${flagBlock(GLOBAL_FLAGS)}Commands:\n`
      + flatten(COMMANDS).map(([name, command]) => block(name, command)).join('') + '\n';
  }
  const command = find(path);
  if (!command) return null;
  const parents = path.slice(0, -1).flatMap((_, i) => find(path.slice(0, i + 1))?.flags ?? []);
  const flags = [...GLOBAL_FLAGS, ...parents, ...(command.flags ?? [])];
  const args = (command.args ?? []).length ? `Args:\n${twoColumns((command.args ?? []).map((arg) => [argText(arg), arg.help] as const))}\n` : '';
  const tail = command.commands ? ' <command> [<args> ...]' : summary(command);
  const subs = command.commands ? `Subcommands:\n${flatten(command.commands, `${path.join(' ')} `).map(([name, sub]) => block(name, sub)).join('')}\n` : '';
  return `usage: gravity ${path.join(' ')}${command.commands ? ' [<flags>]' : ''}${tail}\n\n${command.help}\n\n${flagBlock(flags)}${args}${subs}`;
}
