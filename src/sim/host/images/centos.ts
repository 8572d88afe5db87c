/**
 * The disk of a freshly installed CentOS 7.6 server with the tools that an operator has added (bind-utils,
 * tcpdump, nmap-ncat, telnet, traceroute, nano, vim). Data only: it knows no node by name and no cluster; what is a
 * node's own comes from `nodeFiles`.
 */
import type { Tree } from '../fs.ts';
import { COREUTILS_BIN, COREUTILS_USR, devices, executables, links } from './binaries.ts';
import { centosUnits, firewalldEnabled } from './units-centos.ts';

export const CENTOS_KERNEL = '3.10.0-957.12.1.el7.x86_64';
/** `uname -v` of that kernel. */
export const CENTOS_KERNEL_BUILD = '#1 SMP Mon Apr 29 14:59:59 UTC 2019';

const programs: Tree = {
  // the shell and the text tools
  ...executables('/usr/bin', `bash sh=bash ${COREUTILS_BIN} ${COREUTILS_USR} mktemp
    grep egrep=grep fgrep=grep sed gawk awk=gawk find xargs which diff cmp sdiff patch file strings hexdump xxd tar gzip
    gunzip zcat less man apropos=man whatis=man more vi=vim vim view=vim nano clear reset tput column rev getopt
    watch lsattr chattr bc dos2unix mac2unix unix2dos unix2mac tree jq`),
  // processes and the machine
  ...executables('/usr/bin', `ps top free uptime vmstat w pgrep pkill=pgrep kill pidof pwdx dmesg lsblk findmnt mount
    umount hostname hostnamectl timedatectl localectl loginctl systemctl journalctl systemd-analyze systemd-cat
    systemd-detect-virt systemd-cgls sudo su passwd ssh scp last lastb=last logger crontab run-parts getent locale
    lscpu fallocate unshare nsenter setsid lsns
    rpm yum curl wget ping dig nslookup host tcpdump=tcpdump nc ncat=nc telnet traceroute chronyc ntpq ntpstat
    firewall-cmd firewall-offline-cmd getenforce mesg wall setpriv
    killall fuser pstree gpasswd
    sestatus uuidgen openssl`),
  ...executables('/usr/sbin', `sysctl lsmod=kmod modprobe=kmod rmmod=kmod insmod=kmod modinfo=kmod depmod=kmod
    ip ss arp ifconfig route netstat=netstat bridge brctl ethtool iptables iptables-save iptables-restore ip6tables
    ip6tables-save ip6tables-restore conntrack
    service chkconfig chroot lsof fdisk blkid swapon swapoff reboot=systemctl poweroff=systemctl
    halt=systemctl shutdown=systemctl runlevel=systemctl telinit=systemctl init=systemd setenforce sestatus useradd userdel
    usermod groupadd groupdel visudo agetty=daemon sshd chronyd NetworkManager rsyslogd crond auditd irqbalance=daemon
    tuned=daemon firewalld tcpdump nologin sysctl`),
  ...executables('/usr/lib/systemd', `systemd systemd-journald=daemon systemd-udevd=daemon systemd-logind=daemon
    systemd-modules-load systemd-sysctl`),
  ...executables('/usr/lib/polkit-1', 'polkitd=daemon'),
  ...executables('/usr/bin', 'dbus-daemon=daemon'),
  // netstat and its like live in /bin on this distribution
  '/usr/bin/netstat': { program: 'netstat', size: 155_008 },
};

/** Files with the set-user-id bit. */
const setuid: Tree = Object.fromEntries(['sudo', 'su', 'passwd', 'mount', 'umount', 'crontab']
  .map((name) => [`/usr/bin/${name}`, { program: name, mode: 0o4755 }]));

