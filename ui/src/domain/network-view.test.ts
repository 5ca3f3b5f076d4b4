import { describe, expect, it } from 'vitest';
import { ageSeconds, maxNodes, maxPeers, nameOf, summarizeAges, viewOfSnapshot, viewWithChanges, wayOf, type KnownNode } from './network-view.js';
import { changesOf, idOf, nodeOf, particularsOf, peerOf, snapshotOf } from './sample-network.fixture.js';

const before = viewOfSnapshot(snapshotOf([nodeOf(0), nodeOf(1), nodeOf(2)], { details: { [idOf(1)]: particularsOf({ version: '1' }) }, peers: [peerOf(1)], refused: { expired: 1 } }), 1_000);

describe('viewWithChanges', () => {
  it('replaces what changed, keeps what did not, and leaves the view before as it was', () => {
    const after = viewWithChanges(before, changesOf({ nodes: [nodeOf(1, { sequence: 11, state: 'suspect' })] }), 2_000);
    expect(after?.nodes.get(idOf(1))).toEqual({ node: nodeOf(1, { sequence: 11, state: 'suspect' }), particulars: particularsOf({ version: '1' }), readAtMs: 2_000 });
    expect(after?.nodes.get(idOf(2))).toBe(before.nodes.get(idOf(2)));
    expect(before.nodes.get(idOf(1))?.node.state).toBe('alive');
    expect(after?.peers).toBe(before.peers);
    expect(after?.refused).toEqual({ expired: 1 });
  });

  it('takes details of a node that said nothing else, and drops the forgotten', () => {
    const after = viewWithChanges(before, changesOf({ details: { [idOf(2)]: particularsOf({ version: '9' }) }, forgotten: [idOf(1)] }), 2_000);
    expect(after?.nodes.get(idOf(2))).toEqual({ node: nodeOf(2), particulars: particularsOf({ version: '9' }), readAtMs: 1_000 });
    expect(after?.nodes.has(idOf(1))).toBe(false);
  });

  it('refuses changes of another session, and those from before this view', () => {
    expect(viewWithChanges(before, changesOf({ session: 'b' }), 2_000)).toBeNull();
    expect(viewWithChanges(before, changesOf({ sequence: 4 }), 2_000)).toBeNull();
  });
});

it('has no more nodes than there can be, and each peer once', () => {
  const many = (count: number, first: number) => Array.from({ length: count }, (_, i) => nodeOf(first + i));
  const full = viewOfSnapshot(snapshotOf(many(maxNodes, 0)), 1_000);
  expect(full.nodes.size).toBe(maxNodes);
  expect(viewWithChanges(full, changesOf({ nodes: many(1, maxNodes) }), 2_000)).toBeNull();
  expect(viewWithChanges(full, changesOf({ nodes: many(1, maxNodes), forgotten: [idOf(0)] }), 2_000)?.nodes.size).toBe(maxNodes);
  expect(viewWithChanges(before, changesOf({ peers: [peerOf(1), peerOf(2), peerOf(1, { push: 'lazy' })] }), 2_000)?.peers).toEqual([peerOf(1, { push: 'lazy' }), peerOf(2)]);
  expect(viewOfSnapshot(snapshotOf([], { peers: Array.from({ length: maxPeers + 1 }, (_, i) => peerOf(i)) }), 1_000).peers).toHaveLength(maxPeers);
});

it('lets ages count on by the clock of the page', () => {
  const known = before.nodes.get(idOf(1)) as KnownNode;
  expect(ageSeconds(known, 1_000)).toBeCloseTo(0.5);
  expect(ageSeconds(known, 4_000)).toBeCloseTo(3.5);
  expect(ageSeconds(known, 0)).toBeCloseTo(0.5);
});

it('sums up the ages of those who are expected to speak', () => {
  const view = viewOfSnapshot(snapshotOf([nodeOf(0, { ageSeconds: 0 }), nodeOf(1, { ageSeconds: 1 }), nodeOf(2, { ageSeconds: 9, state: 'suspect' }), nodeOf(3, { ageSeconds: 900, state: 'failed' }), nodeOf(4, { ageSeconds: 900, state: 'left' })]), 0);
  expect(summarizeAges(view, 0)).toEqual({ medianSeconds: 1, worstSeconds: 9, worstId: idOf(2) });
  expect(summarizeAges(viewOfSnapshot(snapshotOf([]), 0), 0)).toBeNull();
});

it('says by way of whom news came: a peer brings its own directly', () => {
  const view = viewOfSnapshot(snapshotOf([nodeOf(0), nodeOf(1), nodeOf(2, { via: idOf(1) })]), 0);
  expect([0, 1, 2].map((number) => wayOf(view, (view.nodes.get(idOf(number)) as KnownNode).node))).toEqual(['–', 'directly', 'node-1']);
});

it('calls a neighbour of whom there is no record by what the connection knows, or by its id', () => {
  const view = viewOfSnapshot(snapshotOf([nodeOf(0)], { peers: [peerOf(7, { name: 'seven' }), peerOf(8, { name: null })] }), 0);
  expect(nameOf(view, idOf(7))).toBe('seven');
  expect(nameOf(view, idOf(8))).toBe(idOf(8).slice(0, 8));
});
