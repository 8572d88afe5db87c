/**
 * A scenario as a page shows it: cut into steps at its `##` headings, prose turned into HTML. Raw HTML in a
 * scenario shows as text and links lead only to the web or into the page, so that nothing in a file can run.
 */
import { Marked } from 'marked';
import type { Quiz } from './quiz.ts';
import type { Block, Scenario } from './scenario.ts';

export type LessonBlock =
  | { kind: 'prose'; html: string }
  | { kind: 'console'; node: string; terminal: string; exchanges: { input: string | null; output: string }[] }
  | { kind: 'wait'; seconds: number }
  | { kind: 'quiz'; variants: { quiz: Quiz; html: string }[] }
  | { kind: 'code'; language: string; text: string };
export interface LessonStep { title: string; blocks: LessonBlock[] }
export interface Lesson {
  id: string; title: string; chapter: string; summary: string; level: string; minutes: number; topology: string;
  intro: LessonBlock[]; steps: LessonStep[];
  goals: { id: string; title: string }[]; hints: string[]; solution: { node: string; run: string }[];
}

const escape = (text: string): string => text.replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);
const SAFE_LINK = /^(https?:|mailto:|#|\.{0,2}\/|[\w-]+(\.[\w-]+)*(\/|#|$))/i;

const markdown = new Marked({
  async: false,
  renderer: {
    html: ({ text }) => escape(text),
    image: ({ text }) => escape(text),
    link({ href, tokens }) {
      const text = this.parser.parseInline(tokens);
      return SAFE_LINK.test(href) ? `<a href="${escape(href)}" rel="noreferrer">${text}</a>` : text;
    },
  },
});

export const htmlOf = (text: string): string => markdown.parse(text, { async: false });
export const inlineHtmlOf = (text: string): string => markdown.parseInline(text, { async: false });

/** A file's blocks cut at `##`; what stands before the first is the introduction. The `#` title is the page's own. */
function cut(blocks: readonly Block[]): LessonStep[] {
  const steps: LessonStep[] = [{ title: '', blocks: [] }];
  const add = (block: LessonBlock): void => { steps.at(-1)!.blocks.push(block); };
  for (const block of blocks) {
    switch (block.kind) {
      case 'prose':
        for (const part of block.text.split(/^(?=## )/m)) {
          const heading = /^## (.+)\n?/.exec(part);
          if (heading) steps.push({ title: heading[1]!, blocks: [] });
          const text = part.replace(/^##? .+\n?/, '');
          if (text.trim()) add({ kind: 'prose', html: htmlOf(text) });
        }
        break;
      case 'console': add({ kind: 'console', node: block.node, terminal: block.terminal, exchanges: block.exchanges.map(({ input, output }) => ({ input, output })) }); break;
      case 'sim': if (!block.hidden) for (const verb of block.verbs) if (verb.verb === 'advance') add({ kind: 'wait', seconds: verb.seconds }); break;
      case 'quiz': add({ kind: 'quiz', variants: block.variants.map((quiz) => ({ quiz, html: htmlOf(quiz.question) })) }); break;
      case 'code': add({ kind: 'code', language: block.language, text: block.text }); break;
    }
  }
  return steps;
}

export function lessonOf(scenario: Scenario): Lesson {
  const [intro, ...steps] = cut(scenario.blocks);
  const { id, title, chapter, summary, level, minutes, topology, goals, hints, solution } = scenario;
  return {
    id, title, chapter, summary, level, minutes, topology, intro: intro!.blocks, steps,
    goals: goals.map((goal) => ({ id: goal.id, title: goal.title })), hints: hints.map(inlineHtmlOf), solution,
  };
}
