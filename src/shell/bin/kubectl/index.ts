/** The commands of this room: kubectl, and kctl, Planet's short form of it for kube-system. */
import type { Command } from '../../command.ts';
import { complete } from './complete.ts';
import { tail } from './logs.ts';
import { forward } from './port-forward.ts';
import { main } from './program.ts';
import { proxyConnection } from './proxy.ts';
import { resize, stdin } from './remote.ts';

/** What runs beside the main thread: standard input of exec, further logs, local connections. */
const entries = { stdin, resize, tail, forward, proxy: proxyConnection };

export const commands: readonly Command[] = [
  { name: 'kubectl', main, entries, complete },
  {
    name: 'kctl', entries,
    main: (start) => main({ ...start, argv: ['kubectl', '-nkube-system', ...start.argv.slice(1)] }),
    complete: (start, words) => complete(start, ['kubectl', '-nkube-system', ...words.slice(1)]),
  },
];
