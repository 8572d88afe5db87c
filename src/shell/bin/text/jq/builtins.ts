/** jq's builtin functions: those over values here, those that are jq themselves in PRELUDE. */
import type { Json } from '../../../../sim/proc/program.ts';
import { byteLength } from '../../../../sim/proc/text.ts';
import { arithmetic, deletePaths, indicesOf, setPath } from './access.ts';
import { dates } from './dates.ts';
import { asText, formatValue } from './formats.ts';
import { matches } from './match.ts';
import { BadJson, Reader } from './reader.ts';
import { fail, JqError, shown } from './problem.ts';
import type { Outside } from './run.ts';
import { compare, type Fields, get, isObject, kindOf, sortedKeys, text } from './value.ts';

export type Native = (input: Json, args: readonly Json[], outside: Outside) => Json;

const described = (value: Json): string => `${kindOf(value)} (${shown(value)})`;
const list = (value: Json, what: string): readonly Json[] => (Array.isArray(value) ? (value as readonly Json[]) : fail(`${described(value)} ${what}`));
const string = (value: Json, what: string): string => (typeof value === 'string' ? value : fail(`${described(value)} ${what}`));
const math = (f: (x: number) => number): Native => (x) => (typeof x === 'number' ? f(x) : fail(`${described(x)} number required`));
const math2 = (f: (x: number, y: number) => number): Native => (_, [x, y]) =>
  (typeof x === 'number' && typeof y === 'number' ? f(x, y) : fail(`${described(typeof x === 'number' ? y! : x!)} number required`));
const sorted = (items: readonly Json[]): Json[] => items.map((item, i) => ({ item, i })).sort((a, b) => compare(a.item, b.item) || a.i - b.i).map(({ item }) => item);

function has(value: Json, key: Json): boolean {
  if (isObject(value) && typeof key === 'string') return Object.hasOwn(value, key);
  if (Array.isArray(value) && typeof key === 'number') return key >= 0 && key < value.length;
  return fail(`Cannot check whether ${kindOf(value)} has a ${typeof key === 'string' ? 'string' : kindOf(key)} key`);
}

function contains(a: Json, b: Json): boolean {
  if (kindOf(a) !== kindOf(b)) return fail(`${described(a)} and ${described(b)} cannot have their containment checked`);
  const inner = (x: Json, y: Json): boolean => kindOf(x) === kindOf(y) && contains(x, y);
  if (typeof a === 'string') return a.includes(b as string);
  if (Array.isArray(a)) return (b as readonly Json[]).every((item) => a.some((other) => inner(other as Json, item)));
  if (isObject(a)) return Object.entries(b as Fields).every(([key, value]) => Object.hasOwn(a, key) && inner(a[key]!, value));
  return compare(a, b) === 0;
}

function length(value: Json): Json {
  switch (kindOf(value)) {
    case 'null': return 0;
    case 'boolean': return fail(`${described(value)} has no length`);
    case 'number': return Math.abs(value as number);
    case 'string': return [...(value as string)].length;
    case 'array': return (value as readonly Json[]).length;
    default: return Object.keys(value as Fields).length;
  }
}

function toNumber(value: Json): Json {
  if (typeof value === 'number') return value;
  if (typeof value !== 'string') return fail(`${described(value)} cannot be parsed as a number`);
  try {
    const found = new Reader(value).next();
    if (found && typeof found.value === 'number') return found.value;
    return fail(`${described(value)} cannot be parsed as a number`);
  } catch (error) {
    if (error instanceof BadJson) return fail(`${error.message} (while parsing '${value}')`);
    throw error;
  }
}

function fromJson(value: Json): Json {
  const source = string(value, 'only strings can be parsed');
  try {
    const reader = new Reader(source);
    const found = reader.next();
    if (found && reader.next()) throw new BadJson('Unexpected extra JSON values');
    return found ? found.value : null;
  } catch (error) {
    if (error instanceof BadJson) return fail(`${error.message} (while parsing '${source}')`);
    throw error;
  }
}

function flatten(value: readonly Json[], depth: number): Json[] {
  return value.flatMap((item) => (Array.isArray(item) && depth > 0 ? flatten(item as Json[], depth - 1) : [item]));
}

