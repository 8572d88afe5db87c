/** All faults. To add one: a file, an export, a line here. */
import { clockSkew } from './clock.ts';
import { fullDisk } from './full-disk.ts';
import { nodeDown, nodeUp } from './power.ts';
import { slowDisk } from './slow-disk.ts';
import type { Fault } from './strike.ts';
import { sysctl } from './sysctl.ts';
import { cableIn, cableOut, joinNodes, packetLoss, partition, portEaten } from './wire.ts';

export const catalogue: ReadonlyMap<string, Fault> = new Map(
  [sysctl, slowDisk, fullDisk, cableOut, cableIn, partition, joinNodes, packetLoss, portEaten, clockSkew, nodeDown, nodeUp].map((fault) => [fault.name, fault]),
);
