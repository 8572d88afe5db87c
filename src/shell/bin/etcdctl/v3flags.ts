/**
 * etcdctl v3's commands and flags as cobra and pflag read them: flags anywhere, prefixes of command names,
 * ETCDCTL_* for flags not given, suggestions for what is mistyped.
 */
import { duration } from './options.ts';

type Kind = 'bool' | 'string' | 'int' | 'duration' | 'hex';
interface Flag { name: string; short?: string; kind: Kind; value: string; usage: string }
export interface Command3 { path: string; use: string; short: string; flags: readonly Flag[] }
export type Parsed = { command: string; flags: Record<string, string>; args: readonly string[] };

const flag = (name: string, kind: Kind, value: string, usage: string, short?: string): Flag => ({ name, kind, value, usage, short });

const GLOBALS: readonly Flag[] = [
  flag('cacert', 'string', '', 'verify certificates of TLS-enabled secure servers using this CA bundle'), flag('cert', 'string', '', 'identify secure client using this TLS certificate file'),
  flag('command-timeout', 'duration', '5s', 'timeout for short running command (excluding dial timeout)'), flag('debug', 'bool', 'false', 'enable client-side debug logging'),
  flag('dial-timeout', 'duration', '2s', 'dial timeout for client connections'), flag('discovery-srv', 'string', '', 'domain name to query for SRV records describing cluster endpoints', 'd'),
  flag('endpoints', 'string', '127.0.0.1:2379', 'gRPC endpoints'), flag('hex', 'bool', 'false', 'print byte strings as hex encoded strings'),
  flag('insecure-discovery', 'bool', 'true', 'accept insecure SRV records describing cluster endpoints'), flag('insecure-skip-tls-verify', 'bool', 'false', 'skip server certificate verification'),
  flag('insecure-transport', 'bool', 'true', 'disable transport security for client connections'), flag('keepalive-time', 'duration', '2s', 'keepalive time for client connections'),
  flag('keepalive-timeout', 'duration', '6s', 'keepalive timeout for client connections'), flag('key', 'string', '', 'identify secure client using this TLS key file'),
  flag('user', 'string', '', 'username[:password] for authentication (prompt if password is not supplied)'), flag('write-out', 'string', 'simple', 'set the output format (fields, json, protobuf, simple, table)', 'w'),
];

const prefix = (what: string): Flag => flag('prefix', 'bool', 'false', what);
const cluster = flag('cluster', 'bool', 'false', 'use all endpoints from the cluster member list');
const command = (path: string, use: string, short: string, flags: readonly Flag[] = []): Command3 => ({ path, use, short, flags });

