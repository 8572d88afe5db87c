/**
 * The base file tree inside Planet: Debian stretch with systemd 239 and the debugging tools that its image
 * carries. Data only. What makes it Planet (units of the services, their configuration, kubeconfigs) is laid over
 * it by those who install the cluster.
 */
import type { Tree } from '../fs.ts';
import { COREUTILS_BIN, COREUTILS_USR, devices, executables, links } from './binaries.ts';
import { debianUnits } from './units-debian.ts';

const programs: Tree = {
  ...executables('/bin', `bash sh=bash dash=bash rbash=bash ${COREUTILS_BIN} grep egrep=grep fgrep=grep sed tar gzip gunzip
    zcat which ping=inetutils-ping ps kill dmesg mount umount findmnt lsblk more hostname systemctl journalctl loginctl
    systemd=systemd su ip ss netstat kmod lsmod=kmod nc nc.traditional=nc netcat=nc nano rnano=nano less fuser
    uncompress=gunzip`),
  ...executables('/usr/bin', `${COREUTILS_USR} awk=gawk mawk=gawk gawk find xargs diff cmp sdiff patch file strings hexdump
    vi=vim vim view=vim clear reset tput column rev getopt watch bc
    top free uptime vmstat w pgrep pkill=pgrep pwdx pidof=pidof killall pstree
    lsof ncat=nc dig nslookup host curl wget jq traceroute openssl
    hostnamectl timedatectl localectl systemd-analyze systemd-cat systemd-detect-virt systemd-cgls
    getent locale lscpu fallocate unshare nsenter setsid nice lsns logger last
    lsattr chattr gpasswd passwd wall mesg setpriv tree dbus-daemon=daemon`),
  ...executables('/sbin', `sysctl modprobe=kmod rmmod=kmod insmod=kmod modinfo=kmod depmod=kmod lsmod=kmod ip=ip bridge route ifconfig
    ethtool iptables iptables-save iptables-restore ip6tables ip6tables-save ip6tables-restore brctl
    fdisk blkid swapon swapoff reboot=systemctl poweroff=systemctl halt=systemctl shutdown=systemctl runlevel=systemctl
    telinit=systemctl init=systemd agetty=daemon`),
  ...executables('/usr/sbin', `chroot arp conntrack tcpdump service useradd userdel usermod groupadd groupdel nologin
    ntpd=daemon rpcbind=daemon`),
  ...executables('/lib/systemd', 'systemd systemd-journald=daemon systemd-udevd=daemon systemd-logind=daemon systemd-modules-load systemd-sysctl'),
  '/usr/sbin/dig': { to: '../bin/dig' }, '/bin/vi': { to: '../usr/bin/vi' }, '/bin/pidof': { to: '../usr/bin/pidof' },
  '/usr/local/bin/kctl': { text: '#!/bin/sh\nexec kubectl -nkube-system "$@"\n', mode: 0o755 },
};

const layout: Tree = {
  '/usr/local/bin': { dir: true }, '/usr/local/sbin': { dir: true }, '/boot': { dir: true }, '/media': { dir: true }, '/mnt': { dir: true }, '/opt': { dir: true },
  '/srv': { dir: true }, '/proc': { dir: true, mode: 0o555 }, '/sys': { dir: true, mode: 0o555 }, '/run': { dir: true }, '/root': { dir: true, mode: 0o700 },
  '/tmp': { dir: true, mode: 0o1777 }, '/var/tmp': { dir: true, mode: 0o1777 }, '/var/run': { to: '/run' }, '/var/lock': { to: '/run/lock' }, '/run/lock': { dir: true },
  '/home': { dir: true }, '/var/log': { dir: true }, '/var/log/journal': { dir: true }, '/ext': { dir: true }, '/var/lib': { dir: true }, '/lib/modules': { dir: true },
};

