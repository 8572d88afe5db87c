/**
 * The sources themselves: who may import whom, nothing ambient in the simulation, sizes that fit a head.
 */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { describe, expect, it } from 'vitest';

const walk = (folder: string): string[] => readdirSync(folder).flatMap((name) => {
  const path = join(folder, name);
  return statSync(path).isDirectory() ? walk(path) : [path];
});
const files = walk('src').filter((path) => path.endsWith('.ts') && !path.endsWith('.d.ts'));
const sources = new Map(files.map((path) => [path, readFileSync(path, 'utf8')]));

/** A source without its comments and texts: what the compiler acts on. */
const code = (text: string): string => text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/\/\/.*$/gm, '')
  .replace(/'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"/g, "''");

const importsOf = (path: string): string[] => [...sources.get(path)!.matchAll(/(?:from|import)\s+'(\.[^']+)'/g)].map((m) => normalize(join(dirname(path), m[1]!)));
const room = (path: string): string => path.split('/').slice(1, 3).join('/');

describe('imports flow one way', () => {
  const forbidden: [from: RegExp, to: RegExp, why: string][] = [
    [/^src\/sim\//, /^src\/(shell|ui|drill)\//, 'the simulation knows no shell and no page'],
    [/^src\/shell\//, /^src\/(ui|drill)\//, 'the shell knows no page'],
    [/^src\/drill\//, /^src\/ui\//, 'a drill knows no page'],
    [/^src\/sim\/engine\//, /^src\/(?!sim\/engine\/)/, 'the engine knows nothing else'],
    [/^src\/sim\/net\//, /^src\/sim\/(services|gravity|probes|faults|kernel)\//, 'the network knows no programs'],
    [/^src\/(shell\/bin|sim\/services|sim\/gravity\/(?!world)|sim\/probes)\//, /^src\/sim\/(kernel|world\.ts|simulation\.ts|faults)/, 'programs reach the world by syscalls'],
  ];
  it.each(forbidden)('%s never imports %s', (from, to, why) => {
    const wrong = files.filter((path) => from.test(path)).flatMap((path) => importsOf(path).filter((target) => to.test(target)).map((target) => `${path} imports ${target}: ${why}`));
    expect(wrong).toEqual([]);
  });
});

describe('nothing ambient', () => {
  const BANNED = /\bDate\.now\b|\bnew Date\(\s*\)|\bMath\.random\b|\bperformance\b\.|\bsetTimeout\b|\bsetInterval\b|\bPromise\b|\basync\b|\bawait\b|\blocaleCompare\b|\btoLocale\w+\b|\bIntl\./;
  it.each(['src/sim', 'src/shell'])('in %s: no clock, no chance, no promises', (folder) => {
    const wrong = files.filter((path) => path.startsWith(folder)).flatMap((path) => code(sources.get(path)!).split('\n')
      .flatMap((line) => (BANNED.test(line) ? [`${path}: ${line.trim()}`] : [])));
    expect(wrong).toEqual([]);
  });
});

describe('sizes', () => {
  it('no file is longer than 700 lines, data apart', () => {
    const data = /\/(images|manifests|pages|explain|layout|help)\b|help\.ts$|man-pages|units-|openapi/;
    expect(files.filter((path) => !data.test(path) && sources.get(path)!.split('\n').length > 700)).toEqual([]);
  });
  it('every file says what it is', () => {
    expect(files.filter((path) => !/^\s*\/\*\*/.test(sources.get(path)!))).toEqual([]);
  });
});

describe('words', () => {
  it('nothing is left unfinished by its own words', () => {
    const wrong = files.flatMap((path) => sources.get(path)!.split('\n').flatMap((line, i) => (/\b(TODO|FIXME|XXX|HACK)\b/.test(line) ? [`${path}:${i + 1} ${line.trim()}`] : [])));
    expect(wrong).toEqual([]);
  });
  it('rooms have no Managers, Helpers or utils', () => {
    expect(files.filter((path) => /(^|[-/])(manager|helper|utils?)\b/i.test(path.replace('controller-manager', '')))).toEqual([]);
    expect(room('src/sim/net/path.ts')).toBe('sim/net');
  });
});
