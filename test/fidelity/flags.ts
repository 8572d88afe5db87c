/**
 * Which flags the programs' own tables declare, and whether anything in the same source file asks for them: a flag that is
 * parsed and then asked for by nobody is a silent lie. Read from the sources: tables for `tool(…)` and for `getopt(…)`.
 */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import ts from 'typescript';
import { optionTable } from '../../src/shell/bin/coreutils/getopt.ts';

export interface Declared { program: string; file: string; /** By the name that programs ask for. */ flags: { key: string; shown: string; help: string }[]; /** Of those, what nobody asks for. */ unread: string[] }

const walk = (folder: string): string[] => readdirSync(folder).sort().flatMap((name) => {
  const path = join(folder, name);
  return statSync(path).isDirectory() ? walk(path) : path.endsWith('.ts') ? [path] : [];
});

/** What a table says of itself: the flag changes nothing, here as in the real program. */
const NOTHING = /\((default|no effect|ignored)\)|^\s*no effect|^ignored|for compatibility/i;

const text = (node: ts.Node | undefined): string | null => (node && ts.isStringLiteralLike(node) ? node.text : null);

/** Where a literal can ask for a flag: handed to a call, compared, listed, a case, or the key of a map. */
const ASKING: ReadonlySet<ts.SyntaxKind> = new Set([
  ts.SyntaxKind.CallExpression, ts.SyntaxKind.BinaryExpression, ts.SyntaxKind.ArrayLiteralExpression, ts.SyntaxKind.CaseClause, ts.SyntaxKind.ElementAccessExpression, ts.SyntaxKind.ConditionalExpression,
]);

/** Whether code asks for a flag by its key, outside of the tables themselves. A letter in some word or pattern is no question. */
function asked(source: ts.SourceFile, tables: readonly ts.Node[]): (key: string) => boolean {
  const exact = new Set<string>();
  let letters = '';
  const visit = (node: ts.Node): void => {
    if (tables.includes(node)) return;
    if (ts.isStringLiteralLike(node)) {
      if (node.text.length > 1 || ASKING.has(node.parent.kind)) exact.add(node.text);
      // 'hHk'.includes(key), for (const key of 'hHk')
      if ((ts.isPropertyAccessExpression(node.parent) && node.parent.expression === node) || ts.isForOfStatement(node.parent) || ts.isSpreadElement(node.parent)) letters += node.text;
    }
    if (ts.isPropertyAssignment(node)) exact.add(node.name.getText(source).replace(/^'|'$/g, ''));
    ts.forEachChild(node, visit);
  };
  visit(source);
  return (key) => exact.has(key) || exact.has(`-${key}`) || exact.has(`--${key}`) || (key.length === 1 && letters.includes(key));
}

/** The value of a name in this file, when it is a literal there. */
function valueOf(source: ts.SourceFile, node: ts.Expression): ts.Expression {
  if (!ts.isIdentifier(node)) return node;
  let found: ts.Expression = node;
  const visit = (each: ts.Node): void => {
    if (ts.isVariableDeclaration(each) && each.initializer && each.name.getText(source) === node.text) found = each.initializer;
    ts.forEachChild(each, visit);
  };
  visit(source);
  while (ts.isAsExpression(found) || ts.isSatisfiesExpression(found)) found = found.expression;
  return found;
}

const property = (object: ts.ObjectLiteralExpression, name: string): ts.Expression | undefined =>
  object.properties.find((each): each is ts.PropertyAssignment => ts.isPropertyAssignment(each) && each.name.getText() === name)?.initializer;

type Flag = Declared['flags'][number];

function ofTool(lines: readonly string[]): Flag[] {
  const table = optionTable(lines);
  return [...new Set([...table.byShort.values(), ...table.byLong.values()])].map(({ key, shown, help }) => ({ key, shown, help }));
}

/** `short: 'ab:c'`, `long: { all: ['none', 'a'], x: 'none' }`. */
function ofGetopt(source: ts.SourceFile, spec: ts.ObjectLiteralExpression): Flag[] {
  const short = property(spec, 'short'), long = property(spec, 'long');
  const keys = new Map<string, string>();
  for (const letter of (short && text(valueOf(source, short)) || '').replace(/^\+|:/g, '')) keys.set(letter, `-${letter}`);
  const longs = long && valueOf(source, long);
  if (longs && ts.isObjectLiteralExpression(longs)) {
    for (const each of longs.properties) {
      if (!ts.isPropertyAssignment(each)) continue;
      const name = text(each.name) ?? each.name.getText(source);
      const key = ts.isArrayLiteralExpression(each.initializer) ? text(each.initializer.elements[1]) ?? name : name;
      keys.set(key, keys.has(key) ? `${keys.get(key)}, --${name}` : `--${name}`);
    }
  }
  return [...keys].map(([key, shown]) => ({ key, shown, help: '' }));
}

export function declaredFlags(root: string): Declared[] {
  return walk(join(root, 'src/shell/bin')).flatMap((path) => {
    const source = ts.createSourceFile(path, readFileSync(path, 'utf8'), ts.ScriptTarget.ES2022, true);
    const found: { program: string; flags: Flag[] }[] = [];
    const tables: ts.Node[] = [];
    const visit = (node: ts.Node): void => {
      if (ts.isCallExpression(node)) {
        const called = node.expression.getText(source);
        const [first, , third] = node.arguments;
        if (called === 'tool' && first && ts.isObjectLiteralExpression(first)) {
          const options = property(first, 'options');
          const list = options && valueOf(source, options);
          if (list && ts.isArrayLiteralExpression(list)) {
            tables.push(list);
            found.push({ program: text(property(first, 'name')) ?? '', flags: ofTool(list.elements.map(text).filter((line): line is string => line !== null)) });
          }
        }
        const spec = called === 'getopt' && third ? valueOf(source, third) : undefined;
        if (spec && ts.isObjectLiteralExpression(spec)) {
          tables.push(spec);
          found.push({ program: text(first) ?? '', flags: ofGetopt(source, spec) });
        }
      }
      ts.forEachChild(node, visit);
    };
    visit(source);
    // A program of several files asks in those of its own folder too.
    const own = source.statements.filter(ts.isImportDeclaration).map((each) => text(each.moduleSpecifier) ?? '').filter((name) => /^\.\/[\w-]+\/[\w-]+\.ts$/.test(name))
      .map((name) => join(dirname(path), name)).map((file) => asked(ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.ES2022, true), []));
    const here = asked(source, tables);
    const isAsked = (key: string): boolean => here(key) || own.some((there) => there(key));
    return found.filter(({ program }) => program !== '').map(({ program, flags }) => ({
      program, file: path.slice(root.length + 1), flags, unread: flags.filter(({ key, help }) => !NOTHING.test(help) && !isAsked(key)).map(({ shown }) => shown),
    }));
  });
}
