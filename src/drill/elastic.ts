/**
 * Outputs that need not be the same to the byte: a line `...` stands for any lines, `…` for any text within
 * one, and then runs of blanks count as one. For what a transcript shows of generated names, ages and
 * times, which change whenever the cluster's boot does.
 */

export const isElastic = (expected: string): boolean => /^\.\.\.$/m.test(expected) || expected.includes('…');

/** Whether an output is what was expected. Without a mark only the same bytes are. */
export function showsAsExpected(expected: string, actual: string): boolean {
  return expected === actual || (isElastic(expected) && pattern(expected).test(squeeze(actual)));
}

const squeeze = (text: string): string => text.replace(/[ \t]+/g, ' ').replace(/ $/gm, '');

function pattern(expected: string): RegExp {
  const literal = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  const rows = squeeze(expected).replace(/\n$/, '').split('\n');
  const source = rows.map((row) => (row === '...' ? '(?:.*\\n)*?' : `${row.split('…').map((part) => literal(part.trimEnd() === part ? part : `${part.trimEnd()} `)).join('.*?')} ?\\n`)).join('');
  return new RegExp(`^${source}$`);
}

/** Generated names, ages, times and numbers of processes. */
const VOLATILE: readonly [what: RegExp, mark: string][] = [
  [/\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/g, '…'],
  [/\b(\w+(?:-\w+)*?)-(?:[0-9a-f]{8,10}-)?[bcdfghjklmnpqrstvwxz2456789]{5}\b/g, '$1-…'],
  [/\b10\.244\.\d+\.\d+\b/g, '10.244.…'],
  [/\b(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) (?:Apr|May) +\d+ \d\d:\d\d(?::\d\d)?(?: UTC)?(?: 2019)?/g, '…'],
  [/^(?:Apr|May) \d\d \d\d:\d\d:\d\d/gm, '…'],
  [/\b2019-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d+)?(?:Z| UTC)?/g, '…'],
  [/\b\d\d:\d\d:\d\d(?:\.\d+)?\b/g, '…'],
  [/(?<=\s)(?:\d+h)?(?:\d+m)?\d+(?:s|m|h)(?=\s)/g, '…'],
  [/\[\d+\]/g, '[…]'],
  [/\btime=[\d.]+ ms/g, 'time=… ms'],
];

/** An output with its volatile parts marked: what an author writes into a file, to be shortened by hand. */
export const elasticised = (actual: string): string => VOLATILE.reduce((text, [what, mark]) => text.replace(what, mark), actual);
