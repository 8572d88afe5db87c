/**
 * etcdctl's v2 command line: the flags of each command and how urfave/cli reads them and prints its help.
 */
import { err, out } from '../../../sim/proc/libc.ts';
import type { Sys } from '../../../sim/proc/program.ts';

export interface Flag { names: readonly string[]; kind: 'bool' | 'string' | 'int' | 'duration'; value?: string; usage: string; /** Shown for the value in the help. */ shown?: string }
export interface Spec { name: string; usage: string; args?: string; description?: string; flags?: readonly Flag[]; commands?: readonly Spec[] }

const bool = (names: string, usage: string): Flag => ({ names: names.split(', '), kind: 'bool', usage });
const text = (names: string, usage: string, value = ''): Flag => ({ names: names.split(', '), kind: 'string', value, usage });
const int = (names: string, usage: string): Flag => ({ names: names.split(', '), kind: 'int', value: '0', usage });

export const GLOBALS: readonly Flag[] = [
  bool('debug', 'output cURL commands which can be used to reproduce the request'),
  bool('no-sync', 'don\'t synchronize cluster information before sending request'),
  { ...text('output, o', 'output response in the given format (simple, `extended` or `json`)', 'simple'), shown: 'simple' },
  text('discovery-srv, D', 'domain name to query for SRV records describing cluster endpoints'),
  bool('insecure-discovery', 'accept insecure SRV records describing cluster endpoints'),
  text('peers, C', 'DEPRECATED - "--endpoints" should be used instead'),
  text('endpoint', 'DEPRECATED - "--endpoints" should be used instead'),
  text('endpoints', 'a comma-delimited list of machine addresses in the cluster (default: "http://127.0.0.1:2379,http://127.0.0.1:4001")'),
  text('cert-file', 'identify HTTPS client using this SSL certificate file'),
  text('key-file', 'identify HTTPS client using this SSL key file'),
  text('ca-file', 'verify certificates of HTTPS-enabled servers using this CA bundle'),
  text('username, u', 'provide username[:password] and prompt if password is not supplied.'),
  { names: ['timeout'], kind: 'duration', value: '2s', usage: 'connection timeout per request' },
  { names: ['total-timeout'], kind: 'duration', value: '5s', usage: 'timeout for the command execution (except watch)' },
];
const HELP = bool('help, h', 'show help');
const VERSION = bool('version, v', 'print the version');

const ttl = int('ttl', 'key time-to-live in seconds');
const sort = bool('sort', 'returns result in sorted order');
const quorum = bool('quorum, q', 'require quorum for get request');

