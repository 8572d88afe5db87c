/**
 * journalctl of systemd 219 to 239, over the journal of the caller's root.
 */
import { err, out, terminal } from '../../../../sim/proc/libc.ts';
import type { Start, Sys } from '../../../../sim/proc/program.ts';
import { call, type JournalEntry } from '../../../../sim/proc/syscalls.ts';
import { matches } from '../../../../sim/services/systemd/enable.ts';
import { fullName } from '../../../../sim/services/systemd/unitfile.ts';
import { stamp } from '../../../../sim/services/systemd/words.ts';
import type { Command } from '../../../command.ts';
import { getopt, has, valueOf, valuesOf, type Given, type Spec } from '../getopt.ts';
import { page } from '../pager.ts';
import { onDebian } from '../../coreutils/tool.ts';
import { explain } from './catalog.ts';
import { format, MODES, priorityOf, type Frame, type Mode } from './format.ts';
import { parseWhen } from './when.ts';

const SPEC: Spec = {
  short: 'hefo:aln::qmrb::kp:u:t:g:D:xS:U:F:',
  long: {
    help: ['none', 'h'], version: 'none', 'no-pager': 'none', 'pager-end': ['none', 'e'], follow: ['none', 'f'], output: ['required', 'o'], all: ['none', 'a'], full: ['none', 'l'], 'no-full': 'none',
    lines: ['optional', 'n'], 'no-tail': 'none', quiet: ['none', 'q'], merge: ['none', 'm'], reverse: ['none', 'r'], boot: ['optional', 'b'], 'list-boots': 'none', dmesg: ['none', 'k'], system: 'none',
    directory: ['required', 'D'], file: 'required', root: 'required', priority: ['required', 'p'], unit: ['required', 'u'], identifier: ['required', 't'], catalog: ['none', 'x'],
    since: ['required', 'S'], until: ['required', 'U'], 'show-cursor': 'none', field: ['required', 'F'], 'disk-usage': 'none', 'vacuum-size': 'required', 'vacuum-files': 'required',
    'vacuum-time': 'required', sync: 'none', flush: 'none', rotate: 'none', utc: 'none', 'no-hostname': 'none', grep: ['required', 'g'], 'case-sensitive': 'optional',
  },
};

interface Query {
  units: string[]; idents: string[]; priorities: [number, number] | null; since: number | null; until: number | null;
  boot: string | null; kernel: boolean; grep: RegExp | null; fields: [string, string][][];
}

interface Shown { mode: Mode; frame: Frame; explain: boolean; reverse: boolean; lines: number | null; quiet: boolean }

const fieldOf = (e: JournalEntry, name: string, frame: Frame): string | null => {
  switch (name) {
    case '_PID': return e.pid === null ? null : String(e.pid);
    case '_UID': return String(e.uid);
    case '_SYSTEMD_UNIT': return e.ident === 'systemd' && e.pid === 1 ? 'init.scope' : e.unit;
    case 'UNIT': return e.ident === 'systemd' ? e.unit : null;
    case '_COMM': case 'SYSLOG_IDENTIFIER': return e.ident;
    case 'PRIORITY': return String(e.priority);
    case 'MESSAGE': return e.message;
    case '_BOOT_ID': return e.boot;
    case '_HOSTNAME': return frame.hostname;
    case '_MACHINE_ID': return frame.machineId;
    case '_TRANSPORT': return e.ident === 'kernel' ? 'kernel' : e.ident === 'systemd' ? 'journal' : 'stdout';
    default: return null;
  }
};

function fits(e: JournalEntry, q: Query, frame: Frame): boolean {
  if (q.since !== null && e.at < q.since) return false;
  if (q.until !== null && e.at > q.until) return false;
  if (q.boot !== null && e.boot !== q.boot) return false;
  if (q.kernel && e.ident !== 'kernel') return false;
  if (q.priorities && (e.priority < q.priorities[0] || e.priority > q.priorities[1])) return false;
  if (q.idents.length && !q.idents.includes(e.ident)) return false;
  if (q.units.length && !(e.unit !== null && q.units.some((pattern) => matches(pattern, e.unit!)))) return false;
  if (q.grep && !q.grep.test(e.message)) return false;
  return !q.fields.length || q.fields.some((group) => holds(e, group, frame));
}

