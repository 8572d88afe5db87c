/**
 * Imports of `.peggy` files: the grammar is turned into a parser module on the way. One plugin for vite,
 * vitest and rollup, one for esbuild. A grammar's first line may name its start rules:
 * `// start: Script HereBody`.
 */
import { readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Plugin as EsbuildPlugin } from 'esbuild';
import peggy from 'peggy';
import type { Plugin } from 'vite';

export function generateParser(source: string, file: string): string {
  const starts = /^\/\/ start: (.+)$/m.exec(source)?.[1]?.trim().split(/\s+/);
  return peggy.generate(source, {
    output: 'source', format: 'es', grammarSource: file, ...(starts ? { allowedStartRules: starts } : {}),
  });
}

export const peggyPlugin = (): Plugin => ({
  name: 'peggy',
  transform(source, id) {
    if (!id.endsWith('.peggy')) return null;
    return { code: generateParser(source, id), map: null };
  },
});

export const peggyEsbuild = (): EsbuildPlugin => ({
  name: 'peggy',
  setup(build) {
    build.onLoad({ filter: /\.peggy$/ }, async ({ path }) => ({
      contents: generateParser(await readFile(path, 'utf8'), path), loader: 'js', resolveDir: dirname(path),
    }));
  },
});
