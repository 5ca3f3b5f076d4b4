import type { TimelineEvent } from '@starling/contract';
import { expect, it } from 'vitest';
import { emptyTimeline, gravestLast, maxEvents, recentRate, windowSeconds, withEvents, withRecords } from './timeline.js';

const asOf = { node: '', name: '', time: '2026-11-24T12:00:10.000Z' };
const event = (second: number): TimelineEvent => ({ type: 'joined', node: null, name: null, time: `2026-11-24T12:00:${String(second).padStart(2, '0')}.000Z`, text: '' });

it('places events by how long before the message they were, whatever the clock of the node says', () => {
  const { events } = withEvents(emptyTimeline, [event(4), event(10), event(20)], asOf, 1_000_000);
  expect(events.map(({ atMs }) => atMs)).toEqual([994_000, 1_000_000, 1_000_000]);
});

it('has a time for events of any', () => {
  const { events } = withEvents(emptyTimeline, [{ ...event(1), time: '-271821-04-20T00:00:00.000Z' }], { ...asOf, time: '+275760-09-13T00:00:00.000Z' }, 1_000_000);
  expect(events.map(({ atMs }) => atMs)).toEqual([0]);
});

it('keeps the newest events, each with a key of its own', () => {
  let timeline = emptyTimeline;
  for (let i = 0; i < maxEvents + 10; i++) timeline = withEvents(timeline, [event(1)], asOf, i);
  expect(timeline.events).toHaveLength(maxEvents);
  expect(new Set(timeline.events.map(({ key }) => key)).size).toBe(maxEvents);
  expect(timeline.events.at(-1)?.key).toBe(maxEvents + 9);
});

it('puts the gravest events last, and leaves those alike in their order', () => {
  const types: TimelineEvent['type'][] = ['failed', 'peer-down', 'suspect', 'joined', 'peer-up'];
  const { events } = withEvents(emptyTimeline, types.map((type) => ({ ...event(1), type })), asOf, 0);
  expect(gravestLast(events).map((placed) => placed.event.type)).toEqual(['peer-down', 'peer-up', 'joined', 'suspect', 'failed']);
});

it('counts records by second, and forgets what has left the window', () => {
  let timeline = withRecords(emptyTimeline, 3, 1_000);
  timeline = withRecords(timeline, 4, 1_900);
  timeline = withRecords(timeline, 5, 2_000);
  expect([...timeline.rates]).toEqual([[1, 7], [2, 5]]);
  timeline = withRecords(timeline, 1, (windowSeconds + 10) * 1_000);
  expect([...timeline.rates.keys()]).toEqual([windowSeconds + 10]);
});

it('tells the recent rate over whole seconds only', () => {
  expect(recentRate(emptyTimeline, 5_000)).toBeNull();
  let timeline = withRecords(emptyTimeline, 10, 1_000);
  timeline = withRecords(timeline, 20, 3_000);
  timeline = withRecords(timeline, 999, 5_000);
  expect(recentRate(timeline, 5_500)).toBe(30 / 4);
});
