/**
 * Commands about this node's own store and services: version, package, check, system, app-package and the
 * like. `package command` is what the host's units run.
 */
import { capture } from '../../../sim/gravity/child.ts';
import { snapshot } from '../../../sim/gravity/backends.ts';
import { exists, readJson } from '../../../sim/gravity/files.ts';
import { parseStore, type PackageRecord } from '../../../sim/gravity/layout/packages.ts';
import { PACKAGE_DB, STATE_DIR, UNIT_DIR, unpackedDir } from '../../../sim/gravity/layout/paths.ts';
import { systemctl } from '../../../sim/gravity/phases/common.ts';
import { autofix, failedLine, isFixable, preflight } from '../../../sim/gravity/phases/preflight.ts';
import { parseLocator } from '../../../sim/gravity/versions.ts';
import { out, strerror } from '../../../sim/proc/libc.ts';
import type { Sys } from '../../../sim/proc/program.ts';
import { call } from '../../../sim/proc/syscalls.ts';
import { argument, failWith, on, text, type Invocation } from './invocation.ts';

export function* version(it: Invocation): Sys<number> {
  const { gravity, commit } = it.release;
  yield* out(text(it, 'output') === 'json'
    ? `${JSON.stringify({ edition: 'enterprise', version: gravity, gitCommit: commit, helm: 'v2.12' })}\n`
    : `Edition:\tenterprise\nVersion:\t${gravity}\nGit Commit:\t${commit}\nHelm Version:\tv2.12\n`);
  return 0;
}

function* packages(it: Invocation): Sys<readonly PackageRecord[] | number> {
  const read = yield* call('readFile', { path: PACKAGE_DB });
  if (!read.ok) return yield* failWith(it, `open ${PACKAGE_DB}: ${strerror(read.errno).toLowerCase()}`);
  return parseStore(read.value)?.packages ?? (yield* failWith(it, `${PACKAGE_DB}: invalid database`));
}

const megabytes = (bytes: number): string => (bytes < 1_000_000 ? `${(bytes / 1_000).toFixed(1)}kB` : `${Math.round(bytes / 1_000_000)}MB`);

export function* packageList(it: Invocation): Sys<number> {
  const all = yield* packages(it);
  if (typeof all === 'number') return all;
  const wanted = argument(it, 'repo') || text(it, 'repository');
  const repositories = [...new Set(all.map((each) => each.repository))].filter((name) => !wanted || name === wanted).sort();
  for (const repository of repositories) {
    const rows = all.filter((each) => each.repository === repository).map((each) => {
      const labels = Object.entries(each.labels).filter(([, value]) => value !== '').sort(([a], [b]) => (a < b ? 1 : -1)).map(([key, value]) => `${key}:${value}`).join(',');
      return `* ${repository}/${each.name}:${each.version} ${megabytes(each.sizeBytes)}${labels ? ` ${labels}` : ''}\n`;
    });
    yield* out(`\n[${repository}]\n${'-'.repeat(repository.length + 2)}\n\n${rows.sort().join('')}`);
  }
  return 0;
}

/** `package command start|stop PACKAGE CONFIG`: becomes the package's own program. */
export function* packageCommand(it: Invocation): Sys<number> {
  const locator = parseLocator(argument(it, 'package'));
  if (!locator) return yield* failWith(it, `failed to parse package locator: ${argument(it, 'package')}`);
  const verb = argument(it, 'command');
  const path = `${unpackedDir(locator.repository, locator.name, locator.version)}/rootfs/usr/bin/${locator.name}`;
  if (!(yield* exists(path))) return yield* failWith(it, `package ${argument(it, 'package')} not found`);
  if (verb === 'stop' && locator.name === 'teleport') return 0;
  if (verb !== 'start' && verb !== 'stop') return yield* failWith(it, `command ${JSON.stringify(verb)} is not found in the manifest of ${argument(it, 'package')}`);
  const config = parseLocator(argument(it, 'config'));
  const vars = config ? yield* readJson<{ args: readonly string[] }>(`${unpackedDir(config.repository, config.name, config.version)}/vars.json`) : null;
  if (verb === 'start' && !vars) return yield* failWith(it, `package ${argument(it, 'config')} not found`);
  const done = yield* call('exec', { path, argv: [path, verb, ...(verb === 'start' ? vars!.args : [])], env: it.start.env });
  return yield* failWith(it, `fork/exec ${path}: ${strerror(done.ok ? 'ENOEXEC' : done.errno).toLowerCase()}`);
}

export function* check(it: Invocation): Sys<number> {
  const manifest = argument(it, 'manifest');
  const read = yield* call('readFile', { path: manifest });
  if (!read.ok) return yield* failWith(it, `open ${manifest}: ${strerror(read.errno).toLowerCase()}`);
  if (text(it, 'profile') !== 'node') return yield* failWith(it, `node profile ${JSON.stringify(text(it, 'profile'))} not found`);
  if (on(it, 'autofix')) for (const said of yield* autofix()) yield* out(`${said}\n`);
  const failed = yield* preflight('host');
  if (!failed.length) return 0;
  const head = failed.some(isFixable) && !on(it, 'autofix') ? 'The following checks failed, provide --autofix flag to let gravity to autofix them:' : 'The following checks failed:';
  return yield* failWith(it, `${head}\n${failed.map(failedLine).join('').trimEnd()}`);
}

export function* stateDir(): Sys<number> {
  yield* out(`${STATE_DIR}\n`);
  return 0;
}

function* services(): Sys<{ name: string; locator: string }[]> {
  const names = yield* call('readdir', { path: UNIT_DIR });
  return (names.ok ? names.value : []).flatMap((name) => {
    const m = /^gravity__(.+)__(.+)__(.+)\.service$/.exec(name);
    return m ? [{ name, locator: `${m[1]}/${m[2]}:${m[3]}` }] : [];
  });
}

export function* serviceList(): Sys<number> {
  for (const { name, locator } of yield* services()) {
    const state = yield* systemctl('is-active', name);
    yield* out(`* ${locator} ${state.text.trim()}\n`);
  }
  return 0;
}

export function* serviceStatus(it: Invocation): Sys<number> {
  const wanted = argument(it, 'package');
  const found = (yield* services()).find(({ locator }) => locator === wanted);
  if (!found) return yield* failWith(it, `service for package ${wanted} not found`);
  const got = yield* systemctl('status', found.name, '--no-pager');
  yield* out(got.text);
  return got.status;
}

export function* localSite(it: Invocation): Sys<number> {
  const all = yield* packages(it);
  if (typeof all === 'number') return all;
  const name = all.find((each) => each.name.startsWith('planet-config'))?.repository;
  if (!name) return yield* failWith(it, 'no local cluster found');
  yield* out(name);
  return 0;
}

export function* appPackage(it: Invocation): Sys<number> {
  const all = yield* snapshot({ totalUs: 5_000_000, headerUs: 5_000_000 });
  if (!all?.site) return yield* failWith(it, 'no cluster found');
  const { repository, name, version: number } = all.site.app;
  yield* out(`${repository}/${name}:${number}`);
  return 0;
}

/** Inside Planet's own commands, for those who know them from there. */
export function* planetCommand(it: Invocation): Sys<number> {
  const words = it.parsed.path.slice(1);
  const done = yield* capture({ path: '/usr/bin/planet', argv: ['planet', ...words], root: 'planet', cwd: '/', env: {} });
  yield* out(done.text);
  return done.status;
}

