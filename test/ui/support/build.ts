/** Builds the site once for all browser tests, unless it has been built from these very sources. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'vite';
import { digestOf, root } from '../../../src/drill/launch.mjs';

export const SITE = join(root, 'node_modules/.cache/firedrill/site');
const STAMP = join(SITE, 'stamp.txt');

export async function setup(): Promise<void> {
  const stamp = digestOf(['src', 'scenarios', 'docs/scenarios.md', 'site.plugin.ts', 'peggy.plugin.ts', 'vite.config.ts', 'package.json']);
  if (existsSync(STAMP) && readFileSync(STAMP, 'utf8') === `production ${stamp}`) return;
  // The site as it is served: vitest's own environment would make a development build of it.
  const before = process.env['NODE_ENV'];
  process.env['NODE_ENV'] = 'production';
  try {
    await build({ mode: 'production', root: join(root, 'src/ui'), configFile: join(root, 'vite.config.ts'), logLevel: 'error', build: { outDir: SITE, emptyOutDir: true, reportCompressedSize: false } });
  } finally { process.env['NODE_ENV'] = before; }
  writeFileSync(STAMP, `production ${stamp}`);
}
