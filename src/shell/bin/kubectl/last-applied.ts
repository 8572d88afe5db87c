/** The annotation in which apply keeps what it was given. Pure. */
import { isObj, type Obj } from './object.ts';
import { toJson } from './yaml.ts';

export const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration';

/** The text for the annotation: the object without it, with an annotations field, and a newline. */
export function appliedText(obj: Obj): string {
  const annotations: Obj = { ...obj['metadata']?.annotations };
  delete annotations[LAST_APPLIED];
  return `${toJson({ ...obj, metadata: { ...obj['metadata'], annotations } }, '')}\n`;
}

export const withLastApplied = (obj: Obj): Obj =>
  ({ ...obj, metadata: { ...obj['metadata'], annotations: { ...obj['metadata']?.annotations, [LAST_APPLIED]: appliedText(obj) } } });

export const annotationOf = (obj: Obj): string | undefined => obj['metadata']?.annotations?.[LAST_APPLIED];

/** What was applied last, parsed; null when there is no annotation, undefined when it is spoiled. */
export function lastApplied(obj: Obj): Obj | null | undefined {
  const text = annotationOf(obj);
  if (text === undefined) return null;
  try {
    const value = JSON.parse(text) as unknown;
    return isObj(value) ? value : undefined;
  } catch { return undefined; }
}
