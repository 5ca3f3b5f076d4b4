/** Anti-entropy (docs/PROTOCOL.md section 9): the answer to a digest against the stupid way, and that exchanges end in equal stores. */
import fc from 'fast-check';
import { compareBytes, decodeBundle, kinds, limits, seededRandom, toHex } from '@starling/gossip';
import { describe, expect, it } from 'vitest';
import type { DigestEntry } from '../../services/gossip/src/wire/message.js';
import { CoreNetwork } from '../support/core-network.js';
import { bundleOf, CoreRig, credentialRecord, descriptorRecord, sampleRecord, type ToyKey, toyKey } from '../support/core-rig.js';

const keys = Array.from({ length: 8 }, (_, i) => toyKey(11, i)).sort((a, b) => (a.id < b.id ? -1 : 1));
const prefixOf = (key: ToyKey) => key.publicKey.subarray(0, 8);

/** What is known of one origin: the introduction, a later descriptor or none, the newest sample. */
interface Known {
  readonly incarnation: number;
  readonly redescribed: number;
  readonly sampled: number;
}

const known: fc.Arbitrary<Known> = fc.record({ incarnation: fc.integer({ min: 1, max: 3 }), redescribed: fc.integer({ min: 0, max: 3 }), sampled: fc.integer({ min: 5, max: 9 }) });
const store = fc.array(fc.option(known, { nil: null }), { minLength: keys.length, maxLength: keys.length });

/** Sequences of the bundles in force, newest first, and what they are. */
function bundlesOf(key: ToyKey, { incarnation, redescribed, sampled }: Known): { readonly sequence: number; readonly kinds: readonly number[]; readonly bytes: Uint8Array }[] {
  const list = [
    { sequence: sampled, kinds: [kinds.sample], records: [sampleRecord(sampled)] },
    ...(redescribed > 0 ? [{ sequence: 1 + redescribed, kinds: [kinds.descriptor], records: [descriptorRecord(`later ${redescribed}`)] }] : []),
    { sequence: 1, kinds: redescribed > 0 ? [kinds.credential] : [kinds.credential, kinds.descriptor], records: [credentialRecord(key), descriptorRecord()] },
  ];
  return list.map(({ sequence, kinds: held, records }) => ({ sequence, kinds: held, bytes: bundleOf(key, { incarnation, sequence, records }) }));
}

/** docs/PROTOCOL.md 9.2, in numbers of any size. */
function fingerprintOf(key: ToyKey, of: Known): number {
  const low32 = (value: bigint) => value & 0xffffffffn;
  return bundlesOf(key, of).reduce((sum, { sequence, kinds: held }) => {
    return held.filter((kind) => kind !== kinds.sample).reduce((rest, kind) => {
      let h = low32(BigInt(kind + 1) * 0x9e3779b1n) ^ low32(BigInt(sequence)) ^ low32((BigInt(sequence) >> 32n) * 0x85ebca6bn);
      h = low32((h ^ (h >> 16n)) * 0x85ebca6bn);
      h = low32((h ^ (h >> 13n)) * 0xc2b2ae35n);
      return (rest ^ Number(h ^ (h >> 16n))) >>> 0;
    }, sum);
  }, 0);
}

function holding(of: readonly (Known | null)[], seed = 1): CoreRig {
  const rig = new CoreRig({ seed });
  const connection = rig.connect(toyKey(12, 1));
  of.forEach((one, i) => {
    const key = keys[i] as ToyKey;
    if (one !== null) for (const { bytes } of bundlesOf(key, one).reverse()) rig.push(connection, [bytes], 'graft');
  });
  return rig;
}

const entryOf = (key: ToyKey, one: Known): DigestEntry => ({ prefix: prefixOf(key), incarnation: one.incarnation, sequence: one.sampled, fingerprint: fingerprintOf(key, one) });
const named = (bytes: Uint8Array) => {
  const decoding = decodeBundle(bytes);
  return decoding.ok ? `${decoding.bundle.origin.slice(0, 16)} ${decoding.bundle.incarnation}:${decoding.bundle.sequence}` : '';
};

/** The rules of 9.3 and 9.4 for one origin. */
function twin(key: ToyKey, ours: Known | null, theirs: Known | null, underway: boolean): { readonly sent: string[]; readonly wanted: boolean } {
  if (ours === null) return { sent: [], wanted: theirs !== null };
  const all = bundlesOf(key, ours).map(({ bytes }) => named(bytes));
  if (theirs === null) return { sent: all, wanted: false };
  if (ours.incarnation !== theirs.incarnation) return { sent: ours.incarnation > theirs.incarnation ? all : [], wanted: ours.incarnation < theirs.incarnation };
  if (ours.redescribed !== theirs.redescribed) return { sent: all, wanted: true };
  if (underway) return { sent: [], wanted: false };
  return { sent: bundlesOf(key, ours).filter(({ sequence }) => sequence > theirs.sampled).map(({ bytes }) => named(bytes)), wanted: theirs.sampled > ours.sampled };
}

