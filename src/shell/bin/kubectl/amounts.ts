/** `cpu=200m,memory=512Mi`: the amounts of --limits and --requests, refused before the server sees them. Pure. */
import { quantity, QUANTITY_ERROR } from '../../../sim/kube/quantity.ts';
import { done, plain, type Outcome } from './failure.ts';
import type { Obj } from './object.ts';

function amountFault(text: string): string | null {
  if (quantity(text) !== null) return null;
  // Digits and letters that quantities may have, but no unit that there is.
  if (/^[+-]?[0-9.]+[eEinumkKMGTP]+$/.test(text)) return "unable to parse quantity's suffix";
  return /^[+-]?[eEinumkKMGTP]+$/.test(text) ? 'unable to parse numeric part of quantity' : QUANTITY_ERROR;
}

export function parseAmounts(text: string): Outcome<Obj> {
  const out: Obj = {};
  for (const pair of text ? text.split(',') : []) {
    const parts = pair.split('=');
    if (parts.length !== 2) return plain(`Invalid argument syntax ${pair}, expected <resource>=<value>`);
    const fault = amountFault(parts[1]!);
    if (fault) return plain(fault);
    out[parts[0]!] = parts[1];
  }
  return done(out);
}
