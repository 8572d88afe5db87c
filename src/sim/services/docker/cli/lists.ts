/** docker ps, images, inspect, info, version, stats, top: what the daemon has, as tables or JSON. */
import { err, out } from '../../../proc/libc.ts';
import type { Json, Sys } from '../../../proc/program.ts';
import { call } from '../../../proc/syscalls.ts';
import { humanDuration } from '../record.ts';
import { engine, humanSize, table } from './engine.ts';
import { on, one, type Parsed } from './flags.ts';

interface Summary { readonly Id: string; readonly Names: readonly string[]; readonly Image: string; readonly Command: string; readonly Created: number; readonly State: string; readonly Status: string; readonly Labels: Readonly<Record<string, string>> }
interface Picture { readonly Id: string; readonly RepoTags: readonly string[]; readonly Created: number; readonly Size: number }

export function* refuse(message: string, status = 1): Sys<number> {
  yield* err(`${message}\n`);
  return status;
}

/** name=…, id=…, label=…, status=… of --filter. */
function passes(c: Summary, filters: readonly string[]): boolean {
  return filters.every((f) => {
    const [key, value = ''] = f.split(/=(.*)/s);
    switch (key) {
      case 'name': return c.Names.some((n) => n.includes(value));
      case 'id': return c.Id.startsWith(value);
      case 'status': return c.State === value;
      case 'label': { const [k, v] = value.split(/=(.*)/s); return v === undefined ? k! in c.Labels : c.Labels[k!] === v; }
      default: return false;
    }
  });
}

function* realNow(): Sys<number> {
  const now = yield* call('now', {});
  return now.ok ? now.value.real : 0;
}