function indices(value: Json, part: Json): Json {
  if (value === null) return null;
  if (typeof value === 'string' && typeof part === 'string') {
    if (part === '') return null;
    const found: number[] = [];
    for (let at = value.indexOf(part); at >= 0; at = value.indexOf(part, at + 1)) found.push([...value.slice(0, at)].length);
    return found;
  }
  if (Array.isArray(value)) return indicesOf(value as Json[], Array.isArray(part) ? (part as Json[]) : [part]);
  return fail(`Cannot determine indices in ${kindOf(value)}`);
}

export const NATIVE: Readonly<Record<string, Native>> = {
  'not/0': (x) => x === null || x === false,
  'length/0': length, 'utf8bytelength/0': (x) => byteLength(string(x, 'only strings have UTF-8 byte length')),
  'keys/0': (x) => (isObject(x) ? sortedKeys(x) : Array.isArray(x) ? x.map((_, i) => i) : fail(`${described(x)} has no keys`)),
  'keys_unsorted/0': (x) => (isObject(x) ? Object.keys(x) : Array.isArray(x) ? x.map((_, i) => i) : fail(`${described(x)} has no keys`)),
  'has/1': (x, [key]) => has(x, key!), 'contains/1': (x, [part]) => contains(x, part!),
  'add/0': (x) => {
    const items: Json[] = isObject(x) ? Object.values(x) : Array.isArray(x) ? (x as Json[]) : fail(`Cannot iterate over ${kindOf(x)} (${shown(x)})`);
    if (items.length > 1 && items.every((item) => typeof item === 'string')) return items.join('');
    if (items.length > 1 && items.every((item) => Array.isArray(item))) return items.flat(1) as Json;
    return items.reduce<Json>((sum, item) => ADD(sum, item), null);
  },
  'setpath/2': (x, [path, value]) => setPath(x, list(path!, 'Path must be specified as an array'), value!),
  'delpaths/1': (x, [paths]) => deletePaths(x, list(paths!, 'Paths must be specified as an array').map((path) => list(path, 'Path must be specified as an array'))),
  'tostring/0': (x) => asText(x), 'tonumber/0': toNumber, 'tojson/0': (x) => text(x), 'fromjson/0': fromJson,
  'type/0': (x) => kindOf(x), 'ascii/0': (x) => String.fromCharCode(x as number),
  'sort/0': (x) => sorted(list(x, 'cannot be sorted, as it is not an array')),
  'unique/0': (x) => sorted(list(x, 'cannot be sorted, as it is not an array')).filter((item, i, all) => i === 0 || compare(all[i - 1]!, item) !== 0),
  'min/0': (x) => list(x, 'cannot be iterated over').reduce<Json>((a, b, i) => (i === 0 || compare(b, a) < 0 ? b : a), null),
  'max/0': (x) => list(x, 'cannot be iterated over').reduce<Json>((a, b, i) => (i === 0 || compare(b, a) >= 0 ? b : a), null),
  'reverse/0': (x) => (x === null ? [] : typeof x === 'string' ? [...x].reverse().join('') : list(x, 'cannot be reversed, as it is not an array').toReversed()),
  'flatten/0': (x) => flatten(list(x, 'cannot be flattened'), 1e9),
  'flatten/1': (x, [depth]) => ((depth as number) < 0 ? fail('flatten depth must not be negative') : flatten(list(x, 'cannot be flattened'), depth as number)),
  'startswith/1': (x, [part]) => (typeof x === 'string' && typeof part === 'string' ? x.startsWith(part) : fail('startswith() requires string inputs')),
  'endswith/1': (x, [part]) => (typeof x === 'string' && typeof part === 'string' ? x.endsWith(part) : fail('endswith() requires string inputs')),
  'ltrimstr/1': (x, [part]) => (typeof x === 'string' && typeof part === 'string' && x.startsWith(part) ? x.slice(part.length) : x),
  'rtrimstr/1': (x, [part]) => (typeof x === 'string' && typeof part === 'string' && part !== '' && x.endsWith(part) ? x.slice(0, -part.length) : x),
  'explode/0': (x) => [...string(x, 'cannot be exploded')].map((c) => c.codePointAt(0)!),
  'implode/0': (x) => list(x, 'cannot be imploded').map((c) => (typeof c === 'number' ? String.fromCodePoint(Math.max(0, Math.min(0x10ffff, c))) : fail('Unicode codepoint must be numeric'))).join(''),
  'split/1': (x, [part]) => (typeof x === 'string' && typeof part === 'string' ? (x === '' ? [] : part === '' ? [...x] : x.split(part)) : fail('split input and separator must be strings')),
  'ascii_downcase/0': (x) => string(x, 'ascii_downcase input must be a string').replace(/[A-Z]/g, (c) => c.toLowerCase()),
  'ascii_upcase/0': (x) => string(x, 'ascii_upcase input must be a string').replace(/[a-z]/g, (c) => c.toUpperCase()),
  '_indices/1': (x, [part]) => indices(x, part!),
  'join/1': (x, [glue]) => {
    const items = list(x, 'cannot be iterated over');
    if (items.length === 0) return '';
    const between = string(glue!, 'cannot be added to a string');
    return items.map((item) => (item === null ? '' : typeof item === 'string' ? item : typeof item === 'object' ? fail(`string (${shown(between)}) and ${described(item)} cannot be added`)
      : asText(item))).join(between);
  },
  'format/1': (x, [name]) => formatValue(`@${string(name!, 'is not a valid format')}`, x),
  '_match/2': (x, [re, flags]) => matches(x, re!, flags!),
  'floor/0': math(Math.floor), 'ceil/0': math(Math.ceil), 'round/0': math((n) => Math.sign(n) * Math.round(Math.abs(n))), 'sqrt/0': math(Math.sqrt), 'fabs/0': math(Math.abs),
  'trunc/0': math(Math.trunc), 'pow/2': math2((x, y) => x ** y), 'log/0': math(Math.log), 'log2/0': math(Math.log2), 'log10/0': math(Math.log10), 'exp/0': math(Math.exp),
  'exp10/0': math((n) => 10 ** n), 'exp2/0': math((n) => 2 ** n), 'sin/0': math(Math.sin), 'cos/0': math(Math.cos), 'tan/0': math(Math.tan), 'cbrt/0': math(Math.cbrt),
  'infinite/0': () => Infinity, 'nan/0': () => NaN, 'isinfinite/0': (x) => Math.abs(x as number) === Infinity, 'isnan/0': (x) => Number.isNaN(x),
  'isnormal/0': (x) => Number.isFinite(x) && Math.abs(x as number) >= 2.2250738585072014e-308,
  'now/0': (_, __, outside) => outside.nowSeconds,
  'tostream_events/0': (x) => events(x),
  'error/1': (_, [value]) => { throw new JqError(value!); },
  ...dates,
};

