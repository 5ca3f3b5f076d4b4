import { expect, it } from 'vitest';
import { lastOf, maxColumns, MetricHistory, pointsFor, rateOf } from './metric-history.js';
import { viewOfSnapshot } from './network-view.js';
import { idOf, nodeOf, snapshotOf } from './sample-network.fixture.js';

function append(history: MetricHistory, sequence: number, values: Record<string, number | null>, atMs = sequence * 1_000) {
  history.append(viewOfSnapshot(snapshotOf([nodeOf(1, { sequence, values, ageSeconds: 0 })]), atMs));
}

it('keeps a point for each record, and none for the same record seen again', () => {
  const history = new MetricHistory();
  append(history, 1, { x: 0.5 });
  append(history, 1, { x: 0.5 }, 1_400);
  append(history, 2, { x: 0.75 });
  expect(history.series(idOf(1), 'x')).toEqual({ timesMs: [1_000, 2_000], values: [0.5, 0.75] });
  expect(history.series(idOf(1), 'x', 1_500).values).toEqual([0.5]);
  expect(history.series(idOf(2), 'x').values).toEqual([]);
});

it('forgets the oldest when the ring is full, and everything of a node that is gone', () => {
  const history = new MetricHistory();
  const points = pointsFor(1);
  for (let i = 1; i <= points + 5; i++) append(history, i, { x: i });
  const { values } = history.series(idOf(1), 'x');
  expect(values).toHaveLength(points);
  expect(values[0]).toBe(6);
  history.append(viewOfSnapshot(snapshotOf([]), 0));
  expect(history.series(idOf(1), 'x').values).toEqual([]);
});

it('keeps no more metrics of a node than it can declare, those that it reports first', () => {
  const history = new MetricHistory();
  for (let i = 1; i <= 3 * maxColumns; i++) append(history, i, { steady: i, [`m${i}`]: i });
  expect(history.metricsOf(idOf(1)).length).toBeLessThanOrEqual(maxColumns);
  expect(history.series(idOf(1), `m${3 * maxColumns}`).values.at(-1)).toBe(3 * maxColumns);
  expect(history.series(idOf(1), 'steady').values.slice(-3)).toEqual([3 * maxColumns - 2, 3 * maxColumns - 1, 3 * maxColumns]);
  append(history, 3 * maxColumns + 1, Object.fromEntries(Array.from({ length: 1_000 }, (_, i) => [`x${i}`, i])));
  expect(history.metricsOf(idOf(1))).toHaveLength(maxColumns);
});

it('knows no value where there was none', () => {
  const history = new MetricHistory();
  append(history, 1, { x: 1 });
  append(history, 2, { x: null, y: 5 });
  append(history, 3, { y: 6 });
  expect(history.series(idOf(1), 'x').values).toEqual([1, Number.NaN, Number.NaN]);
  expect(history.series(idOf(1), 'y').values).toEqual([Number.NaN, 5, 6]);
  expect(lastOf(history.series(idOf(1), 'x'))).toBe(1);
  expect(lastOf(history.series(idOf(1), 'z'))).toBeNull();
});

it('makes rates of counters, and none across a restart', () => {
  expect(rateOf({ timesMs: [0, 2_000, 3_000, 4_000], values: [10, 30, 5, 6] }).values).toEqual([10, Number.NaN, 1]);
});

it('keeps fewer points of each node the more nodes there are', () => {
  expect([1, 300, 1_000, 20_000].map(pointsFor)).toEqual([300, 300, 90, 30]);
});
