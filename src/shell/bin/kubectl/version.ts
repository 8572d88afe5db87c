/** `kubectl version`. */
import { out } from '../../../sim/proc/libc.ts';
import type { Sys } from '../../../sim/proc/program.ts';
import { plain, type Failure } from './failure.ts';
import { flagTable } from './flags.ts';
import type { Obj } from './object.ts';
import type { Kubectl } from './session.ts';
import type { Verb } from './verb.ts';
import { toJson, toYaml } from './yaml.ts';

/** What this binary was built from. */
export const CLIENT_VERSION = {
  major: '1', minor: '14', gitVersion: 'v1.14.1', gitCommit: 'b7394102d6ef778017f2ca4046abbaa23b88c290', gitTreeState: 'clean', buildDate: '2019-04-08T17:11:31Z',
  goVersion: 'go1.12.1', compiler: 'gc', platform: 'linux/amd64',
} as const;

export const version: Verb = {
  name: 'version', group: 'Other Commands:', usage: 'version', short: 'Print the client and server version information', long: 'Print the client and server version information for the current context', examples: [['Both versions', 'kubectl version']],
  flags: flagTable(`
    client bool Client version only (no server required).
    output,o string One of 'yaml' or 'json'.
    short bool Print just the version number.
  `),
  run: runVersion,
};

const goVersion = (v: Obj): string => `version.Info{${['major', 'minor', 'gitVersion', 'gitCommit', 'gitTreeState', 'buildDate', 'goVersion', 'compiler', 'platform'].map((key) => `${key[0]!.toUpperCase()}${key.slice(1)}:${JSON.stringify(v[key] ?? '')}`).join(', ')}}`;

function* runVersion(k: Kubectl): Sys<number> {
  const format = k.flags.str('output');
  if (format && format !== 'yaml' && format !== 'json') return yield* k.fail(plain("--output must be 'yaml' or 'json'").failure);
  let server: Obj | null = null;
  let failure: Failure | null = null;
  if (!k.flags.bool('client')) {
    const api = yield* k.api();
    const got = api.ok ? yield* api.value.get('/version', { timeout: '32s' }) : api;
    if (got.ok) server = got.value; else failure = got.failure;
  }
  if (format) {
    const both = { clientVersion: CLIENT_VERSION, ...(server ? { serverVersion: server } : {}) };
    yield* out(format === 'yaml' ? `${toYaml(both)}\n` : `${toJson(both, '  ', false)}\n`);
  } else if (k.flags.bool('short')) yield* out(`Client Version: ${CLIENT_VERSION.gitVersion}\n${server ? `Server Version: ${server['gitVersion']}\n` : ''}`);
  else yield* out(`Client Version: ${goVersion(CLIENT_VERSION)}\n${server ? `Server Version: ${goVersion(server)}\n` : ''}`);
  return failure ? yield* k.fail(failure) : 0;
}
