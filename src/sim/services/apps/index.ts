/**
 * What runs in the pods of this cluster beside CoreDNS and the controller: the sandbox's pause, a shell's
 * init, a web server, tiller, and servers of which only their being there matters.
 */
import { out } from '../../proc/libc.ts';
import { serveHttp, type HttpResponse } from '../../proc/http.ts';
import { Interrupted, type Program, type Start, type Sys } from '../../proc/program.ts';
import { call } from '../../proc/syscalls.ts';

/** Sleeps until it is told to end. */
function* waitForTerm(): Sys<number> {
  yield* call('sigaction', { signal: 'TERM', action: 'catch' });
  yield* call('sigaction', { signal: 'INT', action: 'catch' });
  try { yield* call('serve', {}); } catch (error) { if (!(error instanceof Interrupted)) throw error; }
  return 0;
}

const pause: Program = { name: 'pause', main: waitForTerm };

/** dumb-init 1.2: runs one child, passes signals on, ends with it. */
const dumbInit: Program = {
  name: 'dumb-init',
  *main(start) {
    const argv = start.argv.slice(1);
    const child = yield* call('spawn', { path: argv[0] ?? '', argv, pgid: 0 });
    if (!child.ok) { yield* out(`[dumb-init] ${argv[0]}: No such file or directory\n`); return 2; }
    yield* call('sigaction', { signal: 'TERM', action: 'catch' });
    for (;;) {
      try {
        const ended = yield* call('wait', { pid: child.value });
        return ended.ok ? ended.value.status : 0;
      } catch (error) {
        if (!(error instanceof Interrupted)) throw error;
        yield* call('kill', { pid: -child.value, signal: error.signal });
      }
    }
  },
};

/** A server that only has to be there: it says that it has started, and listens on the port its image exposes. */
const PORTS: Readonly<Record<string, number>> = { grafana: 3000, 'kube-state-metrics': 8080, watcher: 8080, prometheus: 9090, alertmanager: 9093, 'node-exporter': 9100, wstail: 8083 };
const genericServer: Program = {
  name: 'generic-server',
  *main(start) {
    const name = start.argv[0]!.split('/').pop()!;
    const port = PORTS[name];
    if (port !== undefined) {
      const bound = yield* call('listen', { proto: 'tcp', addr: '0.0.0.0', port, entry: 'client' });
      if (!bound.ok) { yield* out(`level=error msg="listen tcp :${port}: bind: address already in use"\n`); return 1; }
      yield* out(`level=info msg="${name} listening" address=0.0.0.0:${port}\n`);
    } else yield* out(`level=info msg="${name} started"\n`);
    return yield* waitForTerm();
  },
  entries: { client: function* ({ event }) { yield* serveHttp((event as { fd: number }).fd, {}, function* () { return { status: 200, headers: {}, body: 'ok\n' }; }); } },
};

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const ROOT = '/usr/share/nginx/html';
const TYPES: Readonly<Record<string, string>> = { html: 'text/html', txt: 'text/plain', json: 'application/json', css: 'text/css' };

function* serveFile(path: string): Sys<HttpResponse> {
  const file = path.endsWith('/') ? `${ROOT}${path}index.html` : `${ROOT}${path}`;
  const read = yield* call('readFile', { path: file });
  if (read.ok) return { status: 200, headers: { Server: 'nginx/1.15.12', 'Content-Type': TYPES[file.split('.').pop()!] ?? 'application/octet-stream' }, body: read.value };
  const [status, words] = read.errno === 'EACCES' ? [403, '403 Forbidden'] : [404, '404 Not Found'];
  return { status: status as number, headers: { Server: 'nginx/1.15.12', 'Content-Type': 'text/html' }, body: `<html>\r\n<head><title>${words}</title></head>\r\n<body>\r\n<center><h1>${words}</h1></center>\r\n<hr><center>nginx/1.15.12</center>\r\n</body>\r\n</html>\r\n` };
}

const nginx: Program = {
  name: 'nginx',
  *main() {
    const bound = yield* call('listen', { proto: 'tcp', addr: '0.0.0.0', port: 80, entry: 'client' });
    if (!bound.ok) { yield* call('write', { fd: 2, text: 'nginx: [emerg] bind() to 0.0.0.0:80 failed (98: Address already in use)\n' }); return 1; }
    return yield* waitForTerm();
  },
  entries: {
    client: function* (start: Start) {
      const { fd, peer } = start.event as { fd: number; peer: string };
      yield* serveHttp(fd, {}, function* (request) {
        const response = yield* serveFile(request.path.split('?')[0]!);
        const now = yield* call('now', {});
        const at = new Date(Math.floor((now.ok ? now.value.real : 0) / 1000));
        const two = (n: number): string => String(n).padStart(2, '0');
        const stamp = `${two(at.getUTCDate())}/${MONTHS[at.getUTCMonth()]}/${at.getUTCFullYear()}:${two(at.getUTCHours())}:${two(at.getUTCMinutes())}:${two(at.getUTCSeconds())} +0000`;
        yield* out(`${peer} - - [${stamp}] "${request.method} ${request.path} HTTP/1.1" ${response.status} ${typeof response.body === 'string' ? response.body.length : 0} "-" "${request.headers['User-Agent'] ?? '-'}" "-"\n`);
        return response;
      });
    },
  },
};

/** Helm's server 2.12: it knows the releases that are kept as config maps of its namespace; here none were made. */
const tiller: Program = {
  name: 'tiller',
  *main() {
    yield* out('[main] 2019/04/29 18:45:02 Starting Tiller v2.12.0 (tls=false)\n[main] 2019/04/29 18:45:02 GRPC listening on :44134\n[main] 2019/04/29 18:45:02 Probes listening on :44135\n[main] 2019/04/29 18:45:02 Storage driver is ConfigMap\n[main] 2019/04/29 18:45:02 Max history per release is 0\n');
    for (const port of [44_134, 44_135]) yield* call('listen', { proto: 'tcp', addr: '0.0.0.0', port, entry: 'client' });
    return yield* waitForTerm();
  },
  entries: {
    client: function* ({ event }) {
      yield* serveHttp((event as { fd: number }).fd, {}, function* (request) {
        const path = request.path.split('?')[0]!;
        if (path === '/version') return { status: 200, headers: {}, body: { semVer: 'v2.12.0', gitCommit: 'd325d2a9c179b33af1a024cdb5a4472b6288016a', gitTreeState: 'clean' } };
        if (path === '/releases') return { status: 200, headers: {}, body: { releases: [] } };
        if (path === '/liveness' || path === '/readiness') return { status: 200, headers: {}, body: '' };
        return { status: 404, headers: {}, body: { error: `release: "${path.split('/').pop()}" not found` } };
      });
    },
  },
};

export const programs: readonly Program[] = [pause, dumbInit, genericServer, nginx, tiller];
