/** The record and its fields: cut when somebody looks, joined again when one changed (POSIX awk, gawk's FPAT and FIELDWIDTHS). */
import { compileRegex, type Regex } from '../regex/compile.ts';
import { Input, type Value } from './values.ts';

export type Splitting = { readonly by: 'FS'; readonly fs: string } | { readonly by: 'FPAT'; readonly regex: Regex } | { readonly by: 'FIELDWIDTHS'; readonly widths: readonly number[] };

const regexes = new Map<string, Regex | null>();

/** A dynamic regular expression; compiled once. Null if it cannot be read. */
export function dynamicRegex(source: string, ignoreCase: boolean): Regex | null {
  const key = (ignoreCase ? 'i' : 'c') + source;
  let regex = regexes.get(key);
  if (regex === undefined) {
    const made = compileRegex(source, { extended: true, awk: true, ignoreCase });
    regex = made.ok ? made.regex : null;
    if (regexes.size > 500) regexes.clear();
    regexes.set(key, regex);
  }
  return regex;
}

/** The parts of a text by a field separator, and what stood between them. */
export function splitText(text: string, fs: string, paragraph = false): { parts: string[]; seps: string[] } {
  if (fs === ' ') {
    const parts: string[] = [];
    const seps: string[] = [];
    let at = 0;
    for (const m of text.matchAll(/[^ \t\n]+/g)) {
      if (parts.length) seps.push(text.slice(at, m.index));
      parts.push(m[0]);
      at = m.index + m[0].length;
    }
    return { parts, seps };
  }
  if (text === '') return { parts: [], seps: [] };
  if (fs === '') return { parts: [...text], seps: [] };
  if ([...fs].length === 1 && fs !== '\\' && !paragraph) {
    const parts = text.split(fs);
    return { parts, seps: new Array<string>(parts.length - 1).fill(fs) };
  }
  const source = fs.length === 1 ? (fs === '\\' ? '\\\\' : `[${fs === '^' ? '\\^' : fs}]`) : fs;
  const regex = dynamicRegex(paragraph ? `(${source})|\n` : source, false);
  return regex ? splitByRegex(text, regex) : { parts: [text], seps: [] };
}

export function splitByRegex(text: string, regex: Regex): { parts: string[]; seps: string[] } {
  const parts: string[] = [];
  const seps: string[] = [];
  let from = 0;
  for (let at = 0; at <= text.length;) {
    const m = regex.exec(text, at);
    if (!m) break;
    if (m.end === m.start) { at = m.end + 1; continue; }
    parts.push(text.slice(from, m.start));
    seps.push(text.slice(m.start, m.end));
    from = at = m.end;
  }
  parts.push(text.slice(from));
  return { parts, seps };
}

export class Fields {
  private whole = '';
  private fields: Value[] | null = [];
  private stale = false;

  constructor(private readonly splitting: () => Splitting & { paragraph?: boolean }, private readonly ofs: () => string, private readonly text: (value: Value) => string) {}

  setRecord(text: string): void {
    this.whole = text;
    this.fields = null;
    this.stale = false;
  }

  get record(): string {
    if (this.stale) {
      this.whole = this.fields!.map((field) => this.text(field)).join(this.ofs());
      this.stale = false;
    }
    return this.whole;
  }

  private cut(): Value[] {
    if (this.fields) return this.fields;
    const how = this.splitting();
    let parts: string[];
    if (how.by === 'FPAT') {
      parts = [];
      for (let at = 0; at < this.whole.length;) {
        const m = how.regex.exec(this.whole, at);
        if (!m) break;
        if (m.end > m.start) parts.push(this.whole.slice(m.start, m.end));
        at = m.end > m.start ? m.end : m.end + 1;
      }
    } else if (how.by === 'FIELDWIDTHS') {
      parts = [];
      let at = 0;
      for (const width of how.widths) {
        if (at >= this.whole.length) break;
        parts.push(this.whole.slice(at, at + width));
        at += width;
      }
    } else parts = splitText(this.whole, how.fs, how.paragraph).parts;
    this.fields = parts.map((part) => new Input(part));
    return this.fields;
  }

  get count(): number { return this.cut().length; }

  set count(n: number) {
    const fields = this.cut();
    while (fields.length < n) fields.push('');
    fields.length = Math.max(0, n);
    this.stale = true;
  }

  get(index: number): Value {
    if (index === 0) return new Input(this.record);
    return this.cut()[index - 1] ?? new Input('');
  }

  set(index: number, value: Value): void {
    if (index === 0) {
      this.setRecord(this.text(value));
      return;
    }
    const fields = this.cut();
    while (fields.length < index) fields.push('');
    fields[index - 1] = value;
    this.stale = true;
  }
}
