/**
 * Runs a TypeScript entry of the project on plain Node: bundles it once into node_modules/.cache and again
 * whenever a source has changed. No build step comes before it.
 */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

export const root = join(dirname(fileURLToPath(import.meta.url)), '../..');
const cache = join(root, 'node_modules/.cache/firedrill');

/** A digest of the files at and below these paths: a bundle or a world belongs to exactly these sources. */
export function digestOf(paths) {
  const hash = createHash('sha1');
  const visit = (path) => {
    if (statSync(join(root, path)).isDirectory()) for (const name of readdirSync(join(root, path)).sort()) visit(`${path}/${name}`);
    else hash.update(path).update(readFileSync(join(root, path)));
  };
  for (const path of paths) visit(path);
  return hash.digest('hex').slice(0, 16);
}

/** What a world was booted from: the page and the lessons may change without another boot. */
export const stampOfSources = () => digestOf(['src/sim', 'src/shell', 'peggy.plugin.ts', 'package.json']);

/** Bundles `entry` (relative to the root) if need be, and imports it. */
export async function load(entry) {
  const name = entry.replace(/[^\w]/g, '_');
  const stamp = digestOf(['src', 'bench', 'peggy.plugin.ts', 'package.json']);
  const file = join(cache, `${name}-${stamp}.mjs`);
  if (!existsSync(file)) {
    const { build } = await import('esbuild');
    const result = await build({
      entryPoints: [join(root, entry)], bundle: true, write: false, format: 'esm', platform: 'node', target: 'node20',
      plugins: [await grammars()], sourcemap: 'inline', legalComments: 'none', external: ['node:*'], logLevel: 'error',
    });
    mkdirSync(cache, { recursive: true });
    // Written beside and renamed: several drivers may start at once.
    const temporary = `${file}.${process.pid}`;
    writeFileSync(temporary, result.outputFiles[0].contents);
    renameSync(temporary, file);
  }
  return { stamp: stampOfSources(), ...await import(pathToFileURL(file).href) };
}

/** esbuild's plugin for `.peggy` files. */
export async function grammars() {
  const { build } = await import('esbuild');
  const result = await build({ entryPoints: [join(root, 'peggy.plugin.ts')], bundle: true, write: false, format: 'esm', platform: 'node', packages: 'external', logLevel: 'error' });
  const file = join(cache, `plugin-${process.pid}.mjs`);
  mkdirSync(cache, { recursive: true });
  writeFileSync(file, result.outputFiles[0].contents);
  return (await import(pathToFileURL(file).href)).peggyEsbuild();
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [entry, ...rest] = process.argv.slice(2);
  process.argv = [process.argv[0], process.argv[1], ...rest];
  const { main, stamp } = await load(entry);
  await main(root, stamp);
}
