/**
 * What the page is built from besides its sources: the course (`virtual:course`, from `scenarios/`), booted
 * worlds, the content security policy, and the service worker that keeps the site for offline use.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Plugin } from 'vite';
import type { Read } from './src/drill/course.ts';
import { load, root } from './src/drill/launch.mjs';

interface Sources {
  stamp: string;
  readCourse: (folder: string) => Read[];
  readCommands: (cache: string, stamp: string, stale: boolean) => unknown;
  readGuide: (file: string) => string;
  worldFile: (topology: string, cache: string, stamp: string, stale: boolean) => Uint8Array;
}
const SEED = 1;
const scenarios = join(root, 'scenarios');
const sources = async (): Promise<Sources> => await load('src/drill/course.ts') as unknown as Sources;

const cache = join(root, 'node_modules/.cache/firedrill/worlds');
const stale = process.env['FIREDRILL_WORLDS'] === 'stale';

const worldOf = async (topology: string): Promise<Uint8Array> => {
  const { worldFile, stamp } = await sources();
  return worldFile(topology, cache, stamp, stale);
};

/** Every topology that a lesson begins with. */
const topologiesOf = (course: readonly Read[]): string[] => [...new Set(['three-masters', ...course.flatMap((drill) => (drill.ok ? [drill.scenario.topology] : []))])];

/** `virtual:course`: the list of all drills; each drill's text is a module of its own. */
function courseModules(): Plugin {
  const COURSE = 'virtual:course', DRILL = 'virtual:drill/', COMMANDS = 'virtual:commands', GUIDE = 'virtual:guide';
  const names = [COURSE, COMMANDS, GUIDE];
  return {
    name: 'course',
    resolveId: (id) => (names.includes(id) || id.startsWith(DRILL) ? `\0${id}` : null),
    async load(id) {
      if (!id.startsWith('\0virtual:')) return null;
      if (id === `\0${COMMANDS}`) {
        const { readCommands, stamp } = await sources();
        return `export default ${JSON.stringify(readCommands(cache, stamp, stale))}`;
      }
      if (id === `\0${GUIDE}`) {
        const file = join(root, 'docs/scenarios.md');
        this.addWatchFile(file);
        return `export default ${JSON.stringify((await sources()).readGuide(file))}`;
      }
      const course = (await sources()).readCourse(scenarios);
      for (const { file } of course) this.addWatchFile(join(root, file));
      if (id.startsWith(`\0${DRILL}`)) {
        const drill = course.find((each) => each.file === id.slice(DRILL.length + 1));
        return `export default ${JSON.stringify(drill)}`;
      }
      if (id !== `\0${COURSE}`) return null;
      for (const drill of course) if (!drill.ok) for (const { file, line, reason } of drill.errors) this.warn(`${file}:${line}: ${reason}`);
      const entries = course.map((drill) => (drill.ok
        ? { id: drill.id, title: drill.lesson.title, chapter: drill.lesson.chapter, summary: drill.lesson.summary, level: drill.lesson.level, minutes: drill.lesson.minutes, steps: drill.lesson.steps.length, wrong: false }
        : { id: drill.id, title: drill.file, chapter: 'Damaged files', summary: drill.errors[0]!.reason, level: '', minutes: 0, steps: 0, wrong: true }));
      const loaders = course.map((drill) => `${JSON.stringify(drill.id)}: () => import(${JSON.stringify(DRILL + drill.file)})`);
      return `export const course = ${JSON.stringify(entries)};\nexport const drills = { ${loaders.join(', ')} };`;
    },
    handleHotUpdate({ file, server }) {
      if (!file.startsWith(scenarios)) return;
      for (const module of [...server.moduleGraph.idToModuleMap.values()]) if (module.id?.startsWith('\0virtual:')) server.moduleGraph.invalidateModule(module);
      server.ws.send({ type: 'full-reload' });
    },
  };
}

/** Worlds are booted at build time (and when the development server is first asked for one). */
function worlds(): Plugin {
  const kept = new Map<string, Promise<Uint8Array>>();
  return {
    name: 'worlds',
    configureServer(server) {
      server.watcher.on('change', (path) => { if (/src.(sim|shell)/.test(path)) kept.clear(); });
      server.middlewares.use((request, response, next) => {
        const topology = /\/worlds\/([\w-]+)-\d+\.json\.gz(\?|$)/.exec(request.url ?? '')?.[1];
        if (topology === undefined) { next(); return; }
        if (!kept.has(topology)) kept.set(topology, worldOf(topology));
        kept.get(topology)!.then((bytes) => {
          response.setHeader('Content-Type', 'application/octet-stream');
          response.end(bytes);
        }, next);
      });
    },
    async generateBundle() {
      if (this.environment?.name === 'ssr') return;
      for (const topology of topologiesOf((await sources()).readCourse(scenarios))) {
        this.emitFile({ type: 'asset', fileName: `worlds/${topology}-${SEED}.json.gz`, source: await worldOf(topology) });
      }
    },
  };
}

const POLICY = [
  "default-src 'none'", "script-src 'self'", "style-src 'self'", "font-src 'self'", "img-src 'self' data:", "connect-src 'self'", "worker-src 'self'",
  "manifest-src 'self'", "base-uri 'none'", "form-action 'none'",
].join('; ');

/** The built page forbids itself whatever it does not need. The development server injects scripts, so it is left out there. */
const policy = (): Plugin => ({
  name: 'policy',
  apply: 'build',
  transformIndexHtml: () => [{ tag: 'meta', attrs: { 'http-equiv': 'Content-Security-Policy', content: POLICY }, injectTo: 'head-prepend' }],
});

/** sw.js: src/ui/offline.js with the list of all that was built. */
const offline = (): Plugin => ({
  name: 'offline',
  apply: 'build',
  generateBundle: {
    order: 'post',
    async handler(_, bundle) {
      const { createHash } = await import('node:crypto');
      const files = Object.keys(bundle).filter((name) => !name.endsWith('.map')).sort();
      const stamp = createHash('sha256');
      for (const name of files) {
        const file = bundle[name]!;
        stamp.update(name).update(file.type === 'chunk' ? file.code : file.source);
      }
      const source = readFileSync(join(root, 'src/ui/offline.js'), 'utf8')
        .replace('__FILES__', JSON.stringify(files)).replace('__VERSION__', JSON.stringify(stamp.digest('hex').slice(0, 12)));
      this.emitFile({ type: 'asset', fileName: 'sw.js', source });
    },
  },
});

/** Loads the embeds' module from a page that has classic scripts only. */
const CLASSIC = '/* The elements of drill.js for classic scripts. */import(new URL("drill.js",document.currentScript.src).href);\n';

/** What other people's pages and editors fetch by a name that stays: the manifest, the schema, the classic script. */
const published = (): Plugin => ({
  name: 'published',
  apply: 'build',
  generateBundle() {
    if (this.environment?.name === 'ssr') return;
    for (const name of ['custom-elements.json', 'scenario.schema.json']) this.emitFile({ type: 'asset', fileName: name, source: readFileSync(join(root, 'docs', name)) });
    this.emitFile({ type: 'asset', fileName: 'drill.classic.js', source: CLASSIC });
  },
});

export const sitePlugins = (): Plugin[] => [courseModules(), worlds(), policy(), published(), offline()];