export function* ps(p: Parsed): Sys<number> {
  const bad = (p.values['filter'] ?? []).find((f) => !/^(name|id|status|label)=/.test(f));
  if (bad) return yield* refuse(`Error response from daemon: Invalid filter '${bad.split('=')[0]}'`);
  const got = yield* engine('GET', `/containers/json${on(p, 'all') ? '?all=1' : ''}`);
  if (!got.ok) return yield* refuse(got.message);
  let list = (got.body as unknown as Summary[]).filter((c) => passes(c, p.values['filter'] ?? []));
  if (one(p, 'last')) list = list.slice(0, Number(one(p, 'last')));
  if (on(p, 'latest')) list = list.slice(0, 1);
  const whole = on(p, 'no-trunc');
  const id = (c: Summary): string => (whole ? c.Id : c.Id.slice(0, 12));
  if (on(p, 'quiet')) { yield* out(list.map((c) => `${id(c)}\n`).join('')); return 0; }
  const now = yield* realNow();
  const command = (c: Summary): string => `"${whole || c.Command.length <= 20 ? c.Command : `${c.Command.slice(0, 19)}…`}"`;
  const name = (c: Summary): string => c.Names.map((n) => n.replace(/^\//, '')).join(',');
  const fields = (c: Summary): Record<string, string> => ({ ID: id(c), Image: c.Image, Command: command(c), CreatedAt: String(c.Created), RunningFor: `${humanDuration(now - c.Created * 1e6)} ago`, Status: c.Status, Ports: '', Names: name(c) });
  const format = one(p, 'format');
  if (format) return yield* formatted(format, list.map(fields));
  yield* out(table([['CONTAINER ID', 'IMAGE', 'COMMAND', 'CREATED', 'STATUS', 'PORTS', 'NAMES'], ...list.map((c) => { const f = fields(c); return [f['ID']!, f['Image']!, f['Command']!, f['RunningFor']!, f['Status']!, '', f['Names']!]; })]));
  return 0;
}

/** --format '{{.ID}} {{.Names}}' */
function* formatted(format: string, rows: readonly Record<string, string>[]): Sys<number> {
  const plain = format.replace(/^table\s*/, '');
  const unknown = [...plain.matchAll(/\{\{\s*([^}]*?)\s*\}\}/g)].map((m) => m[1]!).find((e) => !/^(json )?\.(\w*)$/.test(e) || (rows[0] && e !== 'json .' && rows[0][e.replace(/^(json )?\./, '')] === undefined));
  if (unknown) return yield* refuse(`Template parsing error: template: :1:2: executing "" at <${unknown}>: can't evaluate field ${unknown.replace(/^\./, '')} in type *formatter.containerContext`);
  yield* out(rows.map((row) => `${plain.replace(/\{\{\s*json \.\s*\}\}/g, JSON.stringify(row)).replace(/\{\{\s*\.(\w+)\s*\}\}/g, (_m, name: string) => row[name] ?? '').replace(/\\t/g, '\t').replace(/\\n/g, '\n')}\n`).join(''));
  return 0;
}

export function* images(p: Parsed): Sys<number> {
  const got = yield* engine('GET', '/images/json');
  if (!got.ok) return yield* refuse(got.message);
  const now = yield* realNow();
  const wanted = p.args[0];
  const rows = (got.body as unknown as Picture[]).flatMap((image) => image.RepoTags.map((ref) => ({ image, repo: ref.slice(0, ref.lastIndexOf(':')), tag: ref.slice(ref.lastIndexOf(':') + 1) })))
    .filter((r) => wanted === undefined || r.repo === wanted || `${r.repo}:${r.tag}` === wanted);
  const id = (i: Picture): string => (on(p, 'no-trunc') ? i.Id : i.Id.replace('sha256:', '').slice(0, 12));
  if (on(p, 'quiet')) { yield* out(rows.map((r) => `${id(r.image)}\n`).join('')); return 0; }
  const fields = (r: (typeof rows)[number]): Record<string, string> => ({ Repository: r.repo, Tag: r.tag, ID: id(r.image), CreatedSince: `${humanDuration(now - r.image.Created * 1e6)} ago`, Size: humanSize(r.image.Size) });
  const format = one(p, 'format');
  if (format) return yield* formatted(format, rows.map(fields));
  yield* out(table([['REPOSITORY', 'TAG', 'IMAGE ID', 'CREATED', 'SIZE'], ...rows.map((r) => Object.values(fields(r)))]));
  return 0;
}

const at = (value: unknown, path: readonly string[]): unknown => path.reduce<unknown>((v, key) => (typeof v === 'object' && v !== null ? (v as Record<string, unknown>)[key] : undefined), value);

export function* inspect(p: Parsed): Sys<number> {
  if (!p.args.length) return yield* refuse('"docker inspect" requires at least 1 argument.\nSee \'docker inspect --help\'.\n\nUsage:  docker inspect [OPTIONS] NAME|ID [NAME|ID...]\n\nReturn low-level information on Docker objects');
  const found: Json[] = [];
  let status = 0;
  for (const name of p.args) {
    let got = yield* engine('GET', `/containers/${name}/json`);
    if (!got.ok && got.status === 404) got = yield* engine('GET', `/images/${name}/json`);
    if (got.ok) found.push(got.body);
    else {
      yield* err(got.status === 404 ? `Error: No such object: ${name}\n` : `${got.message}\n`);
      status = 1;
    }
  }
  const format = one(p, 'format');
  if (!format) yield* out(`${JSON.stringify(found, null, 4)}\n`);
  else for (const object of found) {
    yield* out(`${format.replace(/\{\{\s*(json )?\.([\w.]*)\s*\}\}/g, (_m, json: string | undefined, path: string) => {
      const value = at(object, path.split('.').filter(Boolean));
      return json ? JSON.stringify(value ?? null) : value === undefined ? '<no value>' : typeof value === 'object' ? goValue(value) : String(value);
    })}\n`);
  }
  return status;
}
const goValue = (v: unknown): string => (Array.isArray(v) ? `[${v.map((x) => (typeof x === 'object' && x !== null ? goValue(x) : String(x))).join(' ')}]` : typeof v === 'object' && v !== null ? `map[${Object.keys(v).sort().map((k) => `${k}:${goValue((v as Record<string, unknown>)[k])}`).join(' ')}]` : String(v));

export function* info(): Sys<number> {
  const got = yield* engine('GET', '/info');
  if (!got.ok) return yield* refuse(got.message);
  const i = got.body as Record<string, string | number>;
  yield* out(`Containers: ${i['Containers']}\n Running: ${i['ContainersRunning']}\n Paused: ${i['ContainersPaused']}\n Stopped: ${i['ContainersStopped']}\nImages: ${i['Images']}\nServer Version: ${i['ServerVersion']}\nStorage Driver: ${i['Driver']}\n Backing Filesystem: xfs\n Supports d_type: true\n Native Overlay Diff: true\nLogging Driver: ${i['LoggingDriver']}\nCgroup Driver: ${i['CgroupDriver']}\nPlugins:\n Volume: local\n Network: bridge host macvlan null overlay\n Log: awslogs fluentd gcplogs gelf journald json-file local logentries splunk syslog\nSwarm: inactive\nRuntimes: runc\nDefault Runtime: runc\nInit Binary: docker-init\nKernel Version: ${i['KernelVersion']}\nOperating System: ${i['OperatingSystem']}\nOSType: ${i['OSType']}\nArchitecture: ${i['Architecture']}\nCPUs: ${i['NCPU']}\nTotal Memory: ${(Number(i['MemTotal']) / 2 ** 30).toPrecision(4)}GiB\nName: ${i['Name']}\nDocker Root Dir: ${i['DockerRootDir']}\nDebug Mode (client): false\nDebug Mode (server): false\nRegistry: https://index.docker.io/v1/\nLabels:\nExperimental: false\nInsecure Registries:\n 127.0.0.0/8\nLive Restore Enabled: false\nProduct License: Community Engine\n\n`);
  return 0;
}

const CLIENT = 'Client:\n Version:           18.09.5\n API version:       1.39\n Go version:        go1.10.8\n Git commit:        e8ff056\n Built:             Thu Apr 11 04:43:57 2019\n OS/Arch:           linux/amd64\n Experimental:      false\n';
export function* version(): Sys<number> {
  yield* out(CLIENT);
  const got = yield* engine('GET', '/version');
  if (!got.ok) return yield* refuse(got.message);
  const v = got.body as Record<string, string>;
  yield* out(`\nServer: Docker Engine - Community\n Engine:\n  Version:          ${v['Version']}\n  API version:      ${v['ApiVersion']} (minimum version ${v['MinAPIVersion']})\n  Go version:       ${v['GoVersion']}\n  Git commit:       ${v['GitCommit']!.slice(0, 7)}\n  Built:            Thu Apr 11 04:13:40 2019\n  OS/Arch:          ${v['Os']}/${v['Arch']}\n  Experimental:     false\n`);
  return 0;
}

export function* top(p: Parsed): Sys<number> {
  if (!p.args.length) return yield* refuse('"docker top" requires at least 1 argument.\nSee \'docker top --help\'.\n\nUsage:  docker top CONTAINER [ps OPTIONS]\n\nDisplay the running processes of a container');
  const got = yield* engine('GET', `/containers/${p.args[0]}/top`);
  if (!got.ok) return yield* refuse(got.message);
  const { Titles, Processes } = got.body as unknown as { Titles: string[]; Processes: string[][] };
  yield* out(table([Titles, ...Processes]));
  return 0;
}

/** One reading of what each container uses. */
export function* stats(p: Parsed): Sys<number> {
  const got = yield* engine('GET', '/containers/json');
  if (!got.ok) return yield* refuse(got.message);
  if (!on(p, 'no-stream')) return yield* refuse('docker stats without --no-stream draws a moving picture: this terminal shows one reading only, with --no-stream');
  const list = (got.body as unknown as Summary[]).filter((c) => !p.args.length || p.args.some((a) => c.Id.startsWith(a) || c.Names.includes(`/${a}`)));
  const processes = yield* call('processes', {});
  const machine = yield* call('sysinfo', {});
  const total = machine.ok ? machine.value.memKb.total : 1;
  const uptime = machine.ok ? Math.max(1, machine.value.uptimeUs) : 1;
  const rows = list.map((c) => {
    const mine = (processes.ok ? processes.value : []).filter((x) => x.root === c.Id);
    const kb = mine.reduce((n, x) => n + x.rssKb, 0);
    const cpu = mine.reduce((n, x) => n + x.cpuUs, 0) / uptime;
    return [c.Id.slice(0, 12), c.Names[0]!.replace(/^\//, ''), `${(cpu * 100).toFixed(2)}%`, `${(kb / 1024).toPrecision(4)}MiB / ${(total / 2 ** 20).toPrecision(4)}GiB`, `${((kb / total) * 100).toFixed(2)}%`, '0B / 0B', '0B / 0B', String(mine.length)];
  });
  yield* out(table([['CONTAINER ID', 'NAME', 'CPU %', 'MEM USAGE / LIMIT', 'MEM %', 'NET I/O', 'BLOCK I/O', 'PIDS'], ...rows]));
  return 0;
}
