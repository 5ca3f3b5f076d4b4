import { expect, it } from 'vitest';
import { PeerList } from './peer-list.js';

it('tells a round trip of less than a millisecond from one that was not measured', () => {
  const now = { monotonicMs: 0, wallMs: 0 };
  const list = new PeerList();
  for (const connection of [1, 2]) list.onEvent({ type: 'peer-up', connection, peer: 'ab'.repeat(32), direction: 'dialled', address: '127.0.0.1:1' }, now);
  const figuresOf = (connection: number) => ({ roundTripMs: connection === 1 ? 0 : null, packetsSent: 1, packetsLost: 0, bytesSent: 0, bytesReceived: 0 });
  expect(list.list(now, () => null, figuresOf).map(({ roundTripSeconds }) => roundTripSeconds)).toEqual([0, null]);
});
