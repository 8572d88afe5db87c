/**
 * Kustomizations: resources, bases, namespace, name prefix and suffix, common labels and annotations, images
 * (kustomize 2.0, as kubectl 1.14 carries it). A field that is not known here is refused as an unknown one.
 */
import { strerror } from '../../../sim/proc/libc.ts';
import type { Sys } from '../../../sim/proc/program.ts';
import { call } from '../../../sim/proc/syscalls.ts';
import { flatten, parseDocuments } from './manifests.ts';
import { byText, clone, isObj, nameOf, type Obj } from './object.ts';
import { readYaml } from './yaml-read.ts';

export type Built = { ok: true; value: Obj[] } | { ok: false; error: string };

const NAMES = ['kustomization.yaml', 'kustomization.yml', 'Kustomization'];
const KNOWN = new Set(['apiVersion', 'kind', 'resources', 'bases', 'namespace', 'namePrefix', 'nameSuffix', 'commonLabels', 'commonAnnotations', 'images']);
/** Kinds without a namespace. */
const CLUSTER = new Set(['Namespace', 'Node', 'PersistentVolume', 'ClusterRole', 'ClusterRoleBinding', 'CustomResourceDefinition', 'StorageClass', 'PriorityClass', 'PodSecurityPolicy']);

function* find(directory: string): Sys<{ ok: true; text: string } | { ok: false; error: string }> {
  for (const name of NAMES) {
    const text = yield* call('readFile', { path: `${directory}/${name}` });
    if (text.ok) return { ok: true, text: text.value };
  }
  return { ok: false, error: `unable to find one of 'kustomization.yaml', 'kustomization.yml' or 'Kustomization' in directory '${directory}'` };
}

/** The objects of a kustomization, transformed, in the order of kinds and names. */
export function* build(directory: string): Sys<Built> {
  const at = yield* call('getcwd', {});
  const root = directory.startsWith('/') ? directory : `${at.ok ? at.value : ''}/${directory}`;
  return yield* buildAt(root.replace(/\/\.(?=\/|$)/g, '').replace(/\/+$/, '') || '/');
}

function* buildAt(directory: string): Sys<Built> {
  const found = yield* find(directory);
  if (!found.ok) return found;
  const read = readYaml(found.text);
  if (!read.ok) return { ok: false, error: `error converting YAML to JSON: ${read.error}` };
  const spec = isObj(read.value) ? read.value : {};
  const unknown = Object.keys(spec).find((key) => !KNOWN.has(key));
  if (unknown) return { ok: false, error: `json: unknown field ${JSON.stringify(unknown)}` };
  const objects: Obj[] = [];
  for (const name of [...((spec['bases'] ?? []) as string[]), ...((spec['resources'] ?? []) as string[])]) {
    const got = yield* load(`${directory}/${name}`);
    if (!got.ok) return got;
    objects.push(...got.value);
  }
  return { ok: true, value: objects.map((obj) => transform(clone(obj), spec)) };
}

function* load(path: string): Sys<Built> {
  const stat = yield* call('stat', { path });
  if (!stat.ok) return { ok: false, error: `rawResources failed to read Resources: Load from path ${path} failed: stat ${path}: ${strerror(stat.errno).toLowerCase()}` };
  if (stat.value.type === 'dir') return yield* buildAt(path);
  const text = yield* call('readFile', { path });
  if (!text.ok) return { ok: false, error: `open ${path}: ${strerror(text.errno).toLowerCase()}` };
  const documents = parseDocuments(text.value);
  return documents.ok ? { ok: true, value: documents.value.filter(isObj).flatMap((one) => flatten(one)) } : documents;
}

function transform(obj: Obj, spec: Obj): Obj {
  const labels = (spec['commonLabels'] ?? {}) as Obj;
  const metadata: Obj = { ...obj['metadata'] };
  metadata['name'] = `${spec['namePrefix'] ?? ''}${nameOf(obj)}${spec['nameSuffix'] ?? ''}`;
  if (spec['namespace'] && !CLUSTER.has(obj['kind'])) metadata['namespace'] = spec['namespace'];
  if (spec['commonAnnotations']) metadata['annotations'] = { ...metadata['annotations'], ...spec['commonAnnotations'] };
  if (Object.keys(labels).length) metadata['labels'] = { ...metadata['labels'], ...labels };
  obj['metadata'] = metadata;
  if (Object.keys(labels).length) label(obj, labels);
  for (const image of (spec['images'] ?? []) as Obj[]) setImage(obj, image);
  return obj;
}

/** Labels belong into selectors and templates as well. */
function label(obj: Obj, labels: Obj): void {
  const { spec } = obj;
  if (obj['kind'] === 'Service' && spec?.selector) spec.selector = { ...spec.selector, ...labels };
  if (spec?.selector?.matchLabels || (spec?.template && obj['kind'] !== 'Job' && obj['kind'] !== 'ReplicationController')) spec.selector = { ...spec.selector, matchLabels: { ...spec.selector?.matchLabels, ...labels } };
  const template = obj['kind'] === 'CronJob' ? spec?.jobTemplate?.spec?.template : spec?.template;
  if (template) template.metadata = { ...template.metadata, labels: { ...template.metadata?.labels, ...labels } };
}

function setImage(value: unknown, image: Obj): void {
  if (Array.isArray(value)) { for (const item of value) setImage(item, image); return; }
  if (!isObj(value)) return;
  for (const key of Object.keys(value)) {
    if (key === 'containers' || key === 'initContainers') for (const one of (value[key] ?? []) as Obj[]) rename(one, image);
    else setImage(value[key], image);
  }
}

function rename(container: Obj, image: Obj): void {
  const m = /^(.*?)(?:(:[^/:@]+)|(@.+))?$/.exec(String(container['image'] ?? ''));
  if (m?.[1] !== image['name']) return;
  const tag = image['digest'] ? `@${image['digest']}` : image['newTag'] !== undefined ? `:${image['newTag']}` : m![2] ?? m![3] ?? '';
  container['image'] = `${image['newName'] ?? m![1]}${tag}`;
}

export const kindOrder = (objects: readonly Obj[]): Obj[] => [...objects].sort((a, b) => Number(b['kind'] === 'Namespace') - Number(a['kind'] === 'Namespace') || byText(String(a['kind']), String(b['kind'])) || byText(nameOf(a), nameOf(b)));
