/** What becomes of credentials when the trusted roots change (docs/PROTOCOL.md 5.9). */
import { describe, expect, it } from 'vitest';
import { bundleOf, CoreRig, credentialRecord, introductionOf, sampleRecord, toyKey } from '../../../../test/support/core-rig.js';
import { toyCredentialFacts } from '../../../../test/simulator/src/toy-crypto.js';
import type { BundleRecord } from './bundle.js';
import type { CredentialFacts } from './credential.js';

const [first, second] = [toyKey(15, 1), toyKey(15, 2)];

it('asks again for every credential but its own when the roots have changed', () => {
  const rig = new CoreRig();
  const connection = rig.connect(toyKey(15, 3));
  rig.give({ type: 'sampled', values: [1] });
  for (const key of [first, second]) rig.push(connection, [introductionOf(key)]);
  expect(rig.give({ type: 'trust-changed' }).filter(({ type }) => type === 'verify-credential')).toHaveLength(2);
  expect(rig.all('member-forgotten')).toEqual([]);
});

describe('when the roots have changed (PROTOCOL 5.9)', () => {
  const old = credentialRecord(first);
  const renewed = { ...old, payload: old.payload.map((byte, i, all) => (i === all.length - 1 ? 1 : byte)) };
  const isRenewed = (bytes: Uint8Array) => bytes[bytes.length - 1] === 1;

  /** It said two credentials: `endsMs` is by how much the second one ends later. */
  function renewing(endsMs: number) {
    const rig = new CoreRig();
    const connection = rig.connect(toyKey(15, 3));
    const trusted = new Set([true, false]);
    rig.judge = (bytes) => {
      const facts = toyCredentialFacts(bytes);
      return facts === null || !trusted.has(isRenewed(bytes)) ? null : { ...facts, notAfterMs: 2e12 + (isRenewed(bytes) ? endsMs : 0), leafContent: new Uint8Array(32).fill(isRenewed(bytes) ? 1 : 2) };
    };
    const say = (sequence: number, ...records: BundleRecord[]) => rig.push(connection, [bundleOf(first, { sequence, records: [...records, sampleRecord(sequence)] })]);
    say(1, old);
    return { rig, say, distrust: (isOfRenewed: boolean) => trusted.delete(isOfRenewed) };
  }

  it('a node stays by the credential that it said last, though the one of the root that is gone ended later', () => {
    const { rig, say, distrust } = renewing(-1_000);
    say(2, renewed);
    distrust(false);
    rig.give({ type: 'trust-changed' });
    say(3);
    expect(rig.refusals()).toEqual([]);
    expect(rig.all('member-forgotten')).toEqual([]);
    expect(rig.all('credential-admitted').map(({ facts }) => facts.notAfterMs)).toEqual([2e12, 2e12 - 1_000]);
    // The leaf of the other one is free.
    rig.judge = (bytes) => ({ ...(toyCredentialFacts(bytes) as CredentialFacts), leafContent: new Uint8Array(32).fill(2) });
    rig.connect(second);
    expect(rig.all('leaf-reused')).toEqual([]);
  });

  it('it is forgotten when that one is refused as well, or of a leaf that is taken', () => {
    const refused = renewing(-1_000);
    refused.say(2, renewed);
    for (const one of [true, false]) refused.distrust(one);
    refused.rig.give({ type: 'trust-changed' });
    expect(refused.rig.all('member-forgotten')).toHaveLength(1);

    const taken = renewing(-1_000);
    taken.say(2, renewed);
    const { judge } = taken.rig;
    taken.rig.judge = (bytes) => ({ ...(toyCredentialFacts(bytes) as CredentialFacts), leafContent: new Uint8Array(32).fill(1) });
    taken.rig.connect(second);
    taken.rig.judge = judge;
    taken.distrust(false);
    taken.rig.give({ type: 'trust-changed' });
    expect(taken.rig.all('leaf-reused')).toMatchObject([{ first: second.id, second: first.id }]);
    expect(taken.rig.all('member-forgotten')).toHaveLength(1);
  });

  it('a verdict on what was in force before says nothing of what is now', () => {
    const { rig, say, distrust } = renewing(1_000);
    distrust(false);
    rig.holdsAnswers = true;
    rig.give({ type: 'trust-changed' });
    const verdicts = rig.held.splice(0);
    rig.holdsAnswers = false;
    say(2, renewed);
    for (const verdict of verdicts) rig.give(verdict);
    expect(rig.all('member-forgotten')).toEqual([]);
    expect(verdicts).toHaveLength(1);
    expect(rig.all('credential-admitted')).toHaveLength(2);
  });
});
