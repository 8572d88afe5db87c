/**
 * The command lines of Kubernetes' daemons (spf13/pflag): --name=value, --name value, and bare booleans.
 * It knows no flag's meaning; the daemon hands in the names that it takes.
 */

export interface Flags { readonly values: Readonly<Record<string, string>>; readonly lists: Readonly<Record<string, readonly string[]>>; readonly args: readonly string[] }
export type ParsedFlags = { ok: true; value: Flags } | { ok: false; error: string };

/** `names`: flags that take a value; `booleans`: those that need none. Repeated flags are kept in `lists`. */
export function parseFlags(argv: readonly string[], names: readonly string[], booleans: readonly string[]): ParsedFlags {
  const values: Record<string, string> = {};
  const lists: Record<string, string[]> = {};
  const args: string[] = [];
  for (let i = 1; i < argv.length; i++) {
    const word = argv[i]!;
    if (!word.startsWith('--') && !/^-[a-z]$/.test(word)) {
      args.push(word);
      continue;
    }
    const body = word.replace(/^--?/, '');
    const at = body.indexOf('=');
    const name = at < 0 ? body : body.slice(0, at);
    let value: string | undefined = at < 0 ? undefined : body.slice(at + 1);
    const isBoolean = booleans.includes(name);
    if (!isBoolean && !names.includes(name)) return { ok: false, error: word.startsWith('--') ? `unknown flag: --${name}` : `unknown shorthand flag: '${name}' in ${word}` };
    if (value === undefined) value = isBoolean ? 'true' : argv[++i];
    if (value === undefined) return { ok: false, error: `flag needs an argument: --${name}` };
    if (isBoolean && value !== 'true' && value !== 'false') return { ok: false, error: `invalid argument ${JSON.stringify(value)} for "--${name}" flag: strconv.ParseBool: parsing ${JSON.stringify(value)}: invalid syntax` };
    values[name] = value;
    (lists[name] ??= []).push(value);
  }
  return { ok: true, value: { values, lists, args } };
}

const UNITS: Readonly<Record<string, number>> = { ns: 1e-3, us: 1, µs: 1, ms: 1e3, s: 1e6, m: 6e7, h: 3.6e9 };
/** A Go duration in microseconds, or null. */
export function parseDuration(text: string): number | null {
  if (text === '0') return 0;
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(ns|us|µs|ms|s|m|h)/g)];
  if (!parts.length || parts.map((p) => p[0]).join('') !== text) return null;
  return Math.round(parts.reduce((sum, p) => sum + Number(p[1]) * UNITS[p[2]!]!, 0));
}
