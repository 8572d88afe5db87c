/** `describe` of kinds that nothing more is known about: every field as it comes. Pure. */
import { printValue } from './jsonpath.ts';
import { isObj, sortedKeys, type Obj } from './object.ts';
import type { Page } from './page.ts';

type Events = readonly Obj[] | null;

const ACRONYMS = ['API', 'URL', 'UID', 'OSB', 'GUID'];

/** Camel case taken apart and capitalised: creationTimestamp → Creation Timestamp. */
export const labelFor = (field: string): string => (field.match(/[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+|[^A-Za-z\d_]+/g) ?? [field])
  .map((part) => (ACRONYMS.includes(part.toUpperCase()) ? part.toUpperCase() : part[0]!.toUpperCase() + part.slice(1))).join(' ');

const SKIPPED = new Set(['.metadata.name', '.metadata.namespace', '.metadata.labels', '.metadata.annotations']);

function content(page: Page, level: number, obj: Obj, path: string): void {
  for (const field of sortedKeys(obj)) {
    const value = obj[field];
    const here = `${path}.${field}`;
    if (SKIPPED.has(here)) continue;
    if (isObj(value)) { page.line(level, `${labelFor(field)}:`); content(page, level + 1, value, here); continue; }
    if (!Array.isArray(value)) { page.line(level, `${labelFor(field)}:\t${printValue(value)}`); continue; }
    page.line(level, `${labelFor(field)}:`);
    for (const item of value) if (isObj(item)) content(page, level + 1, item, here); else page.line(level + 1, printValue(item));
  }
}

/** Any kind, CRDs included: every field as it comes. */
export function describeAny(page: Page, obj: Obj, events: Events): void {
  page.head(obj);
  content(page, 0, obj, '');
  page.events(events);
}
