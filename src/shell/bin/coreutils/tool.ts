/**
 * The frame of a GNU program: its options, --help and --version, its buffered output and its complaints.
 * A `Task` is one run of it. The frame knows no program; versions are those of CentOS 7 (the hosts) and
 * of Debian stretch (Planet and images), told apart by what the file system says.
 */
import type { Start, Sys } from '../../../sim/proc/program.ts';
import { strerror } from '../../../sim/proc/libc.ts';
import { call } from '../../../sim/proc/syscalls.ts';
import type { Command } from '../../command.ts';
import { type Given, helpLines, optionTable, type OptionTable, type ParseStyle, parseOptions } from './getopt.ts';
import { quote, quoteAlways, quoteIfNeeded } from './quote.ts';

/** A source package: its name in `--version`, and its version on CentOS 7 and on Debian stretch. */
export interface Package { readonly title: string; readonly centos: string; readonly debian: string; readonly year: string }

const packageOf = (title: string, centos: string, debian: string, year: string): Package => ({ title, centos, debian, year });
export const PACKAGES = {
  coreutils: packageOf('GNU coreutils', '8.22', '8.26', '2016'),
  grep: packageOf('GNU grep', '2.20', '2.27', '2016'),
  sed: packageOf('GNU sed', '4.2.2', '4.4', '2017'),
  findutils: packageOf('GNU findutils', '4.5.11', '4.7.0-git', '2016'),
  diffutils: packageOf('GNU diffutils', '3.3', '3.5', '2016'),
  tar: packageOf('GNU tar', '1.26', '1.29', '2015'),
  utilLinux: packageOf('util-linux', '2.23.2', '2.29.2', ''),
  procps: packageOf('procps-ng', '3.3.10', '3.3.12', ''),
  binutils: packageOf('GNU Binutils', '2.27-34.base.el7', '2.28', '2017'),
} as const;

export interface Tool {
  readonly name: string;
  readonly package: Package;
  /** What follows the name in the usage line; several forms make several lines. */
  readonly usage: readonly string[];
  /** What it does, in a sentence or two. */
  readonly about: string;
  /** Lines for `optionTable`. */
  readonly options: readonly string[];
  readonly notes?: string;
  readonly authors?: string;
  /** The line that says where to read more, where it is not GNU's common one. */
  readonly hint?: string;
  /** Exit status of a usage error. */
  readonly trouble?: number;
  readonly style?: ParseStyle;
  /** Rewrites the words before they are read: old forms such as `tail -5`. */
  readonly rewrite?: (words: readonly string[]) => readonly string[];
  readonly run: (task: Task) => Sys<number | void>;
  readonly complete?: Command['complete'];
}

const FLUSH_AT = 65_536;

/** One run of a tool: what was asked, and what it prints. */
export class Task {
  status = 0;
  private pending = '';
  private failed = false;

  constructor(
    readonly start: Start,
    readonly tool: Tool,
    readonly name: string,
    readonly given: readonly Given[],
    readonly operands: readonly string[],
  ) {}

  has(key: string): boolean { return this.given.some((option) => option.key === key); }
  /** The last value given for the key. */
  value(key: string): string | undefined { return this.given.findLast((option) => option.key === key)?.value; }
  values(key: string): string[] {
    return this.given.filter((option) => option.key === key).map((option) => option.value ?? '');
  }
  /** Which of these options came last. */
  last(...keys: string[]): string | undefined { return this.given.findLast((option) => keys.includes(option.key))?.key; }

  quote(text: string): string { return quote(text, this.start.env); }

  /** Buffered, as stdio does on a pipe: written at the end, at a flush or when much has gathered. */
  print(text: string): void { this.pending += text; }
  get full(): boolean { return this.pending.length > FLUSH_AT; }

  *flush(): Sys<void> {
    if (this.pending === '' || this.failed) return;
    const text = this.pending;
    this.pending = '';
    const wrote = yield* call('write', { fd: 1, text });
    if (wrote.ok) return;
    this.failed = true;
    this.status = Math.max(this.status, 1);
    yield* call('write', { fd: 2, text: `${this.name}: write error: ${strerror(wrote.errno)}\n` });
  }

  /** Whether writing is of no use any more. */
  get broken(): boolean { return this.failed; }

  /** A complaint, after what a terminal has already been shown. */
  *error(text: string, status = 1): Sys<void> {
    this.status = Math.max(this.status, status);
    if (this.pending !== '') {
      const screen = yield* call('tty', { fd: 1 });
      if (screen.ok) yield* this.flush();
    }
    yield* call('write', { fd: 2, text: `${this.name}: ${text}\n` });
  }

