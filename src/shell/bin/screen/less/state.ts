/** What less remembers: JSON, so that it can restart with it. And the text it shows, which it reads again. */
import type { Sys } from '../../../../sim/proc/program.ts';
import { strerror } from '../../../../sim/proc/libc.ts';
import { call } from '../../../../sim/proc/syscalls.ts';
import { byteLength } from '../../../../sim/proc/text.ts';
import type { LessOptions } from './options.ts';

export interface Place { line: number; /** Row inside a folded line. */ row: number }

export interface LessState {
  options: LessOptions;
  files: string[]; index: number;
  /** What has come through a pipe so far; a file is read again. */
  piped: string; pipeEnded: boolean;
  top: Place; shift: number;
  fresh: boolean;
  message: string;
  /** A line being typed: after / ? & : - or digits. */
  typing: { lead: string; text: string } | null;
  count: string;
  pattern: string; forward: boolean; filter: string; highlight: boolean;
  following: boolean;
  marks: Record<string, Place>;
  help: boolean;
  status: number;
}

/** The lines of the current file. */
export class Text {
  lines: string[] = [];
  ended = true;
  size = 0;
  binary = false;

  /** Null, or why the file cannot be shown. */
  *load(path: string): Sys<string | null> {
    const stat = yield* call('stat', { path });
    if (!stat.ok) return `${path}: ${strerror(stat.errno)}`;
    if (stat.value.type === 'dir') return `${path} is a directory`;
    const got = yield* call('readFile', { path });
    if (!got.ok) return `${path}: ${strerror(got.errno)}`;
    this.take(got.value, true);
    return null;
  }

  take(text: string, ended: boolean): void {
    this.lines = text.split('\n');
    if (this.lines.at(-1) === '' || !ended) this.lines.pop();
    this.ended = ended;
    this.size = byteLength(text);
    this.binary = /[\0\udc80-\udcff]/.test(text.slice(0, 4_096));
  }
}
