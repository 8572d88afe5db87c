/** printf(3)'s conversions on JavaScript numbers: for printf(1), seq, awk and find. It knows no program. */

export interface Conversion {
  readonly flags: string;
  /** '*': taken from the arguments. */
  readonly width: number | '*' | null;
  readonly precision: number | '*' | null;
  readonly letter: string;
  readonly raw: string;
}
export type FormatPart = string | Conversion;

const DIRECTIVE = /%(?:%|([-+ #0']*)(\*|\d+)?(?:\.(\*|-?\d*)?)?(?:hh|h|ll|l|L|q|j|z|t)?([a-zA-Z]))/g;

/** The literal parts and the conversions in turn; a lone % stays as it is. */
export function parseFormat(format: string): FormatPart[] {
  const parts: FormatPart[] = [];
  let at = 0;
  for (const m of format.matchAll(DIRECTIVE)) {
    if (m.index > at) parts.push(format.slice(at, m.index));
    at = m.index + m[0].length;
    if (m[0] === '%%') {
      parts.push('%');
      continue;
    }
    const size = (text: string | undefined): number | '*' | null => (text === undefined ? null : text === '*' ? '*' : Number(text || 0));
    parts.push({
      flags: m[1] ?? '', width: size(m[2]), precision: /\.\D?/.test(m[0]) && m[0].includes('.') ? size(m[3] ?? '') : null, letter: m[4]!, raw: m[0],
    });
  }
  if (at < format.length) parts.push(format.slice(at));
  return parts;
}

/** Fills up to the width; a negative width is the flag `-`. */
export function padded(text: string, conversion: Conversion, zeros: boolean): string {
  const width = typeof conversion.width === 'number' ? conversion.width : 0;
  const length = text.length;
  if (length >= width) return text;
  if (conversion.flags.includes('-')) return text.padEnd(width);
  if (!zeros || !conversion.flags.includes('0')) return text.padStart(width);
  const sign = /^[-+ ]?(?:0[xX])?/.exec(text)![0];
  return sign + text.slice(sign.length).padStart(width - sign.length, '0');
}

export const formatText = (conversion: Conversion, text: string): string =>
  padded(typeof conversion.precision === 'number' && conversion.precision >= 0 ? text.slice(0, conversion.precision) : text, conversion, false);

/** A whole number under d, i, o, u, x, X. Negative ones under the unsigned wrap at 64 bits. */
export function formatInteger(conversion: Conversion, value: bigint): string {
  const { letter, flags, precision } = conversion;
  const signed = letter === 'd' || letter === 'i';
  const magnitude = signed ? (value < 0n ? -value : value) : BigInt.asUintN(64, value);
  const base = letter === 'o' ? 8 : letter === 'x' || letter === 'X' ? 16 : 10;
  let digits = magnitude.toString(base);
  if (letter === 'X') digits = digits.toUpperCase();
  if (typeof precision === 'number' && precision >= 0) digits = precision === 0 && magnitude === 0n ? '' : digits.padStart(precision, '0');
  if (flags.includes('#') && magnitude !== 0n) digits = base === 16 ? `0${letter}${digits}` : base === 8 && !digits.startsWith('0') ? `0${digits}` : digits;
  const sign = signed ? (value < 0n ? '-' : flags.includes('+') ? '+' : flags.includes(' ') ? ' ' : '') : '';
  return padded(sign + digits, conversion, precision === null || precision === '*' || precision < 0);
}

/** A number under e, f, g, a and their capitals. */
export function formatNumber(conversion: Conversion, value: number): string {
  const { letter, flags } = conversion;
  const precision = typeof conversion.precision === 'number' && conversion.precision >= 0 ? conversion.precision : null;
  const negative = value < 0 || Object.is(value, -0);
  const sign = negative ? '-' : flags.includes('+') ? '+' : flags.includes(' ') ? ' ' : '';
  const size = Math.abs(value);
  const kind = letter.toLowerCase();
  if (!Number.isFinite(value)) {
    const word = Number.isNaN(value) ? 'nan' : 'inf';
    const plain = { ...conversion, flags: flags.replace(/0/g, '') };
    return padded(sign + (letter === kind ? word : word.toUpperCase()), plain, false);
  }
  let text = kind === 'f' ? fixed(size, precision ?? 6) : kind === 'e' ? exponent(size, precision ?? 6)
    : kind === 'a' ? hexFloat(size, precision) : shortest(size, precision ?? 6, flags.includes('#'));
  if (flags.includes('#') && !text.includes('.') && kind !== 'a') text = text.replace(/(?=e|$)/, '.');
  return padded(sign + (letter === kind ? text : text.toUpperCase()), conversion, true);
}

/** toFixed, exact beyond 1e21 and beyond 100 digits too. */
function fixed(value: number, places: number): string {
  if (value < 1e21) return places <= 100 ? value.toFixed(places) : value.toFixed(100) + '0'.repeat(places - 100);
  return BigInt(value).toString() + (places ? `.${'0'.repeat(places)}` : '');
}

function exponent(value: number, places: number): string {
  const [digits = '', power = '+0'] = value.toExponential(Math.min(100, places)).split('e');
  return `${digits}${places > 100 ? '0'.repeat(places - 100) : ''}e${power[0]}${power.slice(1).padStart(2, '0')}`;
}

/** %g: significant digits, without the zeros at the end unless `#` keeps them. */
function shortest(value: number, precision: number, keep: boolean): string {
  const digits = Math.max(1, precision);
  const power = value === 0 ? 0 : Number(value.toExponential(Math.min(100, digits - 1)).split('e')[1]);
  const trim = (text: string): string => (keep || !text.includes('.') ? text : text.replace(/\.?0+(?=e|$)/, ''));
  return trim(power < -4 || power >= digits ? exponent(value, digits - 1) : fixed(value, Math.max(0, digits - 1 - power)));
}

function hexFloat(value: number, precision: number | null): string {
  if (value === 0) return `0x0${precision ? `.${'0'.repeat(precision)}` : ''}p+0`;
  let power = Math.floor(Math.log2(value));
  let mantissa = value / 2 ** power;
  if (precision !== null) mantissa = Math.round(mantissa * 16 ** precision) / 16 ** precision;
  if (mantissa >= 2) [mantissa, power] = [mantissa / 2, power + 1];
  let digits = '';
  for (let rest = mantissa - 1; rest > 0 && digits.length < (precision ?? 13); ) {
    rest *= 16;
    digits += Math.floor(rest).toString(16);
    rest -= Math.floor(rest);
  }
  if (precision !== null) digits = digits.padEnd(precision, '0');
  return `0x1${digits ? `.${digits}` : ''}p${power < 0 ? '-' : '+'}${Math.abs(power)}`;
}
