/** What launch.mjs exports. */
export const root: string;
/** The digest below these paths. */
export function digestOf(paths: readonly string[]): string;
/** Names the sources that a booted world depends on. */
export function stampOfSources(): string;
export function load(entry: string): Promise<Record<string, unknown> & { stamp: string }>;
