/** The programs that work on text, and those that find and pack files. */
import type { Command } from '../../command.ts';
import * as awk from './awk.ts';
import * as find from './find.ts';
import * as grep from './grep.ts';
import * as sed from './sed.ts';
import * as xargs from './xargs.ts';

const isCommand = (value: unknown): value is Command => typeof value === 'object' && value !== null && 'main' in value;

export const commands: Command[] = [awk, find, grep, sed, xargs].flatMap((room) => Object.values(room).filter(isCommand));
