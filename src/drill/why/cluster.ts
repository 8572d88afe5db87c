/**
 * Why a node, a daemon, a pod or a probe of the cluster is not well: read from what Kubernetes, systemd and Satellite
 * themselves say, down to the line, the unit or the packet that decides.
 */
import type { Session } from '../session.ts';
import { packetReasons } from './packet.ts';
import { ask, literal, proved, quoted, reason, type Reason } from './reason.ts';

/** Whoever is up and can be asked about the cluster. */
export const askable = (session: Session): string => Object.values(session.sim.world.hosts).find(({ up, roots }) => up && roots['planet'] !== undefined)?.name ?? Object.keys(session.sim.world.hosts)[0]!;

const PLANET_UNIT = "systemctl list-units --all --plain --no-legend 'gravity__*planet*' | awk '{print $3, $4}'";
const INSIDE = 'sudo gravity exec';

/** The host, Planet's unit, the daemons in it: the first that is not there. */
export function nodeReasons(session: Session, node: string): Reason[] {
  const host = session.sim.world.hosts[node];
  if (!host) return [];
  if (!host.up) return [reason(`${node} has no power`, askable(session), `ping -c1 -W1 ${host.address}`, '100% packet loss', true)];
  if (host.roots['planet'] === undefined) return proved(session, [reason(`Planet does not run on ${node}: all of Kubernetes and etcd there lives in it`, node, PLANET_UNIT, 'inactive|failed|^$', true)]);
  const cable = session.sim.world.wire.cables[node];
  if (cable && !cable.up) return proved(session, [reason(`${node}: nothing is plugged in at ${cable.dev}`, node, `ip link show ${cable.dev}`, 'NO-CARRIER|DOWN', true)]);
  const units = ['docker', 'flanneld', 'etcd', 'kube-kubelet', 'kube-proxy', 'serf', 'planet-agent', 'coredns', 'registry'];
  const states = ask(session, node, `${INSIDE} systemctl is-active ${units.join(' ')}`).split('\n');
  const down = units.filter((_, i) => states[i] && states[i] !== 'active');
  return down.flatMap((unit) => unitReasons(session, node, unit));
}

/** A unit of Planet that does not run, and its last word. */
function unitReasons(session: Session, node: string, unit: string): Reason[] {
  const word = ask(session, node, `${INSIDE} journalctl -u ${unit} --no-pager | grep -iE 'error|fail|denied|cannot|invalid' | tail -1`).trim();
  const message = word.replace(/^.*?\]: /, '');
  return proved(session, [
    reason(`${node}: ${unit} does not run`, node, `${INSIDE} systemctl is-active ${unit}`, 'inactive|failed|activating|unknown', !message),
    ...(message ? [reason(`Its journal says: ${message}`, node, `${INSIDE} journalctl -u ${unit} --no-pager | grep -F ${quoted(message.slice(0, 60))} | tail -1`, literal(message.slice(0, 60)), true)] : []),
  ]);
}

interface PodObject {
  metadata: { name: string; namespace: string };
  spec: { nodeName?: string };
  status: { phase: string; reason?: string; conditions?: { type: string; status: string; message?: string; reason?: string }[]; containerStatuses?: { ready: boolean; state: { waiting?: { reason?: string; message?: string }; terminated?: { reason?: string; exitCode?: number } } }[] };
}

const parsed = <T>(text: string): T | null => { try { return JSON.parse(text) as T; } catch { return null; } };

/** `pod`: namespace/name. */
export function podReasons(session: Session, pod: string): Reason[] {
  const [namespace = '', name = ''] = pod.split('/');
  const on = askable(session);
  const kubectl = `kubectl -n ${namespace}`;
  const object = parsed<PodObject>(ask(session, on, `${kubectl} get pod ${name} -o json`));
  if (!object) return apiReasons(session, on);
  const { status, spec } = object;
  const waiting = status.containerStatuses?.map(({ state }) => state.waiting?.reason ?? state.terminated?.reason).find(Boolean);
  const state = waiting ?? status.reason ?? status.phase;
  const reasons: Reason[] = [reason(`Pod ${name} is ${state}`, on, `${kubectl} get pod ${name}`, state === 'Running' ? '0/|Running' : literal(state))];
  if (!spec.nodeName) return [...proved(session, reasons), ...unscheduled(session, on, kubectl, name, status)];
  const node = Object.values(session.sim.world.hosts).find(({ address }) => address === spec.nodeName)?.name ?? spec.nodeName;
  reasons.push(...eventReason(session, on, kubectl, name));
  const log = /BackOff|Error/.test(state) && !state.startsWith('Image') && !state.startsWith('ErrImage') ? ask(session, on, `${kubectl} logs ${name} --tail=3`).trim().split('\n').at(-1) ?? '' : '';
  if (log && !/^Error from server/.test(log)) reasons.push(reason(`What it printed last: ${log}`, on, `${kubectl} logs ${name} --tail=3`, literal(log.slice(0, 80)), true));
  const known = proved(session, [...reasons, ...configReason(on, kubectl, log)]);
  return [...known, ...nodeReasons(session, node)];
}

