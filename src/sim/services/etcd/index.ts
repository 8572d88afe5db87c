/**
 * The program etcd: a member of the cluster, or with `gateway start` a forwarder to members. Its threads'
 * entries, each in the file that explains it.
 */
import type { Json, Program } from '../../proc/program.ts';
import { onStall, onTick } from './drive.ts';
import { onLeases, onSync } from './expire.ts';
import { gateway, onForward, onRelay, onRevive } from './gateway.ts';
import { onProbe, onProbePeer, onVersion, onVersions } from './monitor.ts';
import { onPeer } from './peerhttp.ts';
import { onRound } from './propose.ts';
import type { Message } from './raft.ts';
import { onClient } from './server.ts';
import { onPublish, onStop, server } from './start.ts';
import { onDial, onLinks, onPost, onRedial, permanentlyRemoved, read } from './streams.ts';

/** What woke a thread, by the fields that its entry needs. */
const of = <T>(event: Json): T => event as unknown as T;

export const etcd: Program = {
  name: 'etcd',
  main: (start) => (start.argv[1] === 'gateway' ? gateway(start) : server(start)),
  entries: {
    tick: onTick,
    stall: onStall,
    links: onLinks,
    dial: (start) => onDial(of<{ peer: string }>(start.event).peer),
    redial: (start) => onRedial(of<{ timer: string }>(start.event).timer),
    read: (start) => read(of<{ peer: string }>(start.event).peer, of<{ fd: number }>(start.event).fd),
    post: (start) => onPost(of<{ message: Message }>(start.event).message),
    peer: (start) => onPeer(of<{ fd: number }>(start.event).fd),
    client: (start) => onClient(of<{ fd: number }>(start.event).fd),
    round: (start) => onRound(of<{ round: number }>(start.event).round),
    publish: onPublish,
    removed: permanentlyRemoved,
    leases: onLeases,
    sync: onSync,
    probe: onProbe,
    probePeer: (start) => onProbePeer(of<{ peer: string }>(start.event).peer),
    versions: onVersions,
    version: (start) => onVersion(of<{ peer: string }>(start.event).peer),
    stop: (start) => onStop(start, of<{ signal: 'TERM' | 'INT' }>(start.event).signal),
    forward: (start) => onForward(of<{ fd: number }>(start.event).fd),
    relay: (start) => onRelay(of<{ from: number }>(start.event).from, of<{ to: number }>(start.event).to),
    revive: onRevive,
  },
};

export const programs: Program[] = [etcd];