describe('the answer to a digest', () => {
  it('is that of the stupid way', () => {
    fc.assert(
      fc.property(store, store, fc.boolean(), (ours, theirs, underway) => {
        const rig = holding(ours);
        if (!underway) rig.advance(limits.underwayIntervals * 1_000 + 500);
        const connection = rig.connect(toyKey(12, 2), 'accepted', { peers: 4 });
        rig.clear();
        const own = { prefix: rig.key.publicKey.subarray(0, 8), incarnation: 9, sequence: 9, fingerprint: 0 };
        const entries = [...theirs.flatMap((one, i) => (one === null ? [] : [entryOf(keys[i] as ToyKey, one)])), own].sort((a, b) => compareBytes(a.prefix, b.prefix));
        rig.hear(connection, { type: 'digest', from: new Uint8Array(8), to: new Uint8Array(8).fill(0xff), entries });
        const expected = keys.map((key, i) => twin(key, ours[i] ?? null, theirs[i] ?? null, underway));
        expect(rig.pushedTo(connection, 'anti-entropy').map(named)).toEqual(expected.flatMap(({ sent }) => sent));
        const request = rig.messagesTo(connection).find((message) => message.type === 'request');
        const wanted = request?.type === 'request' ? request.prefixes.map(toHex) : [];
        const others = wanted.filter((prefix) => prefix !== toHex(own.prefix));
        expect(others).toEqual(keys.filter((_, i) => expected[i]?.wanted).map((key) => toHex(prefixOf(key))));
      }),
    );
  });

  it('names only what lies in the stretch asked for', () => {
    fc.assert(
      fc.property(store, fc.nat(7), fc.nat(7), (ours, a, b) => {
        const rig = holding(ours);
        const connection = rig.connect(toyKey(12, 2), 'accepted', { peers: 4 });
        rig.clear();
        const [from, to] = [Math.min(a, b), Math.max(a, b)];
        rig.hear(connection, { type: 'digest', from: prefixOf(keys[from] as ToyKey), to: prefixOf(keys[to] as ToyKey), entries: [] });
        const expected = keys.flatMap((key, i) => (i < from || i > to ? [] : twin(key, ours[i] ?? null, null, false).sent));
        expect(rig.pushedTo(connection, 'anti-entropy').map(named)).toEqual(expected);
      }),
    );
  });

  it('stops at its budget and says where, so that the next one goes on there', () => {
    const rig = new CoreRig();
    const feeder = rig.connect(toyKey(12, 1));
    const many = Array.from({ length: 30 }, (_, i) => toyKey(13, i));
    for (const key of many) rig.push(feeder, [bundleOf(key, { sequence: 1, records: [credentialRecord(key), { kind: kinds.firstReport, payload: new Uint8Array(15_000) }] })], 'graft');
    const connection = rig.connect(toyKey(12, 2), 'accepted', { peers: 4 });
    let from = new Uint8Array(8);
    const received: string[] = [];
    for (let i = 0; i < 10; i++) {
      rig.clear();
      rig.hear(connection, { type: 'digest', from, to: new Uint8Array(8).fill(0xff), entries: [] });
      const pushed = rig.pushedTo(connection, 'anti-entropy');
      expect(pushed.reduce((sum, bytes) => sum + bytes.length, 0)).toBeLessThanOrEqual(limits.maxAnswerBytes);
      received.push(...pushed.map(named));
      const request = rig.messagesTo(connection).find((message) => message.type === 'request');
      if (request?.type !== 'request' || request.continueAt === null) break;
      from = new Uint8Array(request.continueAt);
    }
    expect(new Set(received).size).toBe(received.length);
    expect(received.length).toBe(many.length);
  });
});

/** The own identities of both stand in both. */
const contents = (rig: CoreRig) => rig.contents(toyKey(14, 1)).inForce.sort();

describe('an exchange', () => {
  const repairOnly = ['hello', 'proof', 'digest', 'request'];

  it('of two cores ends in equal stores, without the tree', () => {
    fc.assert(
      fc.property(store, store, fc.nat(10_000), (one, other, seed) => {
        const network = new CoreNetwork(2, { seed: 20 + (seed % 7), random: seededRandom(seed), passes: (message) => repairOnly.includes(message.type) || (message.type === 'push' && message.path === 'anti-entropy') });
        const [a, b] = network.rigs as [CoreRig, CoreRig];
        for (const [rig, of] of [[a, one], [b, other]] as const) {
          rig.give({ type: 'sampled', values: [1] });
          const feeder = rig.connect(toyKey(12, 3));
          of.forEach((knows, i) => {
            if (knows !== null) for (const { bytes } of bundlesOf(keys[i] as ToyKey, knows)) rig.push(feeder, [bytes], 'graft');
          });
          rig.give({ type: 'connection-closed', connection: feeder, reason: 'fed' });
        }
        network.link(a, b);
        network.advance(4_000);
        expect(contents(a)).toEqual(contents(b));
        expect(contents(a).length).toBeGreaterThanOrEqual(2);
      }),
      { numRuns: 40 },
    );
  });

  it('leaves nothing to send once it ended', () => {
    const network = new CoreNetwork(2, { seed: 31, random: seededRandom(31) });
    const [a, b] = network.rigs as [CoreRig, CoreRig];
    for (const rig of network.rigs) rig.give({ type: 'sampled', values: [1] });
    network.link(a, b);
    network.advance(4_000);
    for (const rig of network.rigs) rig.clear();
    network.advance(5_000);
    const ended = network.rigs.flatMap((rig) => rig.all('anti-entropy-ended'));
    expect(ended.length).toBeGreaterThan(4);
    expect(ended.filter(({ sent, received }) => sent > 0 || received > 0)).toEqual([]);
  });
});
