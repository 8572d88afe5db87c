/**
 * Variables, their scopes and attributes; arrays; the variables that the shell itself computes; the
 * environment of children. Bash's variables.c.
 */
import { own } from '../../sim/engine/cow.ts';
import { evaluate } from './arithmetic.ts';
import { DYNAMIC, dynamicList, LISTS } from './dynamic.ts';
import type { Scope, Var } from './session.ts';
import { Failure, type Shell } from './shell.ts';
import { get, has, hashOrder, names, remove, set, type Table } from './table.ts';

export const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** Where a name is bound: a table of a scope, or the global one. */
function tableOf(sh: Shell, name: string): Table<Var | null> {
  const { scopes } = sh.s;
  for (let i = scopes.length - 1; i >= 0; i--) if (has(scopes[i]!.vars, name)) return scopes[i]!.vars;
  return sh.s.vars as Table<Var | null>;
}

export const lookup = (sh: Shell, name: string): Var | null | undefined => {
  const { scopes, vars } = sh.s;
  for (let i = scopes.length - 1; i >= 0; i--) {
    const found = get(scopes[i]!.vars, name);
    if (found !== undefined) return found;
  }
  return get(vars, name);
};

/** The table that holds the name, safe to change. */
function ownTable(sh: Shell, name: string, global = false): Table<Var | null> {
  if (!global) {
    for (let i = sh.s.scopes.length - 1; i >= 0; i--) {
      if (has(sh.s.scopes[i]!.vars, name)) return own(own(sh.own('scopes'), i) as Scope, 'vars');
    }
  }
  return sh.own('vars') as Table<Var | null>;
}

/** Follows name references. */
export function target(sh: Shell, name: string): string {
  for (let i = 0; i < 8; i++) {
    const v = lookup(sh, name);
    if (!v || !v.flags.includes('n') || !v.value) return name;
    name = v.value;
  }
  return name;
}

// ---- reading

/** A scalar's value, or element 0 of an array. */
export function value(sh: Shell, name: string): string | undefined {
  let v = lookup(sh, name);
  if (!v) {
    if (v === undefined && Object.hasOwn(DYNAMIC, name)) return DYNAMIC[name]!(sh);
    if (v === undefined && LISTS.has(name)) return dynamicList(sh, name)![0];
    return undefined;
  }
  if (v.flags !== '' && v.flags.includes('n') && v.value) {
    const to = target(sh, name);
    const element = /^(\w+)\[(.*)\]$/.exec(to);
    if (element) return elementOf(sh, element[1]!, element[2]!);
    v = lookup(sh, to);
    if (!v) return undefined;
  }
  if (v.list) return v.list[0];
  if (v.map) return get(v.map, '0');
  return v.value;
}

interface Elements { keys: string[]; values: string[] }

/** All elements: of an array, or a scalar as an array of one. */
export function elements(sh: Shell, name: string): Elements | undefined {
  name = target(sh, name);
  const v = lookup(sh, name);
  if (!v) {
    const list = v === undefined ? dynamicList(sh, name) : undefined;
    if (list) return { keys: list.map((_, i) => String(i)), values: list };
    const one = v === undefined ? value(sh, name) : undefined;
    return one === undefined ? undefined : { keys: ['0'], values: [one] };
  }
  if (v.list) return { keys: Object.keys(v.list), values: Object.values(v.list) };
  if (v.map) {
    const keys = hashOrder(names(v.map));
    return { keys, values: keys.map((key) => get(v.map!, key)!) };
  }
  return v.value === undefined ? undefined : { keys: ['0'], values: [v.value] };
}

export const isAssoc =
  (sh: Shell, name: string): boolean => !!lookup(sh, target(sh, name))?.flags.includes('A');
export const isArray = (sh: Shell, name: string): boolean => {
  const v = lookup(sh, target(sh, name));
  return v ? !!(v.list ?? v.map) || /[aA]/.test(v.flags) : v === undefined && LISTS.has(name);
};

/** The number that a subscript stands for; from the end when negative. */
export function indexOf(sh: Shell, name: string, subscript: string): number {
  const at = Number(evaluate(sh, subscript));
  if (at >= 0) return at;
  const all = elements(sh, name);
  const last = all?.keys.length ? Number(all.keys[all.keys.length - 1]) : -1;
  return last + 1 + at;
}

export function elementOf(sh: Shell, name: string, subscript: string): string | undefined {
  name = target(sh, name);
  const v = lookup(sh, name);
  if (v?.map) return get(v.map, subscript);
  const at = indexOf(sh, name, subscript);
  if (v?.list) return v.list[at];
  if (!v && LISTS.has(name)) return dynamicList(sh, name)![at];
  return at === 0 ? value(sh, name) : undefined;
}

// ---- writing

