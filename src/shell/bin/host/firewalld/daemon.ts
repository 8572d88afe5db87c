/**
 * firewalld 0.6: keeps the runtime model in memory and iptables in step with it. A start and a reload
 * replace every table, whoever else has chains there; a stop leaves them empty and open.
 */
import type { Json, Program, Sys } from '../../../../sim/proc/program.ts';
import { call } from '../../../../sim/proc/syscalls.ts';
import { perform } from './perform.ts';
import { restoreAll, restoreChanges, rulesetOf } from './rules.ts';
import { loadModel, saveModel } from './store.ts';
import type { Model } from './zone.ts';

export const SOCKET = '/run/firewalld.sock';
export interface Spoken { out: string; err: string; exit: number }

function* restore(text: string, noflush: boolean): Sys<void> {
  const done = yield* call('netChange', { change: { kind: 'iptables-restore', text, noflush } });
  const answer = done.ok ? done.value as { exit?: number; stderr?: string } | null : { exit: 1, stderr: done.errno };
  if (answer?.exit) yield* call('journalWrite', { ident: 'firewalld', priority: 3, message: `ERROR: '/usr/sbin/iptables-restore -w2 -n' failed: ${(answer.stderr ?? '').trim()}` });
}

function* readModel(): Sys<Model | null> {
  const got = yield* call('memGet', { key: 'model' });
  return got.ok ? got.value as unknown as Model | null : null;
}
const keep = (model: Model): Sys<unknown> => call('memSet', { key: 'model', value: model as unknown as Json });

/** Replaces everything in iptables by what the configuration on disk says. */
function* takeOver(panic: boolean): Sys<void> {
  const model = { ...(yield* loadModel()), panic };
  yield* restore(restoreAll(rulesetOf(model)), false);
  yield* keep(model);
}

function* applyChanges(before: Model, after: Model): Sys<void> {
  const { text, commands } = restoreChanges(rulesetOf(before), rulesetOf(after));
  if (text) yield* restore(text, true);
  for (const args of commands) yield* call('netChange', { change: { kind: 'iptables', args } });
}

function* answer(args: readonly string[]): Sys<Spoken> {
  const runtime = (yield* readModel())!;
  const permanent = yield* loadModel();
  const done = perform(args, { runtime, permanent }, false);
  if (done.both.permanent !== permanent) yield* saveModel(permanent, done.both.permanent);
  if (done.effect !== 'none') yield* takeOver(runtime.panic);
  else if (done.both.runtime !== runtime) {
    yield* applyChanges(runtime, done.both.runtime);
    yield* keep(done.both.runtime);
  }
  for (const line of done.err.split('\n')) if (/^(Warning|Error): /.test(line)) yield* call('journalWrite', { ident: 'firewalld', priority: line.startsWith('E') ? 3 : 4, message: line.replace(/^\w+: /, (w) => w.toUpperCase()) });
  return { out: done.out, err: done.err, exit: done.exit };
}

export const firewalld: Program = {
  name: 'firewalld',
  *main(start) {
    const unknown = start.argv.slice(1).filter((word) => word !== '--nofork' && word !== '--nopid');
    if (unknown.length) {
      yield* call('write', { fd: 2, text: `usage: firewalld [-h] [--debug [level]] [--debug-gc] [--nofork] [--nopid]\nfirewalld: error: unrecognized arguments: ${unknown.join(' ')}\n` });
      return 2;
    }
    if (start.uid !== 0) { yield* call('write', { fd: 2, text: 'You need to be root to run /usr/sbin/firewalld.\n' }); return 255; }
    // It is a Python program: that is what ps shows.
    yield* call('setenvDisplay', { argv: ['/usr/bin/python', '-Es', ...start.argv] });
    yield* takeOver(false);
    yield* call('unlink', { path: SOCKET });
    yield* call('listenUnix', { path: SOCKET, entry: 'asked' });
    yield* call('chmod', { path: SOCKET, mode: 0o666 });
    yield* call('onSignal', { signal: 'TERM', entry: 'ended' });
    yield* call('onSignal', { signal: 'HUP', entry: 'reloaded' });
    yield* call('notify', { ready: true });
    yield* call('park', { channel: 'end' });
    return 0;
  },
  entries: {
    *asked(start) {
      const { fd } = start.event as { fd: number };
      const got = yield* call('recv', { fd });
      if (got.ok && got.value) yield* call('send', { fd, data: (yield* answer((got.value.data as { args: string[] }).args)) as unknown as Json });
      yield* call('close', { fd });
    },
    *reloaded() { yield* takeOver((yield* readModel())?.panic ?? false); },
    /** CleanupOnExit: every table is emptied, policies accept. */
    *ended() {
      yield* restore(restoreAll(null), false);
      yield* call('unlink', { path: SOCKET });
      yield* call('unpark', { channel: 'end', value: null });
    },
  },
};
