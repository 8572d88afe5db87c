/**
 * What visitors download, in gzipped bytes of the built site: the same numbers at every run. The page is counted to its
 * first prompt, an embed before and after its click; the simulator and the cluster come meanwhile, in a worker.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { root } from '../../src/drill/launch.mjs';
import { builtSite } from './support/build.ts';

const SITE = await builtSite();
const assets = readdirSync(join(SITE, 'assets'));
const named = (start: string, end = '.js'): string => `assets/${assets.find((name) => name.startsWith(`${start}-`) && name.endsWith(end))!}`;
const text = (file: string): string => readFileSync(join(SITE, file), 'utf8');
const weight = (files: Iterable<string>): number => [...files].reduce((sum, file) => sum + gzipSync(readFileSync(join(SITE, file)), { level: 9 }).length, 0);

/** A module and all that it cannot begin without. */
function closure(file: string, seen = new Set<string>()): Set<string> {
  if (seen.has(file)) return seen;
  seen.add(file);
  const folder = file.includes('/') ? 'assets/' : '';
  for (const [, target] of text(file).matchAll(/(?:from|import)\s*"\.\/((?:assets\/)?[\w.-]+\.js)"/g)) closure(`${folder}${target}`, seen);
  return seen;
}

describe('the page', () => {
  it('shows its first prompt after at most 250 kB', () => {
    const files = new Set([...closure(named('index')), ...closure(named('drill-home'))]);
    expect(files.size).toBeGreaterThan(2);
    expect(weight([...files, 'index.html', named('index', '.css')]) + readFileSync(join(SITE, named('jetbrains-mono', '.woff2'))).length).toBeLessThan(250_000);
  });
  it('has the simulator and a cluster within bounds that may only fall', () => {
    expect(weight([named('worker'), named('programs')])).toBeLessThan(1_100_000);
    expect(readFileSync(join(SITE, 'worlds/three-masters-1.json.gz')).length).toBeLessThan(1_100_000);
  });
  it('has a lesson’s text in at most 20 kB', () => {
    for (const name of assets.filter((each) => /^\d\.\d/.test(each))) expect(weight([`assets/${name}`]), name).toBeLessThan(20_000);
  });
});

describe('an embed', () => {
  it('weighs at most 10 kB before a click', () => { expect(weight(closure('drill.js'))).toBeLessThan(10_000); });
  it('has at most 300 kB of script on the page after it', () => { expect(weight(new Set([...closure('drill.js'), ...closure(named('live'))]))).toBeLessThan(300_000); });
  it('comes as a classic script too, and with statements for who reports', () => {
    expect(text('drill.classic.js')).toContain('import(');
    expect(weight(closure('xapi.js'))).toBeLessThan(2_000);
  });
});

describe('what is published', () => {
  interface Declaration { tagName: string; attributes: { name: string }[]; members: { name: string }[]; events: { name: string }[]; cssParts: { name: string }[] }
  const manifest = JSON.parse(text('custom-elements.json')) as { modules: { declarations: Declaration[] }[] };
  const declarations = manifest.modules[0]!.declarations;
  const source = ['drill.ts', 'live.ts', 'following.ts'].map((file) => readFileSync(join(root, 'src/ui/embed', file), 'utf8')).join('\n') + readFileSync(join(root, 'src/ui/drill-question.ts'), 'utf8');
  const all = (pattern: RegExp): string[] => [...new Set([...source.matchAll(pattern)].map((m) => m[1]!))].sort();
  const declared = (key: 'attributes' | 'members' | 'events' | 'cssParts'): string[] => [...new Set(declarations.flatMap((each) => each[key].map(({ name }) => name)))].sort();

  it('is the manifest and the schema that lie in docs', () => {
    for (const name of ['custom-elements.json', 'scenario.schema.json']) expect(text(name)).toBe(readFileSync(join(root, 'docs', name), 'utf8'));
  });
  it('names every attribute that an element reads, every event and every part', () => {
    const ofChoices = ['run', 'on'];
    expect(all(/(?:this|host)\.(?:get|has)Attribute\('([\w-]+)'\)|attribute\('([\w-]+)'\)/g).filter(Boolean)).toEqual(expect.arrayContaining(['height', 'scenario', 'theme']));
    const read = [...source.matchAll(/(?:(?:this|host)\.(?:get|has)Attribute|\battribute)\('([\w-]+)'\)/g)].map((m) => m[1]!);
    expect([...new Set([...read, ...ofChoices])].sort()).toEqual(declared('attributes'));
    expect([...new Set([...source.matchAll(/(?:tell\(|CustomEvent\()'(drill-[\w-]+)'/g)].map((m) => m[1]!))].sort()).toEqual(declared('events'));
    expect(all(/\bpart="(\w+)"/g)).toEqual(declared('cssParts'));
  });
  it('names every public method', () => {
    const [, body = ''] = /abstract class Embed extends Base \{([\s\S]*?)\nclass /.exec(source) ?? [];
    const methods = [...body.matchAll(/^ {2}(?:async )?(\w+)\(/gm)].map((m) => m[1]!).filter((name) => !/Callback$|^constructor$/.test(name));
    expect(methods.sort()).toEqual(declared('members'));
  });
});
