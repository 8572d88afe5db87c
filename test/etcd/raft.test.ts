/** Raft alone: a cluster of step machines whose messages and disks a random schedule loses, delays and spoils. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { seal } from '../../src/sim/engine/cow.ts';
import { emptyRaftLog, type Entry, slice } from '../../src/sim/services/etcd/log.ts';
import {
  deadline, done, type Message, newRaft, proposal, type Raft, ready, step, taken, tick, wake,
} from '../../src/sim/services/etcd/raft.ts';

const IDS = ['a1', 'b2', 'c3'];

interface Disk { term: number; vote: string; log: Raft['log']; commit: number }

class Cluster {
  now = 0;
  rafts: Record<string, Raft | null> = {};
  disks: Record<string, Disk> = {};
  /** What each has applied, in order. */
  applied: Record<string, string[]> = {};
  wire: { at: number; message: Message }[] = [];
  cut = new Set<string>();
  leaders = new Map<number, string>();
  acknowledged: string[] = [];
  proposed = 0;
  draws = 0;

  constructor(readonly ids: string[] = IDS) {
    for (const id of ids) {
      this.disks[id] = { term: 0, vote: '', log: emptyRaftLog(), commit: 0 };
      this.start(id);
    }
  }

  draw(): number { return (this.draws++ * 379) % 1000; }

  start(id: string): void {
    const disk = this.disks[id]!;
    this.rafts[id] = newRaft({ id, voters: this.ids, ...disk, applied: 0, now: this.now, draw: this.draw() });
    this.applied[id] = [];
  }

  kill(id: string): void { this.rafts[id] = null; }

  /** Applies one pure step and does what is ready, as the server does: leaders send first, others save first. */
  drive(id: string, change: (raft: Raft) => Raft): void {
    let raft = this.rafts[id];
    if (!raft) return;
    raft = seal(change(seal(raft)));
    for (let rd = ready(raft); rd; rd = ready(raft)) {
      raft = taken(raft, rd);
      if (raft.role === 'leader') {
        expect(this.leaders.get(raft.term) ?? id).toBe(id);
        this.leaders.set(raft.term, id);
      }
      this.disks[id] = { term: raft.term, vote: raft.vote, log: raft.log, commit: raft.commit };
      for (const message of rd.messages) this.wire.push({ at: this.now + 300, message });
      this.apply(id, rd.committed);
      raft = done(raft, rd);
    }
    this.rafts[id] = raft.draw === null ? { ...raft, draw: this.draw() } : raft;
  }

  apply(id: string, entries: readonly Entry[]): void {
    for (const entry of entries) {
      if (entry.data === null) continue;
      this.applied[id]!.push(String(entry.data));
      if (!this.acknowledged.includes(String(entry.data))) this.acknowledged.push(String(entry.data));
    }
  }

  propose(id: string): void {
    const raft = this.rafts[id];
    if (raft?.role === 'leader') this.drive(id, (r) => step(r, proposal(id, 'normal', `w${this.proposed++}`), this.now));
  }

  advance(us: number): void {
    const end = this.now + us;
    for (;;) {
      let next = end + 1;
      for (const id of this.ids) { const at = this.rafts[id] ? deadline(this.rafts[id]!) : null; if (at !== null) next = Math.min(next, Math.max(at, this.now)); }
      for (const { at } of this.wire) next = Math.min(next, Math.max(at, this.now));
      if (next > end) break;
      this.now = next;
      const due = this.wire.filter(({ at }) => at <= next);
      this.wire = this.wire.filter(({ at }) => at > next);
      for (const { message } of due) {
        if (!this.cut.has(`${message.from} ${message.to}`)) this.drive(message.to, (r) => step(r, message, this.now));
      }
      for (const id of this.ids) this.drive(id, (r) => tick(r, this.now));
    }
    this.now = end;
  }

  disturb(): void { for (const id of this.ids) this.drive(id, (r) => wake(r, this.now)); }
  leader(): string | undefined { return this.ids.find((id) => this.rafts[id]?.role === 'leader' && !this.ids.some((other) => (this.rafts[other]?.term ?? 0) > this.rafts[id]!.term)); }
}

type Act = { kind: 'advance'; us: number } | { kind: 'cut' | 'heal'; from: string; to: string } | { kind: 'kill' | 'start' | 'propose'; id: string };
const id = fc.constantFrom(...IDS);
const act: fc.Arbitrary<Act> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('advance' as const), us: fc.integer({ min: 100, max: 2_500_000 }) }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('propose' as const), id }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constantFrom('cut' as const, 'heal' as const), from: id, to: id }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom('kill' as const, 'start' as const), id }) },
);

