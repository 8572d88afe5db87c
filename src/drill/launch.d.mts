/** What launch.mjs exports. */
export const root: string;
/** The newest change below these paths. */
export function newest(paths: readonly string[]): string;
/** Names the sources that a booted world depends on. */
export function stampOfSources(): string;
export function load(entry: string): Promise<Record<string, unknown> & { stamp: string }>;
