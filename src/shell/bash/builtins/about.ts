/** type, hash, alias, help, enable, caller, and the small faces of completion and key bindings. */
import { printFunction } from '../../grammar/print.ts';
import type { Sys } from '../../../sim/proc/program.ts';
import { builtinOf } from '../command.ts';
import { searchPath } from '../programs.ts';
import { matches } from '../pattern.ts';
import { singleQuote } from '../quote.ts';
import type { Shell } from '../shell.ts';
import { get, has, remove, set, sorted } from '../table.ts';
import { allNames } from '../variables.ts';
import { builtins, type Builtin } from './index.ts';
import { emit } from './outputs.ts';
import { invalid, parseOptions, usage } from './options.ts';
import { PURPOSES, SYNOPSES } from './synopses.ts';

export const KEYWORDS: readonly string[] =
  ['if', 'then', 'else', 'elif', 'fi', 'case', 'esac', 'for', 'select', 'while', 'until', 'do', 'done', 'in',
  'function', 'time', '{', '}', '!', '[[', ']]', 'coproc'];

interface Look { all?: boolean; noFunctions?: boolean; pathOnly?: boolean; path?: string | undefined }

/** Says what a name stands for. False: nothing. `how`: one word (-t), the path or name (-v), a sentence. */
export function* describe(sh: Shell, name: string, how: 'kind' | 'short' | 'long' | 'path',
  look: Look): Sys<boolean> {
  const lines: string[] = [];
  const add = (kind: string, short: string, long: string): void => {
    lines.push(how === 'kind' ? kind : how === 'short' ? short : how === 'path' ? '' : long);
  };
  const alias = sh.shopt('expand_aliases') || sh.s.interactive ? get(sh.s.aliases, name) : undefined;
  const fn = look.noFunctions ? undefined : get(sh.s.functions, name);
  if (!look.pathOnly) {
    if (alias !== undefined)
      add('alias', `alias ${name}=${singleQuote(alias)}`, `${name} is aliased to \`${alias}'`);
    if (KEYWORDS.includes(name)) add('keyword', name, `${name} is a shell keyword`);
    if (fn) add('function', name, `${name} is a function\n${printFunction(name, fn.body).trimEnd()}`);
    if (builtinOf(sh, name)) add('builtin', name, `${name} is a shell builtin`);
  }
  if (!lines.length || look.all) yield* files(sh, name, how, look, add, lines);
  const found = (look.all ? lines : lines.slice(0, 1)).filter((line) => line !== '');
  if (found.length) yield* sh.out(`${found.join('\n')}\n`);
  return lines.length > 0;
}

function* files(sh: Shell, name: string, how: string, look: Look,
  add: (kind: string, short: string, long: string) => void, lines: string[]): Sys<void> {
  const put = (path: string, long: string): void => {
    if (how === 'path') lines.push(path); else add('file', path, long);
  };
  if (name.includes('/')) {
    const stat = yield* sh.call('stat', { path: name });
    if (stat.ok && stat.value.type === 'file' && stat.value.mode & 0o111) put(name, `${name} is ${name}`);
    return;
  }
  const hashed = get(sh.s.hash, name);
  if (hashed && !look.all && look.path === undefined) {
    put(hashed.path, `${name} is hashed (${hashed.path})`);
    return;
  }
  const found: string[] = [];
  const first = yield* searchPath(sh, name, look.path, look.all ? found : undefined);
  if (first !== null && (yield* sh.call('access', { path: first, mode: 'x' })).ok) found.push(first);
  for (const path of found) put(path, `${name} is ${path}`);
}

const type: Builtin = function* (sh, args) {
  const options = yield* parseOptions(sh, args, 'afptP');
  if (typeof options === 'number') return options;
  let status = 0;
  const how = options.has('t') ? 'kind' : options.has('p') || options.has('P') ? 'path' : 'long';
  for (const name of options.rest) {
    const found = yield* describe(sh, name, how,
      { all: options.has('a'), noFunctions: options.has('f'), pathOnly: options.has('P') });
    if (found) continue;
    if (how === 'long') yield* sh.complain(`${name}: not found`);
    status = 1;
  }
  return status;
};

