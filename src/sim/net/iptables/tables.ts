/**
 * The tables themselves: loading, chains, rules put in and taken out, and what the kernel checks before
 * it takes a table (iptables' libiptc and ip_tables.c). It parses no words.
 */
import { own } from '../../engine/cow.ts';
import { hasMatch, needsConntrack } from '../netfilter/match.ts';
import type { Chain, NetNs, Rule, Table, TableName } from '../state.ts';
import { MATCHES } from './matches.ts';
import { STANDARD, TARGETS } from './targets.ts';

export const BUILTIN: Readonly<Record<TableName, readonly string[]>> = {
  filter: ['INPUT', 'FORWARD', 'OUTPUT'], nat: ['PREROUTING', 'INPUT', 'OUTPUT', 'POSTROUTING'],
  mangle: ['PREROUTING', 'INPUT', 'FORWARD', 'OUTPUT', 'POSTROUTING'], raw: ['PREROUTING', 'OUTPUT'], security: ['INPUT', 'FORWARD', 'OUTPUT'],
};
export const isTable = (name: string): name is TableName => name in BUILTIN;

/** What libiptc answers: the errno's words as the tool prints them. */
export type Refusal = string;
export const EINVAL: Refusal = 'Invalid argument. Run `dmesg\' for more information';
export const NO_CHAIN: Refusal = 'No chain/target/match by that name';
export const BAD_RULE: Refusal = 'Bad rule (does a matching rule exist in that chain?)';

const freshTable = (name: TableName): Table => ({
  chains: Object.fromEntries(BUILTIN[name].map((chain): [string, Chain] => [chain, { policy: 'ACCEPT', rules: [], hits: [], policyHits: [0, 0] }])),
  order: [...BUILTIN[name]],
});

/** A work copy of a table, loaded if need be: nothing is changed until `commit`. */
export interface Draft { name: TableName; table: Table }

export function draft(ns: NetNs, name: TableName, fresh = false): Draft {
  const loaded = fresh ? undefined : ns.netfilter.tables[name];
  if (!loaded) return { name, table: freshTable(name) };
  return { name, table: { order: [...loaded.order], chains: { ...loaded.chains } } };
}

const change = (d: Draft, name: string): Chain => {
  const before = d.table.chains[name]!;
  return (d.table.chains[name] = { ...before, hits: [...before.hits], policyHits: [...before.policyHits] });
};

const byCodeUnit = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
function reorder(d: Draft): void {
  const builtin = BUILTIN[d.name];
  d.table.order = [...builtin, ...Object.keys(d.table.chains).filter((name) => !builtin.includes(name)).sort(byCodeUnit)];
}

export function newChain(d: Draft, name: string): Refusal | null {
  if (d.table.chains[name] || STANDARD.has(name)) return 'Chain already exists';
  d.table.chains[name] = { policy: null, rules: [], hits: [], policyHits: [0, 0] };
  reorder(d);
  return null;
}

export const usersOf = (d: Draft, name: string): number =>
  Object.values(d.table.chains).reduce((n, chain) => n + chain.rules.filter((rule) => rule.target?.name === name && !TARGETS[name]).length, 0);

export function deleteChain(d: Draft, name: string): Refusal | null {
  const chain = d.table.chains[name];
  if (!chain) return NO_CHAIN;
  if (chain.policy) return EINVAL;
  if (usersOf(d, name)) return 'Too many links';
  if (chain.rules.length) return 'Directory not empty';
  delete d.table.chains[name];
  reorder(d);
  return null;
}

export function renameChain(d: Draft, from: string, to: string): Refusal | null {
  const chain = d.table.chains[from];
  if (!chain) return NO_CHAIN;
  if (d.table.chains[to] || STANDARD.has(to)) return 'File exists';
  if (chain.policy) return EINVAL;
  delete d.table.chains[from];
  d.table.chains[to] = chain;
  for (const name of Object.keys(d.table.chains)) {
    if (!d.table.chains[name]!.rules.some((rule) => rule.target?.name === from)) continue;
    const users = change(d, name);
    users.rules = users.rules.map((rule) => (rule.target?.name === from ? { ...rule, target: { name: to, opts: {} } } : rule));
  }
  reorder(d);
  return null;
}

export function flush(d: Draft, name: string): void {
  const chain = change(d, name);
  chain.rules = [];
  chain.hits = [];
}

export function zero(d: Draft, name: string, number: number): Refusal | null {
  const chain = change(d, name);
  if (number) {
    if (number > chain.rules.length) return 'Index of counter too big';
    chain.hits[2 * number - 2] = chain.hits[2 * number - 1] = 0;
    return null;
  }
  chain.hits = chain.hits.map(() => 0);
  chain.policyHits = [0, 0];
  return null;
}

/** Puts rules in at a position from 0. */
export function insert(d: Draft, name: string, at: number, rules: readonly Rule[], hits: readonly [number, number] = [0, 0]): void {
  const chain = change(d, name);
  chain.rules = [...chain.rules.slice(0, at), ...rules, ...chain.rules.slice(at)];
  while (chain.hits.length < 2 * at) chain.hits.push(0);
  chain.hits.splice(2 * at, 0, ...rules.flatMap(() => hits));
}

