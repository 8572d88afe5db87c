/** What goes wrong in a jq program: a value on its way up, and how values are shown in complaints. */
import type { Json } from '../../../../sim/proc/program.ts';
import { text } from './value.ts';

/** error(v). */
export class JqError extends Error {
  constructor(readonly value: Json) { super('jq'); }
}

export const fail = (message: string): never => { throw new JqError(message); };

/** A value in a complaint, cut short. */
export function shown(value: Json): string {
  const whole = text(value);
  return whole.length > 10 ? `${whole.slice(0, 7)}...` : whole;
}
