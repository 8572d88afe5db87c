/** Command lines of the docker command: pflag with short flags that may be joined. */
export interface Spec { readonly [long: string]: { readonly short?: string; readonly value?: true } }
export interface Parsed { readonly values: Readonly<Record<string, readonly string[]>>; readonly args: readonly string[] }
export type Outcome = { ok: true; value: Parsed } | { ok: false; error: string };

/** `interspersed` false: the first argument ends the flags (run, exec). */
export function parse(words: readonly string[], spec: Spec, interspersed = true): Outcome {
  const values: Record<string, string[]> = {};
  const args: string[] = [];
  const byShort = new Map(Object.entries(spec).flatMap(([long, f]) => (f.short ? [[f.short, long] as const] : [])));
  const put = (name: string, value: string): void => { (values[name] ??= []).push(value); };
  for (let i = 0; i < words.length; i++) {
    const word = words[i]!;
    if (word === '--') { args.push(...words.slice(i + 1)); break; }
    if (!word.startsWith('-') || word === '-') {
      if (!interspersed) { args.push(...words.slice(i)); break; }
      args.push(word);
      continue;
    }
    if (word.startsWith('--')) {
      const [name, given] = word.slice(2).split(/=(.*)/s) as [string, string | undefined];
      const flag = spec[name];
      if (!flag) return { ok: false, error: `unknown flag: --${name}` };
      if (!flag.value) { put(name, given ?? 'true'); continue; }
      const value = given ?? words[++i];
      if (value === undefined) return { ok: false, error: `flag needs an argument: --${name}` };
      put(name, value);
      continue;
    }
    for (let j = 1; j < word.length; j++) {
      const name = byShort.get(word[j]!);
      if (!name) return { ok: false, error: `unknown shorthand flag: '${word[j]}' in ${word}` };
      if (!spec[name]!.value) { put(name, 'true'); continue; }
      const value = j + 1 < word.length ? word.slice(j + 1).replace(/^=/, '') : words[++i];
      if (value === undefined) return { ok: false, error: `flag needs an argument: '${word[j]}' in ${word}` };
      put(name, value);
      break;
    }
  }
  return { ok: true, value: { values, args } };
}
export const one = (p: Parsed, name: string): string | undefined => p.values[name]?.[p.values[name]!.length - 1];
export const on = (p: Parsed, name: string): boolean => one(p, name) !== undefined && one(p, name) !== 'false';
