/** What `npm run explore` is told. */
import { parseArgs } from 'node:util';
import { KINDS, type Kind } from './plan.ts';

export interface Options { runs: number; only: number | null; seed: number; shard: number; shards: number; kinds: readonly Kind[]; out: string | null; save: string; merge: readonly string[] }

const USAGE = `usage: npm run explore -- [--runs N] [--seed S] [--shard I/N] [--kind ${KINDS.join('|')}] [--run R] [--out FILE] [--save FOLDER]
       npm run explore -- --merge FILE… [--out FILE]
`;

const SPEC = {
  runs: { type: 'string' }, run: { type: 'string' }, seed: { type: 'string' }, shard: { type: 'string' }, kind: { type: 'string' }, out: { type: 'string' }, save: { type: 'string' }, merge: { type: 'boolean' },
} as const;

/** The options, or what is wrong with them. */
export function readOptions(argv: readonly string[], folder: string): Options | { error: string } {
  const wrong = (reason: string): { error: string } => ({ error: `${reason}\n${USAGE}` });
  let given: { values: Partial<Record<Exclude<keyof typeof SPEC, 'merge'>, string>> & { merge?: boolean }; positionals: string[] };
  try { given = parseArgs({ args: [...argv], options: SPEC, allowPositionals: true }); } catch (error) { return wrong((error as Error).message); }
  const { values, positionals } = given;
  const number = (text: string | undefined, otherwise: number): number => (text === undefined ? otherwise : text.trim() === '' ? NaN : Number(text));
  const runs = number(values.runs, 10), seed = number(values.seed, 1), only = number(values.run, -1);
  const shard = /^([1-9]\d*)\/([1-9]\d*)$/.exec(values.shard ?? '1/1');
  const kinds = values.kind === undefined ? KINDS : KINDS.filter((kind) => values.kind!.split(',').includes(kind));
  if (!Number.isSafeInteger(runs) || runs < 1) return wrong(`--runs must be a whole number above 0, not ${values.runs}`);
  if (values.run !== undefined && !(Number.isSafeInteger(only) && only >= 0)) return wrong(`--run must be a whole number, not ${values.run}`);
  if (!Number.isSafeInteger(seed)) return wrong(`--seed must be a whole number, not ${values.seed}`);
  if (!shard || Number(shard[1]) > Number(shard[2])) return wrong(`--shard must be I/N with I from 1 to N, not ${values.shard}`);
  if (values.kind !== undefined && kinds.length < values.kind.split(',').length) return wrong(`--kind must be of ${KINDS.join(', ')}, not ${values.kind}`);
  if (values.merge ? !positionals.length : positionals.length) return wrong(values.merge ? '--merge needs files' : `unexpected ${positionals.join(' ')}`);
  return {
    runs, seed, only: only < 0 ? null : only, shard: Number(shard[1]), shards: Number(shard[2]), kinds, out: values.out ?? null,
    save: values.save ?? `${folder}/found`, merge: values.merge ? positionals : [],
  };
}
