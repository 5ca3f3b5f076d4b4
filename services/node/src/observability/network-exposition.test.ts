import type { NodeDetail } from '@starling/contract';
import { describe, expect, it } from 'vitest';
import { networkExposition } from './network-exposition.js';

function detail(id: string, changes: Partial<NodeDetail> = {}): NodeDetail {
  return {
    id, name: id, state: 'alive', stateSinceSeconds: 1, ageSeconds: 0.5, incarnation: 1, sequence: 1, hops: 1, via: null, view: null, verified: true,
    values: { 'system.cpu.utilization': 0.25, 'system.memory.usage': null }, version: '1', labels: {}, certificate: null, equivocated: false, roots: [],
    metrics: [{ name: 'system.cpu.utilization', unit: '1', type: 'gauge' }, { name: 'system.memory.usage', unit: 'By', type: 'gauge' }],
    ...changes,
  };
}

function expose(nodes: NodeDetail[], maxSeries?: number): string[] {
  const source = { nodes: () => nodes, detail: (id: string) => nodes.find((node) => node.id === id) ?? null };
  return [...networkExposition(source, maxSeries)].join('').trimEnd().split('\n');
}

describe('the network exposition', () => {
  it('has every node with its state, its age and what it could read', () => {
    expect(expose([detail('a'), detail('b', { state: 'suspect', values: {} })]).filter((line) => !line.startsWith('#'))).toEqual([
      'starling_node_up{node="a",name="a"} 1',
      'starling_node_up{node="b",name="b"} 0',
      'starling_node_age_seconds{node="a",name="a"} 0.5',
      'starling_node_age_seconds{node="b",name="b"} 0.5',
      ...['alive', 'suspect', 'failed', 'left'].map((state) => `starling_node_state{node="a",name="a",state="${state}"} ${state === 'alive' ? 1 : 0}`),
      ...['alive', 'suspect', 'failed', 'left'].map((state) => `starling_node_state{node="b",name="b",state="${state}"} ${state === 'suspect' ? 1 : 0}`),
      'starling_node_value{metric="system.cpu.utilization",unit="1",node="a",name="a"} 0.25',
      'starling_network_series_omitted 0',
    ]);
  });

  it('keeps its series when a state changes', () => {
    const labelsOf = (state: NodeDetail['state']) => expose([detail('a', { state })]).map((line) => line.split('} ')[0]);
    expect(labelsOf('failed')).toEqual(labelsOf('alive'));
  });

  it('lets no name break out of its label', () => {
    const lines = expose([detail('a', { name: 'x"} 1\nevil{y="\\', values: {} })]);
    expect(lines).toContain('starling_node_up{node="a",name="x\\"} 1\\nevil{y=\\"\\\\"} 1');
    expect(lines.every((line) => /^(#|starling_)/.test(line))).toBe(true);
  });

  it('leaves out what is beyond its bound, and says so', () => {
    const lines = expose([detail('a'), detail('b'), detail('c')], 4).filter((line) => !line.startsWith('#'));
    expect(lines).toHaveLength(5);
    expect(lines.at(-1)).toBe('starling_network_series_omitted 17');
  });
});
