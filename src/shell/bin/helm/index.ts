/** The command of this room: helm. */
import type { Command } from '../../command.ts';
import { commandNames, main } from './program.ts';

export const commands: readonly Command[] = [{
  name: 'helm', main,
  // eslint-disable-next-line require-yield
  complete: function* complete(_start, words) { return words.length <= 2 ? commandNames.filter((name) => name.startsWith(words.at(-1) ?? '')) : []; },
}];
