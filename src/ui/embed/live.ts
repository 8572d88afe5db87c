/** The living half of the embeds: one world for each group of a page, shown wherever an element asks for it. */
import monoUrl from '@fontsource-variable/jetbrains-mono/files/jetbrains-mono-latin-wght-normal.woff2?url';
import type { Quiz } from '../../drill/quiz.ts';
import type { Json } from '../../sim/proc/program.ts';
import { loadDrill } from '../course.ts';
import '../drill-machine.ts';
import '../drill-question.ts';
import type { DrillMachine } from '../drill-machine.ts';
import type { DrillQuestion } from '../drill-question.ts';
import { sandbox } from '../free.ts';
import { DrillStore, NOTHING_KEPT } from '../store.ts';
import tokens from '../tokens.css?inline';
import { follow, goalsOf, type Tell } from './following.ts';

const SEED = 1;
interface Shared { store: DrillStore; users: number; shown: boolean }
const groups = new Map<string, Promise<Shared>>();

const sheet = new CSSStyleSheet();
sheet.replaceSync(tokens);
let fonts = false;

/** Whether the page around is dark: what its generator says, else the system. */
function hostScheme(host: HTMLElement): 'light' | 'dark' | '' {
  const asked = host.getAttribute('theme');
  if (asked === 'light' || asked === 'dark') return asked;
  const { documentElement: html, body } = document;
  const named = html.dataset['theme'] ?? html.dataset['bsTheme'] ?? body.dataset['mdColorScheme'] ?? (html.classList.contains('dark') ? 'dark' : '');
  if (/dark|slate/.test(named)) return 'dark';
  return named ? 'light' : '';
}

async function begin(scenario: string): Promise<Shared> {
  const read = scenario === 'sandbox' ? sandbox : await loadDrill(scenario);
  if (!read) throw new Error(`there is no scenario ${scenario}.`);
  if (!read.ok) throw new Error(read.errors.map(({ file, line, reason }) => `${file}:${line}: ${reason}`).join(' '));
  return { store: new DrillStore(read.lesson, read.scenario, read.stamp, SEED, NOTHING_KEPT), users: 0, shown: false };
}

export interface Live {
  readonly store: DrillStore;
  /** Some element of the page shows this world's terminals already. */
  readonly shown: boolean;
  run(node: string, command: string): Promise<void>;
  showLab(place: HTMLElement, height: string, tell: Tell): void;
  showMap(place: HTMLElement, height: string): void;
  showQuiz(place: HTMLElement, quiz: Quiz): void;
  goals(): readonly Readonly<Record<string, unknown>>[];
  link(): Promise<string>;
  end(): void;
}

/** Joins the page's world for `scenario`, or begins it. */
export async function openLive(host: HTMLElement, scenario: string, group: string): Promise<Live> {
  const key = `${scenario} ${group}`;
  if (!groups.has(key)) groups.set(key, begin(scenario));
  const shared = await groups.get(key)!.catch((error: unknown) => { groups.delete(key); throw error; });
  shared.users++;
  const { store } = shared;
  if (!fonts) { fonts = true; document.fonts.add(new FontFace('JetBrains Mono', `url(${new URL(monoUrl, import.meta.url).href})`, { weight: '100 800' })); }
  const root = host.shadowRoot!;
  root.adoptedStyleSheets = [...root.adoptedStyleSheets.filter((each) => each !== sheet), sheet];
  const followScheme = (): void => {
    const scheme = hostScheme(host);
    if (scheme) host.dataset['scheme'] = scheme; else delete host.dataset['scheme'];
    document.dispatchEvent(new Event('scheme'));
  };
  followScheme();
  const watch = new MutationObserver(followScheme);
  for (const element of [document.documentElement, document.body]) watch.observe(element, { attributes: true, attributeFilter: ['class', 'data-theme', 'data-md-color-scheme', 'data-bs-theme'] });
  let mine = false, stop = (): void => undefined;

  const framed = (place: HTMLElement, height: string): void => {
    place.style.cssText = `height: ${CSS.supports('height', height) ? height : '22rem'}; border: 1px solid var(--line); border-radius: var(--radius); overflow: hidden; background: var(--term); color: var(--ink); font: var(--text)/1.5 var(--ui);`;
  };
  return {
    store,
    get shown() { return shared.shown; },
    async run(node, command) {
      if (!store.ready) await new Promise<void>((resolve) => { const wait = (): void => { if (store.ready) { store.removeEventListener('change', wait); resolve(); } }; store.addEventListener('change', wait); });
      store.run(node, command);
    },
    showLab(place, height, tell) {
      mine = shared.shown = true;
      framed(place, height);
      const machine = document.createElement('drill-machine') as DrillMachine;
      machine.store = store;
      machine.plain = true;
      place.replaceChildren(machine);
      stop = follow(store, tell);
    },
    showMap(place, height) {
      framed(place, height);
      const chart = document.createElement('drill-chart') as HTMLElement & { store: DrillStore };
      chart.store = store;
      place.replaceChildren(chart);
    },
    showQuiz(place, quiz) {
      place.style.cssText = 'color: var(--ink); font: var(--text)/1.5 var(--ui);';
      const question = document.createElement('drill-question') as DrillQuestion;
      question.store = store;
      question.variants = [{ quiz, html: '' }];
      place.replaceChildren(question);
      const redraw = (): void => question.requestUpdate();
      store.addEventListener('change', redraw);
      stop = () => store.removeEventListener('change', redraw);
    },
    goals: () => goalsOf(store),
    async link() {
      const [proof, { encodeLink }] = await Promise.all([store.ask({ ask: 'proof' }), import('../../drill/link.ts')]);
      // In a name of its own: the bundler would take the address for a file's.
      const here = import.meta.url;
      return new URL(`../#/p/${encodeLink(proof as unknown as Json)}`, here).href;
    },
    end() {
      stop();
      watch.disconnect();
      if (mine) shared.shown = false;
      if (--shared.users > 0) return;
      groups.delete(key);
      store.leave();
    },
  };
}
