/**
 * What etcd's clients and its server say to each other: the v3 JSON gateway and the v2 keys API as
 * types. Keys are strings ordered by code unit; values are any JSON, kept by reference. etcd 3.3.12.
 */
import type { Json } from '../../proc/program.ts';

export interface ResponseHeader { clusterId: string; memberId: string; revision: number; raftTerm: number }

export interface KeyValue {
  readonly key: string; readonly value: Json;
  readonly createRevision: number; readonly modRevision: number; readonly version: number;
  /** '0' when it hangs on no lease. */
  readonly lease: string;
}

/** `rangeEnd` absent: this key alone; '\0': every key from `key` on. */
export interface RangeRequest {
  key: string; rangeEnd?: string; limit?: number; revision?: number;
  serializable?: boolean; keysOnly?: boolean; countOnly?: boolean;
  sortOrder?: 'NONE' | 'ASCEND' | 'DESCEND'; sortTarget?: 'KEY' | 'VERSION' | 'CREATE' | 'MOD' | 'VALUE';
}
export interface RangeResponse { header: ResponseHeader; kvs: readonly KeyValue[]; more: boolean; count: number }

export interface PutRequest { key: string; value: Json; lease?: string; prevKv?: boolean; ignoreValue?: boolean; ignoreLease?: boolean }
export interface PutResponse { header: ResponseHeader; prevKv?: KeyValue }

export interface DeleteRangeRequest { key: string; rangeEnd?: string; prevKv?: boolean }
export interface DeleteRangeResponse { header: ResponseHeader; deleted: number; prevKvs?: readonly KeyValue[] }

export interface Compare {
  key: string; rangeEnd?: string;
  target: 'VERSION' | 'MOD' | 'CREATE' | 'VALUE' | 'LEASE';
  result: 'EQUAL' | 'GREATER' | 'LESS' | 'NOT_EQUAL';
  value: Json;
}
export interface RequestOp { range?: RangeRequest; put?: PutRequest; deleterange?: DeleteRangeRequest }
export interface ResponseOp { range?: RangeResponse; put?: PutResponse; deleterange?: DeleteRangeResponse }
export interface TxnRequest { compare: readonly Compare[]; success: readonly RequestOp[]; failure: readonly RequestOp[] }
export interface TxnResponse { header: ResponseHeader; succeeded: boolean; responses: readonly ResponseOp[] }

export interface CompactionRequest { revision: number; physical?: boolean }

export interface WatchRequest { key: string; rangeEnd?: string; startRevision?: number; prevKv?: boolean; progressNotify?: boolean }
export interface WatchEvent { type: 'PUT' | 'DELETE'; kv: KeyValue; prevKv?: KeyValue }
/** A message of a watch stream. `compactRevision`: the history asked for is gone; the watch is over. */
export interface WatchResponse {
  header: ResponseHeader; events: readonly WatchEvent[];
  created?: boolean; canceled?: boolean; compactRevision?: number;
}

export interface LeaseGrantResponse { header: ResponseHeader; id: string; ttl: number }
/** `ttl` 0 of a keepalive, -1 of a timetolive: there is no such lease. */
export interface LeaseTtlResponse { header: ResponseHeader; id: string; ttl: number; grantedTtl?: number; keys?: readonly string[] }

export interface Member { id: string; name: string; peerUrls: readonly string[]; clientUrls: readonly string[] }
export interface MemberListResponse { header: ResponseHeader; members: readonly Member[] }
export interface StatusResponse {
  header: ResponseHeader; version: string; dbSize: number; leader: string; raftIndex: number; raftTerm: number;
}

export interface V2Node {
  key: string; dir?: boolean; value?: string; nodes?: readonly V2Node[];
  createdIndex: number; modifiedIndex: number; expiration?: string; ttl?: number;
}
export interface V2Event { action: string; node: V2Node; prevNode?: V2Node }
export interface V2Error { errorCode: number; message: string; cause: string; index: number }

/** gRPC's codes, as far as etcd gives them. */
export const CODE = {
  canceled: 1, unknown: 2, invalidArgument: 3, deadlineExceeded: 4, notFound: 5, permissionDenied: 7,
  resourceExhausted: 8, failedPrecondition: 9, outOfRange: 11, unavailable: 14,
} as const;

/** The words of a refusal and its code; `words` are etcd's own and reach people through Kubernetes. */
export interface ApiError { error: string; code: number }

export const ERRORS = {
  timeout: { error: 'etcdserver: request timed out', code: CODE.unavailable },
  timeoutLeaderFail: { error: 'etcdserver: request timed out, possibly due to previous leader failure', code: CODE.unavailable },
  timeoutConnectionLost: { error: 'etcdserver: request timed out, possibly due to connection lost', code: CODE.unavailable },
  noLeader: { error: 'etcdserver: no leader', code: CODE.unavailable },
  stopped: { error: 'etcdserver: server stopped', code: CODE.unavailable },
  emptyKey: { error: 'etcdserver: key is not provided', code: CODE.invalidArgument },
  keyNotFound: { error: 'etcdserver: key not found', code: CODE.invalidArgument },
  duplicateKey: { error: 'etcdserver: duplicate key given in txn request', code: CODE.invalidArgument },
  compacted: { error: 'etcdserver: mvcc: required revision has been compacted', code: CODE.outOfRange },
  futureRevision: { error: 'etcdserver: mvcc: required revision is a future revision', code: CODE.outOfRange },
  noSpace: { error: 'etcdserver: mvcc: database space exceeded', code: CODE.resourceExhausted },
  leaseNotFound: { error: 'etcdserver: requested lease not found', code: CODE.notFound },
  leaseExists: { error: 'etcdserver: lease already exists', code: CODE.failedPrecondition },
  tooLarge: { error: 'etcdserver: request is too large', code: CODE.invalidArgument },
  memberNotFound: { error: 'etcdserver: member not found', code: CODE.notFound },
  memberExists: { error: 'etcdserver: member ID already exist', code: CODE.failedPrecondition },
  peerUrlExists: { error: 'etcdserver: Peer URLs already exists', code: CODE.failedPrecondition },
  unhealthy: { error: 'etcdserver: unhealthy cluster', code: CODE.unavailable },
  notStarted: { error: 'etcdserver: re-configuration failed due to not enough started members', code: CODE.failedPrecondition },
  badLeaderTransferee: { error: 'etcdserver: bad leader transferee', code: CODE.failedPrecondition },
  notLeader: { error: 'etcdserver: not leader', code: CODE.failedPrecondition },
} satisfies Record<string, ApiError>;

/** The HTTP status that the JSON gateway gives for a code. */
export const httpStatus = (code: number): number =>
  code === CODE.notFound ? 404 : code === CODE.invalidArgument || code === CODE.outOfRange ? 400
    : code === CODE.failedPrecondition ? 412 : code === CODE.deadlineExceeded ? 408 : code === CODE.unavailable ? 503 : 500;

/** The end of the range of all keys that begin with `prefix`. */
export function prefixEnd(prefix: string): string {
  for (let i = prefix.length - 1; i >= 0; i--) {
    const unit = prefix.charCodeAt(i);
    if (unit < 0xffff) return prefix.slice(0, i) + String.fromCharCode(unit + 1);
  }
  return '\0';
}
