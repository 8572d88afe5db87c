/** Decimal numbers of any length as bc has them: digits and a scale. Pure. */

export interface Num { readonly n: bigint; readonly scale: number }

export const ten = (power: number): bigint => 10n ** BigInt(power);
export const num = (n: bigint | number, scale = 0): Num => ({ n: BigInt(n), scale });
export const ZERO = num(0);
export const ONE = num(1);

/** The same number with another scale; digits are cut off, never rounded. */
export const rescale = (a: Num, scale: number): Num =>
  (scale >= a.scale ? { n: a.n * ten(scale - a.scale), scale } : { n: a.n / ten(a.scale - scale), scale });

const aligned = (a: Num, b: Num): [bigint, bigint, number] => {
  const scale = Math.max(a.scale, b.scale);
  return [rescale(a, scale).n, rescale(b, scale).n, scale];
};
export function add(a: Num, b: Num): Num { const [x, y, scale] = aligned(a, b); return { n: x + y, scale }; }
export function sub(a: Num, b: Num): Num { const [x, y, scale] = aligned(a, b); return { n: x - y, scale }; }
export function compare(a: Num, b: Num): number { const [x, y] = aligned(a, b); return x < y ? -1 : x > y ? 1 : 0; }

export const mul = (a: Num, b: Num, scale: number): Num =>
  rescale({ n: a.n * b.n, scale: a.scale + b.scale }, Math.min(a.scale + b.scale, Math.max(scale, a.scale, b.scale)));

export const div = (a: Num, b: Num, scale: number): Num | null => (b.n === 0n ? null : { n: (a.n * ten(scale + b.scale)) / (b.n * ten(a.scale)), scale });

export function mod(a: Num, b: Num, scale: number): Num | null {
  const quotient = div(a, b, scale);
  if (!quotient) return null;
  const width = Math.max(a.scale, b.scale + scale);
  return rescale(sub(a, { n: quotient.n * b.n, scale: quotient.scale + b.scale }), width);
}

export function pow(a: Num, b: Num, scale: number): Num | null {
  const exponent = b.n / ten(b.scale);
  if (exponent === 0n) return ONE;
  const size = exponent < 0n ? -exponent : exponent;
  if (size > 100_000n) return null;
  const whole: Num = { n: a.n ** size, scale: a.scale * Number(size) };
  if (exponent < 0n) return div(ONE, whole, scale);
  return rescale(whole, Math.min(whole.scale, Math.max(scale, a.scale)));
}

export function sqrt(a: Num, scale: number): Num | null {
  if (a.n < 0n) return null;
  const width = Math.max(scale, a.scale);
  const target = rescale(a, 2 * width).n;
  if (target < 2n) return { n: target, scale: width };
  let x = BigInt(Math.floor(Math.sqrt(Number(target > 10n ** 300n ? 0n : target)))) || 1n << BigInt(Math.ceil(target.toString(2).length / 2));
  for (;;) {
    const next = (x + target / x) >> 1n;
    if (next === x || next === x + 1n || next === x - 1n) { x = next; break; }
    x = next;
  }
  while (x * x > target) x--;
  while ((x + 1n) * (x + 1n) <= target) x++;
  return { n: x, scale: width };
}

const DIGITS = '0123456789ABCDEF';

/** In another base; above sixteen every digit is a group of decimal digits. */
export function text(a: Num, base: number): string {
  const sign = a.n < 0n ? '-' : '';
  const size = a.n < 0n ? -a.n : a.n;
  if (size === 0n) return '0';
  if (base === 10) {
    const digits = size.toString().padStart(a.scale + 1, '0');
    const whole = digits.slice(0, digits.length - a.scale);
    return sign + (a.scale ? `${whole === '0' ? '' : whole}.${digits.slice(digits.length - a.scale)}` : whole);
  }
  const big = BigInt(base);
  const wide = base > 16 ? String(base - 1).length : 0;
  const digit = (d: number): string => (wide ? ` ${String(d).padStart(wide, '0')}` : DIGITS[d]!);
  let whole = size / ten(a.scale);
  let out = '';
  do { out = digit(Number(whole % big)) + out; whole /= big; } while (whole > 0n);
  if (size / ten(a.scale) === 0n && a.scale) out = '';
  if (!a.scale) return sign + out;
  let rest = size % ten(a.scale);
  let fraction = '';
  for (let width = 1n; width < ten(a.scale); width *= big) {
    rest *= big;
    fraction += digit(Number(rest / ten(a.scale)));
    rest %= ten(a.scale);
  }
  return `${sign}${out}.${fraction}`;
}

/** Digits in a base; a single digit may be larger than the base allows. */
export function parse(word: string, base: number): Num {
  const [whole = '', fraction = ''] = word.split('.');
  const single = whole.length + fraction.length === 1;
  const value = (c: string): bigint => BigInt(single ? DIGITS.indexOf(c) : Math.min(DIGITS.indexOf(c), base - 1));
  const big = BigInt(base);
  let n = 0n;
  for (const c of whole) n = n * big + value(c);
  if (!fraction) return num(n);
  if (base === 10) {
    for (const c of fraction) n = n * 10n + value(c);
    return { n, scale: fraction.length };
  }
  let [top, width] = [0n, 1n];
  for (const c of fraction) { top = top * big + value(c); width *= big; }
  return add(num(n), { n: (top * ten(fraction.length)) / width, scale: fraction.length });
}
