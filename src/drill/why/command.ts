/**
 * Why a command failed: what its output names (an address, a name, a unit, a file, a pod) is looked up in the world,
 * from where the command ran.
 */
import type { Session } from '../session.ts';
import { apiReasons, askable, nodeReasons, podReasons, probeReasons } from './cluster.ts';
import { packetReasons } from './packet.ts';
import { ask, literal, proved, quoted, reason, type Reason } from './reason.ts';
import { phaseReasons } from './phase.ts';

export interface Failed { node: string; command: string; output: string; exit: number | null }

type Rule = (session: Session, failed: Failed) => Reason[];

const isAddress = (text: string): boolean => /^\d+(\.\d+){3}$/.test(text);

/** The pod that the command was run in by kubectl exec, if any. */
function podOf(session: Session, { command }: Failed): string | null {
  const target = /kubectl\b.*?\bexec\s+(?:-\S+\s+)*(\S+)/.exec(command)?.[1];
  if (!target) return null;
  const namespace = /(?:-n\s*|--namespace[= ])([\w-]+)/.exec(command)?.[1] ?? 'default';
  const pods = ask(session, askable(session), `kubectl -n ${namespace} get pods -o name`).split('\n').map((line) => line.replace('pod/', ''));
  // A name that the shell made (a variable, a substitution) is not known here: then any pod of the kind will do.
  const found = pods.find((pod) => pod === target) ?? pods.find((pod) => pod.startsWith('debug')) ?? pods[0];
  return found ? `${namespace}/${found}` : null;
}

const origin = (session: Session, failed: Failed): { node: string } | { pod: string } => {
  const pod = podOf(session, failed);
  return pod ? { pod } : { node: failed.node };
};

/** A packet that finds nobody: what is wrong with the machine where it ends. */
function withHost(session: Session, way: Reason[], to: string): Reason[] {
  const node = Object.values(session.sim.world.hosts).find(({ address }) => address === to)?.name;
  return node && /nothing listens|nobody answers/.test(way.at(-1)?.text ?? '') ? [...way, ...nodeReasons(session, node)] : way;
}

function unresolved(session: Session, failed: Failed): Reason[] {
  const name = /(?:Could not resolve host|Name or service not known|unknown host|lookup|server can't find|Temporary failure in name resolution)[:\s]*([\w.-]+)?/.exec(failed.output)?.[1] ?? /([\w.-]+): Name or service not known/.exec(failed.output)?.[1];
  if (!name) return [];
  const on = askable(session);
  const from = origin(session, failed);
  const server = 'pod' in from ? ask(session, on, "kubectl -nkube-system get service kube-dns -o jsonpath='{.spec.clusterIP}'").trim() : /^nameserver ([\d.]+)/m.exec(ask(session, failed.node, 'cat /etc/resolv.conf'))?.[1] ?? '';
  const asked = 'pod' in from ? reason(`Pods ask the service kube-dns, ${server}, for ${name}`, on, 'kubectl -nkube-system get service kube-dns', literal(server)) : reason(`${failed.node} asks ${server} for ${name}`, failed.node, 'cat /etc/resolv.conf', literal(server));
  const sick = 'pod' in from ? ask(session, on, 'kubectl -nkube-system get pods -l k8s-app=kube-dns --no-headers').split('\n').map((line) => line.split(/\s+/)).find(([, ready]) => ready?.startsWith('0/'))?.[0] : undefined;
  if (sick) return [...proved(session, [asked]), ...podReasons(session, `kube-system/${sick}`)];
  const way = isAddress(server) ? packetReasons(session, { ...from, to: server, proto: 'udp', port: 53 }) : [];
  if (way.some(({ bad }) => bad)) return [...proved(session, [asked]), ...way];
  return proved(session, [asked, reason(`${server} knows no such name`, on, `sudo gravity exec dig +short ${name} @${server} | grep -c .`, '^0$', true)]);
}

function refused(session: Session, failed: Failed): Reason[] {
  const m = /(?:Failed to connect to|Connection to|connect to host|dial tcp|Failed connect to) ([\w.-]+)(?: port |:|; port )(\d+)/.exec(failed.output) ?? /Connection timed out.*?([\d.]+) port (\d+)/.exec(failed.output);
  const url = /https?:\/\/([\w.-]+):(\d+)/.exec(failed.command);
  const silent = /timed out|Connection refused|Permission denied|No route to host|curl: \((7|28|35|52)\)/.test(failed.output) || (failed.exit !== null && [7, 28].includes(failed.exit));
  const [, host, port] = m ?? (silent ? url : null) ?? [];
  if (!host || !port) return [];
  if (/Permission denied/.test(failed.output)) return probeReasons(session, failed.node, 'permission denied').filter(({ bad }) => bad);
  const to = isAddress(host) ? host : ask(session, failed.node, `getent hosts ${host} | awk '{print $1}'`).trim().split('\n')[0] ?? '';
  return isAddress(to) ? withHost(session, packetReasons(session, { ...origin(session, failed), to, proto: 'tcp', port: Number(port) }), to) : [];
}

function unanswered(session: Session, failed: Failed): Reason[] {
  const to = /^PING \S+ \(([\d.]+)\)/m.exec(failed.output)?.[1];
  if (!to || !/ 0 received|Unreachable|100% packet loss/.test(failed.output)) return [];
  return withHost(session, packetReasons(session, { ...origin(session, failed), to, proto: 'icmp', port: 0 }), to);
}

const apiSilent: Rule = (session, { node, output }) => (/The connection to the server|Unable to connect to the server|etcdserver: |etcd cluster is unavailable|cluster is (unavailable|degraded)/.test(output)
  ? /cluster is degraded/.test(output) ? Object.keys(session.sim.world.hosts).flatMap((each) => nodeReasons(session, each)) : apiReasons(session, node) : []);

const phase: Rule = (session, { node, output }) => (/phase|FSM|Operation failure/.test(output) && /fail|ERROR|denied/i.test(output) ? phaseReasons(session, node) : []);

function degraded(session: Session, { output }: Failed): Reason[] {
  const node = /\* (\S+) \([^)]*\)\n\s+Status:\s+(?:degraded|offline)/.exec(output)?.[1];
  if (!node) return [];
  const words = /\[×\]\s+(.*)/.exec(output.slice(output.indexOf(`* ${node} `)))?.[1];
  return words ? probeReasons(session, node, words.trim()) : nodeReasons(session, node);
}

