import { describe, expect, it } from 'vitest';
import { bundleOf, CoreRig, credentialRecord, farewellRecord, introductionOf, toyKey } from '../../../../test/support/core-rig.js';
import { limits } from '../limits.js';
import { compareBytes } from '../record/node-id.js';
import type { Digest } from '../wire/message.js';
import { following } from './anti-entropy.js';

const last = new Uint8Array(8).fill(0xff);
const digestsTo = (rig: CoreRig, connection: number) => rig.messagesTo(connection).filter((message): message is Digest => message.type === 'digest');

function holding(count: number) {
  const rig = new CoreRig();
  const feeder = rig.connect(toyKey(7, 1));
  for (let i = 0; i < count; i += 50) rig.push(feeder, Array.from({ length: Math.min(50, count - i) }, (_, j) => introductionOf(toyKey(8, i + j))), 'graft');
  rig.give({ type: 'connection-closed', connection: feeder, reason: 'fed' });
  rig.advance(100);
  return rig;
}

/** Answers as one that lacks nothing and wants nothing, as long as it is asked. */
function passOver(rig: CoreRig, connection: number): Digest[] {
  for (let answered = 0; answered < digestsTo(rig, connection).length; answered++) rig.hear(connection, { type: 'request', prefixes: [], continueAt: null });
  return digestsTo(rig, connection);
}

it('passes once over the whole store with a new peer, from a place of chance, in pieces', () => {
  const rig = holding(600);
  const connection = rig.connect(toyKey(7, 2), 'accepted', { peers: 3 });
  const digests = passOver(rig, connection);
  expect(digests.length).toBeGreaterThanOrEqual(3);
  expect(Math.max(...digests.map(({ entries }) => entries.length))).toBeLessThanOrEqual(limits.maxDigestEntries);
  const names = digests.flatMap(({ entries }) => entries.map((entry) => Buffer.from(entry.prefix).toString('hex')));
  expect(new Set(names).size).toBe(names.length);
  expect(names.length).toBe(rig.engine.statistics().origins);
  const stretches = digests.map(({ from, to }) => [from, to] as const).sort(([a], [b]) => compareBytes(a, b));
  expect(stretches[0]?.[0]).toEqual(new Uint8Array(8));
  expect(stretches.at(-1)?.[1]).toEqual(last);
  for (const [i, [from]] of stretches.entries()) if (i > 0) expect(from).toEqual(following(stretches[i - 1]?.[1] as Uint8Array));
});

it('goes on where the other stopped, and asks again in the next round where it came no further', () => {
  const rig = holding(100);
  const connection = rig.connect(toyKey(7, 2), 'accepted', { peers: 3 });
  const [first] = digestsTo(rig, connection) as [Digest];
  const further = (first.entries[3] as Digest['entries'][number]).prefix;
  rig.hear(connection, { type: 'request', prefixes: [], continueAt: further });
  expect(digestsTo(rig, connection)[1]?.from).toEqual(further);
  rig.hear(connection, { type: 'request', prefixes: [], continueAt: further });
  expect(digestsTo(rig, connection)).toHaveLength(2);
  rig.advance(2 * limits.antiEntropyIntervalMs);
  expect(digestsTo(rig, connection)[2]?.from).toEqual(further);
});

it('goes on where the other stopped a bounded number of times in a round', () => {
  const rig = new CoreRig();
  const connection = rig.connect(toyKey(7, 2), 'accepted', { peers: 3 });
  const goOnAt = (continueAt: Uint8Array) => rig.hear(connection, { type: 'request', prefixes: [], continueAt });
  rig.clear();
  for (let i = 0; i < 100; i++) goOnAt(Uint8Array.from([0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, i]));
  expect(digestsTo(rig, connection)).toHaveLength(limits.maxContinuations);
  rig.clear();
  rig.advance(1.3 * limits.antiEntropyIntervalMs);
  const [begun] = digestsTo(rig, connection) as [Digest];
  goOnAt(following(begun.from));
  expect(digestsTo(rig, connection)).toHaveLength(2);
});

