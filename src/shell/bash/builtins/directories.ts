/** cd, pwd, pushd, popd, dirs. cd.def, pushd.def. */
import { strerror } from '../../../sim/proc/libc.ts';
import type { Sys } from '../../../sim/proc/program.ts';
import type { Shell } from '../shell.ts';
import { assign, attribute, value } from '../variables.ts';
import type { Builtin } from './index.ts';
import { emit } from './outputs.ts';
import { invalid, parseOptions, usage } from './options.ts';

/** A path without `.`, `..` and double slashes, by its text alone. */
export function normalize(base: string, path: string): string {
  const out: string[] = [];
  for (const part of (path.startsWith('/') ? path : `${base}/${path}`).split('/')) {
    if (part === '' || part === '.') continue;
    if (part === '..') out.pop(); else out.push(part);
  }
  return `/${out.join('/')}`;
}

/** Goes there; a status after a message. */
function* go(sh: Shell, path: string, physical: boolean, shown: string): Sys<number> {
  const logical = normalize(sh.s.cwd, path);
  let done = yield* sh.call('chdir', { path: physical ? path : logical });
  if (!done.ok && !physical) done = yield* sh.call('chdir', { path });
  if (!done.ok) { yield* sh.complain(`${shown}: ${strerror(done.errno)}`); return 1; }
  const here = physical ? yield* sh.call('getcwd', {}) : null;
  moved(sh, here?.ok ? here.value : logical);
  return 0;
}

function moved(sh: Shell, to: string): void {
  const old = value(sh, 'PWD') ?? sh.s.cwd;
  sh.s.cwd = to;
  assign(sh, 'OLDPWD', old);
  attribute(sh, 'OLDPWD', 'x');
  assign(sh, 'PWD', to);
  attribute(sh, 'PWD', 'x');
}

const cd: Builtin = function* (sh, args) {
  const options = yield* parseOptions(sh, args, 'LPe@');
  if (typeof options === 'number') return options;
  if (options.rest.length > 1) { yield* sh.complain('too many arguments'); return 1; }
  const physical = options.minus.lastIndexOf('P') > options.minus.lastIndexOf('L')
    || (sh.option('physical') && !options.has('L'));
  let path = options.rest[0], show = false;
  if (path === undefined) {
    path = value(sh, 'HOME');
    if (path === undefined) { yield* sh.complain('HOME not set'); return 1; }
    if (path === '') return 0;
  } else if (path === '-') {
    path = value(sh, 'OLDPWD');
    if (path === undefined) { yield* sh.complain('OLDPWD not set'); return 1; }
    show = true;
  } else if (path === '') return 0;
  else if (!/^\.{0,2}\//.test(path) && path !== '.' && path !== '..') {
    for (const dir of (value(sh, 'CDPATH') ?? '').split(':')) {
      if (dir === '') continue;
      const candidate = `${dir.replace(/\/$/, '')}/${path}`;
      const stat = yield* sh.call('stat', { path: candidate });
      if (!stat.ok || stat.value.type !== 'dir') continue;
      path = candidate;
      show = true;
      break;
    }
  }
  const status = yield* go(sh, path, physical, path);
  if (status !== 0 && options.rest[0] !== undefined && sh.shopt('cdable_vars')
    && value(sh, options.rest[0]) !== undefined) {
    return yield* go(sh, value(sh, options.rest[0])!, physical, options.rest[0]);
  }
  return status === 0 && show ? yield* emit(sh, `${sh.s.cwd}\n`) : status;
};

const pwd: Builtin = function* (sh, args) {
  const options = yield* parseOptions(sh, args, 'LP');
  if (typeof options === 'number') return options;
  const physical = options.minus.lastIndexOf('P') > options.minus.lastIndexOf('L')
    || (sh.option('physical') && !options.has('L'));
  if (!physical) return yield* emit(sh, `${sh.s.cwd}\n`);
  const here = yield* sh.call('getcwd', {});
  if (!here.ok) {
    yield* sh.complain(`error retrieving current directory: getcwd: cannot access parent directories: ${strerror(here.errno)}`);
    return 1;
  }
  return yield* emit(sh, `${here.value}\n`);
};

// ---- the stack: the working directory is its top and not kept in `dirs`

const tilde = (sh: Shell, path: string): string => {
  const home = value(sh, 'HOME');
  return home && home !== '/' && (path === home || path.startsWith(`${home}/`))
    ? `~${path.slice(home.length)}` : path;
};

