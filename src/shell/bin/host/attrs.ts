/**
 * chattr and lsattr of e2fsprogs 1.42 (CentOS 7) and 1.43 (Debian stretch), on xfs: of the flags it knows,
 * 'i' and 'a' bind, 'A', 'd' and 'S' are kept and shown. What overlay, tmpfs or /proc refuse is refused here.
 */
import { err, out, strerror } from '../../../sim/proc/libc.ts';
import type { Sys } from '../../../sim/proc/program.ts';
import { call, type Stat } from '../../../sim/proc/syscalls.ts';
import type { Command } from '../../command.ts';
import { joinPath } from '../coreutils/paths.ts';
import { onDebian } from '../coreutils/tool.ts';

/** The letters in the order in which lsattr has its columns; the last three are newer than CentOS 7. */
const COLUMNS = 'suSDiadAcEjItTeCxNP';
const KNOWN = 'aAcCdDeijsStTu';
/** What xfs takes (XFS_IOC_SETFLAGS). */
const SETTABLE = 'iaSAd';

const columns = (attrs: string, width: number): string => [...COLUMNS.slice(0, width)].map((c) => (attrs.includes(c) ? c : '-')).join('');
function* width(): Sys<number> { return (yield* onDebian()) ? 19 : 16; }

/** The flags of a file, or why its file system has none. */
function* flagsOf(path: string): Sys<{ ok: true; stat: Stat } | { ok: false; why: string; missing: boolean }> {
  const stat = yield* call('stat', { path, follow: false });
  if (!stat.ok) return { ok: false, why: strerror(stat.errno), missing: true };
  if (stat.value.type !== 'file' && stat.value.type !== 'dir') return { ok: false, why: strerror('EOPNOTSUPP'), missing: false };
  const fs = yield* call('statfs', { path });
  if (fs.ok && !/^(xfs|ext[234]|btrfs)$/.test(fs.value.type)) return { ok: false, why: strerror('ENOTTY'), missing: false };
  return { ok: true, stat: stat.value };
}

// ---- lsattr

interface Listing { all: boolean; self: boolean; deep: boolean; width: number; status: number }

function* listOne(l: Listing, path: string): Sys<void> {
  const flags = yield* flagsOf(path);
  if (!flags.ok) { yield* err(`lsattr: ${flags.why} While reading flags on ${path}\n`); return; }
  yield* out(`${columns(flags.stat.attrs, l.width)} ${path}\n`);
}

function* listFolder(l: Listing, path: string): Sys<void> {
  const names = yield* call('readdir', { path });
  if (!names.ok) { yield* err(`lsattr: ${strerror(names.errno)} While reading directory ${path}\n`); return; }
  for (const name of [...(l.all ? ['.', '..'] : []), ...names.value]) {
    if (!l.all && name.startsWith('.')) continue;
    const inside = joinPath(path, name);
    yield* listOne(l, inside);
    if (!l.deep || name === '.' || name === '..') continue;
    const stat = yield* call('stat', { path: inside, follow: false });
    if (!stat.ok || stat.value.type !== 'dir') continue;
    yield* out(`\n${inside}:\n`);
    yield* listFolder(l, inside);
    yield* out('\n');
  }
}

export const lsattr: Command = {
  name: 'lsattr',
  *main({ argv }) {
    const letters = argv.slice(1).filter((a) => /^-./.test(a)).map((a) => a.slice(1)).join('');
    const bad = [...letters].find((c) => !'RVadlvp'.includes(c));
    if (bad) { yield* err(`lsattr: invalid option -- '${bad}'\nUsage: lsattr [-RVadlv] [files...]\n`); return 1; }
    const operands = argv.slice(1).filter((a) => !/^-./.test(a));
    if (letters.includes('V')) yield* err(`lsattr ${(yield* onDebian()) ? '1.43.4 (31-Jan-2017)' : '1.42.9 (28-Dec-2013)'}\n`);
    const l: Listing = { all: letters.includes('a'), self: letters.includes('d'), deep: letters.includes('R'), width: yield* width(), status: 0 };
    for (const path of operands.length ? operands : ['.']) {
      const stat = yield* call('stat', { path, follow: false });
      if (!stat.ok) { yield* err(`lsattr: ${strerror(stat.errno)} while trying to stat ${path}\n`); l.status = 1; continue; }
      if (stat.value.type === 'dir' && !l.self) yield* listFolder(l, path); else yield* listOne(l, path);
    }
    return l.status;
  },
};

