/**
 * How etcdctl v3 prints answers: simple, json, fields, table. Keys and values are bytes there: JSON shows
 * them in base64, ids as decimal numbers.
 */
import { base64 } from '../../../sim/proc/certificate.ts';
import type { Json } from '../../../sim/proc/program.ts';
import { toBytes } from '../../../sim/proc/text.ts';
import type {
  DeleteRangeResponse, KeyValue, Member, MemberListResponse, PutResponse, RangeResponse, ResponseHeader, StatusResponse, TxnResponse, WatchResponse,
} from '../../../sim/services/etcd/api.ts';
import { decimal } from '../../../sim/services/etcd/ids.ts';

export interface EndpointStatus { endpoint: string; status: StatusResponse }
export interface Printer {
  get(got: RangeResponse): string; put(got: PutResponse): string; del(got: DeleteRangeResponse): string; txn(got: TxnResponse): string; watch(got: WatchResponse): string;
  members(got: MemberListResponse): string; statuses(list: readonly EndpointStatus[]): string; health(list: readonly { endpoint: string; health: boolean; took: string; error: string }[]): string | null;
  /** Anything else: its sentence in the simple form. */
  plain(simple: string, body: object): string;
}

const text = (value: Json): string => (typeof value === 'string' ? value : JSON.stringify(value));
const hex = (value: string): string => toBytes(value).map((byte) => `\\x${byte.toString(16).padStart(2, '0')}`).join('');

/** Numbers too great for JavaScript, as themselves in JSON. */
const big = (id: string): string => `#${decimal(id)}#`;
const json = (value: unknown): string => `${JSON.stringify(value).replace(/"#(\d+)#"/g, '$1')}\n`;

const header = (h: ResponseHeader): object => ({ cluster_id: big(h.clusterId), member_id: big(h.memberId), ...(h.revision && { revision: h.revision }), raft_term: h.raftTerm });
const kvJson = (kv: KeyValue): object => ({ key: base64(kv.key), ...(kv.createRevision && { create_revision: kv.createRevision }), mod_revision: kv.modRevision, ...(kv.version && { version: kv.version }), ...(text(kv.value) !== '' && { value: base64(text(kv.value)) }), ...(kv.lease !== '0' && { lease: big(kv.lease) }) });
const memberJson = (m: Member): object => ({ ID: big(m.id), ...(m.name && { name: m.name }), peerURLs: m.peerUrls, ...(m.clientUrls.length && { clientURLs: m.clientUrls }) });

/** go-humanize's Bytes. */
export function humanBytes(bytes: number): string {
  if (bytes < 10) return `${bytes} B`;
  const power = Math.min(6, Math.floor(Math.log10(bytes) / 3 + 1e-9));
  const value = Math.floor(bytes / 1000 ** power * 10 + 0.5) / 10;
  return `${value < 10 ? value.toFixed(1) : value.toFixed(0)} ${['B', 'kB', 'MB', 'GB', 'TB', 'PB', 'EB'][power]}`;
}

/** olekukonko's tablewriter, right-aligned as etcdctl sets it. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((title, i) => Math.max(title.length, ...rows.map((row) => row[i]!.length)));
  const rule = `+${widths.map((width) => '-'.repeat(width + 2)).join('+')}+\n`;
  const center = (word: string, width: number): string => ' '.repeat(Math.floor((width - word.length) / 2)) + word + ' '.repeat(Math.ceil((width - word.length) / 2));
  const titles = `|${head.map((title, i) => ` ${center(title, widths[i]!)} `).join('|')}|\n`;
  return `${rule}${titles}${rule}${rows.map((row) => `|${row.map((cell, i) => ` ${cell.padStart(widths[i]!)} `).join('|')}|\n`).join('')}${rule}`;
}

const memberRows = (got: MemberListResponse): string[][] => got.members.map((m) => [m.id, m.name === '' ? 'unstarted' : 'started', m.name, m.peerUrls.join(','), m.clientUrls.join(','), 'false']);
const statusRows = (list: readonly EndpointStatus[]): string[][] => list.map(({ endpoint, status }) =>
  [endpoint, status.header.memberId, status.version, humanBytes(status.dbSize), String(status.leader === status.header.memberId), 'false', String(status.raftTerm), String(status.raftIndex), String(status.raftIndex), status.leader === '' ? 'etcdserver: no leader' : '']);
/** The tables are those of 3.3; the simple forms have a learner's column as well, as the recorded 3.4 shows them. */
const MEMBER_HEAD = ['ID', 'STATUS', 'NAME', 'PEER ADDRS', 'CLIENT ADDRS'];
const STATUS_HEAD = ['ENDPOINT', 'ID', 'VERSION', 'DB SIZE', 'IS LEADER', 'RAFT TERM', 'RAFT INDEX'];
const statusCells = (list: readonly EndpointStatus[]): string[][] => statusRows(list).map((row) => [...row.slice(0, 5), row[6]!, row[7]!]);

export function printer(format: string, isHex: boolean, valueOnly: boolean): Printer | null {
  const simple = simplePrinter(isHex, valueOnly);
  switch (format) {
    case 'simple': return simple;
    case 'json': return jsonPrinter();
    case 'fields': return fieldsPrinter(simple);
    case 'table': return {
      ...simple, members: (got) => table(MEMBER_HEAD, memberRows(got).map((row) => row.slice(0, 5))), statuses: (list) => table(STATUS_HEAD, statusCells(list)),
      health: (list) => table(['ENDPOINT', 'HEALTH', 'TOOK', 'ERROR'], list.map((item) => [item.endpoint, String(item.health), item.took, item.error])),
    };
    default: return null;
  }
}

