import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { chainHash, sha256, templateHash } from '../../src/sim/kube/hash.ts';
import { nextTime, parseSchedule } from '../../src/sim/kube/cron.ts';
import { parseDuration, parseFlags } from '../../src/sim/kube/flags.ts';
import { jsonPatch, mergePatch, strategicPatch } from '../../src/sim/kube/patch.ts';
import { addQuantity, canonicalQuantity, milli, quantity } from '../../src/sim/kube/quantity.ts';
import { matches, parseFields, parseSelector } from '../../src/sim/kube/selectors.ts';
import { civil, fromCivil, goDuration, humanDuration, parseTime, rfc1123, rfc3339 } from '../../src/sim/kube/time.ts';
import { makeToken, readToken } from '../../src/sim/kube/token.ts';

const s = (n: number): number => n * 1_000_000;

describe('digests', () => {
  test('SHA-256', () => {
    expect(sha256('')).toBe('e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855');
    expect(sha256('abc')).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
    expect(sha256('a'.repeat(200))).toBe('c2a908d98f5df987ade41b5fce213067efbcc21ef2240212a41e54b5e7c28ae5');
  });
  test('chains of kube-proxy', () => {
    expect(chainHash('kube-system/kube-dns:dnsudp')).toBe('TCOU7JCQXEZGVUNU');
    expect(chainHash('kube-system/kube-dns:dns-tcptcp')).toBe('ERIFXISQEP7F7OF4');
    expect(chainHash('kube-system/gravity-site:webtcp')).toBe('OFJYUSYH7DQHBRC2');
    expect(chainHash('default/kubernetes:httpstcp')).toBe('NPX46M4PTMTKRN6Y');
    expect(chainHash('kube-system/kube-dns:dnsudp10.244.26.3:53')).toBe('XHBRZSJMEH6MYGK7');
    expect(chainHash('kube-system/gravity-site:webtcp10.162.0.6:3009')).toBe('INXK3UZ5UZJK7GSG');
  });
  test('equal templates have equal hashes', () => {
    expect(templateHash({ a: 1, b: [2] })).toBe(templateHash({ b: [2], a: 1 }));
    expect(templateHash({ a: 1 })).not.toBe(templateHash({ a: 2 }));
  });
});

describe('times', () => {
  test('the civil calendar goes both ways', () => {
    fc.assert(fc.property(fc.integer({ min: -4e9, max: 8e9 }), (n) => {
      const c = civil(s(n));
      expect(fromCivil(c.year, c.month, c.day, c.hour, c.minute, c.second, c.micro)).toBe(s(n));
      expect(parseTime(rfc3339(s(n)))).toBe(s(n));
    }));
    expect(rfc3339(s(1_557_351_457))).toBe('2019-05-08T21:37:37Z');
    expect(rfc1123(s(1_557_351_457))).toBe('Wed, 08 May 2019 21:37:37 +0000');
  });
  test('ages as kubectl shows them', () => {
    const shown: [number, string][] = [[-1, '0s'], [-2, '<invalid>'], [0, '0s'], [119, '119s'], [120, '2m'], [367, '6m7s'], [467, '7m47s'], [600, '10m'], [8_940, '149m'], [10_800, '3h'],
      [25_000, '6h56m'], [90_000, '25h'], [93_600, '26h'], [172_800, '2d'], [180_000, '2d2h'], [700_000, '8d'], [31_536_000 * 2, '2y'], [31_536_000 * 2 + 86_400, '2y1d']];
    for (const [age, text] of shown) expect(humanDuration(age === -1 ? -500_000 : s(age))).toBe(text);
  });
  test('durations of Go', () => {
    expect(goDuration(s(190) + 100_000)).toBe('3m10.1s');
    expect(parseDuration('1h0m0s')).toBe(s(3_600));
    expect(parseDuration('5x')).toBeNull();
  });
});

describe('selectors', () => {
  const on = (text: string, labels: Record<string, string>): boolean => { const p = parseSelector(text); return p.ok && matches(p.value, labels); };
  test('all operators', () => {
    expect(on('a=b,c!=d,e in (x,y),!f', { a: 'b', e: 'x' })).toBe(true);
    expect(on('a=b', {})).toBe(false);
    expect(on('e notin (x)', {})).toBe(true);
    expect(on('app', { app: '' })).toBe(true);
    expect(on('n>3', { n: '4' })).toBe(true);
    expect(parseSelector('a=b=c').ok).toBe(false);
    expect(parseSelector('a in (').ok).toBe(false);
    expect(parseFields('status.phase!=Failed,metadata.name=x')).toEqual({ ok: true, value: [{ field: 'status.phase', equal: false, value: 'Failed' }, { field: 'metadata.name', equal: true, value: 'x' }] });
  });
});