it('goes on nowhere but within the stretch of its digest', () => {
  const rig = holding(600);
  const connection = rig.connect(toyKey(7, 2), 'accepted', { peers: 3 });
  const [begun] = digestsTo(rig, connection) as [Digest];
  expect(begun.to).not.toEqual(last);
  rig.hear(connection, { type: 'request', prefixes: [], continueAt: following(begun.to) });
  expect(digestsTo(rig, connection)).toHaveLength(1);
});

it('goes on in the next round where a usual one was stopped, and not back to where it began', () => {
  const rig = holding(100);
  const connection = rig.connect(toyKey(7, 2), 'accepted', { peers: 3 });
  passOver(rig, connection);
  const round = (continueAt: Uint8Array | null): Digest => {
    rig.clear();
    rig.advance(1.3 * limits.antiEntropyIntervalMs);
    const [digest] = digestsTo(rig, connection) as [Digest];
    rig.hear(connection, { type: 'request', prefixes: [], continueAt: continueAt ?? digest.from });
    return digest;
  };
  const further = (round(null).entries[3] as Digest['entries'][number]).prefix;
  expect(round(further).from).toEqual(new Uint8Array(8));
  expect(round(further).from).toEqual(further);
  expect(round(null).from).toEqual(new Uint8Array(8));
});

describe('what a peer asks for', () => {
  /** A core that holds more than its budgets allow to send, and how it is asked for it. */
  function laden() {
    const rig = new CoreRig();
    const feeder = rig.connect(toyKey(7, 1));
    const many = Array.from({ length: 100 }, (_, i) => toyKey(9, i));
    for (const key of many) rig.push(feeder, [bundleOf(key, { sequence: 1, records: [credentialRecord(key), { kind: 16, payload: new Uint8Array(15_000) }] })], 'graft');
    const ask = (connection: number) => rig.hear(connection, { type: 'graft', wanted: many.map((key) => ({ prefix: key.publicKey.subarray(0, 8), incarnation: 0, sequence: 0 })) });
    const bytesTo = (connection: number) => rig.pushedTo(connection, 'graft').reduce((sum, bytes) => sum + bytes.length, 0);
    const peers = Array.from({ length: 6 }, (_, i) => rig.connect(toyKey(7, 2 + i), 'accepted', { peers: 3 }));
    rig.clear();
    return { rig, peers, ask, bytesTo, reached: () => new Set(rig.all('limit-reached').map(({ limit }) => limit)) };
  }

  it('is answered within its budget, and more of it when time has passed', () => {
    const { rig, peers, ask, bytesTo, reached } = laden();
    const [connection = 0] = peers;
    ask(connection);
    expect(bytesTo(connection)).toBeLessThanOrEqual(limits.maxAnswerBytes);
    expect(bytesTo(connection)).toBeGreaterThan(limits.maxAnswerBytes - 20_000);
    expect(reached()).toEqual(new Set(['maxAnswerBytes']));
    for (let i = 0; i < 20; i++) ask(connection);
    expect(bytesTo(connection)).toBeLessThanOrEqual(limits.antiEntropyPeerBytesPerSecond);
    expect(reached()).toEqual(new Set(['maxAnswerBytes', 'antiEntropyPeerBytesPerSecond']));
    const before = bytesTo(connection);
    rig.advance(500);
    ask(connection);
    expect(bytesTo(connection)).toBeGreaterThan(before);
  });

  it('is answered within the budget of all (PROTOCOL 9.5)', () => {
    const { peers, ask, bytesTo, reached } = laden();
    for (const connection of peers) for (let i = 0; i < 5; i++) ask(connection);
    const sent = peers.reduce((sum, connection) => sum + bytesTo(connection), 0);
    expect(sent).toBeLessThanOrEqual(limits.antiEntropyBytesPerSecond);
    expect(sent).toBeGreaterThan(limits.antiEntropyBytesPerSecond - 40_000);
    expect(reached()).toContain('antiEntropyBytesPerSecond');
  });

  describe('by a digest', () => {
    const other = toyKey(7, 3);
    /** A core that heard of an origin, and what it answers to a digest with these entries. */
    function heard(...bundles: readonly Uint8Array[]) {
      const rig = new CoreRig();
      const [feeder, connection] = [rig.connect(toyKey(7, 1)), rig.connect(toyKey(7, 2), 'accepted', { peers: 3 })];
      for (const bundle of bundles) rig.push(feeder, [bundle]);
      const answerTo = (entries: Digest['entries']) => {
        rig.clear();
        rig.hear(connection, { type: 'digest', from: new Uint8Array(8), to: last, entries });
        const wanted = rig.messagesTo(connection).flatMap((message) => (message.type === 'request' ? message.prefixes : []));
        return { given: rig.pushedTo(connection, 'anti-entropy').length, wanted: wanted.length };
      };
      return { rig, answerTo };
    }
    const farewell = bundleOf(other, { sequence: 2, records: [farewellRecord] });

    it('is given who is there, and unasked none who failed or left (PROTOCOL 9.3)', () => {
      expect(heard(introductionOf(other)).answerTo([]).given).toBe(1);
      expect(heard(introductionOf(other), farewell).answerTo([]).given).toBe(0);
      const { rig, answerTo } = heard(introductionOf(other));
      rig.advance(60_000);
      expect(rig.all('member-changed').at(-1)?.state).toBe('failed');
      expect(answerTo([]).given).toBe(0);
      expect(answerTo([{ prefix: other.publicKey.subarray(0, 8), incarnation: 1, sequence: 0, fingerprint: 0 }]).given).toBe(1);
    });

    it('lacks nothing of who was forgotten but what is beyond that (PROTOCOL 9.4)', () => {
      const { rig, answerTo } = heard(introductionOf(other), farewell);
      rig.advance(limits.retentionMs + 60_000);
      expect(rig.all('member-forgotten')).toHaveLength(1);
      const entry = { prefix: other.publicKey.subarray(0, 8), incarnation: 1, sequence: 2, fingerprint: 0 };
      expect(answerTo([entry]).wanted).toBe(0);
      expect(answerTo([{ ...entry, sequence: 3 }]).wanted).toBe(1);
    });
  });

  it('is not answered when its entries are in no order or outside of their stretch', () => {
    const rig = holding(10);
    const connection = rig.connect(toyKey(7, 2), 'accepted', { peers: 3 });
    rig.clear();
    const entry = (byte: number) => ({ prefix: new Uint8Array(8).fill(byte), incarnation: 1, sequence: 1, fingerprint: 0 });
    const from = new Uint8Array(8);
    for (const entries of [[entry(5), entry(4)], [entry(5), entry(5)]]) rig.hear(connection, { type: 'digest', from, to: last, entries });
    rig.hear(connection, { type: 'digest', from, to: new Uint8Array(8).fill(2), entries: [entry(3)] });
    rig.hear(connection, { type: 'digest', from: last, to: from, entries: [] });
    expect(rig.messagesTo(connection)).toEqual([]);
    expect(rig.closed).toEqual([]);
  });
});

