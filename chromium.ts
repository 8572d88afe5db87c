/** The browser of the tests: a Chromium from the registry on Linux x64, else an installed one. */
import { existsSync } from 'node:fs';

const INSTALLED = ['/Applications/Google Chrome.app/Contents/MacOS/Google Chrome', '/usr/bin/chromium', '/usr/bin/google-chrome', 'C:/Program Files/Google/Chrome/Application/chrome.exe'];

export async function findChromium(): Promise<{ executablePath: string; args: string[] }> {
  if (process.env['FIREDRILL_CHROMIUM']) return { executablePath: process.env['FIREDRILL_CHROMIUM'], args: ['--no-sandbox'] };
  if (process.platform === 'linux' && process.arch === 'x64') {
    const { default: packaged } = await import('@sparticuz/chromium');
    return { executablePath: await packaged.executablePath(), args: packaged.args.filter((arg) => !arg.startsWith('--headless') && arg !== '--single-process') };
  }
  const executablePath = INSTALLED.find(existsSync);
  if (!executablePath) throw new Error('the browser tests need Chrome or Chromium: set FIREDRILL_CHROMIUM to its path');
  return { executablePath, args: [] };
}