const layout: Tree = {
  '/bin': { to: 'usr/bin' }, '/sbin': { to: 'usr/sbin' }, '/lib': { to: 'usr/lib' }, '/lib64': { to: 'usr/lib64' },
  '/usr/lib64': { dir: true }, [`/usr/lib/modules/${CENTOS_KERNEL}`]: { dir: true }, '/usr/local/bin': { dir: true }, '/usr/local/sbin': { dir: true }, '/usr/share/doc': { dir: true },
  '/boot': { dir: true, mode: 0o555 }, '/media': { dir: true }, '/mnt': { dir: true }, '/opt': { dir: true }, '/srv': { dir: true },
  '/proc': { dir: true, mode: 0o555 }, '/sys': { dir: true, mode: 0o555 }, '/run': { dir: true },
  '/tmp': { dir: true, mode: 0o1777 }, '/var/tmp': { dir: true, mode: 0o1777 }, '/var/run': { to: '../run' }, '/var/lock': { to: '../run/lock' },
  '/root': { dir: true, mode: 0o550 }, '/home': { dir: true }, '/home/vagrant': { dir: true, mode: 0o700, uid: 1000, gid: 1000 },
  '/var/spool/cron': { dir: true, mode: 0o700 }, '/run/lock/subsys': { dir: true }, '/var/lib/rpm': { dir: true }, '/var/cache/yum': { dir: true }, '/var/empty/sshd': { dir: true, mode: 0o711 },
};

const accounts: Tree = {
  '/etc/passwd': `root:x:0:0:root:/root:/bin/bash
bin:x:1:1:bin:/bin:/sbin/nologin
daemon:x:2:2:daemon:/sbin:/sbin/nologin
adm:x:3:4:adm:/var/adm:/sbin/nologin
lp:x:4:7:lp:/var/spool/lpd:/sbin/nologin
sync:x:5:0:sync:/sbin:/bin/sync
shutdown:x:6:0:shutdown:/sbin:/sbin/shutdown
halt:x:7:0:halt:/sbin:/sbin/halt
mail:x:8:12:mail:/var/spool/mail:/sbin/nologin
operator:x:11:0:operator:/root:/sbin/nologin
ftp:x:14:50:FTP User:/var/ftp:/sbin/nologin
nobody:x:99:99:Nobody:/:/sbin/nologin
systemd-network:x:192:192:systemd Network Management:/:/sbin/nologin
dbus:x:81:81:System message bus:/:/sbin/nologin
polkitd:x:999:998:User for polkitd:/:/sbin/nologin
sshd:x:74:74:Privilege-separated SSH:/var/empty/sshd:/sbin/nologin
chrony:x:998:996::/var/lib/chrony:/sbin/nologin
tcpdump:x:72:72::/:/sbin/nologin
vagrant:x:1000:1000:vagrant:/home/vagrant:/bin/bash
`,
  '/etc/group': `root:x:0:
bin:x:1:
daemon:x:2:
sys:x:3:
adm:x:4:
tty:x:5:
disk:x:6:
lp:x:7:
mem:x:8:
kmem:x:9:
wheel:x:10:vagrant
mail:x:12:
man:x:15:
dialout:x:18:
floppy:x:19:
games:x:20:
utmp:x:22:
ftp:x:50:
nobody:x:99:
users:x:100:
systemd-journal:x:190:
systemd-network:x:192:
dbus:x:81:
polkitd:x:998:
ssh_keys:x:997:
sshd:x:74:
chrony:x:996:
tcpdump:x:72:
vagrant:x:1000:
`,
  '/etc/shadow': { text: `root:!!:18014:0:99999:7:::
bin:*:17834:0:99999:7:::
daemon:*:17834:0:99999:7:::
nobody:*:17834:0:99999:7:::
sshd:!!:18014::::::
chrony:!!:18014::::::
vagrant:!!:18014:0:99999:7:::
`, mode: 0 },
  '/etc/gshadow': { text: 'root:::\nwheel:::vagrant\nvagrant:!::\n', mode: 0 },
  '/etc/sudoers': { text: `Defaults   !visiblepw
Defaults    always_set_home
Defaults    env_reset
Defaults    env_keep =  "COLORS DISPLAY HOSTNAME HISTSIZE KDEDIR LS_COLORS"
Defaults    env_keep += "MAIL PS1 PS2 QTDIR USERNAME LANG LC_ADDRESS LC_CTYPE"
Defaults    secure_path = /sbin:/bin:/usr/sbin:/usr/bin

root\tALL=(ALL) \tALL
%wheel\tALL=(ALL)\tALL

#includedir /etc/sudoers.d
`, mode: 0o440 },
  '/etc/sudoers.d': { dir: true, mode: 0o750 },
  '/etc/sudoers.d/vagrant': { text: 'Defaults:vagrant !requiretty\nvagrant ALL=(ALL) NOPASSWD: ALL\n', mode: 0o440 },
  '/etc/shells': '/bin/sh\n/bin/bash\n/sbin/nologin\n/usr/bin/sh\n/usr/bin/bash\n/usr/sbin/nologin\n',
};

