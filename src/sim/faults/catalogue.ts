/** All faults, by layer. To add one: a row in the file of its layer, or a file, an export and a word here. */
import { clockSkew } from './clock.ts';
import { disks, endpointSecurity } from './disks.ts';
import { firewall } from './firewall.ts';
import { fullDisk } from './full-disk.ts';
import { network } from './network.ts';
import { objects } from './objects.ts';
import { nodeDown, nodeUp } from './power.ts';
import { slowDisk } from './slow-disk.ts';
import type { Fault } from './strike.ts';
import { sysctl } from './sysctl.ts';
import { units } from './units.ts';
import { cableIn, cableOut, joinNodes, packetLoss, partition, partitionOne, portEaten, portFree } from './wire.ts';

const faults: readonly Fault[] = [
  sysctl, slowDisk, fullDisk, cableOut, cableIn, partition, partitionOne, joinNodes, packetLoss, portEaten, portFree, clockSkew, nodeDown, nodeUp,
  ...network, ...firewall, endpointSecurity, ...units, ...disks, ...objects,
];

export const catalogue: ReadonlyMap<string, Fault> = new Map(faults.map((fault) => [fault.name, fault]));
