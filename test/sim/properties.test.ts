/**
 * What must hold whatever is typed, and whenever: worlds are values. Small worlds of the laboratory, whose hosts
 * have shells, a network and servers, are driven by drawn commands; fast-check shrinks what breaks.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Session, Simulation, images, programs } from '../../src/firedrill.ts';
import { freshWorld } from '../support/world.ts';

/** Lines of all kinds: short and long, quiet and loud, pipes, children, the network, what ends badly. */
const LINES = [
  'echo hi', 'ls -la /etc | head -5', 'for i in 1 2 3; do sleep 1; echo $i; done', 'sleep 7 & wait; echo woke', 'ping -c 3 172.28.128.102', 'cat', 'echo $RANDOM $$', 'nosuch | wc -l',
  'curl -s -m 3 http://10.244.2.2:8080/', 'iptables -L -n | wc -l', 'ip addr | grep inet', 'while sleep 2; do date; done', 'kill -9 $$', 'mkdir -p a/b && touch a/b/c && ls -R a', 'read x; echo "<$x>"', 'seq 1 200 | sort -rn | head -3',
] as const;

type Act = { do: 'line'; text: string; wait: number } | { do: 'keys'; data: string; wait: number } | { do: 'exec'; text: string; wait: number } | { do: 'advance'; seconds: number };
const wait = fc.constantFrom(0, 0.25, 1, 3, 10);
const act: fc.Arbitrary<Act> = fc.oneof(
  fc.record({ do: fc.constant('line' as const), text: fc.constantFrom(...LINES), wait }),
  fc.record({ do: fc.constant('keys' as const), data: fc.constantFrom('\x03', '\x04', '\x1a', 'ech\t', '\x1b[A', 'abc\r', '\r'), wait }),
  fc.record({ do: fc.constant('exec' as const), text: fc.constantFrom(...LINES), wait }),
  fc.record({ do: fc.constant('advance' as const), seconds: fc.constantFrom(0.001, 0.5, 2, 13) }),
);
const acts = fc.array(act, { minLength: 1, maxLength: 8 });

function perform(session: Session, { ...a }: Act): unknown {
  try {
    switch (a.do) {
      case 'line': return session.line('a', a.text, a.wait);
      case 'keys': return session.keys('a', a.data, a.wait);
      case 'exec': return session.exec('n2', a.text, { wait: a.wait });
      case 'advance': session.advance(a.seconds); return null;
    }
  } catch (error) { return String(error); } // a terminal whose shell has gone
}
const start = (): Session => { const session = freshWorld('lab'); session.open('a', 'n1'); return session; };
const play = (session: Session, list: readonly Act[]): unknown[] => [...list.map((each) => perform(session, each)), session.sim.digest()];

/** The same world by way of text, with the terminals as they were. */
function reborn(session: Session): Session {
  const other = new Session(Simulation.load(session.sim.save(), programs, images));
  other.restore({ ...session.snapshot(), world: other.sim.snapshot() });
  return other;
}
const RUNS = { numRuns: 25 };

describe('worlds are values', () => {
  it('equal seed and inputs give equal answers and digests', () => {
    fc.assert(fc.property(acts, (list) => { expect(play(start(), list)).toEqual(play(start(), list)); }), RUNS);
  });

  it('a fork at any step goes on as the straight run does, and leaves it alone', () => {
    fc.assert(fc.property(acts, acts, fc.array(act, { maxLength: 4 }), (before, after, aside) => {
      const straight = start();
      play(straight, before);
      const fork = straight.fork();
      const other = straight.fork();
      play(other, aside); // a third path from the same point disturbs neither
      expect(play(fork, after)).toEqual(play(straight, after));
    }), RUNS);
  });

  it('a round trip through text at any step, in the middle of commands too, changes nothing', () => {
    fc.assert(fc.property(acts, acts, (before, after) => {
      const straight = start();
      play(straight, before);
      const back = reborn(straight);
      expect(back.sim.digest()).toBe(straight.sim.digest());
      expect(play(back, after)).toEqual(play(straight, after));
    }), RUNS);
  });

  it('how time is sliced does not show', () => {
    fc.assert(fc.property(acts, fc.array(fc.constantFrom(0.0001, 0.01, 0.3, 1, 2.5), { minLength: 1, maxLength: 12 }), (before, slices) => {
      const whole = start();
      play(whole, before);
      const sliced = whole.fork();
      const total = slices.reduce((sum, each) => sum + each, 0);
      const from = whole.now;
      for (const each of slices) sliced.advance(each);
      whole.sim.runUntil(sliced.now);
      expect(sliced.now - from).toBeCloseTo(total * 1_000_000, -1);
      expect(sliced.sim.digest()).toBe(whole.sim.digest());
      const look: Act = { do: 'keys', data: '', wait: 0 };
      expect(perform(sliced, look)).toEqual(perform(whole, look));
    }), RUNS);
  });

  it('going back is going back: restore, and the same future again', () => {
    fc.assert(fc.property(acts, acts, acts, (before, one, other) => {
      const session = start();
      play(session, before);
      const saved = session.snapshot();
      const first = play(session, one);
      session.restore(saved);
      play(session, other);
      session.restore(saved);
      expect(play(session, one)).toEqual(first);
    }), RUNS);
  });
});
