import { expect, it } from 'vitest';
import { viewOfSnapshot, type NetworkView } from './network-view.js';
import { settleMs, settleRoutes } from './routes.js';
import { idOf, nodeOf, peerOf, snapshotOf } from './sample-network.fixture.js';

const both = [peerOf(1), peerOf(2)];

function viewAt(atMs: number, via: number, peers = both): NetworkView {
  return viewOfSnapshot(snapshotOf([nodeOf(0), nodeOf(3, { via: idOf(via), hops: 2 })], { peers }), atMs);
}

const viaOf = (routes: ReturnType<typeof settleRoutes>) => routes.get(idOf(3))?.via;

it('follows another way only once the news has kept to it', () => {
  let routes = settleRoutes(new Map(), viewAt(0, 1));
  routes = settleRoutes(routes, viewAt(100, 2));
  expect(viaOf(routes)).toBe(idOf(1));
  routes = settleRoutes(routes, viewAt(100 + settleMs - 1, 2));
  expect(viaOf(routes)).toBe(idOf(1));
  routes = settleRoutes(routes, viewAt(100 + settleMs, 2));
  expect(viaOf(routes)).toBe(idOf(2));
});

it('stays where it is while the news comes now this way, now that', () => {
  let routes = settleRoutes(new Map(), viewAt(0, 1));
  for (let i = 1; i < 40; i++) routes = settleRoutes(routes, viewAt(i * 1_000, i % 2 === 0 ? 1 : 2));
  expect(viaOf(routes)).toBe(idOf(1));
});

it('does not wait for a neighbour that is gone', () => {
  const routes = settleRoutes(new Map(), viewAt(0, 1));
  expect(viaOf(settleRoutes(routes, viewAt(100, 2, [peerOf(2)])))).toBe(idOf(2));
});

it('forgets who is forgotten', () => {
  const routes = settleRoutes(new Map(), viewAt(0, 1));
  expect(settleRoutes(routes, viewOfSnapshot(snapshotOf([nodeOf(0)]), 10)).has(idOf(3))).toBe(false);
});
