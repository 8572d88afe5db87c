/** Runs that belong to no scenario file: the sandbox, and the broken cluster of the home page. */
import type { Read } from '../drill/course.ts';
import type { Block, Goal } from '../drill/scenario.ts';

function free(id: string, title: string, blocks: Block[], goals: Goal[]): Read & { ok: true } {
  const about = { id, title, chapter: '', summary: '', level: 'beginner' as const, minutes: 0, topology: 'three-masters' as const };
  return {
    id, file: id, stamp: `${id} 1`, ok: true,
    scenario: { ...about, file: id, symptoms: [], goals, hints: [], solution: [], blocks, lines: { symptoms: [], goals: [], hints: [], solution: [] } },
    lesson: { ...about, intro: [], steps: [], goals: goals.map((goal) => ({ id: goal.id, title: goal.title })), hints: [], solution: [] },
  };
}

export const sandbox = free('sandbox', 'Sandbox', [], []);

export const home = free('home', 'A cluster in trouble', [{
  kind: 'sim', hidden: true, line: 0,
  verbs: [
    { verb: 'fault', name: 'sysctl', args: { node: 'node-2', key: 'net.ipv4.ip_forward', value: '0' }, line: 0 },
    { verb: 'advance', seconds: 62, line: 0 },
  ],
}], [{ id: 'healthy', title: 'gravity status says active', on: 'node-1', run: 'gravity status', user: 'vagrant', match: 'Cluster status:\\s+active', not: 'degraded', within: 0 }]);