export const COMMANDS: readonly Spec[] = [
  { name: 'backup', usage: 'backup an etcd directory', args: ' ', flags: [text('data-dir', 'Path to the etcd data dir'), text('wal-dir', 'Path to the etcd wal dir'), text('backup-dir', 'Path to the backup dir'), text('backup-wal-dir', 'Path to the backup wal dir'), bool('with-v3', 'Backup v3 backend data')] },
  { name: 'cluster-health', usage: 'check the health of the etcd cluster', args: ' ', flags: [bool('forever, f', 'forever check the health every 10 second until CTRL+C')] },
  { name: 'mk', usage: 'make a new key with a given value', args: '<key> <value>', flags: [bool('in-order', 'create in-order key under directory <key>'), ttl] },
  { name: 'mkdir', usage: 'make a new directory', args: '<key>', flags: [ttl] },
  { name: 'rm', usage: 'remove a key or a directory', args: '<key>', flags: [bool('dir', 'removes the key if it is an empty directory or a key-value pair'), bool('recursive, r', 'removes the key and all child keys(if it is a directory)'), text('with-value', 'previous value'), int('with-index', 'previous index')] },
  { name: 'rmdir', usage: 'removes the key if it is an empty directory or a key-value pair', args: '<key>' },
  { name: 'get', usage: 'retrieve the value of a key', args: '<key>', flags: [sort, quorum] },
  { name: 'ls', usage: 'retrieve a directory', args: '[key]', flags: [sort, bool('recursive, r', 'returns all key names recursively for the given path'), bool('p', 'append slash (/) to directories'), quorum] },
  { name: 'set', usage: 'set the value of a key', args: '<key> <value>', description: 'Set sets the value of a key.\n\n   When <value> begins with \'-\', <value> is interpreted as a flag.\n   Insert \'--\' for workaround:\n\n   $ set -- <key> <value>', flags: [ttl, text('swap-with-value', 'previous value'), int('swap-with-index', 'previous index')] },
  { name: 'setdir', usage: 'create a new directory or update an existing directory TTL', args: '<key>', flags: [ttl] },
  { name: 'update', usage: 'update an existing key with a given value', args: '<key> <value>', flags: [ttl] },
  { name: 'updatedir', usage: 'update an existing directory', args: '<key> <value>', flags: [ttl] },
  { name: 'watch', usage: 'watch a key for changes', args: '<key>', flags: [bool('forever, f', 'forever watch a key until CTRL+C'), int('after-index', 'watch after the given index'), bool('recursive, r', 'returns all values for key and child keys')] },
  { name: 'exec-watch', usage: 'watch a key for changes and exec an executable', args: '<key> <command> [args...]', flags: [int('after-index', 'watch after the given index'), bool('recursive, r', 'watch a key and its child keys')] },
  { name: 'member', usage: 'member add, remove and list subcommands', commands: [
    { name: 'list', usage: 'enumerate existing cluster members', args: ' ' }, { name: 'add', usage: 'add a new member to the etcd cluster', args: '<name> <peerURL>' },
    { name: 'remove', usage: 'remove an existing member from the etcd cluster', args: '<memberID>' }, { name: 'update', usage: 'update an existing member in the etcd cluster', args: '<memberID> <peerURLs>' }] },
  { name: 'user', usage: 'user add, grant and revoke subcommands', commands: [
    { name: 'add', usage: 'add a new user for the etcd cluster', args: '<user>' }, { name: 'get', usage: 'get details for a user', args: '<user>' }, { name: 'list', usage: 'list all current users', args: '<user>' },
    { name: 'remove', usage: 'remove a user for the etcd cluster', args: '<user>' }, { name: 'grant', usage: 'grant roles to an etcd user', args: '<user>' }, { name: 'revoke', usage: 'revoke roles for an etcd user', args: '<user>' }, { name: 'passwd', usage: 'change password for a user', args: '<user>' }] },
  { name: 'role', usage: 'role add, grant and revoke subcommands', commands: [
    { name: 'add', usage: 'add a new role for the etcd cluster', args: '<role> ' }, { name: 'get', usage: 'get details for a role', args: '<role>' }, { name: 'list', usage: 'list all roles', args: ' ' },
    { name: 'remove', usage: 'remove a role from the etcd cluster', args: '<role>' }, { name: 'grant', usage: 'grant path matches to an etcd role', args: '<role>' }, { name: 'revoke', usage: 'revoke path matches for an etcd role', args: '<role>' }] },
  { name: 'auth', usage: 'overall auth controls', commands: [{ name: 'enable', usage: 'enable auth access controls', args: ' ' }, { name: 'disable', usage: 'disable auth access controls', args: ' ' }] },
];
const HELP_COMMAND: Spec = { name: 'help', usage: 'Shows a list of commands or help for one command', args: '[command]' };

/** The values of flags that were given, by their first name. */
export type Values = Record<string, string>;
export type ParsedFlags = { ok: true; values: Values; rest: readonly string[] } | { ok: false; error: string };

/** Go's flag package: stops at the first word that is no flag, or after `--`. */
export function parseGo(words: readonly string[], flags: readonly Flag[]): ParsedFlags {
  const values: Values = {};
  for (let i = 0; i < words.length; i++) {
    const word = words[i]!;
    if (word.length < 2 || !word.startsWith('-')) return { ok: true, values, rest: words.slice(i) };
    if (word === '--') return { ok: true, values, rest: words.slice(i + 1) };
    const m = /^--?([^-=][^=]*)(?:=([\s\S]*))?$/.exec(word);
    if (!m) return { ok: false, error: `bad flag syntax: ${word}` };
    const flag = flags.find(({ names }) => names.includes(m[1]!));
    if (!flag) return { ok: false, error: m[1] === 'help' || m[1] === 'h' ? 'flag: help requested' : `flag provided but not defined: -${m[1]}` };
    let value = m[2];
    if (value === undefined) {
      if (flag.kind === 'bool') value = 'true';
      else if (i + 1 < words.length) value = words[++i]!;
      else return { ok: false, error: `flag needs an argument: -${m[1]}` };
    }
    const bad = invalid(flag, m[1]!, value);
    if (bad) return { ok: false, error: bad };
    values[flag.names[0]!] = value;
  }
  return { ok: true, values, rest: [] };
}

