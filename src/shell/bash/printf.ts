/** printf's format and dates by strftime. printf.def, strftime(3) in the C locale and UTC. */
import { decode } from '../grammar/ansi.ts';
import { quoteBackslash } from './quote.ts';
import { byteLength } from '../../sim/proc/text.ts';

export interface Printed { text: string; /** Messages, in order. */
  errors: string[]; /** The format itself is broken: nothing more is printed. */ broken: boolean }

const CONVERSION = /%([-+ #0']*)(\*|-?\d+)?(?:\.(\*|-?\d*))?(hh|h|ll|l|L|j|z|t)?(\([^)]*\))?([a-zA-Z%])?/y;

class Formatter {
  text = '';
  readonly errors: string[] = [];
  stopped = false;
  broken = false;
  used = 0;
  constructor(private readonly args: readonly string[],
    private readonly clock: { nowUs: number; startUs: number }) {}

  private next(): string | undefined { return this.args[this.used++]; }

  private integer(text: string | undefined, unsigned = false): bigint {
    if (text === undefined || text === '') return 0n;
    const quoted = /^["'](.?)/su.exec(text);
    if (quoted) return BigInt(quoted[1] ? quoted[1].codePointAt(0)! : 0);
    const m = /^\s*([-+]?)(0[xX][0-9a-fA-F]+|0[0-7]*|[1-9]\d*)/.exec(text);
    if (!m) { this.errors.push(`${text}: invalid number`); return 0n; }
    const digits = /^0[0-7]+$/.test(m[2]!) ? `0o${m[2]!.slice(1)}` : m[2]!;
    const n = BigInt(digits);
    if (m[0].length !== text.length && text.slice(m[0].length).trim() !== '')
      this.errors.push(`${text}: invalid number`);
    const value = m[1] === '-' ? -n : n;
    const largest = 2n ** (unsigned ? 64n : 63n) - 1n;
    if (value <= largest && value >= -(2n ** 63n)) return value;
    this.errors.push(`warning: ${text}: Numerical result out of range`);
    return value > 0n ? largest : -(2n ** 63n);
  }

  private float(text: string | undefined): number {
    if (text === undefined || text === '') return 0;
    const quoted = /^["'](.?)/su.exec(text);
    if (quoted) return quoted[1] ? quoted[1].codePointAt(0)! : 0;
    if (/^\s*[-+]?(?:inf(?:inity)?)$/i.test(text)) return text.includes('-') ? -Infinity : Infinity;
    if (/^\s*[-+]?nan$/i.test(text)) return NaN;
    const m = /^\s*[-+]?(?:0[xX][0-9a-fA-F]+|(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)/.exec(text);
    if (!m) { this.errors.push(`${text}: invalid number`); return 0; }
    if (m[0].length !== text.length) this.errors.push(`${text}: invalid number`);
    return Number(m[0]);
  }

  /** One pass over the format. */
  pass(format: string): void {
    let i = 0;
    while (i < format.length && !this.stopped) {
      const percent = format.indexOf('%', i);
      const plain = percent < 0 ? format.slice(i) : format.slice(i, percent);
      if (plain) this.text += decode(plain, 'format').text;
      if (percent < 0) return;
      CONVERSION.lastIndex = percent;
      const m = CONVERSION.exec(format);
      if (!m || m[6] === undefined) {
        const at = CONVERSION.lastIndex || percent + 1, odd = format[m ? percent + m[0].length : at];
        this.errors.push(odd === undefined ? `\`${format.slice(percent)}': missing format character`
          : `\`${odd}': invalid format character`);
        this.broken = true;
        this.stopped = true;
        return;
      }
      i = CONVERSION.lastIndex;
      this.convert(m);
    }
  }

  private convert(m: RegExpExecArray): void {
    let flags = m[1]!;
    let width = m[2] === undefined ? 0 : m[2] === '*' ? Number(this.integer(this.next())) : Number(m[2]);
    if (width < 0) { flags += '-'; width = -width; }
    const precise = m[3] === undefined ? null : m[3] === '*' ? Number(this.integer(this.next()))
      : Number(m[3] || 0);
    const precision = precise !== null && precise < 0 ? null : precise;
    const put = (text: string): void => {
      const gap = width - byteLength(text); // C's printf counts bytes
      this.text += gap <= 0 ? text : flags.includes('-') ? text + ' '.repeat(gap) : ' '.repeat(gap) + text;
    };
    const cut = (text: string): string =>
      (precision === null ? text : [...text].slice(0, precision).join(''));
    if (m[5] !== undefined && m[6] === 'T') { put(cut(this.date(m[5].slice(1, -1)))); return; }
    switch (m[6]) {
      case '%': this.text += '%'; return;
      case 's': put(cut(this.next() ?? '')); return;
      case 'q': put(cut(quoteBackslash(this.next() ?? ''))); return;
      case 'Q': put(quoteBackslash(cut(this.next() ?? ''))); return;
      case 'b': {
        const { text, stopped } = decode(this.next() ?? '', 'echo');
        put(cut(text));
        this.stopped = stopped;
        return;
      }
      case 'c': put([...this.next() ?? ''][0] ?? ''); return;
      case 'd': case 'i': put(number(signed(this.integer(this.next())), flags, width, precision)); return;
      case 'u': case 'o': case 'x': case 'X': {
        const n = BigInt.asUintN(64, this.integer(this.next(), true));
        let text = n.toString(m[6] === 'u' ? 10 : m[6] === 'o' ? 8 : 16);
        if (flags.includes('#') && n !== 0n) text = (m[6] === 'o' ? '0' : m[6] === 'u' ? '' : '0x') + text;
        put(number(m[6] === 'X' ? text.toUpperCase() : text, flags.replace(/[+ ]/g, ''), width, precision));
        return;
      }
      case 'e': case 'E': case 'f': case 'F': case 'g': case 'G': case 'a': case 'A':
        put(number(float(this.float(this.next()), m[6], precision ?? 6, flags), flags, width, null));
        return;
      case 'n': this.next(); return;
      default:
        this.errors.push(`\`${m[6]}': invalid format character`);
        this.broken = true;
        this.stopped = true;
    }
  }

  private date(format: string): string {
    const arg = this.next();
    const at = arg === undefined || arg === '-1' ? this.clock.nowUs : arg === '-2' ? this.clock.startUs
      : Number(this.integer(arg)) * 1e6;
    return strftime(format || '%X', at);
  }
}

const signed = (n: bigint): string => {
  const low = -(2n ** 63n), high = 2n ** 63n - 1n;
  return String(n < low ? low : n > high ? high : n);
};

/** Sign, precision and zeros. */
function number(text: string, flags: string, width: number, precision: number | null): string {
  const negative = text[0] === '-';
  let digits = negative ? text.slice(1) : text;
  const sign = negative ? '-' : flags.includes('+') ? '+' : flags.includes(' ') ? ' ' : '';
  if (precision !== null) digits = precision === 0 && digits === '0' ? '' : digits.padStart(precision, '0');
  else if (flags.includes('0') && !flags.includes('-')
    && !/[a-z]/i.test(digits.replace(/^0x/i, '').replace(/[a-f]/gi, '')) ) {
    const prefix = /^0x/i.test(digits) ? digits.slice(0, 2) : '';
    digits = prefix + digits.slice(prefix.length).padStart(width - sign.length - prefix.length, '0');
  }
  return sign + digits;
}

function float(n: number, kind: string, precision: number, flags: string): string {
  const upper = kind === kind.toUpperCase();
  if (!Number.isFinite(n)) {
    const word = Number.isNaN(n) ? 'nan' : n < 0 ? '-inf' : 'inf';
    return upper ? word.toUpperCase() : word;
  }
  const exponent = (text: string): string => text.replace(/e([-+])(\d)$/, 'e$10$2');
  let text: string;
  switch (kind.toLowerCase()) {
    case 'f': text = fixed(n, precision); break;
    case 'e': text = exponent(n.toExponential(Math.min(precision, 100))); break;
    case 'a': text = n.toString(16); break;
    default: {
      const digits = precision === 0 ? 1 : precision;
      const power = n === 0 ? 0 : Number(n.toExponential(Math.min(digits - 1, 100)).split('e')[1]);
      text = power < -4 || power >= digits ? exponent(n.toExponential(digits - 1))
        : fixed(n, Math.max(0, digits - 1 - power));
      if (!flags.includes('#') && text.includes('.')) text = text.replace(/\.?0+(?=e|$)/, '');
    }
  }
  if (flags.includes('#') && !text.includes('.')) text += '.';
  return upper ? text.toUpperCase() : text;
}

/** A number with so many places, rounded as C does: exactly, ties to even. */
function fixed(n: number, places: number): string {
  const sign = n < 0 || Object.is(n, -0) ? '-' : '';
  let mantissa = Math.abs(n), power = 0;
  while (!Number.isInteger(mantissa)) { mantissa *= 2; power++; }
  const scaled = BigInt(mantissa) * 10n ** BigInt(places), unit = 1n << BigInt(power);
  let whole = scaled / unit;
  const twice = (scaled % unit) * 2n;
  if (twice > unit || (twice === unit && whole & 1n)) whole++;
  const digits = whole.toString().padStart(places + 1, '0');
  return sign + (places ? `${digits.slice(0, -places)}.${digits.slice(-places)}` : digits);
}

export function format(text: string, args: readonly string[],
  clock: { nowUs: number; startUs: number }): Printed {
  const f = new Formatter(args, clock);
  do {
    const before = f.used;
    f.pass(text);
    if (f.used === before) break;
  } while (f.used < args.length && !f.stopped);
  return { text: f.text, errors: f.errors, broken: f.broken };
}

export const needsClock = (format: string): boolean => /%[^%a-zA-Z]*\([^)]*\)T/.test(format);

// ---- dates

const DAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];
const MONTHS = ['January', 'February', 'March', 'April', 'May', 'June', 'July', 'August', 'September',
  'October', 'November', 'December'];

/** Days since 1970 → [year, month 1..12, day, day of the year 0..]. Hinnant's civil_from_days. */
export function civil(days: number): [number, number, number, number] {
  const z = days + 719_468, era = Math.floor(z / 146_097), doe = z - era * 146_097;
  const yoe = Math.floor((doe - Math.floor(doe / 1460)
    + Math.floor(doe / 36_524) - Math.floor(doe / 146_096)) / 365);
  const doy = doe - (365 * yoe + Math.floor(yoe / 4) - Math.floor(yoe / 100)),
    mp = Math.floor((5 * doy + 2) / 153);
  const day = doy - Math.floor((153 * mp + 2) / 5) + 1, month = mp < 10 ? mp + 3 : mp - 9,
    year = yoe + era * 400 + (month <= 2 ? 1 : 0);
  const leap = (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
  const before = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334][month - 1]!
    + (leap && month > 2 ? 1 : 0);
  return [year, month, day, before + day - 1];
}

export function strftime(format: string, us: number): string {
  const seconds = Math.floor(us / 1e6), days = Math.floor(seconds / 86_400), rest = seconds - days * 86_400;
  const [year, month, day, doy] = civil(days);
  const wday = (((days + 4) % 7) + 7) % 7, hour = Math.floor(rest / 3600),
    minute = Math.floor(rest / 60) % 60, second = rest % 60;
  const two = (n: number): string => String(n).padStart(2, '0'),
    blank = (n: number): string => String(n).padStart(2, ' ');
  const twelve = hour % 12 || 12;
  const week = (from: number): string => two(Math.floor((doy + 7 - ((wday - from + 7) % 7)) / 7));
  const of: Record<string, () => string> = {
    a: () => DAYS[wday]!.slice(0, 3), A: () => DAYS[wday]!, b: () => MONTHS[month - 1]!.slice(0, 3),
    h: () => MONTHS[month - 1]!.slice(0, 3), B: () => MONTHS[month - 1]!,
    c: () => strftime('%a %b %e %H:%M:%S %Y', us), C: () => two(Math.floor(year / 100)), d: () => two(day),
    D: () => strftime('%m/%d/%y', us), e: () => blank(day),
    F: () => strftime('%Y-%m-%d', us), g: () => two(isoWeek(year, doy, wday)[0] % 100),
    G: () => String(isoWeek(year, doy, wday)[0]), H: () => two(hour), I: () => two(twelve),
    j: () => String(doy + 1).padStart(3, '0'), k: () => blank(hour), l: () => blank(twelve),
    m: () => two(month), M: () => two(minute), n: () => '\n',
    p: () => (hour < 12 ? 'AM' : 'PM'), P: () => (hour < 12 ? 'am' : 'pm'),
    r: () => strftime('%I:%M:%S %p', us), R: () => strftime('%H:%M', us), s: () => String(seconds),
    S: () => two(second), t: () => '\t', T: () => strftime('%H:%M:%S', us), u: () => String(wday || 7),
    U: () => week(0), V: () => two(isoWeek(year, doy, wday)[1]),
    w: () => String(wday), W: () => week(1), x: () => strftime('%m/%d/%y', us),
    X: () => strftime('%H:%M:%S', us), y: () => two(((year % 100) + 100) % 100),
    Y: () => String(year), z: () => '+0000', Z: () => 'UTC', '%': () => '%',
  };
  return format.replace(/%[EO_0^#-]?([a-zA-Z%])/g,
    (all, letter: string) => (Object.hasOwn(of, letter) ? of[letter]!() : all));
}

function isoWeek(year: number, doy: number, wday: number): [number, number] {
  const leap = (y: number): number => ((y % 4 === 0 && y % 100 !== 0) || y % 400 === 0 ? 366 : 365);
  const week = Math.floor((doy - ((wday + 6) % 7) + 10) / 7);
  if (week < 1) return [year - 1, isoWeek(year - 1, doy + leap(year - 1), wday)[1]];
  if (week === 53 && doy - ((wday + 6) % 7) + 3 >= leap(year)) return [year + 1, 1];
  return [year, week];
}
