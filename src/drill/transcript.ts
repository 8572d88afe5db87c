/**
 * Plays the transcripts of a scenario (or of a test) and tells what each typed line really showed, so
 * that it can be compared or written back. A line ^C in the output is a key pressed there, after the
 * program has run for a while; `...` and `…` stand for what may differ (elastic.ts).
 */
import { elasticised, showsAsExpected } from './elastic.ts';
import type { Block, Exchange, Transcript } from './scenario.ts';
import type { Answer, Session } from './session.ts';
import { applyVerb } from './verbs.ts';

/** How long a program may run, in simulated seconds: an upgrade is the longest. */
const PATIENCE_SECONDS = 3600;
/** The same before a key is pressed, and before a program is left running. */
const BEFORE_KEY_SECONDS = 5;
/** The terminal echoes the key, and what a program says then may follow on its line. */
const KEY = /^\^[A-Z]/;
const code = (line: string): string => String.fromCharCode(line.charCodeAt(1) - 64);

export interface Played { exchange: Exchange; /** What the screen really said. */ actual: string; exit: number | null; /** It still ran when patience was over. */ stuck: boolean }

export const asExpected = ({ exchange, actual, stuck }: Played): boolean => !stuck && showsAsExpected(exchange.output, actual);

/** Plays blocks with the terminals of a lesson: those of one name are one. */
export class Player {
  private readonly terminals: Map<string, string>;
  constructor(readonly session: Session, terminals: ReadonlyMap<string, string> = new Map()) { this.terminals = new Map(terminals); }

  /** The same lesson on a copy of its world. */
  fork(): Player { return new Player(this.session.fork(), this.terminals); }

  play(blocks: readonly Block[]): Played[] {
    const played: Played[] = [];
    for (const block of blocks) {
      if (block.kind === 'sim') for (const verb of block.verbs) applyVerb(this.session, verb);
      if (block.kind === 'console') played.push(...this.transcript(block));
    }
    return played;
  }

  private transcript(block: Transcript): Played[] {
    let terminal = this.terminals.get(block.terminal);
    if (terminal === undefined) {
      terminal = `transcript ${block.terminal}`;
      this.session.open(terminal, block.node, 200, 50);
      this.terminals.set(block.terminal, terminal);
    }
    return block.exchanges.map((exchange, i) => this.exchange(terminal, exchange, block.background && i === block.exchanges.length - 1));
  }

  private exchange(terminal: string, exchange: Exchange, background: boolean): Played {
    const { session } = this;
    const keys = exchange.output.split('\n').filter((line) => KEY.test(line));
    const wait = keys.length || background ? BEFORE_KEY_SECONDS : PATIENCE_SECONDS;
    let answer: Answer = exchange.input === null ? session.keys(terminal, '', 0) : session.line(terminal, exchange.input, wait);
    let { output } = answer;
    for (const key of keys) {
      if (answer.state === 'prompt') break;
      answer = session.keys(terminal, code(key), BEFORE_KEY_SECONDS);
      output += answer.output;
    }
    return { exchange, actual: readable(output), exit: answer.exit, stuck: answer.state === 'running' && !background };
  }
}

export const playBlocks = (session: Session, blocks: readonly Block[]): Played[] => new Player(session).play(blocks);

/** As the transcript writes it: no colours, line feeds only, a closing one. */
export function readable(output: string): string {
  const text = output.replace(/\x1b\[[0-9;?]*[A-Za-z]/g, '').replace(/\r\n/g, '\n').replace(/[^\n]*\r(?!\n)/g, '');
  return text === '' || text.endsWith('\n') ? text : `${text}\n`;
}

/** The file with the outputs that were really seen, where they differ; `elastic`: with what may change marked. */
export function rewrite(source: string, played: readonly Played[], elastic = false): string {
  const lines = source.split('\n');
  const differing = played.filter((each) => !showsAsExpected(each.exchange.output, each.actual));
  for (const { exchange, actual } of differing.sort((a, b) => b.exchange.line - a.exchange.line)) {
    const from = exchange.line; // the line after the typed one, counted from 0
    const count = exchange.output === '' ? 0 : exchange.output.split('\n').length - 1;
    const text = elastic ? elasticised(actual) : actual;
    lines.splice(from, count, ...(text === '' ? [] : text.replace(/\n$/, '').split('\n')));
  }
  return lines.join('\n');
}
