/**
 * The orders that sort(1) knows, of texts already cut out of their lines: bytes, numbers of any length,
 * human sizes, months, versions, chance. It knows neither lines nor options. Text is ordered by code
 * unit, as in the C and C.UTF-8 locales.
 */

export type Order = 'text' | 'numeric' | 'general' | 'human' | 'month' | 'version' | 'random';
export type Compare = (a: string, b: string) => number;

export const byCode: Compare = (a, b) => (a < b ? -1 : a > b ? 1 : 0);

interface Decimal { negative: boolean; whole: string; fraction: string }

function decimal(text: string): Decimal {
  const m = /^[ \t\n]*(-?)(\d*)(?:\.(\d*))?/.exec(text)!;
  const whole = m[2]!.replace(/^0+/, '');
  const fraction = (m[3] ?? '').replace(/0+$/, '');
  return { negative: m[1] === '-' && (whole !== '' || fraction !== ''), whole, fraction };
}

function compareMagnitude(a: Decimal, b: Decimal): number {
  if (a.whole.length !== b.whole.length) return a.whole.length - b.whole.length;
  return byCode(a.whole, b.whole) || byCode(a.fraction, b.fraction);
}

function compareDecimal(a: Decimal, b: Decimal): number {
  if (a.negative !== b.negative) return a.negative ? -1 : 1;
  return a.negative ? compareMagnitude(b, a) : compareMagnitude(a, b);
}

const SAFE = /^[ \t\n]*(-?\d{1,15})(?:\D|$)/;

/** `-n`: the number at the start; short integers without a fraction go the quick way. */
export function compareNumeric(a: string, b: string): number {
  const quickA = SAFE.exec(a);
  const quickB = SAFE.exec(b);
  if (quickA && quickB && !a.includes('.') && !b.includes('.')) return Number(quickA[1]) - Number(quickB[1]);
  return compareDecimal(decimal(a), decimal(b));
}

const humanPower = (text: string): number => {
  const m = /^[ \t\n]*-?[\d]*\.?\d*([kKMGTPEZY]?)/.exec(text);
  return m?.[1] ? 'KMGTPEZY'.indexOf(m[1].toUpperCase()) + 1 : 0;
};

export function compareHuman(a: string, b: string): number {
  const x = decimal(a);
  const y = decimal(b);
  const sign = (d: Decimal): number => (d.whole === '' && d.fraction === '' ? 0 : d.negative ? -1 : 1);
  const power = (d: Decimal, text: string): number => sign(d) * humanPower(text);
  return sign(x) - sign(y) || power(x, a) - power(y, b) || compareDecimal(x, y);
}

/** strtod(3): what is no number comes first, then NaN. */
function general(text: string): number | null {
  const m = /^[ \t\n]*([-+]?(?:0x[\da-f]+|\d+\.?\d*(?:e[-+]?\d+)?|\.\d+(?:e[-+]?\d+)?|inf(?:inity)?|nan))/i.exec(text);
  if (!m) return null;
  const word = m[1]!.toLowerCase();
  if (word.includes('inf')) return word.startsWith('-') ? -Infinity : Infinity;
  return word.includes('nan') ? NaN : Number(word.replace(/^\+/, ''));
}

export function compareGeneral(a: string, b: string): number {
  const x = general(a);
  const y = general(b);
  const rank = (n: number | null): number => (n === null ? 0 : Number.isNaN(n) ? 1 : 2);
  return rank(x) - rank(y) || (x === y || x === null || Number.isNaN(x) ? 0 : x < (y ?? 0) ? -1 : 1);
}

const MONTHS = ['JAN', 'FEB', 'MAR', 'APR', 'MAY', 'JUN', 'JUL', 'AUG', 'SEP', 'OCT', 'NOV', 'DEC'];
const month = (text: string): number => MONTHS.indexOf(text.trimStart().slice(0, 3).toUpperCase());
export const compareMonth: Compare = (a, b) => month(a) - month(b);

/** ~ before the end, letters before other signs, as dpkg orders versions. */
function versionRank(c: string | undefined): number {
  if (c === undefined || /\d/.test(c)) return 0;
  if (c === '~') return -1;
  return /[A-Za-z]/.test(c) ? c.charCodeAt(0) : c.charCodeAt(0) + 256;
}

function compareVersionParts(a: string, b: string): number {
  let i = 0;
  let j = 0;
  const digit = (text: string, at: number): boolean => at < text.length && text[at]! >= '0' && text[at]! <= '9';
  while (i < a.length || j < b.length) {
    while ((i < a.length && !digit(a, i)) || (j < b.length && !digit(b, j))) {
      const order = versionRank(a[i]) - versionRank(b[j]);
      if (order) return order;
      i++;
      j++;
    }
    while (a[i] === '0') i++;
    while (b[j] === '0') j++;
    let first = 0;
    while (digit(a, i) && digit(b, j)) {
      first ||= a.charCodeAt(i) - b.charCodeAt(j);
      i++;
      j++;
    }
    if (digit(a, i)) return 1;
    if (digit(b, j)) return -1;
    if (first) return first;
  }
  return 0;
}

const SUFFIX = /(\.[A-Za-z~][A-Za-z0-9~]*)*$/;

/** gnulib's filevercmp: numbers inside names by value, suffixes such as .tar.gz last. */
export function compareVersion(a: string, b: string): number {
  if (a === b) return 0;
  for (const special of ['', '.', '..']) {
    if (a === special) return -1;
    if (b === special) return 1;
  }
  if (a.startsWith('.') !== b.startsWith('.')) return a.startsWith('.') ? -1 : 1;
  const stemA = a.replace(SUFFIX, '');
  const stemB = b.replace(SUFFIX, '');
  const stems = stemA === stemB ? compareVersionParts(a, b) : compareVersionParts(stemA, stemB);
  return stems || byCode(a, b);
}

/** An order by chance: equal texts stay together. */
export function compareRandom(seed: number): Compare {
  const hash = (text: string): number => {
    let h = seed >>> 0;
    for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193) >>> 0;
    h ^= h >>> 15;
    return Math.imul(h, 0x2c1b3c6d) >>> 0;
  };
  return (a, b) => hash(a) - hash(b) || byCode(a, b);
}

export function comparator(order: Order, seed: number): Compare {
  switch (order) {
    case 'numeric': return compareNumeric;
    case 'general': return compareGeneral;
    case 'human': return compareHuman;
    case 'month': return compareMonth;
    case 'version': return compareVersion;
    case 'random': return compareRandom(seed);
    case 'text': return byCode;
  }
}
