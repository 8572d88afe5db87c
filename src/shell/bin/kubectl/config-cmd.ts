/** `kubectl config`: shows and changes kubeconfig files. */
import type { Sys } from '../../../sim/proc/program.ts';
import { setCluster, setCredentials, setContext, remove, use, rename } from './config-entries.ts';
import { runSet, runUnset } from './config-property.ts';
import { runCurrent, runContexts, view, runClusters } from './config-view.ts';
import { flagTable } from './flags.ts';
import { printFlags } from './output.ts';
import type { Kubectl } from './session.ts';
import type { Verb } from './verb.ts';

/** A command of one argument. */
function* named(k: Kubectl, run: (k: Kubectl, name: string) => Sys<number>): Sys<number> {
  if (k.args.length !== 1) return yield* k.fail(k.usage(`Unexpected args: [${k.args.join(' ')}]`).failure);
  return yield* run(k, k.args[0]!);
}

export const config: Verb = {
  name: 'config', group: 'Other Commands:', usage: 'config SUBCOMMAND', short: 'Modify kubeconfig files', long: `Modify kubeconfig files using subcommands like "kubectl config set current-context my-context"\n\nWhich files are read: only that of --kubeconfig if it is set; else those of $KUBECONFIG, merged, the first that says something winning; else \${HOME}/.kube/config.`,
  subs: [
    { name: 'current-context', usage: 'current-context', short: 'Displays the current-context', run: runCurrent },
    { name: 'delete-cluster', usage: 'delete-cluster NAME', short: 'Delete the specified cluster from the kubeconfig', run: (k) => named(k, (kk, name) => remove(kk, 'clusters', name)) },
    { name: 'delete-context', usage: 'delete-context NAME', short: 'Delete the specified context from the kubeconfig', run: (k) => named(k, (kk, name) => remove(kk, 'contexts', name)) },
    { name: 'get-clusters', usage: 'get-clusters', short: 'Display clusters defined in the kubeconfig', run: runClusters },
    { name: 'get-contexts', usage: 'get-contexts [(-o|--output=)name)]', short: 'Describe one or many contexts', flags: flagTable(`
      no-headers bool Print no header line.
      output,o string Output format: name.
    `), run: runContexts },
    { name: 'rename-context', usage: 'rename-context CONTEXT_NAME NEW_NAME', short: 'Renames a context from the kubeconfig file.', run: rename },
    { name: 'set', usage: 'set PROPERTY_NAME PROPERTY_VALUE', short: 'Sets an individual value in a kubeconfig file', flags: flagTable('set-raw-bytes bool The value is base64 bytes.'), run: runSet },
    { name: 'set-cluster', usage: 'set-cluster NAME [--server=server] [--certificate-authority=path/to/certificate/authority] [--insecure-skip-tls-verify=true]', short: 'Sets a cluster entry in kubeconfig', flags: flagTable('embed-certs bool Keep the certificate itself in the file.'), run: (k) => named(k, setCluster) },
    { name: 'set-context', usage: 'set-context [NAME | --current] [--cluster=cluster_nickname] [--user=user_nickname] [--namespace=namespace]', short: 'Sets a context entry in kubeconfig', flags: flagTable('current bool Change the current context'), run: setContext },
    { name: 'set-credentials', usage: 'set-credentials NAME [--client-certificate=path/to/certfile] [--client-key=path/to/keyfile] [--token=bearer_token] [--username=basic_user] [--password=basic_password]', short: 'Sets a user entry in kubeconfig', flags: flagTable(`
      auth-provider string Auth provider of the user entry
      auth-provider-arg strings 'key=value' arguments of the auth provider
      embed-certs bool Keep certificate and key themselves in the file.
    `), run: (k) => named(k, setCredentials) },
    { name: 'unset', usage: 'unset PROPERTY_NAME', short: 'Unsets an individual value in a kubeconfig file', run: (k) => named(k, runUnset) },
    { name: 'use-context', aliases: ['use'], usage: 'use-context CONTEXT_NAME', short: 'Sets the current-context in a kubeconfig file', run: (k) => named(k, use) },
    { name: 'view', usage: 'view', short: 'Display merged kubeconfig settings or a specified kubeconfig file', flags: [...flagTable(`
      flatten bool Put the files that are named into it
      merge bool=true Merge the files; default true
      minify bool Leave out what the current context does not use
      raw bool Show certificates and keys
    `), ...printFlags.map((flag) => (flag.name === 'output' ? { ...flag, def: 'yaml' } : flag))], run: view },
  ],
};
