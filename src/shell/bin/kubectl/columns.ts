/**
 * -o custom-columns: headers and paths given by hand, laid out as get's tables are; and --sort-by, which
 * reads the same relaxed paths. Pure.
 */
import { findPath, parsePath, printValue, relaxed } from './jsonpath.ts';
import { byText, type Obj } from './object.ts';
import { GET, tabulate } from './tabwriter.ts';
import { quantity } from '../../../sim/kube/quantity.ts';

type Path = readonly Parameters<typeof findPath>[0][number][];
export interface Column { header: string; path: Path }
export type Parsed<T> = { ok: true; value: T } | { ok: false; error: string };

export function parseColumns(spec: string): Parsed<Column[]> {
  const out: Column[] = [];
  for (const part of spec.split(',')) {
    const at = part.indexOf(':');
    if (at < 0) return { ok: false, error: `unexpected custom-columns spec: ${part}, expected <header>:<json-path-expr>` };
    const path = relaxed(part.slice(at + 1));
    if (!path.ok) return path;
    const parsed = parsePath(path.template);
    if (!parsed.ok) return { ok: false, error: parsed.error };
    out.push({ header: part.slice(0, at), path: parsed.nodes });
  }
  return { ok: true, value: out };
}

export function customColumns(columns: readonly Column[], obj: Obj, header: boolean): string {
  const objects = Array.isArray(obj['items']) && String(obj['kind']).endsWith('List') ? (obj['items'] as Obj[]) : [obj];
  const rows = objects.map((one) => columns.map((column) => {
    const found = findPath(column.path, one);
    const values = found.ok ? (found.results[0] ?? []) : [];
    return values.length ? values.map((value) => (value === null ? '<nil>' : printValue(value))).join(',') : '<none>';
  }));
  if (header) rows.unshift(columns.map((column) => column.header));
  return rows.length ? `${tabulate(rows.map((row) => row.join('\t')).join('\n'), GET)}\n` : '';
}

/** The order of Go's sortorder.NaturalLess: runs of digits by value. */
export function naturally(a: string, b: string): number {
  const [x, y] = [a.match(/\d+|\D+/g) ?? [], b.match(/\d+|\D+/g) ?? []];
  for (let i = 0; i < Math.min(x.length, y.length); i++) {
    const [p, q] = [x[i]!, y[i]!];
    if (p === q) continue;
    if (/^\d/.test(p) && /^\d/.test(q)) return Number(p) - Number(q) || p.length - q.length;
    return byText(p, q);
  }
  return x.length - y.length;
}

/** The order of objects by a relaxed path: positions, or a complaint. */
export function sortOrder(objects: readonly Obj[], field: string): Parsed<number[]> {
  const path = relaxed(field);
  if (!path.ok) return path;
  const parsed = parsePath(path.template);
  if (!parsed.ok) return { ok: false, error: parsed.error };
  const keys: unknown[] = [];
  for (const obj of objects) {
    const found = findPath(parsed.nodes, obj);
    if (!found.ok) return { ok: false, error: found.error };
    keys.push(found.results[0]?.[0]);
  }
  if (keys.length && keys.every((key) => key === undefined)) return { ok: false, error: `couldn't find any field with path "${path.template}" in the list of objects` };
  const order = objects.map((_, i) => i);
  order.sort((i, j) => compare(keys[i], keys[j]) || i - j);
  return { ok: true, value: order };
}

function compare(a: unknown, b: unknown): number {
  const empty = (value: unknown): boolean => value === undefined || value === null;
  if (empty(a) || empty(b)) return Number(!empty(a)) - Number(!empty(b));
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  const [s, t] = [String(a), String(b)];
  const [p, q] = [quantity(s), quantity(t)];
  return p !== null && q !== null ? p - q : naturally(s, t);
}
