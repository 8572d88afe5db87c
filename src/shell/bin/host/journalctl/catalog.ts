/**
 * Explanations that journalctl -x adds to systemd's own messages: subject, who defined it, where help is.
 */
import type { JournalEntry } from '../../../../sim/proc/syscalls.ts';

const SUPPORT = 'https://lists.freedesktop.org/mailman/listinfo/systemd-devel';

interface Explanation { subject: string; body: string }

function explanationOf(e: JournalEntry): Explanation | null {
  if (e.ident !== 'systemd' || !e.unit) return null;
  const { unit, message } = e;
  if (/^Starting .*\.\.\.$/.test(message)) return { subject: `Unit ${unit} has begun start-up`, body: `Unit ${unit} has begun starting up.` };
  if (/^(Started|Finished|Reached target|Listening on) /.test(message)) return { subject: `Unit ${unit} has finished start-up`, body: `Unit ${unit} has finished starting up.\n--\n-- The start-up result is done.` };
  if (/^Failed to start /.test(message)) return { subject: `Unit ${unit} has failed`, body: `Unit ${unit} has failed.\n--\n-- The result is failed.` };
  if (/^Dependency failed for /.test(message)) return { subject: `Unit ${unit} has failed`, body: `Unit ${unit} has failed.\n--\n-- The result is dependency.` };
  if (/^Stopping .*\.\.\.$/.test(message)) return { subject: `Unit ${unit} has begun shutting down`, body: `Unit ${unit} has begun shutting down.` };
  if (/^(Stopped|Closed) /.test(message)) return { subject: `Unit ${unit} has finished shutting down`, body: `Unit ${unit} has finished shutting down.` };
  return null;
}

export function explain(e: JournalEntry): string {
  const found = explanationOf(e);
  return found ? `-- Subject: ${found.subject}\n-- Defined-By: systemd\n-- Support: ${SUPPORT}\n--\n-- ${found.body}\n` : '';
}