export const COMMANDS3: readonly Command3[] = [
  command('get', 'get [options] <key> [range_end]', 'Gets the key or a range of keys', [
    flag('consistency', 'string', 'l', 'Linearizable(l) or Serializable(s)'), flag('from-key', 'bool', 'false', 'Get keys that are greater than or equal to the given key using byte compare'),
    flag('keys-only', 'bool', 'false', 'Get only the keys'), flag('limit', 'int', '0', 'Maximum number of results'), flag('order', 'string', '', 'Order of results; ASCEND or DESCEND (ASCEND by default)'),
    prefix('Get keys with matching prefix'), flag('print-value-only', 'bool', 'false', 'Only write values when using the "simple" output format'), flag('rev', 'int', '0', 'Specify the kv revision'),
    flag('sort-by', 'string', '', 'Sort target; CREATE, KEY, MODIFY, VALUE, or VERSION')]),
  command('put', 'put [options] <key> <value> (<value> can also be given from stdin)', 'Puts the given key into the store', [
    flag('ignore-lease', 'bool', 'false', 'updates the key using its current lease'), flag('ignore-value', 'bool', 'false', 'updates the key using its current value'),
    flag('lease', 'string', '0', 'lease ID (in hexadecimal) to attach to the key'), flag('prev-kv', 'bool', 'false', 'return the previous key-value pair before modification')]),
  command('del', 'del [options] <key> [range_end]', 'Removes the specified key or range of keys [key, range_end)', [
    flag('from-key', 'bool', 'false', 'delete keys that are greater than or equal to the given key using byte compare'), prefix('delete keys with matching prefix'), flag('prev-kv', 'bool', 'false', 'return deleted key-value pairs')]),
  command('txn', 'txn [options]', 'Txn processes all the requests in one transaction', [flag('interactive', 'bool', 'false', 'Input transaction in interactive mode', 'i')]),
  command('compaction', 'compaction [options] <revision>', 'Compacts the event history in etcd', [flag('physical', 'bool', 'false', '\'true\' to wait for compaction to physically remove all old revisions')]),
  command('alarm disarm', 'disarm', 'Disarms all alarms'), command('alarm list', 'list', 'Lists all alarms'),
  command('defrag', 'defrag', 'Defragments the storage of the etcd members with given endpoints', [cluster, flag('data-dir', 'string', '', 'Optional. If present, defragments a data directory not in use by etcd.')]),
  command('endpoint health', 'health', 'Checks the healthiness of endpoints specified in `--endpoints` flag', [cluster]),
  command('endpoint status', 'status', 'Prints out the status of endpoints specified in `--endpoints` flag', [cluster]),
  command('endpoint hashkv', 'hashkv', 'Prints the KV history hash for each endpoint in --endpoints', [cluster, flag('rev', 'int', '0', 'maximum revision to hash (default: all revisions)')]),
  command('move-leader', 'move-leader <transferee-member-id>', 'Transfers leadership to another etcd cluster member.'),
  command('watch', 'watch [options] [key or prefix] [range_end] [--] [exec-command arg1 arg2 ...]', 'Watches events stream on keys or prefixes', [
    flag('interactive', 'bool', 'false', 'Interactive mode', 'i'), prefix('Watch on a prefix if prefix is set'), flag('prev-kv', 'bool', 'false', 'get the previous key-value pair before the event happens'), flag('rev', 'int', '0', 'Revision to start watching')]),
  command('version', 'version', 'Prints the version of etcdctl'),
  command('lease grant', 'grant <ttl>', 'Creates leases'), command('lease revoke', 'revoke <leaseID>', 'Revokes leases'),
  command('lease timetolive', 'timetolive <leaseID> [options]', 'Get lease information', [flag('keys', 'bool', 'false', 'Get keys attached to this lease')]),
  command('lease list', 'list', 'List all active leases'), command('lease keep-alive', 'keep-alive [options] <leaseID>', 'Keeps leases alive (renew)', [flag('once', 'bool', 'false', 'Resets the keep-alive time to its original value and exits immediately')]),
  command('member add', 'add <memberName> [options]', 'Adds a member into the cluster', [flag('peer-urls', 'string', '', 'comma separated peer URLs for the new member.')]),
  command('member remove', 'remove <memberID>', 'Removes a member from the cluster'), command('member update', 'update <memberID> [options]', 'Updates a member in the cluster', [flag('peer-urls', 'string', '', 'comma separated peer URLs for the updated member.')]),
  command('member list', 'list', 'Lists all members in the cluster'),
  command('snapshot save', 'save <filename>', 'Stores an etcd node backend snapshot to a given file'), command('snapshot status', 'status <filename>', 'Gets backend snapshot status of a given file'),
];
const GROUPS: Readonly<Record<string, string>> = { alarm: 'Alarm related commands', endpoint: 'Endpoint related commands', lease: 'Lease related commands', member: 'Membership related commands', snapshot: 'Manages etcd node snapshots' };

type Refused = { text: string; status: number };

export function parse(words: readonly string[], env: Readonly<Record<string, string>>): Parsed | Refused {
  const path: string[] = [];
  const rest: string[] = [];
  // cobra takes the first words that are no flags (nor values of flags) as the command's name.
  for (let i = 0; i < words.length; i++) {
    const word = words[i]!;
    if (word === '--') { rest.push(...words.slice(i)); break; }
    if (word.startsWith('-') && word.length > 1) {
      rest.push(word);
      if (!word.includes('=') && takesValue(word) && i + 1 < words.length) rest.push(words[++i]!);
      continue;
    }
    const next = resolve([...path, word]);
    if (next !== null && !COMMANDS3.some((c) => c.path === path.join(' '))) path.splice(0, path.length, ...next.split(' '));
    else if (!path.length) return unknown(word);
    else rest.push(word);
  }
  const name = path.join(' ');
  if (rest.includes('-h') || rest.includes('--help')) return { text: usage(name), status: 0 };
  const spec = COMMANDS3.find((c) => c.path === name);
  const asked = read({ ...spec ?? { short: '', usage: '', flags: [] }, path: name } as Command3, rest, env);
  if ('text' in asked) return asked;
  if (!spec) return { text: usage(name), status: 0 };
  if (name === 'version') return { text: 'etcdctl version: 3.3.12\nAPI version: 3.3\n', status: 0 };
  return asked;
}

/** The command that these words mean: names may be cut short while they stay unique. */
function resolve(words: readonly string[]): string | null {
  const last = words[words.length - 1]!;
  const head = words.slice(0, -1).join(' ');
  const names = head === '' ? [...new Set([...COMMANDS3.map((c) => c.path.split(' ')[0]!)])] : COMMANDS3.filter((c) => c.path.startsWith(`${head} `)).map((c) => c.path.slice(head.length + 1));
  const found = names.includes(last) ? [last] : names.filter((name) => name.startsWith(last));
  return found.length === 1 ? (head ? `${head} ${found[0]}` : found[0]!) : null;
}

const ALL = [...GLOBALS, ...COMMANDS3.flatMap((c) => c.flags)];
const takesValue = (word: string): boolean => {
  const found = word.startsWith('--') ? ALL.find((f) => f.name === word.slice(2)) : ALL.find((f) => f.short === word[1]);
  return found !== undefined && found.kind !== 'bool' && (word.startsWith('--') || word.length === 2);
};

