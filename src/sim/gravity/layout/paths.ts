/**
 * Where gravity keeps things on a host (gravity lib/state, lib/defaults, 6.0).
 */
import { packageSuffix } from '../topology.ts';

export const STATE_DIR = '/var/lib/gravity';
export const GRAVITY_BIN = '/usr/bin/gravity';
export const UNPACKED = `${STATE_DIR}/local/packages/unpacked`;
export const PACKAGE_DB = `${STATE_DIR}/local/gravity.db`;
export const UPDATE_DIR = `${STATE_DIR}/site/update`;
export const ETCD_BACKUP = `${UPDATE_DIR}/etcd.bak`;
export const AGENT_BIN = `${UPDATE_DIR}/agent/gravity`;
export const INSTALL_LOG = '/var/log/gravity-install.log';
export const SYSTEM_LOG = '/var/log/gravity-system.log';
export const WIZARD_DIR = '/usr/local/share/gravity';
export const UNIT_DIR = '/etc/systemd/system';

export const unpackedDir = (repository: string, name: string, version: string): string => `${UNPACKED}/${repository}/${name}/${version}`;
export const planetRootfs = (version: string): string => `${unpackedDir('gravitational.io', 'planet', version)}/rootfs`;
export const teleportRootfs = (version: string): string => `${unpackedDir('gravitational.io', 'teleport', version)}/rootfs`;

/** gravity__gravitational.io__planet__6.0.0-11401.service */
export const unitName = (name: string, version: string): string => `gravity__gravitational.io__${name}__${version}.service`;

export const planetConfigName = (address: string, cluster: string): string => `planet-config-${packageSuffix(address, cluster)}`;
export const teleportConfigName = (address: string, cluster: string): string => `teleport-node-config-${packageSuffix(address, cluster)}`;
