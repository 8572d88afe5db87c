/** The service manager's programs. */
import type { Program } from '../../proc/program.ts';
import { bootSteps } from './boot.ts';
import { systemd } from './daemon.ts';
import { executor } from './spawn.ts';
import { hostDaemons } from './daemons.ts';

export const programs: readonly Program[] = [systemd, executor, ...bootSteps, ...hostDaemons];
