/**
 * A packet through the chains of a table: rules compiled once for each array of them, walked with an
 * explicit stack, counters kept beside them. ip_tables.c of Linux 3.10 to 4.x.
 */
import { own } from '../../engine/cow.ts';
import { ruleText } from '../iptables/save.ts';
import type { Skb } from '../ground.ts';
import { describe } from '../ground.ts';
import type { Chain, Rule, TableName } from '../state.ts';
import { compileMatch, type Scene, type Test } from './match.ts';
import { compileTarget, hasTarget, type Act } from './target.ts';

interface Compiled {
  srcIp: number; srcMask: number; srcNot: boolean; dstIp: number; dstMask: number; dstNot: boolean;
  in: ((dev: string) => boolean) | null; out: ((dev: string) => boolean) | null;
  proto: number; protoNot: boolean;
  never: boolean;
  tests: readonly Test[];
  act: Act | null; jump: string | null; goto: boolean;
}

/**
 * A chain ready to be walked. `masks` and `ips` hold each rule's destination as 32-bit integers: the test that
 * most rules of a long chain fail, kept where a loop finds it fastest. Rules without one, or with `!`, pass it.
 */
interface Walk { rules: readonly Compiled[]; masks: Int32Array; ips: Int32Array }

const compiledChains = new WeakMap<readonly Rule[], Walk>();
const one = new WeakMap<Rule, Compiled>();

function compileName(m: Rule['in']): ((dev: string) => boolean) | null {
  if (!m) return null;
  const { name, not } = m;
  if (!name.endsWith('+')) return (dev) => (dev === name) !== not;
  const stem = name.slice(0, -1);
  return (dev) => dev.startsWith(stem) !== not;
}

function compile(rule: Rule): Compiled {
  let known = one.get(rule);
  if (known) return known;
  const { target } = rule;
  known = {
    srcIp: (rule.src?.ip ?? 0) | 0, srcMask: (rule.src?.mask ?? 0) | 0, srcNot: rule.src?.not ?? false,
    dstIp: (rule.dst?.ip ?? 0) | 0, dstMask: (rule.dst?.mask ?? 0) | 0, dstNot: rule.dst?.not ?? false,
    in: compileName(rule.in), out: compileName(rule.out), proto: rule.proto?.number ?? 0, protoNot: rule.proto?.not ?? false,
    // No fragments travel here: -f matches nothing.
    never: rule.fragment === 'f',
    tests: rule.matches.filter((m) => m.name !== 'comment').map(compileMatch),
    act: target && hasTarget(target.name) ? compileTarget(target) : null,
    jump: target && !hasTarget(target.name) ? target.name : null, goto: rule.goto,
  };
  one.set(rule, known);
  return known;
}

function walkOf(rules: readonly Rule[]): Walk {
  let known = compiledChains.get(rules);
  if (known) return known;
  const compiled = rules.map(compile);
  known = { rules: compiled, masks: Int32Array.from(compiled, (r) => (r.dstNot ? 0 : r.dstMask)), ips: Int32Array.from(compiled, (r) => (r.dstNot ? 0 : r.dstIp)) };
  compiledChains.set(rules, known);
  return known;
}

/** What the destination's quick test leaves to ask. */
function matches(r: Compiled, skb: Skb, scene: Scene): boolean {
  if (r.dstNot && (skb.dst & r.dstMask) === r.dstIp) return false;
  if (((skb.src & r.srcMask) !== r.srcIp) !== r.srcNot) return false;
  if (r.proto !== 0 && (skb.proto !== r.proto) !== r.protoNot) return false;
  if (r.never) return false;
  if (r.in !== null && !r.in(skb.in)) return false;
  if (r.out !== null && !r.out(skb.out)) return false;
  for (const test of r.tests) if (!test(skb, scene)) return false;
  return true;
}

interface Place { chain: string; walk: Walk; at: number }

