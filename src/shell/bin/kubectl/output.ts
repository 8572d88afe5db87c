/**
 * The printers behind -o: yaml, json, name, jsonpath, templates, custom columns, and the one-line message
 * of commands that change something. Tables are get's own.
 */
import { out, strerror } from '../../../sim/proc/libc.ts';
import type { Sys } from '../../../sim/proc/program.ts';
import { call } from '../../../sim/proc/syscalls.ts';
import { customColumns, parseColumns, type Column } from './columns.ts';
import { done, failed, plain, type Outcome } from './failure.ts';
import { findPath, goSyntax, parsePath, printResults } from './jsonpath.ts';
import { flagTable } from './flags.ts';
import { groupVersion, type Obj } from './object.ts';
import type { Kubectl } from './session.ts';
import { executeTemplate, goValue, parseTemplate } from './template.ts';
import { toJson, toYaml } from './yaml.ts';

/** Text for one object; `first` is false from the second on. */
export type Printer = (obj: Obj, first: boolean) => Outcome<string>;

/** Formats common to all commands, and those that only get has. */
const GENERAL = ['go-template', 'go-template-file', 'json', 'jsonpath', 'jsonpath-file', 'name', 'template', 'templatefile', 'yaml'];
const GET_ONLY = ['custom-columns', 'custom-columns-file', 'wide'];

export const printFlags = flagTable(`
  output,o string Output format: json|yaml|name|go-template|go-template-file|template|templatefile|jsonpath|jsonpath-file
  template string Template text or file for -o=go-template, -o=go-template-file
  allow-missing-template-keys bool=true Leave out what a template names and the object has not
`);

export const kindOf = (obj: Obj): string => {
  const { group } = groupVersion(String(obj['apiVersion'] ?? ''));
  const kind = String(obj['kind'] ?? '<unknown>').toLowerCase();
  return group ? `${kind}.${group}` : kind;
};

const nameLine = (obj: Obj): string => {
  if (Array.isArray(obj['items']) && String(obj['kind']).endsWith('List')) return (obj['items'] as Obj[]).map(nameLine).join('');
  return `${kindOf(obj)}/${obj['metadata']?.name || '<unknown>'}\n`;
};

/** The printer for -o; null when there is no -o (or wide, for get): the caller prints its own way. */
export function* printerFor(k: Kubectl, options: { get?: boolean; typed?: boolean } = {}): Sys<Outcome<Printer | null>> {
  let format = k.flags.str('output');
  const template = k.flags.has('template') ? k.flags.str('template') : '';
  if (!format && template) format = 'go-template';
  if (!format || (options.get && format === 'wide')) return done(null);
  const at = format.indexOf('=');
  const head = (at < 0 ? format : format.slice(0, at));
  const argument = at < 0 ? template : format.slice(at + 1);
  const kind = head.toLowerCase();
  const allowed = (options.get ? [...GENERAL, ...GET_ONLY] : GENERAL).sort();
  const known = allowed.includes(kind) && (at < 0 || !['json', 'yaml', 'name', 'wide'].includes(kind));
  if (!known) return plain(`unable to match a printer suitable for the output format ${JSON.stringify(format)}, allowed formats are: ${allowed.join(',')}`);
  if (kind === 'yaml') return done((obj, first) => done((first ? '' : '---\n') + toYaml(obj)));
  if (kind === 'json') return done((obj) => done(`${toJson(obj, '    ', !options.typed)}\n`));
  if (kind === 'name') return done((obj) => done(nameLine(obj)));
  if (kind.startsWith('custom-columns')) return yield* columnsPrinter(k, kind, argument);
  if (!argument) return plain('template format specified but no template given');
  const text = kind.endsWith('file') ? yield* fileText(kind, argument) : done(argument);
  if (!text.ok) return text;
  const missingFails = !k.flags.bool('allow-missing-template-keys') && k.flags.has('allow-missing-template-keys');
  return kind.startsWith('jsonpath') ? jsonpathPrinter(text.value, missingFails) : templatePrinter(text.value, missingFails);
}

