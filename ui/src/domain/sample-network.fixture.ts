/** Networks for the tests of this folder. */
import type { ChangesMessage, Node, Peer, SnapshotMessage } from '@starling/contract';

export const sessionName = 'a';

/** 64 hexadecimal digits that differ early, as keys do. */
export function idOf(number: number): string {
  return ((number * 2_654_435_761) >>> 0).toString(16).padStart(8, '0').repeat(8);
}

export function nodeOf(number: number, fields: Partial<Node> = {}): Node {
  const via = number === 0 ? null : idOf(number);
  return { id: idOf(number), name: `node-${number}`, state: 'alive', stateSinceSeconds: 60, ageSeconds: 0.5, incarnation: 1, sequence: 10, hops: number === 0 ? 0 : 1, via, values: { 'system.cpu.utilization': number / 10 }, view: '00', verified: true, ...fields };
}

export function peerOf(number: number, fields: Partial<Peer> = {}): Peer {
  return { id: idOf(number), name: `node-${number}`, direction: 'dialled', push: 'eager', roundTripSeconds: 0.001, lossRatio: 0, connectedSeconds: 10, bytesSent: 1, bytesReceived: 1, ...fields };
}

export function snapshotOf(nodes: readonly Node[], fields: Partial<SnapshotMessage> = {}): SnapshotMessage {
  return {
    type: 'snapshot',
    asOf: { node: idOf(0), name: 'node-0', time: '2026-11-24T12:00:00.000Z' },
    session: sessionName,
    sequence: 5,
    cluster: 'test',
    sampleIntervalSeconds: 1,
    counts: { alive: nodes.length, suspect: 0, failed: 0, left: 0 },
    agreement: { agreeing: nodes.length, total: nodes.length, views: 1 },
    nodes: [...nodes],
    details: {},
    peers: [],
    events: [],
    refused: {},
    ...fields,
  };
}

export function changesOf(fields: Partial<ChangesMessage>): ChangesMessage {
  const { asOf, counts, agreement } = snapshotOf([]);
  return { type: 'changes', asOf, session: sessionName, sequence: 6, counts, agreement, nodes: [], details: {}, forgotten: [], peers: null, events: [], arrivals: [], recordsMerged: 0, refused: null, ...fields };
}

export function particularsOf(fields: Partial<SnapshotMessage['details'][string]> = {}): SnapshotMessage['details'][string] {
  return { version: '0.1.0', labels: {}, metrics: [], certificate: null, equivocated: false, ...fields };
}
