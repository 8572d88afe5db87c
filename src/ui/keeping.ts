/**
 * What the page keeps between visits, and which scenario it shows. Storage may be full or forbidden: then
 * the page works on and says so once.
 */
import { parseScenario, type Parsed } from '../drill/scenario.ts';
import type { Kept } from './store.ts';

const SOURCES = import.meta.glob('../../scenarios/*.md', { query: '?raw', import: 'default', eager: true }) as Record<string, string>;

/** The scenario named by the address (`?scenario=1.1`), or the first. */
export function readScenario(): Parsed {
  const wanted = new URLSearchParams(location.search).get('scenario') ?? '1.1';
  const entry = Object.entries(SOURCES).find(([path]) => path.split('/').pop()!.startsWith(`${wanted}-`));
  if (!entry) return { ok: false, errors: [{ file: 'scenarios', line: 1, reason: `there is no scenario ${wanted}` }] };
  return parseScenario(entry[1], entry[0].replace(/^(\.\.\/)+/, ''));
}

const key = (scenario: string): string => `firedrill/${scenario}`;
let complained = false;

/** Keeps the state; a sentence for the person when that cannot be done. */
export function keepState(kept: Kept): string {
  try {
    localStorage.setItem(key(kept.scenario), JSON.stringify(kept));
    return '';
  } catch {
    if (complained) return '';
    complained = true;
    return 'This browser does not let the page keep anything: a reload will begin anew.';
  }
}

export function restoreState(scenario: string): Kept | null {
  try {
    const text = localStorage.getItem(key(scenario));
    return text === null ? null : JSON.parse(text) as Kept;
  } catch { return null; }
}

export type Scheme = 'auto' | 'light' | 'dark';

export function readScheme(): Scheme {
  try {
    const value = localStorage.getItem('firedrill/scheme');
    return value === 'light' || value === 'dark' ? value : 'auto';
  } catch { return 'auto'; }
}

export function saveScheme(scheme: Scheme): void {
  if (scheme === 'auto') delete document.documentElement.dataset['scheme'];
  else document.documentElement.dataset['scheme'] = scheme;
  try { localStorage.setItem('firedrill/scheme', scheme); } catch { /* it holds for this visit */ }
}
