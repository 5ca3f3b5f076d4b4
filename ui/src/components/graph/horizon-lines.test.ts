import { describe, expect, it } from 'vitest';
import type { Route } from '../../domain/horizon.js';
import { viewOfSnapshot } from '../../domain/network-view.js';
import { idOf, nodeOf, peerOf, snapshotOf } from '../../domain/sample-network.fixture.js';
import { linesOf, stopsOf } from './horizon-lines.js';

/** Node 1 is a peer, node 2 was one; node 3 is behind the one, node 4 behind the other. */
const nodes = [nodeOf(0), nodeOf(1), nodeOf(2), nodeOf(3, { via: idOf(1), hops: 2 }), nodeOf(4, { via: idOf(2), hops: 2 })];
const view = viewOfSnapshot(snapshotOf(nodes, { peers: [peerOf(1)] }), 0);
const routes = new Map<string, Route>(nodes.map((node) => [node.id, node]));

/** As `from kind to`, by the numbers of the nodes. */
function drawn(lines: ReturnType<typeof linesOf>): string[] {
  const numberOf = (id: string) => nodes.findIndex((node) => node.id === id);
  return lines.map(({ from, to, kind }) => `${numberOf(from)} ${kind} ${numberOf(to)}`).sort();
}

describe('linesOf', () => {
  it('has a connection for each peer, and a way for all others, also for a peer that was', () => {
    expect(drawn(linesOf(view, routes, null))).toEqual(['0 link 1', '2 way 0', '3 way 1', '4 way 2']);
  });

  it.each([
    [2, ['2 way 0']],
    [3, ['0 link 1', '3 way 1']],
    [4, ['2 way 0', '4 way 2']],
  ])('marks the whole way of node %i, to the middle', (chosen, way) => {
    expect(drawn(linesOf(view, routes, idOf(chosen)).filter(({ tone }) => tone === 'chosen'))).toEqual(way);
  });
});

describe('stopsOf', () => {
  it.each([
    ['far', 'near', ['far', 'near', 'self']],
    ['near', 'near', ['near', 'self']],
    ['near', null, ['near', 'self']],
    ['self', null, []],
    ['self', 'near', []],
  ])('leads from %s by way of %s to the middle', (origin, via, stops) => {
    expect(stopsOf(origin, via, 'self')).toEqual(stops);
  });
});
