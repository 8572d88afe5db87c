/**
 * The unpacked installer and upgrade tarballs in the ordinary user's home, and the debug DaemonSet of the drills.
 */
import { binary, type Tree } from '../../host/fs.ts';
import { APP, REPOSITORY, type Release } from '../versions.ts';

const OWNER = 1000;

/** Each release's binary is a program of its own: its version travels with the file. */
export const gravityProgram = (release: Release): string => `gravity-${release.gravity}`;
export const gravityBinary = (release: Release): string => binary(gravityProgram(release), 62_914_560);

const manifest = (release: Release): string => `apiVersion: cluster.gravitational.io/v2
kind: Cluster
metadata:
  name: ${APP}
  resourceVersion: ${release.gravity}
  namespace: kube-system
logo: "data:image/png;base64,"
installer:
  flavors:
    prompt: "Number of nodes"
    default: "one"
    items:
      - name: "one"
        description: "Single node"
        nodes:
          - profile: node
            count: 1
      - name: "three"
        description: "Three nodes"
        nodes:
          - profile: node
            count: 3
nodeProfiles:
  - name: node
    description: "Cluster node"
    labels:
      role: "node"
    requirements:
      cpu:
        min: 1
      ram:
        min: "2GB"
systemOptions:
  runtime:
    version: ${release.gravity}
`;

const asRoot = `if [ "$(id -u)" -ne 0 ]; then
    echo "please run this script as root"
    exit 1
fi
`;

const scripts: Readonly<Record<string, string>> = {
  install: '#!/bin/bash\n#\n# Starts the graphical installation.\nscriptdir=$(dirname $(realpath $0))\ncd "$scriptdir" && ./gravity wizard\n',
  upload: `#!/bin/bash\n#\n# Uploads the application in this folder to the cluster.\nscriptdir=$(dirname $(realpath $0))\n${asRoot}cd "$scriptdir" && ./gravity --insecure update upload\n`,
  upgrade: `#!/bin/bash\n#\n# Uploads the application in this folder and upgrades the cluster to it.\nscriptdir=$(dirname $(realpath $0))\n${asRoot}cd "$scriptdir" && ./upload && ./gravity --insecure update trigger ${APP}\n`,
  run_preflight_checks: '#!/bin/bash\n#\n# Checks this host against the requirements of the application.\nscriptdir=$(dirname $(realpath $0))\ncd "$scriptdir" && ./gravity check app.yaml "$@"\n',
};

const README = `To install the application on this host:      sudo ./gravity install
To upgrade an installed cluster:              sudo ./upgrade
To check this host against the requirements:  sudo ./run_preflight_checks
`;

export function tarballTree(directory: string, release: Release): Tree {
  const file = (text: string, mode = 0o644): Tree[string] => ({ text, mode, uid: OWNER });
  const tree: Record<string, Tree[string]> = {
    [directory]: { dir: true, uid: OWNER }, [`${directory}/gravity`]: file(gravityBinary(release), 0o755), [`${directory}/app.yaml`]: file(manifest(release)),
    [`${directory}/README`]: file(README), [`${directory}/packages`]: { dir: true, uid: OWNER }, [`${directory}/gravity.db`]: file(packageList(release), 0o600),
  };
  for (const [name, text] of Object.entries(scripts)) tree[`${directory}/${name}`] = file(text, 0o755);
  for (const [name, version] of packages(release)) tree[`${directory}/packages/${name}-${version}.tar.gz`] = file(`${REPOSITORY}/${name}:${version}\n`);
  return tree;
}

const packages = (release: Release): (readonly [string, string])[] =>
  [['gravity', release.gravity], ['planet', release.planet], ['teleport', release.teleport], [APP, release.gravity], ...release.apps];
const packageList = (release: Release): string => `${JSON.stringify(packages(release).map(([name, version]) => `${REPOSITORY}/${name}:${version}`))}\n`;

const DEBUG_YAML = `apiVersion: extensions/v1beta1
kind: DaemonSet
metadata:
  name: debug
  labels:
    app: debug
spec:
  selector:
    matchLabels:
      app: debug
  template:
    metadata:
      labels:
        app: debug
    spec:
      securityContext:
        runAsUser: 0
      containers:
      - name: debug
        image: leader.telekube.local:5000/gravitational/debian-tall:0.0.1
        command: ["/bin/sh", "-c", "sleep 365d"]
        volumeMounts:
          - name: rootfs
            mountPath: /rootfs
      volumes:
        - name: rootfs
          hostPath:
            path: /
`;

export const homeTree = (home = '/home/vagrant'): Tree => ({ [`${home}/debug.yaml`]: { text: DEBUG_YAML, uid: OWNER } });