const settings: Tree = {
  '/etc/os-release': { to: '../usr/lib/os-release' },
  '/usr/lib/os-release': 'PRETTY_NAME="Debian GNU/Linux 9 (stretch)"\nNAME="Debian GNU/Linux"\nVERSION_ID="9"\nVERSION="9 (stretch)"\nID=debian\nHOME_URL="https://www.debian.org/"\nSUPPORT_URL="https://www.debian.org/support"\nBUG_REPORT_URL="https://bugs.debian.org/"\n',
  '/etc/debian_version': '9.8\n', '/etc/issue': 'Debian GNU/Linux 9 \\n \\l\n\n',
  '/etc/passwd': `root:x:0:0:root:/root:/bin/bash
daemon:x:1:1:daemon:/usr/sbin:/usr/sbin/nologin
bin:x:2:2:bin:/bin:/usr/sbin/nologin
sys:x:3:3:sys:/dev:/usr/sbin/nologin
sync:x:4:65534:sync:/bin:/bin/sync
man:x:6:12:man:/var/cache/man:/usr/sbin/nologin
mail:x:8:8:mail:/var/mail:/usr/sbin/nologin
www-data:x:33:33:www-data:/var/www:/usr/sbin/nologin
nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin
systemd-network:x:101:103:systemd Network Management,,,:/run/systemd/netif:/bin/false
messagebus:x:104:106::/var/run/dbus:/bin/false
planet:x:1000:1000:planet:/home/planet:/bin/false
`,
  '/etc/group': `root:x:0:
daemon:x:1:
bin:x:2:
sys:x:3:
adm:x:4:
tty:x:5:
disk:x:6:
mail:x:8:
www-data:x:33:
users:x:100:
nogroup:x:65534:
systemd-journal:x:101:
systemd-network:x:103:
messagebus:x:106:
docker:x:999:
planet:x:1000:
`,
  '/etc/shadow': { text: 'root:*:17967:0:99999:7:::\nnobody:*:17967:0:99999:7:::\nplanet:!:17967:0:99999:7:::\n', mode: 0o640 },
  '/etc/hostname': 'localhost\n', '/etc/nsswitch.conf': 'passwd:         compat\ngroup:          compat\nshadow:         compat\nhosts:          files dns\nservices:       db files\n',
  '/etc/motd': '\nThe programs included with the Debian GNU/Linux system are free software;\nthe exact distribution terms for each program are described in the\nindividual files in /usr/share/doc/*/copyright.\n\nDebian GNU/Linux comes with ABSOLUTELY NO WARRANTY, to the extent\npermitted by applicable law.\n',
  '/etc/localtime': { to: '/usr/share/zoneinfo/Etc/UTC' }, '/usr/share/zoneinfo/Etc/UTC': 'TZif2\n', '/etc/timezone': 'Etc/UTC\n', '/etc/shells': '/bin/sh\n/bin/dash\n/bin/bash\n/bin/rbash\n',
  '/etc/sysctl.conf': '# System-wide settings: see /etc/sysctl.d/ and sysctl.conf(5).\n', '/etc/sysctl.d/99-sysctl.conf': { to: '../sysctl.conf' }, '/etc/modules-load.d': { dir: true },
  '/etc/profile': `# System wide environment, for login shells.
if [ "$(id -u)" -eq 0 ]; then
  PATH="/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
else
  PATH="/usr/local/bin:/usr/bin:/bin:/usr/local/games:/usr/games"
fi
export PATH
if [ "\${PS1-}" ] && [ -f /etc/bash.bashrc ]; then
  . /etc/bash.bashrc
fi
`,
  '/etc/bash.bashrc': `# System wide settings of interactive shells.
[ -z "$PS1" ] && return
PS1='\\h-planet$ '
alias ll='ls -l'
alias kctl="kubectl -nkube-system"
export LESS=-isM
export PAGER=/usr/bin/less
export EDITOR=nano
`,
  '/root/.bashrc': '# ~/.bashrc\n', '/root/.profile': 'if [ "$BASH" ]; then\n  if [ -f ~/.bashrc ]; then\n    . ~/.bashrc\n  fi\nfi\n',
  '/etc/ssl/certs': { dir: true }, '/etc/kubernetes': { dir: true }, '/etc/coredns': { dir: true }, '/etc/docker': { dir: true }, '/var/lib/kubelet': { dir: true }, '/etc/systemd/system.conf': '[Manager]\n',
};

export const debianTree: Tree = {
  ...layout, ...devices, ...programs, ...links({ '/usr/bin/pager': 'less', '/usr/bin/less': '/bin/less', '/usr/bin/nano': '/bin/nano', '/usr/bin/editor': '/bin/nano', '/bin/nc.openbsd': 'nc' }),
  ...settings, ...debianUnits,
};
