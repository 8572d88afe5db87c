/**
 * The package as others get it: built, packed, put into an empty project beside what it depends on, and used from
 * there with nothing else of ours around. No network is needed.
 */
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { checkPackage, createPackageFromTarballData } from '@arethetypeswrong/core';
import { publint } from 'publint';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildLibrary } from '../../library.mjs';
import { digestOf, root } from '../../src/drill/launch.mjs';
import { freshWorld } from '../support/world.ts';

const EXAMPLES = join(root, 'test/package/examples');
const about = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { dependencies: Record<string, string>; files: string[]; exports: Record<string, unknown> };
/** What is built once and used again while the sources are the same. */
const kept = join(root, 'node_modules/.cache/firedrill/package', digestOf(['src', 'library.mjs', 'package.json', 'tsconfig.json', 'tsconfig.library.json', 'peggy.plugin.ts']));
const PACKAGE = join(kept, 'package');

let project: string;

beforeAll(async () => {
  if (!existsSync(join(kept, 'whole'))) {
    rmSync(dirname(kept), { recursive: true, force: true });
    await buildLibrary(join(PACKAGE, 'lib'));
    for (const file of ['package.json', 'README.md', 'LICENSE']) cpSync(join(root, file), join(PACKAGE, file));
    // The scripts belong to the sources; here everything is built.
    execFileSync('npm', ['pack', '--ignore-scripts', '--silent', '--pack-destination', kept], { cwd: PACKAGE, stdio: ['ignore', 'ignore', 'inherit'] });
    writeFileSync(join(kept, 'whole'), '');
  }
  project = mkdtempSync(join(tmpdir(), 'empty-project-'));
  writeFileSync(join(project, 'package.json'), '{ "name": "empty", "private": true, "type": "module" }\n');
  const modules = join(project, 'node_modules');
  mkdirSync(join(modules, 'firedrill'), { recursive: true });
  execFileSync('tar', ['-xzf', tarball(), '--strip-components=1', '-C', join(modules, 'firedrill')]);
  for (const name of [...Object.keys(about.dependencies), 'fast-check', 'typescript', 'vitest']) {
    mkdirSync(dirname(join(modules, name)), { recursive: true });
    symlinkSync(join(root, 'node_modules', name), join(modules, name));
  }
}, 300_000);
afterAll(() => { if (project) rmSync(project, { recursive: true, force: true }); });

const tarball = (): string => join(kept, readdirSync(kept).find((name) => name.endsWith('.tgz'))!);
const node = (...args: string[]): string => execFileSync(process.execPath, args, { cwd: project, encoding: 'utf8', env: { ...process.env, TZ: 'Asia/Kathmandu', LANG: 'tr_TR.UTF-8', LC_ALL: 'tr_TR.UTF-8' } });

describe('what is in it', () => {
  it('is what the entries need, and nothing of the sources, tests or scenarios', () => {
    const names = execFileSync('tar', ['-tzf', tarball()], { encoding: 'utf8' }).trim().split('\n');
    expect(names.filter((name) => !/^package\/(package\.json|README\.md|LICENSE|lib\/(firedrill|testing|world-\w+)\.js|lib\/types\/[\w/.-]+\.d\.ts)$/.test(name))).toEqual([]);
    expect(names).toEqual(expect.arrayContaining(['package/lib/firedrill.js', 'package/lib/testing.js', 'package/lib/types/firedrill.d.ts', 'package/lib/types/testing.d.ts']));
  });
  it('asks for nothing that only Node has, so that browsers and workers take it too', () => {
    const code = readdirSync(join(PACKAGE, 'lib')).filter((name) => name.endsWith('.js')).map((name) => readFileSync(join(PACKAGE, 'lib', name), 'utf8')).join('\n');
    const asked = [...code.matchAll(/^(?:import|export) .*?from "([^."][^"]*)";$/gm)].map((m) => m[1]!);
    expect([...new Set(asked)].filter((name) => !(name in about.dependencies)).sort()).toEqual(['fast-check']);
  });
});

describe('others judge it', () => {
  it('publint', async () => {
    const { messages } = await publint({ pkgDir: join(project, 'node_modules/firedrill'), pack: false, strict: true });
    expect(messages).toEqual([]);
  });
  it('are the types wrong? Not for whoever imports', async () => {
    const result = await checkPackage(createPackageFromTarballData(new Uint8Array(readFileSync(tarball()))));
    // An ES module for Node 20.19 and later, which require() takes as well: the two older ways of resolving do not count.
    const counted = result.types ? result.problems.filter((problem) => !('resolutionKind' in problem) || !['node10', 'node16-cjs'].includes(problem.resolutionKind)) : ['no types'];
    expect(counted).toEqual([]);
  }, 120_000);
  it('a strict project compiles against it', () => {
    writeFileSync(join(project, 'use.ts'), readFileSync(join(EXAMPLES, 'first.mjs'), 'utf8'));
    writeFileSync(join(project, 'tsconfig.json'), JSON.stringify({ compilerOptions: { module: 'nodenext', target: 'es2022', strict: true, noEmit: true, types: [], lib: ['es2023', 'dom'] }, files: ['use.ts'] }));
    expect(() => node(join(root, 'node_modules/typescript/bin/tsc'), '-p', '.')).not.toThrow();
  }, 120_000);
});

describe('from an empty project', () => {
  it('the first example of the docs does what they say, in another time zone and language too', () => {
    cpSync(join(EXAMPLES, 'first.mjs'), join(project, 'first.mjs'));
    expect(node('first.mjs')).toBe([
      'Cluster status:\t\tdegraded', 'node-1 degraded, node-2 healthy, node-3 healthy', 'net.ipv4.ip_forward = 1 0',
      'Cluster status:\t\tactive', 'Cluster status:\t\tactive', '',
    ].join('\n'));
  }, 180_000);
  it('what it boots and saves is this very world, to the last bit', () => {
    writeFileSync(join(project, 'digest.mjs'), "import { createWorld, loadWorld } from 'firedrill';\nconst world = createWorld({ topology: 'bare' });\nconsole.log(world.sim.digest(), loadWorld(world.sim.save()).sim.digest());\n");
    const digest = freshWorld('bare').sim.digest();
    expect(node('digest.mjs')).toBe(`${digest} ${digest}\n`);
  }, 180_000);
  it('require() takes it', () => {
    const version = process.versions.node.split('.').map(Number) as [number, number];
    const flags = version[0] > 22 || (version[0] === 22 && version[1] >= 12) || (version[0] === 20 && version[1] >= 19) ? [] : ['--experimental-require-module'];
    expect(node(...flags, '--input-type=commonjs', '-e', "console.log(typeof require('firedrill').createWorld, typeof require('firedrill/testing').matchers)")).toBe('function function\n');
  });
});

it('the examples of the docs are these files', () => {
  const docs = readFileSync(join(root, 'docs/testing.md'), 'utf8');
  const blocks = [...docs.matchAll(/```(?:js|ts)\n([\s\S]*?)```/g)].map((m) => m[1]);
  expect(blocks).toEqual(['first.mjs', 'suite.test.ts'].map((name) => readFileSync(join(EXAMPLES, name), 'utf8')));
});
