/**
 * The kubelet's own chains: marks for dropping and for masquerading, and what is done with the marks.
 * Looked after once a minute. pkg/kubelet/kubelet_network_linux.go v1.14.
 */
import { seconds } from '../../engine/time.ts';
import type { Start, Sys } from '../../proc/program.ts';
import { call } from '../../proc/syscalls.ts';
import { quietFor } from '../../kube/steady.ts';
import type { IptablesAnswer } from '../../net/state.ts';

const PERIOD_US = seconds(60);
const QUIET_US = seconds(90);

function* iptables(args: string): Sys<boolean> {
  const words = [...args.matchAll(/"([^"]*)"|(\S+)/g)].map((m) => m[1] ?? m[2]!);
  const got = yield* call('netChange', { change: { kind: 'iptables', args: ['-w', ...words] } });
  return got.ok && (got.value as unknown as IptablesAnswer).exit === 0;
}

/** Chains by table, and rules as iptables-save prints them, with how they are put in. */
const CHAINS: readonly (readonly [string, string])[] = [['nat', 'KUBE-MARK-DROP'], ['nat', 'KUBE-MARK-MASQ'], ['nat', 'KUBE-POSTROUTING'], ['filter', 'KUBE-FIREWALL']];
const RULES: readonly (readonly [string, string, '-A' | '-I', string])[] = [
  ['nat', 'KUBE-MARK-DROP', '-A', '-j MARK --set-xmark 0x8000/0x8000'],
  ['filter', 'KUBE-FIREWALL', '-A', '-m comment --comment "kubernetes firewall for dropping marked packets" -m mark --mark 0x8000/0x8000 -j DROP'],
  ['filter', 'OUTPUT', '-I', '-j KUBE-FIREWALL'], ['filter', 'INPUT', '-I', '-j KUBE-FIREWALL'],
  ['nat', 'KUBE-MARK-MASQ', '-A', '-j MARK --set-xmark 0x4000/0x4000'],
  ['nat', 'POSTROUTING', '-I', '-m comment --comment "kubernetes postrouting rules" -j KUBE-POSTROUTING'],
  ['nat', 'KUBE-POSTROUTING', '-A', '-m comment --comment "kubernetes service traffic requiring SNAT" -m mark --mark 0x4000/0x4000 -j MASQUERADE'],
];

export function* tableText(table: string): Sys<string> {
  const got = yield* call('netRead', { what: { kind: 'iptables-save', table } });
  return got.ok && typeof got.value === 'string' ? got.value : '';
}

/** The entry `chains`: looks first, and changes only what is missing. */
export function* chainsThread(_start: Start): Sys<void> {
  const saved: Record<string, string> = { nat: yield* tableText('nat'), filter: yield* tableText('filter') };
  for (const [table, chain] of CHAINS) if (!saved[table]!.includes(`\n:${chain} `)) yield* iptables(`-t ${table} -N ${chain}`);
  for (const [table, chain, how, rule] of RULES) {
    if (saved[table]!.includes(`\n-A ${chain} ${rule}\n`)) continue;
    if (!(yield* iptables(`-t ${table} -C ${chain} ${rule}`))) yield* iptables(`-t ${table} ${how} ${chain} ${rule}`);
  }
  if (yield* quietFor(QUIET_US)) yield* call('timer', { name: 'chains', entry: 'chains', afterUs: PERIOD_US, everyUs: PERIOD_US, quiet: true });
}

export function* startChains(): Sys<void> {
  yield* call('timer', { name: 'chains', entry: 'chains', afterUs: 1, everyUs: PERIOD_US });
}
