/**
 * Tables as the server sends them (meta.k8s.io/v1beta1 Table) turned into the lines of `get`: which columns
 * are shown, labels, namespaces, kind prefixes. Pure.
 */
import type { Obj } from './object.ts';
import { formatLabels } from './object.ts';
import { printValue } from './jsonpath.ts';
import { GET, tabulate } from './tabwriter.ts';
import { ageOf } from './time.ts';

export const TABLE_ACCEPT = 'application/json;as=Table;v=v1beta1;g=meta.k8s.io, application/json';

export interface Row { cells: readonly unknown[]; meta: Obj; object: Obj }
export interface Table { columns: readonly { name: string; priority: number }[]; rows: readonly Row[]; resourceVersion: string; next: string }

export interface Look {
  wide: boolean; namespaces: boolean; headers: boolean; showLabels: boolean;
  labelColumns: readonly string[];
  /** 'pod/' before every name, or nothing. */
  prefix: string;
}

/** A server that sends plain objects gets the two columns that any object has. */
export function tableOf(body: Obj, now: number): Table {
  const meta = (body['metadata'] ?? {}) as Obj;
  const resourceVersion = String(meta['resourceVersion'] ?? '');
  const next = String(meta['continue'] ?? '');
  if (body['kind'] === 'Table') {
    const columns = ((body['columnDefinitions'] ?? []) as Obj[]).map((column) => ({ name: String(column['name']), priority: Number(column['priority'] ?? 0) }));
    const rows = ((body['rows'] ?? []) as Obj[]).map((row) => ({ cells: row['cells'] ?? [], meta: row['object']?.metadata ?? {}, object: row['object'] ?? {} }));
    return { columns, rows, resourceVersion, next };
  }
  const objects = Array.isArray(body['items']) ? (body['items'] as Obj[]) : [body];
  const rows = objects.map((object) => ({ cells: [object['metadata']?.name ?? '', ageOf(object['metadata']?.creationTimestamp, now)], meta: object['metadata'] ?? {}, object }));
  return { columns: [{ name: 'Name', priority: 0 }, { name: 'Age', priority: 0 }], rows, resourceVersion, next };
}

/** Lines with tabs, the header first if it is wanted. */
export function tableLines(table: Table, look: Look): string[] {
  const shown = table.columns.map((column, i) => ({ ...column, i })).filter((column) => look.wide || column.priority === 0);
  const lines: string[] = [];
  if (look.headers) {
    lines.push([
      ...(look.namespaces ? ['NAMESPACE'] : []), ...shown.map((column) => column.name.toUpperCase()),
      ...look.labelColumns.map((key) => key.slice(key.lastIndexOf('/') + 1).toUpperCase()), ...(look.showLabels ? ['LABELS'] : []),
    ].join('\t'));
  }
  for (const row of table.rows) {
    const labels = (row.meta['labels'] ?? {}) as Obj;
    lines.push([
      ...(look.namespaces ? [String(row.meta['namespace'] ?? '')] : []),
      ...shown.map((column, at) => (at === 0 && column.i === 0 ? look.prefix : '') + cell(row.cells[column.i])),
      ...look.labelColumns.map((key) => String(labels[key] ?? '')), ...(look.showLabels ? [formatLabels(labels)] : []),
    ].join('\t'));
  }
  return lines;
}

const cell = (value: unknown): string => (value === undefined ? '' : printValue(value));

/** One block: all its lines share their widths. */
export const block = (lines: readonly string[], remembered?: number[]): string => (lines.length ? `${tabulate(lines.join('\n'), GET, remembered)}\n` : '');