/** The first rule from `at` on that matches; the chain's length when none does. */
function nextMatch({ walk, at }: Place, skb: Skb, scene: Scene): number {
  const { rules, masks, ips } = walk;
  const dst = skb.dst | 0, end = rules.length;
  for (let i = at; i < end; i++) {
    if ((dst & masks[i]!) === ips[i]! && matches(rules[i]!, skb, scene)) return i;
  }
  return end;
}

const ownChains = (scene: Scene, table: TableName): Record<string, Chain> => own(own(own(own(scene.ns, 'netfilter'), 'tables'), table), 'chains');

function count(chains: Record<string, Chain>, chain: string, index: number, size: number): void {
  const record = own(chains, chain);
  if (index < 0) {
    const hits = own(record, 'policyHits');
    hits[0]++; hits[1] += size;
    return;
  }
  const hits = own(record, 'hits');
  while (hits.length < 2 * index + 2) hits.push(0);
  hits[2 * index]!++;
  hits[2 * index + 1]! += size;
}

/** The verdict of a built-in chain. A table that is not loaded accepts. */
export function evaluate(scene: Scene, name: TableName, skb: Skb): 'ACCEPT' | 'DROP' {
  const table = scene.ns.netfilter.tables[name];
  const first = table?.chains[scene.hook];
  if (!table || !first) return 'ACCEPT';
  const { size } = skb.p;
  const chains = ownChains(scene, name);
  const stack: Place[] = [];
  let place: Place = { chain: scene.hook, walk: walkOf(first.rules), at: 0 };
  for (;;) {
    const index = nextMatch(place, skb, scene);
    if (index >= place.walk.rules.length) {
      const back = stack.pop();
      if (back) { place = back; continue; }
      const policy = first.policy ?? 'ACCEPT';
      count(chains, scene.hook, -1, size);
      if (scene.g.trace && (policy === 'DROP' || first.rules.length)) note(scene, name, scene.hook, `policy ${policy}`, policy, skb);
      return policy;
    }
    place.at = index + 1;
    const rule = place.walk.rules[index]!;
    count(chains, place.chain, index, size);
    if (rule.jump !== null) {
      const next = chains[rule.jump];
      if (!next) continue;
      noteRule(scene, name, place.chain, index, 'CONTINUE', skb);
      if (!rule.goto) stack.push(place);
      place = { chain: rule.jump, walk: walkOf(next.rules), at: 0 };
      continue;
    }
    if (!rule.act) continue;
    const before = scene.g.trace ? describe(skb.p) : '';
    const verdict = rule.act(skb, scene);
    if (scene.g.trace) noteRule(scene, name, place.chain, index, verdict, skb, before);
    if (verdict === 'ACCEPT' || verdict === 'DROP') return verdict;
    // A return from the built-in chain itself is its policy.
    if (verdict === 'RETURN') place = stack.pop() ?? { ...place, at: place.walk.rules.length };
  }
}

function noteRule(scene: Scene, table: TableName, chain: string, index: number, verdict: string, skb: Skb, before?: string): void {
  if (!scene.g.trace) return;
  const rule = scene.ns.netfilter.tables[table]!.chains[chain]!.rules[index]!;
  note(scene, table, chain, ruleText(chain, rule), rule.target?.name === 'REJECT' ? 'REJECT' : verdict, skb, before);
}

function note(scene: Scene, table: TableName, chain: string, by: string, verdict: string, skb: Skb, before?: string): void {
  scene.g.trace!.push({
    host: scene.g.host, ns: scene.ns.name, at: `${table} ${chain}${chain === scene.hook ? '' : ` (from ${scene.hook})`}`, by,
    verdict: verdict === 'DROP' ? 'drop' : verdict === 'REJECT' ? 'reject' : 'pass', packet: before ?? describe(skb.p), id: skb.p.id, inner: skb.p.vxlan?.inner.id ?? null,
  });
}
