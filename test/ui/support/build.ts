/**
 * Builds the site once for all browser tests, unless it has been built from these very sources. The build runs beside
 * the other tests: who needs the site waits for it.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { digestOf, root } from '../../../src/drill/launch.mjs';

export const SITE = join(root, 'node_modules/.cache/firedrill/site');
/** Of what the site was built, of what it should be, and why it is not. Sources may be edited while tests run. */
const STAMP = join(SITE, 'stamp.txt'), WANTED = join(root, 'node_modules/.cache/firedrill/site-wanted.txt'), FAILED = join(root, 'node_modules/.cache/firedrill/site-failed.txt');
const BUILD_MS = 600_000;
const LOOK_MS = 300;

const stampOf = (): string => `production ${digestOf(['src', 'scenarios', 'docs/scenarios.md', 'docs/custom-elements.json', 'docs/scenario.schema.json', 'site.plugin.ts', 'peggy.plugin.ts', 'vite.config.ts', 'package.json'])}`;
const textOf = (file: string): string => (existsSync(file) ? readFileSync(file, 'utf8') : '');

export function setup(): () => void {
  const stamp = stampOf();
  mkdirSync(dirname(WANTED), { recursive: true });
  writeFileSync(WANTED, stamp);
  rmSync(FAILED, { force: true });
  if (textOf(STAMP) === stamp) return () => undefined;
  rmSync(STAMP, { force: true });
  // The site as it is served: vitest's own environment would make a development build of it.
  const build: ChildProcess = spawn(process.execPath, [join(root, 'node_modules/vite/bin/vite.js'), 'build', '--outDir', SITE, '--emptyOutDir', '--logLevel', 'error'], { cwd: root, env: { ...process.env, NODE_ENV: 'production' }, stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  build.stderr!.on('data', (piece: Buffer) => { said += piece.toString(); });
  build.on('exit', (code) => {
    if (code === 0) { mkdirSync(SITE, { recursive: true }); writeFileSync(STAMP, stamp); } else writeFileSync(FAILED, said || `the build ended with ${code}`);
  });
  return () => { build.kill(); };
}

/** The folder of the built site, when it is there. */
export async function builtSite(): Promise<string> {
  const stamp = textOf(WANTED);
  for (let waited = 0; waited < BUILD_MS; waited += LOOK_MS) {
    if (textOf(STAMP) === stamp) return SITE;
    const failed = textOf(FAILED);
    if (failed) throw new Error(failed);
    await new Promise((resolve) => { setTimeout(resolve, LOOK_MS); });
  }
  throw new Error('the site is not built');
}
