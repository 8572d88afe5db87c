/** All of kubectl's commands, in the order and the groups of `kubectl --help` (1.14). */
import { apiResources, apiVersions } from './api-resources.ts';
import { apply } from './apply.ts';
import { auth } from './auth.ts';
import { certificate } from './certificate.ts';
import { clusterInfo } from './cluster-info.ts';
import { config } from './config-cmd.ts';
import { cp } from './cp.ts';
import { create } from './create.ts';
import { del } from './delete.ts';
import { describe } from './describe.ts';
import { cordon, drain, uncordon } from './drain.ts';
import { edit } from './edit.ts';
import { attach, exec } from './exec.ts';
import { explain } from './explain.ts';
import { expose } from './expose.ts';
import { get } from './get.ts';
import { completion, options, plugin } from './info.ts';
import { annotate, label } from './label.ts';
import { logs } from './logs.ts';
import { convert, diff, kustomize } from './local.ts';
import { portForward } from './port-forward.ts';
import { proxy } from './proxy.ts';
import { patch, replace } from './replace.ts';
import { rollout } from './rollout.ts';
import { run } from './run.ts';
import { autoscale, scale } from './scale.ts';
import { set } from './set.ts';
import { taint } from './taint.ts';
import { top } from './top.ts';
import type { Verb } from './verb.ts';
import { version } from './version.ts';
import { wait } from './wait.ts';

const help: Verb = { name: 'help', usage: 'help [command]', short: 'Help about any command', hidden: true };

/** In the order in which they are added, which is that of suggestions too. */
export const root: Verb = {
  name: 'kubectl', usage: 'kubectl [flags]', short: 'kubectl controls the Kubernetes cluster manager',
  long: 'kubectl controls the Kubernetes cluster manager. \n\n Find more information at: https://kubernetes.io/docs/reference/kubectl/overview/',
  subs: [
    create, expose, run, set, explain, get, edit, del, rollout, scale, autoscale, certificate, clusterInfo, top, cordon, uncordon, drain, taint,
    describe, logs, attach, exec, portForward, proxy, cp, auth, diff, apply, patch, replace, wait, convert, kustomize, label, annotate, completion,
    config, plugin, version, apiVersions, apiResources, options, help,
  ],
};