/** Matches of one field are alternatives, of several fields all must hold. */
function holds(e: JournalEntry, group: readonly [string, string][], frame: Frame): boolean {
  const names = new Set(group.map(([name]) => name));
  for (const name of names) if (!group.some(([other, value]) => other === name && fieldOf(e, name, frame) === value)) return false;
  return true;
}

// ---- reading the command line

type Parsed<T> = { value: T } | { error: string; status?: number };

function parseFields(operands: readonly string[]): Parsed<[string, string][][]> {
  const groups: [string, string][][] = [];
  let open = false;
  for (const word of operands) {
    if (word === '+') { open = false; continue; }
    const at = word.indexOf('=');
    if (word.startsWith('/')) {
      const item: [string, string] = ['_COMM', word.split('/').pop()!.slice(0, 15)];
      if (open) groups[groups.length - 1]!.push(item); else groups.push([item]);
    } else {
      if (at <= 0 || !/^[A-Z0-9_]+$/.test(word.slice(0, at))) return { error: `Failed to add match '${word}': Invalid argument` };
      const item: [string, string] = [word.slice(0, at), word.slice(at + 1)];
      if (open) groups[groups.length - 1]!.push(item); else groups.push([item]);
    }
    open = true;
  }
  return { value: groups };
}

function parsePriorities(text: string | null | undefined): Parsed<[number, number] | null> {
  if (!text) return { value: null };
  const range = text.split('..');
  const ends = range.map(priorityOf);
  if (ends.some((p) => p === null)) return { error: `Unknown log level ${text}` };
  return { value: range.length === 2 ? [Math.min(ends[0]!, ends[1]!), Math.max(ends[0]!, ends[1]!)] : [0, ends[0]!] };
}

/** The ids of the boots that the journal knows, oldest first. */
function bootsOf(entries: readonly JournalEntry[]): { id: string; first: number; last: number }[] {
  const boots: { id: string; first: number; last: number }[] = [];
  for (const e of entries) {
    const known = boots.find((b) => b.id === e.boot);
    if (known) known.last = e.at; else boots.push({ id: e.boot, first: e.at, last: e.at });
  }
  return boots;
}

/** -b, -b -1, -b ID: glued or as the next word. */
function parseBoot(given: Given, operands: string[], entries: readonly JournalEntry[], current: string): Parsed<string | null> {
  if (!has(given, 'b') && !has(given, 'k')) return { value: null };
  let text = valueOf(given, 'b') ?? '';
  if (text === '' && operands[0] !== undefined && /^(-?\+?\d+|[0-9a-f]{32})$/.test(operands[0])) text = operands.shift()!;
  if (text === '' || text === '0') return { value: current };
  const boots = bootsOf(entries);
  const id = /^([0-9a-f]{32})([+-]\d+)?$/.exec(text);
  const offset = id ? Number(id[2] ?? 0) : Number(text);
  const from = id ? boots.findIndex((b) => b.id === id[1]) : offset > 0 ? -1 : boots.findIndex((b) => b.id === current);
  const found = boots[from < 0 && !id && offset <= 0 ? boots.length + offset : from + offset];
  return found ? { value: found.id } : { error: `Data from the specified boot (${text}) is not available: No such boot ID in journal` };
}