/** A list of pods with one that is not well. */
function sick(session: Session, { command, output }: Failed): Reason[] {
  if (!/\bk(ube)?ctl\b.*\bpods?\b/.test(command)) return [];
  const row = output.split('\n').find((line) => /CrashLoopBackOff|ImagePull|ErrImage|Pending|ContainerCreating|Error|Evicted/.test(line))?.trim().split(/\s+/);
  if (!row) return [];
  const namespace = /(?:-n\s*|--namespace[= ])([\w-]+)/.exec(command)?.[1] ?? (/kctl/.test(command) ? 'kube-system' : 'default');
  return podReasons(session, /-A\b|--all-namespaces/.test(command) ? `${row[0]}/${row[1]}` : `${namespace}/${row[0]}`);
}

/** Planet's programs and units are not the host's. */
function notThere(session: Session, { node, output }: Failed): Reason[] {
  const unit = /Unit (\S+?)(?:\.service)? (?:could not be found|not loaded)/.exec(output)?.[1];
  if (unit) return proved(session, [reason(`${unit} is a unit of Planet: the host’s systemd does not know it`, node, `sudo gravity exec systemctl is-active ${quoted(unit)}`, '^(active|inactive|failed)$', true)]);
  const word = /(\S+): command not found/.exec(output)?.[1];
  return word ? proved(session, [reason(`${word} is a program of Planet, not of the host`, node, `sudo gravity exec sh -c ${quoted(`type ${word}`)}`, '/', true)]) : [];
}

const elsewhere: Rule = (session, { node, command, output }) => {
  const path = /(\/[^\s:'"]+)['"]?: No such file or directory/.exec(output)?.[1];
  return path && !/gravity (exec|shell)/.test(command) ? proved(session, [reason(`${path} lies in Planet’s file tree, not in the host’s`, node, `sudo gravity exec ls -d ${quoted(path)}`, `^${literal(path)}`, true)]) : [];
};

function forbidden(session: Session, { node, command, output }: Failed): Reason[] {
  if (!/[Pp]ermission denied|Operation not permitted|must be root|are you root/.test(output)) return [];
  const path = /['‘`]?(\/[^\s:'’"]+)['’]?: (?:Permission denied|Operation not permitted)/.exec(output)?.[1];
  const parent = path?.replace(/\/[^/]+$/, '') || '/';
  const flags = path ? proved(session, [reason(`${parent} is immutable`, node, `sudo lsattr -d ${quoted(parent)}`, '^-*i', true), reason(`${path} is immutable`, node, `sudo lsattr -d ${quoted(path)}`, '^-*i', true)]) : [];
  return flags.length || /^\s*sudo\b/.test(command) ? flags : proved(session, [reason('You are not root, and this needs it: begin the line with sudo', node, 'id -u', '^[1-9]', true)]);
}

/** In this order; the first that knows anything tells it. */
const RULES: readonly Rule[] = [unresolved, refused, unanswered, apiSilent, phase, degraded, sick, notThere, elsewhere, forbidden];

export function commandReasons(session: Session, failed: Failed): Reason[] {
  for (const rule of RULES) {
    const reasons = rule(session, failed);
    if (reasons.length) return reasons;
  }
  return [];
}
