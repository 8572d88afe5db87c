/** `kubectl certificate`: approves and denies requests. */
import type { Json, Sys } from '../../../sim/proc/program.ts';
import { fileFlags } from './create.ts';
import { objectPath } from './discovery.ts';
import { plain, type Outcome } from './failure.ts';
import { flagTable } from './flags.ts';
import type { Obj } from './object.ts';
import { reporter, printFlags } from './output.ts';
import { filesOf, resolve } from './resources.ts';
import type { Kubectl } from './session.ts';
import { rfc3339 } from './time.ts';
import type { Verb } from './verb.ts';

const certificateFlags = [...flagTable('force bool Decide again what is decided.'), ...fileFlags, ...printFlags];

export const certificate: Verb = {
  name: 'certificate', group: 'Cluster Management Commands:', usage: 'certificate SUBCOMMAND', short: 'Modify certificate resources.',
  subs: [
    { name: 'approve', usage: 'approve (-f FILENAME | NAME)', short: 'Approve a certificate signing request', examples: [['The request csr-sqgzp', 'kubectl certificate approve csr-sqgzp']], flags: certificateFlags, run: (k) => decide(k, 'Approved') },
    { name: 'deny', usage: 'deny (-f FILENAME | NAME)', short: 'Deny a certificate signing request', examples: [['The request csr-sqgzp', 'kubectl certificate deny csr-sqgzp']], flags: certificateFlags, run: (k) => decide(k, 'Denied') },
  ],
};

function* decide(k: Kubectl, verdict: 'Approved' | 'Denied'): Sys<number> {
  if (!k.args.length && !filesOf(k).length) return yield* k.fail(plain('one or more CSRs must be specified as <name> or -f <filename>').failure);
  const infos = yield* resolve(k, k.args.map((name) => `certificatesigningrequests/${name}`), {});
  if (!infos.ok) return yield* k.fail(infos.failure);
  const say = yield* reporter(k);
  if (!say.ok) return yield* k.fail(say.failure);
  const api = yield* k.api();
  if (!api.ok) return yield* k.fail(api.failure);
  for (const info of infos.value) {
    const conditions = (info.obj['status']?.conditions ?? []) as Obj[];
    let obj = info.obj;
    if (!conditions.some((one) => one['type'] === verdict) || k.flags.bool('force')) {
      const reason = verdict === 'Approved' ? 'KubectlApprove' : 'KubectlDeny';
      const message = `This CSR was ${verdict.toLowerCase()} by kubectl certificate ${verdict === 'Approved' ? 'approve' : 'deny'}.`;
      const body = { ...obj, status: { ...obj['status'], conditions: [...conditions, { type: verdict, reason, message, lastUpdateTime: rfc3339(yield* k.now()) }] } };
      const got = (yield* api.value.request(`${objectPath(info.type, '', info.name)}/approval`, { method: 'PUT', body: body as Json })) as Outcome<Obj>;
      if (!got.ok) return yield* k.fail(got.failure);
      obj = got.value;
    }
    const said = yield* say.value.say(obj, verdict.toLowerCase());
    if (!said.ok) return yield* k.fail(said.failure);
  }
  return 0;
}