function play(cluster: Cluster, acts: readonly Act[]): void {
  for (const a of acts) {
    if (a.kind === 'advance') cluster.advance(a.us);
    else if (a.kind === 'propose') cluster.propose(a.id);
    else if (a.kind === 'cut') { cluster.cut.add(`${a.from} ${a.to}`); cluster.disturb(); }
    else if (a.kind === 'heal') { cluster.cut.delete(`${a.from} ${a.to}`); cluster.disturb(); }
    else if (a.kind === 'kill') { cluster.kill(a.id); cluster.disturb(); }
    else if (a.kind === 'start' && !cluster.rafts[a.id]) { cluster.start(a.id); cluster.disturb(); }
  }
}

describe('raft', () => {
  it('elects a leader within two seconds and then falls quiet', () => {
    const cluster = new Cluster();
    cluster.advance(2_100_000);
    const leader = cluster.leader();
    expect(leader).toBeDefined();
    cluster.advance(1_000_000);
    expect(IDS.map((member) => cluster.rafts[member]!.quiet)).toEqual([true, true, true]);
    expect(IDS.map((member) => deadline(cluster.rafts[member]!))).toEqual([null, null, null]);
  });

  it('commits while quiet, without heartbeats', () => {
    const cluster = new Cluster();
    cluster.advance(3_000_000);
    cluster.propose(cluster.leader()!);
    cluster.advance(5_000);
    expect(cluster.applied).toEqual({ a1: ['w0'], b2: ['w0'], c3: ['w0'] });
  });

  it('finds a new leader 1 to 2 s after the old one dies', () => {
    const cluster = new Cluster();
    cluster.advance(3_000_000);
    const old = cluster.leader()!;
    cluster.kill(old);
    cluster.disturb();
    cluster.advance(1_000_000);
    expect(cluster.leader()).toBeUndefined();
    cluster.advance(3_000_000);
    expect(cluster.leader()).toBeDefined();
  });

  it('steps down within a second of losing the majority', () => {
    const cluster = new Cluster();
    cluster.advance(3_000_000);
    const old = cluster.leader()!;
    for (const other of IDS) if (other !== old) cluster.kill(other);
    cluster.disturb();
    cluster.advance(1_100_000);
    expect(cluster.rafts[old]!.role).not.toBe('leader');
  });

  it('never has two leaders in a term, never loses or reorders what it acknowledged, and comes back', () => {
    fc.assert(fc.property(fc.array(act, { maxLength: 40 }), (acts) => {
      const cluster = new Cluster();
      cluster.advance(2_000_000);
      play(cluster, acts);
      for (const member of IDS) expect(cluster.applied[member]).toEqual(cluster.acknowledged.slice(0, cluster.applied[member]!.length));
      cluster.cut.clear();
      for (const member of IDS) if (!cluster.rafts[member]) cluster.start(member);
      cluster.disturb();
      cluster.advance(15_000_000);
      expect(cluster.leader()).toBeDefined();
      for (const member of IDS) expect(cluster.applied[member]).toEqual(cluster.acknowledged);
    }), { numRuns: 150 });
  }, 60_000);

  it('acknowledges nothing without a majority', () => {
    fc.assert(fc.property(fc.array(act, { maxLength: 20 }), (acts) => {
      const cluster = new Cluster();
      cluster.advance(3_000_000);
      const old = cluster.leader()!;
      for (const other of IDS) if (other !== old) { cluster.cut.add(`${old} ${other}`); cluster.cut.add(`${other} ${old}`); }
      cluster.disturb();
      cluster.propose(old);
      cluster.advance(500_000);
      expect(cluster.applied[old]).not.toContain('w0');
      play(cluster, acts.filter((a) => a.kind === 'advance'));
      expect(cluster.acknowledged).not.toContain('w0');
    }), { numRuns: 30 });
  });

  it('keeps slices and conflicts of its log straight', () => {
    const cluster = new Cluster(['a1']);
    cluster.advance(2_000_000);
    for (let i = 0; i < 300; i++) cluster.propose('a1');
    expect(cluster.applied['a1']).toHaveLength(300);
    expect(slice(cluster.rafts['a1']!.log, 100, 102).map((entry) => entry.index)).toEqual([100, 101, 102]);
  });
});
