/** What is wrong with a text that should be JSON, in the words of Go's encoding/json. Pure. */

export const CUT_SHORT = 'unexpected end of JSON input';

/** null when it is JSON. */
export function jsonFault(text: string): string | null {
  try {
    JSON.parse(text);
    return null;
  } catch {
    const at = firstBad(text);
    if (at >= text.length) return CUT_SHORT;
    const shown = text[at] === "'" ? "'\\''" : text[at] === '"' ? "'\"'" : `'${text[at]!.replace('\n', '\\n').replace('\t', '\\t')}'`;
    return `invalid character ${shown} ${context(text, at)}`;
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
