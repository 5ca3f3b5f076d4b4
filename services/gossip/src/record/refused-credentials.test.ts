import { describe, expect, it } from 'vitest';
import { bundleOf, credentialRecord, introductionOf, rigWith, sampleOf, sampleRecord, toyKey } from '../../../../test/support/core-rig.js';
import { toyCredential, toyCredentialFacts } from '../../../../test/simulator/src/toy-crypto.js';
import { limits } from '../limits.js';
import { RefusedCredentials } from './refused-credentials.js';

const peer = toyKey(1, 1);
const other = toyKey(1, 2);

describe('a peer that brings credentials that are refused (PROTOCOL 5.11)', () => {
  const { maxRefusedCredentialBurst, maxRefusedCredentialsPerSecond } = limits;
  /** A bundle of an origin that nobody admitted, with a credential of another. */
  const invented = (i: number) => bundleOf(toyKey(9, i), { sequence: 1, records: [credentialRecord(peer), sampleRecord()] });

  function tired() {
    const { rig, connection } = rigWith(peer);
    const checks = (from: number, count: number) => {
      let asked = 0;
      for (let i = from; i < from + count; i++) asked += rig.push(connection, [invented(i)]).filter(({ type }) => type === 'verify-signature').length;
      return asked;
    };
    return { rig, connection, checks };
  }

  it('costs a bounded number of checks, at once and in the long run', () => {
    const { rig, checks } = tired();
    expect(checks(0, 1_000)).toBe(maxRefusedCredentialBurst);
    expect(rig.refusals().filter((reason) => reason === 'too-many-refused')).toHaveLength(1_000 - maxRefusedCredentialBurst);
    expect(rig.all('limit-reached').map(({ limit }) => limit)).toContain('maxRefusedCredentialsPerSecond');
    rig.advance(2_000);
    expect(checks(1_000, 1_000)).toBe(2 * maxRefusedCredentialsPerSecond);
    expect(rig.closed).toEqual([]);
  });

  it('is paid for when the answers come, also those that were asked for before the first of them was refused', () => {
    const { rig, checks } = tired();
    rig.holdsAnswers = true;
    expect(checks(0, 1_000)).toBe(1_000);
    rig.release();
    rig.advance(((1_000 - maxRefusedCredentialBurst) / maxRefusedCredentialsPerSecond) * 1_000 - 100);
    expect(checks(1_000, 10)).toBe(0);
    rig.advance(1_000);
    expect(checks(1_000, 10)).toBe(10);
  });

  it('is heard for all that needs no credential to be judged, and so are the others', () => {
    const { rig, connection, checks } = tired();
    rig.push(connection, [introductionOf(other)]);
    const second = rig.connect(toyKey(1, 3));
    checks(0, 1_000);
    rig.clear();
    rig.push(connection, [sampleOf(other, 2)]);
    rig.push(second, [introductionOf(toyKey(1, 4))]);
    expect(rig.all('record-merged').map(({ origin }) => origin)).toEqual([other.id, toyKey(1, 4).id]);
    rig.push(connection, [introductionOf(toyKey(1, 5))]);
    expect(rig.refusals()).toEqual(['too-many-refused']);
  });

  it('cannot begin anew by another connection', () => {
    const { rig, checks } = tired();
    checks(0, 1_000);
    const again = rig.connect(peer, 'accepted', { incarnation: 2 });
    rig.clear();
    rig.push(again, [invented(1_000)]);
    expect(rig.refusals()).toEqual(['too-many-refused']);
  });

  it('pays as well for those that the authority never gave', () => {
    const { rig, connection } = tired();
    rig.judge = () => null;
    for (let i = 0; i < 1_000; i++) rig.push(connection, [introductionOf(toyKey(9, i))]);
    expect(rig.refusals().filter((reason) => reason === 'credential-untrusted-chain')).toHaveLength(maxRefusedCredentialBurst);
  });

  it('pays as well for leaves that serve two', () => {
    const { rig, connection } = tired();
    rig.judge = (bytes) => {
      const facts = toyCredentialFacts(bytes);
      return facts === null ? null : { ...facts, leafContent: peer.leaf };
    };
    for (let i = 0; i < 1_000; i++) rig.push(connection, [introductionOf(toyKey(9, i))]);
    expect(rig.refusals().filter((reason) => reason === 'leaf-reused')).toHaveLength(maxRefusedCredentialBurst);
  });

  it('begins anew when the roots change: what was refused may be admitted now', () => {
    const { rig, connection, checks } = tired();
    checks(0, 1_000);
    rig.give({ type: 'trust-changed' });
    rig.push(connection, [introductionOf(other)]);
    expect(rig.all('record-merged').map(({ origin }) => origin)).toEqual([other.id]);
  });
});

