import { expect, it } from 'vitest';
import { CoreRig, helloOf, introductionOf, toyKey } from '../../../test/support/core-rig.js';
import { limits } from './limits.js';

const peer = toyKey(14, 1);

it('gives the same outputs for the same inputs and the same seed', () => {
  const run = (seed: number) => {
    const rig = new CoreRig({ seed, advertise: '10.0.0.9:9740' });
    const connection = rig.connect(peer);
    rig.push(connection, [introductionOf(toyKey(14, 2))]);
    rig.give({ type: 'discovered', addresses: Array.from({ length: 50 }, (_, i) => `10.1.1.${i}:9740`) });
    rig.advance(20_000);
    return JSON.stringify([rig.sent.map(({ connection: to, bytes }) => [to, Buffer.from(bytes).toString('hex')]), rig.events, rig.dialled, rig.closed]);
  };
  expect(run(5)).toBe(run(5));
  expect(run(5)).not.toBe(run(6));
});

it('always has a next wake-up, in the future once it was rung', () => {
  const rig = new CoreRig();
  for (let i = 0; i < 200; i++) {
    const next = rig.engine.nextWakeup();
    rig.nowMs = Math.max(rig.nowMs, next?.atMs ?? Number.NaN);
    rig.give({ type: 'wake-up' });
    expect(rig.engine.nextWakeup()?.atMs).toBeGreaterThan(rig.nowMs);
  }
});

it('hears nothing of connections that are closed or were never opened', () => {
  const rig = new CoreRig();
  const connection = rig.connect(peer);
  rig.hearBytes(connection, new Uint8Array(1));
  expect(rig.closed).toHaveLength(1);
  rig.clear();
  for (const id of [connection, 99]) {
    rig.push(id, [introductionOf(peer)]);
    rig.give({ type: 'messages-sent', connection: id, count: 3 });
    rig.give({ type: 'round-trip-measured', connection: id, milliseconds: 3 });
    rig.give({ type: 'connection-closed', connection: id, reason: 'again' });
  }
  expect(rig.events).toEqual([]);
  expect(rig.closed).toEqual([]);
});

it('is not surprised by answers that nobody asked for', () => {
  const rig = new CoreRig();
  rig.give({ type: 'signed', request: 999, signature: new Uint8Array(64) });
  rig.give({ type: 'signature-verified', request: 999, valid: true });
  rig.give({ type: 'credential-verified', request: 999, result: { admitted: false, reason: 'expired' } });
  rig.give({ type: 'dial-failed', address: '10.0.0.1:1', reason: 'nobody' });
  expect(rig.events.map(({ type }) => type).filter((type) => type !== 'message-counted')).toEqual(['dial-failed']);
});

it('refuses a peer that begins the handshake again', () => {
  const rig = new CoreRig();
  const connection = rig.connect(peer);
  rig.hear(connection, helloOf(peer));
  expect(rig.all('peer-refused')).toMatchObject([{ peer: peer.id, reason: 'a second hello' }]);
  expect(rig.all('peer-down')).toHaveLength(1);
});

it('carries to the end what came from a peer that is gone meanwhile', () => {
  const rig = new CoreRig();
  const connection = rig.connect(peer);
  rig.holdsAnswers = true;
  rig.push(connection, [introductionOf(toyKey(14, 2))]);
  rig.give({ type: 'connection-closed', connection, reason: 'gone' });
  rig.release();
  expect(rig.all('record-merged')).toHaveLength(1);
  expect(rig.engine.statistics().pendingVerifications).toBe(0);
});

it('departs when everybody has the farewell, and at the latest in time', () => {
  for (const isHeard of [true, false]) {
    const rig = new CoreRig();
    const connection = rig.connect(peer);
    rig.push(connection, [introductionOf(peer)]);
    rig.give({ type: 'sampled', values: [1] });
    rig.advance(100);
    rig.returnsCredit = isHeard;
    rig.give({ type: 'leaving' });
    expect(rig.departures).toBe(Number(isHeard));
    rig.advance(limits.farewellDeadlineMs);
    expect(rig.departures).toBe(1);
    rig.advance(5_000);
    expect(rig.departures).toBe(1);
  }
});

it('departs at once when there is nobody to tell', () => {
  const rig = new CoreRig();
  rig.give({ type: 'sampled', values: [1] });
  rig.give({ type: 'leaving' });
  expect(rig.departures).toBe(1);
});