const ORDER = 'aAilnrtux';
const withFlags = (flags: string, add: string, drop = ''): string =>
  [...ORDER].filter((f) => (flags.includes(f) || add.includes(f)) && !drop.includes(f)).join('');

const readonlyFailure = (name: string): Failure => new Failure(`${name}: readonly variable`);

/** What the attributes make of a value. */
function shaped(sh: Shell, flags: string, text: string, old: string | undefined): string {
  if (flags.includes('i')) {
    const number = evaluate(sh, text);
    return String(old === undefined ? number : BigInt.asIntN(64, number + evaluate(sh, old)));
  }
  const joined = old === undefined ? text : old + text;
  if (flags.includes('l')) return joined.toLowerCase();
  return flags.includes('u') ? joined.toUpperCase() : joined;
}

function touched(sh: Shell, name: string, flags: string): void {
  if (flags.includes('x') || sh.s.scopes.length) sh.s.env = null;
  if (name === 'PATH') { sh.s.hash = {}; sh.s.paths = {}; }
}

/** Assigns a scalar (or element 0). Throws Failure for a readonly one. */
export function assign(sh: Shell, name: string, text: string, append = false, global = false): void {
  const before = global ? get(sh.s.vars, name) : lookup(sh, name);
  if (before && before.flags !== '') {
    if (before.flags.includes('n') && before.value && !global) {
      const to = target(sh, name);
      const element = /^(\w+)\[(.*)\]$/.exec(to);
      if (element) assignElement(sh, element[1]!, element[2]!, text, append);
      else if (to !== name) assign(sh, to, text, append);
      return;
    }
    if (before.flags.includes('r')) throw readonlyFailure(name);
    if (before.list ?? before.map ?? /[aA]/.test(before.flags)) {
      assignElement(sh, name, '0', text, append);
      return;
    }
  }
  if (before === undefined && specialAssign(sh, name, text)) return;
  const flags = before ? before.flags : sh.option('allexport') ? 'x' : '';
  const next = flags === '' && !append ? text
    : shaped(sh, flags, text, append ? before?.value ?? '' : undefined);
  set(ownTable(sh, name, global), name, { value: next, flags });
  if (flags !== '' || sh.s.scopes.length) touched(sh, name, flags);
  else if (name === 'PATH') { sh.s.hash = {}; sh.s.paths = {}; }
}

/** Assignments that the shell itself feels. True: there is no cell. */
function specialAssign(sh: Shell, name: string, text: string): boolean {
  switch (name) {
    case 'RANDOM': sh.s.seed = Number(BigInt.asUintN(32, evaluate(sh, text))); return true;
    case 'SECONDS': sh.s.secondsFrom = sh.clockUs - Number(evaluate(sh, text)) * 1_000_000; return true;
    case 'LINENO': case 'BASHPID': case 'FUNCNAME': case 'GROUPS': case 'BASH_SUBSHELL': case 'PIPESTATUS': case 'BASH_COMMAND': case 'HISTCMD': return true;
    case 'SHELLOPTS': case 'BASHOPTS': throw readonlyFailure(name);
    default: return false;
  }
}

/** A variable as an array, its record copied so that it may be changed. */
function ownArray(sh: Shell,
  name: string): Var & ({ list: Record<number, string> } | { map: Table<string> }) {
  const table = ownTable(sh, name);
  const before = get(table, name) ?? { flags: '' };
  if (before.flags.includes('r')) throw readonlyFailure(name);
  const next: Var = { ...before };
  if (next.map ?? next.flags.includes('A')) next.map = next.map ? { ...next.map } : {};
  else {
    next.list = next.list ? { ...next.list } : next.value === undefined ? {} : { 0: next.value };
    next.flags = withFlags(next.flags, 'a');
  }
  delete next.value;
  set(table, name, next);
  if (next.flags.includes('x')) sh.s.env = null;
  return next as never;
}

/** The array's own record when nobody else has it, so that filling one element by element stays cheap. */
function openArray(sh: Shell, name: string): Var {
  const v = lookup(sh, name);
  if (v && Object.isExtensible(v) && !v.flags.includes('r')
    && ((v.list && Object.isExtensible(v.list)) || (v.map && Object.isExtensible(v.map)))) return v;
  return ownArray(sh, name);
}

export function assignElement(sh: Shell, name: string, subscript: string, text: string,
  append = false): void {
  name = target(sh, name);
  const v = openArray(sh, name);
  if (v.map) {
    if (subscript === '') throw new Failure(`${name}[${subscript}]: bad array subscript`);
    set(v.map, subscript, shaped(sh, v.flags, text, append ? get(v.map, subscript) ?? '' : undefined));
    return;
  }
  const at = indexOf(sh, name, subscript);
  if (at < 0) throw new Failure(`${name}[${subscript}]: bad array subscript`);
  v.list![at] = shaped(sh, v.flags, text, append ? v.list![at] ?? '' : undefined);
}

