/**
 * Plays the transcripts of a scenario (or of a test) and tells what each typed line really showed, so
 * that it can be compared or written back. A line ^C or ^D in the output is a key pressed there, after
 * the program has run for a while.
 */
import { applyVerb, type Block, type Exchange, type Transcript } from './scenario.ts';
import type { Answer, Session } from './session.ts';

/** How long a program that does not end may run before the next key is pressed, in simulated seconds. */
const PATIENCE_SECONDS = 60;
const BEFORE_KEY_SECONDS = 5;
const KEYS: Readonly<Record<string, string>> = { '^C': '\x03', '^D': '\x04', '^Z': '\x1a' };

export interface Played { exchange: Exchange; /** What the screen really said. */ actual: string; exit: number | null }

export function playBlocks(session: Session, blocks: readonly Block[]): Played[] {
  const played: Played[] = [];
  const names = new Map<string, string>();
  for (const block of blocks) {
    if (block.kind === 'sim') for (const verb of block.verbs) applyVerb(session, verb);
    if (block.kind === 'console') played.push(...playTranscript(session, block, names));
  }
  return played;
}

/** Plays one block. Blocks of the same name share a terminal. */
export function playTranscript(session: Session, block: Transcript, names: Map<string, string>): Played[] {
  let terminal = names.get(block.terminal);
  if (terminal === undefined) {
    terminal = `transcript ${block.terminal}`;
    session.open(terminal, block.node, 200, 50);
    names.set(block.terminal, terminal);
  }
  return block.exchanges.map((exchange) => playExchange(session, terminal, exchange));
}

function playExchange(session: Session, terminal: string, exchange: Exchange): Played {
  const keys = exchange.output.split('\n').filter((line) => KEYS[line]);
  let answer: Answer = session.line(terminal, exchange.input, keys.length ? BEFORE_KEY_SECONDS : PATIENCE_SECONDS);
  let output = answer.output;
  for (const key of keys) {
    if (answer.state === 'prompt') break;
    answer = session.keys(terminal, KEYS[key]!, BEFORE_KEY_SECONDS);
    output += answer.output;
  }
  return { exchange, actual: readable(output), exit: answer.exit };
}

/** As the transcript writes it: no colours, line feeds only, a closing one. */
export function readable(output: string): string {
  const text = output.replace(/\x1b\[[0-9;?]*[A-Za-z]/g, '').replace(/\r\n/g, '\n').replace(/[^\n]*\r(?!\n)/g, '');
  return text === '' || text.endsWith('\n') ? text : `${text}\n`;
}

/** The file with the outputs that were really seen. */
export function rewrite(source: string, played: readonly Played[]): string {
  const lines = source.split('\n');
  for (const { exchange, actual } of [...played].sort((a, b) => b.exchange.line - a.exchange.line)) {
    const from = exchange.line; // the line after the typed one, counted from 0
    const count = exchange.output === '' ? 0 : exchange.output.split('\n').length - 1;
    lines.splice(from, count, ...(actual === '' ? [] : actual.replace(/\n$/, '').split('\n')));
  }
  return lines.join('\n');
}
