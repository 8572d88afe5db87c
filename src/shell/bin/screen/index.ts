/** The programs that draw on the whole screen, and those that speak to the terminal itself. */
import type { Command } from '../../command.ts';
import * as less from './less.ts';
import * as nano from './nano.ts';
import * as vi from './vi.ts';

const isCommand = (value: unknown): value is Command => typeof value === 'object' && value !== null && 'main' in value;

export const commands: Command[] = [less, nano, vi].flatMap((room) => Object.values(room).filter(isCommand));
