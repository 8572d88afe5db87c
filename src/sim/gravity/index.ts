/** The programs of this room that are no commands. */
import type { Program } from '../proc/program.ts';
import { bootstrap } from './bootstrap.ts';

export const programs: readonly Program[] = [bootstrap];