/** Position that `+N` or `-N` names in the whole stack; null when it is out of range. */
function position(sh: Shell, arg: string): number | null {
  const total = sh.s.dirs.length + 1, n = Number(arg.slice(1));
  const at = arg[0] === '+' ? n : total - 1 - n;
  return at < 0 || at >= total ? null : at;
}
const ROTATION = /^[+-]\d+$/;

function* outOfRange(sh: Shell, arg: string): Sys<number> {
  yield* sh.complain(sh.s.dirs.length
    ? `${arg.replace(/^[+-]/, sh.builtin === 'dirs' ? '' : '$&')}: directory stack index out of range`
      : 'directory stack empty');
  return 1;
}

const show = (sh: Shell): Sys<number> =>
  emit(sh, `${[sh.s.cwd, ...sh.s.dirs].map((path) => tilde(sh, path)).join(' ')}\n`);

const dirs: Builtin = function* (sh, args) {
  let long = false, each = false, numbered = false, which: string | null = null;
  for (const arg of args) {
    if (ROTATION.test(arg)) { which = arg; continue; }
    if (!/^-[clpv]+$/.test(arg)) {
      if (arg[0] === '-' && arg.length > 1) return yield* invalid(sh, arg);
      yield* sh.complain(`${arg}: invalid option`);
      return yield* usage(sh);
    }
    if (arg.includes('c')) { sh.s.dirs = []; return 0; }
    if (arg.includes('l')) long = true;
    if (arg.includes('p')) each = true;
    if (arg.includes('v')) { each = true; numbered = true; }
  }
  const all = [sh.s.cwd, ...sh.s.dirs].map((path) => (long ? path : tilde(sh, path)));
  if (which !== null) {
    const at = position(sh, which);
    return at === null ? yield* outOfRange(sh, which) : yield* emit(sh, `${all[at]}\n`);
  }
  if (!each) return yield* emit(sh, `${all.join(' ')}\n`);
  return yield* emit(sh,
    all.map((path, i) => `${numbered ? `${String(i).padStart(2)}  ` : ''}${path}\n`).join(''));
};

const pushd: Builtin = function* (sh, args) {
  let stay = false;
  while (args[0] === '-n' || args[0] === '--') { stay ||= args[0] === '-n'; args = args.slice(1); }
  if (args.length > 1) { yield* sh.complain('too many arguments'); return 1; }
  const arg = args[0], here = sh.s.cwd;
  if (arg === undefined) {
    if (!sh.s.dirs.length) { yield* sh.complain('no other directory'); return 1; }
    if (stay) return 0;
    const [top, ...others] = sh.s.dirs as [string, ...string[]];
    const status = yield* go(sh, top, false, top);
    if (status) return status;
    sh.s.dirs = [here, ...others];
    return yield* show(sh);
  }
  if (ROTATION.test(arg)) {
    const at = position(sh, arg);
    if (at === null) return yield* outOfRange(sh, arg);
    const all = [here, ...sh.s.dirs], turned = [...all.slice(at), ...all.slice(0, at)];
    const status = stay ? 0 : yield* go(sh, turned[0]!, false, turned[0]!);
    if (status) return status;
    sh.s.dirs = turned.slice(1);
    return yield* show(sh);
  }
  if (arg[0] === '-' && arg.length > 1) {
    yield* sh.complain(`${arg}: invalid number`);
    return yield* usage(sh);
  }
  if (stay) { sh.s.dirs = [arg, ...sh.s.dirs]; return yield* show(sh); }
  const status = arg === '-' ? yield* cd(sh, ['-']) : yield* go(sh, arg, false, arg);
  if (status) return status;
  sh.s.dirs = [here, ...sh.s.dirs];
  return yield* show(sh);
};

const popd: Builtin = function* (sh, args) {
  let stay = false;
  while (args[0] === '-n' || args[0] === '--') { stay ||= args[0] === '-n'; args = args.slice(1); }
  const arg = args[0];
  if (arg !== undefined && !ROTATION.test(arg)) {
    yield* sh.complain(`${arg}: invalid ${arg[0] === '-' ? 'number' : 'argument'}`);
    return yield* usage(sh);
  }
  if (!sh.s.dirs.length) { yield* sh.complain('directory stack empty'); return 1; }
  const at = arg === undefined ? 0 : position(sh, arg);
  if (at === null) return yield* outOfRange(sh, arg!);
  if (at === 0 && !stay) {
    const top = sh.s.dirs[0]!;
    const status = yield* go(sh, top, false, top);
    if (status) return status;
    sh.s.dirs = sh.s.dirs.slice(1);
  } else sh.s.dirs = sh.s.dirs.filter((_, i) => i !== Math.max(0, at - 1));
  return yield* show(sh);
};

export const directories: Record<string, Builtin> = { cd, pwd, dirs, pushd, popd };
