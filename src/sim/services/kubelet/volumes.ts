/**
 * Volumes on the node: folders under /var/lib/kubelet/pods that containers see by bind mounts. Contents
 * of config maps and secrets lie behind a link that is exchanged as a whole. pkg/volume v1.14.
 */
import { unbase64 } from '../../proc/certificate.ts';
import type { Sys } from '../../proc/program.ts';
import { call } from '../../proc/syscalls.ts';
import { api, type ApiConfig } from '../../kube/client.ts';
import { pathOf } from '../../kube/kinds.ts';
import type { ConfigMap, KeyToPath, Pod, Secret, Volume, VolumeMount } from '../../kube/types.ts';
import { fieldValue, resourceValue } from './environment.ts';
import { makeDirs } from './network.ts';

export const podDir = (uid: string): string => `/var/lib/kubelet/pods/${uid}`;
const KINDS: Readonly<Record<string, string>> = { configMap: 'configmap', secret: 'secret', emptyDir: 'empty-dir', projected: 'projected', downwardAPI: 'downward-api' };

export interface Mounted { readonly ok: true; /** Volume → folder on the node. */ readonly paths: Readonly<Record<string, string>> }
export interface MountFailure { readonly ok: false; readonly volume: string; readonly message: string }

type Files = Readonly<Record<string, { text: string; mode: number }>>;
type Got = { ok: true; files: Files } | { ok: false; message: string };

function* object<T>(config: ApiConfig, plural: 'configmaps' | 'secrets', namespace: string, name: string): Sys<{ ok: true; value: T } | { ok: false; missing: boolean; message: string }> {
  const got = yield* api(config, 'GET', pathOf('v1', plural, namespace, name));
  if (got.ok) return { ok: true, value: got.body as unknown as T };
  const kind = plural.slice(0, -1);
  return { ok: false, missing: got.status === 404, message: got.status === 404 ? `${kind} ${JSON.stringify(name)} not found` : got.error };
}

function chosen(data: Readonly<Record<string, string>>, items: readonly KeyToPath[] | undefined, mode: number, optional: boolean): Got {
  if (!items) return { ok: true, files: Object.fromEntries(Object.entries(data).map(([k, text]) => [k, { text, mode }])) };
  const files: Record<string, { text: string; mode: number }> = {};
  for (const item of items) {
    const text = data[item.key];
    if (text !== undefined) files[item.path] = { text, mode: item.mode ?? mode };
    else if (!optional) return { ok: false, message: `references non-existent config key: ${item.key}` };
  }
  return { ok: true, files };
}

const decoded = (secret: Secret): Record<string, string> => Object.fromEntries(Object.entries(secret.data ?? {}).map(([k, v]) => [k, unbase64(v) ?? '']));
const texts = (map: ConfigMap): Record<string, string> => ({ ...map.data, ...Object.fromEntries(Object.entries(map.binaryData ?? {}).map(([k, v]) => [k, unbase64(v) ?? ''])) });

type Source = { readonly name?: string; readonly secretName?: string; readonly items?: readonly KeyToPath[]; readonly optional?: boolean };

function* fromObject(config: ApiConfig, pod: Pod, plural: 'configmaps' | 'secrets', source: Source, mode: number): Sys<Got> {
  const optional = source.optional === true;
  const got = yield* object<ConfigMap & Secret>(config, plural, pod.metadata.namespace!, source.secretName ?? source.name ?? '');
  if (!got.ok) return got.missing && optional ? { ok: true, files: {} } : { ok: false, message: got.message };
  return chosen(plural === 'secrets' ? decoded(got.value) : texts(got.value), source.items, mode, optional);
}

/** The files of a volume whose content comes from the API; null: it has none of its own. */
function* contentOf(config: ApiConfig, pod: Pod, volume: Volume, ip: string): Sys<Got | null> {
  if (volume.configMap) return yield* fromObject(config, pod, 'configmaps', volume.configMap, volume.configMap.defaultMode ?? 0o644);
  if (volume.secret) return yield* fromObject(config, pod, 'secrets', volume.secret, volume.secret.defaultMode ?? 0o644);
  if (volume.downwardAPI) return downward(pod, volume.downwardAPI.items ?? [], volume.downwardAPI.defaultMode ?? 0o644, ip);
  if (!volume.projected) return null;
  const mode = volume.projected.defaultMode ?? 0o644;
  const files: Record<string, { text: string; mode: number }> = {};
  for (const source of volume.projected.sources ?? []) {
    const got: Got = source.configMap ? yield* fromObject(config, pod, 'configmaps', source.configMap, mode)
      : source.secret ? yield* fromObject(config, pod, 'secrets', source.secret, mode)
      : source.serviceAccountToken ? yield* token(config, pod, source.serviceAccountToken, mode)
      : downward(pod, source.downwardAPI?.items ?? [], mode, ip);
    if (!got.ok) return got;
    Object.assign(files, got.files);
  }
  return { ok: true, files };
}