/** Puts rules at a chain's end when the chain is already a work copy: for restoring long tables. */
export function appendMany(d: Draft, name: string, rules: readonly Rule[], hits: readonly number[]): void {
  const chain = change(d, name);
  while (chain.hits.length < 2 * chain.rules.length) chain.hits.push(0);
  chain.rules = [...chain.rules, ...rules];
  chain.hits.push(...hits);
}

export function removeAt(d: Draft, name: string, at: number): void {
  const chain = change(d, name);
  while (chain.hits.length < 2 * chain.rules.length) chain.hits.push(0);
  chain.rules = chain.rules.filter((_, i) => i !== at);
  chain.hits.splice(2 * at, 2);
}

export function replaceAt(d: Draft, name: string, at: number, rule: Rule): void {
  const chain = change(d, name);
  chain.rules = chain.rules.map((old, i) => (i === at ? rule : old));
  chain.hits[2 * at] = chain.hits[2 * at + 1] = 0;
}

export function setPolicy(d: Draft, name: string, policy: string, hits?: readonly [number, number]): Refusal | null {
  if (!d.table.chains[name]?.policy) return 'Bad built-in chain name';
  if (policy !== 'ACCEPT' && policy !== 'DROP') return 'Bad policy name';
  const chain = change(d, name);
  chain.policy = policy;
  if (hits) chain.policyHits = [...hits];
  return null;
}

// --- the kernel's checks

/** The hooks from which a chain is reached; null: there is a loop. */
function reach(table: Table, builtin: readonly string[]): Map<string, Set<string>> | null {
  const hooks = new Map<string, Set<string>>();
  for (const start of builtin) {
    const walk = (name: string, above: readonly string[]): boolean => {
      if (above.includes(name)) return false;
      let seen = hooks.get(name);
      if (!seen) hooks.set(name, seen = new Set());
      if (seen.has(start) && name !== start) return true;
      seen.add(start);
      const inner = [...above, name];
      return targetsOf(table.chains[name]!).every((next) => !table.chains[next] || walk(next, inner));
    };
    if (!walk(start, [])) return null;
  }
  return hooks;
}

const jumps = new WeakMap<readonly Rule[], readonly string[]>();
function targetsOf(chain: Chain): readonly string[] {
  let known = jumps.get(chain.rules);
  if (!known) {
    const names = new Set<string>();
    for (const rule of chain.rules) if (rule.target && !TARGETS[rule.target.name]) names.add(rule.target.name);
    jumps.set(chain.rules, known = [...names]);
  }
  return known;
}

/** Why the kernel would not take the table, or null. */
export function verify(d: Draft): Refusal | null {
  const { table, name } = d;
  const hooks = reach(table, BUILTIN[name]);
  if (!hooks) return 'Too many levels of symbolic links';
  for (const [chainName, chain] of Object.entries(table.chains)) {
    const from = hooks.get(chainName) ?? new Set<string>();
    if (known.get(chain.rules) === `${name} ${[...from].join()}`) continue;
    for (const rule of chain.rules) {
      const refusal = checkRule(table, name, rule, from);
      if (refusal) return refusal;
    }
    known.set(chain.rules, `${name} ${[...from].join()}`);
  }
  return null;
}
/** Chains that passed, by their rules, with the table and hooks they passed for. Jumps are checked apart. */
const known = new WeakMap<readonly Rule[], string>();

function checkRule(table: Table, name: TableName, rule: Rule, from: ReadonlySet<string>): Refusal | null {
  const within = (allowed: readonly string[] | undefined): boolean => !allowed || [...from].every((hook) => allowed.includes(hook));
  for (const m of rule.matches) {
    if (!hasMatch(m.name)) return NO_CHAIN;
    const definition = MATCHES[m.name]!;
    if (definition.protos && (rule.proto?.not || !definition.protos.includes(rule.proto?.number ?? 0)) || !within(definition.hooks)) return EINVAL;
  }
  const { target } = rule;
  if (!target) return null;
  const definition = TARGETS[target.name];
  if (!definition) return table.chains[target.name] ? (table.chains[target.name]!.policy ? EINVAL : null) : NO_CHAIN;
  if (definition.tables && !definition.tables.includes(name) || !within(definition.hooks)) return EINVAL;
  if (definition.needsSyn && !rule.matches.some((m) => m.name === 'tcp' && ((m.opts['flags'] as readonly [number, number, boolean] | undefined)?.[1] ?? 0) & 2)) return EINVAL;
  if (target.name === 'REJECT' && target.opts['with'] === 'tcp-reset' && (rule.proto?.number !== 6 || rule.proto.not)) return EINVAL;
  return null;
}

/** Makes the draft the kernel's. */
export function commit(ns: NetNs, d: Draft): Refusal | null {
  const refusal = verify(d);
  if (refusal) return refusal;
  const nf = own(ns, 'netfilter');
  own(nf, 'tables')[d.name] = d.table;
  if (!ns.conntrack.enabled && (d.name === 'nat' || Object.values(d.table.chains).some((chain) => chain.rules.some((rule) => rule.matches.some(needsConntrack) || rule.target?.name === 'CONNMARK')))) {
    own(ns, 'conntrack').enabled = true;
  }
  return null;
}
