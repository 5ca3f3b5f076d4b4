import { describe, expect, it } from 'vitest';
import { bundleOf, clusterTag, CoreRig, credentialRecord, helloOf, introductionOf, maxDatagramBytes, nonceOf, type ToyKey, toyKey } from '../../../../test/support/core-rig.js';
import { toyCredential } from '../../../../test/simulator/src/toy-crypto.js';
import { limits } from '../limits.js';
import type { Hello } from '../wire/message.js';
import { closeCodes } from './connections.js';

const peer = toyKey(2, 1);
const hello = (key: ToyKey = peer) => helloOf(key) as Hello;

describe('the handshake of PROTOCOL 7.2', () => {
  it.each(['dialled', 'accepted'] as const)('ends in a peer when hello and proof hold, %s', (direction) => {
    const rig = new CoreRig();
    rig.connect(peer, direction);
    expect(rig.all('peer-up')).toMatchObject([{ peer: peer.id, direction }]);
    expect(rig.messagesTo(1).map(({ type }) => type).slice(0, 2)).toEqual(['hello', 'proof']);
  });

  it('takes a proof that overtook its hello, and what overtook both', () => {
    const rig = new CoreRig();
    const connection = rig.open(peer);
    rig.push(connection, [introductionOf(toyKey(2, 2))]);
    expect(rig.all('record-merged')).toEqual([]);
    rig.hear(connection, { type: 'proof', signature: rig.proofOf(connection, peer, 'accepted') });
    rig.hear(connection, hello());
    expect(rig.all('peer-up')).toHaveLength(1);
    expect(rig.all('record-merged')).toHaveLength(1);
  });

  const refusals: [what: string, reason: string, act: (rig: CoreRig, connection: number) => void][] = [
    ['another cluster', 'wrong cluster', (rig, connection) => rig.hear(connection, { ...hello(), clusterTag: clusterTag.map((byte) => byte + 1) })],
    ['its own identity', 'own identity', (rig, connection) => rig.hear(connection, hello(rig.key))],
    ['a credential for another node', 'credential of another node', (rig, connection) => rig.hear(connection, { ...hello(), credential: toyCredential({ ...toyKey(2, 2), leaf: peer.leaf }) })],
    ['a credential that the authority did not make', 'credential untrusted-chain', (rig, connection) => rig.hear(connection, { ...hello(), credential: hello().credential.map((byte, i) => (i === 20 ? byte ^ 1 : byte)) })],
    ['a second hello', 'a second hello', (rig, connection) => [1, 2].forEach(() => rig.hear(connection, hello()))],
    ['a second proof', 'a second proof', (rig, connection) => [1, 2].forEach(() => rig.hear(connection, { type: 'proof', signature: new Uint8Array(64) }))],
    ['bytes that are no message', 'bytes that are no message', (rig, connection) => rig.hearBytes(connection, new Uint8Array(3))],
    [
      'a proof made for the other role',
      'its proof is not signed by the key that it names',
      (rig, connection) => {
        rig.hear(connection, hello());
        rig.hear(connection, { type: 'proof', signature: rig.proofOf(connection, peer, 'dialled') });
      },
    ],
    [
      'a proof over another nonce, so one of another connection',
      'its proof is not signed by the key that it names',
      (rig, connection) => {
        rig.hear(connection, hello());
        rig.hear(connection, { type: 'proof', signature: rig.proofOf(connection, peer, 'accepted', nonceOf(toyKey(2, 3))) });
      },
    ],
  ];
  it.each(refusals)('refuses %s', (_, reason, act) => {
    const rig = new CoreRig();
    const connection = rig.open(peer);
    act(rig, connection);
    expect(rig.all('peer-refused').map((refused) => refused.reason)).toEqual([reason]);
    expect(rig.closed.map(({ code }) => code)).toEqual([closeCodes.refused]);
    expect(rig.all('peer-up')).toEqual([]);
    expect(rig.engine.statistics().connections).toBe(0);
  });

  it.each([
    ['maxEarlyMessages', limits.maxEarlyMessages, 0],
    // With 7 bytes around the bundle the message is as long as one may be.
    ['maxEarlyBytes', limits.maxEarlyBytes / limits.maxMessageBytes, limits.maxMessageBytes - 7],
  ] as const)('lets wait what may overtake it, and refuses more: %s', (limit, most, bundleBytes) => {
    const rig = new CoreRig();
    const connection = rig.open(peer);
    const overtake = () => rig.push(connection, [new Uint8Array(bundleBytes)]);
    for (let i = 0; i < most; i++) overtake();
    expect(rig.closed).toEqual([]);
    overtake();
    expect(rig.closed.map(({ code }) => code)).toEqual([closeCodes.refused]);
    expect(rig.all('limit-reached')).toEqual([{ type: 'limit-reached', limit }]);
  });

  it('refuses a credential of another leaf than the one that TLS presented', () => {
    const rig = new CoreRig();
    const connection = rig.open({ ...peer, leaf: toyKey(2, 2).leaf });
    rig.hear(connection, hello());
    expect(rig.closed.map(({ code }) => code)).toEqual([closeCodes.refused]);
  });

  it('closes what is not through in time, and leaves alone what is', () => {
    const rig = new CoreRig();
    rig.connect(peer);
    const late = rig.open(toyKey(2, 2));
    rig.advance(limits.handshakeDeadlineMs - 10);
    expect(rig.closed).toEqual([]);
    rig.advance(20);
    expect(rig.closed.map(({ connection, code }) => [connection, code])).toEqual([[late, closeCodes.late]]);
  });

  it('turns away what exceeds the connections that it may have', () => {
    const rig = new CoreRig();
    for (let i = 0; i < limits.maxConnections + 1; i++) rig.open(toyKey(2, i));
    expect(rig.closed.map(({ code }) => code)).toEqual([closeCodes.surplus]);
    expect(rig.engine.statistics().connections).toBe(limits.maxConnections);
  });
});

