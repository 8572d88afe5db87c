/**
 * Runs a TypeScript entry of the project on plain Node: bundles it once into node_modules/.cache and again
 * whenever a source has changed. No build step comes before it.
 */
import { existsSync, mkdirSync, readdirSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

export const root = join(dirname(fileURLToPath(import.meta.url)), '../..');
const cache = join(root, 'node_modules/.cache/firedrill');

/** The newest change below these paths: a cheap stamp of what stands there. */
export function newest(paths) {
  let stamp = 0, count = 0;
  const visit = (path) => {
    const info = statSync(path);
    if (info.isDirectory()) for (const name of readdirSync(path)) visit(join(path, name));
    else { count++; stamp = Math.max(stamp, info.mtimeMs); }
  };
  for (const path of paths) visit(join(root, path));
  return `${Math.round(stamp)}-${count}`;
}

/** What a world was booted from: the page and the lessons may change without another boot. */
export const stampOfSources = () => newest(['src/sim', 'src/shell', 'peggy.plugin.ts', 'package.json']);

/** Bundles `entry` (relative to the root) if need be, and imports it. */
export async function load(entry) {
  const name = entry.replace(/[^\w]/g, '_');
  const stamp = newest(['src', 'bench', 'peggy.plugin.ts', 'package.json']);
  const file = join(cache, `${name}-${stamp}.mjs`);
  if (!existsSync(file)) {
    const [{ build }, { peggyEsbuild }] = [await import('esbuild'), await loadPlugin()];
    const result = await build({
      entryPoints: [join(root, entry)], bundle: true, write: false, format: 'esm', platform: 'node', target: 'node20',
      plugins: [peggyEsbuild()], sourcemap: 'inline', legalComments: 'none', external: ['node:*'], logLevel: 'error',
    });
    mkdirSync(cache, { recursive: true });
    // Written beside and renamed: several drivers may start at once.
    const temporary = `${file}.${process.pid}`;
    writeFileSync(temporary, result.outputFiles[0].contents);
    renameSync(temporary, file);
  }
  return { stamp: stampOfSources(), ...await import(pathToFileURL(file).href) };
}

async function loadPlugin() {
  const { build } = await import('esbuild');
  const result = await build({ entryPoints: [join(root, 'peggy.plugin.ts')], bundle: true, write: false, format: 'esm', platform: 'node', packages: 'external', logLevel: 'error' });
  const file = join(cache, `plugin-${process.pid}.mjs`);
  mkdirSync(cache, { recursive: true });
  writeFileSync(file, result.outputFiles[0].contents);
  return import(pathToFileURL(file).href);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [entry, ...rest] = process.argv.slice(2);
  process.argv = [process.argv[0], process.argv[1], ...rest];
  const { main, stamp } = await load(entry);
  await main(root, stamp);
}
