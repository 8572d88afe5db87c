/**
 * `npm run build:lib`: the package's two entries as modules for Node, browsers and workers alike, and beside them
 * the declarations that they lead to. A folder may be named; without one it is `lib`.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, rmSync, rmdirSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { grammars, root } from './src/drill/launch.mjs';

const ENTRIES = ['firedrill', 'testing'];

async function modules(folder) {
  await build({
    entryPoints: ENTRIES.map((name) => join(root, `src/${name}.ts`)), bundle: true, splitting: true, format: 'esm', platform: 'neutral', target: 'es2022',
    packages: 'external', plugins: [await grammars()], outdir: folder, chunkNames: 'world-[hash]', legalComments: 'none', logLevel: 'error',
  });
}

/** Types were checked before (`npm run types`): here they are only written, and those that no entry leads to taken away again. */
function declarations(folder) {
  execFileSync(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-p', join(root, 'tsconfig.library.json'), '--noCheck', '--outDir', folder], { stdio: 'inherit' });
  const reached = new Set();
  const visit = (file) => {
    if (reached.has(file) || !existsSync(file)) return;
    reached.add(file);
    // The compiler leaves `./x.ts` in what it declares; a package's reader looks for `./x.js`.
    const text = readFileSync(file, 'utf8').replace(/((?:from |import\(|import )['"])(\.[^'"]*)\.ts(['"])/g, '$1$2.js$3');
    writeFileSync(file, text);
    for (const [, path] of text.matchAll(/(?:from |import\(|import )['"](\.[^'"]*)\.js['"]/g)) visit(join(dirname(file), `${path}.d.ts`));
  };
  for (const entry of ENTRIES) visit(join(folder, `${entry}.d.ts`));
  prune(folder, reached);
}

function prune(folder, kept) {
  for (const name of readdirSync(folder)) {
    const path = join(folder, name);
    if (statSync(path).isDirectory()) prune(path, kept);
    else if (!kept.has(path)) rmSync(path);
  }
  if (!readdirSync(folder).length) rmdirSync(folder);
}

export async function buildLibrary(folder) {
  rmSync(folder, { recursive: true, force: true });
  await modules(folder);
  declarations(join(folder, 'types'));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await buildLibrary(join(root, process.argv[2] ?? 'lib'));
