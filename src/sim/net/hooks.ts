/**
 * The five hooks of netfilter in their order: raw, connection tracking, mangle, nat, filter, security
 * (their priorities in netfilter_ipv4.h). It walks no route.
 */
import { confirm, ensureUnique, track, translate } from './conntrack.ts';
import { step, type Ground, type Skb } from './ground.ts';
import { evaluate } from './netfilter/evaluate.ts';
import type { Scene } from './netfilter/match.ts';
import type { Hook, NetNs } from './state.ts';

const idle = (ns: NetNs): boolean => {
  for (const _ in ns.netfilter.tables) return false;
  return !ns.conntrack.enabled;
};

/** nat is asked once for each new connection and kind; every packet is rewritten as the connection says. */
function nat(scene: Scene, skb: Skb, manip: 'dst' | 'src'): boolean {
  const { conn } = skb;
  if (!conn) return true;
  const bit = manip === 'dst' ? 1 : 2;
  if (skb.fresh && skb.info === 'NEW' && !(skb.asked & bit)) {
    skb.asked |= bit;
    if (scene.ns.netfilter.tables.nat) {
      if (evaluate(scene, 'nat', skb) === 'DROP') return false;
      if (manip === 'src' && !(conn.snat)) ensureUnique(scene.g, scene.ns, skb);
    }
  }
  if ((conn.snat || conn.dnat) && translate(skb, manip) && scene.g.trace) step(scene.g, scene.ns, skb, `nat ${scene.hook}`, 'translated as its connection says', 'change');
  return true;
}

function lost(g: Ground, ns: NetNs, skb: Skb): boolean {
  step(g, ns, skb, 'conntrack', 'not entered: table full or tuple taken (net.netfilter.nf_conntrack_max)', 'drop');
  return false;
}

/** Each returns whether the packet goes on. */
export function prerouting(g: Ground, ns: NetNs, skb: Skb): boolean {
  if (idle(ns)) return true;
  const scene: Scene = { g, ns, hook: 'PREROUTING' };
  if (ns.netfilter.tables.raw && evaluate(scene, 'raw', skb) === 'DROP') return false;
  track(g, ns, skb);
  if (ns.netfilter.tables.mangle && evaluate(scene, 'mangle', skb) === 'DROP') return false;
  return nat(scene, skb, 'dst');
}

export function input(g: Ground, ns: NetNs, skb: Skb): boolean {
  if (idle(ns)) return true;
  const scene: Scene = { g, ns, hook: 'INPUT' };
  if (ns.netfilter.tables.mangle && evaluate(scene, 'mangle', skb) === 'DROP') return false;
  if (ns.netfilter.tables.filter && evaluate(scene, 'filter', skb) === 'DROP') return false;
  if (ns.netfilter.tables.security && evaluate(scene, 'security', skb) === 'DROP') return false;
  return nat(scene, skb, 'src') && (confirm(g, ns, skb) || lost(g, ns, skb));
}

export function forward(g: Ground, ns: NetNs, skb: Skb): boolean {
  if (idle(ns)) return true;
  const scene: Scene = { g, ns, hook: 'FORWARD' };
  if (ns.netfilter.tables.mangle && evaluate(scene, 'mangle', skb) === 'DROP') return false;
  if (ns.netfilter.tables.filter && evaluate(scene, 'filter', skb) === 'DROP') return false;
  return !(ns.netfilter.tables.security && evaluate(scene, 'security', skb) === 'DROP');
}

/** Until nat: what it changes may change the route. */
export function outputNat(g: Ground, ns: NetNs, skb: Skb): boolean {
  if (idle(ns)) return true;
  const scene: Scene = { g, ns, hook: 'OUTPUT' };
  if (ns.netfilter.tables.raw && evaluate(scene, 'raw', skb) === 'DROP') return false;
  track(g, ns, skb);
  if (ns.netfilter.tables.mangle && evaluate(scene, 'mangle', skb) === 'DROP') return false;
  return nat(scene, skb, 'dst');
}

export function outputFilter(g: Ground, ns: NetNs, skb: Skb): boolean {
  const { filter, security } = ns.netfilter.tables;
  if (!filter && !security) return true;
  const scene: Scene = { g, ns, hook: 'OUTPUT' as Hook };
  if (filter && evaluate(scene, 'filter', skb) === 'DROP') return false;
  return !(security && evaluate(scene, 'security', skb) === 'DROP');
}

export function postrouting(g: Ground, ns: NetNs, skb: Skb): boolean {
  if (idle(ns)) return true;
  const scene: Scene = { g, ns, hook: 'POSTROUTING' };
  if (ns.netfilter.tables.mangle && evaluate(scene, 'mangle', skb) === 'DROP') return false;
  return nat(scene, skb, 'src') && (confirm(g, ns, skb) || lost(g, ns, skb));
}
