/**
 * The programs that speak to the terminal itself: clear, reset, tput (ncurses 5.9 and 6.0, xterm's entry) and
 * stty (coreutils). The model's terminal knows raw or cooked, echo and a size; what else is asked of stty
 * is refused in its own words.
 */
import { err, out } from '../../../sim/proc/libc.ts';
import type { Start, Sys } from '../../../sim/proc/program.ts';
import { call } from '../../../sim/proc/syscalls.ts';
import type { Command } from '../../command.ts';

const CLEAR = '\x1b[H\x1b[2J';

/** A complaint when TERM names no terminal that the database has. */
function* termOf(start: Start, name: string): Sys<string | null> {
  const term = start.env['TERM'];
  if (term === undefined || term === '') { yield* err('TERM environment variable not set.\n'); return null; }
  if (/^(xterm|screen|linux|vt\d+|rxvt|tmux|ansi|dumb)/.test(term)) return term;
  yield* err(`'${term}': unknown terminal type.\n`.replace(/^/, name === 'tput' ? 'tput: unknown terminal "' : '').replace(/^(tput: unknown terminal ")'(.*)': unknown terminal type\./, '$1$2"'));
  return null;
}

export const clear: Command = {
  name: 'clear',
  *main(start) {
    const term = yield* termOf(start, 'clear');
    if (term === null) return 1;
    if (term !== 'dumb') yield* out(CLEAR);
    return 0;
  },
};

function* reset(start: Start): Sys<number> {
  const quiet = start.argv.includes('-q');
  if (quiet) { yield* out(`${start.env['TERM'] ?? 'unknown'}\n`); return 0; }
  const term = yield* termOf(start, 'reset');
  if (term === null) return 1;
  for (const fd of [2, 1, 0]) {
    const tty = yield* call('tty', { fd });
    if (!tty.ok) continue;
    yield* call('ttyMode', { fd, raw: false, echo: true });
    yield* call('write', { fd, text: `\x1bc\x1b[!p\x1b[?3;4l\x1b[4l\x1b>${CLEAR}` });
    yield* call('sleep', { us: 1_000_000 });
    return 0;
  }
  yield* err('reset: standard error: Inappropriate ioctl for device\n');
  return 1;
}

const resetNamed = (name: string): Command => ({ name, main: reset });
export const resetCommand = resetNamed('reset');
export const tset = resetNamed('tset');

// ---- tput

/** Strings of xterm's terminfo entry that scripts ask for. */
const STRINGS: Readonly<Record<string, string>> = {
  clear: CLEAR, bold: '\x1b[1m', dim: '\x1b[2m', smul: '\x1b[4m', rmul: '\x1b[24m', rev: '\x1b[7m', blink: '\x1b[5m', invis: '\x1b[8m', smso: '\x1b[7m', rmso: '\x1b[27m',
  sgr0: '\x1b(B\x1b[m', op: '\x1b[39;49m', smcup: '\x1b[?1049h', rmcup: '\x1b[?1049l', civis: '\x1b[?25l', cnorm: '\x1b[?12l\x1b[?25h', el: '\x1b[K', el1: '\x1b[1K', ed: '\x1b[J',
  home: '\x1b[H', cuu1: '\x1b[A', cud1: '\n', cuf1: '\x1b[C', cub1: '\b', sc: '\x1b7', rc: '\x1b8', bel: '\x07', cr: '\r', il1: '\x1b[L', dl1: '\x1b[M', dch1: '\x1b[P', ri: '\x1bM', ind: '\n',
  smkx: '\x1b[?1h\x1b=', rmkx: '\x1b[?1l\x1b>', kcuu1: '\x1bOA', kcud1: '\x1bOB', kcuf1: '\x1bOC', kcub1: '\x1bOD', khome: '\x1bOH', kend: '\x1bOF', smir: '\x1b[4h', rmir: '\x1b[4l',
};
const WITH_NUMBERS: Readonly<Record<string, (n: readonly number[]) => string>> = {
  cup: ([row = 0, col = 0]) => `\x1b[${row + 1};${col + 1}H`, hpa: ([n = 0]) => `\x1b[${n + 1}G`, vpa: ([n = 0]) => `\x1b[${n + 1}d`,
  cuu: ([n = 1]) => `\x1b[${n}A`, cud: ([n = 1]) => `\x1b[${n}B`, cuf: ([n = 1]) => `\x1b[${n}C`, cub: ([n = 1]) => `\x1b[${n}D`, il: ([n = 1]) => `\x1b[${n}L`, dl: ([n = 1]) => `\x1b[${n}M`,
  setaf: ([n = 0]) => (n < 8 ? `\x1b[3${n}m` : n < 16 ? `\x1b[9${n - 8}m` : `\x1b[38;5;${n}m`), setab: ([n = 0]) => (n < 8 ? `\x1b[4${n}m` : n < 16 ? `\x1b[10${n - 8}m` : `\x1b[48;5;${n}m`),
  csr: ([a = 0, b = 0]) => `\x1b[${a + 1};${b + 1}r`, ech: ([n = 1]) => `\x1b[${n}X`,
};
const FLAGS: Readonly<Record<string, boolean>> = { am: true, bce: true, km: true, mir: true, msgr: true, xenl: true, hs: false, bw: false };

export const tput: Command = {
  name: 'tput',
  *main(start) {
    const words = start.argv.slice(1);
    let term = start.env['TERM'] ?? '';
    while (words[0]?.startsWith('-')) {
      const word = words.shift()!;
      if (word === '-V') { yield* out('ncurses 5.9.20130511\n'); return 0; }
      if (word.startsWith('-T')) term = word.slice(2) || words.shift() || '';
      else { yield* err(`tput: invalid option -- '${word[1] ?? '-'}'\nusage: tput [-V] [-S] [-T term] capname\n`); return 2; }
    }
    if (term === '') { yield* err('tput: No value for $TERM and no -T specified\n'); return 2; }
    if ((yield* termOf({ ...start, env: { TERM: term } }, 'tput')) === null) return 3;
    const [name, ...rest] = words;
    if (name === undefined) { yield* err('usage: tput [-V] [-S] [-T term] capname\n'); return 2; }
    return yield* capability(start, term, name, rest);
  },
};

function* capability(start: Start, term: string, name: string, rest: readonly string[]): Sys<number> {
  if (name === 'cols' || name === 'lines') { yield* out(`${yield* extent(start, name)}\n`); return 0; }
  if (name === 'colors') { yield* out(`${/256color/.test(term) ? 256 : term === 'dumb' || /^vt/.test(term) ? -1 : 8}\n`); return 0; }
  if (name === 'longname') { yield* out(/256color/.test(term) ? 'xterm with 256 colors' : 'xterm terminal emulator (X Window System)'); return 0; }
  if (name === 'it') { yield* out('8\n'); return 0; }
  if (name === 'reset' || name === 'init') { yield* out(name === 'reset' ? '\x1bc\x1b[!p\x1b[?3;4l\x1b[4l\x1b>' : '\x1b[!p\x1b[?3;4l\x1b[4l\x1b>'); return 0; }
  if (name in FLAGS) return FLAGS[name] ? 0 : 1;
  const numbered = WITH_NUMBERS[name];
  const text = numbered ? numbered(rest.map(Number)) : STRINGS[name];
  if (text === undefined) { yield* err(`tput: unknown terminfo capability '${name}'\n`); return 4; }
  if (term === 'dumb' && !/^(bel|cr|cud1|ind)$/.test(name)) return 1;
  yield* out(text);
  return 0;
}

/** The size of whichever standard stream is a terminal, else the environment's, else xterm's 80 by 24. */
function* extent(start: Start, name: 'cols' | 'lines'): Sys<number> {
  for (const fd of [2, 1, 0]) {
    const tty = yield* call('tty', { fd });
    if (tty.ok) return name === 'cols' ? tty.value.cols : tty.value.rows;
  }
  return Number(start.env[name === 'cols' ? 'COLUMNS' : 'LINES']) || (name === 'cols' ? 80 : 24);
}

// ---- stty

interface Terminal { cols: number; rows: number; raw: boolean; echo: boolean }

const CHARACTERS = 'intr = ^C; quit = ^\\; erase = ^?; kill = ^U; eof = ^D; eol = <undef>;\neol2 = <undef>; swtch = <undef>; start = ^Q; stop = ^S; susp = ^Z; rprnt = ^R;\nwerase = ^W; lnext = ^V; flush = ^O; min = 1; time = 0;\n';

/** `stty -a`: eighty columns wide, as on any terminal of that size. */
function allSettings(t: Terminal): string {
  const cooked = t.raw ? '-' : '';
  const echo = t.echo ? '' : '-';
  return `speed 38400 baud; rows ${t.rows}; columns ${t.cols}; line = 0;\n${CHARACTERS}`
    + '-parenb -parodd -cmspar cs8 -hupcl -cstopb cread -clocal -crtscts\n'
    + `-ignbrk -brkint -ignpar -parmrk -inpck -istrip -inlcr -igncr ${cooked}icrnl ${cooked}ixon -ixoff\n-iuclc -ixany -imaxbel iutf8\n`
    + `${cooked}opost -olcuc -ocrnl onlcr -onocr -onlret -ofill -ofdel nl0 cr0 tab0 bs0 vt0 ff0\n`
    + `${cooked}isig ${cooked}icanon iexten ${echo}echo echoe echok -echonl -noflsh -xcase -tostop -echoprt\nechoctl echoke -flusho -extproc\n`;
}

/** What differs from a sane terminal. */
function changedSettings(t: Terminal): string {
  const odd = ['-brkint', ...(t.raw ? ['-icrnl', '-ixon'] : []), '-imaxbel iutf8', ...(t.raw ? ['\n-opost', '\n-isig -icanon'] : []), ...(t.echo ? [] : ['\n-echo'])];
  return `speed 38400 baud; line = 0;\n${odd.join(' ').replace(/ \n/g, '\n')}\n`;
}

interface Asked { file: string | null; all: boolean; words: string[] }

export const stty: Command = {
  name: 'stty',
  *main({ argv }) {
    const asked: Asked = { file: null, all: false, words: [] };
    const args = argv.slice(1);
    for (let i = 0; i < args.length; i++) {
      const arg = args[i]!;
      if (arg === '-a' || arg === '--all') asked.all = true;
      else if (arg === '-F' || arg === '--file') asked.file = args[++i] ?? '';
      else if (arg.startsWith('-F') || arg.startsWith('--file=')) asked.file = arg.replace(/^(-F|--file=)/, '');
      else asked.words.push(arg);
    }
    let fd = 0;
    if (asked.file !== null) {
      const opened = yield* call('open', { path: asked.file, flags: { read: true } });
      if (!opened.ok) { yield* err(`stty: ${asked.file}: No such file or directory\n`); return 1; }
      fd = opened.value;
    }
    const got = yield* call('tty', { fd });
    if (!got.ok) { yield* err(`stty: ${asked.file ?? 'standard input'}: Inappropriate ioctl for device\n`); return 1; }
    const t: Terminal = { ...got.value };
    if (!asked.words.length) { yield* out(asked.all ? allSettings(t) : changedSettings(t)); return 0; }
    if (asked.all) { yield* err('stty: when specifying an output style, modes may not be set\n'); return 1; }
    return yield* setModes(fd, t, asked);
  },
};

/** Words that GNU stty knows and this terminal cannot do. */
const BEYOND = /^-?(parenb|parodd|cs[5-8]|hupcl|cstopb|cread|clocal|crtscts|ignbrk|brkint|ignpar|parmrk|inpck|istrip|inlcr|igncr|icrnl|ixon|ixoff|iuclc|ixany|imaxbel|iutf8|opost|olcuc|ocrnl|onlcr|onocr|onlret|isig|icanon|iexten|echoe|echok|echonl|noflsh|tostop|echoprt|echoctl|echoke|cbreak|evenp|oddp|nl|pass8|litout|tabs|decctlq|crt|dec)$/;
const TAKES_VALUE = /^(intr|quit|erase|kill|eof|eol|eol2|start|stop|susp|rprnt|werase|lnext|min|time|line|ispeed|ospeed|rows|cols|columns)$/;

function* setModes(fd: number, before: Terminal, { words, file }: Asked): Sys<number> {
  const t = { ...before };
  let beyond = false;
  for (let i = 0; i < words.length; i++) {
    const word = words[i]!;
    const value = TAKES_VALUE.test(word) ? words[++i] : undefined;
    if (TAKES_VALUE.test(word) && value === undefined) { yield* err(`stty: missing argument to ‘${word}’\nTry 'stty --help' for more information.\n`); return 1; }
    switch (word) {
      case 'size': yield* out(`${before.rows} ${before.cols}\n`); continue;
      case 'speed': yield* out('38400\n'); continue;
      case 'sane': Object.assign(t, { raw: false, echo: true }); continue;
      case 'echo': t.echo = true; continue;
      case '-echo': t.echo = false; continue;
      case 'raw': case '-cooked': t.raw = true; continue;
      case '-raw': case 'cooked': t.raw = false; continue;
      case 'rows': case 'cols': case 'columns':
        if (!/^\d+$/.test(value!)) { yield* err(`stty: invalid integer argument ‘${value}’\n`); return 1; }
        if (word === 'rows') t.rows = Number(value); else t.cols = Number(value);
        continue;
      default:
        if (value === undefined && !BEYOND.test(word) && !/^\d+$/.test(word)) { yield* err(`stty: invalid argument ‘${word}’\nTry 'stty --help' for more information.\n`); return 1; }
        beyond = true;
    }
  }
  if (t.raw !== before.raw || t.echo !== before.echo) yield* call('ttyMode', { fd, raw: t.raw, echo: t.echo });
  if (t.rows !== before.rows || t.cols !== before.cols) yield* call('ttyResize', { fd, cols: t.cols, rows: t.rows });
  if (!beyond) return 0;
  yield* err(`stty: ${file ?? 'standard input'}: unable to perform all requested operations\n`);
  return 1;
}
