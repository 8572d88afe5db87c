import { expect, test } from 'vitest';
import { programs as apiserver } from '../../src/sim/services/apiserver/index.ts';
import { Lab } from './lab.ts';

test('the server starts and serves objects', () => {
  const lab = new Lab(apiserver);
  lab.startEtcd();
  lab.advance(5);
  lab.startApi();
  lab.advance(5);
  console.log(lab.journal('node-1').slice(-20).join('\n'));
  const ns = lab.ask('GET', '/api/v1/namespaces', undefined, { accept: 'application/json;as=Table;v=v1beta1;g=meta.k8s.io, application/json' });
  console.log(JSON.stringify(ns).slice(0, 1500));
  expect(ns.status).toBe(200);
});
