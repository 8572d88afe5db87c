/**
 * man, apropos and whatis of man-db 2.6: pages of man-pages.ts, and for GNU programs what their own --help says. Shown by less on a terminal, plainly in
 * a pipe.
 */
import { err, out, readAll, terminal } from '../../../sim/proc/libc.ts';
import type { Start, Sys } from '../../../sim/proc/program.ts';
import { call } from '../../../sim/proc/syscalls.ts';
import type { Command } from '../../command.ts';
import { launch } from '../coreutils/run.ts';
import { through } from '../host/pager.ts';
import { PAGES, WHATIS } from './man-pages.ts';

interface Page { name: string; section: string; what: string; synopsis: string[]; body: string[] | null }

/** All pages; those of WHATIS have their body from --help. */
function pages(): readonly Page[] {
  const head = (line: string): Page => { const [name, section, what] = line.split('|') as [string, string, string]; return { name, section, what, synopsis: [], body: null }; };
  const written = PAGES.trim().split('\n=\n').map((text): Page => {
    const [first, ...rest] = text.split('\n');
    return { ...head(first!), synopsis: rest.filter((l) => l.startsWith('$ ')).map((l) => l.slice(2)), body: rest.filter((l) => !l.startsWith('$ ')) };
  });
  return [...WHATIS.trim().split('\n').map(head), ...written];
}

const ALIASES: Readonly<Record<string, string>> = { vim: 'vi', view: 'vi', egrep: 'grep', fgrep: 'grep', gawk: 'awk', zcat: 'gzip', gunzip: 'gzip', poweroff: 'reboot', halt: 'reboot', umount: 'mount', killall: 'kill', pkill: 'kill', pgrep: 'ps' };

const TITLES: Readonly<Record<string, string>> = { 1: 'User Commands', 5: 'File Formats', 8: 'System Administration' };

/** Words of a paragraph at an indentation. */
function fill(text: string, indent: number, width: number): string {
  const rows: string[] = [];
  let row = '';
  for (const word of text.split(' ')) {
    if (row !== '' && row.length + 1 + word.length > width - indent) { rows.push(row); row = ''; }
    row = row === '' ? word : `${row} ${word}`;
  }
  return [...rows, row].map((line) => `${' '.repeat(indent)}${line}\n`).join('');
}

function bodyOf(lines: readonly string[], width: number): string {
  return lines.map((line) => {
    const option = /^(\S.*?) {2}(\S.*)$/.exec(line);
    return option ? `       ${option[1]}\n${fill(option[2]!, 14, width)}` : fill(line, 7, width);
  }).join('\n');
}

/** What a GNU program says of itself. */
function* helpOf(start: Start, name: string): Sys<{ synopsis: string[]; text: string } | null> {
  const pipe = yield* call('pipe', {});
  if (!pipe.ok) return null;
  const child = yield* launch([name, '--help'], start.env, { fds: { 0: 0, 1: pipe.value.write, 2: pipe.value.write } });
  yield* call('close', { fd: pipe.value.write });
  if (!child.ok) return null;
  const text = yield* readAll(pipe.value.read);
  yield* call('close', { fd: pipe.value.read });
  yield* call('wait', { pid: child.value });
  const lines = (text.ok ? text.value : '').replace(/\n+$/, '').split('\n');
  const usage = lines.filter((line) => /^(Usage| {2}or):/.test(line)).map((line) => line.replace(/^(Usage| {2}or): */, ''));
  return { synopsis: usage, text: lines.filter((line) => !/^(Usage| {2}or):/.test(line)).map((line) => (line === '' ? '' : `       ${line}`)).join('\n') };
}

