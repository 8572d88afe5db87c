/** Numbers and times as the page writes them. */

const two = (n: number): string => String(n).padStart(2, '0');

/** 14:03:20, as the cluster's clock (UTC) shows it. */
export function clockText(ms: number): string {
  const s = Math.floor(ms / 1000);
  return `${two(Math.floor(s / 3600) % 24)}:${two(Math.floor(s / 60) % 60)}:${two(s % 60)}`;
}

export const dateText = (ms: number): string => (ms ? new Date(ms).toISOString().slice(0, 10) : '');

/** 0:42, 12:05 or 1:02:03. */
export function spanText(us: number): string {
  const s = Math.floor(us / 1_000_000);
  return s >= 3600 ? `${Math.floor(s / 3600)}:${two(Math.floor(s / 60) % 60)}:${two(s % 60)}` : `${Math.floor(s / 60)}:${two(s % 60)}`;
}
