/**
 * sysctl of procps: reads and writes the files under /proc/sys. Words of 3.3, exit statuses as recorded.
 */
import { err, out } from '../../../sim/proc/libc.ts';
import type { Start, Sys } from '../../../sim/proc/program.ts';
import { call } from '../../../sim/proc/syscalls.ts';
import { cellFile, confFiles, SYSCTL_FOLDERS } from '../../../sim/services/systemd/boot.ts';
import type { Command } from '../../command.ts';

interface Options { write: boolean; values: boolean; names: boolean; quiet: boolean; ignore: boolean; pattern: RegExp | null }

const USAGE = `
Usage:
 sysctl [options] [variable[=value] ...]

Options:
  -a, --all            display all variables
  -A                   alias of -a
  -X                   alias of -a
      --deprecated     include deprecated parameters to listing
  -b, --binary         print value without new line
  -e, --ignore         ignore unknown variables errors
  -N, --names          print variable names without values
  -n, --values         print only values of the given variable(s)
  -p, --load[=<file>]  read values from file
  -f                   alias of -p
      --system         read values from all system directories
  -r, --pattern <expression>
                       select setting that match expression
  -q, --quiet          do not echo variable set
  -w, --write          enable writing a value to variable
  -o                   does nothing
  -x                   does nothing
  -d                   alias of -h

 -h, --help     display this help and exit
 -V, --version  output version information and exit

For more details see sysctl(8).
`;

/** A path under /proc/sys as a key: dots for slashes, and slashes for the dots of interfaces' names. */
const keyOf = (path: string): string => path.slice('/proc/sys/'.length).replace(/[./]/g, (c) => (c === '/' ? '.' : '/'));

function* show(path: string, o: Options): Sys<number> {
  const stat = yield* call('stat', { path });
  if (!stat.ok) {
    if (o.ignore) return 0;
    yield* err(`sysctl: cannot stat ${path}: ${stat.errno === 'EACCES' ? 'Permission denied' : 'No such file or directory'}\n`);
    return 1;
  }
  if (stat.value.type === 'dir') return yield* showAll(path, o);
  const key = keyOf(path);
  if (o.pattern && !o.pattern.test(key)) return 0;
  if (o.names) { yield* out(`${key}\n`); return 0; }
  const text = yield* call('readFile', { path });
  if (!text.ok) { yield* err(text.errno === 'EACCES' ? `sysctl: permission denied on key '${key}'\n` : `sysctl: reading key "${key}"\n`); return 1; }
  yield* out(text.value.replace(/\n$/, '').split('\n').map((line) => (o.values ? `${line}\n` : `${key} = ${line}\n`)).join(''));
  return 0;
}

/** Everything below a folder, in the order of the keys. */
function* showAll(folder: string, o: Options): Sys<number> {
  const lines: [string, string][] = [];
  yield* collect(folder, lines);
  const chosen = lines.filter(([key]) => !o.pattern || o.pattern.test(key)).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  yield* out(chosen.map(([key, value]) => (o.names ? `${key}\n` : o.values ? `${value}\n` : value.split('\n').map((line) => `${key} = ${line}\n`).join(''))).join(''));
  return 0;
}

function* collect(folder: string, into: [string, string][]): Sys<void> {
  const names = yield* call('readdir', { path: folder });
  for (const name of names.ok ? names.value : []) {
    const path = `${folder}/${name}`;
    const text = yield* call('readFile', { path });
    if (text.ok) into.push([keyOf(path), text.value.replace(/\n$/, '')]);
    else if (text.errno === 'EISDIR') yield* collect(path, into);
  }
}

function* write(setting: string, o: Options): Sys<number> {
  const at = setting.indexOf('=');
  const key = setting.slice(0, at).trim();
  const value = setting.slice(at + 1).trim();
  if (key === '') { yield* err(`sysctl: malformed setting "${setting}"\n`); return 1; }
  const path = cellFile(key);
  const stat = yield* call('stat', { path });
  if (!stat.ok) {
    if (o.ignore) return 0;
    yield* err(`sysctl: cannot stat ${path}: No such file or directory\n`);
    return 1;
  }
  if (!(stat.value.mode & 0o200)) { yield* err(`sysctl: setting key "${key}": Read-only file system\n`.replace('Read-only file system', 'Permission denied')); return 1; }
  const done = yield* call('writeFile', { path, text: `${value}\n` });
  if (!done.ok) {
    if (done.errno === 'EACCES' || done.errno === 'EPERM') { yield* err(`sysctl: permission denied on key '${keyOf(path)}'\n`); return 255; }
    const why = done.errno === 'EROFS' ? 'Read-only file system' : done.errno === 'EINVAL' ? 'Invalid argument' : 'Input/output error';
    yield* err(`sysctl: setting key "${keyOf(path)}": ${why}\n`);
    return 255;
  }
  if (!o.quiet) yield* out(o.values ? `${value}\n` : o.names ? `${keyOf(path)}\n` : `${keyOf(path)} = ${value}\n`);
  return 0;
}

