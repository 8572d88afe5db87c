/** The shells among the programs. */
import type { Command } from '../command.ts';
import { bash, sh } from './main.ts';

export const programs: readonly Command[] = [bash, sh];