const hash: Builtin = function* (sh, args) {
  const options = yield* parseOptions(sh, args, 'lrp:dt');
  if (typeof options === 'number') return options;
  if (options.has('r')) { sh.s.hash = {}; sh.s.paths = {}; }
  if (!options.rest.length) {
    if (options.has('r')) return 0;
    const known = sorted(sh.s.hash);
    if (!known.length) return yield* emit(sh, options.has('l') ? '' : 'hash: hash table empty\n');
    if (options.has('l'))
      return yield* emit(sh,
        known.map((name) => `builtin hash -p ${get(sh.s.hash, name)!.path} ${name}\n`).join(''));
    return yield* emit(sh,
      `hits\tcommand\n${known.map((name) =>
        `${String(get(sh.s.hash, name)!.hits).padStart(4)}\t${get(sh.s.hash, name)!.path}\n`).join('')}`);
  }
  let status = 0;
  for (const name of options.rest) {
    const path = options.value('p');
    if (path !== undefined) { set(sh.own('hash'), name, { path, hits: 0 }); continue; }
    if (options.has('d') || options.has('t')) {
      const known = get(sh.s.hash, name);
      if (!known) {
        yield* sh.complain(`${name}: not found`);
        status = 1;
      } else if (options.has('d')) remove(sh.own('hash'), name);
      else yield* sh.out(options.rest.length > 1 ? `${name}\t${known.path}\n` : `${known.path}\n`);
      continue;
    }
    if (name.includes('/') || builtinOf(sh, name) || has(sh.s.functions, name)) continue;
    const found = yield* searchPath(sh, name);
    if (found === null) {
      yield* sh.complain(`${name}: not found`);
      status = 1;
    } else set(sh.own('hash'), name, { path: found, hits: 0 });
  }
  return status;
};

const alias: Builtin = function* (sh, args) {
  const options = yield* parseOptions(sh, args, 'p');
  if (typeof options === 'number') return options;
  const line = (name: string): string => `alias ${name}=${singleQuote(get(sh.s.aliases, name)!)}\n`;
  if (!options.rest.length || options.has('p')) yield* sh.out(sorted(sh.s.aliases).map(line).join(''));
  let status = 0;
  for (const arg of options.rest) {
    const at = arg.indexOf('=');
    if (at > 0) {
      const name = arg.slice(0, at);
      if (/[\s/$`"'\\|&;()<>]/.test(name)) {
        yield* sh.complain(`\`${name}': invalid alias name`);
        status = 1;
      } else set(sh.own('aliases'), name, arg.slice(at + 1));
    } else if (has(sh.s.aliases, arg)) yield* sh.out(line(arg));
    else { yield* sh.complain(`${arg}: not found`); status = 1; }
  }
  return status;
};

const unalias: Builtin = function* (sh, args) {
  const options = yield* parseOptions(sh, args, 'a');
  if (typeof options === 'number') return options;
  if (options.has('a')) { sh.s.aliases = {}; return 0; }
  if (!options.rest.length) return yield* usage(sh);
  let status = 0;
  for (const name of options.rest) {
    if (!has(sh.s.aliases, name)) {
      yield* sh.complain(`${name}: not found`);
      status = 1;
    } else remove(sh.own('aliases'), name);
  }
  return status;
};

