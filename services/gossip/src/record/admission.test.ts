import { describe, expect, it } from 'vitest';
import { bundleOf, clusterTag, type CoreRig, credentialRecord, descriptorRecord, epochMs, farewellRecord, introductionOf, rigWith, sampleOf, sampleRecord, toyKey } from '../../../../test/support/core-rig.js';
import { toySign } from '../../../../test/simulator/src/toy-crypto.js';
import { limits } from '../limits.js';
import { encodeBundle, messageOfUnsigned, sealBundle } from './bundle.js';
import { kinds } from './kinds.js';

const peer = toyKey(1, 1);
const other = toyKey(1, 2);

function changed(bytes: Uint8Array, at: number): Uint8Array {
  return bytes.map((byte, i) => (i === at ? byte ^ 2 : byte));
}

describe('the reasons of PROTOCOL 5.2', () => {
  const future = limits.maxFutureMs + 5_000;
  const cases: [string, (rig: CoreRig) => Uint8Array, string][] = [
    ['too short', () => new Uint8Array(20).fill(1), 'malformed'],
    ['of another version', () => changed(introductionOf(other), 0), 'unsupported-version'],
    ['of another cluster', () => changed(introductionOf(other), 3), 'wrong-cluster'],
    ['with a byte more', () => Uint8Array.from([...introductionOf(other), 0]), 'malformed'],
    ['from the future', () => bundleOf(other, { sequence: 1, atMs: future, records: [credentialRecord(other)] }), 'from-the-future'],
    ['a sample too old', () => introductionOf(other, 1, -limits.maxSampleAgeMs), 'too-old'],
    ['of nobody known, without a credential', () => sampleOf(other, 2), 'credential-missing'],
    ['not signed by its origin', () => changed(introductionOf(other), introductionOf(other).length - 64), 'signature-invalid'],
    ['with the credential of somebody else', () => bundleOf(other, { sequence: 1, records: [credentialRecord(peer), sampleRecord()] }), 'credential-wrong-node'],
  ];
  it.each(cases)('%s', (_, make, reason) => {
    const { rig, connection } = rigWith(peer);
    rig.push(connection, [make(rig)]);
    expect(rig.refusals()).toEqual([reason]);
    const rejects = ['oversized', 'malformed', 'wrong-cluster', 'signature-invalid'].includes(reason);
    expect(rig.closed.map(({ code }) => code)).toEqual(rejects ? [2] : []);
    expect(rig.engine.statistics().origins).toBe(1 - Number(rig.all('record-merged').length === 0));
  });
});

describe('of two faults the one that PROTOCOL 5.2 names first', () => {
  interface Faults {
    readonly version?: boolean;
    readonly cluster?: boolean;
    readonly trailing?: boolean;
    readonly atMs?: number;
    readonly credential?: 'none' | 'of-another';
    readonly signature?: boolean;
  }
  const faults: readonly (readonly [reason: string, Faults])[] = [
    ['unsupported-version', { version: true }],
    ['wrong-cluster', { cluster: true }],
    ['malformed', { trailing: true }],
    ['from-the-future', { atMs: limits.maxFutureMs + 5_000 }],
    ['too-old', { atMs: -limits.maxSampleAgeMs }],
    ['credential-missing', { credential: 'none' }],
    ['signature-invalid', { signature: true }],
    ['credential-wrong-node', { credential: 'of-another' }],
  ];
  /** A sample with these faults, signed over them but for its signature and its end. */
  function faulty({ version, cluster, trailing, atMs = 0, credential, signature }: Faults): Uint8Array {
    const records = credential === 'none' ? [sampleRecord()] : [credentialRecord(credential === 'of-another' ? peer : other), sampleRecord()];
    const unsigned = encodeBundle({ clusterTag: clusterTag.map((byte) => (cluster ? byte ^ 1 : byte)), origin: other.id, incarnation: 1, sequence: 1, timeMs: epochMs + atMs, lifetimeS: 600, records });
    if (version) unsigned[0] = 9;
    const bytes = sealBundle(unsigned, toySign(other.publicKey, messageOfUnsigned(unsigned)));
    if (signature) bytes[unsigned.length] = (bytes[unsigned.length] as number) ^ 1;
    return trailing ? Uint8Array.from([...bytes, 0]) : bytes;
  }
  const fields = (one: Faults) => Object.keys(one);
  const pairs = faults.flatMap(([reason, first], i) => faults.slice(i + 1).map(([later, second]) => ({ reason, later, first, second })));
  it.each(pairs.filter(({ first, second }) => !fields(first).some((field) => fields(second).includes(field))))('$reason before $later', ({ reason, first, second }) => {
    const { rig, connection } = rigWith(peer);
    rig.push(connection, [faulty({ ...first, ...second })]);
    expect(rig.refusals()).toEqual([reason]);
  });

  it.each([
    ['from-the-future', limits.maxFutureMs + 5_000],
    ['departed', 0],
  ])('and of an origin that left: %s, before its signature', (reason, atMs) => {
    const { rig, connection } = rigWith(peer);
    rig.push(connection, [introductionOf(other)]);
    rig.push(connection, [bundleOf(other, { sequence: 2, records: [farewellRecord] })]);
    const asked = rig.push(connection, [changed(sampleOf(other, 3, atMs), sampleOf(other, 3, atMs).length - 64)]);
    expect(rig.refusals()).toEqual([reason]);
    expect(asked.filter(({ type }) => type === 'verify-signature')).toEqual([]);
  });
});

