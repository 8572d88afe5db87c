/**
 * The Docker registry of a master (registry 2.6): it answers on port 5000 for the images that lie in its
 * store on disk, to clients with a certificate of the cluster.
 */
import { writeTree } from '../../gravity/files.ts';
import { SERVICE_UID } from '../../gravity/layout/certificates.ts';
import type { Tree } from '../../host/fs.ts';
import { parsePem } from '../../proc/certificate.ts';
import { serveHttp, type HttpRequest, type HttpResponse } from '../../proc/http.ts';
import { fail } from '../../proc/libc.ts';
import type { Json, Program, Start, Sys } from '../../proc/program.ts';
import { call } from '../../proc/syscalls.ts';

const PORT = 5000;
export const STORE = '/ext/registry/docker/registry/v2/repositories';
/** Where the store says that it has an image. */
export const tagPath = (store: string, name: string, tag: string): string => `${store}/${name}/_manifests/tags/${tag}/current/link`;

/** What a store holds that has been filled with these images: name, tag, digest. All of it is the registry's own. */
export function storeTree(base: string, images: readonly { name: string; tag: string; digest: string }[]): Tree {
  const tree: Record<string, Tree[string]> = {};
  for (const { name, tag, digest } of images) {
    const path = tagPath(`${base}/docker/registry/v2/repositories`, name, tag);
    for (let at = path.indexOf('/', base.length + 1); at > 0; at = path.indexOf('/', at + 1)) tree[path.slice(0, at)] = { dir: true, uid: SERVICE_UID };
    tree[path] = { text: `${digest}\n`, uid: SERVICE_UID };
  }
  return tree;
}

function* main(start: Start): Sys<number> {
  if (start.argv[1] !== 'serve') return yield* fail('Usage:\n  registry [flags]\n  registry [command]', start.argv.length > 1 ? 1 : 0);
  const bound = yield* call('listen', { proto: 'tcp', addr: '0.0.0.0', port: PORT, entry: 'client' });
  if (!bound.ok) return yield* fail(`level=fatal msg="listen tcp :${PORT}: bind: address already in use"`);
  yield* call('write', { fd: 1, text: `level=info msg="listening on [::]:${PORT}, tls"\n` });
  yield* call('serve', {});
  return 0;
}

const unknown = (code: string, message: string): HttpResponse => ({ status: 404, headers: { 'Docker-Distribution-Api-Version': 'registry/2.0' }, body: { errors: [{ code, message }] } });

/** A manifest that is pushed. Its layers are not part of this model. */
function* store(name: string, tag: string, manifest: Json): Sys<HttpResponse> {
  const { config } = (manifest ?? {}) as { config?: { digest?: string } };
  if (!config?.digest) return { status: 400, headers: {}, body: { errors: [{ code: 'MANIFEST_INVALID', message: 'manifest invalid' }] } };
  const failure = yield* writeTree({ [tagPath(STORE, name, tag)]: `${config.digest}\n` });
  if (failure) return { status: 500, headers: {}, body: { errors: [{ code: 'UNKNOWN', message: 'unknown error', detail: failure }] } };
  return { status: 201, headers: { 'Docker-Content-Digest': config.digest }, body: null };
}

function* handle(request: HttpRequest): Sys<HttpResponse> {
  const path = request.path.split('?')[0]!;
  if (path === '/v2/' || path === '/v2') return { status: 200, headers: { 'Docker-Distribution-Api-Version': 'registry/2.0' }, body: {} };
  const manifest = /^\/v2\/(.+)\/manifests\/([^/]+)$/.exec(path);
  if (manifest && request.method === 'PUT') return yield* store(manifest[1]!, manifest[2]!, request.body);
  if (manifest) {
    const link = yield* call('readFile', { path: tagPath(STORE, manifest[1]!, manifest[2]!) });
    return link.ok ? { status: 200, headers: {}, body: { schemaVersion: 2, config: { digest: link.value.trim() } } } : unknown('MANIFEST_UNKNOWN', 'manifest unknown');
  }
  const tags = /^\/v2\/(.+)\/tags\/list$/.exec(path);
  if (tags) {
    const names = yield* call('readdir', { path: `${STORE}/${tags[1]}/_manifests/tags` });
    return names.ok ? { status: 200, headers: {}, body: { name: tags[1]!, tags: names.value } } : unknown('NAME_UNKNOWN', 'repository name not known to registry');
  }
  return { status: 404, headers: {}, body: '404 page not found\n' };
}

function* client({ event }: Start): Sys<void> {
  const file = yield* call('readFile', { path: '/var/state/apiserver.cert' });
  const cert = file.ok ? parsePem(file.value) : null;
  if (!cert) { yield* call('close', { fd: (event as { fd: number }).fd }); return; }
  yield* serveHttp((event as { fd: number }).fd, { cert, clientCa: cert.ca }, handle);
}

export const programs: readonly Program[] = [{ name: 'registry', main, entries: { client } }];
