/**
 * What the emulated release is made of: Gravity 6.0.0-alpha.1.53 (commit eec53aa4e of 2019-05-01) with
 * Planet 6.0.0-11401, and the release that ~/upgrade holds, 6.0.0-beta.1 of 2019-05-20. Plain constants.
 */

export interface Release {
  /** The version of gravity itself and of the applications that follow it. */
  readonly gravity: string;
  readonly planet: string;
  readonly teleport: string;
  readonly commit: string;
  readonly etcd: string;
  readonly kubernetes: string;
  readonly docker: string;
  /** Of Helm's server, which tiller-app brings. */
  readonly tiller: string;
  /** System applications in the order of installation: [name, version]. */
  readonly apps: readonly (readonly [string, string])[];
}

const common = { teleport: '3.2.5', etcd: '3.3.12', kubernetes: 'v1.14.1', docker: '18.09.5' };

export const ALPHA: Release = {
  ...common,
  gravity: '6.0.0-alpha.1.53',
  planet: '6.0.0-11401',
  tiller: '2.12.0',
  commit: 'eec53aa4e0ab9dc2d1a7b9d2f4bb6f0a3ed3b3c1',
  apps: [
    ['rbac-app', '6.0.0-alpha.1.53'], ['dns-app', '0.3.0'], ['bandwagon', '5.3.0'], ['logging-app', '5.0.2'],
    ['monitoring-app', '6.0.0'], ['tiller-app', '5.5.1'], ['site', '6.0.0-alpha.1.53'], ['kubernetes', '6.0.0-alpha.1.53'],
  ],
};

export const BETA: Release = {
  ...common,
  gravity: '6.0.0-beta.1',
  planet: '6.0.1-11401',
  tiller: '2.13.1',
  commit: '5d1b2bb3f7a4c0a8a5e1b7c0e88b2b5f6f0b6a77',
  apps: [
    ['rbac-app', '6.0.0-beta.1'], ['dns-app', '0.3.0'], ['bandwagon', '5.3.0'], ['logging-app', '5.0.2'],
    ['monitoring-app', '6.0.1'], ['tiller-app', '6.0.0'], ['site', '6.0.0-beta.1'], ['kubernetes', '6.0.0-beta.1'],
  ],
};

export const RELEASES: readonly Release[] = [ALPHA, BETA];

/** The application that the cluster is an installation of; its version is gravity's own. */
export const APP = 'telekube';
export const REPOSITORY = 'gravitational.io';

export const appVersion = (release: Release, app: string): string => release.apps.find(([name]) => name === app)?.[1] ?? release.gravity;

export const releaseOf = (gravity: string): Release | undefined => RELEASES.find((release) => release.gravity === gravity);

/** Order of two versions as semver has it: numbers, then pre-release identifiers (semver.org 2.0, item 11). */
export function compareVersions(a: string, b: string): number {
  const [coreA = '', preA] = splitOnce(a.split('+')[0]!, '-');
  const [coreB = '', preB] = splitOnce(b.split('+')[0]!, '-');
  const core = compareLists(coreA.split('.'), coreB.split('.'));
  if (core) return core;
  if (preA === undefined || preB === undefined) return preA === preB ? 0 : preA === undefined ? 1 : -1;
  return compareLists(preA.split('.'), preB.split('.'));
}

function splitOnce(text: string, at: string): [string, string | undefined] {
  const i = text.indexOf(at);
  return i < 0 ? [text, undefined] : [text.slice(0, i), text.slice(i + 1)];
}

function compareLists(a: readonly string[], b: readonly string[]): number {
  for (let i = 0; i < Math.max(a.length, b.length); i++) {
    const x = a[i], y = b[i];
    if (x === undefined || y === undefined) return x === undefined ? -1 : 1;
    const numeric = /^\d+$/.test(x) && /^\d+$/.test(y);
    const order = numeric ? Number(x) - Number(y) : x < y ? -1 : x > y ? 1 : 0;
    if (order) return order;
  }
  return 0;
}

/** "gravitational.io/planet:6.0.0-11401" in its parts, or null. */
export function parseLocator(text: string): { repository: string; name: string; version: string } | null {
  const m = /^([^/]+)\/([^:/]+):(\S+)$/.exec(text);
  return m ? { repository: m[1]!, name: m[2]!, version: m[3]! } : null;
}
