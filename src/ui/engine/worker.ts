/** The worker that holds the world: it joins messages, the desk and the wall clock, and has no thought of its own. */
import { explain, sinceWhen, type Subject } from '../../drill/why/explain.ts';
import { tracePacket } from '../../sim/trace.ts';
import { catalogue } from '../../sim/faults/catalogue.ts';
import { UnknownThing } from '../../drill/session.ts';
import { advising, ladderOf } from '../../drill/hints.ts';
import { judging } from '../../drill/quiz.ts';
import { parseScenario } from '../../drill/scenario.ts';
import { Desk } from './desk.ts';
import type { Answers, FaultView, FromWorker, ParseAnswer, Question, ToWorker } from './messages.ts';
import { Run } from './run.ts';
import { bootSession } from './world.ts';

const say = (message: FromWorker): void => { postMessage(message); };
const KEEP_EVERY_MS = 2_000;

let desk: Desk | null = null;
/** What came before the world did. */
const waiting: ToWorker[] = [];

// A message to oneself comes after those that wait already; a timer would add four milliseconds.
const channel = new MessageChannel();
let roused = false;
let timer: ReturnType<typeof setTimeout> | undefined;
const wake = (): void => { roused = false; try { desk?.wake(); } catch (error) { complain(error); } };
channel.port1.onmessage = wake;
const rouse = (afterMs: number): void => {
  if (roused) return;
  clearTimeout(timer);
  if (afterMs > 0) { timer = setTimeout(wake, afterMs); return; }
  roused = true;
  channel.port2.postMessage(null);
};

function complain(error: unknown): void {
  say({ kind: 'problem', text: error instanceof Error ? error.message : String(error) });
  if (error instanceof Error) console.error(error);
}

async function begin(message: ToWorker & { kind: 'begin' }): Promise<void> {
  say({ kind: 'stage', stage: 'loading' });
  const session = await bootSession(message.scenario.topology, message.seed, new URL('../', self.location.href).href);
  say({ kind: 'stage', stage: 'setting up' });
  const run = new Run(message.scenario, message.stamp, message.seed, session);
  run.begin();
  const ready = (): void => { for (const late of waiting.splice(0)) handle(late); };
  desk = new Desk(run, { now: () => performance.now(), rouse, say, ready });
  desk.start(message.log, message.digest, message.speed);
  setInterval(() => { if (desk && !desk.busy) desk.keep(); }, KEEP_EVERY_MS);
}

function handle(message: ToWorker): void {
  if (message.kind === 'begin') { begin(message).catch(complain); return; }
  if (message.kind === 'parse') { parse(message).catch(complain); return; }
  if (!desk || desk.busy) { waiting.push(message); return; }
  const { run } = desk;
  switch (message.kind) {
    case 'keys': desk.keys(message.terminal, message.data); break;
    case 'open': say({ kind: 'opened', terminal: run.open(message.node) }); desk.entered(); break;
    case 'close': run.close(message.terminal); desk.entered(); break;
    case 'resize': run.resize(message.terminal, message.cols, message.rows); desk.entered(); break;
    case 'strike':
      try {
        run.session.fork().fault(message.name, { ...message.args });
        run.strike(message.name, message.args);
        say({ kind: 'answer', request: message.request, value: null });
        desk.entered();
      } catch (error) { say({ kind: 'refused', request: message.request, reason: (error as Error).message }); }
      break;
    case 'undo': if (run.undo()) desk.travelled(); break;
    case 'redo': if (run.redo()) desk.travelled(); break;
    case 'reset': run.reset(); desk.travelled(); break;
    case 'goTo': run.goTo(message.step); desk.travelled(); break;
    case 'speed': desk.setSpeed(message.speed); break;
    case 'skip': desk.skipAhead(message.seconds); break;
    case 'hidden': desk.setHidden(message.hidden); break;
    case 'question':
      if (message.question.ask === 'advice') {
        desk.pursue(advising(run.session, run.scenario, desk.enough), (advice) => say({ kind: 'answer', request: message.request, value: ladderOf(advice) }));
        break;
      }
      if (message.question.ask === 'judge') {
        const { quiz, given } = message.question;
        desk.pursue(judging(quiz.world === 'start' ? run.atStart() : run.session, quiz, given, desk.enough), (value) => say({ kind: 'answer', request: message.request, value }));
        break;
      }
      try { say({ kind: 'answer', request: message.request, value: answer(run, message.question) }); } catch (error) {
        if (!(error instanceof UnknownThing)) throw error;
        say({ kind: 'refused', request: message.request, reason: error.message });
      }
  }
}

function answer(run: Run, question: Exclude<Question, { ask: 'judge' | 'advice' }>): Answers[Question['ask']] {
  switch (question.ask) {
    case 'exec': return run.session.fork().exec(question.node, question.command, { user: question.user, wait: 30 });
    case 'trace': return tracePacket(run.session.sim, { ...question.from, to: question.to, proto: question.proto, port: question.port });
    case 'why': return why(run, question.subject);
    case 'proof': return { log: run.log(), digest: run.session.sim.digest() };
    case 'faults': return [...catalogue.values()].map(({ name, title, args }): FaultView => ({ name, title, args }));
  }
}

function why(run: Run, subject: Subject): Answers['why'] {
  const explanation = explain(run.session, subject);
  const proof = explanation.reasons.findLast(({ bad }) => bad)?.proof;
  return { ...explanation, since: proof ? sinceWhen(run.session, proof, run.stepsBefore()) : null };
}

async function parse(message: ToWorker & { kind: 'parse' }): Promise<void> {
  const parsed = parseScenario(message.source, message.file);
  const value: ParseAnswer = parsed.ok ? { ...parsed, lesson: (await import('../../drill/lesson.ts')).lessonOf(parsed.scenario) } : parsed;
  say({ kind: 'answer', request: message.request, value });
}

onmessage = ({ data }: MessageEvent<ToWorker>): void => { try { handle(data); } catch (error) { complain(error); } };
