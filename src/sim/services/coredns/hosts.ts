/** The hosts plugin: a hosts file, looked at every five seconds, and lines of the Corefile itself. */
import { seconds } from '../../engine/time.ts';
import type { Sys } from '../../proc/program.ts';
import type { DnsQuestion, DnsRecord } from '../../proc/resolver.ts';
import { call } from '../../proc/syscalls.ts';
import { type HostsConf, normalize, zoneOf } from './config.ts';
import { getHosts, getRunning, type HostsTable, mono, setHosts } from './memory.ts';
import { addressOf } from './names.ts';

const LOOK_US = seconds(5);
const TTL = 3_600;

function table(text: string): Pick<HostsTable, 'names' | 'addresses'> {
  const names: Record<string, string[]> = {};
  const addresses: Record<string, string[]> = {};
  for (const line of text.split('\n')) {
    const [address, ...hosts] = line.replace(/#.*/, '').trim().split(/\s+/);
    if (!address || !/^[\d.]+$|:/.test(address)) continue;
    for (const host of hosts) {
      (names[normalize(host)] ??= []).push(address);
      (addresses[address] ??= []).push(normalize(host));
    }
  }
  return { names, addresses };
}

/** The file as it was at the last look, which come every five seconds from the start. */
function* read(conf: HostsConf): Sys<HostsTable> {
  const now = yield* mono();
  const running = yield* getRunning();
  const kept = yield* getHosts(conf.path);
  const look = now - ((now - (running?.startedAt ?? 0)) % LOOK_US);
  if (kept && kept.readAt >= look) return kept;
  const stat = yield* call('stat', { path: conf.path });
  const mtime = stat.ok ? stat.value.mtime : 0;
  const size = stat.ok ? stat.value.size : 0;
  if (kept && kept.mtime === mtime && kept.size === size) {
    const same = { ...kept, readAt: now };
    yield* setHosts(conf.path, same);
    return same;
  }
  const text = yield* call('readFile', { path: conf.path });
  const made = { ...table(`${conf.inline.join('\n')}\n${text.ok ? text.value : ''}`), readAt: now, mtime, size };
  yield* setHosts(conf.path, made);
  return made;
}

/** Records; an empty list for a name with other records only; 'none' for a name that is not there. */
export function* lookupHosts(conf: HostsConf, question: DnsQuestion): Sys<DnsRecord[] | 'none'> {
  const { name, type } = question;
  const { names, addresses } = yield* read(conf);
  const record = (data: string): DnsRecord => ({ name, ttl: TTL, type, data });
  if (type === 'PTR') {
    const found = addresses[addressOf(name)];
    return found ? found.map(record) : 'none';
  }
  if (zoneOf(conf.zones, name) === null) return 'none';
  const found = names[name];
  if (!found) return 'none';
  if (type === 'A') return found.filter((address) => !address.includes(':')).map(record);
  return type === 'AAAA' ? found.filter((address) => address.includes(':')).map(record) : [];
}