const ADD = (a: Json, b: Json): Json => arithmetic('+', a, b);

/** The events of tostream: leaves with their paths, and the end of each container. */
function events(value: Json): Json {
  const out: Json[] = [];
  const visit = (at: Json, path: readonly Json[]): void => {
    const keys: Json[] = isObject(at) ? Object.keys(at) : Array.isArray(at) ? at.map((_, i) => i) : [];
    if (keys.length === 0) out.push([path as Json, at]);
    else {
      for (const key of keys) visit(isObject(at) ? get(at, key as string) : (at as readonly Json[])[key as number]!, [...path, key]);
      out.push([[...path, keys.at(-1)!]]);
    }
  };
  visit(value, []);
  return out;
}

export const PRELUDE = `
def map(f): [.[] | f];
def map_values(f): .[] |= f;
def select(f): if f then . else empty end;
def recurse: recurse(.[]?);
def recurse(f; cond): def r: ., (f | select(cond) | r); r;
def recurse_down: recurse;
def values: select(. != null);
def nulls: select(. == null);
def booleans: select(type == "boolean");
def numbers: select(type == "number");
def strings: select(type == "string");
def arrays: select(type == "array");
def objects: select(type == "object");
def iterables: select(type == "array" or type == "object");
def scalars: select(type != "array" and type != "object");
def finites: select((isinfinite or isnan) | not);
def normals: select(isnormal);
def del(f): delpaths([path(f)]);
def to_entries: [keys_unsorted[] as $k | {key: $k, value: .[$k]}];
def from_entries: map({(.key // .k // .name // .Name // .K // .Key | if type == "string" then . else tojson end): (if has("value") then .value elif has("v") then .v else .Value end)}) | add + {} // {};
def with_entries(f): to_entries | map(f) | from_entries;
def range($x): range(0; $x);
def in(xs): . as $x | xs | has($x);
def inside(xs): . as $x | xs | contains($x);
def paths: path(..) | select(length > 0);
def paths(node_filter): . as $dot | paths | select(. as $p | $dot | getpath($p) | node_filter);
def leaf_paths: paths(scalars);
def any: any(.[]; .);
def all: all(.[]; .);
def any(f): any(.[]; f);
def all(f): all(.[]; f);
def any(generator; condition): [label $found | generator | condition | select(.) | true, break $found] | length > 0;
def all(generator; condition): [label $found | generator | condition | select(. | not) | true, break $found] | length == 0;
def isvalid(f): try (f | true) catch false;
def first: .[0];
def last: .[-1];
def last(f): reduce f as $x (null; $x);
def nth($n): .[$n];
def nth($n; f): if $n < 0 then error("Out of bounds negative array index") else last(limit($n + 1; f)) end;
def inputs: def r: (try input catch (if . == "No more inputs" then "__end" | ([.]) else error end)) as $x | if $x == ["__end"] then empty else $x, r end; r;
def combinations: if length == 0 then [] else .[0][] as $x | (.[1:] | combinations) as $w | [$x] + $w end;
def combinations(n): . as $dot | [range(n)] | map($dot) | combinations;
def walk(f): . as $in | if type == "object" then reduce keys[] as $key ({}; . + {($key): ($in[$key] | walk(f))}) | f elif type == "array" then map(walk(f)) | f else f end;
def transpose: if . == [] then [] else . as $in | (map(length) | max) as $max | [range(0; $max) as $j | [range(0; $in | length) as $i | $in[$i][$j]]] end;
def indices($i): if type == "array" and ($i | type) == "array" then .[$i] elif type == "array" then .[[$i]] else _indices($i) end;
def index($i): indices($i) | .[0];
def rindex($i): indices($i) | .[-1:][0];
def _match_arg($v; $flags): if ($v | type) == "array" then (if ($v | length) > 1 then _match($v[0]; $v[1]) else _match($v[0]; $flags) end) else _match($v; $flags) end;
def match($v): _match_arg($v; null) | .[];
def match(re; flags): _match(re; flags) | .[];
def test($v): (_match_arg($v; null) | length) > 0;
def test(re; flags): (_match(re; flags) | length) > 0;
def capture_of: [.captures[] | select(.name != null) | {key: .name, value: .string}] | from_entries;
def capture($v): match($v) | capture_of;
def capture(re; flags): match(re; flags) | capture_of;
def scan($re): match($re; "g") | if (.captures | length) > 0 then [.captures[].string] else .string end;
def splits($re): splits($re; null);
def splits($re; flags): split($re; flags) | .[];
def split($re; flags): . as $s | [foreach (match($re; flags + "g"), null) as $m ({at: 0}; if $m == null then {part: $s[.at:]} else {part: $s[.at:$m.offset], at: ($m.offset + $m.length)} end; .part)];
def sub($re; str; $flags): . as $in | (reduce match($re; $flags) as $m ([0, [""]]; . as [$at, $outs] | [$m.offset + $m.length, [$outs[] | . + $in[$at:$m.offset] + ($m | capture_of | str)]])) as [$at, $outs] | $outs[] + $in[$at:];
def sub($re; str): sub($re; str; "");
def gsub($re; str; $flags): sub($re; str; $flags + "g");
def gsub($re; str): sub($re; str; "g");
def todate: strftime("%Y-%m-%dT%H:%M:%SZ");
def fromdateiso8601: strptime("%Y-%m-%dT%H:%M:%SZ") | mktime;
def todateiso8601: strftime("%Y-%m-%dT%H:%M:%SZ");
def fromdate: fromdateiso8601;
def date: todate;
def dateadd(u; n): . + n;
def datesub(u; n): . - n;
def tostream: tostream_events | .[];
def fromstream(f): {x: null, e: false} as $init | foreach f as $i ($init; if .e then $init else . end | if $i | length == 2 then setpath(["e"]; $i[0] | length == 0) | setpath(["x"] + $i[0]; $i[1]) else setpath(["e"]; $i[0] | length == 1) end; if .e then .x else empty end);
def truncate_stream(stream): . as $n | null | stream | . as $input | if (.[0] | length) > $n then setpath([0]; .[0][$n:]) else empty end;
`;
