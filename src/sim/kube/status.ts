/**
 * Status objects: what a failed request says, in the words of apimachinery's errors.go (v1.14). A
 * `Failure` travels through the server as a value.
 */
import { groupOf, type Resource } from './kinds.ts';
import type { Status } from './types.ts';

export interface Failure { readonly failure: Status }
export const isFailure = (value: unknown): value is Failure => typeof value === 'object' && value !== null && 'failure' in value;

export interface Cause { reason: string; message: string; field: string }

function status(code: number, reason: string, message: string, details?: Status['details']): Failure {
  return { failure: { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', message, ...(reason ? { reason } : {}), ...(details ? { details } : {}), code } };
}

export interface Target { readonly plural: string; readonly group: string }
export const target = (resource: Resource, gv: string): Target => ({ plural: resource.plural, group: groupOf(gv) });
const named = (t: Target): string => (t.group ? `${t.plural}.${t.group}` : t.plural);
const details = (t: Target, name: string): Status['details'] => ({ name, ...(t.group ? { group: t.group } : {}), kind: t.plural });

export const notFound = (t: Target, name: string): Failure => status(404, 'NotFound', `${named(t)} ${JSON.stringify(name)} not found`, details(t, name));
export const alreadyExists = (t: Target, name: string): Failure => status(409, 'AlreadyExists', `${named(t)} ${JSON.stringify(name)} already exists`, details(t, name));
export const conflict = (t: Target, name: string, why = 'the object has been modified; please apply your changes to the latest version and try again'): Failure =>
  status(409, 'Conflict', `Operation cannot be fulfilled on ${named(t)} ${JSON.stringify(name)}: ${why}`, details(t, name));
export const forbidden = (t: Target, name: string, why: string): Failure =>
  status(403, 'Forbidden', name ? `${named(t)} ${JSON.stringify(name)} is forbidden: ${why}` : `${named(t)} is forbidden: ${why}`, details(t, name));
export const badRequest = (message: string): Failure => status(400, 'BadRequest', message);
export const unauthorized = (): Failure => status(401, 'Unauthorized', 'Unauthorized');
export const methodNotAllowed = (): Failure => status(405, 'MethodNotAllowed', 'the server does not allow this method on the requested resource');
export const pathNotFound = (): Failure => status(404, 'NotFound', 'the server could not find the requested resource');
export const unsupportedMedia = (type: string, accepted: string): Failure =>
  status(415, 'UnsupportedMediaType', `the body of the request was in an unknown format - accepted media types include: ${accepted}${type ? '' : ''}`);
/** What exactly is wrong the real server keeps to itself here (NewGenericServerResponse). */
export const rejected = (): Failure => status(422, 'Invalid', 'the server rejected our request due to an error in our request', {});
export const gone = (message: string): Failure => status(410, 'Expired', message);
export const tooManyRequests = (message: string): Failure => status(429, 'TooManyRequests', message);
export const unavailable = (message: string): Failure => status(503, 'ServiceUnavailable', message);
export const timedOut = (message: string): Failure => status(504, 'Timeout', message);
/** An error that is no Status becomes one without a reason: kubectl prints `Error from server: …`. */
export const internal = (message: string): Failure => status(500, '', message);
export const internalError = (message: string): Failure =>
  status(500, 'InternalError', `Internal error occurred: ${message}`, { causes: [{ reason: '', message, field: '' }].map(({ message: m }) => ({ reason: '', message: m, field: '' })) });

/** `The DaemonSet "x" is invalid: spec.foo: Required value`, several causes in brackets. */
export function invalid(kind: string, group: string, name: string, causes: readonly Cause[]): Failure {
  const texts = causes.map((cause) => `${cause.field}: ${cause.message}`);
  const message = `${group ? `${kind}.${group}` : kind} ${JSON.stringify(name)} is invalid: ${texts.length === 1 ? texts[0] : `[${texts.join(', ')}]`}`;
  return status(422, 'Invalid', message, { name, ...(group ? { group } : {}), kind, causes });
}

/** What a successful delete of a small thing answers. */
export const success = (t: Target, name: string, uid: string): Status =>
  ({ kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', details: { name, ...(t.group ? { group: t.group } : {}), kind: t.plural, uid } });
