/**
 * JSON of the wrong type: what the real server's decoder refuses before any rule looks at the object.
 * It knows the fields that people write by hand. json-iterator's words, as of v1.14.
 */
import type { Obj } from '../../kube/types.ts';

type Kind = 'int' | 'string' | 'bool' | 'list' | 'map' | 'strings' | 'stringMap';
/** By field name, wherever it stands below spec or metadata. */
const FIELDS: Readonly<Record<string, Kind>> = {
  replicas: 'int', minReadySeconds: 'int', terminationGracePeriodSeconds: 'int', containerPort: 'int', hostPort: 'int', nodePort: 'int', revisionHistoryLimit: 'int',
  initialDelaySeconds: 'int', timeoutSeconds: 'int', periodSeconds: 'int', successThreshold: 'int', failureThreshold: 'int', runAsUser: 'int', parallelism: 'int', completions: 'int', backoffLimit: 'int',
  image: 'string', imagePullPolicy: 'string', nodeName: 'string', serviceAccountName: 'string', restartPolicy: 'string', dnsPolicy: 'string', mountPath: 'string', clusterIP: 'string', schedule: 'string',
  hostNetwork: 'bool', hostPID: 'bool', privileged: 'bool', readOnly: 'bool', unschedulable: 'bool', suspend: 'bool', paused: 'bool',
  containers: 'list', initContainers: 'list', volumes: 'list', volumeMounts: 'list', env: 'list', ports: 'list', tolerations: 'list', taints: 'list',
  command: 'strings', args: 'strings', nodeSelector: 'stringMap', labels: 'stringMap', annotations: 'stringMap', matchLabels: 'stringMap', template: 'map', securityContext: 'map',
};

const first = (v: unknown): string => (typeof v === 'string' ? '"' : typeof v === 'object' ? (Array.isArray(v) ? '[' : v === null ? 'n' : '{') : String(v)[0]!);

function wrong(kind: Kind, v: unknown): string | null {
  if (v === null || v === undefined) return null;
  switch (kind) {
    case 'int': return typeof v === 'number' && Number.isInteger(v) ? null : typeof v === 'number' ? 'readUint32: unexpected character: �' : `readUint32: unexpected character: �`;
    case 'string': return typeof v === 'string' ? null : `ReadString: expects " or n, but found ${first(v)}`;
    case 'bool': return typeof v === 'boolean' ? null : `ReadBool: expect t or f, but found ${first(v)}`;
    case 'list': return Array.isArray(v) ? null : `decode slice: expect [ or n, but found ${first(v)}`;
    case 'map': return typeof v === 'object' && !Array.isArray(v) ? null : `ReadObject: expect { or n, but found ${first(v)}`;
    case 'strings': {
      if (!Array.isArray(v)) return `decode slice: expect [ or n, but found ${first(v)}`;
      const bad = v.find((item) => typeof item !== 'string');
      return bad === undefined ? null : `ReadString: expects " or n, but found ${first(bad)}`;
    }
    case 'stringMap': {
      if (typeof v !== 'object' || Array.isArray(v)) return `ReadMapCB: expect { or n, but found ${first(v)}`;
      const bad = Object.values(v).find((item) => typeof item !== 'string' && item !== null);
      return bad === undefined ? null : `ReadString: expects " or n, but found ${first(bad)}`;
    }
  }
}

function walk(value: unknown, path: string): string | null {
  if (Array.isArray(value)) {
    for (const item of value) {
      const fault = walk(item, path);
      if (fault) return fault;
    }
    return null;
  }
  if (typeof value !== 'object' || value === null) return null;
  for (const [key, v] of Object.entries(value)) {
    const kind = FIELDS[key];
    const at = `${path}.${key[0]!.toUpperCase()}${key.slice(1)}`;
    const text = kind ? wrong(kind, v) : null;
    if (text) return `${at}: ${text}`;
    if (!kind || kind === 'list' || kind === 'map') {
      const fault = walk(v, kind === 'list' ? key[0]!.toUpperCase() + key.slice(1) : at);
      if (fault) return fault;
    }
  }
  return null;
}

const checked = new WeakSet<object>();
const CHECKED_KINDS = new Set(['Pod', 'DaemonSet', 'Deployment', 'ReplicaSet', 'StatefulSet', 'ReplicationController', 'Job', 'CronJob', 'Service', 'Node']);

/** null when every field has its type. */
export function typeFault(obj: Obj): string | null {
  const version = obj.apiVersion.split('/').pop()!;
  if (obj.kind === 'ConfigMap') {
    const fault = wrong('stringMap', obj['data']);
    return fault ? `${obj.kind} in version ${JSON.stringify(version)} cannot be handled as a ${obj.kind}: ${version}.${obj.kind}.Data: ${fault}` : null;
  }
  const spec = obj['spec'];
  if (!CHECKED_KINDS.has(obj.kind) || typeof spec !== 'object' || spec === null || checked.has(spec)) return null;
  const fault = walk({ spec }, `${version}.${obj.kind}`);
  if (!fault) {
    checked.add(spec);
    return null;
  }
  return `${obj.kind} in version ${JSON.stringify(version)} cannot be handled as a ${obj.kind}: ${fault}`;
}