it('looks at nothing that follows a rejected bundle', () => {
  const { rig, connection } = rigWith(peer);
  rig.push(connection, [new Uint8Array(3).fill(1), introductionOf(other)]);
  expect(rig.all('record-merged')).toEqual([]);
});

it('verifies what is being verified not a second time', () => {
  const { rig, connection } = rigWith(peer);
  const second = rig.connect(toyKey(1, 3));
  rig.holdsAnswers = true;
  const bytes = introductionOf(other);
  expect(rig.push(connection, [bytes]).filter(({ type }) => type === 'verify-signature')).toHaveLength(1);
  expect(rig.push(second, [bytes]).filter(({ type }) => type === 'verify-signature')).toHaveLength(0);
  rig.release();
  expect(rig.all('record-merged')).toHaveLength(1);
  expect(rig.all('record-repeated')).toHaveLength(1);
});

it('gives the same bytes their verdict also when they were verified twice, because another signature begins as theirs does', () => {
  const { rig, connection } = rigWith(peer);
  const [second, liar] = [rig.connect(toyKey(1, 3)), rig.connect(toyKey(1, 4))];
  const bytes = introductionOf(other);
  const alike = introductionOf(toyKey(1, 5));
  alike.set(bytes.subarray(bytes.length - 64, bytes.length - 60), alike.length - 64);
  rig.clear();
  rig.holdsAnswers = true;
  rig.push(connection, [bytes]);
  rig.push(liar, [alike]);
  expect(rig.push(second, [bytes]).filter(({ type }) => type === 'verify-signature')).toHaveLength(1);
  rig.release();
  expect(rig.all('record-merged')).toHaveLength(1);
  expect(rig.all('record-repeated')).toMatchObject([{ via: toyKey(1, 3).id }]);
});

it('proves an equivocation whatever credential comes along, for the cost of one check', () => {
  const { rig, connection } = rigWith(peer);
  rig.push(connection, [introductionOf(other)]);
  const rivals = [1, 2, 3].map((i) => bundleOf(other, { sequence: 1, records: [{ kind: kinds.credential, payload: new Uint8Array(60).fill(i) }] }));
  const asked = rivals.flatMap((rival) => rig.push(connection, [rival])).map(({ type }) => type).filter((type) => type.startsWith('verify-'));
  expect(asked).toEqual(['verify-signature']);
  expect(rig.all('equivocation-proven')).toHaveLength(1);
});

it('takes nothing of a life in which equivocation was proven while it was verified', () => {
  const { rig, connection } = rigWith(peer);
  rig.push(connection, [introductionOf(other)]);
  rig.holdsAnswers = true;
  rig.push(connection, [bundleOf(other, { sequence: 1, records: [sampleRecord(7)] }), sampleOf(other, 2), sampleOf(other, 3)]);
  rig.release();
  expect(rig.all('record-merged')).toHaveLength(1);
  expect(rig.refusals()).toEqual(['equivocation', 'equivocation', 'equivocation']);
});