function invalid(flag: Flag, name: string, value: string): string | null {
  if (flag.kind === 'bool' && !/^(1|0|t|f|T|F|true|false|TRUE|FALSE|True|False)$/.test(value)) return `invalid boolean value ${JSON.stringify(value)} for -${name}: strconv.ParseBool: parsing ${JSON.stringify(value)}: invalid syntax`;
  if (flag.kind === 'int' && !/^[-+]?\d+$/.test(value)) return `invalid value ${JSON.stringify(value)} for flag -${name}: strconv.ParseInt: parsing ${JSON.stringify(value)}: invalid syntax`;
  if (flag.kind === 'duration' && duration(value) === null) return `invalid value ${JSON.stringify(value)} for flag -${name}: time: ${/^\d+$/.test(value) ? 'missing unit in' : 'invalid'} duration ${value}`;
  return null;
}

const UNITS: Readonly<Record<string, number>> = { us: 1, 'µs': 1, ms: 1_000, s: 1_000_000, m: 60_000_000, h: 3_600_000_000 };

/** A Go duration in microseconds. */
export function duration(value: string): number | null {
  if (value === '0') return 0;
  let total = 0;
  const rest = value.replace(/(\d+(?:\.\d*)?|\.\d+)(us|µs|ms|s|m|h)/g, (_, n: string, unit: string) => { total += Number(n) * UNITS[unit]!; return ''; });
  return rest === '' && value !== '' ? Math.round(total) : null;
}

export const isTrue = (value: string | undefined): boolean => value !== undefined && /^[1tT]/.test(value);

/** A command's words with its flags put first, as urfave/cli takes them. */
export function reorder(words: readonly string[]): string[] {
  const end = words.indexOf('--');
  const first = words.findIndex((word, i) => word !== '-' && word.startsWith('-') && (end < 0 || i < end));
  if (first < 0) return [...words];
  return end < 0 ? [...words.slice(first), ...words.slice(0, first)] : [...words.slice(first, end), ...words.slice(0, first), ...words.slice(end)];
}

function rows(flags: readonly Flag[]): string {
  const left = flags.map((flag) => flag.names.map((name) => `${name.length === 1 ? '-' : '--'}${name}${flag.kind === 'bool' ? '' : ` ${flag.shown ?? 'value'}`}`).join(', '));
  const width = Math.max(...left.map((item) => item.length)) + 2;
  return flags.map((flag, i) => {
    const shown = flag.kind === 'bool' || !flag.value ? '' : ` (default: ${flag.kind === 'string' ? JSON.stringify(flag.value) : flag.value})`;
    return `   ${left[i]!.padEnd(width)}${flag.usage}${shown}\n`;
  }).join('');
}

function commandRows(commands: readonly Spec[]): string {
  const width = Math.max(...commands.map(({ name }) => name.length)) + 2;
  return commands.map(({ name, usage }) => `   ${(name === 'help' ? 'help, h' : name).padEnd(width)}${usage}\n`).join('');
}

export function appHelp(apiUnset: boolean): string {
  const warning = apiUnset ? '\n\nWARNING:\n   Environment variable ETCDCTL_API is not set; defaults to etcdctl v2.\n   Set environment variable ETCDCTL_API=3 to use v3 API or ETCDCTL_API=2 to use v2 API.' : '';
  return `NAME:\n   etcdctl - A simple command line client for etcd.${warning}\n\nUSAGE:\n   etcdctl [global options] command [command options] [arguments...]\n\nVERSION:\n   3.3.12\n\nCOMMANDS:\n${commandRows([...COMMANDS, HELP_COMMAND])}\nGLOBAL OPTIONS:\n${rows([...GLOBALS, HELP, VERSION])}`;
}

export function commandHelp(spec: Spec, path: string): string {
  if (spec.commands) {
    return `NAME:\n   ${path} - ${spec.usage}\n\nUSAGE:\n   ${path} command [command options] [arguments...]\n\nCOMMANDS:\n${commandRows(spec.commands).replace(/ +$/gm, '')}\nOPTIONS:\n   --help, -h  show help\n   \n`;
  }
  const description = spec.description ? `DESCRIPTION:\n   ${spec.description}\n\n` : '';
  const options = spec.flags?.length ? `OPTIONS:\n${rows(spec.flags)}   \n` : '';
  return `NAME:\n   ${path} - ${spec.usage}\n\nUSAGE:\n   ${path}${spec.flags?.length ? ' [command options]' : ''} ${spec.args ?? ''}\n${description || options ? '\n' : ''}${description}${options}`;
}

/** `Incorrect Usage` and the help, then the error once more from main. */
export function* usageError(error: string, help: string): Sys<number> {
  yield* out(`Incorrect Usage: ${error}\n\n${help}`);
  yield* err(`${error}\n`);
  return 1;
}
