/**
 * The program `planet` as the shell offers it. What it does is a service's business
 * (src/sim/services/planet-agent); here is how its command line is completed.
 */
import type { Start, Sys } from '../../../sim/proc/program.ts';
import { planet } from '../../../sim/services/planet-agent/index.ts';
import type { Command } from '../../command.ts';

const WORDS: Readonly<Record<string, readonly string[]>> = {
  '': ['agent', 'etcd', 'help', 'leader', 'start', 'status', 'stop', 'version'], status: ['--local', '--pretty', '--rpc-port', '--timeout'],
  leader: ['pause', 'resume', 'view'], etcd: ['backup', 'disable', 'enable', 'init'],
};

function* complete(_start: Start, words: readonly string[]): Sys<readonly string[]> {
  const known = WORDS[words.length > 2 ? words[1]! : ''] ?? [];
  return known.filter((word) => word.startsWith(words.at(-1) ?? ''));
}

export const commands: readonly Command[] = [{ ...planet, complete }];
