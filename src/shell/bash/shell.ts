/**
 * A shell at work: its session and what lasts only while this activation does. Also its messages and the
 * ways in which commands end early. Everything here is about one process.
 */
import { own, ownRoot, seal } from '../../sim/engine/cow.ts';
import { Interrupted, type Result, type Signal, type Start, type Sys } from '../../sim/proc/program.ts';
import { call, type Calls, type Op } from '../../sim/proc/syscalls.ts';
import type { Node, Simple } from '../grammar/ast.ts';
import type { Undo } from './redirect.ts';
import type { Session } from './session.ts';
import { get } from './table.ts';

/** Signals that end a script: with an EXIT trap it runs that first (termsig_handler). */
export const FATAL: ReadonlyMap<Signal, number> = new Map([['HUP', 1], ['INT', 2], ['TERM', 15]]);

/** How a command ends the ones around it. Thrown; no error. */
export class Unwind {
  constructor(
    readonly kind: 'break' | 'continue' | 'return' | 'exit' | 'discard' | 'interrupt',
    /** Levels for break and continue, else the status. */
    readonly value: number,
    /** Of an interrupt: the new line has been printed. */
    readonly silent = false,
  ) {}
}

/** Where a resumable command stands: see exec.ts. */
export type Frame =
  | { k: 'list' | 'andor' | 'branch'; at: number }
  | { k: 'for'; at: number; items: readonly string[] }
  | { k: 'while'; at: number; status: number }
  | { k: 'forarith'; at: number }
  | { k: 'call'; body: Node; scopes: number; line: number; undo: Undo | null }
  | { k: 'redir'; saved: Record<number, number>; opened: readonly number[] }
  | { k: 'wall' };

/** Stands for a descriptor whose text is kept: the output of a substitution made without a process. */
export const CAPTURE = -1;

export class Shell {
  s: Session;
  line = 1;
  /** Inside a condition: `set -e` and the ERR trap do not apply. */
  conditions = 0;
  loops = 0;
  depth = 0;
  /** Commands that stand around the one at hand. */
  level = 0;
  captured = '';
  /** Status of the last command substitution of the command at hand. */
  substituted: number | null = null;
  frames: Frame[] = [];
  /** Frames to go on from, outermost first. */
  resume: Frame[] = [];
  /** Syscalls since the reply log was empty. */
  calls = 0;
  /** Signals that came and whose traps have not run. */
  signals: Signal[] = [];
  inTrap = 0;
  /** Levels of eval, command substitution and traps, for the trace. */
  nested = 0;
  /** The message prefix in a builtin: `cd: `. */
  builtin = '';
  /** Process substitutions of the command at hand: descriptors to close. */
  substitutions: number[] = [];
  /** What `become` needs to come back here; null when it must not be left. */
  comeBack: ((frames: readonly Frame[]) => unknown) | null = null;
  /** Text of the command at hand, for BASH_COMMAND and messages about its death. */
  command = '';
  /** The simple command that runs now, or ran when a trap came. */
  current: Simple | null = null;
  clockUs = 0;
  /** The user's name, once it has been looked up. */
  user: string | null = null;
  /** The terminal is in the line editor's mode. */
  raw = false;
  /** Nothing follows the command at hand: a program may take the shell's place. */
  tail = false;
  /** The job that was last put into the foreground or background by name. */
  preferred = 0;

  constructor(session: Session, readonly start: Start) { this.s = ownRoot(session); }

  /** The session as others may have it; this shell goes on with a copy of what it changes. */
  share(): Session {
    const shared = seal(this.s);
    this.s = ownRoot(shared);
    return shared;
  }

  own<K extends keyof Session>(key: K): NonNullable<Session[K]> { return own(this.s as never, key as never); }

  /** A person's own shell, not a part of it that runs elsewhere. */
  get atPrompt(): boolean { return this.s.interactive && this.s.subshell === 0; }

  option(name: string): boolean { return get(this.s.options, name) === true; }
  shopt(name: string): boolean { return get(this.s.shopts, name) === true; }

  /** A syscall. A signal for which a trap is set, or that this shell only swallows, does not disturb it. */
  *call<K extends Op>(op: K, args: Calls[K][0]): Sys<Result<Calls[K][1]>> {
    for (;;) {
      this.calls++;
      try {
        return yield* call(op, args);
      } catch (error) {
        if (!(error instanceof Interrupted)) throw error;
        this.note(error.signal);
        if (op === 'write') continue;
        if (op === 'read' || op === 'sleep') return { ok: false, errno: 'EINTR' };
      }
    }
  }

  /** Waits for one child; 'signal' when one with a trap came first, null when there is no such child. */
  *wait(pid: number): Sys<{ pid: number; status: number; signal: Signal | null; stopped: boolean } | 'signal'
    | null> {
    this.calls++;
    for (;;) {
      try {
        const got = yield* call('wait', { pid, untraced: this.option('monitor') });
        return got.ok ? got.value : null;
      } catch (error) {
        if (!(error instanceof Interrupted)) throw error;
        this.note(error.signal);
        if (this.signals.length) return 'signal';
      }
    }
  }

  /** A signal came: keep it for its trap, or stop the line on a terminal's interrupt. */
  note(signal: Signal): void {
    if (get(this.s.traps, signal) !== undefined) { this.signals.push(signal); return; }
    if (signal === 'INT' && this.atPrompt) throw new Unwind('interrupt', 130);
    if (this.atPrompt || !FATAL.has(signal) || get(this.s.traps, 'EXIT') === undefined) return;
    this.death = signal;
    throw new Unwind('exit', 128 + FATAL.get(signal)!);
  }
  /** The signal that ends this shell, once its EXIT trap has run. */
  death: Signal | null = null;

  // ---- output

  *write(fd: number, text: string): Sys<boolean> {
    if (text === '') return true;
    const to = this.s.fds[fd];
    if (to === undefined) return false;
    if (to === CAPTURE) { this.captured += text; return true; }
    const done = yield* this.call('write', { fd: to, text });
    if (done.ok) return true;
    this.writeErrno = done.errno;
    return false;
  }
  writeErrno = 'EBADF';

  out(text: string): Sys<boolean> { return this.write(1, text); }

  /** The name before a message, with the line when that is told. */
  prefix(): string {
    const { s } = this;
    if (s.interactive) return `${s.name.replace(/^.*\//, '') || 'bash'}: `;
    let source = s.name;
    for (let i = s.scopes.length - 1; i >= 0; i--) if (s.scopes[i]!.name) {
      source = s.scopes[i]!.source;
      break;
    }
    return `${source}: line ${this.line}: `;
  }

  /** A message with the shell's name, the line, and the builtin at hand. */
  complain(message: string): Sys<boolean> {
    return this.write(2, `${this.prefix()}${this.builtin ? `${this.builtin}: ` : ''}${message}\n`);
  }

  /** For messages that are not the builtin's own. */
  warn(message: string): Sys<boolean> { return this.write(2, `${this.prefix()}${message}\n`); }

  /** bash's sys_error, which knows no line. */
  sysError(message: string): Sys<boolean> { return this.write(2, `${this.prefix().replace(/line \d+: $/, '')}${message}\n`); }
}

/** An error in the middle of an expansion: the line is given up (or the shell, when `fatal`). */
export class Failure {
  /** What stands before the message, from where it happened. */
  prefix: string | null = null;
  constructor(readonly message: string, readonly fatal = false, readonly status = 1, readonly bare = false) {}
}
