/**
 * helm, the client of Helm 2.13.1: what it asks of Tiller, and of its own files. It renders no charts: what
 * would need one ends with an error.
 */
import { err, out } from '../../../sim/proc/libc.ts';
import { fetchOnce, goError } from '../../../sim/proc/http.ts';
import type { Json, Start, Sys } from '../../../sim/proc/program.ts';
import { call } from '../../../sim/proc/syscalls.ts';
import { commandWords, flagTable, parseFlags, type Flag, type Flags } from '../kubectl/flags.ts';
import type { Obj } from '../kubectl/object.ts';
import { distance } from '../kubectl/verb.ts';
import { readYaml } from '../kubectl/yaml-read.ts';
import { toJson, toYaml } from '../kubectl/yaml.ts';
import { getText, historyTable, listTable, releasesOf, sortReleases, statusText, toRelease, type Release } from './releases.ts';
import { ask, connectTiller, type Asked, type Tiller } from './tiller.ts';

const VERSION = { semVer: 'v2.13.1', gitCommit: '618447cbf203d147601b4b9bd7f8c37a5d39fbb4', gitTreeState: 'clean' };

const globals = flagTable(`
  debug bool enable verbose output
  home string location of your Helm config. Overrides $HELM_HOME
  host string address of Tiller. Overrides $HELM_HOST
  kube-context string name of the kubeconfig context to use
  kubeconfig string absolute path to the kubeconfig file to use
  tiller-connection-timeout int=300 the duration (in seconds) Helm will wait to establish a connection to tiller
  tiller-namespace string=kube-system namespace of Tiller
`);
const tls = flagTable(`
  tls bool enable TLS for request
  tls-ca-cert string path to TLS CA certificate file
  tls-cert string path to TLS certificate file
  tls-hostname string the server name used to verify the hostname on the returned certificates from the server
  tls-key string path to TLS key file
  tls-verify bool enable TLS for request and verify remote
`);

interface Helm { start: Start; flags: Flags; args: readonly string[]; home: string }
interface Verb { name: string; aliases?: readonly string[]; usage: string; short: string; flags?: readonly Flag[]; subs?: readonly Verb[]; run?: (h: Helm) => Sys<number> }

function* fail(text: string): Sys<number> {
  yield* err(`Error: ${text}\n`);
  return 1;
}

/** Connects, runs, and says what went wrong. */
function* withTiller(h: Helm, run: (tiller: Tiller) => Sys<Asked<number>>): Sys<number> {
  const host = h.flags.str('host') || h.start.env['HELM_HOST'] || '';
  const tiller: Asked<Tiller> = host ? { ok: true, value: { host } } : yield* connectTiller(h.start, h.flags);
  if (!tiller.ok) return yield* fail(tiller.error);
  const result = yield* run(tiller.value);
  return result.ok ? result.value : yield* fail(result.error);
}

const done: Asked<number> = { ok: true, value: 0 };

// --- list

const FILTERS = [['deployed', 'DEPLOYED'], ['deleted', 'DELETED'], ['deleting', 'DELETING'], ['failed', 'FAILED']] as const;
const ALL = ['UNKNOWN', 'DEPLOYED', 'DELETED', 'DELETING', 'FAILED', 'SUPERSEDED', 'PENDING_INSTALL', 'PENDING_UPGRADE', 'PENDING_ROLLBACK'];

function wantedStatuses(flags: Flags): string[] {
  if (flags.bool('all')) return ALL;
  const wanted: string[] = FILTERS.filter(([flag]) => flags.bool(flag)).map(([, status]) => status);
  if (flags.bool('pending')) wanted.push('PENDING_INSTALL', 'PENDING_UPGRADE', 'PENDING_ROLLBACK');
  return wanted.length ? wanted : ['DEPLOYED', 'FAILED'];
}

