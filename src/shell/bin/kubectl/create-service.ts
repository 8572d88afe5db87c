/** `create service`. */
import { maker, meta, pure } from './create-maker.ts';
import { done, plain, type Outcome } from './failure.ts';
import type { Obj } from './object.ts';
import type { Kubectl } from './session.ts';
import type { Verb } from './verb.ts';

const portsOf = (k: Kubectl, nodePort = false): Outcome<Obj[]> => {
  const out: Obj[] = [];
  for (const text of k.flags.list('tcp')) {
    const [port, target] = text.split(':');
    for (const one of [port!, ...(target === undefined ? [] : [target])]) {
      if (one === port && !/^\d+$/.test(one)) return plain(`strconv.Atoi: parsing ${JSON.stringify(one)}: invalid syntax`);
      if (/^\d+$/.test(one) && (Number(one) < 1 || Number(one) > 65_535)) return plain('must be between 1 and 65535, inclusive');
    }
    const number = k.flags.has('node-port') && nodePort ? k.flags.int('node-port') : 0;
    const targetPort = target === undefined ? Number(port) : /^\d+$/.test(target) ? Number(target) : target;
    out.push({ name: text.replaceAll(':', '-'), protocol: 'TCP', port: Number(port), targetPort, ...(number ? { nodePort: number } : {}) });
  }
  return done(out);
};

function service(type: string, name: string, usage: string, extra: string, build: (k: Kubectl, ports: Obj[]) => Outcome<Obj>): Verb {
  return maker({ name, usage, short: `Create a ${type} service.`, table: `${extra}\ntcp strings Port pairs as '<port>:<targetPort>'.` }, pure((k, service_) => {
    const ports = portsOf(k, type === 'NodePort');
    if (!ports.ok) return ports;
    const more = build(k, ports.value);
    if (!more.ok) return more;
    const labels = { app: service_ };
    const spec = { ...(ports.value.length ? { ports: ports.value } : {}), selector: labels, ...more.value };
    return done({ kind: 'Service', apiVersion: 'v1', metadata: meta(service_, labels), spec, status: { loadBalancer: {} } });
  }));
}

const NO_PORT = 'at least one tcp port specifier must be provided';

export const services: Verb = {
  name: 'service', aliases: ['svc'], usage: 'service', short: 'Create a service using specified subcommand.',
  subs: [
    service('ClusterIP', 'clusterip', 'clusterip NAME [--tcp=<port>:<targetPort>] [--dry-run]', "clusterip string The service's address, or 'None' for a headless one.", (k, ports) => {
      const ip = k.flags.str('clusterip');
      if (!ports.length && ip !== 'None') return plain(NO_PORT);
      return ports.length && ip === 'None' ? plain('can not map ports with clusterip=None') : done({ ...(ip ? { clusterIP: ip } : {}), type: 'ClusterIP' });
    }),
    service('ExternalName', 'externalname', 'externalname NAME --external-name external.name [--dry-run]', 'external-name string External name of the service', (k) => (
      k.flags.str('external-name') ? done({ type: 'ExternalName', externalName: k.flags.str('external-name') }) : plain('externalname service must have a name specified'))),
    service('LoadBalancer', 'loadbalancer', 'loadbalancer NAME [--tcp=port:targetPort] [--dry-run]', '!unused string -', (_, ports) => (ports.length ? done({ type: 'LoadBalancer' }) : plain(NO_PORT))),
    service('NodePort', 'nodeport', 'nodeport NAME [--tcp=port:targetPort] [--dry-run]', 'node-port int=0 The port on every node.', (_, ports) => (ports.length ? done({ type: 'NodePort' }) : plain(NO_PORT))),
  ],
};
