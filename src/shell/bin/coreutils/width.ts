/** How many columns of a terminal a text takes: wcwidth(3) for the characters that occur. It knows no screen. */

/** Combining marks and zero-width characters take no column. */
const ZERO = /[\u0300-\u036f\u200b-\u200f\u20d0-\u20ff\ufe00-\ufe0f\ufe20-\ufe2f\udc80-\udcff]/;
/** East Asian wide and fullwidth, and emoji. */
const WIDE = /[\u1100-\u115f\u2e80-\u303e\u3041-\u33ff\u3400-\u4dbf\u4e00-\u9fff\ua000-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1f64f}\u{1f900}-\u{1f9ff}]/u;
const PLAIN = /^[\x20-\x7e]*$/;

/** The width of one character other than a tab. */
export function charWidth(c: string): number {
  const code = c.codePointAt(0)!;
  if (code < 0x20 || code === 0x7f) return 0;
  if (code < 0x300) return 1;
  return ZERO.test(c) ? 0 : WIDE.test(c) ? 2 : 1;
}

/** The width of a line that begins in column 0; tabs go to the next multiple of eight. */
export function displayWidth(line: string): number {
  if (PLAIN.test(line)) return line.length;
  let at = 0;
  let most = 0;
  for (const c of line) {
    if (c === '\t') at += 8 - (at % 8);
    else if (c === '\r') at = 0;
    else if (c === '\b') at = Math.max(0, at - 1);
    else at += charWidth(c);
    most = Math.max(most, at);
  }
  return most;
}