const OS_RELEASE = `NAME="CentOS Linux"
VERSION="7 (Core)"
ID="centos"
ID_LIKE="rhel fedora"
VERSION_ID="7"
PRETTY_NAME="CentOS Linux 7 (Core)"
ANSI_COLOR="0;31"
CPE_NAME="cpe:/o:centos:centos:7"
HOME_URL="https://www.centos.org/"
BUG_REPORT_URL="https://bugs.centos.org/"

CENTOS_MANTISBT_PROJECT="CentOS-7"
CENTOS_MANTISBT_PROJECT_VERSION="7"
REDHAT_SUPPORT_PRODUCT="centos"
REDHAT_SUPPORT_PRODUCT_VERSION="7"

`;

const shells: Tree = {
  '/etc/profile': `# System wide environment and startup programs, for login shells.
USER="\${USER:-$(id -un)}"
LOGNAME=$USER
MAIL="/var/spool/mail/$USER"
if [ "$(id -u)" = 0 ]; then
  PATH=/usr/local/sbin:/usr/local/bin:/sbin:/bin:/usr/sbin:/usr/bin:/root/bin
else
  PATH=/usr/local/bin:/bin:/usr/bin:/usr/local/sbin:/usr/sbin:$HOME/.local/bin:$HOME/bin
fi
HISTSIZE=1000
HISTCONTROL=ignoredups
umask 022
export PATH USER LOGNAME MAIL HISTSIZE HISTCONTROL
if [ -r /etc/environment ]; then
  set -a
  . /etc/environment
  set +a
fi
if [ -n "\${BASH_VERSION-}" ] && [ -r /etc/bashrc ]; then
  . /etc/bashrc
fi
`,
  '/etc/bashrc': `# System wide functions and aliases, for interactive shells.
if [ -n "$PS1" ]; then
  PS1='\\h\\$ '
  alias ll='ls -l --color=auto'
  alias l.='ls -d .* --color=auto'
fi
`,
  '/etc/environment': '',
  '/etc/inputrc': 'set bell-style none\nset meta-flag on\nset input-meta on\nset convert-meta off\nset output-meta on\n',
  '/home/vagrant/.bash_profile': { text: '# .bash_profile\n\nif [ -f ~/.bashrc ]; then\n\t. ~/.bashrc\nfi\n', uid: 1000, gid: 1000 },
  '/home/vagrant/.bashrc': { text: '# .bashrc\n\nif [ -f /etc/bashrc ]; then\n\t. /etc/bashrc\nfi\n', uid: 1000, gid: 1000 },
  '/home/vagrant/.bash_logout': { text: '# ~/.bash_logout\n', uid: 1000, gid: 1000 },
  '/home/vagrant/.ssh': { dir: true, mode: 0o700, uid: 1000, gid: 1000 },
  '/root/.bash_profile': '# .bash_profile\n\nif [ -f ~/.bashrc ]; then\n\t. ~/.bashrc\nfi\n',
  '/root/.bashrc': "# .bashrc\n\nalias rm='rm -i'\nalias cp='cp -i'\nalias mv='mv -i'\n\nif [ -f /etc/bashrc ]; then\n\t. /etc/bashrc\nfi\n",
  '/root/.ssh': { dir: true, mode: 0o700 },
};

