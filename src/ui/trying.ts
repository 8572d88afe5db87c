/** A scenario file of the visitor's own: read by the worker, which knows the format, and held for this visit. */
import type { Read } from '../drill/course.ts';
import type { FromWorker, ParseAnswer } from './engine/messages.ts';

let held: (Read & { ok: true }) | null = null;
export const triedDrill = (): (Read & { ok: true }) | null => held;

export async function tryScenario(source: string, file: string): Promise<ParseAnswer> {
  const worker = new Worker(new URL('./engine/worker.ts', import.meta.url), { type: 'module', name: 'reader' });
  try {
    const answer = await new Promise<ParseAnswer>((resolve, reject) => {
      worker.onmessage = ({ data }: MessageEvent<FromWorker>) => {
        if (data.kind === 'answer') resolve(data.value as ParseAnswer);
        if (data.kind === 'problem') reject(new Error(data.text));
      };
      worker.onerror = () => reject(new Error('the reader could not be loaded'));
      worker.postMessage({ kind: 'parse', request: 1, source, file });
    });
    held = answer.ok ? { id: 'try', file, stamp: `try ${source.length} ${Date.now()}`, ...answer } : null;
    return answer;
  } finally { worker.terminate(); }
}
