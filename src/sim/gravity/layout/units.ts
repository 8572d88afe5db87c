/**
 * The host's units that gravity generates for its packages (gravity lib/systemservice/systemd.go).
 */
import { APP_LABEL } from './words.ts';
import { planetConfigName, teleportConfigName, unitName } from './paths.ts';

export interface HostUnit { readonly name: string; readonly text: string }

const command = (verb: string, locator: string, config: string): string => `/usr/bin/gravity package command ${verb} ${locator} ${config}`;

function unit(name: string, version: string, config: string, settings: readonly string[], more: readonly string[] = []): HostUnit {
  const locator = `gravitational.io/${name}:${version}`;
  const text = ['[Unit]', `Description=${APP_LABEL} ${locator} package`, ...more, '', '[Service]', 'TimeoutStartSec=0', 'Type=simple', 'User=root', 'LimitNOFILE=655360',
    ...settings, `ExecStart=${command('start', locator, config)}`, `ExecStop=${command('stop', locator, config)}`, 'Restart=always', 'StartLimitInterval=0', 'RestartSec=5',
    'WorkingDirectory=/', '', '[Install]', 'WantedBy=multi-user.target', ''].join('\n');
  return { name: unitName(name, version), text };
}

export const planetUnit = (address: string, cluster: string, version: string): HostUnit =>
  unit('planet', version, `${cluster}/${planetConfigName(address, cluster)}:${version}`,
    ['KillMode=mixed', 'KillSignal=SIGRTMIN+13', 'TimeoutStopSec=5min', 'ExecStartPre=-/bin/rm /var/run/planet.socket', 'ExecStopPost=-/bin/rm /var/run/planet.socket'],
    ['Requires=network-online.target', 'After=network-online.target']);

export const teleportUnit = (address: string, cluster: string, version: string): HostUnit =>
  unit('teleport', version, `${cluster}/${teleportConfigName(address, cluster)}:${version}`, ['KillMode=control-group', 'TimeoutStopSec=2min'], ['After=network-online.target']);

/** The agent that executes phases of an update on its node. */
export const AGENT_UNIT: HostUnit = {
  name: 'gravity-agent.service',
  text: ['[Unit]', 'Description=Auto-generated service for the gravity-agent.service', '', '[Service]', 'Type=simple', 'User=root',
    'ExecStart=/var/lib/gravity/site/update/agent/gravity --debug agent run sync-plan', 'Restart=on-failure', 'RestartSec=5', 'WorkingDirectory=/', ''].join('\n'),
};
