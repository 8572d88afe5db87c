/// <reference types="vitest/config" />
import { existsSync } from 'node:fs';
import { defineConfig } from 'vitest/config';
import { playwright } from '@vitest/browser-playwright';
import { peggyPlugin } from './peggy.plugin.ts';
import { sitePlugins } from './site.plugin.ts';

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

export default defineConfig(async () => ({
  root: 'src/ui',
  base: './', // works under any sub-path, from any static host
  plugins: [peggyPlugin(), sitePlugins()],
  build: { outDir: '../../dist', emptyOutDir: true, target: 'es2022' },
  worker: { format: 'es' as const, plugins: () => [peggyPlugin()] },
  // Named, so that the first visit need not be interrupted by their discovery.
  optimizeDeps: { include: ['lit', 'lit/decorators.js', 'lit/directives/unsafe-html.js', 'lit/directives/style-map.js', 'lit/directives/repeat.js', 'lit/directives/keyed.js', '@xterm/xterm', '@xterm/addon-fit', 'fflate', 'immer', 'js-yaml', 'marked'] },
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
