/**
 * A Killercoda (or Katacoda) scenario folder as a scenario file of ours. What cannot be carried over is told, never left
 * out silently. It knows the format as killercoda.com/creators and the public scenario repositories show it:
 * index.json with details.intro, steps and finish, each with text, verify, background and foreground scripts.
 */
import { dump } from 'js-yaml';

export interface Imported { markdown: string; /** What an author has to look at. */ notes: string[] }
type Mapping = Readonly<Record<string, unknown>>;
/** A file of the folder by its name, or null. */
export type FileOf = (name: string) => string | null;

const isMapping = (value: unknown): value is Mapping => typeof value === 'object' && value !== null && !Array.isArray(value);
const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');
const LEVELS: readonly [what: RegExp, level: string][] = [[/advanced|hard|expert/i, 'advanced'], [/intermediate|medium/i, 'intermediate']];
const SCRIPTS = ['background', 'foreground', 'courseData', 'code'] as const;

interface Step { title: string; text: string; verify: string | null }

export function importKillercoda(index: unknown, fileOf: FileOf, id: string): Imported | { error: string } {
  if (!isMapping(index)) return { error: 'index.json is no JSON object' };
  const details = isMapping(index['details']) ? index['details'] : {};
  const notes: string[] = [];
  const steps = readSteps(details, fileOf, notes);
  if (!steps.length) return { error: 'index.json names no steps under details.steps' };
  const commands: string[] = [];
  const body = steps.map(({ title, text }) => `${title ? `## ${title}\n\n` : ''}${convert(text, commands, notes)}`.trim()).join('\n\n');
  tellRest(index, details, notes);
  const goals = steps.flatMap(({ verify, title }, i) => (verify === null ? [] : [{ id: `step-${i}`, title: title || `Step ${i}`, on: 'node-1', run: script(verify), exit: 0 }]));
  if (!goals.length) {
    notes.push('No step has a verify script: the goal in the file is a placeholder that is met only when ~/done exists. Write what must be true in the end.');
    goals.push({ id: 'done', title: 'The drill is done', on: 'node-1', run: 'test -e ~/done', exit: 0 });
  }
  notes.push(commands.length ? 'The solution is every command of the text, in order. Leave in what repairs, and take the rest out.' : 'No command of the text could be run by a click, so the solution is a placeholder.');
  notes.push('Outputs are not known yet: UPDATE=elastic npm run check -- FILE writes what the commands show here.');
  const minutes = Number(/\d+/.exec(textOf(index['time']))?.[0] ?? 10);
  const title = textOf(index['title']) || 'An imported scenario';
  const front = {
    id, title, chapter: 'Imported', summary: textOf(index['description']) || title, level: LEVELS.find(([what]) => what.test(textOf(index['difficulty'])))?.[1] ?? 'beginner', minutes: minutes || 10,
    goals, hints: [], solution: (commands.length ? commands : ['touch ~/done']).map((run) => ({ on: 'node-1', run })),
  };
  return { markdown: `---\n${dump(front, { lineWidth: -1 })}---\n# ${title}\n\n${body}\n`, notes };
}

function readSteps(details: Mapping, fileOf: FileOf, notes: string[]): Step[] {
  const parts: [name: string, value: unknown][] = [['intro', details['intro']], ...(Array.isArray(details['steps']) ? details['steps'] : []).map((step, i): [string, unknown] => [`step ${i + 1}`, step]), ['finish', details['finish']]];
  return parts.flatMap(([name, part]) => {
    if (!isMapping(part)) return [];
    const file = textOf(part['text']);
    const text = file ? fileOf(file) : '';
    if (text === null) notes.push(`${name}: ${file} is not in the folder`);
    for (const key of SCRIPTS) if (part[key] !== undefined) notes.push(`${name}: the ${key} script ${textOf(part[key])} is not carried over. What it prepares belongs into a hidden sim block, as faults and run lines`);
    if (part['answer'] !== undefined) notes.push(`${name}: ${textOf(part['answer'])} is a solution; it is not carried over`);
    const verify = part['verify'] === undefined ? null : fileOf(textOf(part['verify']));
    if (part['verify'] !== undefined && verify === null) notes.push(`${name}: the verify script ${textOf(part['verify'])} is not in the folder`);
    return [{ title: name === 'intro' ? '' : textOf(part['title']) || (name === 'finish' ? 'Finish' : name), text: text ?? '', verify }];
  });
}

/** A script without its first line for the kernel, as one text that bash runs. */
const script = (source: string): string => source.replace(/^#!.*\n/, '').trim();

/** What the clicks of the original do, at the end of a code span or of a fence. */
const ACTION = /\{\{\s*(exec(?:ute)?(?:\s+interrupt)?|copy|)\s*\}\}/;

/** The text with runnable commands as console blocks. Fences are found by lines: ```` ```{{exec}} ```` closes none in CommonMark. */
function convert(text: string, commands: string[], notes: string[]): string {
  const out: string[] = [];
  const console_ = (lines: readonly string[], action: string): void => {
    if (/interrupt/.test(action)) notes.push(`interrupt is not carried over: ${lines[0] ?? ''}`);
    commands.push(...lines);
    out.push('', '```console node-1', ...lines.map((line) => `$ ${line}`), '```', '');
  };
  const rows = text.split('\n');
  for (let i = 0; i < rows.length; i++) {
    const fence = /^\s*(```+|~~~+)(.*)$/.exec(rows[i]!);
    if (fence) {
      const close = rows.findIndex((row, at) => at > i && row.trim().startsWith(fence[1]!));
      const end = close < 0 ? rows.length : close;
      const lines = rows.slice(i + 1, end);
      const action = ACTION.exec((rows[end] ?? '') + fence[2]!)?.[1];
      const language = fence[2]!.replace(ACTION, '').replace(/\{[\d,-]*\}/, '').trim();
      if (action?.startsWith('exec')) console_(joined(lines), action);
      else out.push(`\`\`\`${language}`, ...lines, '```');
      i = end;
      continue;
    }
    const spans = [...rows[i]!.matchAll(/`([^`]+)`\{\{\s*(exec(?:ute)?(?:\s+interrupt)?)\s*\}\}/g)];
    out.push(rows[i]!.replace(/`([^`]+)`\{\{[^}]*\}\}/g, '`$1`'));
    for (const [, command, action] of spans) console_([command!], action!);
    const place = /\{\{TRAFFIC_[^}]*\}\}/.exec(rows[i]!)?.[0];
    if (place) notes.push(`${place}: there is no page of a port here; use curl on a node`);
  }
  return out.join('\n').replace(/\n{3,}/g, '\n\n').trim();
}

