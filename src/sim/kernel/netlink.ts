/**
 * netRead and netChange: netlink, the iptables setsockopt and their relatives, on the caller's namespace
 * or one named as `ip netns` does. What they do is in net/change.ts and net/read.ts.
 */
import { own } from '../engine/cow.ts';
import { run } from '../net/device.ts';
import { applyChange } from '../net/change.ts';
import { readNet } from '../net/read.ts';
import type { Reply } from '../proc/program.ts';
import type { Calls } from '../proc/syscalls.ts';
import type { Host, Proc } from '../world.ts';
import { hostReal } from './disk.ts';
import { HostGround } from './ground.ts';
import { bad, good, type Handlers, type Kernel } from './kernel.ts';

/** What only root may see. */
const PRIVILEGED: ReadonlySet<string> = new Set(['conntrack', 'conntrackStats', 'iptables-save', 'netfilter']);

function netRead(k: Kernel, host: Host, proc: Proc, { what, netns }: Calls['netRead'][0]): Reply {
  if (proc.uid !== 0 && PRIVILEGED.has(what.kind)) return bad('EPERM');
  const ns = host.ns[netns ?? proc.netns];
  if (!ns) return bad('ENOENT');
  const answer = readNet({ namespaces: host.ns, cables: k.world.wire.cables, host: host.name, now: k.world.now, real: hostReal(k, host), modules: host.modules }, ns, what);
  return 'errno' in answer ? bad(answer.errno) : good(answer.value);
}

/** iptables -C, -L and -S change nothing: daemons look often. */
const LOOKS: ReadonlySet<string> = new Set(['-C', '-L', '-S', '--check', '--list', '--list-rules']);
const looks = (change: Calls['netChange'][0]['change']): boolean => change.kind === 'iptables' && change.args.some((word) => LOOKS.has(word));

function netChange(k: Kernel, host: Host, proc: Proc, { change, netns }: Calls['netChange'][0]): Reply {
  if (proc.uid !== 0) return bad('EPERM');
  const g = new HostGround(k, host);
  const ns = g.ns(netns ?? proc.netns);
  if (!ns) return bad('ENOENT');
  const answer = applyChange(g, own(host, 'ns'), ns, change, hostReal(k, host));
  run(g);
  if (!looks(change)) k.disturb();
  return 'errno' in answer ? bad(answer.errno) : good(answer.value);
}

export const netlinkCalls: Handlers<'netRead' | 'netChange'> = { netRead, netChange };
