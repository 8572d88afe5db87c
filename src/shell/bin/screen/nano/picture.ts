/** How nano 2.7 shows its state: title bar, text, status line, two lines of shortcuts. */
import { lineAt } from '../buffer.ts';
import { columnOf, expandLine, type Picture, PLAIN, REVERSE, type Size } from '../canvas.ts';
import { displayWidth } from '../../coreutils/width.ts';
import { HELP_TEXT } from './help.ts';
import type { NanoState } from './state.ts';

type Shortcut = readonly [key: string, label: string];

/** In columns: the first of each pair above, the second below. */
const MAIN: readonly Shortcut[] = [
  ['^G', 'Get Help'], ['^X', 'Exit'], ['^O', 'Write Out'], ['^R', 'Read File'], ['^W', 'Where Is'], ['^\\', 'Replace'], ['^K', 'Cut Text'], ['^U', 'Uncut Text'],
  ['^J', 'Justify'], ['^T', 'To Spell'], ['^C', 'Cur Pos'], ['^_', 'Go To Line'], ['^Y', 'Prev Page'], ['^V', 'Next Page'], ['M-\\', 'First Line'], ['M-/', 'Last Line'],
  ['M-W', 'WhereIs Next'], ['^^', 'Mark Text'], ['M-U', 'Undo'], ['M-E', 'Redo'], ['M-6', 'Copy Text'], ['^B', 'Back'],
];
const PROMPTS: Readonly<Record<string, readonly Shortcut[]>> = {
  write: [['^G', 'Get Help'], ['^C', 'Cancel'], ['M-D', 'DOS Format'], ['M-M', 'Mac Format'], ['M-A', 'Append'], ['M-P', 'Prepend'], ['M-B', 'Backup File'], ['^T', 'To Files']],
  search: [['^G', 'Get Help'], ['^C', 'Cancel'], ['^Y', 'First Line'], ['^V', 'Last Line'], ['M-C', 'Case Sens'], ['M-R', 'Reg.exp.'], ['^P', 'PrevHstory'], ['^N', 'NextHstory']],
  yesno: [['Y', 'Yes'], ['N', 'No'], ['', ''], ['^C', 'Cancel']],
  all: [['Y', 'Yes'], ['N', 'No'], ['A', 'All'], ['^C', 'Cancel']],
  plain: [['^G', 'Get Help'], ['^C', 'Cancel'], ['^Y', 'First Line'], ['^V', 'Last Line']],
  help: [['^L', 'Refresh'], ['^X', 'Close'], ['^Y', 'Prev Page'], ['^P', 'Prev Line'], ['^V', 'Next Page'], ['^N', 'Next Line']],
};

/** The rows that hold text: all but the title, the blank below it, the status line and the shortcuts. */
export const textRows = (state: NanoState, size: Size): number => Math.max(1, size.rows - (state.noHelp ? 3 : 5));

/** Where a long line is cut: nano scrolls it by pages. */
function pageStart(column: number, width: number): number {
  if (column === 0 || column + 2 < width) return 0;
  return width > 8 ? column - 6 - ((column - 7) % (width - 8)) : column - width + 2;
}

export function pictureOf(state: NanoState, size: Size, version: string): Picture {
  if (state.help !== null) return helpPicture(state, size);
  const { cols } = size;
  const rows = [`${REVERSE}${title(state, cols, version)}${PLAIN}`, ''];
  const count = textRows(state, size);
  const gutter = state.numbers ? String(state.buffer.lines.length).length + 1 : 0;
  const width = cols - gutter;
  const column = columnOf(lineAt(state.buffer), state.buffer.x, state.tabSize);
  const from = pageStart(column, width);
  for (let i = 0; i < count; i++) {
    const y = state.top + i;
    const line = state.buffer.lines[y];
    const number = gutter && line !== undefined ? `${REVERSE}${String(y + 1).padStart(gutter - 1)}${PLAIN} ` : '';
    rows.push(line === undefined ? '' : number + shownLine(line, y === state.buffer.y ? from : 0, width, state));
  }
  rows.push(statusRow(state, cols));
  if (!state.noHelp) rows.push(...shortcutRows(state, cols));
  if (state.prompt) {
    const x = state.prompt.label.length + displayWidth(state.prompt.text.slice(0, state.prompt.x));
    return { rows, cursor: { x: Math.min(cols - 1, x), y: 2 + count } };
  }
  return { rows, cursor: { x: Math.min(cols - 1, gutter + column - from), y: 2 + state.buffer.y - state.top } };
}

