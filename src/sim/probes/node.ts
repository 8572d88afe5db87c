/**
 * Checks of the node itself: units of Planet's systemd, its resolver, inotify, the disk.
 */
import { seconds } from '../engine/time.ts';
import { base64 } from '../proc/certificate.ts';
import { strerror } from '../proc/libc.ts';
import type { Sys } from '../proc/program.ts';
import { ask, parseResolvConf } from '../proc/resolver.ts';
import { call } from '../proc/syscalls.ts';
import { ask as askManager, type Answers } from '../services/systemd/protocol.ts';
import { failed, running, type Finding, type Probe } from './probe.ts';

/** Each unit that failed or could not be loaded, as systemd tells it over its private socket. */
function* systemd(): Sys<readonly Finding[]> {
  const got = yield* askManager<Answers['list']>({ op: 'list' });
  if (!got) return [failed('systemd', '', 'failed to connect to dbus: dial unix /run/systemd/private: connect: connection refused')];
  const bad = got.units.filter((unit) => unit.active === 'failed' || unit.load === 'error');
  return bad.length ? bad.map((unit) => failed('systemd', unit.name, unit.sub)) : [running('systemd')];
}

const LEADER = 'leader.telekube.local';

function* dns(): Sys<readonly Finding[]> {
  const file = yield* call('readFile', { path: '/etc/resolv.conf' });
  const conf = parseResolvConf(file.ok ? file.value : '');
  const own = { ...conf, nameservers: conf.nameservers.slice(0, 1), timeoutUs: seconds(1), attempts: 1 };
  const got = yield* ask(LEADER, 'A', own);
  if (got.ok && got.answer.answers.length) return [running('dns')];
  const reason = got.ok ? 'no such host' : got.reason === 'connection refused' || got.reason === 'i/o timeout'
    ? `read udp ${own.nameservers[0]}:53: ${got.reason}` : got.reason;
  return [failed('dns', `failed to resolve '${LEADER}' (A)`, `lookup ${LEADER} on ${own.nameservers[0]}:53: ${reason}`)];
}

/** A user may have so many inotify instances; with none left inotify_init says EMFILE. */
function* inotify(): Sys<readonly Finding[]> {
  const read = yield* call('readFile', { path: '/proc/sys/fs/inotify/max_user_instances' });
  if (read.ok && Number(read.value.trim()) <= 0) return [failed('inotify', 'Unable to initialize inotify', 'too many open files')];
  return [running('inotify')];
}

const STATE_DIR = '/var/lib/gravity';
const HIGH_WATERMARK_PERCENT = 80;

/** go-humanize's Bytes: powers of 1000, one decimal below ten. */
export function humanBytes(bytes: number): string {
  if (bytes < 10) return `${bytes} B`;
  const units = ['B', 'kB', 'MB', 'GB', 'TB', 'PB', 'EB'];
  let value = bytes, unit = 0;
  while (value >= 1000) { value /= 1000; unit++; }
  const rounded = Math.floor(value * 10 + 0.5) / 10;
  return `${rounded < 10 ? rounded.toFixed(1) : Math.floor(rounded + 0.5).toString()} ${units[unit]!}`;
}

function* diskSpace(): Sys<readonly Finding[]> {
  const got = yield* call('statfs', { path: STATE_DIR });
  if (!got.ok) return [failed('disk-space', 'failed to obtain disk usage', `statfs ${STATE_DIR}: ${strerror(got.errno).toLowerCase()}`)];
  const { size, available } = got.value;
  const over = (size - available) * 100 > HIGH_WATERMARK_PERCENT * size;
  const figures = `(${humanBytes(available)} is available out of ${humanBytes(size)})`;
  const data = base64(JSON.stringify({ high_watermark: HIGH_WATERMARK_PERCENT, path: STATE_DIR, total_bytes: size, available_bytes: available }));
  if (!over) return [{ ...running('disk-space', `disk utilization on ${STATE_DIR} is below ${HIGH_WATERMARK_PERCENT} percent ${figures}`), checker_data: data }];
  const help = 'see https://gravitational.com/telekube/docs/cluster/#garbage-collection';
  return [failed('disk-space', `disk utilization on ${STATE_DIR} exceeds ${HIGH_WATERMARK_PERCENT} percent ${figures}, ${help}`, 'disk utilization exceeds the threshold', data)];
}

/** What is only told, never judged. */
function* systemVersion(): Sys<readonly Finding[]> {
  const got = yield* call('sysinfo', {});
  if (!got.ok) return [running('system-version')];
  const { kernel, version, machine, hostname } = got.value;
  return [running('system-version', `Linux ${hostname} ${kernel} ${version} ${machine} GNU/Linux`)];
}

export const nodeProbes: readonly Probe[] = [
  { name: 'systemd', cheap: false, on: 'all', run: systemd },
  { name: 'dns', cheap: false, on: 'all', run: dns },
  { name: 'inotify', cheap: true, on: 'all', run: inotify },
  { name: 'disk-space', cheap: true, on: 'all', run: diskSpace },
  { name: 'system-version', cheap: false, on: 'all', run: systemVersion },
];