const settings: Tree = {
  '/etc/os-release': { to: '../usr/lib/os-release' }, '/usr/lib/os-release': OS_RELEASE,
  '/etc/centos-release': 'CentOS Linux release 7.6.1810 (Core) \n', '/etc/redhat-release': { to: 'centos-release' }, '/etc/system-release': { to: 'centos-release' },
  '/etc/fstab': '\n#\n# /etc/fstab\n#\n/dev/sda1 /                       xfs     defaults        0 0\n',
  '/etc/resolv.conf': '# Generated by NetworkManager\nnameserver 192.168.121.1\n',
  '/etc/nsswitch.conf': 'passwd:     files sss\nshadow:     files sss\ngroup:      files sss\nhosts:      files dns myhostname\nservices:   files sss\n',
  '/etc/host.conf': 'multi on\n', '/etc/localtime': { to: '../usr/share/zoneinfo/UTC' }, '/usr/share/zoneinfo/UTC': 'TZif2\n', '/etc/locale.conf': 'LANG="en_US.UTF-8"\n',
  '/etc/vconsole.conf': 'KEYMAP="us"\nFONT="latarcyrheb-sun16"\n', '/etc/motd': '', '/etc/issue': '\\S\nKernel \\r on an \\m\n\n',
  '/etc/services': 'ssh             22/tcp                          # The Secure Shell (SSH) Protocol\ndomain          53/tcp\ndomain          53/udp\nhttp            80/tcp          www www-http\nntp             123/udp\nhttps           443/tcp\nsyslog          514/udp\notv             8472/udp\n',
  '/etc/protocols': 'ip\t0\tIP\nicmp\t1\tICMP\ntcp\t6\tTCP\nudp\t17\tUDP\n', '/etc/selinux/config': 'SELINUX=permissive\nSELINUXTYPE=targeted\n',
  '/etc/sysctl.conf': '# sysctl settings are defined through files in\n# /usr/lib/sysctl.d/, /run/sysctl.d/, and /etc/sysctl.d/.\n#\n# Vendors settings live in /usr/lib/sysctl.d/.\n',
  '/etc/sysctl.d/99-sysctl.conf': { to: '../sysctl.conf' },
  '/usr/lib/sysctl.d/00-system.conf': '# Kernel sysctl configuration file\n',
  '/usr/lib/sysctl.d/10-default-yama-scope.conf': 'kernel.yama.ptrace_scope = 0\n',
  '/usr/lib/sysctl.d/50-default.conf': 'kernel.sysrq = 16\nkernel.core_uses_pid = 1\nnet.ipv4.conf.default.rp_filter = 1\nnet.ipv4.conf.all.rp_filter = 1\nnet.ipv4.conf.default.accept_source_route = 0\nnet.ipv4.conf.all.accept_source_route = 0\nnet.ipv4.conf.default.promote_secondaries = 1\nnet.ipv4.conf.all.promote_secondaries = 1\nfs.protected_hardlinks = 1\nfs.protected_symlinks = 1\n',
  '/etc/modules-load.d': { dir: true }, '/usr/lib/modules-load.d': { dir: true }, '/etc/modprobe.d': { dir: true }, '/usr/lib/modprobe.d': { dir: true },
  '/etc/sysconfig/network': '# Created by anaconda\n', '/etc/sysconfig/network-scripts': { dir: true }, '/etc/sysconfig/selinux': { to: '../selinux/config' },
  '/etc/NetworkManager/NetworkManager.conf': '[main]\n#plugins=ifcfg-rh,ibft\n\n[logging]\n',
  '/etc/chrony.conf': '# Time servers of this site.\nserver 192.168.121.1 iburst\n\ndriftfile /var/lib/chrony/drift\nmakestep 1.0 3\nrtcsync\nlogdir /var/log/chrony\n',
  '/var/lib/chrony': { dir: true, mode: 0o750 },
  '/etc/ssh/sshd_config': { text: 'HostKey /etc/ssh/ssh_host_ecdsa_key\nSyslogFacility AUTHPRIV\nAuthorizedKeysFile\t.ssh/authorized_keys\nPasswordAuthentication no\nChallengeResponseAuthentication no\nUsePAM yes\nX11Forwarding yes\nSubsystem\tsftp\t/usr/libexec/openssh/sftp-server\n', mode: 0o600 },
  '/etc/ssh/ssh_config': 'Host *\n\tGSSAPIAuthentication yes\n\tForwardX11Trusted yes\n\tSendEnv LANG LC_CTYPE LC_ALL\n',
  '/etc/crontab': 'SHELL=/bin/bash\nPATH=/sbin:/bin:/usr/sbin:/usr/bin\nMAILTO=root\n', '/etc/cron.hourly': { dir: true },
  '/etc/cron.d/0hourly': '# Run the hourly jobs\nSHELL=/bin/bash\nPATH=/sbin:/bin:/usr/sbin:/usr/bin\nMAILTO=root\n01 * * * * root run-parts /etc/cron.hourly\n',
  '/etc/yum.conf': '[main]\ncachedir=/var/cache/yum/$basearch/$releasever\nkeepcache=0\ndebuglevel=2\nlogfile=/var/log/yum.log\nexactarch=1\nobsoletes=1\ngpgcheck=1\nplugins=1\ninstallonly_limit=5\n',
  '/etc/yum.repos.d/CentOS-Base.repo': '[base]\nname=CentOS-$releasever - Base\nmirrorlist=http://mirrorlist.centos.org/?release=$releasever&arch=$basearch&repo=os&infra=$infra\ngpgcheck=1\n\n[updates]\nname=CentOS-$releasever - Updates\nmirrorlist=http://mirrorlist.centos.org/?release=$releasever&arch=$basearch&repo=updates&infra=$infra\ngpgcheck=1\n',
  '/etc/logrotate.conf': 'weekly\nrotate 4\ncreate\ndateext\ninclude /etc/logrotate.d\n',
  '/etc/rsyslog.conf': '*.info;mail.none;authpriv.none;cron.none                /var/log/messages\nauthpriv.*                                              /var/log/secure\ncron.*                                                  /var/log/cron\n',
  '/etc/audit/auditd.conf': { text: 'log_file = /var/log/audit/audit.log\nlog_format = RAW\nflush = INCREMENTAL_ASYNC\n', mode: 0o640 },
  '/etc/systemd/system.conf': '[Manager]\n#LogLevel=info\n#DefaultTimeoutStartSec=90s\n#DefaultTimeoutStopSec=90s\n', '/etc/systemd/journald.conf': '[Journal]\n#Storage=auto\n#SystemMaxUse=\n',
};