function* load(path: string, o: Options): Sys<number> {
  const text = yield* call('readFile', { path });
  if (!text.ok) { yield* err(`sysctl: cannot open "${path}": ${text.errno === 'EACCES' ? 'Permission denied' : 'No such file or directory'}\n`); return 1; }
  return yield* apply(path, text.value, o);
}

function* apply(path: string, text: string, o: Options): Sys<number> {
  let status = 0;
  const lines = text.split('\n');
  for (let i = 0; i < lines.length; i++) {
    const line = lines[i]!.trim();
    if (line === '' || /^[#;]/.test(line)) continue;
    const lenient = line.startsWith('-');
    const setting = lenient ? line.slice(1) : line;
    if (!setting.includes('=')) { yield* err(`sysctl: ${path}(${i + 1}): invalid syntax, continuing...\n`); continue; }
    const [key, ...value] = setting.split('=');
    const one = yield* write(`${key!.trim()}=${value.join('=').trim()}`, lenient ? { ...o, ignore: true } : o);
    if (one) status = one;
  }
  return status;
}

function* system(o: Options): Sys<number> {
  let status = 0;
  const files = yield* confFiles(SYSCTL_FOLDERS);
  const main = yield* call('readFile', { path: '/etc/sysctl.conf' });
  for (const { path, text } of [...files, ...(main.ok ? [{ path: '/etc/sysctl.conf', text: main.value }] : [])]) {
    if (!o.quiet) yield* out(`* Applying ${path} ...\n`);
    const one = yield* apply(path, text, o);
    if (one) status = one;
  }
  return status;
}

function* run({ argv }: Start): Sys<number> {
  const o: Options = { write: false, values: false, names: false, quiet: false, ignore: false, pattern: null };
  let mode: 'show' | 'all' | 'load' | 'system' = 'show';
  const rest: string[] = [];
  const args = argv.slice(1).flatMap((arg) => (/^-[a-zA-Z]{2,}$/.test(arg) ? [...arg.slice(1)].map((c) => `-${c}`) : [arg]));
  for (let i = 0; i < args.length; i++) {
    const arg = args[i]!;
    if (arg === '-w' || arg === '--write') o.write = true;
    else if (arg === '-n' || arg === '--values' || arg === '-b' || arg === '--binary') o.values = true;
    else if (arg === '-N' || arg === '--names') o.names = true;
    else if (arg === '-q' || arg === '--quiet') o.quiet = true;
    else if (arg === '-e' || arg === '--ignore') o.ignore = true;
    else if (/^(-[aAX]|--all)$/.test(arg)) mode = 'all';
    else if (/^(-[pf]|--load)$/.test(arg)) mode = 'load';
    else if (arg.startsWith('--load=')) { mode = 'load'; rest.push(arg.slice(7)); }
    else if (arg === '--system') mode = 'system';
    else if (arg === '-r' || arg === '--pattern' || arg.startsWith('--pattern=')) {
      const text = arg.startsWith('--pattern=') ? arg.slice(10) : args[++i] ?? '';
      try { o.pattern = new RegExp(text); } catch { yield* err(`sysctl: invalid pattern: ${text}\n`); return 1; }
    } else if (arg === '-o' || arg === '-x' || arg === '--deprecated') continue;
    else if (arg === '-h' || arg === '-d' || arg === '--help') { yield* out(USAGE); return 0; }
    else if (arg === '-V' || arg === '--version') { yield* out('sysctl from procps-ng 3.3.10\n'); return 0; }
    else if (arg.startsWith('-')) { yield* err(`sysctl: ${arg.startsWith('--') ? `unrecognized option '${arg}'` : `invalid option -- '${arg[1]}'`}\n${USAGE}`); return 1; }
    else rest.push(arg);
  }
  if (mode === 'all') return yield* showAll('/proc/sys', o);
  if (mode === 'system') return yield* system(o);
  if (mode === 'load') {
    let status = 0;
    for (const path of rest.length ? rest : ['/etc/sysctl.conf']) status = (yield* load(path, o)) || status;
    return status;
  }
  if (!rest.length) { yield* err(o.write ? 'sysctl: no variables specified\n' + "Try `sysctl --help' for more information.\n" : USAGE); return 1; }
  let status = 0;
  for (const word of rest) {
    let one: number;
    if (word.includes('=')) one = yield* write(word, o);
    else if (o.write) { yield* err(`sysctl: "${word}" must be of the form name=value\n`); one = 1; }
    else one = yield* show(cellFile(word).replace(/\/$/, ''), o);
    if (one) status = one;
  }
  return status;
}

export const sysctl: Command = {
  name: 'sysctl',
  main: run,
  *complete(_start, words) {
    const last = words[words.length - 1] ?? '';
    const dot = last.lastIndexOf('.');
    const folder = dot < 0 ? '/proc/sys' : cellFile(last.slice(0, dot));
    const names = yield* call('readdir', { path: folder });
    return (names.ok ? names.value : []).map((name) => `${dot < 0 ? '' : last.slice(0, dot + 1)}${name.replace(/\./g, '/')}`).filter((name) => name.startsWith(last));
  },
};