function* runList(h: Helm): Sys<number> {
  const { flags } = h;
  return yield* withTiller(h, function* list(tiller) {
    const got = yield* ask(tiller, '/releases?all=true', flags);
    if (!got.ok) return got;
    const statuses = wantedStatuses(flags);
    let shown = releasesOf(got.value).filter((one) => statuses.includes(one.status.replaceAll('-', '_')) && (!flags.str('namespace') || one.namespace === flags.str('namespace')));
    const [filter] = h.args;
    if (filter) {
      const pattern = compile(filter);
      if (!pattern) return { ok: false, error: `error parsing regexp: invalid or unsupported Perl syntax: \`${filter}\`` };
      shown = shown.filter((one) => pattern.test(one.name));
    }
    shown = sortReleases(shown, flags.bool('date'), flags.bool('reverse'));
    const from = flags.str('offset') ? shown.findIndex((one) => one.name === flags.str('offset')) : 0;
    const most = flags.int('max') || 256;
    const next = shown[from + most];
    shown = shown.slice(Math.max(0, from), Math.max(0, from) + most);
    const format = flags.str('output');
    if (format === 'json' || format === 'yaml') yield* out(shownAs(format, { Next: next?.name ?? '', Releases: shown.map(listed) }));
    else if (format && format !== 'table') return { ok: false, error: `unknown output format ${JSON.stringify(format)}` };
    else if (flags.bool('short')) yield* out(shown.map((one) => `${one.name}\n`).join(''));
    else if (shown.length) yield* out((next ? `\tnext: ${next.name}\n` : '') + listTable(shown, flags.int('col-width')));
    return done;
  });
}

function compile(text: string): RegExp | null {
  try { return new RegExp(text); } catch { return null; }
}

const listed = (one: Release): Obj => ({ Name: one.name, Revision: one.revision, Updated: one.updated, Status: one.status, Chart: one.chart, AppVersion: one.appVersion, Namespace: one.namespace });
const shownAs = (format: string, value: Obj): string => (format === 'json' ? `${toJson(value, '', false)}\n` : toYaml(value));

// --- one release

function* release(tiller: Tiller, h: Helm, name: string): Sys<Asked<Release>> {
  const got = yield* ask(tiller, `/releases/${encodeURIComponent(name)}${h.flags.has('revision') && h.flags.int('revision') ? `?revision=${h.flags.int('revision')}` : ''}`, h.flags);
  return got.ok ? { ok: true, value: toRelease(got.value as Obj) } : got;
}

const NEED_NAME = 'release name is required';

function* runStatus(h: Helm): Sys<number> {
  if (!h.args.length) return yield* fail(NEED_NAME);
  return yield* withTiller(h, function* status(tiller) {
    const got = yield* release(tiller, h, h.args[0]!);
    if (!got.ok) return { ok: false, error: `getting deployed release ${JSON.stringify(h.args[0])}: ${got.error}` };
    const format = h.flags.str('output');
    if (format && format !== 'json' && format !== 'yaml') return { ok: false, error: `Unknown output format ${JSON.stringify(format)}` };
    yield* out(format ? shownAs(format, { name: got.value.name, info: { status: { code: got.value.status, resources: got.value.resources, notes: got.value.notes }, last_deployed: got.value.updated }, namespace: got.value.namespace }) : statusText(got.value));
    return done;
  });
}

function* runHistory(h: Helm): Sys<number> {
  if (!h.args.length) return yield* fail(NEED_NAME);
  return yield* withTiller(h, function* history(tiller) {
    const got = yield* ask(tiller, `/history/${encodeURIComponent(h.args[0]!)}?max=${h.flags.int('max')}`, h.flags);
    if (!got.ok) return got;
    const rows = releasesOf(got.value).sort((a, b) => a.revision - b.revision).slice(-Math.max(1, h.flags.int('max')));
    const format = h.flags.str('output');
    if (format !== 'table' && format !== 'json' && format !== 'yaml') return { ok: false, error: `unknown output format ${JSON.stringify(format)}` };
    yield* out(format === 'table' ? historyTable(rows, h.flags.int('col-width')) : shownAs(format, rows.map((one) => ({ revision: one.revision, updated: one.updated, status: one.status, chart: one.chart, description: one.description })) as unknown as Obj));
    return done;
  });
}

