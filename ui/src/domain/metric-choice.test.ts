import { expect, it } from 'vitest';
import { chooseMetric, metricsOf } from './metric-choice.js';
import { viewOfSnapshot } from './network-view.js';
import { idOf, nodeOf, particularsOf, snapshotOf } from './sample-network.fixture.js';

const metric = (name: string, type: 'gauge' | 'counter' = 'gauge') => ({ name, unit: '1', type });

it('offers what anybody reports, once', () => {
  const details = { [idOf(1)]: particularsOf({ metrics: [metric('a'), metric('b')] }), [idOf(2)]: particularsOf({ metrics: [metric('b'), metric('c')] }) };
  expect(metricsOf(viewOfSnapshot(snapshotOf([nodeOf(1), nodeOf(2)], { details }), 0)).map(({ name }) => name)).toEqual(['a', 'b', 'c']);
});

it('takes the wanted, else CPU, else the first gauge', () => {
  const metrics = [metric('n', 'counter'), metric('m'), metric('system.cpu.utilization')];
  expect(chooseMetric(metrics, 'm')?.name).toBe('m');
  expect(chooseMetric(metrics, 'gone')?.name).toBe('system.cpu.utilization');
  expect(chooseMetric(metrics.slice(0, 2), null)?.name).toBe('m');
  expect(chooseMetric([], null)).toBeNull();
});
