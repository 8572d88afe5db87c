/**
 * /stats/summary: processor and memory of the node and of each container, from the processes that run in
 * it. pkg/kubelet/apis/stats/v1alpha1.
 */
import type { Json, Sys } from '../../proc/program.ts';
import { call } from '../../proc/syscalls.ts';
import { cached } from '../../kube/informer.ts';
import { rfc3339 } from '../../kube/time.ts';
import type { Pod } from '../../kube/types.ts';
import type { Kubelet } from './context.ts';

export function* summary(k: Kubelet): Sys<Json> {
  const time = yield* call('now', {});
  const stamp = rfc3339(time.ok ? time.value.real : 0);
  const mono = Math.max(1, time.ok ? time.value.mono : 1);
  const info = yield* call('sysinfo', {});
  const processes = yield* call('processes', {});
  const byRoot = new Map<string, { cpuUs: number; rssKb: number }>();
  let all = 0;
  for (const p of processes.ok ? processes.value : []) {
    const sum = byRoot.get(p.root) ?? { cpuUs: 0, rssKb: 0 };
    byRoot.set(p.root, { cpuUs: sum.cpuUs + p.cpuUs, rssKb: sum.rssKb + p.rssKb });
    all += p.cpuUs;
  }
  const usage = (cpuUs: number, bytes: number): Json => ({ cpu: { time: stamp, usageNanoCores: Math.round((cpuUs / mono) * 1e9), usageCoreNanoSeconds: cpuUs * 1_000 }, memory: { time: stamp, usageBytes: bytes, workingSetBytes: bytes, rssBytes: bytes } });
  const pods = Object.values((yield* cached('pods')) ?? {}) as Pod[];
  const memory = info.ok ? info.value.memKb : { total: 0, available: 0 };
  return {
    node: { nodeName: k.options.node, startTime: stamp, ...(usage(all, (memory.total - memory.available) * 1024) as Record<string, Json>) },
    pods: pods.map((pod) => ({
      podRef: { name: pod.metadata.name, namespace: pod.metadata.namespace!, uid: pod.metadata.uid! }, startTime: pod.status?.startTime ?? null,
      containers: (pod.status?.containerStatuses ?? []).map((c) => {
        const used = byRoot.get((c.containerID ?? '').replace('docker://', '')) ?? { cpuUs: 0, rssKb: 0 };
        return { name: c.name, startTime: c.state.running?.startedAt ?? null, ...(usage(used.cpuUs, used.rssKb * 1024) as Record<string, Json>) };
      }),
    })),
  };
}
