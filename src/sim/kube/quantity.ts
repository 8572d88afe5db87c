/**
 * Resource quantities: 100m, 70Mi, 1.5, 2e3. Kept as thousandths in a number, which is exact up to
 * 9 PB. k8s.io/apimachinery/pkg/api/resource.
 */

const SUFFIX: Readonly<Record<string, number>> = {
  n: 1e-9, u: 1e-6, m: 1e-3, '': 1, k: 1e3, M: 1e6, G: 1e9, T: 1e12, P: 1e15, E: 1e18,
  Ki: 2 ** 10, Mi: 2 ** 20, Gi: 2 ** 30, Ti: 2 ** 40, Pi: 2 ** 50, Ei: 2 ** 60,
};
const FORM = /^([+-]?(?:\d+\.?\d*|\.\d+))(?:([eE][+-]?\d+)|(Ki|Mi|Gi|Ti|Pi|Ei|n|u|m|k|M|G|T|P|E)?)$/;

/** In base units (cores, bytes), or null when it is no quantity. */
export function quantity(text: string | number | undefined): number | null {
  if (text === undefined) return null;
  if (typeof text === 'number') return text;
  const m = FORM.exec(text);
  if (!m) return null;
  const scale = m[2] ? 10 ** Number(m[2].slice(1)) : SUFFIX[m[3] ?? '']!;
  return Number(m[1]) * scale;
}

export const QUANTITY_ERROR = "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";

/** Millicores, rounded up as the scheduler does. */
export const milli = (text: string | number | undefined): number => Math.ceil((quantity(text) ?? 0) * 1_000 - 1e-9);
/** Whole units, rounded up. */
export const units = (text: string | number | undefined): number => Math.ceil((quantity(text) ?? 0) - 1e-9);

/** Millicores as a canonical quantity: 100m, 2. */
export const cpuText = (millis: number): string => (millis % 1_000 === 0 ? String(millis / 1_000) : `${millis}m`);

/** Bytes as a canonical binary quantity: 170Mi, 1536. */
export function bytesText(bytes: number): string {
  for (const [suffix, size] of [['Ei', 2 ** 60], ['Pi', 2 ** 50], ['Ti', 2 ** 40], ['Gi', 2 ** 30], ['Mi', 2 ** 20], ['Ki', 2 ** 10]] as const) {
    if (bytes && bytes % size === 0) return `${bytes / size}${suffix}`;
  }
  return String(bytes);
}

/** One quantity in its canonical form, as the server stores it. */
export function canonicalQuantity(text: string | number): string {
  const value = quantity(text);
  if (value === null) return String(text);
  if (typeof text === 'string' && /[KMGTPE]i$/.test(text)) return Number.isInteger(value) ? bytesText(value) : String(text);
  if (Number.isInteger(value)) {
    for (const [suffix, size] of [['E', 1e18], ['P', 1e15], ['T', 1e12], ['G', 1e9], ['M', 1e6], ['k', 1e3]] as const) {
      if (value && value % size === 0) return `${value / size}${suffix}`;
    }
    return String(value);
  }
  return `${Math.ceil(value * 1_000 - 1e-9)}m`;
}

/** The sum of two, in canonical form of the first's family. */
export function addQuantity(a: string | undefined, b: string | undefined, sign: 1 | -1 = 1): string {
  const sum = (quantity(a) ?? 0) + sign * (quantity(b) ?? 0);
  const binary = /i$/.test(a ?? '') || /i$/.test(b ?? '');
  return binary ? bytesText(Math.round(sum)) : canonicalQuantity(Number.isInteger(sum) ? String(sum) : `${Math.round(sum * 1_000)}m`);
}