it('bounds what one peer may have verified at once', () => {
  const { rig, connection } = rigWith(peer);
  rig.holdsAnswers = true;
  const bundles = Array.from({ length: limits.maxPeerPendingVerifications + 1 }, (_, i) => bundleOf(other, { sequence: i + 1, records: [credentialRecord(other)] }));
  for (let i = 0; i < bundles.length; i += 100) rig.push(connection, bundles.slice(i, i + 100));
  expect(rig.engine.statistics().pendingVerifications).toBe(limits.maxPeerPendingVerifications);
  expect(rig.refusals()).toEqual(['overloaded']);
});

it('proves an equivocation, and takes no more of that life', () => {
  const { rig, connection } = rigWith(peer);
  const second = bundleOf(other, { sequence: 1, records: [credentialRecord(other), descriptorRecord('another name')] });
  rig.push(connection, [introductionOf(other)]);
  rig.push(connection, [second]);
  expect(rig.all('equivocation-proven')).toMatchObject([{ origin: other.id, second }]);
  rig.push(connection, [sampleOf(other, 2)]);
  expect(rig.refusals()).toEqual(['equivocation', 'equivocation']);
  expect(rig.closed).toEqual([]);
  rig.push(connection, [introductionOf(other, 2)]);
  expect(rig.all('record-merged')).toHaveLength(2);
});

it('takes no more of a life in which it equivocated when it has forgotten everything else of it', () => {
  const { rig, connection } = rigWith(peer);
  rig.push(connection, [introductionOf(other), bundleOf(other, { sequence: 1, records: [credentialRecord(other), sampleRecord(7)] })]);
  rig.advance(limits.retentionMs + 60_000);
  expect(rig.all('member-forgotten').map(({ origin }) => origin)).toContain(other.id);
  rig.clear();
  rig.push(connection, [introductionOf(other, 1, rig.nowMs), sampleOf(other, 2, rig.nowMs)]);
  expect(rig.refusals()).toEqual(['departed', 'departed']);
  rig.push(connection, [introductionOf(other, 2, rig.nowMs)]);
  expect(rig.all('record-merged')).toHaveLength(1);
});

it('takes nothing of a life that said farewell', () => {
  const { rig, connection } = rigWith(peer);
  rig.push(connection, [introductionOf(other)]);
  rig.push(connection, [bundleOf(other, { sequence: 2, records: [farewellRecord] })]);
  rig.push(connection, [sampleOf(other, 3)]);
  expect(rig.refusals()).toEqual(['departed']);
  expect(rig.all('member-changed').map(({ state }) => state)).toEqual(['alive', 'left']);
});

it('does not prolong a credential that has ended by hearing it again', () => {
  const { rig, connection } = rigWith(peer);
  const { judge } = rig;
  const endMs = epochMs + 10_000;
  rig.judge = (bytes) => {
    const facts = judge(bytes);
    return facts === null ? null : { ...facts, notAfterMs: endMs };
  };
  rig.push(connection, [introductionOf(other)]);
  // A clock that is wrong by as much as is allowed for makes nobody unheard.
  rig.nowMs = 10_000 + limits.maxFutureMs;
  rig.push(connection, [sampleOf(other, 2, rig.nowMs)]);
  expect(rig.all('record-merged')).toHaveLength(2);
  rig.nowMs += 1;
  rig.push(connection, [sampleOf(other, 3, rig.nowMs)]);
  rig.push(connection, [bundleOf(other, { sequence: 4, atMs: rig.nowMs, records: [credentialRecord(other), sampleRecord(1)] })]);
  expect(rig.refusals()).toEqual(['credential-expired', 'credential-expired']);
});

