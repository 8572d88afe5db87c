/** What launch.mjs exports. */
export const root: string;
export function stampOfSources(): string;
export function load(entry: string): Promise<Record<string, unknown> & { stamp: string }>;
