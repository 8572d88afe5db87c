/** getopt of util-linux 2.23/2.29: puts a script's options in order, quoted for the shell. */
import type { Sys } from '../../../sim/proc/program.ts';
import { call } from '../../../sim/proc/syscalls.ts';
import type { Command } from '../../command.ts';
import { onDebian, PACKAGES } from '../coreutils/tool.ts';

const HELP = `
Usage:
 getopt <optstring> <parameters>
 getopt [options] [--] <optstring> <parameters>
 getopt [options] -o|--options <optstring> [options] [--] <parameters>

Parse command options.

Options:
 -a, --alternative             allow long options starting with single -
 -l, --longoptions <longopts>  the long options to be recognized
 -n, --name <progname>         the name under which errors are reported
 -o, --options <optstring>     the short options to be recognized
 -q, --quiet                   disable error reporting by getopt(3)
 -Q, --quiet-output            no normal output
 -s, --shell <shell>           set quoting conventions to those of <shell>
 -T, --test                    test for getopt(1) version
 -u, --unquoted                do not quote the output

 -h, --help     display this help and exit
 -V, --version  output version information and exit

For more details see getopt(1).
`;

interface Wish { short: string | null; longs: { name: string; takes: string }[]; name: string; quiet: boolean; silent: boolean; quote: boolean; alternative: boolean; csh: boolean }

const TAKES: Readonly<Record<string, string>> = { options: 'o', longoptions: 'l', name: 'n', shell: 's', alternative: 'a', quiet: 'q', 'quiet-output': 'Q', test: 'T', unquoted: 'u', help: 'h', version: 'V' };
const WITH_VALUE = 'olns';

export const getopt: Command = {
  name: 'getopt',
  *main(start) {
    const words = start.argv.slice(1);
    const say = function* (fd: number, text: string, status: number): Sys<number> {
      yield* call('write', { fd, text });
      return status;
    };
    const misuse = (text: string): Sys<number> => say(2, `getopt: ${text}\nTry 'getopt --help' for more information.\n`, 2);
    if (words.length === 0) return yield* misuse('missing optstring argument');
    const wish: Wish = { short: null, longs: [], name: 'getopt', quiet: false, silent: false, quote: true, alternative: false, csh: false };
    let i = 0;
    const old = !words[0]!.startsWith('-');
    if (old) wish.quote = false;
    for (; !old && i < words.length; i++) {
      const word = words[i]!;
      if (word === '--') { i++; break; }
      if (!word.startsWith('-') || word === '-') break;
      let letters = word.slice(1);
      let value: string | undefined;
      if (word.startsWith('--')) {
        const [name, given] = word.slice(2).split(/=(.*)/s) as [string, string?];
        const found = Object.keys(TAKES).filter((known) => known === name || known.startsWith(name));
        if (found.length === 0) return yield* misuse(`unrecognized option '--${name}'`);
        letters = TAKES[found.find((known) => known === name) ?? found[0]!]!;
        value = given;
      }
      for (let k = 0; k < letters.length; k++) {
        const letter = letters[k]!;
        if (WITH_VALUE.includes(letter)) {
          value ??= letters.slice(k + 1) || words[++i];
          if (value === undefined) return yield* misuse(`option requires an argument -- '${letter}'`);
          if (letter === 'o') wish.short = value;
          if (letter === 'n') wish.name = value;
          if (letter === 'l') wish.longs.push(...value.split(/[, \t\n]+/).filter(Boolean).map((one) => ({ name: one.replace(/:+$/, ''), takes: /:*$/.exec(one)![0] })));
          if (letter === 's') {
            if (!['sh', 'bash', 'csh', 'tcsh'].includes(value)) return yield* misuse('unknown shell after -s or --shell argument');
            wish.csh = value.endsWith('csh');
          }
          break;
        }
        switch (letter) {
          case 'h': return yield* say(1, HELP, 0);
          case 'V': return yield* say(1, `getopt from util-linux ${PACKAGES.utilLinux[(yield* onDebian()) ? 'debian' : 'centos']}\n`, 0);
          case 'T': return 4;
          case 'a': wish.alternative = true; break;
          case 'q': wish.quiet = true; break;
          case 'Q': wish.silent = true; break;
          case 'u': wish.quote = false; break;
          default: return yield* misuse(`invalid option -- '${letter}'`);
        }
      }
    }
    if (wish.short === null) {
      if (i >= words.length) return yield* misuse('missing optstring argument');
      wish.short = words[i++]!;
      if (old && words[i] === '--') i++;
    }
    const { text, errors } = parse(wish, words.slice(i));
    if (!wish.quiet) yield* call('write', { fd: 2, text: errors.map((error) => `${wish.name}: ${error}\n`).join('') });
    if (!wish.silent) yield* call('write', { fd: 1, text: `${text}\n` });
    return errors.length ? 1 : 0;
  },
};

