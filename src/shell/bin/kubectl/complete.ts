/**
 * What can follow on a kubectl command line: commands, flags, types, and names asked from the live cluster.
 * An unreachable server offers nothing.
 */
import type { Start, Sys } from '../../../sim/proc/program.ts';
import { collectionPath } from './discovery.ts';
import { commandWords, parseFlags, type Flag } from './flags.ts';
import { globalFlags } from './globals.ts';
import { byText, nameOf, type Obj } from './object.ts';
import { Kubectl } from './session.ts';
import { findVerb, type Verb } from './verb.ts';
import { root } from './verbs.ts';

/** Verbs whose first argument is a name of this type. */
const NAMES_OF: Readonly<Record<string, string>> = { logs: 'pods', exec: 'pods', attach: 'pods', 'port-forward': 'pods', cordon: 'nodes', uncordon: 'nodes', drain: 'nodes', approve: 'certificatesigningrequests', deny: 'certificatesigningrequests' };
/** Verbs whose arguments are a type and names. */
const TYPED = new Set(['get', 'describe', 'delete', 'edit', 'label', 'annotate', 'patch', 'scale', 'expose', 'autoscale', 'explain', 'wait', 'taint', 'status', 'history', 'undo', 'pause', 'resume', 'image', 'env', 'resources', 'view-last-applied']);
const CONTEXTS = new Set(['use-context', 'use', 'delete-context', 'rename-context', 'get-contexts', 'set-context']);

const starting = (list: readonly string[], prefix: string): string[] => [...new Set(list.filter((one) => one.startsWith(prefix)))].sort(byText);

export function* complete(start: Start, words: readonly string[]): Sys<readonly string[]> {
  const last = words.at(-1) ?? '';
  const { path, rest } = locate(words.slice(1, -1));
  const verb = path.at(-1)!;
  const flags = [...(verb.flags ?? []), ...globalFlags];
  const k = session(start, path, rest, flags);
  const valueOf = flagAwaiting(rest, last, flags);
  if (valueOf) return yield* flagValues(k, verb, valueOf.flag, valueOf.head, valueOf.text);
  if (last.startsWith('-')) return starting([...flags.filter((flag) => !flag.hidden).map((flag) => `--${flag.name}${flag.type === 'bool' ? '' : '='}`), '--help'], last);
  if (verb.subs?.length && !k.args.length) return starting(verb.subs.filter((sub) => !sub.hidden).map((sub) => sub.name), last);
  return yield* argument(k, verb, last);
}

/** The command in the words, and what is left of them. */
function locate(words: readonly string[]): { path: Verb[]; rest: string[] } {
  let path: Verb[] = [root];
  let rest = [...words];
  for (;;) {
    const verb = path.at(-1)!;
    const at = commandWords(rest, [...(verb.flags ?? []), ...globalFlags])[0];
    const found = at === undefined || !verb.subs ? null : findVerb(verb, [rest[at]!]);
    if (!found?.used) return { path, rest };
    path = [...path, found.path.at(-1)!];
    rest = rest.filter((_, i) => i !== at);
  }
}

function session(start: Start, path: Verb[], rest: readonly string[], flags: readonly Flag[]): Kubectl {
  // A flag at the end may still lack its value.
  for (let n = rest.length; n >= 0; n--) {
    const parsed = parseFlags(rest.slice(0, n), flags);
    if (parsed.ok) return new Kubectl(start, parsed.flags, path);
  }
  const none = parseFlags([], flags);
  if (!none.ok) throw new Error('no flags are always right');
  return new Kubectl(start, none.flags, path);
}