function* token(config: ApiConfig, pod: Pod, source: { path: string; audience?: string; expirationSeconds?: number }, mode: number): Sys<Got> {
  const account = pod.spec.serviceAccountName ?? 'default';
  const body = { kind: 'TokenRequest', apiVersion: 'authentication.k8s.io/v1', spec: { expirationSeconds: source.expirationSeconds ?? 3_600, audiences: source.audience ? [source.audience] : [], boundObjectRef: { kind: 'Pod', apiVersion: 'v1', name: pod.metadata.name, uid: pod.metadata.uid! } } };
  const got = yield* api(config, 'POST', pathOf('v1', 'serviceaccounts', pod.metadata.namespace, account, 'token'), { body });
  if (!got.ok) return { ok: false, message: `failed to fetch token: ${got.error}` };
  return { ok: true, files: { [source.path]: { text: (got.body as unknown as { status: { token: string } }).status.token, mode } } };
}

function downward(pod: Pod, items: readonly { path: string; fieldRef?: { fieldPath: string }; resourceFieldRef?: { resource: string; containerName?: string; divisor?: string } }[], mode: number, ip: string): Got {
  const files: Record<string, { text: string; mode: number }> = {};
  for (const item of items) {
    const text = item.fieldRef ? fieldValue(pod, item.fieldRef.fieldPath, ip, '') : item.resourceFieldRef ? resourceValue(pod, item.resourceFieldRef, item.resourceFieldRef.containerName ?? '') : '';
    files[item.path] = { text: text ?? '', mode };
  }
  return { ok: true, files };
}

/** Writes a set of files so that a reader sees the old set or the new one: `..data` is exchanged last. */
function* project(dir: string, files: Files): Sys<boolean> {
  const now = yield* call('readlink', { path: `${dir}/..data` });
  if (now.ok && (yield* same(`${dir}/${now.value}`, files))) return false;
  const time = yield* call('now', {});
  const fresh = `..${Math.floor((time.ok ? time.value.real : 0) / 1_000)}`;
  yield* makeDirs(`${dir}/${fresh}`);
  for (const [name, file] of Object.entries(files)) {
    if (name.includes('/')) yield* makeDirs(`${dir}/${fresh}/${name.slice(0, name.lastIndexOf('/'))}`);
    yield* call('writeFile', { path: `${dir}/${fresh}/${name}`, text: file.text, mode: file.mode });
  }
  yield* call('symlink', { target: fresh, path: `${dir}/..data_tmp` });
  yield* call('rename', { from: `${dir}/..data_tmp`, to: `${dir}/..data` });
  const visible = [...new Set(Object.keys(files).map((name) => name.split('/')[0]!))];
  const there = yield* call('readdir', { path: dir });
  for (const name of visible) if (!there.ok || !there.value.includes(name)) yield* call('symlink', { target: `..data/${name}`, path: `${dir}/${name}` });
  for (const name of there.ok ? there.value : []) if (!name.startsWith('..') && !visible.includes(name)) yield* call('unlink', { path: `${dir}/${name}` });
  if (now.ok) yield* removeAll(`${dir}/${now.value}`);
  return true;
}

function* same(dir: string, files: Files): Sys<boolean> {
  for (const [name, file] of Object.entries(files)) {
    const there = yield* call('readFile', { path: `${dir}/${name}` });
    if (!there.ok || there.value !== file.text) return false;
  }
  const list = yield* call('readdir', { path: dir });
  return list.ok && list.value.length === new Set(Object.keys(files).map((n) => n.split('/')[0])).size;
}

export function* removeAll(path: string): Sys<void> {
  const stat = yield* call('stat', { path, follow: false });
  if (!stat.ok) return;
  if (stat.value.type !== 'dir') {
    yield* call('unlink', { path });
    return;
  }
  const list = yield* call('readdir', { path });
  for (const name of list.ok ? list.value : []) yield* removeAll(`${path}/${name}`);
  yield* call('rmdir', { path });
}

const HOST_TYPES: Readonly<Record<string, readonly string[]>> = { Directory: ['dir'], File: ['file'], Socket: ['socket'], CharDevice: ['char'], BlockDevice: ['block'] };
const HOST_WORDS: Readonly<Record<string, string>> = { Directory: 'a directory', File: 'a file', Socket: 'a socket file', CharDevice: 'a character device', BlockDevice: 'a block device' };

