/** What the disks of the topology `lab` hold beside the operating system: its servers, started at boot, and kubectl without a cluster. */
import type { Tree, TreeEntry } from '../../host/fs.ts';
import { BESIDE, labAddress } from '../../net/lab.ts';

const ETC = '/etc/systemd/system';
const BIN = '/usr/local/sbin';

const unit = (description: string, command: string): string =>
  `[Unit]\nDescription=${description}\nAfter=network.target\n\n[Service]\nExecStart=${command}\nRestart=on-failure\n\n[Install]\nWantedBy=multi-user.target\n`;

/** For the host `n1`, `n2` or `n3`. */
export function labTree(name: string): Tree {
  const n = Number(name.slice(1));
  const within = (pod: string): string => `/usr/sbin/ip netns exec ${pod} `;
  const units: Record<string, string> = { podserver: unit(`Server of ${name}`, `${BIN}/podserver ${name} ${labAddress(n)}`) };
  for (const pod of [`p${n}1`, `p${n}2`]) units[`podserver-${pod}`] = unit(`Server of ${pod}`, `${within(pod)}${BIN}/podserver ${pod}`);
  if (n === 1) {
    units['dnsmasq-p11'] = unit('DNS of the laboratory', `${within('p11')}${BIN}/dnsmasq -k`);
    units['labserver'] = unit('Servers that answer badly', `${BIN}/labserver`);
  }
  const tree: Record<string, TreeEntry> = {
    // Without it bridged frames would pass no rules.
    '/etc/modules-load.d/lab.conf': 'br_netfilter\n',
    // The laboratory's kernel filtered no packet by the way back to its source.
    '/etc/sysctl.d/lab.conf': 'net.ipv4.conf.default.rp_filter = 0\nnet.ipv4.conf.all.rp_filter = 0\n',
    // Nobody logs in from outside, and nobody answers names: what the recordings saw.
    [`${ETC}/sshd.service`]: { to: '/dev/null' },
    [`${ETC}/chronyd.service`]: { to: '/dev/null' },
    '/etc/resolv.conf': '# No name server.\n',
    // kubectl was recorded on the machine beside the laboratory: there port 8080 of localhost is closed.
    '/opt/kube/bin/kubectl': { program: 'kubectl', size: 43_103_040 },
    '/usr/bin/kubectl': { text: `#!/bin/sh\nexec /usr/sbin/ip netns exec ${BESIDE} /opt/kube/bin/kubectl "$@"\n`, mode: 0o755 },
  };
  for (const program of ['podserver', 'dnsmasq', 'labserver']) tree[`${BIN}/${program}`] = { program, size: 1_024 };
  for (const [service, text] of Object.entries(units)) {
    tree[`${ETC}/${service}.service`] = text;
    tree[`${ETC}/multi-user.target.wants/${service}.service`] = { to: `${ETC}/${service}.service` };
  }
  return tree;
}
