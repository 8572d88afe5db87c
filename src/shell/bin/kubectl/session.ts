/**
 * One run of kubectl: its flags and arguments, and what it learns on the way, once: configuration, client,
 * discovery. Verbs get it and nothing else.
 */
import { err, out } from '../../../sim/proc/libc.ts';
import type { Start, Sys } from '../../../sim/proc/program.ts';
import { call } from '../../../sim/proc/syscalls.ts';
import { Api } from './api.ts';
import { discover, findKind, findType, requireKind, type Discovered, type ResourceType } from './discovery.ts';
import { done, plain, report, type Failure, type Outcome } from './failure.ts';
import type { Flags } from './flags.ts';
import { globalFlags } from './globals.ts';
import { clientConfig, loadConfig, namespaceIn, type Kubeconfig } from './kubeconfig.ts';
import { klogTime } from './time.ts';
import { commandPath, usageText, type Verb } from './verb.ts';

export class Kubectl {
  private config: Kubeconfig | null = null;
  private connected: Api | null = null;
  private discovered: Discovered | null = null;
  private asked = false;

  /** The flags of the connection: a command's own flag of the same name (--user of `create rolebinding`) hides the global one. */
  private readonly global: Flags;

  constructor(readonly start: Start, readonly flags: Flags, readonly path: readonly Verb[]) {
    const hidden = (path.at(-1)!.flags ?? []).map((flag) => flag.name).filter((name) => globalFlags.some((flag) => flag.name === name));
    this.global = hidden.length ? flags.without(hidden) : flags;
  }

  get args(): readonly string[] { return this.flags.args; }
  get commandPath(): string { return commandPath(this.path); }
  get verbosity(): number { return this.flags.int('v'); }

  *kubeconfig(): Sys<Outcome<Kubeconfig>> {
    if (this.config) return done(this.config);
    const loaded = yield* loadConfig(this.start, this.global);
    if (loaded.ok) {
      this.config = loaded.value;
      if (this.verbosity >= 6) for (const file of loaded.value.files) yield* this.log('loader.go:359', `Config loaded from file ${file}`);
    }
    return loaded;
  }

  /** A line of klog. */
  *log(where: string, text: string): Sys<void> {
    const now = yield* call('now', {});
    yield* err(`I${klogTime(now.ok ? now.value.real : 0)} ${String(this.start.pid).padStart(7)} ${where}] ${text}\n`);
  }

  *api(): Sys<Outcome<Api>> {
    if (this.connected) return done(this.connected);
    const config = yield* this.kubeconfig();
    if (!config.ok) return config;
    const client = yield* clientConfig(config.value, this.global);
    if (!client.ok) return client;
    this.connected = new Api(client.value, this.verbosity, this.start.pid);
    return done(this.connected);
  }

  /** The namespace in force, and whether the command line names it. */
  *namespace(): Sys<Outcome<{ namespace: string; given: boolean }>> {
    const config = yield* this.kubeconfig();
    return config.ok ? done(namespaceIn(config.value, this.global)) : config;
  }

  *types(fresh = false): Sys<Outcome<Discovered>> {
    if (this.discovered && !fresh) return done(this.discovered);
    const api = yield* this.api();
    if (!api.ok) return api;
    const directory = this.flags.str('cache-dir') || `${this.start.env['HOME'] || ''}/.kube/cache`;
    const found = yield* discover(api.value, directory, fresh);
    if (found.ok) this.discovered = found.value;
    this.asked ||= fresh;
    return found;
  }

  /** The type that a word names; the server is asked anew before it is said to have none. */
  *type(word: string): Sys<Outcome<ResourceType>> {
    for (;;) {
      const types = yield* this.types(false);
      if (!types.ok) return types;
      const type = findType(types.value, word);
      if (type) return done(type);
      // The word's first part only: groups and versions are not said.
      if (this.asked) return plain(`the server doesn't have a resource type ${JSON.stringify(word.split('.')[0])}`);
      const again = yield* this.types(true);
      if (!again.ok) return again;
    }
  }

  *kind(apiVersion: string, kind: string): Sys<Outcome<ResourceType>> {
    for (;;) {
      const types = yield* this.types(false);
      if (!types.ok) return types;
      if (findKind(types.value, apiVersion, kind) || this.asked) return requireKind(types.value, apiVersion, kind);
      const again = yield* this.types(true);
      if (!again.ok) return again;
    }
  }

  /** Microseconds since 1970 by this host's clock. */
  *now(): Sys<number> {
    const now = yield* call('now', {});
    return now.ok ? now.value.real : 0;
  }

  /** Prints a failure as kubectl does; the result is the exit status. */
  *fail(failure: Failure): Sys<number> {
    if (failure.is === 'plain' && failure.stdout) yield* out(failure.stdout);
    yield* err(report(failure));
    return failure.is === 'bare' ? failure.exit ?? 1 : 1;
  }

  /** cobra's word for flags that must be given, said twice as all of its errors. */
  required(...names: readonly string[]): { ok: false; failure: Failure } {
    const text = `required flag(s) ${[...names].sort().map((name) => `"${name}"`).join(', ')} not set`;
    return { ok: false, failure: { is: 'bare', text: `Error: ${text}\n\n\n${usageText(this.path)}\n${text}\n` } };
  }

  /** UsageErrorf: the complaint and where to read more. */
  usage(text: string): { ok: false; failure: Failure } {
    return plain(`${text}\nSee '${this.commandPath} -h' for help and examples`);
  }
}
