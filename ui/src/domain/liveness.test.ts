import { expect, it } from 'vitest';
import { livenessOf, type LivenessFacts } from './liveness.js';

const facts: LivenessFacts = { connection: 'open', upstream: null, from: 'node-3', isOffered: true, lastChangeMs: 10_000, sampleIntervalSeconds: 1, nowMs: 10_500 };
const away = { state: 'away' as const, since: '2026-11-24T12:04:10Z', detail: null };

it('is live only while changes come', () => {
  expect(livenessOf(facts)).toEqual({ state: 'live', text: 'live', detail: null });
  expect(livenessOf({ ...facts, nowMs: 14_000 })).toMatchObject({ state: 'stale', text: 'stale 4.0 s' });
});

it('is patient with a large network, which speaks more rarely', () => {
  expect(livenessOf({ ...facts, nowMs: 14_000, sampleIntervalSeconds: 5 }).state).toBe('live');
});

it('tells connecting, reconnecting and away apart', () => {
  expect(livenessOf({ ...facts, lastChangeMs: null, connection: 'connecting' }).state).toBe('connecting');
  expect(livenessOf({ ...facts, connection: 'reconnecting' })).toMatchObject({ state: 'reconnecting', detail: null });
  expect(livenessOf({ ...facts, connection: 'reconnecting', nowMs: 20_000 }).detail).toContain('10 s old');
  expect(livenessOf({ ...facts, connection: 'misunderstood' })).toMatchObject({ state: 'reconnecting', detail: expect.stringMatching(/^node-3 sent what this page cannot read.*reload/) as string });
  const since = new Date(away.since);
  const time = [since.getHours(), since.getMinutes(), since.getSeconds()].map((part) => String(part).padStart(2, '0')).join(':');
  expect(livenessOf({ ...facts, upstream: away })).toMatchObject({ state: 'away' });
  expect(livenessOf({ ...facts, upstream: away }).detail).toContain(`node-3 does not answer since ${time}.`);
  expect(livenessOf({ ...facts, upstream: away, lastChangeMs: null }).detail).toBe(`node-3 did not answer: first missed at ${time}.`);
});

it('tells a node that the gateway does not offer from a gateway that does not answer', () => {
  for (const connection of ['connecting', 'reconnecting'] as const) {
    expect(livenessOf({ ...facts, connection, isOffered: false })).toMatchObject({ state: 'away', detail: expect.stringContaining('does not offer node-3.') as string });
  }
  expect(livenessOf({ ...facts, isOffered: false }).state).toBe('live');
});
