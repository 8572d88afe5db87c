/// <reference types="vitest/config" />
import { existsSync } from 'node:fs';
import type { Plugin } from 'vite';
import { defineConfig } from 'vitest/config';
import { playwright } from '@vitest/browser-playwright';
import { peggyPlugin } from './peggy.plugin.ts';

/** The browser of the tests: a Chromium from the registry on Linux x64, else an installed one. */
async function chromium(): Promise<{ executablePath?: string; args: string[] }> {
  if (process.env['FIREDRILL_CHROMIUM']) return { executablePath: process.env['FIREDRILL_CHROMIUM'], args: ['--no-sandbox'] };
  if (process.platform === 'linux' && process.arch === 'x64') {
    const { default: packaged } = await import('@sparticuz/chromium');
    return { executablePath: await packaged.executablePath(), args: packaged.args.filter((arg) => !arg.startsWith('--headless') && arg !== '--single-process') };
  }
  const installed = ['/Applications/Google Chrome.app/Contents/MacOS/Google Chrome', '/usr/bin/chromium', '/usr/bin/google-chrome', 'C:/Program Files/Google/Chrome/Application/chrome.exe'].find(existsSync);
  if (!installed) throw new Error('the browser tests need Chrome or Chromium: set FIREDRILL_CHROMIUM to its path');
  return { executablePath: installed, args: [] };
}

/** Worlds are booted at build time (and when the development server is first asked for one). */
const worlds = (): Plugin => {
  const made = async (): Promise<{ name: string; text: string }[]> => {
    const { load } = await import('./src/drill/launch.mjs') as unknown as { load: (entry: string) => Promise<{ prebuild: () => { name: string; text: string }[] }> };
    return (await load('src/drill/prebuild.ts')).prebuild();
  };
  let kept: ReturnType<typeof made> | null = null;
  return {
    name: 'worlds',
    configureServer(server) {
      server.watcher.on('change', () => { kept = null; });
      server.middlewares.use((request, response, next) => {
        if (!request.url?.includes('/worlds/')) { next(); return; }
        (kept ??= made()).then((files) => {
          const file = files.find(({ name }) => request.url!.split('?')[0]!.endsWith(name));
          response.statusCode = file ? 200 : 404;
          response.setHeader('Content-Type', 'application/json');
          response.end(file?.text ?? '');
        }, next);
      });
    },
    async generateBundle() {
      if (this.environment?.name === 'ssr') return;
      for (const { name, text } of await made()) this.emitFile({ type: 'asset', fileName: name, source: text });
    },
  };
};

export default defineConfig(async () => ({
  root: 'src/ui',
  base: './', // works under any sub-path, from any static host
  plugins: [peggyPlugin(), worlds()],
  build: { outDir: '../../dist', emptyOutDir: true, target: 'es2022' },
  worker: { format: 'es' as const, plugins: () => [peggyPlugin()] },
  server: { host: true },
  test: {
    projects: [
      {
        extends: true as const,
        test: { name: 'node', root: '.', include: ['test/**/*.test.ts'], exclude: ['test/ui/**'], environment: 'node', testTimeout: 60_000, hookTimeout: 60_000 },
      },
      {
        extends: true as const,
        test: {
          name: 'browser', root: '.', include: ['test/ui/**/*.test.ts'], testTimeout: 90_000, hookTimeout: 90_000,
          browser: {
            enabled: true, headless: true, screenshotFailures: false, viewport: { width: 1280, height: 800 },
            provider: playwright({ launchOptions: process.env['VITEST'] ? await chromium() : {} }),
            instances: [{ browser: 'chromium' as const }],
          },
        },
      },
    ],
  },
}));
