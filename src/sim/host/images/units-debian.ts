/**
 * The unit files of the base system inside Planet (systemd 239): targets and the few daemons of a container.
 */
import type { Tree } from '../fs.ts';

const LIB = '/lib/systemd/system';
const unit = (description: string, more = ''): string => `[Unit]\nDescription=${description}\n${more}`;
const early = 'DefaultDependencies=no\nBefore=sysinit.target\n';

export const debianUnits: Tree = {
  [`${LIB}/sysinit.target`]: unit('System Initialization', 'Wants=local-fs.target swap.target systemd-journald.service systemd-sysctl.service\nAfter=local-fs.target swap.target\n'),
  [`${LIB}/basic.target`]: unit('Basic System', 'Requires=sysinit.target\nAfter=sysinit.target\nWants=sockets.target timers.target paths.target slices.target\n'),
  [`${LIB}/multi-user.target`]: unit('Multi-User System', 'Requires=basic.target\nConflicts=rescue.service rescue.target\nAfter=basic.target rescue.service rescue.target\nAllowIsolate=yes\n'),
  [`${LIB}/graphical.target`]: unit('Graphical Interface', 'Requires=multi-user.target\nAfter=multi-user.target\nAllowIsolate=yes\n'),
  [`${LIB}/network.target`]: unit('Network', 'After=network-pre.target\n'), [`${LIB}/network-pre.target`]: unit('Network (Pre)'),
  [`${LIB}/network-online.target`]: unit('Network is Online', 'After=network.target\n'), [`${LIB}/local-fs.target`]: unit('Local File Systems', 'DefaultDependencies=no\n'),
  [`${LIB}/swap.target`]: unit('Swap'), [`${LIB}/sockets.target`]: unit('Sockets'), [`${LIB}/timers.target`]: unit('Timers'), [`${LIB}/paths.target`]: unit('Paths'),
  [`${LIB}/slices.target`]: unit('Slices'), [`${LIB}/nss-lookup.target`]: unit('Host and Network Name Lookups'), [`${LIB}/time-sync.target`]: unit('System Time Synchronized'),
  [`${LIB}/rescue.target`]: unit('Rescue Mode', 'Requires=sysinit.target\nAfter=sysinit.target\nAllowIsolate=yes\n'),
  [`${LIB}/shutdown.target`]: unit('Shutdown', 'DefaultDependencies=no\n'), [`${LIB}/poweroff.target`]: unit('Power-Off', 'DefaultDependencies=no\nAllowIsolate=yes\n'),
  [`${LIB}/reboot.target`]: unit('Reboot', 'DefaultDependencies=no\nAllowIsolate=yes\n'), [`${LIB}/halt.target`]: unit('Halt', 'DefaultDependencies=no\nAllowIsolate=yes\n'),
  [`${LIB}/systemd-journald.service`]: `${unit('Journal Service', `Documentation=man:systemd-journald.service(8) man:journald.conf(5)\n${early}`)}\n[Service]\nExecStart=/lib/systemd/systemd-journald\nRestart=always\nRestartSec=0\n`,
  [`${LIB}/systemd-sysctl.service`]: `${unit('Apply Kernel Variables', `${early}`)}\n[Service]\nType=oneshot\nRemainAfterExit=yes\nExecStart=/lib/systemd/systemd-sysctl\n`,
  [`${LIB}/systemd-logind.service`]: `${unit('Login Service', 'After=dbus.service\n')}\n[Service]\nExecStart=/lib/systemd/systemd-logind\nRestart=always\n`,
  [`${LIB}/dbus.service`]: `${unit('D-Bus System Message Bus', 'Documentation=man:dbus-daemon(1)\nRequires=dbus.socket\n')}\n[Service]\nExecStart=/usr/bin/dbus-daemon --system --address=systemd: --nofork --nopidfile --systemd-activation --syslog-only\nUser=messagebus\n`,
  [`${LIB}/dbus.socket`]: `${unit('D-Bus System Message Bus Socket')}\n[Socket]\nListenStream=/var/run/dbus/system_bus_socket\n`,
  [`${LIB}/sockets.target.wants/dbus.socket`]: { to: '../dbus.socket' },
  [`${LIB}/multi-user.target.wants/dbus.service`]: { to: '../dbus.service' },
  [`${LIB}/default.target`]: { to: 'graphical.target' },
  '/etc/systemd/system/default.target': { to: '/lib/systemd/system/multi-user.target' },
  '/etc/systemd/system/multi-user.target.wants': { dir: true },
};
