/**
 * The unit files of a CentOS 7 server (systemd 219), and which are enabled. Plain text as systemd reads it
 * (services/systemd); what a daemon does is its program's business.
 */
import type { Tree } from '../fs.ts';

const LIB = '/usr/lib/systemd/system';
const ETC = '/etc/systemd/system';

interface Service { description: string; unit?: string; service: string; install?: string }

function text({ description, unit = '', service, install }: Service): string {
  const head = `[Unit]\nDescription=${description}\n${unit ? `${unit}\n` : ''}`;
  return `${head}\n[Service]\n${service}\n${install === undefined ? '' : `\n[Install]\n${install}\n`}`;
}
const target = (description: string, more = ''): string => `[Unit]\nDescription=${description}\n${more}`;
const WANTED = 'WantedBy=multi-user.target';

const EARLY = 'DefaultDependencies=no\nBefore=sysinit.target';

const services: Readonly<Record<string, Service>> = {
  'systemd-journald': { description: 'Journal Service', unit: `Documentation=man:systemd-journald.service(8)\n${EARLY}`,
    service: 'ExecStart=/usr/lib/systemd/systemd-journald\nRestart=always\nRestartSec=0' },
  'systemd-udevd': { description: 'udev Kernel Device Manager', unit: EARLY, service: 'ExecStart=/usr/lib/systemd/systemd-udevd\nRestart=always' },
  'systemd-modules-load': { description: 'Load Kernel Modules', unit: EARLY,
    service: 'Type=oneshot\nRemainAfterExit=yes\nExecStart=/usr/lib/systemd/systemd-modules-load' },
  'systemd-sysctl': { description: 'Apply Kernel Variables', unit: `${EARLY}\nAfter=systemd-modules-load.service`,
    service: 'Type=oneshot\nRemainAfterExit=yes\nExecStart=/usr/lib/systemd/systemd-sysctl' },
  auditd: { description: 'Security Auditing Service', unit: `${EARLY}\nDocumentation=man:auditd(8)`,
    service: 'ExecStart=/sbin/auditd\nRestart=on-failure', install: WANTED },
  dbus: { description: 'D-Bus System Message Bus', unit: 'Documentation=man:dbus-daemon(1)',
    service: 'ExecStart=/usr/bin/dbus-daemon --system --address=systemd: --nofork --nopidfile --systemd-activation' },
  polkit: { description: 'Authorization Manager', unit: 'Documentation=man:polkit(8)',
    service: 'ExecStart=/usr/lib/polkit-1/polkitd --no-debug\nUser=polkitd' },
  'systemd-logind': { description: 'Login Service', unit: 'After=dbus.service', service: 'ExecStart=/usr/lib/systemd/systemd-logind\nRestart=always' },
  NetworkManager: { description: 'Network Manager', unit: 'Documentation=man:NetworkManager(8)\nWants=network.target\nBefore=network.target\nAfter=dbus.service firewalld.service',
    service: 'Type=notify\nExecStart=/usr/sbin/NetworkManager --no-daemon\nRestart=on-failure\nKillMode=process', install: WANTED },
  'NetworkManager-wait-online': { description: 'Network Manager Wait Online', unit: 'Requisite=NetworkManager.service\nAfter=NetworkManager.service\nBefore=network-online.target',
    service: 'Type=oneshot\nExecStart=/bin/true\nRemainAfterExit=yes', install: 'WantedBy=network-online.target' },
  sshd: { description: 'OpenSSH server daemon', unit: 'Documentation=man:sshd(8) man:sshd_config(5)\nAfter=network.target',
    service: 'Type=notify\nExecStart=/usr/sbin/sshd -D\nExecReload=/bin/kill -HUP $MAINPID\nKillMode=process\nRestart=on-failure\nRestartSec=42s', install: WANTED },
  chronyd: { description: 'NTP client/server', unit: 'Documentation=man:chronyd(8) man:chrony.conf(5)\nAfter=ntpdate.service network.target\nConflicts=ntpd.service',
    service: 'ExecStart=/usr/sbin/chronyd -d', install: WANTED },
  crond: { description: 'Command Scheduler', unit: 'After=auditd.service',
    service: 'ExecStart=/usr/sbin/crond -n\nExecReload=/bin/kill -HUP $MAINPID\nKillMode=process', install: WANTED },
  rsyslog: { description: 'System Logging Service', unit: 'Documentation=man:rsyslogd(8)\nWants=network.target',
    service: 'ExecStart=/usr/sbin/rsyslogd -n\nRestart=on-failure', install: WANTED },
  irqbalance: { description: 'irqbalance daemon', service: 'ExecStart=/usr/sbin/irqbalance --foreground', install: WANTED },
  tuned: { description: 'Dynamic System Tuning Daemon', unit: 'Documentation=man:tuned(8)\nAfter=dbus.service',
    service: 'ExecStart=/usr/sbin/tuned -l -P', install: WANTED },
  firewalld: { description: 'firewalld - dynamic firewall daemon', unit: 'Documentation=man:firewalld(1)\nBefore=network-pre.target\nWants=network-pre.target\nAfter=dbus.service polkit.service\nConflicts=iptables.service ip6tables.service ebtables.service ipset.service',
    service: 'Type=notify\nExecStart=/usr/sbin/firewalld --nofork --nopid\nExecReload=/bin/kill -HUP $MAINPID\nKillMode=mixed', install: `${WANTED}\nAlias=dbus-org.fedoraproject.FirewallD1.service` },
  'rc-local': { description: '/etc/rc.d/rc.local Compatibility', unit: 'ConditionFileIsExecutable=/etc/rc.d/rc.local\nAfter=network.target',
    service: 'Type=forking\nExecStart=/etc/rc.d/rc.local start\nTimeoutSec=0\nRemainAfterExit=yes' },
  'getty@': { description: 'Getty on %I', unit: 'Documentation=man:agetty(8)\nAfter=systemd-logind.service',
    service: 'Type=idle\nExecStart=-/sbin/agetty --noclear %I linux\nRestart=always\nRestartSec=0', install: 'WantedBy=getty.target\nDefaultInstance=tty1' },
  'systemd-tmpfiles-clean': { description: 'Cleanup of Temporary Directories', unit: 'DefaultDependencies=no', service: 'Type=oneshot\nExecStart=/bin/true' },
};

