/** column of util-linux 2.23/2.29: a table of the lines' fields, or lines in columns. Newer options are not known. */
import type { Sys } from '../../../sim/proc/program.ts';
import { strerror } from '../../../sim/proc/libc.ts';
import { call } from '../../../sim/proc/syscalls.ts';
import { readOperand, splitLines } from '../coreutils/input.ts';
import { displayWidth } from '../coreutils/width.ts';
import { onDebian, PACKAGES, type Task, tool } from '../coreutils/tool.ts';

const framed = tool({
  name: 'column', package: PACKAGES.utilLinux, usage: ['[options] [<file>...]'], about: '',
  options: [
    '-c, --columns=<width>  width of output in number of characters', '-t, --table  create a table',
    '-s, --separator=<string>  possible table delimiters', '-o, --output-separator=<string>',
    '-x, --fillrows  fill rows before columns', '-n  (ignored)', '-h, --help  ', '-V, --version  ',
  ],
  run: showColumns,
});

const HELP = `
Usage:
 column [options] [<file>...]

Columnate lists.

Options:
 -c, --columns <width>    width of output in number of characters
 -t, --table              create a table
 -s, --separator <string> possible table delimiters
 -o, --output-separator <string>
                          columns separator for table output; default is two spaces
 -x, --fillrows           fill rows before columns

 -h, --help     display this help and exit
 -V, --version  output version information and exit

For more details see column(1).
`;

export const column: typeof framed = {
  ...framed,
  *main(start) {
    const about = start.argv.slice(1).find((word) => /^(-h|--help|-V|--version)$/.test(word));
    if (!about) return yield* framed.main(start);
    const text = about === '-h' || about === '--help' ? HELP : `column from util-linux ${PACKAGES.utilLinux[(yield* onDebian()) ? 'debian' : 'centos']}\n`;
    yield* call('write', { fd: 1, text });
    return 0;
  },
};

function* showColumns(task: Task): Sys<number | void> {
  const wanted = task.value('c') ?? task.start.env['COLUMNS'] ?? '';
  if (task.has('c') && !/^[1-9]\d*$/.test(wanted)) {
    yield* task.error(`invalid columns argument: '${wanted}'`);
    return 1;
  }
  const screen = /^[1-9]\d*$/.test(wanted) ? null : yield* call('tty', { fd: 1 });
  const width = screen === null ? Number(wanted) : screen.ok ? screen.value.cols : 80;
  const lines: string[] = [];
  for (const path of task.operands.length ? task.operands : ['-']) {
    const text = yield* readOperand(path);
    if (text.ok) lines.push(...splitLines(text.value).filter((line) => /[^ \t]/.test(line)));
    else yield* task.error(`${path}: ${strerror(text.errno)}`);
  }
  if (lines.length === 0) return;
  const longest = Math.max(...lines.map((line) => displayWidth(line)));
  if (task.has('t')) table(task, lines);
  else if (longest >= width) task.print(lines.map((line) => `${line}\n`).join(''));
  else fill(task, lines, longest, width);
}

/** Fields by any run of separators; with -s empty fields vanish too, as strtok does not see them. */
function table(task: Task, lines: readonly string[]): void {
  const separators = task.value('s') ?? ' \t';
  const glue = task.value('o') ?? '  ';
  const rows = lines.map((line) => {
    const fields: string[] = [];
    let field = '';
    for (const c of line) {
      if (!separators.includes(c)) field += c;
      else if (field !== '') { fields.push(field); field = ''; }
    }
    if (field !== '') fields.push(field);
    return fields;
  });
  const widths: number[] = [];
  for (const row of rows) row.forEach((cell, i) => { widths[i] = Math.max(widths[i] ?? 0, displayWidth(cell)); });
  for (const row of rows) {
    task.print(`${row.map((cell, i) => (i < row.length - 1 ? cell + ' '.repeat(widths[i]! - displayWidth(cell)) : cell)).join(glue)}\n`);
  }
}

const TAB = 8;

/** Columns as wide as the longest line, up to the next tab stop; padded with tabs. */
function fill(task: Task, lines: readonly string[], longest: number, width: number): void {
  const cell = Math.floor((longest + TAB) / TAB) * TAB;
  const count = Math.max(1, Math.floor(width / cell));
  const across = task.has('x');
  const rows = Math.ceil(lines.length / count);
  for (let row = 0; row < rows; row++) {
    let text = '';
    let at = 0;
    for (let i = 0; i < count; i++) {
      const index = across ? row * count + i : i * rows + row;
      const line = lines[index];
      if (line === undefined) break;
      const start = i * cell;
      while (at < start) { text += '\t'; at = (Math.floor(at / TAB) + 1) * TAB; }
      text += line;
      at += displayWidth(line);
    }
    task.print(`${text}\n`);
  }
}
