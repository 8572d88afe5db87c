/** `kubectl explain`: what is known of a type's fields; of what explain-words.ts does not tell, <empty>, as kubectl prints it. */
import { out } from '../../../sim/proc/libc.ts';
import type { Sys } from '../../../sim/proc/program.ts';
import { aboutField, aboutKind } from './explain-words.ts';
import { plain } from './failure.ts';
import { flagTable } from './flags.ts';
import { byText } from './object.ts';
import { kindShape, shapeOf, type Field, type Shape } from './schema.ts';
import type { Kubectl } from './session.ts';
import type { Verb } from './verb.ts';

export const explain: Verb = {
  name: 'explain', group: 'Basic Commands (Intermediate):', usage: 'explain RESOURCE', short: 'Documentation of resources', long: 'List the fields for supported resources\n\nFields are named by a path of JSON: <type>.<fieldName>[.<fieldName>].\n\nUse "kubectl api-resources" for a complete list of supported resources.',
  examples: [['The type and its fields', 'kubectl explain pods'], ['One field', 'kubectl explain pods.spec.containers']],
  flags: flagTable(`
    api-version string The version that is meant (group/version)
    recursive bool Print the fields of fields (names only)
  `),
  run,
};

const TYPES: Readonly<Record<string, string>> = { s: 'string', i: 'integer', b: 'boolean', n: 'string', q: 'string', '*': 'Object' };

function typeName(type: string): string {
  if (type.startsWith('[')) return `[]${typeName(type.slice(1, -1))}`;
  if (type.startsWith('{')) return `map[string]${typeName(type.slice(1, -1))}`;
  return TYPES[type] ?? 'Object';
}

const bare = (type: string): string => type.replace(/^[[{]|[\]}]$/g, '');
const inside = (type: string): Shape | undefined => shapeOf(bare(type));

/** Words in lines of at most 75 characters behind five blanks: kubectl wraps at 80. */
function wrapped(text: string): string {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= 75) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines.map((line) => `     ${line}\n`).join('');
}

function fieldsText(of: string, shape: Shape, recursive: boolean, indent: string): string {
  return Object.keys(shape.fields).sort(byText).map((name) => {
    const field = shape.fields[name]!;
    const head = `${indent}${name}\t<${typeName(field.type)}>`;
    if (!recursive) return `${head}${field.required ? ' -required-' : ''}\n${wrapped(aboutField(of, name))}\n`;
    const inner = inside(field.type);
    return `${head}\n${inner ? fieldsText('', inner, true, `${indent}   `) : ''}`;
  }).join('');
}

function* run(k: Kubectl): Sys<number> {
  if (!k.args.length) return yield* k.fail(k.usage('You must specify the type of resource to explain. Use "kubectl api-resources" for a complete list of supported resources.\n').failure);
  if (k.args.length > 1) return yield* k.fail(k.usage('We accept only this format: explain RESOURCE\n').failure);
  const [word, ...path] = k.args[0]!.split('.');
  const type = yield* k.type(word!);
  if (!type.ok) return yield* k.fail(type.failure);
  const api = yield* k.api();
  if (!api.ok) return yield* k.fail(api.failure);
  const given = k.flags.str('api-version');
  const version = given || (type.value.group ? `${type.value.group}/${type.value.version}` : type.value.version);
  const schema = yield* api.value.request('/openapi/v2', { query: { timeout: '32s' } });
  if (!schema.ok) return yield* k.fail(schema.failure);
  const top = kindShape(type.value.kind);
  const [group, name] = version.includes('/') ? version.split('/') : ['', version];
  if (!top) return yield* k.fail(plain(`couldn't find resource for ${JSON.stringify(`${group}/${name}, Kind=${type.value.kind}`)}`).failure);
  let shape: Shape | undefined = top;
  let field: Field | null = null;
  let of = '', owner = '';
  for (const part of path) {
    const next: Field | undefined = shape?.fields[part];
    if (!next) return yield* k.fail(plain(`field ${JSON.stringify(part)} does not exist`).failure);
    field = next;
    owner = of;
    of = bare(next.type);
    shape = inside(next.type);
  }
  const about = wrapped(field ? aboutField(owner, path.at(-1)!) : aboutKind(type.value.kind));
  const head = `KIND:     ${type.value.kind}\nVERSION:  ${version}\n\n`;
  if (field && !shape) { yield* out(`${head}FIELD:    ${path.at(-1)} <${typeName(field.type)}>\n\nDESCRIPTION:\n${about}`); return 0; }
  const resource = field ? `RESOURCE: ${path.at(-1)} <${typeName(field.type)}>\n\n` : '';
  yield* out(`${head}${resource}DESCRIPTION:\n${about}\nFIELDS:\n${fieldsText(of, shape!, k.flags.bool('recursive'), '   ')}`);
  return 0;
}