describe('one certificate that begins many handshakes (PROTOCOL 6.8)', () => {
  const begin = (rig: CoreRig) => Array.from({ length: limits.maxConnections }, () => rig.open(peer));

  it('holds few places, and again as few when those have ended', () => {
    const rig = new CoreRig();
    begin(rig);
    expect(rig.engine.statistics().connections).toBe(limits.maxHandshakesPerLeaf);
    expect(new Set(rig.closed.map(({ code }) => code))).toEqual(new Set([closeCodes.surplus]));
    rig.connect(toyKey(2, 2));
    expect(rig.all('peer-up')).toHaveLength(1);
    rig.advance(limits.handshakeDeadlineMs);
    expect(rig.engine.statistics().connections).toBe(1);
    begin(rig);
    expect(rig.engine.statistics().connections).toBe(1 + limits.maxHandshakesPerLeaf);
  });

  it('is not counted where it is through', () => {
    const rig = new CoreRig();
    rig.connect(peer);
    begin(rig);
    expect(rig.engine.statistics().connections).toBe(1 + limits.maxHandshakesPerLeaf);
  });

  it('is that of all when it is shared', () => {
    const rig = new CoreRig();
    const shared = { fingerprint: new Uint8Array(32), uri: 'spiffe://sim/shared' };
    for (let i = 0; i < 20; i++) rig.give({ type: 'connection-opened', connection: i, direction: 'accepted', address: `10.9.0.${i}:1`, localFingerprint: rig.key.leaf, peer: shared, maxDatagramBytes });
    expect(rig.engine.statistics().connections).toBe(20);
  });
});