function quoted(wish: Wish, word: string): string {
  if (!wish.quote) return word;
  let inner = word.replaceAll("'", "'\\''");
  if (wish.csh) inner = inner.replaceAll('\\', '\\\\').replaceAll('!', "'\\!'").replaceAll('\n', '\\n');
  return `'${inner}'`;
}

function parse(wish: Wish, words: readonly string[]): { text: string; errors: string[] } {
  const errors: string[] = [];
  let out = '';
  const operands: string[] = [];
  const short = wish.short!.replace(/^[+-]/, '');
  const stop = wish.short!.startsWith('+');
  const inOrder = wish.short!.startsWith('-');
  const value = (given: string | undefined): void => { out += ` ${quoted(wish, given ?? '')}`; };
  for (let i = 0; i < words.length; i++) {
    const word = words[i]!;
    if (word === '--') { operands.push(...words.slice(i + 1)); break; }
    if (word === '-' || !word.startsWith('-')) {
      if (stop) { operands.push(...words.slice(i)); break; }
      if (inOrder) out += ` ${quoted(wish, word)}`;
      else operands.push(word);
      continue;
    }
    const single = !word.startsWith('--');
    if (!single || (wish.alternative && wish.longs.some(({ name }) => name.startsWith(word.slice(1).split('=')[0]!)))) {
      const dashes = single ? '-' : '--';
      const [name, given] = word.slice(dashes.length).split(/=(.*)/s) as [string, string?];
      const exact = wish.longs.filter((long) => long.name === name);
      const found = exact.length ? exact : wish.longs.filter((long) => long.name.startsWith(name));
      if (found.length === 0) { errors.push(`unrecognized option '${dashes}${name}'`); continue; }
      if (found.length > 1) { errors.push(`option '${word}' is ambiguous; possibilities: ${found.map((long) => `'--${long.name}'`).join(' ')}`); continue; }
      const long = found[0]!;
      if (long.takes === '' && given !== undefined) { errors.push(`option '${dashes}${long.name}' doesn't allow an argument`); continue; }
      const argument = long.takes === ':' && given === undefined ? words[++i] : given;
      if (long.takes === ':' && argument === undefined) { errors.push(`option '${dashes}${long.name}' requires an argument`); continue; }
      out += ` --${long.name}`;
      if (long.takes) value(argument);
      continue;
    }
    for (let k = 1; k < word.length; k++) {
      const letter = word[k]!;
      const at = letter === ':' ? -1 : short.indexOf(letter);
      if (at < 0) { errors.push(`invalid option -- '${letter}'`); continue; }
      if (short[at + 1] !== ':') { out += ` -${letter}`; continue; }
      const optional = short[at + 2] === ':';
      const rest = word.slice(k + 1);
      const argument = rest !== '' ? rest : optional ? undefined : words[++i];
      if (argument === undefined && !optional) { errors.push(`option requires an argument -- '${letter}'`); break; }
      out += ` -${letter}`;
      value(argument);
      break;
    }
  }
  return { text: `${out} --${operands.map((word) => ` ${quoted(wish, word)}`).join('')}`, errors };
}
