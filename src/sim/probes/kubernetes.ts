/**
 * Checks that ask the API server, through the leader's name: is it there, is this node Ready.
 */
import { seconds } from '../engine/time.ts';
import { fetchOnce } from '../proc/http.ts';
import type { Json, Sys } from '../proc/program.ts';
import { failed, getError, running, type Finding, type Place, type Probe } from './probe.ts';

const API = 'https://leader.telekube.local:6443';

interface Condition { type: string; status: string; reason?: string; message?: string }

function* get(path: string, place: Place): Sys<{ body: Json } | { error: string }> {
  const url = `${API}${path}`;
  const got = yield* fetchOnce(url, { timeoutUs: seconds(10), cert: place.kube, trust: place.trust });
  if (!got.ok) return { error: getError(url, got.error) };
  const { status, body } = got.response;
  if (status === 200) return { body };
  const message = typeof body === 'object' && body !== null && 'message' in body ? String(body['message']) : '';
  return { error: message || `the server responded with the status code ${status}` };
}

function* apiserver(place: Place): Sys<readonly Finding[]> {
  const got = yield* get('/api/v1/componentstatuses/scheduler', place);
  return ['error' in got ? failed('kube-apiserver', '', got.error) : running('kube-apiserver')];
}

function* nodeStatus(place: Place): Sys<readonly Finding[]> {
  const got = yield* get(`/api/v1/nodes/${place.address}`, place);
  if ('error' in got) return [failed('node-status', '', got.error.replace(/^nodes "/, 'node "'))];
  const status = (got.body as { status?: { conditions?: readonly Condition[] } }).status;
  const ready = status?.conditions?.find((condition) => condition.type === 'Ready');
  if (!ready || ready.status === 'True') return [running('node-status')];
  return [{ ...failed('node-status', `${ready.reason ?? ''} (${ready.message ?? ''})`, 'Node is not ready'), severity: 'warning' }];
}

export const kubernetesProbes: readonly Probe[] = [
  { name: 'kube-apiserver', cheap: false, on: 'masters', run: apiserver },
  { name: 'node-status', cheap: false, on: 'all', run: nodeStatus },
];
