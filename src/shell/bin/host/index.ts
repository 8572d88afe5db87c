/** The host's own tools: services, processes, the kernel's settings, users, disks, the firewall. */
import type { Command } from '../../command.ts';
import * as disks from './disks.ts';
import { firewallCmd, firewallOfflineCmd } from './firewalld/commands.ts';
import { firewalld } from './firewalld/daemon.ts';
import * as info from './info.ts';
import { journalctl } from './journalctl/index.ts';
import { kmod } from './kmod.ts';
import { fuser, lsof } from './openfiles.ts';
import * as packages from './packages.ts';
import { ps } from './ps.ts';
import { chkconfig, service } from './service.ts';
import { kill, killall, pgrep, pidof } from './signals.ts';
import * as small from './small.ts';
import { scp, ssh } from './ssh/client.ts';
import { sshd } from './ssh/server.ts';
import { su, sudo } from './sudo.ts';
import { sysctl } from './sysctl.ts';
import { systemctl } from './systemctl/index.ts';
import * as time from './time.ts';
import { top } from './top.ts';

const isCommand = (value: unknown): value is Command => typeof value === 'object' && value !== null && 'main' in value;

export const commands: readonly Command[] = [
  systemctl, journalctl, sudo, su, ps, top, sysctl, kmod, kill, killall, pgrep, pidof, service, chkconfig, lsof, fuser,
  firewalld, firewallCmd, firewallOfflineCmd, ssh, scp, sshd, ...[small, info, disks, packages, time].flatMap((room) => Object.values(room).filter(isCommand)),
];
