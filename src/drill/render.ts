/**
 * Outputs in other people's documentation: each `<drill-run>` block of a Markdown or HTML file is run, and what it
 * shows is written below its `$ ` lines, so that the page is right without scripts, in print and for a search. Blocks
 * of a file that name the same scenario and group share a world, from top to bottom.
 */
import { elasticised, showsAsExpected } from './elastic.ts';
import type { Exchange, Transcript } from './scenario.ts';
import { Player } from './transcript.ts';
import type { Session } from './session.ts';

export interface World { session: Session; /** What it is: `1.1@1a2b3c`. */ stamp: string }
export interface Rendered { text: string; /** Where what stands there is not what is shown. */ drifts: { line: number; reason: string }[] }

const OPEN = /<drill-run\b([^>]*)>/g;
const attribute = (tag: string, name: string): string | undefined => new RegExp(`\\s${name}=(?:"([^"]*)"|'([^']*)')`).exec(tag)?.slice(1).find((value) => value !== undefined);

/** `worldOf`: the drill that a block names, at its beginning, or a reason why there is none. */
export function render(source: string, worldOf: (scenario: string) => World | string, elastic = false): Rendered {
  const drifts: Rendered['drifts'] = [];
  const players = new Map<string, { player: Player; stamp: string }>();
  let text = '', done = 0;
  for (const open of source.matchAll(OPEN)) {
    const from = open.index + open[0].length, to = source.indexOf('</drill-run>', from);
    const line = source.slice(0, from).split('\n').length;
    if (to < 0) { drifts.push({ line, reason: '<drill-run> has no end' }); break; }
    const tag = open[1]!, scenario = attribute(tag, 'scenario') ?? 'sandbox', key = `${scenario} ${attribute(tag, 'group') ?? 'page'}`;
    if (!players.has(key)) {
      const world = worldOf(scenario);
      if (typeof world === 'string') { drifts.push({ line, reason: world }); continue; }
      players.set(key, { player: new Player(world.session), stamp: world.stamp });
    }
    const { player, stamp } = players.get(key)!;
    const body = block(source.slice(from, to), attribute(tag, 'node') ?? 'node-1', player, elastic, (at, reason) => drifts.push({ line: line + at, reason }));
    if (attribute(tag, 'rendered') !== stamp) drifts.push({ line, reason: `was made from ${attribute(tag, 'rendered') ?? 'nothing'}, this is ${stamp}` });
    const marked = `<drill-run${tag.replace(/\srendered=(?:"[^"]*"|'[^']*')/, '')} rendered="${stamp}">`;
    text += source.slice(done, open.index) + marked + body;
    done = to;
  }
  return { text: text + source.slice(done), drifts };
}

/** In HTML a `<` is written otherwise; in a fence it is itself. */
const plain = (text: string): string => text.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&quot;', '"').replaceAll('&amp;', '&');
const marked = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

/** One block with its outputs: lines after `$ ` are typed, what follows them is replaced. Without any, it is left alone. */
function block(body: string, node: string, player: Player, elastic: boolean, drift: (at: number, reason: string) => void): string {
  const rows = body.split('\n');
  const fence = rows.find((row) => /^\s*(```|~~~)/.test(row))?.trim().slice(0, 3);
  const ends = (row: string): boolean => (fence ? row.trim() === fence : /<\/(code|pre)>/.test(row));
  const out: string[] = [];
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i]!;
    const typed = /^((?:\s|<[^>]+>)*)\$ (.*?)((?:<\/code>|<\/pre>)*)$/.exec(row);
    if (!typed) { out.push(row); continue; }
    const closes = typed[3]!;
    let closing = closes;
    let end = i + 1;
    if (!closing) while (end < rows.length && !ends(rows[end]!) && !/^\s*\$ /.test(rows[end]!)) end++;
    let before = rows.slice(i + 1, end).map((line) => `${line}\n`).join('');
    // In HTML the last line of an output ends with the tags that close it.
    const last = !fence && !closes ? /^(.+?)((?:<\/code>|<\/pre>)+\s*)$/.exec(rows[end] ?? '') : null;
    if (last) { before += `${last[1]}\n`; closing = last[2]!; end++; }
    const input = fence ? typed[2]! : plain(typed[2]!);
    const exchange: Exchange = { input, output: fence ? before : plain(before), line: 0 };
    const transcript: Transcript = { kind: 'console', terminal: node, node, exchanges: [exchange], background: false, line: 0 };
    const [played] = player.play([transcript]);
    out.push(closes ? row.slice(0, row.length - closes.length) : row);
    if (played!.stuck) drift(i, `$ ${input} does not end`);
    const same = showsAsExpected(exchange.output, played!.actual);
    if (!same) drift(i, `$ ${input} shows something else now`);
    const shown = same ? exchange.output : elastic ? elasticised(played!.actual) : played!.actual;
    if (shown) out.push(...(fence ? shown : marked(shown)).replace(/\n$/, '').split('\n'));
    if (closing) out[out.length - 1] += closing;
    i = end - 1;
  }
  return out.join('\n');
}
