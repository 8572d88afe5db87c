/**
 * Reading manifests: YAML documents or JSON to plain values, with go-yaml v2's idea of scalars (yes and on
 * are true, 0644 is octal) and its words for what is wrong. The parsing itself is js-yaml's.
 */
import { FAILSAFE_SCHEMA, load, Type, YAMLException } from 'js-yaml';
import { formatNumber, resolveScalar } from './yaml.ts';

const scalarOf = (tag: string, fits: (value: unknown) => boolean): Type => new Type(`tag:yaml.org,2002:${tag}`, {
  kind: 'scalar',
  resolve: (text: string | null) => fits(resolveScalar(text ?? '')),
  construct: (text: string | null) => resolveScalar(text ?? ''),
});
const merge = new Type('tag:yaml.org,2002:merge', { kind: 'scalar', resolve: (text: string | null) => text === '<<' });

const SCHEMA = FAILSAFE_SCHEMA.extend({
  implicit: [
    scalarOf('null', (v) => v === null), scalarOf('bool', (v) => typeof v === 'boolean'),
    scalarOf('int', (v) => Number.isInteger(v)), scalarOf('float', (v) => typeof v === 'number'), merge,
  ],
});

export type Read = { ok: true; value: unknown } | { ok: false; error: string };

/** One YAML document. */
export function readYaml(text: string): Read {
  const tab = /^(?: *\t+)[ \t]*[^\s#]/m.exec(stripBlocks(text));
  if (tab) return { ok: false, error: `yaml: line ${lineAt(text, tab.index) + 1}: found character that cannot start any token` };
  try {
    return { ok: true, value: plain(load(text, { schema: SCHEMA, json: true })) };
  } catch (error) {
    if (error instanceof YAMLException) return { ok: false, error: goWords(text, error) };
    throw error;
  }
}

/** Keys become strings, as sigs.k8s.io/yaml makes them. */
function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value === 'object' && value !== null) {
    const out: Record<string, unknown> = {};
    for (const [key, item] of Object.entries(value)) out[key] = plain(item);
    return out;
  }
  return value === undefined ? null : typeof value === 'number' && !Number.isFinite(value) ? formatNumber(value) : value;
}

const lineAt = (text: string, index: number): number => text.slice(0, index).split('\n').length - 1;

