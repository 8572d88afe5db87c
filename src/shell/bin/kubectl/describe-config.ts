/** `describe` of configuration: config maps, secrets, accounts, namespaces and their bounds. Pure. */
import { canonicalQuantity as canonical } from '../../../sim/kube/quantity.ts';
import { unbase64 } from '../../../sim/proc/certificate.ts';
import { byteLength } from '../../../sim/proc/text.ts';
import { sortedKeys, type Obj } from './object.ts';
import type { Page } from './page.ts';

const list = (value: unknown): readonly Obj[] => (Array.isArray(value) ? (value as Obj[]) : []);
type Events = readonly Obj[] | null;

export function describeConfigMap(page: Page, obj: Obj, events: Events): void {
  page.head(obj);
  page.raw('\nData\n====\n');
  for (const key of sortedKeys(obj['data'])) page.raw(`${key}:\n----\n${obj['data'][key]}\n`);
  page.events(events);
}

export function describeSecret(page: Page, obj: Obj): void {
  page.head(obj);
  page.raw(`\nType:\t${obj['type'] ?? 'Opaque'}\n\nData\n====\n`);
  for (const key of sortedKeys(obj['data'])) {
    const value = unbase64(String(obj['data'][key])) ?? '';
    page.line(0, key === 'token' && obj['type'] === 'kubernetes.io/service-account-token' ? `${key}:\t${value}` : `${key}:\t${byteLength(value)} bytes`);
  }
}

const EMPTY_HEADER = '                   ';

/** `missing`: names of secrets that are named and not there. */
export function describeServiceAccount(page: Page, obj: Obj, tokens: readonly string[], missing: ReadonlySet<string>, events: Events): void {
  page.head(obj);
  const pull = list(obj['imagePullSecrets']).map((one) => String(one['name']));
  const mount = list(obj['secrets']).map((one) => String(one['name']));
  for (const [header, names] of [['Image pull secrets:', pull], ['Mountable secrets: ', mount], ['Tokens:            ', tokens]] as const) {
    if (!names.length) page.line(0, `${header}\t<none>`);
    names.forEach((name, i) => page.line(0, `${i ? EMPTY_HEADER : header}\t${name}${missing.has(name) ? ' (not found)' : ''}`));
  }
  page.events(events);
}

export function describeNamespace(page: Page, obj: Obj, quotas: readonly Obj[], limits: readonly Obj[]): void {
  page.line(0, `Name:\t${obj['metadata'].name}`);
  page.labels('Labels', obj['metadata'].labels);
  page.annotations('Annotations', obj['metadata'].annotations);
  page.line(0, `Status:\t${obj['status']?.phase ?? ''}`);
  page.raw(quotas.length ? '\nResource Quotas' : '\nNo resource quota.\n');
  for (const quota of quotas) {
    page.raw(`\n Name:\t${quota['metadata'].name}\n`);
    page.raw(' Resource\tUsed\tHard\n --------\t---\t---\n');
    for (const name of sortedKeys(quota['status']?.hard)) page.raw(` ${name}\t${canonical(quota['status'].used?.[name] ?? '0')}\t${canonical(quota['status'].hard[name])}\n`);
  }
  if (!limits.length) { page.raw('\nNo resource limits.\n'); return; }
  page.raw('\nResource Limits\n Type\tResource\tMin\tMax\tDefault Request\tDefault Limit\tMax Limit/Request Ratio\n ----\t--------\t---\t---\t---------------\t-------------\t-----------------------\n');
  for (const one of limits) for (const row of limitRows(one)) page.raw(` ${row}\n`);
}

function limitRows(obj: Obj): string[] {
  return list(obj['spec']?.limits).flatMap((item) => {
    const columns = ['min', 'max', 'defaultRequest', 'default', 'maxLimitRequestRatio'];
    const names = [...new Set(columns.flatMap((column) => sortedKeys(item[column])))].sort();
    return names.map((name) => [item['type'], name, ...columns.map((column) => (item[column]?.[name] === undefined ? '-' : canonical(item[column][name])))].join('\t'));
  });
}

export function describeLimitRange(page: Page, obj: Obj): void {
  page.raw(`Name:\t${obj['metadata'].name}\nNamespace:\t${obj['metadata'].namespace}\n`);
  page.raw('Type\tResource\tMin\tMax\tDefault Request\tDefault Limit\tMax Limit/Request Ratio\n----\t--------\t---\t---\t---------------\t-------------\t-----------------------\n');
  for (const row of limitRows(obj)) page.line(0, row);
}

export function describeQuota(page: Page, obj: Obj): void {
  page.line(0, `Name:\t${obj['metadata'].name}`);
  page.line(0, `Namespace:\t${obj['metadata'].namespace}`);
  if (list(obj['spec']?.scopes).length) page.line(0, `Scopes:\t${list(obj['spec'].scopes).join(', ')}`);
  page.line(0, 'Resource\tUsed\tHard');
  page.line(0, '--------\t----\t----');
  const hard = obj['status']?.hard as Obj | undefined;
  for (const name of sortedKeys(hard)) page.line(0, `${name}\t${canonical(obj['status'].used?.[name] ?? '0')}\t${canonical(hard![name])}`);
}
