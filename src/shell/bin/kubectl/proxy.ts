/** `kubectl proxy`: the API on a local port, with this configuration's credentials. */
import { fetch, serveHttp, type HttpRequest, type HttpResponse } from '../../../sim/proc/http.ts';
import { out } from '../../../sim/proc/libc.ts';
import type { Start, Sys } from '../../../sim/proc/program.ts';
import { call } from '../../../sim/proc/syscalls.ts';
import { AGENT } from './api.ts';
import { plain } from './failure.ts';
import { flagTable } from './flags.ts';
import type { Obj } from './object.ts';
import type { Kubectl } from './session.ts';
import type { Verb } from './verb.ts';

export const proxy: Verb = {
  name: 'proxy', group: 'Troubleshooting and Debugging Commands:', usage: 'proxy [--port=PORT] [--www=static-dir] [--www-prefix=prefix] [--api-prefix=prefix]', short: 'Run a proxy to the Kubernetes API server', long: 'Creates a proxy server or application-level gateway between localhost and the Kubernetes API Server. Whatever comes in goes out with the credentials of this configuration, but for exec and attach.', examples: [['On port 8011', 'kubectl proxy --port=8011']],
  flags: flagTable(`
    address string=127.0.0.1 The address to listen on.
    api-prefix string=/ The prefix of the API's paths.
    port,p int=8001 The port; 0 for any.
    !www,w string -
    !www-prefix,P string=/static/ -
  `),
  run: runProxy,
};

function* runProxy(k: Kubectl): Sys<number> {
  const port = k.flags.int('port');
  const api = yield* k.api();
  if (!api.ok) return yield* k.fail(api.failure);
  const { cert, trust, token } = api.value.config;
  yield* call('memSet', { key: 'proxy', value: { base: api.value.base, host: api.value.host, cert, trust, token, prefix: k.flags.str('api-prefix').replace(/\/$/, '') } as unknown as Obj });
  const got = yield* call('listen', { proto: 'tcp', addr: k.flags.str('address'), port, entry: 'proxy' });
  if (!got.ok) return yield* k.fail(plain(`listen tcp ${k.flags.str('address')}:${port}: bind: ${got.errno === 'EADDRINUSE' ? 'address already in use' : got.errno === 'EACCES' ? 'permission denied' : 'cannot assign requested address'}`).failure);
  const name = yield* call('sockname', { fd: got.value });
  yield* out(`Starting to serve on ${name.ok ? `${name.value.addr}:${name.value.port}` : `${k.flags.str('address')}:${port}`}\n`);
  yield* call('serve', {});
  return 0;
}

interface Upstream { base: string; host: string; cert: HttpRequest['cert']; trust: readonly string[] | null; token: string; prefix: string }

/** One connection to the proxy. Streams are passed on message by message. */
export function* proxyConnection(start: Start): Sys<void> {
  const { fd } = start.event as unknown as { fd: number };
  const kept = yield* call('memGet', { key: 'proxy' });
  const upstream = (kept.ok ? kept.value : null) as unknown as Upstream | null;
  if (!upstream) return;
  yield* serveHttp(fd, {}, function* handle(request): Sys<HttpResponse | null> {
    const path = request.path.split('?')[0]!;
    if (/\/pods\/[^/]+\/(exec|attach)$/.test(path)) return { status: 403, headers: {}, body: '<h3>Unauthorized</h3>' };
    if (upstream.prefix && !path.startsWith(`${upstream.prefix}/`)) return { status: 404, headers: {}, body: '404 page not found\n' };
    const url = upstream.base + request.path.slice(upstream.prefix.length);
    const headers = { ...request.headers, 'User-Agent': request.headers['User-Agent'] ?? AGENT, ...(upstream.token ? { Authorization: `Bearer ${upstream.token}` } : {}) };
    const got = yield* fetch(url, { method: request.method, headers, body: request.body, cert: upstream.cert ?? null, trust: upstream.trust });
    if (!got.ok) return { status: 502, headers: {}, body: '' };
    if (!got.response.stream) {
      yield* call('close', { fd: got.fd });
      return { ...got.response, cert: null };
    }
    yield* call('send', { fd, data: { ...got.response, cert: null } as unknown as Obj });
    for (;;) {
      const part = yield* call('recv', { fd: got.fd });
      if (!part.ok || part.value === null) break;
      const sent = yield* call('send', { fd, data: part.value.data });
      if (!sent.ok) break;
    }
    yield* call('close', { fd: got.fd });
    return null;
  });
}
