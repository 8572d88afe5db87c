/** echo and printf as programs of their own (coreutils 8.22/8.26). */
import type { Start, Sys } from '../../../sim/proc/program.ts';
import { call } from '../../../sim/proc/syscalls.ts';
import { fromBytes, toBytes } from '../../../sim/proc/text.ts';
import type { Command } from '../../command.ts';
import { unescape } from './escapes.ts';
import { type Conversion, formatInteger, formatNumber, formatText, parseFormat } from './format.ts';
import { quote, quoteIfNeeded } from './quote.ts';
import { PACKAGES, tool } from './tool.ts';

const echoAbout = tool({
  name: 'echo', package: PACKAGES.coreutils, usage: ['[SHORT-OPTION]... [STRING]...', 'LONG-OPTION'], about: 'Echo the STRING(s) to standard output.',
  authors: 'Brian Fox and Chet Ramey',
  options: ['-n  do not output the trailing newline', '-e  interpret backslash escapes', '-E  do not interpret backslash escapes (default)'],
  *run() { return 0; },
});

export const echo: Command = {
  name: 'echo',
  *main(start: Start): Sys<number> {
    const words = start.argv.slice(1);
    if (words.length === 1 && (words[0] === '--help' || words[0] === '--version')) return yield* echoAbout.main(start);
    let newline = true;
    let escapes = false;
    while (words[0] !== undefined && /^-[neE]+$/.test(words[0])) {
      for (const letter of words.shift()!.slice(1)) {
        if (letter === 'n') newline = false;
        else escapes = letter === 'e';
      }
    }
    const joined = words.join(' ');
    const out = escapes ? unescape(joined, true) : { text: joined, stop: false };
    const text = out.text + (newline && !out.stop ? '\n' : '');
    if (text !== '') yield* call('write', { fd: 1, text });
    return 0;
  },
};

export interface Printed { readonly text: string; readonly complaints: readonly string[]; /** A format that cannot be used. */ readonly fatal: string | null }

