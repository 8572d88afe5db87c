/**
 * The cluster's DNS as Planet sets it up (planet tool/planet/dns.go): the leader makes the services
 * kube-dns and kube-dns-worker, every agent tells its kubelet their addresses, and once the pods' bridge
 * is there Planet's coredns and resolv.conf are told of it too.
 */
import { seconds } from '../../engine/time.ts';
import { capture } from '../../gravity/child.ts';
import { corednsConf, resolvConf, upstreamOf, type Bridge } from '../../gravity/layout/planet-files.ts';
import { fetchOnce } from '../../proc/http.ts';
import type { LinkView } from '../../net/state.ts';
import type { Json, Start, Sys } from '../../proc/program.ts';
import { parseResolvConf } from '../../proc/resolver.ts';
import { call } from '../../proc/syscalls.ts';
import { agentFlags, log, recall, remember, type Identity } from './flags.ts';
import { recallLeader } from './election.ts';

export const DNS_TICK_US = seconds(2);
const API = 'https://leader.telekube.local:6443';
const ENV_FILE = '/run/dns.env';
const SERVICES = ['kube-dns', 'kube-dns-worker'] as const;

const service = (name: string): Json => ({
  apiVersion: 'v1', kind: 'Service',
  metadata: { name, namespace: 'kube-system', labels: { 'k8s-app': name, 'kubernetes.io/cluster-service': 'true', 'kubernetes.io/name': 'KubeDNS' } },
  spec: {
    type: 'ClusterIP', selector: { 'k8s-app': name },
    ports: [{ name: 'dns', port: 53, protocol: 'UDP', targetPort: 53 }, { name: 'dns-tcp', port: 53, protocol: 'TCP', targetPort: 53 }, { name: 'metrics', port: 9153, protocol: 'TCP', targetPort: 9153 }],
  },
});

/** Until both are done: the kubelet's addresses, the bridge. */
export function* dnsTick(start: Start): Sys<void> {
  const flags = agentFlags(start.argv);
  const identity = yield* recall<Identity>('identity');
  if (typeof flags === 'string' || !identity) return;
  let addresses = (yield* recall<readonly string[]>('clusterDns')) ?? [];
  if (!addresses.length) {
    const leading = (yield* recallLeader()) === flags.address;
    addresses = yield* serviceAddresses(identity, leading);
    if (!addresses.length) return;
    yield* remember('clusterDns', addresses);
    yield* call('writeFile', { path: ENV_FILE, text: `PLANET_DNS_ADDRESSES=${addresses.join(',')}\n` });
    yield* log('info', `Cluster DNS services are ${addresses.join(', ')}.`);
  }
  const address = yield* bridgeAddress();
  if (!address) return;
  yield* tellResolver({ address, clusterDns: addresses[0]! });
  yield* call('timerStop', { name: 'dns' });
}

function* serviceAddresses(identity: Identity, leading: boolean): Sys<string[]> {
  const { kube, trust } = identity.place;
  const options = { cert: kube, trust, timeoutUs: DNS_TICK_US };
  const found: string[] = [];
  for (const name of SERVICES) {
    const got = yield* fetchOnce(`${API}/api/v1/namespaces/kube-system/services/${name}`, options);
    if (!got.ok) return [];
    let { status, body } = got.response;
    if (status === 404 && leading) {
      const made = yield* fetchOnce(`${API}/api/v1/namespaces/kube-system/services`, { ...options, method: 'POST', body: service(name) });
      if (!made.ok) return [];
      ({ status, body } = made.response);
    }
    const address = status < 300 ? (body as { spec?: { clusterIP?: string } } | null)?.spec?.clusterIP : undefined;
    if (!address) return [];
    found.push(address);
  }
  return found;
}

/** cni0's address, when the bridge of the pods exists. */
function* bridgeAddress(): Sys<string | null> {
  const got = yield* call('netRead', { what: { kind: 'links' } });
  if (!got.ok) return null;
  const cni = (got.value as unknown as readonly LinkView[]).find((link) => link.name === 'cni0');
  return cni?.addrs?.[0]?.ip ?? null;
}

/** Rewrites coredns.conf and resolv.conf with a server on the bridge, and restarts coredns if that changed them. */
function* tellResolver(bridge: Bridge): Sys<void> {
  const listen = yield* call('readFile', { path: '/etc/container-environment' });
  const dnsListen = /^PLANET_DNS_LISTEN_ADDR="(.*)"$/m.exec(listen.ok ? listen.value : '')?.[1] ?? '127.0.0.2';
  const file = yield* call('readFile', { path: '/etc/resolv.conf' });
  const conf = parseResolvConf(file.ok ? file.value : '');
  const upstream = upstreamOf(conf.nameservers.filter((server) => server !== dnsListen && server !== bridge.address).map((server) => `nameserver ${server}\n`).join(''));
  const wanted = corednsConf(upstream, dnsListen, bridge);
  const present = yield* call('readFile', { path: '/etc/coredns/coredns.conf' });
  const search = conf.search.filter((domain) => !domain.endsWith('.cluster.local'));
  yield* call('writeFile', { path: '/etc/resolv.conf', text: resolvConf(upstream, dnsListen, search, bridge) });
  yield* nameBridge(bridge.address);
  if (present.ok && present.value === wanted) return;
  yield* call('writeFile', { path: '/etc/coredns/coredns.conf', text: wanted });
  yield* capture({ path: '/bin/systemctl', argv: ['systemctl', '--no-block', 'restart', 'coredns.service'] });
}

const HOSTS = '/etc/hosts';

/** The bridge is called `gravity` in Planet: what tcpdump shows of it. */
function* nameBridge(address: string): Sys<void> {
  const hosts = yield* call('readFile', { path: HOSTS });
  if (!hosts.ok) return;
  const others = hosts.value.split('\n').filter((line) => line !== '' && !/\sgravity$/.test(line));
  yield* call('writeFile', { path: HOSTS, text: `${[...others, `${address} gravity`].join('\n')}\n` });
}
