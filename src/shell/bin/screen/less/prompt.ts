/** less's prompts: the prototypes of its manual (%f, ?e…, :, .) filled in. */

export interface PromptFacts {
  readonly file: string; readonly fresh: boolean; readonly index: number; readonly count: number; readonly next: string | null; readonly atEnd: boolean;
  readonly first: number; readonly last: number; /** null: not known yet, a pipe has not ended. */ readonly total: number | null; readonly byte: number; readonly size: number | null;
}

/** The default prototypes of less. */
export const PROTOTYPES: Readonly<Record<string, string>> = {
  s: '?n?f%f .?m(%T %i of %m) ..?e(END) ?x- Next\\: %x..%t',
  m: '?n?f%f .?m(%T %i of %m) ..?e(END) ?x- Next\\: %x.:?pB%pB\\%:byte %bB?s/%s...%t',
  M: '?f%f .?n?m(%T %i of %m) ..?ltlines %lt-%lb?L/%L. :byte %bB?s/%s. .?e(END) ?x- Next\\: %x.:?pB%pB\\%..%t',
  '=': '?f%f .?m(%T %i of %m) .?ltlines %lt-%lb?L/%L. .byte %bB?s/%s. ?e(END) :?pB%pB\\%..%t',
};

const percent = (facts: PromptFacts): number | null => (facts.size === null ? null : facts.size === 0 ? 100 : Math.floor((facts.byte * 100) / facts.size));

function value(letter: string, facts: PromptFacts): string {
  switch (letter) {
    case 'f': case 'F': return facts.file;
    case 'T': return 'file';
    case 'i': return String(facts.index + 1);
    case 'm': return String(facts.count);
    case 'l': case 'lt': return String(facts.first);
    case 'lb': return String(facts.last);
    case 'L': return facts.total === null ? '?' : String(facts.total);
    case 'bB': case 'b': return String(facts.byte);
    case 's': case 'B': return facts.size === null ? '?' : String(facts.size);
    case 'p': case 'pB': case 'P': return String(percent(facts) ?? '?');
    case 'x': return facts.next ?? '';
    default: return '';
  }
}

function holds(letter: string, facts: PromptFacts): boolean {
  switch (letter) {
    case 'n': return facts.fresh;
    case 'f': return facts.file !== '';
    case 'm': return facts.count > 1;
    case 'e': return facts.atEnd;
    case 'x': return facts.next !== null;
    case 'L': return facts.total !== null;
    case 's': case 'B': return facts.size !== null;
    case 'p': case 'pB': case 'P': return facts.size !== null;
    default: return true;
  }
}

export function fillPrompt(prototype: string, facts: PromptFacts): string {
  let out = '';
  /** For each open `?`: whether its part is shown. */
  const shown: boolean[] = [];
  let trim = false;
  for (let i = 0; i < prototype.length; i++) {
    const c = prototype[i]!;
    const live = shown.every(Boolean);
    const name = (): string => {
      const word = /^(?:[bdlpP][tbBmj]|.)/.exec(prototype.slice(i + 1))?.[0] ?? '';
      i += word.length;
      return word;
    };
    if (c === '?') shown.push(holds(name(), facts));
    else if (c === ':' && shown.length) shown[shown.length - 1] = !shown.at(-1);
    else if (c === '.' && shown.length) shown.pop();
    else if (c === '%') {
      const letter = name();
      if (letter === 't') trim ||= live;
      else if (live) out += letter === '%' ? '%' : value(letter, facts);
    } else if (c === '\\') {
      i++;
      if (live) out += prototype[i] ?? '';
    } else if (live) out += c;
  }
  return trim ? out.trimEnd() : out;
}
