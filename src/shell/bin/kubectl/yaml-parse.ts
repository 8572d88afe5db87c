/**
 * YAML tokens to values, as go-yaml v2 on libyaml's parser: one document, anchors, merge keys, and the
 * parser's words for what does not fit. Keys become strings. It reads no JSON and no second document.
 */
import { YamlFault } from './yaml-cursor.ts';
import { Scanner, type Token, type TokenType } from './yaml-scan.ts';
import { resolveScalar } from './yaml.ts';

type Value = unknown;

export class Parser {
  private readonly tokens: Scanner;
  private readonly anchors = new Map<string, Value>();

  constructor(text: string) { this.tokens = new Scanner(text); }

  private is(...types: TokenType[]): boolean { return types.includes(this.tokens.peek().type); }
  private take(): Token { return this.tokens.next(); }

  private fault(problem: string, contextLine: number): never {
    throw new YamlFault('parser', problem, this.tokens.peek().line, contextLine);
  }

  /** The first document's value; undefined when there is none. */
  document(): Value {
    while (this.is('document-end')) this.take();
    if (this.is('stream-end')) return undefined;
    if (this.is('directive', 'document-start')) {
      while (this.is('directive')) this.take();
      if (!this.is('document-start')) this.fault('did not find expected <document start>', 0);
      this.take();
      if (this.is('directive', 'document-start', 'document-end', 'stream-end')) return null;
    }
    const value = this.node(true, false);
    // The end of the document is looked for, and so the next token is read.
    this.tokens.peek();
    return value;
  }

  private node(block: boolean, indentless: boolean): Value {
    const start = this.tokens.peek();
    if (start.type === 'alias') {
      this.take();
      if (!this.anchors.has(start.text)) throw new YamlFault('reader', `unknown anchor '${start.text}' referenced`, 0, 0);
      return this.anchors.get(start.text);
    }
    let anchor: string | null = null, tag: string | null = null;
    while ((anchor === null && this.is('anchor')) || (tag === null && this.is('tag'))) {
      const token = this.take();
      if (token.type === 'anchor') anchor = token.text; else tag = token.text;
    }
    const value = this.content(block, indentless, start, anchor !== null || tag !== null, tag);
    if (anchor !== null) this.anchors.set(anchor, value);
    return value;
  }

  private content(block: boolean, indentless: boolean, start: Token, marked: boolean, tag: string | null): Value {
    if (indentless && this.is('block-entry')) return this.indentlessSequence();
    if (this.is('scalar')) {
      const { text, plain } = this.take();
      const isString = tag === '!' || tag === '!!str' || (tag === null && !plain);
      return isString || (tag !== null && !/^!!(int|float|bool|null)$/.test(tag)) ? text : resolveScalar(text);
    }
    if (this.is('flow-sequence')) return this.flowSequence();
    if (this.is('flow-mapping')) return this.flowMapping();
    if (block && this.is('block-sequence')) return this.blockSequence();
    if (block && this.is('block-mapping')) return this.blockMapping();
    if (marked) return tag === '!!str' ? '' : null;
    this.fault('did not find expected node content', start.line);
  }

  private blockSequence(): Value {
    const { line } = this.take();
    const out: Value[] = [];
    while (this.is('block-entry')) {
      this.take();
      out.push(this.is('block-entry', 'block-end') ? null : this.node(true, false));
    }
    if (!this.is('block-end')) this.fault("did not find expected '-' indicator", line);
    this.take();
    return out;
  }

  private indentlessSequence(): Value {
    const out: Value[] = [];
    while (this.is('block-entry')) {
      this.take();
      out.push(this.is('block-entry', 'key', 'value', 'block-end') ? null : this.node(true, false));
    }
    return out;
  }

  private blockMapping(): Value {
    const { line } = this.take();
    const out = new Mapping();
    while (this.is('key', 'value')) {
      if (this.is('value')) this.fault('did not find expected key', line);
      this.take();
      const key = this.is('key', 'value', 'block-end') ? null : this.node(true, true);
      let value: Value = null;
      if (this.is('value')) {
        this.take();
        if (!this.is('key', 'value', 'block-end')) value = this.node(true, true);
      }
      out.set(key, value);
    }
    if (!this.is('block-end')) this.fault('did not find expected key', line);
    this.take();
    return out.done();
  }

  private flowSequence(): Value {
    const { line } = this.take();
    const out: Value[] = [];
    for (let first = true; !this.is('flow-sequence-end'); first = false) {
      if (!first) {
        if (!this.is('flow-entry')) this.fault("did not find expected ',' or ']'", line);
        this.take();
        if (this.is('flow-sequence-end')) break;
      }
      out.push(this.is('key') ? this.flowPair() : this.node(false, false));
    }
    this.take();
    return out;
  }

  /** A mapping of one entry, without braces, in a sequence. */
  private flowPair(): Value {
    this.take();
    const out = new Mapping();
    const key = this.is('value', 'flow-entry', 'flow-sequence-end') ? null : this.node(false, false);
    out.set(key, this.flowValue('flow-sequence-end'));
    return out.done();
  }

  private flowValue(end: TokenType): Value {
    if (!this.is('value')) return null;
    this.take();
    return this.is('flow-entry', end) ? null : this.node(false, false);
  }

  private flowMapping(): Value {
    const { line } = this.take();
    const out = new Mapping();
    for (let first = true; !this.is('flow-mapping-end'); first = false) {
      if (!first) {
        if (!this.is('flow-entry')) this.fault("did not find expected ',' or '}'", line);
        this.take();
        if (this.is('flow-mapping-end')) break;
      }
      if (this.is('key')) {
        this.take();
        const key = this.is('value', 'flow-entry', 'flow-mapping-end') ? null : this.node(false, false);
        out.set(key, this.flowValue('flow-mapping-end'));
      } else out.set(this.node(false, false), null);
    }
    this.take();
    return out.done();
  }
}

/** Entries in order, the later of two equal keys winning; merged ones only where there is none of their own. */
class Mapping {
  private readonly own: Record<string, Value> = {};
  private readonly merged: Record<string, Value> = {};

  set(key: Value, value: Value): void {
    if (key === '<<') {
      for (const one of Array.isArray(value) ? value : [value]) if (typeof one === 'object' && one !== null) for (const [name, item] of Object.entries(one)) if (!(name in this.merged)) this.merged[name] = item;
      return;
    }
    if (typeof key === 'object' && key !== null) throw new YamlFault('reader', `invalid map key: ${goSyntax(key)}`, 0, 0);
    define(this.own, String(key), value);
  }

  done(): Record<string, Value> {
    const out: Record<string, Value> = {};
    for (const source of [this.merged, this.own]) for (const [name, value] of Object.entries(source)) define(out, name, value);
    return out;
  }
}

/** fmt's %#v of a value that was decoded into an interface. */
function goSyntax(value: Value): string {
  if (Array.isArray(value)) return `[]interface {}{${value.map(goSyntax).join(', ')}}`;
  if (typeof value === 'object' && value !== null) return `map[interface {}]interface {}{${Object.entries(value).map(([name, item]) => `${JSON.stringify(name)}:${goSyntax(item)}`).join(', ')}}`;
  return value === null ? 'interface {}(nil)' : JSON.stringify(value);
}

/** Plain assignment, also of `__proto__`. */
function define(into: Record<string, Value>, name: string, value: Value): void {
  if (name === '__proto__') Object.defineProperty(into, name, { value, enumerable: true, configurable: true, writable: true });
  else into[name] = value;
}