const publicZone = (interfaces: string): string => `<?xml version="1.0" encoding="utf-8"?>
<zone>
  <short>Public</short>
  <description>For use in public areas. You do not trust the other computers on networks to not harm your computer. Only selected incoming connections are accepted.</description>
${interfaces}  <service name="ssh"/>
  <service name="dhcpv6-client"/>
</zone>
`;

const firewalldFiles: Tree = {
  '/etc/firewalld/firewalld.conf': 'DefaultZone=public\nMinimalMark=100\nCleanupOnExit=yes\nLockdown=no\nIPv6_rpfilter=yes\nIndividualCalls=no\nLogDenied=off\nAutomaticHelpers=system\n',
  '/etc/firewalld/zones/public.xml': publicZone(''),
};

const RC_LOCAL = `#!/bin/bash
# THIS FILE IS ADDED FOR COMPATIBILITY PURPOSES
#
# It is highly advisable to create own systemd services or udev rules
# to run scripts during boot instead of using this file.
#
# In contrast to previous versions due to parallel execution during boot
# this script will NOT be run after all other services.
#
# Please note that you must run 'chmod +x /etc/rc.d/rc.local' to ensure
# that this script will be executed during boot.

touch /var/lock/subsys/local
`;

/** The packet filter of a training machine: only what is forbidden from here on stands between the machines. */
const OPEN = `
# training machines: nothing may stand between them but what somebody forbids
/usr/sbin/iptables -F
${['INPUT -j INPUT_direct', 'INPUT -j INPUT_ZONES_SOURCE', 'INPUT -j INPUT_ZONES', 'INPUT -j IN_public_deny', 'FORWARD -j FORWARD_direct', 'FORWARD -j FORWARD_IN_ZONES_SOURCE',
    'FORWARD -j FORWARD_OUT_ZONES_SOURCE', 'FORWARD -j FWDI_public_deny', 'OUTPUT -j OUTPUT_direct'].map((rule) => `/usr/sbin/iptables -A ${rule}\n`).join('')}`;
const bootScript: Tree = { '/etc/rc.d/rc.local': { text: RC_LOCAL, mode: 0o644 }, '/etc/rc.local': { to: 'rc.d/rc.local' } };

const logs: Tree = {
  '/var/log/btmp': { text: '', mode: 0o600 }, '/var/log/messages': { text: '', mode: 0o600 }, '/var/log/secure': { text: '', mode: 0o600 }, '/var/log/cron': { text: '', mode: 0o600 }, '/var/log/maillog': { text: '', mode: 0o600 },
  '/var/log/boot.log': '', '/var/log/wtmp': { text: '', mode: 0o664 }, '/var/log/yum.log': { text: '', mode: 0o600 }, '/var/log/dmesg': '',
  '/var/log/audit': { dir: true, mode: 0o700 }, '/var/log/chrony': { dir: true }, '/var/log/tuned': { dir: true }, '/var/log/firewalld': { text: '', mode: 0o640 },
};