/** Lines inside block scalars blanked out, so that their content is not taken for structure. */
function stripBlocks(text: string): string {
  let block = -1;
  return text.split('\n').map((line) => {
    const indent = /^ */.exec(line)![0].length;
    if (block >= 0) {
      if (line.trim() === '' || indent > block) return ' '.repeat(line.length);
      block = -1;
    }
    const opens = /(?:^|[:\-]\s+)[|>][-+0-9]*\s*(?:#.*)?$/.test(line);
    if (opens) block = /^ *(?:- +)*/.exec(line)![0].length - (/^ *- /.test(line) && !/:/.test(line) ? 2 : 0);
    return line;
  }).join('\n');
}

/** go-yaml counts lines from 1 for what its scanner finds and from 0 for what its parser finds. */
function goWords(text: string, error: YAMLException): string {
  const line = error.mark?.line ?? 0;
  const source = stripBlocks(text).split('\n');
  const here = source[line] ?? '';
  const said = (at: number, words: string): string => `yaml: ${at > 0 ? `line ${at}: ` : ''}${words}`;
  const reason = error.reason;
  if (/^\s*(?:- )?[^'"#\s][^'"#]*?:\s[^'"]*?:(\s|$)/.test(here) && /indentation|mapping/.test(reason)) {
    return said(line + 1, 'mapping values are not allowed in this context');
  }
  if (/colon is missed|implicit key|multiline key/.test(reason)) {
    const key = previousText(source, line);
    return said(key + 2, "could not find expected ':'");
  }
  if (/cannot start any token|reserved|unexpected character/.test(reason) || /^\s*[@`%]/.test(here) || /:\s+[@`%]/.test(here)) {
    return said(line + 1, 'found character that cannot start any token');
  }
  if (/unidentified alias/.test(reason)) return said(0, `unknown anchor '${/"([^"]*)"/.exec(reason)?.[1] ?? ''}' referenced`);
  if (/unexpected end of the stream within a (single|double) quoted/.test(reason)) return said(source.length, 'found unexpected end of stream');
  if (/flow collection|flow sequence|missed comma/.test(reason)) return said(line, "did not find expected ',' or ']'");
  if (/unknown escape/.test(reason)) return said(line + 1, 'found unknown escape character');
  if (/sequence entry/.test(reason)) return said(line, "did not find expected '-' indicator");
  if (/end of the stream or a document separator/.test(reason)) {
    return /^\s*[^\s#].*:(\s|$)/.test(here) ? said(line + 1, 'mapping values are not allowed in this context') : said(line, "did not find expected <document start>");
  }
  return said(line, 'did not find expected key');
}

/** The line that lacks its colon: the nearest one at or before `line` with text and no colon. */
function previousText(source: readonly string[], line: number): number {
  for (let i = line; i >= 0; i--) {
    const text = source[i]!.trim();
    if (text && !text.startsWith('#') && !/:(\s|$)/.test(text)) return i;
  }
  return Math.max(0, line - 1);
}

/** The documents of a stream: JSON values one after another, or YAML documents between `---`. */
export function splitDocuments(text: string): string[] {
  return text.split(/^---(?:[ \t].*)?$/m).filter((part) => part.split('\n').some((line) => line.trim() && !line.trim().startsWith('#')));
}

/** encoding/json's words for the first thing wrong in a JSON text. */
export function readJson(text: string): Read {
  try {
    return { ok: true, value: JSON.parse(text) as unknown };
  } catch {
    const at = firstBad(text);
    if (at >= text.length) return { ok: false, error: 'unexpected EOF' };
    return { ok: false, error: `invalid character ${text[at] === "'" ? "'\\''" : text[at] === '"' ? "'\"'" : `'${text[at]!.replace('\n', '\\n')}'`} ${context(text, at)}` };
  }
}

/** Where a JSON text stops being the beginning of one. */
function firstBad(text: string): number {
  let low = 0;
  for (let i = 1; i <= text.length; i++) {
    if (!couldContinue(text.slice(0, i))) return low;
    low = i;
  }
  return text.length;
}

/** Whether some ending makes it valid: what is open is closed and tried. */
function couldContinue(head: string): boolean {
  const stack: string[] = [];
  let quoted = false;
  for (let i = 0; i < head.length; i++) {
    const c = head[i]!;
    if (quoted) { if (c === '\\') i++; else if (c === '"') quoted = false; } else if (c === '"') quoted = true;
    else if (c === '{' || c === '[') stack.push(c === '{' ? '}' : ']');
    else if ((c === '}' || c === ']') && stack.pop() !== c) return false;
  }
  const close = stack.reverse().join('');
  const bodies = quoted ? [`${head}"`, `${head}n"`, `${head}0000"`] : [head];
  const tails = ['', '0', '":0', ':0', '0:0', '"a":0', 'rue', 'ue', 'e', 'alse', 'lse', 'se', 'ull', 'll', 'l'];
  return bodies.some((body) => tails.some((tail) => { try { JSON.parse(body + tail + close); return true; } catch { return false; } }));
}

function context(text: string, at: number): string {
  const before = text.slice(0, at).trimEnd();
  const last = before[before.length - 1] ?? '';
  if (last === '{') return 'looking for beginning of object key string';
  if (last === ',') return /\{[^[\]{}]*$/.test(before) ? 'looking for beginning of object key string' : 'looking for beginning of value';
  if (last === '' || last === '[' || last === ':') return 'looking for beginning of value';
  if (/"$/.test(before) && /[{,]\s*"(?:[^"\\]|\\.)*"$/.test(before) && !/\[[^{}\]]*$/.test(before)) return 'after object key';
  const open = openAt(before);
  return open === '[' ? 'after array element' : open === '{' ? 'after object key:value pair' : 'after top-level value';
}

function openAt(text: string): string {
  const stack: string[] = [];
  let quoted = false;
  for (let i = 0; i < text.length; i++) {
    const c = text[i]!;
    if (quoted) { if (c === '\\') i++; else if (c === '"') quoted = false; } else if (c === '"') quoted = true;
    else if (c === '{' || c === '[') stack.push(c);
    else if (c === '}' || c === ']') stack.pop();
  }
  return stack.pop() ?? '';
}
