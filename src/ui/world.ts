/**
 * Where the page's world comes from: a file that was booted with the build. Until all programs are loaded
 * the shell is there alone, which is enough for a prompt.
 */
import { Session } from '../drill/session.ts';
import { unpack } from '../sim/engine/pack.ts';
import type { Program } from '../sim/proc/program.ts';
import { unloadedProgram } from '../sim/proc/unloaded.ts';
import { Simulation, type World } from '../sim/simulation.ts';
import { programs as shells } from '../shell/bash/index.ts';

/** A session at its first moment. Throws with a sentence when the file cannot be had. */
export async function bootSession(topology: string, seed: number): Promise<Session> {
  const file = `worlds/${topology}-${seed}.json`;
  const answer = await fetch(new URL(file, document.baseURI)).catch(() => null);
  if (!answer?.ok) throw new Error(`The world could not be loaded: ${file} ${answer ? `answered ${answer.status}` : 'is out of reach'}.`);
  const text = await answer.text();
  const end = text.indexOf('\n');
  const names = JSON.parse(text.slice(0, end)) as string[];
  const programs: Record<string, Program> = Object.fromEntries(names.map((name) => [name, unloadedProgram(name)]));
  for (const shell of shells) programs[shell.name] = shell;
  return new Session(new Simulation(unpack(text.slice(end + 1)) as World, programs));
}

/** Everything that a machine may run. */
export const loadAll = (): Promise<typeof import('./programs.ts')> => import('./programs.ts');