/** The flag whose value the last word is, with what stands before that value in the word. */
function flagAwaiting(rest: readonly string[], last: string, flags: readonly Flag[]): { flag: Flag; head: string; text: string } | null {
  const inline = /^(--([\w-]+)=)(.*)$/s.exec(last);
  if (inline) {
    const flag = flags.find((one) => one.name === inline[2]);
    return flag ? { flag, head: inline[1]!, text: inline[3]! } : null;
  }
  const glued = /^(-(\w))(.+)$/s.exec(last);
  if (glued && !last.startsWith('--')) {
    const flag = flags.find((one) => one.short === glued[2] && one.noOpt === null);
    if (flag) return { flag, head: glued[1]!, text: glued[3]! };
  }
  const before = rest.at(-1);
  if (!before?.startsWith('-') || before.includes('=')) return null;
  const flag = before.startsWith('--') ? flags.find((one) => one.name === before.slice(2)) : before.length === 2 ? flags.find((one) => one.short === before[1]) : undefined;
  return flag && flag.noOpt === null ? { flag, head: '', text: last } : null;
}

const OUTPUTS = ['json', 'yaml', 'name', 'go-template=', 'jsonpath='];

function* flagValues(k: Kubectl, verb: Verb, flag: Flag, head: string, text: string): Sys<readonly string[]> {
  const shown = (list: readonly string[]): string[] => starting(list, text).map((one) => head + one);
  if (flag.name === 'namespace') return shown(yield* names(k, 'namespaces'));
  if (flag.name === 'container') return shown(yield* containers(k));
  if (flag.name === 'output') return shown(verb.name === 'get' ? [...OUTPUTS, 'wide', 'custom-columns='] : OUTPUTS);
  if (['context', 'cluster', 'user'].includes(flag.name)) return shown(yield* configured(k, `${flag.name}s` as 'contexts'));
  return [];
}

function* configured(k: Kubectl, section: 'contexts' | 'clusters' | 'users'): Sys<string[]> {
  const config = yield* k.kubeconfig();
  return config.ok ? Object.keys(config.value[section]) : [];
}

function* argument(k: Kubectl, verb: Verb, last: string): Sys<readonly string[]> {
  const slash = last.indexOf('/');
  if (slash > 0 && (TYPED.has(verb.name) || NAMES_OF[verb.name] === 'pods')) {
    const head = last.slice(0, slash + 1);
    return starting((yield* names(k, last.slice(0, slash))).map((name) => head + name), last);
  }
  const type = NAMES_OF[verb.name];
  if (type) {
    if (verb.name === 'logs' && k.args.length === 1) return starting(yield* containers(k), last);
    return k.args.length ? [] : starting(yield* names(k, type), last);
  }
  if (CONTEXTS.has(verb.name)) return starting(yield* configured(k, 'contexts'), last);
  if (verb.name === 'completion') return starting(['bash', 'zsh'], last);
  if (!TYPED.has(verb.name)) return [];
  return k.args.length ? starting(yield* names(k, k.args[0]!), last) : starting(yield* types(k), last);
}

function* types(k: Kubectl): Sys<string[]> {
  const found = yield* k.types();
  return found.ok ? found.value.types.filter((type) => type.verbs.includes('get')).map((type) => type.plural) : [];
}

function* names(k: Kubectl, word: string): Sys<string[]> {
  const type = yield* k.type(word);
  const api = yield* k.api();
  if (!type.ok || !api.ok) return [];
  const list = yield* api.value.get(collectionPath(type.value, type.value.namespaced ? api.value.config.namespace : ''));
  return list.ok ? ((list.value['items'] ?? []) as Obj[]).map(nameOf) : [];
}

function* containers(k: Kubectl): Sys<string[]> {
  const [pod] = k.args;
  const api = yield* k.api();
  if (!pod || !api.ok) return [];
  const got = yield* api.value.get(`/api/v1/namespaces/${api.value.config.namespace}/pods/${pod.replace(/^(pods?|po)\//, '')}`);
  return got.ok ? [...((got.value['spec']?.containers ?? []) as Obj[]), ...((got.value['spec']?.initContainers ?? []) as Obj[])].map((one) => String(one['name'])) : [];
}
