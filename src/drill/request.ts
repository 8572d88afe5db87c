/**
 * The fields of a request: each is there and of its type, or the answer says which is not. It knows no op.
 */

/** What the driver is asked: JSON from outside, of which nothing is certain. */
export type Request = Readonly<Record<string, unknown>>;

/** A field of the request is missing or wrong. */
export class BadRequest extends Error {}

interface Types { string: string; number: number; boolean: boolean }

export function field<T extends keyof Types>(request: Request, name: string, type: T): Types[T] {
  const value = optional(request, name, type);
  if (value === undefined) throw new BadRequest(`field ${name} is missing`);
  return value;
}

export function optional<T extends keyof Types>(request: Request, name: string, type: T): Types[T] | undefined {
  const value = Object.hasOwn(request, name) ? request[name] : undefined;
  if (value === undefined) return undefined;
  if (typeof value !== type || (type === 'number' && !Number.isFinite(value))) throw new BadRequest(`field ${name} must be a ${type}`);
  return value as Types[T];
}

/** A number of simulated seconds. */
export function duration(request: Request, name: string): number | undefined {
  const value = optional(request, name, 'number');
  if (value !== undefined && value < 0) throw new BadRequest(`field ${name} must not be negative`);
  return value;
}

export function wholeNumber(request: Request, name: string, least: number, most: number): number | undefined {
  const value = optional(request, name, 'number');
  if (value !== undefined && !(Number.isInteger(value) && value >= least && value <= most)) throw new BadRequest(`field ${name} must be a whole number from ${least} to ${most}`);
  return value;
}

export function mapping(request: Request, name: string): Readonly<Record<string, unknown>> | undefined {
  const value = Object.hasOwn(request, name) ? request[name] : undefined;
  if (value === undefined) return undefined;
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new BadRequest(`field ${name} must be an object`);
  return value as Readonly<Record<string, unknown>>;
}
