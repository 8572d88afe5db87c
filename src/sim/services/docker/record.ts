/**
 * What dockerd knows of a container and an image, on disk and in the answers of its API.
 * Docker Engine 18.09, API v1.39.
 */
import type { Json } from '../../proc/program.ts';

export interface ContainerConfig {
  Image: string; Hostname?: string; User?: string; WorkingDir?: string; Tty?: boolean; OpenStdin?: boolean;
  Entrypoint?: readonly string[] | null; Cmd?: readonly string[] | null; Env?: readonly string[]; Labels?: Readonly<Record<string, string>>;
  HostConfig?: { Binds?: readonly string[]; NetworkMode?: string; Privileged?: boolean; PidMode?: string };
}

export interface ContainerRecord {
  id: string; name: string; image: string; imageId: string;
  /** Microseconds since 1970. */
  created: number;
  path: string; args: readonly string[]; env: readonly string[]; uid: number; workdir: string; hostname: string; tty: boolean; stdin: boolean;
  labels: Readonly<Record<string, string>>; binds: readonly string[];
  networkMode: string; netns: string; pidMode: string; privileged: boolean;
  status: 'created' | 'running' | 'exited' | 'dead';
  pid: number; exitCode: number; error: string; startedAt: number; finishedAt: number;
}

export const DATA = '/ext/docker';
export const SOCKET = '/var/run/docker.sock';
export const folderOf = (id: string): string => `${DATA}/containers/${id}`;
export const logOf = (id: string): string => `${folderOf(id)}/${id}-json.log`;
export const configOf = (id: string): string => `${folderOf(id)}/config.v2.json`;

const DAY_US = 86_400_000_000;
const two = (n: number, width = 2): string => String(n).padStart(width, '0');

/** RFC 3339 with nanoseconds, as Go prints times. */
export function rfc3339(us: number): string {
  if (us <= 0) return '0001-01-01T00:00:00Z';
  const date = new Date(Math.floor(us / 1000));
  const fraction = two(us % 1_000_000, 6).replace(/0+$/, '');
  const seconds = `${date.getUTCFullYear()}-${two(date.getUTCMonth() + 1)}-${two(date.getUTCDate())}T${two(date.getUTCHours())}:${two(date.getUTCMinutes())}:${two(date.getUTCSeconds())}`;
  return `${seconds}${fraction ? `.${fraction}` : ''}Z`;
}

/** Microseconds since 1970 of an RFC 3339 time or of seconds; null when it is neither. */
export function parseSince(text: string): number | null {
  if (/^\d+(\.\d+)?$/.test(text)) return Math.floor(Number(text) * 1_000_000);
  const m = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(\.\d+)?Z$/.exec(text);
  if (!m) return null;
  const [, y, mo, d, h, mi, s, f] = m;
  return Date.UTC(Number(y), Number(mo) - 1, Number(d), Number(h), Number(mi), Number(s)) * 1000 + Math.floor(Number(f ?? 0) * 1_000_000);
}

/** The `State` of an inspected container. */
export const stateOf = (c: ContainerRecord): Json => ({
  Status: c.status, Running: c.status === 'running', Paused: false, Restarting: false, OOMKilled: false, Dead: c.status === 'dead',
  Pid: c.status === 'running' ? c.pid : 0, ExitCode: c.exitCode, Error: c.error, StartedAt: rfc3339(c.startedAt), FinishedAt: rfc3339(c.finishedAt),
});

export function inspect(c: ContainerRecord): Json {
  return {
    Id: c.id, Created: rfc3339(c.created), Path: c.path, Args: c.args, State: stateOf(c), Image: c.imageId, LogPath: logOf(c.id), Name: `/${c.name}`,
    RestartCount: 0, Driver: 'overlay2', Platform: 'linux', HostnamePath: `${folderOf(c.id)}/hostname`,
    HostConfig: { Binds: c.binds, NetworkMode: c.networkMode, Privileged: c.privileged, PidMode: c.pidMode, LogConfig: { Type: 'json-file', Config: { 'max-file': '9', 'max-size': '50m' } } },
    Mounts: c.binds.map((bind) => {
      const [source, target, options] = bind.split(':');
      return { Type: 'bind', Source: source!, Destination: target!, Mode: options ?? '', RW: options !== 'ro', Propagation: 'rprivate' };
    }),
    Config: { Hostname: c.hostname, User: c.uid ? String(c.uid) : '', Tty: c.tty, OpenStdin: c.stdin, Env: c.env, Cmd: c.args, Image: c.image, WorkingDir: c.workdir, Entrypoint: [c.path], Labels: c.labels },
    NetworkSettings: { SandboxKey: c.networkMode === 'host' ? '/var/run/docker/netns/default' : `/var/run/docker/netns/${c.netns}`, IPAddress: '', Networks: {} },
  };
}

/** `Up 3 hours`, `Exited (1) 5 seconds ago`, as docker ps words it (go-units). */
export function statusWords(c: ContainerRecord, now: number): string {
  if (c.status === 'created') return 'Created';
  return c.status === 'running' ? `Up ${humanDuration(now - c.startedAt)}` : `Exited (${c.exitCode}) ${humanDuration(now - c.finishedAt)} ago`;
}

/** go-units HumanDuration. */
export function humanDuration(us: number): string {
  const seconds = Math.floor(us / 1_000_000), minutes = Math.floor(seconds / 60), hours = Math.round(us / 3_600_000_000), days = us / DAY_US;
  if (seconds < 1) return 'Less than a second';
  if (seconds === 1) return '1 second';
  if (seconds < 60) return `${seconds} seconds`;
  if (minutes === 1) return 'About a minute';
  if (minutes < 60) return `${minutes} minutes`;
  if (hours === 1) return 'About an hour';
  if (hours < 48) return `${hours} hours`;
  if (hours < 24 * 7 * 2) return `${Math.floor(days)} days`;
  if (hours < 24 * 30 * 2) return `${Math.floor(days / 7)} weeks`;
  return hours < 24 * 365 * 2 ? `${Math.floor(days / 30)} months` : `${Math.floor(days / 365)} years`;
}
