/** set and shopt. set.def, shopt.def. */
import type { Sys } from '../../../sim/proc/program.ts';
import type { Shell } from '../shell.ts';
import { get, has, remove, set, sorted } from '../table.ts';
import type { Builtin } from './index.ts';
import { listAll } from './names.ts';
import { emit } from './outputs.ts';
import { invalid, parseOptions } from './options.ts';

/** Letters of `set` and the names of `set -o`; those without a letter after them. */
const LETTERS: Readonly<Record<string, string>> = {
  a: 'allexport', b: 'notify', e: 'errexit', f: 'noglob', h: 'hashall', k: 'keyword', m: 'monitor',
  n: 'noexec', p: 'privileged', t: 'onecmd',
  u: 'nounset', v: 'verbose', x: 'xtrace', B: 'braceexpand', C: 'noclobber', E: 'errtrace', H: 'histexpand',
  P: 'physical', T: 'functrace',
};
const NAMES: readonly string[] =
  [...Object.values(LETTERS), 'emacs', 'history', 'ignoreeof', 'interactive-comments', 'nolog', 'pipefail',
    'posix', 'vi'].sort();

export function setOption(sh: Shell, name: string, on: boolean): void {
  const options = sh.own('options');
  if (on) set(options, name, true); else remove(options, name);
  if (name === 'braceexpand') { if (on) remove(options, 'nobrace'); else set(options, 'nobrace', true); }
}

function* byName(sh: Shell, name: string, on: boolean): Sys<boolean> {
  if (!NAMES.includes(name)) { yield* sh.complain(`${name}: invalid option name`); return false; }
  if (name === 'vi' && on) { yield* sh.complain('vi: editing mode not available'); return false; }
  setOption(sh, name, on);
  return true;
}

const setBuiltin: Builtin = function* (sh, args) {
  if (!args.length) return yield* emit(sh, listAll(sh));
  let i = 0;
  for (; i < args.length; i++) {
    const arg = args[i]!;
    if (arg === '--') { sh.s.args = args.slice(i + 1); return 0; }
    if (arg === '-') {
      setOption(sh, 'xtrace', false);
      setOption(sh, 'verbose', false);
      if (i + 1 < args.length) sh.s.args = args.slice(i + 1);
      return 0;
    }
    if (!/^[-+]./.test(arg)) break;
    const on = arg[0] === '-';
    for (const letter of arg.slice(1)) {
      if (letter === 'o') {
        const name = args[i + 1];
        if (name === undefined) return yield* emit(sh, listOptions(sh, on));
        i++;
        if (!(yield* byName(sh, name, on))) return 2;
        continue;
      }
      if (!Object.hasOwn(LETTERS, letter)) return yield* invalid(sh, `${arg[0]}${letter}`);
      setOption(sh, LETTERS[letter]!, on);
    }
  }
  if (i < args.length) sh.s.args = args.slice(i);
  return 0;
};

const listOptions = (sh: Shell, long: boolean): string => NAMES.map((name) => {
  const on = has(sh.s.options, name);
  return long ? `${name.padEnd(15)}\t${on ? 'on' : 'off'}\n` : `set ${on ? '-' : '+'}o ${name}\n`;
}).join('');

/** The options of shopt and what they are at the start. */
export const SHOPTS: Readonly<Record<string, boolean>> = {
  autocd: false, cdable_vars: false, cdspell: false, checkhash: false, checkjobs: false, checkwinsize: true,
  cmdhist: true, compat31: false,
  compat32: false, compat40: false, compat41: false, compat42: false, compat43: false,
  complete_fullquote: true, direxpand: false, dirspell: false, dotglob: false,
  execfail: false, expand_aliases: false, extdebug: false, extglob: false, extquote: true, failglob: false,
  force_fignore: true, globasciiranges: true, globstar: false,
  gnu_errfmt: false, histappend: false, histreedit: false, histverify: false, hostcomplete: true,
  huponexit: false, inherit_errexit: false, interactive_comments: true,
  lastpipe: false, lithist: false, login_shell: false, mailwarn: false, no_empty_cmd_completion: false,
  nocaseglob: false, nocasematch: false, nullglob: false,
  progcomp: true, promptvars: true, restricted_shell: false, shift_verbose: false, sourcepath: true,
  xpg_echo: false,
};

const shopt: Builtin = function* (sh, args) {
  const options = yield* parseOptions(sh, args, 'psuoq');
  if (typeof options === 'number') return options;
  const on = options.has('s'), off = options.has('u'), ofSet = options.has('o');
  if (on && off) { yield* sh.complain('cannot set and unset shell options simultaneously'); return 1; }
  const isOn = (name: string): boolean => (ofSet ? has(sh.s.options, name) : get(sh.s.shopts, name) === true);
  const known = (name: string): boolean => (ofSet ? NAMES.includes(name) : Object.hasOwn(SHOPTS, name));
  const line = (name: string): string => (options.has('p')
    ? (ofSet ? `set ${isOn(name) ? '-' : '+'}o ${name}\n` : `shopt ${isOn(name) ? '-s' : '-u'} ${name}\n`)
    : `${name.padEnd(ofSet ? 15 : 15)}\t${isOn(name) ? 'on' : 'off'}\n`);
  if (!options.rest.length) {
    const all = ofSet ? NAMES : sorted(SHOPTS);
    const shown = all.filter((name) => (on ? isOn(name) : off ? !isOn(name) : true));
    return options.has('q') ? 0 : yield* emit(sh, shown.map(line).join(''));
  }
  let status = 0;
  for (const name of options.rest) {
    if (!known(name)) {
      yield* sh.complain(`${name}: invalid ${ofSet ? 'option' : 'shell option'} name`);
      status = 1;
      continue;
    }
    if (on || off) {
      if (ofSet) setOption(sh, name, on); else set(sh.own('shopts'), name, on);
      continue;
    }
    if (!isOn(name)) status = 1;
    if (!options.has('q')) yield* sh.out(line(name));
  }
  return status;
};

export const optionBuiltins: Record<string, Builtin> = { set: setBuiltin, shopt };
