/**
 * What can go wrong in a kubectl command, as values, and the words in which kubectl 1.14 reports each
 * (pkg/kubectl/cmd/util/helpers.go). It prints nothing itself.
 */
import type { Obj } from './object.ts';

export type Failure =
  | { is: 'status'; status: Obj }
  /** A request that had no answer: Go's url.Error. */
  | { is: 'transport'; host: string; text: string }
  /** `stdout`: what is printed there all the same. */
  | { is: 'plain'; text: string; stdout?: string }
  /** Printed as it stands. */
  | { is: 'bare'; text: string; exit?: number }
  | { is: 'config'; errors: readonly string[] }
  | { is: 'many'; failures: readonly Failure[] };

export type Outcome<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly failure: Failure };

export const done = <T>(value: T): Outcome<T> => ({ ok: true, value });
export const failed = (failure: Failure): { ok: false; failure: Failure } => ({ ok: false, failure });
export const plain = (text: string): { ok: false; failure: Failure } => failed({ is: 'plain', text });
export const bare = (text: string, exit = 1): { ok: false; failure: Failure } => failed({ is: 'bare', text, exit });

export const many = (failures: readonly Failure[]): Failure => (failures.length === 1 ? failures[0]! : { is: 'many', failures });

export const isStatus = (failure: Failure, reason: string): boolean => failure.is === 'status' && failure.status['reason'] === reason;

/** Error() of a failure: its own text, without the words that the client puts before it. */
export function textOf(failure: Failure): string {
  switch (failure.is) {
    case 'status': return failure.status['message'] ?? '';
    case 'transport': return failure.text;
    case 'config': return `invalid configuration: ${list(failure.errors)}`;
    case 'many': return list(failure.failures.map(textOf));
    default: return failure.text;
  }
}

const list = (texts: readonly string[]): string => (texts.length === 1 ? texts[0]! : `[${texts.join(', ')}]`);

/** StandardErrorMessage, or null when it has none for this kind of failure. */
function standard(failure: Failure): string | null {
  if (failure.is === 'status') {
    const { reason } = failure.status;
    if (reason === 'Unauthorized') return `error: You must be logged in to the server (${textOf(failure)})`;
    return reason ? `Error from server (${reason}): ${textOf(failure)}` : `Error from server: ${textOf(failure)}`;
  }
  if (failure.is === 'transport') {
    return failure.text.includes('connection refused')
      ? `The connection to the server ${failure.host} was refused - did you specify the right host or port?`
      : `Unable to connect to the server: ${failure.text}`;
  }
  return null;
}

const messageFor = (failure: Failure): string => standard(failure) ?? textOf(failure);

/** What goes to stderr, whole. */
export function report(failure: Failure): string {
  const text = words(failure);
  return text === '' || text.endsWith('\n') ? text : `${text}\n`;
}

function words(failure: Failure): string {
  if (failure.is === 'bare') return failure.text;
  if (failure.is === 'many') return failure.failures.map((one) => `${messageFor(one)}\n`).join('');
  if (failure.is === 'config') {
    return failure.errors.length === 1 ? `Error in configuration: ${failure.errors[0]}\n`
      : `Error in configuration: \n${failure.errors.map((text) => `* ${text}\n`).join('')}`;
  }
  if (failure.is === 'status' && failure.status['reason'] === 'Invalid') return invalid(failure.status);
  const said = standard(failure);
  if (said !== null) return said;
  const text = textOf(failure);
  return text.startsWith('error: ') ? text : `error: ${text}`;
}

function invalid(status: Obj): string {
  const { kind = '', name = '', causes = [] } = (status['details'] ?? {}) as { kind?: string; name?: string; causes?: Obj[] };
  const head = `The ${kind} "${name}" is invalid`;
  const lines = [...new Set(causes.map((cause) => `${cause['field'] ?? ''}: ${cause['message'] ?? ''}`))];
  if (!lines.length) return head;
  return lines.length === 1 ? `${head}: ${lines[0]}\n` : `${head}: \n${lines.map((line) => `* ${line}\n`).join('')}`;
}

const GENERIC: Readonly<Record<number, readonly [string, string]>> = {
  400: ['BadRequest', 'the server rejected our request for an unknown reason'],
  401: ['Unauthorized', 'the server has asked for the client to provide credentials'],
  404: ['NotFound', 'the server could not find the requested resource'],
  405: ['MethodNotAllowed', 'the server does not allow this method on the requested resource'],
  409: ['Conflict', 'the server reported a conflict'],
  422: ['Invalid', 'the server rejected our request due to an error in our request'],
  429: ['TooManyRequests', 'the server has received too many requests and has asked us to try again later'],
  503: ['ServiceUnavailable', 'the server is currently unable to handle the request'],
  504: ['Timeout', 'the server was unable to return a response in the time allotted, but may still be processing the request'],
};

/** An answer that is no Status: NewGenericServerResponse. `what` is "get pods name". */
export function genericStatus(code: number, body: unknown, what: string): Obj {
  const text = typeof body === 'string' ? body.trim() : '';
  if (code === 403) return { code, reason: 'Forbidden', message: text || 'unknown' };
  if (code === 406) return { code, reason: 'NotAcceptable', message: text || 'unknown' };
  const known = GENERIC[code];
  const suffix = what ? ` (${what})` : '';
  if (known) return { code, reason: known[0], message: known[1] + suffix };
  if (code >= 500) return { code, reason: 'InternalError', message: `an error on the server (${JSON.stringify(text || 'unknown')}) has prevented the request from succeeding${suffix}` };
  return { code, reason: '', message: `the server responded with the status code ${code} but did not return more information${suffix}` };
}
