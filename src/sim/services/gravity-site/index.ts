/**
 * The program `gravity-site`: the cluster controller, one to a master, in the host's network. All of them
 * serve health; only the one that leads serves the rest.
 */
import { seconds } from '../../engine/time.ts';
import { armTicks } from '../../gravity/lease.ts';
import { readAll } from '../../gravity/store.ts';
import { fail, strerror } from '../../proc/libc.ts';
import type { Program, Start, Sys } from '../../proc/program.ts';
import { call } from '../../proc/syscalls.ts';
import { onHealth, onPortal } from './api.ts';
import { context, findContext, log, remember } from './context.ts';
import { electionTick, leadership, stepDown, stirred } from './election.ts';
import { shrink } from './shrink.ts';

/** 3009 the API and the portal, 3007 and 3008 agents, 3023 to 3080 teleport's proxy and auth. */
const PORTAL_PORTS = [3009, 3007, 3008, 3023, 3024, 3025, 3026, 3080];
const HEALTH_PORT = 3010;
const REPORT_US = seconds(60);

function* main(start: Start): Sys<number> {
  void start;
  const site = yield* findContext();
  if (typeof site === 'string') return yield* fail(`[ERROR]: ${site}`, 255);
  yield* remember('context', site);
  yield* log('INFO', 'PROCESS', `Starting gravity-site on ${site.address}.`, 'process/process.go:214');
  for (const port of [...PORTAL_PORTS, HEALTH_PORT]) {
    const bound = yield* call('listen', { proto: 'tcp', addr: '0.0.0.0', port, entry: port === HEALTH_PORT ? 'onHealth' : 'onPortal' });
    if (!bound.ok) return yield* fail(`[ERROR]: listen tcp 0.0.0.0:${port}: bind: ${strerror(bound.errno).toLowerCase()}`, 255);
  }
  yield* log('INFO', 'PROCESS', 'Serving on 0.0.0.0:3009.', 'process/process.go:655');
  yield* armTicks('election', false);
  yield* stirred();
  yield* call('onSignal', { signal: 'TERM', entry: 'terminate' });
  yield* call('timer', { name: 'report', entry: 'report', afterUs: REPORT_US, everyUs: REPORT_US });
  const end = yield* call('park', { channel: 'exit' });
  return end.ok ? Number(end.value) : 1;
}

/** Shut down: a leader steps down, so that the next one need not wait for its term to end. */
function* terminate(): Sys<void> {
  yield* stepDown();
  yield* log('INFO', 'PROCESS', 'Got shutdown signal, exiting.', 'process/process.go:412');
  yield* call('unpark', { channel: 'exit', value: 0 });
}

/** The leader looks after the cluster's state once a minute, the others say that they stand by. */
function* report(): Sys<void> {
  const { leading, leader } = yield* leadership();
  if (!leading) return yield* log('DEBU', 'PROCESS', `Standing by, the leader is ${leader ?? 'not known'}.`, 'process/process.go:731');
  const { store } = yield* context();
  const all = yield* readAll(store);
  if (!all.ok) return yield* log('WARN', 'STATUS', `Failed to read cluster state: ${all.error}.`, 'process/status.go:58');
  yield* log('INFO', 'STATUS', `Cluster ${all.value.site?.domain ?? ''} is ${all.value.site?.state ?? 'unknown'}.`, 'process/status.go:74');
}

export const gravitySite: Program = { name: 'gravity-site', main, entries: { onPortal, terminate, onHealth, election: electionTick, stirred, report, shrink } };

export const programs: readonly Program[] = [gravitySite];