function* runGet(h: Helm, part: (one: Release) => string): Sys<number> {
  if (!h.args.length) return yield* fail(NEED_NAME);
  return yield* withTiller(h, function* get(tiller) {
    const got = yield* release(tiller, h, h.args[0]!);
    if (!got.ok) return got;
    yield* out(part(got.value));
    return done;
  });
}

/** What changes a release is Tiller's to do: it is asked, and its answer told. */
function* runChange(h: Helm, path: string, body: Json, said: string): Sys<number> {
  return yield* withTiller(h, function* change(tiller) {
    const got = yield* ask(tiller, path, h.flags, 'POST', body);
    if (!got.ok) return got;
    yield* out(said);
    return done;
  });
}

// --- version

const goVersion = (v: Obj): string => `&version.Version{SemVer:${JSON.stringify(v['semVer'] ?? v['SemVer'] ?? '')}, GitCommit:${JSON.stringify(v['gitCommit'] ?? v['GitCommit'] ?? '')}, GitTreeState:${JSON.stringify(v['gitTreeState'] ?? v['GitTreeState'] ?? 'clean')}}`;
const shortVersion = (v: Obj): string => `${v['semVer'] ?? v['SemVer'] ?? ''}+g${String(v['gitCommit'] ?? v['GitCommit'] ?? '').slice(0, 7)}`;

function* runVersion(h: Helm): Sys<number> {
  const [client, server] = [h.flags.bool('client'), h.flags.bool('server')];
  const show = h.flags.bool('short') ? shortVersion : goVersion;
  if (client || !server) yield* out(`Client: ${show(VERSION)}\n`);
  if (client && !server) return 0;
  return yield* withTiller(h, function* version(tiller) {
    const got = yield* ask(tiller, '/version', h.flags);
    if (!got.ok) return { ok: false, error: 'cannot connect to Tiller' };
    yield* out(`Server: ${show(got.value as Obj)}\n`);
    return done;
  });
}

// --- its own files

const repositories = (h: Helm): string => `${h.home}/repository/repositories.yaml`;
const NO_REPOS = (path: string): string => `Couldn't load repositories file (${path}).\nYou might need to run \`helm init\` (or \`helm init --client-only\` if tiller is already installed)`;

interface Repo { name: string; url: string }

function* repos(h: Helm): Sys<Asked<Repo[]>> {
  const path = repositories(h);
  const text = yield* call('readFile', { path });
  if (!text.ok) return { ok: false, error: NO_REPOS(path) };
  const read = readYaml(text.value);
  return read.ok ? { ok: true, value: ((read.value as Obj | null)?.['repositories'] ?? []) as Repo[] } : { ok: false, error: read.error };
}

const saveRepos = (h: Helm, list: readonly Repo[], now: string): Sys<unknown> =>
  call('writeFile', { path: repositories(h), text: toYaml({ apiVersion: 'v1', generated: now, repositories: list.map((one) => ({ caFile: '', cache: `${one.name}-index.yaml`, certFile: '', keyFile: '', name: one.name, password: '', url: one.url, username: '' })) }) });

/** A chart repository's index, kept in the cache. */
function* fetchIndex(h: Helm, name: string, url: string): Sys<string | null> {
  const index = `${url.replace(/\/$/, '')}/index.yaml`;
  const got = yield* fetchOnce(index, { connectTimeoutUs: 30_000_000 });
  if (!got.ok) return `Get ${index}: ${goError(got.error)}`;
  if (got.response.status !== 200) return `Failed to fetch ${index} : ${got.response.status}`;
  yield* call('writeFile', { path: `${h.home}/repository/cache/${name}-index.yaml`, text: String(got.response.body) });
  return null;
}