// ---- chattr

interface Wish { add: string; drop: string; exact: string | null; deep: boolean; loud: boolean; quiet: boolean; files: string[] }

const USAGE = 'Usage: chattr [-RVf] [-+=aAcCdDeijsStTu] [-v version] files...\n';

/** The command line as chattr reads it: modes and options share the dash. */
function parse(words: readonly string[]): Wish | string {
  const wish: Wish = { add: '', drop: '', exact: null, deep: false, loud: false, quiet: false, files: [] };
  let i = 0;
  for (; i < words.length; i++) {
    const word = words[i]!;
    const sign = word[0];
    if (sign !== '-' && sign !== '+' && sign !== '=') break;
    if (word === '--') { i++; break; }
    for (const c of word.slice(1)) {
      if (sign === '-' && 'RVf'.includes(c)) { if (c === 'R') wish.deep = true; else if (c === 'V') wish.loud = true; else wish.quiet = true; } else if (sign === '-' && c === 'v') i++;
      else if (!KNOWN.includes(c)) return USAGE;
      else if (sign === '-') wish.drop += c;
      else if (sign === '+') wish.add += c;
      else wish.exact = (wish.exact ?? '') + c;
    }
    if (sign === '=' && word === '=') wish.exact ??= '';
  }
  wish.files = words.slice(i);
  if (wish.exact !== null && (wish.add || wish.drop)) return '= is incompatible with - and +\n';
  if ([...wish.add].some((c) => wish.drop.includes(c))) return "Can't both set and unset same flag.\n";
  if (wish.exact === null && !wish.add && !wish.drop) return wish.files.length || words.length ? "Must use '-v', =, - or +\n" : USAGE;
  return wish.files.length ? wish : USAGE;
}

function* changeOne(wish: Wish, path: string, cols: number): Sys<number> {
  const complain = function* (text: string): Sys<number> {
    if (!wish.quiet) yield* err(`chattr: ${text}\n`);
    return 1;
  };
  const flags = yield* flagsOf(path);
  if (!flags.ok) return yield* complain(flags.missing ? `${flags.why} while trying to stat ${path}` : `${flags.why} while reading flags on ${path}`);
  const had = flags.stat.attrs;
  const want = wish.exact ?? [...new Set(had + wish.add)].filter((c) => !wish.drop.includes(c)).join('');
  if ([...want].some((c) => !SETTABLE.includes(c))) return yield* complain(`${strerror('EOPNOTSUPP')} while setting flags on ${path}`);
  const attrs = [...COLUMNS].filter((c) => want.includes(c)).join('');
  const done = yield* call('setattr', { path, attrs });
  if (!done.ok) return yield* complain(`${strerror(done.errno)} while setting flags on ${path}`);
  if (wish.loud) yield* out(`Flags of ${path} set as ${columns(attrs, cols)}\n`);
  if (!wish.deep || flags.stat.type !== 'dir') return 0;
  const names = yield* call('readdir', { path });
  let status = 0;
  for (const name of names.ok ? names.value : []) status = (yield* changeOne(wish, joinPath(path, name), cols)) || status;
  return status;
}

export const chattr: Command = {
  name: 'chattr',
  *main({ argv }) {
    const wish = parse(argv.slice(1));
    if (typeof wish === 'string') { yield* err(wish); return 1; }
    if (wish.loud) yield* err(`chattr ${(yield* onDebian()) ? '1.43.4 (31-Jan-2017)' : '1.42.9 (28-Dec-2013)'}\n`);
    const cols = yield* width();
    let status = 0;
    for (const path of wish.files) status = (yield* changeOne(wish, path, cols)) || status;
    return status;
  },
};
