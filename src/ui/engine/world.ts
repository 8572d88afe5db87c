/**
 * Where the page's world comes from: a file that was booted with the build and came compressed. Whoever has
 * no DecompressionStream takes the slower way in JavaScript.
 */
import { Session } from '../../drill/session.ts';
import { unpack } from '../../sim/engine/pack.ts';
import { Simulation, type World } from '../../sim/simulation.ts';
import { seal } from '../../sim/engine/cow.ts';

const worlds = new Map<string, Promise<World>>();

async function inflated(answer: Response): Promise<string> {
  const bytes = new Uint8Array(await answer.arrayBuffer());
  // A host that serves .gz with Content-Encoding has had it inflated already.
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return new TextDecoder().decode(bytes);
  if (typeof DecompressionStream === 'function') return new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream('gzip'))).text();
  const { gunzipSync } = await import('fflate');
  return new TextDecoder().decode(gunzipSync(bytes));
}

async function fetchWorld(topology: string, seed: number, base: string): Promise<World> {
  const file = `worlds/${topology}-${seed}.json.gz`;
  const answer = await fetch(new URL(file, base)).catch(() => null);
  if (!answer?.ok) throw new Error(`The cluster could not be loaded: ${file} ${answer ? `answered ${answer.status}` : 'is out of reach'}. Check the connection and load the page again.`);
  return seal(unpack(await inflated(answer)) as World);
}

/** A session at its first moment. Throws with a sentence when the file cannot be had. */
export async function bootSession(topology: string, seed: number, base: string): Promise<Session> {
  const name = `${topology}-${seed}`;
  if (!worlds.has(name)) worlds.set(name, fetchWorld(topology, seed, base));
  const [world, { programs, images }] = await Promise.all([worlds.get(name)!, import('./programs.ts')]);
  return new Session(new Simulation(world, programs, images));
}
