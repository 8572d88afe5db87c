/**
 * Sizes as people write and read them: `10K`, `1MB`, `4.0K` (gnulib xstrtol and human_readable, POSIX
 * block sizes). It knows no file.
 */

const POWERS = 'KMGTPEZY';

/** The factor of a size suffix: K and KiB are 1024, KB is 1000, b is 512. Null if there is none such. */
export function suffixFactor(suffix: string): number | null {
  if (suffix === '') return 1;
  if (suffix === 'b') return 512;
  if (suffix === 'c') return 1;
  if (suffix === 'w') return 2;
  if (suffix === 'B') return 1024;
  const m = /^([kKmMGTPEZY])(iB|B|D)?$/.exec(suffix);
  if (!m) return null;
  const power = POWERS.indexOf(m[1]!.toUpperCase()) + 1;
  return (m[2] === 'B' || m[2] === 'D' ? 1000 : 1024) ** power;
}

/** A whole number with an optional suffix, or null. */
export function parseSize(text: string): number | null {
  const m = /^(\d+)(\w*)$/.exec(text);
  if (!m) {
    const bare = suffixFactor(text);
    return text !== '' && bare !== null && /^[kKmMGTPEZY]/.test(text) ? bare : null;
  }
  const factor = suffixFactor(m[2]!);
  return factor === null ? null : Number(m[1]) * factor;
}

/** `du -h` and `ls -lh`: one decimal below ten, rounded up; powers of `base`. */
export function human(bytes: number, base: 1024 | 1000 = 1024): string {
  let power = 0;
  let value = bytes;
  while (value >= base && power < POWERS.length) {
    value /= base;
    power++;
  }
  if (power === 0) return String(bytes);
  let shown = value < 10 ? Math.ceil(value * 10 - 1e-9) / 10 : Math.ceil(value - 1e-9);
  if (shown >= base && power < POWERS.length) {
    shown = 1;
    power++;
  }
  const letter = base === 1000 && power === 1 ? 'k' : POWERS[power - 1]!;
  return `${shown < 10 ? shown.toFixed(1) : String(shown)}${letter}`;
}

/** How `--block-size`, -k, -m, -h and --si ask for sizes. */
export interface BlockSize { readonly unit: number; readonly human: 1024 | 1000 | null; readonly suffix: string }

export const KIB: BlockSize = { unit: 1024, human: null, suffix: '' };
export const BYTES: BlockSize = { unit: 1, human: null, suffix: '' };
export const HUMAN: BlockSize = { unit: 1, human: 1024, suffix: '' };
export const HUMAN_SI: BlockSize = { unit: 1, human: 1000, suffix: '' };

/** The value of --block-size, or null if it is none. */
export function parseBlockSize(text: string): BlockSize | null {
  if (text === 'human-readable') return HUMAN;
  if (text === 'si') return HUMAN_SI;
  const unit = parseSize(text.replace(/^'/, ''));
  if (unit === null || unit === 0) return null;
  return { unit, human: null, suffix: /^[A-Za-z]/.test(text) ? text : '' };
}

/** A number of bytes in that unit, rounded up. */
export const inBlocks = (bytes: number, size: BlockSize): string =>
  (size.human ? human(bytes, size.human) : `${Math.ceil(bytes / size.unit)}${size.suffix}`);
