import { describe, expect, it } from 'vitest';
import { bundleOf, CoreRig, credentialRecord, introductionOf, sampleRecord, type ToyKey, toyKey } from '../../../../test/support/core-rig.js';
import { closeCodes } from '../membership/connections.js';
import type { CredentialFacts } from './credential.js';

const [first, second] = [toyKey(15, 1), toyKey(15, 2)];
const leaf = new Uint8Array(32).fill(3);

/** A core for which all present one leaf, each written in its own way. */
function sharing(binding: CredentialFacts['binding'], changes: Partial<CredentialFacts> = {}) {
  const rig = new CoreRig();
  const connection = rig.connect(toyKey(15, 3));
  const { judge } = rig;
  rig.judge = (bytes) => {
    const facts = judge(bytes);
    return facts === null ? null : { ...facts, binding, leafContent: leaf, ...changes };
  };
  const say = (key: ToyKey) => rig.push(connection, [introductionOf(key)]);
  return { rig, connection, say };
}

describe('one leaf for two nodes (PROTOCOL 3.4)', () => {
  it('is kept by the first, and the second is told', () => {
    const { rig, say } = sharing('first-come');
    say(first);
    say(second);
    expect(rig.all('leaf-reused')).toMatchObject([{ first: first.id, second: second.id }]);
    expect(rig.refusals()).toEqual(['leaf-reused']);
    expect(rig.all('record-merged').map(({ origin }) => origin)).toEqual([first.id]);
  });

  it('keeps the second out at the handshake, too', () => {
    const { rig, say } = sharing('first-come');
    say(first);
    rig.connect({ ...second, leaf });
    expect(rig.closed.map(({ code }) => code)).toEqual([closeCodes.refused]);
  });

  it('is nothing to say of a shared one', () => {
    const { rig, say } = sharing('shared');
    say(first);
    say(second);
    expect(rig.refusals()).toEqual([]);
    expect(rig.all('record-merged')).toHaveLength(2);
  });

  it('is free again when the first is forgotten', () => {
    const { rig, say } = sharing('first-come');
    say(first);
    const { judge } = rig;
    rig.judge = () => null;
    rig.give({ type: 'trust-changed' });
    rig.judge = judge;
    say(second);
    expect(rig.all('record-merged').map(({ origin }) => origin)).toEqual([first.id, second.id]);
  });
});

it('keeps of two credentials the one that ends later (PROTOCOL 5.8)', () => {
  const rig = new CoreRig();
  const connection = rig.connect(toyKey(15, 3));
  const { judge } = rig;
  let notAfterMs = 2_000_000_000_000;
  rig.judge = (bytes) => {
    const facts = judge(bytes);
    return facts === null ? null : { ...facts, notAfterMs };
  };
  // The signature of the simulator leaves room for another credential of the same content.
  const renewed = credentialRecord(first).payload.map((byte, i, all) => (i === all.length - 1 ? 1 : byte));
  rig.push(connection, [introductionOf(first)]);
  notAfterMs -= 1;
  rig.push(connection, [bundleOf(first, { sequence: 2, records: [{ kind: 0, payload: renewed }, sampleRecord(1)] })]);
  expect(rig.all('record-merged')).toHaveLength(2);
  expect(rig.all('credential-admitted')).toHaveLength(1);
  notAfterMs += 2;
  rig.push(connection, [bundleOf(first, { sequence: 3, records: [{ kind: 0, payload: renewed }, sampleRecord(2)] })]);
  expect(rig.all('credential-admitted').map(({ facts }) => facts.notAfterMs)).toEqual([2_000_000_000_000, 2_000_000_000_001]);
});

it('asks again for every credential but its own when the roots have changed', () => {
  const rig = new CoreRig();
  const connection = rig.connect(toyKey(15, 3));
  rig.give({ type: 'sampled', values: [1] });
  for (const key of [first, second]) rig.push(connection, [introductionOf(key)]);
  expect(rig.give({ type: 'trust-changed' }).filter(({ type }) => type === 'verify-credential')).toHaveLength(2);
  expect(rig.all('member-forgotten')).toEqual([]);
});
