import { expect, it } from 'vitest';
import { bundleOf, CoreRig, credentialRecord, descriptorRecord, epochMs, introductionOf, sampleOf, toyKey } from '../../../../test/support/core-rig.js';
import { toyCredentialFacts } from '../../../../test/simulator/src/toy-crypto.js';
import { limits } from '../limits.js';
import type { CredentialFacts } from '../record/credential.js';
import { equalBytes } from '../record/node-id.js';
import { deviationsAt } from './failure-detector.js';

const origin = toyKey(11, 2);
const states = (rig: CoreRig) => rig.all('member-changed').filter((event) => event.origin === origin.id).map(({ state }) => state);

it('reaches a phi of 8 where PROTOCOL 8.2 says', () => {
  expect(deviationsAt(8)).toBeCloseTo(5.226, 3);
  expect(deviationsAt(1)).toBeLessThan(deviationsAt(2));
});

it('gives nobody up while it hears from no one', () => {
  const rig = new CoreRig();
  const connection = rig.connect(toyKey(11, 1));
  rig.push(connection, [introductionOf(origin)]);
  rig.give({ type: 'connection-closed', connection, reason: 'cut off' });
  rig.advance(120_000);
  expect(states(rig)).toEqual(['alive', 'suspect']);
  rig.connect(toyKey(11, 1));
  rig.advance(limits.failureIntervals * 1_000);
  expect(states(rig)).toEqual(['alive', 'suspect', 'failed']);
});

it('forgets whom it gave up, and nobody sooner', () => {
  const rig = new CoreRig();
  const connection = rig.connect(toyKey(11, 1));
  rig.push(connection, [introductionOf(origin)]);
  while (states(rig).at(-1) !== 'failed') rig.advance(500);
  rig.advance(limits.retentionMs - 1_000);
  expect(rig.all('member-forgotten')).toEqual([]);
  rig.advance(2_000);
  expect(rig.all('member-forgotten')).toMatchObject([{ origin: origin.id }]);
  expect(rig.engine.statistics()).toMatchObject({ origins: 0, tombstones: 1 });
});

it('waits for one that says no samples as long as its words are good for', () => {
  const rig = new CoreRig();
  const connection = rig.connect(toyKey(11, 1));
  rig.push(connection, [bundleOf(origin, { sequence: 1, records: [credentialRecord(origin)] })]);
  rig.advance(600_000 - 2_000);
  expect(states(rig)).toEqual(['alive']);
  rig.advance(4_000);
  expect(states(rig)).toEqual(['alive', 'suspect']);
});

it.each([0, Number.MAX_SAFE_INTEGER])('does not wait for one whose words are good for %i s, which is for ever, beyond the end of its credential', (lifetimeS) => {
  const rig = new CoreRig();
  const connection = rig.connect(toyKey(11, 1));
  const endsMs = 3_000_000;
  rig.judge = (bytes) => ({ ...(toyCredentialFacts(bytes) as CredentialFacts), notAfterMs: epochMs + endsMs });
  rig.push(connection, [bundleOf(origin, { sequence: 1, lifetimeS, records: [credentialRecord(origin)] })]);
  rig.advance(endsMs + limits.maxFutureMs - rig.nowMs - 1_000);
  expect(states(rig)).toEqual(['alive']);
  rig.advance(2_000);
  expect(states(rig)).toEqual(['alive', 'suspect']);
  rig.advance(limits.failureIntervals * 1_000 + limits.retentionMs + 2_000);
  expect(rig.all('member-forgotten')).toHaveLength(1);
});

/** How long after its last word an origin is given up, when that came as late as this, and how long it was suspect then, milliseconds. */
function givenUp(lateMs: number): { readonly afterMs: number; readonly suspectMs: number } {
  const rig = new CoreRig();
  const connection = rig.connect(toyKey(11, 1));
  rig.push(connection, [introductionOf(origin)]);
  rig.advance(1_000);
  const saidMs = rig.nowMs;
  rig.advance(lateMs);
  rig.push(connection, [sampleOf(origin, 2)], 'anti-entropy', { ageMs: lateMs });
  let suspectAtMs = 0;
  while (states(rig).at(-1) !== 'failed') {
    rig.advance(50);
    if (states(rig).at(-1) === 'alive') suspectAtMs = rig.nowMs;
  }
  return { afterMs: rig.nowMs - saidMs, suspectMs: rig.nowMs - suspectAtMs };
}

it('gives up whose last word came late as soon as if it had come in time, but not on the word of an age alone', () => {
  const inTime = givenUp(0);
  const late = givenUp(9_000);
  expect(Math.abs(late.afterMs - inTime.afterMs)).toBeLessThanOrEqual(1_500);
  const aged = givenUp(60_000);
  expect(aged.suspectMs).toBeGreaterThanOrEqual(limits.leastSuspectIntervals * 1_000 - 50);
  expect(aged.suspectMs).toBeLessThanOrEqual(limits.leastSuspectIntervals * 1_000 + 1_500);
});

