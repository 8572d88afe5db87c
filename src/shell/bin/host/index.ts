/** The host's own tools: services, processes, the kernel's settings, users, disks, the firewall. */
import type { Command } from '../../command.ts';
import * as accounts from './accounts.ts';
import { analyze } from './analyze.ts';
import * as attrs from './attrs.ts';
import { chronyd } from './chronyd.ts';
import { crond, runParts } from './cron/crond.ts';
import { crontab } from './cron/crontab.ts';
import * as disks from './disks.ts';
import { dmesg } from './dmesg.ts';
import * as elsewhere from './elsewhere.ts';
import { firewallCmd, firewallOfflineCmd } from './firewalld/commands.ts';
import { firewalld } from './firewalld/daemon.ts';
import * as info from './info.ts';
import { journalctl } from './journalctl/index.ts';
import { kmod } from './kmod.ts';
import { logger } from './logger.ts';
import * as messages from './messages.ts';
import * as naming from './naming.ts';
import { fuser, lsof } from './openfiles.ts';
import { openssl } from './openssl/index.ts';
import * as packages from './packages.ts';
import { ps } from './ps.ts';
import { lsns, pstree, pwdx } from './pstree.ts';
import { chkconfig, service } from './service.ts';
import * as selinux from './selinux.ts';
import * as sessions from './sessions.ts';
import { kill, killall, pgrep, pidof } from './signals.ts';
import { scp, ssh } from './ssh/client.ts';
import { sshd } from './ssh/server.ts';
import { su, sudo } from './sudo.ts';
import { sysctl } from './sysctl.ts';
import { cgls } from './systemctl/cgroups.ts';
import { systemctl } from './systemctl/index.ts';
import * as time from './time.ts';
import { top } from './top.ts';
import { visudo } from './visudo.ts';

const isCommand = (value: unknown): value is Command => typeof value === 'object' && value !== null && 'main' in value;

export const commands: readonly Command[] = [
  systemctl, journalctl, sudo, su, ps, top, sysctl, kmod, kill, killall, pgrep, pidof, service, chkconfig, lsof, fuser,
  firewalld, firewallCmd, firewallOfflineCmd, ssh, scp, sshd, analyze, cgls, openssl, crond, crontab, runParts, chronyd, lsns, pstree, pwdx, visudo, dmesg, logger,
  ...[naming, selinux, elsewhere, info, disks, packages, time, accounts, attrs, messages, sessions].flatMap((room) => Object.values(room).filter(isCommand)),
];
