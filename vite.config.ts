/// <reference types="vitest/config" />
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';
import { peggyPlugin } from './peggy.plugin.ts';
import { sitePlugins } from './site.plugin.ts';

/** A file of two lines may play a whole chapter: those begin, so that no core waits for the other in the end. */
class LongFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const long = ({ moduleId }: TestSpecification): number => (/\/test\/(scenarios|gravity|package|testing)\//.test(moduleId) ? 0 : 1);
    return (await super.sort(files)).sort((a, b) => long(a) - long(b));
  }
}

export default defineConfig({
  root: 'src/ui',
  base: './', // works under any sub-path, from any static host
  plugins: [peggyPlugin(), sitePlugins()],
  build: {
    outDir: '../../dist', emptyOutDir: true, target: 'es2022', chunkSizeWarningLimit: 3_000,
    rollupOptions: {
      input: { index: 'src/ui/index.html', drill: 'src/ui/embed/drill.ts', xapi: 'src/ui/embed/xapi.ts' },
      // The embeds' script has a name that other people's pages can write down.
      output: { entryFileNames: ({ name }: { name: string }) => (name === 'drill' || name === 'xapi' ? `${name}.js` : 'assets/[name]-[hash].js') },
      preserveEntrySignatures: 'exports-only' as const,
    },
  },
  worker: { format: 'es' as const, plugins: () => [peggyPlugin()] },
  // Named, so that the first visit need not be interrupted by their discovery.
  optimizeDeps: { include: ['lit', 'lit/decorators.js', 'lit/directives/unsafe-html.js', 'lit/directive.js', 'lit/directives/repeat.js', 'lit/directives/keyed.js', '@xterm/xterm', '@xterm/addon-fit', 'fflate', 'immer', 'js-yaml', 'marked'] },
  server: { host: true },
  test: {
    // Every core: by itself vitest leaves one free.
    maxWorkers: '100%',
    sequence: { sequencer: LongFirst },
    projects: [
      {
        extends: true as const,
        // The package by its name, as its examples (test/package) have it.
        resolve: { alias: [{ find: /^firedrill$/, replacement: fileURLToPath(new URL('src/firedrill.ts', import.meta.url)) }, { find: /^firedrill\/testing$/, replacement: fileURLToPath(new URL('src/testing.ts', import.meta.url)) }] },
        // The engine keeps no state between worlds, so files share a process: its code is loaded and warm, its worlds are booted.
        // The young generation is large because a step of the world makes much that dies at once.
        test: {
          name: 'node', root: '.', isolate: false, execArgv: ['--max-semi-space-size=64'], include: ['test/**/*.test.ts'], exclude: ['test/ui/**', 'test/hosts/**'], environment: 'node', setupFiles: ['test/support/seed.ts'], testTimeout: 120_000, hookTimeout: 180_000,
        },
      },
      {
        extends: true as const,
        // Node drives a real Chromium over the built site: what is tested is what is served.
        test: { name: 'browser', root: '.', include: ['test/ui/**/*.test.ts'], environment: 'node', globalSetup: ['test/ui/support/build.ts'], testTimeout: 90_000, hookTimeout: 600_000, fileParallelism: false },
      },
      // Real generators, fetched for it: a command of its own, no part of the suite.
      ...(process.env['FIREDRILL_HOSTS'] ? [{
        extends: true as const,
        test: { name: 'hosts', root: '.', include: ['test/hosts/**/*.test.ts'], environment: 'node' as const, globalSetup: ['test/ui/support/build.ts'], testTimeout: 180_000, hookTimeout: 900_000, fileParallelism: false },
      }] : []),
    ],
  },
});
