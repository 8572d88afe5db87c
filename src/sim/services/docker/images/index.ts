/**
 * The images of this cluster: what each holds and how it starts. A container has only what its image has.
 * Names are those of Gravity 6.0's applications; the registry that serves them is every master's own.
 */
import type { Tree } from '../../../host/fs.ts';

export interface Image {
  /** Repository without the registry's name, and tag. */
  readonly name: string; readonly tag: string;
  readonly tree: Tree;
  readonly entrypoint: readonly string[];
  /** What runs, or what the entrypoint is given, when nothing else is asked for. */
  readonly cmd?: readonly string[];
  readonly env?: readonly string[];
  readonly user?: string;
  readonly workdir?: string;
  readonly sizeBytes: number;
}

const PATH = 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
const MIB = 1024 * 1024;

const devices: Tree = {
  '/dev/null': { dev: 'null', rdev: [1, 3] }, '/dev/zero': { dev: 'zero', rdev: [1, 5] }, '/dev/full': { dev: 'full', rdev: [1, 7] },
  '/dev/random': { dev: 'random', rdev: [1, 8] }, '/dev/urandom': { dev: 'urandom', rdev: [1, 9] }, '/dev/tty': { dev: 'tty', rdev: [5, 0] },
};
const scratch: Tree = { ...devices, '/tmp': { dir: true, mode: 0o1777 }, '/etc/passwd': 'root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n', '/etc/group': 'root:x:0:\n' };
const bin = (folder: string, names: string): Tree => Object.fromEntries(names.trim().split(/\s+/).map((name) => {
  const [file, program] = name.split('=');
  return [`${folder}/${file}`, { program: program ?? file! }];
}));

/** A small Debian: a shell and the essential tools, as debian-tall is built. */
const debian: Tree = {
  ...scratch, '/root': { dir: true, mode: 0o700 }, '/var/log': { dir: true }, '/run': { dir: true },
  '/etc/os-release': 'PRETTY_NAME="Debian GNU/Linux 9 (stretch)"\nNAME="Debian GNU/Linux"\nVERSION_ID="9"\nVERSION="9 (stretch)"\nID=debian\n', '/etc/debian_version': '9.8\n',
  '/etc/passwd': 'root:x:0:0:root:/root:/bin/bash\nnobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n',
  ...bin('/bin', 'bash sh=bash cat chmod chown cp date dd df echo false grep egrep=grep fgrep=grep gzip hostname kill ln ls mkdir mknod=mkfifo mktemp mv ps pwd readlink rm rmdir sed sleep stty sync tar touch true uname ping=inetutils-ping'),
  ...bin('/usr/bin', '[ awk=gawk basename cut diff dirname du env expr find free head id less md5sum nohup od printf seq sort stat tail tee test timeout top tr tty uniq uptime wc which whoami xargs yes base64 sha256sum getent'),
  '/usr/sbin/chroot': { program: 'chroot' }, '/bin/chroot': { program: 'chroot' },
};
/** One binary under many names. */
const busybox: Tree = {
  ...scratch, '/root': { dir: true, mode: 0o700 },
  ...bin('/bin', `sh=bash ash=bash cat chmod chown cp cut date dd df dirname du echo env expr false find free grep egrep=grep fgrep=grep gunzip=gzip gzip head hostname id
    ifconfig ip kill ln ls mkdir mktemp mv nc netstat nslookup ping printf ps pwd readlink rm rmdir route sed seq sleep sort stat tail tar tee telnet test touch tr true
    tty uname uniq uptime vi wc wget which whoami xargs yes awk=gawk basename clear md5sum sha256sum base64 traceroute`),
};

const ALPINE = { '/etc/os-release': 'NAME="Alpine Linux"\nID=alpine\nVERSION_ID=3.9.3\nPRETTY_NAME="Alpine Linux v3.9"\n', '/etc/alpine-release': '3.9.3\n' };
const nginxPage = `<!DOCTYPE html>
<html>
<head>
<title>Welcome to nginx!</title>
</head>
<body>
<h1>Welcome to nginx!</h1>
<p>If you see this page, the nginx web server is successfully installed and
working. Further configuration is required.</p>
</body>
</html>
`;