it('tells who comes back from an old disk, after it was forgotten, of its later life, and nobody else', () => {
  const rig = new CoreRig();
  const [restored, other] = [toyKey(7, 5), toyKey(7, 6)];
  const told = rig.connect(other);
  const later = introductionOf(restored, 6, rig.nowMs);
  rig.push(told, [later]);
  rig.advance(limits.retentionMs + 60_000);
  expect(rig.all('member-forgotten')).toHaveLength(1);
  const digest = { type: 'digest', from: new Uint8Array(8), to: last, entries: [{ prefix: restored.publicKey.slice(0, 8), incarnation: 6, sequence: 1, fingerprint: 0 }] } as const;
  rig.clear();
  for (const connection of [rig.connect(restored), told]) rig.hear(connection, digest);
  expect(rig.sent.filter(({ bytes }) => bytes[0] === 3).map(({ connection }) => rig.pushedTo(connection, 'anti-entropy'))).toEqual([[later]]);
});

it('follows a prefix by the next number, and the last by the first', () => {
  expect(following(Uint8Array.from([0, 0, 0, 0, 0, 0, 1, 0xff]))).toEqual(Uint8Array.from([0, 0, 0, 0, 0, 0, 2, 0]));
  expect(following(last)).toEqual(new Uint8Array(8));
});
