/** `select`: the menu, the question, the answer. execute_select_command. */
import type { Sys } from '../../sim/proc/program.ts';
import { readInput } from './input.ts';
import type { Shell } from './shell.ts';
import { assign, value } from './variables.ts';

export function* selectLoop(sh: Shell, name: string, items: readonly string[],
  body: () => Sys<boolean>): Sys<number> {
  let show = true;
  for (;;) {
    if (show) yield* sh.write(2, menu(items, Number(value(sh, 'COLUMNS') ?? 80) || 80));
    yield* sh.write(2, value(sh, 'PS3') ?? '#? ');
    const answer = yield* readInput(sh, 0, { delimiter: '\n' });
    if (answer === null || (answer.text === '' && answer.ended)) {
      yield* sh.write(1, '\n');
      return (sh.s.status = 1);
    }
    const reply = answer.text.replace(/\n$/, '');
    if (reply.trim() === '') { show = true; continue; }
    assign(sh, 'REPLY', reply);
    const chosen = /^\s*\d+\s*$/.test(reply) ? items[Number(reply) - 1] : undefined;
    assign(sh, name, chosen ?? '');
    if (!(yield* body())) return sh.s.status;
    show = value(sh, 'REPLY') === '';
  }
}

/** In columns, filled downwards. */
function menu(items: readonly string[], width: number): string {
  const digits = String(items.length).length;
  const longest = Math.max(...items.map((item) => item.length)) + digits + 2 + 2;
  const columns = Math.max(1, Math.floor(width / longest));
  const rows = items.length && Math.ceil(items.length / columns) < 2 ? items.length
    : Math.ceil(items.length / columns);
  let out = '';
  for (let row = 0; row < rows; row++) {
    let line = '';
    for (let i = row; i < items.length; i += rows) {
      const cell = `${String(i + 1).padStart(digits)}) ${items[i]}`;
      line += i + rows < items.length ? cell.padEnd(longest) : cell;
    }
    out += `${line}\n`;
  }
  return out;
}
