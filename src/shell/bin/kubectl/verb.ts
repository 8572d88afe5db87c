/**
 * Commands as cobra and kubectl's templater know them: the tree, the search in it, suggestions, help and
 * usage texts. It runs nothing.
 */
import type { Sys } from '../../../sim/proc/program.ts';
import type { Flag } from './flags.ts';
import { byText } from './object.ts';
import type { Kubectl } from './session.ts';

export interface Verb {
  readonly name: string;
  readonly aliases?: readonly string[];
  /** The line after "kubectl": 'logs [-f] [-p] (POD | TYPE/NAME) [-c CONTAINER]'. */
  readonly usage: string;
  readonly short: string;
  readonly long?: string;
  readonly examples?: readonly (readonly [string, string])[];
  readonly flags?: readonly Flag[];
  readonly subs?: readonly Verb[];
  readonly group?: string;
  /** Words for which it is suggested. */
  readonly suggestFor?: readonly string[];
  readonly hidden?: boolean;
  /** Absent: prints its help and fails, as a command that only groups others does. */
  readonly run?: (k: Kubectl) => Sys<number>;
}

/** Follows the words down the tree as far as they name commands. */
export function findVerb(root: Verb, words: readonly string[]): { path: Verb[]; used: number } {
  const path = [root];
  for (const word of words) {
    const next = path.at(-1)!.subs?.find((verb) => verb.name === word || verb.aliases?.includes(word));
    if (!next) break;
    path.push(next);
  }
  return { path, used: path.length - 1 };
}

/** Levenshtein distance without regard to case, as cobra measures it. */
export function distance(a: string, b: string): number {
  const [s, t] = [a.toLowerCase(), b.toLowerCase()];
  let row = Array.from({ length: t.length + 1 }, (_, i) => i);
  for (let i = 1; i <= s.length; i++) {
    const next = [i];
    for (let j = 1; j <= t.length; j++) next.push(s[i - 1] === t[j - 1] ? row[j - 1]! : 1 + Math.min(row[j - 1]!, row[j]!, next[j - 1]!));
    row = next;
  }
  return row[t.length]!;
}

export function unknownCommand(root: Verb, word: string): string {
  const near = (root.subs ?? []).filter((verb) => !verb.hidden && (distance(word, verb.name) <= 2 || verb.name.toLowerCase().startsWith(word.toLowerCase())
    || verb.suggestFor?.includes(word.toLowerCase())));
  const suggestions = near.length ? `\n\nDid you mean this?\n${near.map((verb) => `\t${verb.name}\n`).join('')}` : '';
  return `unknown command "${word}" for "${root.name}"${suggestions}`;
}

const shownDefault = (flag: Flag): string => (flag.type === 'string' ? `'${flag.def}'` : flag.type === 'strings' || flag.type === 'array' ? '[]' : flag.def);

export const flagUsages = (flags: readonly Flag[]): string => flags.filter((flag) => !flag.hidden).sort((a, b) => byText(a.name, b.name))
  .map((flag) => `  ${flag.short ? `-${flag.short}, ` : '    '}--${flag.name}=${shownDefault(flag)}: ${flag.help}\n`).join('');

const groupOrder = (subs: readonly Verb[]): string[] => [...new Set(subs.map((verb) => verb.group ?? 'Available Commands:'))];

function subcommands(verb: Verb): string {
  const subs = (verb.subs ?? []).filter((sub) => !sub.hidden);
  const root = verb.name === 'kubectl';
  return groupOrder(subs).map((group) => {
    const rows = subs.filter((sub) => (sub.group ?? 'Available Commands:') === group).map((sub) => [sub.name, sub.short] as const);
    const sorted = root ? rows : [...rows].sort((a, b) => byText(a[0], b[0]));
    const wide = Math.max(11, ...subs.map((sub) => sub.name.length));
    return `${group}\n${sorted.map(([name, short]) => `  ${name.padEnd(root ? 14 : wide)} ${short}\n`).join('')}`;
  }).join('\n');
}

/** The text after "kubectl" in front of a command's own usage: its parents. */
export const commandPath = (path: readonly Verb[]): string => path.map((verb) => verb.name).join(' ');

function usageLine(path: readonly Verb[]): string {
  const verb = path.at(-1)!;
  const line = [...path.slice(0, -1).map((parent) => parent.name), verb.usage].join(' ');
  return line.includes('[options]') ? line : `${line} [options]`;
}

export function usageText(path: readonly Verb[]): string {
  const verb = path.at(-1)!;
  const parts: string[] = [];
  if (verb.aliases?.length) parts.push(`Aliases:\n${[verb.name, ...verb.aliases].join(', ')}\n\n`);
  if (verb.examples?.length) parts.push(`Examples:\n${verb.examples.map(([why, line]) => `  # ${why}\n  ${line.replaceAll('\n', '\n  ')}`).join('\n  \n')}\n\n`);
  if (verb.subs?.length) parts.push(`${subcommands(verb)}\n`);
  const flags = (verb.flags ?? []).filter((flag) => !flag.hidden);
  if (flags.length) parts.push(`Options:\n${flagUsages(flags)}\n`);
  parts.push(`Usage:\n  ${usageLine(path)}\n\n`);
  const root = path[0]!.name;
  if (verb.subs?.length) parts.push(`Use "${root} <command> --help" for more information about a given command.\n`);
  parts.push(`Use "${root} options" for a list of global command-line options (applies to all commands).\n`);
  return parts.join('');
}

export const helpText = (path: readonly Verb[]): string => `${(path.at(-1)!.long ?? path.at(-1)!.short).trim()}\n\n${usageText(path)}`;