function* hostPath(path: string, type: string): Sys<string | null> {
  const stat = yield* call('stat', { path, follow: true });
  if (type === 'DirectoryOrCreate' && !stat.ok) yield* makeDirs(path);
  if (type === 'FileOrCreate' && !stat.ok) yield* call('writeFile', { path, text: '' });
  const wanted = HOST_TYPES[type];
  return wanted && !(stat.ok && wanted.includes(stat.value.type)) ? `hostPath type check failed: ${path} is not ${HOST_WORDS[type]}` : null;
}

/** Makes every volume of a pod ready, or says which one cannot be. */
export function* mountAll(config: ApiConfig, pod: Pod, ip: string): Sys<Mounted | MountFailure> {
  const paths: Record<string, string> = {};
  for (const volume of pod.spec.volumes ?? []) {
    if (volume.hostPath) {
      const fault = yield* hostPath(volume.hostPath.path, volume.hostPath.type ?? '');
      if (fault) return { ok: false, volume: volume.name, message: fault };
      paths[volume.name] = volume.hostPath.path;
      continue;
    }
    const kind = Object.keys(KINDS).find((k) => (volume as unknown as Record<string, unknown>)[k]);
    if (!kind && volume.persistentVolumeClaim) {
      const claimed = yield* claim(config, pod, volume.persistentVolumeClaim.claimName);
      if (!claimed.ok) return { ok: false, volume: volume.name, message: claimed.message };
      paths[volume.name] = claimed.path;
      continue;
    }
    if (!kind) return { ok: false, volume: volume.name, message: 'no volume plugin matched' };
    const dir = `${podDir(pod.metadata.uid!)}/volumes/kubernetes.io~${KINDS[kind]}/${volume.name}`;
    const content = yield* contentOf(config, pod, volume, ip);
    if (content && !content.ok) return { ok: false, volume: volume.name, message: content.message };
    yield* makeDirs(dir, kind === 'emptyDir' ? 0o777 : 0o755);
    if (content) yield* project(dir, content.files);
    paths[volume.name] = dir;
  }
  return { ok: true, paths };
}

function* claim(config: ApiConfig, pod: Pod, name: string): Sys<{ ok: true; path: string } | { ok: false; message: string }> {
  const got = yield* api(config, 'GET', pathOf('v1', 'persistentvolumeclaims', pod.metadata.namespace, name));
  if (!got.ok) return { ok: false, message: got.error };
  const volumeName = (got.body as unknown as { spec: { volumeName?: string } }).spec.volumeName;
  if (!volumeName) return { ok: false, message: `PVC ${pod.metadata.namespace}/${name} has non-bound phase ("Pending") or empty pvc.Spec.VolumeName ("")` };
  const volume = yield* api(config, 'GET', pathOf('v1', 'persistentvolumes', undefined, volumeName));
  if (!volume.ok) return { ok: false, message: volume.error };
  const { spec } = volume.body as unknown as { spec: { hostPath?: { path: string }; local?: { path: string } } };
  const path = spec.hostPath?.path ?? spec.local?.path;
  if (!path) return { ok: false, message: 'no volume plugin matched' };
  yield* makeDirs(path);
  return { ok: true, path };
}

/** Brings the contents of a running pod's volumes up to date; whether something changed. */
export function* refresh(config: ApiConfig, pod: Pod, ip: string): Sys<void> {
  yield* mountAll(config, pod, ip);
}

/** A mount as docker wants it: source:target[:ro]. */
export function bindOf(mount: VolumeMount, paths: Readonly<Record<string, string>>): string {
  const source = `${paths[mount.name]}${mount.subPath ? `/${mount.subPath}` : ''}`.replace(/^\/\//, '/');
  return `${source}:${mount.mountPath}${mount.readOnly ? ':ro' : ''}`;
}

/** The objects that a pod's running volumes follow. */
export function followed(pod: Pod): string[] {
  const out = new Set<string>();
  for (const v of pod.spec.volumes ?? []) {
    if (v.configMap?.name) out.add(`configmaps/${pod.metadata.namespace}/${v.configMap.name}`);
    if (v.secret?.secretName) out.add(`secrets/${pod.metadata.namespace}/${v.secret.secretName}`);
    for (const s of v.projected?.sources ?? []) {
      if (s.configMap?.name) out.add(`configmaps/${pod.metadata.namespace}/${s.configMap.name}`);
      if (s.secret?.name) out.add(`secrets/${pod.metadata.namespace}/${s.secret.name}`);
    }
  }
  return [...out];
}
