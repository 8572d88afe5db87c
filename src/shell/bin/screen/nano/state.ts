/** What nano remembers: all of it is JSON, so that the program can restart with it. */
import { type Buffer, bufferOf } from '../buffer.ts';

export type Question = 'write' | 'exit' | 'search' | 'replace' | 'replace-with' | 'replace-this' | 'goto' | 'insert' | 'overwrite' | 'command';

/** The line at the bottom that asks for something. */
export interface Prompt { readonly about: Question; readonly label: string; text: string; x: number; /** Which file the answer is about. */ readonly file?: string }

export interface NanoState {
  file: string;
  buffer: Buffer;
  /** The first line on the screen, and the column that up and down aim for. */
  top: number; column: number;
  /** What was cut; `cutting`: the last key cut too, so the next cut adds. */
  cut: string[]; cutting: boolean;
  mark: { y: number; x: number } | null;
  /** In brackets at the bottom until the next key. */
  message: string;
  prompt: Prompt | null;
  search: string; replaceBy: string; replaced: number; found: { y: number; x: number } | null;
  help: number | null;
  viewOnly: boolean; noHelp: boolean;
  /** -S: the window moves line by line. -E: Tab types spaces. -i: a new line begins as the last one. -t: what was changed is saved without a question. */
  smooth: boolean; spaces: boolean; indent: boolean; saveUnasked: boolean;
  numbers: boolean; constantPosition: boolean; tabSize: number;
  /** Leave after the file has been written. */
  leaving: boolean;
  done: boolean;
  /** Another operand, edited when this one is done. */
  rest: string[];
}

export const freshState = (file: string, text: string, rest: readonly string[]): NanoState => ({
  file, buffer: bufferOf(text), top: 0, column: 0, cut: [], cutting: false, mark: null, message: '', prompt: null, search: '', replaceBy: '', replaced: 0,
  found: null, help: null, viewOnly: false, noHelp: false, numbers: false, constantPosition: false, smooth: false, spaces: false, indent: false, saveUnasked: false, tabSize: 8, leaving: false, done: false, rest: [...rest],
});
