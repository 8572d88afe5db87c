/**
 * Unit files as text: sections of assignments, drop-ins merged over them, words of a command line,
 * specifiers. Pure; systemd.syntax(7), systemd.unit(5). Where a file lies and what a setting means is elsewhere.
 */
export type Sections = Readonly<Record<string, readonly (readonly [string, string])[]>>;

export interface Parsed { sections: Sections; /** What systemd would log about bad lines. */ complaints: readonly string[] }

/** Says what is wrong with a section, or with an assignment in one; null when nothing is. */
export interface Grammar { section: (name: string) => string | null; assignment: (section: string, key: string, value: string) => string | null }

/** Reads one file; lines ended by a backslash go on. What the grammar complains of is left out. */
export function parseUnit(path: string, text: string, grammar?: Grammar): Parsed {
  const sections: Record<string, [string, string][]> = {};
  const complaints: string[] = [];
  let section: string | null = null;
  let held = '';
  text.split('\n').forEach((raw, i) => {
    if (held === '' && /^\s*[#;]/.test(raw)) return;
    const line: string = held + raw;
    if (line.endsWith('\\')) { held = `${line.slice(0, -1)} `; return; }
    held = '';
    const clean = line.trim();
    if (clean === '') return;
    const head = /^\[(.+)\]$/.exec(clean);
    if (head) {
      section = head[1]!;
      sections[section] ??= [];
      const wrong = grammar?.section(section);
      if (wrong) complaints.push(`[${path}:${i + 1}] ${wrong}`);
      return;
    }
    const at = clean.indexOf('=');
    if (at < 0) { complaints.push(`[${path}:${i + 1}] Missing '='.`); return; }
    if (section === null) { complaints.push(`[${path}:${i + 1}] Assignment outside of section. Ignoring.`); return; }
    const [key, value] = [clean.slice(0, at).trim(), clean.slice(at + 1).trim()];
    const wrong = grammar?.assignment(section, key, value);
    if (wrong) complaints.push(`[${path}:${i + 1}] ${wrong}`); else sections[section]!.push([key, value]);
  });
  return { sections, complaints };
}

/** Later files' assignments follow the earlier ones'; an empty value clears a list when it is read. */
export function merge(parts: readonly Sections[]): Sections {
  const out: Record<string, (readonly [string, string])[]> = {};
  for (const part of parts) for (const [name, lines] of Object.entries(part)) (out[name] ??= []).push(...lines);
  return out;
}

/** All values of a list setting, with resets applied. */
export function values(sections: Sections, section: string, key: string): string[] {
  let list: string[] = [];
  for (const [name, value] of sections[section] ?? []) {
    if (name !== key) continue;
    if (value === '') list = []; else list.push(value);
  }
  return list;
}
export const last = (sections: Sections, section: string, key: string): string | undefined => {
  let found: string | undefined;
  for (const [name, value] of sections[section] ?? []) if (name === key) found = value === '' ? undefined : value;
  return found;
};
export const words = (sections: Sections, section: string, key: string): string[] =>
  values(sections, section, key).flatMap((value) => value.split(/\s+/)).filter(Boolean);

export const yes = (value: string | undefined): boolean | undefined =>
  (value === undefined ? undefined : /^(1|yes|true|on|y|t)$/i.test(value) ? true : /^(0|no|false|off|n|f)$/i.test(value) ? false : undefined);

const UNITS_US: Readonly<Record<string, number>> = {
  us: 1, usec: 1, 'µs': 1, ms: 1e3, msec: 1e3, s: 1e6, sec: 1e6, second: 1e6, seconds: 1e6, m: 6e7, min: 6e7, minute: 6e7, minutes: 6e7,
  h: 3.6e9, hr: 3.6e9, hour: 3.6e9, hours: 3.6e9, d: 8.64e10, day: 8.64e10, days: 8.64e10, w: 6.048e11, week: 6.048e11, weeks: 6.048e11,
};

/** A time span in microseconds (systemd.time(7)); null when it is none. 'infinity' is Infinity's stand-in, -1. */
export function parseSpan(text: string): number | null {
  const clean = text.trim();
  if (clean === 'infinity') return -1;
  if (clean === '') return null;
  let total = 0;
  let rest = clean;
  while (rest !== '') {
    const m = /^([\d.]+)\s*([a-zµ]*)\s*/i.exec(rest);
    if (!m || !/^(\d+(\.\d*)?|\.\d+)$/.test(m[1]!)) return null;
    const unit = m[2] === '' ? 1e6 : m[2] === 'M' ? 2.63e12 : UNITS_US[m[2]!];
    if (unit === undefined) return null;
    total += Number(m[1]) * unit;
    rest = rest.slice(m[0].length);
  }
  return Math.round(total);
}

/** Splits a command line into words: quotes, backslashes; no shell. */
export function splitWords(text: string): string[] {
  const out: string[] = [];
  let word = '';
  let open = false;
  let quote = '';
  for (let i = 0; i < text.length; i++) {
    const c = text[i]!;
    if (c === '\\' && quote !== "'" && i + 1 < text.length) {
      const next = text[++i]!;
      word += { n: '\n', t: '\t', r: '\r', s: ' ', '\\': '\\', '"': '"', "'": "'" }[next] ?? `\\${next}`;
      open = true;
    } else if (quote) { if (c === quote) quote = ''; else word += c; }
    else if (c === '"' || c === "'") { quote = c; open = true; }
    else if (/\s/.test(c)) { if (open) out.push(word); word = ''; open = false; }
    else { word += c; open = true; }
  }
  if (open) out.push(word);
  return out;
}

/** A command of a service: its path, words (argv[0] first) and prefixes. */
export interface Command { path: string; argv: readonly string[]; /** '-': failure does not count. */ forgiven: boolean; /** As `status` shows it. */ shown: string }

export function parseCommand(text: string): Command | null {
  const m = /^([-@+!:]*)(.*)$/.exec(text)!;
  const list = splitWords(m[2]!);
  if (!list.length) return null;
  const renamed = m[1]!.includes('@');
  const path = list[0]!;
  const argv = renamed ? list.slice(1) : list;
  return { path, argv, forgiven: m[1]!.includes('-'), shown: list.join(' ') };
}

/** `foo@bar.service` → foo@.service, bar. */
export function templateOf(name: string): { template: string; instance: string } | null {
  const m = /^([^@]+)@([^@]*)\.([a-z]+)$/.exec(name);
  return m && m[2] !== '' ? { template: `${m[1]}@.${m[3]}`, instance: m[2]! } : null;
}

/** %n, %i and their kin. */
export function expandSpecifiers(text: string, name: string, hostname: string): string {
  if (!text.includes('%')) return text;
  const at = templateOf(name);
  const prefix = name.replace(/\.[a-z]+$/, '').replace(/@.*$/, '');
  const instance = at?.instance ?? '';
  const table: Readonly<Record<string, string>> = {
    n: name, N: name.replace(/\.[a-z]+$/, ''), p: prefix, P: unescapeName(prefix), i: instance, I: unescapeName(instance), H: hostname, t: '/run', S: '/var/lib',
    u: 'root', U: '0', h: '/root', s: '/bin/sh', '%': '%', f: `/${unescapeName(instance || prefix)}`,
  };
  return text.replace(/%(.)/g, (all, letter: string) => table[letter] ?? all);
}

const unescapeName = (text: string): string =>
  text.replace(/-/g, '/').replace(/\\x([0-9a-f]{2})/g, (_, code: string) => String.fromCharCode(parseInt(code, 16)));

/** ${NAME} anywhere, $NAME as a whole word (which then splits). */
export function expandVariables(argv: readonly string[], env: Readonly<Record<string, string>>): string[] {
  const out: string[] = [];
  for (const word of argv) {
    const whole = /^\$([A-Za-z_]\w*)$/.exec(word);
    if (whole) { out.push(...splitWords(env[whole[1]!] ?? '')); continue; }
    out.push(word.replace(/\$\$|\$\{(\w+)\}/g, (all, name: string | undefined) => (all === '$$' ? '$' : env[name!] ?? '')));
  }
  return out;
}

/** KEY=VALUE words of Environment=, and lines of an EnvironmentFile=. */
export function parseAssignments(list: readonly string[]): Record<string, string> {
  const env: Record<string, string> = {};
  for (const item of list) {
    const at = item.indexOf('=');
    if (at > 0) env[item.slice(0, at)] = item.slice(at + 1);
  }
  return env;
}
export function parseEnvironmentFile(text: string): Record<string, string> {
  const lines = text.replace(/\\\n/g, '').split('\n').map((line) => line.trim()).filter((line) => line && !/^[#;]/.test(line));
  return parseAssignments(lines.map((line) => line.replace(/^export\s+/, '').replace(/^([^=]+)=(['"])(.*)\2$/, '$1=$3')));
}

const SUFFIX = /\.(service|target|socket|timer|path|mount|slice|scope|device|swap|automount)$/;
/** Commands may leave `.service` out. */
export const fullName = (name: string): string => (SUFFIX.test(name) ? name : `${name}.service`);
export const kindOf = (name: string): string => SUFFIX.exec(name)?.[1] ?? 'service';
