/**
 * What every object must keep: its name, labels, annotations, owners; and what an update may not touch.
 * k8s.io/apimachinery/pkg/api/validation/objectmeta.go v1.14.
 */
import { nameFault, nameForm } from '../names.ts';
import { isLabelKey, isLabelValue, LABEL_KEY_RULE, LABEL_VALUE_RULE } from '../selectors.ts';
import type { Labels, Obj } from '../types.ts';
import { IMMUTABLE, type Causes } from './causes.ts';

export function validateLabels(labels: Labels | undefined, field: string, causes: Causes): void {
  for (const [key, value] of Object.entries(labels ?? {})) {
    if (!isLabelKey(key)) causes.invalid(field, key, LABEL_KEY_RULE);
    if (typeof value !== 'string' || !isLabelValue(value)) causes.invalid(field, value, LABEL_VALUE_RULE);
  }
}

export function validateMeta(obj: Obj, namespaced: boolean, causes: Causes): void {
  const { metadata } = obj;
  const form = nameForm(obj.kind);
  if (!metadata.name) causes.required('metadata.name', 'name or generateName is required');
  else {
    const fault = nameFault(metadata.name, form);
    if (fault) causes.invalid('metadata.name', metadata.name, fault);
  }
  if (namespaced && !metadata.namespace) causes.required('metadata.namespace');
  validateLabels(metadata.labels, 'metadata.labels', causes);
  let size = 0;
  for (const [key, value] of Object.entries(metadata.annotations ?? {})) {
    if (!isLabelKey(key.toLowerCase())) causes.invalid('metadata.annotations', key, LABEL_KEY_RULE);
    size += key.length + String(value).length;
  }
  if (size > 262_144) causes.list.push({ reason: 'FieldValueTooLong', message: 'Too long: must have at most 262144 characters', field: 'metadata.annotations' });
  metadata.ownerReferences?.forEach((owner, i) => {
    for (const part of ['apiVersion', 'kind', 'name', 'uid'] as const) {
      if (!owner[part]) causes.invalid(`metadata.ownerReferences[${i}].${part}`, owner[part] ?? '', `${part === 'apiVersion' ? 'version' : part} must not be empty`);
    }
  });
}

/** What may never change. The server has already carried uid and the times over. */
export function validateMetaUpdate(fresh: Obj, old: Obj, causes: Causes): void {
  const pairs = [['name', fresh.metadata.name, old.metadata.name], ['namespace', fresh.metadata.namespace, old.metadata.namespace], ['uid', fresh.metadata.uid, old.metadata.uid]] as const;
  for (const [field, now, was] of pairs) if (now !== was) causes.invalid(`metadata.${field}`, now ?? '', IMMUTABLE);
  if (old.metadata.deletionTimestamp) {
    const added = (fresh.metadata.finalizers ?? []).filter((f) => !old.metadata.finalizers?.includes(f));
    if (added.length) causes.forbidden('metadata.finalizers', `no new finalizers can be added if the object is being deleted, found new finalizers []string{${added.map((f) => JSON.stringify(f)).join(', ')}}`);
  }
}