const STABLE = 'https://kubernetes-charts.storage.googleapis.com';

function* runInit(h: Helm): Sys<number> {
  for (const directory of ['', '/repository', '/repository/cache', '/repository/local', '/plugins', '/starters', '/cache', '/cache/archive']) {
    const path = h.home + directory;
    const made = yield* call('mkdir', { path, mode: 0o755 });
    if (made.ok && directory !== '/cache') yield* out(`Creating ${path} \n`);
    else if (!made.ok && made.errno !== 'EEXIST') return yield* fail(`Could not create ${path}: mkdir ${path}: permission denied`);
  }
  const known = yield* repos(h);
  if (!known.ok) {
    yield* out(`Creating ${repositories(h)} \n`);
    const url = h.flags.str('stable-repo-url');
    yield* out(`Adding stable repo with URL: ${url} \n`);
    const problem = h.flags.bool('skip-refresh') ? null : yield* fetchIndex(h, 'stable', url);
    if (problem) return yield* fail(`Looks like ${JSON.stringify(url)} is not a valid chart repository or cannot be reached: ${problem}`);
    yield* saveRepos(h, [{ name: 'stable', url }], '2019-03-20T00:00:00Z');
  }
  yield* out(`$HELM_HOME has been configured at ${h.home}.\n`);
  if (h.flags.bool('client-only')) {
    yield* out('Not installing Tiller due to \'client-only\' flag having been set\nHappy Helming!\n');
    return 0;
  }
  return yield* withTiller(h, function* installed() {
    yield* out('Warning: Tiller is already installed in the cluster.\n(Use --client-only to suppress this message, or --upgrade to upgrade Tiller to the current version.)\nHappy Helming!\n');
    return done;
  });
}

function* runRepo(h: Helm, what: 'list' | 'add' | 'remove' | 'update'): Sys<number> {
  const known = yield* repos(h);
  if (!known.ok) return yield* fail(known.error);
  if (what === 'list') {
    if (!known.value.length) return yield* fail('no repositories to show');
    const wide = Math.max(4, ...known.value.map((one) => one.name.length));
    const far = Math.max(3, ...known.value.map((one) => one.url.length));
    yield* out(`${'NAME'.padEnd(wide)}\t${'URL'.padEnd(far)}\n${known.value.map((one) => `${one.name.padEnd(wide)}\t${one.url.padEnd(far)}\n`).join('')}`);
    return 0;
  }
  if (what === 'update') {
    if (!known.value.length) return yield* fail('no repositories found. You must add one before updating');
    yield* out('Hang tight while we grab the latest from your chart repositories...\n');
    for (const one of known.value) {
      const problem = yield* fetchIndex(h, one.name, one.url);
      yield* out(problem ? `...Unable to get an update from the ${JSON.stringify(one.name)} chart repository (${one.url}):\n\t${problem}\n` : `...Successfully got an update from the ${JSON.stringify(one.name)} chart repository\n`);
    }
    yield* out('Update Complete. ⎈ Happy Helming!⎈ \n');
    return 0;
  }
  const [name, url] = h.args;
  if (what === 'add') {
    if (!name || !url || h.args.length !== 2) return yield* fail(`This command needs 2 arguments: name for the chart repository, the url of the chart repository`);
    const problem = yield* fetchIndex(h, name, url);
    if (problem) return yield* fail(`Looks like ${JSON.stringify(url)} is not a valid chart repository or cannot be reached: ${problem}`);
    yield* saveRepos(h, [...known.value.filter((one) => one.name !== name), { name, url }], '2019-03-20T00:00:00Z');
    yield* out(`${JSON.stringify(name)} has been added to your repositories\n`);
    return 0;
  }
  if (!name) return yield* fail('need at least one argument, name of chart repository');
  if (!known.value.some((one) => one.name === name)) return yield* fail(`no repo named ${JSON.stringify(name)} found`);
  yield* saveRepos(h, known.value.filter((one) => one.name !== name), '2019-03-20T00:00:00Z');
  yield* out(`${JSON.stringify(name)} has been removed from your repositories\n`);
  return 0;
}

