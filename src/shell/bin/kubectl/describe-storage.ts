/** `describe` of persistent volumes, claims and storage classes. Pure. */
import { canonicalQuantity as canonical } from '../../../sim/kube/quantity.ts';
import { describeVolumeSource } from './describe-pod.ts';
import { formatLabels, type Obj } from './object.ts';
import type { Page } from './page.ts';

const list = (value: unknown): readonly Obj[] => (Array.isArray(value) ? (value as Obj[]) : []);
type Events = readonly Obj[] | null;

const MODES: Readonly<Record<string, string>> = { ReadWriteOnce: 'RWO', ReadOnlyMany: 'ROX', ReadWriteMany: 'RWX' };
const modes = (value: unknown): string => list(value).map((mode) => MODES[String(mode)] ?? '').join(',');

export function describeVolume(page: Page, obj: Obj, events: Events): void {
  const spec = (obj['spec'] ?? {}) as Obj;
  page.line(0, `Name:\t${obj['metadata'].name}`);
  page.labels('Labels', obj['metadata'].labels);
  page.annotations('Annotations', obj['metadata'].annotations);
  page.line(0, `Finalizers:\t[${list(obj['metadata'].finalizers).join(' ')}]`);
  page.line(0, `StorageClass:\t${spec['storageClassName'] ?? ''}`);
  page.line(0, `Status:\t${obj['metadata'].deletionTimestamp ? `Terminating (lasts ${page.age(obj['metadata'].deletionTimestamp)})` : obj['status']?.phase ?? ''}`);
  page.line(0, `Claim:\t${spec['claimRef'] ? `${spec['claimRef'].namespace}/${spec['claimRef'].name}` : ''}`);
  page.line(0, `Reclaim Policy:\t${spec['persistentVolumeReclaimPolicy'] ?? ''}`);
  page.line(0, `Access Modes:\t${modes(spec['accessModes'])}`);
  if (spec['volumeMode']) page.line(0, `VolumeMode:\t${spec['volumeMode']}`);
  page.line(0, `Capacity:\t${canonical(spec['capacity']?.storage ?? '0')}`);
  page.line(0, 'Node Affinity:\t<none>');
  page.line(0, `Message:\t${obj['status']?.message ?? ''}`);
  page.line(0, 'Source:');
  describeVolumeSource(page, spec);
  page.events(events);
}

export function describeClaim(page: Page, obj: Obj, mountedBy: readonly string[], events: Events): void {
  const spec = (obj['spec'] ?? {}) as Obj;
  page.line(0, `Name:\t${obj['metadata'].name}`);
  page.line(0, `Namespace:\t${obj['metadata'].namespace ?? ''}`);
  page.line(0, `StorageClass:\t${spec['storageClassName'] ?? ''}`);
  page.line(0, `Status:\t${obj['metadata'].deletionTimestamp ? `Terminating (lasts ${page.age(obj['metadata'].deletionTimestamp)})` : obj['status']?.phase ?? ''}`);
  page.line(0, `Volume:\t${spec['volumeName'] ?? ''}`);
  page.labels('Labels', obj['metadata'].labels);
  page.annotations('Annotations', obj['metadata'].annotations);
  page.line(0, `Finalizers:\t[${list(obj['metadata'].finalizers).join(' ')}]`);
  const bound = Boolean(spec['volumeName']);
  page.line(0, `Capacity:\t${bound ? canonical(obj['status']?.capacity?.storage ?? '0') : ''}`);
  page.line(0, `Access Modes:\t${bound ? modes(obj['status']?.accessModes) : ''}`);
  if (spec['volumeMode']) page.line(0, `VolumeMode:\t${spec['volumeMode']}`);
  page.events(events);
  page.raw(`Mounted By:\t${mountedBy.join('\n\t') || '<none>'}\n`);
}

export function describeStorageClass(page: Page, obj: Obj, events: Events): void {
  const annotations = (obj['metadata'].annotations ?? {}) as Obj;
  page.line(0, `Name:\t${obj['metadata'].name}`);
  page.line(0, `IsDefaultClass:\t${annotations['storageclass.kubernetes.io/is-default-class'] === 'true' ? 'Yes' : 'No'}`);
  page.line(0, `Annotations:\t${formatLabels(annotations)}`);
  page.line(0, `Provisioner:\t${obj['provisioner'] ?? ''}`);
  page.line(0, `Parameters:\t${formatLabels(obj['parameters'])}`);
  page.line(0, `AllowVolumeExpansion:\t${obj['allowVolumeExpansion'] === undefined ? '<unset>' : obj['allowVolumeExpansion'] ? 'True' : 'False'}`);
  if (!list(obj['mountOptions']).length) page.line(0, 'MountOptions:\t<none>');
  else { page.line(0, 'MountOptions:'); for (const option of list(obj['mountOptions'])) page.line(1, String(option)); }
  page.line(0, `ReclaimPolicy:\t${obj['reclaimPolicy'] ?? 'Delete'}`);
  page.line(0, `VolumeBindingMode:\t${obj['volumeBindingMode'] ?? 'Immediate'}`);
  page.events(events);
}