export const IMAGES: readonly Image[] = [
  { name: 'gcr.io/google_containers/pause', tag: '3.0', tree: { ...scratch, '/pause': { program: 'pause', size: 746_888 } }, entrypoint: ['/pause'], sizeBytes: 746_888 },
  { name: 'coredns/coredns', tag: '1.2.6', tree: { ...scratch, '/coredns': { program: 'coredns', size: 38_000_000 }, '/etc/coredns-version': '1.2.6\n' }, entrypoint: ['/coredns'], env: [PATH], sizeBytes: 40_017_418 },
  ...['6.0.0-alpha.1.53', '6.0.0-beta.1'].map((tag): Image => ({
    name: 'gravity-site', tag, entrypoint: ['/usr/bin/dumb-init', '/bin/sh', '/opt/start.sh'], env: [PATH], sizeBytes: 210 * MIB,
    tree: { ...debian, '/usr/bin/dumb-init': { program: 'dumb-init', size: 46_400 }, '/opt/gravity/gravity': { program: 'gravity-site', size: 62_914_560 }, '/opt/gravity/config/gravity.yaml': 'devmode: false\n',
      '/opt/start.sh': { text: '#!/bin/sh\nexec /opt/gravity/gravity --httpprofile=localhost:6060 site start /opt/gravity/config --init-from /opt/gravity-import\n', mode: 0o755 } },
  })),
  { name: 'gravitational/debian-tall', tag: '0.0.1', tree: debian, entrypoint: [], cmd: ['/bin/bash'], env: [PATH], sizeBytes: 52 * MIB },
  { name: 'gravitational/debian-tall', tag: 'stretch', tree: debian, entrypoint: [], cmd: ['/bin/bash'], env: [PATH], sizeBytes: 52 * MIB },
  ...['v2.12.0', 'v2.13.1'].map((tag): Image => ({ name: 'gcr.io/kubernetes-helm/tiller', tag, tree: { ...scratch, '/tiller': { program: 'tiller', size: 38_000_000 } }, entrypoint: ['/tiller'], env: [PATH], sizeBytes: 81 * MIB })),
  { name: 'log-collector', tag: '5.0.2', tree: { ...debian, '/usr/sbin/rsyslogd': { program: 'generic-server' }, '/usr/bin/wstail': { program: 'generic-server' } }, entrypoint: ['/usr/bin/wstail'], env: [PATH], sizeBytes: 70 * MIB },
  { name: 'log-forwarder', tag: '5.0.2', tree: { ...debian, '/usr/bin/remote_syslog': { program: 'generic-server' } }, entrypoint: ['/usr/bin/remote_syslog'], env: [PATH], sizeBytes: 65 * MIB },
  { name: 'bandwagon', tag: '5.3.0', tree: { ...debian, '/usr/bin/bandwagon': { program: 'generic-server' } }, entrypoint: ['/usr/bin/bandwagon'], env: [PATH], sizeBytes: 58 * MIB },
  ...['6.0.0', '6.0.1'].flatMap((tag) => ['grafana', 'heapster', 'influxdb', 'kapacitor', 'watcher', 'telegraf', 'prometheus', 'alertmanager', 'kube-state-metrics', 'node-exporter'].map((name): Image => (
    { name: `monitoring-${name}`, tag, tree: { ...debian, [`/usr/bin/${name}`]: { program: 'generic-server' } }, entrypoint: [`/usr/bin/${name}`], env: [PATH], sizeBytes: 90 * MIB }))),
  { name: 'nginx', tag: '1.15', tree: { ...debian, '/usr/sbin/nginx': { program: 'nginx', size: 1_200_000 }, '/usr/share/nginx/html/index.html': nginxPage, '/var/log/nginx': { dir: true } }, entrypoint: [], cmd: ['nginx', '-g', 'daemon off;'], env: [PATH, 'NGINX_VERSION=1.15.12-1~stretch'], sizeBytes: 109 * MIB },
  { name: 'nginx', tag: 'latest', tree: { ...debian, '/usr/sbin/nginx': { program: 'nginx', size: 1_200_000 }, '/usr/share/nginx/html/index.html': nginxPage, '/var/log/nginx': { dir: true } }, entrypoint: [], cmd: ['nginx', '-g', 'daemon off;'], env: [PATH, 'NGINX_VERSION=1.15.12-1~stretch'], sizeBytes: 109 * MIB },
  { name: 'busybox', tag: 'latest', tree: busybox, entrypoint: [], cmd: ['sh'], env: [PATH], sizeBytes: 1_199_000 },
  { name: 'busybox', tag: '1.30', tree: busybox, entrypoint: [], cmd: ['sh'], env: [PATH], sizeBytes: 1_199_000 },
  { name: 'alpine', tag: '3.9', tree: { ...busybox, ...ALPINE }, entrypoint: [], cmd: ['/bin/sh'], env: [PATH], sizeBytes: 5_530_000 },
];

/** repo:tag of a reference, the registry's host taken off. */
export function plainName(reference: string): string {
  const m = /^(?:[^/]+[.:][^/]*\/)?(.+)$/.exec(reference.replace(/^(gcr\.io|quay\.io)\//, (host) => host));
  const known = IMAGES.find((image) => reference.endsWith(`${image.name}:${image.tag}`));
  if (known) return `${known.name}:${known.tag}`;
  const name = m?.[1] ?? reference;
  return /:[^/]+$/.test(name) ? name : `${name}:latest`;
}

export const imageNamed = (plain: string): Image | undefined => IMAGES.find((image) => `${image.name}:${image.tag}` === plain);

/** The name under which the simulator's kernel finds an image's files. */
export const rootImage = (plain: string): string => `image:${plain}`;