function* runSearch(h: Helm): Sys<number> {
  const known = yield* repos(h);
  if (!known.ok) return yield* fail(known.error);
  const rows: string[][] = [];
  for (const one of known.value) {
    const text = yield* call('readFile', { path: `${h.home}/repository/cache/${one.name}-index.yaml` });
    if (!text.ok) { yield* err(`WARNING: Repo ${JSON.stringify(one.name)} is corrupt or missing. Try 'helm repo update'.\n`); continue; }
    const read = readYaml(text.value);
    for (const [name, versions] of Object.entries((read.ok ? (read.value as Obj | null)?.['entries'] ?? {} : {}) as Record<string, Obj[]>)) {
      const [latest] = versions;
      if (latest && `${name} ${latest['description'] ?? ''} ${((latest['keywords'] ?? []) as string[]).join(' ')}`.toLowerCase().includes((h.args[0] ?? '').toLowerCase())) rows.push([`${one.name}/${name}`, String(latest['version']), String(latest['appVersion'] ?? ''), String(latest['description'] ?? '')]);
    }
  }
  if (!rows.length) { yield* out('No results found\n'); return 0; }
  const all = [['NAME', 'CHART VERSION', 'APP VERSION', 'DESCRIPTION'], ...rows];
  const widths = all[0]!.map((_, i) => Math.min(60, Math.max(...all.map((row) => row[i]!.length))));
  yield* out(`${all.map((row) => row.map((cell, i) => (cell.length > widths[i]! ? `${cell.slice(0, widths[i]! - 3)}...` : cell.padEnd(widths[i]!))).join('\t')).join('\n')}\n`);
  return 0;
}

/** A chart by path or by repository: found first, as helm does before it talks to Tiller. */
function* needChart(h: Helm, name: string | undefined, missing: string): Sys<number> {
  if (!name) return yield* fail(missing);
  const local = yield* call('stat', { path: name });
  if (local.ok) {
    const chart = yield* call('stat', { path: `${name}/Chart.yaml` });
    if (local.value.type === 'dir' && !chart.ok) return yield* fail(`no Chart.yaml exists in directory ${JSON.stringify(name)}`);
    if (local.value.type !== 'dir') return yield* fail(`file ${JSON.stringify(name)} does not appear to be a gzipped archive; got 'application/octet-stream'`);
    return yield* withTiller(h, function* send(tiller) {
      const got = yield* ask(tiller, '/releases', h.flags, 'POST', { chart: name });
      return got.ok ? done : got;
    });
  }
  if (name.startsWith('.') || name.startsWith('/')) return yield* fail(`path ${JSON.stringify(name)} not found`);
  const known = yield* repos(h);
  if (!known.ok) return yield* fail(known.error);
  const [repo, chart] = name.split('/');
  if (chart && !known.value.some((one) => one.name === repo)) return yield* fail(`repo ${repo} not found`);
  return yield* fail(`failed to download ${JSON.stringify(name)} (hint: running \`helm repo update\` may help)`);
}

function* eachOf(h: Helm, act: (name: string) => Sys<number>): Sys<number> {
  if (!h.args.length) return yield* fail("command 'delete' requires a release name");
  for (const name of h.args) {
    const status = yield* act(name);
    if (status) return status;
  }
  return 0;
}

// --- the commands

const output = flagTable('output string Prints the output in the specified format (json|table|yaml)');

