/**
 * How a cluster is founded: every founder begins its log with the same entries, the members, which count
 * as committed. A disk on which this lies is that of a member that has been there before: so a cluster
 * whose members' ids are given (not made from URLs and token) is put on disks by `foundingFiles`.
 */
import type { Member } from './api.ts';
import { entryLines, hardStateLine, metadataLine, segmentName } from './disk.ts';
import { clusterId, memberId } from './ids.ts';
import type { Entry } from './log.ts';
import { byId } from './raft.ts';

export const founding = (cluster: readonly { name: string; url: string }[], token: string): Member[] => {
  const urls = new Map<string, string[]>();
  for (const { name, url } of cluster) urls.set(name, [...(urls.get(name) ?? []), url]);
  return [...urls].map(([name, peerUrls]) => ({ id: memberId(peerUrls, token), name, peerUrls, clientUrls: [] }));
};

/** The write-ahead log with which every founder begins: the members, already committed. */
export function firstLog(founders: readonly Member[], self: string, cluster: string): { lines: string; entries: Entry[] } {
  const entries: Entry[] = [...founders].sort((a, b) => byId(a.id, b.id)).map((member, i) =>
    ({ index: i + 1, term: 1, kind: 'conf', data: { id: `founding-${member.id}`, op: 'add', member: { ...member, name: '' } } as unknown as Entry['data'] }));
  return { entries, lines: metadataLine({ member: self, cluster }) + entryLines(entries) + hardStateLine(1, '', entries.length) };
}

export interface Founder { id: string; name: string; peerUrl: string }

/** The files of a founder's data directory, by path within it. Ids are 16 hexadecimal digits. */
export function foundingFiles(founders: readonly Founder[], self: string): Record<string, string> {
  const members = founders.map(({ id, name, peerUrl }): Member => ({ id, name, peerUrls: [peerUrl], clientUrls: [] }));
  const cluster = clusterId(members.map(({ id }) => id));
  return { [`member/wal/${segmentName(0, 0)}`]: firstLog(members, self, cluster).lines };
}
