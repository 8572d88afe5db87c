/**
 * JSON of the wrong type: what the real server's decoder refuses before any rule looks at the object.
 * It knows the fields that people write by hand. json-iterator's words, with the place in the document as
 * kubectl sends it (keys sorted), and those of the converter behind strategic patches; as of v1.14.
 */
import type { Obj } from '../../kube/types.ts';

type Kind = 'int32' | 'int64' | 'string' | 'bool' | 'list' | 'map' | 'strings' | 'stringMap';
const kinds = (kind: Kind, names: string): readonly [string, Kind][] => names.split(' ').map((name) => [name, kind]);
/** By field name, wherever it stands below spec. */
const FIELDS: Readonly<Record<string, Kind>> = Object.fromEntries([
  ...kinds('int32', `replicas minReadySeconds containerPort hostPort nodePort revisionHistoryLimit progressDeadlineSeconds initialDelaySeconds timeoutSeconds
    periodSeconds successThreshold failureThreshold parallelism completions backoffLimit successfulJobsHistoryLimit failedJobsHistoryLimit defaultMode priority`.replace(/\s+/g, ' ')),
  ...kinds('int64', 'terminationGracePeriodSeconds activeDeadlineSeconds runAsUser runAsGroup fsGroup tolerationSeconds startingDeadlineSeconds'),
  ...kinds('string', 'image imagePullPolicy nodeName serviceAccountName serviceAccount restartPolicy dnsPolicy mountPath clusterIP schedule hostname subdomain externalName serviceName workingDir'),
  ...kinds('bool', 'hostNetwork hostPID hostIPC privileged readOnly unschedulable suspend paused stdin tty automountServiceAccountToken'),
  ...kinds('list', 'containers initContainers volumes volumeMounts env envFrom ports tolerations taints imagePullSecrets'),
  ...kinds('strings', 'command args externalIPs'), ...kinds('stringMap', 'nodeSelector labels annotations matchLabels'),
  ...kinds('map', 'template metadata spec jobTemplate securityContext livenessProbe readinessProbe resources strategy'),
]);

/** The Go type of the struct or of a list's items that stands at a field; those of metadata are of no account. */
const STRUCTS: Readonly<Record<string, string>> = {
  containers: 'v1.Container', initContainers: 'v1.Container', volumes: 'v1.Volume', volumeMounts: 'v1.VolumeMount', env: 'v1.EnvVar', envFrom: 'v1.EnvFromSource', tolerations: 'v1.Toleration',
  taints: 'v1.Taint', imagePullSecrets: 'v1.LocalObjectReference', template: 'v1.PodTemplateSpec', metadata: 'v1.ObjectMeta', livenessProbe: 'v1.Probe', readinessProbe: 'v1.Probe', resources: 'v1.ResourceRequirements',
};

const structAt = (field: string, parent: string, version: string): string => {
  if (field === 'spec') return parent === 'v1.PodTemplateSpec' ? 'v1.PodSpec' : `${parent.replace(/TemplateSpec$/, '')}Spec`;
  if (field === 'ports') return parent === 'v1.Container' ? 'v1.ContainerPort' : 'v1.ServicePort';
  if (field === 'securityContext') return parent === 'v1.Container' ? 'v1.SecurityContext' : 'v1.PodSecurityContext';
  if (field === 'strategy') return `${version}.DeploymentStrategy`;
  if (field === 'jobTemplate') return `${version}.JobTemplateSpec`;
  return STRUCTS[field] ?? '';
};

type Path = readonly (string | number)[];
/** `where`: the decoder's chain of types; `path`: the keys down to the value; `text`: its complaint about that. */
interface Fault { readonly where: string; readonly path: Path; readonly text: string; readonly converter: string }

const first = (v: unknown): string => JSON.stringify(v)[0]!;
const kindName = (v: unknown): string => (Array.isArray(v) ? '[]interface {}' : typeof v === 'object' ? 'map[string]interface {}' : typeof v === 'number' ? (Number.isInteger(v) ? 'int64' : 'float64') : typeof v === 'boolean' ? 'bool' : 'string');

/** A complaint about one plain value, or null. */
function plainFault(kind: Kind, v: unknown): { text: string; converter: string } | null {
  if (v === null || v === undefined) return null;
  const convert = `cannot convert ${kindName(v)} to ${kind}`;
  switch (kind) {
    case 'int32': case 'int64':
      if (typeof v === 'number' && Number.isInteger(v)) return null;
      if (typeof v === 'number') return { text: 'assertInteger: can not decode float as int', converter: convert };
      return { text: `${kind === 'int32' ? 'readUint32' : 'readUint64'}: unexpected character: �`, converter: convert };
    case 'string': return typeof v === 'string' ? null : { text: `ReadString: expects " or n, but found ${first(v)}`, converter: convert };
    case 'bool': return typeof v === 'boolean' ? null : { text: `ReadBool: expect t or f, but found ${first(v)}`, converter: convert };
    case 'list': case 'strings': return Array.isArray(v) ? null : { text: `decode slice: expect [ or n, but found ${first(v)}`, converter: `cannot restore slice from ${typeof v === 'object' ? 'map' : kindName(v)}` };
    case 'map': return typeof v === 'object' && !Array.isArray(v) ? null : { text: `readObjectStart: expect { or n, but found ${first(v)}`, converter: `cannot restore struct from: ${Array.isArray(v) ? 'slice' : kindName(v)}` };
    case 'stringMap': return typeof v === 'object' && !Array.isArray(v) ? null : { text: `ReadMapCB: expect { or n, but found ${first(v)}`, converter: `cannot restore map from ${Array.isArray(v) ? 'slice' : kindName(v)}` };
  }
}

