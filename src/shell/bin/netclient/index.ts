/** The network's clients among the commands. */
import type { Command } from '../../command.ts';
import { curls } from './curl.ts';
import { dig } from './dig.ts';
import { host } from './host.ts';
import { inetutilsPing } from './inetutils-ping.ts';
import { nc, ncat } from './nc.ts';
import { nslookup } from './nslookup.ts';
import { ping } from './ping.ts';
import { telnet } from './telnet.ts';
import { traceroute } from './traceroute.ts';
import { wget } from './wget.ts';

export const commands: readonly Command[] = [ping, inetutilsPing, traceroute, ...curls, wget, nc, ncat, telnet, dig, nslookup, host];