/** The text of printf's format and arguments, used again until all arguments are taken. */
export function printfText(format: string, words: readonly string[], env: Start['env']): Printed {
  const parts = parseFormat(maskEscapes(format));
  const complaints: string[] = [];
  let text = '';
  let at = 0;
  let stop = false;
  const next = (): string | undefined => words[at++];
  const conversions = parts.some((part) => typeof part !== 'string');
  do {
    for (const part of parts) {
      if (stop) break;
      if (typeof part === 'string') {
        if (/%/.test(part.replaceAll(PERCENT, ''))) {
          const bad = /%.*/s.exec(part)![0];
          const known = /^%[-+ #0-9.*']*(?:hh|h|ll|l|L|j|z|t)*.?/s.exec(bad)![0];
          if (part !== '%') return { text, complaints, fatal: `${known}: invalid conversion specification` };
        }
        const shown = unescape(unmask(part), false);
        text += shown.text;
        stop ||= shown.stop;
        continue;
      }
      const sized = withStars(part, next, complaints, env);
      if (!'diouxXeEfFgGaAcsbq'.includes(sized.letter)) return { text, complaints, fatal: `${part.raw}: invalid conversion specification` };
      const done = convert(sized, next(), complaints, env);
      text += done.text;
      stop ||= done.stop;
    }
  } while (conversions && at < words.length && !stop);
  if (!conversions && at < words.length) {
    complaints.push(`warning: ignoring excess arguments, starting with ${quote(words[at]!, env)}`);
  }
  return { text, complaints, fatal: null };
}

/** `%%` survives the reading of the format as this character. */
const PERCENT = '\ufdd0';
const maskEscapes = (format: string): string => format.replaceAll('%%', PERCENT);
const unmask = (text: string): string => text.replaceAll(PERCENT, '%');

function withStars(part: Conversion, next: () => string | undefined, complaints: string[], env: Start['env']): Conversion {
  const star = (size: number | '*' | null): number | null => (size === '*' ? Number(integer(next() ?? '0', complaints, env)) : size);
  let width = star(part.width);
  const precision = star(part.precision);
  let { flags } = part;
  if (width !== null && width < 0) [width, flags] = [-width, `${flags}-`];
  return { ...part, width, precision, flags };
}

function convert(part: Conversion, word: string | undefined, complaints: string[], env: Start['env']): { text: string; stop: boolean } {
  switch (part.letter) {
    case 's': return { text: formatText(part, word ?? ''), stop: false };
    case 'b': {
      const shown = unescape(word ?? '', true);
      return { text: formatText(part, shown.text), stop: shown.stop };
    }
    case 'q': return { text: formatText(part, quoteIfNeeded(word ?? '')), stop: false };
    case 'c': return { text: formatText({ ...part, precision: null }, firstByte(word ?? '')), stop: false };
    case 'd': case 'i': case 'o': case 'u': case 'x': case 'X': return { text: formatInteger(part, integer(word ?? '0', complaints, env)), stop: false };
    default: return { text: formatNumber(part, float(word ?? '0', complaints, env)), stop: false };
  }
}

const firstByte = (text: string): string => (text === '' ? '\0' : fromBytes(toBytes(text).slice(0, 1)));

/** strtol with base 0; `'c` is the character's code. What is left over is a complaint. */
function integer(text: string, complaints: string[], env: Start['env']): bigint {
  if (/^["']./su.test(text)) {
    if ([...text].length > 2) complaints.push(`warning: ${text.slice(2)}: character(s) following character constant have been ignored`);
    return BigInt(text.codePointAt(1)!);
  }
  const m = /^\s*([-+]?)(0[xX][\da-fA-F]+|0[0-7]*|[1-9]\d*)/.exec(text);
  if (!m) {
    complaints.push(`${quote(text, env)}: expected a numeric value`);
    return 0n;
  }
  if (m[0].length < text.length) complaints.push(`${quote(text, env)}: value not completely converted`);
  const digits = m[2]!;
  const size = BigInt(/^0[0-7]+$/.test(digits) ? `0o${digits.slice(1)}` : digits);
  return m[1] === '-' ? -size : size;
}

function float(text: string, complaints: string[], env: Start['env']): number {
  if (/^["']./su.test(text)) return text.codePointAt(1)!;
  const m = /^\s*([-+]?)(0[xX][\da-fA-F]+|(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?|inf(?:inity)?|nan)/i.exec(text);
  if (!m) {
    complaints.push(`${quote(text, env)}: expected a numeric value`);
    return 0;
  }
  if (m[0].length < text.length) complaints.push(`${quote(text, env)}: value not completely converted`);
  const size = /^inf/i.test(m[2]!) ? Infinity : /^nan/i.test(m[2]!) ? NaN : Number(m[2]);
  return m[1] === '-' ? -size : size;
}

const printfAbout = tool({
  name: 'printf', package: PACKAGES.coreutils, usage: ['FORMAT [ARGUMENT]...', 'OPTION'], about: 'Print ARGUMENT(s) according to FORMAT, or execute according to OPTION:',
  authors: 'David MacKenzie', options: [], style: { stopAtOperand: true },
  *run(task) { return yield* task.misuse('missing operand'); },
});

export const printf: Command = {
  name: 'printf',
  *main(start: Start): Sys<number> {
    const [name = 'printf', ...all] = start.argv;
    const words = all[0] === '--' ? all.slice(1) : all;
    if (words.length === 0 || (all.length === 1 && (all[0] === '--help' || all[0] === '--version'))) return yield* printfAbout.main({ ...start, argv: [name, ...(words.length ? words : [])] });
    const printed = printfText(words[0]!, words.slice(1), start.env);
    if (printed.text !== '') yield* call('write', { fd: 1, text: printed.text });
    const all2 = printed.fatal === null ? printed.complaints : [...printed.complaints, printed.fatal];
    if (all2.length) yield* call('write', { fd: 2, text: all2.map((text) => `${name}: ${text}\n`).join('') });
    return all2.some((text) => !text.startsWith('warning')) ? 1 : 0;
  },
};