/** The first fault below a struct of the Go type `type`, in the order of the document. */
function inStruct(value: Readonly<Record<string, unknown>>, type: string, version: string, path: Path, where: string): Fault | null {
  for (const key of Object.keys(value).sort()) {
    const v = value[key];
    const kind = key === 'metadata' && type !== 'v1.PodTemplateSpec' ? undefined : FIELDS[key];
    if (!kind || v === null || v === undefined) continue;
    const here = [...path, key];
    const chain = `${where}${type}.${key[0]!.toUpperCase()}${key.slice(1)}: `;
    const plain = plainFault(kind, v);
    if (plain) return { where: chain, path: here, ...plain };
    const inside = kind === 'list' ? inList(v as unknown[], structAt(key, type, version), version, here, chain)
      : kind === 'map' ? inStruct(v as Record<string, unknown>, structAt(key, type, version), version, here, chain)
      : kind === 'strings' || kind === 'stringMap' ? inStrings(v as Record<string, unknown>, kind, here, chain) : null;
    if (inside) return inside;
  }
  return null;
}

function inList(list: readonly unknown[], type: string, version: string, path: Path, where: string): Fault | null {
  for (const [i, item] of list.entries()) {
    const plain = plainFault('map', item);
    const chain = `${where}[]${type}: `;
    const fault = plain ? { where: chain, path: [...path, i], ...plain } : item === null ? null : inStruct(item as Record<string, unknown>, type, version, [...path, i], chain);
    if (fault) return fault;
  }
  return null;
}

function inStrings(value: Readonly<Record<string, unknown>>, kind: Kind, path: Path, where: string): Fault | null {
  for (const [key, item] of Object.entries(value)) {
    const plain = plainFault('string', item);
    if (plain) return { where: kind === 'strings' ? `${where}[]string: ` : where, path: [...path, Array.isArray(value) ? Number(key) : key], ...plain };
  }
  return null;
}

/** The document with its keys sorted, as Go writes maps, and where the value of a path begins in it. */
function written(root: unknown, path: Path): { text: string; at: number } {
  let text = '', at = -1;
  const put = (v: unknown, depth: number): void => {
    if (depth === path.length && at < 0) at = text.length;
    if (Array.isArray(v)) {
      text += '[';
      v.forEach((item, i) => { text += i ? ',' : ''; put(item, depth >= 0 && path[depth] === i ? depth + 1 : -1); });
      text += ']';
    } else if (typeof v === 'object' && v !== null) {
      text += '{';
      Object.keys(v).sort().forEach((key, i) => {
        text += `${i ? ',' : ''}${JSON.stringify(key)}:`;
        put((v as Record<string, unknown>)[key], depth >= 0 && path[depth] === key ? depth + 1 : -1);
      });
      text += '}';
    } else text += JSON.stringify(v);
  };
  put(root, 0);
  return { text: `${text}\n`, at };
}

function located(obj: Obj, { path, text }: Fault): string {
  const doc = written(obj, path);
  // The iterator stands behind the character that it did not expect; behind the digits where it wanted no point.
  const head = doc.at + (text.startsWith('assertInteger') ? /^-?\d*/.exec(doc.text.slice(doc.at))![0].length : 1);
  const from = Math.max(0, head - 10);
  return `${text}, error found in #${head - from} byte of ...|${doc.text.slice(from, head + 10)}|..., bigger context ...|${doc.text.slice(Math.max(0, head - 50), head + 50)}|...`;
}

const checked = new WeakSet<object>();
const CHECKED_KINDS = new Set(['Pod', 'DaemonSet', 'Deployment', 'ReplicaSet', 'StatefulSet', 'ReplicationController', 'Job', 'CronJob', 'Service', 'Node']);

function faultOf(obj: Obj): Fault | null {
  const version = obj.apiVersion.split('/').pop()!;
  if (obj.kind === 'ConfigMap') {
    const data = obj['data'] as Record<string, unknown> | undefined;
    const plain = plainFault('stringMap', data);
    const where = `${version}.ConfigMap.Data: `;
    return plain ? { where, path: ['data'], ...plain } : inStrings(data ?? {}, 'stringMap', ['data'], where);
  }
  const spec = obj['spec'];
  if (!CHECKED_KINDS.has(obj.kind) || spec === undefined || spec === null || (typeof spec === 'object' && checked.has(spec))) return null;
  const fault = inStruct({ spec }, `${version}.${obj.kind}`, version, [], '');
  if (!fault && typeof spec === 'object') checked.add(spec);
  return fault;
}

/** null when every field has its type; else what the decoder says. */
export function decodeFault(obj: Obj): string | null {
  const fault = faultOf(obj);
  return fault && fault.where + located(obj, fault);
}

/** The same as it is said of an object that was sent whole. */
export function typeFault(obj: Obj): string | null {
  const fault = decodeFault(obj);
  return fault && `${obj.kind} in version ${JSON.stringify(obj.apiVersion.split('/').pop())} cannot be handled as a ${obj.kind}: ${fault}`;
}

/** The same of what a strategic patch has made: that goes through no text, and says less. */
export const convertFault = (obj: Obj): string | null => faultOf(obj)?.converter ?? null;
