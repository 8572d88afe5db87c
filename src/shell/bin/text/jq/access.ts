/** Reaching into jq values and changing them on copies: indices, slices, paths, arithmetic. Pure. */
import type { Json } from '../../../../sim/proc/program.ts';
import { fail, shown } from './problem.ts';
import { compare, type Fields, get, isObject, kindOf } from './value.ts';

export function indexValue(value: Json, key: Json): Json {
  if (typeof key === 'string' && (value === null || isObject(value))) return value === null ? null : get(value, key);
  if (typeof key === 'number' && (value === null || Array.isArray(value))) {
    if (value === null) return null;
    const i = Math.floor(key);
    return (value as readonly Json[])[i < 0 ? i + (value as readonly Json[]).length : i] ?? null;
  }
  if (isObject(key)) return sliceValue(value, get(key, 'start'), get(key, 'end'));
  if (Array.isArray(key) && Array.isArray(value)) return indicesOf(value, key);
  return fail(typeof key === 'string' ? `Cannot index ${kindOf(value)} with string "${key}"` : `Cannot index ${kindOf(value)} with ${kindOf(key)}`);
}

/** Where a slice begins and ends in something of that length. */
function ends(length: number, from: Json, to: Json): [number, number] {
  if ((from !== null && typeof from !== 'number') || (to !== null && typeof to !== 'number')) return fail('Start and end indices of an array slice must be numbers');
  const place = (at: number): number => Math.min(length, Math.max(0, at < 0 ? at + length : at));
  const start = place(from === null ? 0 : Math.floor(from));
  return [start, Math.max(start, place(to === null ? length : Math.ceil(to)))];
}

export function sliceValue(value: Json, from: Json, to: Json): Json {
  if (value === null) return null;
  if (typeof value === 'string') {
    const letters = [...value];
    return letters.slice(...ends(letters.length, from, to)).join('');
  }
  if (!Array.isArray(value)) return fail(`Cannot index ${kindOf(value)} with object`);
  return value.slice(...ends(value.length, from, to)) as Json;
}

export function indicesOf(list: readonly Json[], part: readonly Json[]): Json {
  if (part.length === 0) return null;
  const found: number[] = [];
  for (let i = 0; i + part.length <= list.length; i++) if (part.every((item, k) => compare(item, list[i + k]!) === 0)) found.push(i);
  return found;
}

export function getPath(value: Json, path: readonly Json[]): Json {
  let at = value;
  for (const key of path) {
    if (at === null) return null;
    at = indexValue(at, key);
  }
  return at;
}

export function setPath(value: Json, path: readonly Json[], to: Json, from = 0): Json {
  if (from === path.length) return to;
  const key = path[from]!;
  if (typeof key === 'string') {
    if (value !== null && !isObject(value)) return fail(`Cannot index ${kindOf(value)} with string "${key}"`);
    return { ...(value as Fields | null), [key]: setPath(value === null ? null : get(value as Fields, key), path, to, from + 1) };
  }
  if (typeof key === 'number') {
    if (value !== null && !Array.isArray(value)) return fail(`Cannot index ${kindOf(value)} with number`);
    const list = [...((value as readonly Json[] | null) ?? [])];
    const i = key < 0 ? key + list.length : Math.floor(key);
    if (i < 0) return fail('Out of bounds negative array index');
    if (i > 10_000_000) return fail('Array index too large');
    while (list.length < i) list.push(null);
    list[i] = setPath(list[i] ?? null, path, to, from + 1);
    return list;
  }
  if (isObject(key)) {
    if (value !== null && !Array.isArray(value)) return fail(`Cannot update field at object index of ${kindOf(value)}`);
    const list = (value as readonly Json[] | null) ?? [];
    const [start, end] = ends(list.length, get(key, 'start'), get(key, 'end'));
    const put = setPath(list.slice(start, end), path, to, from + 1);
    if (!Array.isArray(put)) return fail('A slice of an array can only be assigned another array');
    return [...list.slice(0, start), ...put, ...list.slice(end)];
  }
  return fail(`Invalid path component ${shown(key)}`);
}

