/**
 * etcdctl 3.3.12: one program with two command sets. ETCDCTL_API chooses; `etcdctl3` is Planet's wrapper
 * for the second, with the certificates of the first.
 */
import type { Start, Sys } from '../../../sim/proc/program.ts';
import type { Command } from '../../command.ts';
import { COMMANDS } from './options.ts';
import { COMMANDS3 } from './v3flags.ts';
import { v2 } from './v2.ts';
import { v3 } from './v3.ts';

function* main(start: Start): Sys<number> {
  const api = start.env['ETCDCTL_API'] ?? '';
  if (api === '3') return yield* v3(start);
  return yield* v2(start);
}

/** The v2 variables under their v3 names. */
function* main3(start: Start): Sys<number> {
  const { env } = start;
  const given = { ETCDCTL_CERT: env['ETCDCTL_CERT_FILE'], ETCDCTL_KEY: env['ETCDCTL_KEY_FILE'], ETCDCTL_CACERT: env['ETCDCTL_CA_FILE'], ETCDCTL_ENDPOINTS: env['ETCDCTL_ENDPOINTS'] ?? env['ETCDCTL_PEERS'] };
  const filled = Object.fromEntries(Object.entries(given).filter(([name, value]) => value !== undefined && env[name] === undefined)) as Record<string, string>;
  return yield* v3({ ...start, env: { ...env, ...filled, ETCDCTL_API: '3' } });
}

function* complete(start: Start, words: readonly string[]): Sys<readonly string[]> {
  const three = words[0] === 'etcdctl3' || start.env['ETCDCTL_API'] === '3';
  const last = words[words.length - 1] ?? '';
  const names = three ? COMMANDS3.map((c) => c.path.split(' ')[0]!) : COMMANDS.map((c) => c.name);
  return words.length === 2 ? [...new Set(names)].filter((name) => name.startsWith(last)).sort() : [];
}

export const commands: Command[] = [{ name: 'etcdctl', main, complete }, { name: 'etcdctl3', main: main3, complete }];
