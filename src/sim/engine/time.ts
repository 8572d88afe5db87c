/**
 * Virtual time. Integer microseconds since the world began, so that a ping can take 68 us and still no
 * float ever decides an order. It knows nothing of the wall clock of the machine it runs on.
 */

/** A moment or a duration in virtual microseconds. Always an integer. */
export type Us = number;

export const ms = (n: number): Us => Math.round(n * 1_000);
export const seconds = (n: number): Us => Math.round(n * 1_000_000);
export const minutes = (n: number): Us => seconds(60 * n);
export const hours = (n: number): Us => seconds(3_600 * n);

/**
 * What an undisturbed host clock says at virtual time 0, in milliseconds since 1970: Mon Apr 29 18:44:00
 * UTC 2019. The installation of the training text's cluster began at 18:40 and ends while the world boots.
 */
export const EPOCH_MS = Date.UTC(2019, 3, 29, 18, 44, 0);
