/** What vi remembers: JSON, so that it can restart with it. */
import { type Buffer, bufferOf } from '../buffer.ts';

export type Mode = 'normal' | 'insert' | 'replace' | 'command' | 'visual' | 'visual-line';

export interface Register { readonly lines: readonly string[]; /** Whole lines rather than a part of text. */ readonly whole: boolean }

export interface ViState {
  files: string[]; index: number;
  file: string;
  buffer: Buffer;
  mode: Mode;
  top: number; column: number;
  /** Keys of a command that is not complete, and its count. */
  pending: string; count: string;
  register: Register;
  named: Record<string, Register>;
  /** The command line: its first character and what was typed. */
  line: string;
  message: string; error: boolean;
  search: string; forward: boolean; found: boolean;
  find: { key: string; char: string } | null;
  visual: { y: number; x: number };
  options: { number: boolean; ignoreCase: boolean; list: boolean; wrap: boolean; hls: boolean; tab: number; autoindent: boolean; expandtab: boolean; paste: boolean };
  marks: Record<string, { y: number; x: number }>;
  /** The keys of the last change, for `.`; and those of the one under way. */
  repeat: string[]; recording: string[]; repeating: boolean;
  readonly: boolean; isNew: boolean;
  inserted: { y: number; x: number; count: number; keys: string[] };
  done: number | null;
}

export const freshVi = (files: readonly string[]): ViState => ({
  files: [...files], index: 0, file: files[0] ?? '', buffer: bufferOf(''), mode: 'normal', top: 0, column: 0, pending: '', count: '', register: { lines: [''], whole: false },
  named: {}, line: '', message: '', error: false, search: '', forward: true, found: false, find: null, visual: { y: 0, x: 0 },
  options: { number: false, ignoreCase: false, list: false, wrap: true, hls: false, tab: 8, autoindent: false, expandtab: false, paste: false }, marks: {}, repeat: [], recording: [],
  repeating: false, readonly: false, isNew: false, inserted: { y: 0, x: 0, count: 1, keys: [] }, done: null,
});
