/** history and fc. history.def, fc.def. */
import { strerror } from '../../../sim/proc/libc.ts';
import type { Sys } from '../../../sim/proc/program.ts';
import { addLine, allLines, allTimes, clearLines, deleteLine, expandHistory, historyFile,
  loadLines } from '../history.ts';
import { runText } from '../run.ts';
import { strftime } from '../printf.ts';
import type { Shell } from '../shell.ts';
import { value } from '../variables.ts';
import type { Builtin } from './index.ts';
import { emit } from './outputs.ts';
import { isNumber, parseOptions } from './options.ts';

const history: Builtin = function* (sh, args) {
  const options = yield* parseOptions(sh, args, 'acd:npsrw');
  if (typeof options === 'number') return options;
  if (options.has('c')) { clearLines(sh); if (options.minus === 'c') return 0; }
  const position = options.value('d');
  if (position !== undefined) {
    const h = sh.s.history,
      at = Number(position) < 0 ? h.first + h.length + Number(position) : Number(position);
    if (!isNumber(position) || at < h.first || at >= h.first + h.length) {
      yield* sh.complain(`${position}: history position out of range`);
      return 1;
    }
    deleteLine(sh, at);
    return 0;
  }
  if (options.has('s')) {
    if (options.rest.length) { dropLast(sh); addLine(sh, options.rest.join(' ')); }
    return 0;
  }
  if (options.has('p')) {
    for (const arg of options.rest) {
      const done = expandHistory(sh, arg);
      if ('error' in done) { yield* sh.complain(done.error); return 1; }
      yield* sh.out(`${done.text}\n`);
    }
    return 0;
  }
  if (/[anrw]/.test(options.minus)) return yield* withFile(sh, options.minus, options.rest[0]);
  const count = options.rest[0];
  if (options.rest.length > 1) { yield* sh.complain('too many arguments'); return 1; }
  if (count !== undefined && !isNumber(count)) {
    yield* sh.complain(`${count}: numeric argument required`);
    return 1;
  }
  const all = allLines(sh),
    from = count === undefined ? 0 : Math.max(0, all.length - Math.abs(Number(count)));
  const stamp = value(sh, 'HISTTIMEFORMAT');
  const times = stamp === undefined ? [] : allTimes(sh);
  const mark = (i: number): string => (stamp === undefined ? '' : strftime(stamp, times[i]! * 1e6));
  let text = '';
  for (let i = from; i < all.length; i++)
    text += `${String(sh.s.history.first + i).padStart(5)}  ${mark(i)}${all[i]}\n`;
  return yield* emit(sh, text);
};

const dropLast = (sh: Shell): void => {
  const h = sh.s.history;
  if (h.length) deleteLine(sh, h.first + h.length - 1);
};

function* withFile(sh: Shell, how: string, given: string | undefined): Sys<number> {
  const path = given ?? historyFile(sh);
  if (path === null) return 0;
  if (how.includes('w')) {
    const done = yield* sh.call('writeFile',
      { path, text: allLines(sh).map((line) => `${line}\n`).join(''), mode: 0o600 });
    if (!done.ok) { yield* sh.complain(`${path}: cannot create: ${strerror(done.errno)}`); return 1; }
    return 0;
  }
  // Each line is already in the file when it has been entered: there is nothing left to append.
  if (how.includes('a') && given === undefined) return 0;
  if (how.includes('a')) {
    const done = yield* sh.call('writeFile',
      { path, text: allLines(sh).map((line) => `${line}\n`).join(''), append: true, mode: 0o600 });
    return done.ok ? 0 : 1;
  }
  const text = yield* sh.call('readFile', { path });
  if (!text.ok) { yield* sh.complain(`${path}: ${strerror(text.errno)}`); return 1; }
  loadLines(sh, text.value);
  return 0;
}

const fc: Builtin = function* (sh, args) {
  // A negative number is a position, not an option.
  const cut = args.findIndex((arg) => /^-\d+$/.test(arg));
  const options = yield* parseOptions(sh, cut < 0 ? args : args.slice(0, cut), 'e:lnrs');
  if (typeof options === 'number') return options;
  const rest = cut < 0 ? options.rest : [...options.rest, ...args.slice(cut)];
  const all = allLines(sh), { first } = sh.s.history;
  // The last line is fc itself.
  const last = Math.max(0, all.length - (sh.s.interactive ? 1 : 0));
  const find = (spec: string): number => {
    if (/^-\d+$/.test(spec)) return Math.max(0, last + Number(spec));
    if (/^\d+$/.test(spec)) return Math.min(Math.max(0, Number(spec) - first), Math.max(0, last - 1));
    for (let i = last - 1; i >= 0; i--) if (all[i]!.startsWith(spec)) return i;
    return -1;
  };
  if (options.has('s')) {
    const [swap, spec] = rest[0]?.includes('=') ? [rest[0], rest[1]] : [undefined, rest[0]];
    const at = spec === undefined ? last - 1 : find(spec);
    if (at < 0 || all[at] === undefined) { yield* sh.complain('no command found'); return 1; }
    const line = swap === undefined ? all[at]!
      : all[at]!.replace(swap.slice(0, swap.indexOf('=')), swap.slice(swap.indexOf('=') + 1));
    yield* sh.write(2, `${line}\n`);
    dropLast(sh);
    addLine(sh, line);
    sh.builtin = '';
    return yield* runText(sh, line, 'fc');
  }
  if (!options.has('l')) {
    yield* sh.complain('editing commands is not available: use fc -l or fc -s');
    return 1;
  }
  let from = rest[0] === undefined ? Math.max(0, last - 16) : find(rest[0]),
    to = rest[1] === undefined ? last - 1 : find(rest[1]);
  if (from < 0 || to < 0) {
    if (!all.length) return 0;
    yield* sh.complain('history specification out of range');
    return 1;
  }
  const backwards = options.has('r') !== from > to;
  if (from > to) [from, to] = [to, from];
  const lines: string[] = [];
  for (let i = from; i <= to; i++) lines.push(`${options.has('n') ? '' : first + i}\t ${all[i]}\n`);
  return yield* emit(sh, (backwards ? lines.reverse() : lines).join(''));
};

export const historyBuiltins: Record<string, Builtin> = { history, fc };