describe('a node that broke the protocol once it was up (PROTOCOL 7.2)', () => {
  let sequence = 0;
  const falselySigned = () => {
    const bytes = bundleOf(toyKey(2, 3), { sequence: ++sequence, records: [credentialRecord(toyKey(2, 3))] });
    bytes[bytes.length - 64] = (bytes[bytes.length - 64] as number) ^ 1;
    return bytes;
  };
  const faults: [string, (rig: CoreRig, connection: number) => unknown][] = [
    ['a false signature', (rig, connection) => rig.push(connection, [falselySigned()])],
    ['bytes that are no message', (rig, connection) => rig.hearBytes(connection, new Uint8Array(3))],
    ['a second hello', (rig, connection) => rig.hear(connection, hello())],
  ];
  it.each(faults)('is refused for a while, for %s', (_, fault) => {
    const rig = new CoreRig();
    fault(rig, rig.connect(peer));
    expect(rig.closed.map(({ code }) => code)).toEqual([closeCodes.refused]);
    rig.clear();
    rig.advance(limits.barredMs - 1);
    const asked = rig.hear(rig.open(peer), hello()).map(({ type }) => type);
    expect(asked).not.toContain('verify-credential');
    expect(rig.closed.map(({ code }) => code)).toEqual([closeCodes.refused]);
    rig.connect(toyKey(2, 2));
    rig.advance(1);
    rig.connect(peer);
    expect(rig.all('peer-up').map(({ peer: id }) => id)).toEqual([toyKey(2, 2).id, peer.id]);
  });

  it('costs no more checks than may be under way at once, and is refused once for all of them', () => {
    const rig = new CoreRig();
    const verified = () => rig.push(rig.connect(peer), Array.from({ length: 100 }, falselySigned)).filter(({ type }) => type === 'verify-signature').length;
    expect(verified()).toBe(100);
    expect(rig.all('peer-refused')).toHaveLength(1);
    expect(verified()).toBe(0);
  });

  it('does not get round it by another connection before it is found out', () => {
    const rig = new CoreRig();
    const first = rig.connect(peer);
    rig.holdsAnswers = true;
    rig.push(first, [falselySigned()]);
    const answers = rig.held.splice(0);
    rig.holdsAnswers = false;
    rig.give({ type: 'connection-closed', connection: first, reason: 'gone' });
    const second = rig.connect(peer);
    const third = rig.open(peer);
    rig.hear(third, hello());
    for (const answer of answers) rig.give(answer);
    expect(rig.closed.map(({ connection, code }) => [connection, code])).toEqual([[second, closeCodes.refused], [third, closeCodes.refused]]);
    rig.connect(peer);
    expect(rig.all('peer-up')).toHaveLength(2);
  });

  it('is none that another named, or whose proof or credential was refused', () => {
    const rig = new CoreRig();
    const named = rig.open(peer);
    rig.hear(named, hello());
    rig.hear(named, hello());
    const proven = rig.open(peer);
    rig.hear(proven, { ...hello(), credential: toyCredential(toyKey(2, 2)) });
    rig.hear(proven, { type: 'proof', signature: rig.proofOf(proven, peer, 'accepted') });
    expect(rig.closed.map(({ code }) => code)).toEqual([closeCodes.refused, closeCodes.refused]);
    rig.connect(peer);
    expect(rig.all('peer-up')).toHaveLength(1);
  });
});

describe('two connections of one identity', () => {
  const [smaller, larger] = [toyKey(2, 1), toyKey(2, 2), toyKey(2, 3), toyKey(2, 4)].sort((a, b) => (a.id < b.id ? -1 : 1)) as [ToyKey, ToyKey];
  const kept = (rig: CoreRig, first: number, second: number) => (rig.closed.some(({ connection }) => connection === first) ? second : first);

  it.each(['dialled', 'accepted'] as const)('keeps the one that the smaller id dialled, when the first was %s', (first) => {
    for (const key of [smaller, larger]) {
      const rig = new CoreRig();
      const one = rig.connect(key, first);
      const other = rig.connect(key, first === 'dialled' ? 'accepted' : 'dialled');
      const dialledByUs = first === 'dialled' ? one : other;
      const dialledByThem = first === 'dialled' ? other : one;
      expect(kept(rig, one, other)).toBe(rig.key.id < key.id ? dialledByUs : dialledByThem);
      expect(rig.closed.map(({ code }) => code)).toEqual([closeCodes.replaced]);
    }
  });

  it('keeps the newer of two that came the same way, and the newer life', () => {
    for (const [directions, incarnation] of [[['accepted', 'accepted'], 1], [['dialled', 'accepted'], 2], [['accepted', 'dialled'], 2]] as const) {
      const rig = new CoreRig();
      const one = rig.connect(peer, directions[0]);
      const other = rig.connect(peer, directions[1], { incarnation });
      expect(kept(rig, one, other)).toBe(other);
      expect(rig.engine.statistics().peers).toBe(1);
    }
  });
});