  /** The common complaint about a file: `cat: x: No such file or directory`. */
  *fileError(file: string, errno: string, status = 1): Sys<void> {
    yield* this.error(`${quoteIfNeeded(file)}: ${strerror(errno)}`, status);
  }

  /** A complaint with the file's name in quotes and what failed: `rm: cannot remove 'x': Is a directory`. */
  *cannot(what: string, file: string, errno: string, status = 1): Sys<void> {
    yield* this.error(`${what} ${quoteAlways(file)}: ${strerror(errno)}`, status);
  }

  /** A word that is none of those an option takes (gnulib argmatch); a comma joins words that mean the same. */
  *badWord(typed: string, label: string, words: readonly string[], status = 1): Sys<number> {
    const list = words.map((group) => `  - ${group.split(',').map((word) => this.quote(word)).join(', ')}`).join('\n');
    yield* this.misuse(`invalid argument ${this.quote(typed)} for ${label}\nValid arguments are:\n${list}`);
    return status;
  }

  /** A usage error: the complaint, where to read more, and the status of trouble. */
  *misuse(text?: string): Sys<number> {
    const status = this.tool.trouble ?? 1;
    const lines = text === undefined ? '' : `${this.name}: ${text}\n`;
    yield* call('write', { fd: 2, text: `${lines}${tryHelp(this.name, this.tool)}` });
    return status;
  }
}

/** diffutils say this through error(3), which puts the name before it. */
const tryHelp = (name: string, tool: Tool): string =>
  tool.hint ?? `${tool.package === PACKAGES.diffutils ? `${name}: ` : ''}Try '${name} --help' for more information.\n`;

/** A tool as a program of the file system. */
export function tool(definition: Tool): Command {
  let table: OptionTable | null = null;
  return {
    name: definition.name,
    ...(definition.complete ? { complete: definition.complete } : {}),
    *main(start: Start): Sys<number> {
      table ??= optionTable([...definition.options, '!--help', '!--version']);
      const name = start.argv[0] ?? definition.name;
      const words = start.argv.slice(1);
      const stopAtOperand = definition.style?.stopAtOperand || 'POSIXLY_CORRECT' in start.env;
      const style = { ...definition.style, stopAtOperand };
      const parsed = parseOptions(table, definition.rewrite ? definition.rewrite(words) : words, style);
      if (!parsed.ok) {
        yield* call('write', { fd: 2, text: `${name}: ${parsed.message}\n${tryHelp(name, definition)}` });
        return definition.trouble ?? 1;
      }
      const about = parsed.given.find((option) => option.as === '--help' || option.as === '--version');
      const task = new Task(start, definition, name, parsed.given, parsed.operands);
      if (about) task.print(about.as === '--help' ? helpText(definition, table, name) : yield* versionText(definition));
      else task.status = (yield* definition.run(task)) ?? task.status;
      yield* task.flush();
      return task.status;
    },
  };
}

function helpText(definition: Tool, table: OptionTable, name: string): string {
  const usage = definition.usage.map((form, i) => `${i === 0 ? 'Usage:' : '  or: '} ${name} ${form}`.trimEnd());
  const rows = helpLines(table);
  const common = '      --help     display this help and exit\n      --version  output version information and exit\n';
  const notes = definition.notes ? `\n${definition.notes}\n` : '';
  return `${usage.join('\n')}\n${definition.about}\n\n${rows}${common}${notes}`;
}

/** Whether the file system is Debian's (Planet and its images) rather than the host's CentOS. */
export function* onDebian(): Sys<boolean> {
  const found = yield* call('access', { path: '/etc/debian_version', mode: 'f' });
  return found.ok;
}

function* versionText(definition: Tool): Sys<string> {
  const source = definition.package;
  const version = (yield* onDebian()) ? source.debian : source.centos;
  if (source.year === '') return `${definition.name} from ${source.title} ${version}\n`;
  return [
    `${definition.name} (${source.title}) ${version}`,
    `Copyright (C) ${source.year} Free Software Foundation, Inc.`,
    'License GPLv3+: GNU GPL version 3 or later <http://gnu.org/licenses/gpl.html>.',
    'This is free software: you are free to change and redistribute it.',
    'There is NO WARRANTY, to the extent permitted by law.',
    ...(definition.authors ? ['', `Written by ${definition.authors}.`] : []),
    '',
  ].join('\n');
}
