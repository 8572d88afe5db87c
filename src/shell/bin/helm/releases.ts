/** Releases as Helm prints them: the list, a status, a history. Pure. */
import type { Obj } from '../kubectl/object.ts';
import { byText } from '../kubectl/object.ts';
import { DESCRIBE, tabulate } from '../kubectl/tabwriter.ts';
import { ansic, parseTime } from '../kubectl/time.ts';

export interface Release {
  name: string; revision: number; updated: string; status: string; chart: string; appVersion: string; namespace: string;
  description: string; resources: string; notes: string; manifest: string; values: string; computed: string;
}

/** Whatever of a release Tiller tells. */
export function toRelease(raw: Obj): Release {
  const text = (...keys: readonly string[]): string => String(keys.map((key) => raw[key]).find((value) => value !== undefined && value !== null) ?? '');
  return {
    name: text('name'), revision: Number(raw['revision'] ?? raw['version'] ?? 1), updated: text('updated', 'lastDeployed'), status: text('status').toUpperCase(), chart: text('chart'), appVersion: text('appVersion'),
    namespace: text('namespace'), description: text('description'), resources: text('resources'), notes: text('notes'), manifest: text('manifest'), values: text('values', 'config'), computed: text('computed', 'computedValues'),
  };
}

export const releasesOf = (body: unknown): Release[] => (Array.isArray(body) ? (body as Obj[]) : (((body as Obj | null)?.['releases'] ?? []) as Obj[])).map(toRelease);

const when = (stamp: string): string => {
  const at = parseTime(stamp);
  return at === null ? stamp || '-' : ansic(at);
};

/** uitable: cells cut or padded to their column, tabs between, the last one padded too. */
export function uitable(rows: readonly (readonly string[])[], widest: number): string {
  const widths = (rows[0] ?? []).map((_, i) => Math.min(widest, Math.max(...rows.map((row) => row[i]!.length))));
  const fit = (text: string, width: number): string => (text.length > width ? `${text.slice(0, Math.max(0, width - 3))}...` : text.padEnd(width));
  return rows.map((row) => row.map((cell, i) => fit(cell, widths[i]!)).join('\t')).join('\n');
}

export function listTable(releases: readonly Release[], widest: number): string {
  const rows = releases.map((one) => [one.name, String(one.revision), when(one.updated), one.status, one.chart, one.appVersion, one.namespace]);
  return `${uitable([['NAME', 'REVISION', 'UPDATED', 'STATUS', 'CHART', 'APP VERSION', 'NAMESPACE'], ...rows], widest)}\n`;
}

export function historyTable(releases: readonly Release[], widest: number): string {
  const rows = releases.map((one) => [String(one.revision), when(one.updated), one.status, one.chart, one.description]);
  return `${uitable([['REVISION', 'UPDATED', 'STATUS', 'CHART', 'DESCRIPTION'], ...rows], widest)}\n`;
}

export function statusText(one: Release): string {
  const resources = one.resources ? `RESOURCES:\n${tabulate(`${one.resources.replace(/ {2,}/g, '\t')}\n`, DESCRIBE)}\n` : '';
  return `LAST DEPLOYED: ${when(one.updated)}\nNAMESPACE: ${one.namespace}\nSTATUS: ${one.status}\n\n${resources}${one.notes ? `NOTES:\n${one.notes}\n` : ''}`;
}

export const getText = (one: Release): string =>
  `REVISION: ${one.revision}\nRELEASED: ${when(one.updated)}\nCHART: ${one.chart}\nUSER-SUPPLIED VALUES:\n${one.values || '{}\n'}\nCOMPUTED VALUES:\n${one.computed || '{}\n'}\nHOOKS:\nMANIFEST:\n${one.manifest}\n`;

/** The order of --date and of names; -r turns it round. */
export function sortReleases(releases: readonly Release[], byDate: boolean, reverse: boolean): Release[] {
  const out = [...releases].sort((a, b) => (byDate ? (parseTime(a.updated) ?? 0) - (parseTime(b.updated) ?? 0) : 0) || byText(a.name, b.name));
  return reverse ? out.reverse() : out;
}