function* render(start: Start, page: Page, width: number): Sys<string> {
  const corner = `${page.name.toUpperCase()}(${page.section})`;
  const title = TITLES[page.section] ?? '';
  const gap = Math.max(1, Math.floor((width - title.length) / 2) - corner.length);
  const top = `${corner}${' '.repeat(gap)}${title}`;
  const head = `${top}${corner.padStart(Math.max(corner.length + 1, width - top.length))}\n\n`;
  const help = page.body === null ? yield* helpOf(start, page.name) : null;
  const synopsis = (page.body === null ? help?.synopsis ?? [] : page.synopsis).map((line) => `       ${line}\n`).join('');
  const body = page.body === null ? `${help?.text ?? ''}\n` : bodyOf(page.body, width);
  return `${head}NAME\n       ${page.name} - ${page.what}\n\n${synopsis ? `SYNOPSIS\n${synopsis}\n` : ''}${body.trim() ? `DESCRIPTION\n${body}\n` : ''}`;
}

function* show(start: Start, page: Page): Sys<void> {
  const screen = yield* terminal(1);
  const text = yield* render(start, page, Math.min(screen?.cols ?? 80, 100));
  if (!screen) { yield* out(text); return; }
  const prompt = ` Manual page ${page.name}(${page.section}) ?ltline %lt?L/%L.:byte %bB?s/%s..?e (END):?pB %pB\\%.. (press h for help or q to quit)`;
  const pager = (start.env['MANPAGER'] ?? start.env['PAGER'] ?? 'less').split(' ');
  const env = { ...start.env, ...(pager[0]!.endsWith('less') ? { LESS: `-ix8RmPm${prompt}$PM${prompt}$` } : {}) };
  yield* through(text, (input) => launch(pager[0] === 'less' ? ['less', '-s'] : pager, env, { fds: { 0: input, 1: 1, 2: 2 } }));
}

const line = (p: Page): string => `${`${p.name} (${p.section})`.padEnd(20)} - ${p.what}\n`;

/** Pages whose program is on this disk; files of section 5 are always told of. */
function* present(): Sys<Page[]> {
  const found: Page[] = [];
  for (const page of pages()) {
    if (page.section === '5') { found.push(page); continue; }
    for (const folder of ['/usr/bin', '/usr/sbin']) if ((yield* call('access', { path: `${folder}/${page.name}`, mode: 'f' })).ok) { found.push(page); break; }
  }
  return found;
}

function* search(words: readonly string[], exact: boolean): Sys<number> {
  const all = yield* present();
  let status = 0;
  for (const word of words) {
    const hits = all.filter((p) => (exact ? p.name === word : p.name.includes(word) || p.what.toLowerCase().includes(word.toLowerCase()))).sort((a, b) => (a.name < b.name ? -1 : 1));
    if (!hits.length) { yield* err(`${word}: nothing appropriate.\n`); status = 16; }
    yield* out(hits.map(line).join(''));
  }
  return status;
}

function* manMain(start: Start): Sys<number> {
  const called = (start.argv[0] ?? 'man').split('/').pop();
  const words = start.argv.slice(1);
  const options = words.filter((w) => w.startsWith('-'));
  const names = words.filter((w) => !w.startsWith('-'));
  if (called !== 'man' || options.some((o) => /^-[kf]$/.test(o))) {
    if (!names.length) { yield* err(`${called === 'man' ? (options.includes('-k') ? 'apropos' : 'whatis') : called} what?\n`); return 1; }
    return yield* search(names, called === 'whatis' || options.includes('-f'));
  }
  const bad = options.find((o) => !/^-(a|P|l|w)$/.test(o));
  if (bad) { yield* err(`man: ${bad.startsWith('--') ? `unrecognized option '${bad}'` : `invalid option -- '${bad[1]}'`}\nTry 'man --help' or 'man --usage' for more information.\n`); return 1; }
  if (!names.length) { yield* err('What manual page do you want?\n'); return 1; }
  const section = names.length > 1 && /^[1-9]$/.test(names[0]!) ? names.shift()! : null;
  let status = 0;
  for (const name of names) {
    const wanted = ALIASES[name] || name;
    const found = (yield* present()).find((p) => p.name === wanted && (section === null || p.section === section));
    if (found) yield* show(start, found);
    else { yield* err(section === null ? `No manual entry for ${name}\n` : `No manual entry for ${name} in section ${section}\n`); status = 16; }
  }
  return status;
}

export const man: Command = { name: 'man', main: manMain };
