/** The options of less 458/481, from $LESS and the command line. */

export interface LessOptions {
  chop: boolean; rawColors: boolean; numbers: boolean; squeeze: boolean; noInit: boolean; quitIfOne: boolean; quitOnInterrupt: boolean;
  ignoreCase: 'no' | 'smart' | 'always'; prompt: 'short' | 'medium' | 'long'; prototypes: Record<string, string>; tab: number; quitAtEnd: 0 | 1 | 2; highlight: boolean; tildes: boolean;
  force: boolean; window: number | null; first: string[];
}

export const defaults = (): LessOptions => ({
  chop: false, rawColors: false, numbers: false, squeeze: false, noInit: false, quitIfOne: false, quitOnInterrupt: false, ignoreCase: 'no', prompt: 'short', prototypes: {},
  tab: 8, quitAtEnd: 0, highlight: true, tildes: true, force: false, window: null, first: [],
});

const LONG: Readonly<Record<string, string>> = {
  'chop-long-lines': 'S', 'RAW-CONTROL-CHARS': 'R', 'raw-control-chars': 'r', 'LINE-NUMBERS': 'N', 'line-numbers': 'n', 'squeeze-blank-lines': 's', 'no-init': 'X', 'quit-if-one-screen': 'F',
  'quit-on-intr': 'K', 'ignore-case': 'i', 'IGNORE-CASE': 'I', 'long-prompt': 'm', 'LONG-PROMPT': 'M', 'quit-at-eof': 'e', 'QUIT-AT-EOF': 'E', force: 'f', pattern: 'p', tabs: 'x', tilde: '~',
  'hilite-search': 'g', 'HILITE-SEARCH': 'G', quiet: 'q', silent: 'q', QUIET: 'Q', SILENT: 'Q', window: 'z', prompt: 'P', 'clear-screen': 'c', 'hilite-unread': 'w',
};

/** Options that take a value. */
const WITH_VALUE = 'bhjkoOpPtTxyz#"D';
const FLAGS = 'aABcCdeEfFgGiIJKLmMnNqQrRsSuUvVwWX~';

/** Applies one letter; false if less does not know it. */
function apply(options: LessOptions, letter: string, value: string, off: boolean): boolean {
  switch (letter) {
    case 'S': options.chop = !off; break;
    case 'R': case 'r': options.rawColors = !off; break;
    case 'N': options.numbers = !off; break;
    case 'n': options.numbers = false; break;
    case 's': options.squeeze = !off; break;
    case 'X': options.noInit = !off; break;
    case 'F': options.quitIfOne = !off; break;
    case 'K': options.quitOnInterrupt = !off; break;
    case 'i': options.ignoreCase = off ? 'no' : 'smart'; break;
    case 'I': options.ignoreCase = off ? 'no' : 'always'; break;
    case 'm': options.prompt = off ? 'short' : 'medium'; break;
    case 'M': options.prompt = off ? 'short' : 'long'; break;
    case 'e': options.quitAtEnd = off ? 0 : 2; break;
    case 'E': options.quitAtEnd = off ? 0 : 1; break;
    case 'G': options.highlight = off; break;
    case '~': options.tildes = off; break;
    case 'f': options.force = !off; break;
    case 'p': options.first.push(`/${value}`); break;
    case 'P': options.prototypes[/^[smMhw=]/.test(value) ? value[0]! : 's'] = /^[smMhw=]/.test(value) ? value.slice(1) : value; break;
    case 'x': options.tab = Math.max(1, parseInt(value, 10) || 8); break;
    case 'z': options.window = parseInt(value, 10) || null; break;
    default: return WITH_VALUE.includes(letter) || FLAGS.includes(letter);
  }
  return true;
}

