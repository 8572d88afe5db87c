/** What a module made from a grammar exports (peggy.plugin.ts). */
declare module '*.peggy' {
  /** With `peg$library` the parser gives how far it came instead of throwing. */
  export function parse(input: string, options?: Record<string, unknown>): unknown;
}
