/** Why an installation or an upgrade stopped: the phase that failed, its error, and what the error names. */
import type { Session } from '../session.ts';
import { askable } from './cluster.ts';
import { ask, literal, proved, quoted, reason, type Reason } from './reason.ts';

/** Where the programs of operations lie: the installed one, an installer's, an upgrade's. */
const PLACES = ['', 'cd ~/installer && ', 'cd ~/upgrade && '];

export function phaseReasons(session: Session, node: string): Reason[] {
  const on = session.sim.world.hosts[node]?.up ? node : askable(session);
  for (const place of PLACES) {
    const plan = `${place}sudo ${place ? './' : ''}gravity plan`;
    const text = ask(session, on, plan);
    const failed = /^The (\S+) phase .* has failed\n\t?(.*)$/m.exec(text);
    if (!failed) continue;
    const [, phase = '', error = ''] = failed;
    const path = /(?:mkdir|open|chown|rename|write) (\/[^\s:]+)/.exec(error)?.[1];
    const parent = path?.replace(/\/[^/]+$/, '') ?? '/';
    return proved(session, [
      reason(`Phase ${phase} has failed: ${error}`, on, `${plan} | tail -3`, literal(error.trim().slice(0, 60)), !path),
      ...(path ? [reason(`${parent} is immutable: not even root may create anything in it`, on, `sudo lsattr -d ${quoted(parent)}`, '^-*i', true), reason(`There is no room for ${path}`, on, `df ${quoted(parent)}`, '100%', true)] : []),
    ]);
  }
  return [];
}