const targets: Readonly<Record<string, string>> = {
  sysinit: target('System Initialization', 'Wants=local-fs.target swap.target systemd-journald.service systemd-udevd.service systemd-modules-load.service systemd-sysctl.service\nAfter=local-fs.target swap.target\n'),
  basic: target('Basic System', 'Requires=sysinit.target\nAfter=sysinit.target\nWants=sockets.target timers.target paths.target slices.target\n'),
  'multi-user': target('Multi-User System', 'Requires=basic.target\nConflicts=rescue.service rescue.target\nAfter=basic.target rescue.service rescue.target\nAllowIsolate=yes\n'),
  graphical: target('Graphical Interface', 'Requires=multi-user.target\nAfter=multi-user.target\nAllowIsolate=yes\n'),
  network: target('Network', 'After=network-pre.target\n'), 'network-pre': target('Network (Pre)'),
  'network-online': target('Network is Online', 'After=network.target\n'),
  'local-fs': target('Local File Systems', 'DefaultDependencies=no\n'), 'remote-fs': target('Remote File Systems'),
  swap: target('Swap'), sockets: target('Sockets'), timers: target('Timers'), paths: target('Paths'), slices: target('Slices'),
  getty: target('Login Prompts'), 'nss-lookup': target('Host and Network Name Lookups'), 'time-sync': target('System Time Synchronized'),
  rescue: target('Rescue Mode', 'Requires=sysinit.target\nAfter=sysinit.target\nAllowIsolate=yes\n'),
  emergency: target('Emergency Mode', 'AllowIsolate=yes\n'),
  shutdown: target('Shutdown', 'DefaultDependencies=no\n'),
  reboot: target('Reboot', 'DefaultDependencies=no\nAllowIsolate=yes\n'), poweroff: target('Power-Off', 'DefaultDependencies=no\nAllowIsolate=yes\n'),
  halt: target('Halt', 'DefaultDependencies=no\nAllowIsolate=yes\n'),
};

const others: Tree = {
  [`${LIB}/dbus.socket`]: '[Unit]\nDescription=D-Bus System Message Bus Socket\n\n[Socket]\nListenStream=/var/run/dbus/system_bus_socket\n',
  [`${LIB}/systemd-tmpfiles-clean.timer`]: '[Unit]\nDescription=Daily Cleanup of Temporary Directories\nDocumentation=man:tmpfiles.d(5) man:systemd-tmpfiles(8)\n\n[Timer]\nOnBootSec=15min\nOnUnitActiveSec=1d\n',
  [`${LIB}/timers.target.wants/systemd-tmpfiles-clean.timer`]: { to: '../systemd-tmpfiles-clean.timer' },
  [`${LIB}/sockets.target.wants/dbus.socket`]: { to: '../dbus.socket' },
  [`${LIB}/multi-user.target.wants/dbus.service`]: { to: '../dbus.service' },
  [`${LIB}/multi-user.target.wants/systemd-logind.service`]: { to: '../systemd-logind.service' },
  [`${LIB}/multi-user.target.wants/polkit.service`]: { to: '../polkit.service' },
  // what systemd-rc-local-generator would add
  [`${LIB}/multi-user.target.wants/rc-local.service`]: { to: '../rc-local.service' },
  [`${LIB}/multi-user.target.wants/getty.target`]: { to: '../getty.target' },
  [`${LIB}/default.target`]: { to: 'graphical.target' },
  [`${ETC}/default.target`]: { to: '/lib/systemd/system/multi-user.target' },
  [`${ETC}/getty.target.wants/getty@tty1.service`]: { to: '/usr/lib/systemd/system/getty@.service' },
  [`${ETC}/network-online.target.wants/NetworkManager-wait-online.service`]: { to: '/usr/lib/systemd/system/NetworkManager-wait-online.service' },
  '/usr/lib/systemd/system-preset/90-default.preset': 'enable firewalld.service\nenable sshd.service\nenable chronyd.service\nenable crond.service\nenable rsyslog.service\nenable auditd.service\nenable NetworkManager.service\nenable irqbalance.service\nenable tuned.service\nenable getty@.service\n',
};

const ENABLED = ['auditd', 'NetworkManager', 'sshd', 'chronyd', 'crond', 'rsyslog', 'irqbalance', 'tuned'];

export const centosUnits: Tree = {
  ...Object.fromEntries(Object.entries(services).map(([name, service]) => [`${LIB}/${name}.service`, text(service)])),
  ...Object.fromEntries(Object.entries(targets).map(([name, unit]) => [`${LIB}/${name}.target`, unit])),
  ...others,
  ...Object.fromEntries(ENABLED.map((name) => [`${ETC}/multi-user.target.wants/${name}.service`, { to: `${LIB}/${name}.service` }])),
};

/** What `systemctl enable firewalld` leaves. */
export const firewalldEnabled: Tree = {
  [`${ETC}/multi-user.target.wants/firewalld.service`]: { to: `${LIB}/firewalld.service` },
  [`${ETC}/dbus-org.fedoraproject.FirewallD1.service`]: { to: `${LIB}/firewalld.service` },
};
