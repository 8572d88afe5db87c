/** declare, typeset, local, export, readonly, unset. declare.def, setattr.def. */
import { printFunction } from '../../grammar/print.ts';
import { own } from '../../../sim/engine/cow.ts';
import type { Sys } from '../../../sim/proc/program.ts';
import type { Assigned } from '../command.ts';
import { quoteDeclared, quoteKey, quoteListed } from '../quote.ts';
import type { Var } from '../session.ts';
import type { Shell } from '../shell.ts';
import { get, has, hashOrder, names, remove, sorted } from '../table.ts';
import {
  allNames, assign, assignArray, assignElement, attribute, elements, lookup, makeLocal, NAME, target, unset,
} from '../variables.ts';
import type { Builtin } from './index.ts';
import { emit } from './outputs.ts';
import { parseOptions, type Options } from './options.ts';

/** `declare -p`'s line. */
export function declaration(name: string, v: Var): string {
  const head = `declare -${v.flags || '-'} ${name}`;
  if (v.list) {
    const keys = Object.keys(v.list);
    return `${head}=(${keys.map((key) => `[${key}]=${quoteDeclared(v.list![Number(key)]!)}`).join(' ')})`;
  }
  if (v.map) return `${head}=(${hashOrder(names(v.map))
    .map((key) => `[${quoteKey(key)}]=${quoteDeclared(get(v.map!, key)!)} `).join('')})`;
  return v.value === undefined ? head : `${head}=${quoteDeclared(v.value)}`;
}

/** `set`'s line. */
export function listed(name: string, v: Var): string | null {
  if (v.list ?? v.map) return declaration(name, v).replace(/^declare \S+ /, '');
  return v.value === undefined ? null : `${name}=${quoteListed(v.value)}`;
}

const invalidName = (name: string): string => `\`${name}': not a valid identifier`;

interface Wanted { name: string; assigned: Assigned | null }

/** What an argument asks for; a message when it is no name. */
function wanted(arg: string, given: Assigned | undefined): Wanted | string {
  if (given) return { name: given.name, assigned: given };
  const m = /^([A-Za-z_]\w*)(?:\[([^\]]*)\])?(?:(\+?=)([^]*))?$/.exec(arg);
  if (!m) return invalidName(arg);
  if (m[3] === undefined) return { name: m[1]!, assigned: null };
  return { name: m[1]!, assigned: { name: m[1]!, key: m[2], append: m[3] === '+=', text: m[4]! } };
}

