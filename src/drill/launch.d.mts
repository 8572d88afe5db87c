/** What launch.mjs exports. */
export const root: string;
/** Names the sources that a booted world depends on. */
export function stampOfSources(): string;
export function load(entry: string): Promise<Record<string, unknown> & { stamp: string }>;
