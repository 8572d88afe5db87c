/**
 * Validation of manifests before they are sent: unknown and missing fields and wrong types, in the words of
 * kube-openapi's validator (kubectl 1.14). What schema.ts does not describe passes.
 */
import { byText, isObj, sortedKeys, type Obj } from './object.ts';
import { isOld, kindShape, packageOf, shapeOf, type Shape } from './schema.ts';

/** The complaint about a document, or null. Several are listed in brackets. */
export function validate(value: unknown): string | null {
  if (!isObj(value)) return 'invalid object to validate';
  const unset = [...(value['apiVersion'] ? [] : ['apiVersion not set']), ...(value['kind'] ? [] : ['kind not set'])];
  if (unset.length) return joined(unset);
  const apiVersion = String(value['apiVersion']);
  const kind = String(value['kind']);
  if (kind === 'List') {
    const errors = ((value['items'] ?? []) as unknown[]).map(validate).filter((text): text is string => text !== null);
    return errors.length ? joined(errors) : null;
  }
  const shape = kindShape(kind);
  if (!shape || !/(^|\/)v\d/.test(apiVersion)) return null;
  const errors: string[] = [];
  object(value, shape, kind, `${packageOf(apiVersion)}.${kind}`, packageOf(apiVersion), errors);
  return errors.length ? joined(errors) : null;
}

const joined = (texts: readonly string[]): string => (texts.length === 1 ? texts[0]! : `[${texts.join(', ')}]`);

function object(value: Obj, shape: Shape, path: string, model: string, group: string, errors: string[]): void {
  for (const key of sortedKeys(value)) {
    const field = shape.fields[key];
    if (!field || (field.age === 'old' && !isOld(group))) errors.push(`ValidationError(${path}): unknown field "${key}" in ${model}`);
    else if (value[key] !== null && value[key] !== undefined) check(value[key], field.type, `${path}.${key}`, `${model}.${key}`, group, errors);
    else if (field.required) errors.push(`unknown object type "nil" in ${path}.${key}`);
  }
  for (const key of Object.keys(shape.fields).sort(byText)) {
    const { required, age } = shape.fields[key]!;
    if (required && !(age === 'new' && isOld(group)) && !(key in value)) errors.push(`ValidationError(${path}): missing required field "${key}" in ${model}`);
  }
}

const typeName = (value: unknown): string => (Array.isArray(value) ? 'array' : isObj(value) ? 'map' : typeof value === 'number' ? (Number.isInteger(value) ? 'integer' : 'number') : typeof value === 'boolean' ? 'boolean' : 'string');

function check(value: unknown, type: string, path: string, model: string, group: string, errors: string[]): void {
  const wrong = (expected: string): void => { errors.push(`ValidationError(${path}): invalid type for ${model}: got "${typeName(value)}", expected "${expected}"`); };
  if (type === '*') return;
  if (type.startsWith('[')) {
    if (!Array.isArray(value)) { wrong('array'); return; }
    value.forEach((item, i) => {
      if (item === null) errors.push(`unknown object type "nil" in ${path}[${i}]`);
      else check(item, type.slice(1, -1), `${path}[${i}]`, model, group, errors);
    });
  } else if (type.startsWith('{')) {
    if (!isObj(value)) { wrong('map'); return; }
    for (const key of sortedKeys(value)) if (value[key] !== null) check(value[key], type.slice(1, -1), `${path}.${key}`, model, group, errors);
  } else if (type === 's') {
    if (typeof value !== 'string') wrong('string');
  } else if (type === 'i') {
    if (!Number.isInteger(value)) wrong('integer');
  } else if (type === 'b') {
    if (typeof value !== 'boolean') wrong('boolean');
  } else if (type === 'n' || type === 'q') {
    if (typeof value === 'object' || typeof value === 'boolean') wrong('string');
  } else {
    const shape = shapeOf(type);
    if (!shape) return;
    const name = `${shape.home === 'group' ? group : shape.home}.${type}`;
    if (isObj(value)) object(value, shape, path, name, group, errors);
    else errors.push(`ValidationError(${path}): invalid type for ${name}: got "${typeName(value)}", expected "map"`);
  }
}
