/** `kubectl exec` and `kubectl attach`. */
import { err, out } from '../../../sim/proc/libc.ts';
import type { Sys } from '../../../sim/proc/program.ts';
import type { Api } from './api.ts';
import { done, plain, type Outcome } from './failure.ts';
import { flagTable } from './flags.ts';
import type { Obj } from './object.ts';
import { begin, openRemote, pump, wantsTerminal, type Ended, type Remote } from './remote.ts';
import type { Kubectl } from './session.ts';
import type { Verb } from './verb.ts';
import { objectFor, podFor } from './workload.ts';

const GROUP = 'Troubleshooting and Debugging Commands:';

export const exec: Verb = {
  name: 'exec', group: GROUP, short: 'Execute a command in a container', usage: 'exec POD [-c CONTAINER] -- COMMAND [args...]', long: 'Execute a command in a container.',
  examples: [['date in the first container of pod 123456-7890', 'kubectl exec 123456-7890 date'], ['date in ruby-container', 'kubectl exec 123456-7890 -c ruby-container date'], ['A shell on this terminal', 'kubectl exec 123456-7890 -c ruby-container -i -t -- bash -il'],
    ['With flags of the command\'s own, after two dashes', 'kubectl exec 123456-7890 -i -t -- ls -t /usr']],
  flags: flagTable(`
    container,c string The container; the first one of the pod by default
    pod,p string The pod
    stdin,i bool Pass stdin to the container
    tty,t bool Stdin is a terminal
  `),
  run: runExec,
};

const EXEC_USAGE = "expected 'exec POD_NAME COMMAND [ARG1] [ARG2] ... [ARGN]'.\nPOD_NAME and COMMAND are required arguments for the exec command";

function* runExec(k: Kubectl): Sys<number> {
  const resumed = (k.start.mem as { remote?: Remote } | null)?.remote;
  if (resumed) return yield* over(yield* pump(resumed));
  const named = k.flags.str('pod');
  if (!named && (!k.args.length || k.flags.dash === 0)) return yield* k.fail(k.usage(EXEC_USAGE).failure);
  if (named) yield* err('-p POD_NAME is DEPRECATED and will be removed in a future version. Use exec POD_NAME instead.\n');
  const command = named ? k.args : k.args.slice(1);
  if (!command.length) return yield* k.fail(k.usage(EXEC_USAGE).failure);
  const api = yield* k.api();
  if (!api.ok) return yield* k.fail(api.failure);
  const pod = yield* podNamed(k, api.value, named || k.args[0]!);
  if (!pod.ok) return yield* k.fail(pod.failure);
  const phase = pod.value['status']?.phase;
  if (phase === 'Succeeded' || phase === 'Failed') return yield* k.fail(plain(`cannot exec into a container in a completed pod; current phase is ${phase}`).failure);
  const container = yield* containerOf(k, pod.value);
  const stdin = k.flags.bool('stdin');
  const tty = yield* wantsTerminal(stdin, k.flags.bool('tty'));
  const fd = yield* openRemote(api.value, podPath(pod.value, 'exec'), { command, container, stdin: stdin || undefined, stdout: true, stderr: tty ? undefined : true, tty: tty || undefined });
  if (!fd.ok) return yield* k.fail(fd.failure);
  return yield* over(yield* begin({ fd: fd.value, raw: tty }, stdin));
}

/** 1.14 takes no TYPE/NAME here: client-go refuses to make a path of such a name. */
function* podNamed(k: Kubectl, api: Api, name: string): Sys<Outcome<Obj>> {
  const faults = name === '.' || name === '..' ? [`may not be '${name}'`] : ['/', '%'].filter((c) => name.includes(c)).map((c) => `may not contain '${c}'`);
  if (faults.length) return plain(`invalid resource name ${JSON.stringify(name)}: [${faults.join(' ')}]`);
  const where = yield* k.namespace();
  return where.ok ? yield* api.get(`/api/v1/namespaces/${where.value.namespace}/pods/${name}`, {}, `get pods ${name}`) : where;
}

export const podPath = (pod: Obj, sub: string): string => `/api/v1/namespaces/${pod['metadata'].namespace}/pods/${pod['metadata'].name}/${sub}`;

/** -c, or the first; which one is said when there are several. */
function* containerOf(k: Kubectl, pod: Obj): Sys<string> {
  const given = k.flags.str('container');
  if (given) return given;
  const containers = (pod['spec']?.containers ?? []) as Obj[];
  const name = String(containers[0]?.['name'] ?? '');
  if (containers.length > 1) yield* err(`Defaulting container name to ${name}.\nUse 'kubectl describe pod/${pod['metadata'].name} -n ${pod['metadata'].namespace}' to see all of the containers in this pod.\n`);
  return name;
}

