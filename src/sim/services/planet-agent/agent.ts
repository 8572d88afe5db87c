/**
 * `planet agent`: one to a node, inside Planet. It elects, watches health and sets up DNS; this file only
 * starts the three.
 */
import { armTicks, monotonic, watchForStirring } from '../../gravity/lease.ts';
import type { Start, Sys } from '../../proc/program.ts';
import { fail, strerror } from '../../proc/libc.ts';
import { call } from '../../proc/syscalls.ts';
import { DNS_TICK_US } from './dns.ts';
import { agentFlags, log, readIdentity, remember } from './flags.ts';
import { CYCLE_US } from './satellite.ts';
import { seconds } from '../../engine/time.ts';

export function* agentMain(start: Start): Sys<number> {
  const flags = agentFlags(start.argv);
  if (typeof flags === 'string') return yield* fail(`[ERROR]: ${flags}`, 255);
  yield* remember('identity', yield* readIdentity(flags));
  for (const addr of flags.rpcAddrs) {
    const [host, port] = addr.split(':');
    const bound = yield* call('listen', { proto: 'tcp', addr: host!, port: Number(port), entry: 'onRpc' });
    if (!bound.ok) return yield* fail(`[ERROR]: listen tcp ${addr}: bind: ${strerror(bound.errno).toLowerCase()}`, 255);
  }
  yield* log('info', `Agent ${flags.name} is starting as ${flags.role}.`);
  yield* remember('stirredAt', yield* monotonic());
  yield* armTicks('election', false, 1_000);
  yield* call('thread', { entry: 'watchElection', event: null });
  yield* call('timer', { name: 'dns', entry: 'dns', afterUs: seconds(1), everyUs: DNS_TICK_US });
  yield* call('timer', { name: 'satellite', entry: 'satellite', afterUs: CYCLE_US, everyUs: CYCLE_US });
  yield* watchForStirring();
  yield* call('serve', {});
  return 0;
}
