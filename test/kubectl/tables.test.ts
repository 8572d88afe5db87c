import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { customColumns, naturally, parseColumns, sortOrder } from '../../src/shell/bin/kubectl/columns.ts';
import { block, tableLines, tableOf } from '../../src/shell/bin/kubectl/table.ts';
import { DESCRIBE, GET, tabulate } from '../../src/shell/bin/kubectl/tabwriter.ts';

const LOOK = { wide: false, namespaces: false, headers: true, showLabels: false, labelColumns: [], prefix: '' };

const table = tableOf({
  kind: 'Table', metadata: { resourceVersion: '7' },
  columnDefinitions: [{ name: 'Name', priority: 0 }, { name: 'Status', priority: 0 }, { name: 'IP', priority: 1 }],
  rows: [{ cells: ['a', 'Running', '10.0.0.1'], object: { metadata: { name: 'a', namespace: 'x', labels: { app: 'web', 'k8s.io/tier': 'front' } } } }, { cells: ['longer-name', 'Pending', '<none>'], object: { metadata: { name: 'longer-name', namespace: 'y' } } }],
}, 0);

describe('get tables', () => {
  it('have the columns asked for', () => {
    expect(block(tableLines(table, LOOK))).toBe('NAME          STATUS\na             Running\nlonger-name   Pending\n');
    expect(block(tableLines(table, { ...LOOK, wide: true, namespaces: true, prefix: 'pod/' }))).toBe(
      'NAMESPACE   NAME              STATUS    IP\nx           pod/a             Running   10.0.0.1\ny           pod/longer-name   Pending   <none>\n');
    expect(block(tableLines(table, { ...LOOK, headers: false, showLabels: true, labelColumns: ['k8s.io/tier'] }))).toBe(
      'a             Running   front   app=web,k8s.io/tier=front\nlonger-name   Pending           <none>\n');
  });

  it('keep trailing padding before an empty last cell', () => {
    expect(tabulate('NAME\tSTATUS\tERROR\netcd-0\tHealthy\t', GET)).toBe('NAME     STATUS    ERROR\netcd-0   Healthy   ');
  });

  it('remember widths from flush to flush', () => {
    const widths: number[] = [];
    expect(tabulate('NAME\tSTATUS\nlonger-name\tRunning', GET, widths)).toBe('NAME          STATUS\nlonger-name   Running');
    expect(tabulate('a\tPending', GET, widths)).toBe('a             Pending');
  });
});

describe('the describe writer', () => {
  it('gives each run of lines its own widths', () => {
    expect(tabulate('Name:\tx\nPort:\tdns\t53/UDP\nEndpoints:\ta\nList\n  Long name:\tv', DESCRIBE)).toBe('Name:       x\nPort:       dns  53/UDP\nEndpoints:  a\nList\n  Long name:  v');
  });

  it('never cuts a cell', () => {
    fc.assert(fc.property(fc.array(fc.array(fc.stringMatching(/^[a-z ]{0,12}$/), { minLength: 1, maxLength: 5 }), { minLength: 1, maxLength: 8 }), (rows) => {
      const lines = tabulate(rows.map((row) => row.join('\t')).join('\n'), GET).split('\n');
      rows.forEach((row, i) => { let at = 0; for (const cell of row) { at = lines[i]!.indexOf(cell, at); expect(at).toBeGreaterThanOrEqual(0); at += cell.length; } });
    }));
  });
});

describe('custom columns and sorting', () => {
  const objects = [{ metadata: { name: 'pod-10' }, n: 2, spec: { containers: [{ image: 'a' }, { image: 'b' }] } }, { metadata: { name: 'pod-9' }, n: 10 }];
  it('print values, several joined, none as <none>', () => {
    const columns = parseColumns('NAME:.metadata.name,IMG:{.spec.containers[*].image}');
    expect(columns.ok && customColumns(columns.value, { kind: 'List', items: objects }, true)).toBe('NAME     IMG\npod-10   a,b\npod-9    <none>\n');
    expect(parseColumns('foo')).toEqual({ ok: false, error: 'unexpected custom-columns spec: foo, expected <header>:<json-path-expr>' });
  });
  it('sort by number and naturally by name', () => {
    expect(sortOrder(objects, '.n')).toEqual({ ok: true, value: [0, 1] });
    expect(sortOrder(objects, '{.metadata.name}')).toEqual({ ok: true, value: [1, 0] });
    expect(sortOrder(objects, '.none')).toEqual({ ok: false, error: 'couldn\'t find any field with path "{.none}" in the list of objects' });
    expect(naturally('a2', 'a10')).toBeLessThan(0);
  });
});
