/** telnet (netkit 0.17): mostly used to see whether a port answers. ^] gives its prompt, quit or ^C ends it. */
import { err, out, strerror } from '../../../sim/proc/libc.ts';
import type { Start, Sys } from '../../../sim/proc/program.ts';
import { call, type Fd } from '../../../sim/proc/syscalls.ts';
import { converse, onTyped } from './duplex.ts';
import { gaiError, lookup } from './lookup.ts';

const SERVICES: Readonly<Record<string, number>> = { telnet: 23, ssh: 22, smtp: 25, domain: 53, http: 80, https: 443 };

function* main(start: Start): Sys<number> {
  const words: string[] = [];
  const args = start.argv.slice(1);
  for (let i = 0; i < args.length; i++) {
    const word = args[i]!;
    if (/^-[bekElnSX]$/.test(word)) { i++; continue; }
    if (/^-[468acdfFKLrxE]+$/.test(word)) continue;
    if (word.startsWith('-')) {
      yield* err(`telnet: invalid option -- '${word[1]}'\nUsage: telnet [-8] [-E] [-L] [-S tos] [-a] [-c] [-d] [-e char] [-l user]\n\t[-n tracefile] [-b hostalias ] [-r]\n [host-name [port]]\n`);
      return 1;
    }
    words.push(word);
  }
  const [target, portText = '23'] = words;
  if (target === undefined) return yield* prompt();
  const port = /^\d+$/.test(portText) ? Number(portText) : SERVICES[portText];
  const found = yield* lookup(target);
  if (!found.ok) { yield* err(`telnet: could not resolve ${target}/${portText}: ${gaiError(found.reason)}\n`); return 1; }
  if (port === undefined || port > 65_535) { yield* err(`telnet: could not resolve ${target}/${portText}: Servname not supported for ai_socktype\n`); return 1; }
  const addr = found.addresses[0]!;
  yield* out(`Trying ${addr}...\n`);
  const got = yield* call('connect', { proto: 'tcp', addr, port });
  if (!got.ok) { yield* err(`telnet: Unable to connect to remote host: ${strerror(got.errno)}\n`); return 1; }
  yield* out(`Connected to ${target}.\nEscape character is '^]'.\n`);
  return yield* session(got.value);
}

/** Without a host there is only its prompt. */
function* prompt(): Sys<number> {
  for (;;) {
    yield* out('telnet> ');
    const line = yield* call('read', { fd: 0 });
    if (!line.ok || line.value === '') { yield* out('\n'); return 0; }
    const word = line.value.trim();
    if (word === '') continue;
    if (/^q(u(it?)?)?$/.test(word)) return 0;
    yield* out(/^(o(p(en?)?)?|\?|help|close|status)/.test(word) ? 'Name the host on the command line: telnet HOST [PORT]\n' : '?Invalid command\n');
  }
}

function* session(fd: Fd): Sys<number> {
  const ended = yield* converse({ fd, udp: false, halfClose: false, quitUs: 0, idleUs: null, escape: true });
  yield* call('close', { fd });
  if (ended.how === 'escape') {
    yield* out('\ntelnet> quit\nConnection closed.\n');
    return 0;
  }
  yield* err('Connection closed by foreign host.\n');
  return 1;
}

export const telnet = { name: 'telnet', main, entries: { typed: onTyped } };