const verbs: readonly Verb[] = [
  { name: 'delete', aliases: ['del'], usage: 'delete [flags] RELEASE_NAME [...]', short: 'Given a release name, delete the release from Kubernetes', flags: [...tls, ...flagTable('dry-run bool Simulate a delete\nno-hooks bool Prevent hooks from running during deletion\npurge bool Remove the release from the store and make its name free for later use\ntimeout int=300 Time in seconds to wait for any individual Kubernetes operation\ndescription string Specify a description for the release')],
    run: (h) => eachOf(h, (name) => runChange(h, `/releases/${encodeURIComponent(name)}/delete`, { purge: h.flags.bool('purge'), dryRun: h.flags.bool('dry-run') }, `release ${JSON.stringify(name)} deleted\n`)) },
  { name: 'get', usage: 'get [flags] RELEASE_NAME', short: 'Download a named release', flags: [...tls, ...flagTable('revision int=0 Get the named release with revision')], run: (h) => runGet(h, getText), subs: [
    { name: 'manifest', usage: 'manifest [flags] RELEASE_NAME', short: 'Download the manifest for a named release', flags: [...tls, ...flagTable('revision int=0 Get the named release with revision')], run: (h) => runGet(h, (one) => `${one.manifest}\n`) },
    { name: 'notes', usage: 'notes [flags] RELEASE_NAME', short: 'Displays the notes of the named release', flags: [...tls, ...flagTable('revision int=0 Get the notes of the named release with revision')], run: (h) => runGet(h, (one) => (one.notes ? `NOTES:\n${one.notes}\n` : '')) },
    { name: 'values', usage: 'values [flags] RELEASE_NAME', short: 'Download the values file for a named release', flags: [...tls, ...flagTable('all,a bool Dump all (computed) values\nrevision int=0 Get the named release with revision')], run: (h) => runGet(h, (one) => `${(h.flags.bool('all') ? one.computed : one.values) || '{}'}\n`) },
  ] },
  { name: 'history', aliases: ['hist'], usage: 'history [flags] RELEASE_NAME', short: 'Fetch release history', flags: [...tls, ...flagTable('col-width int=60 Specifies the max column width of output\nmax int=256 Maximum number of revision to include in history\noutput,o string=table Prints the output in the specified format (json|table|yaml)')], run: runHistory },
  { name: 'home', usage: 'home', short: 'Displays the location of HELM_HOME', run: function* home(h) { yield* out(`${h.home}\n`); return 0; } },
  { name: 'init', usage: 'init', short: 'Initialize Helm on both client and server', flags: [...tls, ...flagTable(`client-only,c bool If set does not install Tiller\nskip-refresh bool Do not refresh (download) the local repository cache\nstable-repo-url string=${STABLE} URL for stable repository\nupgrade bool Upgrade if Tiller is already installed\nwait bool Block until Tiller is running and ready to receive requests`)], run: runInit },
  { name: 'install', usage: 'install [CHART]', short: 'Install a chart archive', flags: [...tls, ...flagTable('name,n string The release name. If unspecified, it will autogenerate one for you\nnamespace string Namespace to install the release into\nset array Set values on the command line\nvalues,f strings Specify values in a YAML file or a URL\nversion string Specify the exact chart version to install\nwait bool Wait until all resources are ready\ndry-run bool Simulate an install\nrepo string Chart repository url where to locate the requested chart')], run: (h) => needChart(h, h.args[0], 'This command needs 1 argument: chart name') },
  { name: 'list', aliases: ['ls'], usage: 'list [flags] [FILTER]', short: 'List releases', flags: [...tls, ...output, ...flagTable('all,a bool Show all releases, not just the ones marked DEPLOYED\ncol-width int=60 Specifies the max column width of output\ndate,d bool Sort by release date\ndeleted bool Show deleted releases\ndeleting bool Show releases that are currently being deleted\ndeployed bool Show deployed releases. If no other is specified, this will be automatically enabled\nfailed bool Show failed releases\nmax,m int=256 Maximum number of releases to fetch\nnamespace string Show releases within a specific namespace\noffset,o string Next release name in the list, used to offset from start value\npending bool Show pending releases\nreverse,r bool Reverse the sort order\nshort,q bool Output short (quiet) listing format')], run: runList },
  { name: 'repo', usage: 'repo [FLAGS] add|remove|list|index|update [ARGS]', short: 'Add, list, remove, update, and index chart repositories', subs: [
    { name: 'add', usage: 'add [flags] [NAME] [URL]', short: 'Add a chart repository', run: (h) => runRepo(h, 'add') },
    { name: 'list', usage: 'list [flags]', short: 'List chart repositories', run: (h) => runRepo(h, 'list') },
    { name: 'remove', aliases: ['rm'], usage: 'remove [flags] [NAME]', short: 'Remove a chart repository', run: (h) => runRepo(h, 'remove') },
    { name: 'update', aliases: ['up'], usage: 'update', short: 'Update information of available charts locally from chart repositories', run: (h) => runRepo(h, 'update') },
  ] },
  { name: 'rollback', usage: 'rollback [flags] [RELEASE] [REVISION]', short: 'Rollback a release to a previous revision', flags: [...tls, ...flagTable('dry-run bool Simulate a rollback\nforce bool Force resource update through delete/recreate if needed\nwait bool Wait until all resources are ready')], run: function* rollback(h) {
    if (h.args.length < 2) return yield* fail('This command needs 2 arguments: release name, revision number');
    if (!/^-?\d+$/.test(h.args[1]!)) return yield* fail(`invalid revision number '${JSON.stringify(h.args[1])}': strconv.ParseInt: parsing ${JSON.stringify(h.args[1])}: invalid syntax`);
    return yield* runChange(h, `/releases/${encodeURIComponent(h.args[0]!)}/rollback`, { revision: Number(h.args[1]), dryRun: h.flags.bool('dry-run') }, 'Rollback was a success! Happy Helming!\n');
  } },
  { name: 'search', usage: 'search [keyword] [flags]', short: 'Search for a keyword in charts', flags: flagTable('col-width int=60 Specifies the max column width of output'), run: runSearch },
  { name: 'status', usage: 'status [flags] RELEASE_NAME', short: 'Displays the status of the named release', flags: [...tls, ...flagTable('output,o string Output the status in the specified format (json or yaml)\nrevision int=0 If set, display the status of the named release with revision')], run: runStatus },
  { name: 'upgrade', usage: 'upgrade [RELEASE] [CHART] [flags]', short: 'Upgrade a release', flags: [...tls, ...flagTable('install,i bool If a release by this name doesn\'t already exist, run an install\nnamespace string Namespace to install the release into\nset array Set values on the command line\nvalues,f strings Specify values in a YAML file or a URL\nversion string Specify the exact chart version to use\nwait bool Wait until all resources are ready\ndry-run bool Simulate an upgrade')], run: (h) => needChart(h, h.args[1], 'This command needs 2 arguments: release name, chart path') },
  { name: 'version', usage: 'version', short: 'Print the client/server version information', flags: [...tls, ...flagTable('client,c bool Client version only\nserver,s bool Server version only\nshort bool Print the version number')], run: runVersion },
];

