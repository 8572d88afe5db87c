/**
 * The whole course as the page is built from it: every scenario file, read and turned into a lesson, and the
 * worlds that they begin with. Runs where files are, with the build; a damaged file keeps its place in the
 * course and says what is wrong with it.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { digest } from '../sim/engine/digest.ts';
import { pack } from '../sim/engine/pack.ts';
import { Session } from './session.ts';
import type { Topology } from '../sim/cluster.ts';
import { images } from '../sim/images.ts';
import { Simulation } from '../sim/simulation.ts';
import { programs } from '../shell/bin/registry.ts';
import { bootKept } from './kept.ts';
import { htmlOf, lessonOf, type Lesson } from './lesson.ts';
import type { Problem } from './markdown.ts';
import { referenceOf, type CommandRoom } from './reference.ts';
import { parseScenario, type Scenario } from './scenario.ts';

export const PAGE_SEED = 1;

export type Read = { id: string; file: string; stamp: string } & ({ ok: true; scenario: Scenario; lesson: Lesson } | { ok: false; errors: Problem[] });

/** `stamp`: of the file's text; what was kept for another text is not replayed on this one. */
export const readLesson = (source: string, file: string): Read => {
  const parsed = parseScenario(source, file);
  const id = parsed.ok ? parsed.scenario.id : /([^/]+?)-[^/]*$/.exec(file)?.[1] ?? file;
  return { id, file, stamp: digest(source), ...(parsed.ok ? { ...parsed, lesson: lessonOf(parsed.scenario) } : parsed) };
};

export const readCourse = (folder: string): Read[] => readdirSync(folder).filter((name) => name.endsWith('.md') && name !== 'README.md').sort()
  .map((name) => readLesson(readFileSync(`${folder}/${name}`, 'utf8'), `scenarios/${name}`));

/** A booted world as the page fetches it. */
export const worldFile = (topology: string, cache: string, stamp: string, stale: boolean): Uint8Array =>
  gzipSync(pack(bootKept(cache, stamp, stale)(topology as Topology, PAGE_SEED)), { level: 9 });

/** The commands that the cluster's machines know. */
export const readCommands = (cache: string, stamp: string, stale: boolean): CommandRoom[] =>
  referenceOf(new Session(new Simulation(bootKept(cache, stamp, stale)('three-masters', PAGE_SEED), programs, images)));

export const readGuide = (file: string): string => htmlOf(readFileSync(file, 'utf8'));
