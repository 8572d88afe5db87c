/** jq's regular expressions (Oniguruma), as far as JavaScript's agree: match objects with offsets in characters. Pure. */
import type { Json } from '../../../../sim/proc/program.ts';
import { fail, shown } from './problem.ts';
import { kindOf } from './value.ts';

const POSIX: Readonly<Record<string, string>> = {
  alpha: 'A-Za-z', digit: '0-9', alnum: 'A-Za-z0-9', upper: 'A-Z', lower: 'a-z', space: '\\s', punct: '!-\\/:-@\\[-`{-~', xdigit: '0-9A-Fa-f', blank: ' \\t', cntrl: '\\x00-\\x1f',
};

function compile(source: string, flags: string): RegExp {
  let js = 'u';
  let pattern = source.replace(/\[:(\w+):\]/g, (whole, name: string) => POSIX[name] ?? whole).replace(/\\h/g, '[0-9a-fA-F]').replace(/\\A/g, '^').replace(/\\[zZ]/g, '$');
  for (const flag of flags) {
    if (flag === 'g') js += 'g';
    else if (flag === 'i') js += 'i';
    else if (flag === 's' || flag === 'p') js += 's';
    else if (flag === 'x') pattern = pattern.replace(/(?<!\\)#.*$/gm, '').replace(/(?<!\\)\s+/g, '');
    else if (flag !== 'n' && flag !== 'l') return fail(`${flags} is not a valid modifier string`);
  }
  const inline = /^\(\?([ims]+)\)/.exec(pattern);
  if (inline) {
    pattern = pattern.slice(inline[0].length);
    for (const flag of inline[1]!) if (!js.includes(flag === 'm' ? 's' : flag)) js += flag === 'm' ? 's' : flag;
  }
  // Oniguruma's ^ and $ are at lines.
  js += 'm';
  try { return new RegExp(pattern, js); } catch {
    try { return new RegExp(pattern, js.replace('u', '')); } catch { return fail(`${source} (at offset 0) is not a valid regex: invalid pattern`); }
  }
}

export function matches(input: Json, re: Json, flags: Json): Json {
  if (typeof input !== 'string') return fail(`${kindOf(input)} (${shown(input)}) cannot be matched, as it is not a string`);
  if (typeof re !== 'string') return fail(`${kindOf(re)} (${shown(re)}) cannot be matched, as it is not a string`);
  if (flags !== null && typeof flags !== 'string') return fail(`${kindOf(flags)} (${shown(flags)}) is not a string`);
  const form = compile(re, flags ?? '');
  const found: Json[] = [];
  const place = (at: number): number => [...input.slice(0, at)].length;
  const one = (m: RegExpExecArray): void => {
    const names = Object.keys(m.groups ?? {});
    let next = 0;
    const captures = m.slice(1).map((text, i): Json => {
      const name = names.find((candidate, k) => k >= next && m.groups![candidate] === text && isNamed(form.source, i, candidate)) ?? null;
      if (name !== null) next = names.indexOf(name) + 1;
      const at = text === undefined ? -1 : m.index + m[0].indexOf(text);
      return { offset: at < 0 ? -1 : place(at), length: text === undefined ? 0 : [...text].length, string: text ?? null, name };
    });
    found.push({ offset: place(m.index), length: [...m[0]].length, string: m[0], captures });
  };
  if (!form.global) {
    const m = form.exec(input);
    if (m) one(m);
    return found;
  }
  for (const m of input.matchAll(form)) one(m as RegExpExecArray);
  return found;
}

/** Whether the group of that number carries that name. */
function isNamed(source: string, index: number, name: string): boolean {
  const groups = [...source.matchAll(/\\.|\[(?:\\.|[^\]])*\]|\((?!\?)|\(\?<([A-Za-z_]\w*)>/g)].filter((m) => m[0].startsWith('('));
  return groups[index]?.[1] === name;
}