describe('patches', () => {
  const pod = { spec: { containers: [{ name: 'a', image: 'x', env: [{ name: 'K', value: '1' }] }, { name: 'b', image: 'y' }], nodeSelector: { z: '1' } } };
  test('strategic merge by key', () => {
    expect(strategicPatch(pod, { spec: { containers: [{ name: 'a', image: 'q' }] } })).toEqual({ spec: { ...pod.spec, containers: [{ name: 'a', image: 'q', env: [{ name: 'K', value: '1' }] }, { name: 'b', image: 'y' }] } });
    expect(strategicPatch(pod, { spec: { containers: [{ name: 'a', $patch: 'delete' }] } })).toEqual({ spec: { ...pod.spec, containers: [{ name: 'b', image: 'y' }] } });
    expect(strategicPatch(pod, { spec: { '$setElementOrder/containers': [{ name: 'b' }, { name: 'a' }] } })).toEqual({ spec: { ...pod.spec, containers: [pod.spec.containers[1], pod.spec.containers[0]] } });
    expect(strategicPatch(pod, { spec: { nodeSelector: null } })).toEqual({ spec: { containers: pod.spec.containers } });
    expect(strategicPatch({ spec: { ports: [{ port: 53, protocol: 'UDP' }, { port: 53, protocol: 'TCP' }] } }, { spec: { '$setElementOrder/ports': [{ port: 53 }, { port: 53 }], type: 'NodePort' } }))
      .toEqual({ spec: { ports: [{ port: 53, protocol: 'UDP' }, { port: 53, protocol: 'TCP' }], type: 'NodePort' } });
    expect(strategicPatch({ metadata: { finalizers: ['a', 'b'] } }, { metadata: { '$deleteFromPrimitiveList/finalizers': ['a'] } })).toEqual({ metadata: { finalizers: ['b'] } });
  });
  test('a strategic merge applied twice is applied once', () => {
    const name = fc.constantFrom('a', 'b', 'c');
    const container = fc.record({ name, image: fc.string({ maxLength: 3 }) });
    const spec = fc.record({ containers: fc.uniqueArray(container, { selector: (c) => c.name, maxLength: 3 }), nodeSelector: fc.dictionary(name, fc.string({ maxLength: 2 })) });
    fc.assert(fc.property(spec, spec, (base, patch) => {
      const once = strategicPatch({ spec: base }, { spec: patch });
      expect(strategicPatch(once, { spec: patch })).toEqual(once);
    }));
  });
  test('merge patch and JSON patch', () => {
    expect(mergePatch({ a: 1, b: { c: 2, d: 3 } }, { a: null, b: { c: 4 } })).toEqual({ b: { c: 4, d: 3 } });
    expect(jsonPatch({ a: [1, 2] }, [{ op: 'add', path: '/a/1', value: 9 }, { op: 'remove', path: '/a/0' }, { op: 'replace', path: '/a/1', value: 7 }])).toEqual({ ok: true, value: { a: [9, 7] } });
    expect(jsonPatch({}, [{ op: 'remove', path: '/x' }]).ok).toBe(false);
  });
});

describe('the small ones', () => {
  test('quantities', () => {
    expect(milli('100m')).toBe(100);
    expect(quantity('70Mi')).toBe(70 * 2 ** 20);
    expect(quantity('x')).toBeNull();
    expect(canonicalQuantity('0.5')).toBe('500m');
    expect(canonicalQuantity('1024Mi')).toBe('1Gi');
    expect(addQuantity('100m', '900m')).toBe('1');
    expect(addQuantity('1Gi', '1Gi')).toBe('2Gi');
  });
  test('flags', () => {
    expect(parseFlags(['x', '--a=1', '--b', '2', '--c', 'rest'], ['a', 'b'], ['c'])).toEqual({ ok: true, value: { values: { a: '1', b: '2', c: 'true' }, lists: { a: ['1'], b: ['2'], c: ['true'] }, args: ['rest'] } });
    expect(parseFlags(['x', '--nope'], [], [])).toEqual({ ok: false, error: 'unknown flag: --nope' });
  });
  test('cron', () => {
    const at = (text: string, after: number): string | null => { const p = parseSchedule(text); const n = p.ok ? nextTime(p.value, s(after)) : null; return n === null ? null : rfc3339(n); };
    expect(at('*/15 * * * *', 1_557_351_457)).toBe('2019-05-08T21:45:00Z');
    expect(at('0 3 * * 0', 1_557_351_457)).toBe('2019-05-12T03:00:00Z');
    expect(parseSchedule('* * *').ok).toBe(false);
  });
  test('tokens', () => {
    const token = makeToken({ namespace: 'a', account: 'b', uid: 'u', secret: 's' }, 'key');
    expect(readToken(token, 'key')).toEqual({ namespace: 'a', account: 'b', uid: 'u', secret: 's' });
    expect(readToken(token, 'other')).toBeNull();
  });
});