/** Lines that go on with a backslash, or in a here-document, are one command. */
function joined(lines: readonly string[]): string[] {
  const commands: string[] = [];
  let open = '';
  for (const line of lines) {
    if (open) commands[commands.length - 1] += `\n${line}`;
    else if (line.trim()) commands.push(line);
    if (open && line.trim() === open) open = '';
    else open = open || (/<<-?\s*['"]?(\w+)/.exec(line)?.[1] ?? '');
  }
  return commands.join('\n').replace(/\\\n\s*/g, '').split('\n').filter((line) => line.trim());
}

function tellRest(index: Mapping, details: Mapping, notes: string[]): void {
  const image = isMapping(index['backend']) ? textOf(index['backend']['imageid']) : '';
  if (image) notes.push(`backend ${image}: the drill runs on a Gravity cluster of three masters instead; commands of the text run on node-1`);
  if (index['interface'] !== undefined) notes.push('interface: layouts are not carried over');
  const assets = isMapping(details['assets']) ? details['assets'] : {};
  for (const [host, list] of Object.entries(assets)) for (const asset of Array.isArray(list) ? list : []) notes.push(`assets of ${host}: ${isMapping(asset) ? textOf(asset['file']) : String(asset)} is not carried over`);
  const known = ['title', 'description', 'difficulty', 'time', 'details', 'backend', 'interface'];
  for (const key of Object.keys(index)) if (!known.includes(key)) notes.push(`${key}: not carried over`);
}
