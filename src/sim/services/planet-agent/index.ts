/**
 * The program `planet` (6.0.0-11401): on the host it is the container's parent, inside it the agent and a
 * small command line.
 */
import { out } from '../../proc/libc.ts';
import type { Program, Start, Sys } from '../../proc/program.ts';
import { agentMain } from './agent.ts';
import { complain, planetEtcd, planetLeader, planetStatus } from './commands.ts';
import { dnsTick } from './dns.ts';
import { electionTick, watchElection } from './election.ts';
import { onRpc, satelliteCycle, stirred } from './satellite.ts';
import { checkUnits, control, killInit, planetStart, planetStop, terminate } from './start.ts';

const USAGE = `usage: planet [<flags>] <command> [<args> ...]

Planet is a Kubernetes delivered as a container

Flags:
  --help   Show context-sensitive help (also try --help-long and --help-man).
  --debug  Enable debug mode

Commands:
  help [<command>...]
    Show help.

  version
    Print version information

  agent --name=NAME --public-ip=PUBLIC-IP --leader-key=LEADER-KEY --election-key=ELECTION-KEY [<flags>]
    Start Planet Agent

  start [<flags>]
    Start Planet container

  stop
    Stop planet container

  status [<flags>]
    Query the planet cluster status

  leader view|pause|resume [<flags>]
    Leader election control

  etcd init|enable|disable|backup [<args> ...]
    Commands related to etcd
`;

const VERSION = 'Version:\t6.0.0-11401\nGit Commit:\t9e464aa6dc4bd7d13cc2dc4d7a0c9d5e2fdac5e1\n';

function* main(start: Start): Sys<number> {
  const [command, ...words] = start.argv.slice(1).filter((word) => word !== '--debug');
  switch (command) {
    case undefined: case '--help': case 'help': yield* out(USAGE); return 0;
    case 'version': yield* out(VERSION); return 0;
    case 'start': return yield* planetStart(start);
    case 'stop': return yield* planetStop();
    case 'agent': return yield* agentMain(start);
    case 'status': return yield* planetStatus(start, words);
    case 'leader': return yield* planetLeader(start, words);
    case 'etcd': return yield* planetEtcd(start, words);
    default: return yield* complain(start, command.startsWith('--') ? `unknown long flag '${command}'` : `expected command but got ${JSON.stringify(command)}`);
  }
}

export const planet: Program = {
  name: 'planet', main,
  entries: { election: electionTick, watchElection, dns: dnsTick, satellite: satelliteCycle, stirred, onRpc, units: checkUnits, control, terminate, killInit },
};

export const programs: readonly Program[] = [planet];