function shownLine(line: string, from: number, width: number, state: NanoState): string {
  const text = [...expandLine(line, state.tabSize)];
  const left = from > 0 ? '$' : '';
  const part = text.slice(from + left.length);
  const room = width - left.length;
  return left + (part.length > room ? `${part.slice(0, room - 1).join('')}$` : part.join(''));
}

function title(state: NanoState, cols: number, version: string): string {
  const left = `  GNU nano ${version}`;
  const right = state.buffer.modified ? 'Modified' : state.viewOnly ? 'View' : '';
  const centre = state.file === '' ? 'New Buffer' : `File: ${state.file}`;
  const room = cols - left.length - 12;
  const shown = centre.length > room ? `File: ...${centre.slice(-(Math.max(0, room - 9)))}` : centre;
  const at = Math.max(left.length + 2, Math.floor((cols - shown.length) / 2));
  const row = `${left.padEnd(at)}${shown}`;
  return right === '' ? row.padEnd(cols) : `${row.padEnd(cols - right.length - 2)}${right}  `.slice(0, cols);
}

function statusRow(state: NanoState, cols: number): string {
  const { prompt } = state;
  if (prompt) return `${REVERSE}${`${prompt.label}${prompt.text}`.slice(0, cols).padEnd(cols)}${PLAIN}`;
  if (state.message === '') return '';
  const text = `[ ${state.message.slice(0, Math.max(0, cols - 4))} ]`;
  return `${' '.repeat(Math.max(0, Math.floor((cols - text.length) / 2)))}${REVERSE}${text}${PLAIN}`;
}

function shortcutRows(state: NanoState, cols: number): string[] {
  const about = state.prompt?.about;
  if (!about) return shortcuts(MAIN.slice(0, Math.floor((cols + 40) / 20) * 2), cols);
  if (about === 'exit' || about === 'overwrite') return shortcuts(PROMPTS['yesno']!, cols);
  if (about === 'replace-this') return shortcuts(PROMPTS['all']!, cols);
  return shortcuts(PROMPTS[about === 'replace' ? 'search' : about] ?? PROMPTS['plain']!, cols);
}

function shortcuts(list: readonly Shortcut[], cols: number): string[] {
  const columns = Math.ceil(list.length / 2);
  const width = Math.floor(cols / columns);
  const rows = ['', ''];
  for (let i = 0; i < list.length; i++) {
    const [key, label] = list[i]!;
    const shown = key.padStart(2);
    const room = Math.max(0, width - shown.length - 1);
    rows[i % 2] += key === '' ? ' '.repeat(width) : `${REVERSE}${shown}${PLAIN} ${label.slice(0, room).padEnd(room)}`;
  }
  return rows;
}

function helpPicture(state: NanoState, size: Size): Picture {
  const lines = HELP_TEXT.split('\n');
  const count = Math.max(1, size.rows - 5);
  const rows = [`${REVERSE}${'Main nano help text'.padStart(Math.floor((size.cols + 19) / 2)).padEnd(size.cols)}${PLAIN}`, ''];
  for (let i = 0; i < count; i++) rows.push((lines[state.help! + i] ?? '').slice(0, size.cols));
  rows.push('', ...shortcuts(PROMPTS['help']!, size.cols));
  return { rows, cursor: { x: 0, y: size.rows - 1 } };
}
