/**
 * iptables, iptables-save, iptables-restore and their IPv6 names (1.4.21 on the host, 1.6.0 in Planet's
 * Debian). The work is the kernel's (netChange); here are names, files, standard input and permission.
 */
import { parse } from '../../../sim/net/iptables/parse.ts';
import { HELP_HINT } from '../../../sim/net/iptables/command.ts';
import { Problem } from '../../../sim/net/iptables/values.ts';
import { isTable } from '../../../sim/net/iptables/tables.ts';
import type { IptablesAnswer } from '../../../sim/net/state.ts';
import { err, fail, out, readAll, strerror } from '../../../sim/proc/libc.ts';
import type { Start, Sys } from '../../../sim/proc/program.ts';
import { resolve } from '../../../sim/proc/resolver.ts';
import { call } from '../../../sim/proc/syscalls.ts';
import type { Command } from '../../command.ts';
import { hostNames } from './names.ts';

/** Debian's file tells which of the two is installed. */
function* version(): Sys<string> {
  const debian = yield* call('stat', { path: '/etc/debian_version' });
  return debian.ok ? 'v1.6.0' : 'v1.4.21';
}

const NUMERIC = /^[\d./,]+$/;

/** -s and -d take names of hosts; the kernel only addresses. What does not resolve stays and is refused. */
function* addresses(args: readonly string[]): Sys<string[]> {
  const done = [...args];
  for (let i = 1; i < done.length; i++) {
    if (!/^(-s|-d|--src|--dst|--source|--destination)$/.test(done[i - 1]!) || NUMERIC.test(done[i]!) || done[i]!.startsWith('-') || done[i] === '!') continue;
    const [host, ...mask] = done[i]!.split('/');
    if (!/^[\w.-]+$/.test(host!) || host!.includes(',')) continue;
    const found = yield* resolve(host!);
    if (found.ok) done[i] = found.addresses.map((ip) => [ip, ...mask].join('/')).join(',');
  }
  return done;
}

/** What the tool says before it finds out that it may not: its own words about its arguments. */
function* denied(tool: string, args: readonly string[], v: string): Sys<number> {
  let table = 'filter';
  try {
    const parsed = parse(args, () => 0);
    if (parsed.special === 'version') { yield* out(`${tool} ${v}\n`); return 0; }
    table = parsed.table;
  } catch (problem) {
    if (!(problem instanceof Problem)) throw problem;
    return yield* fail(`${problem.bare ? '' : `${tool} ${v}: `}${problem.message}\n${problem.status === 2 ? HELP_HINT(tool) : ''}`, problem.status);
  }
  return yield* fail(`${tool} ${v}: can't initialize ${tool} table \`${table}': Permission denied (you must be root)\nPerhaps ${tool} or your kernel needs to be upgraded.\n`, 3);
}

const iptables = (tool: 'iptables' | 'ip6tables', family: 4 | 6) => function* (start: Start): Sys<number> {
  const v = yield* version();
  const args = yield* addresses(start.argv.slice(1));
  const listing = args.some((arg) => /^(--list|-[a-zA-Z]*L)/.test(arg));
  const names = listing ? yield* hostNames() : undefined;
  const got = yield* call('netChange', { change: { kind: 'iptables', args, family, version: v, names } });
  if (!got.ok) return yield* denied(tool, args, v);
  return yield* say(got.value as unknown as IptablesAnswer);
};

function* say(answer: IptablesAnswer): Sys<number> {
  yield* out(answer.stdout);
  yield* err(answer.stderr);
  return answer.exit;
}

const save = (tool: 'iptables' | 'ip6tables', family: 4 | 6) => function* (start: Start): Sys<number> {
  const v = yield* version();
  let table: string | undefined, counters = false;
  const args = start.argv.slice(1);
  for (let i = 0; i < args.length; i++) {
    const arg = args[i]!;
    if (arg === '-c' || arg === '--counters') counters = true;
    else if (arg === '-t' || arg === '--table' || arg === '-M' || arg === '--modprobe') {
      const value = args[++i];
      if (value === undefined) return yield* fail(`${tool}-save: option requires an argument -- '${arg.replace(/^-+/, '')[0]}'\n`, 1);
      if (arg.includes('t')) table = value;
    } else if (arg.startsWith('--table=')) table = arg.slice(8);
    else if (arg.startsWith('-t') && arg.length > 2) table = arg.slice(2);
    else if (arg.startsWith('-')) {
      return yield* fail(`${tool}-save: ${arg.startsWith('--') ? `unrecognized option '${arg}'` : `invalid option -- '${arg[1]}'`}\nLook at manual page \`${tool}-save.8' for more information.\n`, 1);
    } else return yield* fail('Unknown arguments found on commandline\n', 1);
  }
  if (table !== undefined && !isTable(table)) return yield* fail(`${tool}-save ${v}: Cannot initialize: Table does not exist (do you need to insmod?)\n`, 1);
  const got = yield* call('netRead', { what: { kind: 'iptables-save', table, counters, family, version: v } });
  if (!got.ok) return yield* fail(`${tool}-save ${v}: Cannot initialize: ${got.errno === 'EPERM' ? 'Permission denied (you must be root)' : strerror(got.errno)}\n`, 1);
  yield* out(String(got.value));
  return 0;
};

const restore = (tool: 'iptables' | 'ip6tables', family: 4 | 6) => function* (start: Start): Sys<number> {
  const v = yield* version();
  const o = { noflush: false, counters: false, test: false, table: undefined as string | undefined };
  let file: string | null = null;
  const args = start.argv.slice(1);
  for (let i = 0; i < args.length; i++) {
    const arg = args[i]!;
    if (arg === '-n' || arg === '--noflush') o.noflush = true;
    else if (arg === '-c' || arg === '--counters') o.counters = true;
    else if (arg === '-t' || arg === '--test') o.test = true;
    else if (arg === '-T' || arg === '--table') o.table = args[++i];
    else if (arg === '-M' || arg === '--modprobe' || arg === '-W' || arg === '--wait-interval') i++;
    else if (arg === '-w' || arg === '--wait') { if (/^\d+$/.test(args[i + 1] ?? '')) i++; }
    else if (/^(-v|--verbose|-w\d*|--wait=\d+)$/.test(arg)) continue;
    else if (arg.startsWith('-')) {
      return yield* fail(`${tool}-restore: ${arg.startsWith('--') ? `unrecognized option '${arg}'` : `invalid option -- '${arg[1]}'`}\nTry \`${tool}-restore -h' for more information.\n`, 1);
    } else if (file === null) file = arg;
    else return yield* fail('Unknown arguments found on commandline\n', 1);
  }
  const text = file === null ? yield* readAll(0) : yield* call('readFile', { path: file });
  if (!text.ok) return yield* fail(`Can't open ${file ?? 'standard input'}: ${strerror(text.errno)}\n`, 1);
  const got = yield* call('netChange', { change: { kind: 'iptables-restore', text: text.value, ...o, family, version: v } });
  if (!got.ok) return yield* fail(`${tool}-restore ${v}: ${tool}-restore: unable to initialize table 'filter'\n\nError occurred at line: 1\nTry \`${tool}-restore -h' or '${tool}-restore --help' for more information.\n`, 2);
  return yield* say(got.value as unknown as IptablesAnswer);
};

const families = [['iptables', 4], ['ip6tables', 6]] as const;
export const iptablesCommands: Command[] = families.flatMap(([tool, family]) => [
  { name: tool, main: iptables(tool, family) }, { name: `${tool}-save`, main: save(tool, family) }, { name: `${tool}-restore`, main: restore(tool, family) },
]);
