/**
 * The way into a namespace: PREROUTING, routing, then INPUT and delivery or FORWARD and out again
 * (net/ipv4/ip_input.c, ip_forward.c).
 */
import { arpIn } from './neigh.ts';
import { vxlanIn } from './device.ts';
import { step, type Ground, type Skb } from './ground.ts';
import { forward, input, prerouting } from './hooks.ts';
import { echo, sendError } from './icmp.ts';
import { leave } from './output.ts';
import { routeIn, routeText, type In } from './route.ts';
import type { NetNs } from './state.ts';

/** A frame for the protocols of a device. */
export function upwards(g: Ground, ns: NetNs, dev: string, skb: Skb): void {
  if (skb.p.proto === 'arp') arpIn(g, ns, dev, skb.p);
  else ipIn(g, ns, skb, false);
}

/** ip_rcv. `done`: the bridge has been through PREROUTING with it. */
export function ipIn(g: Ground, ns: NetNs, skb: Skb, done: boolean): void {
  if (skb.p.proto === 'arp') { arpIn(g, ns, skb.in, skb.p); return; }
  if (!done && !prerouting(g, ns, skb)) return;
  if (skb.in === 'lo') { localIn(g, ns, skb); return; }
  const route = routeIn(ns, skb.src, skb.dst, skb.in, skb.p.mark);
  if (route.type === 'local') localIn(g, ns, skb);
  else if (route.type === 'forward') forwardOn(g, ns, skb, route);
  else {
    step(g, ns, skb, 'route', route.by, route.icmp ? 'reject' : 'drop');
    if (route.icmp) sendError(g, ns, skb, 3, route.errno === 'EACCES' ? 13 : route.errno === 'EHOSTUNREACH' ? 1 : 0);
  }
}

function localIn(g: Ground, ns: NetNs, skb: Skb): void {
  if (g.trace) step(g, ns, skb, 'route', `${skb.p.dst} is an address of this host`, 'pass');
  if (!input(g, ns, skb)) return;
  const { p } = skb;
  if (p.icmp?.type === 8) {
    step(g, ns, skb, 'kernel', 'answers the echo request', 'deliver');
    echo(g, ns, skb);
    return;
  }
  if (p.proto === 'udp' && vxlanIn(g, ns, skb)) return;
  g.deliver(ns, skb);
}

function forwardOn(g: Ground, ns: NetNs, skb: Skb, route: In & { type: 'forward' }): void {
  const { p } = skb;
  if (g.trace) step(g, ns, skb, 'route', routeText(route.route), 'pass');
  if (p.ttl <= 1) {
    step(g, ns, skb, 'forward', 'ttl exceeded', 'reject');
    sendError(g, ns, skb, 11, 0);
    return;
  }
  if (p.df && (p.piece ?? p.size) > route.mtu) {
    step(g, ns, skb, 'mtu', `${p.piece ?? p.size} bytes > mtu ${route.mtu} of ${route.dev}, DF set`, 'reject');
    sendError(g, ns, skb, 3, 4, route.mtu);
    return;
  }
  p.ttl--;
  skb.out = route.dev;
  if (forward(g, ns, skb)) leave(g, ns, skb, route.dev, route.nexthop, route.mtu, false);
}
