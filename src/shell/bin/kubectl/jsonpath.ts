/**
 * kubectl's JSONPath evaluated: the odd corners of client-go's util/jsonpath (1.14). Values are plain JSON; a
 * result list prints with single blanks between.
 */
import { byText, isObj, sortedKeys, type Obj } from './object.ts';
import { formatNumber } from './yaml.ts';
import { PathError, type Node, type Param } from './jsonpath-parse.ts';

export { parsePath, relaxed, type Parsed } from './jsonpath-parse.ts';

/** The walk over a parsed template. `range` and `end` act on the list that they stand in. */
class Walk {
  private begin = 0;
  private ended = 0;
  private within = 0;
  private cur: unknown[] = [];
  private readonly outer: unknown[][] = [];
  constructor(readonly strict: boolean) {}

  find(nodes: readonly Node[], data: unknown): unknown[][] {
    this.cur = [data];
    const full: unknown[][] = [];
    for (let i = 0; i < nodes.length; i++) {
      const results = this.walk(this.cur, nodes[i]!);
      if (this.ended > 0 && this.ended <= this.within) { this.ended--; break; }
      if (this.begin > 0) {
        this.begin--;
        this.within++;
        results.forEach((value, k) => {
          if (k === results.length - 1) this.within--;
          full.push(...this.find(nodes.slice(i + 1), value));
        });
        break;
      }
      full.push(results);
    }
    return full;
  }

  private list(input: unknown[], nodes: readonly Node[]): unknown[] {
    return nodes.reduce<unknown[]>((at, node) => this.walk(at, node), input);
  }

  private walk(input: unknown[], node: Node): unknown[] {
    switch (node.is) {
      case 'list': return this.list(input, node.nodes);
      case 'text': return [new Text(node.text)];
      case 'value': return input.map(() => node.value);
      case 'field': return this.field(input, node.name);
      case 'wildcard': return input.flatMap(children);
      case 'recursive': return input.flatMap(descend);
      case 'union': return node.lists.flatMap((nodes) => this.list(input, nodes));
      case 'array': return input.flatMap((value) => slice(value, node.params));
      case 'filter': return input.flatMap((value) => this.filter(value, node));
      case 'name': return this.word(input, node.name);
    }
  }

  private word(input: unknown[], name: string): unknown[] {
    if (name === 'range') {
      this.outer.push(this.cur);
      this.begin++;
      return input;
    }
    if (name !== 'end') throw new PathError(`unrecognized identifier ${name}`);
    if (this.ended < this.within) { this.ended++; return []; }
    const back = this.outer.pop();
    if (!back) throw new PathError('not in range, nothing to end');
    this.cur = back;
    return [];
  }

  private field(input: unknown[], name: string): unknown[] {
    const results = input.flatMap((value) => (isObj(value) && Object.hasOwn(value, name) && value[name] !== undefined ? [value[name]] : []));
    if (!results.length && this.strict && input.length) throw new PathError(`${name} is not found`);
    return results;
  }

  private filter(value: unknown, node: Node & { is: 'filter' }): unknown[] {
    if (!Array.isArray(value)) throw new PathError(`${printValue(value)} is not array or slice and cannot be filtered`);
    return value.filter((item: unknown) => {
      const lefts = this.quiet(() => this.list([item], node.left));
      if (node.op === 'exists') return lefts.length > 0;
      if (!lefts.length) return false;
      const rights = this.quiet(() => this.list([item], node.right));
      if (!rights.length) return false;
      if (lefts.length > 1 || rights.length > 1) throw new PathError('can only compare one element at a time');
      return compare(lefts[0], rights[0], node.op);
    });
  }

  /** A missing key inside a filter only means that the item does not pass. */
  private quiet(run: () => unknown[]): unknown[] {
    try { return run(); } catch (error) {
      if (this.strict && error instanceof PathError && error.message.endsWith(' is not found')) return [];
      throw error;
    }
  }
}

class Text { constructor(readonly text: string) {} }
const plain = (value: unknown): unknown => (value instanceof Text ? value.text : value);

const children = (value: unknown): unknown[] => (Array.isArray(value) ? value : isObj(value) ? sortedKeys(value).map((key) => value[key]) : []);

function descend(value: unknown): unknown[] {
  const inside = children(value);
  return inside.length ? [value, ...inside.flatMap(descend)] : [];
}

function slice(value: unknown, params: readonly [Param, Param, Param]): unknown[] {
  if (value === null || value === undefined) return [];
  if (!Array.isArray(value)) throw new PathError(`${goType(value)} is not array or slice`);
  const length = value.length;
  const from = params[0].known && params[0].value < 0 ? params[0].value + length : params[0].known ? params[0].value : 0;
  let to = params[1].known ? params[1].value : length;
  if (to < 0 || (to === 0 && params[1].derived)) to += length;
  if (from !== to) {
    if (from >= length || from < 0) throw new PathError(`array index out of bounds: index ${from}, length ${length}`);
    if (to > length || to < 0) throw new PathError(`array index out of bounds: index ${to - 1}, length ${length}`);
  }
  return value.slice(from, to);
}

function compare(a: unknown, b: unknown, op: string): boolean {
  const [left, right] = [plain(a), plain(b)];
  if (typeof left !== typeof right || (typeof left === 'object')) throw new PathError('incompatible types for comparison');
  if (op === '==') return left === right;
  if (op === '!=') return left !== right;
  if (typeof left === 'boolean') throw new PathError('invalid type for comparison');
  const order = typeof left === 'string' ? byText(left, right as string) : (left as number) - (right as number);
  switch (op) {
    case '<': return order < 0;
    case '<=': return order <= 0;
    case '>': return order > 0;
    case '>=': return order >= 0;
    default: throw new PathError(`unrecognized filter operator ${op}`);
  }
}

export type Found = { ok: true; results: unknown[][] } | { ok: false; error: string };

export function findPath(nodes: readonly Node[], data: unknown, strict = false): Found {
  try {
    return { ok: true, results: new Walk(strict).find(nodes, data).map((list) => list.map(plain)) };
  } catch (error) {
    if (error instanceof PathError) return { ok: false, error: error.message };
    throw error;
  }
}

/** fmt.Fprint of a decoded JSON value. */
export function printValue(value: unknown): string {
  if (value === null || value === undefined) return '<nil>';
  if (typeof value === 'string') return value;
  if (typeof value === 'number') return formatNumber(value);
  if (Array.isArray(value)) return `[${value.map(printValue).join(' ')}]`;
  if (isObj(value)) return `map[${sortedKeys(value).map((key) => `${key}:${printValue(value[key])}`).join(' ')}]`;
  return String(value);
}

export const printResults = (results: readonly unknown[][]): string => results.map((list) => list.map(printValue).join(' ')).join('');

const goType = (value: unknown): string => (isObj(value) ? 'map[string]interface {}' : typeof value === 'number' ? (Number.isInteger(value) ? 'int64' : 'float64') : typeof value === 'boolean' ? 'bool' : 'string');

/** %#v of a decoded JSON value. */
export function goSyntax(value: unknown): string {
  if (value === null || value === undefined) return 'interface {}(nil)';
  if (typeof value === 'string') return JSON.stringify(value).replace(/\\u00([0-9a-f]{2})/g, '\\x$1');
  if (Array.isArray(value)) return `[]interface {}{${value.map(goSyntax).join(', ')}}`;
  if (isObj(value)) return `map[string]interface {}{${sortedKeys(value as Obj).map((key) => `${goSyntax(key)}:${goSyntax(value[key])}`).join(', ')}}`;
  return typeof value === 'number' ? formatNumber(value) : String(value);
}
