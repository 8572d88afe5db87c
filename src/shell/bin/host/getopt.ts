/**
 * getopt_long(3) of glibc, with its words: options anywhere among the arguments, long names by unique
 * beginnings. It knows no program's options.
 */
export type Takes = 'none' | 'required' | 'optional';

export interface Spec {
  /** As for getopt: a letter, `:` after it for an argument, `::` for an optional one. A leading `+` stops at the first operand. */
  short: string;
  /** Long name → what it takes, and the short letter or other name that it stands for. */
  long?: Readonly<Record<string, Takes | readonly [Takes, string]>>;
}

export interface Given { options: readonly (readonly [string, string | null])[]; operands: readonly string[] }
export type Got = { ok: true; given: Given } | { ok: false; error: string };

/** Options in order under their canonical names (a letter where one exists), and the operands. */
export function getopt(name: string, args: readonly string[], spec: Spec): Got {
  const stop = spec.short.startsWith('+');
  const letters = lettersOf(spec.short);
  const options: [string, string | null][] = [];
  const operands: string[] = [];
  for (let i = 0; i < args.length; i++) {
    const arg = args[i]!;
    if (arg === '--') { operands.push(...args.slice(i + 1)); break; }
    if (arg.startsWith('--')) {
      const at = arg.indexOf('=');
      const typed = at < 0 ? arg.slice(2) : arg.slice(2, at);
      const found = longOption(typed, spec.long ?? {});
      if (typeof found === 'string') return { ok: false, error: `${name}: ${found}` };
      const [full, takes, canonical] = found;
      let value: string | null = at < 0 ? null : arg.slice(at + 1);
      if (takes === 'none' && value !== null) return { ok: false, error: `${name}: option '--${full}' doesn't allow an argument` };
      if (takes === 'required' && value === null) {
        if (i + 1 >= args.length) return { ok: false, error: `${name}: option '--${full}' requires an argument` };
        value = args[++i]!;
      }
      options.push([canonical, value]);
    } else if (arg.length > 1 && arg.startsWith('-')) {
      for (let j = 1; j < arg.length; j++) {
        const letter = arg[j]!;
        const takes = letters.get(letter);
        if (takes === undefined) return { ok: false, error: `${name}: invalid option -- '${letter}'` };
        if (takes === 'none') { options.push([letter, null]); continue; }
        const rest = arg.slice(j + 1);
        if (rest !== '') options.push([letter, rest]);
        else if (takes === 'optional') options.push([letter, null]);
        else if (i + 1 < args.length) options.push([letter, args[++i]!]);
        else return { ok: false, error: `${name}: option requires an argument -- '${letter}'` };
        break;
      }
    } else {
      operands.push(arg);
      if (stop) { operands.push(...args.slice(i + 1)); break; }
    }
  }
  return { ok: true, given: { options, operands } };
}

function lettersOf(short: string): Map<string, Takes> {
  const map = new Map<string, Takes>();
  const text = short.replace(/^\+/, '');
  for (let i = 0; i < text.length; i++) {
    if (text[i] === ':') continue;
    map.set(text[i]!, text.startsWith('::', i + 1) ? 'optional' : text[i + 1] === ':' ? 'required' : 'none');
  }
  return map;
}

function longOption(typed: string, long: NonNullable<Spec['long']>): [string, Takes, string] | string {
  const names = Object.keys(long);
  const matches = names.includes(typed) ? [typed] : names.filter((name) => name.startsWith(typed));
  const canonical = new Set(matches.map((name) => (typeof long[name] === 'string' ? name : (long[name] as readonly string[])[1])));
  if (!matches.length) return `unrecognized option '--${typed}'`;
  if (canonical.size > 1) return `option '--${typed}' is ambiguous; possibilities: ${matches.map((m) => `'--${m}'`).join(' ')}`;
  const name = matches[0]!;
  const what = long[name]!;
  return typeof what === 'string' ? [name, what, name] : [name, what[0] as Takes, what[1]!];
}

export const has = (given: Given, ...names: string[]): boolean => given.options.some(([name]) => names.includes(name));
export const valueOf = (given: Given, name: string): string | null | undefined => given.options.findLast(([other]) => other === name)?.[1];
export const valuesOf = (given: Given, name: string): string[] => given.options.filter(([other]) => other === name).map(([, value]) => value ?? '');
