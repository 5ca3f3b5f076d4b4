import { expect, it } from 'vitest';
import { bundleOf, CoreRig, credentialRecord, introductionOf, maxDatagramBytes, sampleOf, toyKey } from '../../../../test/support/core-rig.js';
import { limits } from '../limits.js';
import { decodeBundle } from '../record/bundle.js';
import type { Passage } from './message.js';

const origin = toyKey(5, 3);

/** News of an origin come from one peer and go to the other. */
function between() {
  const rig = new CoreRig();
  const source = rig.connect(toyKey(5, 1));
  const sink = rig.connect(toyKey(5, 2));
  rig.push(source, [introductionOf(origin)]);
  rig.advance(100);
  rig.clear();
  return { rig, source, sink };
}

const sequences = (bundles: readonly Uint8Array[]) => bundles.map((bytes) => {
  const decoding = decodeBundle(bytes);
  return decoding.ok ? decoding.bundle.sequence : 0;
});

function passagesTo(rig: CoreRig, connection: number): Passage[] {
  return rig.messagesTo(connection).flatMap((message) => (message.type === 'push' ? message.passages : []));
}

it('hands out what fits the credit, and of one origin keeps the newest', () => {
  const { rig, source, sink } = between();
  rig.returnsCredit = false;
  for (let sequence = 2; sequence <= 60; sequence++) {
    rig.push(source, [sampleOf(origin, sequence)]);
    rig.advance(limits.batchMs + 1);
  }
  const handed = sequences(rig.pushedTo(sink));
  expect(rig.sent.filter(({ connection }) => connection === sink)).toHaveLength(limits.maxOutstandingMessages);
  expect(rig.engine.statistics().queuedBytes).toBe(sampleOf(origin, 60).length);
  rig.clear();
  rig.returnsCredit = true;
  rig.give({ type: 'messages-sent', connection: sink, count: limits.maxOutstandingMessages });
  expect(handed).not.toContain(60);
  expect(sequences(rig.pushedTo(sink))).toEqual([60]);
  expect(rig.engine.statistics().queuedBytes).toBe(0);
});

it('lets so many messages wait, and no more', () => {
  const { rig, sink } = between();
  rig.returnsCredit = false;
  const graft = { type: 'graft', wanted: [{ prefix: origin.publicKey.subarray(0, 8), incarnation: 0, sequence: 0 }] } as const;
  for (let i = 0; i < limits.maxOutstandingMessages + limits.maxWaitingMessages; i++) rig.hear(sink, graft);
  expect(rig.all('limit-reached')).toEqual([]);
  rig.hear(sink, graft);
  expect(rig.all('limit-reached')).toEqual([{ type: 'limit-reached', limit: 'maxWaitingMessages' }]);
});

it('sends nothing of which nothing is in force any more (PROTOCOL 7.4)', () => {
  const { rig, source, sink } = between();
  rig.returnsCredit = false;
  for (let i = 0; i < limits.maxOutstandingMessages; i++) rig.hear(sink, { type: 'request', prefixes: [origin.publicKey.subarray(0, 8)], continueAt: null });
  rig.clear();
  rig.push(source, [sampleOf(origin, 2)]);
  // From the sink itself, so that it does not take the place of the other in its queue.
  rig.push(sink, [sampleOf(origin, 3)]);
  rig.returnsCredit = true;
  rig.give({ type: 'messages-sent', connection: sink, count: limits.maxOutstandingMessages });
  rig.advance(limits.batchMs);
  expect(sequences(rig.pushedTo(sink))).toEqual([]);
  expect(rig.engine.statistics().queuedBytes).toBe(0);
});

it('sends to a quiet peer at once, and lets a busy one share messages', () => {
  const { rig, source, sink } = between();
  const keys = Array.from({ length: 4 }, (_, i) => toyKey(5, 10 + i));
  rig.push(source, [introductionOf(keys[0] as (typeof keys)[number])]);
  expect(rig.pushedTo(sink)).toHaveLength(1);
  for (const key of keys.slice(1)) rig.push(source, [introductionOf(key)]);
  expect(rig.pushedTo(sink)).toHaveLength(1);
  rig.advance(limits.batchMs);
  expect(rig.messagesTo(sink).filter(({ type }) => type === 'push')).toHaveLength(2);
  expect(rig.pushedTo(sink)).toHaveLength(4);
});

it('puts into a datagram what fits, and what fits into none into a stream', () => {
  const { rig, source, sink } = between();
  const large = (i: number, bytes: number) => bundleOf(toyKey(5, 20 + i), { sequence: 1, records: [credentialRecord(toyKey(5, 20 + i)), { kind: 16, payload: new Uint8Array(bytes) }] });
  rig.push(source, [large(0, 500), large(1, 500), large(2, 3_000), large(3, 500)], 'graft');
  rig.advance(limits.batchMs);
  const sent = rig.sent.filter(({ connection, bytes }) => connection === sink && bytes[0] === 3);
  expect(passagesTo(rig, sink)).toHaveLength(4);
  for (const { channel, bytes } of sent) expect(channel).toBe(bytes.length > maxDatagramBytes ? 'stream' : 'datagram');
  expect(sent.filter(({ channel }) => channel === 'stream')).toHaveLength(1);
});

it('puts a long queue into streams, many to a message', () => {
  const { rig, source, sink } = between();
  rig.returnsCredit = false;
  for (let i = 0; i < limits.maxOutstandingMessages; i++) rig.hear(sink, { type: 'request', prefixes: [origin.publicKey.subarray(0, 8)], continueAt: null });
  rig.clear();
  for (let i = 0; i < 80; i++) rig.push(source, [introductionOf(toyKey(6, i))]);
  expect(rig.engine.statistics().queuedBytes).toBeGreaterThan(limits.datagramBacklogBytes);
  rig.returnsCredit = true;
  rig.give({ type: 'messages-sent', connection: sink, count: limits.maxOutstandingMessages });
  rig.advance(limits.batchMs);
  expect(rig.pushedTo(sink)).toHaveLength(80);
  const pushes = rig.sent.filter(({ connection, bytes }) => connection === sink && bytes[0] === 3);
  expect(pushes.some(({ channel }) => channel === 'stream')).toBe(true);
  expect(pushes.length).toBeLessThan(20);
});

it('counts hops and age: those on arrival, the time here, and half a round trip', () => {
  const { rig, source, sink } = between();
  rig.give({ type: 'round-trip-measured', connection: sink, milliseconds: 30 });
  rig.push(source, [sampleOf(origin, 2)], 'eager', { hops: 3, ageMs: 100 });
  rig.push(source, [sampleOf(origin, 3)], 'eager', { hops: 3, ageMs: 100 });
  rig.advance(limits.batchMs);
  expect(passagesTo(rig, sink).map(({ hops, ageMs }) => ({ hops, ageMs }))).toEqual([{ hops: 4, ageMs: 115 }, { hops: 4, ageMs: 115 + limits.batchMs }]);
});

it('passes on what is said to have come very far, and counts no further: nobody has to believe it', () => {
  const { rig, source, sink } = between();
  rig.push(source, [sampleOf(origin, 2)], 'eager', { hops: limits.maxHops });
  rig.advance(100);
  expect(passagesTo(rig, sink).map(({ hops }) => hops)).toEqual([limits.maxHops]);
});
