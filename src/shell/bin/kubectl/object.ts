/**
 * API objects as kubectl handles them: open JSON records, read by path, copied before they are changed.
 * It knows no kind: what a Pod has is said where pods are printed.
 */
// An object of the API may have any field: what is read is checked where it is used.
// eslint-disable-next-line @typescript-eslint/no-explicit-any
export type Obj = Record<string, any>;

export const isObj = (value: unknown): value is Obj => typeof value === 'object' && value !== null && !Array.isArray(value);

export const nameOf = (obj: Obj): string => obj['metadata']?.name ?? '';
export const namespaceOf = (obj: Obj): string => obj['metadata']?.namespace ?? '';

/** A deep copy that may be changed. */
export function clone<T>(value: T): T {
  if (Array.isArray(value)) return value.map(clone) as T;
  if (!isObj(value)) return value;
  const copy: Obj = {};
  for (const key of Object.keys(value)) copy[key] = clone((value as Obj)[key]);
  return copy as T;
}

export function same(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (Array.isArray(a)) return Array.isArray(b) && a.length === b.length && a.every((item, i) => same(item, b[i]));
  if (!isObj(a) || !isObj(b)) return false;
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every((key) => key in b && same(a[key], b[key]));
}

/** By code unit, as Go's sort.Strings orders ASCII. */
export const byText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

export const sortedKeys = (obj: Obj | undefined | null): string[] => (obj ? Object.keys(obj).sort(byText) : []);

/** The group and version of `apiVersion`. */
export function groupVersion(apiVersion: string): { group: string; version: string } {
  const slash = apiVersion.indexOf('/');
  return slash < 0 ? { group: '', version: apiVersion } : { group: apiVersion.slice(0, slash), version: apiVersion.slice(slash + 1) };
}

/** k=v,k=v by key: how label sets are printed. */
export const formatLabels = (labels: Obj | undefined | null): string =>
  sortedKeys(labels).map((key) => `${key}=${labels![key]}`).join(',') || '<none>';

/** metav1.FormatLabelSelector: match labels, then expressions. */
export function formatSelector(selector: Obj | undefined | null): string {
  if (!selector) return '<none>';
  const words = sortedKeys(selector['matchLabels']).map((key) => `${key}=${selector['matchLabels'][key]}`);
  for (const e of (selector['matchExpressions'] ?? []) as Obj[]) {
    const values = `(${[...(e['values'] ?? [])].sort(byText).join(',')})`;
    words.push(e['operator'] === 'In' ? `${e['key']} in ${values}` : e['operator'] === 'NotIn' ? `${e['key']} notin ${values}`
      : e['operator'] === 'Exists' ? `${e['key']}` : `!${e['key']}`);
  }
  return words.sort(byText).join(',') || '<none>';
}

/** A selector's query form, for a list request. */
export const selectorQuery = (selector: Obj | undefined | null): string => {
  const text = formatSelector(selector);
  return text === '<none>' ? '' : text;
};

/** %q of Go for ordinary text. */
export function quote(text: string): string {
  return `"${text.replace(/[\\"]/g, '\\$&').replace(/\n/g, '\\n').replace(/\t/g, '\\t').replace(/\r/g, '\\r')
    .replace(/[\x00-\x1f\x7f]/g, (c) => `\\x${c.charCodeAt(0).toString(16).padStart(2, '0')}`)}"`;
}
