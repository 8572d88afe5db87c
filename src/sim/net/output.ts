/**
 * The way out of a namespace: OUTPUT, routing again when nat has changed the destination, POSTROUTING,
 * the next hop's address, the device (net/ipv4/ip_output.c).
 */
import { setSrc, step, type Ground, type Skb } from './ground.ts';
import { outputFilter, outputNat, postrouting } from './hooks.ts';
import { toNeighbour } from './neigh.ts';
import { isErrno, routeOut, routeText, type Out, type RouteErrno } from './route.ts';
import type { NetNs } from './state.ts';

export type SendErrno = RouteErrno | 'EPERM' | 'EMSGSIZE' | 'ENETDOWN';

/** Sends a packet made here. The errno is what a sendto() would get; a TCP sender does not look. */
export function localOut(g: Ground, ns: NetNs, skb: Skb, route: Out): SendErrno | null {
  let out = route;
  skb.local = true;
  skb.out = out.dev;
  const { dst } = skb.p;
  const { mark } = skb.p;
  if (g.trace) step(g, ns, skb, 'route', out.route ? routeText(out.route) : `dev ${out.dev}`, 'pass');
  if (!outputNat(g, ns, skb)) return 'EPERM';
  if (skb.p.dst !== dst || skb.p.mark !== mark && ns.rules.length > 3) {
    const again = routeOut(ns, skb.p.dst, skb.p.src, null, skb.p.mark);
    if (isErrno(again)) { step(g, ns, skb, 'route', `no route after nat OUTPUT (${again})`, 'drop'); return again; }
    out = again;
    skb.out = out.dev;
    if (g.trace) step(g, ns, skb, 'route', out.route ? routeText(out.route) : `dev ${out.dev}`, 'pass');
    if (out.type === 'local' && skb.p.src !== out.src && skb.src === 0) setSrc(skb, out.src);
  }
  if (!outputFilter(g, ns, skb)) return 'EPERM';
  return leave(g, ns, skb, out.dev, out.nexthop, out.mtu, out.type === 'broadcast') ? null : fault(skb, out.mtu);
}

const fault = (skb: Skb, mtu: number): SendErrno => (skb.p.df && (skb.p.piece ?? skb.p.size) > mtu ? 'EMSGSIZE' : 'EPERM');

/** POSTROUTING and onto the device; for what is routed on as for what is made here. */
export function leave(g: Ground, ns: NetNs, skb: Skb, dev: string, nexthop: string, mtu: number, everyone: boolean): boolean {
  if (skb.local && skb.p.df && (skb.p.piece ?? skb.p.size) > mtu) { step(g, ns, skb, 'mtu', `${skb.p.piece ?? skb.p.size} bytes > mtu ${mtu} of ${dev}, DF set`, 'drop'); return false; }
  if (!postrouting(g, ns, skb)) return false;
  toNeighbour(g, ns, dev, everyone ? null : nexthop, skb);
  return true;
}