it('counts a late arrival of an older word as no sign of life', () => {
  const rig = new CoreRig();
  const connection = rig.connect(toyKey(11, 1));
  rig.push(connection, [introductionOf(origin), sampleOf(origin, 3)]);
  rig.push(connection, [sampleOf(origin, 3)]);
  while (states(rig).at(-1) !== 'suspect') rig.advance(500);
  rig.push(connection, [bundleOf(origin, { sequence: 2, records: [{ kind: 16, payload: new Uint8Array(1) }] })]);
  expect(rig.all('record-merged').at(-1)?.bundle.sequence).toBe(2);
  expect(states(rig).at(-1)).toBe('suspect');
});

it('stretches the interval with those present, and takes it back with them', () => {
  const rig = new CoreRig();
  const connection = rig.connect(toyKey(11, 1));
  const count = 1.5 * limits.stretchOrigins - 1;
  for (let i = 0; i < count; i += 50) rig.push(connection, Array.from({ length: Math.min(50, count - i) }, (_, j) => introductionOf(toyKey(12, i + j))), 'graft');
  expect(rig.engine.sampleIntervalMs()).toBe(1_500);
  rig.judge = () => null;
  rig.give({ type: 'trust-changed' });
  expect(rig.engine.sampleIntervalMs()).toBe(1_000);
});

it('learns nothing of how samples arrive from a time in which it stood still', () => {
  const suspectedAfter = (stallMs: number) => {
    const rig = new CoreRig();
    const connection = rig.connect(toyKey(11, 1));
    rig.push(connection, [introductionOf(origin)]);
    for (let sequence = 2; sequence < 40; sequence++) {
      rig.advance(1_000);
      if (sequence < 37) {
        rig.nowMs += stallMs;
        rig.give({ type: 'stalled', milliseconds: stallMs });
      }
      rig.push(connection, [sampleOf(origin, sequence, rig.nowMs)]);
    }
    const heardMs = rig.nowMs;
    while (states(rig).at(-1) !== 'suspect') rig.advance(50);
    return rig.nowMs - heardMs;
  };
  expect(suspectedAfter(5_000)).toBe(suspectedAfter(0));
});

it('suspects nobody for the longer interval at which all speak since many came', () => {
  const rig = new CoreRig();
  const connection = rig.connect(toyKey(11, 1));
  rig.push(connection, [introductionOf(origin)]);
  rig.advance(500);
  const count = 6 * limits.stretchOrigins;
  for (let i = 0; i < count; i += 50) rig.push(connection, Array.from({ length: 50 }, (_, j) => introductionOf(toyKey(12, i + j))), 'graft');
  rig.advance(2 * rig.engine.sampleIntervalMs());
  expect(states(rig)).toEqual(['alive']);
  rig.advance(10 * rig.engine.sampleIntervalMs());
  expect(states(rig)).toContain('suspect');
});

it('judges no more than once what two noticed of its own pause', () => {
  const rig = new CoreRig();
  const connection = rig.connect(toyKey(11, 1));
  rig.push(connection, [introductionOf(origin)]);
  rig.nowMs += 300_000;
  rig.give({ type: 'stalled', milliseconds: 300_000 });
  rig.advance(10_000);
  expect(states(rig)).toEqual(['alive', 'suspect']);
});

it('suspects whose credential in force ends sooner since the roots changed (PROTOCOL 8.2)', () => {
  const rig = new CoreRig();
  const connection = rig.connect(toyKey(11, 3));
  const lasting = credentialRecord(origin);
  const ending = { ...lasting, payload: lasting.payload.map((byte, i, all) => (i === all.length - 1 ? 1 : byte)) };
  const endMs = epochMs + 120_000;
  let lastingIsTrusted = true;
  rig.judge = (bytes) => {
    const isEnding = equalBytes(bytes, ending.payload);
    const facts = isEnding || lastingIsTrusted ? toyCredentialFacts(bytes) : null;
    return facts === null ? null : { ...facts, notAfterMs: isEnding ? endMs : endMs * 2 };
  };
  rig.push(connection, [bundleOf(origin, { sequence: 1, lifetimeS: 0, records: [lasting, descriptorRecord()] })]);
  rig.push(connection, [bundleOf(origin, { sequence: 2, lifetimeS: 0, records: [ending] })]);
  lastingIsTrusted = false;
  rig.give({ type: 'trust-changed' });
  rig.advance(endMs + limits.maxFutureMs - epochMs - rig.nowMs - 1);
  expect(states(rig)).toEqual(['alive']);
  rig.advance(2_000);
  expect(states(rig)).toEqual(['alive', 'suspect']);
});
