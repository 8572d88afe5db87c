/**
 * service and chkconfig: the old names for systemctl. Words of initscripts and chkconfig on CentOS 7.
 */
import { err, out } from '../../../sim/proc/libc.ts';
import type { Start, Sys } from '../../../sim/proc/program.ts';
import { call } from '../../../sim/proc/syscalls.ts';
import type { Command } from '../../command.ts';
import { findProgram } from './path.ts';

function* systemctl(start: Start, args: readonly string[]): Sys<number> {
  const path = (yield* findProgram(start, 'systemctl')) ?? '/usr/bin/systemctl';
  const done = yield* call('exec', { path, argv: ['systemctl', ...args] });
  if (!done.ok) yield* err('systemctl: command not found\n');
  return 127;
}

const USAGE = 'Usage: service < option > | --status-all | [ service_name [ command | --full-restart ] ]\n';

export const service: Command = {
  name: 'service',
  *main(start) {
    const [name, verb] = start.argv.slice(1);
    if (name === undefined) { yield* err(USAGE); return 1; }
    if (name === '--help' || name === '-h') { yield* out(USAGE); return 0; }
    if (name === '--version' || name === '-V') { yield* out('service ver. 1.1\n'); return 0; }
    if (name === '--status-all') return yield* systemctl(start, ['list-units', '--type=service', '--all', '--no-pager']);
    if (verb === undefined) { yield* err(USAGE); return 1; }
    const unit = /\.[a-z]+$/.test(name) ? name : `${name}.service`;
    switch (verb) {
      case 'start': case 'stop': case 'restart': case 'reload': case 'try-restart':
        return yield* systemctl(start, [verb, unit]);
      case 'force-reload': case 'condrestart': return yield* systemctl(start, [verb, unit]);
      case 'status': return yield* systemctl(start, ['status', unit]);
      case '--full-restart': return yield* systemctl(start, ['restart', unit]);
      default: yield* err(`The service command supports only basic LSB actions (start, stop, restart, try-restart, reload, force-reload, status). For other actions, please try to use systemctl.\n`); return 2;
    }
  },
};

const NOTE = `
Note: This output shows SysV services only and does not include native
      systemd services. SysV configuration data might be overridden by native
      systemd configuration.

      If you want to list systemd services use 'systemctl list-unit-files'.
      To see services enabled on particular target use
      'systemctl list-dependencies [target]'.

`;

export const chkconfig: Command = {
  name: 'chkconfig',
  *main(start) {
    const args = start.argv.slice(1).filter((arg) => arg !== '--level' && !/^[0-6]+$/.test(arg));
    if (!args.length || args[0] === '--list') {
      if (args[1]) { yield* err(`error reading information on service ${args[1]}: No such file or directory\n`); return 1; }
      yield* err(NOTE);
      return 0;
    }
    const [name, verb] = args as [string, string?];
    if (verb === 'on' || verb === 'off') {
      yield* err(`Note: Forwarding request to 'systemctl ${verb === 'on' ? 'enable' : 'disable'} ${name}.service'.\n`);
      return yield* systemctl(start, [verb === 'on' ? 'enable' : 'disable', `${name}.service`]);
    }
    if (verb === undefined && !name.startsWith('-')) { yield* err(`Note: Forwarding request to 'systemctl is-enabled ${name}.service'.\n`); return yield* systemctl(start, ['is-enabled', `${name}.service`]); }
    yield* err('chkconfig version 1.7.4 - Copyright (C) 1997-2000 Red Hat, Inc.\nThis may be freely redistributed under the terms of the GNU Public License.\n\nusage:   chkconfig [--list] [--type <type>] [name]\n         chkconfig --add <name>\n         chkconfig --del <name>\n         chkconfig --override <name>\n         chkconfig [--level <levels>] [--type <type>] <name> <on|off|reset|resetpriorities>\n');
    return 1;
  },
};
