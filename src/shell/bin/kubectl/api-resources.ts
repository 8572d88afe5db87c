/** `kubectl api-resources` and `api-versions`: what discovery found. */
import { out } from '../../../sim/proc/libc.ts';
import type { Sys } from '../../../sim/proc/program.ts';
import type { Discovered, ResourceType } from './discovery.ts';
import { many, plain } from './failure.ts';
import { flagTable } from './flags.ts';
import { byText } from './object.ts';
import type { Kubectl } from './session.ts';
import { GET, tabulate } from './tabwriter.ts';
import type { Verb } from './verb.ts';

const OTHER = 'Other Commands:';

export const apiResources: Verb = {
  name: 'api-resources', group: OTHER, usage: 'api-resources', short: 'Print the supported API resources on the server', examples: [['All of them', 'kubectl api-resources'], ['With verbs', 'kubectl api-resources -o wide'], ['Those of a group', 'kubectl api-resources --api-group=extensions']],
  flags: flagTable(`
    api-group string Only those of this group.
    cached bool Use what is cached, if it is there.
    namespaced bool=true Only those that have namespaces, or with =false only those that have none.
    no-headers bool Print no header line.
    output,o string Output format: wide|name.
    verbs strings Only those that know these verbs.
  `),
  run: runApiResources,
};

function* runApiResources(k: Kubectl): Sys<number> {
  const format = k.flags.str('output');
  if (!['', 'wide', 'name'].includes(format)) return yield* k.fail(plain(`--output ${format} is not available in kubectl api-resources`).failure);
  if (k.args.length) return yield* k.fail(k.usage(`unexpected arguments: [${k.args.join(' ')}]`).failure);
  const found = yield* k.types(!k.flags.bool('cached'));
  if (!found.ok) return yield* k.fail(found.failure);
  const verbs = k.flags.list('verbs');
  const shown = preferredTypes(found.value).filter((type) => type.verbs.length && (!k.flags.changed('api-group') || type.group === k.flags.str('api-group'))
    && (!k.flags.changed('namespaced') || type.namespaced === k.flags.bool('namespaced')) && verbs.every((verb) => type.verbs.includes(verb)))
    .sort((a, b) => byText(a.group, b.group) || byText(a.plural, b.plural));
  if (format === 'name') yield* out(shown.map((type) => `${type.plural}${type.group ? `.${type.group}` : ''}\n`).join(''));
  else {
    const rows = shown.map((type) => [type.plural, type.short.join(','), type.group, String(type.namespaced), type.kind, ...(format === 'wide' ? [`[${[...type.verbs].join(' ')}]`] : [])].join('\t'));
    const head = ['NAME', 'SHORTNAMES', 'APIGROUP', 'NAMESPACED', 'KIND', ...(format === 'wide' ? ['VERBS'] : [])].join('\t');
    const lines = k.flags.bool('no-headers') ? rows : [head, ...rows];
    if (lines.length) yield* out(`${tabulate(lines.join('\n'), GET)}\n`);
  }
  return found.value.failed?.length ? yield* k.fail(many(found.value.failed.map((gv) => plain(`unable to retrieve the complete list of server APIs: ${gv}: the server is currently unable to handle the request`).failure))) : 0;
}

/** Each resource of a group once, in its preferred version. */
function preferredTypes(found: Discovered): ResourceType[] {
  const out_: ResourceType[] = [];
  for (const type of found.types) if (!out_.some((other) => other.group === type.group && other.plural === type.plural)) out_.push(type);
  return out_;
}

export const apiVersions: Verb = {
  name: 'api-versions', group: OTHER, usage: 'api-versions', short: 'Print the supported API versions on the server, in the form of "group/version"', examples: [['All of them', 'kubectl api-versions']],
  run: function* run(k: Kubectl): Sys<number> {
    if (k.args.length) return yield* k.fail(k.usage(`unexpected arguments: [${k.args.join(' ')}]`).failure);
    const found = yield* k.types(true);
    if (!found.ok) return yield* k.fail(found.failure);
    yield* out([...found.value.groupVersions].sort(byText).map((gv) => `${gv}\n`).join(''));
    return 0;
  },
};
