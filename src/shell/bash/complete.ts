/** Tab: which word stands at the cursor and what could become of it. bashline.c's default completion. */
import type { Sys } from '../../sim/proc/program.ts';
import { builtins } from './builtins/index.ts';
import { KEYWORDS } from './builtins/about.ts';
import { completerOf } from './completions.ts';
import { homeOf } from './expand.ts';
import type { Shell } from './shell.ts';
import { get, names } from './table.ts';
import { allNames, environment, value } from './variables.ts';

export interface Candidates {
  /** Where the word begins in the line. */
  start: number;
  /** Whole words, as they would stand in the line, without their ends. */
  words: readonly string[];
  /** What a list shows of each. */
  shown: readonly string[];
  /** Directories get a slash and no blank after them. */
  suffix: string;
}

const BREAKS = /[ \t\n|&;()<>]/;

/** The words of the command at the cursor, the last one unfinished; where that one begins. */
function wordsBefore(line: string): { words: string[]; start: number; quote: string } {
  let words: string[] = [], word = '', started = false, start = line.length, quote = '';
  for (let i = 0; i < line.length; i++) {
    const c = line[i]!;
    if (!started && !BREAKS.test(c)) { started = true; start = i; word = ''; }
    if (quote) {
      if (c === quote) quote = ''; else if (c === '\\' && quote === '"'
        && i + 1 < line.length) word += line[++i]; else word += c;
      continue;
    }
    if (c === '\\') { if (i + 1 < line.length) word += line[++i]; continue; }
    if (c === '"' || c === "'") { quote = c; continue; }
    if (!BREAKS.test(c)) { word += c; continue; }
    if (started) words.push(word);
    started = false;
    start = i + 1;
    if (/[|&;(\n]/.test(c)) words = [];
  }
  if (!started) { word = ''; start = line.length; }
  return { words: [...words, word], start, quote };
}

const quoted = (text: string, quote: string): string =>
  (quote ? quote + (quote === '"' ? text.replace(/["$`\\]/g, '\\$&') : text)
    : text.replace(/[ \t\n|&;()<>'"\\*?[\]{}$`!#]/g, '\\$&').replace(/^\\~/, '~'));

const ASSIGNMENT = /^[A-Za-z_]\w*\+?=/;
/** Programs that run the rest of their line. */
const PREFIXES: ReadonlySet<string> =
  new Set(['sudo', 'time', 'exec', 'command', 'nohup', 'xargs', 'watch', 'env', '!', 'then', 'do', 'else',
    'if', 'while', 'until', '{']);

export function* complete(sh: Shell, line: string): Sys<Candidates> {
  const { words, start, quote } = wordsBefore(line);
  while (words.length > 1 && (ASSIGNMENT.test(words[0]!) || PREFIXES.has(words[0]!))) words.shift();
  const word = words[words.length - 1]!;
  const variable = /^(.*)\$(\{?)(\w*)$/s.exec(line.slice(start));
  if (variable && quote !== "'") {
    const found = allNames(sh).filter((name) => name.startsWith(variable[3]!));
    const close = variable[2] ? '}' : '';
    return { start, words: found.map((name) => `${variable[1]}$${variable[2]}${name}${close}`),
      shown: found.map((name) => `$${variable[2]}${name}${close}`), suffix: ' ' };
  }
  if (/^~[^/]*$/.test(word) && !quote) return yield* users(sh, word, start);
  if (words.length === 1 && !word.includes('/')) return yield* commands(sh, word, start, quote);
  if (words.length > 1) {
    const own = yield* programmed(sh, words);
    if (own.length) return { start, words: own.map((text) => quoted(text, quote)), shown: own,
      suffix: own.length === 1 && /[=/:]$/.test(own[0]!) ? '' : ' ' };
  }
  return yield* files(sh, word, start, quote, words.length === 1,
    words[0] === 'cd' || words[0] === 'pushd' || words[0] === 'rmdir');
}

function* users(sh: Shell, word: string, start: number): Sys<Candidates> {
  const passwd = yield* sh.call('readFile', { path: '/etc/passwd' });
  const all = passwd.ok ? passwd.value.split('\n').map((line) => line.split(':')[0]!).filter(Boolean) : [];
  const found = all.map((name) => `~${name}`).filter((name) => name.startsWith(word)).sort();
  return { start, words: found, shown: found, suffix: '/' };
}

function* commands(sh: Shell, word: string, start: number, quote: string): Sys<Candidates> {
  const found = new Set<string>();
  for (const list of [names(sh.s.aliases), KEYWORDS, names(sh.s.functions), Object.keys(builtins())])
    for (const name of list) if (name.startsWith(word)) found.add(name);
  for (const dir of (value(sh, 'PATH') ?? '').split(':')) {
    const list = yield* sh.call('readdir', { path: dir || '.' });
    for (const name of list.ok ? list.value : []) if (name.startsWith(word)) found.add(name);
  }
  const sorted = [...found].sort();
  return { start, words: sorted.map((name) => quoted(name, quote)), shown: sorted, suffix: ' ' };
}

/** `complete -W`, then what the program itself offers. */
function* programmed(sh: Shell, words: readonly string[]): Sys<readonly string[]> {
  const name = words[0]!.replace(/^.*\//, ''), last = words[words.length - 1]!;
  const spec = get(sh.s.completions, name);
  const list = spec === undefined ? null : /-W (?:'([^']*)'|"([^"]*)"|(\S+))/.exec(spec);
  if (list) return (list[1] ?? list[2] ?? list[3]!).split(/\s+/).filter((w) => w.startsWith(last)).sort();
  const alias = get(sh.s.aliases, name);
  const real = alias === undefined ? [name] : alias.trim().split(/\s+/);
  const completer = completerOf(real[0]!);
  if (!completer) return [];
  const found = yield* completer({ ...sh.start, env: environment(sh) }, [...real, ...words.slice(1)]);
  return [...new Set(found)].filter((w) => w.startsWith(last)).sort();
}

function* files(sh: Shell, word: string, start: number, quote: string, onlyRunnable: boolean,
  onlyDirectories: boolean): Sys<Candidates> {
  const slash = word.lastIndexOf('/'), lead = word.slice(0, slash + 1), name = word.slice(slash + 1);
  let dir = lead;
  const tilde = /^~([^/]*)\//.exec(lead);
  if (tilde) dir = `${(yield* homeOf(sh, tilde[1]!))
    ?? tilde[0].slice(0, -1)}/${lead.slice(tilde[0].length)}`;
  const list = yield* sh.call('readdir', { path: dir || '.' });
  const found: { name: string; dir: boolean }[] = [];
  for (const entry of list.ok ? list.value : []) {
    if (!entry.startsWith(name) || (entry[0] === '.' && name[0] !== '.')) continue;
    const stat = yield* sh.call('stat', { path: dir + entry });
    const isDir = stat.ok && stat.value.type === 'dir';
    if (onlyDirectories && !isDir) continue;
    if (onlyRunnable && !isDir && !(stat.ok && stat.value.mode & 0o111)) continue;
    found.push({ name: entry, dir: isDir });
  }
  const one = found.length === 1 && found[0]!.dir;
  return {
    start, words: found.map((f) => quoted(lead + f.name, quote)),
    shown: found.map((f) => (f.dir ? `${f.name}/` : f.name)),
    suffix: one ? '/' : ' ',
  };
}

/** What all have in common at their beginning. */
export function common(words: readonly string[]): string {
  let prefix = words[0] ?? '';
  for (const word of words) {
    let n = 0;
    while (n < prefix.length && n < word.length && prefix[n] === word[n]) n++;
    prefix = prefix.slice(0, n);
  }
  return prefix;
}

/** A list in columns, filled downwards, as readline shows it. */
export function columns(words: readonly string[], width: number): string {
  const longest = Math.max(...words.map((w) => w.length)) + 2;
  const count = Math.max(1, Math.floor(width / longest)), rows = Math.ceil(words.length / count);
  let out = '';
  for (let row = 0; row < rows; row++) {
    let line = '';
    for (let i = row; i < words.length; i += rows)
      line += i + rows < words.length ? words[i]!.padEnd(longest) : words[i]!;
    out += `${line}\n`;
  }
  return out;
}