const help: Builtin = function* (sh, args) {
  const options = yield* parseOptions(sh, args, 'dms');
  if (typeof options === 'number') return options;
  if (!options.rest.length) {
    const lines = Object.values(SYNOPSES).sort().map((text) => ` ${text}`);
    return yield* emit(sh,
      `GNU bash, version ${VERSION} (x86_64-pc-linux-gnu)\nShell commands that are builtins; \`help NAME' tells about one.\n\n${lines.join('\n')}\n`);
  }
  let status = 1;
  for (const pattern of options.rest) {
    const topics = Object.keys(SYNOPSES).sort()
      .filter((name) => name === pattern || matches(name, pattern, { extglob: true }));
    const chosen = topics.length ? topics : Object.keys(SYNOPSES).filter((name) => name.startsWith(pattern));
    for (const name of chosen) {
      if (options.has('s')) yield* sh.out(`${name}: ${SYNOPSES[name]}\n`);
      else if (options.has('d')) yield* sh.out(`${name} - ${PURPOSES[name]}\n`);
      else yield* sh.out(`${name}: ${SYNOPSES[name]}\n    ${PURPOSES[name]}\n`);
      status = 0;
    }
  }
  if (status) {
    const last = options.rest[options.rest.length - 1];
    yield* sh.complain(`no help topics match \`${last}'.  Try \`help help' or \`man -k ${last}' or \`info ${last}'.`);
  }
  return status;
};

/** The version that is imitated. */
export const VERSION = '4.4.12(1)-release';

const enable: Builtin = function* (sh, args) {
  const options = yield* parseOptions(sh, args, 'adnpsf:');
  if (typeof options === 'number') return options;
  if (options.has('f') || options.has('d')) { yield* sh.complain('dynamic loading not available'); return 1; }
  const all = Object.keys(builtins()).sort();
  if (!options.rest.length) {
    const shown = all.filter((name) => options.has('a') || has(sh.s.disabled, name) === options.has('n'));
    return yield* emit(sh,
      shown.map((name) => `enable ${has(sh.s.disabled, name) ? '-n ' : ''}${name}\n`).join(''));
  }
  let status = 0;
  for (const name of options.rest) {
    if (!get(builtins(), name)) {
      yield* sh.complain(`${name}: not a shell builtin`);
      status = 1;
    } else if (options.has('n')) set(sh.own('disabled'), name, true);
    else remove(sh.own('disabled'), name);
  }
  return status;
};

const caller: Builtin = function* (sh, args) {
  const calls = sh.s.scopes.filter((scope) => scope.name !== '').reverse();
  if (!calls.length) return 1;
  const level = args[0] === undefined ? null : Number(args[0]);
  if (level !== null && !Number.isInteger(level)) {
    yield* sh.complain(`${args[0]}: invalid number`);
    return yield* usage(sh);
  }
  const at = calls[level ?? 0];
  if (!at || (level !== null && level >= calls.length)) return 1;
  const outer = calls[(level ?? 0) + 1];
  if (!outer && level !== null && (sh.s.input === '-c' || sh.s.interactive)) return 1;
  const source = outer?.source ?? (sh.s.input === '-c' || sh.s.interactive ? 'NULL' : sh.s.name);
  return yield* emit(sh,
    level === null ? `${at.line} ${source}\n` : `${at.line} ${outer?.name ?? 'main'} ${source}\n`);
};

// ---- completion and keys

