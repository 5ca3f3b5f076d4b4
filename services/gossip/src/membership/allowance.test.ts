import { describe, expect, it } from 'vitest';
import { bundleOf, CoreRig, credentialRecord, maxDatagramBytes, sampleOf, toyKey } from '../../../../test/support/core-rig.js';
import { limits } from '../limits.js';
import { Peer, Peers } from './peers.js';

const node = toyKey(3, 1);
const walker = '10.3.0.7:9740';
const prefixOf = (key: { readonly publicKey: Uint8Array }) => key.publicKey.subarray(0, 8);

/** The node comes, does this, and goes, again and again within one moment. */
function comeAndGo(rig: CoreRig, times: number, act: (connection: number) => void): number[] {
  return Array.from({ length: times }, (_, i) => {
    const connection = rig.connect(node, 'accepted', { incarnation: i + 1 });
    act(connection);
    rig.give({ type: 'connection-closed', connection, reason: 'gone' });
    return connection;
  });
}

describe('a node that comes back by another connection (PROTOCOL 11.3)', () => {
  it('is sent no more for its repair, so that something is left for the others', () => {
    const rig = new CoreRig();
    const feeder = rig.connect(toyKey(3, 2));
    const many = Array.from({ length: 20 }, (_, i) => toyKey(4, i));
    for (const key of many) rig.push(feeder, [bundleOf(key, { sequence: 1, records: [credentialRecord(key), { kind: 16, payload: new Uint8Array(15_000) }] })], 'graft');
    const wanted = many.map((key) => ({ prefix: prefixOf(key), incarnation: 0, sequence: 0 }));
    const bytesTo = (connection: number) => rig.pushedTo(connection, 'graft').reduce((sum, bytes) => sum + bytes.length, 0);
    const connections = comeAndGo(rig, 20, (connection) => rig.hear(connection, { type: 'graft', wanted }));
    const sent = connections.reduce((sum, connection) => sum + bytesTo(connection), 0);
    expect(sent).toBeLessThanOrEqual(limits.antiEntropyPeerBytesPerSecond);
    expect(sent).toBeGreaterThan(limits.antiEntropyPeerBytesPerSecond / 2);
    rig.hear(feeder, { type: 'graft', wanted });
    expect(bytesTo(feeder)).toBeGreaterThan(0);
    rig.advance(1_000);
    expect(comeAndGo(rig, 1, (connection) => rig.hear(connection, { type: 'graft', wanted })).map(bytesTo)).not.toEqual([0]);
  });

  it('begins no more walks', () => {
    const rig = new CoreRig();
    const to = rig.connect(toyKey(3, 2));
    comeAndGo(rig, 4, (connection) => {
      for (let i = 0; i < limits.maxJoinsPerMinute; i++) rig.hear(connection, { type: 'join', steps: 3, address: walker });
    });
    expect(rig.messagesTo(to).filter(({ type }) => type === 'join')).toHaveLength(limits.maxJoinsPerMinute);
  });

  it('has no more signatures under way', () => {
    const rig = new CoreRig();
    let sequence = 0;
    const half = () => Array.from({ length: limits.maxPeerPendingVerifications / 2 }, () => bundleOf(toyKey(3, 3), { sequence: ++sequence, records: [credentialRecord(toyKey(3, 3))] }));
    comeAndGo(rig, 3, (connection) => {
      rig.holdsAnswers = true;
      const bundles = half();
      for (let i = 0; i < bundles.length; i += 100) rig.push(connection, bundles.slice(i, i + 100));
      rig.holdsAnswers = false;
    });
    expect(rig.engine.statistics().pendingVerifications).toBe(limits.maxPeerPendingVerifications);
    rig.release();
    expect(rig.engine.statistics().pendingVerifications).toBe(0);
  });

  it('is asked no more often for what it lacks the credential of', () => {
    const rig = new CoreRig();
    const connections = comeAndGo(rig, 3, (connection) => rig.push(connection, [sampleOf(toyKey(3, 3), 2)]));
    expect(connections.flatMap((connection) => rig.messagesTo(connection)).filter(({ type }) => type === 'graft')).toHaveLength(1);
  });

  it('is remembered with so many others and no more, the latest', () => {
    const peers = new Peers();
    const come = (i: number) => {
      const peer = new Peer({ connection: i, direction: 'accepted', address: '', localFingerprint: node.leaf, peerFingerprint: node.leaf, maxDatagramBytes, nowMs: 0, nonce: node.leaf });
      peer.id = `${i}`;
      peers.add(peer);
      peers.raise(peer, peer.id);
      return peer;
    };
    const first = Array.from({ length: limits.maxPartedNodes + 1 }, (_, i) => come(i));
    for (const peer of first) peers.remove(peer);
    expect(first.map(({ allowance }, i) => come(i).allowance === allowance)).toEqual(first.map((_, i) => i !== 0));
  });
});
