/** The programs that work on text, and those that find and pack files. */
import type { Command } from '../../command.ts';
import * as awk from './awk.ts';
import * as bc from './bc.ts';
import * as cmp from './cmp.ts';
import * as column from './column.ts';
import * as diff from './diff.ts';
import * as dos2unix from './dos2unix.ts';
import * as file from './file.ts';
import * as find from './find.ts';
import * as getopt from './getopt.ts';
import * as grep from './grep.ts';
import * as gzip from './gzip.ts';
import * as jq from './jq.ts';
import * as patch from './patch.ts';
import * as sed from './sed.ts';
import * as strings from './strings.ts';
import * as tar from './tar.ts';
import * as tree from './tree.ts';
import * as which from './which.ts';
import * as xargs from './xargs.ts';

const isCommand = (value: unknown): value is Command => typeof value === 'object' && value !== null && 'main' in value;

export const commands: Command[] = [
  awk, bc, cmp, column, diff, dos2unix, file, find, getopt, grep, gzip, jq, patch, sed, strings, tar, tree, which, xargs,
].flatMap((room) => Object.values(room).filter(isCommand));