export interface NewElement { key?: string; value: string; append?: boolean }

/** `name=(…)` and `name+=(…)`. */
export function assignArray(sh: Shell, name: string, items: readonly NewElement[], append: boolean): void {
  name = target(sh, name);
  const v = ownArray(sh, name);
  if (v.map) {
    if (!append) v.map = {};
    items.forEach((item, i) => {
      if (item.key !== undefined) set(v.map!, item.key,
        shaped(sh, v.flags, item.value, item.append ? get(v.map!, item.key) ?? '' : undefined));
      else if (i % 2 === 0) set(v.map!, item.value, items[i + 1]?.value ?? '');
    });
    return;
  }
  if (!append) v.list = {};
  const keys = Object.keys(v.list!);
  let next = keys.length ? Number(keys[keys.length - 1]) + 1 : 0;
  for (const item of items) {
    if (item.key !== undefined) next = indexOf(sh, name, item.key);
    if (next < 0) throw new Failure(`${name}[${item.key}]: bad array subscript`);
    v.list![next] = shaped(sh, v.flags, item.value, item.append ? v.list![next] ?? '' : undefined);
    next++;
  }
}

export function setList(sh: Shell, name: string, values: readonly string[]): void {
  assignArray(sh, name, values.map((text) => ({ value: text })), false);
}

/** Adds and drops attributes, making the variable when there is none. */
export function attribute(sh: Shell, name: string, add: string, drop = '', global = false): void {
  const table = ownTable(sh, name, global);
  const before = get(table, name) ?? { flags: '' };
  const next: Var = { ...before, flags: withFlags(before.flags, add, drop) };
  if (add.includes('A') && !next.map && next.value !== undefined) {
    next.map = { 0: next.value };
    delete next.value;
  }
  if (add.includes('a') && !next.list && next.value !== undefined) {
    next.list = { 0: next.value };
    delete next.value;
  }
  set(table, name, next);
  if ((next.flags + before.flags).includes('x')) sh.s.env = null;
}

/** A fresh local of the innermost function. `keep`: with the value it has outside. */
export function makeLocal(sh: Shell, name: string, keep = false): void {
  const at = sh.s.scopes.findLastIndex((scope) => scope.name !== '' && scope.name !== 'source');
  const scope = own(sh.own('scopes'), at) as Scope;
  if (has(scope.vars, name)) return;
  const outer = lookup(sh, name);
  set(own(scope, 'vars'), name, keep && outer ? { ...outer } : { flags: '' });
  if (outer?.flags.includes('x')) sh.s.env = null;
}

/** Removes a variable, or one element. False when it is readonly. */
export function unset(sh: Shell, name: string, subscript?: string): boolean {
  const v = lookup(sh, name);
  if (v?.flags.includes('r')) return false;
  if (subscript !== undefined) {
    if (!v) return true;
    const mine = ownArray(sh, name);
    if ('map' in mine && mine.map) remove(mine.map, subscript);
    else if (mine.list) delete mine.list[indexOf(sh, name, subscript)];
    return true;
  }
  if (!v) return true;
  const table = ownTable(sh, name);
  // A local stays hidden: what it shadows does not come back before the function ends.
  if (table !== sh.s.vars && tableOf(sh, name) !== sh.s.vars) set(table, name, null);
  else remove(table, name);
  if (v.flags.includes('x') || sh.s.scopes.length) sh.s.env = null;
  if (name === 'PATH') { sh.s.hash = {}; sh.s.paths = {}; }
  return true;
}

// ---- all of them

/** Names that are bound, in order. */
export function allNames(sh: Shell): string[] {
  const found = new Set<string>();
  for (const name of names(sh.s.vars)) found.add(name);
  for (const scope of sh.s.scopes) for (const name of names(scope.vars)) found.add(name);
  return [...found].filter((name) => lookup(sh, name)).sort();
}

/** What children get. */
export function environment(sh: Shell): Record<string, string> {
  if (sh.s.env) return sh.s.env;
  const env: Record<string, string> = {};
  const add = (name: string): void => {
    const v = lookup(sh, name);
    if (v?.flags.includes('x') && v.value !== undefined) env[name] = v.value;
    else if (v === null || v) delete env[name];
  };
  for (const name of names(sh.s.vars)) add(name);
  for (const scope of sh.s.scopes) for (const name of names(scope.vars)) add(name);
  sh.s.env = env;
  return env;
}

export const lengthOf = (text: string): number => {
  if (!/[\ud800-\udfff]/.test(text)) return text.length;
  let n = 0;
  for (const _ of text) n++;
  return n;
};
