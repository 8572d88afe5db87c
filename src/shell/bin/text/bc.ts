/** bc 1.06.95: arithmetic of any precision, line by line. The mathematics of -l is worked out to `scale` digits. */
import type { Sys } from '../../../sim/proc/program.ts';
import { lineReader, readLine } from '../../../sim/proc/libc.ts';
import { call } from '../../../sim/proc/syscalls.ts';
import type { Command } from '../../command.ts';
import { Bc } from './bc/run.ts';

const VERSION = 'bc 1.06.95\nCopyright 1991-1994, 1997, 1998, 2000, 2004, 2006 Free Software Foundation, Inc.\n';
const HELP = 'usage: bc [options] [file ...]\n  -h  --help         print this usage and exit\n  -i  --interactive  force interactive mode\n  -l  --mathlib      use the predefined math routines\n'
  + "  -q  --quiet        don't print initial banner\n  -s  --standard     non-standard bc constructs are errors\n  -w  --warn         warn about non-standard bc constructs\n"
  + '  -v  --version      print version information and exit\n';
const BANNER = `${VERSION}This is free software with ABSOLUTELY NO WARRANTY.\nFor details type \`warranty'. \n`;

export const bc: Command = {
  name: 'bc',
  *main(start): Sys<number> {
    const files: string[] = [];
    let [math, quiet] = [false, false];
    for (const word of start.argv.slice(1)) {
      if (word === '--mathlib') math = true;
      else if (word === '--quiet') quiet = true;
      else if (word === '--help' || word === '-h') { yield* call('write', { fd: 1, text: HELP }); return 0; }
      else if (word === '--version' || word === '-v') { yield* call('write', { fd: 1, text: VERSION }); return 0; }
      else if (/^--(interactive|standard|warn)$/.test(word)) continue;
      else if (/^-[ilqsw]+$/.test(word)) { math ||= word.includes('l'); quiet ||= word.includes('q'); }
      else if (word.startsWith('-') && word !== '-') {
        const what = word.startsWith('--') ? `unrecognized option '${word}'` : `invalid option -- '${word[1]!}'`;
        yield* call('write', { fd: 2, text: `bc: ${what}\n${HELP}` });
        return 1;
      } else files.push(word);
    }
    const machine = new Bc(math, Number(start.env['BC_LINE_LENGTH'] ?? 70));
    for (const file of files) {
      const text = yield* call('readFile', { path: file });
      if (!text.ok) {
        yield* call('write', { fd: 2, text: `File ${file} is unavailable.\n` });
        return 1;
      }
      if (!(yield* feed(machine, text.value, file))) return 0;
    }
    const screen = (yield* call('tty', { fd: 0 })).ok;
    if (screen && !quiet) yield* call('write', { fd: 1, text: BANNER });
    const reader = lineReader(0);
    for (;;) {
      const line = yield* readLine(reader);
      if (line === null) break;
      if (!(yield* feed(machine, line, '(standard_in)'))) return 0;
    }
    const rest = machine.finish('(standard_in)');
    if (rest) yield* call('write', { fd: 2, text: rest });
    return 0;
  },
};

/** Runs what is whole; false after `quit`. */
function* feed(machine: Bc, text: string, from: string): Sys<boolean> {
  const { out, errors, quit } = machine.feed(text, from);
  if (out) yield* call('write', { fd: 1, text: out });
  if (errors) yield* call('write', { fd: 2, text: errors });
  return !quit;
}
