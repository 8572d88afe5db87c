/**
 * Label and field selectors: the text forms of `-l` and `--field-selector`, and LabelSelector objects.
 * k8s.io/apimachinery/pkg/labels and pkg/fields v1.14. A selector is parsed once and is plain data.
 */
import type { Labels, LabelSelector } from './types.ts';

export interface Requirement { key: string; op: 'in' | 'notin' | 'exists' | '!' | 'gt' | 'lt'; values: readonly string[] }
export type Selector = readonly Requirement[];
export type Parsed<T> = { ok: true; value: T } | { ok: false; error: string };

export function matches(selector: Selector, labels: Labels | undefined): boolean {
  for (const r of selector) {
    const value = labels?.[r.key];
    const there = value !== undefined;
    const hit = r.op === 'in' ? there && r.values.includes(value)
      : r.op === 'notin' ? !there || !r.values.includes(value)
      : r.op === 'exists' ? there
      : r.op === '!' ? !there
      : there && (r.op === 'gt' ? Number(value) > Number(r.values[0]) : Number(value) < Number(r.values[0]));
    if (!hit) return false;
  }
  return true;
}

const compiled = new WeakMap<object, Selector>();
/** A LabelSelector object as requirements. Nothing given selects nothing: null. */
export function fromObject(selector: LabelSelector | undefined | null): Selector | null {
  if (!selector) return null;
  let out = compiled.get(selector);
  if (!out) {
    const list: Requirement[] = Object.entries(selector.matchLabels ?? {}).map(([key, value]) => ({ key, op: 'in', values: [value] }));
    for (const e of selector.matchExpressions ?? []) {
      const op = ({ In: 'in', NotIn: 'notin', Exists: 'exists', DoesNotExist: '!', Gt: 'gt', Lt: 'lt' } as const)[e.operator as 'In'];
      if (op) list.push({ key: e.key, op, values: e.values ?? [] });
    }
    out = list;
    compiled.set(selector, out);
  }
  return out;
}
/** Whether a workload's selector takes these labels; an empty one takes none. */
export const selects = (selector: LabelSelector | undefined | null, labels: Labels | undefined): boolean => {
  const s = fromObject(selector);
  return s !== null && s.length > 0 && matches(s, labels);
};
/** A service's or node's plain map. */
export function mapSelects(selector: Labels | undefined, labels: Labels | undefined): boolean {
  for (const key in selector) if (labels?.[key] !== selector[key]) return false;
  return true;
}

const TOKEN = /\s*(==|!=|[=!(),<>]|[^\s=!(),<>]+)/y;
const QUALIFIED = /^(?:[a-z0-9]([-a-z0-9.]*[a-z0-9])?\/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/;
const VALUE = /^([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?$/;
export const isLabelKey = (key: string): boolean => QUALIFIED.test(key) && key.length <= 317;
export const isLabelValue = (value: string): boolean => VALUE.test(value);

export const LABEL_KEY_RULE = "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";
export const LABEL_VALUE_RULE = "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";

const known = new Map<string, Parsed<Selector>>();
/** The text of `-l`. */
export function parseSelector(text: string): Parsed<Selector> {
  let out = known.get(text);
  if (!out) {
    out = new LabelParser(text).parse();
    if (known.size > 512) known.clear();
    known.set(text, out);
  }
  return out;
}

class LabelParser {
  private readonly tokens: string[] = [];
  private at = 0;
  constructor(text: string) {
    TOKEN.lastIndex = 0;
    for (let m = TOKEN.exec(text); m; m = TOKEN.exec(text)) this.tokens.push(m[1]!);
  }

  parse(): Parsed<Selector> {
    const list: Requirement[] = [];
    if (!this.tokens.length) return { ok: true, value: list };
    for (;;) {
      const one = this.requirement();
      if (typeof one === 'string') return { ok: false, error: `unable to parse requirement: ${one}` };
      list.push(one);
      const next = this.take();
      if (next === '') return { ok: true, value: list };
      if (next !== ',') return { ok: false, error: `found '${next}', expected: ',' or 'end of string'` };
      if (this.at >= this.tokens.length) return { ok: false, error: "unable to parse requirement: found '', expected: identifier after ','" };
    }
  }

  private take(): string { return this.tokens[this.at++] ?? ''; }
  private peek(): string { return this.tokens[this.at] ?? ''; }

  private requirement(): Requirement | string {
    let key = this.take();
    if (key === '!') {
      key = this.take();
      return this.checked({ key, op: '!', values: [] });
    }
    if (key === '' || /^[=!(),<>]/.test(key)) return `found '${key}', expected: !, identifier, or 'end of string'`;
    const op = this.peek();
    if (op === '' || op === ',') return this.checked({ key, op: 'exists', values: [] });
    this.at++;
    if (op === 'in' || op === 'notin') return this.set(key, op);
    if (op === '=' || op === '==' || op === '!=') {
      const value = this.peek() === '' || this.peek() === ',' ? '' : this.take();
      return this.checked({ key, op: op === '!=' ? 'notin' : 'in', values: [value] });
    }
    if (op === '>' || op === '<') return this.checked({ key, op: op === '>' ? 'gt' : 'lt', values: [this.take()] });
    return `found '${op}', expected: '=', '!=', '==', 'in', notin'`;
  }

  private set(key: string, op: 'in' | 'notin'): Requirement | string {
    const open = this.take();
    if (open !== '(') return `found '${open}' expected: '('`;
    const values: string[] = [];
    for (;;) {
      const word = this.take();
      if (word === '') return "found '', expected: ',', or ')'";
      if (word === ')') return this.checked({ key, op, values: [...new Set(values)].sort() });
      if (word !== ',') values.push(word);
    }
  }

  private checked(r: Requirement): Requirement | string {
    if (!isLabelKey(r.key)) return `invalid label key ${JSON.stringify(r.key)}: ${LABEL_KEY_RULE}`;
    const bad = r.values.find((value) => !isLabelValue(value));
    return bad === undefined ? r : `invalid label value: ${JSON.stringify(bad)}: ${LABEL_VALUE_RULE}`;
  }
}

export interface FieldTerm { field: string; value: string; equal: boolean }
/** The text of `--field-selector`. */
export function parseFields(text: string): Parsed<readonly FieldTerm[]> {
  const terms: FieldTerm[] = [];
  for (const part of text.split(',').filter(Boolean)) {
    const m = /^(.*?)(==|!=|=)(.*)$/.exec(part);
    if (!m) return { ok: false, error: `invalid selector: '${text}'; can't understand '${part}'` };
    terms.push({ field: m[1]!, equal: m[2] !== '!=', value: m[3]! });
  }
  return { ok: true, value: terms };
}

/** A LabelSelector or map in the text form of `describe` and of -o wide. */
export function selectorText(selector: LabelSelector | undefined | null): string {
  const parts = (fromObject(selector) ?? []).map(requirementText);
  return parts.length ? parts.sort().join(',') : '<none>';
}
const requirementText = (r: Requirement): string =>
  r.op === 'exists' ? r.key : r.op === '!' ? `!${r.key}` : r.op === 'gt' ? `${r.key}>${r.values[0]}` : r.op === 'lt' ? `${r.key}<${r.values[0]}`
  : r.op === 'in' && r.values.length === 1 ? `${r.key}=${r.values[0]}` : `${r.key} ${r.op} (${[...r.values].sort().join(',')})`;

export const mapText = (map: Labels | undefined): string => {
  const keys = Object.keys(map ?? {}).sort();
  return keys.length ? keys.map((k) => `${k}=${map![k]}`).join(',') : '<none>';
};