function* fileText(kind: string, path: string): Sys<Outcome<string>> {
  const text = yield* call('readFile', { path });
  const what = kind.startsWith('jsonpath') ? 'jsonpath-file' : 'template';
  return text.ok ? done(text.value) : plain(`error reading --${what === 'template' ? `template ${path}` : `template ${path}`}, open ${path}: ${strerror(text.errno).toLowerCase()}\n`);
}

function jsonpathPrinter(template: string, strict: boolean): Outcome<Printer> {
  const parsed = parsePath(template);
  if (!parsed.ok) return plain(`error parsing jsonpath ${template}, ${parsed.error}\n`);
  return done((obj) => {
    const found = findPath(parsed.nodes, obj, strict);
    if (found.ok) return done(printResults(found.results));
    return plain(`error executing jsonpath ${JSON.stringify(template)}: Error executing template: ${found.error}. Printing more information for debugging the template:\n`
      + `\ttemplate was:\n\t\t${template}\n\tobject given to jsonpath engine was:\n\t\t${goSyntax(obj)}\n\n\n`);
  });
}

function templatePrinter(template: string, strict: boolean): Outcome<Printer> {
  const parsed = parseTemplate(template);
  if (!parsed.ok) return plain(`error parsing template ${template}, ${parsed.error}\n`);
  return done((obj) => {
    const result = executeTemplate(parsed.value, obj, strict);
    if (result.ok) return done(result.text);
    const stdout = `${result.text}Error executing template: ${result.error}. Printing more information for debugging the template:\n`
      + `\ttemplate was:\n\t\t${template}\n\traw data was:\n\t\t${toJson(obj, '')}\n\tobject given to template engine was:\n\t\t${goValue(obj)}\n\n`;
    return failed({ is: 'plain', text: `error executing template ${JSON.stringify(template)}: ${result.error}`, stdout });
  });
}

function* columnsPrinter(k: Kubectl, kind: string, argument: string): Sys<Outcome<Printer>> {
  if (!argument) return plain('custom-columns format specified but no custom columns given');
  let spec = argument;
  if (kind === 'custom-columns-file') {
    const text = yield* call('readFile', { path: argument });
    if (!text.ok) return plain(`error reading template ${argument}, open ${argument}: ${strerror(text.errno).toLowerCase()}\n`);
    const [heads, paths] = text.value.split('\n').map((line) => line.trim().split(/\s+/));
    if (!heads || !paths || heads.length !== paths.length) return plain(`number of headers (${heads?.length ?? 0}) and field specifications (${paths?.length ?? 0}) don't match`);
    spec = heads.map((head, i) => `${head}:${paths[i]}`).join(',');
  }
  const columns = parseColumns(spec);
  if (!columns.ok) return plain(columns.error);
  const headless = k.flags.has('no-headers') && k.flags.bool('no-headers');
  return done((obj, first) => done(customColumns(columns.value as Column[], obj, !headless && first)));
}

export const DRY_RUN = flagTable('dry-run bool Only print the object that would be sent, without sending it.');

/** How a changing command says what it did: `pod/x created`, or the object when -o asks for it. */
export class Reporter {
  private count = 0;
  constructor(private readonly printer: Printer | null, private readonly dryRun: boolean) {}

  *say(obj: Obj, operation: string): Sys<Outcome<null>> {
    const first = this.count++ === 0;
    const text = this.printer ? this.printer(obj, first) : done(`${kindOf(obj)}/${obj['metadata']?.name ?? ''} ${operation}${this.dryRun ? ' (dry run)' : ''}\n`);
    if (!text.ok) return text;
    yield* out(text.value);
    return done(null);
  }
}

export function* reporter(k: Kubectl, options: { typed?: boolean } = {}): Sys<Outcome<Reporter>> {
  const printer = yield* printerFor(k, options);
  if (!printer.ok) return printer;
  return done(new Reporter(printer.value, k.flags.has('dry-run') && k.flags.bool('dry-run')));
}