describe('a credential that was refused (PROTOCOL 5.11)', () => {
  const saying = (sequence: number) => bundleOf(other, { sequence, records: [credentialRecord(other), sampleRecord(sequence)] });

  it('is not judged again for a while, whoever brings it, and nobody pays for that', () => {
    const { rig, connection } = rigWith(peer);
    const second = rig.connect(toyKey(1, 3));
    rig.judge = () => null;
    const asked = (from: number, sequence: number) => rig.push(from, [saying(sequence)]).filter(({ type }) => type === 'verify-signature').length;
    expect(asked(connection, 1)).toBe(1);
    for (let sequence = 2; sequence <= 2 * limits.maxRefusedCredentialBurst; sequence++) expect(asked(sequence % 2 === 0 ? connection : second, sequence)).toBe(0);
    expect(new Set(rig.refusals())).toEqual(new Set(['credential-untrusted-chain']));
    rig.advance(limits.refusedCredentialMs);
    expect(asked(connection, 2_000)).toBe(1);
  });

  it('is judged when it comes with another origin, and when the roots have changed', () => {
    const { rig, connection } = rigWith(peer);
    rig.push(connection, [bundleOf(toyKey(9, 1), { sequence: 1, records: [credentialRecord(other), sampleRecord()] })]);
    expect(rig.refusals()).toEqual(['credential-wrong-node']);
    rig.push(connection, [saying(1)]);
    expect(rig.all('record-merged').map(({ origin }) => origin)).toEqual([other.id]);
    rig.judge = () => null;
    rig.give({ type: 'trust-changed' });
    rig.push(connection, [saying(2)]);
    rig.judge = toyCredentialFacts;
    rig.give({ type: 'trust-changed' });
    rig.push(connection, [saying(3)]);
    expect(rig.all('record-merged').map(({ bundle }) => bundle.sequence)).toEqual([1, 3]);
  });

  it('is at the cost of its origin if that is known, and not of who passes on what it signed', () => {
    const { rig, connection } = rigWith(peer);
    rig.push(connection, [introductionOf(other)]);
    rig.judge = () => null;
    // The signature of the simulator leaves room for other credentials of the same content.
    const renewed = (i: number) => ({ kind: 0, payload: Uint8Array.from([...toyCredential(other).slice(0, -2), i >> 8, i & 255]) });
    for (let i = 0; i < 1_000; i++) rig.push(connection, [bundleOf(other, { sequence: 2 + i, records: [renewed(i), sampleRecord(i)] })]);
    expect(rig.refusals().filter((reason) => reason === 'credential-untrusted-chain')).toHaveLength(limits.maxBundleBurst - 1);
    expect(new Set(rig.refusals())).toEqual(new Set(['credential-untrusted-chain', 'too-frequent']));
    rig.judge = toyCredentialFacts;
    rig.push(connection, [introductionOf(toyKey(1, 4))]);
    expect(rig.all('record-merged').at(-1)?.origin).toBe(toyKey(1, 4).id);
  });
});

it('remembers so many and no more, the latest (PROTOCOL 5.11)', () => {
  const refused = new RefusedCredentials();
  const ids = Array.from({ length: limits.maxRefusedRemembered + 1 }, (_, i) => toyKey(9, i).id);
  const credential = Uint8Array.of(1);
  for (const id of ids) refused.remember(id, credential, 'credential-expired', 0);
  expect(ids.map((id) => refused.reasonOf(id, credential, 0))).toEqual(ids.map((_, i) => (i === 0 ? null : 'credential-expired')));
});
