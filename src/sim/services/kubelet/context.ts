/** What the kubelet's threads need to know: configuration and the way to the API, from its memory. */
import type { Start, Sys } from '../../proc/program.ts';
import { err } from '../../proc/libc.ts';
import { call } from '../../proc/syscalls.ts';
import type { ApiConfig } from '../../kube/client.ts';
import { klog } from '../../kube/time.ts';
import type { Options } from './options.ts';

export interface Kubelet { readonly options: Options; readonly api: ApiConfig }

export function* kubelet(): Sys<Kubelet> {
  const options = yield* call('memGet', { key: 'options' });
  const api = yield* call('memGet', { key: 'api' });
  return { options: (options.ok ? options.value : null) as unknown as Options, api: (api.ok ? api.value : null) as unknown as ApiConfig };
}

export function* say(start: Start, level: 'I' | 'W' | 'E' | 'F', where: string, text: string): Sys<void> {
  const time = yield* call('now', {});
  yield* err(klog(level, time.ok ? time.value.real : 0, start.pid, where, text));
}