/** Longest and last paths first, so that none moves another. */
export function deletePaths(value: Json, paths: readonly (readonly Json[])[]): Json {
  return [...paths].sort((a, b) => compare(b as Json, a as Json)).reduce<Json>((now, path) => deleteOne(now, path, 0), value);
}

function deleteOne(value: Json, path: readonly Json[], at: number): Json {
  if (value === null || at === path.length) return at === path.length ? null : value;
  const key = path[at]!;
  const last = at === path.length - 1;
  if (typeof key === 'string') {
    if (!isObject(value)) return fail(`Cannot delete field at object index of ${kindOf(value)}`);
    if (!Object.hasOwn(value, key)) return value;
    const { [key]: old, ...rest } = value;
    return last ? rest : { ...value, [key]: deleteOne(old!, path, at + 1) };
  }
  if (!Array.isArray(value)) return fail(`Cannot delete field at array index of ${kindOf(value)}`);
  if (typeof key === 'number') {
    const i = key < 0 ? key + value.length : key;
    if (i < 0 || i >= value.length) return value as Json;
    if (last) return value.filter((_, k) => k !== i) as Json;
    return value.map((item, k) => (k === i ? deleteOne(item as Json, path, at + 1) : item)) as Json;
  }
  if (isObject(key)) {
    const [start, end] = ends(value.length, get(key, 'start'), get(key, 'end'));
    return value.filter((_, k) => k < start || k >= end) as Json;
  }
  return fail(`Cannot delete field at index of ${kindOf(value)}`);
}

const two = (left: Json, right: Json): string => `${kindOf(left)} (${shown(left)}) and ${kindOf(right)} (${shown(right)})`;

export function arithmetic(op: string, left: Json, right: Json): Json {
  switch (op) {
    case '+':
      if (left === null) return right;
      if (right === null) return left;
      if (typeof left === 'number' && typeof right === 'number') return left + right;
      if (typeof left === 'string' && typeof right === 'string') return left + right;
      if (Array.isArray(left) && Array.isArray(right)) return [...left, ...right] as Json;
      if (isObject(left) && isObject(right)) return { ...left, ...right };
      return fail(`${two(left, right)} cannot be added`);
    case '-':
      if (typeof left === 'number' && typeof right === 'number') return left - right;
      if (Array.isArray(left) && Array.isArray(right)) return left.filter((item) => !right.some((other) => compare(item as Json, other as Json) === 0)) as Json;
      return fail(`${two(left, right)} cannot be subtracted`);
    case '*':
      if (typeof left === 'number' && typeof right === 'number') return left * right;
      if (typeof left === 'string' && typeof right === 'number') return right > 0 ? repeat(left, right) : null;
      if (typeof left === 'number' && typeof right === 'string') return left > 0 ? repeat(right, left) : null;
      if (isObject(left) && isObject(right)) return merge(left, right);
      return fail(`${two(left, right)} cannot be multiplied`);
    case '/':
      if (typeof left === 'number' && typeof right === 'number') {
        if (right === 0) return fail(`${two(left, right)} cannot be divided because the divisor is zero`);
        return left / right;
      }
      if (typeof left === 'string' && typeof right === 'string') return left === '' ? [] : left.split(right);
      return fail(`${two(left, right)} cannot be divided`);
    default: {
      if (typeof left !== 'number' || typeof right !== 'number') return fail(`${two(left, right)} cannot be divided`);
      const divisor = Math.abs(Math.trunc(right));
      if (divisor === 0) return fail(`${two(left, right)} cannot be divided because the divisor is zero`);
      const rest = Math.abs(Math.trunc(left)) % divisor;
      return left < 0 ? 0 - rest : rest;
    }
  }
}

const repeat = (text: string, times: number): Json =>
  (text.length * times > 100_000_000 ? fail('Repeat string result too long') : text.repeat(Math.max(1, Math.ceil(times))));

function merge(left: Fields, right: Fields): Json {
  const out: Record<string, Json> = { ...left };
  for (const [key, value] of Object.entries(right)) {
    const old = Object.hasOwn(out, key) ? out[key]! : null;
    out[key] = isObject(old) && isObject(value) ? merge(old, value) : value;
  }
  return out;
}
