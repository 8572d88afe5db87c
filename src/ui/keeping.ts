/**
 * What the page keeps between visits: a keepsake for each drill, the colour scheme, a few choices. Storage
 * may be full, forbidden or hold anything at all: then the page works on and says so once.
 */
import { LOG_VERSION, type RunLog } from './engine/log.ts';
import { NOTHING_KEPT, type Kept } from './store.ts';

/** No run lasts longer than a week of the cluster's time: a log that says so is no log of ours. */
const LATEST_US = 7 * 86_400_000_000;

const PREFIX = 'firedrill/';
const DRILL = `${PREFIX}drill/`;
let complained = false;

function write(key: string, value: string): boolean {
  try { localStorage.setItem(PREFIX + key, value); return true; } catch { return false; }
}
function read(key: string): string | null {
  try { return localStorage.getItem(PREFIX + key); } catch { return null; }
}

/** Keeps a drill's state; a sentence for the person when that cannot be done, once. */
export function keepDrill(id: string, kept: Kept): string {
  if (write(`drill/${id}`, JSON.stringify(kept)) || complained) return '';
  complained = true;
  return 'This browser does not let the page keep anything, so a reload begins anew. Free some storage or allow it for this site; the drill itself goes on.';
}

/** `wrong`: why what was kept cannot be used. */
export function keptDrill(id: string, stamp?: string): { kept: Kept; wrong: string } {
  const text = read(`drill/${id}`);
  if (text === null) return { kept: NOTHING_KEPT, wrong: '' };
  const kept = asKept(parse(text));
  if (!kept) return { kept: NOTHING_KEPT, wrong: 'What this browser kept of the drill is damaged. It starts anew.' };
  const { log } = kept;
  if (log && stamp !== undefined && (log.stamp !== stamp || log.version !== LOG_VERSION)) {
    return { kept: { ...kept, log: null }, wrong: 'The drill has changed since your last visit, so it starts anew. What you had solved stays solved.' };
  }
  return { kept, wrong: '' };
}

const parse = (text: string): unknown => { try { return JSON.parse(text); } catch { return null; } };
const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value);

/** A log from outside is believed only as far as its shape goes. */
export function asLog(value: unknown): RunLog | null {
  if (!isRecord(value)) return null;
  const { version, scenario, stamp, seed, now, typed, resizes } = value;
  const timed = (list: unknown): boolean => Array.isArray(list) && list.every((each) => isRecord(each) && Number.isSafeInteger(each['at']) && Number.isSafeInteger(each['seq']) && isRecord(each['action']) && typeof each['action']['kind'] === 'string');
  const whole = Number.isSafeInteger(version) && typeof scenario === 'string' && typeof stamp === 'string' && Number.isSafeInteger(seed) && Number.isSafeInteger(now) && Number(now) <= LATEST_US
    && Array.isArray(typed) && typed.every((each) => isRecord(each) && typeof each['label'] === 'string' && timed(each['actions'])) && timed(resizes);
  return whole ? value as unknown as RunLog : null;
}

function asKept(value: unknown): Kept | null {
  if (!isRecord(value)) return null;
  const log = value['log'] === null ? null : asLog(value['log']);
  if (value['log'] !== null && !log) return null;
  const number = (key: string): number => (Number.isSafeInteger(value[key]) ? Number(value[key]) : 0);
  return { log, hintsShown: Math.max(0, number('hintsShown')), step: number('step'), active: typeof value['active'] === 'string' ? value['active'] : '', solved: value['solved'] === true, speed: value['speed'] === 0 || value['speed'] === 10 ? value['speed'] : 1 };
}

// ---- all of it at once

const drillKeys = (): string[] => { try { return Object.keys(localStorage).filter((key) => key.startsWith(DRILL)); } catch { return []; } };

export type Progress = Readonly<Record<string, 'begun' | 'solved'>>;

export function progress(): Progress {
  const out: Record<string, 'begun' | 'solved'> = {};
  for (const key of drillKeys()) {
    const { kept } = keptDrill(key.slice(DRILL.length));
    if (kept.solved) out[key.slice(DRILL.length)] = 'solved';
    else if (kept.log?.typed.length) out[key.slice(DRILL.length)] = 'begun';
  }
  return out;
}

export const exportProgress = (): string => `${JSON.stringify({
  firedrill: 1, drills: Object.fromEntries(drillKeys().map((key) => [key.slice(DRILL.length), parse(read(key.slice(PREFIX.length)) ?? '')])),
}, null, 1)}\n`;

/** Takes over an exported file. A sentence about what happened. */
export function importProgress(text: string): { ok: boolean; said: string } {
  const value = parse(text);
  if (!isRecord(value) || value['firedrill'] !== 1 || !isRecord(value['drills'])) return { ok: false, said: 'This is not a file of Firedrill’s progress. Nothing was changed.' };
  let taken = 0, damaged = 0;
  for (const [id, each] of Object.entries(value['drills'])) {
    const kept = asKept(each);
    if (!kept || !/^[\w.-]{1,40}$/.test(id)) { damaged++; continue; }
    if (!write(`drill/${id}`, JSON.stringify(kept))) return { ok: false, said: 'This browser has no room for it. Nothing more was taken over.' };
    taken++;
  }
  return { ok: damaged === 0, said: `${taken} ${taken === 1 ? 'drill' : 'drills'} taken over${damaged ? `, ${damaged} damaged and left out` : ''}.` };
}

export function forgetProgress(): void { try { for (const key of drillKeys()) localStorage.removeItem(key); } catch { /* there was nothing */ } }

// ---- choices

export type Scheme = 'auto' | 'light' | 'dark';
export function readScheme(): Scheme {
  const value = read('scheme');
  return value === 'light' || value === 'dark' ? value : 'auto';
}
export function saveScheme(scheme: Scheme): void {
  if (scheme === 'auto') delete document.documentElement.dataset['scheme'];
  else document.documentElement.dataset['scheme'] = scheme;
  write('scheme', scheme);
}

export const readChoice = (name: string): string => read(`choice/${name}`) ?? '';
export const saveChoice = (name: string, value: string): void => { write(`choice/${name}`, value); };
