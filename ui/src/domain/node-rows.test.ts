import { expect, it } from 'vitest';
import { viewOfSnapshot } from './network-view.js';
import { defaultSort, matcher, rowsOf, type Sort } from './node-rows.js';
import { idOf, nodeOf, particularsOf, snapshotOf } from './sample-network.fixture.js';

const cpu = 'system.cpu.utilization';
const view = viewOfSnapshot(
  snapshotOf([nodeOf(10), nodeOf(2, { state: 'failed', ageSeconds: 40, values: {} }), nodeOf(1, { ageSeconds: 3 }), nodeOf(3, { state: 'left', values: { [cpu]: 0.9 } }), nodeOf(4, { state: 'suspect' })], {
    details: { [idOf(1)]: particularsOf({ labels: { zone: 'eu-a' } }) },
  }),
  0,
);
const names = (sort: Sort, search = '') => rowsOf(view, search, sort, cpu, 0).map((row) => row.name);

it('shows the unwell first, and counts in names', () => {
  expect(names(defaultSort)).toEqual(['node-2', 'node-4', 'node-1', 'node-10', 'node-3']);
  expect(names({ column: 'name', direction: 'ascending' })).toEqual(['node-1', 'node-2', 'node-3', 'node-4', 'node-10']);
});

it('puts what has no value last, whichever way it is sorted', () => {
  expect(names({ column: 'metric', direction: 'ascending' }).at(-1)).toBe('node-2');
  expect(names({ column: 'metric', direction: 'descending' })).toEqual(['node-10', 'node-3', 'node-4', 'node-1', 'node-2']);
  expect(names({ column: 'age', direction: 'descending' }).slice(0, 2)).toEqual(['node-2', 'node-1']);
});

it('sorts by ages in steps, so that the news of healthy nodes moves no row', () => {
  const ages = (seconds: Record<number, number>) => viewOfSnapshot(snapshotOf(Object.entries(seconds).map(([number, ageSeconds]) => nodeOf(Number(number), { ageSeconds })), { sampleIntervalSeconds: 2 }), 0);
  const sorted = (seconds: Record<number, number>) => rowsOf(ages(seconds), '', { column: 'age', direction: 'descending' }, cpu, 0).map((row) => row.name);
  expect(sorted({ 1: 0.1, 2: 5.9, 3: 3, 4: 6.1 })).toEqual(['node-4', 'node-1', 'node-2', 'node-3']);
  expect(sorted({ 1: 2, 2: 0.1, 3: 5.9, 4: 6.1 })).toEqual(['node-4', 'node-1', 'node-2', 'node-3']);
});

it('finds nodes by all words, in name, id, state and labels', () => {
  expect(names(defaultSort, 'zone=eu-a')).toEqual(['node-1']);
  expect(names(defaultSort, 'FAILED node')).toEqual(['node-2']);
  expect(names(defaultSort, 'node -alive -left')).toEqual(['node-2', 'node-4']);
  expect(names(defaultSort, idOf(4).slice(0, 12))).toEqual(['node-4']);
  expect(names(defaultSort, 'nobody')).toEqual([]);
  expect([...view.nodes.values()].every(matcher('  '))).toBe(true);
});
