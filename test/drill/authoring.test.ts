/** Tools for authors: outputs rendered into documentation, Killercoda folders taken over. */
import { describe, expect, it } from 'vitest';
import { importKillercoda, type Imported } from '../../src/drill/killercoda.ts';
import { render, type World } from '../../src/drill/render.ts';
import { parseScenario } from '../../src/drill/scenario.ts';
import { freshWorld } from '../support/world.ts';

const sandbox = (scenario: string): World | string => (scenario === 'sandbox' ? { session: freshWorld(), stamp: 'sandbox@1' } : `there is no scenario ${scenario}`);

describe('render', () => {
  const PAGE = '# Docs\n\n<drill-run node="node-2">\n\n```console\n$ hostname\nwhatever\n$ echo "<b>" > a; cat a\n```\n\n</drill-run>\n\nand\n\n<drill-run node="node-2"><pre><code>$ cat a</code></pre></drill-run>\n\nCosts $ 5.\n';
  const DONE = '# Docs\n\n<drill-run node="node-2" rendered="sandbox@1">\n\n```console\n$ hostname\nnode-2\n$ echo "<b>" > a; cat a\n<b>\n```\n\n</drill-run>\n\nand\n\n<drill-run node="node-2" rendered="sandbox@1"><pre><code>$ cat a\n&lt;b&gt;</code></pre></drill-run>\n\nCosts $ 5.\n';

  it('writes what is shown below each line, in one world, and says from which', () => {
    const { text, drifts } = render(PAGE, sandbox);
    expect(text).toBe(DONE);
    expect(drifts.map(({ line, reason }) => `${line} ${reason}`)).toEqual([
      '6 $ hostname shows something else now', '8 $ echo "<b>" > a; cat a shows something else now', '3 was made from nothing, this is sandbox@1', '15 $ cat a shows something else now', '15 was made from nothing, this is sandbox@1',
    ]);
  });
  it('finds nothing to change in what it wrote', () => { expect(render(DONE, sandbox)).toEqual({ text: DONE, drifts: [] }); });
  it('tells when a command was changed, and writes its output', () => {
    const { text, drifts } = render(DONE.replace('$ hostname', '$ hostname -s; pwd'), sandbox);
    expect(drifts.map(({ reason }) => reason)).toEqual(['$ hostname -s; pwd shows something else now']);
    expect(text).toContain('node-2\n/home/vagrant\n');
  });
  it('tells when it was made from another version', () => { expect(render(DONE.replaceAll('sandbox@1', 'sandbox@0'), sandbox).drifts.map(({ reason }) => reason)).toEqual(Array(2).fill('was made from sandbox@0, this is sandbox@1')); });
  it('takes … for what changes with every boot', () => {
    const page = '<drill-run rendered="sandbox@1">\n\n```\n$ date\n… UTC 2019\n```\n</drill-run>';
    expect(render(page, sandbox)).toEqual({ text: page, drifts: [] });
  });
  it.each([['a scenario that is not there', '<drill-run scenario="9.9">\n$ a\n</drill-run>', 'there is no scenario 9.9'], ['a block without an end', '<drill-run>\n$ a\n', '<drill-run> has no end']])('refuses %s with a word', (_, page, reason) => {
    const { text, drifts } = render(page, sandbox);
    expect([text, drifts.map((drift) => drift.reason)]).toEqual([page, [reason]]);
  });
});

describe('import', () => {
  const FILES: Record<string, string> = {
    'intro.md': 'Welcome.\n', 'one.md': 'Look: `kubectl get nodes`{{exec}} and `ls`{{copy}}.\n\n```plain\nkubectl create -f debug.yaml\nuptime \\\n  -p\n```{{exec}}\n\nAfter it, `text` goes on. See {{TRAFFIC_HOST1_80}}.\n\n```yaml{2,5}\na: b\n```{{copy}}\n',
    'two.md': '```\nsleep 100\n```{{exec interrupt}}\n', 'verify.sh': '#!/bin/bash\nkubectl get ds debug\n',
  };
  const INDEX = {
    title: 'Pods', description: 'About pods', difficulty: 'Intermediate', time: '15 minutes', interface: { layout: 'editor-terminal' }, backend: { imageid: 'kubernetes-kubeadm-2nodes' }, private: true,
    details: { intro: { text: 'intro.md', background: 'setup.sh' }, steps: [{ title: 'Make them', text: 'one.md', verify: 'verify.sh' }, { title: 'Wait', text: 'two.md' }, { text: 'three.md' }], finish: { text: 'intro.md' }, assets: { host01: [{ file: 'x.yaml', target: '/root' }] } },
  };
  const imported = importKillercoda(INDEX, (name) => FILES[name] ?? null, '7.1') as Imported;

  it('makes a file that parses', () => {
    const parsed = parseScenario(imported.markdown, '7.1-pods.md');
    expect(parsed.ok ? [] : parsed.errors).toEqual([]);
    if (!parsed.ok) return;
    const { scenario } = parsed;
    expect(scenario).toMatchObject({ id: '7.1', title: 'Pods', summary: 'About pods', level: 'intermediate', minutes: 15 });
    expect(scenario.goals).toMatchObject([{ title: 'Make them', run: 'kubectl get ds debug', exit: 0 }]);
    expect(scenario.blocks.flatMap((block) => (block.kind === 'console' ? block.exchanges.map(({ input }) => input) : []))).toEqual(['kubectl get nodes', 'kubectl create -f debug.yaml', 'uptime -p', 'sleep 100']);
    expect(scenario.solution.map(({ run }) => run)).toEqual(['kubectl get nodes', 'kubectl create -f debug.yaml', 'uptime -p', 'sleep 100']);
  });
  it('keeps the text around its fences, and no braces of the original', () => {
    expect(imported.markdown).toContain('After it, `text` goes on.');
    expect(imported.markdown).toContain('```yaml\na: b\n```');
    expect(imported.markdown).not.toMatch(/\{\{(exec|copy)/);
  });
  it('says what it could not', () => {
    expect(imported.notes.join('\n')).toMatch(/intro: the background script setup\.sh[\s\S]*step 3: three\.md is not in the folder[\s\S]*TRAFFIC_HOST1_80[\s\S]*interrupt is not carried over: sleep 100[\s\S]*backend kubernetes-kubeadm-2nodes[\s\S]*interface[\s\S]*assets of host01: x\.yaml[\s\S]*private: not carried over/);
  });
  it.each([['a list', []], ['no steps', { title: 'x' }], ['a text', 'x']])('refuses %s', (_, index) => { expect(importKillercoda(index, () => null, 'x')).toHaveProperty('error'); });
});
