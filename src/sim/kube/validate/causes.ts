/**
 * Field errors: the pieces of `The Pod "x" is invalid: …`, in the words of k8s.io/apimachinery's
 * field/errors.go v1.14. Collected, never thrown.
 */
import type { Cause } from '../status.ts';

const show = (v: unknown): string => {
  if (typeof v === 'string') return JSON.stringify(v);
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
