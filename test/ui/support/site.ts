/**
 * The built site in a real browser: served from memory under a sub-path, opened by Chromium. `requests` tells
 * what the page asked for, so that a test can say that it asked nobody else.
 */
import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { extname, join, normalize } from 'node:path';
import type { AddressInfo } from 'node:net';
import { chromium, type Browser } from 'playwright';
import { findChromium } from '../../../chromium.ts';
import { builtSite, SITE } from './build.ts';

const TYPES: Readonly<Record<string, string>> = { '.html': 'text/html; charset=utf-8', '.js': 'text/javascript', '.css': 'text/css', '.woff2': 'font/woff2', '.json': 'application/json', '.svg': 'image/svg+xml', '.png': 'image/png' };
const SUB_PATH = '/docs/fire drills/';

export interface Site { url: string; close(): Promise<void> }

/** A static host that knows nothing but files. */
export async function serve(folder: string, subPath = SUB_PATH): Promise<Site> {
  if (folder === SITE) await builtSite();
  const server: Server = createServer((request, response) => {
    const path = decodeURIComponent(new URL(request.url!, 'http://x').pathname);
    const inside = path.startsWith(subPath) ? normalize(path.slice(subPath.length)) : '..';
    try {
      if (inside.startsWith('..')) throw new Error('outside');
      const file = inside === '.' || inside === '' ? 'index.html' : inside;
      const body = readFileSync(join(folder, file));
      response.writeHead(200, { 'Content-Type': TYPES[extname(file)] ?? 'application/octet-stream' });
      response.end(body);
    } catch { response.writeHead(404); response.end('not found'); }
  });
  await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve); });
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}${encodeURI(subPath)}`, close: () => new Promise((resolve) => { server.closeAllConnections(); server.close(() => resolve()); }) };
}

export async function openBrowser(): Promise<Browser> {
  return chromium.launch(await findChromium());
}
