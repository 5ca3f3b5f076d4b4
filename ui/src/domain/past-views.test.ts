import { expect, it } from 'vitest';
import { viewOfSnapshot } from './network-view.js';
import { maxKeptNodes, maxViews, PastViews } from './past-views.js';
import { nodeOf, snapshotOf } from './sample-network.fixture.js';

const viewAt = (atMs: number, size = 1) => viewOfSnapshot(snapshotOf(Array.from({ length: size }, (_, i) => nodeOf(i))), atMs);

it('gives the view that was current at a time', () => {
  const past = new PastViews();
  expect(past.at(5)).toBeNull();
  for (const atMs of [1_000, 1_500, 2_000, 3_000]) past.append(viewAt(atMs));
  expect(past.at(2_999)?.readAtMs).toBe(2_000);
  expect(past.at(1_900)?.readAtMs).toBe(1_000);
  expect(past.at(10)?.readAtMs).toBe(1_000);
});

it('keeps as many as fit, fewer of a larger network', () => {
  const past = new PastViews();
  for (let i = 0; i < maxViews + 10; i++) past.append(viewAt(i * 1_000));
  expect(past.oldestMs()).toBe(10_000);
  const size = maxKeptNodes / 10;
  for (let i = 0; i < 12; i++) past.append(viewAt((1_000 + i) * 1_000, size));
  expect(past.oldestMs()).toBe(1_002_000);
});
