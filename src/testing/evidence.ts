/**
 * What a failure is told with: the inputs that led there, and a link that opens the page at that very moment (where the
 * world is one that the page has). The page's world also has its own terminals, so the inputs are lived
 * again beside them, and the link holds the digest of what came of that.
 */
import { lineOf, shrink, reenact, type Entered } from '../drill/entered.ts';
import { encodeLink } from '../drill/link.ts';
import type { Session } from '../drill/session.ts';
import type { Json } from '../sim/proc/program.ts';
import { Run } from '../ui/engine/run.ts';
import { sandbox } from '../ui/free.ts';

/** Where `npm start` serves the page. */
const SITE = 'http://localhost:5173/';
/** The only world that every page has. */
const ON_PAGE = { topology: 'three-masters', seed: 1 };

export interface Evidence { /** A line each. */ inputs: string[]; /** Opens the page at this moment; null for a world that no page has. */ link: string | null }

/** The part of a page's address behind `#/p/`. */
function payload(session: Session, entered: readonly Entered[]): string {
  const run = new Run(sandbox.scenario, sandbox.stamp, ON_PAGE.seed, session.anew());
  run.begin();
  const terminals = new Map<string, string>();
  for (const { at, entry } of entered) {
    run.session.sim.runUntil(at);
    switch (entry.kind) {
      case 'open': if (run.session.sim.world.hosts[entry.node]?.up) terminals.set(entry.terminal, run.open(entry.node, entry.cols, entry.rows)); break;
      case 'keys': run.keys(terminals.get(entry.terminal) ?? '', entry.data); break;
      case 'resize': run.resize(terminals.get(entry.terminal) ?? '', entry.cols, entry.rows); break;
      case 'fault': {
        const accepted = run.session.fork().sim.apply({ kind: 'fault', name: entry.name, args: entry.args }).ok;
        if (accepted) run.strike(entry.name, entry.args as Readonly<Record<string, string | number>>);
        break;
      }
      default: run.test(entry);
    }
  }
  run.session.sim.runUntil(session.now);
  return encodeLink({ log: run.log(), digest: run.session.sim.digest() } as unknown as Json);
}

/** `entered`: fewer inputs than the session's, once they have been found to be enough. */
export function evidenceOf(session: Session, entered: readonly Entered[] = session.entered, site: string = SITE): Evidence {
  const began = session.anew().now;
  const { origin } = session;
  const known = origin?.topology === ON_PAGE.topology && origin.seed === ON_PAGE.seed;
  return { inputs: entered.map((each) => lineOf(each, began)), link: known ? `${site}#/p/${payload(session, entered)}` : null };
}

/** The session's inputs without those that `broken` holds without as well. */
export function shrunkInputs(session: Session, broken: (again: Session) => boolean): readonly Entered[] {
  return shrink(session.entered, (left) => {
    const again = session.anew();
    reenact(again, left, session.now);
    return broken(again);
  });
}

export function evidenceText({ inputs, link }: Evidence): string {
  const entered = inputs.length ? `entered, at seconds since the beginning:\n${inputs.map((line) => `  ${line}`).join('\n')}` : 'nothing was entered';
  return `${entered}${link === null ? '' : `\nthe page at this moment: ${link}`}`;
}