function parseQuery(given: Given, operands: string[], now: number, entries: readonly JournalEntry[], current: string): Parsed<Query> {
  const boot = parseBoot(given, operands, entries, current);
  if ('error' in boot) return boot;
  const fields = parseFields(operands);
  if ('error' in fields) return fields;
  const priorities = parsePriorities(valueOf(given, 'p'));
  if ('error' in priorities) return priorities;
  const moments: (number | null)[] = [];
  for (const name of ['S', 'U']) {
    const text = valueOf(given, name);
    const at = text ? parseWhen(text, now) : null;
    if (text && at === null) return { error: `Failed to parse timestamp: ${text}` };
    moments.push(at);
  }
  if (moments[0] !== null && moments[1] !== null && moments[0]! > moments[1]!) return { error: '--since= must be before --until=.' };
  let grep: RegExp | null = null;
  const pattern = valueOf(given, 'g');
  if (pattern) {
    const folded = has(given, 'case-sensitive') ? /^(0|no|false|n)$/.test(valueOf(given, 'case-sensitive') ?? 'yes') : pattern === pattern.toLowerCase();
    grep = regex(pattern, folded);
    if (!grep) return { error: `Bad pattern "${pattern}": quantifier does not follow a repeatable item` };
  }
  return {
    value: {
      units: [...valuesOf(given, 'u')].map((unit) => (/[*?[]/.test(unit) && !/\.[a-z]+$/.test(unit) ? `${unit}.service` : fullName(unit))), idents: valuesOf(given, 't'), priorities: priorities.value,
      since: moments[0]!, until: moments[1]!, boot: boot.value, kernel: has(given, 'k'), grep, fields: fields.value,
    },
  };
}

function regex(pattern: string, folded: boolean): RegExp | null {
  try { return new RegExp(pattern, folded ? 'i' : ''); } catch { return null; }
}

// ---- output

function render(list: readonly { e: JournalEntry; at: number }[], shown: Shown): string {
  let text = '';
  let boot: string | null = null;
  const plain = shown.mode.startsWith('short') || shown.mode === 'with-unit';
  for (const { e, at } of list) {
    if (boot !== null && boot !== e.boot && plain && !shown.quiet) text += '-- Reboot --\n';
    boot = e.boot;
    text += `${format(e, shown.mode, { ...shown.frame, position: at })}\n`;
    if (shown.explain && plain) text += explain(e);
  }
  return text;
}

interface Session { start: Start; given: Given; query: Query; shown: Shown }

/** Prints what comes, from `from`; restarts itself after each batch, so that its log of replies stays short. */
function* follow(session: Session, from: number): Sys<number> {
  const { query, shown } = session;
  yield* call('journalWait', { from });
  const got = yield* call('journalRead', { from });
  if (!got.ok) return 1;
  const list = got.value.entries.map((e, i) => ({ e, at: Math.max(from, got.value.start) + i })).filter(({ e }) => fits(e, query, shown.frame));
  yield* out(render(list, shown));
  yield* call('become', { mem: { from: got.value.next } });
  return 0;
}

/** -n and -b take the next word when it reads as theirs: it is glued to them. */
function glueValues(args: readonly string[]): string[] {
  const out: string[] = [];
  for (const arg of args) {
    const before = out.at(-1) ?? '';
    const taker = /^(?:-[aefhklmqrx]*([nb])|--(lines|boot))$/.exec(before);
    const wanted = taker && (taker[1] === 'n' || taker[2] === 'lines' ? /^(\d+|all)$/ : /^([+-]?\d+|[0-9a-f]{32}([+-]\d+)?)$/);
    if (wanted?.test(arg)) out[out.length - 1] = `${before}${taker![2] ? '=' : ''}${arg}`; else out.push(arg);
  }
  return out;
}

const HELP = `journalctl [OPTIONS...] [MATCHES...]

Query the journal.

  -u --unit=UNIT           Show logs from the specified unit
  -f --follow              Follow the journal
  -n --lines[=INTEGER]     Number of journal entries to show
  -b --boot[=ID]           Show current boot or the specified boot
  -k --dmesg               Show kernel message log from the current boot
  -p --priority=RANGE      Show entries with the specified priority
  -t --identifier=STRING   Show entries with the specified syslog identifier
  -g --grep=PATTERN        Show entries with MESSAGE matching PATTERN
  -S --since=DATE          Show entries not older than the specified date
  -U --until=DATE          Show entries not newer than the specified date
  -o --output=STRING       Change journal output mode (short, short-precise,
                             short-iso, short-full, short-monotonic, short-unix,
                             verbose, export, json, json-pretty, json-sse, cat)
  -r --reverse             Show the newest entries first
  -e --pager-end           Immediately jump to the end in the pager
  -x --catalog             Add message explanations where available
  -q --quiet               Do not show info messages and privilege warning
     --no-pager            Do not pipe output into a pager
     --no-hostname         Suppress output of hostname field
     --list-boots          Show terse information about recorded boots
     --disk-usage          Show total disk usage of all journal files
`;

const NOT_ALLOWED = `Hint: You are currently not seeing messages from other users and the system.
      Users in the 'systemd-journal' group can see all messages. Pass -q to
      turn off this notice.
`;

function* run(start: Start): Sys<number> {
  const got = getopt('journalctl', glueValues(start.argv.slice(1)), SPEC);
  if (!got.ok) { yield* err(`${got.error}\n`); return 1; }
  const { given } = got;
  if (has(given, 'h')) { yield* out(HELP); return 0; }
  if (has(given, 'version')) { yield* out((yield* onDebian()) ? 'systemd 239\n' : 'systemd 219\n'); return 0; }
  const elsewhere = valueOf(given, 'D') ?? valueOf(given, 'root') ?? valueOf(given, 'file');
  if (elsewhere && !/^\/((var|run)\/log\/journal(\/[0-9a-f]{32})?\/?)?$/.test(elsewhere)) {
    const there = yield* call('stat', { path: elsewhere });
    const isFile = has(given, 'file');
    yield* err(`Failed to open ${isFile ? 'files' : elsewhere}: ${there.ok ? 'Operation not supported' : 'No such file or directory'}\n`);
    return 1;
  }
  const mode = valueOf(given, 'o') ?? 'short';
  if (!MODES.includes(mode as Mode)) { yield* err(`Unknown output format '${mode}'.\n`); return 1; }
  const operands = [...given.operands];
  const lines = parseLines(given, operands);
  if ('error' in lines) { yield* err(`${lines.error}\n`); return 1; }
  const read = yield* call('journalRead', { from: 0 });
  if (!read.ok) {
    if (!has(given, 'q')) yield* err(NOT_ALLOWED);
    yield* err('No journal files were opened due to insufficient permissions.\n');
    return 1;
  }
  const { entries, boot } = read.value;
  const maintained = yield* maintenance(given, entries);
  if (maintained !== null) return maintained;
  const now = yield* call('now', {});
  const real = now.ok ? now.value.real : 0;
  const query = parseQuery(given, operands, real, entries, boot);
  if ('error' in query) { yield* err(`${query.error}\n`); return 1; }
  const session: Session = { start, given, query: query.value, shown: { mode: mode as Mode, frame: yield* frameOf(given, real - (now.ok ? now.value.mono : 0)), explain: has(given, 'x'), reverse: has(given, 'r'), lines: lines.value, quiet: has(given, 'q') } };
  const mem = start.mem;
  if (mem !== null && typeof mem === 'object' && 'from' in mem) return yield* follow(session, Number(mem['from']));
  return yield* print(session, read.value);
}

/** -n N, -nN, --lines=N, -n alone (10), -n all. */
function parseLines(given: Given, operands: string[]): Parsed<number | null> {
  if (!has(given, 'n')) return { value: has(given, 'f') && !has(given, 'no-tail') ? 10 : has(given, 'e') ? 1000 : null };
  let text = valueOf(given, 'n');
  if (text === null && operands[0] !== undefined && /^(\d+|all)$/.test(operands[0])) text = operands.shift()!;
  if (text === null || text === undefined) return { value: 10 };
  if (text === 'all') return { value: null };
  return /^\d+$/.test(text) ? { value: Number(text) } : { error: `Failed to parse lines '${text}'` };
}

function* frameOf(given: Given, bootAt: number): Sys<Frame> {
  const info = yield* call('sysinfo', {});
  const machine = yield* call('readFile', { path: '/etc/machine-id' });
  return { hostname: info.ok ? info.value.hostname : 'localhost', machineId: machine.ok ? machine.value.trim() : '', bootAt, position: 0, noHostname: has(given, 'no-hostname') };
}

function* print({ start, given, query, shown }: Session, read: { entries: readonly JournalEntry[]; next: number; start: number }): Sys<number> {
  const all = read.entries.map((e, i) => ({ e, at: read.start + i })).filter(({ e }) => fits(e, query, shown.frame));
  const following = has(given, 'f');
  let list = shown.lines === null ? all : all.slice(Math.max(0, all.length - shown.lines));
  if (shown.reverse) list = [...list].reverse();
  const first = read.entries[0];
  const last = read.entries[read.entries.length - 1];
  let text = '';
  const plain = shown.mode !== 'cat' && !shown.mode.startsWith('json') && shown.mode !== 'export';
  if (first && last && !shown.quiet && plain) text += following ? `-- Logs begin at ${stamp(first.at)}. --\n` : `-- Logs begin at ${stamp(first.at)}, end at ${stamp(last.at)}. --\n`;
  if (!list.length && !shown.quiet && !following && plain) text += '-- No entries --\n';
  text += render(list, shown);
  if (has(given, 'show-cursor') && list.length) text += `-- cursor: ${/\[(s=[^\]]*)\]/.exec(format(list[list.length - 1]!.e, 'verbose', shown.frame))?.[1] ?? ''}\n`;
  if (following) {
    yield* out(text);
    yield* call('become', { mem: { from: read.next } });
  }
  const screen = yield* terminal(1);
  yield* page(start, text, screen !== null && !has(given, 'no-pager'), has(given, 'e'));
  return query.grep && !list.length ? 1 : 0;
}

/** --list-boots, --disk-usage, --vacuum-…, -F: what is about the journal itself. */
function* maintenance(given: Given, entries: readonly JournalEntry[]): Sys<number | null> {
  if (has(given, 'list-boots')) {
    const boots = bootsOf(entries);
    yield* out(boots.map((b, i) => `${String(i - boots.length + 1).padStart(2)} ${b.id} ${stamp(b.first)}—${stamp(b.last)}\n`).join(''));
    return 0;
  }
  if (has(given, 'disk-usage')) {
    const bytes = Math.max(8, Math.ceil(entries.reduce((n, e) => n + e.message.length + 400, 0) / 8_388_608) * 8);
    yield* out(`Archived and active journals take up ${bytes}.0M in the file system.\n`);
    return 0;
  }
  for (const name of ['vacuum-size', 'vacuum-time', 'vacuum-files']) {
    if (has(given, name)) { yield* err('Vacuuming done, freed 0B of archived journals from /var/log/journal.\n'); return 0; }
  }
  if (has(given, 'sync') || has(given, 'flush') || has(given, 'rotate')) return 0;
  const field = valueOf(given, 'F');
  if (field) {
    const frame: Frame = { hostname: '', machineId: '', bootAt: 0, position: 0, noHostname: false };
    const found = new Set(entries.map((e) => fieldOf(e, field, frame)).filter((value): value is string => value !== null && value !== ''));
    yield* out([...found].map((value) => `${value}\n`).join(''));
    return 0;
  }
  return null;
}

function* complete(_start: Start, words: readonly string[]): Sys<readonly string[]> {
  const last = words[words.length - 1] ?? '';
  const before = words[words.length - 2] ?? '';
  if (!/^(-\w*u|--unit)$/.test(before)) return [];
  const read = yield* call('journalRead', { from: 0 });
  if (!read.ok) return [];
  return [...new Set(read.value.entries.map((e) => e.unit).filter((unit): unit is string => unit !== null && unit.startsWith(last)))].sort();
}

export const journalctl: Command = { name: 'journalctl', main: run, complete };
