import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { strategicPatch, mergePatch } from '../../src/sim/kube/patch.ts';
import { threeWay, twoWay } from '../../src/shell/bin/kubectl/patch-diff.ts';
import { same, type Obj } from '../../src/shell/bin/kubectl/object.ts';

const pod = (containers: Obj[], more: Obj = {}): Obj => ({ kind: 'Pod', metadata: { name: 'p', labels: { a: '1' } }, spec: { containers, ...more } });

describe('two-way patches', () => {
  it('names the container that changed, by its merge key', () => {
    expect(twoWay(pod([{ name: 'a', image: 'x' }, { name: 'b', image: 'y' }]), pod([{ name: 'a', image: 'x' }, { name: 'b', image: 'z' }]), true))
      .toEqual({ spec: { containers: [{ name: 'b', image: 'z' }], '$setElementOrder/containers': [{ name: 'a' }, { name: 'b' }] } });
  });
  it('is empty for equals', () => expect(twoWay(pod([]), pod([]), true)).toEqual({}));

  const container = fc.record({ name: fc.constantFrom('a', 'b', 'c', 'd'), image: fc.constantFrom('x', 'y'), args: fc.option(fc.array(fc.constantFrom('1', '2'), { maxLength: 2 }), { nil: undefined }) }, { requiredKeys: ['name'] });
  const spec = fc.record({
    containers: fc.uniqueArray(container, { selector: (one) => one.name, maxLength: 4 }), nodeName: fc.constantFrom('n1', 'n2'), nodeSelector: fc.dictionary(fc.constantFrom('k', 'l'), fc.constantFrom('1', '2')),
    tolerations: fc.array(fc.record({ key: fc.constantFrom('x', 'y') }), { maxLength: 2 }),
  }, { requiredKeys: ['containers'] });
  const object = spec.map((value) => JSON.parse(JSON.stringify({ kind: 'Pod', metadata: { name: 'p' }, spec: value })) as Obj);

  it('applied to the one give the other', () => {
    fc.assert(fc.property(object, object, (from, to) => {
      expect(same(strategicPatch(from, twoWay(from, to, true)), to)).toBe(true);
      expect(same(mergePatch(from, twoWay(from, to, false)), to)).toBe(true);
    }), { numRuns: 300 });
  });
});

describe('three-way patches', () => {
  it('delete what was applied and is no longer given, and leave what others have set', () => {
    const applied = { data: { a: '1', b: '2' } };
    const current = { data: { a: '1', b: '2', other: 'x' } };
    expect(threeWay(applied, { data: { a: '3' } }, current, true)).toEqual({ data: { a: '3', b: null } });
  });
  it('find nothing to do in what is there already', () => {
    expect(threeWay({ spec: { replicas: 2 } }, { spec: { replicas: 2 } }, { spec: { replicas: 2, paused: true } }, true)).toEqual({});
  });
});
