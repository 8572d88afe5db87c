/** The programs of GNU coreutils, and the few of util-linux that stand beside them. */
import type { Command } from '../../command.ts';
import * as cat from './cat.ts';
import * as cp from './cp.ts';
import * as cut from './cut.ts';
import * as date from './date.ts';
import * as dd from './dd.ts';
import * as digest from './digest.ts';
import * as dump from './dump.ts';
import * as echo from './echo.ts';
import * as env from './env.ts';
import * as expr from './expr.ts';
import * as fmt from './fmt.ts';
import * as head from './head.ts';
import * as identity from './identity.ts';
import * as lines from './lines.ts';
import * as ls from './ls.ts';
import * as make from './make.ts';
import * as mergeLines from './merge-lines.ts';
import * as names from './names.ts';
import * as numbers from './numbers.ts';
import * as owner from './owner.ts';
import * as pieces from './pieces.ts';
import * as rm from './rm.ts';
import * as shred from './shred.ts';
import * as sort from './sort.ts';
import * as stat from './stat.ts';
import * as tail from './tail.ts';
import * as test from './test.ts';
import * as touch from './touch.ts';
import * as tr from './tr.ts';
import * as uname from './uname.ts';
import * as uniq from './uniq.ts';
import * as usage from './usage.ts';
import * as wc from './wc.ts';

const isCommand = (value: unknown): value is Command => typeof value === 'object' && value !== null && 'main' in value;

export const commands: Command[] = [
  cat, cp, cut, date, dd, digest, dump, echo, env, expr, fmt, head, identity, lines, ls, make, mergeLines,
  names, numbers, owner, pieces, rm, shred, sort, stat, tail, test, touch, tr, uname, uniq, usage, wc,
].flatMap((room) => Object.values(room).filter(isCommand));