const LONG = `The Kubernetes package manager

To begin working with Helm, run the 'helm init' command:

\t$ helm init

This will install Tiller to your running Kubernetes cluster.
It will also set up any necessary local configuration.

Common actions from this point include:

- helm search:    Search for charts
- helm fetch:     Download a chart to your local directory to view
- helm install:   Upload the chart to Kubernetes
- helm list:      List releases of charts
`;

/** pflag's own table of flags. */
function flagUsages(flags: readonly Flag[]): string {
  const rows = [...flags].sort((a, b) => (a.name < b.name ? -1 : 1)).map((flag) => {
    const type = flag.type === 'bool' ? '' : ` ${flag.type === 'array' ? 'stringArray' : flag.type}`;
    const value = flag.def && flag.def !== 'false' && flag.def !== '0' ? ` (default ${flag.type === 'string' ? JSON.stringify(flag.def) : flag.def})` : '';
    return [`  ${flag.short ? `-${flag.short}, ` : '    '}--${flag.name}${type}`, flag.help + value] as const;
  });
  const wide = Math.max(0, ...rows.map(([left]) => left.length)) + 3;
  return rows.map(([left, right]) => `${left.padEnd(wide)}${right}\n`).join('');
}

function helpOf(path: readonly Verb[], verb: Verb | null): string {
  const subs = verb ? verb.subs ?? [] : verbs;
  const line = ['helm', ...path.slice(0, -1).map((one) => one.name), verb?.usage ?? '[command]'].join(' ');
  const wide = Math.max(11, ...subs.map((sub) => sub.name.length));
  const commands = subs.length ? `\nAvailable Commands:\n${subs.map((sub) => `  ${sub.name.padEnd(wide)} ${sub.short}\n`).join('')}` : '';
  const own = verb?.flags?.length ? `\nFlags:\n${flagUsages(verb.flags)}` : '';
  const tail = subs.length ? `\nUse "helm ${[...path.map((one) => one.name), '[command]'].join(' ')} --help" for more information about a command.\n` : '';
  return `${verb ? `${verb.short}\n` : LONG}\nUsage:\n  ${line}\n${verb?.aliases?.length ? `\nAliases:\n  ${[verb.name, ...verb.aliases].join(', ')}\n` : ''}${commands}${own}\n${verb ? 'Global Flags' : 'Flags'}:\n${flagUsages(globals)}${tail}`;
}

