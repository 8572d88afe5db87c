/** Files and folders: spoiled, locked, lost. */
import { own } from '../engine/cow.ts';
import { plant, type Fs } from '../host/fs.ts';
import { hostReal } from '../kernel/disk.ts';
import { inPlanet, nodeArg, typed, typeLine } from './hand.ts';
import type { Fault } from './strike.ts';

export const disks: readonly Fault[] = [
  typed({
    name: 'folder-immutable', title: 'A folder of Gravity\'s can no longer be changed', node: 'node-1', line: () => 'chattr +i /var/lib/gravity/planet/share',
    symptoms: [{ on: 'node-1', user: 'root', run: 'touch /var/lib/gravity/planet/share/x', exit: 1, within: 1 }],
    repair: [{ on: 'node-1', run: 'sudo chattr -i /var/lib/gravity/planet/share' }],
  }),
  typed({
    name: 'etcd-data-lost', title: 'A member of etcd loses its data', node: 'node-3',
    line: () => `${inPlanet('systemctl stop etcd')}; mkdir -p /root/lost; cp -a /var/lib/gravity/planet/etcd/. /root/lost/; rm -rf /var/lib/gravity/planet/etcd/*; ${inPlanet('systemctl start --no-block etcd')}`,
    symptoms: [{ on: 'node-1', user: 'root', run: 'gravity exec etcdctl cluster-health', match: 'unreachable|unhealthy|degraded', within: 30 },
      { on: 'node-3', user: 'root', run: 'gravity exec journalctl -u etcd --no-pager', match: 'has already been bootstrapped', within: 30 }],
    repair: [{ on: 'node-3', run: 'sudo gravity exec systemctl stop etcd; sudo rm -rf /var/lib/gravity/planet/etcd/*; sudo cp -a /root/lost/. /var/lib/gravity/planet/etcd/; sudo gravity exec systemctl start etcd' }],
  }),
  typed({
    name: 'certificate-spoiled', title: 'The kubelet\'s certificate is spoiled, and it is started again',
    line: () => `cp /var/lib/gravity/secrets/kubelet.cert /root/kubelet.cert.before; echo spoiled > /var/lib/gravity/secrets/kubelet.cert; ${inPlanet('systemctl restart --no-block kube-kubelet')}`,
    symptoms: [{ on: 'node-1', run: 'kubectl get nodes', match: '121\\.198\\s+NotReady', within: 90 }],
    repair: [{ on: 'node-2', run: 'sudo cp /root/kubelet.cert.before /var/lib/gravity/secrets/kubelet.cert; sudo gravity exec systemctl restart kube-kubelet' }],
  }),
];

const FOLDER = '/opt/cylance/desktop';
const UNIT = `[Unit]\nDescription=CylancePROTECT Service\nAfter=network.target\n\n[Service]\nExecStart=${FOLDER}/cylancesvc\nRestart=on-failure\n\n[Install]\nWantedBy=multi-user.target\n`;
const MODULE = 'CyProtectDrv';

/** Endpoint protection: a service, and a module that hooks into system calls. */
export const endpointSecurity: Fault = {
  name: 'endpoint-security',
  title: 'A security product is installed that refuses connections in the kernel',
  args: { node: nodeArg('node-2') },
  symptoms: [{ on: 'node-2', run: 'curl -sSk -m 5 https://192.168.121.232:3009/healthz', match: 'Permission denied', within: 5 }],
  repair: [{ on: 'node-2', run: 'sudo systemctl stop cylancesvc; sudo rmmod CyProtectDrv' }],
  strike(k, { node }) {
    const host = k.host(String(node));
    if (!host.up) return `node ${host.name} is down`;
    if (host.modules[MODULE]) return `it is installed on ${host.name} already`;
    plant(own(own(host, 'fs'), 'host') as Fs, {
      [FOLDER]: { dir: true }, [`${FOLDER}/cylancesvc`]: { program: 'daemon', size: 11_534_336 }, '/etc/systemd/system/cylancesvc.service': UNIT,
    }, hostReal(k, host));
    own(host, 'modules')[MODULE] = { refs: 0, params: '' };
    host.moduleOrder = [MODULE, ...host.moduleOrder];
    return typeLine(k, host.name, 'systemctl daemon-reload; systemctl start cylancesvc');
  },
};