describe('somebody who was forgotten', () => {
  function forgotten() {
    const { rig } = rigWith(peer);
    const connection = rig.connect(toyKey(1, 3));
    rig.push(connection, [introductionOf(other)]);
    rig.push(connection, [sampleOf(other, 9, rig.nowMs)]);
    rig.advance(limits.retentionMs + 60_000);
    expect(rig.all('member-forgotten').map(({ origin }) => origin)).toEqual([other.id]);
    rig.clear();
    return { rig, connection };
  }

  it('does not come back by what was known of it', () => {
    const { rig, connection } = forgotten();
    rig.push(connection, [bundleOf(other, { sequence: 9, records: [credentialRecord(other)] })]);
    expect(rig.refusals()).toEqual(['departed']);
  });

  it('comes back by news, though its credential is as old as before', () => {
    const { rig, connection } = forgotten();
    rig.push(connection, [sampleOf(other, 10, rig.nowMs), introductionOf(other)]);
    expect(rig.all('member-changed')).toMatchObject([{ origin: other.id, state: 'alive', previous: null }]);
    rig.push(connection, [bundleOf(other, { sequence: 1, records: [credentialRecord(other), descriptorRecord()] })], 'graft');
    expect(rig.refusals()).toEqual(['departed']);
  });

  it('needs a credential that is still trusted', () => {
    const { rig, connection } = forgotten();
    rig.judge = () => null;
    rig.push(connection, [sampleOf(other, 10, rig.nowMs)]);
    expect(rig.refusals()).toEqual(['credential-untrusted-chain']);
  });
});

it('forgets whose credential is no longer trusted, and counts it no more among those present', () => {
  const { rig, connection } = rigWith(peer);
  for (let i = 0; i < 40; i++) rig.push(connection, [introductionOf(toyKey(7, i))]);
  const before = rig.engine.statistics();
  expect(before.targetDegree).toBeGreaterThan(4);
  rig.judge = () => null;
  rig.give({ type: 'trust-changed' });
  expect(rig.all('member-forgotten')).toHaveLength(40);
  expect(rig.engine.statistics()).toMatchObject({ origins: before.origins - 40, targetDegree: 1 });
});

describe('what became of its origin while it was checked (PROTOCOL 5.2)', () => {
  it('counts: nobody comes back who said farewell, whatever it said next', () => {
    const { rig, connection } = rigWith(peer);
    rig.push(connection, [introductionOf(other)]);
    rig.holdsAnswers = true;
    rig.push(connection, [bundleOf(other, { sequence: 2, records: [farewellRecord] }), sampleOf(other, 3)]);
    rig.release();
    rig.push(connection, [sampleOf(other, 4)]);
    expect(rig.all('record-merged').map(({ bundle }) => bundle.sequence)).toEqual([1, 2]);
    expect(rig.refusals()).toEqual(['departed', 'departed']);
  });

  it('counts: no more are known than there is room for', () => {
    const { rig, connection } = rigWith(peer);
    const room = limits.maxOrigins - 1;
    for (let i = 0; i < room; i += 50) rig.push(connection, Array.from({ length: Math.min(50, room - i) }, (_, j) => introductionOf(toyKey(2, i + j))));
    expect(rig.engine.statistics().origins).toBe(room);
    rig.holdsAnswers = true;
    rig.push(connection, [1, 2].map((i) => introductionOf(toyKey(3, i))));
    rig.release();
    expect(rig.engine.statistics().origins).toBe(limits.maxOrigins);
    expect(rig.refusals()).toEqual(['too-many-origins']);
  });
});

it('verifies another bundle of one number once, not each time it comes', () => {
  const { rig, connection } = rigWith(peer);
  for (const bytes of [introductionOf(other), sampleOf(other, 2)]) rig.push(connection, [bytes]);
  const rival = bundleOf(other, { sequence: 2, records: [sampleRecord(7)] });
  rig.holdsAnswers = true;
  expect([1, 2, 3].flatMap(() => rig.push(connection, [rival])).filter(({ type }) => type === 'verify-signature')).toHaveLength(1);
  rig.release();
  expect(rig.all('equivocation-proven')).toHaveLength(1);
});

it('keeps nothing of a message in memory but what it keeps', () => {
  const { rig, connection } = rigWith(peer);
  const descriptor = descriptorRecord('x'.repeat(200));
  const sayings = [{ sequence: 1, records: [credentialRecord(other), descriptor, sampleRecord()] }, { sequence: 2, records: [sampleRecord(2)] }, { sequence: 2, records: [sampleRecord(7)] }];
  for (const saying of sayings) rig.push(connection, [bundleOf(other, saying)]);
  const kept = [...rig.all('credential-admitted').map(({ credential }) => credential), ...rig.all('equivocation-proven').flatMap(({ first, second }) => [first, second])];
  expect(kept).toHaveLength(3);
  for (const bytes of kept) expect(bytes.buffer.byteLength).toBe(bytes.length);
});
