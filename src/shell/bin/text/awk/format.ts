/** awk's printf on awk's values. It prints nothing itself. */
import { type Conversion, formatInteger, formatNumber, formatText, parseFormat } from '../../coreutils/format.ts';
import { Input, type NumberFormat, toNumber, toText, type Value } from './values.ts';

/** CONVFMT and OFMT as functions; the usual ones are made once. */
const formats = new Map<string, NumberFormat>();
export function numberFormat(spec: string): NumberFormat {
  let format = formats.get(spec);
  if (!format) {
    const parts = parseFormat(spec);
    format = (value) => parts.map((part) => (typeof part === 'string' ? part : formatNumber(part, value))).join('');
    formats.set(spec, format);
  }
  return format;
}

const parsed = new Map<string, ReturnType<typeof parseFormat>>();

export type Formatted = { readonly ok: true; readonly text: string } | { readonly ok: false; readonly message: string };

export function sprintf(format: string, args: readonly Value[], convert: NumberFormat): Formatted {
  let parts = parsed.get(format);
  if (!parts) {
    parts = parseFormat(format);
    if (parsed.size > 200) parsed.clear();
    parsed.set(format, parts);
  }
  let next = 0;
  let missing = false;
  const take = (): Value => {
    if (next >= args.length) missing = true;
    return args[next++] ?? '';
  };
  let text = '';
  for (const part of parts) {
    if (typeof part === 'string') {
      text += part;
      continue;
    }
    const sized = stars(part, take);
    if (!'csdiouxXeEfFgGaA'.includes(sized.letter)) {
      text += part.raw;
      continue;
    }
    const value = take();
    if (missing) {
      const at = format.indexOf(part.raw);
      return { ok: false, message: `not enough arguments to satisfy format string\n\t\`${format}'\n\t${' '.repeat(at + part.raw.length - 1)}^ ran out for this one` };
    }
    text += convertOne(sized, value, convert);
  }
  return { ok: true, text };
}

function stars(part: Conversion, take: () => Value): Conversion {
  if (part.width !== '*' && part.precision !== '*') return part;
  let { width, precision, flags } = part;
  if (width === '*') width = Math.trunc(toNumber(take()));
  if (precision === '*') precision = Math.trunc(toNumber(take()));
  if (typeof width === 'number' && width < 0) [width, flags] = [-width, `${flags}-`];
  return { ...part, width, precision, flags };
}

function convertOne(part: Conversion, value: Value, convert: NumberFormat): string {
  switch (part.letter) {
    case 's': return formatText(part, toText(value, convert));
    case 'c': {
      const isNumber = typeof value === 'number' || (value instanceof Input && value.number !== null);
      const code = isNumber ? Math.trunc(toNumber(value)) : 0;
      const c = isNumber ? (code >= 0 && code <= 0x10ffff ? String.fromCodePoint(code) : '') : [...toText(value, convert)][0] ?? '';
      return formatText({ ...part, precision: null }, c === '' ? '\0' : c);
    }
    case 'd': case 'i': case 'o': case 'u': case 'x': case 'X': {
      const number = toNumber(value);
      if (!Number.isFinite(number)) return formatNumber({ ...part, letter: 'f' }, number);
      // Unsigned forms of a negative number are shown as it is.
      if (number < 0 && !'di'.includes(part.letter)) return formatNumber({ ...part, letter: 'g' }, number);
      return formatInteger(part, BigInt(Math.trunc(number)));
    }
    default: return formatNumber(part, toNumber(value));
  }
}
