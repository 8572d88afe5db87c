/** `kubectl set env`. */
import { out, readAll } from '../../../sim/proc/libc.ts';
import type { Sys } from '../../../sim/proc/program.ts';
import { kindName } from './discovery.ts';
import { done, many, plain, type Outcome } from './failure.ts';
import { sortedKeys, type Obj } from './object.ts';
import { fetchAll, filesOf, targets } from './resources.ts';
import type { Kubectl } from './session.ts';
import { fits, podSpecOf, found, changeAll } from './set-change.ts';

const VARIABLE = /^[-._a-zA-Z][-._a-zA-Z0-9]*$/;

export function* runEnv(k: Kubectl): Sys<number> {
  const isVariable = (word: string): boolean => word === '-' || (!word.includes('/') && (word.includes('=') || word.endsWith('-'))) || /^[^/=]+=/.test(word);
  const resources = k.args.filter((word) => !isVariable(word));
  const given = [...k.args.filter(isVariable), ...k.flags.list('env')];
  if (!resources.length && !filesOf(k).length) return yield* k.fail(plain('one or more resources must be specified as <resource> <name> or <resource>/<name>').failure);
  const from = k.flags.str('from');
  const list = k.flags.bool('list');
  if (!given.length && !from && !list) return yield* k.fail(plain('at least one environment variable must be provided').failure);
  const variables: Obj[] = [];
  const removed: string[] = [];
  for (const word of given) {
    if (word === '-') {
      const text = yield* readAll(0);
      for (const line of text.ok ? text.value.split('\n') : []) if (line.includes('=')) variables.push({ name: line.slice(0, line.indexOf('=')), value: line.slice(line.indexOf('=') + 1) });
    } else if (word.includes('=')) {
      const name = word.slice(0, word.indexOf('='));
      if (!VARIABLE.test(name)) return yield* k.fail(plain(`${JSON.stringify(name)} is not a valid key name: a valid environment variable name must consist of alphabetic characters, digits, '_', '-', or '.', and must not start with a digit (e.g. 'my.env-name',  or 'MY_ENV.NAME',  or 'MyEnvName1', regex used for validation is '[-._a-zA-Z][-._a-zA-Z0-9]*')`).failure);
      variables.push({ name, value: word.slice(word.indexOf('=') + 1) });
    } else removed.push(word.slice(0, -1));
  }
  if (from) {
    const got = yield* fromSource(k, from);
    if (!got.ok) return yield* k.fail(got.failure);
    variables.push(...got.value);
  }
  if (list) return yield* listEnv(k, resources);
  return yield* changeAll(k, resources, 'env updated', (info, spec) => {
    if (!spec) return done(null);
    const fitting = ((spec['containers'] ?? []) as Obj[]).filter((one) => fits(k.flags.str('containers'), one['name']));
    if (!fitting.length) return plain(`${kindName(info.type)}/${info.name} does not have any containers matching ${JSON.stringify(k.flags.str('containers'))}`);
    for (const one of fitting) {
      const env = ((one['env'] ?? []) as Obj[]).filter((old) => !removed.includes(old['name']));
      for (const variable of variables) {
        const at = env.findIndex((old) => old['name'] === variable['name']);
        if (at < 0) env.push(variable);
        else if (k.flags.bool('overwrite')) env[at] = variable;
        else return plain(`'${variable['name']}' already has a value (${env[at]!['value'] ?? ''}), and --overwrite is false`);
      }
      if (env.length) one['env'] = env; else delete one['env'];
    }
    return done(info.obj);
  });
}

/** Variables that refer to the keys of a config map or secret. */
function* fromSource(k: Kubectl, from: string): Sys<Outcome<Obj[]>> {
  const wanted = yield* targets(k, [from], {});
  if (!wanted.ok) return wanted;
  const { infos, failures } = yield* fetchAll(k, wanted.value, {});
  if (failures.length) return { ok: false, failure: many(failures) };
  const [info] = infos;
  if (!info || !['Secret', 'ConfigMap'].includes(info.type.kind)) return plain('unsupported resource specified in --from');
  const keys = k.flags.list('keys');
  return done(sortedKeys(info.obj['data']).filter((key) => !keys.length || keys.includes(key)).map((key) => {
    const ref = { name: info.name, key };
    const name = k.flags.str('prefix') + key.toUpperCase().replace(/[^A-Z0-9_]/g, '_');
    return { name, valueFrom: info.type.kind === 'Secret' ? { secretKeyRef: ref } : { configMapKeyRef: ref } };
  }));
}

function* listEnv(k: Kubectl, resources: readonly string[]): Sys<number> {
  const infos = yield* found(k, resources);
  if (!infos.ok) return yield* k.fail(infos.failure);
  for (const info of infos.value) {
    for (const one of ((podSpecOf(info.obj)?.['containers'] ?? []) as Obj[]).filter((c) => fits(k.flags.str('containers'), c['name']))) {
      yield* out(`# ${info.type.plural} ${info.name}, container ${one['name']}\n`);
      for (const variable of (one['env'] ?? []) as Obj[]) yield* out(`${shown(variable)}\n`);
    }
  }
  return 0;
}

function shown(variable: Obj): string {
  const from = variable['valueFrom'] as Obj | undefined;
  if (!from) return `${variable['name']}=${variable['value'] ?? ''}`;
  if (from['secretKeyRef']) return `# ${variable['name']} from secret ${from['secretKeyRef'].name}, key ${from['secretKeyRef'].key}`;
  if (from['configMapKeyRef']) return `# ${variable['name']} from configmap ${from['configMapKeyRef'].name}, key ${from['configMapKeyRef'].key}`;
  if (from['fieldRef']) return `# ${variable['name']} from field path ${from['fieldRef'].fieldPath}`;
  return `# ${variable['name']} from resource field ${from['resourceFieldRef']?.resource ?? ''}`;
}