/** Reads one word of options without its dash; what is wrong, or null. `next` gives the value that follows. */
function readCluster(options: LessOptions, word: string, next: () => string | undefined): string | null {
  for (let i = 0; i < word.length; i++) {
    const letter = word[i]!;
    if (letter === '-' || letter === '$' || letter === ' ') continue;
    let off = false;
    if (WITH_VALUE.includes(letter)) {
      const rest = word.slice(i + 1);
      // A number ends where its digits do; a text at a dollar sign.
      const number = 'bhjxyz'.includes(letter) ? /^\.?\d+(,\d+)*/.exec(rest) : null;
      if (number) { apply(options, letter, number[0], false); i += number[0].length; continue; }
      const end = rest.indexOf('$');
      const value = rest === '' ? next() : end < 0 ? rest : rest.slice(0, end);
      if (value === undefined) return `Value is required after -${letter}`;
      apply(options, letter, value, false);
      if (end < 0) return null;
      i += end + 1;
      continue;
    }
    if (/\d/.test(letter)) continue;
    while (word[i + 1] === '+' || word[i + 1] === '-') {
      off = true;
      i++;
    }
    if (!apply(options, letter, '', off)) return `There is no -${letter} option ("less --help" for help)`;
  }
  return null;
}

/** The words of $LESS; a prompt's text (P) holds blanks up to its dollar sign. */
function splitEnvironment(less: string): string[] {
  const parts: string[] = [];
  for (let rest = less.trim(); rest !== '';) {
    const prompt = /^(?:[^\s$]*P[^$]*\$)+[^\s$]*/.exec(rest);
    const part = prompt?.[0] ?? /^\S+/.exec(rest)![0];
    parts.push(part);
    rest = rest.slice(part.length).trim();
  }
  return parts;
}

export function readOptions(words: readonly string[], less: string | undefined): { options: LessOptions; files: string[] } | string {
  const options = defaults();
  for (const part of splitEnvironment(less ?? '')) {
    const wrong = readCluster(options, part.replace(/^-/, ''), () => '');
    if (wrong) return wrong;
  }
  const files: string[] = [];
  const queue = [...words];
  for (let word = queue.shift(); word !== undefined; word = queue.shift()) {
    if (word === '--') { files.push(...queue); break; }
    if (word.startsWith('+')) options.first.push(word.replace(/^\++/, ''));
    else if (word.startsWith('--')) {
      const [name = '', value] = word.slice(2).split('=');
      const letter = LONG[name];
      if (!letter) return `There is no ${name} option ("less --help" for help)`;
      apply(options, letter, value ?? (WITH_VALUE.includes(letter) ? queue.shift() ?? '' : ''), false);
    } else if (word.startsWith('-') && word !== '-') {
      const wrong = readCluster(options, word.slice(1), () => queue.shift());
      if (wrong) return wrong;
    } else files.push(word);
  }
  return { options, files };
}

/** `-S` typed inside less: what is said of the new state. */
export function toggle(options: LessOptions, letter: string): string {
  switch (letter) {
    case 'S': options.chop = !options.chop; return options.chop ? 'Chop long lines' : 'Fold long lines';
    case 'N': options.numbers = !options.numbers; return options.numbers ? 'Constantly display line numbers' : 'Use line numbers';
    case 'i': options.ignoreCase = options.ignoreCase === 'smart' ? 'no' : 'smart'; return options.ignoreCase === 'no' ? 'Case is significant in searches' : 'Ignore case in searches';
    case 'I': options.ignoreCase = options.ignoreCase === 'always' ? 'no' : 'always'; return options.ignoreCase === 'no' ? 'Case is significant in searches' : 'Ignore case in searches and in patterns';
    case 'R': options.rawColors = !options.rawColors; return options.rawColors ? 'Display ANSI sequences directly, control characters as ^X' : 'Display control characters as ^X';
    case 'M': options.prompt = options.prompt === 'long' ? 'short' : 'long'; return options.prompt === 'long' ? 'Long prompt' : 'Short prompt';
    case 'm': options.prompt = options.prompt === 'medium' ? 'short' : 'medium'; return options.prompt === 'medium' ? 'Medium prompt' : 'Short prompt';
    case 's': options.squeeze = !options.squeeze; return options.squeeze ? 'Squeeze multiple blank lines' : 'Display all blank lines';
    case 'G': options.highlight = !options.highlight; return options.highlight ? 'Highlight matches for previous search pattern' : "Don't highlight search matches";
    case 'F': options.quitIfOne = !options.quitIfOne; return options.quitIfOne ? 'Quit if entire file fits on first screen' : "Don't quit if end-of-file on first screen";
    default: return `There is no -${letter} option`;
  }
}