export function* main(start: Start): Sys<number> {
  let rest = start.argv.slice(1);
  const path: Verb[] = [];
  for (;;) {
    const subs = path.length ? path.at(-1)!.subs : verbs;
    const at = commandWords(rest, [...(path.at(-1)?.flags ?? []), ...globals])[0];
    if (!subs || at === undefined) break;
    const word = rest[at]!;
    if (!path.length && word === 'help') { yield* out(helpOf(...helpTarget(rest.slice(at + 1)))); return 0; }
    const found = subs.find((verb) => verb.name === word || verb.aliases?.includes(word));
    if (!found) {
      if (path.at(-1)?.run) break;
      return path.length ? yield* groupHelp(path) : yield* unknown(word);
    }
    path.push(found);
    rest = rest.filter((_, i) => i !== at);
  }
  const verb = path.at(-1) ?? null;
  const parsed = parseFlags(rest, [...(verb?.flags ?? []), ...globals]);
  if (!parsed.ok) {
    if (!parsed.help) return yield* fail(parsed.error);
    yield* out(helpOf(path, verb));
    return 0;
  }
  if (!verb?.run) return yield* groupHelp(path);
  const { flags } = parsed;
  const home = flags.str('home') || start.env['HELM_HOME'] || `${start.env['HOME'] ?? ''}/.helm`;
  return yield* verb.run({ start, flags, args: flags.args, home });
}

function helpTarget(words: readonly string[]): [Verb[], Verb | null] {
  const path: Verb[] = [];
  for (const word of words) {
    const found: Verb | undefined = (path.at(-1)?.subs ?? verbs).find((verb) => verb.name === word || verb.aliases?.includes(word));
    if (!found) break;
    path.push(found);
  }
  return [path, path.at(-1) ?? null];
}

function* groupHelp(path: readonly Verb[]): Sys<number> {
  yield* out(helpOf(path, path.at(-1) ?? null));
  return 0;
}

function* unknown(word: string): Sys<number> {
  const near = verbs.filter((verb) => distance(word, verb.name) <= 2 || verb.name.startsWith(word));
  yield* err(`Error: unknown command ${JSON.stringify(word)} for "helm"${near.length ? `\n\nDid you mean this?\n${near.map((verb) => `\t${verb.name}\n`).join('')}` : ''}\nRun 'helm --help' for usage.\n`);
  return 1;
}

/** Commands, and the names of releases are not asked for: Tiller is slow to reach. */
export const commandNames: readonly string[] = [...verbs.map((verb) => verb.name), 'help'].sort();