/** A quoted compound value, `declare -a 'x=(1 2)'`, is split at blanks. */
function store(sh: Shell, a: Assigned, array: boolean): void {
  if (a.items) assignArray(sh, a.name, a.items, a.append);
  else if (array && a.key === undefined && /^\(.*\)$/s.test(a.text!)) {
    const items = [...a.text!.slice(1, -1).matchAll(/(?:\[([^\]]*)\]=)?("[^"]*"|'[^']*'|\S+)/g)]
      .map((m) => ({ ...(m[1] === undefined ? {} : { key: m[1].replace(/^["']|["']$/g, '') }),
        value: m[2]!.replace(/^(["'])(.*)\1$/s, '$2') }));
    assignArray(sh, a.name, items, a.append);
  } else if (a.key !== undefined) assignElement(sh, a.name, a.key, a.text!, a.append);
  else assign(sh, a.name, a.text!, a.append);
}

const ATTRIBUTES = 'aAilnrtux';

const declare: Builtin = function* (sh, args, arrays) {
  const local = sh.builtin === 'local';
  if (local && !inFunction(sh)) { yield* sh.complain('can only be used in a function'); return 1; }
  const options = yield* parseOptions(sh, args, local ? '+aAilnrtuxgfFpI' : '+aAilnrtuxgfFp');
  if (typeof options === 'number') return options;
  const offset = args.length - options.rest.length;
  if (options.has('f') || options.has('F')) return yield* functions(sh, options);
  if (options.has('p') || (!options.rest.length && !local)) return yield* show(sh, options);
  if (!options.rest.length) return yield* showLocals(sh);
  let status = 0;
  for (let i = 0; i < options.rest.length; i++) {
    const want = wanted(options.rest[i]!, arrays?.get(i + offset));
    if (typeof want === 'string') { yield* sh.complain(want); status = 1; continue; }
    const problem = declareOne(sh, want, options, local || (inFunction(sh) && !options.has('g')));
    if (problem) { yield* sh.complain(problem); status = 1; }
  }
  return status;
};

const inFunction = (sh: Shell): boolean =>
  sh.s.scopes.some((scope) => scope.name !== '' && scope.name !== 'source');

function declareOne(sh: Shell, want: Wanted, options: Options, local: boolean): string | null {
  const { name, assigned } = want;
  if (local) {
    if (lookup(sh, name)?.flags.includes('r') && has(sh.s.vars, name)
      && get(sh.s.vars, name)!.flags.includes('r')) return `${name}: readonly variable`;
    makeLocal(sh, name, options.has('I'));
  }
  const global = options.has('g') && !local;
  const add = [...ATTRIBUTES].filter((f) => options.minus.includes(f) && !(f === 'u' && options.has('l')))
    .join('');
  const drop = [...ATTRIBUTES].filter((f) => options.plus.includes(f)).join('');
  const before = lookup(sh, name);
  if (before?.flags.includes('r') && (assigned || drop.includes('r'))) return `${name}: readonly variable`;
  if (drop.includes('a') && before?.list) return `${name}: cannot destroy array variables in this way`;
  if (add.includes('a') && before?.map) return `${name}: cannot convert associative to indexed array`;
  if (add.includes('A') && before?.list) return `${name}: cannot convert indexed to associative array`;
  if (add.includes('n')) {
    attribute(sh, name, '', drop, global);
    if (assigned) {
      if (!/^[A-Za-z_]\w*(?:\[.*\])?$/.test(assigned.text ?? ''))
        return `\`${assigned.text}': invalid variable name for name reference`;
      assign(sh, name, assigned.text!, false, global);
    }
    attribute(sh, name, add, drop, global);
    return null;
  }
  // readonly comes last: the value is given with the declaration.
  const exclusive = add.includes('u') ? 'l' : add.includes('l') ? 'u' : '';
  attribute(sh, name, add.replace('r', ''), drop + exclusive, global);
  if (assigned) {
    if (global && assigned.key === undefined
      && !assigned.items) assign(sh, name, assigned.text!, assigned.append, true);
    else store(sh, assigned, /[aA]/.test(add));
  }
  if (add.includes('r')) attribute(sh, name, 'r', '', global);
  return null;
}

function* show(sh: Shell, options: Options): Sys<number> {
  let text = '', status = 0;
  if (options.rest.length) {
    for (const name of options.rest) {
      const v = lookup(sh, name);
      const dynamic = v === undefined ? elements(sh, name) : undefined;
      if (v) text += `${declaration(name, v)}\n`;
      else if (dynamic) text += `declare -- ${name}=${quoteDeclared(dynamic.values[0] ?? '')}\n`;
      else { yield* emit(sh, text); text = ''; yield* sh.complain(`${name}: not found`); status = 1; }
    }
    return (yield* emit(sh, text)) || status;
  }
  const filter = [...ATTRIBUTES].filter((f) => options.minus.includes(f));
  if (!filter.length && !options.has('p')) return yield* emit(sh, listAll(sh));
  for (const name of allNames(sh)) {
    const v = lookup(sh, name)!;
    if (filter.every((f) => v.flags.includes(f))) text += `${declaration(name, v)}\n`;
  }
  return yield* emit(sh, text);
}

/** What `set` alone prints. */
export function listAll(sh: Shell): string {
  let text = '';
  for (const name of allNames(sh)) {
    const line = listed(name, lookup(sh, name)!);
    if (line !== null) text += `${line}\n`;
  }
  for (const name of sorted(sh.s.functions)) text += printFunction(name, get(sh.s.functions, name)!.body);
  return text;
}

function* showLocals(sh: Shell): Sys<number> {
  const scope = sh.s.scopes.findLast((s) => s.name !== '' && s.name !== 'source')!;
  let text = '';
  for (const name of sorted(scope.vars)) {
    const v = get(scope.vars, name);
    const line = v ? listed(name, v) : null;
    if (line !== null) text += `${line}\n`;
  }
  return yield* emit(sh, text);
}

function* functions(sh: Shell, options: Options): Sys<number> {
  let text = '', status = 0;
  const all = options.rest.length ? options.rest : sorted(sh.s.functions);
  for (const name of all) {
    const fn = get(sh.s.functions, name);
    if (!fn) { status = 1; continue; }
    if (options.has('x')) { own(sh.own('functions'), name)!.exported = true; continue; }
    if (options.has('F')) {
      if (!options.rest.length) text += `declare -f${fn.exported ? 'x' : ''} ${name}\n`;
      else text += sh.shopt('extdebug') ? `${name} ${fn.line} ${fn.source}\n` : `${name}\n`;
    } else text += printFunction(name, fn.body);
  }
  return (yield* emit(sh, text)) || status;
}

/** export and readonly. */
const marking = (flag: 'x' | 'r'): Builtin => function* (sh, args, arrays) {
  const options = yield* parseOptions(sh, args, flag === 'x' ? 'fnp' : 'aAfp');
  if (typeof options === 'number') return options;
  if (!options.rest.length) return yield* showMarked(sh, flag, options);
  const offset = args.length - options.rest.length;
  let status = 0;
  for (let i = 0; i < options.rest.length; i++) {
    const arg = options.rest[i]!;
    if (options.has('f')) {
      if (!has(sh.s.functions, arg)) {
        yield* sh.complain(`${arg}: not a function`);
        status = 1;
      } else if (flag === 'x') own(sh.own('functions'), arg)!.exported = !options.has('n');
      continue;
    }
    const want = wanted(arg, arrays?.get(i + offset));
    if (typeof want === 'string' || (want.assigned?.key !== undefined)) {
      yield* sh.complain(typeof want === 'string' ? want : invalidName(arg));
      status = 1;
      continue;
    }
    const name = target(sh, want.name);
    if (flag === 'r' && /[aA]/.test(options.minus))
      attribute(sh, name, options.minus.includes('A') ? 'A' : 'a');
    if (want.assigned) {
      if (lookup(sh, name)?.flags.includes('r')) {
        yield* sh.warn(`${name}: readonly variable`);
        status = 1;
        continue;
      }
      outside(sh, name, () => store(sh, want.assigned!, options.has('a')));
    }
    outside(sh, name, () => attribute(sh, name, options.has('n') ? '' : flag, options.has('n') ? 'x' : ''));
  }
  return status;
};

/** Beyond the builtin's own temporary variables: what it exports outlives it. */
function outside(sh: Shell, name: string, run: () => void): void {
  const last = sh.s.scopes[sh.s.scopes.length - 1];
  if (last?.name === '' && has(last.vars, name)) {
    const kept = get(last.vars, name)!;
    sh.own('scopes').pop();
    if (!lookup(sh, name)) assign(sh, name, kept!.value ?? '');
    run();
    sh.own('scopes').push(last);
  } else run();
  sh.s.env = null;
}

function* showMarked(sh: Shell, flag: string, options: Options): Sys<number> {
  if (options.has('f')) {
    return yield* emit(sh,
      sorted(sh.s.functions).filter((name) => flag === 'x' && get(sh.s.functions, name)!.exported)
      .map((name) => `${printFunction(name, get(sh.s.functions, name)!.body)}declare -fx ${name}\n`)
        .join(''));
  }
  let text = '';
  for (const name of allNames(sh)) {
    const v = lookup(sh, name)!;
    if (!v.flags.includes(flag) || (options.has('a') && !v.flags.includes('a'))
      || (options.has('A') && !v.flags.includes('A'))) continue;
    text += `${declaration(name, v)}\n`;
  }
  return yield* emit(sh, text);
}

const unsetBuiltin: Builtin = function* (sh, args) {
  const options = yield* parseOptions(sh, args, 'fvn');
  if (typeof options === 'number') return options;
  if (options.has('f') && options.has('v')) {
    yield* sh.complain('cannot simultaneously unset a function and a variable');
    return 1;
  }
  let status = 0;
  for (const arg of options.rest) {
    if (options.has('f')) { remove(sh.own('functions'), arg); continue; }
    const m = /^([A-Za-z_]\w*)\[(.*)\]$/s.exec(arg);
    const plain = m ? m[1]! : arg;
    if (!NAME.test(plain)) {
      if (has(sh.s.functions, plain) && !options.has('v')) { remove(sh.own('functions'), plain); continue; }
      if (options.has('v')) { yield* sh.complain(invalidName(arg)); status = 1; }
      continue;
    }
    const name = options.has('n') ? plain : target(sh, plain);
    const v = lookup(sh, name);
    if (v?.flags.includes('r')) {
      yield* sh.complain(`${name}: cannot unset: readonly variable`);
      status = 1;
      continue;
    }
    if (m) {
      if (m[2] === '@' || m[2] === '*') {
        if (v?.map && m[2] === '@') unset(sh, name, m[2]); else unset(sh, name);
        continue;
      }
      if (v && !v.list && !v.map && m[2] !== '0') {
        yield* sh.complain(`${name}: not an array variable`);
        status = 1;
        continue;
      }
      if (v) unset(sh, name, v.map ? m[2]!.replace(/^(["'])(.*)\1$/, '$2') : m[2]);
    } else if (v) unset(sh, name);
    else if (!options.has('v') && has(sh.s.functions, name)) remove(sh.own('functions'), name);
  }
  return status;
};

export const nameBuiltins: Record<string, Builtin> = {
  declare, typeset: declare, local: declare, export: marking('x'), readonly: marking('r'),
  unset: unsetBuiltin,
};
