import { expect, it } from 'vitest';
import { viewOfSnapshot } from './network-view.js';
import { outlooksOf, waysOut } from './outlooks.js';
import { nodeOf, snapshotOf } from './sample-network.fixture.js';

const names = ['node-0', 'node-1', 'node-2', 'node-3', 'node-4', 'elsewhere'];
const view = viewOfSnapshot(
  snapshotOf([nodeOf(0), nodeOf(1, { state: 'failed' }), nodeOf(2, { state: 'suspect' }), nodeOf(3, { state: 'left' }), nodeOf(4), nodeOf(5, { name: 'node-4', state: 'failed' }), nodeOf(6)]),
  0,
);

it('knows the states of those that are offered, by name', () => {
  expect(outlooksOf(names, view).map(({ name, state }) => [name, state])).toEqual([['node-0', 'alive'], ['node-1', 'failed'], ['node-2', 'suspect'], ['node-3', 'left'], ['node-4', 'alive'], ['elsewhere', null]]);
  expect(outlooksOf(['node-0'], null)).toEqual([{ name: 'node-0', state: null }]);
});

it('offers no dead node as a way out, unless nothing else is left', () => {
  const waysFrom = (current: string, offered = names) => waysOut(outlooksOf(offered, view), current).map(({ name }) => name);
  expect(waysFrom('node-0')).toEqual(['node-2', 'node-4', 'elsewhere']);
  expect(waysFrom('node-0', ['node-0', 'node-1', 'node-3'])).toEqual(['node-1', 'node-3']);
  expect(waysFrom('node-0', Array.from({ length: 9 }, (_, i) => `other-${i}`))).toHaveLength(4);
});
