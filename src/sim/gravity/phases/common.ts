/**
 * What executors of all operations share: the node's services, its logs, pauses as long as the real work.
 */
import { seconds } from '../../engine/time.ts';
import { capture, type Output } from '../child.ts';
import { realNow } from '../console.ts';
import type { Outcome } from '../engine.ts';
import { kube, waitFor } from '../cluster-api.ts';
import { userLine, systemLine, type Level } from '../layout/logs.ts';
import { INSTALL_LOG, SYSTEM_LOG } from '../layout/paths.ts';
import { parsePem } from '../../proc/certificate.ts';
import { fetchOnce } from '../../proc/http.ts';
import type { Json, Sys } from '../../proc/program.ts';
import { call } from '../../proc/syscalls.ts';
import { STATE_DIR } from '../layout/paths.ts';

export const HOST_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

export const systemctl = (...words: string[]): Sys<Output> => capture({ path: '/usr/bin/systemctl', argv: ['systemctl', ...words], env: { PATH: HOST_PATH } });

/** systemctl, with its failure as an error. */
export function* service(...words: string[]): Sys<Outcome> {
  const done = yield* systemctl(...words);
  return done.status === 0 ? null : `failed to execute "systemctl ${words.join(' ')}": ${done.text.trim()}`;
}

/** The work that a model of this size leaves out takes its time all the same. */
export function* pause(length: number): Sys<void> { yield* call('sleep', { us: seconds(length) }); }

/** To both logs of this host. `host` is left out for what concerns the operation. */
export function* logBoth(level: Level, message: string, component: string, fields: Readonly<Record<string, string>>, host?: string): Sys<void> {
  const at = yield* realNow();
  yield* call('writeFile', { path: INSTALL_LOG, text: userLine(at, level, message, host), append: true, mode: 0o640 });
  yield* call('writeFile', { path: SYSTEM_LOG, text: systemLine(at, level, component, message, fields, 'fsm/logger.go:61'), append: true });
}

export function* logSystem(level: Level, message: string, component: string, fields: Readonly<Record<string, string>>): Sys<void> {
  const at = yield* realNow();
  yield* call('writeFile', { path: SYSTEM_LOG, text: systemLine(at, level, component, message, fields, 'fsm/logger.go:61'), append: true });
}

interface Condition { readonly type: string; readonly status: string }
interface NodeObject { readonly metadata: { readonly name: string }; readonly status?: { readonly conditions?: readonly Condition[] } }

/** The names of the nodes that are Ready, or why they cannot be asked. */
export function* readyNodes(secrets?: string): Sys<readonly string[] | string> {
  const got = yield* kube('/api/v1/nodes', { timeoutUs: seconds(10), ...(secrets ? { secrets } : {}) });
  if (!got.ok) return got.error;
  const { items } = got.value.body as unknown as { items: readonly NodeObject[] };
  return items.filter((node) => node.status?.conditions?.some((each) => each.type === 'Ready' && each.status === 'True')).map((node) => node.metadata.name);
}

export function* nodeIsReady(address: string): Sys<boolean> {
  const ready = yield* readyNodes();
  return typeof ready !== 'string' && ready.includes(address);
}

export interface AgentNode {
  readonly name: string; readonly status?: 'running' | 'degraded'; readonly member_status: { readonly status: string; readonly tags: Readonly<Record<string, string>> };
  readonly probes?: readonly { readonly checker: string; readonly detail?: string; readonly error?: string; readonly status: string }[];
}
export interface AgentSystem { readonly status?: 'running' | 'degraded'; readonly nodes: readonly AgentNode[] }

/** What the planet agent of this node has in store; null when it does not answer. */
export function* askAgent<T>(path: '/' | '/local', timeoutUs: number = seconds(5)): Sys<T | null> {
  const text = yield* call('readFile', { path: `${STATE_DIR}/secrets/planet-rpc-client.cert` });
  const got = yield* fetchOnce(`https://localhost:7575${path}`, { cert: text.ok ? parsePem(text.value) : null, timeoutUs, connectTo: '127.0.0.1' });
  if (!got.ok || (got.response.status !== 200 && got.response.status !== 503)) return null;
  return got.response.body as unknown as T;
}

/** Until this node's own checks are good. */
export const localIsHealthy = (timeoutUs: number): Sys<boolean> => waitFor(function* () {
  return (yield* askAgent<AgentNode>('/local'))?.status === 'running';
}, timeoutUs, seconds(5));

export const asJson = (value: unknown): Json => value as Json;
