/**
 * `docker logs`: what a container wrote, from its json file; followed as it grows.
 */
import type { HttpResponse } from '../../proc/http.ts';
import type { Json, Sys } from '../../proc/program.ts';
import { call } from '../../proc/syscalls.ts';
import { recordOf } from './containers.ts';
import { logOf, parseSince, type ContainerRecord } from './record.ts';

interface Line { log: string; stream: 'stdout' | 'stderr'; time: string }

function* linesFrom(id: string, from: number): Sys<{ lines: Line[]; end: number }> {
  const file = yield* call('readFile', { path: logOf(id) });
  const text = file.ok ? file.value : '';
  const lines = text.slice(from).split('\n').filter(Boolean).map((line) => JSON.parse(line) as Line);
  return { lines, end: text.length };
}

/** stdout=1 stderr=1 follow=1 since= tail= timestamps=1. Streams are told apart as {stdout} and {stderr} messages. */
export function* logs(record: ContainerRecord, params: ReadonlyMap<string, string>, fd: number): Sys<HttpResponse | null> {
  const on = (name: string): boolean => ['1', 'true'].includes(params.get(name) ?? '');
  const since = params.get('since') ? parseSince(params.get('since')!) : null;
  const wanted = (line: Line): boolean => on(line.stream) && (since === null || (parseSince(line.time) ?? 0) >= since);
  const message = (line: Line): Json => ({ [line.stream]: on('timestamps') ? `${line.time} ${line.log}` : line.log });
  const first = yield* linesFrom(record.id, 0);
  let lines = first.lines.filter(wanted);
  const tail = params.get('tail');
  if (tail !== undefined && tail !== 'all') lines = Number(tail) > 0 ? lines.slice(-Number(tail)) : [];
  if (!on('follow')) return { status: 200, headers: {}, body: lines.map(message) };
  yield* call('send', { fd, data: { status: 200, headers: {}, body: '', stream: true } });
  let { end } = first;
  for (const line of lines) yield* call('send', { fd, data: message(line) });
  for (;;) {
    const now = yield* recordOf(record.id);
    if (now?.status !== 'running') break;
    yield* call('park', { channel: `log/${record.id}` });
    const more = yield* linesFrom(record.id, end);
    end = more.end;
    for (const line of more.lines.filter(wanted)) {
      const sent = yield* call('send', { fd, data: message(line) });
      if (!sent.ok) return null;
    }
  }
  return null;
}
