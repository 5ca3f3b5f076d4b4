import { describe, expect, it } from 'vitest';
import { bundleOf, CoreRig, credentialRecord, farewellRecord, helloOf, introductionOf, sampleRecord, type ToyKey, toyKey } from '../../../../test/support/core-rig.js';
import { toyCredentialFacts } from '../../../../test/simulator/src/toy-crypto.js';
import { limits } from '../limits.js';
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

  it('costs one check, however often the second is told of', () => {
    const { rig, say } = sharing('first-come');
    say(first);
    say(second);
    expect(say(second).filter(({ type }) => type.startsWith('verify-'))).toEqual([]);
    expect(rig.refusals()).toEqual(['leaf-reused', 'leaf-reused']);
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

describe('a leaf that greeted (PROTOCOL 3.4)', () => {
  const refused = (rig: CoreRig) => rig.closed.filter(({ code }) => code === closeCodes.refused).map(({ connection }) => connection);
  const merged = (rig: CoreRig) => rig.all('record-merged').map(({ origin }) => origin);

  it('vouches for nobody else, though nothing was ever said under the name that it greeted with', () => {
    const { rig, say } = sharing('first-come');
    rig.connect(first);
    say(second);
    expect(rig.all('leaf-reused')).toMatchObject([{ first: first.id, second: second.id }]);
    expect(rig.refusals()).toEqual(['leaf-reused']);
    say(first);
    expect(merged(rig)).toEqual([first.id]);
  });

  it('greets as nobody else, though neither greeting is through', () => {
    const { rig } = sharing('first-come');
    const connections = [first, second].map((key) => rig.open(key));
    connections.forEach((connection, i) => rig.hear(connection, helloOf([first, second][i] as ToyKey)));
    expect(refused(rig)).toEqual([connections[1]]);
  });

  it('is not forgotten while one of its connections is open, whatever becomes of the records', () => {
    const { rig, connection, say } = sharing('first-come');
    const greeted = [rig.connect(first, 'accepted'), rig.connect(first, 'accepted', { incarnation: 2 })];
    expect(rig.closed.map(({ connection: closed }) => closed)).toEqual([greeted[0]]);
    say(first);
    rig.push(connection, [bundleOf(first, { sequence: 2, records: [farewellRecord] })]);
    rig.advance(limits.retentionMs + 2_000);
    expect(rig.all('member-forgotten')).toHaveLength(1);
    say(second);
    expect(rig.refusals()).toEqual(['leaf-reused']);
  });

  it('is remembered for as long as one who failed, and then serves another', () => {
    const afterGone = (milliseconds: number) => {
      const { rig, say } = sharing('first-come');
      rig.give({ type: 'connection-closed', connection: rig.connect(first), reason: 'gone' });
      rig.advance(milliseconds);
      say(second);
      return rig;
    };
    expect(afterGone(limits.retentionMs - 1).refusals()).toEqual(['leaf-reused']);
    const rig = afterGone(limits.retentionMs);
    expect(merged(rig)).toEqual([second.id]);
    rig.connect(first);
    expect(refused(rig)).toHaveLength(1);
  });

  it('is remembered from its last connection on, and keeps no other remembered', () => {
    const rig = new CoreRig();
    const comeAndGo = (key: ToyKey) => rig.give({ type: 'connection-closed', connection: rig.connect(key), reason: 'gone' });
    const asSomebodyElse = (key: ToyKey, index: number) => rig.connect({ ...toyKey(17, index), leaf: key.leaf });
    for (const key of [first, second, first]) {
      comeAndGo(key);
      rig.advance(1_000);
    }
    rig.advance(limits.retentionMs - 2_000);
    expect(refused(rig)).toEqual([]);
    asSomebodyElse(second, 1);
    expect(refused(rig)).toEqual([]);
    asSomebodyElse(first, 2);
    expect(refused(rig)).toHaveLength(1);
  });

  it('lets its own node come back at any time, in another life and with another leaf', () => {
    const { rig, say } = sharing('first-come');
    for (const incarnation of [1, 2]) rig.give({ type: 'connection-closed', connection: rig.connect(first, 'accepted', { incarnation }), reason: 'gone' });
    rig.judge = toyCredentialFacts;
    rig.connect({ ...first, leaf: toyKey(15, 4).leaf });
    say(first);
    expect(refused(rig)).toEqual([]);
    expect(merged(rig)).toEqual([first.id]);
  });

  it('of the shared form greets as many', () => {
    const { rig, say } = sharing('shared');
    rig.give({ type: 'connection-closed', connection: rig.connect(first), reason: 'gone' });
    rig.connect(second);
    say(first);
    expect([...refused(rig), ...rig.refusals()]).toEqual([]);
  });

  it('is taken by nobody whose credential is refused, and by nobody else than who holds its key', () => {
    const rig = new CoreRig();
    const thief = toyKey(15, 5);
    for (const presented of [thief.leaf, first.leaf]) {
      // In the first round the authority admits the credential, but TLS presented another leaf; in the second it does not.
      rig.judge = presented === thief.leaf ? toyCredentialFacts : () => null;
      const connection = rig.open({ ...thief, leaf: presented });
      rig.hear(connection, helloOf({ ...thief, leaf: first.leaf }));
      expect(refused(rig)).toContain(connection);
    }
    rig.judge = toyCredentialFacts;
    const honest = rig.connect(first);
    rig.push(honest, [introductionOf(first)]);
    expect(refused(rig)).not.toContain(honest);
    expect(merged(rig)).toEqual([first.id]);
  });

  it('is remembered no longer when the proof beside its credential was false', () => {
    const { rig, say } = sharing('first-come');
    const connection = rig.open(first);
    rig.hear(connection, helloOf(first));
    rig.hear(connection, { type: 'proof', signature: new Uint8Array(64) });
    expect(refused(rig)).toEqual([connection]);
    say(second);
    expect(rig.refusals()).toEqual(['leaf-reused']);
    rig.advance(limits.retentionMs);
    say(second);
    expect(merged(rig)).toEqual([second.id]);
  });

  it('makes room for others when very many came and went', () => {
    const rig = new CoreRig();
    const comeAndGo = (i: number) => rig.give({ type: 'connection-closed', connection: rig.connect(toyKey(16, i)), reason: 'gone' });
    const asSomebodyElse = (i: number) => ({ ...toyKey(17, i), leaf: toyKey(16, i).leaf });
    for (let i = 0; i < limits.maxPartedLeaves; i++) comeAndGo(i);
    expect(rig.all('limit-reached')).toEqual([]);
    comeAndGo(limits.maxPartedLeaves);
    expect(rig.all('limit-reached')).toEqual([{ type: 'limit-reached', limit: 'maxPartedLeaves' }]);
    rig.connect(asSomebodyElse(0));
    expect(refused(rig)).toEqual([]);
    rig.connect(asSomebodyElse(1));
    expect(refused(rig)).toHaveLength(1);
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

it('takes of two credentials that end together the one that is said now (PROTOCOL 5.8)', () => {
  const rig = new CoreRig();
  const connection = rig.connect(toyKey(15, 3));
  const inOtherBytes = credentialRecord(first).payload.map((byte, i, all) => (i === all.length - 1 ? byte ^ 1 : byte));
  const { judge } = rig;
  rig.judge = (bytes) => judge(bytes) ?? judge(credentialRecord(first).payload);
  rig.push(connection, [introductionOf(first)]);
  rig.push(connection, [bundleOf(first, { sequence: 2, records: [{ kind: 0, payload: inOtherBytes }] })]);
  expect(rig.all('credential-admitted').map(({ credential }) => credential)).toEqual([credentialRecord(first).payload, inOtherBytes]);
});
