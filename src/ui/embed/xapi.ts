/**
 * Events of the elements as xAPI statements, for pages that report to a learning record store. It sends nothing: who
 * reports, where to and about whom is the page's own business.
 */
export interface Origin { /** An xAPI agent: { mbox } or { account }. */ actor: Readonly<Record<string, unknown>>; /** The IRI of the lesson; elements are named below it. */ activity: string; registration?: string }
export interface Statement {
  actor: Readonly<Record<string, unknown>>;
  verb: { id: string; display: Readonly<Record<string, string>> };
  object: { objectType: 'Activity'; id: string; definition: Readonly<Record<string, unknown>> };
  result?: Readonly<Record<string, unknown>>;
  context?: Readonly<Record<string, unknown>>;
  timestamp: string;
}

const VERBS: Readonly<Record<string, string>> = { 'drill-ready': 'initialized', 'drill-command': 'interacted', 'drill-check': 'progressed', 'drill-answer': 'answered', 'drill-complete': 'completed' };
const ADL = 'http://adlnet.gov/expapi/';

/** The statement of an event, or null for those that report nothing. `startedAt`: when the visitor began, in ms. */
export function statementOf(event: { type: string; detail: Readonly<Record<string, unknown>> }, origin: Origin, now: Date = new Date(), startedAt?: number): Statement | null {
  const verb = VERBS[event.type];
  if (!verb) return null;
  const { detail } = event;
  const quiz = typeof detail['quiz'] === 'string' ? detail['quiz'] : '';
  const result = resultOf(event.type, detail);
  if (startedAt !== undefined) result['duration'] = durationOf(now.getTime() - startedAt);
  return {
    actor: origin.actor,
    verb: { id: `${ADL}verbs/${verb}`, display: { en: verb } },
    object: {
      objectType: 'Activity', id: quiz ? `${origin.activity}#${encodeURIComponent(quiz)}` : origin.activity,
      definition: quiz ? { type: `${ADL}activities/cmi.interaction`, interactionType: detail['kind'] === 'order' ? 'sequencing' : 'choice', description: { en: String(detail['question'] ?? '') } } : { type: `${ADL}activities/lesson` },
    },
    ...(Object.keys(result).length ? { result } : {}),
    ...(origin.registration === undefined ? {} : { context: { registration: origin.registration } }),
    timestamp: now.toISOString(),
  };
}

function resultOf(type: string, detail: Readonly<Record<string, unknown>>): Record<string, unknown> {
  switch (type) {
    case 'drill-answer': return { success: detail['right'] === true, response: String(detail['response'] ?? ''), score: { scaled: detail['right'] === true ? 1 : 0 } };
    case 'drill-check': {
      const goals = Array.isArray(detail['goals']) ? detail['goals'] as { passed: boolean | null }[] : [];
      return goals.length ? { score: { scaled: Math.round((goals.filter(({ passed }) => passed).length / goals.length) * 1000) / 1000 } } : {};
    }
    case 'drill-command': return { response: String(detail['command'] ?? '') };
    case 'drill-complete': return { completion: true, success: true, score: { scaled: 1 } };
    default: return {};
  }
}

/** ISO 8601: PT1M5.2S. */
export function durationOf(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 100) / 10), minutes = Math.floor(seconds / 60), rest = Math.round((seconds - minutes * 60) * 10) / 10;
  return minutes ? `PT${minutes}M${rest ? `${rest}S` : ''}` : `PT${rest}S`;
}