/** How a remote command's end is told. */
export function* over(ended: Ended): Sys<number> {
  if (ended.error !== null) {
    yield* err(`error: ${ended.error}\n`);
    return 1;
  }
  if (ended.exit !== 0) yield* err(`command terminated with exit code ${ended.exit}\n`);
  return ended.exit;
}

export const attach: Verb = {
  name: 'attach', group: GROUP, short: 'Attach to a running container', usage: 'attach (POD | TYPE/NAME) -c CONTAINER', long: 'Attach to a process that is already running inside an existing container.',
  examples: [['The output of pod 123456-7890', 'kubectl attach 123456-7890'], ['Of ruby-container', 'kubectl attach 123456-7890 -c ruby-container'], ['With this terminal', 'kubectl attach 123456-7890 -c ruby-container -i -t'], ['The first pod of a ReplicaSet', 'kubectl attach rs/nginx']],
  flags: flagTable(`
    container,c string The container; the first one of the pod by default
    pod-running-timeout duration=1m0s How long to wait until at least one pod runs
    stdin,i bool Pass stdin to the container
    tty,t bool Stdin is a terminal
  `),
  run: runAttach,
};

function* runAttach(k: Kubectl): Sys<number> {
  const resumed = (k.start.mem as { remote?: Remote } | null)?.remote;
  if (resumed) return yield* endAttach(yield* pump(resumed), resumed.then as string | null);
  if (!k.args.length) return yield* k.fail(k.usage('at least 1 argument is required for attach').failure);
  if (k.args.length > 2) return yield* k.fail(k.usage(`expected POD, TYPE/NAME, or TYPE NAME, (at most 2 arguments) saw ${k.args.length}: [${k.args.join(' ')}]`).failure);
  const api = yield* k.api();
  if (!api.ok) return yield* k.fail(api.failure);
  const obj = yield* objectFor(k, api.value, k.args);
  if (!obj.ok) return yield* k.fail(obj.failure);
  const pod = yield* podFor(api.value, obj.value, { announce: false, timeoutUs: k.flags.us('pod-running-timeout'), what: 'attach to' });
  if (!pod.ok) return yield* k.fail(pod.failure);
  const done_ = yield* attachTo(api.value, pod.value, { stdin: k.flags.bool('stdin'), tty: k.flags.bool('tty'), container: k.flags.str('container'), command: 'kubectl attach' });
  return done_.ok ? done_.value : yield* k.fail(done_.failure);
}

export interface AttachOptions { stdin: boolean; tty: boolean; container: string; command: string; quiet?: boolean }

/** Attaches to a pod's container; also for `run -i`. */
export function* attachTo(api: Api, pod: Obj, options: AttachOptions): Sys<Outcome<number>> {
  const phase = pod['status']?.phase;
  if (phase === 'Succeeded' || phase === 'Failed') return plain(`cannot attach a container in a completed pod; current phase is ${phase}`);
  const containers = [...((pod['spec']?.containers ?? []) as Obj[]), ...((pod['spec']?.initContainers ?? []) as Obj[])];
  const container = options.container ? containers.find((one) => one['name'] === options.container) : containers[0];
  if (!container) return plain(`container not found (${options.container})`);
  if (!options.container && ((pod['spec']?.containers ?? []) as Obj[]).length > 1) yield* err(`Defaulting container name to ${container['name']}.\nUse '${options.command.split(' ')[0]} describe pod/${pod['metadata'].name} -n ${pod['metadata'].namespace}' to see all of the containers in this pod.\n`);
  let wanted = options.tty;
  if (wanted && !container['tty']) {
    wanted = false;
    yield* err(`Unable to use a TTY - container ${container['name']} did not allocate one\n`);
  } else if (!wanted && container['tty']) wanted = true;
  const tty = yield* wantsTerminal(options.stdin, wanted);
  if (tty && !options.quiet) yield* err("If you don't see a command prompt, try pressing enter.\n");
  const name = String(container['name']);
  const fd = yield* openRemote(api, podPath(pod, 'attach'), { container: name, stdin: options.stdin || undefined, stdout: true, stderr: wanted ? undefined : true, tty: wanted || undefined });
  if (!fd.ok) return fd;
  const again = options.stdin && tty && pod['spec']?.restartPolicy === 'Always' ? `Session ended, resume using '${options.command} ${pod['metadata'].name} -c ${name} -i -t' command when the pod is running\n` : null;
  return done(yield* endAttach(yield* begin({ fd: fd.value, raw: tty, then: again }, options.stdin), again));
}

function* endAttach(ended: Ended, message: string | null): Sys<number> {
  if (ended.error !== null) return yield* over(ended);
  if (message) yield* out(message);
  return 0;
}

