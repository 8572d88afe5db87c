/**
 * Field errors: the pieces of `The Pod "x" is invalid: …`, in the words of k8s.io/apimachinery's
 * field/errors.go v1.14. Collected, never thrown.
 */
import type { Cause } from '../status.ts';
import type { LabelSelector } from '../types.ts';

/** A value of a Go type that has no form of its own: the real messages print it as Go source. */
export class GoSyntax { constructor(readonly text: string) {} }

const quoted = (text: string): string => JSON.stringify(text);

export const goMap = (map: Readonly<Record<string, string>> | undefined): GoSyntax =>
  new GoSyntax(map ? `map[string]string{${Object.keys(map).sort().map((key) => `${quoted(key)}:${quoted(map[key]!)}`).join(', ')}}` : 'map[string]string(nil)');

export function goSelector(selector: LabelSelector | undefined): GoSyntax {
  const list = selector?.matchExpressions;
  const one = (r: NonNullable<LabelSelector['matchExpressions']>[number]): string =>
    `v1.LabelSelectorRequirement{Key:${quoted(r.key)}, Operator:${quoted(r.operator)}, Values:${r.values ? `[]string{${r.values.map(quoted).join(', ')}}` : '[]string(nil)'}}`;
  const expressions = list ? `[]v1.LabelSelectorRequirement{${list.map(one).join(', ')}}` : '[]v1.LabelSelectorRequirement(nil)';
  return new GoSyntax(selector ? `v1.LabelSelector{MatchLabels:${goMap(selector.matchLabels).text}, MatchExpressions:${expressions}}` : '"null"');
}

export const goIntOrString = (v: unknown): GoSyntax =>
  new GoSyntax(`intstr.IntOrString{Type:${typeof v === 'string' ? 1 : 0}, IntVal:${typeof v === 'number' ? v : 0}, StrVal:${quoted(typeof v === 'string' ? v : '')}}`);

const show = (v: unknown): string => {
  if (v instanceof GoSyntax) return v.text;
  if (typeof v === 'string') return quoted(v);
  if (typeof v === 'object' && v !== null) return JSON.stringify(v);
  return String(v);
};

export class Causes {
  readonly list: Cause[] = [];
  required(field: string, text = ''): void { this.list.push({ reason: 'FieldValueRequired', message: text ? `Required value: ${text}` : 'Required value', field }); }
  invalid(field: string, value: unknown, text: string): void { this.list.push({ reason: 'FieldValueInvalid', message: `Invalid value: ${show(value)}: ${text}`, field }); }
  duplicate(field: string, value: unknown): void { this.list.push({ reason: 'FieldValueDuplicate', message: `Duplicate value: ${show(value)}`, field }); }
  unsupported(field: string, value: unknown, allowed: readonly string[]): void {
    this.list.push({ reason: 'FieldValueNotSupported', message: `Unsupported value: ${show(value)}: supported values: ${allowed.map((a) => JSON.stringify(a)).join(', ')}`, field });
  }
  forbidden(field: string, text: string): void { this.list.push({ reason: 'FieldValueForbidden', message: `Forbidden: ${text}`, field }); }
  missing(field: string, value: unknown): void { this.list.push({ reason: 'FieldValueNotFound', message: `Not found: ${show(value)}`, field }); }
}

export const IMMUTABLE = 'field is immutable';
export const NEGATIVE = 'must be greater than or equal to 0';
export const PORT_RANGE = 'must be between 1 and 65535, inclusive';
