/** The programs that draw on the whole screen, and those that speak to the terminal itself. */
import type { Command } from '../../command.ts';
import * as less from './less.ts';
import * as man from './man.ts';
import * as more from './more.ts';
import * as nano from './nano.ts';
import * as terminal from './terminal.ts';
import * as vi from './vi.ts';
import * as watch from './watch.ts';

const isCommand = (value: unknown): value is Command => typeof value === 'object' && value !== null && 'main' in value;

export const commands: Command[] = [less, man, more, nano, terminal, vi, watch].flatMap((room) => Object.values(room).filter(isCommand));