const complete: Builtin = function* (sh, args) {
  const options = yield* parseOptions(sh, args, 'abcdefgjksuvprDEIo:A:G:W:F:C:X:P:S:');
  if (typeof options === 'number') return options;
  if (options.has('r')) {
    if (!options.rest.length) sh.s.completions = {};
    for (const name of options.rest) remove(sh.own('completions'), name);
    return 0;
  }
  if (options.has('p') || !args.length) {
    let status = 0, text = '';
    for (const name of options.rest.length ? options.rest : sorted(sh.s.completions)) {
      const spec = get(sh.s.completions, name);
      if (spec === undefined) {
        yield* sh.complain(`${name}: no completion specification`);
        status = 1;
      } else text += `complete ${spec}${name}\n`;
    }
    return (yield* emit(sh, text)) || status;
  }
  if (!options.rest.length && !/[DEI]/.test(options.minus)) return yield* usage(sh);
  const spec = args.slice(0, args.length - options.rest.length)
    .map((arg) => (/[\s'"]/.test(arg) ? singleQuote(arg) : arg)).join(' ');
  for (const name of options.rest) set(sh.own('completions'), name, spec ? `${spec} ` : '');
  return 0;
};

const compgen: Builtin = function* (sh, args) {
  const options = yield* parseOptions(sh, args, 'abcdefgjksuvo:A:G:W:F:C:X:P:S:');
  if (typeof options === 'number') return options;
  const word = options.rest[0] ?? '';
  const action = options.value('A');
  const wants = (letter: string, name: string): boolean => options.has(letter) || action === name;
  const found: string[] = [];
  if (wants('a', 'alias')) found.push(...sorted(sh.s.aliases));
  if (wants('b', 'builtin')) found.push(...Object.keys(builtins()).sort());
  if (wants('k', 'keyword')) found.push(...KEYWORDS);
  if (action === 'function') found.push(...sorted(sh.s.functions));
  if (wants('v', 'variable')) found.push(...allNames(sh));
  if (wants('W', '')) found.push(...(options.value('W') ?? '').split(/\s+/).filter(Boolean));
  if (wants('c', 'command'))
    found.push(...sorted(sh.s.functions), ...Object.keys(builtins()).sort(), ...KEYWORDS);
  if (wants('f', 'file') || wants('d', 'directory')) {
    const slash = word.lastIndexOf('/'), dir = word.slice(0, slash + 1);
    const list = yield* sh.call('readdir', { path: dir || '.' });
    for (const name of list.ok ? list.value : []) {
      if (wants('d', 'directory')) {
        const stat = yield* sh.call('stat', { path: dir + name });
        if (!stat.ok || stat.value.type !== 'dir') continue;
      }
      found.push(dir + name);
    }
  }
  const fit = found.filter((name) => name.startsWith(word))
    .map((name) => `${options.value('P') ?? ''}${name}${options.value('S') ?? ''}`);
  if (fit.length) yield* sh.out(`${fit.join('\n')}\n`);
  return fit.length ? 0 : 1;
};

const compopt: Builtin = function* (sh, args) {
  const options = yield* parseOptions(sh, args, '+o:DEI');
  if (typeof options === 'number') return options;
  if (!options.rest.length) { yield* sh.complain('not currently executing completion function'); return 1; }
  return 0;
};

const bind: Builtin = function* (sh, args) {
  if (!sh.s.interactive) yield* sh.complain('warning: line editing not enabled');
  const options = yield* parseOptions(sh, args, 'lvpVPsSXf:q:u:m:r:x:');
  if (typeof options === 'number') return options;
  if (options.has('v') || options.has('V')) {
    const on = options.has('V');
    return yield* emit(sh,
      SETTINGS.map(([name, value]) => (on ? `${name} is set to \`${value}'\n` : `set ${name} ${value}\n`))
        .join(''));
  }
  if (options.has('l')) return yield* emit(sh, FUNCTIONS.map((name) => `${name}\n`).join(''));
  if (!options.minus && !options.rest.length) return 0;
  for (const arg of options.rest) if (/^set\s/.test(arg)) continue; else {
    yield* sh.complain(`${arg}: key bindings cannot be changed`);
    return 1;
  }
  if (options.rest.length) return 0;
  return yield* invalid(sh, `-${options.minus[0] ?? ''}`);
};

const SETTINGS: readonly (readonly [string, string])[] =
  [['bell-style', 'audible'], ['editing-mode', 'emacs'], ['enable-bracketed-paste', 'off'],
    ['keymap', 'emacs'], ['show-all-if-ambiguous', 'off']];
const FUNCTIONS: readonly string[] =
  ['accept-line', 'backward-char', 'backward-delete-char', 'backward-kill-word', 'backward-word',
    'beginning-of-line', 'clear-screen',
  'complete', 'delete-char', 'end-of-line', 'forward-char', 'forward-word', 'kill-line', 'kill-word',
  'next-history', 'previous-history', 'reverse-search-history',
  'transpose-chars', 'undo', 'unix-line-discard', 'unix-word-rubout', 'yank'];

export const about: Record<string, Builtin> =
  { type, hash, alias, unalias, help, enable, caller, complete, compgen, compopt, bind };
