import type { Node, Nodes } from '@starling/contract';
import { expect, it } from 'vitest';
import { formatNodes } from './status.js';

const id = 'ab'.repeat(32);
const node = (name: string): Node => ({ id, name, state: 'alive', stateSinceSeconds: 1, ageSeconds: 0.25, incarnation: 1, sequence: 1, hops: 1, via: null, values: { 'system.cpu.utilization': 0.5 }, view: null, verified: true });
const answer = (...names: string[]): Nodes => ({ asOf: { node: id, name: names[0] as string, time: '2026-11-30T00:00:00Z' }, counts: { alive: names.length, suspect: 0, failed: 0, left: 0 }, agreement: { agreeing: 1, total: 2, views: 1 }, nodes: names.map(node) });

it('is a row for each node, in the order of their numbers', () => {
  expect(formatNodes(answer('node-10', 'node-2'))).toBe(
    [
      'NAME     STATE  AGE    HOPS  CPU     MEMORY  ID',
      'node-2   alive  0.3 s  1     50.0 %  -       abababababababab',
      'node-10  alive  0.3 s  1     50.0 %  -       abababababababab',
      '',
      '2 alive as seen by node-10 at 2026-11-30T00:00:00Z; 1 of 2 views agree',
      '',
    ].join('\n'),
  );
});

it('lets a name make no row, and command no terminal', () => {
  const text = formatNodes(answer('node-7  alive  0.1 s  1\nnode-8', 'x\u001b[1A\u001b[2K', '\u009b2J', '\u202e1-edon'));
  expect(text.split('\n')).toHaveLength(1 + 4 + 3);
  expect(text).not.toMatch(/[\u001b\u009b\u202e]/);
});