/** The last warning that Kubernetes noted about it. */
function eventReason(session: Session, on: string, kubectl: string, name: string): Reason[] {
  const events = ask(session, on, `${kubectl} get events --field-selector involvedObject.name=${name},type=Warning -o jsonpath='{range .items[*]}{.reason}{"\\t"}{.message}{"\\n"}{end}'`).trim().split('\n');
  const [why, message] = (events.findLast((line) => line && !/^BackOff|\tError: /.test(line)) ?? events.at(-1) ?? '').split('\t');
  if (!why || !message) return [];
  return [reason(`${why}: ${message}`, on, `${kubectl} describe pod ${name} | grep -F ${quoted(why)}`, literal(message.slice(0, 40)), true)];
}

/** A line of a ConfigMap that the program's complaint quotes. */
function configReason(on: string, kubectl: string, log: string): Reason[] {
  const word = /Unknown directive '([^']+)'/.exec(log)?.[1];
  return word ? [reason(`Its configuration holds the word: ${word}`, on, `${kubectl} get configmap coredns -o yaml | grep -n ${quoted(word)}`, literal(word), true)] : [];
}

function unscheduled(session: Session, on: string, kubectl: string, name: string, status: PodObject['status']): Reason[] {
  const message = status.conditions?.find(({ type }) => type === 'PodScheduled')?.message ?? '';
  const reasons = [reason(`No node takes it: ${message || 'the scheduler has not looked at it'}`, on, `${kubectl} get pod ${name} -o jsonpath='{.status.conditions[*].message}'`, literal(message.slice(0, 60)) || '^$', true)];
  if (/unschedulable/.test(message)) reasons.push(reason('A node is cordoned', on, 'kubectl get nodes', 'SchedulingDisabled', true));
  if (/taint/.test(message)) reasons.push(reason('A node is tainted', on, 'kubectl describe nodes | grep Taints', 'Taints: +(?!<none>)', true));
  if (/Insufficient/.test(message)) reasons.push(reason('It asks for more than a node has left', on, `${kubectl} get pod ${name} -o jsonpath='{.spec.containers[*].resources.requests}'`, 'cpu|memory', true));
  if (!message) reasons.push(...nodeReasons(session, askable(session)));
  return proved(session, reasons);
}

/** Why the API server does not answer `node`. */
export function apiReasons(session: Session, node: string): Reason[] {
  const host = session.sim.world.hosts[node];
  if (!host?.up || host.roots['planet'] === undefined) return nodeReasons(session, node);
  const health = ask(session, node, 'sudo gravity exec etcdctl cluster-health 2>&1 | tail -1').trim();
  if (/unavailable/.test(health)) {
    return [...proved(session, [reason('etcd has lost its majority, so the API server knows nothing', node, 'sudo gravity exec etcdctl cluster-health 2>&1 | tail -1', 'unavailable')]),
      ...Object.keys(session.sim.world.hosts).filter((other) => other !== node).flatMap((other) => nodeReasons(session, other))];
  }
  const leader = ask(session, node, `${INSIDE} dig +short leader.telekube.local`).trim().split('\n')[0] ?? '';
  const way = /^[\d.]+$/.test(leader) ? packetReasons(session, { node, to: leader, proto: 'tcp', port: 6443 }) : [];
  return way.some(({ bad }) => bad) ? way : nodeReasons(session, node);
}

/** What Satellite's words stand for, and what shows the same without Satellite. */
const PROBES: readonly [words: RegExp, text: string, run: string, shows: string][] = [
  [/ipv4 forwarding is off/, 'net.ipv4.ip_forward is 0', 'sysctl net.ipv4.ip_forward', '= 0'],
  [/br_netfilter/, 'the kernel has no br_netfilter loaded, or it is switched off', "lsmod | grep -c '^br_netfilter'; sysctl net.bridge.bridge-nf-call-iptables 2>&1", '^0|= 0'],
  [/may_detach_mounts/, 'fs.may_detach_mounts is 0', 'sysctl fs.may_detach_mounts', '= 0'],
  [/inotify/, 'a limit of inotify is 0', 'sysctl fs.inotify', '= 0'],
  [/disk (utilization|usage)/, 'its disk is full', 'df -h /var/lib/gravity', '(9\\d|100)%'],
];

/** `words`: what Satellite found on `node`, as gravity status says it. */
export function probeReasons(session: Session, node: string, words: string): Reason[] {
  const short = words.split('\n')[0]!.slice(0, 60);
  const told = reason(`Satellite on ${node} found: ${words}`, askable(session), `gravity status | grep -F ${quoted(short)}`, literal(short));
  const known = PROBES.filter(([pattern]) => pattern.test(words)).map(([, text, run, what]) => reason(`${node}: ${text}`, node, run, what, true));
  const guard = ask(session, node, 'lsmod').split('\n').map((line) => line.split(/\s/)[0] ?? '').find((module) => /^(CyProtectDrv|sym(ev|ap))/.test(module));
  const guarded = /permission denied/.test(words) && guard ? [reason(`${node}: the module ${guard} in its kernel refuses connections`, node, 'lsmod', `^${guard}`, true)] : [];
  const own = proved(session, [told, ...known, ...guarded]);
  if (own.some(({ bad }) => bad)) return own;
  const below = nodeReasons(session, node);
  const target = /(?:dial tcp|Get https?:\/\/)\D*?([\d.]+):(\d+)/.exec(words);
  const way = !below.length && target ? packetReasons(session, { node, to: target[1]!, proto: 'tcp', port: Number(target[2]) }).filter(({ bad }) => bad) : [];
  return [...own, ...below, ...way];
}
