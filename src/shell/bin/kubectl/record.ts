/** --record: the command line kept in the annotation kubernetes.io/change-cause. */
import type { Sys } from '../../../sim/proc/program.ts';
import { MERGE_PATCH, type Api } from './api.ts';
import { flagTable } from './flags.ts';
import { byText, type Obj } from './object.ts';
import type { Info } from './resources.ts';
import { patchObject } from './send.ts';
import type { Kubectl } from './session.ts';

export const CHANGE_CAUSE = 'kubernetes.io/change-cause';

export const RECORD = flagTable('record bool Keep the command in an annotation of the object.');

const isRecording = (k: Kubectl): boolean => k.flags.has('record') && k.flags.bool('record');

/** "kubectl set image deployment/web nginx=nginx:1.19 --record=true". */
function causeOf(k: Kubectl): string {
  const given = k.flags.specs.filter((flag) => k.flags.changed(flag.name)).sort((a, b) => byText(a.name, b.name)).map((flag) => ` --${flag.name}=${k.flags.str(flag.name)}`);
  return [...k.path.map((verb) => verb.name), ...k.args].join(' ') + given.join('');
}

export const withCause = (k: Kubectl, obj: Obj): Obj =>
  (isRecording(k) ? { ...obj, metadata: { ...obj['metadata'], annotations: { ...obj['metadata']?.annotations, [CHANGE_CAUSE]: causeOf(k) } } } : obj);

/** For what is changed by patches: one more of them. A failure here is none of the command's. */
export function* recordCause(k: Kubectl, api: Api, info: Pick<Info, 'type' | 'namespace' | 'name'>): Sys<void> {
  if (isRecording(k)) yield* patchObject(api, info, { metadata: { annotations: { [CHANGE_CAUSE]: causeOf(k) } } }, MERGE_PATCH);
}
