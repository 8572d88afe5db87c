/**
 * The program `teleport` (3.2.5) as a node runs it on its host: it announces the node to the active
 * gravity-site once a minute and lets holders of the cluster's certificates run commands on the host.
 */
import { seconds } from '../../engine/time.ts';
import { capture } from '../../gravity/child.ts';
import { writeTree } from '../../gravity/files.ts';
import { STATE_DIR } from '../../gravity/layout/paths.ts';
import type { Tree } from '../../host/fs.ts';
import { parsePem } from '../../proc/certificate.ts';
import { serveHttp, type Certificate, type HttpRequest, type HttpResponse } from '../../proc/http.ts';
import { fail, out, strerror } from '../../proc/libc.ts';
import type { Json, Program, Start, Sys } from '../../proc/program.ts';
import { call } from '../../proc/syscalls.ts';
import { ask } from '../etcd/client.ts';

const ANNOUNCE_US = seconds(60);
const PATIENCE_US = seconds(5);
const SSH_PORT = 3022;

interface Identity { readonly cert: Certificate | null; readonly authority: string | null }

const flag = (start: Start, name: string): string => start.argv.find((word) => word.startsWith(`--${name}=`))?.slice(name.length + 3) ?? '';

function* identity(): Sys<Identity> {
  const read = function* (name: string): Sys<Certificate | null> {
    const text = yield* call('readFile', { path: `${STATE_DIR}/secrets/${name}.cert` });
    return text.ok ? parsePem(text.value) : null;
  };
  const root = yield* read('root');
  return { cert: (yield* read('kubelet')) ?? null, authority: root?.ca ?? null };
}

function* main(start: Start): Sys<number> {
  if (start.argv[1] === 'version') { yield* out('Teleport v3.2.5 git:v3.2.5-0-ga8e2a25d\n'); return 0; }
  if (start.argv[1] !== 'start' || !flag(start, 'auth-server')) return yield* fail('error: required flag(s) --auth-server not provided');
  yield* call('memSet', { key: 'identity', value: (yield* identity()) as unknown as Json });
  const bound = yield* call('listen', { proto: 'tcp', addr: '0.0.0.0', port: SSH_PORT, entry: 'onSsh' });
  if (!bound.ok) return yield* fail(`error: listen tcp 0.0.0.0:${SSH_PORT}: bind: ${strerror(bound.errno).toLowerCase()}`);
  yield* out(`[NODE]  Service is starting on 0.0.0.0:${SSH_PORT}.\n`);
  yield* call('timer', { name: 'announce', entry: 'announce', afterUs: seconds(1), everyUs: ANNOUNCE_US });
  yield* call('serve', {});
  return 0;
}

/** Tells the auth server that answered last, or whichever of them does. */
function* announce(start: Start): Sys<void> {
  const got = yield* call('memGet', { key: 'identity' });
  const { cert, authority } = (got.ok ? got.value : null) as unknown as Identity;
  const servers = flag(start, 'auth-server').split(',');
  const known = yield* call('memGet', { key: 'auth' });
  const last = known.ok && typeof known.value === 'string' ? known.value : null;
  const client = { endpoints: [], cert, trust: authority ? [authority] : null };
  for (const server of last ? [last, ...servers.filter((each) => each !== last)] : servers) {
    const said = yield* ask(client, `https://${server}`, { method: 'POST', path: '/heartbeat', body: { address: flag(start, 'advertise-ip') } }, { timeoutUs: PATIENCE_US });
    if (!said.ok || said.response.status !== 200) continue;
    if (server !== last) yield* call('memSet', { key: 'auth', value: server });
    return;
  }
  if (last) yield* call('memSet', { key: 'auth', value: null });
  // Nobody took it: try again soon, as the reconnecting client does.
  yield* call('timer', { name: 'again', entry: 'announce', afterUs: seconds(5) });
}

/** A session on port 3022: one command, its output and exit status. */
function* onSsh(start: Start): Sys<void> {
  const got = yield* call('memGet', { key: 'identity' });
  const { cert, authority } = (got.ok ? got.value : null) as unknown as Identity;
  yield* serveHttp((start.event as { fd: number }).fd, { ...(cert ? { cert } : {}), clientCa: authority }, execute);
}

function* execute(request: HttpRequest): Sys<HttpResponse> {
  if (request.path === '/ping') return { status: 200, headers: {}, body: null };
  const { argv, files } = (request.body ?? {}) as { argv?: readonly string[]; files?: Tree };
  if (request.path !== '/exec' || !argv?.length) return { status: 404, headers: {}, body: null };
  const failure = files ? yield* writeTree(files) : null;
  if (failure) return { status: 200, headers: {}, body: { status: 1, output: failure } };
  const done = yield* capture({ path: argv[0]!, argv, cwd: '/', unit: 'teleport-session.scope', env: { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', HOME: '/root' } });
  return { status: 200, headers: {}, body: { status: done.status, output: done.text } };
}

export const teleport: Program = { name: 'teleport', main, entries: { announce, onSsh } };

export const programs: readonly Program[] = [teleport];
