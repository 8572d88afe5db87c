/**
 * Checks that ask a daemon on this node how it is, over its own socket, with one second of patience.
 */
import { seconds } from '../engine/time.ts';
import { fetchOnce } from '../proc/http.ts';
import type { Sys } from '../proc/program.ts';
import { failed, fetchUnix, getError, running, statusText, type Finding, type Place, type Probe } from './probe.ts';

const PATIENCE_US = seconds(1);

function* docker(): Sys<readonly Finding[]> {
  const got = yield* fetchUnix('/var/run/docker.sock', 'http://docker/version', PATIENCE_US);
  if (!got.ok) return [failed('docker', '', `healthz check failed: ${got.error}`)];
  return [judge('docker', got.response.status)];
}

const judge = (checker: string, status: number): Finding =>
  (status === 200 ? running(checker) : failed(checker, '', `unexpected HTTP status: ${statusText(status)}`));

function* overHttp(checker: string, url: string, place: Place, cert: Place['etcd']): Sys<readonly Finding[]> {
  const got = yield* fetchOnce(url, { timeoutUs: PATIENCE_US, cert, trust: place.trust });
  if (!got.ok) return [failed(checker, '', `healthz check failed: ${getError(url, got.error)}`)];
  return [judge(checker, got.response.status)];
}

export const healthzProbes: readonly Probe[] = [
  { name: 'docker', cheap: false, on: 'all', run: docker },
  { name: 'docker-registry', cheap: false, on: 'masters', run: (place) => overHttp('docker-registry', 'https://leader.telekube.local:5000/v2/', place, place.kubelet) },
  { name: 'etcd-healthz', cheap: false, on: 'all', run: (place) => overHttp('etcd-healthz', 'https://127.0.0.1:2379/health', place, place.etcd) },
  { name: 'kubelet', cheap: false, on: 'nodes', run: (place) => overHttp('kubelet', 'http://127.0.0.1:10248/healthz', place, null) },
];