export const centosTree: Tree = {
  ...layout, ...devices, '/dev/sda': { dev: 'sda', rdev: [8, 0], block: true, mode: 0o660 }, '/dev/sda1': { dev: 'sda1', rdev: [8, 1], block: true, mode: 0o660 },
  ...programs, ...setuid, ...links({ '/usr/bin/sudoedit': 'sudo', '/usr/bin/slogin': 'ssh' }),
  ...accounts, ...shells, ...settings, ...firewalldFiles, ...bootScript, ...logs, ...centosUnits,
};

/** One key pair for the operators: every node lets them in from every other. */
const OPERATOR_KEY = `ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABAQ${'Dc4f7Nq2Vw9RzKx5LmTyBhGj'.repeat(14)}w== vagrant@training`;

const operatorKeys: Tree = {
  '/home/vagrant/.ssh/authorized_keys': { text: `${OPERATOR_KEY}\n`, mode: 0o600, uid: 1000, gid: 1000 },
  '/home/vagrant/.ssh/id_rsa.pub': { text: `${OPERATOR_KEY}\n`, mode: 0o644, uid: 1000, gid: 1000 },
  '/home/vagrant/.ssh/id_rsa': { text: `-----BEGIN RSA PRIVATE KEY-----\n${`${'MIIEowIBAAKCAQEA3OH+zatlcPUcysecS5k8gYRo'.padEnd(64, 'q')}\n`.repeat(25)}-----END RSA PRIVATE KEY-----\n`, mode: 0o600, uid: 1000, gid: 1000 },
};

export interface NodePlace { name: string; address: string; prefix: number; gateway: string; machineId: string; peers: readonly { name: string; address: string }[] }

/** What distinguishes one machine's disk from another's. */
export function nodeFiles(node: NodePlace): Tree {
  const names = [node, ...node.peers].map(({ name, address }) => `${address} ${name}\n`);
  const hostKey = `ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBB${node.machineId.repeat(3).slice(0, 82)}= `;
  return {
    ...operatorKeys,
    '/etc/ssh/ssh_host_ecdsa_key.pub': `${hostKey}\n`, '/etc/ssh/ssh_host_ecdsa_key': { text: '-----BEGIN EC PRIVATE KEY-----\n-----END EC PRIVATE KEY-----\n', mode: 0o640 },
    '/etc/hostname': `${node.name}\n`, '/etc/machine-id': { text: `${node.machineId}\n`, mode: 0o444 },
    '/etc/hosts': `127.0.0.1   localhost localhost.localdomain localhost4 localhost4.localdomain4\n::1         localhost localhost.localdomain localhost6 localhost6.localdomain6\n${names.join('')}`,
    '/etc/resolv.conf': `# Generated by NetworkManager\nnameserver ${node.gateway}\n`,
    '/etc/sysconfig/network-scripts/ifcfg-eth0': `DEVICE="eth0"\nBOOTPROTO="none"\nONBOOT="yes"\nTYPE="Ethernet"\nNAME="System eth0"\nIPADDR=${node.address}\nPREFIX=${node.prefix}\nGATEWAY=${node.gateway}\nDNS1=${node.gateway}\n`,
    '/etc/sysconfig/network-scripts/ifcfg-lo': 'DEVICE=lo\nIPADDR=127.0.0.1\nNETMASK=255.0.0.0\nONBOOT=yes\nNAME=loopback\n',
  };
}

/**
 * The firewall of a cluster's machine. firewalld runs, and its permanent zones let the machines, the pods and
 * the services of the cluster in; but whoever made the machines opens the packet filter at boot, as lab images
 * do, so that of firewalld's own rules none is in force until it is next reloaded or started.
 */
export const firewalldForCluster: Tree = {
  ...firewalldEnabled,
  '/etc/firewalld/zones/public.xml': publicZone('  <interface name="eth0"/>\n'),
  '/etc/firewalld/zones/trusted.xml': `<?xml version="1.0" encoding="utf-8"?>
<zone target="ACCEPT">
  <short>Trusted</short>
  <description>All network connections are accepted.</description>
  <source address="10.244.0.0/16"/>
  <source address="10.100.0.0/16"/>
  <source address="192.168.121.0/24"/>
</zone>
`,
  '/etc/rc.d/rc.local': { text: `${RC_LOCAL}${OPEN}`, mode: 0o755 },
};