function simplePrinter(isHex: boolean, valueOnly: boolean): Printer {
  const show = (value: string): string => (isHex ? hex(value) : value);
  const kv = (item: KeyValue): string => `${valueOnly ? '' : `${show(item.key)}\n`}${show(text(item.value))}\n`;
  const get = (got: Pick<RangeResponse, 'kvs'>): string => got.kvs.map(kv).join('');
  const put = (got: PutResponse): string => `OK\n${got.prevKv ? kv(got.prevKv) : ''}`;
  const del = (got: DeleteRangeResponse): string => `${got.deleted}\n${(got.prevKvs ?? []).map(kv).join('')}`;
  return {
    get, put, del,
    txn: (got) => `${got.succeeded ? 'SUCCESS' : 'FAILURE'}\n${got.responses.map((op) => `\n${op.range ? get(op.range) : op.put ? put(op.put) : del(op.deleterange!)}`).join('')}`,
    watch: (got) => got.events.map((event) => `${event.type}\n${event.prevKv ? kv(event.prevKv) : ''}${kv(event.kv)}`).join(''),
    members: (got) => memberRows(got).map((row) => `${row.join(', ')}\n`).join(''),
    statuses: (list) => statusRows(list).map((row) => `${row.join(', ')}\n`).join(''),
    health: () => null, plain: (sentence) => sentence,
  };
}

function jsonPrinter(): Printer {
  const range = (got: RangeResponse): object => ({ header: header(got.header), ...(got.kvs.length && { kvs: got.kvs.map(kvJson) }), ...(got.more && { more: true }), ...(got.count && { count: got.count }) });
  const put = (got: PutResponse): object => ({ header: header(got.header), ...(got.prevKv && { prev_kv: kvJson(got.prevKv) }) });
  const del = (got: DeleteRangeResponse): object => ({ header: header(got.header), ...(got.deleted && { deleted: got.deleted }), ...(got.prevKvs?.length && { prev_kvs: got.prevKvs.map(kvJson) }) });
  return {
    get: (got) => json(range(got)), put: (got) => json(put(got)), del: (got) => json(del(got)),
    txn: (got) => json({ header: header(got.header), ...(got.succeeded && { succeeded: true }), responses: got.responses.map((op) => ({ Response: op.range ? { response_range: range(op.range) } : op.put ? { response_put: put(op.put) } : { response_delete_range: del(op.deleterange!) } })) }),
    watch: (got) => json({ Header: header(got.header), Events: got.events.map((event) => ({ ...(event.type === 'DELETE' && { type: 1 }), kv: kvJson(event.kv), ...(event.prevKv && { prev_kv: kvJson(event.prevKv) }) })), CompactRevision: got.compactRevision ?? 0, Canceled: got.canceled ?? false, Created: got.created ?? false }),
    members: (got) => json({ header: header({ ...got.header, revision: 0 }), members: got.members.map(memberJson) }),
    statuses: (list) => json(list.map(({ endpoint, status }) => ({ Endpoint: endpoint, Status: { header: header(status.header), version: status.version, dbSize: status.dbSize, leader: big(status.leader), raftIndex: status.raftIndex, raftTerm: status.raftTerm } }))),
    health: (list) => json(list.map(({ endpoint, health, took, error }) => ({ endpoint, health, took, ...(error && { error }) }))),
    plain: (_sentence, body) => json(shallow(body)),
  };
}

/** An answer that has no form of its own: its header in etcd's names, the rest as it is. */
function shallow(body: object): object {
  const { header: head, ...rest } = body as { header?: ResponseHeader };
  return { ...(head && { header: header(head) }), ...rest };
}

function fieldsPrinter(simple: Printer): Printer {
  const lines = (pairs: readonly [string, string | number][]): string => pairs.map(([name, value]) => `"${name}" : ${value}\n`).join('');
  const head = (h: ResponseHeader): string => lines([['ClusterID', decimal(h.clusterId)], ['MemberID', decimal(h.memberId)], ['Revision', h.revision], ['RaftTerm', h.raftTerm]]);
  const kv = (item: KeyValue, prefix = ''): string => lines([[`${prefix}Key`, JSON.stringify(item.key)], [`${prefix}CreateRevision`, item.createRevision], [`${prefix}ModRevision`, item.modRevision], [`${prefix}Version`, item.version], [`${prefix}Value`, JSON.stringify(text(item.value))], [`${prefix}Lease`, decimal(item.lease)]]);
  return {
    ...simple,
    get: (got) => head(got.header) + got.kvs.map((item) => kv(item)).join('') + lines([['More', String(got.more)], ['Count', got.count]]),
    put: (got) => head(got.header) + (got.prevKv ? kv(got.prevKv, 'Prev') : ''),
    del: (got) => head(got.header) + lines([['Deleted', got.deleted]]) + (got.prevKvs ?? []).map((item) => kv(item)).join(''),
    members: (got) => head(got.header) + got.members.map((m) => `${lines([['ID', decimal(m.id)], ['Name', JSON.stringify(m.name)], ...m.peerUrls.map((url): [string, string] => ['PeerURL', JSON.stringify(url)]), ...m.clientUrls.map((url): [string, string] => ['ClientURL', JSON.stringify(url)])])}\n`).join(''),
    statuses: (list) => list.map(({ endpoint, status }) => `${head(status.header)}${lines([['Version', JSON.stringify(status.version)], ['DBSize', status.dbSize], ['Leader', decimal(status.leader)], ['RaftIndex', status.raftIndex], ['RaftTerm', status.raftTerm], ['Endpoint', JSON.stringify(endpoint)]])}\n`).join(''),
  };
}
