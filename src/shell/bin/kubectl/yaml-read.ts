/**
 * Reading manifests: YAML documents or JSON to plain values, with the words of go-yaml v2 and of
 * encoding/json for what is wrong.
 */
import { CUT_SHORT, jsonFault } from '../../../sim/kube/json-fault.ts';
import { Parser } from './yaml-parse.ts';
import { YamlFault } from './yaml-cursor.ts';
import { formatNumber } from './yaml.ts';

export type Read = { ok: true; value: unknown } | { ok: false; error: string };

/** One YAML document. */
export function readYaml(text: string): Read {
  try {
    return { ok: true, value: plain(new Parser(text).document()) };
  } catch (error) {
    if (error instanceof YamlFault) return { ok: false, error: error.message };
    throw error;
  }
}

/** What JSON cannot say becomes text. */
function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value === 'object' && value !== null) {
    const out: Record<string, unknown> = {};
    for (const [key, item] of Object.entries(value)) out[key] = plain(item);
    return out;
  }
  return value === undefined ? null : typeof value === 'number' && !Number.isFinite(value) ? formatNumber(value) : value;
}

/** The documents of a stream: JSON values one after another, or YAML documents between `---`. */
export function splitDocuments(text: string): string[] {
  return text.split(/^---(?:[ \t].*)?$/m).filter((part) => part.split('\n').some((line) => line.trim() && !line.trim().startsWith('#')));
}

/** One JSON text, as encoding/json's Decoder reads it from a stream. */
export function readJson(text: string): Read {
  const fault = jsonFault(text);
  if (fault === null) return { ok: true, value: JSON.parse(text) as unknown };
  return { ok: false, error: fault === CUT_SHORT ? 'unexpected EOF' : fault };
}