const unknown = (word: string): Refused => ({ text: `Error: unknown command "${word}" for "etcdctl"\nRun 'etcdctl --help' for usage.\nError: unknown command "${word}" for "etcdctl"\n`, status: 1 });

function read(spec: Command3, words: readonly string[], env: Readonly<Record<string, string>>): Parsed | Refused {
  const flags: Record<string, string> = {};
  const args: string[] = [];
  const known = [...spec.flags, ...GLOBALS];
  const bad = (text: string): Refused => ({ text: `Error: ${text}\n${usage(spec.path)}\n${text}\n`, status: 1 });
  for (let i = 0; i < words.length; i++) {
    const word = words[i]!;
    if (word === '--') { args.push(...words.slice(i + 1)); break; }
    if (!word.startsWith('-') || word === '-') { args.push(word); continue; }
    const long = /^--([^=]+)(?:=([\s\S]*))?$/.exec(word);
    const found = long ? known.find((f) => f.name === long[1]) : known.find((f) => f.short === word[1]);
    if (!found) return bad(long ? `unknown flag: --${long[1]}` : `unknown shorthand flag: ${JSON.stringify(word[1]).replace(/"/g, '\'')} in ${word}`);
    let value = long ? long[2] : word.length > 2 ? word.slice(word[2] === '=' ? 3 : 2) : undefined;
    if (value === undefined) {
      if (found.kind === 'bool') value = 'true';
      else if (i + 1 < words.length) value = words[++i]!;
      else return bad(long ? `flag needs an argument: --${found.name}` : `flag needs an argument: '${word[1]}' in ${word}`);
    }
    const problem = wrong(found, value);
    if (problem) return bad(`invalid argument ${JSON.stringify(value)} for "${found.short ? `-${found.short}, ` : ''}--${found.name}" flag: ${problem}`);
    flags[found.name] = found.kind === 'duration' ? String(duration(value)) : value;
  }
  for (const f of GLOBALS) {
    const fromEnv = env[`ETCDCTL_${f.name.toUpperCase().replace(/-/g, '_')}`];
    if (flags[f.name] === undefined && fromEnv) flags[f.name] = f.kind === 'duration' ? String(duration(fromEnv) ?? 0) : fromEnv;
    if (flags[f.name] === undefined && f.kind === 'duration') flags[f.name] = String(duration(f.value));
  }
  return { command: spec.path, flags, args };
}

function wrong(f: Flag, value: string): string | null {
  if (f.kind === 'bool' && !/^(1|0|t|f|true|false|TRUE|FALSE|T|F)$/.test(value)) return `strconv.ParseBool: parsing ${JSON.stringify(value)}: invalid syntax`;
  if (f.kind === 'int' && !/^[-+]?\d+$/.test(value)) return `strconv.ParseInt: parsing ${JSON.stringify(value)}: invalid syntax`;
  if (f.kind === 'duration' && duration(value) === null) return `time: invalid duration ${value}`;
  return null;
}

const rows = (items: readonly [string, string][]): string => {
  const width = Math.max(...items.map(([left]) => left.length));
  return items.map(([left, right]) => `${left.padEnd(width)}\t${right}\n`).join('');
};

const flagRow = (f: Flag): [string, string] => [`${f.short ? `  -${f.short}, ` : '      '}--${f.name}${f.kind === 'bool' ? (f.value === 'true' ? '[=true]' : '[=false]') : `=${f.kind === 'string' ? JSON.stringify(f.value) : f.value}`}`, f.usage];

export function usage(name: string): string {
  const spec = COMMANDS3.find((c) => c.path === name);
  if (spec) {
    const line = name.includes(' ') ? `${name.split(' ')[0]} ${spec.use}` : spec.use;
    const options = spec.flags.length ? `\nOPTIONS:\n${rows([...spec.flags, flag('help', 'bool', 'false', `help for ${name.split(' ').pop()}`, 'h')].map(flagRow))}` : '';
    return `NAME:\n\t${name} - ${spec.short}\n\nUSAGE:\n\tetcdctl ${line}\n${options}\nGLOBAL OPTIONS:\n${rows(GLOBALS.map(flagRow))}`;
  }
  const list = COMMANDS3.filter((c) => name === '' || c.path.startsWith(`${name} `)).map((c): [string, string] => [`\t${name ? c.path.slice(name.length + 1) : c.path}`, c.short]);
  return name ? `NAME:\n\t${name} - ${GROUPS[name]}\n\nUSAGE:\n\tetcdctl ${name} <subcommand>\n\nCOMMANDS:\n${rows(list)}\nGLOBAL OPTIONS:\n${rows(GLOBALS.map(flagRow))}`
    : `NAME:\n\tetcdctl - A simple command line client for etcd3.\n\nUSAGE:\n\tetcdctl\n\nVERSION:\n\t3.3.12\n\nAPI VERSION:\n\t3.3\n\n\nCOMMANDS:\n${rows(list)}\nOPTIONS:\n${rows(GLOBALS.map(flagRow))}`;
}
